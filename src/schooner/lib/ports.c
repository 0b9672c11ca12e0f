/* Ports: asking, opening, closing, and what was collected (R7RS 6.13.1). */
#include "schooner/lib/ports.h"

#include "base/utf8.h"
#include "schooner/table/primitive.h"

static bool check_kind(sch_vm *vm, const char *who, size_t argument, sch_value v, unsigned direction, unsigned kind)
{
    if (is_port(v) && port_has(v, direction) && port_has(v, kind))
        return true;
    const char *expected = direction == PORT_INPUT
                               ? (kind == PORT_TEXTUAL ? "a textual input port" : "a binary input port")
                               : (kind == PORT_TEXTUAL ? "a textual output port" : "a binary output port");
    raise_type(vm, who, argument, expected, v);
    return false;
}

static bool check_open(sch_vm *vm, const char *who, sch_value port, unsigned closed)
{
    if (!port_has(port, closed))
        return true;
    raise_error(vm, "closed-port", who, 0, NULL, "the port is closed");
    return false;
}

bool output_port_argument(sch_vm *vm, const char *who, const sch_value *args, size_t count, size_t index,
                          enum port_flag kind, sch_value *ret)
{
    *ret = count > index ? args[index] : parameter_value(vm, STANDARD_OUTPUT_PORT);
    if (is_raised(*ret))
        return false;
    return check_kind(vm, who, index + 1, *ret, PORT_OUTPUT, kind) && check_open(vm, who, *ret, PORT_CLOSED_OUTPUT);
}

bool input_port_argument(sch_vm *vm, const char *who, const sch_value *args, size_t count, size_t index,
                         enum port_flag kind, sch_value *ret)
{
    *ret = count > index ? args[index] : parameter_value(vm, STANDARD_INPUT_PORT);
    if (is_raised(*ret))
        return false;
    return check_kind(vm, who, index + 1, *ret, PORT_INPUT, kind) && check_open(vm, who, *ret, PORT_CLOSED_INPUT);
}

/* --- asking --- */

sch_value prim_is_port(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_port(args[0]));
}

#define PORT_PREDICATE(function, flag)                                    \
    sch_value function(sch_vm *vm, const sch_value *args, size_t count)   \
    {                                                                     \
        return make_boolean(is_port(args[0]) && port_has(args[0], flag)); \
    }
PORT_PREDICATE(prim_is_input_port, PORT_INPUT)
PORT_PREDICATE(prim_is_output_port, PORT_OUTPUT)
PORT_PREDICATE(prim_is_textual_port, PORT_TEXTUAL)
PORT_PREDICATE(prim_is_binary_port, PORT_BINARY)

static sch_value is_open(sch_vm *vm, const char *who, sch_value port, unsigned direction, unsigned closed)
{
    if (!is_port(port) || !port_has(port, direction))
        return raise_type(vm, who, 1, direction == PORT_INPUT ? "an input port" : "an output port", port);
    return make_boolean(!port_has(port, closed));
}

sch_value prim_is_input_port_open(sch_vm *vm, const sch_value *args, size_t count)
{
    return is_open(vm, "input-port-open?", args[0], PORT_INPUT, PORT_CLOSED_INPUT);
}

sch_value prim_is_output_port_open(sch_vm *vm, const sch_value *args, size_t count)
{
    return is_open(vm, "output-port-open?", args[0], PORT_OUTPUT, PORT_CLOSED_OUTPUT);
}

/* --- closing --- */

/* Contents stay: get-output-string works on a closed port. */
static sch_value close_port(sch_vm *vm, const char *who, sch_value port, unsigned directions, const char *expected)
{
    if (!is_port(port) || !port_has(port, directions))
        return raise_type(vm, who, 1, expected, port);
    uint64_t before = port_of(port)->flags;
    if (directions & PORT_INPUT)
        port_of(port)->flags |= PORT_CLOSED_INPUT;
    if (directions & PORT_OUTPUT)
        port_of(port)->flags |= PORT_CLOSED_OUTPUT;
    /* a port of the host goes one way: it is closed for good */
    bool closes = (before & (PORT_CLOSED_INPUT | PORT_CLOSED_OUTPUT)) == 0;
    return !closes || port_close_host(vm, port) ? V_UNSPECIFIED : V_RAISED;
}

sch_value prim_close_port(sch_vm *vm, const sch_value *args, size_t count)
{
    return close_port(vm, "close-port", args[0], PORT_INPUT | PORT_OUTPUT, "a port");
}

sch_value prim_close_input_port(sch_vm *vm, const sch_value *args, size_t count)
{
    return close_port(vm, "close-input-port", args[0], PORT_INPUT, "an input port");
}

sch_value prim_close_output_port(sch_vm *vm, const sch_value *args, size_t count)
{
    return close_port(vm, "close-output-port", args[0], PORT_OUTPUT, "an output port");
}

/* --- in memory --- */

sch_value prim_open_input_string(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_string(args[0]))
        return raise_type(vm, "open-input-string", 1, "a string", args[0]);
    if (is_istring(args[0]))
        return port_make_input(vm, PORT_TEXTUAL, args[0]);
    size_t length = string_length(args[0]);
    if (!charge(vm, length / CHARACTERS_PER_UNIT))
        return V_RAISED;
    /* a port reads what the string was when it was opened; nothing holds the copy while the port is made */
    sch_value copy = string_of(vm, string_view(args[0])->text, length);
    if (is_raised(copy))
        return copy;
    heap_pause_collection(vm);
    sch_value port = port_make_input(vm, PORT_TEXTUAL, copy);
    heap_resume_collection(vm);
    return port;
}

sch_value prim_open_output_string(sch_vm *vm, const sch_value *args, size_t count)
{
    return port_make_output(vm, PORT_TEXTUAL);
}

sch_value prim_open_output_bytevector(sch_vm *vm, const sch_value *args, size_t count)
{
    return port_make_output(vm, PORT_BINARY);
}

sch_value prim_open_input_bytevector(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_bytevector(args[0]))
        return raise_type(vm, "open-input-bytevector", 1, "a bytevector", args[0]);
    return port_make_input(vm, PORT_BINARY, args[0]);
}

/* Was the port made by open-output-string or -bytevector? */
static bool collects(sch_value port, enum port_flag kind)
{
    return is_port(port) && port_has(port, PORT_OUTPUT) && port_has(port, kind) && !port_has(port, PORT_STANDARD) &&
           is_false(port_of(port)->host);
}

sch_value prim_get_output_string(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!collects(args[0], PORT_TEXTUAL))
        return raise_type(vm, "get-output-string", 1, "a string output port", args[0]);
    size_t length;
    const unsigned char *bytes = port_bytes(port_of(args[0]), &length);
    if (!charge(vm, length / CHARACTERS_PER_UNIT))
        return V_RAISED;
    return string_fresh_of(vm, (const char *)bytes, length);
}

sch_value prim_get_output_bytevector(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!collects(args[0], PORT_BINARY))
        return raise_type(vm, "get-output-bytevector", 1, "a bytevector output port", args[0]);
    size_t length;
    const unsigned char *bytes = port_bytes(port_of(args[0]), &length);
    size_t size = bytevector_size(length);
    if (!charge(vm, length / BYTES_PER_UNIT) || !heap_reserve_object(vm, size))
        return V_RAISED;
    struct bytevector *copy = heap_object(vm, OBJECT_BYTEVECTOR, length, size);
    return copy_bytes(vm, copy->bytes, bytes, length) ? object_value(copy) : V_RAISED;
}

sch_value prim_eof_object(sch_vm *vm, const sch_value *args, size_t count)
{
    return V_EOF;
}

sch_value prim_is_eof_object(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(value_same(args[0], V_EOF));
}
