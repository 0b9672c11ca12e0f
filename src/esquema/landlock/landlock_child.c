/*
 * landlock_child.c: makes the ruleset in the mute child, after all mounts, and leaves it at the number that init
 * expects. Only the payload's process restricts itself by it: the mute child has work to do that it would deny.
 */
#include "landlock/landlock.h"

#include <errno.h>

#include "plan/step.h"

static int add_files_rule(int ruleset, int fd, uint64_t allowed)
{
    struct landlock_files_rule rule = { .allowed = allowed, .parent = fd };

    /* The kernel answers ENOMSG to a rule that allows nothing, which here means: this version has no such right. */
    return allowed == 0 ? 0 : (int)SYS(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_FILES, &rule, 0);
}

static int add_path(int ruleset, const char *path, uint64_t allowed)
{
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
    struct stat status;
    int result;

    if (fd < 0)
        return fd;
    result = sys_fstat(fd, &status);
    if (result < 0)
        return result;
    return add_files_rule(ruleset, fd, S_ISDIR(status.st_mode) ? allowed : allowed & FILES_OF_A_FILE);
}

static int add_port(int ruleset, uint32_t port, uint64_t allowed)
{
    struct landlock_port_rule rule = { .allowed = allowed, .port = port };

    return (int)SYS(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PORT, &rule, 0);
}

/* The program that was given as a descriptor has to be executed, whatever else is denied. A memory file cannot have a
 * rule (EBADFD) and needs none. */
static int add_executable(int ruleset, const struct child *child)
{
    int result;

    if (child->executable < 0)
        return 0;
    result = add_files_rule(ruleset, child->executable, FILES_EXECUTE | FILES_READ_FILE);
    return result == -EBADFD ? 0 : result;
}

/* At the number that init expects, open beyond its execve. The kernel may have given that very number, which dup3 would
 * refuse. */
static int keep_ruleset(int *ruleset, int number)
{
    if (*ruleset == number)
        return (int)SYS(SYS_fcntl, take_fd(ruleset), F_SETFD, 0);
    return sys_dup3(*ruleset, number, 0);
}

int landlock_apply(const struct step *step, struct child *child)
{
    const struct landlock_step *data = STEP_DATA(child->block, step, struct landlock_step);
    const struct landlock_rule *rules = (const struct landlock_rule *)((const char *)child->block + data->rules);
    _cleanup_fd_ int ruleset = (int)SYS(SYS_landlock_create_ruleset, &data->handled, data->handled_size, 0);
    int result;

    if (ruleset < 0)
        return step_fail(child, ruleset, "make the ruleset");
    for (uint32_t i = 0; i < data->rule_count; i++) {
        const char *path = STEP_TEXT(child->block, rules[i].path);

        result = rules[i].path == 0 ? add_port(ruleset, rules[i].port, rules[i].allowed)
                                    : add_path(ruleset, path, rules[i].allowed);
        if (result < 0) {
            child->line = rules[i].line;
            child->column = rules[i].column;
            return step_fail(child, result, rules[i].path == 0 ? "allow a port" : path);
        }
    }
    result = add_executable(ruleset, child);
    if (result < 0)
        return step_fail(child, result, "allow the program");
    result = keep_ruleset(&ruleset, child->landlock);
    return result < 0 ? step_fail(child, result, "keep the ruleset") : 0;
}
