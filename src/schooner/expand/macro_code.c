/* Macros as bytes and back: numbers in groups of seven bits, texts with their length, trees in preorder. No pointers.
 */
#include "schooner/expand/macro.h"

enum { MACRO_FORMAT = 2, IDENTIFIER_NAME = 0, IDENTIFIER_ALIAS = 1, BYTES_MAX = 1 << 28 };

/* --- writing --- */

static bool put_number(struct buffer *out, uint64_t number)
{
    for (; number >= 0x80; number >>= 7) {
        if (!buffer_append_byte(out, (unsigned char)(number | 0x80)))
            return false;
    }
    return buffer_append_byte(out, (unsigned char)number);
}

static bool put_text(struct buffer *out, const char *text, size_t length)
{
    return put_number(out, length) && buffer_append(out, text, length);
}

/* The binding at the top level that an alias itself has in a module. */
static const struct entry *alias_entry(const struct alias *alias, const struct module *module)
{
    const struct entry *entry = alias->bindings;
    while (entry && (entry->depth > 0 || entry->module != module))
        entry = entry->shadowed;
    return entry;
}

static bool put_identifier(struct buffer *out, const struct datum *id, const struct module *module)
{
    while (id->kind == DATUM_ALIAS) {
        const struct entry *entry = alias_entry(id->alias, module);
        if (entry)
            return put_number(out, IDENTIFIER_NAME) && put_text(out, entry->inside->text, entry->inside->length);
        bool same = id->alias->env.module == module;
        const char *space = same ? "" : id->alias->env.module->space;
        if (!put_number(out, IDENTIFIER_ALIAS) || !put_text(out, space, strlen(space)))
            return false;
        module = id->alias->env.module;
        id = id->alias->id;
    }
    return put_number(out, IDENTIFIER_NAME) && put_text(out, id->name->text, id->name->length);
}

const struct name *macro_mentions(const struct macro *macro, uint32_t index)
{
    const struct datum *id = macro->identifiers[index];
    const struct module *module = macro->env.module;
    while (id->kind == DATUM_ALIAS) {
        const struct entry *entry = alias_entry(id->alias, module);
        if (entry)
            return module == macro->env.module ? entry->inside : NULL;
        module = id->alias->env.module;
        id = id->alias->id;
    }
    return module == macro->env.module ? id->name : NULL;
}

static bool put_datum(struct buffer *out, const struct datum *datum)
{
    if (!put_number(out, datum->kind))
        return false;
    switch ((enum datum_kind)datum->kind) {
    case DATUM_NIL: return true;
    case DATUM_IMMEDIATE: return put_number(out, datum->value.bits);
    case DATUM_NUMBER:
    case DATUM_STRING:
    case DATUM_BYTEVECTOR: return put_text(out, datum->text.bytes, datum->text.length);
    case DATUM_KEYWORD: return put_text(out, datum->name->text, datum->name->length);
    case DATUM_SYMBOL:
    case DATUM_PAIR:
    case DATUM_VECTOR:
    case DATUM_ALIAS:
    case DATUM_CORE: break;
    }
    return false;
}

static bool put_pattern(struct front *front, struct buffer *out, const struct pattern *pattern)
{
    for (; pattern; pattern = pattern->rest) {
        if (!front_step(front, 32) || !put_number(out, pattern->kind))
            return false;
        bool ok = true;
        switch ((enum pattern_kind)pattern->kind) {
        case PATTERN_VARIABLE:
        case PATTERN_LITERAL: ok = put_number(out, pattern->index); break;
        case PATTERN_DATUM: ok = put_datum(out, pattern->datum); break;
        case PATTERN_ELLIPSIS:
            ok = put_number(out, pattern->index) && put_number(out, pattern->count) && put_number(out, pattern->tail) &&
                 put_pattern(front, out, pattern->sub);
            break;
        case PATTERN_PAIR:
        case PATTERN_VECTOR: ok = put_pattern(front, out, pattern->sub); break;
        case PATTERN_ANY:
        case PATTERN_NIL:
        case PATTERN_KINDS: break;
        }
        if (!ok)
            return false;
    }
    return true;
}

static bool put_template(struct front *front, struct buffer *out, const struct template *template)
{
    for (; template; template = template->rest) {
        if (!front_step(front, 32) || !put_number(out, template->kind))
            return false;
        bool ok = true;
        switch ((enum template_kind) template->kind) {
        case TEMPLATE_VARIABLE:
        case TEMPLATE_IDENTIFIER: ok = put_number(out, template->index); break;
        case TEMPLATE_DATUM: ok = put_datum(out, template->datum); break;
        case TEMPLATE_PAIR:
        case TEMPLATE_VECTOR: ok = put_template(front, out, template->sub); break;
        case TEMPLATE_ELLIPSIS:
            ok = put_number(out, template->levels) && put_number(out, template->outer) &&
                 put_number(out, template->variable_count);
            for (uint32_t i = 0; i < template->variable_count && ok; i++)
                ok = put_number(out, template->variables[i]);
            ok = ok && put_template(front, out, template->sub);
            break;
        case TEMPLATE_KINDS: break;
        }
        if (!ok)
            return false;
    }
    return true;
}

static bool put_rule(struct front *front, struct buffer *out, const struct rule *rule)
{
    bool ok = put_number(out, rule->copies) && put_number(out, rule->variable_count);
    for (uint32_t i = 0; i < rule->variable_count && ok; i++)
        ok = i < rule->copies
                 ? put_number(out, rule->variables[i].depth)
                 : put_number(out, rule->variables[i].source) && put_number(out, rule->variables[i].skipped);
    return ok && put_pattern(front, out, rule->pattern) && put_template(front, out, rule->template);
}

bool macro_encode(struct expander *x, const struct macro *macro, const unsigned char **ret, size_t *ret_length)
{
    struct buffer out;
    buffer_init(&out, x->front->arena.memory);
    bool ok = put_number(&out, MACRO_FORMAT) && put_number(&out, macro->identifier_count);
    for (uint32_t i = 0; i < macro->identifier_count && ok; i++)
        ok = front_step(x->front, 64) && put_identifier(&out, macro->identifiers[i], macro->env.module);
    ok = ok && put_number(&out, macro->rule_count);
    for (uint32_t i = 0; i < macro->rule_count && ok; i++)
        ok = put_rule(x->front, &out, &macro->rules[i]);
    const char *copy = ok ? arena_copy(&x->front->arena, out.bytes, out.length) : NULL;
    size_t length = out.length;
    buffer_done(&out);
    if (!copy)
        return front_limit(x->front, SCH_LIMIT_HEAP);
    *ret = (const unsigned char *)copy;
    *ret_length = length;
    return true;
}

/* --- reading --- */

struct decoder {
    struct expander *x;
    struct macro *macro;
    const unsigned char *at, *end;
    uint32_t variable_count; /* of the present rule */
};

static bool bad(struct decoder *d)
{
    return front_fail(d->x->front, "import-error", (struct position){ 0 }, "the bytes of a macro of %s are damaged",
                      d->macro->env.module->space);
}

static bool get_wide(struct decoder *d, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (d->at == d->end)
            return bad(d);
        unsigned char byte = *d->at++;
        *ret |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return bad(d);
}

/* A number below `limit`. */
static bool get_number(struct decoder *d, uint64_t limit, uint32_t *ret)
{
    uint64_t wide;
    *ret = 0;
    if (!get_wide(d, &wide))
        return false;
    if (wide >= limit)
        return bad(d);
    *ret = (uint32_t)wide;
    return true;
}

static bool get_text(struct decoder *d, const char **ret, size_t *ret_length)
{
    uint32_t length;
    *ret = "";
    *ret_length = 0;
    if (!get_number(d, BYTES_MAX, &length))
        return false;
    if (length > (size_t)(d->end - d->at))
        return bad(d);
    *ret = (const char *)d->at;
    *ret_length = length;
    d->at += length;
    return true;
}

static struct name *get_name(struct decoder *d)
{
    const char *text;
    size_t length;
    if (!get_text(d, &text, &length))
        return NULL;
    struct name *name = name_intern(&d->x->front->names, text, length);
    if (!name)
        front_limit(d->x->front, SCH_LIMIT_HEAP);
    return name;
}

static struct datum *datum_new(struct decoder *d, enum datum_kind kind)
{
    struct datum *datum = front_new(d->x->front, struct datum);
    if (datum)
        datum->kind = (uint8_t)kind;
    return datum;
}

/* Aliases are written from the outside in; they are made from the inside out. */
static struct datum *get_identifier(struct decoder *d)
{
    enum { CHAIN_MAX = 1000 };
    struct environment envs[16];
    struct environment *chain = envs;
    size_t count = 0;
    struct environment env = d->macro->env;
    for (;;) {
        uint32_t tag;
        const char *space;
        size_t length;
        if (!get_number(d, 2, &tag))
            return NULL;
        if (tag == IDENTIFIER_NAME)
            break;
        if (!get_text(d, &space, &length))
            return NULL;
        char *name = arena_copy(&d->x->front->arena, space, length);
        if (!name || count == CHAIN_MAX) {
            front_limit(d->x->front, SCH_LIMIT_HEAP);
            return NULL;
        }
        if (count == 16) {
            chain = front_array(d->x->front, CHAIN_MAX, sizeof *chain);
            if (!chain)
                return NULL;
            memcpy(chain, envs, sizeof envs);
        }
        struct module *module = length > 0 ? library_scope(d->x, name) : env.module;
        if (!module) {
            front_fail(d->x->front, "import-error", (struct position){ 0 }, "a macro of %s needs the library %s",
                       d->macro->env.module->space, name);
            return NULL;
        }
        chain[count++] = env = (struct environment){ module, 0 };
    }
    struct datum *id = datum_new(d, DATUM_SYMBOL);
    if (!id || !(id->name = get_name(d)))
        return NULL;
    while (count-- > 0 && id)
        id = alias_new(d->x, id, chain[count], (struct position){ 0 });
    return id;
}

static struct datum *get_datum(struct decoder *d)
{
    uint32_t kind;
    uint64_t bits;
    if (!get_number(d, DATUM_CORE + 1, &kind))
        return NULL;
    struct datum *datum = datum_new(d, (enum datum_kind)kind);
    if (!datum)
        return NULL;
    switch ((enum datum_kind)kind) {
    case DATUM_NIL: return datum;
    case DATUM_IMMEDIATE:
        if (!get_wide(d, &bits))
            return NULL;
        datum->value = (sch_value){ bits };
        return datum;
    case DATUM_NUMBER:
    case DATUM_STRING:
    case DATUM_BYTEVECTOR: return get_text(d, &datum->text.bytes, &datum->text.length) ? datum : NULL;
    case DATUM_KEYWORD: return (datum->name = get_name(d)) ? datum : NULL;
    case DATUM_SYMBOL:
    case DATUM_PAIR:
    case DATUM_VECTOR:
    case DATUM_ALIAS:
    case DATUM_CORE: break;
    }
    bad(d);
    return NULL;
}

static struct pattern *get_pattern(struct decoder *d, unsigned depth)
{
    struct pattern *first = NULL;
    struct pattern **last = &first;
    for (;;) {
        uint32_t kind;
        struct pattern *pattern = front_new(d->x->front, struct pattern);
        if (!pattern || !get_number(d, PATTERN_KINDS, &kind))
            return NULL;
        if (depth > 2 * MACRO_DEPTH_MAX) {
            bad(d);
            return NULL;
        }
        pattern->kind = (uint8_t)kind;
        *last = pattern;
        last = &pattern->rest;
        bool ok = true;
        bool more = false;
        switch ((enum pattern_kind)kind) {
        case PATTERN_VARIABLE: ok = get_number(d, d->variable_count, &pattern->index); break;
        case PATTERN_LITERAL: ok = get_number(d, d->macro->identifier_count, &pattern->index); break;
        case PATTERN_DATUM: ok = (pattern->datum = get_datum(d)) != NULL; break;
        case PATTERN_ELLIPSIS:
            ok = get_number(d, (uint64_t)d->variable_count + 1, &pattern->index) &&
                 get_number(d, (uint64_t)d->variable_count + 1 - pattern->index, &pattern->count) &&
                 get_number(d, BYTES_MAX, &pattern->tail) && (pattern->sub = get_pattern(d, depth + 1)) != NULL;
            more = true;
            break;
        case PATTERN_PAIR:
            ok = (pattern->sub = get_pattern(d, depth + 1)) != NULL;
            more = true;
            break;
        case PATTERN_VECTOR: ok = (pattern->sub = get_pattern(d, depth + 1)) != NULL; break;
        case PATTERN_ANY:
        case PATTERN_NIL:
        case PATTERN_KINDS: break;
        }
        if (!ok)
            return NULL;
        if (!more)
            return first;
    }
}

static bool get_drivers(struct decoder *d, struct template *template)
{
    if (!get_number(d, 256, &template->levels) || !get_number(d, 256, &template->outer) ||
        !get_number(d, (uint64_t)d->variable_count + 1, &template->variable_count))
        return false;
    template->variables = front_array(d->x->front, template->variable_count, sizeof *template->variables);
    for (uint32_t i = 0; i < template->variable_count; i++) {
        if (!template->variables || !get_number(d, d->variable_count, &template->variables[i]))
            return false;
    }
    return template->variables != NULL;
}

static struct template *get_template(struct decoder *d, unsigned depth)
{
    struct template *first = NULL;
    struct template **last = &first;
    for (;;) {
        uint32_t kind;
        struct template *template = front_new(d->x->front, struct template);
        if (!template || !get_number(d, TEMPLATE_KINDS, &kind))
            return NULL;
        if (depth > 2 * MACRO_DEPTH_MAX) {
            bad(d);
            return NULL;
        }
        template->kind = (uint8_t)kind;
        *last = template;
        last = &template->rest;
        bool ok = true;
        bool more = false;
        switch ((enum template_kind)kind) {
        case TEMPLATE_VARIABLE: ok = get_number(d, d->variable_count, &template->index); break;
        case TEMPLATE_IDENTIFIER: ok = get_number(d, d->macro->identifier_count, &template->index); break;
        case TEMPLATE_DATUM: ok = (template->datum = get_datum(d)) != NULL; break;
        case TEMPLATE_VECTOR: ok = (template->sub = get_template(d, depth + 1)) != NULL; break;
        case TEMPLATE_PAIR:
            ok = (template->sub = get_template(d, depth + 1)) != NULL;
            more = true;
            break;
        case TEMPLATE_ELLIPSIS:
            ok = get_drivers(d, template) && (template->sub = get_template(d, depth + 1)) != NULL;
            more = true;
            break;
        case TEMPLATE_KINDS: break;
        }
        if (!ok)
            return NULL;
        if (!more)
            return first;
    }
}

static bool get_variable(struct decoder *d, const struct rule *rule, uint32_t index)
{
    struct rule_variable *variable = &rule->variables[index];
    uint32_t depth, skipped = 0;
    if (index < rule->copies) {
        if (!get_number(d, 256, &depth))
            return false;
    } else {
        if (!get_number(d, rule->copies, &variable->source) || !get_number(d, 256, &skipped))
            return false;
        depth = rule->variables[variable->source].depth;
    }
    variable->depth = (uint8_t)depth;
    variable->skipped = (uint8_t)skipped;
    return true;
}

static bool get_rule(struct decoder *d, struct rule *rule)
{
    if (!get_number(d, MACRO_VARIABLES_MAX + 1, &rule->copies) || !get_number(d, BYTES_MAX, &rule->variable_count))
        return false;
    if (rule->variable_count > (size_t)(d->end - d->at) || rule->copies > rule->variable_count)
        return bad(d);
    d->variable_count = rule->variable_count;
    if (!(rule->variables = front_array(d->x->front, rule->variable_count, sizeof *rule->variables)))
        return false;
    for (uint32_t i = 0; i < rule->variable_count; i++) {
        if (!get_variable(d, rule, i))
            return false;
    }
    if (!(rule->pattern = get_pattern(d, 0)) || !(rule->template = get_template(d, 0)))
        return false;
    template_measure(rule->template);
    return true;
}

bool macro_decode(struct expander *x, struct macro *macro)
{
    struct decoder d = { .x = x, .macro = macro, .at = macro->bytes, .end = macro->bytes + macro->length };
    uint32_t format;
    uint32_t count;
    if (!front_charge(x->front, 1 + macro->length / 8) || !get_number(&d, MACRO_FORMAT + 1, &format) ||
        !get_number(&d, macro->length + 1, &count))
        return false;
    if (!(macro->identifiers = front_array(x->front, count, sizeof *macro->identifiers)))
        return false;
    for (; macro->identifier_count < count; macro->identifier_count++) {
        if (!(macro->identifiers[macro->identifier_count] = get_identifier(&d)))
            return false;
    }
    if (!get_number(&d, macro->length + 1, &macro->rule_count))
        return false;
    struct rule *rules = front_array(x->front, (size_t)macro->rule_count + 1, sizeof *rules);
    if (!rules)
        return false;
    for (uint32_t i = 0; i < macro->rule_count; i++) {
        if (!get_rule(&d, &rules[i]))
            return false;
    }
    macro->rules = rules;
    return true;
}

struct macro *macro_lazy(struct expander *x, const unsigned char *bytes, size_t length, struct module *module)
{
    struct macro *macro = table_get(&x->macros, bytes);
    if (macro || !(macro = front_new(x->front, struct macro)))
        return macro;
    macro->bytes = bytes;
    macro->length = length;
    macro->env = (struct environment){ module, 0 };
    return table_put(x->front, &x->macros, bytes, macro) ? macro : NULL;
}
