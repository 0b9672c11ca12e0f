/*
 * core tree -> code. Passes (one file each), then register bytecode with position table and live maps.
 */
#ifndef SCHOONER_COMPILE_COMPILE_H
#define SCHOONER_COMPILE_COMPILE_H

#include "schooner/core/core.h"

struct sch_code;

struct compile_options {
    bool open_globals;  /* top-level names of this program may be redefined later: no known calls through them */
    bool no_optimize;   /* for tests: passes off */
};

/*
 * Compiles a whole program. *ret is counted (code_take, code_drop of compile/code.h) and holds no pointer into the front's arena. The procedure with
 * index 0 is the program's body: no arguments, its value is that of the last expression. false after front_fail or
 * front_limit.
 */
bool compile_program(struct front *front, struct core *body, const struct compile_options *options,
                     struct sch_code **ret);

#endif
