/* Values for the host: constructors and total accessors of schooner.h. */
#include "base/utf8.h"
#include "schooner/api/state.h"
#include "schooner/lib/list.h"
#include "schooner/num/number.h"
#include "schooner/print/print.h"

const sch_value SCH_RAISED = { ((uint64_t)CONSTANT_RAISED << 8) | TAG_IMMEDIATE };

bool sch_is_raised(sch_value value)
{
    return is_raised(value);
}

sch_value sch_nil(void)
{
    return V_NIL;
}

sch_value sch_unspecified(void)
{
    return V_UNSPECIFIED;
}

sch_value sch_boolean(bool value)
{
    return make_boolean(value);
}

sch_value sch_character(uint32_t code)
{
    return utf8_is_scalar(code) ? make_character(code) : V_RAISED;
}

void values_begin(sch_vm *vm)
{
    if (vm->api->state != RUN_NONE)
        return;
    heap_give_rest(vm);
    vm->limit = SCH_LIMIT_NONE;
    vm->raised.kind = NULL;
    vm->raised.payload = (sch_value){ 0 };
}

sch_value values_misuse(sch_vm *vm, const char *message)
{
    values_begin(vm);
    return raise_error(vm, "misuse", vm->host_function, 0, NULL, "%s", message);
}

static bool is_any_raised(size_t count, const sch_value items[])
{
    for (size_t i = 0; i < count; i++)
        if (is_raised(items[i]))
            return true;
    return false;
}

/*
 * A host holds plain values in C variables, which are no roots: so its constructors never collect. What they build
 * counts, and the machine collects at its next safe point.
 */
static bool reserve(sch_vm *vm, size_t large, size_t small)
{
    values_begin(vm);
    heap_pause_collection(vm);
    bool fits = (large == 0 || heap_reserve_object(vm, large)) && (small == 0 || heap_reserve(vm, small));
    heap_resume_collection(vm);
    return fits;
}

/* What is handed to the host stays alive until the host function at work returns, or the next run from outside ends. */
sch_value scope_hold(sch_vm *vm, sch_value value)
{
    if (is_pointer(value) && !buffer_append_u64(&vm->scope, value.bits))
        return raise_limit(vm, SCH_LIMIT_HEAP);
    return value;
}

sch_value sch_integer(sch_vm *vm, int64_t value)
{
    if (fixnum_fits(value))
        return make_fixnum(value);
    values_begin(vm);
    heap_pause_collection(vm);
    sch_value made = make_integer(vm, value);
    heap_resume_collection(vm);
    return scope_hold(vm, made);
}

sch_value sch_real(sch_vm *vm, double value)
{
    return reserve(vm, 0, FLONUM_SIZE) ? scope_hold(vm, make_double(vm, value)) : V_RAISED;
}

sch_value sch_string(sch_vm *vm, const char *text, size_t length)
{
    size_t characters;
    if (!text && length > 0)
        return values_misuse(vm, "a string without its text");
    text = text ? text : "";
    if (!utf8_count((const unsigned char *)text, length, &characters, NULL))
        return raise_error(vm, "type-error", NULL, 0, NULL, "a string of the host is not UTF-8");
    return reserve(vm, string_size(length, characters), 0) ? scope_hold(vm, string_make(vm, text, length, characters))
                                                           : V_RAISED;
}

sch_value sch_symbol(sch_vm *vm, const char *name)
{
    size_t characters, length = name ? strlen(name) : 0;
    if (!name || !utf8_count((const unsigned char *)name, length, &characters, NULL))
        return values_misuse(vm, "the name of a symbol is missing or not UTF-8");
    return reserve(vm, symbol_size(length), 0) ? scope_hold(vm, symbol_intern(vm, name, length)) : V_RAISED;
}

sch_value sch_keyword(sch_vm *vm, const char *name)
{
    sch_value symbol = sch_symbol(vm, name);
    if (is_raised(symbol))
        return symbol;
    heap_pause_collection(vm);
    sch_value keyword = keyword_of(vm, symbol);
    heap_resume_collection(vm);
    return scope_hold(vm, keyword);
}

sch_value sch_cons(sch_vm *vm, sch_value car, sch_value cdr)
{
    if (is_raised(car) || is_raised(cdr))
        return V_RAISED;
    return reserve(vm, 0, PAIR_SIZE) ? scope_hold(vm, cons(vm, car, cdr)) : V_RAISED;
}

sch_value sch_list(sch_vm *vm, size_t count, const sch_value items[])
{
    size_t bytes;
    if (count > 0 && !items)
        return values_misuse(vm, "a list without its items");
    if (is_any_raised(count, items))
        return V_RAISED;
    if (!reserve(vm, 0, size_mul(count, PAIR_SIZE, &bytes) ? bytes : SIZE_MAX))
        return V_RAISED;
    sch_value list = V_NIL;
    while (count-- > 0)
        list = cons(vm, items[count], list);
    return scope_hold(vm, list);
}

sch_value sch_vector(sch_vm *vm, size_t count, const sch_value items[])
{
    if (count >= (size_t)1 << 40)
        return raise_limit(vm, SCH_LIMIT_HEAP);
    if (count > 0 && !items)
        return values_misuse(vm, "a vector without its items");
    if (is_any_raised(count, items))
        return V_RAISED;
    if (!reserve(vm, vector_size(count), 0))
        return V_RAISED;
    struct vector *vector = heap_object(vm, OBJECT_VECTOR, count, vector_size(count));
    if (count)
        memcpy(vector->items, items, count * sizeof *items);
    return scope_hold(vm, object_value(vector));
}

sch_value sch_bytevector(sch_vm *vm, const void *bytes, size_t length)
{
    if (length >= (size_t)1 << 40)
        return raise_limit(vm, SCH_LIMIT_HEAP);
    if (length > 0 && !bytes)
        return values_misuse(vm, "a bytevector without its bytes");
    if (!reserve(vm, bytevector_size(length), 0))
        return V_RAISED;
    struct bytevector *made = heap_object(vm, OBJECT_BYTEVECTOR, length, bytevector_size(length));
    if (length)
        memcpy(made->bytes, bytes, length);
    return scope_hold(vm, object_value(made));
}

sch_value sch_foreign(sch_vm *vm, const struct sch_foreign_type *type, void *pointer, size_t bytes)
{
    size_t size = object_size(sizeof(struct foreign), 0, 0);
    if (!type)
        return values_misuse(vm, "a foreign value needs a type");
    sch_value known = type->finalize ? V_FALSE : foreign_find(vm, type, pointer);
    if (is_foreign(known))
        return scope_hold(vm, known);
    if (!reserve(vm, 0, size + HEAP_FINALIZER_SIZE))
        return V_RAISED;
    if (!account_declare(&vm->account, bytes))
        return raise_limit(vm, SCH_LIMIT_HEAP);
    vm->heap.allocated +=
        bytes; /* so that what is declared brings the next collection nearer, as what is mapped does */
    struct foreign *foreign = heap_object(vm, OBJECT_FOREIGN, 0, size);
    foreign->pointer = pointer;
    foreign->type = type;
    foreign->declared = bytes;
    heap_add_finalizer(vm, (struct object *)foreign);
    if (!type->finalize && !foreign_intern(vm, object_value(foreign)))
        return raise_limit(vm, SCH_LIMIT_HEAP);
    return scope_hold(vm, object_value(foreign));
}

static enum sch_kind immediate_kind_of(sch_value value)
{
    if (is_boolean(value))
        return SCH_KIND_BOOLEAN;
    if (is_nil(value))
        return SCH_KIND_NIL;
    if (is_character(value))
        return SCH_KIND_CHARACTER;
    if (value_same(value, V_EOF))
        return SCH_KIND_EOF;
    return value_same(value, V_UNSPECIFIED) ? SCH_KIND_UNSPECIFIED : SCH_KIND_OTHER;
}

static enum sch_kind object_kind_of(sch_value value)
{
    if (is_procedure(value))
        return SCH_KIND_PROCEDURE;
    switch ((enum object_type)header_type(value_header(value))) {
    case OBJECT_STRING:
    case OBJECT_MSTRING: return SCH_KIND_STRING;
    case OBJECT_SYMBOL: return SCH_KIND_SYMBOL;
    case OBJECT_KEYWORD: return SCH_KIND_KEYWORD;
    case OBJECT_BIGNUM: return SCH_KIND_INTEGER;
    case OBJECT_FLONUM:
    case OBJECT_RATIONAL:
    case OBJECT_COMPLEX: return SCH_KIND_NUMBER;
    case OBJECT_VECTOR: return SCH_KIND_VECTOR;
    case OBJECT_BYTEVECTOR: return SCH_KIND_BYTEVECTOR;
    case OBJECT_RECORD: return SCH_KIND_RECORD;
    case OBJECT_CONDITION: return SCH_KIND_CONDITION;
    case OBJECT_FOREIGN: return SCH_KIND_FOREIGN;
    case OBJECT_NONE:
    case OBJECT_BOX:
    case OBJECT_CELL:
    case OBJECT_VALUES:
    case OBJECT_CLOSURE:
    case OBJECT_PRIMITIVE:
    case OBJECT_PARAMETER:
    case OBJECT_CONTINUATION:
    case OBJECT_INSTANCE:
    case OBJECT_STACK:
    case OBJECT_RECORD_TYPE:
    case OBJECT_PROMISE:
    case OBJECT_PORT:
    case OBJECT_TABLE:
    case OBJECT_ENVIRONMENT:
    case OBJECT_DYNAMIC:
    case OBJECT_TYPE_COUNT: return SCH_KIND_OTHER;
    }
    return SCH_KIND_OTHER;
}

enum sch_kind sch_kind_of(sch_value value)
{
    if (is_fixnum(value))
        return SCH_KIND_INTEGER;
    if (is_small_double(value))
        return SCH_KIND_NUMBER;
    if (is_pair(value))
        return SCH_KIND_PAIR;
    return is_object(value) ? object_kind_of(value) : immediate_kind_of(value);
}

bool sch_is_true(sch_value value)
{
    return !is_false(value);
}

/* A host passes NULL for what it does not want. */
#define PUT(place, value)       \
    do {                        \
        if (place)              \
            *(place) = (value); \
    } while (0)

bool sch_get_integer(sch_value value, int64_t *ret)
{
    int64_t ignored;
    return is_exact_integer(value) && number_to_int64(value, ret ? ret : &ignored);
}

bool sch_get_real(sch_value value, double *ret)
{
    double ignored;
    return is_real(value) && number_to_double(value, ret ? ret : &ignored);
}

bool sch_get_character(sch_value value, uint32_t *ret)
{
    if (!is_character(value))
        return false;
    PUT(ret, character_code(value));
    return true;
}

bool sch_get_boolean(sch_value value, bool *ret)
{
    if (!is_boolean(value))
        return false;
    PUT(ret, value_same(value, V_TRUE));
    return true;
}

bool sch_get_text(sch_value value, const char **ret_text, size_t *ret_length)
{
    if (is_keyword(value))
        value = object_as(struct keyword, value)->symbol;
    if (is_mstring(value))
        value = object_as(struct mstring, value)->text;
    if (is_istring(value))
        PUT(ret_text, object_as(struct string, value)->text);
    else if (is_symbol(value))
        PUT(ret_text, object_as(struct symbol, value)->text);
    else
        return false;
    PUT(ret_length, object_length(value));
    return true;
}

bool sch_get_bytes(sch_value value, const void **ret_bytes, size_t *ret_length)
{
    if (!is_bytevector(value))
        return false;
    PUT(ret_bytes, object_as(struct bytevector, value)->bytes);
    PUT(ret_length, object_length(value));
    return true;
}

bool sch_get_pair(sch_value value, sch_value *ret_car, sch_value *ret_cdr)
{
    if (!is_pair(value))
        return false;
    PUT(ret_car, pair_car(value));
    PUT(ret_cdr, pair_cdr(value));
    return true;
}

bool sch_get_list_length(sch_value value, size_t *ret_length)
{
    size_t length = 0;
    size_t power = 1;
    for (sch_value slow = value; is_pair(value);) {
        value = pair_cdr(value);
        if (value_same(value, slow))
            return false; /* a cycle (Brent) */
        if (++length == power) {
            power *= 2;
            slow = value;
        }
    }
    if (!is_nil(value))
        return false;
    PUT(ret_length, length);
    return true;
}

bool sch_get_vector(sch_value value, const sch_value **ret_items, size_t *ret_length)
{
    if (!is_vector(value))
        return false;
    PUT(ret_items, object_as(struct vector, value)->items);
    PUT(ret_length, object_length(value));
    return true;
}

bool sch_get_foreign(sch_value value, const struct sch_foreign_type *type, void **ret)
{
    if (!is_foreign(value) || object_as(struct foreign, value)->type != type)
        return false;
    PUT(ret, object_as(struct foreign, value)->pointer);
    return true;
}

bool sch_get_values(sch_value value, const sch_value **ret_items, size_t *ret_count)
{
    if (!is_values(value))
        return false;
    if (ret_items)
        *ret_items = object_as(struct values, value)->items;
    if (ret_count)
        *ret_count = object_length(value);
    return true;
}

bool sch_get_record(sch_value value, const char **ret_type_name, const sch_value **ret_fields, size_t *ret_count)
{
    if (!is_record(value))
        return false;
    const struct record *record = object_as(struct record, value);
    PUT(ret_type_name, object_as(struct symbol, object_as(struct record_type, record->type)->name)->text);
    PUT(ret_fields, record->fields);
    PUT(ret_count, object_length(value) - 1);
    return true;
}

bool sch_get_condition(sch_value value, sch_value *ret_kind, sch_value *ret_message, sch_value *ret_irritants)
{
    if (!is_condition(value))
        return false;
    const struct condition *condition = object_as(struct condition, value);
    PUT(ret_kind, condition->kind);
    PUT(ret_message, condition->message);
    PUT(ret_irritants, condition->irritants);
    return true;
}

sch_value sch_print(sch_vm *vm, sch_value value, bool display)
{
    if (is_raised(value))
        return value;
    values_begin(vm);
    struct buffer text;
    buffer_init(&text, vm_memory(vm));
    sch_value printed = V_RAISED;
    if (print_value(vm, value, display ? PRINT_DISPLAY : PRINT_WRITE, SIZE_MAX, &text))
        printed = sch_string(vm, (const char *)text.bytes, text.length);
    buffer_done(&text);
    return printed;
}
