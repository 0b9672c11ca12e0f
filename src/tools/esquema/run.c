/* esquema run: a description is evaluated, granted, planned and started; its status becomes ours. */
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "tools/esquema/describe.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/grants.h"

static int fail(const struct options *options, const esq_error *error)
{
    if (options->status_fd >= 0)
        esq_status_write_failed(options->status_fd, error);
    return error->exit_status ? error->exit_status : ESQ_EXIT_SETUP;
}

static void explain(const esq_plan *plan)
{
    ssize_t length = esq_plan_print(plan, ESQ_FORMAT_TEXT, NULL, 0);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text && esq_plan_print(plan, ESQ_FORMAT_TEXT, text, (size_t)length + 1) == length)
        fputs(text, stderr);
    free(text);
}

/* Signals that ask us to end, or that concern a terminal, are the container's: they wait here for esq_wait. */
static int open_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGQUIT);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    sigaddset(&signals, SIGWINCH);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return -1;
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void tell_end(const esq_result *result)
{
    if (result->reason == ESQ_REASON_TIME_LIMIT)
        fputs("esquema: ended by its time limit\n", stderr);
    else if (result->reason == ESQ_REASON_KILLED)
        fputs("esquema: killed from outside\n", stderr);
    else if (result->signal == SIGSYS)
        fputs("esquema: ended by a system call that its seccomp policy refuses\n", stderr);
}

static int run_plan(const struct options *options, const esq_plan *plan)
{
    esq_container *container;
    esq_error error = { 0 };
    esq_result result;
    int signals = open_signals();
    if (esq_launch(plan, &container, &error) < 0) {
        failure_show_error(&error);
        return fail(options, &error);
    }
    if (options->status_fd >= 0)
        esq_status_write_started(options->status_fd, container);
    int status;
    if (esq_wait(container, -1, signals, &error) < 0) {
        failure_show_error(&error);
        status = fail(options, &error);
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
    esq_spec *spec;
    esq_plan *plan;
    esq_error error = { 0 };
    if (!describe_file(options, &spec, &error))
        return fail(options, &error);
    if (!grants_check(spec, options, &error)) {
        esq_spec_free(spec);
        return fail(options, &error);
    }
    int result = esq_plan_build(spec, &plan, &error);
    esq_spec_free(spec);
    if (result < 0) {
        failure_show_error(&error);
        return fail(options, &error);
    }
    if (options->explain)
        explain(plan);
    int status = run_plan(options, plan);
    esq_plan_free(plan);
    return status;
}
