/* import and use-modules: import sets; and the other forms that choose text: cond-expand and include. */
#include <stdio.h>
#include "schooner/expand/expander.h"
#include "base/buffer.h"

enum { REQUIREMENT_DEPTH = 64, LIBRARY_NAME_MAX = 400 };

/* --- names of libraries --- */

static bool library_part(struct expander *x, const struct datum *part, struct buffer *out)
{
    if (is_identifier(part)) {
        const struct name *name = identifier_name(part);
        return buffer_append(out, name->text, name->length);
    }
    if (part->kind == DATUM_IMMEDIATE && is_fixnum(part->value) && fixnum_int(part->value) >= 0)
        return buffer_append_format(out, "%lld", (long long)fixnum_int(part->value));
    return front_fail(x->front, "syntax-error", part->position,
                      "a library's name is a list of symbols and numbers, as (scheme base)");
}

/* Guile calls (srfi 1) (srfi srfi-1). */
static const char *guile_name(char *name)
{
    static const char prefix[] = "(srfi srfi-";
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return name;
    memmove(name + 6, name + 11, strlen(name + 11) + 1);
    return name;
}

const char *library_name(struct expander *x, struct datum *name, bool guile)
{
    struct buffer out;
    buffer_init(&out, x->front->arena.memory);
    bool ok = form_length(name) > 0 ||
              front_fail(x->front, "syntax-error", name->position, "a library's name is a list, as (scheme base)");
    ok = ok && buffer_append_byte(&out, '(');
    for (const struct datum *rest = name; ok && rest->kind == DATUM_PAIR; rest = rest->pair.cdr)
        ok = (rest == name || buffer_append_byte(&out, ' ')) && library_part(x, rest->pair.car, &out);
    ok = ok && buffer_append_byte(&out, ')');
    if (ok && out.length > LIBRARY_NAME_MAX)
        ok = front_fail(x->front, "syntax-error", name->position, "the library's name is too long");
    char *copy = ok ? arena_copy(&x->front->arena, out.bytes, out.length) : NULL;
    buffer_done(&out);
    if (!copy && !x->front->failed)
        front_limit(x->front, SCH_LIMIT_HEAP);
    return copy && guile ? guile_name(copy) : copy;
}

/* --- import sets --- */

/* With room for `count` names. */
static struct import_step *step_new(struct expander *x, enum import_step_kind kind, size_t count)
{
    struct import_step *step = front_new(x->front, struct import_step);
    if (!step)
        return NULL;
    step->kind = kind;
    step->from = front_array(x->front, count, sizeof *step->from);
    step->to = front_array(x->front, count, sizeof *step->to);
    return step->from && step->to ? step : NULL;
}

static struct import_step *step_bad(struct expander *x, const struct datum *form)
{
    fail(x, form, "`%s` in an import set is not well-formed", identifier_text(form_car(form)));
    return NULL;
}

/* The step of (only set name ...) and its like. */
static struct import_step *step_parse(struct expander *x, enum import_step_kind kind, struct datum *form, size_t count)
{
    struct import_step *step = step_new(x, kind, count);
    struct datum *rest = form_rest(form, 2);
    if (kind == STEP_PREFIX && count != 1)
        return step_bad(x, form);
    for (size_t i = 0; step && i < count; i++, rest = form_cdr(rest)) {
        struct datum *item = form_car(rest);
        struct datum *to = item;
        if (kind == STEP_RENAME) {
            if (form_length(item) != 2 || !is_identifier(form_second(item)))
                return step_bad(x, form);
            to = form_second(item);
            item = form_car(item);
        }
        if (!is_identifier(item))
            return step_bad(x, form);
        if (!step_list(x, step, identifier_name(item), identifier_name(to)))
            return NULL;
    }
    return step;
}

static bool step_kind_of(const struct datum *set, enum import_step_kind *ret)
{
    static const char *const words[] = { "only", "except", "prefix", "rename" };
    if (!is_identifier(form_car(set)) || form_second(set)->kind != DATUM_PAIR)
        return false;
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(identifier_text(form_car(set)), words[i]) == 0) {
            *ret = (enum import_step_kind)i;
            return true;
        }
    }
    return false;
}

/* Is each name that a step lists there, behind the steps further inward? */
static bool set_check(struct expander *x, struct import_set *set)
{
    for (struct import_step *step = set->steps; step; step = step->next) {
        if (step->kind == STEP_PREFIX)
            continue;
        for (size_t i = 0; i < step->count; i++) {
            if (!front_charge(x->front, 1))
                return false;
            if (!import_find(x, set, step->next, step->from[i]))
                return !x->front->failed &&
                       front_fail(x->front, "import-error", set->position, "%s does not provide `%s`",
                                  set->source->space, step->from[i]->text);
        }
    }
    return true;
}

static struct import_set *set_parse(struct expander *x, struct datum *form)
{
    struct import_set *set = front_new(x->front, struct import_set);
    if (!set)
        return NULL;
    set->position = form->position;
    struct import_step **last = &set->steps;
    enum import_step_kind kind;
    for (;;) {
        ptrdiff_t length = form_length(form);
        if (length < 2 || !step_kind_of(form, &kind))
            break;
        if (!(*last = step_parse(x, kind, form, (size_t)length - 2)))
            return NULL;
        last = &(*last)->next;
        form = form_second(form);
    }
    const char *name = library_name(x, form, false);
    return name && (set->source = library_get(x, name, form->position)) ? set : NULL;
}

static void set_add(struct expander *x, struct import_set *set)
{
    set->next = x->module->imports;
    x->module->imports = set;
}

/* --- import sets as text, for later programs of the session --- */

static bool print_name(struct front *front, const struct name *name, struct buffer *out)
{
    bool ok = buffer_append_text(out, " |");
    for (uint32_t i = 0; i < name->length && ok; i++) {
        if (!front_step(front, 4))
            return false;
        if (name->text[i] == '|' || name->text[i] == '\\')
            ok = buffer_append_byte(out, '\\');
        ok = ok && buffer_append_byte(out, (unsigned char)name->text[i]);
    }
    return ok && buffer_append_byte(out, '|');
}

static bool print_steps(struct front *front, const struct import_step *step, const char *library, struct buffer *out)
{
    static const char *const words[] = { "(only ", "(except ", "(prefix ", "(rename " };
    if (!step)
        return buffer_append_text(out, library);
    /* Few are nested: the depth of the datum was bounded by the reader, and steps are taken off one by one. */
    const struct import_step *steps[32];
    size_t count = 0;
    for (; step && count < 32; step = step->next) {
        steps[count++] = step;
        if (!buffer_append_text(out, words[step->kind]))
            return false;
    }
    bool ok = buffer_append_text(out, library);
    while (ok && count-- > 0) {
        for (size_t i = 0; i < steps[count]->count && ok; i++) {
            bool renames = steps[count]->kind == STEP_RENAME;
            ok = (!renames || buffer_append_text(out, " (")) && print_name(front, steps[count]->from[i], out) &&
                 (!renames || (print_name(front, steps[count]->to[i], out) && buffer_append_byte(out, ')')));
        }
        ok = ok && buffer_append_byte(out, ')');
    }
    return ok;
}

static bool import_remember(struct expander *x, const struct import_set *set)
{
    struct buffer out;
    buffer_init(&out, x->front->arena.memory);
    bool ok = print_steps(x->front, set->steps, set->source->space, &out);
    char *copy = ok ? arena_copy(&x->front->arena, out.bytes, out.length) : NULL;
    buffer_done(&out);
    if (!copy)
        return front_limit(x->front, SCH_LIMIT_HEAP);
    const char **at = FRONT_PUSH(x->front, x->import_texts, x->import_count, x->import_capacity);
    if (!at)
        return false;
    *at = copy;
    return true;
}

/* --- the forms --- */

static bool import_set(struct expander *x, struct import_set *set)
{
    if (!set)
        return false;
    size_t steps = 0;
    for (const struct import_step *step = set->steps; step; step = step->next)
        steps++;
    if (steps > 32)
        return front_fail(x->front, "syntax-error", set->position, "the import set is nested too deeply");
    if (!set_check(x, set))
        return false;
    set_add(x, set);
    return !x->module->is_program || import_remember(x, set);
}

bool import_form(struct expander *x, struct datum *form)
{
    if (form_length(form) < 0)
        return fail(x, form, "`import` needs a list of import sets");
    if (x->module->is_program)
        x->explicit_imports = true;
    for (struct datum *rest = form_cdr(form); rest->kind == DATUM_PAIR; rest = form_cdr(rest)) {
        if (!import_set(x, set_parse(x, form_car(rest))))
            return false;
    }
    return true;
}

static bool import_implicit(struct expander *x, struct import_set *set)
{
    if (!set)
        return false;
    set->implicit = true;
    set_add(x, set);
    return true;
}

bool import_named(struct expander *x, const char *name, struct position position)
{
    struct import_set *set = front_new(x->front, struct import_set);
    if (!set || !(set->source = library_get(x, name, position)))
        return false;
    set->position = position;
    return import_implicit(x, set);
}

/* What earlier programs of the session imported is read again: one text. */
static bool import_session(struct expander *x)
{
    struct buffer out;
    buffer_init(&out, x->front->arena.memory);
    bool ok = buffer_append_text(&out, "(");
    for (size_t i = 0; x->world->session_imports[i] && ok; i++)
        ok = buffer_append_text(&out, x->world->session_imports[i]) && buffer_append_byte(&out, ' ');
    ok = ok && buffer_append_byte(&out, ')');
    const char *text = ok ? arena_copy(&x->front->arena, out.bytes, out.length) : NULL;
    size_t length = out.length;
    buffer_done(&out);
    if (!text)
        return front_limit(x->front, SCH_LIMIT_HEAP);

    struct reader reader;
    struct datum *sets;
    uint16_t file;
    if (!front_add_source(x->front, "session", text, length, &file))
        return false;
    reader_init(&reader, x->front, file);
    if (read_datum(&reader, &sets) != READ_DATUM)
        return front_fail(x->front, "import-error", (struct position){ 0 }, "the session's imports cannot be read");
    for (; sets->kind == DATUM_PAIR; sets = form_cdr(sets)) {
        if (!import_implicit(x, set_parse(x, form_car(sets))))
            return false;
    }
    return true;
}

bool import_begin(struct expander *x)
{
    struct position nowhere = { 0 };
    for (size_t i = 0; x->world->pre_imports && x->world->pre_imports[i]; i++) {
        if (!import_named(x, x->world->pre_imports[i], nowhere))
            return false;
    }
    return !x->world->session_imports || !x->world->session_imports[0] || import_session(x);
}

/* --- use-modules --- */

static bool is_keyword(const struct datum *datum, const char *text)
{
    return datum->kind == DATUM_KEYWORD && strcmp(datum->name->text, text) == 0;
}

/* #:select (a (b . c)): only a and b, b renamed to c. */
static bool select_parse(struct expander *x, struct datum *list, struct import_set *set)
{
    ptrdiff_t count = form_length(list);
    struct import_step *rename = count < 0 ? NULL : step_new(x, STEP_RENAME, (size_t)count);
    struct import_step *only = rename ? step_new(x, STEP_ONLY, (size_t)count) : NULL;
    if (!only)
        return fail(x, list, "#:select needs a list of names");
    for (; list->kind == DATUM_PAIR; list = form_cdr(list)) {
        struct datum *item = form_car(list);
        bool pair = item->kind == DATUM_PAIR && is_identifier(form_car(item)) && is_identifier(form_cdr(item));
        if (!pair && !is_identifier(item))
            return fail(x, item, "#:select needs names or (name . new-name)");
        const struct name *from = identifier_name(pair ? form_car(item) : item);
        if (!step_list(x, only, from, from) || (pair && !step_list(x, rename, from, identifier_name(form_cdr(item)))))
            return false;
    }
    rename->next = only;
    only->next = set->steps;
    set->steps = rename;
    return true;
}

static bool module_options(struct expander *x, struct datum *rest, struct import_set *set)
{
    struct import_step *prefix = NULL;
    for (; rest->kind == DATUM_PAIR; rest = form_rest(rest, 2)) {
        struct datum *value = form_length(rest) >= 2 ? form_second(rest) : NULL;
        if (value && is_keyword(form_car(rest), "select")) {
            if (!select_parse(x, value, set))
                return false;
        } else if (value && is_keyword(form_car(rest), "prefix") && is_identifier(value)) {
            if (!(prefix = step_new(x, STEP_PREFIX, 1)))
                return false;
            if (!step_list(x, prefix, identifier_name(value), identifier_name(value)))
                return false;
        } else {
            return fail(x, rest, "`use-modules` knows #:select and #:prefix");
        }
    }
    if (prefix) {
        prefix->next = set->steps;
        set->steps = prefix;
    }
    return true;
}

static struct import_set *module_parse(struct expander *x, struct datum *form)
{
    bool options = form_length(form) > 1 && form_car(form)->kind == DATUM_PAIR;
    struct datum *name = options ? form_car(form) : form;
    struct import_set *set = front_new(x->front, struct import_set);
    const char *text = set ? library_name(x, name, true) : NULL;
    if (!text || !(set->source = library_get(x, text, name->position)))
        return NULL;
    set->position = form->position;
    return !options || module_options(x, form_cdr(form), set) ? set : NULL;
}

/* A module that comes with Guile, where there is no library of this name. */
static bool is_of_guile_alone(const struct expander *x, const char *name)
{
    static const char *const families[] = { "(ice-9 ", "(srfi ", "(rnrs ", "(system ", "(web ", "(oop " };
    bool of_guile = false;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        of_guile = of_guile || strncmp(name, families[i], strlen(families[i])) == 0;
    return of_guile && x->world->find_scope && !x->world->find_scope(x->world->data, name);
}

/* Where the host wants none of it: what to write instead, of the libraries that are there. What is selected of a module
 * is the user's to say again. */
static bool use_modules_refused(struct expander *x, struct datum *form)
{
    char text[200];
    size_t length = 0;
    const char *missing = NULL;
    text[0] = '\0';
    for (struct datum *rest = form_cdr(form); rest->kind == DATUM_PAIR; rest = form_cdr(rest)) {
        struct datum *module = form_car(rest);
        bool options = form_length(module) > 1 && form_car(module)->kind == DATUM_PAIR;
        const char *name = library_name(x, options ? form_car(module) : module, true);
        if (!name)
            return false;
        if (is_of_guile_alone(x, name)) {
            missing = missing ? missing : name;
            continue;
        }
        if (strlen(name) + sizeof " ..." > sizeof text - length - 1) {
            snprintf(text + length, sizeof text - length, " ...");
            break;
        }
        length += (size_t)snprintf(text + length, sizeof text - length, " %s", name);
    }
    if (missing && length == 0)
        return fail(x, form, "`use-modules` is of GNU Guile; here it is import, and there is no library %.100s",
                    missing);
    return fail(x, form, "`use-modules` is of GNU Guile; for Schooner it is (import%s)%s%.100s", text,
                missing ? ", without " : "", missing ? missing : "");
}

bool use_modules_form(struct expander *x, struct datum *form)
{
    if (form_length(form) < 0)
        return fail(x, form, "`use-modules` needs a list of modules");
    if (!x->world->guile_imports)
        return use_modules_refused(x, form);
    if (x->module->is_program && !x->explicit_imports) {
        x->explicit_imports = true;
        if (!import_named(x, "(scheme base)", form->position) || !import_named(x, "(scheme write)", form->position))
            return false;
    }
    for (struct datum *rest = form_cdr(form); rest->kind == DATUM_PAIR; rest = form_cdr(rest)) {
        if (!import_set(x, module_parse(x, form_car(rest))))
            return false;
    }
    return true;
}

/* --- cond-expand --- */

static bool has_feature(const struct expander *x, const char *name)
{
    for (size_t i = 0; x->world->features && x->world->features[i]; i++) {
        if (strcmp(x->world->features[i], name) == 0)
            return true;
    }
    return false;
}

static bool requirement(struct expander *x, struct datum *form, unsigned depth, bool *ret);

static bool requirement_list(struct expander *x, struct datum *rest, bool all, unsigned depth, bool *ret)
{
    *ret = all;
    for (; rest->kind == DATUM_PAIR && *ret == all; rest = form_cdr(rest)) {
        if (!requirement(x, form_car(rest), depth + 1, ret))
            return false;
    }
    return true;
}

static bool requirement(struct expander *x, struct datum *form, unsigned depth, bool *ret)
{
    if (depth > REQUIREMENT_DEPTH || !front_charge(x->front, 1))
        return x->front->failed ? false : fail(x, form, "the requirement is nested too deeply");
    if (is_identifier(form)) {
        const char *text = identifier_text(form);
        *ret = strcmp(text, "else") == 0 || has_feature(x, text);
        return true;
    }
    ptrdiff_t length = form_length(form);
    if (length < 1 || !is_identifier(form_car(form)))
        return fail(x, form,
                    "a requirement of `cond-expand` is a feature, (library name), (and ...), (or ...) or "
                    "(not ...)");
    const char *head = identifier_text(form_car(form));
    if (strcmp(head, "and") == 0 || strcmp(head, "or") == 0)
        return requirement_list(x, form_cdr(form), head[0] == 'a', depth, ret);
    if (strcmp(head, "not") == 0 && length == 2) {
        if (!requirement(x, form_second(form), depth + 1, ret))
            return false;
        *ret = !*ret;
        return true;
    }
    if (strcmp(head, "library") == 0 && length == 2) {
        const char *name = library_name(x, form_second(form), false);
        *ret = name && library_exists(x, name);
        return name != NULL;
    }
    return fail(x, form, "`%s` is no requirement of `cond-expand`", head);
}

struct datum *cond_expand_select(struct expander *x, struct datum *form)
{
    if (form_length(form) < 0) {
        fail(x, form, "`cond-expand` needs a list of clauses");
        return NULL;
    }
    if (!warn_mentioned(x, form))
        return NULL;
    struct datum *clauses = form_cdr(form);
    for (; clauses->kind == DATUM_PAIR; clauses = form_cdr(clauses)) {
        struct datum *clause = form_car(clauses);
        bool holds;
        if (form_length(clause) < 1) {
            fail(x, clause, "a clause of `cond-expand` begins with a requirement");
            return NULL;
        }
        if (!requirement(x, form_car(clause), 0, &holds))
            return NULL;
        if (holds)
            return form_cdr(clause);
    }
    return clauses; /* none holds: nothing */
}

/* --- include --- */

static bool include_file(struct expander *x, struct datum *name, bool fold_case, struct datum ***last)
{
    struct sch_source source;
    uint16_t file;
    char *text = name->kind == DATUM_STRING ? arena_copy(&x->front->arena, name->text.bytes, name->text.length) : NULL;
    if (!text)
        return fail(x, name, "`include` needs the names of files, as strings");
    const char *from = x->front->source_count > name->position.file ? x->front->sources[name->position.file].name : "";
    if (!x->world->load_include || !x->world->load_include(x->world->data, x->front, from, text, &source))
        return x->front->failed
                   ? false
                   : front_fail(x->front, "import-error", name->position, "\"%s\" cannot be included", text);
    if (!front_add_source(x->front, source.name, source.text, source.length, &file))
        return false;
    struct reader reader;
    reader_init(&reader, x->front, file);
    reader.fold_case = fold_case;
    for (;;) {
        struct datum *datum;
        enum read_result result = read_datum(&reader, &datum);
        if (result == READ_END)
            return true;
        struct datum *end = result == READ_DATUM ? datum_nil(x->front, datum->position) : NULL;
        struct datum *pair = end ? datum_pair(x->front, datum, end, datum->position) : NULL;
        if (!pair)
            return false;
        **last = pair;
        *last = &pair->pair.cdr;
    }
}

struct datum *include_forms(struct expander *x, struct datum *form, bool fold_case)
{
    struct datum *forms = datum_nil(x->front, form->position);
    struct datum **last = &forms;
    if (!forms)
        return NULL;
    if (form_length(form) < 2) {
        fail(x, form, "`include` needs the names of files");
        return NULL;
    }
    for (struct datum *rest = form_cdr(form); rest->kind == DATUM_PAIR; rest = form_cdr(rest)) {
        if (!include_file(x, form_car(rest), fold_case, &last))
            return NULL;
    }
    return forms;
}
