/*
 * The steps of a recipe. They write beneath the draft's root, and read beneath the folder of the recipe, through no
 * link; only `debian` and `busybox` bring something of their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/transfer.h"
#include "tools/common/beneath.h"
#include "tools/common/find_program.h"
#include "tools/esquema/rootfs_build.h"
#include "tools/sandbox/problem.h"

extern char **environ;

/* A path of the root filesystem, without the slash that it begins with; NULL: it is none. */
static const char *inner_path(const char *path)
{
    while (*path == '/')
        path++;
    return *path ? path : NULL;
}

static bool fail_at(const char *path, esq_error *ret_error)
{
    if (errno == EXDEV)
        return problem(ret_error, "name the path without ..", "%s leads out of the root filesystem", path);
    return problem(ret_error, errno == ELOOP ? "name the path without symbolic links" : NULL, "%s: %s", path,
                   strerror(errno));
}

static mode_t mode_of(const struct rootfs_step *step, mode_t initial)
{
    return step->mode < 0 ? initial : (mode_t)step->mode & 0777;
}

/* The folder that the path lies in, made where it is missing. */
static int open_place(const struct rootfs_draft *draft, const char *path, const char **ret_name)
{
    char way[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash && slash != path) {
        snprintf(way, sizeof way, "%.*s", (int)(slash - path), path);
        if (!beneath_make_folders(draft->root, way, 0755))
            return -1;
    }
    return beneath_open_parent(draft->root, path, ret_name);
}

/* A new file in the place of what was there; -1 with errno. */
static int make_file(const struct rootfs_draft *draft, const char *path)
{
    const char *name;
    int parent = open_place(draft, path, &name);
    if (parent < 0)
        return -1;
    int fd = unlinkat(parent, name, 0) == 0 || errno == ENOENT
                 ? openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)
                 : -1;
    int number = errno;
    close(parent);
    errno = number;
    return fd;
}

static bool finish_file(int fd, mode_t mode, bool is_good, const char *path, esq_error *ret_error)
{
    is_good = is_good && fchmod(fd, mode) == 0;
    int number = errno;
    close(fd);
    errno = number;
    return is_good || fail_at(path, ret_error);
}

static bool take_file(const struct rootfs_step *step, struct rootfs_draft *draft, const char *path,
                      esq_error *ret_error)
{
    int fd = make_file(draft, path);
    if (fd < 0)
        return fail_at(path, ret_error);
    return finish_file(fd, mode_of(step, 0644), transfer_write(fd, step->words[2], strlen(step->words[2])), path,
                       ret_error);
}

static bool copy_file(int from, mode_t mode, struct rootfs_draft *draft, const char *path, esq_error *ret_error)
{
    int fd = make_file(draft, path);
    return fd >= 0 ? finish_file(fd, mode, transfer_copy(from, fd), path, ret_error) : fail_at(path, ret_error);
}

/* As of a file in an archive. Holes count: its hash is taken of all that it reads as. */
#define COPY_MAX ((off_t)16 << 30)

static bool take_copy(const struct rootfs_step *step, int folder, struct rootfs_draft *draft, const char *path,
                      esq_error *ret_error)
{
    struct stat about;
    int from = beneath_open(folder, step->words[1], O_RDONLY | O_NONBLOCK, 0);
    if (from < 0 && errno == EXDEV)
        return problem(ret_error,
                       "a recipe reads files beneath its own folder: copy it into that folder, and name it from there",
                       "%s leads out of the folder of the recipe", step->words[1]);
    if (from < 0)
        return problem(ret_error, "a recipe reads files beneath its own folder, through no link", "%s: %s",
                       step->words[1], strerror(errno));
    bool is_good = fstat(from, &about) == 0 && S_ISREG(about.st_mode);
    if (!is_good)
        problem(ret_error, "name each file", "%s is no file", step->words[1]);
    if (is_good && about.st_size > COPY_MAX)
        is_good = problem(ret_error, NULL, "%s has more than 16 GiB", step->words[1]);
    is_good = is_good && copy_file(from, mode_of(step, about.st_mode & 0755), draft, path, ret_error);
    close(from);
    return is_good;
}

static bool take_folder(const struct rootfs_step *step, struct rootfs_draft *draft, const char *path,
                        esq_error *ret_error)
{
    if (!beneath_make_folders(draft->root, path, 0755))
        return fail_at(path, ret_error);
    int fd = beneath_open(draft->root, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return fail_at(path, ret_error);
    return finish_file(fd, mode_of(step, 0755), true, path, ret_error);
}

static bool make_link(struct rootfs_draft *draft, const char *path, const char *target, esq_error *ret_error)
{
    const char *name;
    int parent = open_place(draft, path, &name);
    bool is_good =
        parent >= 0 && (unlinkat(parent, name, 0) == 0 || errno == ENOENT) && symlinkat(target, parent, name) == 0;
    int number = errno;
    if (parent >= 0)
        close(parent);
    errno = number;
    return is_good || fail_at(path, ret_error);
}

static bool take_remove(struct rootfs_draft *draft, const char *path, esq_error *ret_error)
{
    const char *name;
    int parent = beneath_open_parent(draft->root, path, &name);
    bool is_good = parent >= 0 && beneath_remove(parent, name);
    int number = errno;
    if (parent >= 0)
        close(parent);
    errno = number;
    return is_good || (number == ENOENT) || fail_at(path, ret_error);
}

/* ---- Programs ---- */

/* Starts it with its output in a pipe. -1 with errno. */
static int start(char *const argv[], char *const envp[], pid_t *ret_pid)
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    /* When mmdebstrap fails it ends its process group, which must not be ours. */
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    int result = posix_spawn(ret_pid, argv[0], &actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (result == 0)
        return ends[0];
    close(ends[0]);
    errno = result;
    return -1;
}

static bool finish(pid_t pid)
{
    int status;
    pid_t ended;
    do
        ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    return ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Names of Debian, so that no word is an option or a path. */
static bool is_debian_name(const char *word)
{
    size_t length = strlen(word);
    return length > 0 && length < 128 && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789+.-") == length &&
           word[0] != '-' && word[0] != '.' && word[0] != '+';
}

/*
 * mmdebstrap leaves the name and the name servers of the machine that it ran on. They are no part of the system that
 * was asked for, and would give each machine another hash. Empty, they are still there to bind something onto.
 */
static bool forget_machine(struct rootfs_draft *draft, esq_error *ret_error)
{
    static const char *const paths[] = { "etc/hostname", "etc/resolv.conf" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct stat about;
        int there = beneath_open(draft->root, paths[i], O_PATH | O_NOFOLLOW, 0);
        bool is_file = there >= 0 && fstat(there, &about) == 0 && S_ISREG(about.st_mode);
        if (there >= 0)
            close(there);
        int fd = is_file ? make_file(draft, paths[i]) : -1;
        if (is_file && fd < 0)
            return fail_at(paths[i], ret_error);
        if (is_file && !finish_file(fd, 0644, true, paths[i], ret_error))
            return false;
    }
    return true;
}

/*
 * PATH without what is not absolute: a recipe lies in a stranger's checkout as often as not, and nothing in there may
 * become the program that is started because somebody has `.` in it.
 */
static void find_path(char *ret_path, size_t size)
{
    size_t length = (size_t)snprintf(ret_path, size, "PATH=");
    for (const char *part = find_program_folders(); *part;) {
        size_t count = strcspn(part, ":");
        if (*part == '/' && count < size - length - sizeof ":/usr/sbin:/sbin")
            length += (size_t)snprintf(ret_path + length, size - length, "%.*s:", (int)count, part);
        part += count + (part[count] == ':');
    }
    snprintf(ret_path + length, size - length, "/usr/sbin:/sbin");
}

/* (debian [extract] SUITE PACKAGE...): a system with its essential packages, or nothing but what the packages bring. */
static bool take_debian(const struct rootfs_step *step, struct rootfs_draft *draft, esq_error *ret_error)
{
    char include[16384] = "--include=";
    bool only_files = step->count > 1 && strcmp(step->words[1], "extract") == 0;
    size_t suite = only_files ? 2 : 1;
    size_t length = strlen(include);
    for (size_t i = suite; i < step->count; i++)
        if (!is_debian_name(step->words[i]))
            return problem(ret_error, NULL, "%.64s is no name of a suite or a package", step->words[i]);
    for (size_t i = suite + 1; i < step->count && length < sizeof include; i++)
        length += (size_t)snprintf(include + length, sizeof include - length, "%s%s", i > suite + 1 ? "," : "",
                                   step->words[i]);
    if (suite >= step->count || length >= sizeof include)
        return problem(ret_error, "(debian \"bookworm\" \"busybox-static\")", "debian needs a suite, and packages");
    /* Everything that has a date in it gets this one, so that the same recipe gives the same files. */
    char path[4096], epoch[] = "SOURCE_DATE_EPOCH=1", locale[] = "LC_ALL=C.UTF-8", home[] = "HOME=/";
    find_path(path, sizeof path);
    char *const envp[] = { path, epoch, locale, home, NULL };
    char program[PATH_MAX], quiet[] = "--quiet", format[] = "--format=tar", output[] = "-";
    char extract[] = "--variant=extract", essential[] = "--variant=essential", name[128];
    snprintf(name, sizeof name, "%s", step->words[suite]);
    char *argv[8] = { program, quiet, format, only_files ? extract : essential };
    size_t argc = 4;
    if (suite + 1 < step->count)
        argv[argc++] = include;
    argv[argc++] = name;
    argv[argc] = output;
    pid_t pid;
    errno = ENOENT;
    int archive = find_program(path + strlen("PATH="), "mmdebstrap", program) ? start(argv, envp, &pid) : -1;
    if (archive < 0)
        return problem(ret_error, "install mmdebstrap and uidmap", "mmdebstrap: %s", strerror(errno));
    bool is_unpacked = rootfs_draft_unpack(draft, archive, false, ret_error);
    close(archive);
    bool is_made = finish(pid);
    return is_unpacked &&
           (is_made ||
            problem(ret_error, "what it says stands above; without root it needs subordinate ids (uidmap, /etc/subuid)",
                    "mmdebstrap failed")) &&
           forget_machine(draft, ret_error);
}

/* The names that it answers to, a link each. */
static bool link_applets(struct rootfs_draft *draft, int list, esq_error *ret_error)
{
    char name[64], path[80];
    bool is_good = true;
    FILE *stream = fdopen(list, "r");
    if (!stream) {
        close(list);
        return problem(ret_error, NULL, "out of memory");
    }
    while (is_good && fgets(name, sizeof name, stream)) {
        name[strcspn(name, "\n")] = '\0';
        snprintf(path, sizeof path, "bin/%s", name);
        if (*name && !strchr(name, '/') && strcmp(name, "busybox") != 0)
            is_good = make_link(draft, path, "busybox", ret_error);
    }
    fclose(stream);
    return is_good;
}

static bool take_busybox(struct rootfs_draft *draft, esq_error *ret_error)
{
    static const char *const places[] = { "/usr/bin/busybox", "/bin/busybox" };
    char program[32];
    int from = -1;
    for (size_t i = 0; i < 2 && from < 0; i++) {
        snprintf(program, sizeof program, "%s", places[i]);
        from = open(program, O_RDONLY | O_CLOEXEC);
    }
    if (from < 0)
        return problem(ret_error, "install busybox-static", "busybox: %s", strerror(errno));
    bool is_good = copy_file(from, 0755, draft, "bin/busybox", ret_error);
    close(from);
    char list[] = "--list";
    char *const argv[] = { program, list, NULL }, *const envp[] = { NULL };
    pid_t pid;
    int output = is_good ? start(argv, envp, &pid) : -1;
    if (output < 0)
        return is_good && problem(ret_error, NULL, "%s: %s", program, strerror(errno));
    is_good = link_applets(draft, output, ret_error);
    return finish(pid) && is_good;
}

/* ---- Which ---- */

bool rootfs_take_step(const struct rootfs_step *step, int folder, struct rootfs_draft *draft, esq_error *ret_error)
{
    static const struct {
        const char *name;
        size_t count; /* words; 0: any number */
        size_t path;  /* which is a path of the root filesystem; 0: none */
        const char *usage;
    } kinds[] = {
        { "debian", 0, 0, "" },
        { "busybox", 1, 0, "(busybox)" },
        { "folder", 2, 1, "(folder PATH [MODE])" },
        { "file", 3, 1, "(file PATH TEXT [MODE])" },
        { "copy", 3, 2, "(copy FILE PATH [MODE])" },
        { "link", 3, 1, "(link PATH WHERE-IT-LEADS)" },
        { "remove", 2, 1, "(remove PATH)" },
    };
    enum { DEBIAN, BUSYBOX, FOLDER, FILE_, COPY, LINK, REMOVE, KINDS };
    size_t kind = 0;
    while (kind < KINDS && strcmp(kinds[kind].name, step->words[0]) != 0)
        kind++;
    if (kind == KINDS)
        return problem(ret_error, "debian, busybox, folder, file, copy, link, remove", "%.64s is no step of a recipe",
                       step->words[0]);
    if (kinds[kind].count > 0 && step->count != kinds[kind].count)
        return problem(ret_error, kinds[kind].usage, "a step `%s` has %zu words", step->words[0], kinds[kind].count);
    const char *path = kinds[kind].path ? inner_path(step->words[kinds[kind].path]) : "";
    if (!path)
        return problem(ret_error, kinds[kind].usage, "a step `%s` needs a path", step->words[0]);
    switch (kind) {
    case DEBIAN: return take_debian(step, draft, ret_error);
    case BUSYBOX: return take_busybox(draft, ret_error);
    case FOLDER: return take_folder(step, draft, path, ret_error);
    case FILE_: return take_file(step, draft, path, ret_error);
    case COPY: return take_copy(step, folder, draft, path, ret_error);
    case LINK: return make_link(draft, path, step->words[2], ret_error);
    case REMOVE: return take_remove(draft, path, ret_error);
    }
    return false;
}
