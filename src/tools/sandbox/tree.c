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
#include "base/buffer.h"
#include "base/transfer.h"
#include "tools/common/beneath.h"
#include "tools/sandbox/guard.h"
#include "tools/sandbox/problem.h"

/* In all, and of the names that are held at one time, those of the folders on the way among them. */
enum { ENTRIES_MAX = 2000000, NAMES_BYTES_MAX = 32 << 20 };

/* One name in the layer, and where it belongs. */
struct place {
    int upper;  /* the folder in the layer */
    int tree;   /* the folder in the tree; -1: it is not there */
    char *path; /* beneath the tree, of the name itself */
    const char *name;
    struct stat about;
    bool hides_all; /* a folder that shows nothing of the tree's */
};

struct walk {
    struct tree_change *change;
    bool (*visit)(struct walk *walk, const struct place *place);
    bool applies;
    size_t entries, names_bytes;
    char path[PATH_MAX];
};

/* A folder of the layer, the one that it lies over, and how deep. */
struct level {
    int upper, tree; /* tree: -1: there is none */
    bool hides_all;  /* nothing of the tree's is seen: it is opaque, or lies in one that is */
    unsigned depth;
};

static bool fail(const struct walk *walk, const char *what)
{
    int number = errno;
    problem(walk->change->ret_error, NULL, "%s/%s: %s: %s", walk->change->path, walk->path, what, strerror(number));
    walk->change->ret_error->error_number = number;
    return false;
}

/* What it is stands first: the path may be longer than a message. */
static bool fail_too_much(const struct walk *walk, const char *what)
{
    return problem(walk->change->ret_error, NULL, "%s, which is more than is looked at: %s/%s", what,
                   walk->change->path, walk->path);
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

/* What the user made unreadable to itself is read all the same: it is its own, and close_folder closes it again. */
static int open_folder(const struct place *place)
{
    if ((place->about.st_mode & 0500) != 0500)
        fchmodat(place->upper, place->name, place->about.st_mode | 0700, AT_SYMLINK_NOFOLLOW);
    return openat(place->upper, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void close_folder(int folder, const struct place *place)
{
    if ((place->about.st_mode & 0500) != 0500)
        fchmod(folder, place->about.st_mode & 07777);
    close(folder);
}

/* ---- Names ---- */

/* Those in a folder, in order: texts with their NULs, and where they begin. */
struct names {
    struct buffer bytes;
    const char **items;
    size_t count;
};

static void names_done(struct walk *walk, struct names *names)
{
    walk->names_bytes -= names->bytes.length;
    buffer_done(&names->bytes);
    free(names->items);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool sort_names(const struct walk *walk, struct names *names)
{
    names->items = calloc(names->count + 1, sizeof *names->items);
    if (!names->items)
        return fail(walk, "read the folder");
    const char *next = (const char *)names->bytes.bytes;
    for (size_t i = 0; i < names->count; i++) {
        names->items[i] = next;
        next += strlen(next) + 1;
    }
    qsort(names->items, names->count, sizeof *names->items, compare_names);
    return true;
}

static bool collect_names(struct walk *walk, DIR *stream, struct names *names)
{
    for (struct dirent *entry; (errno = 0, entry = readdir(stream));) {
        size_t length = strlen(entry->d_name) + 1;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (++walk->entries > ENTRIES_MAX || walk->names_bytes + length > NAMES_BYTES_MAX)
            return fail_too_much(walk, "too many names");
        if (!buffer_append(&names->bytes, entry->d_name, length))
            return fail(walk, "read the folder");
        walk->names_bytes += length;
        names->count++;
    }
    return errno == 0 || fail(walk, "read the folder");
}

/* names_done is due in any case. */
static bool read_names(struct walk *walk, int folder, struct names *ret)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    *ret = (struct names){ .count = 0 };
    buffer_init(&ret->bytes, &memory_malloc);
    if (!stream) {
        if (copy >= 0)
            close(copy);
        return fail(walk, "read the folder");
    }
    bool is_good = collect_names(walk, stream, ret) && sort_names(walk, ret);
    closedir(stream);
    return is_good;
}

/* Puts a name behind the path; *ret_length is how long the path was before. */
static bool enter_name(struct walk *walk, const char *name, size_t *ret_length)
{
    size_t length = strlen(walk->path), room = sizeof walk->path - length;
    *ret_length = length;
    if ((size_t)snprintf(walk->path + length, room, "%s%s", length ? "/" : "", name) < room)
        return true;
    walk->path[length] = '\0';
    return fail_too_much(walk, "a longer path than paths can be");
}

/* ---- Telling ---- */

static void tell_change(const struct walk *walk, char letter, const struct place *place)
{
    const struct tree_change *change = walk->change;
    change->visitor(change->data, letter, change->path, place->path, S_ISDIR(place->about.st_mode));
}

/* The kernel copies every folder on the way to something that was written: by itself that is no change of it. */
static bool is_same_folder(const struct stat *one, const struct stat *other)
{
    return (one->st_mode & 07777) == (other->st_mode & 07777) && one->st_uid == other->st_uid &&
           one->st_gid == other->st_gid;
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
    else if (!S_ISDIR(place->about.st_mode) || !S_ISDIR(there.st_mode) || place->hides_all ||
             !is_same_folder(&place->about, &there))
        tell_change(walk, 'M', place);
    return true;
}

/* What an opaque folder hides is gone, which nobody sees from what lies in it. */
static bool tell_hidden(struct walk *walk, const struct level *level)
{
    struct names names;
    bool is_good = read_names(walk, level->tree, &names);
    for (size_t i = 0; is_good && i < names.count; i++) {
        size_t length;
        struct place place = { .upper = level->upper, .tree = level->tree, .path = walk->path, .name = names.items[i] };
        struct stat here;
        if (fstatat(level->upper, place.name, &here, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        is_good = enter_name(walk, place.name, &length);
        if (!is_good)
            break;
        if (fstatat(level->tree, place.name, &place.about, AT_SYMLINK_NOFOLLOW) == 0)
            tell_change(walk, 'D', &place);
        walk->path[length] = '\0';
    }
    names_done(walk, &names);
    return is_good;
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
static bool apply_folder(const struct walk *walk, const struct place *place)
{
    struct stat there;
    bool is_there = fstatat(place->tree, place->name, &there, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_there && (place->hides_all || !S_ISDIR(there.st_mode))) {
        if (!beneath_remove(place->tree, place->name))
            return fail(walk, "remove what is in its place");
        is_there = false;
    }
    return is_there || mkdirat(place->tree, place->name, 0700) == 0 || fail(walk, "make the folder");
}

/* A name that is guarded wherever it appears: what it holds would run on the host. */
static bool is_guarded(const char *tree, const struct place *place)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(place->path, '/');
    snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - place->path) : 0, place->path);
    enum guard_folder folder = guard_folder_of(tree, parent);
    if (guard_leads_to_repository(place->name, folder, S_ISDIR(place->about.st_mode)))
        return true;
    bool becomes_git = folder != GUARD_FOLDER_GIT && guard_looks_like_git(place->upper, place->tree);
    if (becomes_git && (guard_makes_git(place->tree, place->name) ||
                        guard_action_of(place->name, GUARD_FOLDER_GIT) == GUARD_READ_ONLY))
        return true;
    return guard_action_of(place->name, folder) == GUARD_READ_ONLY;
}

static bool leave_out(struct walk *walk, char why, const struct place *place)
{
    tell_change(walk, why, place);
    walk->change->left++;
    return true;
}

static bool clean_place(struct walk *walk, const struct place *place)
{
    if (place->tree >= 0 && !beneath_remove(place->tree, temporary))
        return fail(walk, "remove what an interrupted run left");
    return true;
}

static bool apply_place(struct walk *walk, const struct place *place)
{
    struct stat there;
    if (!clean_place(walk, place))
        return false;
    if (is_whiteout(&place->about))
        return fstatat(place->tree, place->name, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
               beneath_remove(place->tree, place->name) || fail(walk, "remove it");
    if (S_ISREG(place->about.st_mode))
        return apply_file(walk, place);
    if (S_ISLNK(place->about.st_mode))
        return apply_link(walk, place);
    return leave_out(walk, 'K', place);
}

/* ---- The walk ---- */

static bool walk_level(struct walk *walk, const struct level *level);

/* Once all that lies in it is there: it may be closed to writing. */
static bool apply_mode(const struct walk *walk, const struct place *place, int tree)
{
    struct stat there;
    return (fstat(tree, &there) == 0 && (there.st_mode & 0777) == (place->about.st_mode & 0777)) ||
           fchmod(tree, place->about.st_mode & 0777) == 0 || fail(walk, "set its mode");
}

static bool visit_folder(struct walk *walk, struct place *place, const struct level *level)
{
    struct level inner = { .upper = open_folder(place), .tree = -1, .depth = level->depth + 1 };
    if (inner.upper < 0)
        return fail(walk, "read the folder");
    place->hides_all = inner.hides_all = level->hides_all || is_opaque(inner.upper);
    bool is_good = walk->applies ? apply_folder(walk, place) : walk->visit(walk, place);
    if (is_good && place->tree >= 0)
        inner.tree = openat(place->tree, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool is_none = place->tree < 0 || errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
    if (is_good && inner.tree < 0 && (walk->applies || !is_none))
        is_good = fail(walk, "open the folder");
    is_good = is_good && walk_level(walk, &inner);
    if (is_good && walk->applies)
        is_good = apply_mode(walk, place, inner.tree);
    close_folder(inner.upper, place);
    if (inner.tree >= 0)
        close(inner.tree);
    return is_good;
}

static bool visit_name(struct walk *walk, const struct level *level, const char *name)
{
    struct place place = { .upper = level->upper, .tree = level->tree, .path = walk->path, .name = name };
    if (level->depth > BENEATH_DEPTH_MAX)
        return fail_too_much(walk, "too deep");
    if (fstatat(level->upper, name, &place.about, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(walk, "look at it");
    /* One of ours, which a killed run has left: what a stranger marks like it is not applied either. */
    if ((S_ISREG(place.about.st_mode) || S_ISDIR(place.about.st_mode)) && guard_is_placeholder(level->upper, name))
        return true;
    /* It stands in the place of what is not whole yet; that the layer says it has gone is true. */
    if (walk->applies && strcmp(name, temporary) == 0)
        return is_whiteout(&place.about) || leave_out(walk, 'O', &place);
    if (walk->applies && !walk->change->applies_all && is_guarded(walk->change->path, &place))
        return leave_out(walk, 'G', &place);
    return S_ISDIR(place.about.st_mode) ? visit_folder(walk, &place, level) : walk->visit(walk, &place);
}

static bool walk_level(struct walk *walk, const struct level *level)
{
    struct names names;
    bool is_good = read_names(walk, level->upper, &names);
    for (size_t i = 0; is_good && i < names.count; i++) {
        size_t length;
        is_good = enter_name(walk, names.items[i], &length);
        if (!is_good)
            break;
        is_good = visit_name(walk, level, names.items[i]);
        walk->path[length] = '\0';
    }
    names_done(walk, &names);
    if (is_good && walk->visit == tell_place && level->hides_all && level->tree >= 0)
        is_good = tell_hidden(walk, level);
    return is_good;
}

const char *tree_change_word(char letter)
{
    return letter == 'A' ? "added" : letter == 'M' ? "modified" : "deleted";
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
    const struct level top = { .upper = change->upper, .tree = change->tree };
    return walk_level(&walk, &top);
}

bool tree_apply(struct tree_change *change)
{
    struct walk walk = { .change = change, .visit = apply_place, .applies = true };
    const struct level top = { .upper = change->upper, .tree = change->tree };
    return walk_level(&walk, &top);
}

bool tree_clean(struct tree_change *change)
{
    struct walk walk = { .change = change, .visit = clean_place };
    const struct level top = { .upper = change->upper, .tree = change->tree };
    return walk_level(&walk, &top);
}
