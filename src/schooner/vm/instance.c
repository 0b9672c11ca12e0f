/*
 * Instances: the constants of a code, made in a machine. All of them are built with collection paused, in an array of C
 * memory; so only the instance itself must be found by the collector, at the end.
 */
#include "schooner/num/number.h"
#include "schooner/vm/run.h"

/* How many constants, or items of them, are made between two looks at the clock. */
enum { CONSTANTS_PER_LOOK = 1024, ITEMS_PER_LOOK = 1 << 13 };

struct making {
    sch_vm *vm;
    const struct sch_code *code;
    struct instance *instance;
    sch_value *made; /* by number of constant */
};

static sch_value frozen_object(struct object *object)
{
    object->header |= (uint64_t)OBJECT_FROZEN << 3;
    return object_value(object);
}

static sch_value make_text(struct making *m, const struct code_constant *c)
{
    sch_vm *vm = m->vm;
    const char *text = code_text(m->code, c->a);
    switch ((enum constant_kind)c->kind) {
    case CONSTANT_STRING: {
        sch_value string = string_of(vm, text, c->b);
        return is_raised(string) ? string : frozen_object(object_of(string));
    }
    case CONSTANT_SYMBOL: return symbol_of_text(vm, text, c->b);
    case CONSTANT_KEYWORD: {
        sch_value symbol = symbol_of_text(vm, text, c->b);
        return is_raised(symbol) ? symbol : keyword_of(vm, symbol);
    }
    case CONSTANT_NUMBER: return number_parse(vm, text, c->b, 10);
    case CONSTANT_BYTEVECTOR: {
        size_t bytes = bytevector_size(c->b);
        if (!heap_reserve_object(vm, bytes))
            return V_RAISED;
        struct bytevector *bytevector = heap_object(vm, OBJECT_BYTEVECTOR, c->b, bytes);
        if (!copy_bytes(vm, bytevector->bytes, text, c->b))
            return V_RAISED;
        return frozen_object((struct object *)bytevector);
    }
    case CONSTANT_IMMEDIATE_VALUE:
    case CONSTANT_PAIR:
    case CONSTANT_VECTOR:
    case CONSTANT_CELL:
    case CONSTANT_PRIMITIVE:
    case CONSTANT_IMAGE:
    case CONSTANT_PROCEDURE:
    case CONSTANT_KIND_COUNT: break;
    }
    return V_RAISED;
}

static sch_value make_shell(struct making *m, const struct code_constant *c)
{
    sch_vm *vm = m->vm;
    if (c->kind == CONSTANT_PAIR)
        return heap_reserve_pairs(vm, 1) ? cons(vm, V_NIL, V_NIL) : V_RAISED;
    size_t bytes = vector_size(c->b);
    if (!heap_reserve_object(vm, bytes))
        return V_RAISED;
    struct vector *vector = heap_object(vm, OBJECT_VECTOR, c->b, bytes);
    for (size_t i = 0; i < c->b; i++) {
        vector->items[i] = V_FALSE;
        if (i % ITEMS_PER_LOOK == ITEMS_PER_LOOK - 1 && !poll(vm))
            return V_RAISED;
    }
    return frozen_object((struct object *)vector);
}

static sch_value make_closed(struct making *m, uint32_t index)
{
    size_t bytes = object_size(sizeof(struct closure), 0, 8);
    if (!heap_reserve(m->vm, bytes))
        return V_RAISED;
    struct closure *closure = heap_object(m->vm, OBJECT_CLOSURE, 0, bytes);
    closure->instance = (char *)m->instance - (char *)closure;
    closure->procedure = code_procedure_word(m->code, index);
    return object_value(closure);
}

static sch_value make_one(struct making *m, const struct code_constant *c)
{
    const struct code_constant *all = code_table(struct code_constant, m->code, constants);
    switch ((enum constant_kind)c->kind) {
    case CONSTANT_IMMEDIATE_VALUE: return (sch_value){ (uint64_t)c->b << 32 | c->a };
    case CONSTANT_STRING:
    case CONSTANT_SYMBOL:
    case CONSTANT_KEYWORD:
    case CONSTANT_NUMBER:
    case CONSTANT_BYTEVECTOR: return make_text(m, c);
    case CONSTANT_PAIR:
    case CONSTANT_VECTOR: return make_shell(m, c);
    case CONSTANT_CELL:
        return vm_cell(m->vm, code_text(m->code, all[c->a].a), code_text(m->code, all[c->b].a), all[c->b].b);
    case CONSTANT_PRIMITIVE: return env_primitive(m->vm->env, c->a);
    case CONSTANT_IMAGE: return machine_value(m->vm, c->a);
    case CONSTANT_PROCEDURE: return make_closed(m, c->a);
    case CONSTANT_KIND_COUNT: break;
    }
    return V_RAISED;
}

static bool fill_vector(struct making *m, struct vector *vector, const uint32_t *items)
{
    size_t length = header_length(vector->header);
    for (size_t k = 0; k < length; k++) {
        vector->items[k] = m->made[items[k]];
        if (k % ITEMS_PER_LOOK == ITEMS_PER_LOOK - 1 && !poll(m->vm))
            return false;
    }
    return true;
}

static bool fill_shells(struct making *m)
{
    const struct code_constant *all = code_table(struct code_constant, m->code, constants);
    const uint32_t *items = code_table(uint32_t, m->code, items);
    for (uint32_t i = 0; i < m->code->constants.count; i++) {
        const struct code_constant *c = &all[i];
        if (c->kind == CONSTANT_PAIR) {
            pair_of(m->made[i])->car = m->made[c->a];
            pair_of(m->made[i])->cdr = m->made[c->b];
            heap_freeze(m->made[i]);
        } else if (c->kind == CONSTANT_VECTOR) {
            if (!fill_vector(m, object_as(struct vector, m->made[i]), items + c->a))
                return false;
        }
        if (i % ITEMS_PER_LOOK == ITEMS_PER_LOOK - 1 && !poll(m->vm))
            return false;
    }
    return true;
}

/* The longest procedure; the program itself is one, which may have loops. */
static bool note_longest(sch_vm *vm, const struct sch_code *code)
{
    const struct code_procedure *procedures = code_procedures(code);
    uint32_t *longest = &interpreter_of(vm)->longest, before = *longest;
    for (uint32_t i = 0; i < code->procedures.count; i++) {
        if (procedures[i].end - procedures[i].entry > *longest)
            *longest = procedures[i].end - procedures[i].entry;
        if (i % ITEMS_PER_LOOK == ITEMS_PER_LOOK - 1 && !poll(vm))
            return false;
    }
    if (*longest > before)
        vm_return_slice(vm); /* it may have been granted for too long */
    return true;
}

static bool build(struct making *m)
{
    if (!note_longest(m->vm, m->code))
        return false;
    for (uint32_t i = 0; i < m->code->slots; i++) {
        m->instance->constants[i] = V_FALSE;
        if (i % ITEMS_PER_LOOK == ITEMS_PER_LOOK - 1 && !poll(m->vm))
            return false;
    }
    const struct code_constant *all = code_table(struct code_constant, m->code, constants);
    uint32_t count = m->code->constants.count;
    for (uint32_t i = 0; i < count; i++) {
        m->made[i] = make_one(m, &all[i]);
        if (is_raised(m->made[i]))
            return false;
        if (i % CONSTANTS_PER_LOOK == CONSTANTS_PER_LOOK - 1 && !poll(m->vm))
            return false;
    }
    return fill_shells(m) && copy_bytes(m->vm, m->instance->constants, m->made, m->code->slots * sizeof *m->made);
}

sch_value vm_instantiate(sch_vm *vm, struct sch_code *code)
{
    struct making m = { .vm = vm, .code = code };
    size_t bytes = object_size(sizeof(struct instance), code->slots, 8);
    size_t made_size = (code->constants.count + 1) * sizeof *m.made;
    m.made = memory_resize(vm_memory(vm), NULL, 0, made_size);
    if (!m.made)
        return raise_limit(vm, SCH_LIMIT_HEAP);
    sch_value result = V_RAISED;
    heap_pause_collection(vm);
    if (heap_reserve_object(vm, bytes) && heap_reserve(vm, HEAP_FINALIZER_SIZE + 64) &&
        account_declare(&vm->account, code->size)) {
        m.instance = heap_object(vm, OBJECT_INSTANCE, code->slots, bytes);
        m.instance->self = 0;
        m.instance->code = code_take(code);
        heap_add_finalizer(vm, (struct object *)m.instance);
        if (build(&m))
            result = object_value(m.instance);
    } else {
        raise_limit(vm, SCH_LIMIT_HEAP);
    }
    heap_resume_collection(vm);
    memory_resize(vm_memory(vm), m.made, made_size, 0);
    return result;
}

void vm_drop_instance(sch_vm *vm, struct instance *instance)
{
    account_retract(&vm->account, instance->code->size);
    code_drop(instance->code);
}
