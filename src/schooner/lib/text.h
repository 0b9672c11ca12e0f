/* What the primitives on characters, strings, symbols and ports share. */
#ifndef SCHOONER_LIB_TEXT_H
#define SCHOONER_LIB_TEXT_H

#include "schooner/heap/machine.h"

/* Work on text, by units of fuel: bytes scanned or copied, characters looked at one by one, arguments. */
enum { BYTES_PER_UNIT = 16, CHARACTERS_PER_UNIT = 4, TEXT_PIECE = 4096 };

enum ordering { ORDER_EQUAL, ORDER_LESS, ORDER_GREATER, ORDER_LESS_EQUAL, ORDER_GREATER_EQUAL };

static inline bool ordering_holds(enum ordering ordering, int comparison)
{
    switch (ordering) {
    case ORDER_EQUAL: return comparison == 0;
    case ORDER_LESS: return comparison < 0;
    case ORDER_GREATER: return comparison > 0;
    case ORDER_LESS_EQUAL: return comparison <= 0;
    case ORDER_GREATER_EQUAL: return comparison >= 0;
    }
    return false;
}

/* Bytes of a string's text, of either kind. */
static inline size_t string_length(sch_value v)
{
    return header_length(string_view(v)->header);
}

/* In loops over what was charged in one go: looks at the clock now and then. false: a limit, return V_RAISED. */
static inline bool keep_on(sch_vm *vm, size_t i)
{
    return likely(i % TEXT_PIECE != TEXT_PIECE - 1) || poll(vm);
}

/* A part of a string: whole characters. */
struct string_part {
    const char *text;
    size_t bytes;
    size_t characters;
};

/* The string at args[argument - 1] with optional start and end at args[first], args[first + 1]; raises when it is none
 * or they do not fit. The text is alive as long as the argument. */
bool string_part_of(sch_vm *vm, const char *who, const sch_value *args, size_t count, size_t argument, size_t first,
                    struct string_part *ret);

#endif
