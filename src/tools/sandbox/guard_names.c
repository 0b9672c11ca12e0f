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

const struct guard_file guard_of_git[] = {
    { "hooks", true, "" },
    { "config", false, "" },
    { "config.worktree", false, "" },
    { "commondir", false, ".\n" },
};
const size_t guard_of_git_count = sizeof guard_of_git / sizeof *guard_of_git;

const struct guard_expectation guard_expected[] = {
    { ".git", true, false },         { ".envrc", false, false },       { ".vscode", true, false },
    { ".bashrc", false, true },      { ".bash_profile", false, true }, { ".bash_login", false, true },
    { ".bash_logout", false, true }, { ".bash_aliases", false, true }, { ".profile", false, true },
    { ".zshrc", false, true },       { ".zshenv", false, true },       { ".zprofile", false, true },
    { ".zlogin", false, true },      { ".zlogout", false, true },      { ".kshrc", false, true },
    { ".cshrc", false, true },       { ".tcshrc", false, true },       { ".login", false, true },
    { ".inputrc", false, true },     { ".gitconfig", false, true },
};
const size_t guard_expected_count = sizeof guard_expected / sizeof *guard_expected;

enum guard_action guard_action_of(const char *name, bool in_git)
{
    for (size_t i = 0; in_git && i < guard_of_git_count; i++)
        if (strcasecmp(guard_of_git[i].name, name) == 0)
            return GUARD_READ_ONLY;
    /* Some file systems take .ENV for .env. */
    for (size_t i = 0; i < sizeof everywhere / sizeof *everywhere; i++)
        if (fnmatch(everywhere[i].pattern, name, FNM_CASEFOLD) == 0)
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

bool guard_is_git(const char *tree, const char *folder)
{
    char path[PATH_MAX];
    return is_git(folder) ||
           ((size_t)snprintf(path, sizeof path, "%s%s%s", tree, *folder ? "/" : "", folder) < sizeof path &&
            is_git(path));
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
