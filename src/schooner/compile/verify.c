/*
 * Is a blob sound? Whoever loads bytes asks here before anything of them runs: tables within the blob, instructions
 * whole, registers within frames, jumps to instructions, constants of the kind that the instruction wants, no register
 * read before it was written or after a call has overwritten it, calls that fit the procedure they reach, live maps
 * that are those of the dataflow, fuel on every way back, and ticks for what straight lines do. What a register holds
 * that an instruction takes for a box, a cell or a closure to be filled, the instruction asks itself. Calls of a local
 * procedure do not ask: who loads code of a stranger makes ordinary calls of them (code_distrust).
 *
 * All of it is charged for, and the clock is looked at in between: tables of a blob may overlap, so what is asked of it
 * can be much more than its length.
 */
#include "base/utf8.h"
#include "schooner/compile/passes.h"
#include "schooner/table/primitive.h"

/* Of the fuel for what is not paid with the length of the blob. */
enum { BYTES_PER_UNIT = 64, ITEMS_PER_UNIT = 64, WORDS_PER_UNIT = 2 };

struct check {
    const struct sch_code *code;
    size_t size;
    uint32_t primitive_count;
    struct front *front;   /* the arena of the dataflow, fuel and clock */
    unsigned char *starts; /* for each word: does an instruction begin there? */
    uint64_t looked_at;    /* bytes that tables may give again and again: bounded, whatever the limits are */
    struct live_tables live;
    struct pay pay;
    bool own; /* ticks are the compiler's: where passes are left out, instructions are far from what they stand for */
};

/* Before `bytes` of tables that may overlap are looked at. */
static bool look_at(struct check *check, uint64_t bytes)
{
    enum { LOOKS = 64 };
    check->looked_at += bytes;
    return check->looked_at <= (uint64_t)LOOKS * check->size && front_charge(check->front, bytes / BYTES_PER_UNIT);
}

static bool range_fits(const struct check *check, struct code_range range, size_t each)
{
    return range.offset >= sizeof(struct sch_code) && range.offset % 8 == 0 && range.offset <= check->size &&
           range.count <= (check->size - range.offset) / each;
}

static bool text_fits(const struct check *check, uint32_t offset, uint32_t length)
{
    const struct sch_code *code = check->code;
    return offset <= code->texts.count && length < code->texts.count - offset && code_text(code, offset)[length] == 0;
}

/* Text that people and scripts will see, in UTF-8. */
static bool text_is_sound(struct check *check, uint32_t offset, uint32_t length)
{
    if (!text_fits(check, offset, length) || !look_at(check, length))
        return false;
    const unsigned char *text = (const unsigned char *)code_text(check->code, offset);
    for (size_t at = 0; at < length;) {
        size_t count, valid, piece = size_min(length - at, FRONT_PIECE);
        uint32_t character;
        if (!front_step(check->front, piece))
            return false;
        bool whole = utf8_count(text + at, piece, &count, &valid);
        at += valid;
        if (!whole && utf8_decode(text + at, length - at, &character) == 0) /* not just cut by the piece's end */
            return false;
    }
    return true;
}

static bool immediate_is_sound(sch_value v)
{
    if (is_pointer(v) || value_tag(v) == TAG_HEADER)
        return false;
    if (is_fixnum(v) || is_small_double(v))
        return true;
    if (is_character(v))
        return v.bits >> 8 <= 0x10ffff && utf8_is_scalar(character_code(v));
    return is_boolean(v) || is_nil(v) || value_same(v, V_UNSPECIFIED) || value_same(v, V_EOF) ||
           value_same(v, V_UNBOUND) || value_same(v, V_DEFAULT);
}

static const char *check_tables(struct check *check)
{
    const struct sch_code *code = check->code;
    if (check->size < sizeof *code || code->version != CODE_VERSION || code->size != check->size)
        return "the header";
    if (code->word_count > (check->size - sizeof *code) / 4)
        return "the words";
    if (!range_fits(check, code->procedures, sizeof(struct code_procedure)) || code->procedures.count == 0 ||
        !range_fits(check, code->constants, sizeof(struct code_constant)) || code->slots > code->constants.count ||
        !range_fits(check, code->items, 4) || !range_fits(check, code->safe_points, sizeof(struct code_safe_point)) ||
        !range_fits(check, code->maps, 4) || !range_fits(check, code->positions, 1) ||
        !range_fits(check, code->position_marks, sizeof(struct code_position_mark)) ||
        !range_fits(check, code->inlinings, sizeof(struct code_inlining)) ||
        !range_fits(check, code->sources, sizeof(struct code_source)) || !range_fits(check, code->texts, 1))
        return "the tables";
    const struct code_source *sources = code_table(struct code_source, code, sources);
    for (uint32_t i = 0; i < code->sources.count; i++)
        if (!text_is_sound(check, sources[i].name.offset, sources[i].name.count) ||
            (sources[i].text.count && !text_is_sound(check, sources[i].text.offset, sources[i].text.count)))
            return "the sources";
    const struct code_inlining *inlinings = code_table(struct code_inlining, code, inlinings);
    for (uint32_t i = 0; i < code->inlinings.count; i++)
        if (inlinings[i].outer > i ||
            (inlinings[i].name.count && !text_is_sound(check, inlinings[i].name.offset, inlinings[i].name.count)))
            return "the inlined calls";
    return NULL;
}

static bool constant_is_sound(struct check *check, const struct code_constant *c)
{
    const struct sch_code *code = check->code;
    const struct code_constant *all = code_table(struct code_constant, code, constants);
    uint32_t count = code->constants.count;
    if (c->kind >= CONSTANT_KIND_COUNT)
        return false;
    switch ((enum constant_kind)c->kind) {
    case CONSTANT_IMMEDIATE_VALUE: return immediate_is_sound((sch_value){ (uint64_t)c->b << 32 | c->a });
    case CONSTANT_STRING:
    case CONSTANT_SYMBOL:
    case CONSTANT_KEYWORD:
    case CONSTANT_NUMBER: return text_is_sound(check, c->a, c->b);
    case CONSTANT_BYTEVECTOR: return text_fits(check, c->a, c->b);
    case CONSTANT_PAIR: return c->a < count && c->b < count;
    case CONSTANT_VECTOR:
        if (c->a > code->items.count || c->b > code->items.count - c->a)
            return false;
        if (!look_at(check, (uint64_t)c->b * 4))
            return false;
        for (uint32_t k = 0; k < c->b; k++)
            if (code_table(uint32_t, code, items)[c->a + k] >= count || !front_step(check->front, 1))
                return false;
        return true;
    case CONSTANT_CELL:
        return c->a < count && c->b < count && all[c->a].kind == CONSTANT_SYMBOL && all[c->b].kind == CONSTANT_SYMBOL;
    case CONSTANT_PRIMITIVE: return c->a < check->primitive_count;
    case CONSTANT_IMAGE: return true; /* how many there are, the loader knows */
    case CONSTANT_PROCEDURE:
        return c->a > 0 && c->a < code->procedures.count && code_procedures(code)[c->a].captured == 0;
    case CONSTANT_KIND_COUNT: break;
    }
    return false;
}

static bool slot_is_sound(const struct check *check, unsigned op, uint32_t slot)
{
    if (slot >= check->code->slots)
        return false;
    return (op != OP_GLOBAL && op != OP_GLOBAL_SET) ||
           code_table(struct code_constant, check->code, constants)[slot].kind == CONSTANT_CELL;
}

/* --- instructions --- */

static bool registers_are_sound(const struct instruction *in, const struct code_procedure *p)
{
    for (uint32_t i = 0; i < in->use_count; i++)
        if (in->uses[i] >= p->frame)
            return false;
    if (in->define != CODE_NONE && in->define >= p->frame)
        return false;
    if (in->use_base > p->frame || in->use_length > p->frame - in->use_base || in->define_base > p->frame ||
        in->define_length > p->frame - in->define_base)
        return false;
    for (uint32_t i = 0; i < in->capture_count; i++)
        if (in->captures[i] < CAPTURE_ENV ? in->captures[i] >= p->frame : in->captures[i] - CAPTURE_ENV >= p->captured)
            return false;
    /* the header of a call's frame lies in the registers below its base */
    return in->frame_at == CODE_NONE || in->use_base >= FRAME_HEADER;
}

/* Primitives trust whoever calls them with the number of arguments; the loop asks that of code. */
static bool primitive_is_sound(const struct check *check, const struct instruction *in, uint32_t index)
{
    if (index >= check->primitive_count)
        return false;
    const struct primitive_info *info = &primitive_table[index];
    int64_t count = in->use_length;
    return count >= info->min_args && (info->max_args < 0 || count <= info->max_args) &&
           open_allows(index, (uint8_t)in->op);
}

static bool operands_are_sound(const struct check *check, const struct code_procedure *p, const struct instruction *in,
                               uint32_t at)
{
    const uint32_t *words = check->code->words;
    for (const char *shape = opcode_shapes[in->op]; *shape; shape++) {
        switch (*shape) {
        case 'K':
            if (!slot_is_sound(check, in->op, word_bc(words[at])))
                return false;
            break;
        case 'k':
            if (!slot_is_sound(check, in->op, words[at + in->length - 1]))
                return false;
            break;
        case 'E':
            if (word_bc(words[at]) >= p->captured)
                return false;
            break;
        case 'P':
            if (!primitive_is_sound(check, in, word_bc(words[at])))
                return false;
            break;
        case 'X':
            if (!immediate_is_sound((sch_value){ word_bc(words[at]) }))
                return false;
            break;
        case 'Q':
            if (!immediate_is_sound((sch_value){ (uint64_t)words[at + 2] << 32 | words[at + 1] }))
                return false;
            break;
        case 'r': /* one register takes the list of the rest, or none */
            if (frame_result(words[at + 1]) > 1)
                return false;
            break;
        case 'F': {
            uint32_t index = words[at + 1];
            if (index == 0 || index >= check->code->procedures.count ||
                code_procedures(check->code)[index].captured != in->capture_count)
                return false;
            break;
        }
        }
    }
    return true;
}

/* The parameters of the clause that ENTER at `at` begins: from the check of arity before it. CODE_NONE: none. */
static uint32_t parameters_at(const struct check *check, uint32_t at)
{
    const uint32_t *words = check->code->words;
    if (at >= check->code->word_count || word_op(words[at]) != OP_ENTER || !check->starts[at])
        return CODE_NONE;
    for (uint32_t back = 1; back <= 2 && back <= at; back++) {
        unsigned op = word_op(words[at - back]);
        if (!check->starts[at - back])
            continue;
        if (back == 1 && (op == OP_ARITY || op == OP_ARITY_REST))
            return word_abc(words[at - back]) + (op == OP_ARITY_REST);
        if (back == 2 && (op == OP_CLAUSE || op == OP_CLAUSE_REST))
            return word_abc(words[at - back]) + (op == OP_CLAUSE_REST);
        break;
    }
    return CODE_NONE;
}

static bool call_is_sound(const struct check *check, const struct instruction *in, uint32_t at)
{
    const uint32_t *words = check->code->words;
    uint32_t end = at + in->length, target;
    if (in->op == OP_CALL_KNOWN || in->op == OP_TAIL_KNOWN)
        target = end + (uint32_t)((int32_t)words[at] >> 8);
    else if (in->op == OP_CALL_LOCAL || in->op == OP_TAIL_LOCAL)
        target = end + words[at + 1];
    else
        return true;
    if (parameters_at(check, target) != frame_args(words[end - 1]) || target < code_procedures(check->code)->end)
        return false;
    bool has_environment = in->op == OP_CALL_LOCAL || in->op == OP_TAIL_LOCAL;
    return has_environment || code_procedure_at(check->code, target)->captured == 0;
}

static bool is_arity(unsigned op)
{
    return op == OP_ARITY || op == OP_ARITY_REST || op == OP_CLAUSE || op == OP_CLAUSE_REST || op == OP_ARITY_FAIL;
}

/* Does it cost fuel to begin here? */
static bool is_charged(const struct check *check, uint32_t at)
{
    const uint32_t *words = check->code->words;
    if (word_op(words[at]) == OP_ENTER && word_a(words[at]) == 0)
        at++;
    else if (word_op(words[at]) == OP_ENTER)
        return true;
    return at < check->code->word_count && word_op(words[at]) == OP_TICK && word_abc(words[at]) > 0;
}

/*
 * Jumps: backwards only where fuel is charged. The number of arguments is known from the call up to the check of the
 * arity, which is therefore reached from the entry alone, by way of other checks; behind it comes the entrance.
 */
static bool jump_is_sound(const struct check *check, const struct code_procedure *p, const struct instruction *in,
                          uint32_t at)
{
    const uint32_t *words = check->code->words;
    bool from_clause = in->op == OP_CLAUSE || in->op == OP_CLAUSE_REST;
    uint32_t next = at + in->length;
    if (is_arity(in->op) && in->op != OP_ARITY_FAIL && (next >= p->end || word_op(words[next]) != OP_ENTER))
        return false;
    if (!is_arity(in->op) && !(opcode_flags[in->op] & OPCODE_ENDS) && next < p->end && is_arity(word_op(words[next])))
        return false;
    if (in->target < 0)
        return true;
    uint32_t target = (uint32_t)in->target;
    if (is_arity(word_op(words[target])) != from_clause)
        return false;
    if (target > at)
        return true;
    return (in->op == OP_LOOP && word_abc(words[at]) > 0) || (!from_clause && is_charged(check, target));
}

/* Is a register from the given one on in the live map? After a limit: yes. */
static bool map_has(const struct check *check, const uint32_t *map, uint32_t from)
{
    uint32_t registers = map[0] * 32;
    if (registers > from && !front_charge(check->front, (registers - from) / ITEMS_PER_UNIT))
        return true;
    for (uint32_t r = from; r < registers; r++)
        if (map[1 + r / 32] >> r % 32 & 1 || !front_step(check->front, 1))
            return true;
    return false;
}

/* A call writes all registers from the header of its frame on: nothing there may be read behind it. */
static bool call_overwrites(const struct check *check, const struct instruction *in)
{
    const uint32_t *map = code_live_map(check->code, in->frame_at);
    return map && map_has(check, map, in->use_base - FRAME_HEADER);
}

static const char *check_procedure(struct check *check, const struct code_procedure *p)
{
    const struct sch_code *code = check->code;
    struct instruction in;
    if (p->entry >= p->end || p->end > code->word_count || p->frame > REGISTER_MAX + 1 || p->frame == 0 ||
        (p->name.count && !text_is_sound(check, p->name.offset, p->name.count)))
        return "a procedure";
    unsigned flags = 0;
    if (!front_charge(check->front, (p->end - p->entry) / WORDS_PER_UNIT + 1))
        return "a limit";
    for (uint32_t at = p->entry; at < p->end; at += in.length) {
        if (!front_step(check->front, 16))
            return "a limit";
        if (!code_decode(code->words, p->end, at, &in) || in.op >= OP_UNDERFLOW)
            return "an instruction";
        if (!registers_are_sound(&in, p))
            return "a register";
        if (in.target >= 0 ? in.target < p->entry || in.target >= p->end : in.target < -1)
            return "a jump";
        if (!operands_are_sound(check, p, &in, at))
            return "an operand";
        if (in.op == OP_ENTER && word_bc(code->words[at]) != p->frame)
            return "a frame";
        check->starts[at] = 1;
        flags = opcode_flags[in.op];
    }
    if (!(flags & OPCODE_ENDS))
        return "the end of a procedure";
    unsigned first = word_op(code->words[p->entry]);
    return first == OP_ARITY || first == OP_ARITY_REST || first == OP_CLAUSE || first == OP_CLAUSE_REST ||
                   first == OP_ARITY_FAIL
               ? NULL
               : "the start of a procedure";
}

/* Behind the first look, when all starts of instructions are known. */
static const char *check_flow(struct check *check, const struct code_procedure *p)
{
    const struct sch_code *code = check->code;
    struct instruction in;
    size_t first = check->live.point_count;
    for (uint32_t at = p->entry; at < p->end; at += in.length) {
        if (!front_step(check->front, 16))
            return "a limit";
        code_decode(code->words, p->end, at, &in);
        if (in.target >= 0 && !check->starts[in.target])
            return "a jump";
        if (!jump_is_sound(check, p, &in, at))
            return "a jump";
        if (!call_is_sound(check, &in, at))
            return "a call";
        bool is_program = p == code_procedures(code); /* it runs once: nothing refers to it */
        if (in.op == OP_ENTER && (parameters_at(check, at) == CODE_NONE || !(is_program || is_charged(check, at))))
            return "an entry";
    }
    if (!live_procedure(&check->live, code->words, code->word_count, p->entry, p->end, p->frame))
        return "memory";
    for (size_t i = first; i < check->live.point_count; i++) {
        const struct code_safe_point *point = &check->live.points[i];
        const uint32_t *computed = &check->live.maps[point->map], *stored = code_live_map(code, point->at);
        if (!front_charge(check->front, computed[0] / ITEMS_PER_UNIT) || !front_step(check->front, 16 + computed[0]))
            return "a limit";
        if (!stored || memcmp(stored, computed, (1 + computed[0]) * 4) != 0)
            return "a live map";
        uint32_t parameters = parameters_at(check, point->at);
        if (parameters != CODE_NONE && map_has(check, computed, parameters))
            return "a register that is read before it is written";
    }
    for (uint32_t at = p->entry; at < p->end; at += in.length) {
        if (!front_step(check->front, 16))
            return "a limit";
        code_decode(code->words, p->end, at, &in);
        if (opcode_flags[in.op] & OPCODE_CALL && call_overwrites(check, &in))
            return "a register that a call overwrites";
    }
    bool is_paid = check->own || pay_suffices(&check->pay, code->words, p->entry, p->end);
    return is_paid ? NULL : "a straight line that is not paid for";
}

/* Whoever looks for a position reads from one mark to the next: these lie as close as the assembler puts them. */
static const char *check_marks(struct check *check)
{
    const struct code_position_mark *marks = code_table(struct code_position_mark, check->code, position_marks);
    uint32_t expected = 0, end = check->code->positions.count;
    for (uint32_t i = 0; i < check->code->position_marks.count; i++) {
        if (!front_step(check->front, 1))
            return "a limit";
        if (i == 0 ? marks[i].offset != 0 : marks[i].offset <= expected)
            return "the marks of positions";
        if (marks[i].offset >= end || marks[i].offset - expected > POSITION_MARK_BYTES)
            return "the marks of positions";
        expected = marks[i].offset;
    }
    return end - expected > POSITION_MARK_BYTES ? "the marks of positions" : NULL;
}

static const char *check_maps(struct check *check)
{
    const struct code_safe_point *points = code_table(struct code_safe_point, check->code, safe_points);
    const uint32_t *maps = code_table(uint32_t, check->code, maps);
    for (uint32_t i = 0; i < check->code->safe_points.count; i++)
        if (!front_step(check->front, 1) || points[i].map >= check->code->maps.count ||
            maps[points[i].map] >= check->code->maps.count - points[i].map || (i && points[i].at <= points[i - 1].at))
            return "the live maps";
    return NULL;
}

static const char *check_all(struct check *check)
{
    const struct sch_code *code = check->code;
    const char *wrong = check_maps(check);
    if (!wrong)
        wrong = check_marks(check);
    for (uint32_t i = 0; !wrong && i < code->constants.count; i++)
        if (!front_step(check->front, 8) ||
            !constant_is_sound(check, &code_table(struct code_constant, code, constants)[i]))
            wrong = "a constant";
    uint32_t before = 0;
    for (uint32_t i = 0; !wrong && i < code->procedures.count; i++) {
        const struct code_procedure *p = &code_procedures(code)[i];
        wrong = p->entry == before ? check_procedure(check, p) : "the order of procedures";
        before = p->end;
    }
    for (uint32_t i = 0; !wrong && i < code->procedures.count; i++)
        wrong = check_flow(check, &code_procedures(code)[i]);
    return wrong;
}

static const char *verify(struct check *check)
{
    const struct sch_code *code = check->code;
    check->live.front = check->front;
    const char *wrong = check_tables(check);
    if (!wrong && (!(check->starts = front_array(check->front, (size_t)code->word_count + 1, 1)) ||
                   !(check->own || pay_begin(&check->pay, check->front, code->word_count))))
        wrong = "memory";
    return wrong ? wrong : check_all(check);
}

const char *code_verify(struct front *front, const struct sch_code *code, size_t size, uint32_t primitive_count)
{
    struct check check = { .front = front, .code = code, .size = size, .primitive_count = primitive_count };
    return verify(&check);
}

static bool charge_nothing(void *data, uint64_t units)
{
    (void)data, (void)units;
    return true;
}

bool code_is_sound(const struct sch_code *code, size_t size, uint32_t primitive_count)
{
    struct front *front = memory_resize(&memory_malloc, NULL, 0, sizeof *front);
    if (!front)
        return false;
    front_init(front, &memory_malloc);
    front->charge = charge_nothing;
    struct check check = {
        .front = front, .code = code, .size = size, .primitive_count = primitive_count, .own = true
    };
    bool sound = verify(&check) == NULL;
    front_done(front);
    memory_resize(&memory_malloc, front, sizeof *front, 0);
    return sound;
}

bool code_distrust(struct front *front, struct sch_code *code)
{
    struct instruction in;
    for (uint32_t at = 0; at < code->word_count; at += in.length) {
        if (!front_step(front, 16) || !code_decode(code->words, code->word_count, at, &in))
            return false;
        uint32_t *word = &code->words[at];
        if (in.op != OP_CALL_LOCAL && in.op != OP_TAIL_LOCAL)
            continue;
        unsigned op = in.op == OP_CALL_LOCAL ? OP_CALL : OP_TAIL;
        word[1] = op | word_a(*word) << 8; /* where the distance to the entrance was; the frame stays where it is */
        word[0] = OP_JUMP;                 /* to the next word */
    }
    return true;
}
