/*
 * Stand-ins: a name that does not exist cannot be mounted over, so for the time of a run something empty has it. They
 * are known by an attribute or their mode, so that the next run takes away what a killed one left.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "tools/common/beneath.h"
#include "tools/sandbox/problem.h"
#include "tools/sandbox/sandbox.h"

/* Where the stand-in is made: in the tree, or in the layer above it. */
static int open_base(const struct sandbox *sandbox, size_t tree)
{
    if (sandbox->changes.fd >= 0)
        return changes_open_upper(&sandbox->changes, tree);
    return fcntl(sandbox->trees.items[tree].fd, F_DUPFD_CLOEXEC, 3);
}

/* In a layer the folders on the way are those of the tree. */
static bool make_way(const struct sandbox *sandbox, const struct guard_placeholder *about, int base)
{
    char way[PATH_MAX];
    const char *slash = strrchr(about->path, '/');
    if (sandbox->changes.fd < 0 || !slash)
        return true;
    snprintf(way, sizeof way, "%.*s", (int)(slash - about->path), about->path);
    if (!beneath_make_folders(base, way, 0700))
        return false;
    for (char *end = way; end;) { /* with their own rights */
        struct stat found;
        int fd = beneath_open(sandbox->trees.items[about->tree].fd, way, O_PATH | O_DIRECTORY, 0);
        bool is_there = fd >= 0 && fstat(fd, &found) == 0;
        if (fd >= 0)
            close(fd);
        fd = is_there ? beneath_open(base, way, O_RDONLY | O_DIRECTORY, 0) : -1;
        if (fd >= 0) {
            fchmod(fd, found.st_mode & 0777);
            close(fd);
        }
        if ((end = strrchr(way, '/')))
            *end = '\0';
    }
    return true;
}

/* A new one, or one that another run of ours has made. *ret_is_new says which. -1 with errno. */
static int make(int parent, const char *name, const struct guard_placeholder *about, bool *ret_is_new)
{
    int fd;
    size_t length = strlen(about->contents);
    if (about->is_folder) {
        *ret_is_new = mkdirat(parent, name, GUARD_MODE_FOLDER) == 0;
        fd =
            *ret_is_new || errno == EEXIST ? openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    } else {
        fd = openat(parent, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, GUARD_MODE_FILE);
        *ret_is_new = fd >= 0;
        if (fd < 0 && errno == EEXIST)
            fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        else if (fd >= 0 && length > 0 && write(fd, about->contents, length) != (ssize_t)length)
            errno = EIO; /* it is found again by its mark, and taken away */
    }
    if (fd < 0 && *ret_is_new) { /* a folder without a descriptor for it: nobody would know it again */
        int number = errno;
        unlinkat(parent, name, AT_REMOVEDIR);
        errno = number;
    }
    if (fd >= 0 && *ret_is_new && fsetxattr(fd, GUARD_MARK, "", 0, 0) == 0)
        fchmod(fd, about->is_folder ? 0755 : 0644);
    return fd;
}

/* One line for each tree. */
static void tell(struct sandbox *sandbox, const struct guard_placeholder *about)
{
    if (sandbox->told != about->tree + 1) {
        fprintf(stderr, "%sesquema: while this runs, empty stand-ins lie in ", sandbox->told ? "\n" : "");
        print_name(stderr, sandbox->trees.items[about->tree].path);
        fputc(':', stderr);
        sandbox->told = about->tree + 1;
    }
    fputc(' ', stderr);
    print_name(stderr, about->path);
}

static bool put(struct sandbox *sandbox, const struct guard_placeholder *about, int base, esq_error *ret_error)
{
    const char *root = sandbox->trees.items[about->tree].path, *name;
    struct stat found;
    bool is_new = false;
    int parent = make_way(sandbox, about, base) ? beneath_open_parent(base, about->path, &name) : -1;
    int fd = parent < 0 ? -1 : make(parent, name, about, &is_new);
    bool is_ours = fd >= 0 && (is_new || guard_is_marked(fd));
    bool is_good = fd >= 0 && fstat(fd, &found) == 0;
    int number = errno;
    if (fd >= 0)
        close(fd);
    if (parent >= 0)
        close(parent);
    if (!is_good)
        return problem(ret_error, "nobody must be able to make it, so it is made for the time of the run",
                       "make %s/%s: %s", root, about->path, strerror(number));
    if (!is_ours) /* somebody has made it since: it is held like the rest */
        return true;
    if (sandbox->changes.fd < 0 && is_new && !sandbox->request->is_quiet)
        tell(sandbox, about);
    sandbox->stand_ins[sandbox->stand_in_count++] = (struct sandbox_stand_in){ about, found.st_dev, found.st_ino };
    return true;
}

/* Nothing of ours keeps git from it, so whoever lets the command commit must know. */
static void tell_tracked(const struct sandbox *sandbox)
{
    bool is_told = false;
    for (size_t i = 0; i < sandbox->guards.count; i++) {
        const struct guard_name *name = &sandbox->guards.names[i];
        if (!name->is_tracked)
            continue;
        fputs(is_told ? " " : "esquema: git add and git commit -a in there would empty what is hidden and tracked: ",
              stderr);
        print_name(stderr, name->path);
        is_told = true;
    }
    if (is_told)
        fputs(" (--ro shows one)\n", stderr);
}

bool sandbox_put_stand_ins(struct sandbox *sandbox, esq_error *ret_error)
{
    const struct guards *guards = &sandbox->guards;
    sandbox->stand_ins = calloc(guards->placeholder_count + 1, sizeof *sandbox->stand_ins);
    if (!sandbox->stand_ins)
        return problem(ret_error, NULL, "out of memory");
    bool is_good = true;
    for (size_t i = 0; i < guards->placeholder_count && is_good; i++) {
        int base = open_base(sandbox, guards->placeholders[i].tree);
        is_good = base >= 0 ? put(sandbox, &guards->placeholders[i], base, ret_error)
                            : problem(ret_error, NULL, "open a tree: %s", strerror(errno));
        if (base >= 0)
            close(base);
    }
    if (sandbox->told)
        fputc('\n', stderr);
    if (!sandbox->request->is_quiet)
        tell_tracked(sandbox);
    return is_good;
}

/* Only while it is still what was made. */
static void take(const struct sandbox_stand_in *one, int base)
{
    const char *name;
    struct stat found;
    int parent = beneath_open_parent(base, one->about->path, &name);
    if (parent >= 0 && fstatat(parent, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && found.st_dev == one->device &&
        found.st_ino == one->inode && (one->about->is_folder || (size_t)found.st_size == strlen(one->about->contents)))
        unlinkat(parent, name, one->about->is_folder ? AT_REMOVEDIR : 0);
    if (parent >= 0)
        close(parent);
}

/* In a layer: the folders on the way, when nothing else is in them. */
static void take_way(const struct guard_placeholder *about, int base)
{
    char way[PATH_MAX];
    snprintf(way, sizeof way, "%s", about->path);
    for (char *slash; (slash = strrchr(way, '/'));) {
        const char *name;
        *slash = '\0';
        int parent = beneath_open_parent(base, way, &name);
        if (parent < 0)
            return;
        int result = unlinkat(parent, name, AT_REMOVEDIR);
        close(parent);
        if (result < 0)
            return;
    }
}

void sandbox_take_stand_ins(struct sandbox *sandbox)
{
    for (size_t i = sandbox->stand_in_count; i > 0; i--) {
        const struct sandbox_stand_in *one = &sandbox->stand_ins[i - 1];
        int tree = sandbox->trees.items[one->about->tree].fd;
        /* Another run leans on it: what is removed here would no longer be mounted over there. */
        if (sandbox->changes.fd < 0 && flock(tree, LOCK_EX | LOCK_NB) < 0)
            continue;
        int base = open_base(sandbox, one->about->tree);
        if (base < 0)
            continue;
        take(one, base);
        if (sandbox->changes.fd >= 0)
            take_way(one->about, base);
        close(base);
    }
    sandbox->stand_in_count = 0;
}
