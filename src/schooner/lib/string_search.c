/*
 * Searching a string in a string, in time that grows with the sum of their lengths (Knuth, Morris, Pratt 1977): a
 * stranger chooses both. UTF-8 finds itself: a match of bytes begins at a character.
 */
#include "schooner/lib/list.h"
#include "schooner/table/primitive.h"
#include "schooner/lib/text.h"

/* borders[i]: length of the longest proper prefix of the pattern that ends at its byte i. */
static bool find_borders(sch_vm *vm, const char *pattern, size_t length, uint32_t *borders)
{
    uint32_t border = 0;
    borders[0] = 0;
    for (size_t i = 1; i < length; i++) {
        if (i % TEXT_PIECE == 0 && !poll(vm))
            return false;
        while (border > 0 && pattern[i] != pattern[border])
            border = borders[border - 1];
        border += pattern[i] == pattern[border];
        borders[i] = border;
    }
    return true;
}

enum { SEARCH_PIECE = 64 }; /* charged on its own: who looks for the next of many matches pays for the way to it */

/* *ret: the byte at which the first match begins, or SIZE_MAX. false: a limit. */
static bool search(sch_vm *vm, const struct string_part *text, const char *pattern, size_t length,
                   const uint32_t *borders, size_t *ret)
{
    uint32_t matched = 0;
    *ret = SIZE_MAX;
    for (size_t at = 0; at < text->bytes; at++) {
        if (at % SEARCH_PIECE == SEARCH_PIECE - 1 && !charge(vm, SEARCH_PIECE / CHARACTERS_PER_UNIT))
            return false;
        while (matched > 0 && text->text[at] != pattern[matched])
            matched = borders[matched - 1];
        matched += text->text[at] == pattern[matched];
        if (matched == length) {
            *ret = at + 1 - length;
            return true;
        }
    }
    return true;
}

/* Characters of the part before byte `at`. false: a limit. */
static bool characters_before(sch_vm *vm, const struct string_part *part, size_t at, size_t *ret)
{
    *ret = at;
    if (part->bytes == part->characters)
        return true;
    *ret = 0;
    for (size_t i = 0; i < at; i++) {
        if (!keep_on(vm, i))
            return false;
        *ret += ((unsigned char)part->text[i] & 0xc0) != 0x80;
    }
    return true;
}

/* (%string-search pattern string [start]): the index of the first match, or #f */
sch_value prim_string_search(sch_vm *vm, const sch_value *args, size_t count)
{
    const char *who = "string-search";
    if (!is_string(args[0]))
        return raise_type(vm, who, 1, "a string", args[0]);
    struct string_part text;
    if (!string_part_of(vm, who, args, count, 2, 2, &text))
        return V_RAISED;
    size_t start = string_view(args[1])->characters - text.characters;
    size_t length = string_length(args[0]);
    if (length == 0)
        return make_fixnum((int64_t)start);
    if (length > text.bytes)
        return V_FALSE;
    if (!charge(vm, (length + size_min(text.bytes, SEARCH_PIECE)) / CHARACTERS_PER_UNIT))
        return V_RAISED;

    const char *pattern = string_view(args[0])->text;
    size_t size = length * sizeof(uint32_t);
    uint32_t *borders = memory_resize(vm_memory(vm), NULL, 0, size);
    if (!borders)
        return raise_limit(vm, SCH_LIMIT_HEAP);
    size_t at;
    bool done = find_borders(vm, pattern, length, borders) && search(vm, &text, pattern, length, borders, &at);
    memory_resize(vm_memory(vm), borders, size, 0);
    if (!done)
        return V_RAISED;
    if (at == SIZE_MAX)
        return V_FALSE;
    size_t before;
    return characters_before(vm, &text, at, &before) ? make_fixnum((int64_t)(start + before)) : V_RAISED;
}
