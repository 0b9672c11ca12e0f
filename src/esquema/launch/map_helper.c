/*
 * See map_helper.h. A program of the host is executed, by its full path and with an environment of nothing; whether it
 * did its work is seen in the map itself, since a host that waits for any child may take its status.
 */
#include "launch/map_helper.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "sys/sys.h"

enum { NUMBERS = 9, DIGITS = 12 };

/* Three numbers a line become arguments. */
static size_t split(const char *map, char numbers[NUMBERS][DIGITS])
{
    size_t count = 0;
    while (count < NUMBERS) {
        map += strspn(map, " \n");
        size_t length = strcspn(map, " \n");
        if (length == 0 || length >= DIGITS)
            break;
        memcpy(numbers[count], map, length);
        numbers[count++][length] = '\0';
        map += length;
    }
    return count;
}

static int spawn_and_wait(const char *program, char *const argv[])
{
    char *const environment[] = { NULL };
    posix_spawnattr_t attributes;
    sigset_t none, all;
    pid_t pid;
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawnattr_init(&attributes) != 0)
        return -ENOMEM;
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int result = -posix_spawn(&pid, program, NULL, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    if (result < 0)
        return result;
    int status;
    sys_wait(pid, &status, NULL, 0);
    return 0;
}

/* A map that nobody has written is empty. */
static int has_map(pid_t pid, int is_gid)
{
    char path[48], byte;
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, is_gid ? "gid_map" : "uid_map");
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
    return fd >= 0 && sys_read(fd, &byte, 1) == 1;
}

int map_helper_write(pid_t pid, int is_gid, const char *map)
{
    char name[16], number[DIGITS], numbers[NUMBERS][DIGITS];
    char *argv[NUMBERS + 3] = { name, number };
    snprintf(name, sizeof(name), "%s", is_gid ? "newgidmap" : "newuidmap");
    snprintf(number, sizeof(number), "%d", pid);
    size_t count = split(map, numbers);
    for (size_t i = 0; i < count; i++)
        argv[2 + i] = numbers[i];
    int result = spawn_and_wait(is_gid ? "/usr/bin/newgidmap" : "/usr/bin/newuidmap", argv);
    if (result < 0)
        return result;
    return has_map(pid, is_gid) ? 0 : -EPERM;
}
