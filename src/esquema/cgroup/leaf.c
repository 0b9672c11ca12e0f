/* See leaf.h. Knows files of cgroups; not how a container is started, and not what systemd is told. */
#include "cgroup/leaf.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include "cgroup/files.h"
#include "plan/plan.h"

#define PREFIX   "esquema-"
#define OWN_LEAF "esquema" /* as the example of a unit calls it (DelegateSubgroup=): no container has that name */

enum {
    STALE_MAX = 64,                 /* looked at by one start */
    END_MICROSECONDS = 5 * 1000000, /* killed processes are gone by then, or hang in the kernel */
    HOLDER_STACK = 16 << 10,
    STALE_MICROSECONDS = 1000000,     /* for all of them together; what takes longer is left to the next */
    SCOPE_MICROSECONDS = 2 * 1000000, /* until systemd has removed a scope */
    /* Until others who start at this moment have left the folder too, for all controllers together: they leave it when
     * their description was evaluated. */
    LEAVE_MICROSECONDS = 10 * 1000000,
};

void cgroup_init(struct cgroup *cgroup)
{
    *cgroup = (struct cgroup){ .parent = -1, .folder = -1, .holder_pidfd = -1, .holder_end = -1 };
}

static void close_own(int *fd)
{
    sys_close(*fd);
    *fd = -1;
}

static const struct step *find_step(const struct plan_block *block)
{
    for (uint32_t i = 0; i < block->step_count; i++)
        if (plan_step(block, i)->kind == STEP_CGROUP)
            return plan_step(block, i);
    return NULL;
}

static const struct cgroup_step *plan_of(const struct plan_block *block)
{
    const struct step *step = find_step(block);
    return step ? STEP_DATA(block, step, struct cgroup_step) : NULL;
}

bool cgroup_is_planned(const struct plan_block *block)
{
    return find_step(block) != NULL;
}

bool cgroup_must_be_given(const struct plan_block *block)
{
    const struct cgroup_step *plan = plan_of(block);
    return plan && plan->source == CGROUP_SYSTEMD;
}

/* ---- Folders ---- */

static int remove_folder(int parent, const char *name)
{
    return (int)SYS(SYS_unlinkat, parent, name, AT_REMOVEDIR);
}

static bool is_populated(int folder)
{
    char text[256];
    uint64_t number;
    return cgroup_read(folder, "cgroup.events", text, sizeof(text)) >= 0 && cgroup_number(text, "populated", &number) &&
           number != 0;
}

/* The kernel announces changes of the file to whoever polls it. */
static void wait_until_empty(int folder, uint64_t until)
{
    _cleanup_fd_ int events = sys_openat(folder, "cgroup.events", O_RDONLY, 0);
    while (events >= 0 && is_populated(folder) && sys_monotonic_microseconds() < until) {
        struct pollfd changed = { .fd = events, .events = POLLPRI };
        sys_poll(&changed, 1, 10000);
    }
}

/* A cgroup is busy for a moment after its last process has gone. */
static void remove_patiently(int parent, const char *name, uint64_t until)
{
    while (remove_folder(parent, name) == -EBUSY && sys_monotonic_microseconds() < until)
        sys_poll(NULL, 0, 1000);
}

static bool make_name(char *ret_name, size_t size, const char *suffix)
{
    uint64_t random;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return false;
    snprintf(ret_name, size, PREFIX "%016llx%s", (unsigned long long)random, suffix);
    return true;
}

/*
 * Nobody's lock is on it: its owner was killed before it could clean up. What is still in it dies at this moment, or
 * would live on where it shares the host's processes.
 */
static void remove_if_stale(int parent, const char *name, uint64_t until)
{
    _cleanup_fd_ int fd = sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (fd < 0 || SYS(SYS_flock, fd, LOCK_EX | LOCK_NB) < 0)
        return;
    if (is_populated(fd)) {
        cgroup_write(fd, "cgroup.kill", "1");
        wait_until_empty(fd, until);
    }
    remove_patiently(parent, name, until);
}

static void remove_stale(int parent)
{
    uint64_t until = sys_monotonic_microseconds() + STALE_MICROSECONDS;
    int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;
    if (!directory) {
        sys_close(copy);
        return;
    }
    for (int count = 0; count < STALE_MAX && (entry = readdir(directory));)
        if (strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) == 0) {
            remove_if_stale(parent, entry->d_name, until);
            count++;
        }
    closedir(directory);
}

void cgroup_remove_stale(void)
{
    struct cgroup_place *place = malloc(sizeof(*place));
    if (!place)
        return;
    cgroup_find(place);
    /* What systemd made for a dead owner it removes by itself. */
    _cleanup_fd_ int parent =
        place->source == CGROUP_DELEGATED ? sys_openat(AT_FDCWD, place->parent, O_RDONLY | O_DIRECTORY, 0) : -1;
    if (parent >= 0)
        remove_stale(parent);
    free(place);
}

/* Between mkdir and the lock another start may take it for stale: then it is made again. */
static int make_folder(struct cgroup *cgroup)
{
    for (int tries = 0;; tries++) {
        if (!make_name(cgroup->name, sizeof(cgroup->name), ""))
            return -EIO;
        int result = sys_mkdirat(cgroup->parent, cgroup->name, 0755);
        if (result < 0)
            return result;
        cgroup->folder = sys_openat(cgroup->parent, cgroup->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        if (cgroup->folder < 0 && (cgroup->folder != -ENOENT || tries > 8)) {
            remove_folder(cgroup->parent, cgroup->name);
            return cgroup->folder;
        }
        struct stat there;
        if (cgroup->folder >= 0 && SYS(SYS_flock, cgroup->folder, LOCK_EX | LOCK_NB) == 0 &&
            fstatat(cgroup->parent, cgroup->name, &there, AT_SYMLINK_NOFOLLOW) == 0)
            return 0;
        remove_folder(cgroup->parent, cgroup->name);
        close_own(&cgroup->folder);
        if (tries > 8)
            return -EAGAIN;
    }
}

static int enable_controller(int folder, const char *name, uint64_t until)
{
    char text[64];
    int result;
    snprintf(text, sizeof(text), "+%s", name);
    while ((result = cgroup_write(folder, "cgroup.subtree_control", text)) == -EBUSY &&
           sys_monotonic_microseconds() < until)
        sys_poll(NULL, 0, 1000);
    return result;
}

/* Those that are missing, one at a time: one that cannot be had must not take the others along. */
static int enable_controllers(int folder, uint32_t wanted)
{
    char text[512];
    int result = cgroup_read(folder, "cgroup.subtree_control", text, sizeof(text));
    if (result < 0)
        return result;
    uint32_t missing = wanted & ~cgroup_parse_controllers(text);
    uint64_t until = sys_monotonic_microseconds() + LEAVE_MICROSECONDS;
    for (int i = 0; i < CGROUP_CONTROLLER_COUNT; i++) {
        if (!(missing & 1u << i))
            continue;
        if ((result = enable_controller(folder, cgroup_controller_name((enum cgroup_controller)i), until)) < 0)
            return result;
    }
    return 0;
}

/* ---- Limits ---- */

/* "0-1,3" as bits; false when it is none or needs more than there are. */
static bool parse_list(const char *text, uint64_t ret_bits[16])
{
    memset(ret_bits, 0, 16 * sizeof(*ret_bits));
    while (*text >= '0' && *text <= '9') {
        char *end;
        unsigned long first = strtoul(text, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (last < first || last >= 1024)
            return false;
        for (unsigned long i = first; i <= last; i++)
            ret_bits[i / 64] |= UINT64_C(1) << i % 64;
        text = end + (*end == ',');
    }
    return *text == '\0' || *text == '\n';
}

/* Each "KEY=VALUE" of "MAJOR:MINOR KEY=VALUE" must stand in the device's line. */
static bool has_line(const char *found, const char *wanted)
{
    size_t device = strcspn(wanted, " ");
    const char *setting = wanted + device, *line = found;
    while (line && !(strncmp(line, wanted, device) == 0 && line[device] == ' '))
        line = (line = strchr(line, '\n')) ? line + 1 : NULL;
    if (!line)
        return false;
    size_t length = strcspn(line, "\n"), size = strlen(setting);
    for (size_t i = device; i + size <= length; i++)
        if (memcmp(line + i, setting, size) == 0 && (i + size == length || line[i + size] == ' '))
            return true;
    return false;
}

static bool is_same(const struct cgroup_limit *limit, const char *found, const char *wanted)
{
    if (limit->flags & CGROUP_LIMIT_LINES)
        return has_line(found, wanted);
    if (limit->flags & CGROUP_LIMIT_LIST) {
        uint64_t one[16], other[16];
        return parse_list(found, one) && parse_list(wanted, other) && memcmp(one, other, sizeof(one)) == 0;
    }
    if (limit->flags & CGROUP_LIMIT_ROUNDED) {
        unsigned long long is = strtoull(found, NULL, 10), asked = strtoull(wanted, NULL, 10);
        return *found >= '0' && *found <= '9' && is <= asked && asked - is < (64 << 10); /* a page, of any machine */
    }
    size_t length = strlen(wanted);
    return strncmp(found, wanted, length) == 0 && (found[length] == '\n' || found[length] == '\0');
}

static int set_limit(const struct plan_block *block, int folder, const struct cgroup_limit *limit,
                     const char **ret_detail)
{
    char found[8192];
    const char *file = STEP_TEXT(block, limit->file), *value = STEP_TEXT(block, limit->value);
    int result = cgroup_write(folder, file, value);
    if (result == -ENOENT && limit->flags & CGROUP_LIMIT_OPTIONAL)
        return 0;
    if (result < 0) {
        *ret_detail = "write the limit";
        return result;
    }
    result = cgroup_read(folder, file, found, sizeof(found));
    if (result < 0 || !is_same(limit, found, value)) {
        *ret_detail = result < 0 ? "read the limit back" : "the kernel took another limit";
        return result < 0 ? result : -EOVERFLOW;
    }
    return 0;
}

static int set_limits(const struct plan_block *block, struct cgroup *cgroup, const struct step **ret_step,
                      const char **ret_detail)
{
    for (uint32_t i = 0; i < block->step_count; i++) {
        const struct step *step = plan_step(block, i);
        if (step->kind != STEP_CGROUP_LIMIT || step->flags & STEP_SKIP)
            continue;
        int result = set_limit(block, cgroup->folder, STEP_DATA(block, step, struct cgroup_limit), ret_detail);
        if (result < 0) {
            *ret_step = step;
            return result;
        }
    }
    return 0;
}

/* ---- The holder of a scope ---- */

/* Runs in our memory, as the mute child does: system calls only. Ends with us, or when the other end is closed. */
static void hold(void *argument)
{
    int end = *(const int *)argument;
    char nothing;
    sys_default_signals();
    sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    raw_syscall(SYS_prctl, PR_SET_NAME, (long)"esquema-scope", 0, 0, 0, 0);
    if (end > 0)
        sys_close_range(0, (unsigned)end - 1);
    sys_close_range((unsigned)end + 1, ~0u);
    sys_read(end, &nothing, 1);
    sys_exit(0);
}

static int start_holder(struct cgroup *cgroup)
{
    int ends[2];
    char *stack = mmap(NULL, HOLDER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED)
        return -ENOMEM;
    int result = sys_pipe(ends);
    if (result < 0) {
        munmap(stack, HOLDER_STACK);
        return result;
    }
    *(int *)stack = ends[0];
    int pidfd = -1;
    long pid = raw_clone(CLONE_VM | CLONE_PIDFD | SIGCHLD, stack + HOLDER_STACK, &pidfd, hold, stack);
    sys_close(ends[0]);
    if (pid < 0) {
        sys_close(ends[1]);
        munmap(stack, HOLDER_STACK);
        return (int)pid;
    }
    cgroup->holder = (pid_t)pid;
    cgroup->holder_pidfd = pidfd;
    cgroup->holder_end = ends[1];
    cgroup->holder_stack = stack;
    return 0;
}

static void end_holder(struct cgroup *cgroup)
{
    int status;
    if (cgroup->holder <= 0)
        return;
    sys_pidfd_signal(cgroup->holder_pidfd, SIGKILL);
    sys_wait(cgroup->holder, &status, NULL, 0);
    /* Gone for certain, whoever has taken its status: only then may its stack go. */
    struct pollfd gone = { .fd = cgroup->holder_pidfd, .events = POLLIN };
    sys_poll(&gone, 1, -1);
    close_own(&cgroup->holder_pidfd);
    close_own(&cgroup->holder_end);
    munmap(cgroup->holder_stack, HOLDER_STACK);
    cgroup->holder_stack = NULL;
    cgroup->holder = 0;
}

static int make_scope(const struct plan_block *block, const struct cgroup_step *plan, pid_t child,
                      struct cgroup *cgroup, const char **ret_detail)
{
    *ret_detail = "start a process that keeps the scope";
    int result = start_holder(cgroup);
    if (result < 0)
        return result;
    pid_t pids[2] = { cgroup->holder, child };
    if (!make_name(cgroup->name, sizeof(cgroup->name), ".scope"))
        return -EIO;
    result = cgroup_scope_make(STEP_TEXT(block, plan->bus), cgroup->name, pids, 2, ret_detail);
    if (result < 0)
        return result;
    *ret_detail = "open the scope that systemd made";
    cgroup->parent = cgroup_open_of(cgroup->holder, cgroup->name);
    if (cgroup->parent < 0)
        return cgroup->parent;
    *ret_detail = "make a leaf for what keeps the scope";
    result = sys_mkdirat(cgroup->parent, "holder", 0755);
    char number[16];
    snprintf(number, sizeof(number), "%d", cgroup->holder);
    return result < 0 ? result : cgroup_write(cgroup->parent, "holder/cgroup.procs", number);
}

/* ---- Ourselves ---- */

static bool are_inside(const char *path)
{
    char own[2 * CGROUP_PATH_MAX];
    return cgroup_path_of(getpid(), own, sizeof(own)) == 0 && strcmp(own, path) == 0;
}

/* The leaf stays: we are in it until our end, and whoever comes next goes there too. */
int cgroup_settle(const struct plan_block *block, esq_error *ret_error)
{
    const struct cgroup_step *plan = plan_of(block);
    if (!plan || !plan->is_inhabited)
        return 0;
    const char *path = STEP_TEXT(block, plan->parent);
    _cleanup_fd_ int parent = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    int result = parent < 0 ? parent : 0;
    if (result == 0 && are_inside(path)) {
        result = sys_mkdirat(parent, OWN_LEAF, 0755);
        if (result == 0 || result == -EEXIST)
            result = cgroup_write(parent, OWN_LEAF "/cgroup.procs", "0");
    }
    return result == 0 ? 0
                       : esq_fail(ret_error, NULL, -result, "`esquema doctor` says where cgroups can be made",
                                  "go into a cgroup of our own in %s", path);
}

/* ---- Making ---- */

static int make_leaf(const struct plan_block *block, const struct cgroup_step *plan, pid_t child, struct cgroup *cgroup,
                     const char **ret_detail)
{
    int result = 0;
    if (plan->source == CGROUP_SYSTEMD) {
        if ((result = make_scope(block, plan, child, cgroup, ret_detail)) < 0)
            return result;
    } else {
        *ret_detail = "open the folder of cgroups";
        cgroup->parent = sys_openat(AT_FDCWD, STEP_TEXT(block, plan->parent), O_RDONLY | O_DIRECTORY, 0);
        if (cgroup->parent < 0)
            return cgroup->parent;
        remove_stale(cgroup->parent);
    }
    *ret_detail = "make the folder";
    if ((result = make_folder(cgroup)) < 0)
        return result;
    if (child > 0 && (result = cgroup_move(cgroup, child)) < 0) {
        *ret_detail = "move the child";
        return result;
    }
    *ret_detail = "enable controllers";
    result = enable_controllers(cgroup->parent, plan->controllers);
    if (result == -EBUSY)
        *ret_detail = "enable controllers: processes stay in this cgroup";
    return result;
}

int cgroup_make(const struct plan_block *block, pid_t child, struct cgroup *cgroup, const struct step **ret_step,
                const char **ret_detail)
{
    const struct cgroup_step *plan = plan_of(block);
    *ret_step = find_step(block);
    *ret_detail = NULL;
    int result = make_leaf(block, plan, child, cgroup, ret_detail);
    if (result == 0)
        result = set_limits(block, cgroup, ret_step, ret_detail);
    if (result < 0)
        cgroup_end(cgroup);
    return result;
}

int cgroup_move(const struct cgroup *cgroup, pid_t pid)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", pid);
    return cgroup_write(cgroup->folder, "cgroup.procs", number);
}

/* ---- While it runs ---- */

void cgroup_kill(const struct cgroup *cgroup)
{
    if (cgroup->folder >= 0)
        cgroup_write(cgroup->folder, "cgroup.kill", "1");
}

int cgroup_freeze(const struct cgroup *cgroup, bool is_frozen)
{
    return cgroup->folder < 0 ? -ENODATA : cgroup_write(cgroup->folder, "cgroup.freeze", is_frozen ? "1" : "0");
}

static uint64_t read_number(int folder, const char *file, const char *key)
{
    uint64_t number = 0;
    char text[4096];
    if (cgroup_read(folder, file, text, sizeof(text)) >= 0)
        cgroup_number(text, key, &number);
    return number;
}

/* "8:0 rbytes=1 wbytes=2 rios=...", a line for each device. */
static void count_io(int folder, struct cgroup_counts *counts)
{
    char text[8192];
    if (cgroup_read(folder, "io.stat", text, sizeof(text)) < 0)
        return;
    for (const char *at = text; (at = strstr(at, "bytes=")); at += 6) {
        uint64_t number = strtoull(at + 6, NULL, 10);
        if (at > text && at[-1] == 'r')
            counts->read_bytes += number;
        else if (at > text && at[-1] == 'w')
            counts->written_bytes += number;
    }
}

static int count_folder(int folder, struct cgroup_counts *ret_counts)
{
    struct cgroup_counts counts = { 0 };
    char text[4096];
    int result = cgroup_read(folder, "cpu.stat", text, sizeof(text));
    if (result < 0)
        return result;
    cgroup_number(text, "user_usec", &counts.user_microseconds);
    cgroup_number(text, "system_usec", &counts.system_microseconds);
    cgroup_number(text, "throttled_usec", &counts.throttled_microseconds);
    counts.memory = read_number(folder, "memory.current", NULL);
    counts.memory_peak = read_number(folder, "memory.peak", NULL);
    counts.memory_limit = read_number(folder, "memory.max", NULL);
    counts.swap = read_number(folder, "memory.swap.current", NULL);
    counts.oom_kills = read_number(folder, "memory.events", "oom_kill");
    counts.processes = read_number(folder, "pids.current", NULL);
    counts.processes_peak = read_number(folder, "pids.peak", NULL);
    counts.processes_limit = read_number(folder, "pids.max", NULL);
    counts.refused_forks = read_number(folder, "pids.events", "max");
    count_io(folder, &counts);
    if (counts.memory_peak < counts.memory)
        counts.memory_peak = counts.memory;
    *ret_counts = counts;
    return 0;
}

int cgroup_count(const struct cgroup *cgroup, struct cgroup_counts *ret_counts)
{
    return cgroup->folder < 0 ? -ENODATA : count_folder(cgroup->folder, ret_counts);
}

int cgroup_count_of(pid_t pid, struct cgroup_counts *ret_counts)
{
    _cleanup_fd_ int folder = cgroup_open_of(pid, PREFIX);
    return folder < 0 ? -ENODATA : count_folder(folder, ret_counts);
}

/* ---- The end ---- */

/* systemd removes a scope by itself when it is empty; whoever asks afterwards should find nothing. */
static void wait_for_scope(int scope)
{
    uint64_t until = sys_monotonic_microseconds() + SCOPE_MICROSECONDS;
    char text[256];
    while (cgroup_read(scope, "cgroup.events", text, sizeof(text)) >= 0 && sys_monotonic_microseconds() < until)
        sys_poll(NULL, 0, 1000);
}

void cgroup_end(struct cgroup *cgroup)
{
    uint64_t until = sys_monotonic_microseconds() + END_MICROSECONDS;
    bool is_scope = cgroup->holder > 0;
    if (cgroup->folder >= 0) {
        if (is_populated(cgroup->folder))
            cgroup_kill(cgroup);
        wait_until_empty(cgroup->folder, until);
        cgroup_count(cgroup, &cgroup->counts);
        remove_patiently(cgroup->parent, cgroup->name, until);
    }
    close_own(&cgroup->folder);
    end_holder(cgroup);
    if (is_scope && cgroup->parent >= 0) {
        remove_patiently(cgroup->parent, "holder", until);
        wait_for_scope(cgroup->parent);
    }
    close_own(&cgroup->parent);
}
