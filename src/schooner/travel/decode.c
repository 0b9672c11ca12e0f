/*
 * Bytes to values. The input is hostile: every length, number, reference and code blob is verified, and the work and
 * the memory are bounded by the length of the input. Two walks: make every object, then fill in references.
 */
#include "schooner/travel/travel.h"

#include <stdlib.h>
#include "base/utf8.h"
#include "schooner/compile/code.h"
#include "schooner/heap/barrier.h"
#include "schooner/table/primitive.h"
#include "schooner/num/number.h"
#include "schooner/read/front.h"

enum { NODES_PER_POLL = 4096 };

struct input {
    const unsigned char *at;
    const unsigned char *end;
};

struct decoder {
    sch_vm *vm;
    bool with_code;
    struct input in;
    sch_value *objects; /* by number */
    uint8_t *kinds;
    uint32_t count;
    struct buffer definitions; /* struct definition: made when all is sound */
    const char *problem;
};

/* What a cell of the machine's session is to hold. */
struct definition {
    sch_value cell, value;
};

static bool wrong(struct decoder *decoder, const char *problem)
{
    if (!decoder->problem)
        decoder->problem = problem;
    return false;
}

static bool take(struct decoder *decoder, void *ret, size_t length)
{
    if ((size_t)(decoder->in.end - decoder->in.at) < length)
        return wrong(decoder, "the bytes end too early");
    if (length)
        memcpy(ret, decoder->in.at, length);
    decoder->in.at += length;
    return true;
}

static bool take_bytes(struct decoder *decoder, const unsigned char **ret, uint32_t *ret_length)
{
    if (!take(decoder, ret_length, 4))
        return false;
    if ((size_t)(decoder->in.end - decoder->in.at) < *ret_length)
        return wrong(decoder, "the bytes end too early");
    *ret = decoder->in.at;
    decoder->in.at += *ret_length;
    return true;
}

/* A count of things of `each` bytes that all stand in the input. */
static bool take_count(struct decoder *decoder, size_t each, uint32_t *ret)
{
    if (!take(decoder, ret, 4))
        return false;
    if ((size_t)(decoder->in.end - decoder->in.at) / each < *ret)
        return wrong(decoder, "a length is too large");
    return true;
}

static bool limited(struct decoder *decoder)
{
    return wrong(decoder, "");
}

/* --- making ------------------------------------------------------------------------------------------------------ */

/* An object of `count` words behind its header, filled with #f for now. */
static bool make_words(struct decoder *decoder, enum object_type type, size_t count, sch_value *ret)
{
    size_t size = object_size(8, count, 8);
    if (!heap_reserve_object(decoder->vm, size))
        return limited(decoder);
    sch_value *words = heap_object(decoder->vm, type, count, size);
    for (size_t i = 1; i <= count; i++)
        words[i] = V_FALSE;
    *ret = object_value(words);
    return true;
}

static bool make_text(struct decoder *decoder, bool symbol, sch_value *ret)
{
    const unsigned char *bytes;
    uint32_t length;
    size_t characters, valid;
    if (!take_bytes(decoder, &bytes, &length))
        return false;
    if (!string_count(decoder->vm, (const char *)bytes, length, &characters, &valid))
        return limited(decoder);
    if (valid < length)
        return wrong(decoder, "a text is not UTF-8");
    *ret = symbol ? symbol_of_text(decoder->vm, (const char *)bytes, length)
                  : string_of(decoder->vm, (const char *)bytes, length);
    return !is_raised(*ret) || limited(decoder);
}

static bool make_bytevector(struct decoder *decoder, sch_value *ret)
{
    const unsigned char *bytes;
    uint32_t length;
    if (!take_bytes(decoder, &bytes, &length))
        return false;
    if (!heap_reserve_object(decoder->vm, bytevector_size(length)))
        return limited(decoder);
    struct bytevector *made = heap_object(decoder->vm, OBJECT_BYTEVECTOR, length, bytevector_size(length));
    *ret = object_value(made);
    return copy_bytes(decoder->vm, made->bytes, bytes, length) || limited(decoder);
}

static bool make_flonum(struct decoder *decoder, sch_value *ret)
{
    uint64_t bits;
    if (!take(decoder, &bits, 8))
        return false;
    *ret = make_double_reserving(decoder->vm, double_of_bits(bits));
    return !is_raised(*ret) || limited(decoder);
}

static bool make_bignum(struct decoder *decoder, sch_value *ret)
{
    uint32_t limbs;
    uint8_t negative;
    if (!take(decoder, &limbs, 4) || !take(decoder, &negative, 1))
        return false;
    if ((size_t)(decoder->in.end - decoder->in.at) / 8 < limbs || limbs == 0 || negative > 1)
        return wrong(decoder, "an integer is malformed");
    if ((uint64_t)limbs * 64 > decoder->vm->integer_bits + 64)
        return raise_limit(decoder->vm, SCH_LIMIT_INTEGER_BITS), limited(decoder);
    if (!heap_reserve_object(decoder->vm, bignum_size(limbs)))
        return limited(decoder);
    struct bignum *bignum = heap_object(decoder->vm, OBJECT_BIGNUM, limbs, bignum_size(limbs));
    bignum->header = header_make(OBJECT_BIGNUM, negative ? BIGNUM_NEGATIVE : 0, limbs);
    take(decoder, bignum->limbs, (size_t)limbs * 8);
    uint64_t top = bignum->limbs[limbs - 1];
    uint64_t most = (uint64_t)FIXNUM_MAX + negative;
    if (top == 0 || (limbs == 1 && top <= most))
        return wrong(decoder, "an integer is not in its shortest form");
    *ret = object_value(bignum);
    return true;
}

static bool make_parameter(struct decoder *decoder, uint64_t index, sch_value *ret)
{
    size_t size = object_size(sizeof(struct parameter), 0, 0);
    if (!heap_reserve(decoder->vm, size))
        return limited(decoder);
    struct parameter *parameter = heap_object(decoder->vm, OBJECT_PARAMETER, 2, size);
    parameter->index = index;
    parameter->value = V_FALSE;
    parameter->converter = V_FALSE;
    *ret = object_value(parameter);
    return true;
}

static bool make_standard_parameter(struct decoder *decoder, sch_value *ret)
{
    uint64_t index;
    if (!take(decoder, &index, 8))
        return false;
    if (index >= sizeof decoder->vm->standard_parameters / sizeof(sch_value))
        return wrong(decoder, "no such parameter");
    return make_parameter(decoder, index, ret);
}

static bool make_primitive(struct decoder *decoder, sch_value *ret)
{
    uint64_t index;
    if (!take(decoder, &index, 8))
        return false;
    if (index >= PRIMITIVE_COUNT)
        return wrong(decoder, "no such primitive");
    *ret = env_primitive(decoder->vm->env, (uint32_t)index);
    return true;
}

static bool make_closure(struct decoder *decoder, sch_value *ret)
{
    uint32_t captured;
    if (!take_count(decoder, 8, &captured))
        return false;
    size_t size = object_size(sizeof(struct closure), captured, 8);
    if (!heap_reserve_object(decoder->vm, size))
        return limited(decoder);
    struct closure *closure = heap_object(decoder->vm, OBJECT_CLOSURE, captured, size);
    closure->instance = 0;
    closure->procedure = 0;
    for (uint32_t i = 0; i < captured; i++)
        closure->captured[i] = V_FALSE;
    *ret = object_value(closure);
    return true;
}

/*
 * A program's code may mention procedures of the host that it came from. What the thunk reaches of them was refused
 * when it was encoded; the others are nothing here.
 */
static bool forget_host_values(struct front *front, const sch_env *env, struct sch_code *code)
{
    struct code_constant *constants = (struct code_constant *)(void *)((char *)code + code->constants.offset);
    for (uint32_t i = 0; i < code->constants.count; i++) {
        if (!front_step(front, 1))
            return false;
        if (constants[i].kind == CONSTANT_IMAGE && constants[i].a >= env->value_count) {
            constants[i].kind = CONSTANT_IMMEDIATE_VALUE;
            constants[i].a = (uint32_t)V_UNSPECIFIED.bits;
            constants[i].b = (uint32_t)(V_UNSPECIFIED.bits >> 32);
        }
    }
    return true;
}

/* Makes code of a stranger fit to run. NULL, or what is wrong with it: "" after a limit. */
static const char *accept(sch_vm *vm, struct sch_code *code, size_t length)
{
    struct front front;
    front_init_machine(&front, vm);
    const char *problem = code_verify(&front, code, length, PRIMITIVE_COUNT);
    if (!problem && (!forget_host_values(&front, vm->env, code) || !code_distrust(&front, code)))
        problem = "";
    if (front.limit != SCH_LIMIT_NONE) {
        raise_limit(vm, front.limit); /* if none stands already */
        problem = "";
    }
    heap_give_arena(vm, &front.arena);
    return problem;
}

static bool make_instance(struct decoder *decoder, sch_value *ret)
{
    const unsigned char *bytes;
    uint32_t length;
    if (!take_bytes(decoder, &bytes, &length))
        return false;
    if (length < sizeof(struct sch_code))
        return wrong(decoder, "code is malformed");
    struct sch_code *code = malloc(length);
    if (!code)
        return raise_limit(decoder->vm, SCH_LIMIT_HEAP), limited(decoder);
    bool copied = copy_bytes(decoder->vm, code, bytes, length);
    code->references = 1;
    code->environment = 0;
    const char *problem = copied ? accept(decoder->vm, code, length) : "";
    if (problem)
        wrong(decoder, problem);
    else if (is_raised(*ret = vm_instantiate(decoder->vm, code)))
        limited(decoder);
    code_drop(code);
    return !decoder->problem;
}

static bool make_image_instance(struct decoder *decoder, sch_value *ret)
{
    uint64_t index;
    const sch_env *env = decoder->vm->env;
    if (!take(decoder, &index, 8))
        return false;
    if (!env->image || index >= env->image->instances.count)
        return wrong(decoder, "no such code");
    const struct image_instance *instances = image_at(env->image, env->image->instances.offset);
    image_want_section(env, instances[index].section);
    *ret = object_value(env->region + instances[index].object);
    return true;
}

static bool make_cell(struct decoder *decoder, sch_value *ret)
{
    const unsigned char *space;
    const unsigned char *name;
    uint32_t space_length, name_length;
    char text[256];
    if (!take_bytes(decoder, &space, &space_length) || !take_bytes(decoder, &name, &name_length))
        return false;
    if (space_length >= sizeof text || memchr(space, 0, space_length))
        return wrong(decoder, "the name of a library is malformed");
    memcpy(text, space, space_length);
    text[space_length] = 0;
    *ret = vm_cell(decoder->vm, text, (const char *)name, name_length);
    return !is_raised(*ret) || limited(decoder);
}

static bool skip(struct decoder *decoder, size_t references)
{
    if ((size_t)(decoder->in.end - decoder->in.at) / 8 < references)
        return wrong(decoder, "the bytes end too early");
    decoder->in.at += references * 8;
    return true;
}

static bool make_pair(struct decoder *decoder, sch_value *ret)
{
    if (!heap_reserve(decoder->vm, PAIR_SIZE))
        return limited(decoder);
    *ret = cons(decoder->vm, V_FALSE, V_FALSE);
    return true;
}

/* Makes the object of the next node; its references are passed over. */
static bool make(struct decoder *decoder, enum travel_kind kind, sch_value *ret)
{
    uint32_t length;
    switch (kind) {
    case TRAVEL_PAIR: return make_pair(decoder, ret) && skip(decoder, 2);
    case TRAVEL_STRING: return make_text(decoder, false, ret);
    case TRAVEL_SYMBOL: return make_text(decoder, true, ret);
    case TRAVEL_KEYWORD: /* the interned one takes its place when its symbol is known */
        *ret = V_FALSE;
        return skip(decoder, 1);
    case TRAVEL_FLONUM: return make_flonum(decoder, ret);
    case TRAVEL_BIGNUM: return make_bignum(decoder, ret);
    case TRAVEL_RATIO: return make_words(decoder, OBJECT_RATIONAL, 2, ret) && skip(decoder, 2);
    case TRAVEL_COMPLEX: return make_words(decoder, OBJECT_COMPLEX, 2, ret) && skip(decoder, 2);
    case TRAVEL_VECTOR:
        return take_count(decoder, 8, &length) && make_words(decoder, OBJECT_VECTOR, length, ret) &&
               skip(decoder, length);
    case TRAVEL_BYTEVECTOR: return make_bytevector(decoder, ret);
    case TRAVEL_RECORD_TYPE: return make_words(decoder, OBJECT_RECORD_TYPE, 4, ret) && skip(decoder, 4);
    case TRAVEL_RECORD:
        return take_count(decoder, 8, &length) && make_words(decoder, OBJECT_RECORD, (size_t)length + 1, ret) &&
               skip(decoder, (size_t)length + 1);
    case TRAVEL_CONDITION: return make_words(decoder, OBJECT_CONDITION, 6, ret) && skip(decoder, 6);
    case TRAVEL_BOX: return make_words(decoder, OBJECT_BOX, 1, ret) && skip(decoder, 1);
    case TRAVEL_PROMISE: return make_words(decoder, OBJECT_PROMISE, 1, ret) && skip(decoder, 1);
    case TRAVEL_PARAMETER: return make_parameter(decoder, PARAMETER_OWN, ret) && skip(decoder, 2);
    case TRAVEL_STANDARD_PARAMETER: return make_standard_parameter(decoder, ret);
    case TRAVEL_PRIMITIVE: return make_primitive(decoder, ret);
    case TRAVEL_CLOSURE: return make_closure(decoder, ret) && skip(decoder, 2 + object_length(*ret));
    case TRAVEL_INSTANCE: return make_instance(decoder, ret);
    case TRAVEL_IMAGE_INSTANCE: return make_image_instance(decoder, ret);
    case TRAVEL_CELL: return skip(decoder, 1) && make_cell(decoder, ret);
    case TRAVEL_KIND_COUNT: break;
    }
    return wrong(decoder, "an unknown kind of value");
}

/* --- filling in -------------------------------------------------------------------------------------------------- */

static bool is_plain_immediate(sch_value value)
{
    if (is_fixnum(value) || is_small_double(value))
        return true;
    if (is_character(value))
        return value.bits >> 8 <= 0x10ffff && utf8_is_scalar(character_code(value));
    return is_boolean(value) || is_nil(value) || value_same(value, V_UNSPECIFIED) || value_same(value, V_EOF) ||
           value_same(value, V_DEFAULT);
}

static bool take_reference(struct decoder *decoder, sch_value *ret)
{
    sch_value word;
    if (!take(decoder, &word, 8))
        return false;
    if (!is_pointer(word)) {
        if (!is_plain_immediate(word))
            return wrong(decoder, "an immediate value is malformed");
        *ret = word;
        return true;
    }
    uint64_t number = word.bits >> 3;
    if (number >= decoder->count)
        return wrong(decoder, "a reference leads nowhere");
    uint8_t kind = decoder->kinds[number];
    bool hidden = kind == TRAVEL_BOX || kind == TRAVEL_INSTANCE || kind == TRAVEL_IMAGE_INSTANCE || kind == TRAVEL_CELL;
    if ((value_tag(word) == TAG_PAIR) != (kind == TRAVEL_PAIR) || hidden)
        return wrong(decoder, "a reference has the wrong kind");
    *ret = decoder->objects[number];
    return true;
}

/* What a closure captured may be a variable's box; its code knows. */
static bool take_captured(struct decoder *decoder, sch_value *ret)
{
    sch_value word;
    memcpy(&word, decoder->in.at, size_min(8, (size_t)(decoder->in.end - decoder->in.at)));
    uint64_t number = word.bits >> 3;
    if (is_object(word) && number < decoder->count && decoder->kinds[number] == TRAVEL_BOX) {
        *ret = decoder->objects[number];
        return skip(decoder, 1);
    }
    return take_reference(decoder, ret);
}

static bool take_references(struct decoder *decoder, sch_value *ret, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!take_reference(decoder, &ret[i]))
            return false;
    return true;
}

static sch_value *words_of(sch_value object)
{
    return (sch_value *)object_of(object) + 1;
}

static bool is_positive(sch_value integer)
{
    return is_fixnum(integer) ? fixnum_int(integer) > 1 : !(header_flags(value_header(integer)) & BIGNUM_NEGATIVE);
}

/* As arithmetic leaves it: not zero, and without a common factor. */
static bool is_in_lowest_terms(struct decoder *decoder, const struct ratio *ratio)
{
    sch_value quotient = number_divide(decoder->vm, "decode", ratio->numerator, ratio->denominator);
    return is_ratio(quotient) && number_eqv(object_as(struct ratio, quotient)->denominator, ratio->denominator);
}

static bool fill_ratio(struct decoder *decoder, sch_value object)
{
    struct ratio *ratio = object_of(object);
    if (!take_reference(decoder, &ratio->numerator) || !take_reference(decoder, &ratio->denominator))
        return false;
    if (!is_exact_integer(ratio->numerator) || !is_exact_integer(ratio->denominator) ||
        !is_positive(ratio->denominator))
        return wrong(decoder, "a ratio is malformed");
    if (!is_in_lowest_terms(decoder, ratio))
        return decoder->vm->limit != SCH_LIMIT_NONE ? limited(decoder) : wrong(decoder, "a ratio is malformed");
    return true;
}

static bool fill_complex(struct decoder *decoder, sch_value object)
{
    struct complex *complex = object_of(object);
    if (!take_reference(decoder, &complex->real) || !take_reference(decoder, &complex->imaginary))
        return false;
    bool exact = is_exact_integer(complex->imaginary) || is_ratio(complex->imaginary);
    bool real_exact = is_exact_integer(complex->real) || is_ratio(complex->real);
    if ((!exact && !is_double(complex->imaginary)) || (!real_exact && !is_double(complex->real)) ||
        exact != real_exact || value_same(complex->imaginary, make_fixnum(0)))
        return wrong(decoder, "a complex number is malformed");
    return true;
}

static bool fill_record_type(struct decoder *decoder, sch_value object)
{
    struct record_type *type = object_of(object);
    if (!take_references(decoder, words_of(object), 4))
        return false;
    if (!is_symbol(type->name) || !is_vector(type->fields) ||
        (!is_false(type->parent) && !is_record_type(type->parent)))
        return wrong(decoder, "a record type is malformed");
    return true;
}

static bool fill_record(struct decoder *decoder, sch_value object)
{
    skip(decoder, 0);
    decoder->in.at += 4; /* its number of fields, checked when it was made */
    if (!take_references(decoder, words_of(object), object_length(object)))
        return false;
    return is_record_type(object_as(struct record, object)->type) || wrong(decoder, "a record has no type");
}

/* After every record type is filled: does each record have as many fields as its type says? */
static bool check_records(struct decoder *decoder)
{
    for (uint32_t i = 0; i < decoder->count; i++) {
        if (decoder->kinds[i] != TRAVEL_RECORD)
            continue;
        const struct record *record = object_of(decoder->objects[i]);
        sch_value fields = object_as(struct record_type, record->type)->fields;
        if (!is_vector(fields) || object_length(fields) != header_length(record->header) - 1)
            return wrong(decoder, "a record does not fit its type");
    }
    return true;
}

static bool fill_closure(struct decoder *decoder, sch_value object)
{
    struct closure *closure = object_of(object);
    size_t captured = header_length(closure->header);
    uint64_t reference, index;
    decoder->in.at += 4; /* captured */
    if (!take(decoder, &reference, 8) || !take(decoder, &index, 8))
        return false;
    uint64_t number = reference >> 3;
    if (number >= decoder->count ||
        (decoder->kinds[number] != TRAVEL_INSTANCE && decoder->kinds[number] != TRAVEL_IMAGE_INSTANCE))
        return wrong(decoder, "a procedure has no code");
    const struct instance *instance = object_of(decoder->objects[number]);
    if (index == 0 || index >= instance->code->procedures.count ||
        code_procedures(instance->code)[index].captured != captured)
        return wrong(decoder, "a procedure does not fit its code");
    closure->procedure = code_procedure_word(instance->code, (uint32_t)index);
    closure->instance = (const char *)instance - (const char *)closure;
    for (size_t i = 0; i < captured; i++)
        if (!take_captured(decoder, &closure->captured[i]))
            return false;
    return true;
}

static bool fill_promise(struct decoder *decoder, sch_value object)
{
    struct promise *promise = object_of(object);
    if (!take_reference(decoder, &promise->state))
        return false;
    return is_pair(promise->state) || wrong(decoder, "a promise is malformed");
}

static bool fill_cell(struct decoder *decoder, sch_value object)
{
    struct definition definition = { .cell = object };
    sch_value word;
    uint32_t length;
    const unsigned char *bytes;
    memcpy(&word, decoder->in.at, 8);
    if (value_same(word, V_UNBOUND)) {
        skip(decoder, 1);
    } else if (!take_reference(decoder, &definition.value)) {
        return false;
    } else if (!buffer_append(&decoder->definitions, &definition, sizeof definition)) {
        raise_limit(decoder->vm, SCH_LIMIT_HEAP);
        return limited(decoder);
    }
    for (int i = 0; i < 2; i++) {
        if (!take_bytes(decoder, &bytes, &length))
            return false;
    }
    return true;
}

/* The second walk; lengths were checked by the first. */
static bool fill(struct decoder *decoder, enum travel_kind kind, sch_value object)
{
    uint32_t length;
    uint8_t byte;
    const unsigned char *bytes;
    switch (kind) {
    case TRAVEL_PAIR:
        return take_reference(decoder, &pair_of(object)->car) && take_reference(decoder, &pair_of(object)->cdr);
    case TRAVEL_STRING:
    case TRAVEL_SYMBOL:
    case TRAVEL_BYTEVECTOR:
    case TRAVEL_INSTANCE: return take_bytes(decoder, &bytes, &length);
    case TRAVEL_KEYWORD:
    case TRAVEL_FLONUM:
    case TRAVEL_STANDARD_PARAMETER:
    case TRAVEL_PRIMITIVE:
    case TRAVEL_IMAGE_INSTANCE: return skip(decoder, 1);
    case TRAVEL_BIGNUM: return take(decoder, &length, 4) && take(decoder, &byte, 1) && skip(decoder, length);
    case TRAVEL_RATIO: return fill_ratio(decoder, object);
    case TRAVEL_COMPLEX: return fill_complex(decoder, object);
    case TRAVEL_VECTOR: return take(decoder, &length, 4) && take_references(decoder, words_of(object), length);
    case TRAVEL_RECORD_TYPE: return fill_record_type(decoder, object);
    case TRAVEL_RECORD: return fill_record(decoder, object);
    case TRAVEL_CONDITION: return take_references(decoder, words_of(object), 6);
    case TRAVEL_BOX: return take_references(decoder, words_of(object), 1);
    case TRAVEL_PROMISE: return fill_promise(decoder, object);
    case TRAVEL_PARAMETER: return take_references(decoder, &object_as(struct parameter, object)->value, 2);
    case TRAVEL_CLOSURE: return fill_closure(decoder, object);
    case TRAVEL_CELL: return fill_cell(decoder, object);
    case TRAVEL_KIND_COUNT: break;
    }
    return wrong(decoder, "an unknown kind of value");
}

/* Bytes that are not sound leave the session as it was. */
static void define_all(struct decoder *decoder)
{
    const struct definition *all = (const struct definition *)(const void *)decoder->definitions.bytes;
    for (size_t i = 0; i < decoder->definitions.length / sizeof *all; i++) {
        struct cell *cell = object_of(all[i].cell);
        barrier_object(decoder->vm, cell); /* it may have been there before */
        cell->value = all[i].value;
    }
}

/* Keywords are interned by their symbols, which are there after the first walk. */
static bool make_keywords(struct decoder *decoder)
{
    struct input nodes = decoder->in;
    for (uint32_t i = 0; i < decoder->count; i++) {
        if (decoder->kinds[i] != TRAVEL_KEYWORD)
            continue;
        uint64_t word;
        memcpy(&word, nodes.at + decoder->objects[i].bits, 8); /* the node's offset, kept there meanwhile */
        uint64_t number = word >> 3;
        if ((word & TAG_MASK) != TAG_OBJECT || number >= decoder->count || decoder->kinds[number] != TRAVEL_SYMBOL)
            return wrong(decoder, "a keyword has no name");
        decoder->objects[i] = keyword_of(decoder->vm, decoder->objects[number]);
        if (is_raised(decoder->objects[i]))
            return limited(decoder);
    }
    return true;
}

static bool next_kind(struct decoder *decoder, uint8_t *ret)
{
    if (!take(decoder, ret, 1))
        return false;
    static const bool needs_code[] = {
#define NODE(KIND, code) code,
#include "schooner/travel/nodes.def"
#undef NODE
    };
    if (*ret >= TRAVEL_KIND_COUNT)
        return wrong(decoder, "an unknown kind of value");
    return !needs_code[*ret] || decoder->with_code || wrong(decoder, "procedures are not allowed here");
}

/* The whole was charged; among many nodes the clock is looked at. */
static bool still_in_time(struct decoder *decoder, uint32_t node)
{
    return node % NODES_PER_POLL != NODES_PER_POLL - 1 || poll(decoder->vm) || limited(decoder);
}

static bool decode_nodes(struct decoder *decoder, sch_value *ret)
{
    struct input start = decoder->in;
    for (uint32_t i = 0; i < decoder->count; i++) {
        if (!still_in_time(decoder, i))
            return false;
        if (!next_kind(decoder, &decoder->kinds[i]))
            return false;
        size_t offset = (size_t)(decoder->in.at - start.at);
        if (!make(decoder, (enum travel_kind)decoder->kinds[i], &decoder->objects[i]))
            return false;
        if (decoder->kinds[i] == TRAVEL_KEYWORD)
            decoder->objects[i].bits = offset;
    }
    struct input behind = decoder->in;
    decoder->in = start;
    if (!make_keywords(decoder))
        return false;
    for (uint32_t i = 0; i < decoder->count; i++) {
        if (!still_in_time(decoder, i))
            return false;
        decoder->in.at++;
        if (!fill(decoder, (enum travel_kind)decoder->kinds[i], decoder->objects[i]))
            return false;
    }
    decoder->in = behind;
    if (!check_records(decoder) || !take_reference(decoder, ret))
        return false;
    if (decoder->in.at != decoder->in.end)
        return wrong(decoder, "there are bytes behind the end");
    define_all(decoder);
    return true;
}

const char *travel_decode(sch_vm *vm, const void *bytes, size_t length, bool code, sch_value *ret)
{
    struct decoder decoder = { .vm = vm, .with_code = code };
    decoder.in = (struct input){ bytes, (const unsigned char *)bytes + length };
    struct travel_header header;
    if (!take(&decoder, &header, sizeof header))
        return decoder.problem;
    if (header.magic != TRAVEL_MAGIC || header.version != TRAVEL_VERSION)
        return "not an encoded value of this version";
    if (header.code && header.fingerprint != (vm->env->image ? vm->env->image->fingerprint : 0))
        return "encoded by another build";
    if (header.nodes > length / 5 || !charge(vm, length / 64 + header.nodes))
        return vm->limit ? "" : "a length is too large";

    decoder.count = header.nodes;
    size_t bytes_needed = (size_t)header.nodes * (sizeof(sch_value) + 1) + 1;
    decoder.objects = memory_resize(vm_memory(vm), NULL, 0, bytes_needed);
    if (!decoder.objects) {
        raise_limit(vm, SCH_LIMIT_HEAP);
        return "";
    }
    decoder.kinds = (uint8_t *)(decoder.objects + header.nodes);
    buffer_init(&decoder.definitions, vm_memory(vm));
    heap_pause_collection(vm);
    decode_nodes(&decoder, ret);
    heap_resume_collection(vm);
    buffer_done(&decoder.definitions);
    memory_resize(vm_memory(vm), decoder.objects, bytes_needed, 0);
    return decoder.problem;
}
