/* Compiled code: counting, tables, and the decoding of instructions by the table of opcodes. */
#include <stdatomic.h>
#include "base/memory.h"
#include "schooner/compile/code.h"

const char *const opcode_names[OPCODE_COUNT] = {
#define OP(ENUM, name, shape, flags) name,
#include "schooner/compile/opcodes.def"
#undef OP
};

const char *const opcode_shapes[OPCODE_COUNT] = {
#define OP(ENUM, name, shape, flags) shape,
#include "schooner/compile/opcodes.def"
#undef OP
};

#define SAFE OPCODE_SAFE
#define CALL OPCODE_CALL
#define ENDS OPCODE_ENDS
const uint8_t opcode_flags[OPCODE_COUNT] = {
#define OP(ENUM, name, shape, flags) flags,
#include "schooner/compile/opcodes.def"
#undef OP
};
#undef SAFE
#undef CALL
#undef ENDS

struct sch_code *code_take(const struct sch_code *code)
{
    struct sch_code *counted = (struct sch_code *)code;
    __atomic_fetch_add(&counted->references, 1, __ATOMIC_RELAXED);
    return counted;
}

void code_drop(const struct sch_code *code)
{
    struct sch_code *counted = (struct sch_code *)code;
    if (counted && __atomic_fetch_sub(&counted->references, 1, __ATOMIC_ACQ_REL) == 1)
        memory_resize(&memory_malloc, counted, counted->size, 0);
}

const struct code_procedure *code_procedure_at(const struct sch_code *code, uint32_t at)
{
    const struct code_procedure *procedures = code_procedures(code);
    size_t low = 0, high = code->procedures.count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (procedures[middle].entry <= at)
            low = middle;
        else
            high = middle;
    }
    return &procedures[low];
}

const uint32_t *code_live_map(const struct sch_code *code, uint32_t at)
{
    const struct code_safe_point *points = code_table(struct code_safe_point, code, safe_points);
    size_t low = 0, high = code->safe_points.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (points[middle].at == at)
            return code_table(uint32_t, code, maps) + points[middle].map;
        if (points[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static uint32_t read_long_leb(const unsigned char **bytes, const unsigned char *end)
{
    uint32_t n = 0;
    for (unsigned shift = 0; *bytes < end && shift < 35; shift += 7) {
        unsigned char byte = *(*bytes)++;
        n |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return n;
}

/* Nearly all are one byte; every error that is raised reads hundreds of them. */
static inline uint32_t read_leb(const unsigned char **bytes, const unsigned char *end)
{
    return *bytes < end && **bytes < 0x80 ? *(*bytes)++ : read_long_leb(bytes, end);
}

static inline uint32_t read_delta(const unsigned char **bytes, const unsigned char *end)
{
    uint32_t n = read_leb(bytes, end);
    return n >> 1 ^ -(n & 1);
}

/* The last mark that is not behind the word; SIZE_MAX: there is none. */
static size_t mark_before(const struct code_position_mark *marks, size_t count, uint32_t at)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (marks[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

struct code_position code_position_at(const struct sch_code *code, uint32_t at)
{
    const struct code_position_mark *marks = code_table(struct code_position_mark, code, position_marks);
    size_t count = code->position_marks.count, mark = mark_before(marks, count, at);
    if (mark == SIZE_MAX)
        return (struct code_position){ 0 };
    const unsigned char *table = code_table(unsigned char, code, positions), *bytes = table + marks[mark].offset;
    const unsigned char *end = table + (mark + 1 < count ? marks[mark + 1].offset : code->positions.count);
    struct code_position found = { marks[mark].file, marks[mark].line, marks[mark].column, marks[mark].inlined };
    struct code_position position = found;
    uint32_t word = marks[mark].at;

    while (bytes < end) {
        word += read_leb(&bytes, end);
        if (word > at)
            break;
        position.file += read_delta(&bytes, end);
        position.line += read_delta(&bytes, end);
        position.column += read_delta(&bytes, end);
        position.inlined += read_delta(&bytes, end);
        found = position;
    }
    return found;
}

const char *code_excerpt(const struct sch_code *code, uint32_t file, uint32_t line, size_t *ret_length)
{
    if (file >= code->sources.count || line == 0)
        return NULL;
    const struct code_source *source = &code_table(struct code_source, code, sources)[file];
    const char *text = code_text(code, source->text.offset), *end = text + source->text.count;
    while (--line > 0) {
        text = memchr(text, '\n', (size_t)(end - text));
        if (!text)
            return NULL;
        text++;
    }
    if (text >= end)
        return NULL;
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    *ret_length = (size_t)((stop ? stop : end) - text);
    if (*ret_length > 0 && text[*ret_length - 1] == '\r')
        --*ret_length;
    return text;
}

/* The shape's letter at one operand: where it lies in the first word advances by what the letter takes. */
bool code_decode(const uint32_t *words, uint32_t count, uint32_t at, struct instruction *ret)
{
    if (at >= count)
        return false;
    uint32_t word = words[at];
    unsigned op = word_op(word);
    if (op >= OPCODE_COUNT)
        return false;

    struct instruction in = { .op = op, .length = 1, .define = CODE_NONE, .target = -1, .frame_at = CODE_NONE };
    unsigned field = 8;
    bool offset_follows = false;
    for (const char *shape = opcode_shapes[op]; *shape; shape++) {
        uint32_t byte = field < 32 ? word >> field & 0xff : 0;
        uint32_t half = word_bc(word);
        uint32_t next = at + in.length < count ? words[at + in.length] : 0;
        switch (*shape) {
        case 'd':
            in.define = byte;
            field += 8;
            break;
        case 's':
            in.uses[in.use_count++] = byte;
            field += 8;
            break;
        case 'i':
        case 'u': field += 8; break;
        case 'R': in.define = word_abc(word); break;
        case 'L': in.uses[in.use_count++] = half; break;
        case 'M': in.define = half; break;
        case 'J': in.target = (int64_t)at + 1 + ((int32_t)word >> 8); break;
        case 'O':
            in.length++;
            in.target = (int32_t)next;
            offset_follows = true;
            break;
        case 'W':
        case 'k':
        case 't': in.length++; break;
        case 'Q': in.length += 2; break;
        case 'c':
            in.frame_at = at + in.length++;
            in.use_base = frame_base(next), in.use_length = frame_args(next);
            in.define = frame_result(next);
            break;
        case 'g':
        case 'a':
            in.length++;
            in.use_base = frame_base(next), in.use_length = frame_args(next);
            break;
        case 'r':
            in.length++;
            in.define_base = frame_base(next), in.define_length = frame_args(next) + frame_result(next);
            break;
        case 'F':
            in.length++;
            if (half >= count - at)
                return false;
            in.captures = words + at + in.length;
            in.capture_count = half;
            in.length += half;
            break;
        }
    }
    if (in.length > count - at)
        return false;
    if (offset_follows)
        in.target += (int64_t)at + in.length;
    *ret = in;
    return true;
}
