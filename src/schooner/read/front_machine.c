/* The front of a stage that works for a machine: at its expense, within its limits. Apart from front.c, which needs no
 * machine. */
#include "schooner/heap/machine.h"
#include "schooner/read/front.h"

static bool charge_machine(void *vm, uint64_t units)
{
    return charge(vm, units);
}

static bool look_machine(void *vm)
{
    return poll(vm);
}

void front_init_machine(struct front *front, sch_vm *vm)
{
    front_init(front, vm_memory(vm));
    front->nesting = vm->nesting;
    front->integer_bits = vm->integer_bits;
    front->charge = charge_machine;
    front->look = look_machine;
    front->charge_data = vm;
}
