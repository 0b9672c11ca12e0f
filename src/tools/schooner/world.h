/* Environments and machines by the options of the command line, and the texts that commands work on. */
#ifndef TOOLS_SCHOONER_WORLD_H
#define TOOLS_SCHOONER_WORLD_H

#include "tools/common/files.h"
#include "tools/common/system.h"
#include "tools/schooner/options.h"

struct world {
    const struct options *options;
    enum sch_posture posture;
    bool session;                   /* names may be defined again; everything of the report is in scope */
    const char *const *pre_imports; /* besides those of the options; NULL */
    /* made by world_open */
    struct library_path path;
    struct sch_env *env;
    const char **menu;
    const char **named_imports;
    const char **without;
    struct system_process process;
    char last_written; /* by world_machine's machine; '\0': nothing */
    struct sch_binding system[SYSTEM_BINDING_COUNT];
};

/* The environment for programs that lie beside `file` (NULL: in the working directory). false: it was told why. */
bool world_open(struct world *world, const char *file);
void world_close(struct world *world);
/* What helps where a library is not there. NULL: nothing that the message does not say, or it is another failure. */
const char *world_library_remedy(enum sch_posture posture, const struct sch_failure *failure);
/* A machine within the options' limits; it writes to standard output, and to the world what stands last there. NULL: it
 * was told why. */
sch_vm *world_machine(struct world *world);
/* The file, or the text of -e. false: it was told why. */
bool world_source(const char *file, const struct options *options, struct source_file *ret);

/* The commands; each gives the program's status. */
int command_check(const struct options *options);
int command_expand(const struct options *options);
int command_stages(const struct options *options);
int command_surface(const struct options *options);
int command_test(const struct options *options);

#endif
