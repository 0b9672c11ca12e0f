/*
 * What the launcher makes before a container starts: the folders of volumes and of kept changes, which the plan only
 * named; beside changes stands what they were laid over. Changes have one user at a time, or two overlays would write
 * over each other; a lock sees to that, which the kernel takes away with whoever held it.
 */
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include "mount/mount.h"
#include "plan/step.h"

/* One folder after the other: those on the way are for their owner alone. */
static int make_folders(const char *path)
{
    char part[4200];
    size_t length = strlen(path);
    if (length >= sizeof(part) || path[0] != '/')
        return -ENAMETOOLONG;
    for (size_t i = 1; i <= length; i++) {
        if (i < length && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        int result = sys_mkdirat(AT_FDCWD, part, i < length ? 0700 : 0755);
        if (result < 0 && result != -EEXIST && result != -EROFS && result != -EACCES && result != -EPERM)
            return result;
    }
    _cleanup_fd_ int made = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
    return made < 0 ? made : 0;
}

static int make_layer(int folder, const char *name)
{
    int result = sys_mkdirat(folder, name, 0755);
    return result == -EEXIST ? 0 : result;
}

/* For those who want to see what was changed. Whole or not at all, while the lock is held. */
static int note_lower(int folder, const char *lower)
{
    _cleanup_fd_ int file = sys_openat(folder, "lower.new", O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW, 0600);
    int result = file < 0 ? file : sys_write_all(file, lower, strlen(lower));
    return result < 0 ? result : (int)SYS(SYS_renameat2, folder, "lower.new", folder, "lower", 0);
}

int mount_prepare(const struct step *step, const struct plan_block *block, int *ret_held)
{
    const struct mount_keep *keep = STEP_DATA(block, step, struct mount_keep);
    const char *path = STEP_TEXT(block, keep->path);
    int result = make_folders(path);
    if (result < 0 || !keep->is_layer)
        return result;
    _cleanup_fd_ int folder = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return folder;
    if ((result = make_layer(folder, "changes")) < 0 || (result = make_layer(folder, "work")) < 0)
        return result;
    _cleanup_fd_ int lock = sys_openat(folder, "lock", O_CREAT | O_RDWR | O_NOFOLLOW, 0600);
    if (lock < 0)
        return lock;
    result = (int)SYS(SYS_flock, lock, LOCK_EX | LOCK_NB);
    if (result < 0)
        return result == -EWOULDBLOCK ? -EBUSY : result;
    if ((result = note_lower(folder, STEP_TEXT(block, keep->lower))) < 0)
        return result;
    *ret_held = take_fd(&lock);
    return 0;
}
