/* Matches a use against the patterns of a macro and builds what the template says, with fresh aliases. */
#include "schooner/expand/macro.h"
#include "base/arith.h"

/* What a pattern variable stands for: a datum, or as many matches as its ellipsis found. */
struct match {
    struct datum *datum;
    struct match *items;
    size_t count;
};

struct expansion_step {
    struct expander *x;
    const struct macro *macro;
    const struct rule *rule;
    struct match *matches;
    struct datum **aliases; /* of this step, made when they are needed */
    struct position position;
};

/* --- matching --- */

enum outcome { MATCHED, DIFFERENT, ENDED };

static bool atom_equal(const struct datum *a, const struct datum *b)
{
    if (a->kind != b->kind)
        return false;
    switch ((enum datum_kind)a->kind) {
    case DATUM_IMMEDIATE: return value_same(a->value, b->value);
    case DATUM_NUMBER:
    case DATUM_STRING:
    case DATUM_BYTEVECTOR:
        return a->text.length == b->text.length && memcmp(a->text.bytes, b->text.bytes, a->text.length) == 0;
    case DATUM_KEYWORD: return a->name == b->name;
    case DATUM_NIL:
    case DATUM_SYMBOL:
    case DATUM_PAIR:
    case DATUM_VECTOR:
    case DATUM_ALIAS:
    case DATUM_CORE: break;
    }
    return false;
}

static enum outcome match(struct expansion_step *step, const struct pattern *pattern, struct datum *datum);

/* Pairs of the list; what is cyclic ends it. */
static size_t pairs_count(const struct datum *list)
{
    size_t count = 0;
    for (; list->kind == DATUM_PAIR && !list->cyclic; list = form_cdr(list))
        count++;
    return count;
}

static enum outcome match_repeat(struct expansion_step *step, const struct pattern *pattern, struct datum **datum)
{
    size_t count = pairs_count(*datum);
    size_t cells;
    if (count < pattern->tail)
        return DIFFERENT;
    count -= pattern->tail;
    if (!size_mul(count, (size_t)pattern->count + 1, &cells) || !front_charge(step->x->front, cells))
        return ENDED;
    struct match *columns = front_array(step->x->front, cells, sizeof *columns);
    if (!columns)
        return ENDED;
    for (size_t i = 0; i < count; i++, *datum = form_cdr(*datum)) {
        enum outcome outcome = match(step, pattern->sub, form_car(*datum));
        if (outcome != MATCHED)
            return outcome;
        for (size_t v = 0; v < pattern->count; v++)
            columns[v * count + i] = step->matches[pattern->index + v];
    }
    for (size_t v = 0; v < pattern->count; v++)
        step->matches[pattern->index + v] = (struct match){ .items = columns + v * count, .count = count };
    return MATCHED;
}

static enum outcome match_vector(struct expansion_step *step, const struct pattern *pattern, struct datum *datum)
{
    struct front *front = step->x->front;
    if (datum->kind != DATUM_VECTOR || datum->cyclic)
        return DIFFERENT;
    struct datum *list = front_charge(front, datum->vector.length) ? datum_nil(front, datum->position) : NULL;
    for (size_t i = datum->vector.length; i-- > 0 && list;)
        list = datum_pair(front, datum->vector.items[i], list, datum->position);
    return list ? match(step, pattern->sub, list) : ENDED;
}

static enum outcome match_literal(struct expansion_step *step, const struct pattern *pattern, struct datum *datum)
{
    struct expander *x = step->x;
    if (!is_identifier(datum))
        return DIFFERENT;
    bool same = binding_same(x, datum, here(x), step->macro->identifiers[pattern->index], step->macro->env);
    return x->front->failed ? ENDED : same ? MATCHED : DIFFERENT;
}

static enum outcome match(struct expansion_step *step, const struct pattern *pattern, struct datum *datum)
{
    enum outcome outcome;
    for (;;) {
        switch ((enum pattern_kind)pattern->kind) {
        case PATTERN_ANY: return MATCHED;
        case PATTERN_VARIABLE: step->matches[pattern->index] = (struct match){ .datum = datum }; return MATCHED;
        case PATTERN_LITERAL: return match_literal(step, pattern, datum);
        case PATTERN_DATUM: return atom_equal(pattern->datum, datum) ? MATCHED : DIFFERENT;
        case PATTERN_NIL: return datum->kind == DATUM_NIL ? MATCHED : DIFFERENT;
        case PATTERN_VECTOR: return match_vector(step, pattern, datum);
        case PATTERN_PAIR:
            if (datum->kind != DATUM_PAIR || datum->cyclic)
                return DIFFERENT;
            outcome = match(step, pattern->sub, form_car(datum));
            datum = form_cdr(datum);
            break;
        case PATTERN_ELLIPSIS: outcome = match_repeat(step, pattern, &datum); break;
        case PATTERN_KINDS: return ENDED;
        }
        if (outcome != MATCHED)
            return outcome;
        pattern = pattern->rest;
    }
}

/* --- building --- */

static bool build(struct expansion_step *step, const struct template *template, struct datum **slot);

static struct datum *step_alias(struct expansion_step *step, uint32_t index)
{
    if (!step->aliases[index])
        step->aliases[index] = alias_new(step->x, step->macro->identifiers[index], step->macro->env, step->position);
    return step->aliases[index];
}

/* How often the variables of the ellipsis repeat at this level. */
static bool repeat_count(struct expansion_step *step, const struct template *template, uint32_t level, size_t *ret)
{
    bool found = false;
    for (uint32_t i = 0; i < template->variable_count; i++) {
        uint32_t variable = template->variables[i];
        if (!variable_repeats(&step->rule->variables[variable], template->outer + level))
            continue;
        size_t count = step->matches[variable].count;
        if (found && count != *ret)
            return front_fail(step->x->front, "syntax-error", step->position,
                              "the ellipses of this macro use matched different numbers of forms (%zu and %zu)", *ret,
                              count);
        found = true;
        *ret = count;
    }
    return true;
}

/* Builds the repetitions into a list whose end is **slot. */
static bool build_repeat(struct expansion_step *step, const struct template *template, uint32_t level,
                         struct datum ***slot)
{
    struct front *front = step->x->front;
    if (level == template->levels) {
        struct datum *pair = datum_pair(front, NULL, NULL, step->position);
        if (!pair || !build(step, template->sub, &pair->pair.car))
            return false;
        **slot = pair;
        *slot = &pair->pair.cdr;
        return true;
    }
    size_t count = 0;
    size_t work;
    if (!repeat_count(step, template, level, &count))
        return false;
    /* What will be built is charged before anything of it is. */
    if (!size_mul(count, (size_t) template->sub->size + template->variable_count + 1, &work) ||
        !front_charge(front, work))
        return front->failed ? false : front_limit(front, SCH_LIMIT_HEAP);
    struct match *saved = front_array(front, template->variable_count, sizeof *saved);
    if (!saved)
        return false;
    for (uint32_t i = 0; i < template->variable_count; i++)
        saved[i] = step->matches[template->variables[i]];
    bool ok = true;
    for (size_t n = 0; n < count && ok; n++) {
        for (uint32_t i = 0; i < template->variable_count; i++) {
            uint32_t variable = template->variables[i];
            if (variable_repeats(&step->rule->variables[variable], template->outer + level))
                step->matches[variable] = saved[i].items[n];
        }
        ok = build_repeat(step, template, level + 1, slot);
    }
    for (uint32_t i = 0; i < template->variable_count; i++)
        step->matches[template->variables[i]] = saved[i];
    return ok;
}

static bool build_vector(struct expansion_step *step, const struct template *template, struct datum **slot)
{
    struct datum *list;
    struct datum *vector = front_new(step->x->front, struct datum);
    if (!vector || !build(step, template->sub, &list))
        return false;
    size_t length = pairs_count(list);
    vector->kind = DATUM_VECTOR;
    vector->position = step->position;
    vector->vector.length = length;
    vector->vector.items = front_array(step->x->front, length, sizeof *vector->vector.items);
    if (!vector->vector.items)
        return false;
    for (size_t i = 0; i < length; i++, list = form_cdr(list))
        vector->vector.items[i] = form_car(list);
    *slot = vector;
    return true;
}

static bool build(struct expansion_step *step, const struct template *template, struct datum **slot)
{
    struct datum *pair;
    for (;; template = template->rest) {
        switch ((enum template_kind) template->kind) {
        case TEMPLATE_VARIABLE: *slot = step->matches[template->index].datum; return true;
        case TEMPLATE_IDENTIFIER: return (*slot = step_alias(step, template->index)) != NULL;
        case TEMPLATE_DATUM: *slot = (struct datum *)template->datum; return true;
        case TEMPLATE_VECTOR: return build_vector(step, template, slot);
        case TEMPLATE_PAIR:
            if (!(pair = datum_pair(step->x->front, NULL, NULL, step->position)) ||
                !build(step, template->sub, &pair->pair.car))
                return false;
            *slot = pair;
            slot = &pair->pair.cdr;
            break;
        case TEMPLATE_ELLIPSIS:
            if (!build_repeat(step, template, 0, &slot))
                return false;
            break;
        case TEMPLATE_KINDS: return false;
        }
    }
}

/* The use is shown: what another macro built stands in no text. */
static void no_match(struct expander *x, struct datum *form)
{
    enum { FORM_PRINT_MAX = 100 };
    struct buffer out;
    buffer_init(&out, x->front->arena.memory);
    if (datum_print(form, FORM_PRINT_MAX, &out))
        fail(x, form, "no rule of the macro `%s` matches this use: %.*s", identifier_text(form_car(form)),
             (int)out.length, (const char *)out.bytes);
    else
        front_limit(x->front, SCH_LIMIT_HEAP);
    buffer_done(&out);
}

struct datum *macro_value(struct expander *x, struct macro *macro, struct datum *id)
{
    static const char value[] = "value";
    if (!macro->rules && !macro_decode(x, macro))
        return NULL;
    for (uint32_t i = 0; i < macro->rule_count; i++) {
        const struct pattern *pattern = macro->rules[i].pattern;
        if (pattern->kind != PATTERN_DATUM || pattern->datum->kind != DATUM_KEYWORD ||
            pattern->datum->name->length != sizeof value - 1 ||
            memcmp(pattern->datum->name->text, value, sizeof value - 1) != 0)
            continue;
        struct datum *form = datum_pair(x->front, id, (struct datum *)pattern->datum, id->position);
        return form ? macro_expand(x, macro, form) : NULL;
    }
    return NULL;
}

struct datum *macro_expand(struct expander *x, struct macro *macro, struct datum *form)
{
    if (!macro) {
        fail(x, form, "`%s` is used before its definition as syntax", identifier_text(form_car(form)));
        return NULL;
    }
    if ((!macro->rules && !macro_decode(x, macro)) || !warn_mentioned(x, form))
        return NULL;
    struct expansion_step step = { .x = x, .macro = macro, .position = form->position };
    for (uint32_t i = 0; i < macro->rule_count; i++) {
        step.rule = &macro->rules[i];
        if (!front_charge(x->front, 1 + step.rule->variable_count))
            return NULL;
        step.matches = front_array(x->front, step.rule->variable_count, sizeof *step.matches);
        if (!step.matches)
            return NULL;
        enum outcome outcome = match(&step, step.rule->pattern, form_cdr(form));
        if (outcome == ENDED)
            return NULL;
        if (outcome == DIFFERENT)
            continue;
        for (uint32_t copy = step.rule->copies; copy < step.rule->variable_count; copy++)
            step.matches[copy] = step.matches[step.rule->variables[copy].source];
        struct datum *built = NULL;
        step.aliases = front_array(x->front, macro->identifier_count, sizeof *step.aliases);
        if (!step.aliases || !front_charge(x->front, step.rule->template->size + macro->identifier_count / 8) ||
            !build(&step, step.rule->template, &built) || (x->steps && !steps_take(x, macro, i, form, built)))
            return NULL;
        return built;
    }
    no_match(x, form);
    return NULL;
}
