/*
 * What the mute child's mount steps are made of: mounts that are attached nowhere yet, the points in them, layers.
 * Knows no step.
 */
#include "mount/mount_child.h"

#include <errno.h>

int mount_make_tmpfs(const char *size, const char *inodes, const char *mode, unsigned attributes)
{
    _cleanup_fd_ int context = sys_fsopen("tmpfs");
    if (context < 0)
        return context;
    int result = sys_fsconfig_text(context, "size", size);
    if (result == 0)
        result = sys_fsconfig_text(context, "nr_inodes", inodes);
    if (result == 0)
        result = sys_fsconfig_text(context, "mode", mode);
    if (result == 0)
        result = sys_fsconfig_create(context);
    return result < 0 ? result : sys_fsmount(context, attributes);
}

/* What exists already is fine: two mount points may share a parent. */
int mount_make_points(const struct plan_block *block, int root, uint32_t offset, uint32_t count)
{
    const struct mount_point *points = (const struct mount_point *)STEP_TEXT(block, offset);
    for (uint32_t i = 0; i < count; i++) {
        _cleanup_fd_ int parent = sys_open_beneath(root, STEP_TEXT(block, points[i].parent), O_PATH | O_DIRECTORY, 0);
        if (parent < 0)
            return parent;
        const char *name = STEP_TEXT(block, points[i].name);
        int result;
        if (points[i].link) {
            result = sys_symlinkat(STEP_TEXT(block, points[i].link), parent, name);
        } else if (points[i].is_file) {
            result = sys_openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0444);
            sys_close(result);
        } else {
            result = sys_mkdirat(parent, name, 0755);
        }
        if (result < 0 && result != -EEXIST)
            return result;
    }
    return 0;
}

/* Opens what the plan saw: a path may have been given to something else since. */
int mount_open_source(const struct plan_block *block, const struct mount_source *source)
{
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, STEP_TEXT(block, source->path), O_PATH | O_NOFOLLOW, 0);
    if (fd < 0)
        return fd;
    struct stat seen;
    int result = sys_fstat(fd, &seen);
    if (result < 0)
        return result;
    if (source->inode != 0 && (seen.st_dev != source->device || seen.st_ino != source->inode))
        return -ESTALE;
    return take_fd(&fd);
}

/* Attaches a detached mount at a path of the container. */
int mount_attach_at(struct child *child, int tree, const char *target)
{
    _cleanup_fd_ int point = sys_open_beneath(child->root, target, O_PATH, 0);
    if (point < 0)
        return step_fail(child, point, "open the mount point");
    int result = sys_move_mount(tree, point);
    return result < 0 ? step_fail(child, result, "attach it") : 0;
}

int mount_make_overlay(const char *lower, const char *upper, const char *work)
{
    _cleanup_fd_ int context = sys_fsopen("overlay");
    if (context < 0)
        return context;
    int result = sys_fsconfig_flag(context, "userxattr");
    if (result == 0)
        result = sys_fsconfig_text(context, "lowerdir", lower);
    if (result == 0 && upper)
        result = sys_fsconfig_text(context, "upperdir", upper);
    if (result == 0 && upper)
        result = sys_fsconfig_text(context, "workdir", work);
    if (result == 0)
        result = sys_fsconfig_create(context);
    return result < 0 ? result : sys_fsmount(context, MOUNT_TREE_FLAGS | (upper ? 0 : MOUNT_ATTR_RDONLY));
}

int mount_enter_scratch(struct child *child, const char *size, const char *inodes)
{
    _cleanup_fd_ int scratch = mount_make_tmpfs(size, inodes, "755", MOUNT_TREE_FLAGS);
    if (scratch < 0)
        return step_fail(child, scratch, "make a tmpfs");
    _cleanup_fd_ int here = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
    int result = here < 0 ? here : sys_move_mount(scratch, here);
    if (result < 0)
        return step_fail(child, result, "attach the tmpfs");
    result = sys_fchdir(scratch);
    return result < 0 ? step_fail(child, result, "enter the tmpfs") : take_fd(&scratch);
}

int mount_place_layer(const struct plan_block *block, const struct mount_source *layer, uint64_t set, int scratch,
                      const char *name)
{
    _cleanup_fd_ int source = mount_open_source(block, layer);
    if (source < 0)
        return source;
    _cleanup_fd_ int tree = sys_open_tree_clone(source, "", false);
    if (tree == -EINVAL) /* children that are locked: their mounts hide files that must stay hidden */
        return -EXDEV;
    if (tree < 0)
        return tree;
    int result = sys_mount_attributes(tree, set, 0, false);
    if (result < 0)
        return result;
    _cleanup_fd_ int point = sys_openat(scratch, name, O_PATH | O_DIRECTORY, 0);
    return point < 0 ? point : sys_move_mount(tree, point);
}
