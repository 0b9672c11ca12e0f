/*
 * datum -> value: copies what was read to the heap. Iterative: what is still to be made waits on an explicit stack,
 * with the place in the heap where it belongs. Collection is paused meanwhile, so nothing made here needs a root.
 */
#include "schooner/read/read.h"

#include "base/hash.h"
#include "schooner/heap/machine.h"
#include "schooner/num/number.h"

enum { SHARED_CAPACITY_MIN = 16 };

struct copy_task {
    const struct datum *datum;
    sch_value *slot;
};

struct shared_value {
    const struct datum *datum; /* NULL: empty */
    sch_value value;
};

struct copier {
    sch_vm *vm;
    struct front *front;
    struct copy_task *tasks;
    size_t task_count, task_capacity;
    struct shared_value *shared; /* values of the data that labels share */
    size_t shared_count, shared_capacity;
};

static bool copier_push(struct copier *copier, const struct datum *datum, sch_value *slot)
{
    struct copy_task *task = FRONT_PUSH(copier->front, copier->tasks, copier->task_count, copier->task_capacity);
    if (!task)
        return false;
    *task = (struct copy_task){ .datum = datum, .slot = slot };
    return true;
}

static struct shared_value *shared_slot(struct shared_value *shared, size_t capacity, const struct datum *datum)
{
    size_t mask = capacity - 1;
    size_t at = hash_mix((uint64_t)(uintptr_t)datum) & mask;
    while (shared[at].datum && shared[at].datum != datum)
        at = (at + 1) & mask;
    return &shared[at];
}

/* The entry of a shared datum, made when it is new. NULL: the limit. */
static struct shared_value *shared_entry(struct copier *copier, const struct datum *datum)
{
    if (copier->shared_count >= copier->shared_capacity / 2) {
        size_t capacity = copier->shared_capacity ? copier->shared_capacity * 2 : SHARED_CAPACITY_MIN;
        struct shared_value *shared = front_array(copier->front, capacity, sizeof *shared);
        if (!shared)
            return NULL;
        for (size_t i = 0; i < copier->shared_capacity; i++) {
            if (copier->shared[i].datum)
                *shared_slot(shared, capacity, copier->shared[i].datum) = copier->shared[i];
        }
        copier->shared = shared;
        copier->shared_capacity = capacity;
    }
    return shared_slot(copier->shared, copier->shared_capacity, datum);
}

static sch_value copy_to_bytevector(sch_vm *vm, const char *bytes, size_t length)
{
    size_t size = bytevector_size(length);
    if (!heap_reserve_object(vm, size))
        return V_RAISED;
    struct bytevector *copy = heap_object(vm, OBJECT_BYTEVECTOR, length, size);
    memcpy(copy->bytes, bytes, length);
    return object_value(copy);
}

/* The containers are made empty; their parts become tasks. */
static sch_value copy_pair(struct copier *copier, const struct datum *datum)
{
    if (!heap_reserve(copier->vm, PAIR_SIZE))
        return V_RAISED;
    sch_value pair = cons(copier->vm, V_NIL, V_NIL);
    bool pushed = copier_push(copier, datum->pair.cdr, &pair_of(pair)->cdr) &&
                  copier_push(copier, datum->pair.car, &pair_of(pair)->car);
    return pushed ? pair : V_RAISED;
}

static sch_value copy_vector(struct copier *copier, const struct datum *datum)
{
    size_t length = datum->vector.length;
    size_t size = vector_size(length);
    if (!heap_reserve_object(copier->vm, size))
        return V_RAISED;
    struct vector *vector = heap_object(copier->vm, OBJECT_VECTOR, length, size);
    for (size_t i = 0; i < length; i++)
        vector->items[i] = V_NIL;
    for (size_t i = length; i-- > 0;) {
        if (!copier_push(copier, datum->vector.items[i], &vector->items[i]))
            return V_RAISED;
    }
    return object_value(vector);
}

static sch_value copy_one(struct copier *copier, const struct datum *datum)
{
    sch_vm *vm = copier->vm;
    switch ((enum datum_kind)datum->kind) {
    case DATUM_NIL: return V_NIL;
    case DATUM_IMMEDIATE: return datum->value;
    case DATUM_NUMBER: return number_parse(vm, datum->text.bytes, datum->text.length, 10);
    case DATUM_STRING: return string_of(vm, datum->text.bytes, datum->text.length);
    case DATUM_BYTEVECTOR: return copy_to_bytevector(vm, datum->text.bytes, datum->text.length);
    case DATUM_SYMBOL: return symbol_of_text(vm, datum->name->text, datum->name->length);
    case DATUM_KEYWORD: {
        sch_value symbol = symbol_of_text(vm, datum->name->text, datum->name->length);
        return is_raised(symbol) ? V_RAISED : keyword_of(vm, symbol);
    }
    case DATUM_PAIR: return copy_pair(copier, datum);
    case DATUM_VECTOR: return copy_vector(copier, datum);
    case DATUM_ALIAS:
    case DATUM_CORE: break;
    }
    return raise_error(vm, "syntax-error", NULL, 0, NULL, "a piece of an expansion is no datum");
}

static bool copy_task_run(struct copier *copier, struct copy_task task)
{
    struct shared_value *entry = NULL;
    if (task.datum->shared) {
        entry = shared_entry(copier, task.datum);
        if (!entry)
            return false;
        if (entry->datum) {
            *task.slot = entry->value;
            return true;
        }
    }
    sch_value value = copy_one(copier, task.datum);
    if (is_raised(value))
        return false;
    *task.slot = value;
    if (entry) {
        *entry = (struct shared_value){ .datum = task.datum, .value = value };
        copier->shared_count++;
    }
    return true;
}

sch_value datum_to_value(sch_vm *vm, struct front *front, const struct datum *datum)
{
    struct copier copier = { .vm = vm, .front = front };
    sch_value result = V_NIL;
    bool done = heap_reserve(vm, PAIR_SIZE); /* collects now if that is due */
    heap_pause_collection(vm);
    done = done && copier_push(&copier, datum, &result);
    while (done && copier.task_count > 0) {
        struct copy_task task = copier.tasks[--copier.task_count];
        done = charge(vm, 1) && copy_task_run(&copier, task);
    }
    heap_resume_collection(vm);
    if (done)
        return result;
    return front->limit != SCH_LIMIT_NONE ? raise_limit(vm, front->limit) : V_RAISED;
}
