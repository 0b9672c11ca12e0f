/*
 * floor: the least that a start can cost. A plain program that makes the kernel calls of a whole container start, one
 * after the other, with constants where the runtime has a plan: seven namespaces, id maps, the root bound and pivoted
 * to, /proc with its masks, /dev, /tmp, loopback, descriptors, capabilities, no-new-privs, Landlock, a filter of the
 * same length, the same init between, report and result pipes. What the runtime takes beyond it is its own.
 *
 *   floor [--times COUNT] ROOTFS COMMAND [ARGUMENT...]
 *
 * Exits with the command's status. With --times it starts COUNT containers and prints the microseconds of each, from
 * before its first call to after the last. ROOTFS must hold proc, dev and tmp. It knows one kernel, the running one,
 * and stops with a line number at the first call that fails; it is a yardstick, not a runtime.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/securebits.h>

#include "esquema/launch/init_job.h"
#include "esquema/sys/raw.h"

#define CALL(...) CALL_ARGUMENTS(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define CALL_ARGUMENTS(n, a, b, c, d, e, f, ...) \
    raw_syscall((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* A call that has to succeed. */
#define MUST(...) must(CALL(__VA_ARGS__), __LINE__)

#define NAMESPACES \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* Landlock up to version 6, and what else the machine's headers may be too old for. */
enum { LANDLOCK_ALL_FILES = 0xffff, LANDLOCK_FIVE_FILES = 0x1fff, MFD_EXECUTABLE = 0x10 };

extern const unsigned char esq_init_program[];
extern const size_t esq_init_program_size;

static const struct sock_filter filter[] = {
#include "floor_filter.h"
};

/* Descriptors of the child from here on. */
enum { REPORT = 3, RESULT = 4, JOB = 5, INIT = 6, RULESET = 7, OURS = 8 };

static const char *const mask_candidates[] = {
    "acpi",        "asound",   "bus",           "driver",     "fs",         "irq",  "scsi",
    "interrupts",  "kallsyms", "kcore",         "key-users",  "keys",       "kmsg", "latency_stats",
    "sched_debug", "slabinfo", "sysrq-trigger", "timer_list", "vmallocinfo"
};

struct mask {
    char path[32];
    bool is_file;
};

/* What is ready before the start. */
static struct {
    const char *rootfs;
    struct mask masks[sizeof mask_candidates / sizeof mask_candidates[0]];
    size_t mask_count;
    uint64_t landlock_files;
    char uid_map[64], gid_map[64];
    _Alignas(8) char job[8192];
    uint32_t job_size;
    void *stack_top;
    int go[2], report[2], result[2];
    int init, job_file;
} world;

static long must(long result, int line)
{
    if (result < 0) {
        dprintf(2, "floor: line %d: %s\n", line, strerror((int)-result));
        raw_syscall(SYS_exit_group, 125, 0, 0, 0, 0, 0);
    }
    return result;
}

/* ---- Mounts ---- */

static int open_beneath(int root, const char *path)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };

    return (int)MUST(SYS_openat2, root, path, &how, sizeof how);
}

static void set_attributes(int tree, uint64_t set, int recursive)
{
    struct mount_attr attributes = { .attr_set = set, .propagation = 1u << 18 };

    MUST(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | recursive, &attributes, sizeof attributes);
}

static int copy_tree(int directory, const char *path, int recursive)
{
    return (int)MUST(SYS_open_tree, directory, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | recursive);
}

static void attach(int tree, int root, const char *path)
{
    int point = open_beneath(root, path);

    MUST(SYS_move_mount, tree, "", point, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    CALL(SYS_close, point);
}

static int make_tmpfs(const char *size, const char *inodes, const char *mode, unsigned attributes)
{
    int context = (int)MUST(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    int tree;

    MUST(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", size, 0);
    MUST(SYS_fsconfig, context, FSCONFIG_SET_STRING, "nr_inodes", inodes, 0);
    MUST(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", mode, 0);
    MUST(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
    tree = (int)MUST(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
    CALL(SYS_close, context);
    return tree;
}

static int lay_root(void)
{
    struct stat status;
    int source = (int)MUST(SYS_openat, AT_FDCWD, world.rootfs, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    int tree, here;

    MUST(SYS_newfstatat, source, "", &status, AT_EMPTY_PATH);
    tree = copy_tree(source, "", AT_RECURSIVE);
    set_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, AT_RECURSIVE);
    CALL(SYS_close, source);
    here = (int)MUST(SYS_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    MUST(SYS_move_mount, tree, "", here, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    CALL(SYS_close, here);
    return tree;
}

static void mount_proc(int root)
{
    int context = (int)MUST(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
    int tree, point;

    MUST(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
    tree = (int)MUST(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    CALL(SYS_close, context);
    attach(tree, root, "proc");
    CALL(SYS_close, tree);

    point = open_beneath(root, "proc/sys");
    tree = copy_tree(point, "", AT_RECURSIVE);
    set_attributes(tree, MOUNT_ATTR_RDONLY, AT_RECURSIVE);
    MUST(SYS_move_mount, tree, "", point, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    CALL(SYS_close, tree);
    CALL(SYS_close, point);
}

static void mask_proc(int root)
{
    int empty = -1;

    for (size_t i = 0; i < world.mask_count; i++) {
        int tree;

        if (world.masks[i].is_file) {
            tree = copy_tree(AT_FDCWD, "/dev/null", 0);
            set_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, 0);
        } else if (empty < 0) {
            tree = make_tmpfs("4096", "1", "555", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
        } else {
            tree = copy_tree(empty, "", 0);
        }
        attach(tree, root, world.masks[i].path);
        if (!world.masks[i].is_file && empty < 0)
            empty = tree;
        else
            CALL(SYS_close, tree);
    }
    CALL(SYS_close, empty);
}

static void mount_pts(int dev)
{
    int context = (int)MUST(SYS_fsopen, "devpts", FSOPEN_CLOEXEC);
    int tree;

    MUST(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "newinstance", 0, 0);
    MUST(SYS_fsconfig, context, FSCONFIG_SET_STRING, "ptmxmode", "0666", 0);
    MUST(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0620", 0);
    MUST(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
    tree = (int)MUST(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    CALL(SYS_close, context);
    attach(tree, dev, "pts");
    CALL(SYS_close, tree);
}

static void mount_dev(int root)
{
    static const char *const links[][2] = { { "/proc/self/fd", "fd" },
                                            { "fd/0", "stdin" },
                                            { "fd/1", "stdout" },
                                            { "fd/2", "stderr" },
                                            { "pts/ptmx", "ptmx" } };
    static const char *const nodes[][2] = { { "/dev/null", "null" },       { "/dev/zero", "zero" },
                                            { "/dev/full", "full" },       { "/dev/random", "random" },
                                            { "/dev/urandom", "urandom" }, { "/dev/tty", "tty" } };
    int dev = make_tmpfs("65536", "128", "755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    int tree;

    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        MUST(SYS_symlinkat, links[i][0], dev, links[i][1]);
    MUST(SYS_mkdirat, dev, "pts", 0755);
    MUST(SYS_mkdirat, dev, "shm", 0755);
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        CALL(SYS_close, MUST(SYS_openat, dev, nodes[i][1], O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0444));
    attach(dev, root, "dev");
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        tree = copy_tree(AT_FDCWD, nodes[i][0], 0);
        set_attributes(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0);
        attach(tree, dev, nodes[i][1]);
        CALL(SYS_close, tree);
    }
    mount_pts(dev);
    tree = make_tmpfs("67108864", "16384", "1777", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    attach(tree, dev, "shm");
    CALL(SYS_close, tree);
    set_attributes(dev, MOUNT_ATTR_RDONLY, 0);
    CALL(SYS_close, dev);
}

static void mount_all(void)
{
    int root, tree;

    MUST(SYS_mount, "none", "/", 0, 1u << 18 | 1u << 14, 0); /* MS_PRIVATE, MS_REC */
    root = lay_root();
    mount_proc(root);
    mask_proc(root);
    mount_dev(root);
    tree = make_tmpfs("67108864", "16384", "1777", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    attach(tree, root, "tmp");
    CALL(SYS_close, tree);
    MUST(SYS_fchdir, root);
    MUST(SYS_pivot_root, ".", ".");
    MUST(SYS_umount2, ".", 2); /* MNT_DETACH */
    MUST(SYS_chdir, "/");
    CALL(SYS_close, root);
}

/* ---- Walls ---- */

static void raise_loopback(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    int fd = (int)MUST(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    MUST(SYS_ioctl, fd, 0x8914, &request); /* SIOCSIFFLAGS */
    CALL(SYS_close, fd);
}

static void place_descriptors(void)
{
    int own[] = { world.report[1], world.result[1], world.job_file, world.init };

    for (int i = 0; i < 4; i++)
        own[i] = (int)MUST(SYS_fcntl, own[i], F_DUPFD_CLOEXEC, 32);
    for (int i = 0; i < 4; i++)
        MUST(SYS_dup3, own[i], REPORT + i, i == 0 || i == 3 ? O_CLOEXEC : 0);
    MUST(SYS_close_range, RULESET, ~0u, 0);
}

static void give_up_capabilities(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };
    const unsigned bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                          SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                          SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

    for (unsigned long number = 0; CALL(SYS_prctl, PR_CAPBSET_DROP, number) == 0; number++)
        ;
    MUST(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
    MUST(SYS_prctl, PR_SET_SECUREBITS, bits);
    MUST(SYS_capset, &header, none);
    MUST(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
}

static void make_ruleset(void)
{
    struct {
        uint64_t allowed;
        int32_t parent;
    } __attribute__((packed)) rule = { .allowed = world.landlock_files };
    struct stat status;
    int ruleset;

    if (world.landlock_files == 0)
        return;
    ruleset = (int)MUST(SYS_landlock_create_ruleset, &world.landlock_files, 8, 0);
    rule.parent = (int)MUST(SYS_openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);
    MUST(SYS_newfstatat, rule.parent, "", &status, AT_EMPTY_PATH);
    MUST(SYS_landlock_add_rule, ruleset, 1, &rule, 0);
    CALL(SYS_close, rule.parent);
    if (ruleset != RULESET) {
        MUST(SYS_dup3, ruleset, RULESET, 0);
        CALL(SYS_close, ruleset);
    } else {
        MUST(SYS_fcntl, ruleset, F_SETFD, 0);
    }
}

static void limit_core(void)
{
    uint64_t none[2] = { 0, 0 };
    uint64_t found[2];

    MUST(SYS_prlimit64, 0, RLIMIT_CORE, none, 0);
    MUST(SYS_prlimit64, 0, RLIMIT_CORE, 0, found);
}

static void run_child(void *argument)
{
    static char *const argv[] = { (char *)"init", (char *)"5", NULL };
    static char *const envp[] = { NULL };
    uint64_t action[4] = { 0 };
    char go;

    (void)argument;
    CALL(SYS_close, world.go[1]);
    CALL(SYS_close, world.report[0]);
    CALL(SYS_close, world.result[0]);
    for (int number = 1; number <= 64; number++) {
        if (number != SIGKILL && number != SIGSTOP)
            CALL(SYS_rt_sigaction, number, action, 0, 8);
    }
    MUST(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (CALL(SYS_read, world.go[0], &go, 1) != 1)
        CALL(SYS_exit_group, 125);
    CALL(SYS_close, world.go[0]);
    MUST(SYS_sethostname, "floor", 5);
    mount_all();
    raise_loopback();
    place_descriptors();
    MUST(SYS_chdir, "/");
    give_up_capabilities();
    make_ruleset();
    limit_core();
    MUST(SYS_fcntl, REPORT, F_SETFD, 0);
    MUST(SYS_execveat, INIT, "", argv, envp, AT_EMPTY_PATH);
}

/* ---- The parent ---- */

static void write_file(int pid, const char *name, const char *text)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    fd = (int)MUST(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    MUST(SYS_write, fd, text, strlen(text));
    CALL(SYS_close, fd);
}

static int make_sealed(const char *name, unsigned flags, const void *bytes, size_t size)
{
    int fd = (int)CALL(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

    if (fd == -EINVAL)
        fd = (int)MUST(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    MUST(SYS_write, fd, bytes, size);
    if (flags != 0)
        MUST(SYS_fchmod, fd, 0111);
    MUST(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    return fd;
}

static int wait_for_end(int pid, int pidfd)
{
    struct pollfd ended = { .fd = pidfd, .events = POLLIN };
    struct init_result result = { 0, 0 };
    struct rusage usage;
    int status = 0;

    MUST(SYS_ppoll, &ended, 1, 0, 0, 0);
    MUST(SYS_wait4, pid, &status, 0, &usage);
    CALL(SYS_read, world.result[0], &result, sizeof result);
    CALL(SYS_close, world.result[0]);
    CALL(SYS_close, pidfd);
    return status;
}

static int start_once(void)
{
    struct child_report report;
    uint64_t all = ~0ull;
    uint64_t old;
    int pid, pidfd;

    world.init = make_sealed("init", MFD_EXECUTABLE, esq_init_program, esq_init_program_size);
    world.job_file = make_sealed("job", 0, world.job, world.job_size);
    MUST(SYS_pipe2, world.go, O_CLOEXEC);
    MUST(SYS_pipe2, world.report, O_CLOEXEC);
    MUST(SYS_pipe2, world.result, O_CLOEXEC);
    CALL(SYS_rt_sigprocmask, SIG_BLOCK, &all, &old, 8);
    pid = (int)must(raw_clone(CLONE_VM | CLONE_PIDFD | SIGCHLD | NAMESPACES, world.stack_top, &pidfd, run_child, NULL),
                    __LINE__);
    CALL(SYS_rt_sigprocmask, SIG_SETMASK, &old, 0, 8);
    CALL(SYS_close, world.go[0]);
    CALL(SYS_close, world.report[1]);
    CALL(SYS_close, world.result[1]);
    write_file(pid, "setgroups", "deny");
    write_file(pid, "uid_map", world.uid_map);
    write_file(pid, "gid_map", world.gid_map);
    MUST(SYS_write, world.go[1], "", 1);
    CALL(SYS_close, world.go[1]);
    if (CALL(SYS_read, world.report[0], &report, sizeof report) > 0)
        dprintf(2, "floor: step %u: %s\n", report.step, strerror(report.error));
    CALL(SYS_close, world.report[0]);
    CALL(SYS_close, world.init);
    CALL(SYS_close, world.job_file);
    return wait_for_end(pid, pidfd);
}

/* ---- What is ready before the start ---- */

static uint32_t put(const void *bytes, size_t size)
{
    uint32_t at = (world.job_size + 7) & ~7u;

    if (at + size > sizeof world.job) {
        fprintf(stderr, "floor: the command is too long\n");
        exit(125);
    }
    memcpy(world.job + at, bytes, size);
    world.job_size = at + (uint32_t)size;
    return at;
}

static uint32_t put_vector(char **texts, uint32_t *ret_count)
{
    uint64_t offsets[64] = { 0 };
    uint32_t count = 0;

    for (; texts[count] && count < 63; count++)
        offsets[count] = put(texts[count], strlen(texts[count]) + 1);
    *ret_count = count;
    return put(offsets, (count + 1) * sizeof offsets[0]);
}

static void make_job(char **command)
{
    char *paths[] = { command[0], NULL };
    char *environment[] = { (char *)"PATH=/usr/local/bin:/usr/bin:/bin", (char *)"HOME=/", NULL };
    struct init_job *job = (struct init_job *)world.job;

    world.job_size = sizeof *job;
    job->magic = INIT_JOB_MAGIC;
    job->version = INIT_JOB_VERSION;
    job->flags = INIT_JOB_PID_NAMESPACE;
    job->report = REPORT;
    job->result = RESULT;
    job->landlock = world.landlock_files ? RULESET : -1;
    job->executable = -1;
    job->paths = put_vector(paths, &job->path_count);
    job->argv = put_vector(command, &job->argc);
    job->envp = put_vector(environment, &job->envc);
    job->filter = put(filter, sizeof filter);
    job->filter_count = sizeof filter / sizeof filter[0];
    job->grace_ms = 2000;
    job->size = world.job_size;
}

static void find_masks(void)
{
    mode_t readable = geteuid() == 0 ? S_IRUSR | S_IWUSR : S_IROTH;

    for (size_t i = 0; i < sizeof mask_candidates / sizeof mask_candidates[0]; i++) {
        char path[64];
        struct stat status;

        snprintf(path, sizeof path, "/proc/%s", mask_candidates[i]);
        if (stat(path, &status) != 0 || !(status.st_mode & readable))
            continue;
        snprintf(world.masks[world.mask_count].path, sizeof world.masks[0].path, "proc/%s", mask_candidates[i]);
        world.masks[world.mask_count++].is_file = !S_ISDIR(status.st_mode);
    }
}

static void find_landlock(void)
{
    static const uint64_t rights[] = { 0, LANDLOCK_FIVE_FILES, 0x3fff, 0x7fff, 0x7fff };
    long version = CALL(SYS_landlock_create_ruleset, 0, 0, 1);

    world.landlock_files = version <= 0 ? 0 : version >= 5 ? (uint64_t)LANDLOCK_ALL_FILES : rights[version];
}

static double now_microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    char **arguments = argv + 1;
    unsigned long times = 0;
    int status = 0;
    char *stack;

    if (argc > 3 && strcmp(argv[1], "--times") == 0) {
        times = strtoul(argv[2], NULL, 10);
        arguments += 2;
    }
    if (!arguments[0] || !arguments[1]) {
        fprintf(stderr, "usage: floor [--times COUNT] ROOTFS COMMAND [ARGUMENT...]\n");
        return 125;
    }
    world.rootfs = arguments[0];
    find_landlock();
    find_masks();
    make_job(arguments + 1);
    snprintf(world.uid_map, sizeof world.uid_map, "0 %u 1\n", geteuid());
    snprintf(world.gid_map, sizeof world.gid_map, "0 %u 1\n", getegid());
    stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, 4096, PROT_NONE) != 0)
        return 125;
    world.stack_top = stack + 65536;

    if (times == 0)
        status = start_once();
    for (unsigned long i = 0; i < times; i++) {
        double begin = now_microseconds();

        status = start_once();
        printf("%.1f\n", now_microseconds() - begin);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
