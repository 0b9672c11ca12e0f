/* Writing to ports: R7RS 6.13.3. */
#include "base/utf8.h"
#include "schooner/lib/list.h"
#include "schooner/lib/ports.h"
#include "schooner/table/primitive.h"
#include "schooner/print/print.h"

/* Nothing above the output limit is made. */
static sch_value print_to_port(sch_vm *vm, const char *who, const sch_value *args, size_t count, enum print_mode mode)
{
    sch_value port;
    if (!output_port_argument(vm, who, args, count, 1, PORT_TEXTUAL, &port))
        return V_RAISED;
    if (mode == PRINT_DISPLAY && is_string(args[0]))
        return port_write(vm, port, string_view(args[0])->text, string_length(args[0])) ? V_UNSPECIFIED : V_RAISED;

    struct buffer out;
    buffer_init(&out, vm_memory(vm));
    size_t most = port_has(port, PORT_STANDARD) && vm->output_left < SIZE_MAX ? (size_t)vm->output_left : SIZE_MAX;
    bool done = print_value(vm, args[0], mode, most, &out) && port_write(vm, port, out.bytes, out.length);
    buffer_done(&out);
    return done ? V_UNSPECIFIED : V_RAISED;
}

sch_value prim_write(sch_vm *vm, const sch_value *args, size_t count)
{
    return print_to_port(vm, "write", args, count, PRINT_WRITE);
}

sch_value prim_write_shared(sch_vm *vm, const sch_value *args, size_t count)
{
    return print_to_port(vm, "write-shared", args, count, PRINT_WRITE_SHARED);
}

sch_value prim_write_simple(sch_vm *vm, const sch_value *args, size_t count)
{
    return print_to_port(vm, "write-simple", args, count, PRINT_WRITE_SIMPLE);
}

sch_value prim_display(sch_vm *vm, const sch_value *args, size_t count)
{
    return print_to_port(vm, "display", args, count, PRINT_DISPLAY);
}

sch_value prim_newline(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port;
    if (!output_port_argument(vm, "newline", args, count, 0, PORT_TEXTUAL, &port) || !port_write(vm, port, "\n", 1))
        return V_RAISED;
    return V_UNSPECIFIED;
}

sch_value prim_write_char(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port;
    if (!is_character(args[0]))
        return raise_type(vm, "write-char", 1, "a character", args[0]);
    unsigned char bytes[4];
    size_t size = utf8_encode(character_code(args[0]), bytes);
    if (!output_port_argument(vm, "write-char", args, count, 1, PORT_TEXTUAL, &port) ||
        !port_write(vm, port, bytes, size))
        return V_RAISED;
    return V_UNSPECIFIED;
}

sch_value prim_write_string(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port;
    struct string_part part;
    if (!string_part_of(vm, "write-string", args, count, 1, 2, &part) ||
        !output_port_argument(vm, "write-string", args, count, 1, PORT_TEXTUAL, &port) ||
        !port_write(vm, port, part.text, part.bytes))
        return V_RAISED;
    return V_UNSPECIFIED;
}

sch_value prim_write_u8(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port;
    if (!is_index(args[0], 256))
        return raise_type(vm, "write-u8", 1, "a byte", args[0]);
    unsigned char byte = (unsigned char)fixnum_int(args[0]);
    if (!output_port_argument(vm, "write-u8", args, count, 1, PORT_BINARY, &port) || !port_write(vm, port, &byte, 1))
        return V_RAISED;
    return V_UNSPECIFIED;
}

sch_value prim_write_bytevector(sch_vm *vm, const sch_value *args, size_t count)
{
    const char *who = "write-bytevector";
    sch_value port;
    size_t start, end;
    if (!is_bytevector(args[0]))
        return raise_type(vm, who, 1, "a bytevector", args[0]);
    if (!argument_range(vm, who, args, count, 2, object_length(args[0]), &start, &end) ||
        !output_port_argument(vm, who, args, count, 1, PORT_BINARY, &port) ||
        !port_write(vm, port, object_as(struct bytevector, args[0])->bytes + start, end - start))
        return V_RAISED;
    return V_UNSPECIFIED;
}

/* Only the ports of a host hold something back. */
sch_value prim_flush_output_port(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port = count > 0 ? args[0] : parameter_value(vm, STANDARD_OUTPUT_PORT);
    if (is_raised(port))
        return V_RAISED;
    if (!is_port(port) || !port_has(port, PORT_OUTPUT))
        return raise_type(vm, "flush-output-port", 1, "an output port", port);
    return port_flush(vm, port) ? V_UNSPECIFIED : V_RAISED;
}
