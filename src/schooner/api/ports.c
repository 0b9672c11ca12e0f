/* Ports whose bytes the host reads and writes. */
#include "schooner/api/state.h"
#include "schooner/port/port.h"

sch_value sch_port(sch_vm *vm, const struct sch_port_type *type, void *pointer, unsigned flags)
{
    if (!type || !(flags & (SCH_PORT_INPUT | SCH_PORT_OUTPUT)) ||
        flags & ~(unsigned)(SCH_PORT_INPUT | SCH_PORT_OUTPUT | SCH_PORT_BINARY))
        return values_misuse(vm, "a port needs a type and a direction");
    sch_value foreign = sch_foreign(vm, &type->base, pointer, 0);
    if (is_raised(foreign))
        return foreign;
    unsigned kind = flags & SCH_PORT_BINARY ? PORT_BINARY : PORT_TEXTUAL;
    unsigned directions = (flags & SCH_PORT_INPUT ? PORT_INPUT : 0) | (flags & SCH_PORT_OUTPUT ? PORT_OUTPUT : 0);
    heap_pause_collection(vm);
    sch_value port = port_make_host(vm, directions | kind, foreign);
    heap_resume_collection(vm);
    return is_raised(port) ? port : scope_hold(vm, port);
}

bool sch_set_port(sch_vm *vm, enum sch_standard_port which, sch_value port)
{
    unsigned direction = which == SCH_STANDARD_INPUT ? PORT_INPUT : PORT_OUTPUT;
    if ((unsigned)which > SCH_STANDARD_INPUT || !is_port(port) || !port_has(port, direction) ||
        !port_has(port, PORT_TEXTUAL))
        return false;
    vm->standard_parameters[which] = port;
    return true;
}
