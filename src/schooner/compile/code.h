/*
 * Compiled code: a counted blob without pointers, that belongs to no machine. Owns its layout and the decoding of
 * instructions. Does not know how it was made, nor how it is run.
 */
#ifndef SCHOONER_COMPILE_CODE_H
#define SCHOONER_COMPILE_CODE_H

#include "schooner/value/value.h"

enum opcode {
#define OP(ENUM, name, shape, flags) OP_##ENUM,
#include "schooner/compile/opcodes.def"
#undef OP
    OPCODE_COUNT,
};

enum opcode_flag { OPCODE_SAFE = 1, OPCODE_CALL = 2, OPCODE_ENDS = 4 };

enum {
    CODE_VERSION = 6, /* of what the bytes mean, flags of safe points included: others are refused */
};
#define CODE_NONE   UINT32_MAX
#define CAPTURE_ENV 0x10000u

/* Registers: 0..NEAR in bytes; the last ones are scratch for operands beyond; wide ones up to WIDE. */
enum {
    REGISTER_NEAR = 248,
    REGISTER_SCRATCH = 252,
    REGISTER_WIDE = 256,
    REGISTER_MAX = 60000,
    ARGUMENTS_MAX = 240,
    FRAME_HEADER = 2, /* words below a frame: return address, environment */
};

struct code_range {
    uint32_t offset; /* bytes from the start of the blob */
    uint32_t count;
};

struct code_procedure {
    uint32_t entry; /* word: with the check of arity */
    uint32_t end;
    struct code_range name; /* in texts; count 0: nameless */
    uint32_t frame;         /* registers */
    uint32_t captured;
    int32_t min_args; /* over all clauses, for messages */
    int32_t max_args; /* -1: any number */
    uint32_t file;
    uint32_t line;
    uint32_t column;
};

enum constant_kind {
    CONSTANT_IMMEDIATE_VALUE, /* a, b: low and high half of the word */
    CONSTANT_STRING,          /* a: offset in texts, b: bytes */
    CONSTANT_SYMBOL,
    CONSTANT_KEYWORD,
    CONSTANT_NUMBER, /* text to be parsed */
    CONSTANT_BYTEVECTOR,
    CONSTANT_PAIR,      /* a, b: constants */
    CONSTANT_VECTOR,    /* a: first of its items in the table of items, b: how many */
    CONSTANT_CELL,      /* a: space, b: name (both constants of kind SYMBOL) */
    CONSTANT_PRIMITIVE, /* a: index */
    CONSTANT_IMAGE,     /* a: index of a value of the environment */
    CONSTANT_PROCEDURE, /* a: procedure that captures nothing */
    CONSTANT_KIND_COUNT,
};

struct code_constant {
    uint32_t kind;
    uint32_t a;
    uint32_t b;
};

/* Where a collection may happen: the address, and which registers are alive there. */
struct code_safe_point {
    uint32_t at;
    uint32_t map; /* index in the table of maps: number of words, then the words */
};

/* A call that was inlined. */
struct code_inlining {
    struct code_range name;
    uint32_t file, line, column; /* of the call */
    uint32_t outer;              /* the one that the call stands in, from 1; 0: none */
};

/* What is known in front of some entry of the table of positions: a search begins there, not at the table's beginning.
 */
struct code_position_mark {
    uint32_t offset; /* of the entry, in bytes */
    uint32_t at;     /* word of the entry before it, and what that says */
    uint32_t file, line, column, inlined;
};
enum {
    POSITION_MARK_ENTRIES = 16,                          /* between two marks */
    POSITION_MARK_BYTES = POSITION_MARK_ENTRIES * 5 * 5, /* at most: five numbers of five bytes in an entry */
};

struct code_source {
    struct code_range name;
    struct code_range text; /* kept for excerpts; count 0: not kept */
};

struct sch_code {
    uint32_t references; /* atomic */
    uint32_t version;
    uint64_t size;        /* of the blob, bytes */
    uint64_t environment; /* the one that its imports were resolved in; 0: none, or another process's */
    uint32_t slots;       /* the first constants are those of an instance; the others are parts of them */
    uint32_t word_count;
    struct code_range procedures;
    struct code_range constants;
    struct code_range items;
    struct code_range safe_points;
    struct code_range maps;
    struct code_range positions; /* bytes: for each change: words, file, line, column, inlining, as deltas in LEB128 */
    struct code_range position_marks;
    struct code_range inlinings;
    struct code_range sources;
    struct code_range texts;
    uint32_t words[];
};

#define code_table(type, code, range) ((const type *)((const char *)(code) + (code)->range.offset))

struct sch_code *code_take(const struct sch_code *code);
void code_drop(const struct sch_code *code);

static inline const struct code_procedure *code_procedures(const struct sch_code *code)
{
    return code_table(struct code_procedure, code, procedures);
}

static inline const char *code_text(const struct sch_code *code, uint32_t offset)
{
    return (const char *)code + code->texts.offset + offset;
}

/* The procedure that holds a word. */
const struct code_procedure *code_procedure_at(const struct sch_code *code, uint32_t at);

/* The live map for an address; NULL: none of the registers is alive there. */
const uint32_t *code_live_map(const struct sch_code *code, uint32_t at);

struct code_position {
    uint32_t file;
    uint32_t line;
    uint32_t column;
    uint32_t inlined; /* from 1; 0: the code of the procedure itself */
};
/* Where in the source the instruction that holds a word comes from. */
struct code_position code_position_at(const struct sch_code *code, uint32_t at);

/* The source line of a position, without its end; NULL: not kept. */
const char *code_excerpt(const struct sch_code *code, uint32_t file, uint32_t line, size_t *ret_length);

/* An instruction speaks of itself by `name`, as `=` of (zero? x). Does it stand for what is called so, too? Then that
 * name; else NULL. (open.c) */
const char *open_called(const char *called, size_t length, const char *name);

/* --- instructions --- */

extern const char *const opcode_names[OPCODE_COUNT];
extern const char *const opcode_shapes[OPCODE_COUNT];
extern const uint8_t opcode_flags[OPCODE_COUNT];

static inline unsigned word_op(uint32_t word)
{
    return word & 0xff;
}

static inline unsigned word_a(uint32_t word)
{
    return word >> 8 & 0xff;
}

static inline unsigned word_b(uint32_t word)
{
    return word >> 16 & 0xff;
}

static inline unsigned word_c(uint32_t word)
{
    return word >> 24;
}

static inline unsigned word_bc(uint32_t word)
{
    return word >> 16;
}

static inline unsigned word_abc(uint32_t word)
{
    return word >> 8;
}

/* struct closure's word `procedure`: the word of its entry above, the number of the procedure below. */
static inline uint64_t code_procedure_word(const struct sch_code *code, uint32_t index)
{
    return (uint64_t)code_procedures(code)[index].entry << 32 | index;
}

/* The frame word of calls: base, arguments, register written. */
static inline unsigned frame_base(uint32_t word)
{
    return word & 0xffff;
}

static inline unsigned frame_args(uint32_t word)
{
    return word >> 16 & 0xff;
}

static inline unsigned frame_result(uint32_t word)
{
    return word >> 24;
}

/* What one instruction does to registers and control. */
struct instruction {
    unsigned op;
    uint32_t length; /* words */
    uint32_t uses[3];
    uint32_t use_count;
    uint32_t use_base, use_length; /* a range that is read */
    uint32_t define;               /* register written; CODE_NONE */
    uint32_t define_base, define_length;
    int64_t target;           /* word that it may jump to; -1 */
    const uint32_t *captures; /* of a closure; NULL */
    uint32_t capture_count;
    uint32_t frame_at; /* the word with the frame of a call; CODE_NONE */
};

/* Decodes the instruction at `at`; false: not an instruction, or it does not end before `count`. */
bool code_decode(const uint32_t *words, uint32_t count, uint32_t at, struct instruction *ret);

struct buffer;
/* A text form, for `schooner stages`. false: no memory. */
bool code_print(const struct sch_code *code, struct buffer *out);

/* Is the blob of `size` bytes sound, so that running it cannot leave its frames? NULL, or what is wrong: anything after
 * a limit, which `front` has then. Charges, and takes memory, by the front alone. */
struct front;
const char *code_verify(struct front *front, const struct sch_code *code, size_t size, uint32_t primitive_count);
/* The same with the process's memory, free of charge: for what this process has compiled. */
bool code_is_sound(const struct sch_code *code, size_t size, uint32_t primitive_count);
/* Of verified code of a stranger: no call takes a value on trust for the procedure that it was made for. false: a
 * limit, and the code must not run. */
bool code_distrust(struct front *front, struct sch_code *code);

#endif
