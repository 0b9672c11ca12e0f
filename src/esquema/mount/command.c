/*
 * Is the program of the command there? Said before anything is started, from what the planned mounts will show at its
 * path. Links are followed inside the container's own view, as the kernel will. What cannot be known before a start
 * (kept changes, memory, /proc, what we may not look at) is no problem: then nothing is said. Opens files, reads none.
 */
#include "plan/plan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "mount/planning.h"

#define LINKS_MAX 40   /* as the kernel */
#define STEPS_MAX 2048 /* names looked at, in all folders of PATH: more is nobody's honest way to a program */

enum answer { UNKNOWN, THERE, ABSENT, NOT_EXECUTABLE };

/* A walk through the container: `at` is where it stands, without links; `rest` is what is left of the path. */
struct walk {
    const struct target_list *list;
    char at[PATH_MAX];
    char rest[PATH_MAX];
    unsigned links;
    unsigned steps;
    bool is_root_kept; /* changes of earlier runs lie over the root */
};

/* What will be seen at an absolute path: the last mount that lies at it or above it. */
static const struct target *target_at(const struct target_list *list, const char *path)
{
    for (size_t i = list->count; i > 0; i--)
        if (list->items[i - 1].kind != TARGET_PIN && target_path_beneath(list->items[i - 1].path, path) &&
            (list->items[i - 1].kind != TARGET_LINK || !*target_path_beneath(list->items[i - 1].path, path)))
            return &list->items[i - 1];
    return NULL;
}

/* A folder that is made because something is mounted in it, or at it. */
static bool is_way_to_mount(const struct target_list *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++)
        if (target_path_beneath(path, list->items[i].path))
            return true;
    return false;
}

/* Puts what a link leads to before the rest of the way. */
static bool follow(struct walk *walk, const char *link)
{
    char rest[PATH_MAX];
    if (++walk->links > LINKS_MAX || snprintf(rest, sizeof(rest), "%s%s", link, walk->rest) >= (int)sizeof(rest))
        return false;
    memcpy(walk->rest, rest, sizeof(rest));
    if (link[0] == '/')
        walk->at[0] = '\0';
    return true;
}

static void go_up(char *at)
{
    char *slash = strrchr(at, '/');
    *(slash ? slash : at) = '\0';
}

/* Does what is seen there lie in a file system that we can look into, and will it be the same when it is started? */
static bool is_known(const struct walk *walk, const struct target *target)
{
    switch (target->kind) {
    case TARGET_ROOT: return !walk->is_root_kept;
    case TARGET_OVERLAY: return !target->keep;
    case TARGET_BIND: return target->fd >= 0;
    case TARGET_PROC:
    case TARGET_DEV:
    case TARGET_TMPFS:
    case TARGET_TEXT:
    case TARGET_LINK:
    case TARGET_HIDE:
    case TARGET_PIN: return false;
    }
    return false;
}

/* One name further, which the mount `target` shows at `path`. THERE: walk on. */
static enum answer look_at(struct walk *walk, const struct target *target, const char *path, bool is_last)
{
    struct stat found;
    char link[PATH_MAX];
    if (target->kind == TARGET_LINK)
        return follow(walk, target->source) ? THERE : ABSENT;
    bool is_seen = is_known(walk, target);
    const char *name = target_path_beneath(target->path, path);
    _cleanup_fd_ int fd = !is_seen || target->fd < 0 ? -ENOENT
                          : *name                    ? sys_open_beneath(target->fd, name, O_PATH | O_NOFOLLOW, 0)
                                                     : sys_dup_above(target->fd, 3);
    if (fd == -ENOENT && !is_last && is_way_to_mount(walk->list, path))
        return snprintf(walk->at, sizeof(walk->at), "%s", path) < (int)sizeof(walk->at) ? THERE : UNKNOWN;
    if (!is_seen || (fd < 0 && fd != -ENOENT && fd != -ENOTDIR))
        return UNKNOWN;
    if (fd < 0 || sys_fstat(fd, &found) < 0)
        return ABSENT;
    if (S_ISLNK(found.st_mode)) {
        ssize_t length = readlinkat(fd, "", link, sizeof(link) - 1);
        if (length < 0)
            return UNKNOWN;
        link[length] = '\0';
        return follow(walk, link) ? THERE : ABSENT;
    }
    snprintf(walk->at, sizeof(walk->at), "%s", path);
    if (!is_last)
        return S_ISDIR(found.st_mode) ? THERE : ABSENT;
    return S_ISREG(found.st_mode) && found.st_mode & 0111 ? THERE : NOT_EXECUTABLE;
}

/* Takes the first name from the way. */
static void take_name(struct walk *walk, char name[NAME_MAX + 1])
{
    const char *next = walk->rest + strspn(walk->rest, "/");
    size_t length = strcspn(next, "/");
    snprintf(name, NAME_MAX + 1, "%.*s", (int)length, next);
    memmove(walk->rest, next + length, strlen(next + length) + 1);
}

/* Goes the whole way of walk->rest. */
static enum answer look_for(struct walk *walk)
{
    enum answer answer = NOT_EXECUTABLE; /* the root itself */
    walk->at[0] = '\0';
    walk->links = 0;
    while (walk->rest[strspn(walk->rest, "/")]) {
        char here[PATH_MAX], name[NAME_MAX + 1];
        take_name(walk, name);
        if (strcmp(name, ".") == 0)
            continue;
        if (strcmp(name, "..") == 0) {
            go_up(walk->at);
            continue;
        }
        if (++walk->steps > STEPS_MAX || snprintf(here, sizeof(here), "%s/%s", walk->at, name) >= (int)sizeof(here))
            return UNKNOWN;
        const struct target *target = target_at(walk->list, here);
        answer = target ? look_at(walk, target, here, walk->rest[0] == '\0') : UNKNOWN;
        if (answer != THERE)
            return answer;
    }
    return answer;
}

/* Where the program lies for init, which starts from the working directory. */
static bool set_way(const esq_spec *spec, const char *folder, char way[PATH_MAX])
{
    const char *program = spec_command_word(spec, 0), *first = *folder ? folder : program;
    const char *from = first[0] == '/' ? "" : spec_text(spec, SPEC_WORKING_DIRECTORY);
    return snprintf(way, PATH_MAX, "%s/%s/%s", from, folder, program) < PATH_MAX;
}

/* The first that can be executed, as init will. */
static enum answer search(const esq_spec *spec, const struct target_list *list)
{
    enum answer answer = ABSENT;
    char folder[SPEC_FOLDER_MAX];
    struct walk walk = { .list = list, .is_root_kept = spec_is_given(spec, SPEC_ROOTFS_KEEP) };
    struct spec_search next = spec_search_program(spec);
    while (spec_search_next(&next, folder)) {
        enum answer one = set_way(spec, folder, walk.rest) ? look_for(&walk) : UNKNOWN;
        if (one == THERE || one == UNKNOWN)
            return one;
        if (one == NOT_EXECUTABLE)
            answer = one;
    }
    return answer;
}

void mount_look_for_command(const esq_spec *spec, const struct target_list *list, struct spec_problems *problems)
{
    const esq_location *where = spec_where(spec, SPEC_COMMAND);
    const char *program = spec_command_word(spec, 0);
    bool is_path = strchr(program, '/');
    if (spec_is_given(spec, SPEC_EXECUTABLE))
        return;
    switch (search(spec, list)) {
    case UNKNOWN:
    case THERE: return;
    case ABSENT:
        spec_problem(problems, where, ENOENT,
                     is_path
                         ? "correct the path, or put the program into the root filesystem: it is looked for inside, "
                           "not on the host"
                         : "correct the name, put the program into a folder of PATH inside, or write its whole path",
                     "find the program %s in the container", program);
        return;
    case NOT_EXECUTABLE:
        spec_problem(problems, where, EACCES, "name a file that may be executed: chmod +x, or a program that reads it",
                     "execute %s in the container", program);
        return;
    }
}
