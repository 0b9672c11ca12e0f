/*
 * The mute child's steps that change how a tree is seen: overlays of trees that are no root, files of ours over files
 * of the host, and pins. Knows only what mount_plan prepared.
 */
#include "mount/mount_child.h"

#include <errno.h>

/* l is the tree of the host, k/upper and k/work take the writes. */
static int make_layers(const struct mount_overlay *overlay, struct child *child, int scratch)
{
    int result = sys_mkdirat(scratch, "l", 0755);
    if (result == 0)
        result = sys_mkdirat(scratch, "k", 0755);
    if (result == 0 && !overlay->keep.path)
        result = sys_mkdirat(scratch, "k/upper", 0755);
    if (result == 0 && !overlay->keep.path)
        result = sys_mkdirat(scratch, "k/work", 0755);
    if (result < 0)
        return step_fail(child, result, "make the layers");
    if ((result = mount_place_layer(child->block, &overlay->lower, overlay->lower.set, scratch, "l")) < 0)
        return step_fail(child, result,
                         result == -EXDEV ? "something is mounted inside of this tree" : "place the tree");
    if (overlay->keep.path &&
        (result = mount_place_layer(child->block, &overlay->keep, overlay->keep.set, scratch, "k")) < 0)
        return step_fail(child, result, "place the folder of its writes");
    return 0;
}

/* As for a root: the scratch mount holds the layers together until the overlay has them, and is taken away again. */
int mount_apply_overlay(const struct step *step, struct child *child)
{
    const struct mount_overlay *overlay = STEP_DATA(child->block, step, struct mount_overlay);
    _cleanup_fd_ int scratch =
        mount_enter_scratch(child, STEP_TEXT(child->block, overlay->size), STEP_TEXT(child->block, overlay->inodes));
    if (scratch < 0)
        return scratch;
    int result = make_layers(overlay, child, scratch);
    _cleanup_fd_ int tree = result < 0 ? result : mount_make_overlay("l", "k/upper", "k/work");
    int detached = sys_detach_here();
    int returned = sys_chdir("/");
    if (result < 0)
        return result;
    if (tree < 0)
        return step_fail(child, tree, "mount overlay");
    if (detached < 0 || returned < 0)
        return step_fail(child, detached < 0 ? detached : returned, "detach the tmpfs");
    child->trees[overlay->tree] = take_fd(&tree);
    return 0;
}

/* A file of a detached mount cannot be copied before Linux 6.15, so the tmpfs is attached for that moment. */
static int copy_file(int tmpfs, struct child *child)
{
    _cleanup_fd_ int here = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
    int result = here < 0 ? here : sys_move_mount(tmpfs, here);
    if (result < 0)
        return step_fail(child, result, "attach the tmpfs");
    _cleanup_fd_ int tree = sys_open_tree_clone(tmpfs, "f", false);
    result = sys_fchdir(tmpfs);
    if (result == 0)
        result = sys_detach_here();
    if (result == 0)
        result = sys_chdir("/");
    if (result < 0)
        return step_fail(child, result, "detach the tmpfs");
    return tree < 0 ? step_fail(child, tree, "copy the mount") : take_fd(&tree);
}

/* An empty directory, or a file with these contents, in a tmpfs of its own; a detached mount. */
static int make_cover(const struct mount_cover *cover, struct child *child, bool is_file)
{
    char size[24];
    size_t digits = sizeof(size);
    uint64_t bytes = (uint64_t)cover->length + 4096;
    for (size[--digits] = '\0'; bytes > 0; bytes /= 10)
        size[--digits] = (char)('0' + bytes % 10);
    _cleanup_fd_ int tmpfs = mount_make_tmpfs(size + digits, "4", "555", MOUNT_TREE_FLAGS);
    if (tmpfs < 0)
        return step_fail(child, tmpfs, "make a tmpfs");
    if (!is_file)
        return take_fd(&tmpfs);
    _cleanup_fd_ int file = sys_openat(tmpfs, "f", O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0444);
    int result = file < 0 ? file : sys_write_all(file, STEP_TEXT(child->block, cover->contents), cover->length);
    return result < 0 ? step_fail(child, result, "write it") : copy_file(tmpfs, child);
}

int mount_apply_cover(const struct step *step, struct child *child)
{
    const struct mount_cover *cover = STEP_DATA(child->block, step, struct mount_cover);
    const char *target = STEP_TEXT(child->block, cover->target);
    struct stat found;
    _cleanup_fd_ int point = sys_open_beneath(child->root, target, O_PATH, 0);
    int result = point < 0 ? point : sys_fstat(point, &found);
    if (point < 0 && cover->is_optional)
        return 0;
    if (result < 0)
        return step_fail(child, result, "open what it covers");
    _cleanup_fd_ int tree = make_cover(cover, child, !S_ISDIR(found.st_mode));
    if (tree < 0)
        return tree;
    if ((result = sys_mount_attributes(tree, MOUNT_TREE_FLAGS | MOUNT_ATTR_RDONLY, 0, false)) < 0)
        return step_fail(child, result, "make it read-only");
    return mount_attach_at(child, tree, target);
}

int mount_apply_pin(const struct step *step, struct child *child)
{
    const struct mount_pin *pin = STEP_DATA(child->block, step, struct mount_pin);
    _cleanup_fd_ int point = sys_open_beneath(child->root, STEP_TEXT(child->block, pin->target), O_PATH, 0);
    if (point < 0)
        return step_fail(child, point, "open what it pins");
    _cleanup_fd_ int tree = sys_open_tree_clone(point, "", true);
    if (tree < 0)
        return step_fail(child, tree, "copy the mount");
    int result = sys_mount_attributes(tree, MOUNT_TREE_FLAGS | (pin->is_writable ? 0 : MOUNT_ATTR_RDONLY), 0, true);
    if (result < 0)
        return step_fail(child, result, "set its flags");
    result = sys_move_mount(tree, point);
    return result < 0 ? step_fail(child, result, "attach it") : 0;
}
