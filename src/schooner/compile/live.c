/*
 * Live registers by backward dataflow over the bytecode of one procedure: which registers hold what will still be read,
 * at every place where a collection may happen. So that nothing is kept alive by a frame that no longer needs it.
 */
#include "base/hash.h"
#include "schooner/compile/passes.h"

struct flow {
    struct front *front;
    const uint32_t *words;
    uint32_t count, entry, end, width; /* width: 64-bit words of a set */
    uint32_t *starts;                  /* of the instructions, in order */
    size_t start_count;
    uint64_t **at_target; /* per word of the procedure: what is live there, where something jumps to */
    bool changed;
};

static void set_add(uint64_t *set, uint32_t from, uint32_t length)
{
    for (uint32_t i = from; i < from + length; i++)
        set[i / 64] |= UINT64_C(1) << i % 64;
}

static void set_remove(uint64_t *set, uint32_t from, uint32_t length)
{
    for (uint32_t i = from; i < from + length; i++)
        set[i / 64] &= ~(UINT64_C(1) << i % 64);
}

static bool find_starts(struct flow *flow)
{
    struct instruction in;
    size_t capacity = 0;
    for (uint32_t at = flow->entry; at < flow->end; at += in.length) {
        uint32_t *start = FRONT_PUSH(flow->front, flow->starts, flow->start_count, capacity);
        if (!start || !code_decode(flow->words, flow->count, at, &in) || !front_step(flow->front, 16))
            return false;
        *start = at;
        if (in.target >= 0 && !flow->at_target[in.target - flow->entry] &&
            !(flow->at_target[in.target - flow->entry] = front_array(flow->front, flow->width, sizeof(uint64_t))))
            return false;
    }
    return true;
}

static uint32_t map_intern(struct live_tables *tables, const uint64_t *set, uint32_t width)
{
    uint32_t words = width * 2;
    const uint32_t *bits = (const uint32_t *)set;
    while (words > 0 && bits[words - 1] == 0)
        words--;
    if (tables->map_count >= tables->slot_capacity / 4) {
        size_t capacity = tables->slot_capacity ? tables->slot_capacity * 2 : 64;
        uint32_t *slots = front_array(tables->front, capacity, sizeof *slots);
        if (!slots)
            return CODE_NONE;
        for (size_t i = 0; i < tables->map_count; i += 1 + tables->maps[i]) {
            size_t slot = hash_fnv1a(&tables->maps[i + 1], tables->maps[i] * 4) & (capacity - 1);
            if (!front_step(tables->front, 8 + tables->maps[i] * 4))
                return CODE_NONE;
            while (slots[slot])
                slot = (slot + 1) & (capacity - 1);
            slots[slot] = (uint32_t)i + 1;
        }
        tables->map_slots = slots;
        tables->slot_capacity = capacity;
    }
    size_t slot = hash_fnv1a(bits, words * 4) & (tables->slot_capacity - 1);
    for (; tables->map_slots[slot]; slot = (slot + 1) & (tables->slot_capacity - 1)) {
        uint32_t map = tables->map_slots[slot] - 1;
        if (tables->maps[map] == words && memcmp(&tables->maps[map + 1], bits, words * 4) == 0)
            return map;
    }
    uint32_t map = (uint32_t)tables->map_count;
    for (uint32_t i = 0; i <= words; i++) {
        uint32_t *at = FRONT_PUSH(tables->front, tables->maps, tables->map_count, tables->map_capacity);
        if (!at)
            return CODE_NONE;
        *at = i == 0 ? words : bits[i - 1];
    }
    tables->map_slots[slot] = map + 1;
    return map;
}

static bool add_point(struct live_tables *tables, uint32_t at, const uint64_t *set, uint32_t width)
{
    struct code_safe_point *point =
        FRONT_PUSH(tables->front, tables->points, tables->point_count, tables->point_capacity);
    if (!point)
        return false;
    point->at = at;
    point->map = map_intern(tables, set, width);
    return point->map != CODE_NONE;
}

static void apply(const struct instruction *in, uint64_t *live)
{
    if (in->define != CODE_NONE)
        set_remove(live, in->define, 1);
    set_remove(live, in->define_base, in->define_length);
}

static void apply_uses(const struct instruction *in, uint64_t *live)
{
    for (uint32_t i = 0; i < in->use_count; i++)
        set_add(live, in->uses[i], 1);
    set_add(live, in->use_base, in->use_length);
    for (uint32_t i = 0; i < in->capture_count; i++)
        if (in->captures[i] < CAPTURE_ENV)
            set_add(live, in->captures[i], 1);
}

/* One walk from the last instruction to the first; with `tables`, the safe points are recorded. */
static bool walk(struct flow *flow, uint64_t *live, struct live_tables *tables)
{
    memset(live, 0, flow->width * sizeof *live);
    for (size_t i = flow->start_count; i-- > 0;) {
        struct instruction in;
        uint32_t at = flow->starts[i];
        if (!front_step(flow->front, 16 + 2 * flow->width))
            return false;
        code_decode(flow->words, flow->count, at, &in);
        unsigned flags = opcode_flags[in.op];
        if (flags & OPCODE_ENDS)
            memset(live, 0, flow->width * sizeof *live);
        if (in.target >= 0) {
            const uint64_t *there = flow->at_target[in.target - flow->entry];
            for (uint32_t w = 0; w < flow->width; w++)
                live[w] |= there[w];
        }
        apply(&in, live);
        if (tables && flags & OPCODE_CALL && !add_point(tables, in.frame_at, live, flow->width))
            return false;
        apply_uses(&in, live);
        if (tables && flags & OPCODE_SAFE && !add_point(tables, at, live, flow->width))
            return false;
        uint64_t *here = flow->at_target[at - flow->entry];
        for (uint32_t w = 0; here && w < flow->width; w++)
            if (live[w] & ~here[w]) {
                here[w] |= live[w];
                flow->changed = true;
            }
    }
    return true;
}

bool live_procedure(struct live_tables *tables, const uint32_t *words, uint32_t count, uint32_t entry, uint32_t end,
                    uint32_t registers)
{
    struct flow flow = { .front = tables->front, .words = words, .count = count, .entry = entry, .end = end };
    flow.width = registers / 64 + 1;
    flow.at_target = front_array(tables->front, end - entry + 1, sizeof *flow.at_target);
    uint64_t *live = front_array(tables->front, flow.width, sizeof *live);
    if (!flow.at_target || !live || !find_starts(&flow))
        return false;

    do {
        if (!front_charge(tables->front, (uint64_t)flow.start_count * (1 + flow.width / 8)))
            return false;
        flow.changed = false;
        if (!walk(&flow, live, NULL))
            return false;
    } while (flow.changed);

    size_t first = tables->point_count;
    if (!walk(&flow, live, tables))
        return false;
    for (size_t low = first, high = tables->point_count; low + 1 < high; low++) {
        struct code_safe_point swap = tables->points[low];
        tables->points[low] = tables->points[--high];
        tables->points[high] = swap;
    }
    return true;
}
