/*
 * Procedures written in C. Each is declared once, in one of the tables that primitives.def includes:
 *
 *     PRIMITIVE(prim_reverse, "reverse", 1, 1)        C name, Scheme name, least and most arguments (-1: any number)
 *
 * A primitive checks its arguments, charges fuel for its work before it does it, reserves, then builds. It returns a
 * value, or V_RAISED after raise_* or a false charge / heap_reserve. It never calls Scheme: higher-order procedures are
 * Scheme (lib/). `args` lies in the caller's frame and is alive until the primitive returns. The count is checked
 * against the table by the caller.
 */
#ifndef SCHOONER_TABLE_PRIMITIVE_H
#define SCHOONER_TABLE_PRIMITIVE_H

#include "schooner/heap/machine.h"

/* Of primitives that take any number: a few arguments are free, as they are where the compiler has an instruction in
 * place of the call. */
enum { ARGUMENTS_PER_UNIT = 8 };

typedef sch_value primitive_fn(sch_vm *vm, const sch_value *args, size_t count);

struct primitive_info {
    primitive_fn *function;
    const char *name;
    int16_t min_args;
    int16_t max_args;
};

enum primitive_index {
#define PRIMITIVE(function, name, min, max) PRIMITIVE_##function,
#include "schooner/table/primitives.def"
#undef PRIMITIVE
    PRIMITIVE_COUNT,
};

extern const struct primitive_info primitive_table[PRIMITIVE_COUNT];

#define PRIMITIVE(function, name, min, max) primitive_fn function;
#include "schooner/table/primitives.def"
#undef PRIMITIVE

#endif
