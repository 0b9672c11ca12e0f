/*
 * The value word. This file alone knows the tags.
 *
 *   63                                       3 2 0
 *  +------------------------------------------+---+
 *  | 61-bit two's complement integer          |000|  fixnum
 *  | rotated IEEE double                      |001|  double, exponent 000..
 *  | rotated IEEE double                      |010|  double, exponent 011..   (|x| around one and below)
 *  | rotated IEEE double                      |101|  double, exponent 100..   (|x| of two and above)
 *  | address of a pair, 16-aligned            |011|  pair: car, cdr; no header
 *  | address of an object, 16-aligned         |111|  object: begins with a header word
 *  | payload            | kind (5 bits)       |110|  immediate: () #t #f characters ...
 *  | length (48)  | type (8) | flags (5)      |100|  header word of an object; never a value
 *  +------------------------------------------+---+
 *
 * Doubles tag themselves (Melancon, Serrano, Feeley, "Float self-tagging", arXiv 2411.16544): rotating left by four
 * and flipping the lowest bit brings the top exponent bits to the tag; doubles outside [2^-255, 2^257) that are not
 * tiny are boxed objects of type OBJECT_FLONUM.
 */
#ifndef SCHOONER_VALUE_VALUE_H
#define SCHOONER_VALUE_VALUE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "schooner.h"

/* The hostile build checks what the normal build trusts. The one place that asks which build this is. */
#ifdef SCH_HOSTILE
#define sch_assert(condition) assert(condition)
enum { HOSTILE = 1 };
#else
#define sch_assert(condition) ((void)0)
enum { HOSTILE = 0 };
#endif

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

enum value_tag {
    TAG_FIXNUM = 0,
    TAG_PAIR = 3,
    TAG_HEADER = 4,
    TAG_IMMEDIATE = 6,
    TAG_OBJECT = 7,
    TAG_MASK = 7,
};

enum immediate_kind {
    IMMEDIATE_CONSTANT, /* the enum value_constant below */
    IMMEDIATE_CHARACTER,
};

enum value_constant {
    CONSTANT_FALSE,
    CONSTANT_TRUE,
    CONSTANT_NIL,
    CONSTANT_UNSPECIFIED,
    CONSTANT_EOF,
    CONSTANT_UNBOUND, /* a global cell or letrec variable before its definition */
    CONSTANT_RAISED,  /* what a primitive returns when it has raised; never stored */
    CONSTANT_DEFAULT, /* an absent optional argument */
};

#define VALUE_IMMEDIATE(kind, payload) \
    ((sch_value){ ((uint64_t)(payload) << 8) | ((uint64_t)(kind) << 3) | TAG_IMMEDIATE })
#define V_FALSE       VALUE_IMMEDIATE(IMMEDIATE_CONSTANT, CONSTANT_FALSE)
#define V_TRUE        VALUE_IMMEDIATE(IMMEDIATE_CONSTANT, CONSTANT_TRUE)
#define V_NIL         VALUE_IMMEDIATE(IMMEDIATE_CONSTANT, CONSTANT_NIL)
#define V_UNSPECIFIED VALUE_IMMEDIATE(IMMEDIATE_CONSTANT, CONSTANT_UNSPECIFIED)
#define V_EOF         VALUE_IMMEDIATE(IMMEDIATE_CONSTANT, CONSTANT_EOF)
#define V_UNBOUND     VALUE_IMMEDIATE(IMMEDIATE_CONSTANT, CONSTANT_UNBOUND)
#define V_RAISED      VALUE_IMMEDIATE(IMMEDIATE_CONSTANT, CONSTANT_RAISED)
#define V_DEFAULT     VALUE_IMMEDIATE(IMMEDIATE_CONSTANT, CONSTANT_DEFAULT)

static inline bool value_same(sch_value a, sch_value b)
{
    return a.bits == b.bits;
}

static inline unsigned value_tag(sch_value v)
{
    return (unsigned)(v.bits & TAG_MASK);
}

static inline bool is_false(sch_value v)
{
    return value_same(v, V_FALSE);
}

static inline bool is_nil(sch_value v)
{
    return value_same(v, V_NIL);
}

static inline bool is_raised(sch_value v)
{
    return unlikely(value_same(v, V_RAISED));
}

static inline sch_value make_boolean(bool b)
{
    return b ? V_TRUE : V_FALSE;
}

static inline bool is_boolean(sch_value v)
{
    return value_same(v, V_FALSE) || value_same(v, V_TRUE);
}

/* Fixnums */

#define FIXNUM_MAX ((int64_t)0x0fffffffffffffff)
#define FIXNUM_MIN (-FIXNUM_MAX - 1)

static inline bool is_fixnum(sch_value v)
{
    return value_tag(v) == TAG_FIXNUM;
}

static inline bool are_fixnums(sch_value a, sch_value b)
{
    return ((a.bits | b.bits) & TAG_MASK) == 0;
}

static inline bool fixnum_fits(int64_t n)
{
    return n >= FIXNUM_MIN && n <= FIXNUM_MAX;
}

static inline sch_value make_fixnum(int64_t n)
{
    sch_assert(fixnum_fits(n));
    return (sch_value){ (uint64_t)n << 3 };
}

static inline int64_t fixnum_int(sch_value v)
{
    sch_assert(is_fixnum(v));
    return (int64_t)v.bits >> 3;
}

/* A fixnum in [0, limit)? For indices: tag and sign, at the top, make a huge unsigned one of all else. */
static inline bool is_index(sch_value v, size_t limit)
{
    sch_assert(limit <= UINT64_C(1) << 60);
    return (v.bits >> 3 | v.bits << 61) < limit;
}

/* Characters */

static inline bool is_character(sch_value v)
{
    return (v.bits & 0xff) == (((uint64_t)IMMEDIATE_CHARACTER << 3) | TAG_IMMEDIATE);
}

static inline sch_value make_character(uint32_t c)
{
    return VALUE_IMMEDIATE(IMMEDIATE_CHARACTER, c);
}

static inline uint32_t character_code(sch_value v)
{
    sch_assert(is_character(v));
    return (uint32_t)(v.bits >> 8);
}

/* Doubles that tag themselves; the general number interface, boxes included, is num/number.h. */

static inline bool is_small_double(sch_value v)
{
    return (0x2626262626262626u >> (v.bits & 63)) & 1;
}

static inline uint64_t double_bits(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static inline double double_of_bits(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* The word for `d`; only a value when is_small_double() holds for it. */
static inline sch_value small_double_encode(double d)
{
    uint64_t bits = double_bits(d);
    return (sch_value){ ((bits << 4) | (bits >> 60)) ^ 1 };
}

static inline double small_double(sch_value v)
{
    uint64_t w = v.bits ^ 1;
    return double_of_bits((w >> 4) | (w << 60));
}

/* Pointers */

struct pair {
    sch_value car;
    sch_value cdr;
};

struct object {
    uint64_t header;
};

static inline bool is_pair(sch_value v)
{
    return value_tag(v) == TAG_PAIR;
}

static inline bool is_object(sch_value v)
{
    return value_tag(v) == TAG_OBJECT;
}

static inline bool is_pointer(sch_value v)
{
    return (v.bits & 3) == 3;
}

static inline struct pair *pair_of(sch_value v)
{
    sch_assert(is_pair(v));
    return (struct pair *)(uintptr_t)(v.bits - TAG_PAIR);
}

static inline sch_value pair_car(sch_value v)
{
    return pair_of(v)->car;
}

static inline sch_value pair_cdr(sch_value v)
{
    return pair_of(v)->cdr;
}

static inline void *object_of(sch_value v)
{
    sch_assert(is_object(v));
    return (void *)(uintptr_t)(v.bits - TAG_OBJECT);
}

static inline sch_value pair_value(const struct pair *pair)
{
    return (sch_value){ (uint64_t)(uintptr_t)pair + TAG_PAIR };
}

static inline sch_value object_value(const void *object)
{
    return (sch_value){ (uint64_t)(uintptr_t)object + TAG_OBJECT };
}

/* The address behind a pointer value, whatever it is. */
static inline void *value_address(sch_value v)
{
    return (void *)(uintptr_t)(v.bits & ~(uint64_t)TAG_MASK);
}

/* Header words */

enum object_flag {
    OBJECT_FROZEN = 1, /* a literal or part of the image: mutators refuse it */
    OBJECT_ASCII = 2,  /* of strings and symbols: every character is one byte */
    OBJECT_LOGGED = 4, /* the write barrier has recorded it */
    OBJECT_SPARE = 8,
    OBJECT_FLAG_MASK = 31,
};

/* `length` is what the type says: bytes, elements, limbs, fields. */
static inline uint64_t header_make(unsigned type, unsigned flags, size_t length)
{
    return (uint64_t)length << 16 | (uint64_t)type << 8 | (uint64_t)flags << 3 | TAG_HEADER;
}

static inline unsigned header_type(uint64_t header)
{
    return (unsigned)(header >> 8 & 0xff);
}

static inline size_t header_length(uint64_t header)
{
    return (size_t)(header >> 16);
}

static inline unsigned header_flags(uint64_t header)
{
    return (unsigned)(header >> 3 & OBJECT_FLAG_MASK);
}

static inline uint64_t value_header(sch_value v)
{
    return ((const struct object *)object_of(v))->header;
}

static inline bool is_type(sch_value v, unsigned type)
{
    return is_object(v) && header_type(value_header(v)) == type;
}

#endif
