/*
 * Ports: the machine's standard output (buffer or sink, bounded by the output limit), strings, bytevectors, and ports
 * of the host, whose functions read and write. Contents and what is read ahead are strings and bytevectors of the heap,
 * so that ports need no finalizer and their memory counts.
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
    PORT_FOLD_CASE = 128, /* (read) has met #!fold-case */
};

struct port {
    uint64_t header;
    uint64_t flags;
    uint64_t start; /* of what is not read yet */
    uint64_t end;   /* of what was written, or of what can be read */
    uint64_t line;  /* of what is not read yet, for (read) */
    uint64_t column;
    sch_value bytes;      /* bytevector, or string for (open-input-string), or #f: nothing */
    sch_value host;       /* a host's port: foreign value; #f */
    unsigned char cut[4]; /* textual, of a host: the bytes that begin a character whose rest is not read yet */
    uint64_t cut_length;
};

/* Writes bytes to an output port that is open; charges; false: a limit was raised. May collect: `port` must be alive,
 * and `bytes` too if they lie in the heap. What is above the output limit is cut off before the limit is raised. */
bool port_write(sch_vm *vm, sch_value port, const void *bytes, size_t length);

/* Part of heap_client.trace_object: the values inside of a port. */
void port_trace(struct heap_marker *marker, const struct object *object);

/* Make ports; each reserves by itself. V_RAISED: the limit. */
sch_value port_make_standard(sch_vm *vm);
sch_value port_make_output(sch_vm *vm, enum port_flag kind);
/* Reads `bytes`: a string (PORT_TEXTUAL) or a bytevector (PORT_BINARY) that must be alive, or V_FALSE: nothing. */
sch_value port_make_input(sch_vm *vm, enum port_flag kind, sch_value bytes);

static inline struct port *port_of(sch_value v)
{
    return object_as(struct port, v);
}

static inline bool port_has(sch_value v, unsigned flags)
{
    return (port_of(v)->flags & flags) != 0;
}

/* A port of the host: `foreign` is a foreign value whose type is the beginning of a sch_port_type. */
sch_value port_make_host(sch_vm *vm, unsigned flags, sch_value foreign);
/* Has the host read more of an input port, behind what is not read yet. *ret_more: false at the end, and always for
 * ports in memory. false: raised. May collect: the port must be alive. */
bool port_fill(sch_vm *vm, sch_value port, bool *ret_more);
/* Is something there, or the end, without waiting? */
bool port_is_ready(sch_value port);
bool port_is_waiting(sch_value port); /* of a host: has it more that nobody needs to wait for? */
bool port_flush(sch_vm *vm, sch_value port);
/* Tells the host, once. The flags are the caller's business. */
bool port_close_host(sch_vm *vm, sch_value port);

/* What is not read yet, or, of an output port in memory, what was written. */
const unsigned char *port_bytes(const struct port *port, size_t *ret_length);

#endif
