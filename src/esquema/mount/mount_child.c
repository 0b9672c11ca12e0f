/*
 * The mount steps, executed by the mute child: every mount is made or copied detached, gets its flags, and is attached
 * beneath the new root through no link. Knows only what mount_plan prepared.
 */
#include "mount/mount_child.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

static int apply_source(const struct step *step, struct child *child)
{
    const struct mount_source *source = STEP_DATA(child->block, step, struct mount_source);
    _cleanup_fd_ int fd = mount_open_source(child->block, source);
    if (fd < 0)
        return step_fail(child, fd, fd == -ESTALE ? "it was replaced since the plan was made" : "open it");
    _cleanup_fd_ int tree = sys_open_tree_clone(fd, "", source->is_recursive);
    if (tree < 0)
        return step_fail(child, tree, "copy the mount");
    int result = sys_mount_attributes(tree, source->set, 0, source->is_recursive);
    if (result < 0)
        return step_fail(child, result, "set its flags");
    child->trees[source->tree] = take_fd(&tree);
    return 0;
}

static int apply_bind(const struct step *step, struct child *child)
{
    const struct mount_attach *bind = STEP_DATA(child->block, step, struct mount_attach);
    return mount_attach_at(child, child->trees[bind->tree], STEP_TEXT(child->block, bind->target));
}

static int apply_tmpfs(const struct step *step, struct child *child)
{
    const struct mount_attach *tmpfs = STEP_DATA(child->block, step, struct mount_attach);
    _cleanup_fd_ int tree =
        mount_make_tmpfs(STEP_TEXT(child->block, tmpfs->size), STEP_TEXT(child->block, tmpfs->inodes),
                         STEP_TEXT(child->block, tmpfs->mode), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (tree < 0)
        return tree;
    int result = mount_make_points(child->block, tree, tmpfs->points, tmpfs->point_count);
    if (result < 0)
        return step_fail(child, result, "make mount points in it");
    return mount_attach_at(child, tree, STEP_TEXT(child->block, tmpfs->target));
}

static int apply_proc(const struct step *step, struct child *child)
{
    const struct mount_attach *proc = STEP_DATA(child->block, step, struct mount_attach);
    _cleanup_fd_ int context = sys_fsopen("proc");
    if (context < 0)
        return context;
    int result = sys_fsconfig_create(context);
    if (result < 0)
        return result;
    _cleanup_fd_ int tree = sys_fsmount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (tree < 0)
        return tree;
    return mount_attach_at(child, tree, STEP_TEXT(child->block, proc->target));
}

/* A copy of the subtree over itself, read-only. */
static int apply_proc_read_only(const struct step *step, struct child *child)
{
    const struct mount_paths *list = STEP_DATA(child->block, step, struct mount_paths);
    const struct mount_path *paths = (const struct mount_path *)STEP_TEXT(child->block, list->paths);
    for (uint32_t i = 0; i < list->count; i++) {
        _cleanup_fd_ int point = sys_open_beneath(child->root, STEP_TEXT(child->block, paths[i].path), O_PATH, 0);
        if (point < 0)
            return step_fail(child, point, "open it");
        _cleanup_fd_ int tree = sys_open_tree_clone(point, "", true);
        if (tree < 0)
            return step_fail(child, tree, "copy the mount");
        int result = sys_mount_attributes(tree, MOUNT_ATTR_RDONLY, 0, true);
        if (result < 0)
            return step_fail(child, result, "make it read-only");
        if ((result = sys_move_mount(tree, point)) < 0)
            return step_fail(child, result, "attach it");
    }
    return 0;
}

/* Files disappear behind /dev/null, directories behind one empty tmpfs, of which the later ones are copies. */
static int apply_mask(const struct step *step, struct child *child)
{
    const struct mount_paths *list = STEP_DATA(child->block, step, struct mount_paths);
    const struct mount_path *paths = (const struct mount_path *)STEP_TEXT(child->block, list->paths);
    _cleanup_fd_ int empty = -1;
    for (uint32_t i = 0; i < list->count; i++) {
        _cleanup_fd_ int tree = -1;
        if (paths[i].is_file)
            tree = sys_open_tree_clone(AT_FDCWD, "/dev/null", false);
        else if (empty < 0)
            tree = mount_make_tmpfs("4096", "1", "555", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
        else
            tree = sys_open_tree_clone(empty, "", false);
        if (tree < 0)
            return step_fail(child, tree, STEP_TEXT(child->block, paths[i].path));
        int result =
            paths[i].is_file
                ? sys_mount_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, false)
                : 0;
        if (result < 0)
            return step_fail(child, result, "make the mask read-only");
        result = mount_attach_at(child, tree, STEP_TEXT(child->block, paths[i].path));
        if (result < 0)
            return result;
        if (!paths[i].is_file && empty < 0)
            empty = take_fd(&tree);
    }
    return 0;
}

static int bind_nodes(struct child *child, const struct mount_attach *dev, int tree)
{
    const struct mount_node *nodes = (const struct mount_node *)STEP_TEXT(child->block, dev->nodes);
    for (uint32_t i = 0; i < dev->node_count; i++) {
        const char *name = STEP_TEXT(child->block, nodes[i].name);
        _cleanup_fd_ int node = sys_open_tree_clone(AT_FDCWD, STEP_TEXT(child->block, nodes[i].host), false);
        if (node < 0)
            return step_fail(child, node, name);
        /* A device on a read-only mount can be written to; its owner (root, started by root) cannot chmod the host's.
         */
        int result = sys_mount_attributes(node, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, false);
        _cleanup_fd_ int point = result < 0 ? result : sys_open_beneath(tree, name, O_PATH, 0);
        if (point < 0)
            return step_fail(child, point, name);
        result = sys_move_mount(node, point);
        if (result < 0)
            return step_fail(child, result, name);
    }
    return 0;
}

static int mount_pts(int dev)
{
    _cleanup_fd_ int context = sys_fsopen("devpts");
    if (context < 0)
        return context;
    int result = sys_fsconfig_flag(context, "newinstance");
    if (result == 0)
        result = sys_fsconfig_text(context, "ptmxmode", "0666");
    if (result == 0)
        result = sys_fsconfig_text(context, "mode", "0620");
    if (result == 0)
        result = sys_fsconfig_create(context);
    if (result < 0)
        return result;
    _cleanup_fd_ int tree = sys_fsmount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    _cleanup_fd_ int point = tree < 0 ? tree : sys_open_beneath(dev, "pts", O_PATH | O_DIRECTORY, 0);
    return point < 0 ? point : sys_move_mount(tree, point);
}

static int mount_shm(int dev)
{
    _cleanup_fd_ int tree =
        mount_make_tmpfs("67108864", "16384", "1777", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    _cleanup_fd_ int point = tree < 0 ? tree : sys_open_beneath(dev, "shm", O_PATH | O_DIRECTORY, 0);
    return point < 0 ? point : sys_move_mount(tree, point);
}

static int fill_dev(int tree)
{
    static const char *const links[][2] = {
        { "/proc/self/fd", "fd" }, { "fd/0", "stdin" },    { "fd/1", "stdout" },
        { "fd/2", "stderr" },      { "pts/ptmx", "ptmx" },
    };
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        int result = sys_symlinkat(links[i][0], tree, links[i][1]);
        if (result < 0)
            return result;
    }
    int result = sys_mkdirat(tree, "pts", 0755);
    return result < 0 ? result : sys_mkdirat(tree, "shm", 0755);
}

/* A tmpfs with the few harmless nodes of the host bound into it; nothing may be written to it afterwards. */
/* Other users inside say something too, whatever mask of modes is in force. */
static int bind_notify(const struct child *child, int dev)
{
    static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = STEP_NOTIFY_NAME };
    int result = sys_fchdir(dev); /* a path of a socket is relative to nothing else */
    if (result == 0)
        result = (int)SYS(SYS_bind, child->notify, &address, sizeof(address));
    if (result == 0)
        result = (int)SYS(SYS_fchmodat, dev, STEP_NOTIFY_NAME, 0666);
    return result < 0 ? result : sys_chdir("/");
}

static int apply_dev(const struct step *step, struct child *child)
{
    const struct mount_attach *dev = STEP_DATA(child->block, step, struct mount_attach);
    _cleanup_fd_ int tree = mount_make_tmpfs("65536", "128", "755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    if (tree < 0)
        return tree;
    int result = fill_dev(tree);
    if (result == 0)
        result = mount_make_points(child->block, tree, dev->points, dev->point_count);
    if (result < 0)
        return step_fail(child, result, "fill it");
    if ((result = mount_attach_at(child, tree, STEP_TEXT(child->block, dev->target))) < 0)
        return result;
    if ((result = bind_nodes(child, dev, tree)) < 0)
        return result;
    if ((result = mount_pts(tree)) < 0)
        return step_fail(child, result, "mount pts");
    if ((result = mount_shm(tree)) < 0)
        return step_fail(child, result, "mount shm");
    if (child->notify >= 0 && (result = bind_notify(child, tree)) < 0)
        return step_fail(child, result, "listen at " STEP_NOTIFY_NAME);
    result = sys_mount_attributes(tree, MOUNT_ATTR_RDONLY, 0, false);
    return result < 0 ? step_fail(child, result, "make it read-only") : 0;
}

/*
 * The new root lies over "/", and the old one is put over the new one: detaching what lies over "." leaves nothing of
 * the host, and no directory is needed for it.
 */
static int apply_pivot(struct child *child)
{
    int result = sys_fchdir(child->root);
    if (result < 0)
        return step_fail(child, result, "enter the new root");
    if ((result = sys_pivot_root_here()) < 0)
        return step_fail(child, result, "exchange the roots");
    if ((result = sys_detach_here()) < 0)
        return step_fail(child, result, "detach the old root");
    result = sys_chdir("/");
    sys_close(child->root);
    child->root = -1;
    return result < 0 ? step_fail(child, result, "enter the new root") : 0;
}

int mount_apply(const struct step *step, struct child *child)
{
    /* Kinds of the other facilities never come here: steps.def says which function runs which kind. */
    switch (step->kind) {
    case STEP_PRIVATE: return sys_mount_private("/");
    case STEP_SOURCE: return apply_source(step, child);
    case STEP_ROOT: return mount_apply_root(step, child);
    case STEP_PROC: return apply_proc(step, child);
    case STEP_PROC_READ_ONLY: return apply_proc_read_only(step, child);
    case STEP_MASK: return apply_mask(step, child);
    case STEP_DEV: return apply_dev(step, child);
    case STEP_BIND: return apply_bind(step, child);
    case STEP_TMPFS: return apply_tmpfs(step, child);
    case STEP_OVERLAY: return mount_apply_overlay(step, child);
    case STEP_COVER: return mount_apply_cover(step, child);
    case STEP_PIN: return mount_apply_pin(step, child);
    case STEP_PIVOT: return apply_pivot(child);
    }
    return -ENOSYS;
}
