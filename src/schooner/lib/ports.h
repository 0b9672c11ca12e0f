/* What the primitives that read and write share: the port that an optional argument names. */
#ifndef SCHOONER_LIB_PORTS_H
#define SCHOONER_LIB_PORTS_H

#include "schooner/lib/text.h"
#include "schooner/port/port.h"

/* The open port at args[index], or the standard one when that argument is absent. `kind` is PORT_TEXTUAL or
 * PORT_BINARY. Raises and gives false when it is no such port or closed. */
bool output_port_argument(sch_vm *vm, const char *who, const sch_value *args, size_t count, size_t index,
                          enum port_flag kind, sch_value *ret);
bool input_port_argument(sch_vm *vm, const char *who, const sch_value *args, size_t count, size_t index,
                         enum port_flag kind, sch_value *ret);

#endif
