/* Reading from ports: R7RS 6.13.2. */
#include "base/utf8.h"
#include "schooner/lib/list.h"
#include "schooner/lib/ports.h"
#include "schooner/table/primitive.h"
#include "schooner/read/read.h"

/* --- characters --- */

/* Moves over `length` bytes; lines and columns are for the positions in (read)'s messages. */
static void take(struct port *port, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            port->line++;
            port->column = 1;
        } else if ((bytes[i] & 0xc0) != 0x80) {
            port->column++;
        }
    }
    port->start += length;
}

/* Waits until `need` bytes are there, or the end: *ret_left tells. false: raised. */
static bool await(sch_vm *vm, sch_value port, size_t need, size_t *ret_left)
{
    for (bool more = true; *ret_left = port_of(port)->end - port_of(port)->start, more && *ret_left < need;)
        if (!port_fill(vm, port, &more))
            return false;
    return true;
}

static sch_value read_one(sch_vm *vm, const char *who, const sch_value *args, size_t count, bool consume)
{
    sch_value value;
    if (!input_port_argument(vm, who, args, count, 0, PORT_TEXTUAL, &value))
        return V_RAISED;
    size_t left;
    if (!await(vm, value, 1, &left))
        return V_RAISED;
    const unsigned char *bytes = port_bytes(port_of(value), &left);
    if (left == 0)
        return V_EOF;
    uint32_t character = bytes[0];
    size_t size = likely(character < 0x80) ? 1 : utf8_decode(bytes, left, &character);
    if (size == 0)
        return V_EOF;
    if (consume)
        take(port_of(value), bytes, size);
    return make_character(character);
}

sch_value prim_read_char(sch_vm *vm, const sch_value *args, size_t count)
{
    return read_one(vm, "read-char", args, count, true);
}

sch_value prim_peek_char(sch_vm *vm, const sch_value *args, size_t count)
{
    return read_one(vm, "peek-char", args, count, false);
}

sch_value prim_is_char_ready(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port;
    if (!input_port_argument(vm, "char-ready?", args, count, 0, PORT_TEXTUAL, &port))
        return V_RAISED;
    return make_boolean(port_is_ready(port));
}

/* A string of the next `length` bytes, then moves over `length + more`. The port is alive meanwhile. */
static sch_value take_string(sch_vm *vm, sch_value value, size_t length, size_t more)
{
    struct port *port = port_of(value);
    size_t left;
    const unsigned char *bytes = port_bytes(port, &left);
    if (!charge(vm, (length + more) / CHARACTERS_PER_UNIT))
        return V_RAISED;
    sch_value string = string_fresh_of(vm, (const char *)bytes, length);
    if (!is_raised(string))
        take(port, bytes, length + more);
    return string;
}

/* How many of the bytes stand before one that ends a line. */
static size_t line_part(const unsigned char *bytes, size_t length)
{
    const unsigned char *newline = memchr(bytes, '\n', length);
    size_t before = newline ? (size_t)(newline - bytes) : length;
    const unsigned char *carriage = memchr(bytes, '\r', before);
    return carriage ? (size_t)(carriage - bytes) : before;
}

/* How many bytes stand before the end of the line, or of the input. */
static bool find_line_end(sch_vm *vm, sch_value port, size_t *ret_length)
{
    size_t length = 0;
    for (;;) {
        size_t left, more;
        const unsigned char *bytes = port_bytes(port_of(port), &left);
        for (bool ends = false; length < left && !ends;) {
            if (length % TEXT_PIECE == 0 && !charge(vm, size_min(left - length, TEXT_PIECE) / BYTES_PER_UNIT))
                return false;
            size_t piece = size_min(left - length, TEXT_PIECE - length % TEXT_PIECE);
            size_t before = line_part(bytes + length, piece);
            ends = before < piece;
            length += before;
        }
        *ret_length = length;
        if (length < left && (bytes[length] == '\n' || length + 1 < left))
            return true;
        if (!await(vm, port, left + 1, &more)) /* the rest of the line, or what follows a return */
            return false;
        if (more == left)
            return true;
    }
}

sch_value prim_read_line(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port;
    if (!input_port_argument(vm, "read-line", args, count, 0, PORT_TEXTUAL, &port))
        return V_RAISED;
    size_t left, length = 0;
    if (!find_line_end(vm, port, &length))
        return V_RAISED;
    const unsigned char *bytes = port_bytes(port_of(port), &left);
    if (left == 0)
        return V_EOF;
    size_t ending = 0;
    if (length < left)
        ending = bytes[length] == '\r' && length + 1 < left && bytes[length + 1] == '\n' ? 2 : 1;
    return take_string(vm, port, length, ending);
}

sch_value prim_read_string(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port;
    size_t wanted;
    if (!argument_count(vm, "read-string", 1, args[0], FIXNUM_MAX - 1, &wanted) ||
        !input_port_argument(vm, "read-string", args, count, 1, PORT_TEXTUAL, &port))
        return V_RAISED;
    size_t left, length = 0;
    if (!await(vm, port, size_min(wanted, 1), &left))
        return V_RAISED;
    if (left == 0 && wanted > 0)
        return V_EOF;
    for (size_t i = 0; i < wanted; i++) {
        if ((i % CHARACTERS_PER_UNIT == 0 && !charge(vm, 1)) || !await(vm, port, length + 1, &left))
            return V_RAISED;
        if (length == left)
            break;
        length += utf8_step(port_bytes(port_of(port), &left)[length]);
    }
    return take_string(vm, port, length, 0);
}

/* --- bytes --- */

static sch_value read_byte(sch_vm *vm, const char *who, const sch_value *args, size_t count, bool consume)
{
    sch_value value;
    if (!input_port_argument(vm, who, args, count, 0, PORT_BINARY, &value))
        return V_RAISED;
    size_t left;
    if (!await(vm, value, 1, &left))
        return V_RAISED;
    const unsigned char *bytes = port_bytes(port_of(value), &left);
    if (left == 0)
        return V_EOF;
    port_of(value)->start += consume;
    return make_fixnum(bytes[0]);
}

sch_value prim_read_u8(sch_vm *vm, const sch_value *args, size_t count)
{
    return read_byte(vm, "read-u8", args, count, true);
}

sch_value prim_peek_u8(sch_vm *vm, const sch_value *args, size_t count)
{
    return read_byte(vm, "peek-u8", args, count, false);
}

sch_value prim_is_u8_ready(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port;
    if (!input_port_argument(vm, "u8-ready?", args, count, 0, PORT_BINARY, &port))
        return V_RAISED;
    return make_boolean(port_is_ready(port));
}

sch_value prim_read_bytevector(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port;
    size_t wanted;
    if (!argument_count(vm, "read-bytevector", 1, args[0], FIXNUM_MAX - 1, &wanted) ||
        !input_port_argument(vm, "read-bytevector", args, count, 1, PORT_BINARY, &port))
        return V_RAISED;
    size_t left;
    if (!await(vm, port, wanted, &left))
        return V_RAISED;
    if (left == 0 && wanted > 0)
        return V_EOF;
    size_t length = size_min(wanted, left);
    size_t size = bytevector_size(length);
    if (!charge(vm, length / BYTES_PER_UNIT) || !heap_reserve_object(vm, size))
        return V_RAISED;
    struct bytevector *out = heap_object(vm, OBJECT_BYTEVECTOR, length, size);
    if (!copy_bytes(vm, out->bytes, port_bytes(port_of(port), &left), length))
        return V_RAISED;
    port_of(port)->start += length;
    return object_value(out);
}

/* (read-bytevector! bytevector [port start end]): how many were read, or the end. */
sch_value prim_read_bytevector_to(sch_vm *vm, const sch_value *args, size_t count)
{
    const char *who = "read-bytevector!";
    sch_value port;
    size_t start, end;
    if (!is_bytevector(args[0]))
        return raise_type(vm, who, 1, "a bytevector", args[0]);
    if (heap_is_frozen(args[0]))
        return raise_error(vm, "immutable", who, 1, &args[0], "a literal cannot be changed:");
    if (!argument_range(vm, who, args, count, 2, object_length(args[0]), &start, &end) ||
        !input_port_argument(vm, who, args, count, 1, PORT_BINARY, &port))
        return V_RAISED;
    size_t left;
    if (!await(vm, port, end - start, &left))
        return V_RAISED;
    const unsigned char *bytes = port_bytes(port_of(port), &left);
    if (left == 0 && end > start)
        return V_EOF;
    size_t length = size_min(end - start, left);
    if (!charge(vm, length / BYTES_PER_UNIT))
        return V_RAISED;
    if (!copy_bytes(vm, object_as(struct bytevector, args[0])->bytes + start, bytes, length))
        return V_RAISED;
    port_of(port)->start += length;
    return make_fixnum((int64_t)length);
}

/* --- data --- */

/* After the reader has failed. A limit that the charge raised stands already. */
static sch_value raise_read_failure(sch_vm *vm, const struct front *front)
{
    if (front->limit == SCH_LIMIT_FUEL)
        return V_RAISED;
    if (front->limit != SCH_LIMIT_NONE)
        return raise_limit(vm, front->limit);
    return raise_error(vm, "read-error", "read", 0, NULL, "%s (line %u, column %u)", front->error.message,
                       (unsigned)front->error.position.line, (unsigned)front->error.position.column);
}

/* Was the datum cut off where the port's bytes end, so far? What cannot be read is behind the reader then. */
static bool is_cut_off(const struct front *front, enum read_result result, struct reader *reader, size_t left)
{
    if (result == READ_FAILED)
        return front->limit == SCH_LIMIT_NONE && !reader_drop(reader);
    return result == READ_END || reader->at == left;
}

/* `ret_more`: when the host may have more, asks for it instead of believing in the end; nothing was taken then. */
static sch_value read_from(sch_vm *vm, sch_value value, struct front *front, bool *ret_more)
{
    struct port *port = port_of(value);
    size_t left;
    const unsigned char *bytes = port_bytes(port, &left);
    uint16_t file;
    if (!front_add_source(front, "port", (const char *)bytes, left, &file))
        return raise_read_failure(vm, front);

    struct reader reader;
    reader_init(&reader, front, file);
    reader.at = 0; /* a first line with #! is for programs alone */
    reader.line = (uint32_t)port->line;
    reader.column = (uint32_t)port->column;
    reader.fold_case = (port->flags & PORT_FOLD_CASE) != 0;

    struct datum *datum;
    enum read_result result = read_datum(&reader, &datum);
    *ret_more = is_cut_off(front, result, &reader, left) && *ret_more;
    if (*ret_more)
        return V_FALSE;
    port->start += reader.at;
    port->line = reader.line;
    port->column = reader.column;
    port->flags = reader.fold_case ? port->flags | PORT_FOLD_CASE : port->flags & ~(uint64_t)PORT_FOLD_CASE;
    switch (result) {
    case READ_END: return V_EOF;
    case READ_DATUM: return datum_to_value(vm, front, datum);
    case READ_FAILED: break;
    }
    return raise_read_failure(vm, front);
}

static sch_value read_once(sch_vm *vm, sch_value port, bool *ret_more)
{
    struct front front;
    front_init_machine(&front, vm);
    sch_value result = read_from(vm, port, &front, ret_more);
    heap_give_arena(vm, &front.arena);
    return result;
}

/* Twice as much as there was, so that reading again and again costs no more than reading twice; less when the host
 * would have to wait. */
static bool read_ahead(sch_vm *vm, sch_value port, bool *ret_more)
{
    size_t before = port_of(port)->end - port_of(port)->start;
    do {
        if (!port_fill(vm, port, ret_more))
            return false;
    } while (*ret_more && port_of(port)->end - port_of(port)->start < 2 * before && port_is_waiting(port));
    return true;
}

sch_value prim_read(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value port;
    if (!input_port_argument(vm, "read", args, count, 0, PORT_TEXTUAL, &port))
        return V_RAISED;
    for (bool more = !is_false(port_of(port)->host);;) {
        bool wants_more = more;
        sch_value result = read_once(vm, port, &wants_more);
        if (!wants_more)
            return result;
        if (!read_ahead(vm, port, &more))
            return V_RAISED;
    }
}
