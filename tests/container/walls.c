/*
 * Every wall is attacked from inside, and the same attack must get through where that wall alone was taken down: a wall
 * that protects nothing, or a probe that cannot succeed, is noticed. usage: walls PROBE
 */
#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool ended_with(struct started started, int status)
{
    return started.launch == 0 && started.result.reason == ESQ_REASON_EXIT && started.result.exit_status == status;
}

/* `all` holds in both runs, `down` only in the second. NULL where there is none. */
static void attack(const char *name, const char *probe, const char *all1, const char *all2, const char *down1,
                   const char *down2)
{
    const char *nothing = "tmp=auto";
    all1 = all1 ? all1 : nothing;
    all2 = all2 ? all2 : nothing;
    struct started stopped = run(probe, all1, all2, NULL);
    check(ended_with(stopped, 1), "%s: the probe is stopped", name);
    struct started through = run(probe, all1, all2, down1, down2 ? down2 : nothing, NULL);
    check(ended_with(through, 0), "%s: without this wall the probe gets through", name);
}

static int listen_tcp(int *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 8) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return -1;
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static int listen_abstract(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", name);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 8) < 0 ? -1 : fd;
}

static void test_namespaces(void)
{
    char probe[512];
    struct utsname host;

    snprintf(probe, sizeof(probe), "@exists /proc/%d", getpid());
    attack("pid", probe, "landlock=none", NULL, "namespaces+=user mount uts ipc net cgroup", NULL);
    snprintf(probe, sizeof(probe), "@exists %s/bin/probe", harness.root);
    attack("mount", probe, NULL, NULL, "skip:pivot", NULL);
    uname(&host);
    snprintf(probe, sizeof(probe), "@hostname %s", host.nodename);
    attack("uts", probe, "name=inside", NULL, "namespaces+=user mount pid ipc net cgroup", NULL);
    /* With every capability and the host's uts namespace: only the user namespace stops it. */
    struct started user =
        run("@sethostname", "skip:capabilities", "skip:seccomp", "namespaces+=user mount pid ipc net cgroup", NULL);
    check(ended_with(user, 1), "user: capabilities mean nothing to what the host owns");
    user = run("@sethostname", "skip:capabilities", "skip:seccomp", NULL);
    check(ended_with(user, 0), "user: the probe gets through to what the container owns");

    int key = 0x45000000 | (getpid() & 0xffffff);
    int segment = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600);
    snprintf(probe, sizeof(probe), "@shm %d", key);
    attack("ipc", probe, NULL, NULL, "namespaces+=user mount pid uts net cgroup", NULL);
    shmctl(segment, IPC_RMID, NULL);

    int port = 0;
    int listener = listen_tcp(&port);
    snprintf(probe, sizeof(probe), "@connect %d", port);
    attack("net", probe, "best-effort+=landlock-scopes", NULL, "network=host", NULL);
    close(listener);

    if (ended_with(run("@cgroup", "namespaces+=user mount pid uts ipc net", NULL), 0))
        attack("cgroup", "@cgroup", NULL, NULL, "namespaces+=user mount pid uts ipc net", NULL);
    else
        skip("the host's cgroup is the root of every hierarchy", "cgroup");
}

static void test_files(void)
{
    char root[400];
    snprintf(root, sizeof(root), "rootfs=%s", harness.root);
    attack("read-only root", "@create /data/x", NULL, NULL, "rootfs-mode=writable", NULL);
    attack("masks", "@read /proc/interrupts", "landlock=none", NULL, "skip:mask", NULL);
    attack("/proc/sys", "@write /proc/sys/net/ipv4/ip_forward", "skip:capabilities", "skip:seccomp", "skip:proc-sys",
           NULL);
    attack("landlock", "@read /etc/secret", "landlock-rules+=execute /bin", NULL, "skip:landlock", NULL);
    attack("rlimit", "@large-file /tmp/x", "file-size=4096", NULL, "skip:rlimit", NULL);
    check(ended_with(run("@above", NULL), 1), "pivot: nothing lies above the root");
    check(ended_with(run("@init", NULL), 1), "init: PID 1 can be neither read nor written");
    check(ended_with(run("@processes", NULL), 1), "pid: two processes are visible");
}

/* A file of the root filesystem, given to the container from outside and for reading only. */
static void test_reopening(void)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/etc/given", harness.root);
    int file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    int own = fcntl(0, F_DUPFD_CLOEXEC, 10);
    close(file);
    file = open(path, O_RDONLY | O_CLOEXEC);
    dup2(file, 0);
    attack("reopening what was given for reading", "@write /proc/self/fd/0", NULL, NULL, "skip:landlock", NULL);
    attack("reopening under rules that would allow it", "@write /proc/self/fd/0", "landlock-rules+=read-write /",
           "landlock-rules+=execute /", "skip:landlock", NULL);
    check(ended_with(run("@create /tmp/x", "landlock-rules+=read-write /", "landlock-rules+=execute /", NULL), 0),
          "landlock: such rules leave what is mounted writable");
    check(ended_with(run("@write /dev/null", NULL), 0), "landlock: /dev stays writable");
    check(ended_with(run("@create /tmp/x", NULL), 0), "landlock: so does /tmp");
    check(ended_with(run("@create /data/x", "mounts+=tmpfs /data", NULL), 0), "landlock: and a tmpfs");
    check(ended_with(run("@write /proc/self/oom_score_adj", NULL), 0), "landlock: and /proc");
    dup2(own, 0);
    close(own);
    close(file);
    check(ended_with(run("@chmod /dev/null", NULL), 1), "/dev: the host's devices cannot be changed, only used");
    check(run("@exit 0", "mounts+=tmpfs //proc//sys", NULL).launch < 0,
          "/proc: doubled slashes lead to no mount in it");
}

/* Somebody who writes to a folder on the way turns a link elsewhere, after the grant and before the plan. */
static void test_grants_in_time(void)
{
    char link[400], folder[400], elsewhere[400];
    esq_plan *plan = NULL;
    esq_error error;
    snprintf(folder, sizeof(folder), "%s/data", harness.root);
    snprintf(elsewhere, sizeof(elsewhere), "%s/etc", harness.root);
    snprintf(link, sizeof(link), "%s/link", harness.folder);
    for (int turned = 0; turned < 2; turned++) {
        const char *words[] = { "bind", link, "/data" };
        esq_spec *spec = esq_spec_new();
        unlink(link);
        bool is_good = symlink(folder, link) == 0 && esq_spec_set(spec, "rootfs", harness.root, NULL, NULL) == 0 &&
                       esq_spec_add(spec, "mounts", words, 3, NULL, NULL) == 0 &&
                       esq_spec_add(spec, "command", (const char *[]){ "x" }, 1, NULL, NULL) == 0 &&
                       esq_spec_grants(spec, NULL, 0) > 0;
        if (turned)
            is_good = is_good && unlink(link) == 0 && symlink(elsewhere, link) == 0;
        int result = is_good ? esq_plan_build(spec, &plan, &error) : -1;
        if (turned)
            check(result == -ESTALE, "grants: a link that was turned since is refused");
        else
            check(result == 0, "grants: one that was left in peace is not");
        esq_plan_free(plan);
        plan = NULL;
        esq_spec_free(spec);
    }
    unlink(link);
}

static void test_privileges(void)
{
    attack("capabilities", "@chroot", "skip:seccomp", NULL, "skip:capabilities", NULL);
    attack("seccomp", "@ptrace", NULL, NULL, "skip:seccomp", NULL);
    struct started killed = run("@ptrace", "seccomp=strict", NULL);
    check(killed.launch == 0 && killed.result.reason == ESQ_REASON_SYSTEM_CALL &&
              killed.result.exit_status == 128 + SIGSYS,
          "seccomp: a death by SIGSYS is told as such");
    check(ended_with(run("@ptrace", "seccomp=strict", "seccomp-rules+=refusals error", NULL), 1),
          "seccomp: an error where the rules say so");
    attack("seccomp rules with tests", "@allocate 67108864", "seccomp-rules+=when 1=67108864 3&32!=0 deny mmap", NULL,
           "skip:seccomp", NULL);
    attack("no-new-privileges", "@new-privileges", "skip:seccomp", "skip:landlock", "skip:no-new-privileges", NULL);

    char bind[600];
    snprintf(bind, sizeof(bind), "mounts+=bind %s/data /data writable", harness.root);
    attack("set-id bits", "@set-id /data/y", bind, NULL, "skip:seccomp", NULL);

    char name[64], probe[100];
    snprintf(name, sizeof(name), "esquema-test-%d", getpid());
    snprintf(probe, sizeof(probe), "@abstract %s", name);
    int listener = listen_abstract(name);
    if (run("@exit 0", "network=host", NULL).launch == 0)
        attack("landlock scopes", probe, "network=host", NULL, "skip:landlock", NULL);
    else
        skip("this kernel has no scopes, and the start said so", "landlock scopes");
    close(listener);
}

static void test_inheritance(void)
{
    int leak = fcntl(1, F_DUPFD, 50);
    char probe[64];
    snprintf(probe, sizeof(probe), "@descriptor %d", leak);
    attack("descriptors", probe, NULL, NULL, "skip:descriptors", NULL);
    check(ended_with(run("@open-count", NULL), 1), "descriptors: 0, 1 and 2 are all there is");
    close(leak);

    setenv("ESQUEMA_TEST_SECRET", "x", 1);
    attack("environment", "@environment ESQUEMA_TEST_SECRET", NULL, NULL, "environment+=ESQUEMA_TEST_SECRET x", NULL);
    unsetenv("ESQUEMA_TEST_SECRET");
}

/* ---- What is kept, and what lies beneath a bind ---- */

static void test_volumes(void)
{
    char data[400];
    snprintf(data, sizeof(data), "data-folder=%s/kept", harness.folder);
    check(ended_with(run("@create /data/x", data, "mounts+=volume one /data", NULL), 0),
          "volume: it can be written to");
    check(ended_with(run("@exists /data/x", data, "mounts+=volume one /data", NULL), 0),
          "volume: what is written stays");
    check(ended_with(run("@exists /data/x", data, "mounts+=volume two /data", NULL), 1),
          "volume: under its name alone");
    attack("read-only volume", "@create /data/y", data, NULL, "mounts+=volume one /data", NULL);
    check(ended_with(run("@create /data/z", data, "mounts+=volume one /data read-only", NULL), 1),
          "volume: one that is read-only cannot be written to");
    check(run("@exit 0", data, "mounts+=volume ../../etc /data", NULL).launch < 0, "volume: a name is no path");
    check(run("@exit 0", "mounts+=volume one /data", NULL).launch < 0, "volume: without a folder there is none");
}

static void test_kept_changes(void)
{
    char data[400], path[500];
    const char *overlay = "rootfs-mode=overlay";
    snprintf(data, sizeof(data), "data-folder=%s/kept", harness.folder);
    check(ended_with(run("@create /etc/new", overlay, NULL), 0), "overlay: it can be written to");
    check(ended_with(run("@exists /etc/new", overlay, NULL), 1), "overlay: what is written is thrown away");
    check(ended_with(run("@create /etc/new", overlay, data, "rootfs-keep=a", NULL), 0), "keep: it can be written to");
    check(ended_with(run("@exists /etc/new", overlay, data, "rootfs-keep=a", NULL), 0), "keep: what is written stays");
    check(ended_with(run("@exists /etc/new", overlay, data, "rootfs-keep=b", NULL), 1), "keep: under its name alone");
    snprintf(path, sizeof(path), "%s/etc/new", harness.root);
    check(access(path, F_OK) < 0, "keep: nothing reaches the root filesystem");

    const char *settings[] = { "@sleep", overlay, data, "rootfs-keep=a", NULL };
    esq_container *first = NULL, *second = NULL;
    esq_error error = { 0 };
    esq_plan *plan = plan_from(settings, &error);
    check(plan && esq_launch(plan, &first, &error) == 0, "keep: a container that runs with them");
    check(plan && esq_launch(plan, &second, &error) == -EBUSY, "keep: nobody else gets them meanwhile");
    esq_container_free(first);
    check(plan && esq_launch(plan, &second, &error) == 0, "keep: afterwards somebody does");
    esq_container_free(second);
    esq_plan_free(plan);
    check(run("@exit 0", data, "rootfs-keep=a", NULL).launch < 0, "keep: only an overlay has changes");
}

static void test_devices(void)
{
    attack("devices", "@open /dev/full", "dev=no", NULL, "devices+=/dev/full", NULL);
    check(ended_with(run("@open /data/null", "mounts+=bind /dev /data writable", NULL), 1),
          "devices: those that a bind brings along are none inside");
    check(run("@exit 0", "devices+=/etc/passwd", NULL).launch < 0, "devices: a file is none");
    check(run("@exit 0", "devices+=/dev/../etc/passwd", NULL).launch < 0, "devices: nor by a way around");
    check(run("@exit 0", "devices+=/dev/shm", NULL).launch < 0, "devices: nor is a folder");
}

/* In a mount namespace of our own: something writable is mounted beneath what is bound read-only. */
static int run_with_nested_mount(const char *access)
{
    char path[400], bind[800];
    pid_t child = fork();
    if (child == 0) {
        snprintf(path, sizeof(path), "%s/etc/nested", harness.root);
        snprintf(bind, sizeof(bind), "mounts+=bind %s/etc /data %s", harness.root, access);
        mkdir(path, 0755);
        if (!enter_namespaces(CLONE_NEWNS, 0, 0) || mount("x", path, "tmpfs", 0, NULL) < 0)
            _exit(9);
        struct started started = run("@create /data/nested/x", bind, NULL);
        _exit(started.launch == 0 ? started.result.exit_status : 9);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void test_nested_mounts(void)
{
    check(run_with_nested_mount("read-only") == 1, "nested mounts: read-only as what they lie in");
    check(run_with_nested_mount("writable") == 0, "nested mounts: writable as what they lie in");
}

static void test_more_walls(void)
{
    struct timespec now = { 0 };
    char probe[64];
    clock_gettime(CLOCK_BOOTTIME, &now);
    snprintf(probe, sizeof(probe), "@clock-from %ld", (long)now.tv_sec);
    attack("clocks", probe, "namespaces+=user mount pid uts ipc net cgroup time", NULL, "skip:clocks", NULL);
    attack("namespaces", "@sandbox /tmp", NULL, NULL, "nested-namespaces=yes", NULL);
    attack("namespaces, with a root and a /proc", "@whole-sandbox /tmp", NULL, NULL, "nested-namespaces=yes", NULL);
    attack("namespaces, of an ordinary user", "@whole-sandbox /tmp", "user=1000:1000", NULL, "nested-namespaces=yes",
           NULL);
    attack("masks under nested-namespaces", "@read /proc/interrupts", "nested-namespaces=yes", "masks=yes", "masks=no",
           NULL);
    attack("namespaces, Landlock apart", "@sandbox /tmp", "skip:landlock", NULL, "skip:seccomp", NULL);
    attack("user-processes", "@fork 8", "user-processes=6", NULL, "skip:rlimit", NULL);
    attack("data-size", "@allocate 67108864", "data-size=33554432", NULL, "skip:rlimit", NULL);
    attack("pending-signals", "@queue-signals 64", "pending-signals=32", NULL, "skip:rlimit", NULL);
    check(run("@exit 0", "id-range=4000000", NULL).error.error_number == ENOTSUP,
          "id-range: ids that the host did not give are refused");
}

/* ---- Death of the launcher ---- */

static bool ends_within(pid_t pid, int milliseconds)
{
    for (int i = 0; i < milliseconds / 10; i++) {
        struct timespec pause = { .tv_nsec = 10000000 };
        waitpid(-1, NULL, WNOHANG); /* we are the subreaper of what the launcher leaves */
        if (kill(pid, 0) < 0 && errno == ESRCH)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static pid_t start_and_die(const char *skipped)
{
    int ends[2];
    pid_t inside = 0;
    if (pipe(ends) < 0)
        return 0;
    pid_t launcher = fork();
    if (launcher == 0) {
        const char *settings[] = { "@sleep", skipped, NULL };
        esq_error error;
        esq_container *container;
        esq_plan *plan = plan_from(settings, &error);
        if (!plan || esq_launch(plan, &container, &error) < 0)
            _exit(1);
        inside = esq_container_pid(container);
        if (write(ends[1], &inside, sizeof(inside)) != (ssize_t)sizeof(inside))
            _exit(1);
        raise(SIGKILL);
    }
    close(ends[1]);
    if (read(ends[0], &inside, sizeof(inside)) != (ssize_t)sizeof(inside))
        inside = 0;
    close(ends[0]);
    waitpid(launcher, NULL, 0);
    return inside;
}

static void test_death(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t inside = start_and_die("tmp=auto");
    check(inside > 0 && ends_within(inside, 60000), "death: a SIGKILL of the launcher ends the container");
    inside = start_and_die("skip:death-signal");
    check(inside > 0 && !ends_within(inside, 300), "death: without the death signal the container goes on");
    if (inside > 0)
        kill(inside, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

int main(int argc, char **argv)
{
    if (argc != 2 || !harness_init(argv[1])) {
        printf("Bail out! no root filesystem could be made\n");
        return 99;
    }
    test_namespaces();
    test_files();
    test_reopening();
    test_grants_in_time();
    test_privileges();
    test_inheritance();
    test_volumes();
    test_kept_changes();
    test_devices();
    test_nested_mounts();
    test_more_walls();
    test_death();
    harness_done();
    return finish();
}
