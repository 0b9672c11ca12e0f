/* The compiler's entrance: the passes in their order. */
#include "schooner/compile/passes.h"
#include "schooner/table/primitive.h"

static bool run_passes(struct compiler *compiler, struct core *top)
{
    struct core **body = &top->lambda.clauses[0].body;
    compiler->body = *body;
    if (!pass_count(compiler) || !pass_weigh(compiler) || !pass_letrec(compiler))
        return false;
    for (int round = 0; round < 2; round++)
        if (!pass_count(compiler) || (round == 0 && !pass_known(compiler)) || !pass_inline(compiler))
            return false;
    if (!pass_count(compiler))
        return false;
    *body = compiler->body;
    return pass_loops(compiler);
}

bool compile_program(struct front *front, struct core *body, const struct compile_options *options,
                     struct sch_code **ret)
{
    struct compiler compiler = { .front = front, .options = options };
    struct core *top = core_new(front, CORE_LAMBDA, body->position);
    struct lambda_info *info = front_new(front, struct lambda_info);
    struct core_clause *clause = front_new(front, struct core_clause);
    if (!top || !info || !clause)
        return false;
    clause->body = body;
    clause->params = front_array(front, 1, sizeof *clause->params);
    top->lambda.clauses = clause;
    top->lambda.count = 1;
    top->lambda.scratch = info;
    info->node = top;
    info->is_top = true;
    info->index = info->constant = CODE_NONE;
    cstack_init(&compiler.stack, front->arena.memory, COMPILE_STACK);
    bool ok = run_passes(&compiler, top) && pass_closures(&compiler, info) && pass_generate(&compiler, info, ret);
    cstack_done(&compiler.stack);
    if (!ok)
        return false;
    sch_assert(code_is_sound(*ret, (*ret)->size, PRIMITIVE_COUNT));
    return true;
}
