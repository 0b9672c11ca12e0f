/* Is what the description says about mounts sensible? Looks at words only; files are looked at while planning. */
#include "plan/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "base/name.h"
#include "mount/item.h"
#include "mount/planning.h"

static const char *parse_bind(const struct spec_item *item, struct mount_item *ret_item)
{
    if (item->count < 3 || item->count > 4)
        return "a bind is written: bind SOURCE DESTINATION [read-only|writable]";
    ret_item->kind = TARGET_BIND;
    ret_item->source = item->words[1];
    ret_item->destination = item->words[2];
    if (ret_item->source[0] != '/')
        return "the source of a bind must be an absolute path";
    if (item->count == 4 && strcmp(item->words[3], "writable") == 0)
        ret_item->is_writable = true;
    else if (item->count == 4 && strcmp(item->words[3], "read-only") != 0)
        return "a bind is read-only or writable";
    return NULL;
}

static const char *parse_volume(const struct spec_item *item, struct mount_item *ret_item)
{
    if (item->count < 3 || item->count > 4)
        return "a volume is written: volume NAME DESTINATION [writable|read-only]";
    ret_item->kind = TARGET_BIND;
    ret_item->is_volume = true;
    ret_item->source = item->words[1];
    ret_item->destination = item->words[2];
    ret_item->is_writable = item->count < 4 || strcmp(item->words[3], "writable") == 0;
    if (!name_is_valid(ret_item->source))
        return "the name of a volume has 1 to 63 of a-z 0-9 _ . -, and begins with a-z or 0-9";
    if (!ret_item->is_writable && strcmp(item->words[3], "read-only") != 0)
        return "a volume is writable or read-only";
    return NULL;
}

static const char *parse_tmpfs(const struct spec_item *item, struct mount_item *ret_item)
{
    uint64_t number;
    if (item->count < 2)
        return "a tmpfs is written: tmpfs DESTINATION [size=BYTES] [inodes=NUMBER]";
    ret_item->kind = TARGET_TMPFS;
    ret_item->destination = item->words[1];
    ret_item->size = "67108864";
    ret_item->inodes = "16384";
    for (size_t i = 2; i < item->count; i++) {
        const char *word = item->words[i];
        const char *equals = strchr(word, '=');
        if (!equals || !spec_parse_number(equals + 1, &number) || number == 0)
            return "a tmpfs takes size=BYTES and inodes=NUMBER, above 0";
        if (strncmp(word, "size=", 5) == 0)
            ret_item->size = equals + 1;
        else if (strncmp(word, "inodes=", 7) == 0)
            ret_item->inodes = equals + 1;
        else
            return "a tmpfs takes size=BYTES and inodes=NUMBER";
    }
    return NULL;
}

static const char *parse_overlay(const struct spec_item *item, struct mount_item *ret_item)
{
    if (item->count < 3 || item->count > 4)
        return "an overlay is written: overlay SOURCE DESTINATION [keep=FOLDER]";
    ret_item->kind = TARGET_OVERLAY;
    ret_item->is_writable = true;
    ret_item->source = item->words[1];
    ret_item->destination = item->words[2];
    if (item->count == 4 && strncmp(item->words[3], "keep=/", 6) != 0)
        return "an overlay takes keep=FOLDER, an absolute path";
    ret_item->keep = item->count == 4 ? item->words[3] + 5 : NULL;
    return ret_item->source[0] == '/' ? NULL : "the source of an overlay must be an absolute path";
}

/* LINK and TEXT: WORD DESTINATION what */
static const char *parse_made(const struct spec_item *item, struct mount_item *ret_item)
{
    ret_item->kind = strcmp(item->words[0], "link") == 0 ? TARGET_LINK : TARGET_TEXT;
    if (item->count != 3)
        return ret_item->kind == TARGET_LINK ? "a link is written: link DESTINATION WHERE-IT-LEADS"
                                             : "a text is written: text DESTINATION CONTENTS";
    ret_item->destination = item->words[1];
    ret_item->source = item->words[2];
    if (ret_item->kind == TARGET_LINK && (!*ret_item->source || strlen(ret_item->source) >= PATH_MAX))
        return "a link leads to a path of 1 to 4095 bytes";
    return NULL;
}

/* HIDE and PIN: WORD DESTINATION */
static const char *parse_laid_over(const struct spec_item *item, struct mount_item *ret_item)
{
    ret_item->kind = strcmp(item->words[0], "hide") == 0 ? TARGET_HIDE : TARGET_PIN;
    if (item->count < 2 || item->count > (ret_item->kind == TARGET_HIDE ? 2u : 3u))
        return ret_item->kind == TARGET_HIDE ? "what is hidden is written: hide DESTINATION"
                                             : "what is pinned is written: pin DESTINATION [writable|read-only]";
    ret_item->destination = item->words[1];
    ret_item->is_writable = item->count == 3 && strcmp(item->words[2], "writable") == 0;
    if (item->count == 3 && !ret_item->is_writable && strcmp(item->words[2], "read-only") != 0)
        return "a pin is read-only or writable";
    return NULL;
}

static const struct {
    const char *word;
    const char *(*parse)(const struct spec_item *item, struct mount_item *ret_item);
} kinds[] = {
    { "bind", parse_bind }, { "volume", parse_volume }, { "tmpfs", parse_tmpfs },    { "overlay", parse_overlay },
    { "link", parse_made }, { "text", parse_made },     { "hide", parse_laid_over }, { "pin", parse_laid_over },
};

const char *mount_parse_item(const struct spec_item *item, struct mount_item *ret_item)
{
    const char *problem = "a mount is a bind, a volume, an overlay, a tmpfs, a text, a link, or says hide or pin";
    *ret_item = (struct mount_item){ 0 };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && item->count > 0; i++)
        if (strcmp(item->words[0], kinds[i].word) == 0)
            problem = kinds[i].parse(item, ret_item);
    if (!problem && !spec_is_absolute(ret_item->destination))
        return "the destination of a mount must be an absolute path without . and ..";
    return problem;
}

/* Names of the host, so that what is granted is what is there; what lies behind one is looked at while planning. */
static void check_devices(const esq_spec *spec, struct spec_problems *problems)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_DEVICES, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < items[i].count; j++)
            if (strncmp(items[i].words[j], "/dev/", 5) != 0 || !spec_is_absolute(items[i].words[j]))
                spec_problem(problems, &items[i].where, 0, "write its name, such as /dev/dri/renderD128",
                             "a device lies in /dev, not at %.128s", items[i].words[j]);
}

static void check_kept(const esq_spec *spec, struct spec_problems *problems)
{
    if (spec_is_given(spec, SPEC_ROOTFS_KEEP) && !spec_is(spec, SPEC_ROOTFS_MODE, "overlay"))
        spec_problem(problems, spec_where(spec, SPEC_ROOTFS_KEEP), 0,
                     "say (rootfs (overlay \"folder\") (keep \"name\"))", "only the writes of an overlay can be kept");
}

static bool uses_data_folder(const esq_spec *spec, const esq_location **ret_where)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_MOUNTS, &count);
    *ret_where = spec_where(spec, SPEC_ROOTFS_KEEP);
    for (size_t i = 0; i < count && !*ret_where; i++)
        if (items[i].count > 0 && strcmp(items[i].words[0], "volume") == 0)
            *ret_where = &items[i].where;
    return *ret_where != NULL;
}

/* Does an earlier mount of the description lie between /proc and the destination? */
static bool is_apart_from_proc(const struct spec_item *items, size_t index, const char *destination)
{
    struct mount_item earlier;
    for (size_t i = 0; i < index; i++)
        if (!mount_parse_item(&items[i], &earlier) && earlier.kind != TARGET_LINK && earlier.kind != TARGET_PIN &&
            target_path_beneath("/proc", earlier.destination) && target_path_beneath(earlier.destination, destination))
            return true;
    return false;
}

static void check_destination(const esq_spec *spec, const struct spec_item *items, size_t index,
                              const struct mount_item *item, struct spec_problems *problems)
{
    const esq_location *where = &items[index].where;
    const char *in_proc = target_path_beneath("/proc", item->destination);
    if (!*target_path_beneath("/", item->destination))
        spec_problem(problems, where, 0, "set the field rootfs instead", "nothing can be mounted on /");
    if (!in_proc || !mount_is_wanted(spec, SPEC_PROC) || !spec_has_namespace(spec, "pid") ||
        is_apart_from_proc(items, index, item->destination))
        return;
    if (item->kind == TARGET_PIN || item->kind == TARGET_HIDE)
        spec_problem(problems, where, 0, NULL, "nothing is laid over /proc: %s", item->destination);
    else if (*in_proc)
        spec_problem(problems, where, 0, NULL, "nothing can be mounted beneath /proc: %s", item->destination);
}

void mount_check(const esq_spec *spec, struct spec_problems *problems)
{
    const esq_location *where;
    struct mount_whole whole = { .is_found = false };
    check_devices(spec, problems);
    check_kept(spec, problems);
    mount_check_identity(spec, problems);
    if (uses_data_folder(spec, &where) && !spec_is_given(spec, SPEC_DATA_FOLDER))
        spec_problem(problems, where, 0, "set HOME or XDG_DATA_HOME", "no folder is known for what is kept");
    bool is_empty = spec_is(spec, SPEC_ROOTFS_MODE, "empty");
    if (!is_empty && !spec_is_given(spec, SPEC_ROOTFS))
        spec_problem(problems, spec_where(spec, SPEC_NAME), 0, "name a directory, or say that the root is empty",
                     "no root filesystem is given");
    if (!is_empty && spec_is_given(spec, SPEC_ROOTFS))
        mount_check_whole(spec, &whole, spec_text(spec, SPEC_ROOTFS), TARGET_ROOT, spec_where(spec, SPEC_ROOTFS),
                          problems);
    if (is_empty && spec_is_given(spec, SPEC_ROOTFS))
        spec_problem(problems, spec_where(spec, SPEC_ROOTFS), 0, NULL, "an empty root has no directory");
    if (!spec_has_namespace(spec, "mount"))
        spec_problem(problems, spec_where(spec, SPEC_NAMESPACES), 0, NULL,
                     "a container needs a mount namespace of its own");

    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_MOUNTS, &count);
    for (size_t i = 0; i < count; i++) {
        struct mount_item item;
        const char *problem = mount_parse_item(&items[i], &item);
        if (problem) {
            spec_problem(problems, &items[i].where, 0, NULL, "%s", problem);
            continue;
        }
        check_destination(spec, items, i, &item, problems);
        if ((item.kind == TARGET_BIND && !item.is_volume) || item.kind == TARGET_OVERLAY)
            mount_check_whole(spec, &whole, item.source, item.kind, &items[i].where, problems);
    }
    mount_whole_done(&whole);
}

static void grant_path(const esq_spec *spec, struct spec_grants *grants, const char *path, bool is_writable,
                       const esq_location *where)
{
    char real[PATH_MAX];
    const char *resolved = realpath(path, real) ? real : path;
    spec_see_path(grants, path, is_writable, resolved);
    if (is_writable)
        spec_grant(grants, "writable-path", resolved, where);
    else if (resolved == path || !spec_is_in_folder(spec, resolved))
        spec_grant(grants, "host-path", resolved, where);
}

static void grant_devices(const esq_spec *spec, struct spec_grants *grants)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_DEVICES, &count);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < items[i].count; j++) {
            char real[PATH_MAX];
            const char *resolved = realpath(items[i].words[j], real) ? real : items[i].words[j];
            spec_see_path(grants, items[i].words[j], true, resolved);
            spec_grant(grants, "device", resolved, &items[i].where);
        }
    }
}

void mount_grants(const esq_spec *spec, struct spec_grants *grants)
{
    if (spec_is_given(spec, SPEC_ROOTFS))
        grant_path(spec, grants, spec_text(spec, SPEC_ROOTFS), spec_is(spec, SPEC_ROOTFS_MODE, "writable"),
                   spec_where(spec, SPEC_ROOTFS));
    if (spec_is_given(spec, SPEC_ROOTFS_KEEP))
        spec_grant(grants, "keep", spec_text(spec, SPEC_ROOTFS_KEEP), spec_where(spec, SPEC_ROOTFS_KEEP));
    grant_devices(spec, grants);
    if (spec_is(spec, SPEC_MASKS, "no"))
        spec_grant(grants, "wall", "masks", spec_where(spec, SPEC_MASKS));

    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_MOUNTS, &count);
    for (size_t i = 0; i < count; i++) {
        struct mount_item item;
        if (mount_parse_item(&items[i], &item) || (item.kind != TARGET_BIND && item.kind != TARGET_OVERLAY))
            continue;
        if (item.is_volume)
            spec_grant(grants, "volume", item.source, &items[i].where);
        else
            grant_path(spec, grants, item.source, item.kind == TARGET_BIND && item.is_writable, &items[i].where);
        if (item.keep)
            grant_path(spec, grants, item.keep, true, &items[i].where);
    }
}
