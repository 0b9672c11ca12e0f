/*
 * The layer of an overlay, read: a character device 0:0 says that the name is gone, a folder with the attribute
 * user.overlay.opaque that nothing of what was there is seen, everything else is what it is. See tree.h. All of it was
 * written by a stranger: bounded, and followed through no link, neither in the layer nor in the tree.
 */
#include "tools/sandbox/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/transfer.h"
#include "tools/common/beneath.h"
#include "tools/sandbox/guard.h"
#include "tools/sandbox/problem.h"

enum { ENTRIES_MAX = 2000000 };

/* One name in the layer, and where it belongs. */
struct place {
    int upper;  /* the folder in the layer */
    int tree;   /* the folder in the tree; -1: it is not there */
    char *path; /* beneath the tree, of the name itself */
    const char *name;
    struct stat about;
};

struct walk {
    struct tree_change *change;
    bool (*visit)(struct walk *walk, const struct place *place);
    bool applies;
    size_t entries;
    char path[PATH_MAX];
};

static bool fail(const struct walk *walk, const char *what)
{
    return problem(walk->change->ret_error, NULL, "%s/%s: %s: %s", walk->change->path, walk->path, what,
                   strerror(errno));
}

static bool is_whiteout(const struct stat *about)
{
    return S_ISCHR(about->st_mode) && about->st_rdev == makedev(0, 0);
}

static bool is_opaque(int folder)
{
    char value;
    return fgetxattr(folder, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* What the user made unreadable to itself is read all the same: it is its own. */
static int open_folder(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd;
}

/* ---- Telling ---- */

static void tell_change(const struct walk *walk, char letter, const struct place *place)
{
    const struct tree_change *change = walk->change;
    change->visitor(change->data, letter, change->path, place->path, S_ISDIR(place->about.st_mode));
}

static bool tell_place(struct walk *walk, const struct place *place)
{
    struct stat there;
    bool is_there = place->tree >= 0 && fstatat(place->tree, place->name, &there, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_whiteout(&place->about)) {
        if (is_there)
            tell_change(walk, 'D', place);
        return true;
    }
    if (!is_there)
        tell_change(walk, 'A', place);
    else if (!S_ISDIR(place->about.st_mode) || !S_ISDIR(there.st_mode))
        tell_change(walk, 'M', place);
    return true;
}

/* ---- Applying ---- */

/* Everything is made under a name of ours first: nobody ever sees half a file, and what was there stays until then. */
static const char temporary[] = ".esquema-apply";

static bool put_in_place(const struct walk *walk, const struct place *place)
{
    struct stat there;
    bool is_folder = fstatat(place->tree, place->name, &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(there.st_mode);
    if (is_folder && !beneath_remove(place->tree, place->name))
        return fail(walk, "remove the folder in its place");
    return renameat(place->tree, temporary, place->tree, place->name) == 0 || fail(walk, "put it in its place");
}

static bool apply_file(const struct walk *walk, const struct place *place)
{
    int from = openat(place->upper, place->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (from < 0 && errno == EACCES && fchmodat(place->upper, place->name, 0600, AT_SYMLINK_NOFOLLOW) == 0)
        from = openat(place->upper, place->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (from < 0)
        return fail(walk, "read it");
    int to = openat(place->tree, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    const struct timespec times[2] = { place->about.st_atim, place->about.st_mtim };
    /* No set-id bit comes out of a sandbox. */
    bool is_good =
        to >= 0 && transfer_copy(from, to) && fchmod(to, place->about.st_mode & 0777) == 0 && futimens(to, times) == 0;
    int number = errno;
    close(from);
    if (to >= 0)
        close(to);
    errno = number;
    return is_good ? put_in_place(walk, place) : fail(walk, "write it");
}

static bool apply_link(const struct walk *walk, const struct place *place)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(place->upper, place->name, target, sizeof target - 1);
    if (length < 0)
        return fail(walk, "read the link");
    target[length] = '\0';
    if (symlinkat(target, place->tree, temporary) < 0)
        return fail(walk, "make the link");
    return put_in_place(walk, place);
}

/* The folder itself; what lies in it is visited afterwards. */
static bool apply_folder(const struct walk *walk, const struct place *place, bool hides_all)
{
    struct stat there;
    bool is_there = fstatat(place->tree, place->name, &there, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_there && (hides_all || !S_ISDIR(there.st_mode))) {
        if (!beneath_remove(place->tree, place->name))
            return fail(walk, "remove what is in its place");
        is_there = false;
    }
    return is_there || mkdirat(place->tree, place->name, place->about.st_mode & 0777) == 0 ||
           fail(walk, "make the folder");
}

/* A name that is guarded wherever it appears: what it holds would run on the host. */
static bool is_guarded(const char *tree, const struct place *place)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(place->path, '/');
    snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - place->path) : 0, place->path);
    if (strcasecmp(place->name, ".git") == 0 && !S_ISDIR(place->about.st_mode))
        return true; /* says where the repository is */
    bool in_git = guard_is_git(tree, parent);
    bool becomes_git = !in_git && guard_looks_like_git(place->upper, place->tree);
    /* Without HEAD no folder turns into a repository around a `config` that was applied before. */
    if (becomes_git && strcasecmp(place->name, "HEAD") == 0)
        return place->tree < 0 || !guard_looks_like_git(place->tree, -1);
    return guard_action_of(place->name, in_git || becomes_git) == GUARD_READ_ONLY;
}

static bool apply_place(struct walk *walk, const struct place *place)
{
    struct stat there;
    if (beneath_remove(place->tree, temporary) == false)
        return fail(walk, "remove what an interrupted run left");
    if (is_whiteout(&place->about))
        return fstatat(place->tree, place->name, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
               beneath_remove(place->tree, place->name) || fail(walk, "remove it");
    if (S_ISREG(place->about.st_mode))
        return apply_file(walk, place);
    if (S_ISLNK(place->about.st_mode))
        return apply_link(walk, place);
    fputs("esquema: left out, because it is neither file, folder nor link: ", stderr);
    print_name(stderr, place->path);
    fputc('\n', stderr);
    walk->change->left++;
    return true;
}

/* ---- The walk ---- */

static bool walk_folder(struct walk *walk, int upper, int tree, unsigned depth);

static bool leave_out(struct walk *walk, const struct place *place)
{
    fputs("esquema: left out, because it would run on the host: ", stderr);
    print_name(stderr, walk->change->path);
    fputc('/', stderr);
    print_name(stderr, place->path);
    fputc('\n', stderr);
    walk->change->left++;
    return true;
}

static bool visit_folder(struct walk *walk, const struct place *place, unsigned depth)
{
    int upper = open_folder(place->upper, place->name);
    if (upper < 0)
        return fail(walk, "read the folder");
    bool hides_all = is_opaque(upper);
    bool is_good = walk->applies ? apply_folder(walk, place, hides_all) : tell_place(walk, place);
    /* What an opaque folder hides is gone, which nobody sees from what lies in it. */
    if (!walk->applies && hides_all && place->tree >= 0)
        tell_change(walk, 'M', place);
    int tree = is_good && place->tree >= 0
                   ? openat(place->tree, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                   : -1;
    if (is_good && walk->applies && tree < 0)
        is_good = fail(walk, "open the folder");
    is_good = is_good && walk_folder(walk, upper, tree, depth + 1);
    close(upper);
    if (tree >= 0)
        close(tree);
    return is_good;
}

static bool visit_name(struct walk *walk, int upper, int tree, const char *name, unsigned depth)
{
    struct place place = { .upper = upper, .tree = tree, .path = walk->path, .name = name };
    if (++walk->entries > ENTRIES_MAX || depth > BENEATH_DEPTH_MAX) {
        errno = E2BIG;
        return fail(walk, "the changes are too many or too deep");
    }
    if (fstatat(upper, name, &place.about, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(walk, "look at it");
    if (walk->applies && !walk->change->applies_all && is_guarded(walk->change->path, &place))
        return leave_out(walk, &place);
    return S_ISDIR(place.about.st_mode) ? visit_folder(walk, &place, depth) : walk->visit(walk, &place);
}

static bool walk_folder(struct walk *walk, int upper, int tree, unsigned depth)
{
    int copy = openat(upper, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    if (!stream) {
        if (copy >= 0)
            close(copy);
        return fail(walk, "read the folder");
    }
    size_t length = strlen(walk->path);
    bool is_good = true;
    for (struct dirent *entry; is_good && (entry = readdir(stream));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if ((size_t)snprintf(walk->path + length, sizeof walk->path - length, "%s%s", length ? "/" : "",
                             entry->d_name) >= sizeof walk->path - length) {
            errno = ENAMETOOLONG;
            is_good = fail(walk, "read the folder");
        } else {
            is_good = visit_name(walk, upper, tree, entry->d_name, depth);
        }
        walk->path[length] = '\0';
    }
    closedir(stream);
    return is_good;
}

bool tree_is_empty(const struct tree_change *change)
{
    int copy = openat(change->upper, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    size_t count = 0;
    if (!stream) {
        if (copy >= 0)
            close(copy);
        return false;
    }
    while (readdir(stream))
        count++;
    closedir(stream);
    return count <= 2;
}

bool tree_visit(struct tree_change *change)
{
    struct walk walk = { .change = change, .visit = tell_place };
    return walk_folder(&walk, change->upper, change->tree, 0);
}

bool tree_apply(struct tree_change *change)
{
    struct walk walk = { .change = change, .visit = apply_place, .applies = true };
    return walk_folder(&walk, change->upper, change->tree, 0);
}
