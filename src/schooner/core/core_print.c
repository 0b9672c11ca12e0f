/* The text form of core trees, for `schooner stages` and tests. */
#include "base/buffer.h"
#include "base/cstack.h"
#include "schooner/core/core.h"

/* More of a constant says nothing more about the program. */
enum { CONSTANT_PRINT_MAX = 2000 };
enum { PRINT_STACK = 64 * 1024 }; /* of the thread's own, before segments */

struct printer {
    struct buffer *text;
    struct cstack stack;
};

static bool print_core(const struct core *core, struct printer *out);

static bool print_variable(const struct variable *variable, struct printer *out)
{
    if (variable->name && !buffer_append(out->text, variable->name->text, variable->name->length))
        return false;
    return buffer_append_format(out->text, ".%u", (unsigned)variable->id);
}

static bool print_global(const struct global *global, struct printer *out)
{
    bool ok = true;
    if (global->kind == GLOBAL_PRIMITIVE)
        ok = buffer_append_byte(out->text, '%');
    else if (global->kind == GLOBAL_IMAGE)
        ok = buffer_append_byte(out->text, '$');
    else if (global->space[0])
        ok = buffer_append_text(out->text, global->space);
    return ok && buffer_append(out->text, global->name->text, global->name->length);
}

static bool print_formals(const struct core_clause *clause, struct printer *out)
{
    bool ok = buffer_append_byte(out->text, '(');
    for (size_t i = 0; i < clause->count && ok; i++)
        ok = (i == 0 || buffer_append_byte(out->text, ' ')) && print_variable(clause->params[i], out);
    if (ok && clause->has_rest)
        ok = buffer_append_text(out->text, clause->count ? " . " : ". ") &&
             print_variable(clause->params[clause->count], out);
    return ok && buffer_append_byte(out->text, ')');
}

static bool print_clauses(const struct core *core, struct printer *out)
{
    bool one = core->lambda.count == 1;
    bool ok = buffer_append_text(out->text, one ? "(lambda" : "(case-lambda");
    for (size_t i = 0; i < core->lambda.count && ok; i++) {
        const struct core_clause *clause = &core->lambda.clauses[i];
        ok = buffer_append_text(out->text, one ? " " : " (") && print_formals(clause, out) &&
             buffer_append_byte(out->text, ' ') && print_core(clause->body, out) &&
             (one || buffer_append_byte(out->text, ')'));
    }
    return ok && buffer_append_byte(out->text, ')');
}

static bool print_bindings(const struct core *core, struct printer *out)
{
    bool ok = buffer_append_text(out->text, core->kind == CORE_LET ? "(let (" : "(letrec* (");
    for (size_t i = 0; i < core->let.count && ok; i++)
        ok = buffer_append_text(out->text, i ? " (" : "(") && print_variable(core->let.variables[i], out) &&
             buffer_append_byte(out->text, ' ') && print_core(core->let.values[i], out) &&
             buffer_append_byte(out->text, ')');
    return ok && buffer_append_text(out->text, ") ") && print_core(core->let.body, out) &&
           buffer_append_byte(out->text, ')');
}

static bool print_parts(struct core *const *parts, size_t count, struct printer *out)
{
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++)
        ok = buffer_append_byte(out->text, ' ') && print_core(parts[i], out);
    return ok && buffer_append_byte(out->text, ')');
}

static bool is_self_evaluating(const struct datum *datum)
{
    return datum->kind == DATUM_NUMBER || datum->kind == DATUM_STRING || datum->kind == DATUM_BYTEVECTOR ||
           datum->kind == DATUM_IMMEDIATE || datum->kind == DATUM_KEYWORD;
}

struct print_call {
    const struct core *core;
    struct printer *out;
    bool result;
};

static void print_again(void *data)
{
    struct print_call *call = data;
    call->result = print_core(call->core, call->out);
}

static bool print_core(const struct core *core, struct printer *out)
{
    if (cstack_is_low(&out->stack)) {
        struct print_call call = { core, out, false };
        return cstack_extend(&out->stack, print_again, &call) == CSTACK_CALLED && call.result;
    }
    switch ((enum core_kind)core->kind) {
    case CORE_CONSTANT:
        return (is_self_evaluating(core->constant) || buffer_append_byte(out->text, '\'')) &&
               datum_print(core->constant, CONSTANT_PRINT_MAX, out->text);
    case CORE_LOCAL: return print_variable(core->local, out);
    case CORE_GLOBAL: return print_global(core->global, out);
    case CORE_SET_LOCAL:
        return buffer_append_text(out->text, "(set! ") && print_variable(core->set_local.variable, out) &&
               print_parts(&core->set_local.value, 1, out);
    case CORE_SET_GLOBAL:
    case CORE_DEFINE:
        return buffer_append_text(out->text, core->kind == CORE_DEFINE ? "(define " : "(set-global! ") &&
               print_global(core->set_global.global, out) && print_parts(&core->set_global.value, 1, out);
    case CORE_IF: {
        struct core *const parts[] = { core->branch.test, core->branch.then, core->branch.otherwise };
        return buffer_append_text(out->text, "(if") && print_parts(parts, 3, out);
    }
    case CORE_LAMBDA: return print_clauses(core, out);
    case CORE_CALL:
        return buffer_append_byte(out->text, '(') && print_core(core->call.procedure, out) &&
               print_parts(core->call.args, core->call.count, out);
    case CORE_SEQUENCE:
        return buffer_append_text(out->text, "(begin") && print_parts(core->sequence.items, core->sequence.count, out);
    case CORE_LET:
    case CORE_LETREC: return print_bindings(core, out);
    case CORE_RECEIVE:
        return buffer_append_text(out->text, "(receive ") && print_formals(&core->receive.clause, out) &&
               buffer_append_byte(out->text, ' ') && print_core(core->receive.producer, out) &&
               print_parts(&core->receive.clause.body, 1, out);
    case CORE_TICK: return buffer_append_format(out->text, "(tick %u)", (unsigned)core->tick.count);
    }
    return true;
}

bool core_print(const struct core *core, struct buffer *out)
{
    struct printer printer = { .text = out };
    cstack_init(&printer.stack, out->memory, PRINT_STACK);
    bool ok = print_core(core, &printer);
    cstack_done(&printer.stack);
    return ok;
}
