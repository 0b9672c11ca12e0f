/*
 * ESQ_SUPERVISED: a container whose life is bound to the host's process, through the supervisor program, instead of the
 * thread that launched it. Arguments: the probe, the supervisor.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "esquema.h"
#include "harness.h"

static esq_launch_options options = { .size = sizeof options, .flags = ESQ_SUPERVISED };

static esq_container *launch(const char *const *settings)
{
    esq_error error = { 0 };
    esq_container *container = NULL;
    esq_plan *plan = plan_from(settings, &error);
    if (!plan || esq_launch_with(plan, &options, &container, &error) < 0)
        printf("# %s\n", error.text);
    esq_plan_free(plan);
    return container;
}

static esq_result finish_of(esq_container *container)
{
    esq_result result = { 0 };
    if (container && esq_wait(container, 60000, -1, NULL) == 0)
        esq_container_result(container, &result);
    esq_container_free(container);
    return result;
}

static void test_ends(void)
{
    const char *const seven[] = { "@exit 7", NULL };
    const char *const limited[] = { "!/bin/busybox sleep 1000", "time=100", "grace=1", NULL };
    const char *const asleep[] = { "!/bin/busybox sleep 1000", NULL };
    size_t descriptors = count_descriptors();
    check(finish_of(launch(seven)).exit_status == 7, "the payload's status comes over the socket");
    check(finish_of(launch(limited)).reason == ESQ_REASON_TIME_LIMIT, "the time limit is the supervisor's to keep");
    esq_container *container = launch(asleep);
    check(container && !has_children(), "it is no child of the host");
    check(container && esq_signal(container, SIGTERM) == 0, "a signal reaches it");
    esq_result result = finish_of(container);
    check(result.reason == ESQ_REASON_SIGNAL && result.signal == SIGTERM, "and ends it");
    container = launch(asleep);
    int pidfd = container ? dup(esq_container_pidfd(container)) : -1;
    esq_container_free(container);
    struct pollfd ended = { .fd = pidfd, .events = POLLIN };
    check(poll(&ended, 1, 60000) == 1, "freeing the handle ends it");
    close(pidfd);
    check(count_descriptors() == descriptors, "no descriptor is left");
}

static void *launch_in_thread(void *settings)
{
    return launch(settings);
}

static void test_thread(void)
{
    const char *asleep[] = { "!/bin/busybox sleep 1000", NULL };
    pthread_t thread;
    void *container = NULL;
    pthread_create(&thread, NULL, launch_in_thread, asleep);
    pthread_join(thread, &container);
    check(container && esq_wait(container, 300, -1, NULL) == -ETIMEDOUT, "it outlives the thread that launched it");
    esq_container_free(container);
}

/* The host is a child of ours that is killed. */
static void test_host(void)
{
    const char *const asleep[] = { "!/bin/busybox sleep 1000", NULL };
    int ends[2];
    pid_t pid = 0;
    if (pipe(ends) < 0)
        return;
    pid_t host = fork();
    if (host == 0) {
        esq_container *container = launch(asleep);
        pid = container ? esq_container_pid(container) : 0;
        if (write(ends[1], &pid, sizeof pid) == (ssize_t)sizeof pid)
            pause();
        _exit(1);
    }
    check(read(ends[0], &pid, sizeof pid) == (ssize_t)sizeof pid && pid > 0 && kill(pid, 0) == 0, "a host runs one");
    kill(host, SIGKILL);
    waitpid(host, NULL, 0);
    int tries = 1200;
    while (kill(pid, 0) == 0 && tries-- > 0)
        usleep(50000);
    check(kill(pid, 0) < 0, "which dies with the host");
    close(ends[0]);
    close(ends[1]);
}

static void test_errors(void)
{
    const char *const nothing[] = { "!/bin/nothing", NULL };
    const char *const seven[] = { "@exit 7", NULL };
    esq_error error = { 0 };
    esq_container *container;
    esq_plan *plan = plan_from(nothing, &error);
    check(esq_launch_with(plan, &options, &container, &error) < 0 && error.exit_status == 127 && error.step > 0,
          "the error of a step comes over the socket");
    esq_plan_free(plan);
    esq_launch_options none = { .size = sizeof none, .flags = ESQ_SUPERVISED, .supervisor = "/nowhere/supervisor" };
    plan = plan_from(seven, &error);
    check(esq_launch_with(plan, &none, &container, &error) == -ENOENT && strstr(error.text, "supervisor"),
          "a supervisor that is not there");
    esq_plan_free(plan);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

/* A host with a clock of its own, whose ticks interrupt every wait. */
static void test_store_wait(void)
{
    const char *const asleep[] = { "name=sleeper", "!/bin/busybox sleep 1000", NULL };
    const esq_places places = {
        .size = sizeof places, .runtime = harness.folder, .state = harness.folder, .supervisor = options.supervisor
    };
    const esq_start how = { .size = sizeof how, .flags = ESQ_START_REMOVE };
    const struct sigaction action = { .sa_handler = on_alarm };
    const struct itimerval ticks = { { 0, 20000 }, { 0, 20000 } }, none = { 0 };
    esq_error error = { 0 };
    esq_store *store = NULL;
    esq_entry entry;
    esq_result result;
    esq_plan *plan = plan_from(asleep, &error);
    bool is_started =
        plan && esq_store_open(&places, &store, &error) == 0 && esq_store_start(store, plan, &how, &entry, &error) == 0;
    check(is_started, "a container is started");
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &ticks, NULL);
    check(is_started && esq_store_wait(store, "sleeper", 300, &result, &error) == -ETIMEDOUT,
          "a wait for it ends in time, however often it is interrupted");
    setitimer(ITIMER_REAL, &none, NULL);
    signal(SIGALRM, SIG_DFL);
    if (is_started && esq_store_signal(store, "sleeper", SIGKILL, &error) == 0)
        esq_store_wait(store, "sleeper", 60000, &result, &error);
    esq_store_free(store);
    esq_plan_free(plan);
}

int main(int argc, char **argv)
{
    if (argc != 3 || !harness_init(argv[1])) {
        printf("Bail out! no root filesystem could be made\n");
        return 99;
    }
    options.supervisor = argv[2];
    test_ends();
    test_thread();
    test_host();
    test_errors();
    test_store_wait();
    harness_done();
    return finish();
}
