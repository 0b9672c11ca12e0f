/* See beneath.h. Asks the kernel by openat2 (Linux 5.6). */
#include "tools/common/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int beneath_open(int folder, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd;
    do
        fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
    while (fd < 0 && (errno == EINTR || errno == EAGAIN)); /* EAGAIN: somebody renames on the way */
    return (int)fd;
}

int beneath_open_absolute(const char *path, int flags)
{
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = root < 0 ? -1 : beneath_open(root, path[1] ? path + 1 : ".", flags, 0);
    int number = errno;
    if (root >= 0)
        close(root);
    errno = number;
    return fd;
}

int beneath_open_parent(int folder, const char *path, const char **ret_name)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    *ret_name = slash ? slash + 1 : path;
    if ((size_t)snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".") >=
        sizeof parent) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return beneath_open(folder, parent, O_PATH | O_DIRECTORY, 0);
}

bool beneath_make_folders(int folder, const char *path, mode_t mode)
{
    char part[PATH_MAX];
    for (const char *end = path; end; end = *end ? end : NULL) {
        end += *end == '/';
        end += strcspn(end, "/");
        if ((size_t)snprintf(part, sizeof part, "%.*s", (int)(end - path), path) >= sizeof part) {
            errno = ENAMETOOLONG;
            return false;
        }
        const char *name;
        int parent = beneath_open_parent(folder, part, &name);
        bool is_made = parent >= 0 && (mkdirat(parent, name, mode) == 0 || errno == EEXIST);
        int number = errno;
        if (parent >= 0)
            close(parent);
        errno = number;
        if (!is_made)
            return false;
    }
    return true;
}

static bool remove_at(int folder, const char *name, unsigned depth);

/* Takes the descriptor. */
static bool empty_folder(int fd, unsigned depth)
{
    DIR *stream = fdopendir(fd);
    if (!stream) {
        close(fd);
        return false;
    }
    bool is_good = true;
    for (struct dirent *entry; is_good && (errno = 0, entry = readdir(stream));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            is_good = remove_at(dirfd(stream), entry->d_name, depth + 1);
    int number = errno;
    is_good = is_good && number == 0;
    closedir(stream);
    errno = number;
    return is_good;
}

static bool remove_at(int folder, const char *name, unsigned depth)
{
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return false;
    if (unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return true;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return false;
    if (depth == BENEATH_DEPTH_MAX) {
        errno = ELOOP;
        return false;
    }
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(folder, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
        fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    fchmod(fd, 0700); /* a folder that may not be written cannot be emptied */
    return empty_folder(fd, depth) && (unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT);
}

bool beneath_remove(int folder, const char *name)
{
    return remove_at(folder, name, 0);
}
