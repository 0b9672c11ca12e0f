/*
 * What a plan takes from the host: opens it, looks at it, and describes it so that the child finds that and nothing
 * else. Writes nothing anywhere.
 */
#include "mount/planning.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/statvfs.h>

int mount_no_memory(esq_error *ret_error)
{
    return esq_fail(ret_error, NULL, ENOMEM, NULL, "plan the mounts");
}

static const char *host_remedy(const struct target *target)
{
    if (target->kind == TARGET_ROOT)
        return "make a root filesystem there: `esquema rootfs import` or `build`, or examples/make-rootfs FOLDER for a "
               "small one";
    if (target->is_device)
        return "is the device plugged in, and its driver loaded?";
    return "relative paths begin at the folder of the description; create it, or correct the path";
}

int mount_open_host(struct plan_builder *builder, struct target *target, esq_error *ret_error)
{
    int fd = sys_openat(AT_FDCWD, target->source, O_PATH, 0);
    if (fd == -ENOENT && target->is_created) /* by STEP_KEEP, when it is launched */
        return 0;
    if (fd < 0)
        return esq_fail(ret_error, target->where, -fd, fd == -ENOENT ? host_remedy(target) : NULL, "open %s",
                        target->source);
    if (plan_hold_fd(builder, fd) < 0)
        return mount_no_memory(ret_error);
    struct stat found;
    int result = sys_fstat(fd, &found);
    if (result < 0)
        return esq_fail(ret_error, target->where, -result, NULL, "look at %s", target->source);
    if (S_ISLNK(found.st_mode) || (target->kind == TARGET_ROOT && !S_ISDIR(found.st_mode)))
        return esq_fail(ret_error, target->where, ENOTDIR, host_remedy(target), "open %s", target->source);
    if (target->is_device && !S_ISCHR(found.st_mode) && !S_ISBLK(found.st_mode))
        return esq_fail(ret_error, target->where, ENODEV, "name the device itself, not its folder", "open %s",
                        target->source);
    struct statvfs mounted;
    if (target->is_writable && fstatvfs(fd, &mounted) == 0 && (mounted.f_flag & ST_RDONLY))
        return esq_fail(ret_error, target->where, EROFS, "what the host mounts read-only stays so; ask for read-only",
                        "make %s writable", target->source);
    target->fd = fd;
    target->is_file = !S_ISDIR(found.st_mode);
    return 0;
}

int mount_real_path(const struct target *target, char path[4097], esq_error *ret_error)
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", target->fd);
    ssize_t length = readlink(link, path, 4096);
    if (length < 0)
        return esq_fail(ret_error, target->where, errno, "/proc must be mounted where containers are started",
                        "find the real path of %s", target->source);
    path[length] = '\0';
    return 0;
}

/* What was opened must be what the grants were asked for: a link may have been turned elsewhere in between. */
int mount_open_asked(const esq_spec *spec, struct plan_builder *builder, struct target *target, esq_error *ret_error)
{
    char path[4097];
    int result = mount_open_host(builder, target, ret_error);
    if (result < 0 || target->is_created)
        return result;
    if (result == 0)
        result = mount_real_path(target, path, ret_error);
    if (result == 0 && !spec_has_seen(spec, target->source, target->is_writable, path))
        result = esq_fail(ret_error, target->where, ESTALE, "leave it in peace while a container is started",
                          "%s leads elsewhere than when its grant was asked for", target->source);
    return result;
}

int mount_describe_source(struct plan_builder *builder, const struct target *target, struct mount_source *ret_source,
                          esq_error *ret_error)
{
    char path[4097];
    struct stat found = { 0 };
    if (target->fd < 0)
        snprintf(path, sizeof(path), "%s", target->source);
    int result = target->fd < 0 ? 0 : mount_real_path(target, path, ret_error);
    if (result < 0)
        return result;
    if (target->fd >= 0 && fstat(target->fd, &found) < 0)
        return esq_fail(ret_error, target->where, errno, NULL, "look at %s", target->source);
    *ret_source = (struct mount_source){
        .tree = target->tree,
        .device = found.st_dev,
        .inode = found.st_ino,
        .set = MOUNT_ATTR_NOSUID | (target->is_device ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_NODEV) |
               (target->is_writable ? 0 : MOUNT_ATTR_RDONLY),
        .is_recursive = true,
    };
    ret_source->path = plan_add_text(builder, path);
    return ret_source->path ? 0 : mount_no_memory(ret_error);
}
