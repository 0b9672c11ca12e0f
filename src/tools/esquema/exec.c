/* esquema exec: one more program in a running container, behind the same walls. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <poll.h>
#include <sys/signalfd.h>
#include "base/terminal_signal.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/prepare.h"
#include "tools/esquema/started.h"
#include "tools/esquema/status.h"
#include "tools/esquema/terminal.h"

static void forward(void *data, int signal_number)
{
    kill(*(const pid_t *)data, signal_number);
}

/* The program is in our group. */
static void forward_waiting(int signals, pid_t pid)
{
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof info) == (ssize_t)sizeof info && !terminal_signal_reached_group(&info))
        kill(pid, (int)info.ssi_signo);
}

static uint64_t microseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

/* Its own process gives only a number, so that 128 and more may have been a signal, and is told as one. */
static esq_result make_result(int status, const struct rusage *usage)
{
    int number = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    bool is_signal = number > 128 && number <= 128 + 64;
    return (esq_result){
        .reason = !is_signal               ? ESQ_REASON_EXIT
                  : number == 128 + SIGSYS ? ESQ_REASON_SYSTEM_CALL
                                           : ESQ_REASON_SIGNAL,
        .exit_status = number,
        .signal = is_signal ? number - 128 : 0,
        .user_microseconds = microseconds(usage->ru_utime),
        .system_microseconds = microseconds(usage->ru_stime),
        .peak_memory = (uint64_t)usage->ru_maxrss * 1024,
    };
}

static esq_result wait_for(pid_t pid, int end, int signals)
{
    int status;
    struct rusage usage;
    while (wait4(pid, &status, WNOHANG, &usage) == 0) {
        struct pollfd fds[2] = { { .fd = end, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
        if (poll(fds, 2, -1) > 0 && fds[1].revents)
            forward_waiting(signals, pid);
    }
    return make_result(status, &usage);
}

static void free_environment(char **environment)
{
    for (size_t i = 0; environment && environment[i]; i++)
        free(environment[i]);
    free(environment);
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static int execute(const struct options *options, esq_store *store, char **environment, struct terminal *terminal,
                   int signals)
{
    esq_error error = { 0 };
    const struct winsize size = terminal_size();
    int own = -1;
    size_t count = 0;
    while (environment[count])
        count++;
    const esq_exec how = {
        .size = sizeof how,
        .flags = options->terminal ? ESQ_EXEC_TERMINAL : 0,
        .words = (const char *const *)options->words,
        .word_count = options->word_count,
        .environment = (const char *const *)environment,
        .environment_count = count,
        .directory = options->directory,
        .fds = { 0, 1, 2 },
        .rows = size.ws_row,
        .columns = size.ws_col,
        .ret_terminal = &own,
    };
    esq_entry entry;
    bool is_found = started_find_whole(store, options->operands.items[0], &entry, &error);
    uint64_t begin = now();
    pid_t pid = is_found ? esq_store_exec(store, entry.name, &how, &error) : -1;
    if (pid < 0) {
        failure_tell(options->failures, &error);
        return prepare_fail(options, &error);
    }
    if (options->terminal)
        terminal_take(terminal, own, options->interactive);
    status_tell_started(options, (int)pid, entry.name, signals);
    int end = (int)syscall(SYS_pidfd_open, pid, 0);
    if (options->terminal) {
        const struct relay relay = { .end = end, .signals = signals, .turn_ms = -1, .forward = forward, .data = &pid };
        terminal_relay(terminal, &relay);
    }
    esq_result result = wait_for(pid, end, signals);
    result.wall_microseconds = now() - begin;
    close(end);
    status_tell_ended(options, &result, signals);
    return result.exit_status;
}

/* Programs at a terminal want to know of which kind it is; -e TERM=... says otherwise. */
static const char *own_terminal(const struct options *options)
{
    for (size_t i = 0; i < options->env.count; i++)
        if (strncmp(options->env.items[i], "TERM", 4) == 0 && strchr("=", options->env.items[i][4]))
            return NULL;
    return options->terminal ? getenv("TERM") : NULL;
}

static bool add_variable(char **ret, const char *name, const char *sign, const char *value)
{
    if (asprintf(ret, "%s%s%s", name, sign, value) >= 0)
        return true;
    *ret = NULL;
    return false;
}

/* "NAME" alone passes ours on. To be freed, with what is in it. NULL after a complaint. */
static char **make_environment(const struct options *options)
{
    char **environment = calloc(options->env.count + 2, sizeof *environment);
    const char *kind = own_terminal(options);
    bool is_good = environment && (!kind || add_variable(&environment[0], "TERM", "=", kind));
    for (size_t i = 0; is_good && i < options->env.count; i++) {
        const char *entry = options->env.items[i], *value = strchr(entry, '=') ? "" : getenv(entry);
        const char *sign = strchr(entry, '=') ? "" : "=";
        if (*entry == '=' || !*entry || !value) {
            esq_error error = failure_make("`%s` is no variable (NAME=VALUE, or the NAME of one of ours)", entry);
            failure_tell(options->failures, &error);
            prepare_fail(options, &error);
            is_good = false;
        } else {
            is_good = add_variable(&environment[i + (kind != NULL)], entry, sign, value);
        }
    }
    if (is_good)
        return environment;
    free_environment(environment);
    return NULL;
}

static int execute_at_terminal(const struct options *options)
{
    struct terminal terminal = { .own = -1, .other = -1 };
    int status = ESQ_EXIT_SETUP;
    char **environment = make_environment(options);
    esq_store *store = environment ? started_open(options) : NULL;
    if (!store) {
        free_environment(environment);
        return status;
    }
    int signals = terminal_signals();
    status = execute(options, store, environment, &terminal, signals);
    terminal_close(&terminal);
    free_environment(environment);
    if (signals >= 0)
        close(signals);
    esq_store_free(store);
    return status;
}

int command_exec(const struct options *options)
{
    const struct options own = prepare_report(options);
    return execute_at_terminal(&own);
}
