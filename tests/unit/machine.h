/* A machine for unit tests that need a heap but not the interpreter: its roots are a small array, what is raised is
 * only recorded. The functions of vm/ that the lower folders call are weak here; the real ones win when they are
 * linked. */
#ifndef TESTS_MACHINE_H
#define TESTS_MACHINE_H

#include "schooner/heap/machine.h"

enum { MACHINE_ROOTS = 64 };

struct machine_options {
    uint64_t cap;                    /* bytes; 0: 64 MiB */
    const struct sch_memory *memory; /* NULL: mmap */
};

/* Never NULL unless the cap or the hook says no. Fuel without end, no deadline. */
sch_vm *machine_new(const struct machine_options *options);
void machine_free(sch_vm *vm);
/* Values that a collection keeps: put what must live here before anything that may collect. */
sch_value *machine_roots(sch_vm *vm);

/* What marking's poll answers: it says no once `polls_left` has come to 0 (SIZE_MAX: never). */
void machine_set_polls(sch_vm *vm, size_t polls_left);
size_t machine_polls(sch_vm *vm);
size_t machine_finalized(sch_vm *vm);
/* Forgets what was raised and which limit was reached. */
void machine_clear(sch_vm *vm);
/* Called at the end of each collection's marking, as sweep_weak is. */
void machine_set_sweep(sch_vm *vm, void (*sweep)(sch_vm *vm));

#endif
