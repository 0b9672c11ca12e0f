/* Comparing strings, and their case. */
#include "base/utf8.h"
#include "schooner/table/primitive.h"
#include "schooner/lib/text.h"
#include "schooner/text/unicode.h"

/* By the numbers of the characters: UTF-8 keeps that order. *ret is negative, zero or positive. */
static inline bool compare_plain(sch_vm *vm, const struct string *a, const struct string *b, int *ret)
{
    size_t a_length = header_length(a->header), b_length = header_length(b->header);
    size_t common = size_min(a_length, b_length);
    if (!charge(vm, common / BYTES_PER_UNIT) || !compare_bytes(vm, a->text, b->text, common, ret))
        return false;
    if (*ret == 0)
        *ret = a_length < b_length ? -1 : a_length > b_length;
    return true;
}

/* The folded characters of a string, one after the other. */
struct folded {
    const struct string *string;
    size_t at;
    uint32_t mapped[UNICODE_MAPPED_MAX];
    size_t count, next;
};

/* false: the end. */
static bool folded_next(struct folded *folded, uint32_t *ret)
{
    if (folded->next == folded->count) {
        size_t length = header_length(folded->string->header);
        if (folded->at == length)
            return false;
        uint32_t character = 0;
        folded->at +=
            utf8_decode((const unsigned char *)folded->string->text + folded->at, length - folded->at, &character);
        folded->count = unicode_foldcase_full(character, folded->mapped);
        folded->next = 0;
    }
    *ret = folded->mapped[folded->next++];
    return true;
}

static bool compare_folded(sch_vm *vm, const struct string *a, const struct string *b, int *ret)
{
    struct folded first = { .string = a }, second = { .string = b };
    for (size_t i = 0;; i++) {
        if (i % TEXT_PIECE == 0 &&
            !charge(vm, size_min(TEXT_PIECE, size_min(a->characters, b->characters)) / CHARACTERS_PER_UNIT))
            return false;
        uint32_t x, y;
        bool more = folded_next(&first, &x);
        bool more_of_b = folded_next(&second, &y);
        if (!more || !more_of_b) {
            *ret = (int)more - (int)more_of_b;
            return true;
        }
        if (x != y) {
            *ret = x < y ? -1 : 1;
            return true;
        }
    }
}

/* Two strings, as they mostly are. */
static inline sch_value compare_two_plain(sch_vm *vm, enum ordering ordering, sch_value a, sch_value b)
{
    int comparison;
    if (!compare_plain(vm, string_view(a), string_view(b), &comparison))
        return V_RAISED;
    return make_boolean(ordering_holds(ordering, comparison));
}

typedef bool compare_fn(sch_vm *vm, const struct string *a, const struct string *b, int *ret);

static sch_value compare(sch_vm *vm, const char *who, enum ordering ordering, compare_fn *compare_two,
                         const sch_value *args, size_t count)
{
    if (!charge(vm, count / ARGUMENTS_PER_UNIT))
        return V_RAISED;
    for (size_t i = 0; i < count; i++) {
        if (!is_string(args[i]))
            return raise_type(vm, who, i + 1, "a string", args[i]);
    }
    for (size_t i = 1; i < count; i++) {
        int comparison;
        if (!compare_two(vm, string_view(args[i - 1]), string_view(args[i]), &comparison))
            return V_RAISED;
        if (!ordering_holds(ordering, comparison))
            return V_FALSE;
    }
    return V_TRUE;
}

#define PLAIN_COMPARISON(function, name, ordering)                          \
    sch_value function(sch_vm *vm, const sch_value *args, size_t count)     \
    {                                                                       \
        if (likely(count == 2 && is_string(args[0]) && is_string(args[1]))) \
            return compare_two_plain(vm, ordering, args[0], args[1]);       \
        return compare(vm, name, ordering, compare_plain, args, count);     \
    }
PLAIN_COMPARISON(prim_string_equal, "string=?", ORDER_EQUAL)
PLAIN_COMPARISON(prim_string_less, "string<?", ORDER_LESS)
PLAIN_COMPARISON(prim_string_greater, "string>?", ORDER_GREATER)
PLAIN_COMPARISON(prim_string_less_equal, "string<=?", ORDER_LESS_EQUAL)
PLAIN_COMPARISON(prim_string_greater_equal, "string>=?", ORDER_GREATER_EQUAL)

#define FOLDED_COMPARISON(function, name, ordering)                      \
    sch_value function(sch_vm *vm, const sch_value *args, size_t count)  \
    {                                                                    \
        return compare(vm, name, ordering, compare_folded, args, count); \
    }
FOLDED_COMPARISON(prim_string_ci_equal, "string-ci=?", ORDER_EQUAL)
FOLDED_COMPARISON(prim_string_ci_less, "string-ci<?", ORDER_LESS)
FOLDED_COMPARISON(prim_string_ci_greater, "string-ci>?", ORDER_GREATER)
FOLDED_COMPARISON(prim_string_ci_less_equal, "string-ci<=?", ORDER_LESS_EQUAL)
FOLDED_COMPARISON(prim_string_ci_greater_equal, "string-ci>=?", ORDER_GREATER_EQUAL)

/* --- case --- */

enum letter_case { CASE_UP, CASE_DOWN, CASE_FOLD };

static size_t map_piece(enum letter_case which, struct unicode_downcase *state, size_t end, char *out)
{
    if (which == CASE_DOWN)
        return unicode_downcase_piece(state, end, out);
    size_t at = state->at;
    state->at = end;
    return which == CASE_UP ? unicode_upcase_text(state->text + at, end - at, out)
                            : unicode_fold_text(state->text + at, end - at, out);
}

/* Maps in pieces, so that the deadline holds; the text goes to a buffer of the account's memory. */
static bool map_case(sch_vm *vm, const struct string *string, enum letter_case which, struct buffer *out)
{
    size_t length = header_length(string->header);
    struct unicode_downcase state = { .text = string->text, .length = length };
    while (state.at < length) {
        size_t end = size_min(length, state.at + TEXT_PIECE);
        while (end < length && ((unsigned char)string->text[end] & 0xc0) == 0x80)
            end++;
        if (!charge(vm, (end - state.at) / CHARACTERS_PER_UNIT + 1))
            return false;
        if (!buffer_reserve(out, (end - state.at) * UNICODE_GROWTH)) {
            raise_limit(vm, SCH_LIMIT_HEAP);
            return false;
        }
        out->length += map_piece(which, &state, end, (char *)out->bytes + out->length);
    }
    return true;
}

static sch_value change_case(sch_vm *vm, const char *who, sch_value v, enum letter_case which)
{
    if (!is_string(v))
        return raise_type(vm, who, 1, "a string", v);
    struct buffer out;
    buffer_init(&out, vm_memory(vm));
    sch_value result = V_RAISED;
    if (map_case(vm, string_view(v), which, &out))
        result = string_fresh_of(vm, out.length ? (const char *)out.bytes : "", out.length);
    buffer_done(&out);
    return result;
}

sch_value prim_string_upcase(sch_vm *vm, const sch_value *args, size_t count)
{
    return change_case(vm, "string-upcase", args[0], CASE_UP);
}

sch_value prim_string_downcase(sch_vm *vm, const sch_value *args, size_t count)
{
    return change_case(vm, "string-downcase", args[0], CASE_DOWN);
}

sch_value prim_string_foldcase(sch_vm *vm, const sch_value *args, size_t count)
{
    return change_case(vm, "string-foldcase", args[0], CASE_FOLD);
}
