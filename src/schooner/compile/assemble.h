/*
 * The assembler: instructions with labels and wide registers to words, then all tables to one blob. Does not know the
 * core tree.
 */
#ifndef SCHOONER_COMPILE_ASSEMBLE_H
#define SCHOONER_COMPILE_ASSEMBLE_H

#include "base/buffer.h"
#include "base/arith.h"
#include "schooner/compile/passes.h"

struct label_use {
    uint32_t word;  /* that holds the distance or address */
    uint32_t after; /* the end of the instruction, for distances */
    uint32_t label;
    char shape; /* of the operand: J, O, T, t */
};

struct constant_key;

struct constant_memo {
    uint32_t constant; /* index + 1 */
    uint32_t hash;
};

struct assembler {
    struct front *front;
    bool failed;
    uint32_t *words;
    size_t count, capacity;
    uint32_t *labels; /* words; CODE_NONE: not placed yet */
    size_t label_count, label_capacity;
    struct label_use *uses;
    size_t use_count, use_capacity;
    uint32_t last; /* the last instruction; CODE_NONE: something may jump behind it */
    struct code_procedure *procedures;
    size_t procedure_count, procedure_capacity;
    struct code_constant *constants;
    size_t constant_count, constant_capacity;
    uint32_t *slot_of; /* of a constant: its slot in instances, or CODE_NONE */
    size_t slot_of_capacity;
    uint32_t *slots; /* constants in the order of their slots */
    size_t slot_count, slot_capacity;
    uint32_t *items;
    size_t item_count, item_capacity;
    struct constant_memo *memo; /* by hash */
    size_t memo_capacity;
    struct constant_key *data; /* constants of quoted data by address */
    size_t data_capacity, data_count;
    char *texts;
    size_t text_count, text_capacity;
    unsigned char *positions;
    size_t position_count, position_capacity, position_entries;
    struct code_position_mark *marks;
    size_t mark_count, mark_capacity;
    struct position position, recorded;
    struct inlining *inlined;
    uint32_t recorded_inlined;
    struct code_inlining *inlinings;
    size_t inlining_count, inlining_capacity;
    uint32_t recorded_at;
};

bool assembler_init(struct assembler *as, struct front *front);
uint32_t label_new(struct assembler *as);
void label_place(struct assembler *as, uint32_t label);
/* A new one, behind the last instruction, to which ticks may still be added. */
uint32_t label_behind(struct assembler *as);
/* The operands in the order of the shape's letters; c and g and r and a take several (base, count, ...). */
void emit(struct assembler *as, enum opcode op, ...);
void emit_word(struct assembler *as, uint32_t word);
/* Adds to the tick just emitted where nothing can come between; else emits one. */
void emit_ticks(struct assembler *as, uint32_t ticks);

/* Slots of constants. */
uint32_t constant_datum(struct assembler *as, const struct datum *datum);
uint32_t constant_cell(struct assembler *as, const char *space, const struct name *name);
uint32_t constant_symbol(struct assembler *as, const struct name *name);
uint32_t constant_index(struct assembler *as, enum constant_kind kind, uint32_t index);

uint32_t text_add(struct assembler *as, const char *text, size_t length);
/* Resolves labels, finds live maps, makes the blob. */
struct sch_code *assembler_finish(struct assembler *as);

#endif
