/*
 * What earlier programs of a machine left at its top level, and the libraries that they defined: names for the
 * expander. Values live in the machine's cells; here are only names and macros, in an arena of the account's memory.
 */
#include "base/hash.h"
#include "schooner/api/state.h"

static struct session_name *names_find(const struct session_names *names, const char *name, size_t length)
{
    if (names->slot_count == 0)
        return NULL;
    uint64_t hash = hash_fnv1a(name, length);
    for (size_t at = hash & (names->slot_count - 1); names->slots[at]; at = (at + 1) & (names->slot_count - 1)) {
        struct session_name *item = &names->items[names->slots[at] - 1];
        if (item->hash == hash && item->length == length && memcmp(item->exported.name, name, length) == 0)
            return item;
    }
    return NULL;
}

enum { NAME_STEP = 64 }; /* as arena_step counts */

static bool names_grow(struct arena *arena, struct session_names *names, size_t more)
{
    size_t need;
    if (!size_add(names->count, more, &need) || need > UINT32_MAX / 4)
        return false;
    if (need <= names->capacity)
        return true;
    size_t capacity = size_max(need, names->capacity * 2);
    size_t slot_count = 16;
    while (slot_count < capacity * 2)
        slot_count *= 2;
    struct session_name *items = arena_array(arena, capacity, sizeof *items);
    uint32_t *slots = arena_array(arena, slot_count, sizeof *slots);
    if (!items || !slots)
        return false;
    if (!arena_move(arena, items, names->items, names->count * sizeof *items))
        return false;
    for (size_t i = 0; i < names->count; i++) {
        if (!arena_step(arena, NAME_STEP))
            return false;
        size_t at = items[i].hash & (slot_count - 1);
        while (slots[at])
            at = (at + 1) & (slot_count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    names->items = items;
    names->capacity = capacity;
    names->slots = slots;
    names->slot_count = slot_count;
    return true;
}

static bool copy_exported(struct arena *arena, const struct exported *from, struct exported *ret)
{
    *ret = *from;
    if (from->macro && !(ret->macro = (const unsigned char *)arena_copy(arena, from->macro, from->macro_length)))
        return false;
    if (from->space && !(ret->space = arena_copy(arena, from->space, strlen(from->space))))
        return false;
    return !from->global_name ||
           (ret->global_name = arena_copy(arena, from->global_name, strlen(from->global_name))) != NULL;
}

/* Adds a name, or gives it its new meaning. Room is there (names_grow). */
static bool names_add(struct arena *arena, struct session_names *names, const char *name, const struct exported *from)
{
    size_t length = strlen(name);
    struct session_name *item = names_find(names, name, length);
    struct exported copy;
    if (!arena_step(arena, 4 * NAME_STEP + length) || !copy_exported(arena, from, &copy))
        return false;
    if (item) {
        copy.name = item->exported.name;
        item->exported = copy;
        return true;
    }
    if (!(copy.name = arena_copy(arena, name, length)))
        return false;
    names->items[names->count] = (struct session_name){ copy, length, hash_fnv1a(name, length) };
    size_t at = names->items[names->count].hash & (names->slot_count - 1);
    while (names->slots[at])
        at = (at + 1) & (names->slot_count - 1);
    names->slots[at] = (uint32_t)++names->count;
    return true;
}

static bool find_in(const struct session_names *names, const char *name, size_t length, struct exported *ret)
{
    const struct session_name *item = names_find(names, name, length);
    if (!item)
        return false;
    *ret = item->exported;
    return true;
}

static bool library_find(const struct library *library, const char *name, size_t length, struct exported *ret)
{
    const struct session_library *own = library->data;
    return find_in(&own->exports, name, length, ret);
}

static bool library_find_inside(const struct library *library, const char *name, size_t length, struct exported *ret)
{
    const struct session_library *own = library->data;
    return find_in(&own->inside, name, length, ret) || find_in(&own->exports, name, length, ret);
}

static void library_at(const struct library *library, size_t index, struct exported *ret)
{
    const struct session_library *own = library->data;
    *ret = own->exports.items[index].exported;
}

static void library_view(struct session_library *library, const char *name)
{
    library->view = (struct library){
        .name = name,
        .data = library,
        .export_count = library->exports.count,
        .find = library_find,
        .at = library_at,
        .find_inside = library_find_inside,
    };
}

void session_init(sch_vm *vm)
{
    struct api_state *api = vm->api;
    arena_init(&api->arena, vm_memory(vm));
    library_view(&api->top, "");
    api->libraries_end = &api->libraries;
}

static bool add_all(struct arena *arena, struct session_names *names, const struct left_behind *items, size_t count,
                    bool inside)
{
    if (!names_grow(arena, names, count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!names_add(arena, names, inside && items[i].inside ? items[i].inside : items[i].exported.name,
                       &items[i].exported))
            return false;
    return true;
}

static bool add_library(struct api_state *api, const struct library_left *left)
{
    struct session_library *library = arena_new(&api->arena, struct session_library);
    char *name = arena_copy(&api->arena, left->name, strlen(left->name));
    if (!library || !name || !add_all(&api->arena, &library->exports, left->exports, left->export_count, false) ||
        !add_all(&api->arena, &library->inside, left->inside, left->inside_count, true))
        return false;
    library_view(library, name);
    *api->libraries_end = library;
    api->libraries_end = &library->next;
    return true;
}

static bool add_imports(struct api_state *api, const struct expansion *expansion)
{
    size_t need = api->import_count + expansion->import_count + 1;
    if (need > api->import_capacity) {
        size_t capacity = size_max(need, 2 * api->import_capacity);
        const char **imports = arena_array(&api->arena, capacity, sizeof *imports);
        if (!imports)
            return false;
        if (api->import_count)
            memcpy(imports, api->imports, api->import_count * sizeof *imports);
        api->imports = imports;
        api->import_capacity = capacity;
    }
    for (size_t i = 0; i < expansion->import_count; i++) {
        char *text = arena_copy(&api->arena, expansion->imports[i], strlen(expansion->imports[i]));
        if (!text)
            return false;
        api->imports[api->import_count++] = text;
    }
    api->imports[api->import_count] = NULL;
    return true;
}

static bool commit(sch_vm *vm, const struct expansion *expansion)
{
    struct api_state *api = vm->api;
    for (size_t i = 0; i < expansion->library_count; i++)
        if (!add_library(api, &expansion->libraries[i]))
            return false;
    if (!add_all(&api->arena, &api->top.exports, expansion->top, expansion->top_count, false))
        return false;
    api->top.view.export_count = api->top.exports.count;
    return add_imports(api, expansion);
}

static bool look(void *vm)
{
    return poll(vm);
}

bool session_commit(sch_vm *vm, const struct expansion *expansion)
{
    struct arena *arena = &vm->api->arena;
    arena->look = look;
    arena->look_data = vm;
    bool done = commit(vm, expansion);
    arena->look = NULL;
    return done;
}

const struct library *session_find_library(sch_vm *vm, const char *name)
{
    for (const struct session_library *library = vm->api->libraries; library; library = library->next)
        if (strcmp(library->view.name, name) == 0)
            return &library->view;
    return NULL;
}
