/* Strings: making, taking apart and joining (R7RS 6.7). Conversions, orders and searches have files of their own. */
#include "base/utf8.h"
#include "schooner/lib/list.h"
#include "schooner/table/primitive.h"
#include "schooner/lib/text.h"

static sch_value refuse_string(sch_vm *vm, const char *who, size_t argument, sch_value got)
{
    return raise_type(vm, who, argument, "a string", got);
}

bool string_part_of(sch_vm *vm, const char *who, const sch_value *args, size_t count, size_t argument, size_t first,
                    struct string_part *ret)
{
    sch_value v = args[argument - 1];
    if (!is_string(v)) {
        refuse_string(vm, who, argument, v);
        return false;
    }
    const struct string *string = string_view(v);
    size_t start, end;
    if (!argument_range(vm, who, args, count, first, string->characters, &start, &end))
        return false;
    size_t offset = string_offset(string, start);
    *ret = (struct string_part){ .text = string->text + offset,
                                 .bytes = string_offset(string, end) - offset,
                                 .characters = end - start };
    return true;
}

sch_value prim_is_string(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_string(args[0]));
}

sch_value prim_string_length(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_string(args[0]))
        return refuse_string(vm, "string-length", 1, args[0]);
    return make_fixnum(string_view(args[0])->characters);
}

sch_value prim_string_ref(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_string(args[0]))
        return refuse_string(vm, "string-ref", 1, args[0]);
    const struct string *string = string_view(args[0]);
    if (unlikely(!is_index(args[1], string->characters)))
        return refuse_index(vm, "string-ref", 2, args[1], string->characters);
    size_t at = string_offset(string, (size_t)fixnum_int(args[1]));
    uint32_t character = 0;
    utf8_decode((const unsigned char *)string->text + at, header_length(string->header) - at, &character);
    return make_character(character);
}

/* --- making --- */

sch_value prim_make_string(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t characters;
    if (!argument_count(vm, "make-string", 1, args[0], FIXNUM_MAX - 1, &characters))
        return V_RAISED;
    if (count > 1 && !is_character(args[1]))
        return raise_type(vm, "make-string", 2, "a character", args[1]);
    unsigned char bytes[4];
    size_t size = utf8_encode(count > 1 ? character_code(args[1]) : ' ', bytes);
    if (characters > STRING_BYTES_MAX / size)
        return raise_limit(vm, SCH_LIMIT_HEAP);
    if (!charge(vm, characters * size / BYTES_PER_UNIT))
        return V_RAISED;
    struct string *string = string_reserve(vm, characters * size, characters);
    if (!string)
        return V_RAISED;
    for (size_t i = 0; i < characters; i++) {
        memcpy(string->text + i * size, bytes, size);
        if (!keep_on(vm, i))
            return V_RAISED;
    }
    return string_finish(vm, string) ? string_result(vm, string) : V_RAISED;
}

sch_value prim_string(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!charge(vm, count / ARGUMENTS_PER_UNIT))
        return V_RAISED;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_character(args[i]))
            return raise_type(vm, "string", i + 1, "a character", args[i]);
        bytes += utf8_size(character_code(args[i]));
    }
    struct string *string = string_reserve(vm, bytes, count);
    if (!string)
        return V_RAISED;
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        at += utf8_encode(character_code(args[i]), (unsigned char *)string->text + at);
    return string_finish(vm, string) ? string_result(vm, string) : V_RAISED;
}

static sch_value copy_part(sch_vm *vm, const char *who, const sch_value *args, size_t count)
{
    struct string_part part;
    if (!string_part_of(vm, who, args, count, 1, 1, &part) || !charge(vm, part.bytes / BYTES_PER_UNIT))
        return V_RAISED;
    struct string *string = string_reserve(vm, part.bytes, part.characters);
    if (!string)
        return V_RAISED;
    if (!copy_bytes(vm, string->text, part.text, part.bytes))
        return V_RAISED;
    return string_finish(vm, string) ? string_result(vm, string) : V_RAISED;
}

sch_value prim_substring(sch_vm *vm, const sch_value *args, size_t count)
{
    return copy_part(vm, "substring", args, count);
}

sch_value prim_string_copy(sch_vm *vm, const sch_value *args, size_t count)
{
    return copy_part(vm, "string-copy", args, count);
}

/* --- joining --- */

/* Sums of what is to be joined; no overflow: what is too much is the limit. */
struct total {
    size_t bytes;
    size_t characters;
};

static bool total_add(sch_vm *vm, struct total *total, sch_value v)
{
    total->bytes += string_length(v);
    total->characters += string_view(v)->characters;
    if (total->bytes <= STRING_BYTES_MAX)
        return true;
    raise_limit(vm, SCH_LIMIT_HEAP);
    return false;
}

/* false: a limit. */
static bool put_string(sch_vm *vm, struct string *out, size_t *at, sch_value v)
{
    size_t length = string_length(v), from = *at;
    *at += length;
    return copy_bytes(vm, out->text + from, string_view(v)->text, length);
}

sch_value prim_string_append(sch_vm *vm, const sch_value *args, size_t count)
{
    struct total total = { 0 };
    if (!charge(vm, count / ARGUMENTS_PER_UNIT))
        return V_RAISED;
    for (size_t i = 0; i < count; i++) {
        if (!is_string(args[i]))
            return refuse_string(vm, "string-append", i + 1, args[i]);
        if (!total_add(vm, &total, args[i]))
            return V_RAISED;
    }
    if (!charge(vm, total.bytes / BYTES_PER_UNIT))
        return V_RAISED;
    struct string *out = string_reserve(vm, total.bytes, total.characters);
    if (!out)
        return V_RAISED;
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        if (!put_string(vm, out, &at, args[i]))
            return V_RAISED;
    return string_finish(vm, out) ? string_result(vm, out) : V_RAISED;
}

/* (%string-join strings delimiter) */
sch_value prim_string_join(sch_vm *vm, const sch_value *args, size_t count)
{
    const char *who = "string-join";
    size_t length;
    if (!is_string(args[1]))
        return refuse_string(vm, who, 2, args[1]);
    if (!list_length(vm, who, 1, args[0], &length) || !charge(vm, 2 * (uint64_t)length))
        return V_RAISED;
    struct total total = { 0 };
    size_t i = 0;
    for (sch_value list = args[0]; is_pair(list); list = pair_cdr(list)) {
        if (!is_string(pair_car(list)))
            return raise_type(vm, who, 1, "a list of strings", pair_car(list));
        if (!total_add(vm, &total, pair_car(list)) || (is_pair(pair_cdr(list)) && !total_add(vm, &total, args[1])) ||
            !pairs_go_on(vm, i++))
            return V_RAISED;
    }
    if (!charge(vm, total.bytes / BYTES_PER_UNIT))
        return V_RAISED;
    struct string *out = string_reserve(vm, total.bytes, total.characters);
    if (!out)
        return V_RAISED;
    size_t at = 0;
    for (sch_value list = args[0]; is_pair(list); list = pair_cdr(list)) {
        if (!put_string(vm, out, &at, pair_car(list)) ||
            (is_pair(pair_cdr(list)) && !put_string(vm, out, &at, args[1])) || !pairs_go_on(vm, length--))
            return V_RAISED;
    }
    return string_finish(vm, out) ? string_result(vm, out) : V_RAISED;
}
