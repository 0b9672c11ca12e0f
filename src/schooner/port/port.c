/* Ports: where written bytes go, and the output limit. What is written is the business of lib/ports.c. */
#include "schooner/port/port.h"

#include "schooner/heap/barrier.h"

enum { BYTES_PER_UNIT = 16, CONTENTS_MIN = 64 };

void port_trace(struct heap_marker *marker, const struct object *object)
{
    const struct port *port = (const struct port *)object;
    heap_mark_value(marker, port->bytes);
    heap_mark_value(marker, port->host);
}

static sch_value make_port(sch_vm *vm, uint64_t flags, sch_value bytes)
{
    size_t size = object_size(sizeof(struct port), 0, 1);
    if (!heap_reserve(vm, size))
        return V_RAISED;
    struct port *port = heap_object(vm, OBJECT_PORT, 0, size);
    port->flags = flags;
    port->start = 0;
    port->end = is_false(bytes) ? 0 : object_length(bytes);
    port->line = 1;
    port->column = 1;
    port->bytes = bytes;
    port->host = V_FALSE;
    return object_value(port);
}

sch_value port_make_standard(sch_vm *vm)
{
    return make_port(vm, PORT_OUTPUT | PORT_TEXTUAL | PORT_STANDARD, V_FALSE);
}

sch_value port_make_output(sch_vm *vm, enum port_flag kind)
{
    return make_port(vm, PORT_OUTPUT | kind, V_FALSE);
}

sch_value port_make_input(sch_vm *vm, enum port_flag kind, sch_value bytes)
{
    return make_port(vm, PORT_INPUT | kind, bytes);
}

const unsigned char *port_bytes(const struct port *port, size_t *ret_length)
{
    *ret_length = port->end - port->start;
    if (is_false(port->bytes))
        return (const unsigned char *)"";
    const unsigned char *bytes = is_istring(port->bytes) ? (unsigned char *)object_as(struct string, port->bytes)->text
                                                         : object_as(struct bytevector, port->bytes)->bytes;
    return bytes + port->start;
}

/* --- the machine's output --- */

static bool give_out(sch_vm *vm, const void *bytes, size_t length)
{
    if (length == 0)
        return true;
    if (vm->sink ? !vm->sink(vm->sink_data, bytes, length) : !buffer_append(&vm->output, bytes, length)) {
        raise_limit(vm, vm->sink ? SCH_LIMIT_OUTPUT : SCH_LIMIT_HEAP);
        return false;
    }
    vm->output_left -= length;
    vm->output_used += length;
    return true;
}

static bool write_standard(sch_vm *vm, const unsigned char *bytes, size_t length)
{
    if (length <= vm->output_left)
        return give_out(vm, bytes, length);
    size_t fits = (size_t)vm->output_left;
    while (fits > 0 && (bytes[fits] & 0xc0) == 0x80)
        fits--; /* whole characters */
    if (give_out(vm, bytes, fits))
        raise_limit(vm, SCH_LIMIT_OUTPUT);
    return false;
}

/* --- output in memory --- */

static bool grow(sch_vm *vm, sch_value value, size_t need)
{
    const struct port *old = port_of(value);
    size_t capacity = is_false(old->bytes) ? CONTENTS_MIN : object_length(old->bytes) * 2;
    capacity = size_max(capacity, need);
    size_t size = bytevector_size(capacity);
    if (!charge(vm, old->end / BYTES_PER_UNIT) || !heap_reserve_object(vm, size))
        return false;
    struct bytevector *bytes = heap_object(vm, OBJECT_BYTEVECTOR, capacity, size);
    struct port *port = port_of(value);
    if (!is_false(port->bytes))
        memcpy(bytes->bytes, object_as(struct bytevector, port->bytes)->bytes, port->end);
    port->bytes = object_value(bytes);
    barrier_object(vm, port);
    return true;
}

static bool write_memory(sch_vm *vm, sch_value value, const void *bytes, size_t length)
{
    struct port *port = port_of(value);
    size_t need;
    if (!size_add(port->end, length, &need) || need > INT64_MAX / 4) {
        raise_limit(vm, SCH_LIMIT_HEAP);
        return false;
    }
    size_t capacity = is_false(port->bytes) ? 0 : object_length(port->bytes);
    if (need > capacity && !grow(vm, value, need))
        return false;
    memcpy(object_as(struct bytevector, port->bytes)->bytes + port->end, bytes, length);
    port->end = need;
    return true;
}

bool port_write(sch_vm *vm, sch_value port, const void *bytes, size_t length)
{
    sch_assert(port_has(port, PORT_OUTPUT) && !port_has(port, PORT_CLOSED_OUTPUT));
    if (!charge(vm, length / BYTES_PER_UNIT + 1))
        return false;
    if (length == 0)
        return true;
    return port_has(port, PORT_STANDARD) ? write_standard(vm, bytes, length) : write_memory(vm, port, bytes, length);
}
