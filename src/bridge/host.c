/* The host libraries of trusted programs: one table of procedures, and the text of what is written in Scheme. */
#include "bridge/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const unsigned char bridge_runtime_text[];
extern const size_t bridge_runtime_text_size;

sch_value host_raise(sch_vm *vm, const esq_error *error)
{
    sch_value irritants = sch_nil();
    if (error->line) {
        sch_value place[3] = { sch_string(vm, error->file, strlen(error->file)), sch_integer(vm, error->line),
                               sch_integer(vm, error->column) };
        sch_value list = sch_is_raised(place[0]) ? SCH_RAISED : sch_list(vm, 3, place);
        irritants = sch_is_raised(list) ? SCH_RAISED : sch_list(vm, 1, &list);
        if (sch_is_raised(irritants))
            return SCH_RAISED;
    }
    return sch_raise_kind(vm, "container-error", irritants, "%s%s%s", error->text, *error->remedy ? "\nremedy: " : "",
                          error->remedy);
}

static sch_value ffi_init(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    return sch_integer(vm, esq_init());
}

static sch_value ffi_version(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    return sch_string(vm, esq_version(), strlen(esq_version()));
}

struct bridge_host *bridge_host_new(const char *runner)
{
    struct bridge_host *host = calloc(1, sizeof *host);
    if (!host)
        return NULL;
    host->runner = -1;
    if (runner && !(host->runner_path = strdup(runner))) {
        free(host);
        return NULL;
    }
    return host;
}

void bridge_host_free(struct bridge_host *host)
{
    if (!host)
        return;
    if (host->runner >= 0)
        close(host->runner);
    free(host->runner_path);
    free(host);
}

void bridge_host_libraries(struct bridge_host *host, struct sch_library ret[BRIDGE_HOST_LIBRARIES])
{
    const struct sch_binding functions[HOST_FUNCTIONS] = {
        { "%spawn-container", host_spawn, host, 1, 1, 0, NULL },
        { "%wait-container", host_wait, host, 1, 1, 0, NULL },
        { "%container-pid", host_pid, host, 1, 1, 0, NULL },
        { "%container-signal", host_signal, host, 2, 2, 0, NULL },
        { "%container-stats", host_stats, host, 1, 1, 0, NULL },
        { "%run-sandboxed", host_run_sandboxed, host, 3, 3, 0, NULL },
    };
    const struct sch_binding ffi[FFI_FUNCTIONS] = {
        { "esquema-init", ffi_init, NULL, 0, 0, 0, "(esquema-init): 42, a handshake" },
        { "esquema-version", ffi_version, NULL, 0, 0, 0, "(esquema-version): the version of the runtime" },
    };
    memcpy(host->host, functions, sizeof functions);
    memcpy(host->ffi, ffi, sizeof ffi);
    ret[0] = (struct sch_library){ "(esquema host)", host->host, HOST_FUNCTIONS };
    ret[1] = (struct sch_library){ "(esquema ffi)", host->ffi, FFI_FUNCTIONS };
}

const char *bridge_library_text(const char *name, size_t *ret_length)
{
    if (strcmp(name, "(esquema runtime)") != 0 && strcmp(name, "esquema/runtime.sld") != 0)
        return NULL;
    *ret_length = bridge_runtime_text_size;
    return (const char *)bridge_runtime_text;
}
