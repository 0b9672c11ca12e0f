/*
 * core tree -> code. Passes (one file each), then register bytecode with position table and live maps.
 */
#ifndef SCHOONER_COMPILE_COMPILE_H
#define SCHOONER_COMPILE_COMPILE_H

#include "schooner/core/core.h"
#include "schooner/table/switches.h"

struct sch_code;

/*
 * Calls that can only fail: of procedures that are known here, with a number of arguments that they do not take, and of
 * constants. `arity` knows the procedures of the world outside (primitives and values of the environment; false: not
 * known). For the tree as the expander leaves it. Stops when `found` gives false;
 * false after front_limit.
 */
struct check_calls {
    bool (*arity)(void *data, const struct global *global, int *ret_min, int *ret_max);
    bool (*found)(void *data, struct position position, const char *kind, const char *message);
    void *data;
};
bool check_calls(struct front *front, struct core *body, const struct check_calls *check);

struct compile_options {
    bool open_globals; /* top-level names of this program may be redefined later: no known calls through them */
    bool shared;  /* code of the image, whose closures a stranger's bytes may make: no call takes a captured value on
                     trust for the procedure that it was made for */
    uint32_t off; /* passes that are switched off: bits of table/switches.h */
};

/*
 * Compiles a whole program. *ret is counted (code_take, code_drop of compile/code.h) and holds no pointer into the
 * front's arena. The procedure with index 0 is the program's body: no arguments, its value is that of the last
 * expression. false after front_fail or front_limit.
 */
bool compile_program(struct front *front, struct core *body, const struct compile_options *options,
                     struct sch_code **ret);

#endif
