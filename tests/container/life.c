/*
 * The life of a container: statuses, reasons, signals, time limit, descriptors, kinds of root, what is refused and how
 * it is said, and that nothing is left. usage: life PROBE
 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool exited(struct started started, int status)
{
    return started.launch == 0 && started.result.reason == ESQ_REASON_EXIT && started.result.exit_status == status;
}

static bool refused(struct started started, int status, const char *text)
{
    return started.launch < 0 && started.error.exit_status == status && strstr(started.error.text, text);
}

static void test_statuses(void)
{
    check(exited(run("@exit 0", NULL), 0), "status 0");
    check(exited(run("@exit 255", NULL), 255), "status 255");
    check(exited(run("@exit 126", NULL), 126), "a payload may exit 126 itself, and the reason says so");
    struct started killed = run("@signal 9", NULL);
    check(killed.launch == 0 && killed.result.reason == ESQ_REASON_SIGNAL && killed.result.signal == 9 &&
              killed.result.exit_status == 137,
          "SIGKILL is 137, reason signal");
    check(refused(run("!/bin/nothing", NULL), 127, "execute /bin/nothing: No such file or directory (step "),
          "a program that is not there: 127");
    check(refused(run("!nothing", NULL), 127, "execute nothing"), "a name that PATH does not find: 127");
    check(refused(run("!/etc/secret", NULL), 126, "Permission denied"), "a file that is no program: 126");
    check(exited(run("!busybox true", NULL), 0), "a name is looked for in PATH");
    check(exited(run("@exit 3", "namespaces+=user mount uts ipc net cgroup", NULL), 3),
          "with the host's processes shared, init still tells the status");
}

/* The shape that the documentation promises, place, step and remedy. */
static void test_errors(void)
{
    char text[2048];
    struct started started = run("@exit 0", "working-directory=/nowhere", NULL);
    esq_error_print(&started.error, text, sizeof(text));
    char *step = strstr(text, " (step ");
    check(step && strncmp(text, "test.scm:9:12: error: go to /nowhere: No such file or directory (step ", 66) == 0 &&
              strstr(step, " of ") && strstr(step, ")\nremedy: name a directory of the container\n"),
          "an error names place, step, reason and remedy");
    check(refused(run("@exit 0", "rootfs=/nonexistent", NULL), 125, "open /nonexistent: No such file or directory"),
          "a root that does not exist");
    check(refused(run("@exit 0", "mounts+=bind /nonexistent /data", NULL), 125, "/nonexistent: No such file"),
          "a source that does not exist");
    check(refused(run("@exit 0", "name=Not A Name", NULL), 125, "`name` must be"), "a name that is none");
}

static void test_time(void)
{
    struct started started = run("@sleep", "time=100", "grace=50", NULL);
    check(started.launch == 0 && started.result.reason == ESQ_REASON_TIME_LIMIT && started.result.exit_status == 137 &&
              started.result.wall_microseconds >= 100000 && started.result.wall_microseconds < 60000000,
          "a time limit ends a payload, with its reason");
    /* time enough for the shell to set its trap, on a busy machine too */
    started = run("!busybox sh -c trap\t''\tTERM;while\t:;do\t:;done", "time=4000", "grace=50", NULL);
    check(started.launch == 0 && started.result.reason == ESQ_REASON_TIME_LIMIT &&
              started.result.wall_microseconds >= 4050000,
          "one that ignores TERM is killed after the grace");
}

static esq_container *launch(const char *const *settings)
{
    esq_error error;
    esq_container *container = NULL;
    esq_plan *plan = plan_from(settings, &error);
    if (plan && esq_launch(plan, &container, &error) < 0)
        printf("# %s\n", error.text);
    esq_plan_free(plan);
    return container;
}

static void test_signals(void)
{
    const char *const sleeper[] = { "@sleep", NULL };
    esq_result result;
    esq_container *container = launch(sleeper);
    check(container && esq_wait(container, 50, -1, NULL) == -ETIMEDOUT, "waiting gives up in time");
    check(container && esq_signal(container, SIGTERM) == 0 && esq_wait(container, 60000, -1, NULL) == 0,
          "TERM reaches the payload through init");
    if (container)
        esq_container_result(container, &result);
    check(container && result.reason == ESQ_REASON_SIGNAL && result.exit_status == 128 + SIGTERM, "143, reason signal");
    check(container && esq_signal(container, SIGTERM) == -ESRCH, "afterwards there is nobody to signal");
    esq_container_free(container);

    container = launch(sleeper);
    pid_t pid = container ? esq_container_pid(container) : 0;
    esq_container_free(container);
    check(pid > 0 && kill(pid, 0) < 0 && errno == ESRCH && !has_children(), "freeing a running container ends it");
}

/* What a program in the foreground does: its own signals become the container's. */
static void test_forwarding(void)
{
    const char *const sleeper[] = { "@sleep", NULL };
    esq_result result = { 0 };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    esq_container *container = launch(sleeper);
    kill(getpid(), SIGTERM);
    bool has_ended = container && esq_wait(container, 60000, signals, NULL) == 0;
    if (has_ended)
        esq_container_result(container, &result);
    check(has_ended && result.exit_status == 128 + SIGTERM, "a signal of the launcher is forwarded");
    esq_container_free(container);
    close(signals);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void test_doctor(void)
{
    esq_wall walls[32];
    size_t count = esq_doctor(walls, 32), descriptors = count_descriptors(), available = 0;
    for (size_t i = 0; i < count && i < 32; i++) {
        if (!walls[i].available && (!walls[i].detail[0] || !walls[i].remedy[0]))
            available = 0;
        available += walls[i].available;
    }
    /* This test could not run without these; limits of a whole container are not enforced yet, and it says so. */
    check(count > 8 && available >= 8, "doctor: %zu of %zu walls are available", available, count);
    check(esq_doctor(NULL, 0) == count && count_descriptors() == descriptors && !has_children(),
          "doctor: nothing is left");
}

static void test_descriptors(void)
{
    int in[2], out[2];
    char bytes[16] = "";
    esq_error error;
    if (pipe(in) < 0 || pipe(out) < 0)
        return;
    esq_spec *spec = esq_spec_new();
    const char *words[] = { "probe", "cat" };
    esq_spec_set(spec, "rootfs-mode", "empty", NULL, &error);
    esq_spec_set(spec, "seccomp", "standard", NULL, &error);
    esq_spec_set(spec, "landlock", "deny-all", NULL, &error);
    esq_spec_set_fd(spec, "executable", harness.probe, NULL, &error);
    esq_spec_set_fd(spec, "stdin", in[0], NULL, &error);
    esq_spec_set_fd(spec, "stdout", out[1], NULL, &error);
    esq_spec_add(spec, "command", words, 2, NULL, &error);
    esq_plan *plan = NULL;
    esq_container *container = NULL;
    bool is_started = esq_plan_build(spec, &plan, &error) == 0 && esq_launch(plan, &container, &error) == 0;
    if (!is_started)
        printf("# %s\n", error.text);
    bool is_sent = write(in[1], "over", 4) == 4;
    close(in[1]);
    check(is_started && is_sent && esq_wait(container, 60000, -1, &error) == 0 &&
              read(out[0], bytes, sizeof(bytes)) == 4 && memcmp(bytes, "over", 4) == 0,
          "an empty root, a program from a descriptor, no file allowed, pipes as standard input and output");
    esq_container_free(container);
    container = NULL;
    int replaced = open("/", O_RDONLY | O_DIRECTORY);
    dup2(replaced, in[0]);
    check(plan && esq_launch(plan, &container, &error) == -EISDIR,
          "a number that leads to a directory by now is refused");
    close(replaced);
    esq_plan_free(plan);

    int folder = open("/", O_RDONLY | O_DIRECTORY), handle = open("/etc/passwd", O_PATH);
    esq_error problems[4];
    esq_spec_add_fd(spec, "keep", folder, 5, NULL, &error);
    esq_spec_add_fd(spec, "keep", handle, 6, NULL, &error);
    esq_spec_set_fd(spec, "stdin", out[0], NULL, &error);
    esq_spec_add_fd(spec, "keep", out[0], 6, NULL, &error);
    esq_spec_add_fd(spec, "keep", out[0], 2, NULL, &error);
    size_t found = esq_spec_check(spec, problems, 4);
    check(found == 4, "a directory, a path handle, a number twice, a standard number: four problems (%zu)", found);
    esq_spec_free(spec);
    close(folder);
    close(handle);
    close(in[0]);
    close(out[0]);
    close(out[1]);
}

static size_t count_entries(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

static void test_roots(void)
{
    char bare[400], path[600], link[600];
    snprintf(bare, sizeof(bare), "rootfs=%s", harness.bare);
    check(exited(run("@exists /dev/null", bare, NULL), 0), "a root without mount points gets them");
    check(exited(run("@create /bin/x", bare, NULL), 1), "and stays read-only");
    check(count_entries(harness.bare) == 3, "nothing was created in the host's directory");
    check(exited(run("@create /bin/x", bare, "rootfs-mode=overlay", NULL), 0), "an overlay takes writes");
    snprintf(path, sizeof(path), "%s/bin/x", harness.bare);
    check(access(path, F_OK) < 0, "and throws them away");
    check(exited(run("@exists /a/b/c", bare, "mounts+=tmpfs /a/b", "mounts+=tmpfs /a/b/c", NULL), 0),
          "mount points deep in what is missing");
    check(exited(run("@exists /esquema-test-point", "rootfs=/", "mounts+=tmpfs /esquema-test-point", NULL), 0),
          "where overlay is refused, the root is composed");
    check(access("/esquema-test-point", F_OK) < 0, "nothing was created in the host's root");
    check(refused(run("@exit 0", bare, "rootfs-mode=writable", NULL), 125, "lacks the mount point"),
          "a writable root gets no mount points");

    snprintf(path, sizeof(path), "mounts+=bind %s/etc /data", harness.root);
    check(exited(run("@exists /data/secret", path, NULL), 0), "a bind shows its source");
    check(exited(run("@create /data/x", path, NULL), 1), "and is read-only");
    snprintf(path, sizeof(path), "mounts+=bind %s/etc/secret /tmp/file", harness.root);
    check(exited(run("@read /tmp/file", path, NULL), 0), "a file is bound onto a file made in a tmpfs");

    snprintf(link, sizeof(link), "%s/link", harness.root);
    check(symlink("/etc", link) == 0 && refused(run("@exit 0", "mounts+=tmpfs /link", NULL), 125, "symbolic links"),
          "a mount point that is a symbolic link is refused");
    unlink(link);
}

/* KiB. Pages of files are mapped as the kernel likes; these are counted one by one. */
static long own_memory(void)
{
    char line[128];
    long own = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof(line), file) && sscanf(line, "Anonymous: %ld", &own) != 1)
        ;
    if (file)
        fclose(file);
    return own;
}

/* Everything that a start takes is given back. */
/* KiB. A sanitizer keeps what was freed for a while, and looks for leaks itself. */
#ifdef __SANITIZE_ADDRESS__
enum { MEMORY_LEFT_MAX = 64 * 1024 };
#else
enum { MEMORY_LEFT_MAX = 1024 };
#endif

static void test_thousand(void)
{
    const char *const settings[] = { "@exit 0", NULL };
    esq_error error;
    long before = 0, after;
    esq_plan *plan = plan_from(settings, &error);
    size_t descriptors = count_descriptors();
    int good = 0;
    for (int i = 0; i < 1000 && plan; i++) {
        esq_container *container;
        esq_result result;
        if (i == 100)
            before = own_memory();
        if (esq_launch(plan, &container, &error) < 0)
            break;
        esq_wait(container, 60000, -1, &error);
        esq_container_result(container, &result);
        esq_container_free(container);
        good += result.reason == ESQ_REASON_EXIT && result.exit_status == 0;
    }
    after = own_memory();
    check(good == 1000, "a thousand starts in a row (%d)", good);
    check(count_descriptors() == descriptors, "leave no descriptor");
    check(!has_children(), "leave no process");
    check(prctl(PR_GET_DUMPABLE) == 1, "and the host is as dumpable as before");
    check(before > 0 && after - before < MEMORY_LEFT_MAX, "leave no memory (%ld KiB)", after - before);
    esq_plan_free(plan);
}

int main(int argc, char **argv)
{
    if (argc != 2 || !harness_init(argv[1])) {
        printf("Bail out! no root filesystem could be made\n");
        return 99;
    }
    test_statuses();
    test_errors();
    test_time();
    test_signals();
    test_forwarding();
    test_doctor();
    test_descriptors();
    test_roots();
    test_thousand();
    harness_done();
    return finish();
}
