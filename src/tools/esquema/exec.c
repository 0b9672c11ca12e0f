/* esquema exec: one more program in a running container, behind the same walls. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <poll.h>
#include <sys/signalfd.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/started.h"
#include "tools/esquema/terminal.h"

static void forward(void *data, int signal_number)
{
    kill(*(const pid_t *)data, signal_number);
}

/* Those of the terminal reach the program by themselves: it is in our group. */
static void forward_waiting(int signals, pid_t pid)
{
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof info) == (ssize_t)sizeof info && info.ssi_code != SI_KERNEL)
        kill(pid, (int)info.ssi_signo);
}

static int wait_for(pid_t pid, int end, int signals)
{
    int status;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        struct pollfd fds[2] = { { .fd = end, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
        if (poll(fds, 2, -1) > 0 && fds[1].revents)
            forward_waiting(signals, pid);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void free_environment(char **environment)
{
    for (size_t i = 0; environment && environment[i]; i++)
        free(environment[i]);
    free(environment);
}

static int execute(const struct options *options, esq_store *store, char **environment, struct terminal *terminal,
                   int signals)
{
    esq_error error = { 0 };
    const int other = options->terminal ? terminal->other : -1;
    const esq_exec how = {
        .size = sizeof how,
        .flags = options->terminal ? ESQ_EXEC_TERMINAL : 0,
        .words = (const char *const *)options->words,
        .word_count = options->word_count,
        .environment = (const char *const *)environment,
        .environment_count = options->env.count,
        .directory = options->directory,
        .fds = { other < 0 ? 0 : other, other < 0 ? 1 : other, other < 0 ? 2 : other },
    };
    pid_t pid = esq_store_exec(store, options->operands.items[0], &how, &error);
    if (pid < 0) {
        failure_show_error(&error);
        return error.exit_status ? error.exit_status : ESQ_EXIT_SETUP;
    }
    int end = (int)syscall(SYS_pidfd_open, pid, 0);
    if (options->terminal) {
        const struct relay relay = { .end = end, .signals = signals, .turn_ms = -1, .forward = forward, .data = &pid };
        terminal_relay(terminal, &relay);
    }
    int status = wait_for(pid, end, signals);
    close(end);
    return status;
}

/* "NAME" alone passes ours on. To be freed, with what is in it. NULL after a complaint. */
static char **make_environment(const struct options *options)
{
    char **environment = calloc(options->env.count + 1, sizeof *environment);
    bool is_good = environment;
    for (size_t i = 0; is_good && i < options->env.count; i++) {
        const char *entry = options->env.items[i], *value = strchr(entry, '=') ? "" : getenv(entry);
        const char *sign = strchr(entry, '=') ? "" : "=";
        if (*entry == '=' || !*entry || !value) {
            esq_error error = failure_make("`%s` is no variable (NAME=VALUE, or the NAME of one of ours)", entry);
            failure_show_error(&error);
            is_good = false;
        } else if (asprintf(&environment[i], "%s%s%s", entry, sign, value) < 0) {
            environment[i] = NULL;
            is_good = false;
        }
    }
    if (is_good)
        return environment;
    free_environment(environment);
    return NULL;
}

int command_exec(const struct options *options)
{
    struct terminal terminal = { .own = -1, .other = -1 };
    int status = ESQ_EXIT_SETUP;
    char **environment = make_environment(options);
    esq_store *store = environment ? started_open() : NULL;
    if (!store) {
        free_environment(environment);
        return status;
    }
    int signals = terminal_signals();
    if (options->terminal && !terminal_open(&terminal, options->interactive)) {
        esq_error error = failure_make("open a terminal: %s", strerror(errno));
        failure_show_error(&error);
    } else {
        status = execute(options, store, environment, &terminal, signals);
    }
    terminal_close(&terminal);
    free_environment(environment);
    if (signals >= 0)
        close(signals);
    esq_store_free(store);
    return status;
}
