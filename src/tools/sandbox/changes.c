/* Where changes are kept: folders, numbers and locks. See changes.h; what is in them is changes_apply.c's. */
#include "tools/sandbox/changes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bridge/bridge.h"
#include "tools/common/beneath.h"
#include "tools/common/data_store.h"
#include "tools/sandbox/problem.h"
#include "tools/sandbox/tree.h"

enum { NUMBERS_MAX = 100000 };

static int open_store(char path[PATH_MAX], esq_error *ret_error)
{
    char *data = bridge_data_folder();
    int fd = data_store_open(data, "sandbox", path);
    if (fd < 0)
        problem(ret_error, data ? NULL : "set HOME or XDG_DATA_HOME", "the folder of changes: %s", strerror(errno));
    free(data);
    return fd;
}

static bool parse_number(const char *name, unsigned *ret)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    *ret = (unsigned)number;
    return name[0] >= '1' && name[0] <= '9' && !*end && number <= NUMBERS_MAX;
}

static unsigned find_newest(int store)
{
    unsigned newest = 0, number;
    int copy = openat(store, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    if (!stream) {
        if (copy >= 0)
            close(copy);
        return 0;
    }
    for (struct dirent *entry; (entry = readdir(stream));)
        if (parse_number(entry->d_name, &number) && number > newest)
            newest = number;
    closedir(stream);
    return newest;
}

/* The tree that the index-th folder belongs to. */
static bool read_tree(const struct changes *changes, size_t index, char path[PATH_MAX])
{
    char name[64];
    snprintf(name, sizeof name, "%zu/tree", index);
    int fd = beneath_open(changes->fd, name, O_RDONLY, 0);
    ssize_t length = fd < 0 ? -1 : read(fd, path, PATH_MAX - 1);
    if (fd >= 0)
        close(fd);
    path[length > 0 ? length : 0] = '\0';
    return length > 0 && path[0] == '/';
}

static bool has_tree(const struct changes *changes)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < CHANGES_TREES_MAX; i++)
        if (read_tree(changes, i, path))
            return true;
    return false;
}

/* It belongs to no tree, and its command is gone: that one was killed when it had just begun, or was removing it. */
static bool is_stale(int store, const char *name)
{
    struct changes one = { .fd = openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) };
    bool is_free = one.fd >= 0 && flock(one.fd, LOCK_EX | LOCK_NB) == 0;
    bool is_stale = is_free && !has_tree(&one);
    changes_close(&one);
    return is_stale;
}

/*
 * The store, without what is stale. It is locked until it is closed: who makes a folder in it has that to himself
 * before others look whether it is stale.
 */
static int open_clean_store(char path[PATH_MAX], esq_error *ret_error)
{
    unsigned number;
    int store = open_store(path, ret_error);
    int copy = store < 0 || flock(store, LOCK_EX) < 0 ? -1 : openat(store, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    for (struct dirent *entry; stream && (entry = readdir(stream));)
        if (parse_number(entry->d_name, &number) && is_stale(store, entry->d_name))
            beneath_remove(store, entry->d_name);
    if (stream)
        closedir(stream);
    else if (copy >= 0)
        close(copy);
    return store;
}

static bool lock(struct changes *changes, int store, esq_error *ret_error)
{
    char name[16];
    snprintf(name, sizeof name, "%u", changes->number);
    changes->fd = openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (changes->fd < 0)
        return problem(ret_error, "`esquema sandbox list` shows what is kept", "changes %u: %s", changes->number,
                       strerror(errno));
    if (flock(changes->fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    changes_close(changes);
    return problem(ret_error, "wait until it has ended", "changes %u belong to a command that still runs",
                   changes->number);
}

bool changes_new(struct changes *ret, esq_error *ret_error)
{
    char path[PATH_MAX], name[16];
    *ret = (struct changes){ .fd = -1 };
    int store = open_clean_store(path, ret_error);
    if (store < 0)
        return false;
    bool is_made = false;
    for (unsigned number = find_newest(store) + 1; !is_made && number <= NUMBERS_MAX; number++) {
        snprintf(name, sizeof name, "%u", number);
        is_made = mkdirat(store, name, 0700) == 0;
        if (!is_made && errno != EEXIST)
            break;
        ret->number = number;
    }
    int number = errno;
    snprintf(ret->path, sizeof ret->path, "%s/%u", path, ret->number);
    bool is_locked = is_made ? lock(ret, store, ret_error) : problem(ret_error, NULL, "%s: %s", path, strerror(number));
    if (is_made && !is_locked)
        unlinkat(store, name, AT_REMOVEDIR);
    close(store);
    return is_locked;
}

bool changes_open(unsigned number, struct changes *ret, esq_error *ret_error)
{
    char path[PATH_MAX];
    *ret = (struct changes){ .fd = -1, .number = number };
    int store = open_clean_store(path, ret_error);
    if (store < 0)
        return false;
    if (number == 0)
        ret->number = find_newest(store);
    snprintf(ret->path, sizeof ret->path, "%s/%u", path, ret->number);
    bool is_good = ret->number == 0
                       ? problem(ret_error, "`esquema sandbox --overlay ...` keeps them", "no changes are kept")
                       : lock(ret, store, ret_error);
    close(store);
    return is_good;
}

void changes_close(struct changes *changes)
{
    if (changes->fd >= 0)
        close(changes->fd);
    changes->fd = -1;
}

/* ---- Trees ---- */

bool changes_add_tree(const struct changes *changes, size_t index, const char *tree, char *ret_keep, size_t size,
                      esq_error *ret_error)
{
    char name[64];
    struct stat about;
    snprintf(ret_keep, size, "%s/%zu", changes->path, index);
    if (stat(tree, &about) < 0)
        return problem(ret_error, NULL, "%s: %s", tree, strerror(errno));
    snprintf(name, sizeof name, "%zu/upper", index);
    bool is_made =
        beneath_make_folders(changes->fd, name, 0700) && fchmodat(changes->fd, name, about.st_mode & 0777, 0) == 0;
    snprintf(name, sizeof name, "%zu/work", index);
    is_made = is_made && mkdirat(changes->fd, name, 0700) == 0;
    snprintf(name, sizeof name, "%zu/tree", index);
    int fd = is_made ? openat(changes->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    is_made = fd >= 0 && write(fd, tree, strlen(tree)) == (ssize_t)strlen(tree);
    int number = errno;
    if (fd >= 0)
        close(fd);
    return is_made || problem(ret_error, NULL, "%s: %s", ret_keep, strerror(number));
}

int changes_open_upper(const struct changes *changes, size_t index)
{
    char name[64];
    snprintf(name, sizeof name, "%zu/upper", index);
    return beneath_open(changes->fd, name, O_RDONLY | O_DIRECTORY, 0);
}

/* ---- All trees of one ---- */

typedef bool visit_fn(struct tree_change *change, void *data);

static bool visit_trees(const struct changes *changes, visit_fn *visit, void *data, esq_error *ret_error)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < CHANGES_TREES_MAX; i++) {
        if (!read_tree(changes, i, path)) /* the i-th was not writable */
            continue;
        struct tree_change change = { .path = path, .upper = changes_open_upper(changes, i), .ret_error = ret_error };
        change.tree = beneath_open_absolute(path, O_RDONLY | O_DIRECTORY);
        bool is_good = change.upper >= 0 && change.tree >= 0;
        if (!is_good)
            problem(ret_error, NULL, "%s: %s", path, strerror(errno));
        is_good = is_good && visit(&change, data);
        if (change.upper >= 0)
            close(change.upper);
        if (change.tree >= 0)
            close(change.tree);
        if (!is_good)
            return false;
    }
    return true;
}

struct telling {
    tree_visitor *visitor;
    void *data;
};

static bool tell_tree(struct tree_change *change, void *data)
{
    const struct telling *telling = data;
    change->visitor = telling->visitor;
    change->data = telling->data;
    return tree_visit(change);
}

struct application {
    struct telling telling;
    bool all;
    size_t left;
};

static bool apply_tree(struct tree_change *change, void *data)
{
    struct application *application = data;
    change->applies_all = application->all;
    change->visitor = application->telling.visitor;
    change->data = application->telling.data;
    bool is_good = tree_apply(change);
    application->left += change->left;
    return is_good;
}

static bool count_tree(struct tree_change *change, void *data)
{
    bool *is_empty = data;
    *is_empty = *is_empty && tree_is_empty(change);
    return true;
}

bool changes_visit(const struct changes *changes, tree_visitor *visitor, void *data, esq_error *ret_error)
{
    struct telling telling = { visitor, data };
    return visit_trees(changes, tell_tree, &telling, ret_error);
}

/* In the folder of what was applied, at least in part. */
static const char applying[] = "applying";

static bool mark_applying(const struct changes *changes, esq_error *ret_error)
{
    int fd = openat(changes->fd, applying, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return problem(ret_error, NULL, "%s/%s: %s", changes->path, applying, strerror(errno));
    close(fd);
    return true;
}

static bool clean_tree(struct tree_change *change, void *data)
{
    return tree_clean(change);
}

bool changes_apply(const struct changes *changes, bool all, tree_visitor *visitor, void *data, size_t *ret_left,
                   esq_error *ret_error)
{
    struct application application = { { visitor, data }, .all = all };
    bool is_good = mark_applying(changes, ret_error) && visit_trees(changes, apply_tree, &application, ret_error);
    *ret_left = application.left;
    return is_good;
}

bool changes_are_none(const struct changes *changes)
{
    bool is_empty = true;
    esq_error error;
    return visit_trees(changes, count_tree, &is_empty, &error) && is_empty;
}

/* First of all: half of what was kept is never taken for the whole, whoever is killed meanwhile. */
static void forget_trees(const struct changes *changes)
{
    char name[64];
    for (size_t i = 0; i < CHANGES_TREES_MAX; i++) {
        snprintf(name, sizeof name, "%zu/tree", i);
        unlinkat(changes->fd, name, 0);
    }
}

bool changes_remove(struct changes *changes, esq_error *ret_error)
{
    char path[PATH_MAX], name[16];
    int store = open_store(path, ret_error);
    if (store < 0)
        return false;
    esq_error ignored; /* a tree may be gone by now */
    if (faccessat(changes->fd, applying, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        visit_trees(changes, clean_tree, NULL, &ignored);
    forget_trees(changes);
    snprintf(name, sizeof name, "%u", changes->number);
    bool is_removed =
        beneath_remove(store, name) || problem(ret_error, NULL, "remove %s: %s", changes->path, strerror(errno));
    close(store);
    changes_close(changes);
    return is_removed;
}

bool changes_list(changes_visitor *visitor, void *data, esq_error *ret_error)
{
    char path[PATH_MAX], tree[PATH_MAX];
    int store = open_clean_store(path, ret_error);
    if (store < 0)
        return false;
    flock(store, LOCK_UN); /* whoever reads the list may take his time */
    unsigned newest = find_newest(store);
    for (unsigned number = 1; number <= newest; number++) {
        struct changes one = { .fd = -1, .number = number };
        char name[16];
        snprintf(name, sizeof name, "%u", number);
        one.fd = openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        for (size_t i = 0; one.fd >= 0 && i < CHANGES_TREES_MAX; i++) {
            if (read_tree(&one, i, tree))
                visitor(data, number, tree);
        }
        changes_close(&one);
    }
    close(store);
    return true;
}
