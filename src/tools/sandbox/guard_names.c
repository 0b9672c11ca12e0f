/* See guard_names.h. */
#include "tools/sandbox/guard_names.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const struct {
    const char *pattern;
    enum guard_action action;
} everywhere[] = {
    { ".envrc", GUARD_READ_ONLY },
    { ".vscode", GUARD_READ_ONLY },
    { ".idea", GUARD_READ_ONLY },
    { ".zed", GUARD_READ_ONLY },
    { ".cursor", GUARD_READ_ONLY },
    { ".claude", GUARD_READ_ONLY }, /* hooks, and servers that agents start as they are opened in the folder */
    { ".gemini", GUARD_READ_ONLY },
    { ".codex", GUARD_READ_ONLY },
    { ".mcp.json", GUARD_READ_ONLY },
    { ".Rprofile", GUARD_READ_ONLY }, /* run as R starts, also by an editor that opens the folder */
    { ".Renviron", GUARD_READ_ONLY },
    { ".mise.toml", GUARD_READ_ONLY }, /* trusted by its path, then run in every shell that enters the folder */
    { ".mise.local.toml", GUARD_READ_ONLY },
    { "mise.toml", GUARD_READ_ONLY },
    { "mise.local.toml", GUARD_READ_ONLY },
    { ".mise", GUARD_READ_ONLY },
    { ".pre-commit-config.yaml", GUARD_READ_ONLY }, /* what the hook runs that `pre-commit install` has made */
    { "?(.)lefthook?(-local).@(yml|yaml|toml|json|jsonc)", GUARD_READ_ONLY }, /* as of `lefthook install` */
    { ".lefthook", GUARD_READ_ONLY },
    { ".lefthook-local", GUARD_READ_ONLY },
    { ".husky", GUARD_READ_ONLY }, /* hooks of git, where its config says so */
    { ".githooks", GUARD_READ_ONLY },
    { ".bashrc", GUARD_READ_ONLY },
    { ".bash_profile", GUARD_READ_ONLY },
    { ".bash_login", GUARD_READ_ONLY },
    { ".bash_logout", GUARD_READ_ONLY },
    { ".bash_aliases", GUARD_READ_ONLY },
    { ".profile", GUARD_READ_ONLY },
    { ".zshrc", GUARD_READ_ONLY },
    { ".zshenv", GUARD_READ_ONLY },
    { ".zprofile", GUARD_READ_ONLY },
    { ".zlogin", GUARD_READ_ONLY },
    { ".zlogout", GUARD_READ_ONLY },
    { ".kshrc", GUARD_READ_ONLY },
    { ".cshrc", GUARD_READ_ONLY },
    { ".tcshrc", GUARD_READ_ONLY },
    { ".login", GUARD_READ_ONLY },
    { ".inputrc", GUARD_READ_ONLY },
    { ".gitconfig", GUARD_READ_ONLY },
    { ".env", GUARD_HIDE },
    { ".env.local", GUARD_HIDE },
    { ".env.*.local", GUARD_HIDE },
    { "*.pem", GUARD_HIDE },
    { "*.key", GUARD_HIDE },
    { "*.p12", GUARD_HIDE },
    { "*.pfx", GUARD_HIDE },
    { "id_rsa", GUARD_HIDE },
    { "id_dsa", GUARD_HIDE },
    { "id_ecdsa", GUARD_HIDE },
    { "id_ecdsa_sk", GUARD_HIDE },
    { "id_ed25519", GUARD_HIDE },
    { "id_ed25519_sk", GUARD_HIDE },
    { ".pgpass", GUARD_HIDE },
    { ".ssh", GUARD_HIDE },
    { ".gnupg", GUARD_HIDE },
    { ".aws", GUARD_HIDE },
    { ".netrc", GUARD_HIDE },
    { ".git-credentials", GUARD_HIDE },
};

const struct guard_file guard_files[] = {
    { GUARD_FOLDER_GIT, "hooks", true, "" },
    { GUARD_FOLDER_GIT, "config", false, "" },
    { GUARD_FOLDER_GIT, "config.worktree", false, "" },
    { GUARD_FOLDER_GIT, "commondir", false, ".\n" },
    { GUARD_FOLDER_GIT, "rebase-merge", true, NULL },
    { GUARD_FOLDER_GIT, "rebase-apply", true, NULL },
    { GUARD_FOLDER_GIT, "sequencer", true, NULL },
    { GUARD_FOLDER_HG, "hgrc", false, "" },
    { GUARD_FOLDER_HG, "hgrc-not-shared", false, "" },
    { GUARD_FOLDER_HG, "requires", false, NULL },
    { GUARD_FOLDER_HG, "sharedpath", false, NULL },
    { GUARD_FOLDER_JJ, "workspace-config.toml", false, "" },
    { GUARD_FOLDER_JJ_STORE, "config.toml", false, "" },
    { GUARD_FOLDER_MISE, "config.toml", false, NULL },
    { GUARD_FOLDER_MISE, "config.local.toml", false, NULL },
    { GUARD_FOLDER_MISE, "conf.d", true, NULL },
};
const size_t guard_file_count = sizeof guard_files / sizeof *guard_files;

const char *guard_core_of(enum guard_folder folder)
{
    switch (folder) {
    case GUARD_FOLDER_OTHER:
    case GUARD_FOLDER_MISE:
    case GUARD_FOLDER_JJ_STORE: return NULL;
    case GUARD_FOLDER_GIT: return "HEAD";
    case GUARD_FOLDER_HG: return "requires";
    case GUARD_FOLDER_JJ: return "repo";
    }
    return NULL;
}

/* `.hg` and `.jj` are folders to whoever looks for a repository: an empty file in their place is none. */
const struct guard_expectation guard_expected[] = {
    { ".git", true, false, NULL },          { ".envrc", false, false, NULL },
    { ".vscode", true, false, NULL },       { ".idea", true, false, NULL },
    { ".zed", true, false, "zed" },         { ".cursor", true, false, "cursor" },
    { ".claude", true, false, "claude" },   { ".gemini", true, false, "gemini" },
    { ".codex", true, false, "codex" },     { "lefthook-local.yml", false, false, "lefthook" },
    { ".Rprofile", false, false, "R" },     { ".hg", false, false, "hg" },
    { ".jj", false, false, "jj" },          { ".bashrc", false, true, NULL },
    { ".bash_profile", false, true, NULL }, { ".bash_login", false, true, NULL },
    { ".bash_logout", false, true, NULL },  { ".bash_aliases", false, true, NULL },
    { ".profile", false, true, NULL },      { ".zshrc", false, true, NULL },
    { ".zshenv", false, true, NULL },       { ".zprofile", false, true, NULL },
    { ".zlogin", false, true, NULL },       { ".zlogout", false, true, NULL },
    { ".kshrc", false, true, NULL },        { ".cshrc", false, true, NULL },
    { ".tcshrc", false, true, NULL },       { ".login", false, true, NULL },
    { ".inputrc", false, true, NULL },      { ".gitconfig", false, true, NULL },
};
const size_t guard_expected_count = sizeof guard_expected / sizeof *guard_expected;

enum guard_action guard_action_of(const char *name, enum guard_folder folder)
{
    for (size_t i = 0; folder != GUARD_FOLDER_OTHER && i < guard_file_count; i++)
        if (guard_files[i].folder == folder && strcasecmp(guard_files[i].name, name) == 0)
            return GUARD_READ_ONLY;
    /* Some file systems take .ENV for .env. */
    for (size_t i = 0; i < sizeof everywhere / sizeof *everywhere; i++)
        if (fnmatch(everywhere[i].pattern, name, FNM_CASEFOLD | FNM_EXTMATCH) == 0)
            return everywhere[i].action;
    return GUARD_NONE;
}

static bool is_git(const char *path)
{
    for (const char *part = path; *part;) {
        size_t length = strcspn(part, "/");
        const char *rest = part + length;
        if (length == 4 && strncasecmp(part, ".git", 4) == 0)
            return !*rest || strncasecmp(rest, "/modules/", 9) == 0 || strncasecmp(rest, "/worktrees/", 11) == 0;
        part = *rest ? rest + 1 : rest;
    }
    return false;
}

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), size = strlen(end);
    return length >= size && strcasecmp(path + length - size, end) == 0 &&
           (length == size || path[length - size - 1] == '/');
}

static enum guard_folder folder_of(const char *path)
{
    if (is_git(path))
        return GUARD_FOLDER_GIT;
    if (ends_with(path, ".hg"))
        return GUARD_FOLDER_HG;
    if (ends_with(path, ".jj"))
        return GUARD_FOLDER_JJ;
    if (ends_with(path, "mise"))
        return GUARD_FOLDER_MISE;
    return ends_with(path, ".jj/repo") ? GUARD_FOLDER_JJ_STORE : GUARD_FOLDER_OTHER;
}

enum guard_folder guard_folder_of(const char *tree, const char *folder)
{
    char path[PATH_MAX];
    enum guard_folder found = folder_of(folder);
    if (found == GUARD_FOLDER_OTHER &&
        (size_t)snprintf(path, sizeof path, "%s%s%s", tree, *folder ? "/" : "", folder) < sizeof path)
        found = folder_of(path);
    return found;
}

bool guard_leads_to_repository(const char *name, enum guard_folder folder, bool is_folder)
{
    return !is_folder &&
           (strcasecmp(name, ".git") == 0 || (folder == GUARD_FOLDER_JJ && strcasecmp(name, "repo") == 0));
}

static bool has(int folder, int other, const char *name)
{
    struct stat about;
    return fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 ||
           (other >= 0 && fstatat(other, name, &about, AT_SYMLINK_NOFOLLOW) == 0);
}

bool guard_looks_like_git(int folder, int other)
{
    return has(folder, other, "HEAD") &&
           (has(folder, other, "commondir") || (has(folder, other, "objects") && has(folder, other, "refs")));
}

bool guard_makes_git(int folder, const char *name)
{
    if (folder >= 0 && guard_looks_like_git(folder, -1))
        return false;
    bool is_rest = strcasecmp(name, "objects") == 0 || strcasecmp(name, "refs") == 0;
    return strcasecmp(name, "HEAD") == 0 || (is_rest && folder >= 0 && has(folder, -1, "HEAD"));
}

bool guard_is_marked(int fd)
{
    struct stat about;
    if (fgetxattr(fd, GUARD_MARK, NULL, 0) >= 0)
        return true;
    return fstat(fd, &about) == 0 && about.st_uid == geteuid() &&
           (about.st_mode == (S_IFDIR | GUARD_MODE_FOLDER) || about.st_mode == (S_IFREG | GUARD_MODE_FILE));
}

bool guard_is_placeholder(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool is_marked = fd >= 0 && guard_is_marked(fd);
    if (fd >= 0)
        close(fd);
    return is_marked;
}
