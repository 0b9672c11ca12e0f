/* Strings to lists, vectors and bytevectors of UTF-8, and back. */
#include "base/utf8.h"
#include "schooner/lib/list.h"
#include "schooner/table/primitive.h"
#include "schooner/lib/text.h"

/* Most text is ASCII: that is read and written without a call. */
static inline uint32_t next_character(const struct string_part *part, size_t *at)
{
    uint32_t character = (unsigned char)part->text[*at];
    if (likely(character < 0x80))
        ++*at;
    else
        *at += utf8_decode((const unsigned char *)part->text + *at, part->bytes - *at, &character);
    return character;
}

static inline size_t put_character(struct string *string, size_t at, uint32_t character)
{
    if (unlikely(character >= 0x80))
        return utf8_encode(character, (unsigned char *)string->text + at);
    string->text[at] = (char)character;
    return 1;
}

sch_value prim_string_to_list(sch_vm *vm, const sch_value *args, size_t count)
{
    struct string_part part;
    if (!string_part_of(vm, "string->list", args, count, 1, 1, &part) || !charge(vm, pairs_cost(part.characters)) ||
        !heap_reserve_pairs(vm, part.characters))
        return V_RAISED;
    sch_value list = V_NIL, *end = &list;
    for (size_t made = 0, at = 0, run; made < part.characters; made += run) {
        struct pair *pairs = heap_take_pairs(vm, part.characters - made, &run);
        *end = pair_value(pairs); /* made since the reservation: no barrier */
        for (size_t i = 0; i < run; i++)
            pairs[i] = (struct pair){ make_character(next_character(&part, &at)), pair_value(&pairs[i + 1]) };
        end = &pairs[run - 1].cdr;
        *end = V_NIL;
        if (!run_goes_on(vm, made, run))
            return V_RAISED;
    }
    return list;
}

sch_value prim_list_to_string(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t length;
    if (!list_length(vm, "list->string", 1, args[0], &length) || !charge(vm, 2 * (uint64_t)length))
        return V_RAISED;
    size_t bytes = 0;
    sch_value list = args[0];
    for (size_t i = 0; i < length; i++, list = pair_cdr(list)) {
        if (unlikely(!is_character(pair_car(list))))
            return raise_type(vm, "list->string", 1, "a list of characters", pair_car(list));
        bytes += utf8_size(character_code(pair_car(list)));
        if (!keep_on(vm, i))
            return V_RAISED;
    }
    struct string *string = string_reserve(vm, bytes, length);
    if (!string)
        return V_RAISED;
    list = args[0];
    for (size_t i = 0, at = 0; i < length; i++, list = pair_cdr(list)) {
        at += put_character(string, at, character_code(pair_car(list)));
        if (!keep_on(vm, i))
            return V_RAISED;
    }
    return string_finish(vm, string) ? string_result(vm, string) : V_RAISED;
}

sch_value prim_string_to_vector(sch_vm *vm, const sch_value *args, size_t count)
{
    struct string_part part;
    if (!string_part_of(vm, "string->vector", args, count, 1, 1, &part) ||
        !charge(vm, part.characters / CHARACTERS_PER_UNIT))
        return V_RAISED;
    size_t size = vector_size(part.characters);
    if (!heap_reserve_object(vm, size))
        return V_RAISED;
    struct vector *vector = heap_object(vm, OBJECT_VECTOR, part.characters, size);
    for (size_t i = 0, at = 0; i < part.characters; i++) {
        vector->items[i] = make_character(next_character(&part, &at));
        if (!keep_on(vm, i))
            return V_RAISED;
    }
    return object_value(vector);
}

sch_value prim_vector_to_string(sch_vm *vm, const sch_value *args, size_t count)
{
    const char *who = "vector->string";
    if (!is_vector(args[0]))
        return raise_type(vm, who, 1, "a vector", args[0]);
    size_t start, end;
    if (!argument_range(vm, who, args, count, 1, object_length(args[0]), &start, &end) ||
        !charge(vm, (end - start) / CHARACTERS_PER_UNIT))
        return V_RAISED;
    const struct vector *vector = object_as(struct vector, args[0]);
    size_t bytes = 0;
    for (size_t i = start; i < end; i++) {
        if (!is_character(vector->items[i]))
            return raise_type(vm, who, 1, "a vector of characters", vector->items[i]);
        bytes += utf8_size(character_code(vector->items[i]));
        if (!keep_on(vm, i))
            return V_RAISED;
    }
    struct string *string = string_reserve(vm, bytes, end - start);
    if (!string)
        return V_RAISED;
    size_t at = 0;
    for (size_t i = start; i < end; i++) {
        at += put_character(string, at, character_code(vector->items[i]));
        if (!keep_on(vm, i))
            return V_RAISED;
    }
    return string_finish(vm, string) ? string_result(vm, string) : V_RAISED;
}

sch_value prim_string_to_utf8(sch_vm *vm, const sch_value *args, size_t count)
{
    struct string_part part;
    if (!string_part_of(vm, "string->utf8", args, count, 1, 1, &part) || !charge(vm, part.bytes / BYTES_PER_UNIT))
        return V_RAISED;
    size_t size = bytevector_size(part.bytes);
    if (!heap_reserve_object(vm, size))
        return V_RAISED;
    struct bytevector *bytes = heap_object(vm, OBJECT_BYTEVECTOR, part.bytes, size);
    return copy_bytes(vm, bytes->bytes, part.text, part.bytes) ? object_value(bytes) : V_RAISED;
}

sch_value prim_utf8_to_string(sch_vm *vm, const sch_value *args, size_t count)
{
    const char *who = "utf8->string";
    if (!is_bytevector(args[0]))
        return raise_type(vm, who, 1, "a bytevector", args[0]);
    size_t start, end, characters, valid;
    if (!argument_range(vm, who, args, count, 1, object_length(args[0]), &start, &end) ||
        !charge(vm, (end - start) / CHARACTERS_PER_UNIT))
        return V_RAISED;
    const unsigned char *bytes = object_as(struct bytevector, args[0])->bytes + start;
    if (!string_count(vm, (const char *)bytes, end - start, &characters, &valid))
        return V_RAISED;
    if (valid < end - start) {
        sch_value where = make_fixnum((int64_t)(start + valid));
        return raise_error(vm, "encoding-error", who, 1, &where, "the bytes are not UTF-8 from this index on");
    }
    struct string *string = string_reserve(vm, end - start, characters);
    if (!string)
        return V_RAISED;
    if (!copy_bytes(vm, string->text, bytes, end - start))
        return V_RAISED;
    return string_finish(vm, string) ? string_result(vm, string) : V_RAISED;
}
