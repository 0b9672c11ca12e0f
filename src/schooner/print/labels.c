/* Finds what needs datum labels, by one depth-first walk with an explicit stack. Prints nothing. */
#include "schooner/print/labels.h"

#include "base/hash.h"

enum {
    WALK_CAPACITY_MIN = 64,
    MET_CAPACITY_MIN = 256,
    MET_PER_POLL = 4096,
    LABELS_CAPACITY_MIN = 8,
    TREE_NODES = 1 << 14, /* what is walked to its end within so many steps is a tree: it needs no table */
};

/* State of an object in the table of those met: the low bits of its address. */
enum { MET_OPEN = 1, MET_LABELLED = 2, MET_BITS = 15 };

struct met {
    uint64_t *slots; /* 0: empty */
    size_t count;
    size_t capacity;
    size_t labelled;
};

bool value_parts(sch_value value, const sch_value **ret_parts, size_t *ret_count)
{
    if (!is_object(value))
        return false;
    switch (header_type(value_header(value))) {
    case OBJECT_VECTOR:
        *ret_parts = object_as(struct vector, value)->items;
        *ret_count = object_length(value);
        return true;
    case OBJECT_RECORD:
        *ret_parts = object_as(struct record, value)->fields;
        *ret_count = object_length(value) - 1;
        return true;
    case OBJECT_CONDITION:
        *ret_parts = &object_as(struct condition, value)->message;
        *ret_count = 2; /* message, irritants */
        return true;
    case OBJECT_VALUES:
        *ret_parts = object_as(struct values, value)->items;
        *ret_count = object_length(value);
        return true;
    default: return false;
    }
}

/* --- the stack --- */

bool walk_push(sch_vm *vm, struct walk *walk, sch_value value)
{
    if (walk->depth >= vm->nesting) {
        raise_limit(vm, SCH_LIMIT_NESTING);
        return false;
    }
    if (walk->depth == walk->capacity) {
        size_t capacity = walk->capacity ? walk->capacity * 2 : WALK_CAPACITY_MIN;
        struct walk_frame *frames =
            memory_resize(vm_memory(vm), walk->frames, walk->capacity * sizeof *frames, capacity * sizeof *frames);
        if (!frames) {
            raise_limit(vm, SCH_LIMIT_HEAP);
            return false;
        }
        walk->frames = frames;
        walk->capacity = capacity;
    }
    walk->frames[walk->depth++] = (struct walk_frame){ .start = value, .current = value };
    return true;
}

void walk_done(sch_vm *vm, struct walk *walk)
{
    if (walk->frames)
        memory_resize(vm_memory(vm), walk->frames, walk->capacity * sizeof *walk->frames, 0);
    *walk = (struct walk){ 0 };
}

/* --- is it a small tree? --- */

enum tree_answer { TREE_YES, TREE_UNKNOWN, TREE_LIMIT };

/* Walks without a table. What ends within the bound has no cycle. The last part of an object needs no frame. */
static enum tree_answer is_small_tree(sch_vm *vm, struct walk *walk, sch_value value)
{
    if (is_container(value) && !walk_push(vm, walk, value))
        return TREE_LIMIT;
    for (size_t steps = 0; walk->depth > 0; steps++) {
        if (!charge(vm, 1))
            return TREE_LIMIT;
        if (steps == TREE_NODES) {
            walk->depth = 0;
            return TREE_UNKNOWN;
        }
        struct walk_frame *frame = &walk->frames[walk->depth - 1];
        const sch_value *parts;
        size_t count;
        sch_value part;
        if (is_pair(frame->current)) {
            part = pair_car(frame->current);
            sch_value rest = pair_cdr(frame->current);
            if (frame->next == 0 && is_pair(rest)) {
                frame->current = rest;
            } else if (frame->next == 0 && is_container(rest)) {
                frame->next = 1;
            } else {
                part = frame->next == 0 ? part : rest;
                walk->depth--;
            }
        } else if (value_parts(frame->current, &parts, &count) && frame->next < count) {
            part = parts[frame->next++];
        } else {
            walk->depth--;
            continue;
        }
        if (is_container(part) && walk->depth >= vm->nesting) { /* deep, or a cycle */
            walk->depth = 0;
            return TREE_UNKNOWN;
        }
        if (is_container(part) && !walk_push(vm, walk, part))
            return TREE_LIMIT;
    }
    return TREE_YES;
}

/* --- the table of what was met --- */

static uint64_t *met_slot(uint64_t *slots, size_t capacity, uint64_t address)
{
    size_t mask = capacity - 1;
    size_t at = hash_mix(address) & mask;
    while (slots[at] && (slots[at] & ~(uint64_t)MET_BITS) != address)
        at = (at + 1) & mask;
    return &slots[at];
}

static uint64_t *met_find(const struct met *met, sch_value value)
{
    return met_slot(met->slots, met->capacity, (uint64_t)(uintptr_t)value_address(value));
}

static bool met_grow(sch_vm *vm, struct met *met)
{
    size_t capacity = met->capacity ? met->capacity * 2 : MET_CAPACITY_MIN;
    uint64_t *slots = memory_resize(vm_memory(vm), NULL, 0, capacity * sizeof *slots);
    if (!slots) {
        raise_limit(vm, SCH_LIMIT_HEAP);
        return false;
    }
    bool in_time = fill_bytes(vm, slots, 0, capacity * sizeof *slots);
    for (size_t i = 0; i < met->capacity && in_time; i++) {
        if (met->slots[i])
            *met_slot(slots, capacity, met->slots[i] & ~(uint64_t)MET_BITS) = met->slots[i];
        in_time = i % MET_PER_POLL != 0 || poll(vm);
    }
    if (met->slots)
        memory_resize(vm_memory(vm), met->slots, met->capacity * sizeof *slots, 0);
    met->slots = slots;
    met->capacity = capacity;
    return in_time;
}

static void met_done(sch_vm *vm, struct met *met)
{
    if (met->slots)
        memory_resize(vm_memory(vm), met->slots, met->capacity * sizeof *met->slots, 0);
}

enum meeting { MEETING_NEW, MEETING_OLD, MEETING_LIMIT };

/* Notes a container. An old one is labelled if it is still open (a cycle closes here), or in any case for `shared`. */
static enum meeting met_meet(sch_vm *vm, struct met *met, sch_value value, bool shared)
{
    if (!charge(vm, 1))
        return MEETING_LIMIT;
    if (met->count >= met->capacity / 4 * 3 && !met_grow(vm, met))
        return MEETING_LIMIT;
    uint64_t *slot = met_find(met, value);
    if (*slot == 0) {
        *slot = (uint64_t)(uintptr_t)value_address(value) | MET_OPEN;
        met->count++;
        return MEETING_NEW;
    }
    if ((shared || (*slot & MET_OPEN)) && !(*slot & MET_LABELLED)) {
        *slot |= MET_LABELLED;
        met->labelled++;
    }
    return MEETING_OLD;
}

static bool met_close(sch_vm *vm, struct met *met, const struct walk_frame *frame)
{
    sch_value v = frame->start;
    for (size_t i = 0;; i++) {
        *met_find(met, v) &= ~(uint64_t)MET_OPEN;
        if (value_same(v, frame->current))
            return true;
        if (i % MET_PER_POLL == MET_PER_POLL - 1 && !poll(vm))
            return false;
        v = pair_cdr(v);
    }
}

/* --- the walk --- */

/* One step of the frame on top: gives the part to go into, or closes the frame. A list is one frame. */
static enum meeting step(sch_vm *vm, struct walk *walk, struct met *met, bool shared, sch_value *ret_part)
{
    struct walk_frame *frame = &walk->frames[walk->depth - 1];
    *ret_part = V_NIL;
    if (is_pair(frame->current)) {
        if (frame->next == 0) {
            frame->next = 1;
            *ret_part = pair_car(frame->current);
            return MEETING_OLD;
        }
        sch_value rest = pair_cdr(frame->current);
        if (frame->next == 1 && is_pair(rest)) {
            enum meeting meeting = met_meet(vm, met, rest, shared);
            frame->next = meeting == MEETING_NEW ? 0 : 2;
            if (meeting == MEETING_NEW)
                frame->current = rest;
            return meeting;
        }
        if (frame->next == 1) {
            frame->next = 2;
            *ret_part = rest;
            return MEETING_OLD;
        }
    } else {
        const sch_value *parts;
        size_t count;
        if (value_parts(frame->current, &parts, &count) && frame->next < count) {
            *ret_part = parts[frame->next++];
            return MEETING_OLD;
        }
    }
    walk->depth--;
    return met_close(vm, met, frame) ? MEETING_OLD : MEETING_LIMIT;
}

static bool enter(sch_vm *vm, struct walk *walk, struct met *met, bool shared, sch_value value)
{
    if (!is_container(value))
        return true;
    enum meeting meeting = met_meet(vm, met, value, shared);
    return meeting == MEETING_OLD || (meeting == MEETING_NEW && walk_push(vm, walk, value));
}

static bool walk_all(sch_vm *vm, struct walk *walk, struct met *met, bool shared, sch_value value)
{
    if (!enter(vm, walk, met, shared, value))
        return false;
    while (walk->depth > 0) {
        sch_value part;
        if (step(vm, walk, met, shared, &part) == MEETING_LIMIT || !enter(vm, walk, met, shared, part))
            return false;
    }
    return true;
}

/* --- labels --- */

static struct label *label_slot(const struct labels *labels, uint64_t address)
{
    size_t mask = labels->capacity - 1;
    size_t at = hash_mix(address) & mask;
    while (labels->slots[at].address && labels->slots[at].address != address)
        at = (at + 1) & mask;
    return &labels->slots[at];
}

struct label *label_of(const struct labels *labels, sch_value value)
{
    if (labels->capacity == 0 || !is_pointer(value))
        return NULL;
    struct label *label = label_slot(labels, (uint64_t)(uintptr_t)value_address(value));
    return label->address ? label : NULL;
}

static bool keep_labelled(sch_vm *vm, const struct met *met, struct labels *labels)
{
    size_t capacity = LABELS_CAPACITY_MIN;
    while (capacity / 2 < met->labelled)
        capacity *= 2;
    labels->slots = memory_resize(vm_memory(vm), NULL, 0, capacity * sizeof *labels->slots);
    if (!labels->slots) {
        raise_limit(vm, SCH_LIMIT_HEAP);
        return false;
    }
    labels->capacity = capacity;
    if (!fill_bytes(vm, labels->slots, 0, capacity * sizeof *labels->slots))
        return false;
    for (size_t i = 0; i < met->capacity; i++) {
        uint64_t address = met->slots[i] & ~(uint64_t)MET_BITS;
        if (met->slots[i] & MET_LABELLED)
            *label_slot(labels, address) = (struct label){ .address = address, .number = LABEL_UNPRINTED };
    }
    labels->count = met->labelled;
    return true;
}

bool labels_find(sch_vm *vm, sch_value value, bool shared, struct labels *ret)
{
    *ret = (struct labels){ 0 };
    if (!is_container(value))
        return true;
    struct walk walk = { 0 };
    struct met met = { 0 };
    bool done = true;
    enum tree_answer tree = shared ? TREE_UNKNOWN : is_small_tree(vm, &walk, value);
    if (tree == TREE_UNKNOWN)
        done = walk_all(vm, &walk, &met, shared, value) && (met.labelled == 0 || keep_labelled(vm, &met, ret));
    walk_done(vm, &walk);
    met_done(vm, &met);
    return done && tree != TREE_LIMIT;
}

void labels_done(sch_vm *vm, struct labels *labels)
{
    if (labels->slots)
        memory_resize(vm_memory(vm), labels->slots, labels->capacity * sizeof *labels->slots, 0);
    *labels = (struct labels){ 0 };
}
