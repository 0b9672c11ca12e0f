/*
 * Cgroups of containers: limits that hold, what was counted, what is killed with them, and that nothing is left. What
 * needs a controller is tested where there is one: in the virtual machine. usage: limits PROBE
 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cgroup/cgroup.h"
#include "cgroup/files.h"

static struct cgroup_place place;

static bool ended(struct started started, enum esq_reason reason, int status)
{
    return started.launch == 0 && started.result.reason == reason && started.result.exit_status == status;
}

static esq_container *launch(const char *const *settings)
{
    esq_error error = { 0 };
    esq_container *container = NULL;
    esq_plan *plan = plan_from(settings, &error);
    if (!plan || esq_launch(plan, &container, &error) < 0)
        printf("# %s\n", error.text);
    esq_plan_free(plan);
    return container;
}

static void pause_ms(long milliseconds)
{
    nanosleep(&(struct timespec){ .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000 }, NULL);
}

/* What we made in the folder of cgroups. Scopes of systemd go by themselves, in a moment. */
static int count_left(void)
{
    int count = 0;
    DIR *directory = place.source == CGROUP_DELEGATED ? opendir(place.parent) : NULL;
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        count += strncmp(entry->d_name, "esquema-", 8) == 0;
    if (directory)
        closedir(directory);
    return count;
}

/* ---- What needs no controller ---- */

static bool read_own(int folder, const char *file, char text[4096])
{
    return (folder >= 0 || folder == AT_FDCWD) && cgroup_read(folder, file, text, 4096) >= 0;
}

static void test_birth(void)
{
    const char *const sleeper[] = { "@sleep", "cpus=1", "best-effort+=cpus", NULL };
    char text[4096] = "", path[64];
    esq_container *container = launch(sleeper);
    int folder = container ? esq_container_cgroup(container) : -1;
    snprintf(path, sizeof(path), "/proc/%d/cgroup", container ? esq_container_pid(container) : 0);
    check(folder >= 0 && read_own(AT_FDCWD, path, text) && strstr(text, "/esquema-"), "a container has a cgroup");
    snprintf(path, sizeof(path), "/proc/self/cgroup");
    check(read_own(AT_FDCWD, path, text) && !strstr(text, "/esquema-"), "its launcher is not in it");
    check(read_own(folder, "cgroup.procs", text) && strchr(text, '\n') != strrchr(text, '\n'),
          "init and the payload are");
    esq_stats stats;
    check(container && esq_container_stats(container, &stats) == 0, "what it uses is counted");
    esq_container_free(container);
    check(count_left() == 0, "its cgroup ends with it");
}

static bool becomes_frozen(int folder, uint64_t wanted)
{
    char text[4096];
    uint64_t frozen = 2;
    for (int tries = 0; tries < 500 && frozen != wanted; tries++, pause_ms(10))
        if (!read_own(folder, "cgroup.events", text) || !cgroup_number(text, "frozen", &frozen))
            return false;
    return frozen == wanted;
}

static void test_freezing(void)
{
    const char *const sleeper[] = { "@sleep", "cpus=1", "best-effort+=cpus", NULL };
    esq_container *container = launch(sleeper);
    int folder = container ? esq_container_cgroup(container) : -1;
    check(container && esq_container_freeze(container, 1) == 0 && becomes_frozen(folder, 1), "it can be frozen");
    check(container && esq_container_freeze(container, 0) == 0 && becomes_frozen(folder, 0), "and goes on");
    check(container && esq_container_freeze(container, 1) == 0 && becomes_frozen(folder, 1) &&
              esq_signal(container, SIGKILL) == 0 && esq_wait(container, 60000, -1, NULL) == 0,
          "a frozen container can be killed");
    check(container && esq_container_freeze(container, 1) == -ESRCH, "afterwards there is nothing to freeze");
    esq_container_free(container);
}

/* Without a pid namespace of its own the kernel would let them live on; the cgroup does not. */
static void test_killing(void)
{
    int ends[2];
    char byte;
    if (pipe(ends) < 0)
        return;
    esq_spec *spec = esq_spec_new();
    const char *shared[] = { "user", "mount", "uts", "ipc", "net", "cgroup" };
    const char *command[] = { "/bin/busybox", "sh", "-c", "busybox setsid busybox sleep 1000 & exit 7" };
    esq_error error = { 0 };
    esq_plan *plan = NULL;
    esq_container *container = NULL;
    esq_result result = { 0 };
    const char *name = "cpus";
    esq_spec_set(spec, "rootfs", harness.root, NULL, NULL);
    esq_spec_set(spec, "grace", "1", NULL, NULL);
    esq_spec_set(spec, "cpus", "1", NULL, NULL);
    esq_spec_add(spec, "best-effort", &name, 1, NULL, NULL);
    name = "landlock-scopes"; /* which kernels below 6.12 lack, for what shares the host's processes */
    esq_spec_add(spec, "best-effort", &name, 1, NULL, NULL);
    esq_spec_add(spec, "namespaces", shared, 6, NULL, NULL);
    esq_spec_add(spec, "command", command, 4, NULL, NULL);
    esq_spec_add_fd(spec, "keep", ends[1], 3, NULL, NULL);
    bool is_ended = esq_plan_build(spec, &plan, &error) == 0 && esq_launch(plan, &container, &error) == 0 &&
                    esq_wait(container, 60000, -1, &error) == 0;
    if (is_ended)
        esq_container_result(container, &result);
    close(ends[1]);
    esq_container_free(container);
    esq_plan_free(plan);
    esq_spec_free(spec);
    check(is_ended && result.exit_status == 7, "a payload that leaves a process behind ends %s", error.text);
    /* The write end is closed when the last of them is gone. */
    check(read(ends[0], &byte, 1) == 0, "what it left is killed with its cgroup");
    close(ends[0]);
}

static void test_stale(void)
{
    const char *const sleeper[] = { "@sleep", "cpus=1", "best-effort+=cpus", NULL };
    int ends[2];
    char byte;
    if (pipe(ends) < 0)
        return;
    pid_t starter = fork();
    if (starter == 0) {
        esq_container *container = launch(sleeper);
        if (write(ends[1], container ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    bool is_started = read(ends[0], &byte, 1) == 1 && byte == 'y';
    check(is_started && (place.source != CGROUP_DELEGATED || count_left() == 1), "another process starts a container");
    kill(starter, SIGKILL);
    waitpid(starter, NULL, 0);
    int left = 1;
    for (int tries = 0; tries < 500 && left > 0; tries++, pause_ms(10)) {
        run("@exit 0", "cpus=1", "best-effort+=cpus", NULL);
        left = count_left();
    }
    check(left == 0, "its cgroup is removed by the next start after it was killed");
    close(ends[0]);
    close(ends[1]);
}

static void test_processes_of_namespace(void)
{
    /* `user-processes` is the same limit of the kernel by its other name; here the cgroup has no controller for it. */
    struct started started = run("@fork 30", "processes=16", NULL);
    check(started.launch < 0 || started.result.exit_status == 1, "too many processes are refused");
    check(ended(run("@fork 3", "processes=16", NULL), ESQ_REASON_EXIT, 0), "as many as may be are not");
}

/* ---- What needs controllers ---- */

static bool has(enum cgroup_controllers controller)
{
    return place.source != CGROUP_NOWHERE && place.controllers & controller;
}

static void test_memory(void)
{
    struct started hog = run("!busybox sh -c a=x;while\t:;do\ta=$a$a;done", "memory=67108864", NULL);
    check(ended(hog, ESQ_REASON_OUT_OF_MEMORY, 137), "a hog dies, and the reason says of what");
    check(hog.result.memory_limit == 67108864 && hog.result.memory_peak == 67108864,
          "its peak is its limit: %llu of %llu", (unsigned long long)hog.result.memory_peak,
          (unsigned long long)hog.result.memory_limit);
    check(hog.result.oom_kills > 0, "the kernel ended it");
    check(ended(run("@exit 3", "memory=67108864", "swap=1048576", NULL), ESQ_REASON_EXIT, 3),
          "a frugal program does not notice, with swap or without");
    check(ended(run("!busybox sh -c kill\t-9\t$$", "memory=67108864", NULL), ESQ_REASON_SIGNAL, 137),
          "who is killed otherwise is not out of memory");
    struct started tmpfs = run("!busybox dd if=/dev/zero of=/tmp/x bs=1M count=60", "memory=33554432", NULL);
    check(ended(tmpfs, ESQ_REASON_OUT_OF_MEMORY, 137), "files in memory count");
    check(count_left() == 0, "nothing is left");
}

static void test_pids(void)
{
    struct started bomb = run("!busybox sh -c b(){\tb|b&\t};b;busybox\tsleep\t2", "processes=32", "time=30000", NULL);
    check(bomb.launch == 0 && bomb.result.processes_limit == 32 && bomb.result.refused_forks > 0,
          "a fork bomb is held: %llu forks refused", (unsigned long long)bomb.result.refused_forks);
    check(bomb.result.processes_peak <= 32, "at the limit");
    struct started usual = run("@exit 0", NULL);
    check(place.source != CGROUP_DELEGATED || usual.result.processes_limit == 4096, "4096 without a limit of its own");
    struct started free = run("@exit 0", "processes=unlimited", "cpus=1", "best-effort+=cpus", NULL);
    check(ended(free, ESQ_REASON_EXIT, 0) && free.result.processes_limit == 0, "none where that was granted");
}

static bool read_used(const esq_container *container, uint64_t *ret_used)
{
    esq_stats stats;
    bool is_read = container && esq_container_stats(container, &stats) == 0;
    if (is_read)
        *ret_used = stats.user_microseconds + stats.system_microseconds;
    return is_read;
}

static double microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/*
 * By the kernel's count of processor time, in windows of twenty of its periods. Its start and load on the machine can
 * make a window's part less, so the first that has enough will do; more than its part it may never have.
 */
static void test_cpu(void)
{
    const char *const busy[] = { "!busybox sh -c while\t:;do\t:;done", "cpus=0.2", NULL };
    esq_container *container = launch(busy);
    double part = 0;
    for (int window = 0; window < 8 && part <= 0.18; window++) {
        uint64_t before = 0, after = 0;
        double began = microseconds();
        if (!read_used(container, &before))
            break;
        pause_ms(2000);
        if (!read_used(container, &after))
            break;
        part = (double)(after - before) / (microseconds() - began);
    }
    check(part > 0.18 && part < 0.22, "20 %% of a processor are %.1f %%", part * 100);
    esq_container_free(container);
}

static void test_cpuset(void)
{
    struct started both = run("!busybox sh -c test\t$(busybox\tnproc)\t=\t1", "cpuset=0", NULL);
    check(ended(both, ESQ_REASON_EXIT, 0), "one processor is all that it sees");
    struct started none = run("@exit 0", "cpuset=1000", NULL);
    check(none.launch < 0 && strstr(none.error.text, "processors 1000"), "one that is not there is refused");
}

static void test_io(void)
{
    const char *const sleeper[] = { "@sleep", "io-read+=/t 1048576", "io-write+=/t 2097152", NULL };
    char text[4096] = "";
    esq_container *container = launch(sleeper);
    check(container && read_own(esq_container_cgroup(container), "io.max", text) && strstr(text, "rbps=1048576") &&
              strstr(text, "wbps=2097152"),
          "limits of a device stand in the kernel's table: %.40s", text);
    esq_container_free(container);
}

static void test_missing(void)
{
    static const struct {
        const char *setting;
        const char *name;
        enum cgroup_controllers controller;
    } limits[] = { { "memory=67108864", "memory", CGROUP_MEMORY },
                   { "cpus=1/2", "cpus", CGROUP_CPU },
                   { "cpuset=0", "cpuset", CGROUP_CPUSET },
                   { "swap=1000000", "swap", CGROUP_MEMORY },
                   { "io-read+=/ 1000000", "io-read", CGROUP_IO } };
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        char text[64], excuse[64];
        if (has(limits[i].controller))
            continue;
        snprintf(text, sizeof(text), "the limit `%s` cannot be enforced: ", limits[i].name);
        snprintf(excuse, sizeof(excuse), "best-effort+=%s", limits[i].name);
        struct started started = run("@exit 0", limits[i].setting, NULL);
        check(started.launch < 0 && started.error.exit_status == 125 && strstr(started.error.text, text) &&
                  started.error.remedy[0],
              "%s stops the start where it cannot be enforced", limits[i].name);
        check(ended(run("@exit 0", limits[i].setting, excuse, NULL), ESQ_REASON_EXIT, 0), "unless %s is excused",
              limits[i].name);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2 || !harness_init(argv[1])) {
        printf("Bail out! no root filesystem could be made\n");
        return 99;
    }
    size_t descriptors = count_descriptors();
    cgroup_find(&place);
    printf("# %s, controllers %x, %s\n",
           place.source == CGROUP_NOWHERE     ? "no cgroup can be made"
           : place.source == CGROUP_DELEGATED ? "delegated"
                                              : "by systemd",
           place.controllers, place.source == CGROUP_DELEGATED ? place.parent : place.bus);
    test_missing();
    test_processes_of_namespace();
    if (place.source == CGROUP_DELEGATED || has(CGROUP_CPU)) {
        test_birth();
        test_freezing();
        test_killing();
        test_stale();
    }
    if (has(CGROUP_MEMORY))
        test_memory();
    if (has(CGROUP_PIDS))
        test_pids();
    if (has(CGROUP_CPU))
        test_cpu();
    if (has(CGROUP_CPUSET))
        test_cpuset();
    if (has(CGROUP_IO) && access("/t", F_OK) == 0)
        test_io();
    check(count_left() == 0 && !has_children() && count_descriptors() == descriptors, "nothing is left of all this");
    harness_done();
    return finish();
}
