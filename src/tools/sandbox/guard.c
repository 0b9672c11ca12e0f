/* The search: every name and kind of file in the trees; what names lead to is guard_leads.c's. */
#include "tools/sandbox/guard_search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tools/common/find_program.h"
#include "tools/sandbox/problem.h"

/* A tree may be a stranger's: what is beyond these stops the start. */
enum {
    ENTRIES_MAX = 1000000, /* of all trees */
    DEPTH_MAX = 64,
    NAMES_MAX = 768, /* each is a mount; the specification takes 1024 */
};

/* ---- What was found ---- */

bool search_no_memory(struct search *search)
{
    return problem(search->ret_error, NULL, "out of memory");
}

static bool add_name(struct search *search, size_t tree, const char *path, enum guard_action action)
{
    struct guards *found = search->found;
    for (size_t i = 0; i < found->count; i++) {
        if (found->names[i].tree == tree && strcmp(found->names[i].path, path) == 0) {
            if (found->names[i].action < action)
                found->names[i].action = action;
            return true;
        }
    }
    if (found->count == NAMES_MAX)
        return problem(search->ret_error, "name a smaller tree", "more than %d names have to be guarded in %s",
                       NAMES_MAX, search->trees->items[tree].path);
    struct guard_name *names = realloc(found->names, (found->count + 1) * sizeof *names);
    if (!names)
        return search_no_memory(search);
    found->names = names;
    names[found->count] = (struct guard_name){ .path = strdup(path), .tree = tree, .action = action };
    return names[found->count++].path || search_no_memory(search);
}

/* A folder can be renamed with all that is mounted in it, so every one on the way is a mount, too. */
static bool add_with_ancestors(struct search *search, size_t tree, const char *path, enum guard_action action)
{
    char ancestor[PATH_MAX];
    size_t root = strlen(search->trees->items[tree].path);
    for (const char *slash = strchr(path + root + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(ancestor, sizeof ancestor, "%.*s", (int)(slash - path), path);
        if (!add_name(search, tree, ancestor, GUARD_PIN))
            return false;
    }
    return add_name(search, tree, path, action);
}

bool search_guard(struct search *search, size_t tree, const char *path, enum guard_action action)
{
    if (action == GUARD_READ_ONLY && !search->trees->items[tree].is_writable)
        return true;
    return action == GUARD_HIDE ? add_name(search, tree, path, action) : add_with_ancestors(search, tree, path, action);
}

bool search_add_alias(struct search *search, const char *path, const struct stat *about, enum guard_action action)
{
    struct alias *aliases = search->aliases;
    if (search->alias_count % 256 == 0) {
        aliases = realloc(aliases, (search->alias_count + 256) * sizeof *aliases);
        if (!aliases)
            return search_no_memory(search);
        search->aliases = aliases;
    }
    struct alias *alias = &aliases[search->alias_count];
    *alias = (struct alias){ strdup(path), search->tree, about->st_dev, about->st_ino, action };
    if (!alias->path)
        return search_no_memory(search);
    search->alias_count++;
    return true;
}

static bool add_link(struct search *search, const char *path, enum guard_action action)
{
    struct link *links = search->links;
    if (search->link_count % 256 == 0) {
        links = realloc(links, (search->link_count + 256) * sizeof *links);
        if (!links)
            return search_no_memory(search);
        search->links = links;
    }
    links[search->link_count] = (struct link){ strdup(path), action };
    return links[search->link_count++].path || search_no_memory(search);
}

static bool add_worktree(struct search *search, const char *root, const char *git)
{
    struct worktree *all = search->worktrees;
    if (search->worktree_count % 64 == 0) {
        all = realloc(all, (search->worktree_count + 64) * sizeof *all);
        if (!all)
            return search_no_memory(search);
        search->worktrees = all;
    }
    struct worktree *one = &all[search->worktree_count++];
    *one = (struct worktree){ strdup(root), strdup(git) };
    return (one->root && one->git) || search_no_memory(search);
}

/* Nobody makes a name in a folder of somebody else that we may not write. (One of our own could be made writable.) */
static bool is_closed(const char *path)
{
    char folder[PATH_MAX];
    struct stat about;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) == 0)
        return false;
    return errno == EROFS || (errno == EACCES && stat(folder, &about) == 0 && about.st_uid != geteuid());
}

bool search_add_placeholder(struct search *search, const char *path, bool is_folder, const char *contents)
{
    struct guards *found = search->found;
    const char *root = search->trees->items[search->tree].path;
    if (is_closed(path))
        return true;
    struct guard_placeholder *all = realloc(found->placeholders, (found->placeholder_count + 1) * sizeof *all);
    if (!all)
        return search_no_memory(search);
    found->placeholders = all;
    struct guard_placeholder *one = &all[found->placeholder_count];
    *one = (struct guard_placeholder){ strdup(path + strlen(root) + 1), search->tree, is_folder, contents };
    if (!one->path)
        return search_no_memory(search);
    found->placeholder_count++;
    return search_guard(search, search->tree, path, GUARD_READ_ONLY);
}

/* ---- One entry ---- */

bool search_is_named(const struct search *search, const char *path)
{
    for (size_t i = 0; i < search->trees->count; i++)
        if (strcmp(search->trees->items[i].path, path) == 0 || strcmp(search->trees->items[i].given, path) == 0)
            return true;
    return false;
}

static enum guard_action wanted_action(const struct search *search, const char *path, const char *name,
                                       enum guard_folder folder)
{
    const char *root = search->trees->items[search->tree].path;
    for (size_t i = 0; i < search->hide_count; i++) {
        const char *pattern = search->hide[i];
        bool is_path = strchr(pattern, '/') != NULL;
        if (strncmp(pattern, "./", 2) == 0)
            pattern += 2;
        if (fnmatch(pattern, is_path ? path + strlen(root) + 1 : name, is_path ? FNM_PATHNAME : 0) == 0)
            return GUARD_HIDE;
    }
    enum guard_action action = guard_action_of(name, folder);
    /* Who names a folder of secrets wants those. */
    bool is_wanted = action == GUARD_HIDE && guard_action_of(strrchr(root, '/') + 1, GUARD_FOLDER_OTHER) == GUARD_HIDE;
    return is_wanted ? GUARD_NONE : action;
}

/* The tree that the path lies in, SIZE_MAX: none. */
size_t search_tree_of(const struct search *search, const char *path)
{
    for (size_t i = search->trees->count; i > 0; i--) {
        size_t length = strlen(search->trees->items[i - 1].path);
        if (strncmp(path, search->trees->items[i - 1].path, length) == 0 && path[length] == '/')
            return i - 1;
    }
    return SIZE_MAX;
}

/* What a link leads to, by all its names. */
bool search_guard_target(struct search *search, const char *path, enum guard_action action)
{
    struct stat about;
    size_t tree = search_tree_of(search, path);
    if (tree == SIZE_MAX || search_is_named(search, path) || lstat(path, &about) < 0)
        return true;
    search->tree = tree;
    return search_guard(search, tree, path, action) &&
           (!S_ISREG(about.st_mode) || about.st_nlink == 1 || search_add_alias(search, path, &about, action));
}

/* A link cannot be mounted over. What a hidden one leads to is hidden; one that must stay cannot be kept. */
static bool guard_link(struct search *search, const char *path, enum guard_action action)
{
    char real[PATH_MAX];
    size_t tree = search->tree;
    if (action == GUARD_READ_ONLY && search->trees->items[tree].is_writable)
        return problem(search->ret_error, "put a file in its place, or name it: --ro or --rw with its path",
                       "%s must stay as it is, and is a symbolic link", path);
    if (action == GUARD_READ_ONLY)
        return add_link(search, path, action);
    bool is_good = !realpath(path, real) || search_guard_target(search, real, GUARD_HIDE);
    search->tree = tree;
    return is_good;
}

static bool enter(struct search *search, int folder, const char *name, const char *path, const struct stat *about,
                  enum guard_action around, unsigned depth)
{
    if (depth == DEPTH_MAX)
        return problem(search->ret_error, "name a tree that is not so deep", "%s lies more than %d folders deep", path,
                       DEPTH_MAX);
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || (errno == EACCES && about->st_uid != geteuid())))
        return true; /* what we may not enter the sandbox may not either */
    int number = errno;
    if (fd < 0 && number == EACCES && search_is_own(search, path))
        return true; /* the kernel closes its folder of work in kept changes */
    if (fd < 0)
        return problem(search->ret_error,
                       "what cannot be searched cannot be guarded: make it readable, or name a smaller tree", "%s: %s",
                       path, strerror(number));
    return search_into(search, fd, path, around, depth + 1);
}

/* What the mount of a guarded name does not hold: other names of its files, and what its links lead to. */
static bool look_behind(struct search *search, int folder, const char *name, const char *path, const struct stat *about,
                        enum guard_action action, unsigned depth)
{
    if (S_ISDIR(about->st_mode))
        return enter(search, folder, name, path, about, action, depth);
    if (S_ISLNK(about->st_mode))
        return action == GUARD_NONE || add_link(search, path, action);
    return !S_ISREG(about->st_mode) || about->st_nlink == 1 || search_add_alias(search, path, about, action);
}

static bool look_at(struct search *search, int folder, const char *name, const char *path, enum guard_folder kind,
                    enum guard_action around, unsigned depth)
{
    struct stat about;
    if (++search->entries > ENTRIES_MAX)
        return problem(search->ret_error, "name a smaller tree", "more than %d files would have to be searched in %s",
                       ENTRIES_MAX, search->trees->items[search->tree].path);
    if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || problem(search->ret_error, NULL, "%s: %s", path, strerror(errno));
    if (around == GUARD_HIDE)
        return look_behind(search, folder, name, path, &about, around, depth);
    if (search_is_named(search, path)) /* searched by itself; what lies around it must not be renamed */
        return !search->trees->items[search->tree].is_writable || S_ISLNK(about.st_mode) ||
               add_with_ancestors(search, search->tree, path, GUARD_PIN);

    bool is_folder = S_ISDIR(about.st_mode);
    enum guard_action action = wanted_action(search, path, name, kind);
    if (action == GUARD_NONE && guard_leads_to_repository(name, kind, is_folder))
        action = GUARD_READ_ONLY;
    if (action != GUARD_NONE && S_ISLNK(about.st_mode) && around == GUARD_NONE)
        return guard_link(search, path, action);
    if (action > around && !S_ISLNK(about.st_mode) && !search_guard(search, search->tree, path, action))
        return false;
    return look_behind(search, folder, name, path, &about, action > around ? action : around, depth);
}

/* What would be followed in such a folder if it were there. */
static bool add_missing(struct search *search, const char *path, enum guard_folder kind, unsigned has)
{
    char missing[PATH_MAX];
    for (size_t i = 0; i < guard_file_count; i++) {
        const struct guard_file *file = &guard_files[i];
        if (file->folder != kind || !file->contents || (has >> i & 1) ||
            (size_t)snprintf(missing, sizeof missing, "%s/%s", path, file->name) >= sizeof missing)
            continue;
        if (!search_add_placeholder(search, missing, file->is_folder, file->contents))
            return false;
    }
    return true;
}

/* Of a folder whose own names were all seen. `is_named`: it is a tree. */
static bool keep_repository(struct search *search, const char *path, enum guard_folder kind, unsigned has,
                            bool has_core, bool is_named)
{
    if (has_core || !guard_core_of(kind) || is_named)
        return add_missing(search, path, kind, has);
    if (kind == GUARD_FOLDER_GIT && strcasecmp(strrchr(path, '/'), "/.git") != 0) /* a folder beneath .git/modules */
        return true;
    return search_guard(search, search->tree, path, GUARD_READ_ONLY); /* no repository yet; nobody makes one of it */
}

static bool search_stream(struct search *search, DIR *stream, const char *path, enum guard_action around,
                          unsigned depth)
{
    const struct guard_tree *tree = &search->trees->items[search->tree];
    size_t root = strlen(tree->path);
    enum guard_folder by_name = guard_folder_of(tree->path, strlen(path) > root ? path + root + 1 : "");
    bool is_anybodys = by_name == GUARD_FOLDER_OTHER || by_name == GUARD_FOLDER_MISE;
    bool is_like_git = is_anybodys && guard_looks_like_git(dirfd(stream), -1);
    enum guard_folder kind = is_like_git ? GUARD_FOLDER_GIT : by_name;
    const char *core = guard_core_of(kind);
    unsigned has = 0; /* a bit for each of guard_files */
    bool has_core = false, has_objects = false;
    for (struct dirent *entry; (errno = 0, entry = readdir(stream));) {
        char below[PATH_MAX];
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if ((size_t)snprintf(below, sizeof below, "%s/%s", path, name) >= sizeof below)
            return problem(search->ret_error, "name a tree that is not so deep", "a path in %s is too long", path);
        if (!look_at(search, dirfd(stream), name, below, kind, around, depth))
            return false;
        if (strcasecmp(name, ".git") == 0 && !add_worktree(search, path, below))
            return false;
        has_core = has_core || (core && strcmp(name, core) == 0);
        has_objects = has_objects || strcmp(name, "objects") == 0;
        for (size_t i = 0; i < guard_file_count && kind != GUARD_FOLDER_OTHER; i++)
            if (guard_files[i].folder == kind && strcasecmp(name, guard_files[i].name) == 0 &&
                !guard_is_placeholder(dirfd(stream), name))
                has |= 1u << i;
    }
    if (errno != 0)
        return problem(search->ret_error, NULL, "%s: %s", path, strerror(errno));
    if (is_like_git && has_objects && !add_worktree(search, path, path)) /* a bare one */
        return false;
    if (kind == GUARD_FOLDER_OTHER || !tree->is_writable || around != GUARD_NONE)
        return true;
    return keep_repository(search, path, kind, has, has_core, strlen(path) == root);
}

/* Takes the descriptor. */
bool search_into(struct search *search, int folder, const char *path, enum guard_action around, unsigned depth)
{
    DIR *stream = fdopendir(folder);
    if (!stream) {
        close(folder);
        return search_no_memory(search);
    }
    bool is_good = search_stream(search, stream, path, around, depth);
    closedir(stream);
    return is_good;
}

/* ---- All of it ---- */

static bool is_installed(const char *tool)
{
    char program[PATH_MAX];
    return find_program(find_program_folders(), tool, program);
}

static bool add_expected(struct search *search)
{
    const struct guard_tree *tree = &search->trees->items[search->tree];
    for (size_t i = 0; i < guard_expected_count; i++) {
        char path[PATH_MAX];
        struct stat about;
        if ((guard_expected[i].is_for_home && !tree->is_home) ||
            (guard_expected[i].tool && !is_installed(guard_expected[i].tool)) ||
            (fstatat(tree->fd, guard_expected[i].name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
             !guard_is_placeholder(tree->fd, guard_expected[i].name)) ||
            (size_t)snprintf(path, sizeof path, "%s/%s", tree->path, guard_expected[i].name) >= sizeof path)
            continue;
        if (!search_add_placeholder(search, path, guard_expected[i].is_folder, ""))
            return false;
    }
    return true;
}

static bool search_tree(struct search *search)
{
    const struct guard_tree *tree = &search->trees->items[search->tree];
    if (tree->is_file)
        return true;
    int fd = openat(tree->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return problem(search->ret_error, NULL, "%s: %s", tree->path, strerror(errno));
    return search_into(search, fd, tree->path, GUARD_NONE, 0) && (!tree->is_writable || add_expected(search));
}

/* The repository that a tree is a part of. */
static bool look_around(struct search *search)
{
    char folder[PATH_MAX], git[PATH_MAX];
    struct stat about;
    snprintf(folder, sizeof folder, "%s", search->trees->items[search->tree].path);
    for (char *slash; (slash = strrchr(folder, '/'));) {
        *slash = '\0';
        if ((size_t)snprintf(git, sizeof git, "%s/.git", folder) < sizeof git && lstat(git, &about) == 0 &&
            !add_worktree(search, folder, git))
            return false;
    }
    return true;
}

static int compare_aliases(const void *a, const void *b)
{
    const struct alias *first = a, *second = b;
    if (first->device != second->device)
        return first->device < second->device ? -1 : 1;
    return first->inode < second->inode ? -1 : first->inode > second->inode;
}

/* A file is guarded by all its names. */
static bool guard_aliases(struct search *search)
{
    struct alias *all = search->aliases;
    if (search->alias_count > 1)
        qsort(all, search->alias_count, sizeof *all, compare_aliases);
    for (size_t i = 0, end; i < search->alias_count; i = end) {
        enum guard_action most = GUARD_NONE;
        for (end = i; end < search->alias_count && compare_aliases(&all[i], &all[end]) == 0; end++)
            most = all[end].action > most ? all[end].action : most;
        for (size_t j = i; j < end; j++)
            if (all[j].action < most && !search_guard(search, all[j].tree, all[j].path, most))
                return false;
    }
    return true;
}

static void search_done(struct search *search)
{
    for (size_t i = 0; i < search->alias_count; i++)
        free(search->aliases[i].path);
    free(search->aliases);
    for (size_t i = 0; i < search->link_count; i++)
        free(search->links[i].path);
    free(search->links);
    for (size_t i = 0; i < search->worktree_count; i++) {
        free(search->worktrees[i].root);
        free(search->worktrees[i].git);
    }
    free(search->worktrees);
}

static int compare_names(const void *a, const void *b)
{
    const struct guard_name *first = a, *second = b;
    if (first->tree != second->tree)
        return first->tree < second->tree ? -1 : 1;
    return strcmp(first->path, second->path);
}

bool guards_find(const struct guard_trees *trees, const char *const *hide, size_t hide_count, struct guards *ret,
                 esq_error *ret_error)
{
    *ret = (struct guards){ 0 };
    struct search search = {
        .trees = trees, .hide = hide, .hide_count = hide_count, .found = ret, .ret_error = ret_error
    };
    bool is_good = true;
    for (size_t i = 0; i < trees->count && is_good; i++) {
        search.tree = i;
        is_good = search_tree(&search) && look_around(&search);
    }
    is_good = is_good && search_guard_home(&search) && search_guard_own(&search) &&
              search_guard_repositories(&search) && search_guard_links(&search) && guard_aliases(&search);
    if (is_good)
        search_exclude(&search);
    search_done(&search);
    if (ret->count > 1)
        qsort(ret->names, ret->count, sizeof *ret->names, compare_names);
    return is_good;
}

void guards_done(struct guards *guards)
{
    for (size_t i = 0; i < guards->count; i++)
        free(guards->names[i].path);
    for (size_t i = 0; i < guards->placeholder_count; i++)
        free(guards->placeholders[i].path);
    for (size_t i = 0; i < guards->text_count; i++) {
        free(guards->texts[i].path);
        free(guards->texts[i].contents);
    }
    free(guards->texts);
    free(guards->names);
    free(guards->placeholders);
    *guards = (struct guards){ 0 };
}
