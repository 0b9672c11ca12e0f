/* What programs of one's own may do to the system: files, the process and its environment. */
#ifndef TOOLS_COMMON_SYSTEM_H
#define TOOLS_COMMON_SYSTEM_H

#include "schooner.h"

/* The process as a program sees it; alive as long as the machines. */
struct system_process {
    char *const *arguments; /* as (command-line) gives them */
    int argument_count;
    /* NULL: (exit) ends the process. Else (exit) suspends the run, `exited` says so, and who began it ends the process
     * with `status` when what the machine holds is gone. */
    struct system_exit {
        bool exited;
        int status;
    } * exit;
};

/* Bindings of the library (schooner system), which the engine's (scheme file) and (scheme process-context) stand on.
 * `process` is kept. */
enum { SYSTEM_BINDING_COUNT = 8 };
void system_library(const struct system_process *process, struct sch_binding ret_bindings[SYSTEM_BINDING_COUNT],
                    struct sch_library *ret);
/* Standard input and standard error for a machine. false: no memory. */
bool system_connect(sch_vm *vm);

#endif
