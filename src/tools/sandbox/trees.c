/* The trees that the user named: found, opened, and refused where they would let the sandbox out. See sandbox.h. */
#include "tools/sandbox/trees.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tools/common/beneath.h"
#include "tools/sandbox/problem.h"

bool path_is_beneath(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    if (length == 1)
        return true;
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/*
 * Sockets of the host's services lie in these, and a read-only mount does not stop a connection: what is needed of them
 * is named one by one.
 */
static bool is_too_much(const char *path)
{
    static const char *const whole[] = { "/", "/run", "/tmp", "/var/run", "/var/tmp", "/etc", "/var" };
    static const char *const never[] = { "/proc", "/sys", "/dev" };
    char real[PATH_MAX];
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(path, whole[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (path_is_beneath(path, never[i]))
            return true;
    return runtime && realpath(runtime, real) && path_is_beneath(real, path);
}

/* The last part may be a link; what lies before it is real. */
static char *make_given(const char *name, const char *real)
{
    char copy[PATH_MAX], parent[PATH_MAX];
    char *given = NULL;
    snprintf(copy, sizeof copy, "%s", name);
    const char *last = strrchr(name, '/');
    last = last ? last + 1 : name;
    if (!*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0 || !realpath(dirname(copy), parent))
        return strdup(real);
    return asprintf(&given, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, last) < 0 ? NULL : given;
}

static bool add_tree(struct guard_trees *trees, const char *name, bool is_writable, const char *home,
                     esq_error *ret_error)
{
    char real[PATH_MAX];
    struct stat about;
    if (!realpath(name, real) || stat(real, &about) < 0)
        return problem(ret_error, NULL, "%s: %s", name, strerror(errno));
    if (is_too_much(real))
        return problem(ret_error, "name the files or folders in it that are needed",
                       "%s is never shown as a whole: services of the host listen there, or it is all of the host",
                       name);
    struct guard_trees all = *trees;
    all.items = realloc(trees->items, (trees->count + 1) * sizeof *all.items);
    if (!all.items)
        return problem(ret_error, NULL, "out of memory");
    trees->items = all.items;
    struct guard_tree *tree = &trees->items[trees->count++];
    *tree = (struct guard_tree){ .path = strdup(real),
                                 .given = make_given(name, real),
                                 .is_writable = is_writable,
                                 .is_file = !S_ISDIR(about.st_mode),
                                 .is_home = strcmp(real, home) == 0,
                                 .fd = -1 };
    if (!tree->path || !tree->given)
        return problem(ret_error, NULL, "out of memory");
    if (tree->is_file)
        return true;
    tree->fd = beneath_open_absolute(real, O_RDONLY | O_DIRECTORY);
    if (tree->fd < 0)
        return problem(ret_error, NULL, "%s: %s", name, strerror(errno));
    flock(tree->fd, LOCK_SH | LOCK_NB); /* for sandbox_take_stand_ins: more than one may use a tree */
    return true;
}

static int compare_trees(const void *a, const void *b)
{
    const struct guard_tree *first = a, *second = b;
    return strcmp(first->path, second->path);
}

bool trees_find(const struct sandbox_request *request, const char *home, struct guard_trees *ret, esq_error *ret_error)
{
    bool is_good = true;
    for (size_t i = 0; i < request->read_only.count && is_good; i++)
        is_good = add_tree(ret, request->read_only.items[i], false, home, ret_error);
    for (size_t i = 0; i < request->writable.count && is_good; i++)
        is_good = add_tree(ret, request->writable.items[i], true, home, ret_error);
    if (!is_good)
        return false;
    if (ret->count > CHANGES_TREES_MAX)
        return problem(ret_error, "name a folder that contains them", "more than %d trees are named",
                       CHANGES_TREES_MAX);
    if (ret->count > 1)
        qsort(ret->items, ret->count, sizeof *ret->items, compare_trees);
    for (size_t i = 1; i < ret->count; i++)
        if (strcmp(ret->items[i - 1].path, ret->items[i].path) == 0)
            return problem(ret_error, "name it once", "%s is named twice", ret->items[i].path);
    return true;
}

const struct guard_tree *trees_around(const struct guard_trees *trees, const char *path)
{
    for (size_t i = trees->count; i > 0; i--)
        if (path_is_beneath(path, trees->items[i - 1].path))
            return &trees->items[i - 1];
    return NULL;
}

void trees_done(struct guard_trees *trees)
{
    for (size_t i = 0; i < trees->count; i++) {
        free(trees->items[i].path);
        free(trees->items[i].given);
        if (trees->items[i].fd >= 0)
            close(trees->items[i].fd);
    }
    free(trees->items);
    *trees = (struct guard_trees){ 0 };
}
