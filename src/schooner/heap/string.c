/*
 * Strings: UTF-8 inside of the object, and for long ones that are not ASCII an index, so that a character is
 * found in constant time. A mutable string is one more object around such a one.
 */
#include "schooner/heap/machine.h"

#include "base/utf8.h"

enum { COUNT_PIECE = 1 << 16, UTF8_MAX = 4, MSTRING_SIZE = 16 };

/* Where the index lies: behind the text and its NUL. */
static uint32_t *string_index(const struct string *string)
{
    size_t length = header_length(string->header);
    return (uint32_t *)(uintptr_t)(string->text + size_round_up(length + 1, 8));
}

/* `vm`: polls on the way; NULL: short enough. */
static bool finish(sch_vm *vm, struct string *string)
{
    size_t length = header_length(string->header);
    string->text[length] = '\0';
    string->hash = 0;
    if (string->characters == length) {
        string->header = header_make(OBJECT_STRING, header_flags(string->header) | OBJECT_ASCII, length);
        return true;
    }
    uint32_t *index = string_index(string);
    size_t at = 0;
    for (size_t i = 1; i <= string->characters; i++) {
        at += utf8_step((unsigned char)string->text[at]);
        if (i % STRING_INDEX_STRIDE == 0)
            index[i / STRING_INDEX_STRIDE - 1] = (uint32_t)at;
        if (unlikely(i % COUNT_PIECE == 0) && vm && !poll(vm))
            return false;
    }
    return true;
}

bool string_finish(sch_vm *vm, struct string *string)
{
    return finish(vm, string);
}

sch_value string_make(sch_vm *vm, const char *text, size_t bytes, size_t characters)
{
    struct string *string = heap_object(vm, OBJECT_STRING, bytes, string_size(bytes, characters));
    string->characters = (uint32_t)characters;
    memcpy(string->text, text, bytes);
    finish(NULL, string);
    return object_value(string);
}

bool string_count(sch_vm *vm, const char *text, size_t bytes, size_t *ret_characters, size_t *ret_valid)
{
    *ret_characters = 0;
    *ret_valid = 0;
    while (*ret_valid < bytes) {
        size_t left = bytes - *ret_valid, size = size_min(COUNT_PIECE, left), count, valid;
        bool whole = utf8_count((const unsigned char *)text + *ret_valid, size, &count, &valid);
        *ret_characters += count;
        *ret_valid += valid; /* a character that the piece has cut is the next one's */
        if (!whole && (size == left || valid + UTF8_MAX <= size))
            return true;
        if (size < left && !poll(vm))
            return false;
    }
    return true;
}

sch_value string_of(sch_vm *vm, const char *text, size_t bytes)
{
    size_t characters, valid;
    if (bytes <= COUNT_PIECE && utf8_ascii((const unsigned char *)text, bytes) == bytes)
        characters = valid = bytes;
    else if (!string_count(vm, text, bytes, &characters, &valid))
        return V_RAISED;
    if (valid < bytes)
        return raise_error(vm, "encoding-error", NULL, 0, NULL, "the text is not UTF-8");
    struct string *string = string_reserve(vm, bytes, characters);
    if (!string)
        return V_RAISED;
    if (!copy_bytes(vm, string->text, text, bytes) || !string_finish(vm, string))
        return V_RAISED;
    return object_value(string);
}

struct string *string_reserve(sch_vm *vm, size_t bytes, size_t characters)
{
    if (bytes > STRING_BYTES_MAX) {
        raise_limit(vm, SCH_LIMIT_HEAP);
        return NULL;
    }
    size_t size = string_size(bytes, characters);
    if (!heap_reserve_object(vm, size) || (vm->mutable_strings && !heap_reserve(vm, MSTRING_SIZE)))
        return NULL;
    struct string *string = heap_object(vm, OBJECT_STRING, bytes, size);
    string->characters = (uint32_t)characters;
    return string;
}

sch_value string_result(sch_vm *vm, struct string *string)
{
    if (!vm->mutable_strings)
        return object_value(string);
    struct mstring *around = heap_object(vm, OBJECT_MSTRING, 1, MSTRING_SIZE);
    around->text = object_value(string);
    return object_value(around);
}

sch_value string_fresh_of(sch_vm *vm, const char *text, size_t bytes)
{
    sch_value string = string_of(vm, text, bytes);
    return is_raised(string) ? string : string_result(vm, object_as(struct string, string));
}

/* The characters that begin in eight bytes. */
static inline size_t characters_in(const char *text)
{
    const uint64_t lows = 0x0101010101010101u;
    uint64_t word;
    memcpy(&word, text, sizeof word);
    uint64_t inner = word >> 7 & ~word >> 6 & lows; /* bytes 10xxxxxx */
    return sizeof word - (size_t)(inner * lows >> 56);
}

static inline bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

size_t string_offset(const struct string *string, size_t index)
{
    if (string->characters == header_length(string->header))
        return index;
    sch_assert(index <= string->characters);
    size_t stride = index / STRING_INDEX_STRIDE;
    size_t at = stride ? string_index(string)[stride - 1] : 0;
    size_t before = index % STRING_INDEX_STRIDE; /* characters that begin between here and there */
    for (; before >= sizeof(uint64_t); at += sizeof(uint64_t))
        before -= characters_in(string->text + at);
    for (; before > 0 || !begins_character(string->text[at]); at++)
        before -= begins_character(string->text[at]);
    return at;
}
