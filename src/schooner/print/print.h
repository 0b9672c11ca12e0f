/*
 * value -> text. Iterative; `nesting` bounds its stack; work is charged. Never allocates in the collected heap, so no
 * collection happens meanwhile: the text goes to a buffer of the account's memory.
 */
#ifndef SCHOONER_PRINT_PRINT_H
#define SCHOONER_PRINT_PRINT_H

#include "schooner/heap/machine.h"

enum print_mode {
    PRINT_DISPLAY,      /* as display: labels only for cycles */
    PRINT_WRITE,        /* as write: labels only for cycles */
    PRINT_WRITE_SHARED, /* labels for everything shared */
    PRINT_WRITE_SIMPLE, /* no labels: a cycle ends in a limit */
};

/* Appends to `out`; false: a limit was raised (output that cannot fit, fuel, heap, nesting). `most` bytes at most are
 * produced: more raises the output limit (SIZE_MAX: no bound). */
bool print_value(sch_vm *vm, sch_value value, enum print_mode mode, size_t most, struct buffer *out);

#endif
