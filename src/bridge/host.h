/* What the files of the bridge's host libraries share. Private to bridge/. */
#ifndef BRIDGE_HOST_H
#define BRIDGE_HOST_H

#include "bridge/bridge.h"

enum { HOST_FUNCTIONS = 6, FFI_FUNCTIONS = 2 };

struct bridge_host {
    char *runner_path; /* NULL: none is known */
    int runner;        /* a sealed copy in memory of the runner program; -1: not made yet */
    struct sch_binding host[HOST_FUNCTIONS];
    struct sch_binding ffi[FFI_FUNCTIONS];
};

/* Raises a condition of kind container-error, with the place in the description if there is one. */
sch_value host_raise(sch_vm *vm, const esq_error *error);
/* As sch_raise_kind, without irritants. */
#define host_raise_plain(vm, kind, ...) sch_raise_kind(vm, kind, sch_nil(), __VA_ARGS__)

/* running.c: containers as values */
sch_function host_spawn;  /* (%spawn-container container) */
sch_function host_wait;   /* (%wait-container running) */
sch_function host_pid;    /* (%container-pid running) */
sch_function host_signal; /* (%container-signal running signal) */
sch_function host_stats;  /* (%container-stats running) */

/* sandbox.c */
sch_function host_run_sandboxed; /* (%run-sandboxed thunk write options) */

#endif
