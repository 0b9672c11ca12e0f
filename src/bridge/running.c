/*
 * Running containers as values of Scheme: a handle of the runtime in a foreign value, which ends the container when
 * nobody can reach it any more.
 */
#include "bridge/host.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void finalize(void *pointer)
{
    esq_container_free(pointer);
}

static const struct sch_foreign_type running_type = { "running-container", finalize };
enum { RUNNING_BYTES = 4096 }; /* what a handle costs: its descriptors and buffers */

static esq_container *container_of(sch_vm *vm, const char *who, sch_value value)
{
    void *pointer;
    if (sch_get_foreign(value, &running_type, &pointer))
        return pointer;
    host_raise_plain(vm, "type-error", "type error in `%s`: expected a running container", who);
    return NULL;
}

static int launch(sch_value container, esq_container **ret, esq_error *error)
{
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) {
        *error = (esq_error){ .exit_status = ESQ_EXIT_SETUP,
                              .error_number = errno,
                              .text = "the working directory is gone" };
        return -error->error_number;
    }
    char *kept = bridge_data_folder();
    const struct bridge_paths paths = { .base = here, .data = kept, .runtime = bridge_runtime_folder() };
    esq_spec *spec;
    esq_plan *plan;
    int result = bridge_spec_of(container, &paths, &spec, error);
    free(kept);
    if (result < 0)
        return result;
    result = esq_plan_build(spec, &plan, error);
    esq_spec_free(spec);
    if (result < 0)
        return result;
    result = esq_launch(plan, ret, error);
    esq_plan_free(plan);
    return result;
}

sch_value host_spawn(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count;
    esq_container *container = NULL;
    esq_error error = { 0 };
    if (!bridge_is_container(args[0]))
        return host_raise_plain(vm, "type-error", "type error in `spawn-container`: expected a container");
    if (launch(args[0], &container, &error) < 0)
        return host_raise(vm, &error);
    sch_value value = sch_foreign(vm, &running_type, container, RUNNING_BYTES);
    if (sch_is_raised(value))
        esq_container_free(container);
    return value;
}

sch_value host_wait(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count;
    esq_container *container = container_of(vm, "wait-container", args[0]);
    esq_error error = { 0 };
    esq_result result;
    if (!container)
        return SCH_RAISED;
    if (esq_wait(container, -1, -1, &error) < 0)
        return host_raise(vm, &error);
    esq_container_result(container, &result);
    return sch_integer(vm, result.exit_status);
}

sch_value host_pid(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count;
    esq_container *container = container_of(vm, "container-pid", args[0]);
    return container ? sch_integer(vm, esq_container_pid(container)) : SCH_RAISED;
}

/* A number, or the name as kill(1) writes it, in small letters. */
static bool signal_of(sch_value value, int *ret)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {
        { "hup", SIGHUP },   { "int", SIGINT },   { "quit", SIGQUIT }, { "kill", SIGKILL },   { "usr1", SIGUSR1 },
        { "usr2", SIGUSR2 }, { "term", SIGTERM }, { "cont", SIGCONT }, { "winch", SIGWINCH }, { "stop", SIGSTOP },
    };
    int64_t number;
    const char *text;
    size_t length;
    if (sch_get_integer(value, &number) && number > 0 && number < NSIG) {
        *ret = (int)number;
        return true;
    }
    if (!sch_get_text(value, &text, &length))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i].name) == 0) {
            *ret = names[i].number;
            return true;
        }
    }
    return false;
}

sch_value host_signal(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count;
    esq_container *container = container_of(vm, "container-signal", args[0]);
    int number;
    if (!container)
        return SCH_RAISED;
    if (!signal_of(args[1], &number))
        return host_raise_plain(vm, "type-error", "type error in `container-signal`: expected a signal, such as 'term");
    int result = esq_signal(container, number);
    if (result < 0 && result != -ESRCH)
        return host_raise_plain(vm, "container-error", "send signal %d: %s", number, strerror(-result));
    return sch_boolean(result == 0);
}

static sch_value pair_of(sch_vm *vm, const char *name, sch_value value)
{
    if (sch_is_raised(value))
        return value;
    sch_value symbol = sch_symbol(vm, name);
    return sch_is_raised(symbol) ? symbol : sch_cons(vm, symbol, value);
}

/* An association list; counters are those of the end, and 0 before. */
sch_value host_stats(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count;
    esq_container *container = container_of(vm, "container-stats", args[0]);
    esq_result result;
    if (!container)
        return SCH_RAISED;
    esq_container_result(container, &result);
    bool runs = result.reason == ESQ_REASON_NONE;
    sch_value items[] = {
        pair_of(vm, "state", sch_symbol(vm, runs ? "running" : "ended")),
        pair_of(vm, "pid", sch_integer(vm, esq_container_pid(container))),
        pair_of(vm, "reason", sch_string(vm, esq_reason_name(result.reason), strlen(esq_reason_name(result.reason)))),
        pair_of(vm, "status", runs ? sch_boolean(false) : sch_integer(vm, result.exit_status)),
        pair_of(vm, "wall-microseconds", sch_integer(vm, (int64_t)result.wall_microseconds)),
        pair_of(vm, "user-microseconds", sch_integer(vm, (int64_t)result.user_microseconds)),
        pair_of(vm, "system-microseconds", sch_integer(vm, (int64_t)result.system_microseconds)),
        pair_of(vm, "peak-memory", sch_integer(vm, (int64_t)result.peak_memory)),
    };
    enum { ITEMS = sizeof items / sizeof items[0] };
    for (size_t i = 0; i < ITEMS; i++)
        if (sch_is_raised(items[i]))
            return SCH_RAISED;
    return sch_list(vm, ITEMS, items);
}
