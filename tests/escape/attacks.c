/*
 * Ways out of containers that others have found, tried against this one: classes of known holes, and root filesystems
 * that lie. Each attack has its control: the same with the one wall taken down, or with the lie left out, gets through.
 * usage: attacks PROBE
 */
#include "../container/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool ended_with(struct started started, int status)
{
    return started.launch == 0 && started.result.reason == ESQ_REASON_EXIT && started.result.exit_status == status;
}

/* The probe is stopped, and gets through where `down` is added. */
static void attack(const char *name, const char *probe, const char *all, const char *down, const char *down2)
{
    const char *nothing = "tmp=auto";
    all = all ? all : nothing;
    check(ended_with(run(probe, all, NULL), 1), "%s: stopped", name);
    check(ended_with(run(probe, all, down, down2 ? down2 : nothing, NULL), 0), "%s: without this wall it gets through",
          name);
}

/* ---- System calls that were ways out ---- */

static void test_calls(void)
{
    char probe[64];
    attack("keyrings, which no namespace parts", "@keyring", NULL, "skip:seccomp", NULL);
    attack("io_uring, past every filter", "@io-uring", NULL, "skip:seccomp", NULL);
    attack("clone3, whose flags no filter sees", "@clone3", "skip:landlock", "skip:seccomp", NULL);
    attack("userfaultfd, which holds the kernel", "@userfault", NULL, "skip:seccomp", NULL);
    attack("perf_event_open, which measures the kernel", "@perf", NULL, "skip:seccomp", NULL);
    /* A kernel that gives bpf to nobody refuses before it looks at anything. */
    if (ended_with(run("@bpf", "skip:seccomp", NULL), 0))
        attack("bpf", "@bpf", NULL, "skip:seccomp", NULL);
    else
        check(ended_with(run("@bpf", NULL), 1), "bpf: stopped");
    attack("TIOCSTI", "@ioctl 0x5412", NULL, "skip:seccomp", NULL);
    attack("TIOCSTI with upper bits (CVE-2019-10063)", "@ioctl 0x100005412", NULL, "skip:seccomp", NULL);
    attack("TIOCLINUX", "@ioctl 0x541c", NULL, "skip:seccomp", NULL);
    /* With every capability and without the filter, Landlock alone still denies it. */
    attack("mount, by seccomp", "@mount /tmp", "skip:landlock", "skip:seccomp", "skip:capabilities");
    check(ended_with(run("@mount /tmp", "skip:seccomp", "skip:capabilities", NULL), 1), "mount, by Landlock: stopped");
    check(ended_with(run("@mount /tmp", "skip:seccomp", "skip:landlock", NULL), 1), "mount, by capabilities: stopped");
    /* Where a release agent is written (CVE-2022-0492). */
    attack("mounting a cgroup hierarchy", "@mount /tmp cgroup2", "skip:landlock", "skip:seccomp", "skip:capabilities");
    check(ended_with(run("@setgroups", "skip:seccomp", "skip:capabilities", NULL), 1),
          "giving up a group that is denied something: stopped by the id maps alone");
    snprintf(probe, sizeof(probe), "@socket %d %d 12", AF_NETLINK, SOCK_RAW);
    attack("netlink of the packet filter", probe, NULL, "skip:seccomp", NULL);
    snprintf(probe, sizeof(probe), "@socket %d %d 0", AF_ALG, SOCK_SEQPACKET);
    struct started other = run(probe, "skip:seccomp", NULL);
    if (ended_with(other, 0))
        attack("the kernel's cryptography by sockets", probe, NULL, "skip:seccomp", NULL);
    else
        check(ended_with(run(probe, NULL), 1), "the kernel's cryptography by sockets: stopped");
}

static bool died_of_sigsys(struct started started)
{
    return started.launch == 0 && started.result.reason == ESQ_REASON_SYSTEM_CALL;
}

#if defined(__x86_64__)
static void test_other_entries(void)
{
    check(died_of_sigsys(run("@x32", NULL)), "x32: killed");
    check(ended_with(run("@x32", "skip:seccomp", NULL), 0), "x32: without the filter it gets through");
    check(died_of_sigsys(run("@int80", NULL)), "i386 by int 0x80: killed");
    check(ended_with(run("@int80", "skip:seccomp", NULL), 0), "i386 by int 0x80: without the filter it gets through");
}
#elif defined(__aarch64__)
static void test_other_entries(void)
{
    struct started bare = run("@arm32", "skip:seccomp", NULL);
    if (ended_with(bare, 0))
        check(died_of_sigsys(run("@arm32", NULL)),
              "a program of 32-bit ARM: killed; without the filter it gets through");
    else /* one with large pages has none */
        check(ended_with(bare, 1), "a program of 32-bit ARM: this kernel runs none");
}
#endif

/* ---- Descriptors and processes of the host ---- */

static void test_descriptors(void)
{
    char probe[400], directory[64];
    int leak = open(harness.folder, O_RDONLY | O_DIRECTORY);
    int high = fcntl(leak, F_DUPFD, 60);
    close(leak);
    /* CVE-2024-21626: the working directory through a descriptor that was left open. */
    snprintf(directory, sizeof(directory), "working-directory=/proc/self/fd/%d", high);
    struct started started = run("@exists root", directory, NULL);
    check(started.launch < 0 || ended_with(started, 1), "a working directory behind a leaked descriptor: stopped");
    snprintf(probe, sizeof(probe), "@exists /proc/self/fd/%d/root", high);
    attack("a leaked descriptor of a folder", probe, "landlock=none", "skip:descriptors", NULL);

    int own = fcntl(0, F_DUPFD_CLOEXEC, 70);
    dup2(high, 0);
    check(run("@exit 0", NULL).launch < 0, "a folder as standard input: refused");
    dup2(own, 0);
    check(ended_with(run("@exit 0", NULL), 0), "a file as standard input: taken");
    close(own);
    close(high);
}

static void test_processes(void)
{
    char probe[64];
    snprintf(probe, sizeof(probe), "@kill %d", getpid());
    attack("signals to the launcher", probe, "landlock=none", "namespaces+=user mount uts ipc net cgroup", NULL);
    struct started scoped = run(probe, "namespaces+=user mount uts ipc net cgroup", NULL);
    check(scoped.launch < 0 || ended_with(scoped, 1), "signals to the launcher, by Landlock's scope: stopped");
    snprintf(probe, sizeof(probe), "@attach %d", getpid());
    check(ended_with(run(probe, "landlock=none", "skip:seccomp", "skip:capabilities",
                         "namespaces+=user mount uts ipc net cgroup", NULL),
                     1),
          "ptrace of the launcher: stopped by the user namespace alone");
    check(ended_with(run("@attach-child", "skip:seccomp", NULL), 0), "ptrace of a process of its own: gets through");
    check(ended_with(run("@exists /proc/1/root/etc", NULL), 1), "init's root: not followed");
    check(ended_with(run("@exists /proc/self/root/etc", NULL), 0), "its own root: followed");
    check(ended_with(run("@memory 1", "skip:seccomp", "skip:landlock", NULL), 1),
          "init's memory, environment and files: closed, whatever else is open");
    check(ended_with(run("@memory child", NULL), 0), "those of a process of its own: open");
    attack("writing to what it is executed from (CVE-2019-5736)", "@own-exe", NULL, "skip:landlock", NULL);
    check(ended_with(run("@mount-without nosuid", NULL), 1), "every mount: nosuid");
}

/* ---- What lies beneath a bind ---- */

static void test_sockets(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char folder[300], bind_field[700];
    snprintf(folder, sizeof(folder), "%s/sockets", harness.folder);
    mkdir(folder, 0755);
    snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/s", folder);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool listens = bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(listener, 4) == 0;
    snprintf(bind_field, sizeof(bind_field), "mounts+=bind %s /data", folder);
    if (check(listens, "a daemon of the host listens"))
        attack("the host's sockets, unless they are bound", "@unix /data/s", NULL, bind_field, NULL);
    close(listener);
    unlink(address.sun_path);
}

/* ---- Mounts that the host makes later ---- */

/* A host of our own: a user namespace in which we may mount, everything shared as systemd has it. */
static bool become_host(void)
{
    return enter_namespaces(CLONE_NEWNS, 0, 0) && mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0;
}

/* What somebody who merely has a copy of our mounts sees: the control. */
static int start_copy(const char *path, int input)
{
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        struct stat found;
        bool is_ready = unshare(CLONE_NEWNS) == 0;
        _exit(is_ready && read(input, &byte, 1) == 1 && stat(path, &found) == 0 ? 0 : 1);
    }
    return pid;
}

enum { COPY_SEES = 1, CONTAINER_STOPPED = 2, FAILED_TO_TRY = 4 };

static int mount_later(void)
{
    char folder[310], bind_field[700], made[400];
    int go[2], saved = dup(0), status = 1;
    esq_container *container = NULL;
    esq_error error = { 0 };
    esq_result result = { 0 };
    snprintf(folder, sizeof(folder), "%s/etc", harness.root);
    snprintf(made, sizeof(made), "%s/later", folder);
    snprintf(bind_field, sizeof(bind_field), "mounts+=bind %s /data", folder);
    mkdir(made, 0755);
    if (!become_host() || pipe(go) < 0 || dup2(go[0], 0) < 0)
        return FAILED_TO_TRY;
    const char *settings[] = { "@exists-later /data/later/x", bind_field, NULL };
    esq_plan *plan = plan_from(settings, &error);
    if (!plan || esq_launch(plan, &container, &error) < 0)
        return FAILED_TO_TRY;
    dup2(saved, 0);
    snprintf(bind_field, sizeof(bind_field), "%s/x", made);
    pid_t copy = start_copy(bind_field, go[0]);
    /* The copy is made when it has stopped sharing our mounts; asking the kernel is the one way to know. */
    char own[64], other[64] = "", link[64];
    snprintf(link, sizeof(link), "/proc/%d/ns/mnt", copy);
    ssize_t own_size = readlink("/proc/self/ns/mnt", own, sizeof(own)), size;
    do
        size = readlink(link, other, sizeof(other));
    while (size == own_size && memcmp(own, other, (size_t)size) == 0);
    bool is_made = mount("x", made, "tmpfs", 0, NULL) == 0 && mkdir(bind_field, 0755) == 0;
    is_made = is_made && write(go[1], "gg", 2) == 2;
    close(go[1]);
    close(go[0]);
    waitpid(copy, &status, 0);
    esq_wait(container, 60000, -1, NULL);
    esq_container_result(container, &result);
    esq_container_free(container);
    esq_plan_free(plan);
    return (is_made ? 0 : FAILED_TO_TRY) | (status == 0 ? COPY_SEES : 0) |
           (result.reason == ESQ_REASON_EXIT && result.exit_status == 1 ? CONTAINER_STOPPED : 0);
}

static void test_propagation(void)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(mount_later());
    waitpid(child, &status, 0);
    int seen = WIFEXITED(status) ? WEXITSTATUS(status) : FAILED_TO_TRY;
    check(seen & COPY_SEES, "a mount of the host that comes later: a mere copy of its mounts has it");
    check(seen & CONTAINER_STOPPED && !(seen & FAILED_TO_TRY), "and a container has not");
}

/* Between plan and launch another folder is put in the place of the one that was looked at. */
static void test_replaced_sources(void)
{
    char first[300], second[300], bind_field[700];
    snprintf(first, sizeof(first), "%s/first", harness.folder);
    snprintf(second, sizeof(second), "%s/second", harness.folder);
    snprintf(bind_field, sizeof(bind_field), "mounts+=bind %s /data", first);
    for (int replaces = 0; replaces < 2; replaces++) {
        const char *settings[] = { "@exit 0", bind_field, NULL };
        esq_container *container = NULL;
        esq_error error = { 0 };
        mkdir(first, 0755);
        esq_plan *plan = plan_from(settings, &error);
        bool is_ready = plan && (!replaces || (rename(first, second) == 0 && symlink("/etc", first) == 0));
        int result = is_ready ? esq_launch(plan, &container, &error) : -1;
        if (replaces)
            check(is_ready && result < 0, "a source that was replaced: refused");
        else
            check(result == 0, "a source that was left in peace: taken");
        esq_container_free(container);
        esq_plan_free(plan);
        if (!replaces)
            rmdir(first);
    }
    unlink(first);
    rmdir(second);
}

/* ---- Root filesystems that lie ---- */

static const char *const points[] = { "proc", "dev", "tmp", "data" };

/*
 * A mount point that is a folder and a link in turns, while containers start. Whatever the moment: the mount lies on
 * the folder, or the start is refused.
 */
static void test_racing_root(void)
{
    enum { STARTS = 2000, ENOUGH = 3 };
    char path[400], link[400], bind_field[700];
    struct stat before, after;
    int taken = 0, refused = 0, astray = 0;
    snprintf(bind_field, sizeof(bind_field), "mounts+=bind %s/etc /data", harness.root);
    snprintf(path, sizeof(path), "%s/data", harness.root);
    snprintf(link, sizeof(link), "%s/link", harness.root);
    stat("/etc", &before);
    pid_t racer = symlink("/etc", link) == 0 ? fork() : -1;
    if (racer == 0) {
        for (;;) {
            renameat2(AT_FDCWD, path, AT_FDCWD, link, RENAME_EXCHANGE);
            struct timespec moment = { .tv_nsec = 200000 };
            nanosleep(&moment, NULL);
        }
    }
    for (int i = 0; i < STARTS && racer > 0 && (taken < ENOUGH || refused < ENOUGH); i++) {
        struct started started = run("@exists /data/secret", bind_field, NULL);
        refused += started.launch < 0;
        taken += ended_with(started, 0);
        astray += started.launch == 0 && !ended_with(started, 0);
    }
    kill(racer, SIGKILL);
    waitpid(racer, NULL, 0);
    /* The folder back to its name, wherever the two ended up. */
    if (unlink(link) < 0) {
        unlink(path);
        rename(link, path);
    }
    stat("/etc", &after);
    check(racer > 0 && taken > 0 && refused > 0, "a mount point that is a link now and then: both were met");
    printf("# %d taken, %d refused\n", taken, refused);
    check(before.st_mtim.tv_sec == after.st_mtim.tv_sec && astray == 0,
          "each start was taken whole or refused, and the host's /etc is as it was");
}

/* Puts something else in the place of a folder of the root; `undo` the other way round. */
static bool put_lie(const char *path, const char *lie, bool undo)
{
    if (undo)
        return unlink(path) == 0 && mkdir(path, 0755) == 0;
    if (rmdir(path) < 0)
        return false;
    if (strcmp(lie, "fifo") == 0)
        return mkfifo(path, 0644) == 0;
    if (strcmp(lie, "file") == 0)
        return close(open(path, O_CREAT | O_WRONLY, 0644)) == 0;
    return symlink(lie, path) == 0;
}

static void test_hostile_roots(void)
{
    static const char *const lies[] = { "/etc", "../../../../../../etc", "etc", "fifo", "file" };
    char path[400], bind_field[700];
    struct stat before, after;
    snprintf(bind_field, sizeof(bind_field), "mounts+=bind %s/etc /data", harness.root);
    check(ended_with(run("@exists /data/secret", bind_field, NULL), 0), "an honest root: its mounts are there");
    stat("/etc", &before);
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", harness.root, points[i]);
        for (size_t j = 0; j < sizeof(lies) / sizeof(lies[0]); j++) {
            if (!put_lie(path, lies[j], false)) {
                check(false, "%s as %s could not be made", points[i], lies[j]);
                continue;
            }
            /* Refused, or (for /tmp, which is then not taken for one) started without anything mounted there. */
            struct started started = run("@exists /data/secret", bind_field, NULL);
            bool is_harmless = started.launch < 0 || (strcmp(points[i], "tmp") == 0 && ended_with(started, 0));
            check(is_harmless, "/%s as %s: no mount goes there", points[i], lies[j]);
            put_lie(path, lies[j], true);
        }
    }
    stat("/etc", &after);
    check(before.st_mtim.tv_sec == after.st_mtim.tv_sec && before.st_ino == after.st_ino,
          "the host's /etc is as it was");
    check(ended_with(run("@exists /data/secret", bind_field, NULL), 0), "an honest root again: its mounts are there");
}

/*
 * What runtimes look up inside the root they are about to enter, and a payload of an earlier run has put there: the
 * device that masks are made of (CVE-2025-31133), and the terminal's name (CVE-2025-52565).
 */
static void test_planted_devices(void)
{
    char null[400], console[400];
    snprintf(null, sizeof(null), "%s/dev/null", harness.root);
    snprintf(console, sizeof(console), "%s/dev/console", harness.root);
    if (!check(symlink("/etc/secret", null) == 0, "a root with a link in the place of /dev/null"))
        return;
    attack("masks where /dev is the root's own", "@read /proc/interrupts", "dev=no", "skip:mask", "skip:landlock");
    check(ended_with(run("@same-file /proc/interrupts /etc/secret", "dev=no", "skip:landlock", NULL), 1),
          "and what lies over /proc is not what the link leads to");
    unlink(null);

    char name[64] = "", given[16];
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    bool is_ready = terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0 &&
                    ptsname_r(terminal, name, sizeof(name)) == 0;
    int other = is_ready ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
    snprintf(given, sizeof(given), "<%d", other);
    if (check(other >= 0 && symlink("/etc/secret", console) == 0,
              "a terminal, and a root with a link in the place of /dev/console")) {
        check(ended_with(run("@same-file /dev/console /proc/self/fd/0", given, NULL), 0),
              "the terminal is named there");
        struct started started = run("@same-file /etc/secret /proc/self/fd/0", given, "dev=no", NULL);
        check(started.launch < 0 || ended_with(started, 1), "but not where the root's own link leads");
    }
    unlink(console);
    close(other);
    close(terminal);
}

/* ---- Networks that are shared ---- */

/* The status of `first` in a network that `second` joins by its path, both without seccomp and Landlock. */
static int run_neighbours(const char *first, const char *field, const char *second)
{
    char join[64];
    esq_error error = { 0 };
    esq_result result = { .exit_status = -1 };
    const char *of_first[] = { first, field, "landlock=none", "skip:seccomp", NULL };
    const char *of_second[] = { second, "network=join", join, "landlock=none", "skip:seccomp", NULL };
    esq_container *one = NULL, *two = NULL;
    esq_plan *plan = plan_from(of_first, &error), *other = NULL;
    if (plan && esq_launch(plan, &one, &error) == 0) {
        snprintf(join, sizeof(join), "network-join=/proc/%d/ns/net", (int)esq_container_pid(one));
        other = plan_from(of_second, &error);
    }
    if (other && esq_launch(other, &two, &error) == 0 && esq_wait(one, 60000, -1, &error) == 0)
        esq_container_result(one, &result);
    if (result.exit_status < 0)
        printf("# %s\n", error.text);
    esq_container_free(two);
    esq_container_free(one);
    esq_plan_free(other);
    esq_plan_free(plan);
    return result.exit_status;
}

static void test_shared_networks(void)
{
    const char *shared = "network-share=yes";
    check(ended_with(run("@network-owner", shared, "skip:seccomp", NULL), 1),
          "the user namespace that a shared network belongs to: not handed out");
    check(ended_with(run("@network-owner", "skip:seccomp", NULL), 0), "that of a network of one's own: known");
    check(ended_with(run("@loopback-down", shared, "skip:seccomp", "skip:capabilities", NULL), 1),
          "changing a shared network with every capability: stopped");
    check(ended_with(run("@loopback-down", "skip:seccomp", "skip:capabilities", NULL), 0),
          "in a network of one's own it gets through");
    /* Whoever made a user namespace rules it by its ids alone, without a capability: so nobody may lie beneath another.
     */
    check(run_neighbours("@take-namespace", shared, "@offer-namespace") == 1,
          "entering the namespaces of who joins a shared network, though handed to it: stopped");
    check(run_neighbours("@take-namespace", "network=none", "@offer-namespace") == 0,
          "where it joins a network that belongs to the attacker, by its path, it gets through");
}

int main(int argc, char **argv)
{
    if (argc != 2 || !harness_init(argv[1])) {
        printf("Bail out! no root filesystem could be made\n");
        return 99;
    }
    test_calls();
    test_other_entries();
    test_descriptors();
    test_processes();
    test_sockets();
    test_propagation();
    test_replaced_sources();
    test_hostile_roots();
    test_racing_root();
    test_planted_devices();
    test_shared_networks();
    harness_done();
    return finish();
}
