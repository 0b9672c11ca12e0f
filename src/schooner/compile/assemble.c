/* Instructions to words: labels, registers beyond a byte, positions. */
#include <stdarg.h>
#include "schooner/compile/assemble.h"

enum { CODE_WORDS_MAX = 1 << 22 };

bool assembler_init(struct assembler *as, struct front *front)
{
    *as = (struct assembler){ .front = front, .last = CODE_NONE };
    return true;
}

void emit_word(struct assembler *as, uint32_t word)
{
    uint32_t *at = FRONT_PUSH(as->front, as->words, as->count, as->capacity);
    if (at)
        *at = word;
    else
        as->failed = true;
    if (as->count > CODE_WORDS_MAX && !as->failed) {
        as->failed = true;
        front_fail(as->front, "syntax-error", as->position, "the program is too large");
    }
}

uint32_t label_new(struct assembler *as)
{
    uint32_t *label = FRONT_PUSH(as->front, as->labels, as->label_count, as->label_capacity);
    if (!label) {
        as->failed = true;
        return 0;
    }
    *label = CODE_NONE;
    return (uint32_t)as->label_count - 1;
}

void label_place(struct assembler *as, uint32_t label)
{
    if (as->failed)
        return;
    as->labels[label] = (uint32_t)as->count;
    as->last = CODE_NONE;
}

uint32_t label_behind(struct assembler *as)
{
    uint32_t label = label_new(as);
    if (!as->failed)
        as->labels[label] = (uint32_t)as->count;
    return label;
}

static void use_label(struct assembler *as, uint32_t label, uint32_t word, char shape)
{
    struct label_use *use = FRONT_PUSH(as->front, as->uses, as->use_count, as->use_capacity);
    if (!use) {
        as->failed = true;
        return;
    }
    *use = (struct label_use){ word, 0, label, shape };
}

/* --- positions --- */

static void put_byte(struct assembler *as, unsigned char byte)
{
    unsigned char *at = FRONT_PUSH(as->front, as->positions, as->position_count, as->position_capacity);
    if (at)
        *at = byte;
    else
        as->failed = true;
}

static void put_leb(struct assembler *as, uint32_t n)
{
    for (; n >= 0x80; n >>= 7)
        put_byte(as, (unsigned char)(n | 0x80));
    put_byte(as, (unsigned char)n);
}

static void put_delta(struct assembler *as, uint32_t now, uint32_t before)
{
    int32_t delta = (int32_t)(now - before);
    put_leb(as, delta < 0 ? ~(uint32_t)delta << 1 | 1 : (uint32_t)delta << 1);
}

/* Number of an inlined call in the code's table, from 1; the outer ones first. */
static uint32_t inlining_index(struct assembler *as, struct inlining *inlined)
{
    if (!inlined || inlined->index)
        return inlined ? inlined->index : 0;
    uint32_t outer = inlining_index(as, inlined->outer);
    struct code_inlining *at = FRONT_PUSH(as->front, as->inlinings, as->inlining_count, as->inlining_capacity);
    if (!at) {
        as->failed = true;
        return 0;
    }
    const struct name *name = inlined->procedure;
    at->name = (struct code_range){ 0, 0 };
    if (name)
        at->name = (struct code_range){ text_add(as, name->text, name->length), name->length };
    at->file = inlined->call.file;
    at->line = inlined->call.line;
    at->column = inlined->call.column;
    at->outer = outer;
    return inlined->index = (uint32_t)as->inlining_count;
}

static void mark_position(struct assembler *as)
{
    const struct position *before = &as->recorded;
    struct code_position_mark *mark = FRONT_PUSH(as->front, as->marks, as->mark_count, as->mark_capacity);
    if (!mark) {
        as->failed = true;
        return;
    }
    *mark = (struct code_position_mark){
        (uint32_t)as->position_count, as->recorded_at, before->file, before->line, before->column, as->recorded_inlined
    };
}

static void record_position(struct assembler *as)
{
    struct position *now = &as->position, *before = &as->recorded;
    uint32_t inlined = inlining_index(as, as->inlined);
    if (now->line == before->line && now->column == before->column && now->file == before->file &&
        inlined == as->recorded_inlined)
        return;
    if (as->position_entries++ % POSITION_MARK_ENTRIES == 0)
        mark_position(as);
    put_leb(as, (uint32_t)as->count - as->recorded_at);
    put_delta(as, now->file, before->file);
    put_delta(as, now->line, before->line);
    put_delta(as, now->column, before->column);
    put_delta(as, inlined, as->recorded_inlined);
    as->recorded_inlined = inlined;
    as->recorded = *now;
    as->recorded_at = (uint32_t)as->count;
}

/* --- instructions --- */

/* A register of an operand: itself, or a scratch one that holds what is beyond. */
static uint32_t near_register(struct assembler *as, uint32_t reg, uint32_t *scratch)
{
    if (reg < REGISTER_WIDE)
        return reg;
    uint32_t near = (*scratch)++;
    emit_word(as, OP_LOADW | near << 8 | reg << 16);
    return near;
}

/* An instruction that is being put together: its first word, the words behind, and where labels are to be put. */
struct emission {
    uint32_t word, extra[8], extra_count;
    unsigned field;   /* of the first word: where the next operand of a byte goes */
    uint32_t scratch; /* the next scratch register */
    uint32_t stored;  /* a register beyond the near ones that gets the result; or CODE_NONE */
    uint32_t labels[2], label_words[2];
    char label_shapes[2];
    size_t label_count;
    va_list operands;
};

static void put_byte_operand(struct emission *e, uint32_t operand)
{
    e->word |= operand << e->field;
    e->field += 8;
}

static void put_label(struct emission *e, char shape, uint32_t label, uint32_t word)
{
    e->labels[e->label_count] = label;
    e->label_words[e->label_count] = word;
    e->label_shapes[e->label_count++] = shape;
}

/* The near register that an instruction writes: itself, or a scratch one that is stored behind it. */
static uint32_t result_register(struct emission *e, uint32_t reg)
{
    if (reg < REGISTER_WIDE)
        return reg;
    e->stored = reg;
    return REGISTER_SCRATCH;
}

static void put_operand(struct assembler *as, struct emission *e, char shape)
{
    uint32_t operand = va_arg(e->operands, uint32_t);
    switch (shape) {
    case 's': put_byte_operand(e, near_register(as, operand, &e->scratch)); break;
    case 'd': put_byte_operand(e, result_register(e, operand)); break;
    case 'i':
    case 'u': put_byte_operand(e, operand & 0xff); break;
    case 'I':
    case 'X':
    case 'K':
    case 'E':
    case 'P':
    case 'L':
    case 'M':
    case 'U': e->word |= operand << 16; break;
    case 'F':
        e->word |= operand << 16;
        e->extra[e->extra_count++] = va_arg(e->operands, uint32_t);
        break;
    case 'N':
    case 'R': e->word |= operand << 8; break;
    case 'J':
    case 'T': put_label(e, shape, operand, 0); break;
    case 'O':
    case 't':
        put_label(e, shape, operand, 1 + e->extra_count);
        e->extra[e->extra_count++] = 0;
        break;
    case 'W':
    case 'k': e->extra[e->extra_count++] = operand; break;
    case 'Q':
        e->extra[e->extra_count++] = operand;
        e->extra[e->extra_count++] = va_arg(e->operands, uint32_t);
        break;
    case 'c': {
        uint32_t count = va_arg(e->operands, uint32_t), result = va_arg(e->operands, uint32_t);
        e->extra[e->extra_count++] = operand | count << 16 | result_register(e, result) << 24;
        break;
    }
    case 'g':
    case 'a': e->extra[e->extra_count++] = operand | va_arg(e->operands, uint32_t) << 16; break;
    case 'r': {
        uint32_t count = va_arg(e->operands, uint32_t);
        e->extra[e->extra_count++] = operand | count << 16 | va_arg(e->operands, uint32_t) << 24;
        break;
    }
    }
}

void emit(struct assembler *as, enum opcode op, ...)
{
    struct emission e = { .word = op, .field = 8, .scratch = REGISTER_SCRATCH, .stored = CODE_NONE };
    record_position(as);
    va_start(e.operands, op);
    for (const char *shape = opcode_shapes[op]; *shape; shape++)
        put_operand(as, &e, *shape);
    va_end(e.operands);

    uint32_t start = as->last = (uint32_t)as->count;
    emit_word(as, e.word);
    for (uint32_t i = 0; i < e.extra_count; i++)
        emit_word(as, e.extra[i]);
    for (size_t i = 0; i < e.label_count; i++) {
        use_label(as, e.labels[i], start + e.label_words[i], e.label_shapes[i]);
        if (!as->failed)
            as->uses[as->use_count - 1].after = start + 1 + e.extra_count;
    }
    if (e.stored != CODE_NONE)
        emit_word(as, OP_STOREW | REGISTER_SCRATCH << 8 | e.stored << 16);
}

void emit_ticks(struct assembler *as, uint32_t ticks)
{
    if (as->failed || ticks == 0)
        return;
    if (as->last != CODE_NONE) {
        uint32_t *word = &as->words[as->last];
        if (word_op(*word) == OP_TICK && word_abc(*word) + ticks < 1 << 20) {
            *word += ticks << 8;
            return;
        }
        if (word_op(*word) == OP_ENTER && word_a(*word) + ticks < 256) {
            *word += ticks << 8;
            return;
        }
    }
    emit(as, OP_TICK, ticks);
}

/* --- the blob --- */

static bool resolve(struct assembler *as)
{
    for (size_t i = 0; i < as->use_count; i++) {
        struct label_use *use = &as->uses[i];
        uint32_t place = as->labels[use->label];
        if (!front_step(as->front, 2))
            return false;
        switch (use->shape) {
        case 'J': as->words[use->word] |= (place - use->after) << 8; break;
        case 'O': as->words[use->word] = place - use->after; break;
        case 'T': as->words[use->word] |= (place - use->after) << 8; break;
        case 't': as->words[use->word] = place - use->after; break;
        }
    }
    return true;
}

struct part {
    struct code_range *range;
    const void *bytes;
    size_t count, each;
};

static uint64_t place_part(struct part *part, uint64_t at)
{
    at = size_round_up(at, 8);
    *part->range = (struct code_range){ (uint32_t)at, (uint32_t)part->count };
    return at + part->count * part->each;
}

/* The source texts are kept up to a size, so that failures of code that runs much later still show their line. */
enum { SOURCE_KEPT_MAX = 256 * 1024 };

static struct code_source *keep_sources(struct assembler *as)
{
    struct front *front = as->front;
    struct code_source *sources = front_array(front, front->source_count + 1, sizeof *sources);
    size_t kept = 0;
    for (size_t i = 0; sources && i < front->source_count; i++) {
        const struct front_source *source = &front->sources[i];
        size_t length = strlen(source->name);
        sources[i].name = (struct code_range){ text_add(as, source->name, length), (uint32_t)length };
        if (source->length > SOURCE_KEPT_MAX - kept)
            continue;
        kept += source->length;
        sources[i].text = (struct code_range){ text_add(as, source->text, source->length), (uint32_t)source->length };
    }
    return sources;
}

/* The constants in their order at last: those that are slots of instances come first. */
static struct code_constant *place_constants(struct assembler *as)
{
    struct code_constant *constants = front_array(as->front, as->constant_count + 1, sizeof *constants);
    uint32_t *moved = front_array(as->front, as->constant_count + 1, sizeof *moved);
    uint32_t next = (uint32_t)as->slot_count;
    if (!constants || !moved)
        return NULL;
    for (size_t i = 0; i < as->constant_count; i++) {
        if (!front_step(as->front, 2))
            return NULL;
        moved[i] = as->slot_of[i] != CODE_NONE ? as->slot_of[i] : next++;
    }
    for (size_t i = 0; i < as->constant_count; i++) {
        struct code_constant constant = as->constants[i];
        if (!front_step(as->front, 4))
            return NULL;
        if (constant.kind == CONSTANT_PAIR || constant.kind == CONSTANT_CELL)
            constant.a = moved[constant.a], constant.b = moved[constant.b];
        constants[moved[i]] = constant;
    }
    for (size_t i = 0; i < as->item_count; i++) {
        if (!front_step(as->front, 2))
            return NULL;
        as->items[i] = moved[as->items[i]];
    }
    return constants;
}

/* The blob of `head` with what the parts hold. Its padding is zero, too: equal programs are equal bytes. */
static struct sch_code *put_together(struct assembler *as, const struct sch_code *head, const struct part parts[],
                                     size_t count)
{
    struct sch_code *code = memory_resize(&memory_malloc, NULL, 0, head->size);
    if (!code) {
        front_limit(as->front, SCH_LIMIT_HEAP);
        return NULL;
    }
    struct arena *clock = &as->front->arena;
    char *at = (char *)(code->words + as->count);
    *code = *head;
    bool done = arena_move(clock, code->words, as->words, as->count * sizeof *as->words);
    for (size_t i = 0; i < count && done; i++) {
        char *start = (char *)code + parts[i].range->offset;
        memset(at, 0, (size_t)(start - at));
        done = arena_move(clock, start, parts[i].bytes, parts[i].count * parts[i].each);
        at = start + parts[i].count * parts[i].each;
    }
    memset(at, 0, done ? (size_t)((char *)code + head->size - at) : 0);
    if (done)
        return code;
    memory_resize(&memory_malloc, code, head->size, 0);
    return NULL;
}

struct sch_code *assembler_finish(struct assembler *as)
{
    struct live_tables live = { .front = as->front };
    if (as->failed || !resolve(as))
        return NULL;
    for (size_t i = 0; i < as->procedure_count; i++) {
        const struct code_procedure *p = &as->procedures[i];
        if (!live_procedure(&live, as->words, (uint32_t)as->count, p->entry, p->end, p->frame))
            return NULL;
    }
    struct code_source *sources = keep_sources(as);
    struct code_constant *constants = place_constants(as);
    if (!sources || !constants || as->failed)
        return NULL;

    struct sch_code head = {
        .references = 1, .version = CODE_VERSION, .slots = (uint32_t)as->slot_count, .word_count = (uint32_t)as->count
    };
    struct part parts[] = {
        { &head.procedures, as->procedures, as->procedure_count, sizeof *as->procedures },
        { &head.constants, constants, as->constant_count, sizeof *constants },
        { &head.items, as->items, as->item_count, sizeof *as->items },
        { &head.safe_points, live.points, live.point_count, sizeof *live.points },
        { &head.maps, live.maps, live.map_count, sizeof *live.maps },
        { &head.positions, as->positions, as->position_count, 1 },
        { &head.position_marks, as->marks, as->mark_count, sizeof *as->marks },
        { &head.inlinings, as->inlinings, as->inlining_count, sizeof *as->inlinings },
        { &head.sources, sources, as->front->source_count, sizeof *sources },
        { &head.texts, as->texts, as->text_count, 1 },
    };
    uint64_t size = sizeof head + (uint64_t)as->count * 4;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        size = place_part(&parts[i], size);
    head.size = size_round_up(size, 16);
    if (head.size > UINT32_MAX) {
        front_fail(as->front, "syntax-error", as->position, "the program is too large");
        return NULL;
    }
    return put_together(as, &head, parts, sizeof parts / sizeof *parts);
}
