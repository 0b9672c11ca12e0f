/*
 * Folders of the host that are full of other programs' sockets are never seen whole inside: connect() asks for no
 * write, so even a read-only bind of /run would hand out every daemon. Owns which folders these are; knows no mount
 * system call.
 */
#include "plan/plan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mount/planning.h"

enum { WHOLE_COUNT = 5 };

struct whole {
    char
        path[PATH_MAX]; /* real; "" where it is not there, or cannot be reached by us, and so by no container of ours */
    struct stat about;
};

static struct whole *find_whole(const esq_spec *spec)
{
    char own[64];
    snprintf(own, sizeof(own), "/run/user/%u", (unsigned)sys_uid());
    /* What contains others stands before them. */
    const char *const names[WHOLE_COUNT] = { "/run", "/tmp", "/run/user", own, spec_text(spec, SPEC_RUNTIME_FOLDER) };
    struct whole *list = calloc(WHOLE_COUNT, sizeof(*list));
    for (size_t i = 0; list && i < WHOLE_COUNT; i++)
        if (!*names[i] || !realpath(names[i], list[i].path) || strcmp(list[i].path, "/") == 0 ||
            stat(list[i].path, &list[i].about) < 0)
            list[i].path[0] = '\0';
    return list;
}

/* What follows `folder` in `path`, from its slash on; "" when they are the same, NULL when it does not lie there. */
static const char *behind(const char *folder, const char *path)
{
    size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    return strncmp(folder, path, length) == 0 && (path[length] == '/' || path[length] == '\0') ? path + length : NULL;
}

static bool has_source(const struct target *target)
{
    return target->fd >= 0 && !target->is_file &&
           (target->kind == TARGET_BIND || target->kind == TARGET_OVERLAY || target->kind == TARGET_ROOT);
}

static const char *which_whole(const struct whole *list, const char *real, const struct stat *about)
{
    for (size_t i = 0; i < WHOLE_COUNT; i++) {
        bool is_same = *list[i].path && list[i].about.st_dev == about->st_dev && list[i].about.st_ino == about->st_ino;
        if (is_same || (*list[i].path && strcmp(list[i].path, real) == 0))
            return list[i].path;
    }
    return NULL;
}

static const char *remedy_of(enum target_kind kind)
{
    return kind == TARGET_ROOT ? "name the folder of a root filesystem"
                               : "bind the socket or the folder inside that is needed, each by its name";
}

#define REFUSED "%s is never bound whole: other programs' sockets lie in it"

void mount_check_whole(const esq_spec *spec, const char *source, enum target_kind kind, const esq_location *where,
                       struct spec_problems *problems)
{
    char real[PATH_MAX];
    struct stat about;
    struct whole *list = realpath(source, real) && stat(real, &about) == 0 ? find_whole(spec) : NULL;
    const char *path = list ? which_whole(list, real, &about) : NULL;
    if (path)
        spec_problem(problems, where, 0, remedy_of(kind), REFUSED, path);
    free(list);
}

int mount_refuse_whole(const esq_spec *spec, const struct target *target, esq_error *ret_error)
{
    char real[4097];
    struct stat about;
    if (!has_source(target))
        return 0;
    int result = mount_real_path(target, real, ret_error);
    if (result == 0 && (result = sys_fstat(target->fd, &about)) < 0)
        result = esq_fail(ret_error, target->where, -result, NULL, "look at %s", target->source);
    struct whole *list = result < 0 ? NULL : find_whole(spec);
    if (result == 0 && !list)
        result = mount_no_memory(ret_error);
    const char *path = result == 0 ? which_whole(list, real, &about) : NULL;
    if (path)
        result = esq_fail(ret_error, target->where, 0, remedy_of(target->kind), REFUSED, path);
    free(list);
    return result;
}

static bool has_target(const struct target_list *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].path, path) == 0)
            return true;
    return false;
}

static int cover(struct target_list *list, size_t index, const char *rest, esq_error *ret_error)
{
    const struct target *target = &list->items[index];
    char *path;
    if (asprintf(&path, "%s%s", strcmp(target->path, "/") == 0 ? "" : target->path, rest) < 0)
        return mount_no_memory(ret_error);
    if (has_target(list, path)) { /* the container's own /tmp */
        free(path);
        return 0;
    }
    struct target *empty = targets_add(list, TARGET_TMPFS, path, target->where);
    if (!empty) {
        free(path);
        return mount_no_memory(ret_error);
    }
    empty->owned = path;
    empty->size = "4194304";
    empty->inodes = "4096";
    return targets_place_last(list, ret_error);
}

int mount_cover_whole(const esq_spec *spec, struct target_list *list, size_t index, esq_error *ret_error)
{
    char real[4097];
    if (!has_source(&list->items[index]))
        return 0;
    int result = mount_real_path(&list->items[index], real, ret_error);
    struct whole *whole = result < 0 ? NULL : find_whole(spec);
    if (result == 0 && !whole)
        result = mount_no_memory(ret_error);
    for (size_t i = 0; i < WHOLE_COUNT && result == 0; i++) {
        const char *rest = *whole[i].path ? behind(real, whole[i].path) : NULL;
        bool is_beneath_another = false;
        for (size_t j = 0; j < WHOLE_COUNT && rest; j++)
            is_beneath_another = is_beneath_another || (j != i && *whole[j].path && behind(real, whole[j].path) &&
                                                        behind(whole[j].path, whole[i].path) &&
                                                        (j < i || strcmp(whole[i].path, whole[j].path) != 0));
        if (rest && !is_beneath_another)
            result = cover(list, index, rest, ret_error);
    }
    free(whole);
    return result;
}
