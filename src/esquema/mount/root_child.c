/*
 * STEP_ROOT, executed by the mute child: makes the new root and lays it over "/". The process's own root is not moved
 * by that, so that paths of the host still work until the pivot. Nothing is written to the host's directory.
 */
#include "mount/mount_child.h"

#include <errno.h>

#define ROOT_FLAGS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

static int lay_over_root(struct child *child, int *tree)
{
    _cleanup_fd_ int here = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
    if (here < 0)
        return step_fail(child, here, "open /");
    int result = sys_move_mount(*tree, here);
    if (result < 0)
        return step_fail(child, result, "attach it");
    child->root = take_fd(tree);
    return 0;
}

static int make_empty(const struct mount_root *root, struct child *child, int *ret_tree)
{
    _cleanup_fd_ int tree =
        mount_make_tmpfs(STEP_TEXT(child->block, root->size), STEP_TEXT(child->block, root->inodes), "755", ROOT_FLAGS);
    if (tree < 0)
        return step_fail(child, tree, "make a tmpfs");
    int result = mount_make_points(child->block, tree, root->points, root->point_count);
    if (result < 0)
        return step_fail(child, result, "make mount points");
    if ((result = sys_mount_attributes(tree, MOUNT_ATTR_RDONLY, 0, false)) < 0)
        return step_fail(child, result, "make it read-only");
    *ret_tree = take_fd(&tree);
    return 0;
}

/* In the scratch tmpfs, which is the working directory: l is the host's directory, s the mount points, u and w writes.
 */
static int make_layers(const struct mount_root *root, struct child *child, int scratch)
{
    static const char *const directories[] = { "l", "s", "u", "w" };
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        int result = sys_mkdirat(scratch, directories[i], 0755);
        if (result < 0)
            return result;
    }
    _cleanup_fd_ int skeleton = sys_openat(scratch, "s", O_PATH | O_DIRECTORY, 0);
    if (skeleton < 0)
        return skeleton;
    int result = mount_make_points(child->block, skeleton, root->points, root->point_count);
    return result < 0 ? result : mount_place_layer(child->block, &root->source, ROOT_FLAGS, scratch, "l");
}

/* The kept layers lie beneath one mount of their own, as overlay wants it. */
static int bind_kept(const struct mount_root *root, struct child *child, int scratch)
{
    _cleanup_fd_ int kept =
        sys_openat(AT_FDCWD, STEP_TEXT(child->block, root->keep), O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    _cleanup_fd_ int tree = kept < 0 ? kept : sys_open_tree_clone(kept, "", false);
    if (tree < 0)
        return tree;
    int result = sys_mkdirat(scratch, "k", 0755);
    if (result == 0)
        result = sys_mount_attributes(tree, ROOT_FLAGS, 0, false);
    _cleanup_fd_ int point = result < 0 ? result : sys_openat(scratch, "k", O_PATH | O_DIRECTORY, 0);
    return point < 0 ? point : sys_move_mount(tree, point);
}

/* Overlay keeps its layers itself: the scratch mount is taken away again before the root is attached. */
static int make_overlay(const struct mount_root *root, struct child *child, int *ret_tree)
{
    bool is_read_only = root->mode == MOUNT_ROOT_LAYERED;
    _cleanup_fd_ int scratch =
        mount_enter_scratch(child, STEP_TEXT(child->block, root->size), STEP_TEXT(child->block, root->inodes));
    if (scratch < 0)
        return scratch;
    int result = make_layers(root, child, scratch);
    if (result == 0 && root->keep)
        result = bind_kept(root, child, scratch);
    const char *upper = is_read_only ? NULL : root->keep ? "k/changes" : "u";
    _cleanup_fd_ int tree = result < 0 ? result : mount_make_overlay("l:s", upper, root->keep ? "k/work" : "w");
    int detached = sys_detach_here();
    if (result < 0)
        return step_fail(child, result, "make the layers");
    if (tree < 0)
        return step_fail(child, tree, "mount overlay");
    if (detached < 0)
        return step_fail(child, detached, "detach the tmpfs");
    *ret_tree = take_fd(&tree);
    return 0;
}

static int bind_entry(int source, int tree, const char *path, bool is_file)
{
    int result = is_file ? sys_openat(tree, path, O_CREAT | O_EXCL | O_WRONLY, 0444) : sys_mkdirat(tree, path, 0755);
    if (result < 0)
        return result;
    if (is_file)
        sys_close(result);
    _cleanup_fd_ int from = sys_open_beneath(source, path, O_PATH, 0);
    if (from < 0)
        return from;
    _cleanup_fd_ int copy = sys_open_tree_clone(from, "", true);
    if (copy < 0)
        return copy;
    if ((result = sys_mount_attributes(copy, ROOT_FLAGS | MOUNT_ATTR_RDONLY, 0, true)) < 0)
        return result;
    _cleanup_fd_ int point = sys_open_beneath(tree, path, O_PATH, 0);
    return point < 0 ? point : sys_move_mount(copy, point);
}

/* A tmpfs with every entry of the directory bound in its place, and room for mount points between them. */
static int make_composed(const struct mount_root *root, struct child *child)
{
    const struct plan_block *block = child->block;
    const struct mount_entry *entries = (const struct mount_entry *)STEP_TEXT(block, root->entries);
    _cleanup_fd_ int source = mount_open_source(block, &root->source);
    if (source < 0)
        return step_fail(child, source, "open the directory");
    _cleanup_fd_ int tree =
        mount_make_tmpfs(STEP_TEXT(block, root->size), STEP_TEXT(block, root->inodes), "755", ROOT_FLAGS);
    if (tree < 0)
        return step_fail(child, tree, "make a tmpfs");
    int result = lay_over_root(child, &tree); /* older kernels mount only onto what is attached */
    for (uint32_t i = 0; i < root->entry_count && result == 0; i++) {
        const char *path = STEP_TEXT(block, entries[i].path);
        switch ((enum mount_entry_kind)entries[i].kind) {
        case MOUNT_ENTRY_DIRECTORY: result = sys_mkdirat(child->root, path, 0755); break;
        case MOUNT_ENTRY_BIND_DIRECTORY: result = bind_entry(source, child->root, path, false); break;
        case MOUNT_ENTRY_BIND_FILE: result = bind_entry(source, child->root, path, true); break;
        case MOUNT_ENTRY_LINK: result = sys_symlinkat(STEP_TEXT(block, entries[i].link), child->root, path); break;
        }
        if (result < 0)
            return step_fail(child, result, path);
    }
    if (result == 0)
        result = mount_make_points(block, child->root, root->points, root->point_count);
    if (result == 0)
        result = sys_mount_attributes(child->root, MOUNT_ATTR_RDONLY, 0, false);
    return result < 0 ? step_fail(child, result, "compose it") : 0;
}

static bool is_refusal(int negative_errno)
{
    return negative_errno == -EPERM || negative_errno == -ENODEV || negative_errno == -EINVAL ||
           negative_errno == -EOPNOTSUPP || negative_errno == -EXDEV;
}

int mount_apply_root(const struct step *step, struct child *child)
{
    const struct mount_root *root = STEP_DATA(child->block, step, struct mount_root);
    _cleanup_fd_ int tree = -1;
    int result = 0;

    switch ((enum mount_root_mode)root->mode) {
    case MOUNT_ROOT_TREE:
        tree = child->trees[root->source.tree];
        child->trees[root->source.tree] = -1;
        break;
    case MOUNT_ROOT_LAYERED:
        result = make_overlay(root, child, &tree);
        if (is_refusal(result) && root->entry_count > 0)
            return make_composed(root, child);
        break;
    case MOUNT_ROOT_OVERLAY: result = make_overlay(root, child, &tree); break;
    case MOUNT_ROOT_EMPTY: result = make_empty(root, child, &tree); break;
    }
    return result < 0 ? result : lay_over_root(child, &tree);
}
