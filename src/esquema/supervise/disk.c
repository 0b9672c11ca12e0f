/*
 * Counting what a container occupies on the host's disk. The kernel has no limit for that which a user could set, so a
 * short-lived process of ours adds up, again and again, what the file system has given to the files in the trees that
 * the container may write to, and to files without a name that its processes have open. It does that in the
 * container's user namespace: there it may look into folders that the payload has made unreadable.
 *
 * That process is a fork without a second thread: it makes system calls on memory that is ready, and nothing else. What
 * the payload can influence is bounded: how many entries, how deep, how many open files.
 */
#include "supervise/disk.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>

enum {
    ENTRIES_MAX = 1000000, /* files, folders, open descriptors: some seconds of work */
    DEPTH_MAX = 128,       /* each holds a descriptor of the counting process */
    UNNAMED_MAX = 4096,    /* files without a name that are known apart; further ones may count twice */
    ANCESTORS_MAX = 64,
    FAILURES_MAX = 25, /* in a row, of beginning a count */
};

/* Microseconds. Nobody writes faster than a GiB a second for long; a count takes a tenth of one processor at most. */
enum { WAIT_MIN = 200 * 1000, WAIT_MAX = 2 * 1000 * 1000, WORK_SHARE = 9 };

/*
 * A file system that does not answer must neither hold us nor lift the limit: a count that takes longer has failed. Who
 * was stopped and goes on finds that time over; so the count gets a little more of it once.
 */
enum { COUNT_TIME = 60 * 1000 * 1000, COUNT_MORE_TIME = 5 * 1000 * 1000, END_TIME = 100 * 1000 };

/* What the counting process says, in one write. */
struct count {
    uint64_t own;   /* bytes in trees of its own */
    uint64_t other; /* bytes in other trees, and of files without a name */
    int32_t result;
    uint32_t padding;
};

struct disk {
    uint64_t most, base, added;
    int userns; /* to look from, or -1 */
    pid_t init;
    pid_t counter; /* 0: none at work */
    int answer;    /* of it */
    unsigned failures;
    uint64_t begun, next;
    uint64_t patience; /* until then the count at work is waited for */
    bool is_late;      /* that has been prolonged */
    uint32_t tree_count;
    struct plan_disk_tree *trees; /* their paths: offsets in texts */
    char *texts;
};

/* ---- The counting process ---- */

struct entry {
    uint64_t inode;
    int64_t offset; /* of what follows */
    uint16_t size;
    uint8_t type;
    char name[];
};

struct place {
    int fd;
    int64_t offset;
};

struct counter {
    const struct disk *disk;
    uint64_t bytes;
    unsigned entries;
    struct place places[DEPTH_MAX];
    int depth;
    bool has_layer;
    dev_t devices[64];
    size_t device_count;
    struct {
        dev_t device;
        ino_t inode;
    } unnamed[UNNAMED_MAX];
    size_t unnamed_count;
    char names[8192] __attribute__((aligned(8)));
};

static int status_of(int folder, const char *name, int flags, struct stat *ret)
{
    return (int)SYS(SYS_newfstatat, folder, name, ret, flags);
}

/* A file with several names is counted in parts: all names that the payload can make lie in trees that are counted. */
static void add(struct counter *counter, const struct stat *found)
{
    uint64_t bytes = (uint64_t)found->st_blocks * 512;
    counter->bytes += !S_ISDIR(found->st_mode) && found->st_nlink > 1 ? bytes / found->st_nlink : bytes;
}

static int enter(struct counter *counter, int folder, const char *name)
{
    if (counter->depth == DEPTH_MAX)
        return -E2BIG;
    int fd = sys_openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (fd < 0) /* gone meanwhile, or of ids that are not the container's */
        return fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM ? fd : 0;
    counter->places[counter->depth++] = (struct place){ .fd = fd };
    return 1;
}

/* One piece of the innermost folder; 1: it has been left for one within. 0 at its end. */
static int read_names(struct counter *counter)
{
    struct place *place = &counter->places[counter->depth - 1];
    long size = SYS(SYS_getdents64, place->fd, counter->names, sizeof counter->names);
    if (size <= 0)
        return 0;
    for (long at = 0; at < size;) {
        const struct entry *entry = (const struct entry *)(counter->names + at);
        struct stat found;
        at += entry->size;
        place->offset = entry->offset;
        if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
            continue;
        if (++counter->entries > ENTRIES_MAX)
            return -E2BIG;
        if (status_of(place->fd, entry->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, &found) < 0)
            continue;
        add(counter, &found);
        int result = S_ISDIR(found.st_mode) ? enter(counter, place->fd, entry->name) : 0;
        if (result != 0)
            return result;
    }
    return 1;
}

static int count_folder(struct counter *counter, int folder)
{
    int result = enter(counter, folder, ".");
    while (counter->depth > 0 && result >= 0) {
        result = read_names(counter);
        if (result != 0)
            continue;
        sys_close(counter->places[--counter->depth].fd);
        if (counter->depth > 0) /* the names that were read are those of another folder: read on behind its own */
            SYS(SYS_lseek, counter->places[counter->depth - 1].fd, counter->places[counter->depth - 1].offset,
                SEEK_SET);
    }
    return result < 0 ? result : 0;
}

static int count_tree(struct counter *counter, const struct plan_disk_tree *tree)
{
    struct stat found;
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, counter->disk->texts + tree->path, O_PATH | O_NOFOLLOW, 0);
    if (fd < 0) /* nothing has been written yet */
        return fd == -ENOENT ? 0 : fd;
    int result = sys_fstat(fd, &found);
    if (result < 0)
        return result;
    if (tree->inode && (tree->device != found.st_dev || tree->inode != found.st_ino))
        return 0; /* replaced by somebody outside: the container has the old one */
    if (counter->device_count < sizeof counter->devices / sizeof *counter->devices)
        counter->devices[counter->device_count++] = found.st_dev;
    counter->has_layer |= tree->is_own != 0;
    add(counter, &found);
    return S_ISDIR(found.st_mode) ? count_folder(counter, fd) : 0;
}

/* ---- Files without a name ---- */

static bool is_counted_device(const struct counter *counter, int file, dev_t device)
{
    struct statfs system;
    for (size_t i = 0; i < counter->device_count; i++)
        if (counter->devices[i] == device)
            return true;
    /* Seen through the container's overlay, a file of its layer has another device. */
    return counter->has_layer && SYS(SYS_fstatfs, file, &system) == 0 && system.f_type == OVERLAYFS_SUPER_MAGIC;
}

static bool is_known(struct counter *counter, const struct stat *found)
{
    for (size_t i = 0; i < counter->unnamed_count; i++)
        if (counter->unnamed[i].device == found->st_dev && counter->unnamed[i].inode == found->st_ino)
            return true;
    if (counter->unnamed_count < UNNAMED_MAX) {
        counter->unnamed[counter->unnamed_count].device = found->st_dev;
        counter->unnamed[counter->unnamed_count++].inode = found->st_ino;
    }
    return false;
}

/* Numbers need no libc. */
static void print_path(char path[64], const char *pid, const char *rest)
{
    size_t at = 0;
    for (const char *p = "/proc/"; *p; p++)
        path[at++] = *p;
    for (const char *p = pid; *p && at < 40; p++)
        path[at++] = *p;
    for (const char *p = rest; *p && at < 62; p++)
        path[at++] = *p;
    path[at] = '\0';
}

static void print_number(char text[16], long number)
{
    char turned[16];
    int length = 0, at = 0;
    do
        turned[length++] = (char)('0' + number % 10);
    while ((number /= 10) > 0 && length < 15);
    while (length > 0)
        text[at++] = turned[--length];
    text[at] = '\0';
}

static long number_of(const char *text)
{
    long number = 0;
    for (const char *p = text; *p >= '0' && *p <= '9'; p++)
        number = number * 10 + (*p - '0');
    return number;
}

static bool is_unnamed(const struct stat *found)
{
    return S_ISREG(found->st_mode) && found->st_nlink == 0;
}

static void add_unnamed(struct counter *counter, int file, const struct stat *found)
{
    if (is_counted_device(counter, file, found->st_dev) && !is_known(counter, found))
        counter->bytes += (uint64_t)found->st_blocks * 512;
}

/* One of a table of descriptors: of the folder `fd` in /proc; or, with a pidfd, of `fdinfo`, which has its number only.
 */
static void count_open_file(struct counter *counter, int folder, int pidfd, const char *name)
{
    struct stat found;
    if (pidfd < 0 && (status_of(folder, name, AT_NO_AUTOMOUNT, &found) < 0 || !is_unnamed(&found)))
        return;
    _cleanup_fd_ int file =
        pidfd < 0 ? sys_openat(folder, name, O_PATH, 0) : (int)SYS(SYS_pidfd_getfd, pidfd, number_of(name), 0);
    if (file >= 0 && sys_fstat(file, &found) == 0 && is_unnamed(&found))
        add_unnamed(counter, file, &found);
}

static int count_table(struct counter *counter, int folder, int pidfd)
{
    char names[4096] __attribute__((aligned(8)));
    long size;
    while ((size = SYS(SYS_getdents64, folder, names, sizeof names)) > 0) {
        for (long at = 0; at < size; at += ((const struct entry *)(names + at))->size) {
            const struct entry *entry = (const struct entry *)(names + at);
            if (++counter->entries > ENTRIES_MAX)
                return -E2BIG;
            if (entry->name[0] != '.')
                count_open_file(counter, folder, pidfd, entry->name);
        }
    }
    return 0;
}

static int open_in_thread(int tasks, const char *thread, const char *rest)
{
    char path[64];
    size_t at = 0;
    for (const char *p = thread; *p && at < 40; p++)
        path[at++] = *p;
    for (const char *p = rest; *p && at < 62; p++)
        path[at++] = *p;
    path[at] = '\0';
    return sys_openat(tasks, path, O_RDONLY | O_DIRECTORY, 0);
}

static int open_thread(long thread)
{
    int pidfd = (int)SYS(SYS_pidfd_open, thread, O_EXCL); /* PIDFD_THREAD, Linux 6.9 */
    return pidfd == -EINVAL ? (int)SYS(SYS_pidfd_open, thread, 0) : pidfd;
}

/*
 * A thread may have a table of its own, and the first thread may have ended before the others. One that shares the
 * table of the thread before it is passed over; where the kernel does not tell, the table is looked through again.
 */
static int count_thread(struct counter *counter, int tasks, const char *name, long *ret_counted)
{
    long thread = number_of(name);
    if (++counter->entries > ENTRIES_MAX)
        return -E2BIG;
    if (*ret_counted && SYS(SYS_kcmp, *ret_counted, thread, KCMP_FILES, 0, 0) == 0)
        return 0;
    _cleanup_fd_ int pidfd = -1;
    _cleanup_fd_ int folder = open_in_thread(tasks, name, "/fd");
    if (folder ==
        -EACCES) { /* not dumpable, where root has no id inside: who may trace it has its files all the same */
        folder = open_in_thread(tasks, name, "/fdinfo");
        pidfd = folder < 0 ? -1 : open_thread(thread);
        if (folder >= 0 && pidfd < 0)
            return pidfd == -EMFILE || pidfd == -ENFILE || pidfd == -ENOMEM ? pidfd : 0;
    }
    if (folder < 0) /* it has ended */
        return folder == -EMFILE || folder == -ENFILE || folder == -ENOMEM ? folder : 0;
    *ret_counted = thread;
    return count_table(counter, folder, pidfd);
}

static int count_process(struct counter *counter, const char *pid)
{
    char path[64], names[4096] __attribute__((aligned(8)));
    print_path(path, pid, "/task");
    _cleanup_fd_ int tasks = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    long size, counted = 0;
    int result = 0;
    while (tasks >= 0 && result == 0 && (size = SYS(SYS_getdents64, tasks, names, sizeof names)) > 0) {
        for (long at = 0; at < size && result == 0; at += ((const struct entry *)(names + at))->size) {
            const struct entry *entry = (const struct entry *)(names + at);
            if (entry->name[0] != '.')
                result = count_thread(counter, tasks, entry->name, &counted);
        }
    }
    return result;
}

/* The parent's number, behind the name in parentheses and the state. */
static long parent_of(long pid)
{
    char path[64], number[16], text[512];
    print_number(number, pid);
    print_path(path, number, "/stat");
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
    ssize_t size = fd < 0 ? fd : sys_read(fd, text, sizeof text - 1);
    long parent = 0;
    while (size > 0 && text[size - 1] != ')')
        size--;
    if (size <= 0)
        return 0;
    text[sizeof text - 1] = '\0';
    for (const char *p = text + size + 3; *p >= '0' && *p <= '9'; p++)
        parent = parent * 10 + (*p - '0');
    return parent;
}

/* Of its pid namespace, as what `esquema exec` has put there; or a descendant, as what has namespaces of its own. */
static bool is_inside(const struct counter *counter, const char *pid, ino_t namespace)
{
    char path[64];
    struct stat found;
    long number = number_of(pid);
    print_path(path, pid, "/ns/pid");
    if (namespace && status_of(AT_FDCWD, path, 0, &found) == 0 && found.st_ino == namespace)
        return true;
    for (int i = 0; i < ANCESTORS_MAX && number > 1; i++, number = parent_of(number))
        if (number == counter->disk->init)
            return true;
    return false;
}

/* The pid namespace that the container has for itself, or 0. */
static ino_t own_pid_namespace(const struct disk *disk)
{
    char path[64], number[16];
    struct stat theirs, ours;
    print_number(number, disk->init);
    print_path(path, number, "/ns/pid");
    if (status_of(AT_FDCWD, path, 0, &theirs) < 0 || status_of(AT_FDCWD, "/proc/self/ns/pid", 0, &ours) < 0 ||
        theirs.st_ino == ours.st_ino)
        return 0;
    return theirs.st_ino;
}

static int count_unnamed(struct counter *counter)
{
    char names[8192] __attribute__((aligned(8)));
    ino_t namespace = own_pid_namespace(counter->disk);
    _cleanup_fd_ int proc = sys_openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY, 0);
    long size;
    int result = 0;
    while (proc >= 0 && result == 0 && (size = SYS(SYS_getdents64, proc, names, sizeof names)) > 0) {
        for (long at = 0; at < size && result == 0; at += ((const struct entry *)(names + at))->size) {
            const struct entry *entry = (const struct entry *)(names + at);
            if (entry->name[0] >= '1' && entry->name[0] <= '9' && is_inside(counter, entry->name, namespace))
                result = count_process(counter, entry->name);
        }
    }
    return result;
}

static struct count count_all(const struct disk *disk, struct counter *counter)
{
    struct count count = { 0 };
    counter->disk = disk;
    for (uint32_t i = 0; i < disk->tree_count && count.result == 0; i++) {
        counter->bytes = 0;
        count.result = count_tree(counter, &disk->trees[i]);
        *(disk->trees[i].is_own ? &count.own : &count.other) += counter->bytes;
    }
    counter->bytes = 0;
    if (count.result == 0)
        count.result = count_unnamed(counter);
    count.other += counter->bytes;
    return count;
}

/* Somebody may wait for the end of a pipe of the host's. */
static void close_others(int one, int other)
{
    int low = one < other ? one : other, high = one < other ? other : one;
    if (low > 0)
        sys_close_range(0, (unsigned)low - 1);
    if (high > low + 1)
        sys_close_range((unsigned)(low + 1), (unsigned)high - 1);
    sys_close_range((unsigned)high + 1, ~0u);
}

__attribute__((noreturn)) static void count_and_exit(const struct disk *disk, struct counter *counter, int answer)
{
    sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    close_others(answer, disk->userns);
    /* In there the payload's namespace has rights over us; what we hold is the host's. */
    int result = sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (result == 0 && disk->userns >= 0)
        result = (int)SYS(SYS_setns, disk->userns, CLONE_NEWUSER);
    struct count count = { .result = result };
    if (result == 0)
        count = count_all(disk, counter);
    sys_write_all(answer, &count, sizeof count);
    sys_exit(0);
}

/* ---- Our side ---- */

/* One that stands in a call which the kernel does not break off is left to it, and to whoever buries our orphans. */
static void bury(pid_t counter, int answer)
{
    int status;
    struct pollfd closed = { .fd = answer };
    raw_syscall(SYS_kill, counter, SIGKILL, 0, 0, 0, 0);
    sys_poll(&closed, 1, END_TIME); /* its end of the pipe goes before it can be waited for */
    bool has_ended = closed.revents & POLLHUP;
    sys_wait(counter, &status, NULL, __WALL | (has_ended ? 0 : WNOHANG));
}

static void forget_counter(struct disk *disk)
{
    if (disk->counter > 0)
        bury(disk->counter, disk->answer);
    disk->counter = 0;
    sys_close(disk->answer);
    disk->answer = -1;
}

/* Without a signal at its end: a host that waits for its children does not meet it. */
static int begin_count(struct disk *disk)
{
    int ends[2];
    int result = sys_pipe(ends);
    if (result < 0)
        return result;
    uint64_t signals;
    struct counter *counter = calloc(1, sizeof *counter); /* for the fork; here it stays unused */
    sys_block_signals(&signals);
    long pid = counter ? SYS(SYS_clone, 0) : -ENOMEM;
    if (pid == 0)
        count_and_exit(disk, counter, ends[1]);
    sys_restore_signals(&signals);
    free(counter);
    sys_close(ends[1]);
    if (pid < 0) {
        sys_close(ends[0]);
        return (int)pid;
    }
    disk->counter = (pid_t)pid;
    disk->answer = ends[0];
    disk->begun = sys_monotonic_microseconds();
    disk->patience = disk->begun + COUNT_TIME;
    disk->is_late = false;
    return 0;
}

static int take_count(struct disk *disk, struct count *ret_count)
{
    ssize_t size = sys_read(disk->answer, ret_count, sizeof *ret_count);
    forget_counter(disk);
    return size == (ssize_t)sizeof *ret_count ? ret_count->result : -EPIPE;
}

static uint64_t longer(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

/* The nearer the limit, the sooner; and nine times as long as the count itself took. */
static void plan_next(struct disk *disk, uint64_t now)
{
    uint64_t left = disk->most > disk->added ? disk->most - disk->added : 0;
    uint64_t wait = left / 1074; /* microseconds that a GiB a second needs for it */
    wait = wait < WAIT_MIN ? WAIT_MIN : wait > WAIT_MAX ? WAIT_MAX : wait;
    disk->next = now + longer(wait, (now - disk->begun) * WORK_SHARE);
}

static int judge(struct disk *disk, int result, const struct count *count, uint64_t now)
{
    if (result == -E2BIG || result == -ETIMEDOUT)
        return -EDQUOT;
    if (result < 0) { /* no process or descriptor to be had at this moment */
        disk->next = now + WAIT_MIN;
        return ++disk->failures > FAILURES_MAX ? -EDQUOT : 0;
    }
    disk->failures = 0;
    uint64_t all = count->own + count->other;
    disk->added = all > disk->base ? all - disk->base : 0;
    plan_next(disk, now);
    return disk->added > disk->most ? -EDQUOT : 0;
}

static int lose_patience(struct disk *disk, uint64_t now)
{
    if (now < disk->patience)
        return 0;
    if (disk->is_late) {
        forget_counter(disk);
        return judge(disk, -ETIMEDOUT, NULL, now);
    }
    disk->is_late = true;
    disk->patience = now + COUNT_MORE_TIME;
    return 0;
}

int disk_turn(struct disk *disk, uint64_t now)
{
    struct count count;
    struct pollfd ready = { .fd = disk->answer, .events = POLLIN };
    if (disk->counter == 0 && now < disk->next)
        return 0;
    if (disk->counter == 0) {
        disk->begun = now;
        int result = begin_count(disk);
        return result < 0 ? judge(disk, result, NULL, now) : 0;
    }
    if (sys_poll(&ready, 1, 0) <= 0)
        return lose_patience(disk, now);
    int result = take_count(disk, &count);
    return judge(disk, result, &count, now);
}

int disk_poll(const struct disk *disk)
{
    return disk->counter > 0 ? disk->answer : -1;
}

uint64_t disk_next(const struct disk *disk)
{
    return disk->counter > 0 ? disk->patience : disk->next;
}

uint64_t disk_added(const struct disk *disk)
{
    return disk->added;
}

uint64_t disk_base(const struct disk *disk)
{
    return disk->base;
}

void disk_set_base(struct disk *disk, uint64_t base)
{
    disk->base = base;
}

static int await_count(struct disk *disk, struct count *ret_count)
{
    struct pollfd ready = { .fd = disk->answer, .events = POLLIN };
    int result;
    do {
        uint64_t now = sys_monotonic_microseconds();
        result = sys_poll(&ready, 1, now < disk->patience ? (int64_t)(disk->patience - now) : 0);
    } while (result == -EINTR);
    if (result > 0)
        return take_count(disk, ret_count);
    forget_counter(disk);
    return result < 0 ? result : -ETIMEDOUT;
}

int disk_begin(struct disk *disk, pid_t init, esq_error *ret_error)
{
    struct count count = { 0 };
    char path[64];
    struct stat theirs, ours;
    disk->init = init;
    snprintf(path, sizeof path, "/proc/%d/ns/user", init);
    disk->userns = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
    if (disk->userns >= 0 && sys_fstat(disk->userns, &theirs) == 0 &&
        status_of(AT_FDCWD, "/proc/self/ns/user", 0, &ours) == 0 && theirs.st_ino == ours.st_ino) {
        sys_close(disk->userns); /* its own is ours */
        disk->userns = -1;
    }
    int result = begin_count(disk);
    if (result == 0)
        result = await_count(disk, &count);
    if (result == -ETIMEDOUT)
        return esq_fail(ret_error, NULL, ETIMEDOUT,
                        "does the file system answer? name smaller trees, or lift the limit",
                        "count the files that are in the trees it may write to, in a minute");
    if (result == -E2BIG)
        return esq_fail(ret_error, NULL, 0, "name smaller ones, or lift the limit of disk",
                        "the trees that it may write to are too large to be counted: more than %d files, or deeper "
                        "than %d folders",
                        ENTRIES_MAX, DEPTH_MAX);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, "lift the limit of disk",
                        "count the files that are in the trees it may write to");
    disk->base = count.other;
    disk->added = count.own;
    plan_next(disk, sys_monotonic_microseconds());
    return 0;
}

/* ---- Opening ---- */

/* A tree within another one is counted with it. */
static bool is_within(const struct plan_block *block, const struct plan_disk_tree *tree,
                      const struct plan_disk_tree *other)
{
    const char *path = STEP_TEXT(block, tree->path), *around = STEP_TEXT(block, other->path);
    size_t length = strlen(around);
    if (tree == other || strncmp(path, around, length) != 0)
        return false;
    if (path[length] == '\0')
        return tree > other;
    return path[length] == '/' || (length > 0 && around[length - 1] == '/');
}

static bool is_counted_elsewhere(const struct plan_block *block, const struct plan_disk_tree *trees, uint32_t index)
{
    for (uint32_t i = 0; i < block->disk_tree_count; i++)
        if (is_within(block, &trees[index], &trees[i]))
            return true;
    return false;
}

static bool copy_trees(struct disk *disk, const struct plan_block *block)
{
    const struct plan_disk_tree *trees = (const struct plan_disk_tree *)STEP_TEXT(block, block->disk_trees);
    size_t size = 0;
    for (uint32_t i = 0; i < block->disk_tree_count; i++)
        size += strlen(STEP_TEXT(block, trees[i].path)) + 1;
    disk->trees = calloc(block->disk_tree_count, sizeof *disk->trees);
    disk->texts = malloc(size);
    size_t at = 0;
    for (uint32_t i = 0; disk->trees && disk->texts && i < block->disk_tree_count; i++) {
        const char *path = STEP_TEXT(block, trees[i].path);
        if (is_counted_elsewhere(block, trees, i))
            continue;
        disk->trees[disk->tree_count] = trees[i];
        disk->trees[disk->tree_count++].path = (uint32_t)at;
        memcpy(disk->texts + at, path, strlen(path) + 1);
        at += strlen(path) + 1;
    }
    return disk->trees && disk->texts;
}

int disk_open(const struct plan_block *block, struct disk **ret_disk)
{
    *ret_disk = NULL;
    if (block->disk_max == 0 || block->disk_tree_count == 0)
        return 0;
    struct disk *disk = calloc(1, sizeof *disk);
    if (!disk)
        return -ENOMEM;
    disk->userns = disk->answer = -1;
    disk->most = block->disk_max;
    if (!copy_trees(disk, block)) {
        disk_close(disk);
        return -ENOMEM;
    }
    *ret_disk = disk;
    return 0;
}

void disk_close(struct disk *disk)
{
    if (!disk)
        return;
    forget_counter(disk);
    sys_close(disk->userns);
    free(disk->trees);
    free(disk->texts);
    free(disk);
}
