/*
 * The count of what a container occupies, when it does not come to its end: a process of ours that stands still, as in
 * a file system that does not answer. The clock is the test's own. usage: counting PROBE
 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "supervise/supervise.h"

enum { FILES = 2000, TRIES = 1000, SOON_MS = 60000 };

/* Parent and state of a process; false when there is none. */
static bool look_at(pid_t pid, pid_t *ret_parent, char *ret_state)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    const char *rest = size > 0 ? strrchr(text, ')') : NULL;
    return rest && sscanf(rest, ") %c %d", ret_state, ret_parent) == 2;
}

/* The child of ours that is not the container, or 0. */
static pid_t find_counter(const esq_container *container)
{
    DIR *proc = opendir("/proc");
    pid_t found = 0, parent;
    char state;
    for (struct dirent *entry; !found && (entry = readdir(proc));) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid > 0 && pid != container->launched.pid && look_at(pid, &parent, &state) && parent == getpid())
            found = pid;
    }
    closedir(proc);
    return found;
}

static bool is_done(const struct disk *disk, int timeout_ms)
{
    struct pollfd ready = { .fd = disk_poll(disk), .events = POLLIN };
    return poll(&ready, 1, timeout_ms) == 1;
}

/* Begins counts until one of them could be stopped before it was done. Its pid, or 0. */
static pid_t hold(const esq_container *container)
{
    struct disk *disk = container->disk;
    for (int i = 0; i < TRIES; i++) {
        pid_t parent, pid = disk_turn(disk, disk_next(disk)) == 0 ? find_counter(container) : 0;
        char state = 0;
        if (pid == 0 || kill(pid, SIGSTOP) < 0)
            return 0;
        while (look_at(pid, &parent, &state) && state != 'T' && state != 'Z')
            usleep(1000);
        if (state == 'T' && !is_done(disk, 0))
            return pid;
        kill(pid, SIGCONT);
        is_done(disk, SOON_MS);
        disk_turn(disk, disk_next(disk) - 1);
    }
    return 0;
}

static esq_container *start(const char *tree)
{
    char bind[400];
    esq_container *container = NULL;
    esq_error error = { 0 };
    snprintf(bind, sizeof bind, "mounts+=bind %s /data writable", tree);
    const char *const settings[] = { "!busybox sleep 1000", "disk=1000000000", bind, NULL };
    esq_plan *plan = plan_from(settings, &error);
    if (!plan || esq_launch(plan, &container, &error) < 0)
        printf("# %s\n", error.text);
    esq_plan_free(plan);
    return container;
}

static bool make_tree(char tree[300])
{
    snprintf(tree, 300, "%s/tree", harness.folder);
    bool is_made = mkdir(tree, 0755) == 0;
    for (int i = 0; i < FILES && is_made; i++) {
        char path[320];
        snprintf(path, sizeof path, "%s/%d", tree, i);
        is_made = close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) == 0;
    }
    return is_made;
}

static void test(esq_container *container)
{
    struct disk *disk = container->disk;
    disk_turn(disk, disk_next(disk));
    uint64_t patience = disk_next(disk);
    check(is_done(disk, SOON_MS) && disk_turn(disk, patience) == 0 && find_counter(container) == 0,
          "control: a count that ends is taken, however late that is seen");

    pid_t pid = hold(container);
    patience = disk_next(disk);
    check(pid > 0 && patience < UINT64_MAX, "one that stands still has a deadline");
    check(disk_turn(disk, patience - 1) == 0, "until then it is waited for");
    check(disk_turn(disk, patience) == 0 && disk_next(disk) > patience, "and once a little longer");
    kill(pid, SIGCONT);
    check(is_done(disk, SOON_MS) && disk_turn(disk, disk_next(disk)) == 0, "in which it may still end");

    pid = hold(container);
    disk_turn(disk, disk_next(disk));
    check(pid > 0 && disk_turn(disk, disk_next(disk)) == -EDQUOT, "after that the limit has been passed");
    check(find_counter(container) == 0, "and the process of the count is gone");
    check(hold(container) > 0, "a count that stands still at the end of the container");
}

int main(int argc, char **argv)
{
    char tree[300];
    if (argc != 2 || !harness_init(argv[1]) || !make_tree(tree)) {
        printf("Bail out! no root filesystem could be made\n");
        return 99;
    }
    esq_container *container = start(tree);
    if (check(container != NULL, "a container with a limit of disk"))
        test(container);
    esq_container_free(container);
    check(!has_children(), "does not stop it: nothing is left");
    harness_done();
    return finish();
}
