/* The constants of a program: each different one once; quoted data by the address of their datum, so that sharing and
 * cycles stay. */
#include "base/hash.h"
#include "schooner/compile/assemble.h"

struct constant_key {
    const struct datum *datum;
    uint32_t constant;
};

uint32_t text_add(struct assembler *as, const char *text, size_t length)
{
    size_t at = as->text_count;
    if (as->text_capacity - at < length + 1) {
        size_t wanted = size_max(as->text_capacity * 2, at + length + 64);
        char *grown = front_array(as->front, wanted, 1);
        if (!grown || !arena_move(&as->front->arena, grown, as->texts, at)) {
            as->failed = true;
            return 0;
        }
        as->texts = grown;
        as->text_capacity = wanted;
    }
    if (!arena_move(&as->front->arena, as->texts + at, text, length)) {
        as->failed = true;
        return 0;
    }
    as->texts[at + length] = 0;
    as->text_count = at + length + 1;
    return (uint32_t)at;
}

static bool has_text(uint32_t kind)
{
    return kind == CONSTANT_STRING || kind == CONSTANT_SYMBOL || kind == CONSTANT_KEYWORD || kind == CONSTANT_NUMBER ||
           kind == CONSTANT_BYTEVECTOR;
}

static uint32_t constant_push(struct assembler *as, struct code_constant constant)
{
    struct code_constant *at = FRONT_PUSH(as->front, as->constants, as->constant_count, as->constant_capacity);
    if (!at ||
        !front_grow(as->front, &as->slot_of, &as->slot_of_capacity, as->constant_count - 1, sizeof *as->slot_of)) {
        as->failed = true;
        return 0;
    }
    *at = constant;
    as->slot_of[as->constant_count - 1] = CODE_NONE;
    return (uint32_t)as->constant_count - 1;
}

static bool constant_hash(struct assembler *as, const struct code_constant *c, uint32_t *ret)
{
    uint64_t hash = hash_fnv1a(&c->a, 8);
    if (has_text(c->kind) && !front_hash(as->front, as->texts + c->a, c->b, &hash))
        return false;
    *ret = (uint32_t)(hash + c->kind);
    return true;
}

static bool memo_grow(struct assembler *as)
{
    size_t capacity = as->memo_capacity ? as->memo_capacity * 2 : 64;
    struct constant_memo *memo = front_array(as->front, capacity, sizeof *memo);
    if (!memo)
        return false;
    for (size_t i = 0; i < as->memo_capacity; i++) {
        size_t slot = as->memo[i].hash & (capacity - 1);
        if (!front_step(as->front, 4))
            return false;
        if (!as->memo[i].constant)
            continue;
        while (memo[slot].constant && front_step(as->front, 4))
            slot = (slot + 1) & (capacity - 1);
        memo[slot] = as->memo[i];
    }
    as->memo = memo;
    as->memo_capacity = capacity;
    return true;
}

/* A constant without identity: the same one for the same content. Its text has just been added. */
static uint32_t constant_unique(struct assembler *as, uint32_t kind, uint32_t a, uint32_t b)
{
    struct code_constant constant = { kind, a, b };
    uint32_t hash;
    if ((as->constant_count >= as->memo_capacity / 2 && !memo_grow(as)) || !constant_hash(as, &constant, &hash)) {
        as->failed = true;
        return 0;
    }
    size_t slot = hash & (as->memo_capacity - 1);
    for (; as->memo[slot].constant; slot = (slot + 1) & (as->memo_capacity - 1)) {
        const struct code_constant *other = &as->constants[as->memo[slot].constant - 1];
        bool same = other->kind == kind && other->b == b && as->memo[slot].hash == hash;
        if (same && has_text(kind) && !front_equal(as->front, as->texts + a, as->texts + other->a, b, &same))
            as->failed = true;
        if (as->failed || !front_step(as->front, 4)) {
            as->failed = true;
            return 0;
        }
        if (!same || (!has_text(kind) && other->a != a))
            continue;
        if (has_text(kind) && a + b + 1 == as->text_count)
            as->text_count = a; /* the text was added for nothing */
        return as->memo[slot].constant - 1;
    }
    uint32_t index = constant_push(as, constant);
    as->memo[slot] = (struct constant_memo){ index + 1, hash };
    return index;
}

static uint32_t constant_text(struct assembler *as, uint32_t kind, const char *text, size_t length)
{
    uint32_t at = text_add(as, text, length);
    return as->failed ? 0 : constant_unique(as, kind, at, (uint32_t)length);
}

static uint32_t slot_of(struct assembler *as, uint32_t constant)
{
    if (as->failed)
        return 0;
    if (as->slot_of[constant] == CODE_NONE) {
        uint32_t *slot = FRONT_PUSH(as->front, as->slots, as->slot_count, as->slot_capacity);
        if (!slot) {
            as->failed = true;
            return 0;
        }
        *slot = constant;
        as->slot_of[constant] = (uint32_t)as->slot_count - 1;
    }
    return as->slot_of[constant];
}

/* --- quoted data --- */

static bool data_grow(struct assembler *as)
{
    size_t capacity = as->data_capacity ? as->data_capacity * 2 : 64;
    struct constant_key *data = front_array(as->front, capacity, sizeof *data);
    if (!data)
        return false;
    for (size_t i = 0; i < as->data_capacity; i++) {
        if (!as->data[i].datum)
            continue;
        size_t slot = hash_fnv1a(&as->data[i].datum, 8) & (capacity - 1);
        if (!front_step(as->front, 8))
            return false;
        while (data[slot].datum)
            slot = (slot + 1) & (capacity - 1);
        data[slot] = as->data[i];
    }
    as->data = data;
    as->data_capacity = capacity;
    return true;
}

static struct constant_key *data_find(struct assembler *as, const struct datum *datum)
{
    size_t slot = hash_fnv1a(&datum, 8) & (as->data_capacity - 1);
    while (as->data[slot].datum && as->data[slot].datum != datum)
        slot = (slot + 1) & (as->data_capacity - 1);
    return &as->data[slot];
}

/* The constant of a part; pairs and vectors are only announced: `work` fills them in. */
struct unfinished {
    const struct datum *datum;
    uint32_t constant;
};

struct data_work {
    struct unfinished *items;
    size_t count, capacity;
};

static uint32_t datum_constant(struct assembler *as, const struct datum *datum, struct data_work *work)
{
    switch ((enum datum_kind)datum->kind) {
    case DATUM_NIL: return constant_unique(as, CONSTANT_IMMEDIATE_VALUE, (uint32_t)V_NIL.bits, 0);
    case DATUM_IMMEDIATE:
        return constant_unique(as, CONSTANT_IMMEDIATE_VALUE, (uint32_t)datum->value.bits,
                               (uint32_t)(datum->value.bits >> 32));
    case DATUM_NUMBER: return constant_text(as, CONSTANT_NUMBER, datum->text.bytes, datum->text.length);
    case DATUM_STRING: return constant_text(as, CONSTANT_STRING, datum->text.bytes, datum->text.length);
    case DATUM_BYTEVECTOR: return constant_text(as, CONSTANT_BYTEVECTOR, datum->text.bytes, datum->text.length);
    case DATUM_SYMBOL: return constant_text(as, CONSTANT_SYMBOL, datum->name->text, datum->name->length);
    case DATUM_KEYWORD: return constant_text(as, CONSTANT_KEYWORD, datum->name->text, datum->name->length);
    case DATUM_PAIR:
    case DATUM_VECTOR: break;
    case DATUM_ALIAS:
    case DATUM_CORE:
        front_fail(as->front, "syntax-error", datum->position, "this is not a datum");
        as->failed = true;
        return 0;
    }
    if (as->data_count >= as->data_capacity / 2 && !data_grow(as)) {
        as->failed = true;
        return 0;
    }
    struct constant_key *key = data_find(as, datum);
    if (key->datum)
        return key->constant;
    key->datum = datum;
    as->data_count++;
    key->constant =
        constant_push(as, (struct code_constant){ datum->kind == DATUM_PAIR ? CONSTANT_PAIR : CONSTANT_VECTOR, 0, 0 });
    struct unfinished *item = FRONT_PUSH(as->front, work->items, work->count, work->capacity);
    if (!item || as->failed) {
        as->failed = true;
        return 0;
    }
    *item = (struct unfinished){ datum, key->constant };
    return key->constant;
}

static void finish_vector(struct assembler *as, struct unfinished item, struct data_work *work)
{
    size_t length = item.datum->vector.length, first = as->item_count;
    for (size_t i = 0; i < length && !as->failed; i++) {
        uint32_t *at = FRONT_PUSH(as->front, as->items, as->item_count, as->item_capacity);
        if (!at || !front_step(as->front, 8)) {
            as->failed = true;
            return;
        }
        *at = datum_constant(as, item.datum->vector.items[i], work);
    }
    if (as->failed)
        return;
    as->constants[item.constant].a = (uint32_t)first;
    as->constants[item.constant].b = (uint32_t)length;
}

uint32_t constant_datum(struct assembler *as, const struct datum *datum)
{
    struct data_work work = { 0 };
    uint32_t constant = datum_constant(as, datum, &work);
    while (work.count > 0 && !as->failed) {
        struct unfinished item = work.items[--work.count];
        if (!front_charge(as->front, 1)) {
            as->failed = true;
        } else if (item.datum->kind == DATUM_VECTOR) {
            finish_vector(as, item, &work);
        } else {
            uint32_t a = datum_constant(as, item.datum->pair.car, &work);
            uint32_t b = datum_constant(as, item.datum->pair.cdr, &work);
            if (!as->failed)
                as->constants[item.constant].a = a, as->constants[item.constant].b = b;
        }
    }
    return slot_of(as, constant);
}

uint32_t constant_cell(struct assembler *as, const char *space, const struct name *name)
{
    uint32_t a = constant_text(as, CONSTANT_SYMBOL, space, strlen(space));
    uint32_t b = constant_text(as, CONSTANT_SYMBOL, name->text, name->length);
    return as->failed ? 0 : slot_of(as, constant_unique(as, CONSTANT_CELL, a, b));
}

uint32_t constant_symbol(struct assembler *as, const struct name *name)
{
    return slot_of(as, name ? constant_text(as, CONSTANT_SYMBOL, name->text, name->length)
                            : constant_unique(as, CONSTANT_IMMEDIATE_VALUE, (uint32_t)V_FALSE.bits, 0));
}

uint32_t constant_index(struct assembler *as, enum constant_kind kind, uint32_t index)
{
    return slot_of(as, constant_unique(as, kind, index, 0));
}
