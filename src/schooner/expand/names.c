/* Names for people: those in scope where a program begins, which a line editor completes, and where a name that is not
 * bound could come from. */
#include <stdio.h>
#include "base/near.h"
#include "schooner/expand/expander.h"

struct collector {
    struct expander *x;
    const char *prefix;
    bool (*take)(void *data, const char *name);
    void *data;
    struct table seen;
};

/* Gives the name once. */
static bool give(struct collector *c, const struct name *name)
{
    if (strncmp(name->text, c->prefix, strlen(c->prefix)) != 0 || name->text[0] == '%' || table_get(&c->seen, name))
        return true;
    return table_put(c->x->front, &c->seen, name, (void *)name) && c->take(c->data, name->text);
}

/* What the steps make of a library's name; NULL: they leave it out, or the arena is full. The innermost step is last.
 */
static const struct name *outward(struct expander *x, const struct import_step *step, const struct name *name)
{
    const struct import_step *inward[64];
    size_t count = 0;
    for (; step; step = step->next) {
        if (count == sizeof inward / sizeof *inward)
            return NULL;
        inward[count++] = step;
    }
    while (name && count-- > 0) {
        const struct name *const *to = table_get(&inward[count]->listed, name);
        switch (inward[count]->kind) {
        case STEP_ONLY: name = to ? name : NULL; break;
        case STEP_EXCEPT: name = to ? NULL : name; break;
        case STEP_RENAME: name = to ? *to : name; break;
        case STEP_PREFIX: {
            char text[256];
            const struct name *prefix = inward[count]->from[0];
            if ((size_t)prefix->length + name->length >= sizeof text)
                return NULL;
            memcpy(text, prefix->text, prefix->length);
            memcpy(text + prefix->length, name->text, name->length);
            name = name_intern(&x->front->names, text, (size_t)prefix->length + name->length);
            break;
        }
        }
    }
    return name;
}

static bool give_exports(struct collector *c, const struct library *library, const struct import_step *steps)
{
    for (size_t i = 0; i < library->export_count; i++) {
        struct exported exported = { 0 };
        struct exported found;
        library->at(library, i, &exported);
        size_t length = strlen(exported.name);
        /* `at` lists what mutation would add, too; `find` does not. */
        if (!front_charge(c->x->front, 1) || !library->find(library, exported.name, length, &found)) {
            if (c->x->front->failed)
                return false;
            continue;
        }
        const struct name *name = name_intern(&c->x->front->names, exported.name, length);
        if (!name)
            return front_limit(c->x->front, SCH_LIMIT_HEAP);
        name = outward(c->x, steps, name);
        if (name && !give(c, name))
            return false;
    }
    return true;
}

bool expand_names(struct front *front, const struct expand_world *world, const char *prefix,
                  bool (*take)(void *data, const char *name), void *data)
{
    struct expander x = { .front = front, .world = world };
    struct collector c = { .x = &x, .prefix = prefix, .take = take, .data = data };
    if (!(x.module = module_new(&x, "", NULL)))
        return false;
    x.module->is_program = true;
    if (!import_begin(&x))
        return false;
    if (!x.module->imports)
        for (size_t i = 0; world->default_imports && world->default_imports[i]; i++)
            if (!import_named(&x, world->default_imports[i], (struct position){ 0 }))
                return false;
    if (world->session && !give_exports(&c, world->session, NULL))
        return !front->failed;
    for (const struct import_set *set = x.module->imports; set; set = set->next) {
        const struct library *library = set->source->existing;
        if (library && !give_exports(&c, library, set->steps))
            return !front->failed;
    }
    return true;
}

/* Where a name is looked for that nothing binds, in this order. */
static const char *const providers[] = {
    "(scheme base)",
    "(scheme write)",
    "(scheme char)",
    "(scheme cxr)",
    "(scheme inexact)",
    "(scheme lazy)",
    "(scheme case-lambda)",
    "(scheme complex)",
    "(scheme read)",
    "(scheme time)",
    "(scheme file)",
    "(scheme process-context)",
    "(scheme load)",
    "(scheme eval)",
    "(srfi 1)",
    "(schooner keyword)",
    "(esquema container)",
    "(esquema policy)",
    "(esquema service)",
    "(esquema runtime)",
    "(srfi 152)",
    "(srfi 132)",
    "(srfi 133)",
    "(srfi 69)",
    "(srfi 125)",
    "(srfi 8)",
    "(srfi 2)",
    "(srfi 26)",
    "(srfi 115)",
    "(srfi 151)",
    "(srfi 146)",
    "(srfi 158)",
    "(srfi 113)",
    "(srfi 128)",
    "(srfi 145)",
    "(schooner json)",
    "(schooner test)",
    "(schooner debug)",
    "(scheme r5rs)",
};

const char *expand_provider(const struct expand_world *world, const char *text, size_t length)
{
    struct exported ignored;
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++) {
        const struct library *library = world->find_library ? world->find_library(world->data, providers[i]) : NULL;
        if (library && library->find(library, text, length, &ignored))
            return providers[i];
    }
    return NULL;
}

/* A library that is there with mutation alone; NULL: none. */
static const char *mutating_provider(const struct expand_world *world, const char *text, size_t length)
{
    struct exported ignored;
    for (size_t i = 0; !world->mutation && world->find_scope && i < sizeof providers / sizeof *providers; i++) {
        const struct library *library = world->find_scope(world->data, providers[i]);
        if (library && library->mutates && library->find(library, text, length, &ignored))
            return providers[i];
    }
    return NULL;
}

/* What others call so, and how it is written here; NULL: nothing is known. */
static const char *hint_find(const char *text, size_t length)
{
    static const struct {
        const char *name, *instead;
    } hints[] = {
#define HINT(name, instead) { name, instead },
#include "schooner/expand/hints.def"
#undef HINT
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (strlen(hints[i].name) == length && memcmp(hints[i].name, text, length) == 0)
            return hints[i].instead;
    return NULL;
}

bool expand_hint(const struct expand_world *world, const char *text, size_t length, char *ret, size_t size)
{
    const char *library = expand_provider(world, text, length);
    if (library) {
        snprintf(ret, size, "; (import %s) provides it", library);
        return true;
    }
    const char *instead = hint_find(text, length);
    if (instead) {
        snprintf(ret, size, "; here one writes %s", instead);
        return true;
    }
    char why[200] = "";
    library = mutating_provider(world, text, length);
    if (library && world->explain_library)
        world->explain_library(world->data, library, why, sizeof why);
    if (library)
        snprintf(ret, size, "; it is of %s%s", library, why);
    return library != NULL;
}

/* --- names that may have been meant --- */

enum { NEAR_TIMES = 32, NEAR_LOCALS = 64, NEAR_CELLS_PER_UNIT = 16 };

struct nearest {
    struct expander *x;
    const struct name *wanted;
    const struct name *found;
    unsigned distance; /* what is found must be below */
    uint64_t work;     /* in units of fuel, of what is not charged yet */
};

static void consider(struct nearest *nearest, const struct name *name)
{
    uint32_t a = nearest->wanted->length, b = name->length;
    nearest->work++;
    if (name == nearest->wanted || b > NEAR_BYTES || (a > b ? a - b : b - a) >= nearest->distance)
        return;
    nearest->work += (uint64_t)a * b / NEAR_CELLS_PER_UNIT;
    unsigned apart = near_distance(nearest->wanted->text, a, name->text, b);
    if (apart < nearest->distance) {
        nearest->distance = apart;
        nearest->found = name;
    }
}

static bool consider_charged(struct nearest *nearest, const struct name *name)
{
    consider(nearest, name);
    uint64_t work = nearest->work;
    nearest->work = 0;
    return front_charge(nearest->x->front, work);
}

static bool consider_text(void *data, const char *text)
{
    struct nearest *nearest = data;
    const struct name *name = name_of(&nearest->x->front->names, text);
    return name && consider_charged(nearest, name);
}

static struct nearest nearest_begin(struct expander *x, const struct name *name)
{
    return (struct nearest){ .x = x, .wanted = name, .distance = near_bound(name->length) };
}

const struct name *near_local(struct expander *x, const struct name *name)
{
    struct nearest nearest = nearest_begin(x, name);
    unsigned count = 0;
    if (nearest.distance == 0)
        return NULL;
    for (const struct scope *scope = x->scopes; scope; scope = scope->outer)
        for (const struct entry *entry = scope->entries; entry && count < NEAR_LOCALS; entry = entry->next, count++)
            consider(&nearest, identifier_name(entry->id));
    return front_charge(x->front, nearest.work) ? nearest.found : NULL;
}

const struct name *near_global(struct expander *x, const struct module *module, const struct name *name)
{
    struct nearest nearest = nearest_begin(x, name);
    struct collector c = { .x = x, .prefix = "", .take = consider_text, .data = &nearest };
    if (nearest.distance == 0 || x->near_times++ >= NEAR_TIMES)
        return NULL;
    for (const struct entry *entry = module->first; entry; entry = entry->next)
        if (!consider_charged(&nearest, entry->inside))
            return NULL;
    for (const struct import_set *set = module->imports; set; set = set->next)
        if (set->source->existing && !give_exports(&c, set->source->existing, set->steps))
            return NULL;
    return nearest.found;
}

bool expand_is_mutator(const struct expand_world *world, const char *text)
{
    static const char *const libraries[] = { "(scheme base)", "(srfi 132)", "(srfi 133)" };
    size_t length = strlen(text);
    struct exported exported;
    if (world->mutation || !world->find_library || length == 0 || text[length - 1] != '!')
        return false;
    for (size_t l = 0; l < sizeof libraries / sizeof *libraries; l++) {
        const struct library *library = world->find_library(world->data, libraries[l]);
        for (size_t i = 0; library && i < library->export_count; i++) {
            library->at(library, i, &exported);
            if (strcmp(exported.name, text) == 0)
                return !library->find(library, text, length, &exported);
        }
    }
    return false;
}
