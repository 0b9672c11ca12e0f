/* Ports: where written bytes go, and the output limit. What is written is the business of lib/ports.c. */
#include "schooner/port/port.h"

#include "base/utf8.h"
#include "schooner/heap/barrier.h"

enum { BYTES_PER_UNIT = 16, CONTENTS_MIN = 64, FILL_BYTES = 4096, CUT_MAX = 4 };

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
    port->cut_length = 0;
    return object_value(port);
}

sch_value port_make_host(sch_vm *vm, unsigned flags, sch_value foreign)
{
    sch_value port = make_port(vm, flags, V_FALSE);
    if (!is_raised(port))
        port_of(port)->host = foreign;
    return port;
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
        if (!copy_bytes(vm, bytes->bytes, object_as(struct bytevector, port->bytes)->bytes, port->end))
            return false;
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
    if (!copy_bytes(vm, object_as(struct bytevector, port->bytes)->bytes + port->end, bytes, length))
        return false;
    port->end = need;
    return true;
}

/* --- the host's --- */

static const struct sch_port_type *host_of(sch_value port, void **ret_pointer)
{
    const struct foreign *foreign = object_as(struct foreign, port_of(port)->host);
    *ret_pointer = foreign->pointer;
    return (const struct sch_port_type *)(const void *)foreign->type;
}

static bool host_failed(sch_vm *vm, sch_value port, const char *what)
{
    raise_error(vm, "file-error", NULL, 1, &port, "the port cannot be %s", what);
    return false;
}

static bool write_host(sch_vm *vm, sch_value port, const void *bytes, size_t length)
{
    void *pointer;
    const struct sch_port_type *type = host_of(port, &pointer);
    return (type->write && type->write(pointer, bytes, length)) || host_failed(vm, port, "written");
}

bool port_flush(sch_vm *vm, sch_value port)
{
    if (is_false(port_of(port)->host) || port_has(port, PORT_CLOSED_OUTPUT))
        return true;
    void *pointer;
    const struct sch_port_type *type = host_of(port, &pointer);
    return !type->flush || type->flush(pointer) || host_failed(vm, port, "flushed");
}

bool port_close_host(sch_vm *vm, sch_value port)
{
    if (is_false(port_of(port)->host))
        return true;
    void *pointer;
    const struct sch_port_type *type = host_of(port, &pointer);
    return !type->close || type->close(pointer) || host_failed(vm, port, "closed");
}

bool port_is_waiting(sch_value port)
{
    void *pointer;
    const struct sch_port_type *type = host_of(port, &pointer);
    return !type->ready || type->ready(pointer);
}

bool port_is_ready(sch_value port)
{
    return port_of(port)->end > port_of(port)->start || is_false(port_of(port)->host) || port_is_waiting(port);
}

/* Could these few bytes be the beginning of a character? */
static bool is_cut(const unsigned char *bytes, size_t length)
{
    if (length >= CUT_MAX || bytes[0] < 0xc2 || bytes[0] > 0xf4 || length >= utf8_step(bytes[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
    return true;
}

/* A stranger's bytes to UTF-8: what is none becomes U+FFFD; a character that has only begun waits in the port. */
static size_t clean(struct port *port, const unsigned char *bytes, size_t length, bool at_end, unsigned char *out)
{
    static const unsigned char replacement[] = { 0xef, 0xbf, 0xbd };
    size_t made = 0;
    port->cut_length = 0;
    for (size_t i = 0; i < length;) {
        size_t characters, valid;
        bool whole = utf8_count(bytes + i, length - i, &characters, &valid);
        memcpy(out + made, bytes + i, valid);
        made += valid;
        i += valid;
        if (whole)
            break;
        if (!at_end && is_cut(bytes + i, length - i)) {
            port->cut_length = length - i;
            memcpy(port->cut, bytes + i, length - i);
            break;
        }
        memcpy(out + made, replacement, sizeof replacement);
        made += sizeof replacement;
        i++;
    }
    return made;
}

/* Behind what is not read yet; what was read makes room first. */
static bool keep_ahead(sch_vm *vm, sch_value value, const unsigned char *bytes, size_t length)
{
    struct port *port = port_of(value);
    size_t left = port->end - port->start;
    if (port->start > left && !is_false(port->bytes)) {
        unsigned char *all = object_as(struct bytevector, port->bytes)->bytes;
        memmove(all, all + port->start, left);
        port->start = 0;
        port->end = left;
    }
    return write_memory(vm, value, bytes, length);
}

bool port_fill(sch_vm *vm, sch_value port, bool *ret_more)
{
    *ret_more = false;
    if (is_false(port_of(port)->host))
        return true;
    void *pointer;
    const struct sch_port_type *type = host_of(port, &pointer);
    unsigned char raw[CUT_MAX + FILL_BYTES];
    unsigned char text[sizeof raw * 3];
    size_t cut = port_of(port)->cut_length;
    memcpy(raw, port_of(port)->cut, cut);
    int64_t count = type->read ? type->read(pointer, raw + cut, FILL_BYTES) : 0;
    if (count < 0 || count > FILL_BYTES)
        return host_failed(vm, port, "read");
    if (!charge(vm, (uint64_t)count / BYTES_PER_UNIT + 1) || !poll(vm))
        return false;
    size_t length = cut + (size_t)count;
    *ret_more = length > 0;
    if (port_has(port, PORT_BINARY))
        return length == 0 || keep_ahead(vm, port, raw, length);
    length = clean(port_of(port), raw, length, count == 0, text);
    return length == 0 || keep_ahead(vm, port, text, length);
}

bool port_write(sch_vm *vm, sch_value port, const void *bytes, size_t length)
{
    sch_assert(port_has(port, PORT_OUTPUT) && !port_has(port, PORT_CLOSED_OUTPUT));
    if (!charge(vm, length / BYTES_PER_UNIT + 1))
        return false;
    if (length == 0)
        return true;
    if (!is_false(port_of(port)->host))
        return write_host(vm, port, bytes, length);
    return port_has(port, PORT_STANDARD) ? write_standard(vm, bytes, length) : write_memory(vm, port, bytes, length);
}
