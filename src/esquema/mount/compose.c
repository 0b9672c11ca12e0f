/* Reading a root's directories for composing. See compose.h; knows nothing of how it is executed. */
#include "mount/compose.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mount/mount.h"

struct composition {
    struct plan_builder *builder;
    const struct target *root;
    struct mount_entry entries[MOUNT_ENTRIES_MAX];
    uint32_t count;
    bool is_too_large;
};

/* Does a missing point lie strictly beneath this directory? */
static bool is_on_the_way(const struct target *root, const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < root->point_count; i++)
        if (strncmp(root->points[i].path, path, length) == 0 && root->points[i].path[length] == '/')
            return true;
    return false;
}

static int add_entry(struct composition *all, const char *path, enum mount_entry_kind kind, const char *link)
{
    struct mount_entry entry = { .kind = kind, .path = plan_add_text(all->builder, path) };
    if (!entry.path)
        return -ENOMEM;
    if (link && !(entry.link = plan_add_text(all->builder, link)))
        return -ENOMEM;
    all->entries[all->count++] = entry;
    return 0;
}

static int compose_directory(struct composition *all, int directory, const char *prefix);

static int compose_entry(struct composition *all, int directory, const char *name, const char *path)
{
    struct stat found;
    if (all->count == MOUNT_ENTRIES_MAX) {
        all->is_too_large = true;
        return 0;
    }
    if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISLNK(found.st_mode)) {
        char link[4096];
        ssize_t length = readlinkat(directory, name, link, sizeof(link) - 1);
        if (length < 0)
            return -errno;
        link[length] = '\0';
        return add_entry(all, path, MOUNT_ENTRY_LINK, link);
    }
    if (!S_ISDIR(found.st_mode))
        return add_entry(all, path, MOUNT_ENTRY_BIND_FILE, NULL);
    if (!is_on_the_way(all->root, path))
        return add_entry(all, path, MOUNT_ENTRY_BIND_DIRECTORY, NULL);
    int result = add_entry(all, path, MOUNT_ENTRY_DIRECTORY, NULL);
    if (result < 0)
        return result;
    _cleanup_fd_ int below = sys_openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    return below < 0 ? below : compose_directory(all, below, path);
}

/* As deep as the mount points that are missing, each of which came from a bounded description. */
static int compose_directory(struct composition *all, int directory, const char *prefix)
{
    int copy = sys_dup_above(directory, 3);
    if (copy < 0)
        return copy;
    DIR *stream = fdopendir(copy);
    if (!stream) {
        sys_close(copy);
        return -ENOMEM;
    }
    int result = 0;
    for (struct dirent *entry; result == 0 && !all->is_too_large;) {
        char path[4096];
        errno = 0;
        if (!(entry = readdir(stream))) {
            result = -errno;
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int length = snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "/" : "", entry->d_name);
        result = (size_t)length < sizeof(path) ? compose_entry(all, directory, entry->d_name, path) : -ENAMETOOLONG;
    }
    closedir(stream);
    return result;
}

int mount_compose(struct plan_builder *builder, const struct target *root, uint32_t *ret_offset, uint32_t *ret_count,
                  esq_error *ret_error)
{
    struct composition *all = calloc(1, sizeof(*all));
    if (!all)
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "plan the mounts");
    all->builder = builder;
    all->root = root;
    _cleanup_fd_ int directory = sys_open_beneath(root->fd, "/", O_RDONLY | O_DIRECTORY, 0);
    int result = directory < 0 ? directory : compose_directory(all, directory, "");
    /* A directory that cannot be listed can still be a layer of an overlay. */
    if (result == -EACCES)
        all->is_too_large = true;
    if (all->is_too_large || (result < 0 && result != -EACCES))
        all->count = 0;
    *ret_count = all->count;
    *ret_offset = 0;
    bool is_added = all->count == 0 ||
                    (*ret_offset = plan_add_bytes(builder, all->entries, all->count * sizeof(all->entries[0]))) != 0;
    free(all);
    if (!is_added || result == -ENOMEM)
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "plan the mounts");
    return result < 0 && result != -EACCES ? esq_fail(ret_error, root->where, -result, NULL, "list %s", root->source)
                                           : 0;
}
