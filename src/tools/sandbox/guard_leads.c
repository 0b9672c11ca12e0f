/*
 * Names that lead elsewhere: links in guarded folders, files `.git`, and what configurations of git name. What they
 * lead to counts as they do, as long as nobody can make them lead to something else.
 */
#include "tools/sandbox/guard_search.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bridge/bridge.h"
#include "tools/sandbox/git_files.h"
#include "tools/sandbox/host.h"
#include "tools/sandbox/problem.h"
#include "tools/sandbox/trees.h"

/* ---- The way to something ---- */

/* May the sandbox make, replace or rename this name? */
static bool is_open(const struct search *search, const char *path)
{
    size_t tree = search_tree_of(search, path);
    if (tree == SIZE_MAX || !search->trees->items[tree].is_writable)
        return false;
    for (size_t i = 0; i < search->found->count; i++) {
        const struct guard_name *name = &search->found->names[i];
        size_t length = strlen(name->path);
        if (name->action >= GUARD_READ_ONLY && strncmp(path, name->path, length) == 0 &&
            (path[length] == '/' || path[length] == '\0'))
            return false;
    }
    return true;
}

/* Where a link leads, part by part. */
struct way {
    char at[PATH_MAX]; /* without links */
    char rest[PATH_MAX];
    struct stat about;
    unsigned links;
};
enum { LINKS_MAX = 40 }; /* the kernel follows no more */

static bool take_link(struct way *way)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t length = readlink(way->at, target, sizeof target - 1);
    if (length <= 0 || ++way->links > LINKS_MAX)
        return false;
    target[length] = '\0';
    memcpy(rest, way->rest, sizeof rest);
    if ((size_t)snprintf(way->rest, sizeof way->rest, "%s/%s", target, rest) >= sizeof way->rest)
        return false;
    *(target[0] == '/' ? way->at : strrchr(way->at, '/')) = '\0';
    return true;
}

/* The next part. 1: there was one, 0: the end, or nothing that anybody could follow. */
static int take_part(struct way *way)
{
    char *part = way->rest + strspn(way->rest, "/");
    size_t length = strcspn(part, "/"), before = strlen(way->at);
    if (length == 0 || before + length + 2 > sizeof way->at)
        return 0;
    bool is_up = length == 2 && part[0] == '.' && part[1] == '.';
    if (is_up && before > 0)
        *strrchr(way->at, '/') = '\0';
    else if (!is_up && !(length == 1 && part[0] == '.'))
        snprintf(way->at + before, sizeof way->at - before, "/%.*s", (int)length, part);
    memmove(way->rest, part + length, strlen(part + length) + 1);
    return 1;
}

static bool cannot_stay(struct search *search, const char *path)
{
    return problem(search->ret_error, "put a file in its place, or name it: --ro or --rw with its path",
                   "%s must stay as it is, and leads to what the command could replace", path);
}

/* ---- Links in guarded folders ---- */

/* The file behind the link counts as the link does, as long as nobody can make the link lead elsewhere. */
static bool guard_behind(struct search *search, const struct link *link)
{
    struct way way = { .links = 0 };
    bool is_kept = link->action == GUARD_READ_ONLY;
    snprintf(way.rest, sizeof way.rest, "%s", link->path);
    while (take_part(&way)) {
        const char *at = way.at[0] ? way.at : "/";
        if (lstat(at, &way.about) < 0)
            return !is_kept || !is_open(search, at) || cannot_stay(search, link->path);
        if (!S_ISLNK(way.about.st_mode))
            continue;
        if (is_kept && strcmp(at, link->path) != 0 && is_open(search, at))
            return cannot_stay(search, link->path);
        if (!take_link(&way))
            return true;
    }
    return !S_ISREG(way.about.st_mode) || search_guard_target(search, way.at, link->action);
}

bool search_guard_links(struct search *search)
{
    for (size_t i = 0; i < search->link_count; i++)
        if (!guard_behind(search, &search->links[i]))
            return false;
    return true;
}

/* ---- What git follows ---- */

enum { CONFIGURATIONS_MAX = 4096, INCLUDES_MAX = 10 /* in each other, as git has it */ };

/* One that is read. */
struct configuration {
    struct search *search;
    const char *worktree; /* hooks are relative to it; NULL: there is none */
    const char *path;
    unsigned depth;
};

/* Nothing is there yet; nobody makes it. */
static bool keep_missing(struct search *search, const char *path, bool is_folder)
{
    if (search_is_named(search, path))
        return true;
    search->tree = search_tree_of(search, path);
    return search_add_placeholder(search, path, is_folder, "");
}

static bool keep_folder(struct search *search, const char *path, enum git_lead lead)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return true;                                              /* nor can git */
    if (lead == GIT_REPOSITORY && guard_looks_like_git(fd, -1)) { /* guarded by its own names */
        close(fd);
        return true;
    }
    if (!search_guard(search, search->tree, path, GUARD_READ_ONLY)) {
        close(fd);
        return false;
    }
    return search_into(search, fd, path, GUARD_READ_ONLY, 0);
}

/* What the text leads to stays as it is. */
static bool keep_lead(struct search *search, const char *origin, const char *text, enum git_lead lead)
{
    struct way way = { .links = 0 };
    if ((size_t)snprintf(way.rest, sizeof way.rest, "%s", text) >= sizeof way.rest)
        return true;
    while (take_part(&way)) {
        const char *at = way.at[0] ? way.at : "/";
        bool is_last = way.rest[strspn(way.rest, "/")] == '\0';
        if (lstat(at, &way.about) < 0) {
            if (!is_open(search, at))
                return true;
            return errno == ENOENT ? keep_missing(search, at, !is_last || lead != GIT_CONFIGURATION)
                                   : cannot_stay(search, origin);
        }
        if (!S_ISLNK(way.about.st_mode))
            continue;
        if (is_open(search, at))
            return cannot_stay(search, at);
        if (!take_link(&way))
            return true;
    }
    size_t tree = search_tree_of(search, way.at);
    if (tree == SIZE_MAX || search_is_named(search, way.at))
        return true;
    search->tree = tree;
    return S_ISDIR(way.about.st_mode) ? keep_folder(search, way.at, lead)
                                      : search_guard_target(search, way.at, GUARD_READ_ONLY);
}

/* The path that stands in a file, relative to a folder, which may be NULL. false: it leads nowhere that we know. */
static bool resolve(const char *folder, const char *text, char ret[PATH_MAX])
{
    if (text[0] == '~') {
        size_t length = strcspn(text + 1, "/");
        char *home = length > 0 ? host_home_of(text + 1, length) : NULL;
        const char *own = length > 0 ? home : getenv("HOME");
        bool is_found =
            own && own[0] == '/' && (size_t)snprintf(ret, PATH_MAX, "%s%s", own, text + 1 + length) < PATH_MAX;
        free(home);
        return is_found;
    }
    if (text[0] == '/')
        return (size_t)snprintf(ret, PATH_MAX, "%s", text) < PATH_MAX;
    return folder && (size_t)snprintf(ret, PATH_MAX, "%s/%s", folder, text) < PATH_MAX;
}

static bool read_configuration(struct search *search, const char *worktree, const char *path, unsigned depth);

static bool follow_lead(void *data, enum git_lead lead, const char *text)
{
    const struct configuration *from = data;
    char folder[PATH_MAX], path[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(from->path, '/') - from->path), from->path);
    if (lead == GIT_WORKTREE || !resolve(lead == GIT_HOOKS ? from->worktree : folder, text, path))
        return true;
    return keep_lead(from->search, from->path, path, lead) &&
           (lead != GIT_CONFIGURATION || read_configuration(from->search, from->worktree, path, from->depth + 1));
}

static bool too_large(struct search *search, const char *path)
{
    return problem(search->ret_error, "put what it says into a smaller file, or name a smaller tree",
                   "%s is larger than %d bytes, and is not looked into", path, GIT_FILE_MAX);
}

static bool count_configuration(struct search *search)
{
    return ++search->configurations <= CONFIGURATIONS_MAX ||
           problem(search->ret_error, "name a smaller tree", "more than %d configurations of git would be followed",
                   CONFIGURATIONS_MAX);
}

static bool read_configuration(struct search *search, const char *worktree, const char *path, unsigned depth)
{
    struct configuration from = { search, worktree, path, depth };
    bool is_too_large;
    if (depth > INCLUDES_MAX)
        return true;
    if (!count_configuration(search))
        return false;
    char *text = git_file_read(path, &is_too_large);
    if (is_too_large)
        return too_large(search, path);
    bool is_good = !text || git_config_leads(text, follow_lead, &from);
    free(text);
    return is_good;
}

/* The path that a small file of git says, relative to its own folder. */
static bool read_path(const char *folder, const char *file, const char *prefix, char ret[PATH_MAX])
{
    char said[PATH_MAX];
    bool is_too_large;
    char *text = git_file_read(file, &is_too_large);
    bool is_good = text && git_file_line(text, prefix, said) && resolve(folder, said, ret);
    free(text);
    return is_good;
}

static bool read_configurations(struct search *search, const char *worktree, const char *folder)
{
    static const char *const names[] = { "config", "config.worktree" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[PATH_MAX];
        if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, names[i]) < sizeof path &&
            !read_configuration(search, worktree, path, 0))
            return false;
    }
    return true;
}

static bool take_worktree(void *data, enum git_lead lead, const char *text)
{
    if (lead == GIT_WORKTREE)
        snprintf(data, PATH_MAX, "%s", text);
    return true;
}

static bool guard_everywhere(struct search *search, const char *worktree);

/* The same once more for where the files are, if a configuration says that they lie elsewhere. */
static bool guard_elsewhere(struct search *search, const char *folder)
{
    char file[PATH_MAX], said[PATH_MAX] = "", worktree[PATH_MAX];
    bool is_too_large;
    if ((size_t)snprintf(file, sizeof file, "%s/config", folder) >= sizeof file)
        return true;
    char *text = git_file_read(file, &is_too_large);
    if (text)
        git_config_leads(text, take_worktree, said);
    free(text);
    return !said[0] || !resolve(folder, said, worktree) ||
           (read_configurations(search, worktree, folder) && guard_everywhere(search, worktree));
}

static bool guard_repository(struct search *search, const struct worktree *worktree)
{
    char repository[PATH_MAX], file[PATH_MAX], common[PATH_MAX];
    struct stat about;
    if (lstat(worktree->git, &about) < 0)
        return true;
    if (S_ISREG(about.st_mode)) {
        if (!read_path(worktree->root, worktree->git, "gitdir: ", repository))
            return true;
        if (!keep_lead(search, worktree->git, repository, GIT_REPOSITORY))
            return false;
    } else {
        snprintf(repository, sizeof repository, "%s", worktree->git);
    }
    /* A worktree has a folder of its own in the repository, and the configuration of that. */
    if ((size_t)snprintf(file, sizeof file, "%s/commondir", repository) < sizeof file &&
        read_path(repository, file, "", common) && !read_configurations(search, worktree->root, common))
        return false;
    return read_configurations(search, worktree->root, repository) && guard_elsewhere(search, repository);
}

bool search_find_common(const struct search *search, const struct worktree *worktree, char ret[PATH_MAX])
{
    char file[PATH_MAX], repository[PATH_MAX];
    struct stat about;
    if (lstat(worktree->git, &about) < 0)
        return false;
    snprintf(repository, sizeof repository, "%s", worktree->git);
    if (S_ISREG(about.st_mode) && !read_path(worktree->root, worktree->git, "gitdir: ", repository))
        return false;
    if ((size_t)snprintf(file, sizeof file, "%s/commondir", repository) >= sizeof file)
        return false;
    if (!read_path(repository, file, "", ret))
        memcpy(ret, repository, sizeof repository);
    return true;
}

static bool guard_configuration(struct search *search, const char *worktree, const char *path)
{
    return keep_lead(search, path, path, GIT_CONFIGURATION) && read_configuration(search, worktree, path, 0);
}

/* The files that the environment names in the place of the user's and the host's, and what it says itself. */
static bool guard_environment(struct search *search, const char *worktree)
{
    static const char *const files[] = { "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM" };
    struct configuration from = { search, worktree, "/environment", 0 };
    const char *count = getenv("GIT_CONFIG_COUNT");
    unsigned long pairs = count ? strtoul(count, NULL, 10) : 0;
    char path[PATH_MAX], name[64];
    enum git_lead lead;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *file = getenv(files[i]);
        if (file && *file && resolve(worktree, file, path) && !guard_configuration(search, worktree, path))
            return false;
    }
    for (unsigned long i = 0; i < pairs; i++) {
        if (!count_configuration(search))
            return false;
        snprintf(name, sizeof name, "GIT_CONFIG_KEY_%lu", i);
        const char *key = getenv(name);
        snprintf(name, sizeof name, "GIT_CONFIG_VALUE_%lu", i);
        const char *value = getenv(name);
        if (key && value && *value && git_variable_leads(key, &lead) && !follow_lead(&from, lead, value))
            return false;
    }
    return true;
}

/* What every repository obeys: the user's configuration and the host's, and what they lead to. */
static bool guard_everywhere(struct search *search, const char *worktree)
{
    const char *configured = getenv("XDG_CONFIG_HOME");
    const struct {
        const char *folder, *name;
    } files[] = {
        { configured && configured[0] == '/' ? configured : "~/.config", "git/config" },
        { "~", ".gitconfig" },
        { "/etc", "gitconfig" },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char written[PATH_MAX], path[PATH_MAX];
        if ((size_t)snprintf(written, sizeof written, "%s/%s", files[i].folder, files[i].name) < sizeof written &&
            resolve(NULL, written, path) && !guard_configuration(search, worktree, path))
            return false;
    }
    return guard_environment(search, worktree);
}

/* A folder of ours keeps its name, and nobody makes it, nor what leads there. What is in it is hidden with it. */
static bool keep_own(struct search *search, const char *folder)
{
    char real[PATH_MAX];
    if (!realpath(folder, real))
        return keep_lead(search, folder, folder, GIT_HOOKS);
    size_t tree = search_tree_of(search, real);
    if (tree == SIZE_MAX || !search->trees->items[tree].is_writable || search_is_named(search, real))
        return true;
    search->tree = tree;
    return search_guard(search, tree, real, GUARD_PIN);
}

bool search_guard_own(struct search *search)
{
    char *data = bridge_data_folder(), *state = bridge_state_folder();
    bool is_good = (!data || keep_own(search, data)) && (!state || keep_own(search, state));
    free(data);
    free(state);
    return is_good;
}

bool search_is_own(const struct search *search, const char *path)
{
    char *const folders[] = { bridge_data_folder(), bridge_state_folder() };
    bool is_own = false;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char real[PATH_MAX];
        is_own = is_own || (folders[i] && realpath(folders[i], real) && search_tree_of(search, real) == search->tree &&
                            path_is_beneath(path, real));
        free(folders[i]);
    }
    return is_own;
}

/* Shells and git obey these names in the home folder also when links lead from there into a tree. */
bool search_guard_home(struct search *search)
{
    for (size_t i = 0; i < guard_expected_count; i++) {
        char name[64], path[PATH_MAX];
        snprintf(name, sizeof name, "~/%s", guard_expected[i].name);
        if (guard_expected[i].is_for_home && resolve(NULL, name, path) &&
            !keep_lead(search, path, path, GIT_CONFIGURATION))
            return false;
    }
    return true;
}

bool search_guard_repositories(struct search *search)
{
    for (size_t i = 0; i < search->worktree_count; i++)
        if (!guard_repository(search, &search->worktrees[i]) || !guard_everywhere(search, search->worktrees[i].root))
            return false;
    return guard_everywhere(search, NULL);
}
