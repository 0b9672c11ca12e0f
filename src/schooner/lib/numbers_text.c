/* Numbers: number->string, string->number. */
#include "schooner/lib/numbers.h"

enum { RADIX_MOST = 36 };

static bool radix_of(sch_vm *vm, const char *who, const sch_value *args, size_t count, unsigned *ret)
{
    *ret = 10;
    if (count < 2)
        return true;
    if (!is_fixnum(args[1])) {
        raise_type(vm, who, 2, "an exact integer", args[1]);
        return false;
    }
    if (!is_index(args[1], RADIX_MOST + 1) || fixnum_int(args[1]) < 2) {
        raise_range(vm, who, 2, args[1]);
        return false;
    }
    *ret = (unsigned)fixnum_int(args[1]);
    return true;
}

sch_value prim_number_to_string(sch_vm *vm, const sch_value *args, size_t count)
{
    unsigned radix;
    struct buffer text;
    if (!is_number(args[0]))
        return raise_type(vm, "number->string", 1, "a number", args[0]);
    if (!radix_of(vm, "number->string", args, count, &radix))
        return V_RAISED;
    if (is_complex(args[0]) && radix > 18) /* i would be a digit */
        return raise_range(vm, "number->string", 2, args[1]);
    buffer_init(&text, vm_memory(vm));
    sch_value value = V_RAISED;
    if (number_print(vm, args[0], radix, &text))
        value = string_of(vm, (const char *)text.bytes, text.length);
    buffer_done(&text);
    return value;
}

/* A mutable string's characters as bytes; false with *ret_failed: no memory. A character beyond ASCII is in no number.
 */
static bool ascii_of(sch_vm *vm, sch_value v, struct buffer *text, bool *ret_failed)
{
    const struct mstring *string = object_as(struct mstring, v);
    const unsigned char *cells = object_as(struct bytevector, string->buffer)->bytes;
    size_t length = object_length(v);
    *ret_failed = true;
    if (!charge(vm, length / 8 + 1))
        return false;
    if (!buffer_reserve(text, length + 1)) {
        raise_limit(vm, SCH_LIMIT_HEAP);
        return false;
    }
    *ret_failed = false;
    for (size_t i = 0; i < length; i++) {
        const unsigned char *cell = cells + i * string->width;
        uint32_t character = cell[0];
        if (string->width >= 2)
            character |= (uint32_t)cell[1] << 8;
        if (string->width == 4)
            character |= (uint32_t)cell[2] << 16 | (uint32_t)cell[3] << 24;
        if (character >= 0x80 || !buffer_append_byte(text, (unsigned char)character))
            return false;
    }
    return true;
}

sch_value prim_string_to_number(sch_vm *vm, const sch_value *args, size_t count)
{
    unsigned radix;
    struct buffer text;
    bool failed;
    if (!is_istring(args[0]) && !is_mstring(args[0]))
        return raise_type(vm, "string->number", 1, "a string", args[0]);
    if (!radix_of(vm, "string->number", args, count, &radix))
        return V_RAISED;
    if (is_istring(args[0]))
        return number_parse(vm, object_as(struct string, args[0])->text, object_length(args[0]), radix);

    buffer_init(&text, vm_memory(vm));
    sch_value value = V_FALSE;
    if (ascii_of(vm, args[0], &text, &failed))
        value = number_parse(vm, (const char *)text.bytes, text.length, radix);
    else if (failed)
        value = V_RAISED;
    buffer_done(&text);
    return value;
}
