/* Numbers: number->string, string->number. */
#include "schooner/lib/list.h"
#include "schooner/lib/numbers.h"

enum { RADIX_MAX = 36 };

static bool radix_of(sch_vm *vm, const char *who, const sch_value *args, size_t count, unsigned *ret)
{
    *ret = 10;
    if (count < 2)
        return true;
    if (!is_index(args[1], RADIX_MAX + 1) || fixnum_int(args[1]) < 2) {
        refuse_number(vm, who, 2, args[1]);
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
    if (is_fixnum(args[0])) {
        char digits[FIXNUM_TEXT];
        size_t length;
        const char *start = fixnum_text(fixnum_int(args[0]), radix, digits, &length);
        return string_fresh_of(vm, start, length);
    }
    buffer_init(&text, vm_memory(vm));
    sch_value value = V_RAISED;
    if (charge(vm, 1) && number_print(vm, args[0], radix, &text))
        value = string_fresh_of(vm, (const char *)text.bytes, text.length);
    buffer_done(&text);
    return value;
}

sch_value prim_string_to_number(sch_vm *vm, const sch_value *args, size_t count)
{
    unsigned radix;
    if (!is_string(args[0]))
        return raise_type(vm, "string->number", 1, "a string", args[0]);
    if (!radix_of(vm, "string->number", args, count, &radix))
        return V_RAISED;
    const struct string *string = string_view(args[0]);
    return number_parse(vm, string->text, header_length(string->header), radix);
}
