/* esquema run: a description is evaluated, granted, planned and started; its status becomes ours. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/prepare.h"
#include "tools/esquema/run.h"
#include "tools/esquema/status.h"
#include "tools/esquema/terminal.h"

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
    else if (result->reason == ESQ_REASON_OUTPUT)
        fputs("esquema: ended by its output limit: it printed more\n", stderr);
    else if (result->reason == ESQ_REASON_DISK)
        fputs("esquema: ended by its disk limit: it wrote more, or more files than can be counted\n", stderr);
    else if (result->reason == ESQ_REASON_OUT_OF_MEMORY)
        tell_memory(result);
    else if (result->reason == ESQ_REASON_KILLED)
        fputs("esquema: killed from outside\n", stderr);
    else if (result->reason == ESQ_REASON_SYSTEM_CALL)
        fputs("esquema: ended by a system call that its seccomp policy refuses\n", stderr);
}

/* What may be why it failed, and shows in no error of its own that would name us. */
static void tell_hindrance(const esq_container *container, const esq_result *result, const char *network_advice)
{
    if (result->exit_status == 0)
        return;
    if (esq_container_sought_network(container))
        fprintf(stderr,
                "esquema: something in it looked for a network, and it has none; if that is why it failed, %s\n",
                network_advice);
    if (result->refused_forks > 0)
        fprintf(stderr, "esquema: its limit of %llu processes refused it a new one, %llu times\n",
                (unsigned long long)result->processes_limit, (unsigned long long)result->refused_forks);
}

/* What a traced policy has refused. */
static void tell_denied(const esq_container *container, const esq_result *result)
{
    enum { DENIED_MAX = 128 };
    esq_denied denied[DENIED_MAX];
    size_t count = esq_container_denied(container, denied, DENIED_MAX);
    for (size_t i = 0; i < count && i < DENIED_MAX; i++)
        fprintf(stderr, "esquema: refused: %s (%s) x%llu\n", *denied[i].name ? denied[i].name : "an unknown call",
                strerrorname_np(denied[i].error_number), (unsigned long long)denied[i].count);
    if (result->reason == ESQ_REASON_SYSTEM_CALL)
        fputs("esquema: the call that kills is not named; (refusals error) in the policy has it named\n", stderr);
}

/* What the relay of a terminal needs of the container. */
struct attached {
    esq_container *container;
};

static void forward(void *data, int signal_number)
{
    const struct attached *attached = data;
    esq_signal(attached->container, signal_number);
}

static void count_printed(void *data, size_t bytes)
{
    const struct attached *attached = data;
    esq_container_printed(attached->container, bytes);
}

/* Limits are kept only while somebody waits. */
static void keep_limits(void *data)
{
    const struct attached *attached = data;
    esq_wait(attached->container, 0, -1, NULL);
}

static void relay_terminal(esq_container *container, bool is_traced, struct terminal *terminal, int signals)
{
    /* A refused call waits for the turn. */
    enum { TURN_MS = 100, TURN_TRACED_MS = 2 };
    struct attached attached = { container };
    const struct relay relay = {
        .end = esq_container_pidfd(container),
        .signals = signals,
        .turn_ms = is_traced ? TURN_TRACED_MS : TURN_MS,
        .forward = forward,
        .turn = keep_limits,
        .printed = count_printed,
        .data = &attached,
    };
    terminal_relay(terminal, &relay);
}

static int wait_for_end(const struct options *options, esq_container *container, int signals,
                        const char *network_advice)
{
    esq_error error = { 0 };
    esq_result result;
    if (esq_wait(container, -1, signals, &error) < 0) {
        failure_tell(options->failures, &error);
        return prepare_fail(options, &error);
    }
    esq_container_result(container, &result);
    if (options->format == ESQ_FORMAT_TEXT) {
        tell_end(&result);
        tell_hindrance(container, &result, network_advice);
    }
    if (options->trace_denied)
        tell_denied(container, &result);
    status_tell_ended(options, &result, signals);
    return result.exit_status;
}

/* What came before there was a program, which was not in our group then: so that of the terminal, too. */
static void forward_early(esq_container *container, int signals)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info)
        esq_signal(container, (int)info.ssi_signo);
}

int run_plan(const struct options *options, const esq_plan *plan, struct terminal *terminal, const char *network_advice)
{
    esq_container *container;
    esq_error error = { 0 };
    const esq_launch_options how = { .size = sizeof how,
                                     .flags =
                                         ESQ_WATCH_NETWORK | (options->trace_denied ? (unsigned)ESQ_TRACE_DENIED : 0) };
    /* Not later: a program that runs is told of the end that we are asked for, and its cgroup goes with it. */
    int signals = terminal_signals();
    if (esq_launch_with(plan, &how, &container, &error) < 0) {
        if (signals >= 0)
            close(signals);
        failure_tell(options->failures, &error);
        return prepare_fail(options, &error);
    }
    forward_early(container, signals);
    status_tell_running(options, container, signals);
    if (options->terminal)
        relay_terminal(container, options->trace_denied, terminal, signals);
    terminal_close(terminal);
    int status = wait_for_end(options, container, signals, network_advice);
    esq_container_free(container);
    if (signals >= 0)
        close(signals);
    return status;
}

static int run(const struct options *options)
{
    struct terminal terminal = { .own = -1, .other = -1 };
    struct prepared prepared = { .plan = NULL };
    esq_error error = { 0 };
    if (options->terminal && !terminal_open(&terminal, options->interactive)) {
        error = failure_make("open a terminal: %s", strerror(errno));
        failure_tell(options->failures, &error);
        terminal_close(&terminal);
        return prepare_fail(options, &error);
    }
    int status;
    if (prepare_plan(options, terminal.other, &prepared, &error))
        status = run_plan(options, prepared.plan, &terminal, "(network user) in its description gives it one");
    else
        status = prepare_status(&error);
    prepare_done(&prepared);
    terminal_close(&terminal);
    return status;
}

int command_run(const struct options *options)
{
    const struct options own = prepare_report(options);
    return run(&own);
}
