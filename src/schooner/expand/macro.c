/* Parses syntax-rules into the trees of macro.h. Knows how patterns are written, not how they are matched. */
#include "schooner/expand/macro.h"

struct parse {
    struct expander *x;
    struct macro *macro;
    struct datum *ellipsis; /* a custom one; NULL: ... */
    struct datum **literals;
    size_t literal_count;
    /* of the present rule, which keeps what its template needs to know */
    struct datum **names; /* of the pattern's variables */
    uint32_t name_count;
    size_t name_capacity;
    struct rule_variable *variables; /* the pattern's, then copies of them */
    uint32_t variable_count;
    size_t variable_capacity;
};

static bool too_deep(struct parse *p)
{
    return front_limit(p->x->front, SCH_LIMIT_NESTING);
}

/* --- identifiers of the syntax --- */

static bool is_literal(const struct parse *p, const struct datum *id)
{
    for (size_t i = 0; i < p->literal_count; i++) {
        if (identifier_same(p->literals[i], id))
            return true;
    }
    return false;
}

/* As seen from where the macro is defined. */
static bool is_default(struct parse *p, struct datum *id, int special)
{
    struct entry *entry = resolve(p->x, id, p->macro->env);
    return entry ? entry->kind == ENTRY_SPECIAL && entry->special == special
                 : strcmp(identifier_text(id), special_form_name(special)) == 0;
}

enum { IDENTIFIERS_PER_UNIT = 8 }; /* that one look goes through */

static bool is_ellipsis(struct parse *p, struct datum *datum)
{
    if (!is_identifier(datum) || is_literal(p, datum))
        return false;
    return p->ellipsis ? identifier_same(p->ellipsis, datum) : is_default(p, datum, SPECIAL_ELLIPSIS);
}

/* Is there an ellipsis behind the pair's car? */
static bool ellipsis_follows(struct parse *p, const struct datum *pair)
{
    const struct datum *next = form_cdr(pair);
    return next->kind == DATUM_PAIR && !next->cyclic && is_ellipsis(p, form_car(next));
}

static bool identifier_index(struct parse *p, struct datum *id, uint32_t *ret)
{
    struct macro *macro = p->macro;
    if (!front_charge(p->x->front, 1 + macro->identifier_count / IDENTIFIERS_PER_UNIT))
        return false;
    for (uint32_t i = 0; i < macro->identifier_count; i++) {
        if (identifier_same(macro->identifiers[i], id)) {
            *ret = i;
            return true;
        }
    }
    struct datum **at =
        FRONT_PUSH(p->x->front, macro->identifiers, macro->identifier_count, macro->identifier_capacity);
    if (!at)
        return false;
    *at = id;
    *ret = macro->identifier_count - 1;
    return true;
}

/* --- patterns --- */

static struct pattern *pattern_new(struct parse *p, enum pattern_kind kind)
{
    struct pattern *pattern = front_new(p->x->front, struct pattern);
    if (pattern)
        pattern->kind = (uint8_t)kind;
    return pattern;
}

static bool variable_add(struct parse *p, struct rule_variable variable)
{
    struct rule_variable *at = FRONT_PUSH(p->x->front, p->variables, p->variable_count, p->variable_capacity);
    if (at)
        *at = variable;
    return at != NULL;
}

static struct pattern *pattern_variable(struct parse *p, struct datum *id, unsigned ellipses)
{
    struct pattern *pattern = pattern_new(p, PATTERN_VARIABLE);
    for (uint32_t i = 0; i < p->variable_count; i++) {
        if (identifier_same(p->names[i], id)) {
            fail(p->x, id, "`%s` is twice in one pattern", identifier_text(id));
            return NULL;
        }
    }
    if (!pattern || !front_charge(p->x->front, 1 + p->variable_count / IDENTIFIERS_PER_UNIT))
        return NULL;
    if (p->variable_count == MACRO_VARIABLES_MAX) {
        fail(p->x, id, "a rule of `syntax-rules` has at most %d pattern variables", MACRO_VARIABLES_MAX);
        return NULL;
    }
    if (ellipses > 100) {
        too_deep(p);
        return NULL;
    }
    struct datum **name = FRONT_PUSH(p->x->front, p->names, p->name_count, p->name_capacity);
    if (!name || !variable_add(p, (struct rule_variable){ .depth = (uint8_t)ellipses }))
        return NULL;
    *name = id;
    pattern->index = p->variable_count - 1;
    return pattern;
}

static struct pattern *parse_pattern(struct parse *p, struct datum *datum, unsigned depth, unsigned ellipses);

static struct pattern *pattern_identifier(struct parse *p, struct datum *id, unsigned ellipses)
{
    if (is_literal(p, id)) {
        struct pattern *pattern = pattern_new(p, PATTERN_LITERAL);
        return pattern && identifier_index(p, id, &pattern->index) ? pattern : NULL;
    }
    if (is_ellipsis(p, id)) {
        fail(p->x, id, "the ellipsis has nothing before it");
        return NULL;
    }
    if (is_default(p, id, SPECIAL_UNDERSCORE))
        return pattern_new(p, PATTERN_ANY);
    return pattern_variable(p, id, ellipses);
}

/* The pairs of a pattern, in a loop along the cdrs; an ellipsis may stand once. */
static struct pattern *pattern_list(struct parse *p, struct datum *datum, unsigned depth, unsigned ellipses)
{
    struct pattern *first = NULL;
    struct pattern **last = &first;
    struct pattern *repeat = NULL;
    for (; datum->kind == DATUM_PAIR && !datum->cyclic; datum = form_cdr(datum)) {
        bool follows = ellipsis_follows(p, datum);
        struct pattern *pattern = pattern_new(p, follows ? PATTERN_ELLIPSIS : PATTERN_PAIR);
        if (!pattern || !front_charge(p->x->front, 1 + p->literal_count / IDENTIFIERS_PER_UNIT))
            return NULL;
        if (follows && repeat) {
            fail(p->x, datum, "there are two ellipses in one list of a pattern");
            return NULL;
        }
        pattern->index = p->variable_count;
        pattern->sub = parse_pattern(p, form_car(datum), depth + 1, ellipses + follows);
        if (!pattern->sub)
            return NULL;
        pattern->count = p->variable_count - pattern->index;
        if (repeat)
            repeat->tail++;
        if (follows) {
            repeat = pattern;
            datum = form_cdr(datum);
        }
        *last = pattern;
        last = &pattern->rest;
    }
    return (*last = parse_pattern(p, datum, depth + 1, ellipses)) ? first : NULL;
}

static struct datum *vector_list(struct parse *p, const struct datum *vector)
{
    struct datum *list = datum_nil(p->x->front, vector->position);
    if (!front_charge(p->x->front, vector->vector.length))
        return NULL;
    for (size_t i = vector->vector.length; i-- > 0 && list;)
        list = datum_pair(p->x->front, vector->vector.items[i], list, vector->position);
    return list;
}

static struct pattern *parse_pattern(struct parse *p, struct datum *datum, unsigned depth, unsigned ellipses)
{
    struct pattern *pattern;
    struct datum *list;
    if (depth > MACRO_DEPTH_MAX) {
        too_deep(p);
        return NULL;
    }
    if (datum->cyclic) {
        fail(p->x, datum, "cyclic data cannot be a pattern");
        return NULL;
    }
    switch ((enum datum_kind)datum->kind) {
    case DATUM_NIL: return pattern_new(p, PATTERN_NIL);
    case DATUM_PAIR: return pattern_list(p, datum, depth, ellipses);
    case DATUM_SYMBOL:
    case DATUM_ALIAS: return pattern_identifier(p, datum, ellipses);
    case DATUM_VECTOR:
        pattern = pattern_new(p, PATTERN_VECTOR);
        list = pattern ? vector_list(p, datum) : NULL;
        return list && (pattern->sub = parse_pattern(p, list, depth + 1, ellipses)) ? pattern : NULL;
    case DATUM_IMMEDIATE:
    case DATUM_NUMBER:
    case DATUM_STRING:
    case DATUM_BYTEVECTOR:
    case DATUM_KEYWORD:
        if ((pattern = pattern_new(p, PATTERN_DATUM)))
            pattern->datum = datum;
        return pattern;
    case DATUM_CORE: break;
    }
    fail(p->x, datum, "this cannot be a pattern");
    return NULL;
}

/* --- templates --- */

/* What is seen while a template is parsed. */
struct context {
    unsigned depth;
    unsigned ellipses; /* that enclose the place */
    bool escaped;      /* within (... ...): the ellipsis is an ordinary identifier */
};

static struct template *parse_template(struct parse *p, struct datum *datum, struct context context);

static struct template *template_new(struct parse *p, enum template_kind kind)
{
    struct template *template = front_new(p->x->front, struct template);
    if (!template)
        return NULL;
    template->kind = (uint8_t)kind;
    return template;
}

static struct template *template_identifier(struct parse *p, struct datum *id, struct context context)
{
    for (uint32_t i = 0; i < p->name_count; i++) {
        if (!identifier_same(p->names[i], id))
            continue;
        if (p->variables[i].depth > context.ellipses) {
            fail(p->x, id, "`%s` needs %u ellipses behind it in the template", identifier_text(id),
                 p->variables[i].depth);
            return NULL;
        }
        struct template *template = template_new(p, TEMPLATE_VARIABLE);
        if (template)
            template->index = i;
        return template;
    }
    if (!context.escaped && is_ellipsis(p, id)) {
        fail(p->x, id, "the ellipsis has nothing before it");
        return NULL;
    }
    struct template *template = template_new(p, TEMPLATE_IDENTIFIER);
    return template && identifier_index(p, id, &template->index) ? template : NULL;
}

/* Marks the variables with ellipses that occur in the template. */
static void template_mark(const struct template *template, bool *marks)
{
    for (; template; template = template->rest) {
        if (template->kind == TEMPLATE_VARIABLE)
            marks[template->index] = true;
        if (template->sub)
            template_mark(template->sub, marks);
    }
}

/* Finds the variables that repeat with one of the template's ellipses. *ret: with each of these does one. */
static bool drivers_find(struct parse *p, struct template *template, bool *ret)
{
    uint32_t end = template->outer + template->levels;
    bool *marks = front_array(p->x->front, p->variable_count, sizeof *marks);
    template->variables = front_array(p->x->front, p->variable_count, sizeof *template->variables);
    template->variable_count = 0;
    if (!marks || !template->variables || !front_charge(p->x->front, 1 + p->variable_count / IDENTIFIERS_PER_UNIT))
        return false;
    template_mark(template->sub, marks);
    bool driven[UINT8_MAX] = { false };
    for (uint32_t i = 0; i < p->variable_count; i++) {
        bool is_driver = false;
        for (uint32_t level = template->outer; marks[i] && level < end; level++) {
            if (variable_repeats(&p->variables[i], level))
                is_driver = driven[level] = true;
        }
        if (is_driver)
            template->variables[template->variable_count++] = i;
    }
    *ret = true;
    for (uint32_t level = template->outer; level < end; level++)
        *ret = *ret && driven[level];
    return true;
}

/* The number of a copy of the variable that repeats with ellipses further inside. */
static bool variable_copy(struct parse *p, uint32_t source, uint32_t skipped, uint32_t *ret)
{
    if (!front_charge(p->x->front, 1 + (p->variable_count - p->name_count) / IDENTIFIERS_PER_UNIT))
        return false;
    for (*ret = p->name_count; *ret < p->variable_count; ++*ret) {
        if (p->variables[*ret].source == source && p->variables[*ret].skipped == skipped)
            return true;
    }
    return variable_add(p, (struct rule_variable){ p->variables[source].depth, (uint8_t)skipped, source });
}

/* Lets what stands in the template repeat with the last of `ellipses` that enclose it, not with the first. */
static bool template_move_in(struct parse *p, struct template *template, uint32_t ellipses)
{
    for (; template; template = template->rest) {
        uint32_t index = template->index;
        if (template->kind == TEMPLATE_VARIABLE && index < p->name_count && p->variables[index].depth > 0 &&
            p->variables[index].depth < ellipses &&
            !variable_copy(p, index, ellipses - p->variables[index].depth, &template->index))
            return false;
        if (template->sub && !template_move_in(p, template->sub, ellipses))
            return false;
    }
    return true;
}

/*
 * A variable may have more ellipses in the template than in the pattern. It repeats with the outermost of them, as `a`
 * does in ((a b) ...) ... for the pattern (a b ...) ..., but where an ellipsis would then have none, as behind `b` in
 * (a b ...) ... for the pattern (a ...) (b ...).
 */
static bool template_drivers(struct parse *p, struct template *template, const struct datum *at)
{
    bool complete;
    if (!drivers_find(p, template, &complete))
        return false;
    if (!complete && (!template_move_in(p, template->sub, template->outer + template->levels) ||
                      !drivers_find(p, template, &complete)))
        return false;
    return complete || fail(p->x, at, "no pattern variable before the ellipsis says how often to repeat");
}

static struct template *template_repeat(struct parse *p, struct datum **datum, struct context context)
{
    struct template *template = template_new(p, TEMPLATE_ELLIPSIS);
    struct datum *start = *datum;
    if (!template)
        return NULL;
    while (ellipsis_follows(p, *datum)) {
        template->levels++;
        *datum = form_cdr(*datum);
    }
    template->outer = context.ellipses;
    context.depth++;
    context.ellipses += template->levels;
    if (context.ellipses > 100) {
        too_deep(p);
        return NULL;
    }
    template->sub = parse_template(p, form_car(start), context);
    return template->sub && template_drivers(p, template, start) ? template : NULL;
}

static struct template *template_list(struct parse *p, struct datum *datum, struct context context)
{
    struct template *first = NULL;
    struct template **last = &first;
    struct context inner = context;
    inner.depth++;
    if (!context.escaped && is_ellipsis(p, form_car(datum)) && form_length(datum) == 2) {
        inner.escaped = true;
        return parse_template(p, form_second(datum), inner);
    }
    for (; datum->kind == DATUM_PAIR && !datum->cyclic; datum = form_cdr(datum)) {
        struct template *template;
        if (!front_charge(p->x->front, 1))
            return NULL;
        if (!context.escaped && ellipsis_follows(p, datum)) {
            template = template_repeat(p, &datum, context);
        } else if ((template = template_new(p, TEMPLATE_PAIR))) {
            template->sub = parse_template(p, form_car(datum), inner);
        }
        if (!template || !template->sub)
            return NULL;
        *last = template;
        last = &template->rest;
    }
    return (*last = parse_template(p, datum, inner)) ? first : NULL;
}

static struct template *parse_template(struct parse *p, struct datum *datum, struct context context)
{
    struct template *template;
    if (context.depth > MACRO_DEPTH_MAX) {
        too_deep(p);
        return NULL;
    }
    if (is_identifier(datum))
        return template_identifier(p, datum, context);
    if (datum->kind == DATUM_PAIR && !datum->cyclic)
        return template_list(p, datum, context);
    if (datum->kind == DATUM_VECTOR && !datum->cyclic) {
        struct datum *list = vector_list(p, datum);
        template = list ? template_new(p, TEMPLATE_VECTOR) : NULL;
        context.depth++;
        return template && (template->sub = parse_template(p, list, context)) ? template : NULL;
    }
    if (datum->cyclic) {
        fail(p->x, datum, "cyclic data cannot be in a template");
        return NULL;
    }
    if ((template = template_new(p, TEMPLATE_DATUM)))
        template->datum = datum;
    return template;
}

/* The size of a list's tail is not needed: only of its first node, which counts them all. */
void template_measure(struct template *template)
{
    uint32_t size = 0;
    for (struct template *each = template; each; each = each->rest) {
        size++;
        if (!each->sub)
            continue;
        template_measure(each->sub);
        if (each->kind != TEMPLATE_ELLIPSIS && __builtin_add_overflow(size, each->sub->size, &size))
            size = UINT32_MAX / 2;
    }
    template->size = size;
}

/* --- rules --- */

static bool parse_rule(struct parse *p, struct datum *form, struct rule *rule)
{
    p->name_count = 0;
    p->variable_count = 0;
    p->variable_capacity = 0;
    if (form_length(form) != 2 || form_car(form)->kind != DATUM_PAIR)
        return fail(p->x, form, "a rule of `syntax-rules` is ((name . pattern) template)");
    rule->position = form->position;
    rule->pattern = parse_pattern(p, form_cdr(form_car(form)), 0, 0);
    if (!rule->pattern)
        return false;
    rule->copies = p->name_count;
    rule->template = parse_template(p, form_second(form), (struct context){ 0 });
    if (!rule->template)
        return false;
    rule->variable_count = p->variable_count;
    rule->variables = p->variables;
    template_measure(rule->template);
    return true;
}

static bool parse_literals(struct parse *p, struct datum *list)
{
    ptrdiff_t count = form_length(list);
    if (count < 0)
        return fail(p->x, list, "`syntax-rules` needs a list of literals");
    if (!(p->literals = front_array(p->x->front, (size_t)count, sizeof *p->literals)))
        return false;
    for (; list->kind == DATUM_PAIR; list = form_cdr(list)) {
        if (!is_identifier(form_car(list)))
            return fail(p->x, form_car(list), "a literal of `syntax-rules` is a symbol");
        p->literals[p->literal_count++] = form_car(list);
    }
    return true;
}

static struct macro *macro_parse(struct expander *x, struct datum *form, struct environment env)
{
    struct macro *macro = front_new(x->front, struct macro);
    struct parse p = { .x = x, .macro = macro };
    ptrdiff_t length = form_length(form);
    if (!macro)
        return NULL;
    macro->env = env;
    struct datum *rest = form_cdr(form);
    if (length > 2 && is_identifier(form_car(rest))) {
        p.ellipsis = form_car(rest);
        rest = form_cdr(rest);
        length--;
    }
    if (length < 2) {
        fail(x, form, "`syntax-rules` needs literals and rules");
        return NULL;
    }
    if (!parse_literals(&p, form_car(rest)))
        return NULL;
    rest = form_cdr(rest);
    macro->rule_count = (uint32_t)(length - 2);
    if (!(macro->rules = front_array(x->front, macro->rule_count + 1, sizeof *macro->rules)))
        return NULL;
    for (uint32_t i = 0; i < macro->rule_count; i++, rest = form_cdr(rest)) {
        if (!parse_rule(&p, form_car(rest), &macro->rules[i]))
            return NULL;
    }
    return macro;
}

/* A keyword for another keyword: the same syntax under a second name. */
static bool bind_synonym(struct expander *x, struct entry *entry, struct datum *id, struct environment env)
{
    struct entry *other = resolve(x, id, env);
    if (x->front->failed)
        return false;
    if (!other || other == entry || (other->kind != ENTRY_MACRO && other->kind != ENTRY_SPECIAL))
        return fail(x, id, "`%s` is no syntax", identifier_text(id));
    entry->kind = other->kind;
    if (other->kind == ENTRY_SPECIAL)
        entry->special = other->special;
    else
        entry->macro = other->macro;
    return true;
}

bool macro_bind(struct expander *x, struct entry *entry, struct datum *form, struct environment env)
{
    for (;;) {
        if (is_identifier(form))
            return bind_synonym(x, entry, form, env);
        if (form->cyclic || form->kind != DATUM_PAIR || !is_identifier(form_car(form)))
            break;
        struct entry *head = resolve(x, form_car(form), env);
        if (x->front->failed)
            return false;
        if (head && head->kind == ENTRY_MACRO && head->macro) {
            if (!front_charge(x->front, 1) || !(form = macro_expand(x, head->macro, form)))
                return false;
            continue;
        }
        if (head ? head->kind != ENTRY_SPECIAL || head->special != SPECIAL_SYNTAX_RULES
                 : strcmp(identifier_text(form_car(form)), "syntax-rules") != 0)
            break;
        struct macro *macro = macro_parse(x, form, env);
        if (!macro)
            return false;
        entry->kind = ENTRY_MACRO;
        entry->macro = macro;
        return true;
    }
    return fail(x, form, "the transformer of a macro is (syntax-rules (literal ...) rule ...)");
}
