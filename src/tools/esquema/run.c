/* esquema run: a description is evaluated, granted, planned and started; its status becomes ours. */
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/prepare.h"
#include "tools/esquema/run.h"

/* Signals that ask us to end, or that concern a terminal, are the container's: they wait here for esq_wait. */
static void list_signals(sigset_t *ret)
{
    static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH };
    sigemptyset(ret);
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
        sigaddset(ret, forwarded[i]);
}

void run_block_signals(void)
{
    sigset_t signals;
    list_signals(&signals);
    sigprocmask(SIG_BLOCK, &signals, NULL);
}

static int open_signals(void)
{
    sigset_t signals;
    list_signals(&signals);
    run_block_signals();
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* In the unit in which people give it, when that is exact. */
static void print_size(uint64_t bytes)
{
    if (bytes % (1 << 20) == 0)
        fprintf(stderr, "%llu MiB", (unsigned long long)bytes >> 20);
    else
        fprintf(stderr, "%llu KiB", (unsigned long long)bytes >> 10);
}

static void tell_memory(const esq_result *result)
{
    fputs("esquema: out of memory", stderr);
    if (result->memory_peak) {
        fputs(", peak ", stderr);
        print_size(result->memory_peak);
        fputs(" of ", stderr);
        print_size(result->memory_limit);
    }
    fputc('\n', stderr);
}

static void tell_end(const esq_result *result)
{
    if (result->reason == ESQ_REASON_TIME_LIMIT)
        fputs("esquema: ended by its time limit\n", stderr);
    else if (result->reason == ESQ_REASON_OUT_OF_MEMORY)
        tell_memory(result);
    else if (result->reason == ESQ_REASON_KILLED)
        fputs("esquema: killed from outside\n", stderr);
    else if (result->reason == ESQ_REASON_SYSTEM_CALL)
        fputs("esquema: ended by a system call that its seccomp policy refuses\n", stderr);
}

int run_plan(const struct options *options, const esq_plan *plan)
{
    esq_container *container;
    esq_error error = { 0 };
    esq_result result;
    int signals = open_signals();
    if (esq_launch(plan, &container, &error) < 0) {
        failure_show_error(&error);
        return prepare_fail(options, &error);
    }
    if (options->status_fd >= 0)
        esq_status_write_started(options->status_fd, container);
    int status;
    if (esq_wait(container, -1, signals, &error) < 0) {
        failure_show_error(&error);
        status = prepare_fail(options, &error);
    } else {
        esq_container_result(container, &result);
        tell_end(&result);
        if (options->status_fd >= 0)
            esq_status_write_ended(options->status_fd, &result);
        status = result.exit_status;
    }
    esq_container_free(container);
    if (signals >= 0)
        close(signals);
    return status;
}

int command_run(const struct options *options)
{
    esq_plan *plan;
    esq_error error = { 0 };
    if (!prepare_plan(options, &plan, &error))
        return prepare_fail(options, &error);
    int status = run_plan(options, plan);
    esq_plan_free(plan);
    return status;
}
