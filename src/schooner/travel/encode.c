/* Breadth first: each object gets a number when it is first met, and is written in the order of the numbers. */
#include "schooner/travel/travel.h"

#include <stdio.h>
#include "base/hash.h"
#include "schooner/compile/code.h"

/* What is written as one node: an object, or a cell found through the code that mentions it. */
struct item {
    sch_value value;
    const struct sch_code *code; /* of a cell: the code and its constants that name it */
    uint32_t space, name;
};

struct encoder {
    sch_vm *vm;
    bool with_code;
    struct buffer *out;
    struct buffer items;   /* struct item, in order */
    struct buffer slots;   /* uint32_t: number + 1 by address; open addressing */
    struct buffer visited; /* uint64_t keys of procedures whose code was looked through */
    size_t written;
    char *problem;
    size_t problem_size;
};

static bool refuse(struct encoder *encoder, const char *what)
{
    snprintf(encoder->problem, encoder->problem_size, "%s cannot travel", what);
    return false;
}

static struct item *item_at(const struct encoder *encoder, size_t index)
{
    return (struct item *)(void *)encoder->items.bytes + index;
}

static size_t item_count(const struct encoder *encoder)
{
    return encoder->items.length / sizeof(struct item);
}

static uint32_t *slot_of(const struct encoder *encoder, uint64_t address)
{
    uint32_t *slots = (uint32_t *)(void *)encoder->slots.bytes;
    size_t mask = encoder->slots.length / sizeof *slots - 1;
    size_t at = (size_t)hash_mix(address) & mask;
    while (slots[at] && (uint64_t)(uintptr_t)value_address(item_at(encoder, slots[at] - 1)->value) != address)
        at = (at + 1) & mask;
    return &slots[at];
}

static bool grow(struct encoder *encoder)
{
    size_t capacity = encoder->slots.length / sizeof(uint32_t);
    if (item_count(encoder) * 2 < capacity)
        return true;
    size_t bytes = (capacity ? capacity * 2 : 256) * sizeof(uint32_t);
    encoder->slots.length = 0;
    if (!buffer_reserve(&encoder->slots, bytes))
        return false;
    memset(encoder->slots.bytes, 0, bytes);
    encoder->slots.length = bytes;
    for (size_t i = 0; i < item_count(encoder); i++)
        *slot_of(encoder, (uint64_t)(uintptr_t)value_address(item_at(encoder, i)->value)) = (uint32_t)i + 1;
    return true;
}

static bool number_of(struct encoder *encoder, struct item item, uint32_t *ret)
{
    if (!grow(encoder))
        return false;
    uint32_t *slot = slot_of(encoder, (uint64_t)(uintptr_t)value_address(item.value));
    if (*slot == 0) {
        if (item_count(encoder) >= UINT32_MAX / 16 || !charge(encoder->vm, 1) ||
            !buffer_append(&encoder->items, &item, sizeof item))
            return false;
        *slot = (uint32_t)item_count(encoder);
    }
    *ret = *slot - 1;
    return true;
}

static bool put_reference(struct encoder *encoder, sch_value value)
{
    uint64_t word = value.bits;
    if (is_pointer(value)) {
        uint32_t number;
        if (!number_of(encoder, (struct item){ .value = value }, &number))
            return false;
        word = (uint64_t)number << 3 | value_tag(value);
    }
    return buffer_append_u64(encoder->out, word);
}

static bool put_references(struct encoder *encoder, const sch_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!put_reference(encoder, values[i]))
            return false;
    return true;
}

static bool put_kind(struct encoder *encoder, enum travel_kind kind)
{
    return buffer_append_byte(encoder->out, (unsigned char)kind);
}

static bool put_bytes(struct encoder *encoder, const void *bytes, size_t length)
{
    return length <= UINT32_MAX && charge(encoder->vm, length / 64) &&
           buffer_append_u32(encoder->out, (uint32_t)length) && buffer_append(encoder->out, bytes, length);
}

/* --- code -------------------------------------------------------------------------------------------------------- */

static bool visit_procedure(struct encoder *encoder, const struct instance *instance, uint32_t index);

static bool visit_constant(struct encoder *encoder, const struct instance *instance, uint32_t index)
{
    const struct sch_code *code = instance->code;
    const struct code_constant *constants = code_table(struct code_constant, code, constants);
    if (index >= code->constants.count)
        return true;
    const struct code_constant *constant = &constants[index];
    if (constant->kind == CONSTANT_PROCEDURE)
        return visit_procedure(encoder, instance, constant->a);
    if (constant->kind == CONSTANT_IMAGE && constant->a >= encoder->vm->env->value_count)
        return refuse(encoder, "a procedure of the host");
    if (constant->kind != CONSTANT_CELL || index >= header_length(instance->header))
        return true;
    uint32_t ignored;
    return number_of(
        encoder,
        (struct item){ .value = instance->constants[index], .code = code, .space = constant->a, .name = constant->b },
        &ignored);
}

static bool visit_entry(struct encoder *encoder, const struct instance *instance, uint32_t word)
{
    const struct code_procedure *procedure = code_procedure_at(instance->code, word);
    return !procedure || visit_procedure(encoder, instance, (uint32_t)(procedure - code_procedures(instance->code)));
}

/* Follows what one instruction names, by its shape. */
static bool visit_instruction(struct encoder *encoder, const struct instance *instance, uint32_t at, uint32_t length)
{
    const uint32_t *words = instance->code->words;
    uint32_t word = words[at];
    uint32_t next = at + 1, end = at + length; /* from which distances count */
    for (const char *shape = opcode_shapes[word_op(word)]; *shape; shape++) {
        switch (*shape) {
        case 'K':
            if (!visit_constant(encoder, instance, word_bc(word)))
                return false;
            break;
        case 'k':
            if (!visit_constant(encoder, instance, words[next++]))
                return false;
            break;
        case 'T':
            if (!visit_entry(encoder, instance, end + (uint32_t)((int32_t)word >> 8)))
                return false;
            break;
        case 't':
            if (!visit_entry(encoder, instance, end + words[next++]))
                return false;
            break;
        case 'F':
            if (!visit_procedure(encoder, instance, words[next]))
                return false;
            next += 1 + word_bc(word);
            break;
        case 'Q': next += 2; break;
        case 'O':
        case 'W':
        case 'c':
        case 'g':
        case 'a':
        case 'r': next++; break;
        default: break;
        }
    }
    return true;
}

/* Procedures wait in `visited` until visit_pending looks through their code: no recursion over what a script wrote. */
static bool visit_procedure(struct encoder *encoder, const struct instance *instance, uint32_t index)
{
    struct {
        const struct instance *instance;
        uint64_t index;
    } key = { instance, index };
    size_t count = encoder->visited.length / sizeof key;
    for (size_t i = 0; i < count; i++)
        if (memcmp(encoder->visited.bytes + i * sizeof key, &key, sizeof key) == 0)
            return true;
    return charge(encoder->vm, 1 + count / 64) && buffer_append(&encoder->visited, &key, sizeof key);
}

static bool visit_pending(struct encoder *encoder, size_t *done)
{
    struct {
        const struct instance *instance;
        uint64_t index;
    } key;
    for (; *done < encoder->visited.length / sizeof key; ++*done) {
        memcpy(&key, encoder->visited.bytes + *done * sizeof key, sizeof key);
        const struct sch_code *code = key.instance->code;
        const struct code_procedure *procedure = &code_procedures(code)[key.index];
        struct instruction instruction;
        for (uint32_t at = procedure->entry; at < procedure->end; at += instruction.length) {
            if (!code_decode(code->words, code->word_count, at, &instruction) || !charge(encoder->vm, 1) ||
                !visit_instruction(encoder, key.instance, at, instruction.length))
                return false;
        }
    }
    return true;
}

static bool is_of_image(const struct encoder *encoder, const void *address)
{
    const sch_env *env = encoder->vm->env;
    return (const char *)address >= env->region && (const char *)address < env->region + env->region_size;
}

static bool put_closure(struct encoder *encoder, const struct closure *closure)
{
    const struct instance *instance = closure_instance(closure);
    size_t captured = header_length(closure->header);
    if (!is_of_image(encoder, instance) && !visit_procedure(encoder, instance, (uint32_t)closure->procedure))
        return false;
    return put_kind(encoder, TRAVEL_CLOSURE) && buffer_append_u32(encoder->out, (uint32_t)captured) &&
           put_reference(encoder, object_value(instance)) &&
           buffer_append_u64(encoder->out, (uint32_t)closure->procedure) &&
           put_references(encoder, closure->captured, captured);
}

/* Which environment it is of means nothing elsewhere. */
static bool put_code(struct encoder *encoder, const struct sch_code *code)
{
    if (!put_bytes(encoder, code, code->size))
        return false;
    unsigned char *copy = encoder->out->bytes + encoder->out->length - code->size;
    memset(copy + offsetof(struct sch_code, environment), 0, sizeof code->environment);
    return true;
}

static bool put_instance(struct encoder *encoder, const struct instance *instance)
{
    const sch_env *env = encoder->vm->env;
    if (!is_of_image(encoder, instance))
        return put_kind(encoder, TRAVEL_INSTANCE) && put_code(encoder, instance->code);
    const struct image_instance *instances = image_at(env->image, env->image->instances.offset);
    for (uint64_t i = 0; i < env->image->instances.count; i++)
        if (env->region + instances[i].object == (const char *)instance)
            return put_kind(encoder, TRAVEL_IMAGE_INSTANCE) && buffer_append_u64(encoder->out, i);
    return refuse(encoder, "code of an unknown library");
}

static bool put_cell(struct encoder *encoder, const struct item *item)
{
    const struct code_constant *constants = code_table(struct code_constant, item->code, constants);
    const struct code_constant *space = &constants[item->space];
    const struct code_constant *name = &constants[item->name];
    return put_kind(encoder, TRAVEL_CELL) && put_reference(encoder, object_as(struct cell, item->value)->value) &&
           put_bytes(encoder, code_text(item->code, space->a), space->b) &&
           put_bytes(encoder, code_text(item->code, name->a), name->b);
}

/* --- objects ----------------------------------------------------------------------------------------------------- */

static bool put_bignum(struct encoder *encoder, const struct bignum *bignum)
{
    size_t limbs = header_length(bignum->header);
    return put_kind(encoder, TRAVEL_BIGNUM) && buffer_append_u32(encoder->out, (uint32_t)limbs) &&
           buffer_append_byte(encoder->out, (header_flags(bignum->header) & BIGNUM_NEGATIVE) != 0) &&
           charge(encoder->vm, limbs / 8) && buffer_append(encoder->out, bignum->limbs, limbs * 8);
}

static bool put_parameter(struct encoder *encoder, const struct parameter *parameter)
{
    if (parameter->index != PARAMETER_OWN)
        return put_kind(encoder, TRAVEL_STANDARD_PARAMETER) && buffer_append_u64(encoder->out, parameter->index);
    return put_kind(encoder, TRAVEL_PARAMETER) && put_references(encoder, &parameter->value, 2);
}

static bool put_counted(struct encoder *encoder, enum travel_kind kind, size_t count, const sch_value *values,
                        size_t value_count)
{
    return put_kind(encoder, kind) && buffer_append_u32(encoder->out, (uint32_t)count) &&
           put_references(encoder, values, value_count);
}

static bool put_plain(struct encoder *encoder, enum travel_kind kind, sch_value value, size_t count)
{
    return put_kind(encoder, kind) &&
           put_references(encoder, (const sch_value *)((const char *)object_of(value) + 8), count);
}

static bool put_object(struct encoder *encoder, sch_value value)
{
    size_t length = object_length(value);
    switch ((enum object_type)header_type(value_header(value))) {
    case OBJECT_STRING:
    case OBJECT_MSTRING: /* arrives as one that nobody may change */
        return put_kind(encoder, TRAVEL_STRING) &&
               put_bytes(encoder, string_view(value)->text, header_length(string_view(value)->header));
    case OBJECT_SYMBOL:
        return put_kind(encoder, TRAVEL_SYMBOL) && put_bytes(encoder, object_as(struct symbol, value)->text, length);
    case OBJECT_FLONUM:
        return put_kind(encoder, TRAVEL_FLONUM) &&
               buffer_append_u64(encoder->out, double_bits(object_as(struct flonum, value)->number));
    case OBJECT_BYTEVECTOR:
        return put_kind(encoder, TRAVEL_BYTEVECTOR) &&
               put_bytes(encoder, object_as(struct bytevector, value)->bytes, length);
    case OBJECT_BIGNUM: return put_bignum(encoder, object_of(value));
    case OBJECT_KEYWORD: return put_plain(encoder, TRAVEL_KEYWORD, value, 1);
    case OBJECT_RATIONAL: return put_plain(encoder, TRAVEL_RATIO, value, 2);
    case OBJECT_COMPLEX: return put_plain(encoder, TRAVEL_COMPLEX, value, 2);
    case OBJECT_RECORD_TYPE: return put_plain(encoder, TRAVEL_RECORD_TYPE, value, 4);
    case OBJECT_CONDITION: return put_plain(encoder, TRAVEL_CONDITION, value, 6);
    case OBJECT_VECTOR:
        return put_counted(encoder, TRAVEL_VECTOR, length, object_as(struct vector, value)->items, length);
    case OBJECT_RECORD:
        return put_counted(encoder, TRAVEL_RECORD, length - 1, &object_as(struct record, value)->type, length);
    case OBJECT_BOX:
        return encoder->with_code ? put_plain(encoder, TRAVEL_BOX, value, 1) : refuse(encoder, "a variable");
    case OBJECT_PROMISE:
        return encoder->with_code ? put_plain(encoder, TRAVEL_PROMISE, value, 1) : refuse(encoder, "a promise");
    case OBJECT_PARAMETER:
        return encoder->with_code ? put_parameter(encoder, object_of(value)) : refuse(encoder, "a parameter object");
    case OBJECT_PRIMITIVE:
        if (!encoder->with_code || header_flags(value_header(value)) & PRIMITIVE_HOST)
            return refuse(encoder, encoder->with_code ? "a procedure of the host" : "a procedure");
        return put_kind(encoder, TRAVEL_PRIMITIVE) &&
               buffer_append_u64(encoder->out, object_as(struct primitive, value)->index);
    case OBJECT_CLOSURE:
        return encoder->with_code ? put_closure(encoder, object_of(value)) : refuse(encoder, "a procedure");
    case OBJECT_INSTANCE: return put_instance(encoder, object_of(value));
    case OBJECT_CONTINUATION: return refuse(encoder, "a continuation");
    case OBJECT_FOREIGN: return refuse(encoder, "a foreign value");
    case OBJECT_PORT: return refuse(encoder, "a port");
    case OBJECT_NONE:
    case OBJECT_CELL:
    case OBJECT_VALUES:
    case OBJECT_STACK:
    case OBJECT_TABLE:
    case OBJECT_ENVIRONMENT:
    case OBJECT_DYNAMIC:
    case OBJECT_TYPE_COUNT: break;
    }
    return refuse(encoder, value_type_name(value));
}

static bool put_item(struct encoder *encoder, const struct item *item)
{
    if (item->code)
        return put_cell(encoder, item);
    if (is_pair(item->value))
        return put_kind(encoder, TRAVEL_PAIR) && put_references(encoder, &pair_of(item->value)->car, 2);
    return put_object(encoder, item->value);
}

static bool put_all(struct encoder *encoder)
{
    size_t visited = 0;
    do {
        for (; encoder->written < item_count(encoder); encoder->written++) {
            struct item item = *item_at(encoder, encoder->written); /* a copy: the table may move */
            if (!put_item(encoder, &item))
                return false;
        }
        if (!visit_pending(encoder, &visited))
            return false;
    } while (encoder->written < item_count(encoder));
    return true;
}

bool travel_encode(sch_vm *vm, sch_value value, bool code, struct buffer *out, char *ret_problem, size_t problem_size)
{
    struct encoder encoder = {
        .vm = vm, .with_code = code, .out = out, .problem = ret_problem, .problem_size = problem_size
    };
    struct travel_header header = { TRAVEL_MAGIC, TRAVEL_VERSION, vm->env->image ? vm->env->image->fingerprint : 0, 0,
                                    code };
    buffer_init(&encoder.items, vm_memory(vm));
    buffer_init(&encoder.slots, vm_memory(vm));
    buffer_init(&encoder.visited, vm_memory(vm));
    *ret_problem = 0;

    size_t start = out->length;
    uint64_t root = value.bits;
    bool done = buffer_append(out, &header, sizeof header);
    if (done && is_pointer(value)) {
        uint32_t number = 0;
        done = number_of(&encoder, (struct item){ .value = value }, &number);
        root = (uint64_t)number << 3 | value_tag(value);
    }
    done = done && put_all(&encoder) && buffer_append_u64(out, root);
    if (done) {
        header.nodes = (uint32_t)item_count(&encoder);
        memcpy(out->bytes + start, &header, sizeof header);
    } else if (!*ret_problem && vm->limit == SCH_LIMIT_NONE) {
        raise_limit(vm, SCH_LIMIT_HEAP);
    }
    buffer_done(&encoder.items);
    buffer_done(&encoder.slots);
    buffer_done(&encoder.visited);
    return done;
}
