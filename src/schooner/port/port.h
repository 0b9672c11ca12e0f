/*
 * Ports. In this slice: output to the machine's standard output (buffer or sink, bounded by the output limit), string
 * output and input ports, bytevector ports. A port's contents are bytevectors of the heap, so that ports need no
 * finalizer and their memory counts.
 */
#ifndef SCHOONER_PORT_PORT_H
#define SCHOONER_PORT_PORT_H

#include "schooner/heap/machine.h"

enum port_flag {
    PORT_INPUT = 1,
    PORT_OUTPUT = 2,
    PORT_TEXTUAL = 4,
    PORT_BINARY = 8,
    PORT_STANDARD = 16, /* the machine's output: port_write goes to the buffer or sink */
    PORT_CLOSED_INPUT = 32,
    PORT_CLOSED_OUTPUT = 64,
};

struct port {
    uint64_t header;
    uint64_t flags;
    uint64_t start;   /* of what is not read yet */
    uint64_t end;     /* of what was written */
    uint64_t line;
    uint64_t column;
    sch_value bytes;  /* bytevector, or string for (open-input-string) */
    sch_value host;   /* a host's port: foreign value; #f */
};

/* Writes bytes to an output port; charges; false: a limit or an error was raised. May collect. `bytes` may lie in the
 * account's memory or in static memory, not in the heap. */
bool port_write(sch_vm *vm, sch_value port, const void *bytes, size_t length);
sch_value port_make_standard(sch_vm *vm);

#endif
