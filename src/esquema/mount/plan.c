/*
 * Planning the mounts: looks at the host, decides how the root is made, appends the steps in the order of mounting.
 * Writes nothing anywhere.
 */
#include "plan/plan.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mount/compose.h"
#include "mount/item.h"
#include "mount/planning.h"

#define ROOT_SIZE    "4194304"
#define ROOT_INODES  "4096"
#define TMPFS_SIZE   "67108864"
#define TMPFS_INODES "16384"

/* ---- Sources ---- */

static int add_disk_tree(struct plan_builder *builder, const struct mount_source *source, bool is_own)
{
    const struct plan_disk_tree tree = {
        .path = source->path, .is_own = is_own, .device = source->device, .inode = source->inode
    };
    return plan_add_disk_tree(builder, &tree);
}

/* `lower`: what a layer lies over, a text of the plan; 0: it is no layer. */
static int add_keep(struct plan_builder *builder, const char *path, uint32_t lower, const esq_location *where,
                    esq_error *ret_error)
{
    const bool is_layer = lower != 0;
    struct mount_keep keep = { .path = plan_add_text(builder, path), .is_layer = is_layer, .lower = lower };
    if (!keep.path || (is_layer && add_disk_tree(builder, &(struct mount_source){ .path = keep.path }, true) < 0) ||
        plan_add_step(builder, STEP_KEEP, where,
                      is_layer ? "changes have one user at a time: stop the container that uses them"
                               : "whoever starts the container must be able to write there",
                      &keep, sizeof(keep), is_layer ? "keep changes in %s" : "make the volume %s", path) < 0)
        return mount_no_memory(ret_error);
    return 0;
}

static int add_source(struct plan_builder *builder, struct target *target, esq_error *ret_error)
{
    struct mount_source source;
    target->tree = plan_head(builder)->tree_count++;
    int result =
        target->is_created && target->fd < 0 ? add_keep(builder, target->source, 0, target->where, ret_error) : 0;
    if (result == 0)
        result = mount_describe_source(builder, target, &source, ret_error);
    if (result < 0)
        return result;
    if (target->is_writable && !target->is_device && add_disk_tree(builder, &source, false) < 0)
        return mount_no_memory(ret_error);
    if (plan_add_step(builder, STEP_SOURCE, target->where, NULL, &source, sizeof(source), "copy the mount of %s, %s",
                      target->source, target->is_writable ? "writable" : "read-only") < 0)
        return mount_no_memory(ret_error);
    return 0;
}

/* ---- Points ---- */

static int add_points(struct plan_builder *builder, const struct target *target, uint32_t *ret_offset,
                      esq_error *ret_error)
{
    *ret_offset = 0;
    if (target->point_count == 0)
        return 0;
    struct mount_point *points = calloc(target->point_count, sizeof(*points));
    if (!points)
        return mount_no_memory(ret_error);
    bool is_added = true;
    for (size_t i = 0; i < target->point_count && is_added; i++) {
        char *path = target->points[i].path;
        char *slash = strrchr(path, '/');
        points[i].is_file = target->points[i].is_file;
        points[i].link = target->points[i].link ? plan_add_text(builder, target->points[i].link) : 0;
        points[i].name = plan_add_text(builder, slash ? slash + 1 : path);
        if (slash)
            *slash = '\0';
        points[i].parent = plan_add_text(builder, slash ? path : ".");
        if (slash)
            *slash = '/';
        is_added = points[i].name && points[i].parent && (!target->points[i].link || points[i].link);
    }
    if (is_added)
        *ret_offset = plan_add_bytes(builder, points, target->point_count * sizeof(*points));
    free(points);
    return *ret_offset ? 0 : mount_no_memory(ret_error);
}

/* ---- The root ---- */

static const char *root_remedy(enum mount_root_mode mode)
{
    switch (mode) {
    case MOUNT_ROOT_TREE: return NULL;
    case MOUNT_ROOT_LAYERED: return "make the mount points in the root filesystem, so that it can be bound as it is";
    case MOUNT_ROOT_OVERLAY: return "this kernel refuses overlay in a user namespace; see `esquema doctor`";
    case MOUNT_ROOT_EMPTY: return "this kernel refuses tmpfs in a user namespace; see `esquema doctor`";
    }
    return NULL;
}

static enum mount_root_mode choose_root_mode(const esq_spec *spec, const struct target *root)
{
    if (spec_is(spec, SPEC_ROOTFS_MODE, "empty"))
        return MOUNT_ROOT_EMPTY;
    if (spec_is(spec, SPEC_ROOTFS_MODE, "overlay"))
        return MOUNT_ROOT_OVERLAY;
    return root->point_count > 0 ? MOUNT_ROOT_LAYERED : MOUNT_ROOT_TREE;
}

static int plan_kept(const esq_spec *spec, struct plan_builder *builder, uint32_t lower, uint32_t *ret_path,
                     esq_error *ret_error)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/layers/%s", spec_text(spec, SPEC_DATA_FOLDER), spec_text(spec, SPEC_ROOTFS_KEEP));
    *ret_path = plan_add_text(builder, path);
    return *ret_path ? add_keep(builder, path, lower, spec_where(spec, SPEC_ROOTFS_KEEP), ret_error)
                     : mount_no_memory(ret_error);
}

static int add_root(const esq_spec *spec, struct plan_builder *builder, struct target *root, esq_error *ret_error)
{
    static const char *const words[] = {
        [MOUNT_ROOT_TREE] = "lay %s over / as the root, %s",
        [MOUNT_ROOT_LAYERED] = "lay %s with missing mount points over / as the root, %s",
        [MOUNT_ROOT_OVERLAY] = "lay %s with a layer for changes over / as the root, %s",
        [MOUNT_ROOT_EMPTY] = "lay an empty tmpfs%s over / as the root, %s",
    };
    enum mount_root_mode mode = choose_root_mode(spec, root);
    if (root->is_writable && mode == MOUNT_ROOT_LAYERED)
        return esq_fail(ret_error, root->where, 0, "make it there: nothing is created in a root of the host",
                        "the writable root %s lacks the mount point %s", root->source, root->points[0].path);

    struct mount_root data = { .mode = mode, .point_count = (uint32_t)root->point_count };
    int result = mode == MOUNT_ROOT_TREE    ? add_source(builder, root, ret_error)
                 : mode == MOUNT_ROOT_EMPTY ? 0
                                            : mount_describe_source(builder, root, &data.source, ret_error);
    data.source.tree = root->tree;
    if (result == 0)
        result = add_points(builder, root, &data.points, ret_error);
    if (result == 0 && mode == MOUNT_ROOT_LAYERED)
        result = mount_compose(builder, root, &data.entries, &data.entry_count, ret_error);
    if (result < 0)
        return result;
    if (spec_is_given(spec, SPEC_ROOTFS_KEEP))
        result = plan_kept(spec, builder, data.source.path, &data.keep, ret_error);
    if (result < 0)
        return result;
    data.size = plan_add_text(builder, mode == MOUNT_ROOT_OVERLAY ? MOUNT_THROW_AWAY_SIZE : ROOT_SIZE);
    data.inodes = plan_add_text(builder, mode == MOUNT_ROOT_OVERLAY ? TMPFS_INODES : ROOT_INODES);
    if (!data.size || !data.inodes)
        return mount_no_memory(ret_error);
    char text[ESQ_ERROR_TEXT];
    bool is_writable = root->is_writable || mode == MOUNT_ROOT_OVERLAY;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof(text), words[mode], mode == MOUNT_ROOT_EMPTY ? "" : root->source,
             is_writable ? "writable" : "read-only");
#pragma GCC diagnostic pop
    if (plan_add_step(builder, STEP_ROOT, root->where, root_remedy(mode), &data, sizeof(data), "%s", text) < 0)
        return mount_no_memory(ret_error);
    return 0;
}

/* ---- /proc and /dev ---- */

/* What an ordinary user of the host may read there (or its owner, when we are that) and a container should not. */
static int add_masks(struct plan_builder *builder, const esq_location *where, esq_error *ret_error)
{
    static const char *const candidates[] = {
        "/proc/acpi",        "/proc/asound",        "/proc/bus",        "/proc/driver",        "/proc/fs",
        "/proc/irq",         "/proc/scsi",          "/proc/interrupts", "/proc/kallsyms",      "/proc/kcore",
        "/proc/kpagecgroup", "/proc/kpagecount",    "/proc/kpageflags", "/proc/mtrr",          "/proc/pagetypeinfo",
        "/proc/key-users",   "/proc/keys",          "/proc/kmsg",       "/proc/latency_stats", "/proc/sched_debug",
        "/proc/slabinfo",    "/proc/sysrq-trigger", "/proc/timer_list", "/proc/vmallocinfo",
    };
    struct mount_path paths[sizeof(candidates) / sizeof(candidates[0])];
    struct mount_paths list = { 0 };
    mode_t readable = sys_uid() == 0 ? S_IRUSR | S_IWUSR : S_IROTH;
    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
        struct stat found;
        if (stat(candidates[i], &found) < 0 || !(found.st_mode & readable))
            continue;
        struct mount_path path = { .path = plan_add_text(builder, candidates[i]), .is_file = !S_ISDIR(found.st_mode) };
        if (!path.path)
            return mount_no_memory(ret_error);
        paths[list.count++] = path;
    }
    if (list.count == 0)
        return 0;
    list.paths = plan_add_bytes(builder, paths, list.count * sizeof(paths[0]));
    if (!list.paths ||
        plan_add_step(builder, STEP_MASK, where, NULL, &list, sizeof(list), "mask %u entries of /proc", list.count) < 0)
        return mount_no_memory(ret_error);
    return 0;
}

/*
 * The kernel lets nobody mount a /proc in a namespace beneath one where something covers parts of it, which is the
 * first thing that most sandboxes do. What root on the host starts may write there what only files' owner protects.
 */
static bool is_masked(const esq_spec *spec)
{
    bool stands_aside = spec_is(spec, SPEC_NESTED_NAMESPACES, "yes") && !spec_is_given(spec, SPEC_MASKS);
    return !spec_is(spec, SPEC_MASKS, "no") && !(stands_aside && sys_uid() != 0);
}

static int add_proc(const esq_spec *spec, struct plan_builder *builder, const struct target *target,
                    esq_error *ret_error)
{
    struct mount_attach attach = { .target = plan_add_text(builder, target->path) };
    if (!attach.target ||
        plan_add_step(builder, STEP_PROC, target->where,
                      "inside another container a fresh /proc may be refused: give the outer one an unmasked /proc, or "
                      "say (proc no)",
                      &attach, sizeof(attach), "mount proc on /proc") < 0)
        return mount_no_memory(ret_error);
    if (!is_masked(spec))
        return 0;
    struct mount_path path = { .path = plan_add_text(builder, "/proc/sys") };
    struct mount_paths list = { .count = 1 };
    if (!path.path || !(list.paths = plan_add_bytes(builder, &path, sizeof(path))) ||
        plan_add_step(builder, STEP_PROC_READ_ONLY, target->where, NULL, &list, sizeof(list),
                      "make /proc/sys read-only") < 0)
        return mount_no_memory(ret_error);
    return add_masks(builder, target->where, ret_error);
}

/* The nodes are points of the tmpfs like those of later mounts. */
static int add_dev(struct plan_builder *builder, struct target *target, esq_error *ret_error)
{
    static const char *const names[] = { "null", "zero", "full", "random", "urandom", "tty" };
    struct mount_node nodes[sizeof(names) / sizeof(names[0])];
    struct mount_attach attach = { .target = plan_add_text(builder, target->path) };
    struct target own = *target;
    size_t node_points = 0;

    own.points = calloc(target->point_count + sizeof(names) / sizeof(names[0]), sizeof(*own.points));
    if (!own.points)
        return mount_no_memory(ret_error);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char host[32];
        struct stat found;
        snprintf(host, sizeof(host), "/dev/%s", names[i]);
        if (stat(host, &found) < 0 || !S_ISCHR(found.st_mode))
            continue;
        nodes[attach.node_count].host = plan_add_text(builder, host);
        nodes[attach.node_count].name = plan_add_text(builder, names[i]);
        attach.node_count++;
        own.points[node_points++] = (struct target_point){ .path = (char *)names[i], .is_file = true };
    }
    if (target->point_count > 0)
        memcpy(own.points + node_points, target->points, target->point_count * sizeof(*own.points));
    own.point_count = node_points + target->point_count;
    attach.point_count = (uint32_t)own.point_count;
    /* add_points splits a path in place for a moment; names of nodes have no slash and are not touched */
    int result = add_points(builder, &own, &attach.points, ret_error);
    free(own.points);
    if (result < 0)
        return result;
    attach.nodes = plan_add_bytes(builder, nodes, attach.node_count * sizeof(nodes[0]));
    if (!attach.target || !attach.nodes ||
        plan_add_step(builder, STEP_DEV, target->where, NULL, &attach, sizeof(attach),
                      "mount a tmpfs on /dev with %u nodes, pts and shm", attach.node_count) < 0)
        return mount_no_memory(ret_error);
    return 0;
}

static int add_tmpfs(struct plan_builder *builder, const struct target *target, esq_error *ret_error)
{
    struct mount_attach attach = { .target = plan_add_text(builder, target->path),
                                   .size = plan_add_text(builder, target->size),
                                   .inodes = plan_add_text(builder, target->inodes),
                                   .mode = plan_add_text(builder, "1777"),
                                   .point_count = (uint32_t)target->point_count };
    int result = add_points(builder, target, &attach.points, ret_error);
    if (result < 0)
        return result;
    if (!attach.target || !attach.size || !attach.inodes || !attach.mode ||
        plan_add_step(builder, STEP_TMPFS, target->where,
                      "this kernel refuses tmpfs in a user namespace; see `esquema doctor`", &attach, sizeof(attach),
                      "mount tmpfs on %s, %s bytes", target->path, target->size) < 0)
        return mount_no_memory(ret_error);
    return 0;
}

static int add_bind(struct plan_builder *builder, const struct target *target, esq_error *ret_error)
{
    struct mount_attach attach = { .target = plan_add_text(builder, target->path), .tree = target->tree };
    if (!attach.target ||
        plan_add_step(builder, STEP_BIND, target->where, NULL, &attach, sizeof(attach), "bind %s on %s, %s",
                      target->source, target->path, target->is_writable ? "writable" : "read-only") < 0)
        return mount_no_memory(ret_error);
    return 0;
}

static int add_target(const esq_spec *spec, struct plan_builder *builder, struct target *target, esq_error *ret_error)
{
    switch (target->kind) {
    case TARGET_ROOT: return 0;
    case TARGET_PROC: return add_proc(spec, builder, target, ret_error);
    case TARGET_DEV: return add_dev(builder, target, ret_error);
    case TARGET_TMPFS: return add_tmpfs(builder, target, ret_error);
    case TARGET_OVERLAY:
    case TARGET_BIND: return add_bind(builder, target, ret_error);
    case TARGET_LINK: return 0; /* one of the points of what it lies in */
    case TARGET_TEXT:
    case TARGET_HIDE: return mount_add_cover(builder, target, ret_error);
    case TARGET_PIN: return mount_add_pin(builder, target, ret_error);
    }
    return 0;
}

/* ---- The list ---- */

bool mount_is_wanted(const esq_spec *spec, enum spec_field field)
{
    if (spec_is(spec, field, "auto"))
        return !spec_is(spec, SPEC_ROOTFS_MODE, "empty");
    return spec_is(spec, field, "yes");
}

static bool is_tmp_wanted(const esq_spec *spec, const struct target *root)
{
    if (!spec_is(spec, SPEC_TMP, "auto"))
        return spec_is(spec, SPEC_TMP, "yes");
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_MOUNTS, &count);
    for (size_t i = 0; i < count; i++) { /* the description mounts its own */
        struct mount_item item;
        if (!mount_parse_item(&items[i], &item) && strcmp(item.destination, "/tmp") == 0)
            return false;
    }
    _cleanup_fd_ int fd = root->fd < 0 ? -1 : sys_open_beneath(root->fd, "tmp", O_PATH | O_DIRECTORY, 0);
    return fd >= 0;
}

static int open_root(const esq_spec *spec, struct plan_builder *builder, struct target *root, esq_error *ret_error)
{
    char real[4097];
    int result = mount_open_asked(spec, builder, root, ret_error);
    if (result == 0)
        result = mount_real_path(root, real, ret_error);
    return result == 0 ? mount_verify_identity(spec, real, ret_error) : result;
}

static int collect_fixed(const esq_spec *spec, struct plan_builder *builder, struct mount_whole *whole,
                         struct target_list *list, esq_error *ret_error)
{
    bool is_empty = spec_is(spec, SPEC_ROOTFS_MODE, "empty");
    struct target *target =
        targets_add(list, TARGET_ROOT, "/", spec_where(spec, is_empty ? SPEC_ROOTFS_MODE : SPEC_ROOTFS));
    if (!target)
        return mount_no_memory(ret_error);
    target->is_ours = is_empty;
    target->is_writable = spec_is(spec, SPEC_ROOTFS_MODE, "writable");
    target->source = spec_text(spec, SPEC_ROOTFS);
    int result = is_empty ? 0 : open_root(spec, builder, target, ret_error);
    if (result == 0)
        result = mount_refuse_whole(spec, whole, target, ret_error);
    bool has_tmp = result == 0 && is_tmp_wanted(spec, target);

    if (result == 0 && mount_is_wanted(spec, SPEC_PROC)) {
        /* Only the owner of a pid namespace may mount its /proc: where it is shared, the host's is bound. */
        enum target_kind kind = spec_has_namespace(spec, "pid") ? TARGET_PROC : TARGET_BIND;
        if (!(target = targets_add(list, kind, "/proc", spec_where(spec, SPEC_PROC))))
            return mount_no_memory(ret_error);
        target->source = "/proc";
        result = kind == TARGET_BIND ? mount_open_host(builder, target, ret_error) : 0;
        result = result < 0 ? result : targets_place_last(list, ret_error);
    }
    if (result == 0 && mount_is_wanted(spec, SPEC_DEV)) {
        if (!targets_add(list, TARGET_DEV, "/dev", spec_where(spec, SPEC_DEV)))
            return mount_no_memory(ret_error);
        result = targets_place_last(list, ret_error);
        result = result < 0 ? result : mount_add_console(spec, builder, list, ret_error);
    }
    if (result == 0 && has_tmp) {
        if (!(target = targets_add(list, TARGET_TMPFS, "/tmp", spec_where(spec, SPEC_TMP))))
            return mount_no_memory(ret_error);
        target->size = TMPFS_SIZE;
        target->inodes = TMPFS_INODES;
        result = targets_place_last(list, ret_error);
    }
    return result < 0 ? result : mount_cover_whole(spec, whole, list, 0, ret_error);
}

static int collect_devices(const esq_spec *spec, struct plan_builder *builder, struct target_list *list,
                           esq_error *ret_error)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_DEVICES, &count);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < items[i].count; j++) {
            struct target *target = targets_add(list, TARGET_BIND, items[i].words[j], &items[i].where);
            if (!target)
                return mount_no_memory(ret_error);
            target->source = items[i].words[j];
            target->is_writable = target->is_device = true;
            int result = mount_open_asked(spec, builder, target, ret_error);
            result = result < 0 ? result : targets_place_last(list, ret_error);
            if (result < 0)
                return result;
        }
    }
    return 0;
}

static int collect_items(const esq_spec *spec, struct plan_builder *builder, struct mount_whole *whole,
                         struct target_list *list, esq_error *ret_error)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_MOUNTS, &count);
    for (size_t i = 0; i < count; i++) {
        struct mount_item item;
        const char *problem = mount_parse_item(&items[i], &item);
        if (problem)
            return esq_fail(ret_error, &items[i].where, 0, NULL, "%s", problem);
        struct target *target = targets_add(list, item.kind, item.destination, &items[i].where);
        if (!target)
            return mount_no_memory(ret_error);
        target->source = item.source;
        target->is_created = item.is_volume;
        if (item.is_volume &&
            asprintf(&target->owned, "%s/volumes/%s", spec_text(spec, SPEC_DATA_FOLDER), item.source) < 0)
            target->owned = NULL;
        if (item.is_volume && !(target->source = target->owned))
            return mount_no_memory(ret_error);
        target->keep = item.keep;
        target->is_writable = item.kind != TARGET_OVERLAY && item.is_writable; /* its source is only read */
        target->size = item.size;
        target->inodes = item.inodes;
        int result = item.kind == TARGET_BIND || item.kind == TARGET_OVERLAY
                         ? mount_open_asked(spec, builder, target, ret_error)
                         : 0;
        target->is_writable = item.is_writable;
        result = result < 0 ? result : mount_refuse_whole(spec, whole, target, ret_error);
        result = result < 0 ? result : targets_place_last(list, ret_error);
        result = result < 0 ? result : mount_cover_whole(spec, whole, list, list->count - 1, ret_error);
        if (result < 0)
            return result;
    }
    return 0;
}

static bool has_writable(const struct target *target)
{
    switch (target->kind) {
    case TARGET_PROC:
    case TARGET_DEV:
    case TARGET_TMPFS:
    case TARGET_OVERLAY: return true;
    case TARGET_BIND: return target->is_writable;
    case TARGET_ROOT:
    case TARGET_TEXT:
    case TARGET_LINK:
    case TARGET_HIDE:
    case TARGET_PIN: return false; /* what a pin lies on is asked */
    }
    return false;
}

/* For Landlock, which knows no mounts: where the root is read-only, what in it is not. */
static int add_writable(struct plan_builder *builder, const struct target_list *list, esq_error *ret_error)
{
    for (size_t i = 1; i < list->count; i++) {
        const struct target *target = &list->items[i];
        if (!has_writable(target) || targets_is_covered(list, i))
            continue;
        uint32_t path = plan_add_text(builder, target->path);
        if (!path || plan_add_writable(builder, path) < 0)
            return mount_no_memory(ret_error);
    }
    return 0;
}

static int add_steps(const esq_spec *spec, struct plan_builder *builder, struct target_list *list, esq_error *ret_error)
{
    if (plan_add_step(builder, STEP_PRIVATE, NULL, NULL, NULL, 0, "make every mount private") < 0)
        return mount_no_memory(ret_error);
    /* Sources are copied before the root covers anything. */
    for (size_t i = 1; i < list->count; i++) {
        struct target *target = &list->items[i];
        int result = target->kind == TARGET_BIND      ? add_source(builder, target, ret_error)
                     : target->kind == TARGET_OVERLAY ? mount_add_overlay(spec, builder, target, ret_error)
                                                      : 0;
        if (result < 0)
            return result;
    }
    int result = add_root(spec, builder, &list->items[0], ret_error);
    for (size_t i = 1; i < list->count && result == 0; i++)
        result = add_target(spec, builder, &list->items[i], ret_error);
    if (result == 0 && !list->items[0].is_writable && !spec_is(spec, SPEC_ROOTFS_MODE, "overlay")) {
        plan_set_root_read_only(builder);
        result = add_writable(builder, list, ret_error);
    }
    if (result < 0)
        return result;
    if (plan_add_step(builder, STEP_PIVOT, NULL, "on an initramfs or inside a chroot: enter the root by pivot_root",
                      NULL, 0, "make it the root and detach the host's") < 0)
        return mount_no_memory(ret_error);
    return 0;
}

int mount_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    struct target_list list = { 0 };
    struct mount_whole whole = { .is_found = false };
    int result = collect_fixed(spec, builder, &whole, &list, ret_error);
    if (result == 0)
        result = collect_devices(spec, builder, &list, ret_error);
    if (result == 0)
        result = collect_items(spec, builder, &whole, &list, ret_error);
    if (result == 0)
        result = mount_add_names(spec, &list, ret_error);
    if (result == 0 && plan_problems(builder))
        mount_look_for_command(spec, &list, plan_problems(builder));
    if (result == 0)
        result = add_steps(spec, builder, &list, ret_error);
    mount_whole_done(&whole);
    targets_done(&list);
    return result;
}
