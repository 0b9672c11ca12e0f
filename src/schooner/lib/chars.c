/* Characters: R7RS 6.6. */
#include "base/utf8.h"
#include "schooner/lib/list.h"
#include "schooner/table/primitive.h"
#include "schooner/lib/text.h"
#include "schooner/text/unicode.h"

static sch_value refuse_char(sch_vm *vm, const char *who, size_t argument, sch_value got)
{
    return raise_type(vm, who, argument, "a character", got);
}

sch_value prim_is_char(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_character(args[0]));
}

sch_value prim_char_to_integer(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_character(args[0]))
        return refuse_char(vm, "char->integer", 1, args[0]);
    return make_fixnum(character_code(args[0]));
}

sch_value prim_integer_to_char(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_index(args[0], 0x110000) || !utf8_is_scalar((uint32_t)fixnum_int(args[0])))
        return refuse_number(vm, "integer->char", 1, args[0]);
    return make_character((uint32_t)fixnum_int(args[0]));
}

/* --- comparisons --- */

static uint32_t same_case(uint32_t character)
{
    return character;
}

static sch_value compare(sch_vm *vm, const char *who, enum ordering ordering, uint32_t (*key)(uint32_t),
                         const sch_value *args, size_t count)
{
    if (!charge(vm, count / ARGUMENTS_PER_UNIT))
        return V_RAISED;
    for (size_t i = 0; i < count; i++) {
        if (!is_character(args[i]))
            return refuse_char(vm, who, i + 1, args[i]);
    }
    for (size_t i = 1; i < count; i++) {
        uint32_t a = key(character_code(args[i - 1])), b = key(character_code(args[i]));
        if (!ordering_holds(ordering, a < b ? -1 : a > b))
            return V_FALSE;
    }
    return V_TRUE;
}

#define CHAR_COMPARISON(function, name, ordering, key)                  \
    sch_value function(sch_vm *vm, const sch_value *args, size_t count) \
    {                                                                   \
        return compare(vm, name, ordering, key, args, count);           \
    }
CHAR_COMPARISON(prim_char_equal, "char=?", ORDER_EQUAL, same_case)
CHAR_COMPARISON(prim_char_less, "char<?", ORDER_LESS, same_case)
CHAR_COMPARISON(prim_char_greater, "char>?", ORDER_GREATER, same_case)
CHAR_COMPARISON(prim_char_less_equal, "char<=?", ORDER_LESS_EQUAL, same_case)
CHAR_COMPARISON(prim_char_greater_equal, "char>=?", ORDER_GREATER_EQUAL, same_case)
CHAR_COMPARISON(prim_char_ci_equal, "char-ci=?", ORDER_EQUAL, unicode_foldcase)
CHAR_COMPARISON(prim_char_ci_less, "char-ci<?", ORDER_LESS, unicode_foldcase)
CHAR_COMPARISON(prim_char_ci_greater, "char-ci>?", ORDER_GREATER, unicode_foldcase)
CHAR_COMPARISON(prim_char_ci_less_equal, "char-ci<=?", ORDER_LESS_EQUAL, unicode_foldcase)
CHAR_COMPARISON(prim_char_ci_greater_equal, "char-ci>=?", ORDER_GREATER_EQUAL, unicode_foldcase)

/* --- properties and case --- */

#define CHAR_PROPERTY(function, name, property)                                                     \
    sch_value function(sch_vm *vm, const sch_value *args, size_t count)                             \
    {                                                                                               \
        return is_character(args[0]) ? make_boolean(unicode_has(character_code(args[0]), property)) \
                                     : refuse_char(vm, name, 1, args[0]);                           \
    }
CHAR_PROPERTY(prim_char_is_alphabetic, "char-alphabetic?", UNICODE_ALPHABETIC)
CHAR_PROPERTY(prim_char_is_numeric, "char-numeric?", UNICODE_DIGIT)
CHAR_PROPERTY(prim_char_is_whitespace, "char-whitespace?", UNICODE_WHITESPACE)
CHAR_PROPERTY(prim_char_is_upper_case, "char-upper-case?", UNICODE_UPPERCASE)
CHAR_PROPERTY(prim_char_is_lower_case, "char-lower-case?", UNICODE_LOWERCASE)

sch_value prim_digit_value(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_character(args[0]))
        return refuse_char(vm, "digit-value", 1, args[0]);
    int digit = unicode_digit(character_code(args[0]));
    return digit < 0 ? V_FALSE : make_fixnum(digit);
}

#define CHAR_MAPPING(function, name, map)                                           \
    sch_value function(sch_vm *vm, const sch_value *args, size_t count)             \
    {                                                                               \
        return is_character(args[0]) ? make_character(map(character_code(args[0]))) \
                                     : refuse_char(vm, name, 1, args[0]);           \
    }
CHAR_MAPPING(prim_char_upcase, "char-upcase", unicode_upcase)
CHAR_MAPPING(prim_char_downcase, "char-downcase", unicode_downcase)
CHAR_MAPPING(prim_char_foldcase, "char-foldcase", unicode_foldcase)
