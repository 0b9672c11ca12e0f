/* What programs of one's own may do to the system: files, the process and its environment. */
#ifndef TOOLS_SCHOONER_SYSTEM_H
#define TOOLS_SCHOONER_SYSTEM_H

#include "schooner.h"

/* The command line as (command-line) gives it; alive as long as the machines. */
struct system_arguments {
    char *const *items;
    int count;
};

/* Bindings of the library (schooner system), which the engine's (scheme file) and (scheme process-context) stand on.
 * `arguments` is kept. */
enum { SYSTEM_BINDING_COUNT = 8 };
void system_library(const struct system_arguments *arguments, struct sch_binding ret_bindings[SYSTEM_BINDING_COUNT],
                    struct sch_library *ret);
/* Standard input and standard error for a machine. false: no memory. */
bool system_connect(sch_vm *vm);

#endif
