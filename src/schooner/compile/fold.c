/* Folding of constants, only where the result is an immediate: code never carries what a fold has allocated. */
#include "schooner/compile/passes.h"

static bool immediate_of(const struct core *node, sch_value *ret)
{
    if (node->kind != CORE_CONSTANT)
        return false;
    if (node->constant->kind == DATUM_NIL) {
        *ret = V_NIL;
        return true;
    }
    if (node->constant->kind != DATUM_IMMEDIATE)
        return false;
    *ret = node->constant->value;
    return true;
}

bool core_is_false_constant(const struct core *node)
{
    sch_value value;
    return immediate_of(node, &value) && is_false(value);
}

bool core_is_true_constant(const struct core *node)
{
    sch_value value;
    if (node->kind == CORE_LAMBDA)
        return true;
    return node->kind == CORE_CONSTANT && !(immediate_of(node, &value) && is_false(value));
}

bool core_is_pure(const struct core *node)
{
    switch ((enum core_kind)node->kind) {
    case CORE_CONSTANT:
    case CORE_LAMBDA: return true;
    case CORE_LOCAL: return !node->local->checked;
    case CORE_GLOBAL: return node->global->kind != GLOBAL_TOP;
    case CORE_SET_LOCAL:
    case CORE_SET_GLOBAL:
    case CORE_DEFINE:
    case CORE_IF:
    case CORE_CALL:
    case CORE_SEQUENCE:
    case CORE_LET:
    case CORE_LETREC:
    case CORE_RECEIVE:
    case CORE_TICK: return false;
    }
    return false;
}

static struct core *result(struct compiler *compiler, const struct core *call, sch_value value)
{
    struct core *node = core_new(compiler->front, CORE_CONSTANT, call->position);
    struct datum *datum = datum_value(compiler->front, value, call->position);
    if (!node || !datum)
        return NULL;
    node->constant = datum;
    return node;
}

static struct core *fold_fixnums(struct compiler *compiler, const char *name, const struct core *call, int64_t a,
                                 int64_t b)
{
    int64_t n;
    if (strcmp(name, "+") == 0 && !__builtin_add_overflow(a, b, &n) && fixnum_fits(n))
        return result(compiler, call, make_fixnum(n));
    if (strcmp(name, "-") == 0 && !__builtin_sub_overflow(a, b, &n) && fixnum_fits(n))
        return result(compiler, call, make_fixnum(n));
    if (strcmp(name, "*") == 0 && !__builtin_mul_overflow(a, b, &n) && fixnum_fits(n))
        return result(compiler, call, make_fixnum(n));
    if (strcmp(name, "=") == 0)
        return result(compiler, call, make_boolean(a == b));
    if (strcmp(name, "<") == 0)
        return result(compiler, call, make_boolean(a < b));
    if (strcmp(name, ">") == 0)
        return result(compiler, call, make_boolean(a > b));
    if (strcmp(name, "<=") == 0)
        return result(compiler, call, make_boolean(a <= b));
    if (strcmp(name, ">=") == 0)
        return result(compiler, call, make_boolean(a >= b));
    return NULL;
}

/* (+ a b c ...) and (* a b c ...) of constants; what grows out of the small integers on its way costs fuel, so it stays
 */
static struct core *fold_many(struct compiler *compiler, bool product, const struct core *call)
{
    int64_t total = product;
    for (size_t i = 0; i < call->call.count; i++) {
        sch_value a;
        if (!immediate_of(call->call.args[i], &a) || !is_fixnum(a))
            return NULL;
        if (product ? __builtin_mul_overflow(total, fixnum_int(a), &total)
                    : __builtin_add_overflow(total, fixnum_int(a), &total))
            return NULL;
        if (!fixnum_fits(total))
            return NULL;
    }
    return result(compiler, call, make_fixnum(total));
}

struct core *fold_primitive(struct compiler *compiler, const char *name, const struct core *call)
{
    sch_value a, b;
    if (call->call.count > 2 && (strcmp(name, "+") == 0 || strcmp(name, "*") == 0))
        return fold_many(compiler, *name == '*', call);
    if (call->call.count == 1 && call->call.args[0]->kind == CORE_CONSTANT) {
        bool immediate = immediate_of(call->call.args[0], &a);
        if (strcmp(name, "not") == 0)
            return result(compiler, call, make_boolean(immediate && is_false(a)));
        if (strcmp(name, "null?") == 0)
            return result(compiler, call, make_boolean(immediate && is_nil(a)));
        if (strcmp(name, "pair?") == 0)
            return result(compiler, call, make_boolean(call->call.args[0]->constant->kind == DATUM_PAIR));
        if (immediate && is_fixnum(a) && strcmp(name, "zero?") == 0)
            return result(compiler, call, make_boolean(value_same(a, make_fixnum(0))));
    }
    if (call->call.count == 2 && immediate_of(call->call.args[0], &a) && immediate_of(call->call.args[1], &b)) {
        if (are_fixnums(a, b))
            return fold_fixnums(compiler, name, call, fixnum_int(a), fixnum_int(b));
        if (strcmp(name, "eq?") == 0 || strcmp(name, "eqv?") == 0)
            return result(compiler, call, make_boolean(value_same(a, b)));
    }
    return NULL;
}
