/* The steps of the facility ns, executed by the mute child. */
#include "ns/ns.h"

#include <sched.h>
#include "plan/step.h"

static size_t write_text(char *to, const char *from)
{
    size_t length = 0;
    for (; from[length]; length++)
        to[length] = from[length];
    return length;
}

static size_t write_number(char *to, uint64_t number)
{
    char digits[20];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    for (size_t i = 0; i < count; i++)
        to[i] = digits[count - 1 - i];
    return count;
}

/*
 * Both clocks go back by the seconds that the host's show now. The namespace is for the children of this process, so
 * the offsets can be written before anybody lives in it; init and the payload are in it from their execve on.
 */
static int apply_clocks(struct child *child)
{
    char text[96];
    size_t length = 0;
    uint64_t seconds = sys_monotonic_microseconds() / 1000000;
    int result = (int)SYS(SYS_unshare, CLONE_NEWTIME);
    if (result < 0)
        return step_fail(child, result, "make a time namespace");
    length += write_text(text + length, "monotonic -");
    length += write_number(text + length, seconds);
    length += write_text(text + length, " 0\nboottime -");
    length += write_number(text + length, seconds);
    length += write_text(text + length, " 0\n");
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY, 0);
    if (fd < 0)
        return step_fail(child, fd, "open its offsets");
    result = sys_write_all(fd, text, length);
    return result < 0 ? step_fail(child, result, "write its offsets") : 0;
}

static int write_file(const char *path, const char *text, size_t length)
{
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, path, O_WRONLY, 0);
    return fd < 0 ? fd : sys_write_all(fd, text, length);
}

static int write_map(const char *path, uint32_t inside, uint32_t outside)
{
    char text[32];
    size_t length = write_number(text, inside);
    text[length++] = ' ';
    length += write_number(text + length, outside);
    length += write_text(text + length, " 1");
    return write_file(path, text, length);
}

/* A group that is given up could be one that is denied something: setgroups must be off before the map. */
static int apply_ids(const struct ns_ids *ids, struct child *child)
{
    int result = write_file("/proc/self/setgroups", "deny", 4);
    if (result == 0)
        result = write_map("/proc/self/uid_map", ids->uid, child->outer_uid);
    if (result == 0)
        result = write_map("/proc/self/gid_map", ids->gid, child->outer_gid);
    return result < 0 ? step_fail(child, result, "write the id maps") : 0;
}

int ns_apply(const struct step *step, struct child *child)
{
    if (step->kind == STEP_CLOCKS)
        return apply_clocks(child);
    if (step->kind == STEP_IDS)
        return apply_ids(STEP_DATA(child->block, step, struct ns_ids), child);
    const struct ns_hostname *hostname = STEP_DATA(child->block, step, struct ns_hostname);
    return sys_sethostname(STEP_TEXT(child->block, hostname->name), hostname->length);
}
