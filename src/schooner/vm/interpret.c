/*
 * The interpreter's loop. Its state is pc, fp and the counter in locals; they are stored before anything that may look
 * at the stack or charge (SAVE) and read again behind it (LOAD).
 */
#include "schooner/table/primitive.h"
#include "schooner/num/number.h"
#include "schooner/vm/run.h"

#define SAVE() (vm->pc = pc, vm->fp = fp, vm->slice = slice)
#define LOAD() (slice = vm->slice)
#define A      (word >> 8 & 0xff)
#define B      (word >> 16 & 0xff)
#define C      (word >> 24)
#define R(n)   fp[n]
#define NEXT()                     \
    do {                           \
        word = *pc;                \
        goto *labels[word & 0xff]; \
    } while (0)
#define STEP(n)    \
    do {           \
        pc += (n); \
        NEXT();    \
    } while (0)

/* The distance in the last word of a branch of `length` words. */
#define JUMP_IF(condition, length)         \
    do {                                   \
        if (condition)                     \
            pc += (int32_t)pc[(length)-1]; \
        STEP(length);                      \
    } while (0)

/* A double that fits a word, or a fixnum beside one: no pointer to a double, which would cost the C stack its place. */
static inline bool is_as_double(sch_value v)
{
    return likely(is_small_double(v)) || is_fixnum(v);
}

static inline double as_double(sch_value v)
{
    return likely(is_small_double(v)) ? small_double(v) : (double)fixnum_int(v);
}

/* Fixnums first, then doubles that fit a word; all else in num/. */
#define ARITHMETIC(x, y, fixnum_case, double_operator, slow)                              \
    do {                                                                                  \
        sch_value a = (x), b = (y);                                                       \
        if (likely(are_fixnums(a, b))) {                                                  \
            int64_t n;                                                                    \
            if (likely(!(fixnum_case))) {                                                 \
                R(A) = (sch_value){ (uint64_t)n };                                        \
                STEP(1);                                                                  \
            }                                                                             \
        } else if (is_as_double(a) && is_as_double(b)) {                                  \
            sch_value v = small_double_encode(as_double(a) double_operator as_double(b)); \
            if (likely(is_small_double(v))) {                                             \
                R(A) = v;                                                                 \
                STEP(1);                                                                  \
            }                                                                             \
        }                                                                                 \
        SAVE();                                                                           \
        value = slow;                                                                     \
        goto store_a;                                                                     \
    } while (0)

#define COMPARISON(x, y, operator, relation, who, sense, length)                    \
    do {                                                                            \
        sch_value a = (x), b = (y);                                                 \
        if (likely(are_fixnums(a, b)))                                              \
            JUMP_IF(((int64_t)a.bits operator(int64_t) b.bits) == (sense), length); \
        if (is_small_double(a) && is_small_double(b))                               \
            JUMP_IF((small_double(a) operator small_double(b)) == (sense), length); \
        SAVE();                                                                     \
        value = number_compare(vm, who, relation, a, b);                            \
        LOAD();                                                                     \
        if (is_raised(value))                                                       \
            goto raised;                                                            \
        JUMP_IF(!is_false(value) == (sense), length);                               \
    } while (0)

#define COMPARE_OPS(NAME, operator, relation, who)                                                           \
    op_J##NAME : COMPARISON(R(A), R(B), operator, relation, who, true, 2);                                   \
    op_JN##NAME : COMPARISON(R(A), R(B), operator, relation, who, false, 2);                                 \
    op_J##NAME##I : COMPARISON(R(A), make_fixnum((int16_t)word_bc(word)), operator, relation, who, true, 2); \
    op_JN##NAME##I : COMPARISON(R(A), make_fixnum((int16_t)word_bc(word)), operator, relation, who, false, 2)

#define TEST_OPS(NAME, condition, length)    \
    op_J##NAME : JUMP_IF(condition, length); \
    op_JN##NAME : JUMP_IF(!(condition), length)

/* Parity, where `bit` is that of the lowest digit of a fixnum; all else is the primitive's. */
#define PARITY(bit, primitive, sense)                               \
    do {                                                            \
        if (likely(is_fixnum(R(A))))                                \
            JUMP_IF(((R(A).bits >> 3 & 1) == (bit)) == (sense), 2); \
        SAVE();                                                     \
        value = primitive(vm, &R(A), 1);                            \
        LOAD();                                                     \
        if (is_raised(value))                                       \
            goto raised;                                            \
        JUMP_IF(!is_false(value) == (sense), 2);                    \
    } while (0)

/* What a primitive does with two registers, and the result to a third one. */
#define BITS(primitive)                    \
    do {                                   \
        sch_value args[] = { R(B), R(C) }; \
        SAVE();                            \
        value = primitive(vm, args, 2);    \
        goto store_a;                      \
    } while (0)

#define CHANGE(primitive, ...)                                     \
    do {                                                           \
        sch_value args[] = { __VA_ARGS__ };                        \
        SAVE();                                                    \
        value = primitive(vm, args, sizeof args / sizeof args[0]); \
        goto changed;                                              \
    } while (0)

#define RAISE(expression) \
    do {                  \
        SAVE();           \
        expression;       \
        goto raised;      \
    } while (0)

static inline bool is_record_of(sch_value v, sch_value type)
{
    return is_record(v) && value_same(object_as(struct record, v)->type, type);
}

/* For instructions that raise where it is not so: the compiler puts what follows close by. It does not look through the
 * two halves of is_type. */
static inline bool is_as_expected(sch_value v, unsigned type)
{
    return likely(is_object(v)) && likely(header_type(value_header(v)) == type);
}

static inline bool is_expected_record(sch_value v, sch_value type)
{
    return is_as_expected(v, OBJECT_RECORD) && likely(value_same(object_as(struct record, v)->type, type));
}

/* Is it of the type, and the machine's own? The image's objects, which all machines share, are never written. */
static inline bool is_own(sch_value v, unsigned type)
{
    return is_as_expected(v, type) && likely(!(header_flags(value_header(v)) & OBJECT_FROZEN));
}

/* May the pair be one that is never written? Where none is near, that is seen at once. */
static inline bool block_has_literals(sch_value pair)
{
    return block_of(pair_of(pair))->flags & (BLOCK_FROZEN | BLOCK_LITERAL);
}

static inline const uint32_t *closure_entry(const struct closure *closure)
{
    return closure_instance(closure)->code->words + (closure->procedure >> 32);
}

/* What an environment slot holds for a procedure that captures nothing: the instance. */
static inline sch_value instance_value(sch_value environment)
{
    return object_value(environment_instance(environment));
}

/* --- what is too long or too rare for the loop; each false (or V_RAISED) after raising --- */

/* The arguments are rooted here and not by a live map: how many there are is known only now, and a map would speak of
 * those that are missing too. */
static bool rest_list(sch_vm *vm, size_t required, size_t count)
{
    size_t length = count > required ? count - required : 0;
    interpreter_of(vm)->extra = vm->fp;
    interpreter_of(vm)->extra_count = count;
    bool ok = charge(vm, pairs_cost(length)) && heap_reserve_pairs(vm, length);
    interpreter_of(vm)->extra_count = 0;
    if (!ok)
        return false;
    sch_value list = V_NIL;
    for (size_t i = count; i > required; i--)
        list = cons(vm, vm->fp[i - 1], list);
    vm->fp[required] = list;
    return true;
}

static void raise_arity(sch_vm *vm, const char *name, size_t least, int64_t most, size_t count)
{
    if (most < 0)
        raise_error(vm, "arity-error", name, 0, NULL, "expected at least %zu argument%s, got %zu", least,
                    least == 1 ? "" : "s", count);
    else if ((int64_t)least == most)
        raise_error(vm, "arity-error", name, 0, NULL, "expected %zu argument%s, got %zu", least, least == 1 ? "" : "s",
                    count);
    else
        raise_error(vm, "arity-error", name, 0, NULL, "expected %zu to %zu arguments, got %zu", least, (size_t)most,
                    count);
}

/* The frame of the procedure whose arity is wrong is at vm->fp. */
static void raise_code_arity(sch_vm *vm, size_t count)
{
    const struct sch_code *code = environment_instance(vm->fp[-1])->code;
    const struct code_procedure *p = code_procedure_at(code, (uint32_t)(vm->pc - code->words));
    raise_arity(vm, p->name.count ? code_text(code, p->name.offset) : NULL, (size_t)p->min_args, p->max_args, count);
}

static sch_value make_closure(sch_vm *vm, const sch_value *fp, const uint32_t *pc)
{
    size_t count = word_bc(*pc), bytes = object_size(sizeof(struct closure), count, 8);
    if (!(bytes <= HEAP_LARGE ? heap_reserve(vm, bytes) : heap_reserve_object(vm, bytes)))
        return V_RAISED;
    const struct instance *instance = environment_instance(fp[-1]);
    struct closure *closure = heap_object(vm, OBJECT_CLOSURE, count, bytes);
    closure->instance = (const char *)instance - (const char *)closure;
    closure->procedure = code_procedure_word(instance->code, pc[1]);
    for (size_t i = 0; i < count; i++) {
        uint32_t from = pc[2 + i];
        closure->captured[i] =
            from >= CAPTURE_ENV ? object_as(struct closure, fp[-1])->captured[from - CAPTURE_ENV] : fp[from];
    }
    return object_value(closure);
}

static sch_value make_box(sch_vm *vm, const sch_value *at)
{
    if (!heap_reserve(vm, 16))
        return V_RAISED;
    struct box *box = heap_object(vm, OBJECT_BOX, 1, 16);
    box->value = *at;
    return object_value(box);
}

/* (receive formals producer body): `value` to the registers from `to`. */
static bool receive(sch_vm *vm, sch_value value, sch_value *to, size_t count, bool has_rest)
{
    const sch_value *items = is_values(value) ? object_as(struct values, value)->items : &value;
    size_t length = is_values(value) ? object_length(value) : 1;
    if (length < count || (length > count && !has_rest)) {
        raise_error(vm, "arity-error", NULL, 0, NULL, "expected %s%zu value%s, got %zu", has_rest ? "at least " : "",
                    count, count == 1 ? "" : "s", length);
        return false;
    }
    sch_value rest = V_NIL;
    if (has_rest) {
        if (!charge(vm, pairs_cost(length - count)) || !heap_reserve_pairs(vm, length - count))
            return false;
        for (size_t i = length; i > count; i--)
            rest = cons(vm, items[i - 1], rest);
        to[count] = rest;
    }
    for (size_t i = 0; i < count; i++)
        to[i] = items[i];
    return true;
}

enum { SPREAD_PER_POLL = 4096 };

/* Arguments of (apply f a ... list), from fp[0], become those of f, which stands there no more. */
static bool spread(sch_vm *vm, size_t count, size_t *ret_count)
{
    size_t fixed = count - 2, length = 0;
    sch_value list = vm->fp[count - 1];
    for (sch_value at = list; is_pair(at); at = pair_cdr(at))
        if (unlikely(++length % SPREAD_PER_POLL == 0) && !poll(vm))
            return false;
    interpreter_of(vm)->extra = vm->fp;
    interpreter_of(vm)->extra_count = count;
    bool ok = charge(vm, length) && stack_grow(vm, fixed + length + SEGMENT_MARGIN, count);
    interpreter_of(vm)->extra_count = 0;
    if (!ok)
        return false;
    sch_value *fp = vm->fp;
    memmove(fp, fp + 1, fixed * sizeof *fp);
    for (size_t i = fixed; is_pair(list); list = pair_cdr(list)) {
        fp[i++] = pair_car(list);
        if (unlikely(i % SPREAD_PER_POLL == 0) && !poll(vm))
            return false;
    }
    *ret_count = fixed + length;
    return true;
}

static bool spread_values(sch_vm *vm, sch_value value, size_t *ret_count)
{
    size_t length = is_values(value) ? object_length(value) : 1;
    if (length == 1 && !is_values(value)) {
        vm->fp[0] = value;
        *ret_count = 1;
        return true;
    }
    interpreter_of(vm)->hidden = value;
    bool ok = charge(vm, length / 4) && stack_grow(vm, length + SEGMENT_MARGIN, 0);
    interpreter_of(vm)->hidden = V_NIL;
    if (!ok)
        return false;
    *ret_count = length;
    return copy_bytes(vm, vm->fp, object_as(struct values, value)->items, length * sizeof(sch_value));
}

static sch_value call_host(sch_vm *vm, const struct primitive *primitive, size_t count)
{
    struct interpreter *in = interpreter_of(vm);
    const struct host_function *function = env_host_function(vm->env, primitive->index);
    if ((int64_t)count < function->min_args || (function->max_args >= 0 && (int64_t)count > function->max_args)) {
        raise_arity(vm, function->name, (size_t)function->min_args, function->max_args, count);
        return V_RAISED;
    }
    if (!charge(vm, function->cost))
        return V_RAISED;
    /* A host's constructors never collect: what they owe is collected here, while the arguments stand on the stack. */
    if (heap_owes_collection(&vm->heap) && !heap_collect(vm, false))
        return V_RAISED;
    size_t scope = vm->scope.length;
    vm->raised.kind = NULL; /* what an earlier call from the host ended with is the host's affair */
    vm->raised.payload = (sch_value){ 0 };
    const char *outer = vm->host_function;
    vm->host_function = function->name;
    sch_value value = function->function(vm, function->data, count, vm->fp);
    vm->host_function = outer;
    vm->scope.length = scope;
    bool reason = vm->raised.kind || vm->raised.payload.bits != 0;
    if (in->request == REQUEST_SUSPEND && (!is_raised(value) || reason))
        in->request = REQUEST_NONE; /* it asked for a suspension, then did something else */
    if (!is_raised(value) && (vm->limit != SCH_LIMIT_NONE || !is_nil(in->throw_to)))
        return V_RAISED; /* what was under way goes on, whatever the host made of it */
    if (!is_raised(value)) {
        in->straight = false;
    } else if (!reason && in->request == REQUEST_NONE && vm->limit == SCH_LIMIT_NONE && is_nil(in->throw_to)) {
        raise_error(vm, "host-error", function->name, 0, NULL, "the host function failed without a reason");
    }
    return value;
}

/* Calls of primitives on a straight line charge nothing by themselves, and there may be any number of them. */
static bool look_between(sch_vm *vm)
{
    interpreter_of(vm)->calls_to_look = CALLS_PER_LOOK;
    return poll(vm);
}

/* A primitive with its arguments at vm->fp, which no live map describes. */
static sch_value call_primitive(sch_vm *vm, sch_value procedure, size_t count)
{
    struct interpreter *in = interpreter_of(vm);
    const struct primitive *primitive = object_as(struct primitive, procedure);
    sch_value value;
    in->extra = vm->fp;
    in->extra_count = count;
    if (header_flags(primitive->header) & PRIMITIVE_HOST) {
        value = call_host(vm, primitive, count);
    } else {
        const struct primitive_info *info = &primitive_table[primitive->index];
        if ((int64_t)count < info->min_args || (info->max_args >= 0 && (int64_t)count > info->max_args)) {
            raise_arity(vm, info->name, (size_t)info->min_args, info->max_args, count);
            value = V_RAISED;
        } else {
            value = info->function(vm, vm->fp, count);
        }
    }
    in->extra_count = 0;
    return value;
}

/* What a primitive asked to be called in its place. */
static sch_value asked_procedure(struct interpreter *in, size_t *ret_count)
{
    *ret_count = in->asked;
    sch_value procedure = in->saved;
    in->request = REQUEST_NONE;
    in->saved = V_NIL;
    return procedure;
}

/* The values that a continuation was called with, as one. */
static sch_value values_of(sch_vm *vm, size_t count)
{
    return count == 1 ? vm->fp[0] : prim_values(vm, vm->fp, count);
}

/* --- jumps --- */

enum jump { JUMP_DONE, JUMP_OUT, JUMP_RAISED };

/* May the frames of `k` still be returned to? Those of a call from the host that has ended may not. */
static enum jump jump_check(sch_vm *vm, const struct continuation *k)
{
    struct interpreter *in = interpreter_of(vm);
    if (value_same(k->host, in->barrier))
        return JUMP_DONE;
    for (sch_value at = in->barrier; !is_nil(at); at = continuation_of(at)->host)
        if (value_same(continuation_of(at)->host, k->host))
            return JUMP_OUT;
    raise_error(vm, "barrier", NULL, 0, NULL, "the host call that this continuation belongs to has returned");
    return JUMP_RAISED;
}

/* --- handlers --- */

/*
 * What was raised goes to the innermost handler, or out. With a handler: a new frame of the interpreter's own at
 * vm->fp, which calls it. The frame that raised stays below, for the handler's backtrace and as its dynamic context.
 */
static bool begin_handler(sch_vm *vm)
{
    struct interpreter *in = interpreter_of(vm);
    bool catchable = !in->straight && (!vm->raised.kind || env_catches_errors(vm->env));
    bool continuable = vm->raised.continuable;
    sch_value object = raised_object(vm);
    if (is_raised(object))
        return false;
    vm->raised.payload = object;
    vm->raised.kind = NULL;
    vm->raised.irritant_count = 0;
    struct dynamic *dynamic = dynamic_of(vm->dynamic);
    if (!catchable || !is_pair(dynamic->handlers)) {
        in->straight = in->straight || !catchable;
        if (!is_condition(object))
            raised_place(vm);
        return false;
    }
    in->saved = vm->dynamic;
    sch_value handler = pair_car(dynamic->handlers);
    sch_value inner = dynamic_make(vm, dynamic->winds, pair_cdr(dynamic->handlers), dynamic->parameters);
    if (is_raised(inner))
        return false;
    /* raise-continuable has a frame of its own already, and control comes back to it */
    if (!continuable) {
        in->hidden = inner;
        bool sealed = stack_seal(vm, 0);
        in->hidden = V_NIL;
        if (!sealed)
            return false;
    }
    vm->dynamic = inner;
    vm->fp[-1] = in->stubs;
    vm->fp[0] = continuable ? in->saved : object;
    vm->fp[1] = handler;
    vm->fp[STUB_BASE] = object;
    vm->pc = in->stub_words + (continuable ? STUB_CONTINUABLE : STUB_RAISE);
    in->saved = V_NIL;
    vm->raised.payload = (sch_value){ 0 };
    return true;
}

/* --- the loop --- */

enum sch_status interpret(sch_vm *vm, enum entrance entrance, sch_value procedure, size_t count, sch_value *ret)
{
    static const void *const labels[256] = {
#define OP(ENUM, name, shape, flags) [OP_##ENUM] = &&op_##ENUM,
#include "schooner/compile/opcodes.def"
#undef OP
    };
    struct interpreter *const in = interpreter_of(vm);
    const uint32_t *pc = vm->pc;
    sch_value *fp = vm->fp;
    int64_t slice = vm->slice;
    uint64_t word; /* the wide of a register: so what is taken out of it is an index without an instruction more */
    sch_value value;
    size_t argc = count, spread_count; /* of the others nobody takes the address: they stay in registers */
    if (entrance == ENTER_CALL)
        goto apply;
    if (entrance == ENTER_RAISED)
        goto raised;
    NEXT();

    /* --- moves and constants --- */
op_MOVE:
    R(A) = R(B);
    STEP(1);
op_LOADW:
    R(A) = R(word_bc(word));
    STEP(1);
op_STOREW:
    R(word_bc(word)) = R(A);
    STEP(1);
op_LOADI:
    R(A) = make_fixnum((int16_t)word_bc(word));
    STEP(1);
op_LOADX:
    R(A) = (sch_value){ word_bc(word) };
    STEP(1);
op_LOAD64:
    R(A) = (sch_value){ (uint64_t)pc[2] << 32 | pc[1] };
    STEP(3);
op_CONST:
    R(A) = environment_instance(fp[-1])->constants[word_bc(word)];
    STEP(1);
op_CONSTW:
    R(A) = environment_instance(fp[-1])->constants[pc[1]];
    STEP(2);
op_GLOBAL : {
    sch_value cell = environment_instance(fp[-1])->constants[word_bc(word)];
    value = object_as(struct cell, cell)->value;
    if (unlikely(value_same(value, V_UNBOUND))) {
        value = object_as(struct cell, cell)->name;
        goto unbound;
    }
    R(A) = value;
    STEP(1);
}
op_GLOBAL_SET : {
    sch_value cell = environment_instance(fp[-1])->constants[word_bc(word)];
    if (unlikely(value_same(object_as(struct cell, cell)->value, V_UNBOUND))) {
        value = object_as(struct cell, cell)->name;
        goto unbound;
    }
    if (unlikely(!is_own(cell, OBJECT_CELL)))
        goto unsound;
    barrier_object(vm, object_of(cell));
    object_as(struct cell, cell)->value = R(A);
    STEP(1);
}
op_CELL_REF : {
    sch_value cell = R(B);
    if (unlikely(!is_type(cell, OBJECT_CELL)))
        goto unsound;
    value = object_as(struct cell, cell)->value;
    if (unlikely(value_same(value, V_UNBOUND))) {
        value = object_as(struct cell, cell)->name;
        goto unbound;
    }
    R(A) = value;
    STEP(1);
}
op_CELL_SET:
    if (unlikely(!is_type(R(A), OBJECT_CELL)))
        goto unsound;
    if (unlikely(value_same(object_as(struct cell, R(A))->value, V_UNBOUND))) {
        value = object_as(struct cell, R(A))->name;
        goto unbound;
    }
    /* fall through */
op_CELL_DEFINE:
    if (unlikely(!is_own(R(A), OBJECT_CELL)))
        goto unsound;
    barrier_object(vm, object_of(R(A)));
    object_as(struct cell, R(A))->value = R(B);
    STEP(1);
unbound:
    RAISE(raise_error(vm, "unbound-variable", object_as(struct symbol, value)->text, 0, NULL, "`%.120s` is not bound",
                      object_as(struct symbol, value)->text));

    /* --- variables --- */
op_BOX:
    SAVE();
    value = make_box(vm, &R(B));
    goto store_a;
op_UNBOX:
    if (unlikely(!is_type(R(B), OBJECT_BOX)))
        goto unsound;
    R(A) = object_as(struct box, R(B))->value;
    STEP(1);
op_SETBOX:
    if (unlikely(!is_own(R(A), OBJECT_BOX)))
        goto unsound;
    barrier_object(vm, object_of(R(A)));
    object_as(struct box, R(A))->value = R(B);
    STEP(1);
op_CHECK:
    if (unlikely(value_same(R(A), V_UNBOUND))) {
        value = environment_instance(fp[-1])->constants[pc[1]];
        RAISE(raise_error(vm, "unbound-variable", NULL, 0, NULL, "`%.120s` is used before it has a value",
                          is_symbol(value) ? object_as(struct symbol, value)->text : "a variable"));
    }
    STEP(2);
op_ENV:
    R(A) = object_as(struct closure, fp[-1])->captured[word_bc(word)];
    STEP(1);
op_SELF:
    R(A) = fp[-1];
    STEP(1);
op_CLOSURE:
    SAVE();
    value = make_closure(vm, fp, pc);
    LOAD();
    if (is_raised(value))
        goto raised;
    R(A) = value;
    STEP(2 + word_bc(word));
op_CLOSURE_SET:
    if (unlikely(!is_own(R(A), OBJECT_CLOSURE) || pc[1] >= object_length(R(A))))
        goto unsound;
    barrier_object(vm, object_of(R(A)));
    object_as(struct closure, R(A))->captured[pc[1]] = R(B);
    STEP(2);

unsound:
    RAISE(raise_error(vm, "code-error", NULL, 0, NULL, "the code of a procedure does not fit what it captured"));

    /* --- control --- */
op_JUMP:
    STEP(1 + ((int32_t)word >> 8));
op_LOOP:
    slice -= word_abc(word);
    if (unlikely(slice < 0))
        goto tick_slow;
    pc += (int32_t)pc[1];
    STEP(2);
op_TICK:
    slice -= word_abc(word);
    if (unlikely(slice < 0))
        goto tick_slow;
    STEP(1);
tick_slow:
    SAVE();
    if (!charge_slow(vm, 0))
        goto raised;
    if (unlikely(vm_pause_is_due(vm)))
        return SCH_PAUSED;
    LOAD();
    if (word_op(*pc) == OP_LOOP)
        STEP(2 + (int32_t)pc[1]);
    STEP(1);
op_ENTER:
    slice -= A;
    if (unlikely(slice < 0 || fp + word_bc(word) > vm->stack_limit))
        goto enter_slow;
    STEP(1);
enter_slow:
    SAVE();
    if ((slice < 0 && !charge_slow(vm, 0)) || !stack_grow(vm, word_bc(word), word_bc(word)))
        goto raised;
    if (unlikely(vm_pause_is_due(vm)))
        return SCH_PAUSED;
    LOAD();
    fp = vm->fp;
    STEP(1);
op_ARITY:
    if (unlikely(argc != word_abc(word)))
        RAISE(raise_code_arity(vm, argc));
    STEP(1);
op_ARITY_REST:
    SAVE();
    if (unlikely(argc < word_abc(word))) {
        raise_code_arity(vm, argc);
        goto raised;
    }
    if (!rest_list(vm, word_abc(word), argc))
        goto raised;
    LOAD();
    STEP(1);
op_CLAUSE:
    JUMP_IF(argc != word_abc(word), 2);
op_CLAUSE_REST:
    if (argc < word_abc(word))
        STEP(2 + (int32_t)pc[1]);
    SAVE();
    if (!rest_list(vm, word_abc(word), argc))
        goto raised;
    LOAD();
    STEP(2);
op_ARITY_FAIL:
    RAISE(raise_code_arity(vm, argc));
op_CALL : {
    uint32_t frame = pc[1];
    procedure = R(A);
    fp += frame_base(frame);
    frame_set_return(fp, pc + 2);
    argc = frame_args(frame);
    if (likely(is_closure(procedure))) {
        fp[-1] = procedure;
        pc = closure_entry(object_of(procedure));
        NEXT();
    }
    goto apply;
}
op_CALL_KNOWN : {
    sch_value instance = instance_value(fp[-1]);
    fp += frame_base(pc[1]);
    frame_set_return(fp, pc + 2);
    fp[-1] = instance;
    STEP(2 + ((int32_t)word >> 8));
}
op_CALL_LOCAL : {
    procedure = R(A);
    fp += frame_base(pc[2]);
    frame_set_return(fp, pc + 3);
    fp[-1] = procedure;
    STEP(3 + (int32_t)pc[1]);
}
op_TAIL : {
    uint32_t frame = pc[1];
    const sch_value *from = fp + frame_base(frame);
    procedure = R(A);
    argc = frame_args(frame);
    for (size_t i = 0; i < argc; i++)
        fp[i] = from[i];
    if (likely(is_closure(procedure))) {
        fp[-1] = procedure;
        pc = closure_entry(object_of(procedure));
        NEXT();
    }
    goto apply;
}
op_TAIL_KNOWN : {
    const sch_value *from = fp + frame_base(pc[1]);
    fp[-1] = instance_value(fp[-1]);
    for (size_t i = 0, n = frame_args(pc[1]); i < n; i++)
        fp[i] = from[i];
    STEP(2 + ((int32_t)word >> 8));
}
op_TAIL_LOCAL : {
    const sch_value *from = fp + frame_base(pc[2]);
    fp[-1] = R(A);
    for (size_t i = 0, n = frame_args(pc[2]); i < n; i++)
        fp[i] = from[i];
    STEP(3 + (int32_t)pc[1]);
}
op_RETURN : {
    value = R(A);
    pc = frame_return(fp);
    uint32_t frame = pc[-1];
    fp -= frame_base(frame);
    fp[frame_result(frame)] = value;
    NEXT();
}
op_PRIM : {
    uint32_t args = pc[1];
    SAVE();
    if (unlikely(in->calls_to_look-- == 0) && !look_between(vm))
        goto raised;
    value = primitive_table[word_bc(word)].function(vm, fp + frame_base(args), frame_args(args));
    LOAD();
    if (is_raised(value))
        goto raised;
    R(A) = value;
    STEP(2);
}
op_CALL_PRIM : {
    uint32_t frame = pc[1];
    SAVE();
    if (unlikely(in->calls_to_look-- == 0) && !look_between(vm))
        goto raised;
    value = primitive_table[word_bc(word)].function(vm, fp + frame_base(frame), frame_args(frame));
    LOAD();
    if (unlikely(is_raised(value)))
        goto not_primitive;
    R(frame_result(frame)) = value;
    STEP(2);
}
not_primitive:
    if (in->request != REQUEST_CALL)
        goto raised;
    procedure = asked_procedure(in, &spread_count);
    argc = spread_count;
    if (word_op(pc[2]) == OP_RETURN && word_a(pc[2]) == frame_result(pc[1])) { /* a call in tail position */
        const sch_value *from = fp + frame_base(pc[1]);
        for (size_t i = 0; i < argc; i++)
            fp[i] = from[i];
    } else {
        fp += frame_base(pc[1]);
        frame_set_return(fp, pc + 2);
    }
    goto apply;
op_RECEIVE : {
    uint32_t frame = pc[1];
    SAVE();
    if (!receive(vm, R(A), fp + frame_base(frame), frame_args(frame), frame_result(frame)))
        goto raised;
    LOAD();
    STEP(2);
}

    /* --- branches --- */
    TEST_OPS(NULL, is_nil(R(A)), 2);
    TEST_OPS(PAIR, is_pair(R(A)), 2);
    TEST_OPS(EQ, value_same(R(A), R(B)), 2);
    TEST_OPS(TYPE, is_type(R(A), B), 2);
    TEST_OPS(FIXNUM, is_fixnum(R(A)), 2);
    TEST_OPS(CHARACTER, is_character(R(A)), 2);
    TEST_OPS(RECORD, is_record_of(R(A), R(B)), 2);
op_JEVEN:
    PARITY(0, prim_is_even, true);
op_JNEVEN:
    PARITY(0, prim_is_even, false);
op_JODD:
    PARITY(1, prim_is_odd, true);
op_JNODD:
    PARITY(1, prim_is_odd, false);
op_JTRUE:
    JUMP_IF(!is_false(R(A)), 2);
op_JFALSE:
    JUMP_IF(is_false(R(A)), 2);
op_JIS:
    JUMP_IF(R(A).bits == word_bc(word), 2);
op_JISNT:
    JUMP_IF(R(A).bits != word_bc(word), 2);
    COMPARE_OPS(LT, <, RELATION_LESS, "<");
    COMPARE_OPS(GT, >, RELATION_GREATER, ">");
    COMPARE_OPS(LE, <=, RELATION_LESS_EQUAL, "<=");
    COMPARE_OPS(GE, >=, RELATION_GREATER_EQUAL, ">=");
    COMPARE_OPS(SAME, ==, RELATION_EQUAL, "=");
op_JCHAR_EQ:
    if (unlikely(!is_character(R(A)) || !is_character(R(B))))
        goto not_characters;
    JUMP_IF(R(A).bits == R(B).bits, 2);
op_JNCHAR_EQ:
    if (unlikely(!is_character(R(A)) || !is_character(R(B))))
        goto not_characters;
    JUMP_IF(R(A).bits != R(B).bits, 2);
op_JCHAR_LT:
    if (unlikely(!is_character(R(A)) || !is_character(R(B))))
        goto not_characters;
    JUMP_IF(R(A).bits < R(B).bits, 2);
op_JNCHAR_LT:
    if (unlikely(!is_character(R(A)) || !is_character(R(B))))
        goto not_characters;
    JUMP_IF(R(A).bits >= R(B).bits, 2);
not_characters:
    RAISE(raise_type(vm, word_op(*pc) <= OP_JNCHAR_EQ ? "char=?" : "char<?", is_character(R(A)) ? 2 : 1, "a character",
                     is_character(R(A)) ? R(B) : R(A)));

    /* --- open-coded primitives --- */
op_ADD:
    ARITHMETIC(R(B), R(C), __builtin_add_overflow((int64_t)a.bits, (int64_t)b.bits, &n), +, number_add(vm, "+", a, b));
op_ADDI:
    ARITHMETIC(R(B), make_fixnum((int8_t)C), __builtin_add_overflow((int64_t)a.bits, (int64_t)b.bits, &n), +,
               number_add(vm, "+", a, b));
op_SUB:
    ARITHMETIC(R(B), R(C), __builtin_sub_overflow((int64_t)a.bits, (int64_t)b.bits, &n), -,
               number_subtract(vm, "-", a, b));
op_SUBI:
    ARITHMETIC(R(B), make_fixnum((int8_t)C), __builtin_sub_overflow((int64_t)a.bits, (int64_t)b.bits, &n), -,
               number_subtract(vm, "-", a, b));
op_MUL:
    ARITHMETIC(R(B), R(C), __builtin_mul_overflow((int64_t)a.bits >> 3, (int64_t)b.bits, &n), *,
               number_multiply(vm, "*", a, b));
op_DIV : {
    sch_value a = R(B), b = R(C);
    if ((is_small_double(a) || is_small_double(b)) && b.bits != 0 && is_as_double(a) && is_as_double(b)) {
        sch_value v = small_double_encode(as_double(a) / as_double(b));
        if (likely(is_small_double(v))) {
            R(A) = v;
            STEP(1);
        }
    }
    SAVE();
    value = number_divide(vm, "/", a, b);
    goto store_a;
}
op_QUOTIENT : {
    sch_value a = R(B), b = R(C);
    if (likely(are_fixnums(a, b)) && b.bits + 8 > 8) { /* neither 0 nor -1 */
        R(A) = make_fixnum(fixnum_int(a) / fixnum_int(b));
        STEP(1);
    }
    SAVE();
    value = number_integer_divide(vm, "quotient", TRUNCATE_QUOTIENT, a, b);
    goto store_a;
}
op_REMAINDER : {
    sch_value a = R(B), b = R(C);
    if (likely(are_fixnums(a, b)) && b.bits + 8 > 8) {
        R(A) = (sch_value){ (uint64_t)((int64_t)a.bits % (int64_t)b.bits) };
        STEP(1);
    }
    SAVE();
    value = number_integer_divide(vm, "remainder", TRUNCATE_REMAINDER, a, b);
    goto store_a;
}
op_MODULO : {
    sch_value a = R(B), b = R(C);
    if (likely(are_fixnums(a, b)) && b.bits + 8 > 8) {
        int64_t n = (int64_t)a.bits % (int64_t)b.bits;
        if (n != 0 && (n ^ (int64_t)b.bits) < 0)
            n += (int64_t)b.bits;
        R(A) = (sch_value){ (uint64_t)n };
        STEP(1);
    }
    SAVE();
    value = number_integer_divide(vm, "modulo", FLOOR_REMAINDER, a, b);
    goto store_a;
}
op_CAR:
    if (unlikely(!is_pair(R(B))))
        RAISE(raise_type(vm, "car", 1, "a pair", R(B)));
    R(A) = pair_car(R(B));
    STEP(1);
op_CDR:
    if (unlikely(!is_pair(R(B))))
        RAISE(raise_type(vm, "cdr", 1, "a pair", R(B)));
    R(A) = pair_cdr(R(B));
    STEP(1);
op_CONS:
    if (unlikely(HOSTILE || vm->heap.limit - vm->heap.next < PAIR_SIZE)) {
        SAVE();
        if (!heap_reserve(vm, PAIR_SIZE))
            goto raised;
        LOAD();
    }
    R(A) = cons(vm, R(B), R(C));
    STEP(1);
op_VECTOR_REF : {
    if (is_as_expected(R(B), OBJECT_VECTOR) && likely(is_index(R(C), object_length(R(B))))) {
        R(A) = object_as(struct vector, R(B))->items[R(C).bits >> 3];
        STEP(1);
    }
    sch_value args[] = { R(B), R(C) };
    SAVE();
    value = prim_vector_ref(vm, args, 2);
    goto store_a;
}
op_VECTOR_LENGTH:
    if (!is_as_expected(R(B), OBJECT_VECTOR))
        RAISE(raise_type(vm, "vector-length", 1, "a vector", R(B)));
    R(A) = make_fixnum((int64_t)object_length(R(B)));
    STEP(1);
op_STRING_REF : {
    sch_value string = R(B);
    if (is_mstring(string))
        string = object_as(struct mstring, string)->text;
    if (is_as_expected(string, OBJECT_STRING) && likely(header_flags(value_header(string)) & OBJECT_ASCII) &&
        likely(is_index(R(C), object_length(string)))) {
        R(A) = make_character((unsigned char)object_as(struct string, string)->text[R(C).bits >> 3]);
        STEP(1);
    }
    sch_value args[] = { string, R(C) };
    SAVE();
    value = prim_string_ref(vm, args, 2);
    goto store_a;
}
op_BYTE_REF : {
    if (is_as_expected(R(B), OBJECT_BYTEVECTOR) && likely(is_index(R(C), object_length(R(B))))) {
        R(A) = make_fixnum(object_as(struct bytevector, R(B))->bytes[R(C).bits >> 3]);
        STEP(1);
    }
    sch_value args[] = { R(B), R(C) };
    SAVE();
    value = prim_bytevector_ref(vm, args, 2);
    goto store_a;
}
op_RECORD_REF : {
    sch_value record = R(B);
    if (is_expected_record(record, R(C)) && likely(pc[1] < object_length(record) - 1)) {
        R(A) = object_as(struct record, record)->fields[pc[1]];
        STEP(3);
    }
    sch_value args[] = { record, R(C), make_fixnum(pc[1]), environment_instance(fp[-1])->constants[pc[2]] };
    SAVE();
    value = prim_record_ref(vm, args, 4);
    goto raised;
}
op_CHAR_INT:
    if (unlikely(!is_character(R(B))))
        RAISE(raise_type(vm, "char->integer", 1, "a character", R(B)));
    R(A) = make_fixnum(character_code(R(B)));
    STEP(1);
op_BITS_AND:
    if (likely(are_fixnums(R(B), R(C)))) {
        R(A) = (sch_value){ R(B).bits & R(C).bits };
        STEP(1);
    }
    BITS(prim_bitwise_and);
op_BITS_IOR:
    if (likely(are_fixnums(R(B), R(C)))) {
        R(A) = (sch_value){ R(B).bits | R(C).bits };
        STEP(1);
    }
    BITS(prim_bitwise_ior);
op_BITS_XOR:
    if (likely(are_fixnums(R(B), R(C)))) {
        R(A) = (sch_value){ R(B).bits ^ R(C).bits };
        STEP(1);
    }
    BITS(prim_bitwise_xor);
op_SHIFT : {
    /* A shift costs a unit, but where nothing moves: that, what is negative or grows, and the end of a slice are the
     * primitive's. */
    sch_value a = R(B), b = R(C);
    int64_t by = (int64_t)b.bits >> 3;
    if (likely(are_fixnums(a, b) && (int64_t)a.bits > 0 && slice > 1)) {
        if (by > 0 && by < __builtin_clzll(a.bits)) {
            slice--;
            R(A) = (sch_value){ a.bits << by };
            STEP(1);
        }
        if (by < 0 && by > -64) {
            slice--;
            R(A) = (sch_value){ a.bits >> -by & ~UINT64_C(7) };
            STEP(1);
        }
    }
    BITS(prim_arithmetic_shift);
}
op_SET_CAR:
    if (likely(is_pair(R(A)) && !block_has_literals(R(A)))) {
        barrier_pair(vm, R(A));
        pair_of(R(A))->car = R(B);
        STEP(1);
    }
    CHANGE(prim_set_car, R(A), R(B));
op_SET_CDR:
    if (likely(is_pair(R(A)) && !block_has_literals(R(A)))) {
        barrier_pair(vm, R(A));
        pair_of(R(A))->cdr = R(B);
        STEP(1);
    }
    CHANGE(prim_set_cdr, R(A), R(B));
op_VECTOR_SET:
    if (is_own(R(A), OBJECT_VECTOR) && likely(is_index(R(B), object_length(R(A))))) {
        barrier_object(vm, object_of(R(A)));
        object_as(struct vector, R(A))->items[R(B).bits >> 3] = R(C);
        STEP(1);
    }
    CHANGE(prim_vector_set, R(A), R(B), R(C));
op_BYTE_SET:
    if (is_own(R(A), OBJECT_BYTEVECTOR) && likely(is_index(R(B), object_length(R(A)))) && likely(is_index(R(C), 256))) {
        object_as(struct bytevector, R(A))->bytes[R(B).bits >> 3] = (unsigned char)(R(C).bits >> 3);
        STEP(1);
    }
    CHANGE(prim_bytevector_set, R(A), R(B), R(C));
op_RECORD_SET:
    if (is_expected_record(R(A), R(B)) && is_own(R(A), OBJECT_RECORD) && likely(pc[1] < object_length(R(A)) - 1)) {
        barrier_object(vm, object_of(R(A)));
        object_as(struct record, R(A))->fields[pc[1]] = R(C);
        STEP(3);
    }
    CHANGE(prim_record_set, R(A), R(B), make_fixnum(pc[1]), R(C), environment_instance(fp[-1])->constants[pc[2]]);
changed: /* by a primitive: what is longer than a word has raised */
    LOAD();
    if (is_raised(value))
        goto raised;
    STEP(1);
store_a:
    LOAD();
    if (is_raised(value))
        goto raised;
    R(A) = value;
    STEP(1);

    /* --- the interpreter's own --- */
op_SET_DYNAMIC:
    vm->dynamic = R(A);
    STEP(1);
op_RAISE_BACK:
    RAISE(raise_error(vm, "error", NULL, 1, &R(A), "the handler returned, but what was raised cannot be continued:"));
op_THROW_ON:
    in->throw_to = R(A);
    in->throw_value = R(B);
    in->throw_rooted = true;
    SAVE();
    goto throw;
op_APPLY_VALUES:
    procedure = R(B);
    value = R(A);
    SAVE();
    in->saved = procedure;
    if (!spread_values(vm, value, &spread_count))
        goto raised;
    argc = spread_count;
    in->saved = V_NIL;
    LOAD();
    fp = vm->fp;
    goto apply;
op_UNDERFLOW : {
    bool barrier;
    SAVE();
    in->hidden = R(0);
    if (!stack_underflow(vm, &barrier))
        goto raised;
    LOAD();
    value = in->hidden;
    in->hidden = V_NIL;
    if (barrier) {
        vm->slice = slice;
        *ret = value;
        return SCH_OK;
    }
    pc = vm->pc;
    fp = vm->fp;
    fp[frame_result(pc[-1])] = value;
    NEXT();
}

    /* --- calls of what is no closure: fp is the new frame, fp[0..argc) its arguments --- */
apply:
    if (is_closure(procedure)) {
        fp[-1] = procedure;
        pc = closure_entry(object_of(procedure));
        NEXT();
    }
    fp[-1] = in->stubs;
    pc = in->stub_words + STUB_PRIMITIVE;
    SAVE();
    if (is_primitive(procedure)) {
        value = call_primitive(vm, procedure, argc);
    } else if (is_parameter(procedure)) {
        if (argc == 0)
            value = parameter_object_value(vm, procedure);
        else
            raise_arity(vm, NULL, 0, 0, argc), value = V_RAISED;
    } else if (is_continuation(procedure)) {
        in->extra = fp, in->extra_count = argc;
        in->throw_to = procedure;
        value = values_of(vm, argc);
        in->extra_count = 0;
        LOAD();
        if (is_raised(value)) {
            in->throw_to = V_NIL;
            goto raised;
        }
        in->throw_value = value;
        goto throw;
    } else {
        in->saved = procedure;
        value = raise_error(vm, "type-error", NULL, 1, &in->saved, "expected a procedure, got");
        in->saved = V_NIL;
    }
    LOAD();
    fp = vm->fp;
    if (is_raised(value))
        goto raised;
    pc = frame_return(fp);
    word = pc[-1];
    fp -= frame_base(word);
    fp[frame_result(word)] = value;
    NEXT();

    /* --- jumps to a continuation: in->throw_to, in->throw_value --- */
    throw:
    {
        struct continuation *k = continuation_of(in->throw_to);
        enum jump jump = jump_check(vm, k);
        sch_value winds = jump == JUMP_RAISED ? V_NIL : dynamic_of(k->dynamic)->winds;
        if (jump != JUMP_RAISED && !in->throw_rooted && !value_same(winds, dynamic_of(vm->dynamic)->winds)) {
            fp = vm->fp;
            if (!stack_grow(vm, SEGMENT_MARGIN, 0))
                goto raised;
            fp = vm->fp;
            fp[-1] = in->stubs;
            fp[0] = in->throw_to;
            fp[1] = in->throw_value;
            fp[2] = env_hook(vm->env, HOOK_REROOT);
            fp[STUB_BASE] = winds;
            in->throw_to = in->throw_value = V_NIL;
            pc = in->stub_words + STUB_REROOT;
            NEXT();
        }
        if (jump == JUMP_OUT)
            return SCH_UNWIND;
        value = in->throw_value;
        sch_value to = in->throw_to;
        in->throw_to = in->throw_value = V_NIL;
        in->throw_rooted = false;
        if (jump == JUMP_RAISED)
            goto raised;
        vm->dynamic = k->dynamic;
        vm->continuation = to;
        /* what stands above the last capture is dead: the frame to return to is rebuilt there */
        fp = vm->stack_base + FRAME_HEADER;
        fp[-1] = in->stubs;
        fp[0] = value;
        frame_set_return(fp, in->stub_words + STUB_UNDERFLOW);
        pc = in->stub_words + STUB_UNDERFLOW;
        NEXT();
    }

    /* --- something was raised, or a control primitive asks for what it cannot do itself --- */
raised:
    LOAD();
    fp = vm->fp;
    if (unlikely(vm->limit != SCH_LIMIT_NONE)) {
        in->request = REQUEST_NONE;
        return SCH_LIMIT;
    }
    if (!is_nil(in->throw_to)) {
        in->request = REQUEST_NONE;
        goto throw;
    }
    switch (in->request) {
    case REQUEST_NONE: break;
    case REQUEST_APPLY:
        in->request = REQUEST_NONE;
        procedure = fp[0];
        if (!spread(vm, argc, &spread_count))
            goto raised;
        argc = spread_count;
        LOAD();
        fp = vm->fp;
        goto apply;
    case REQUEST_CALL_CC:
        in->request = REQUEST_NONE;
        procedure = fp[0];
        in->saved = procedure;
        value = stack_capture(vm);
        if (is_raised(value))
            goto raised;
        in->saved = V_NIL;
        fp[0] = value;
        argc = 1;
        goto apply;
    case REQUEST_THUNK:
        in->request = REQUEST_NONE;
        fp[0] = in->saved;
        in->saved = V_NIL;
        fp[-1] = in->stubs;
        pc = in->stub_words + STUB_RESTORE;
        NEXT();
    case REQUEST_VALUES:
        in->request = REQUEST_NONE;
        fp[-1] = in->stubs;
        pc = in->stub_words + STUB_VALUES;
        NEXT();
    case REQUEST_CALL:
        procedure = asked_procedure(in, &spread_count);
        argc = spread_count;
        goto apply;
    case REQUEST_THROW: in->request = REQUEST_NONE; goto throw;
    case REQUEST_SUSPEND: in->request = REQUEST_NONE; return SCH_SUSPENDED;
    }
    if (!begin_handler(vm))
        return vm->limit != SCH_LIMIT_NONE ? SCH_LIMIT : SCH_ERROR;
    fp = vm->fp;
    pc = vm->pc;
    LOAD();
    NEXT();
}
