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

/* What is being removed: the name that it has, and its folder once that is open. */
struct removal {
    int top;       /* -1: not yet */
    bool is_again; /* something was brought up into it, and is still there */
};

static bool remove_at(struct removal *removal, int folder, const char *name, unsigned depth);

/* Takes the descriptor. */
static bool empty_folder(struct removal *removal, int fd, unsigned depth)
{
    DIR *stream = fdopendir(fd);
    if (!stream) {
        close(fd);
        return false;
    }
    if (depth == 0)
        removal->top = dirfd(stream);
    bool is_good = true;
    for (struct dirent *entry; is_good && (errno = 0, entry = readdir(stream));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            is_good = remove_at(removal, dirfd(stream), entry->d_name, depth + 1);
    int number = errno;
    is_good = is_good && number == 0;
    closedir(stream);
    errno = number;
    return is_good;
}

/* A folder that lies too deep goes to the top, under a name that nobody could take first, and is met there again. */
static bool bring_up(struct removal *removal, int folder, const char *name)
{
    char above[48];
    unsigned long long number = 0;
    if (syscall(SYS_getrandom, &number, sizeof number, 0) != (long)sizeof number)
        return false;
    snprintf(above, sizeof above, ".esquema-remove-%016llx", number);
    fchmodat(folder, name, 0700, AT_SYMLINK_NOFOLLOW); /* its link to where it lies is written */
    removal->is_again = true;
    return renameat(folder, name, removal->top, above) == 0;
}

static bool remove_at(struct removal *removal, int folder, const char *name, unsigned depth)
{
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return false;
    if (unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return true;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return false;
    if (depth == BENEATH_DEPTH_MAX)
        return bring_up(removal, folder, name);
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(folder, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
        fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    fchmod(fd, 0700); /* a folder that may not be written cannot be emptied */
    return empty_folder(removal, fd, depth) && (unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT ||
                                                (depth == 0 && removal->is_again && errno == ENOTEMPTY));
}

bool beneath_remove(int folder, const char *name)
{
    /* However deep it is: each turn takes BENEATH_DEPTH_MAX levels of it away. */
    for (;;) {
        struct removal removal = { .top = -1 };
        if (!remove_at(&removal, folder, name, 0))
            return false;
        if (!removal.is_again)
            return true;
    }
}
