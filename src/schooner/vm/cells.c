/* The machine's top-level names: a cell for each name in each space (the program, a library). */
#include "base/hash.h"
#include "schooner/vm/run.h"

enum { CELLS_FIRST = 64, SPACES_FIRST = 8 };

static bool space_find(sch_vm *vm, const char *space, uint32_t *ret)
{
    struct cell_table *table = &interpreter_of(vm)->cells;
    for (uint32_t i = 0; i < table->space_count; i++)
        if (strcmp(table->space_names[i], space) == 0) {
            *ret = i;
            return true;
        }
    if (table->space_count == table->space_capacity) {
        uint32_t capacity = table->space_capacity ? table->space_capacity * 2 : SPACES_FIRST;
        char **names = memory_resize(vm_memory(vm), table->space_names, table->space_capacity * sizeof *names,
                                     capacity * sizeof *names);
        if (!names)
            return false;
        table->space_names = names;
        table->space_capacity = capacity;
    }
    size_t size = strlen(space) + 1;
    char *name = memory_resize(vm_memory(vm), NULL, 0, size);
    if (!name)
        return false;
    memcpy(name, space, size);
    *ret = table->space_count;
    table->space_names[table->space_count++] = name;
    return true;
}

static size_t cell_slot(const struct cell_table *table, uint64_t hash, uint32_t space, const char *name, size_t length)
{
    size_t slot = hash_mix(hash + space) & (table->capacity - 1);
    for (; table->cells[slot].bits; slot = (slot + 1) & (table->capacity - 1)) {
        const struct symbol *symbol = object_as(struct symbol, object_as(struct cell, table->cells[slot])->name);
        if (symbol->hash == hash && table->spaces[slot] == space && header_length(symbol->header) == length &&
            memcmp(symbol->text, name, length) == 0)
            break;
    }
    return slot;
}

static bool table_grow(sch_vm *vm)
{
    struct cell_table *table = &interpreter_of(vm)->cells, grown = *table;
    grown.capacity = table->capacity ? table->capacity * 2 : CELLS_FIRST;
    grown.cells = memory_resize(vm_memory(vm), NULL, 0, grown.capacity * sizeof *grown.cells);
    grown.spaces = memory_resize(vm_memory(vm), NULL, 0, grown.capacity * sizeof *grown.spaces);
    if (!grown.cells || !grown.spaces) {
        memory_resize(vm_memory(vm), grown.cells, grown.capacity * sizeof *grown.cells, 0);
        memory_resize(vm_memory(vm), grown.spaces, grown.capacity * sizeof *grown.spaces, 0);
        return false;
    }
    memset(grown.cells, 0, grown.capacity * sizeof *grown.cells);
    for (size_t i = 0; i < table->capacity; i++) {
        if (!table->cells[i].bits)
            continue;
        const struct symbol *symbol = object_as(struct symbol, object_as(struct cell, table->cells[i])->name);
        size_t slot = cell_slot(&grown, symbol->hash, table->spaces[i], symbol->text, header_length(symbol->header));
        grown.cells[slot] = table->cells[i];
        grown.spaces[slot] = table->spaces[i];
    }
    if (table->capacity) {
        memory_resize(vm_memory(vm), table->cells, table->capacity * sizeof *table->cells, 0);
        memory_resize(vm_memory(vm), table->spaces, table->capacity * sizeof *table->spaces, 0);
    }
    *table = grown;
    return true;
}

sch_value vm_cell(sch_vm *vm, const char *space_name, const char *name, size_t length)
{
    struct cell_table *table = &interpreter_of(vm)->cells;
    uint32_t space;
    if (!space_find(vm, space_name, &space) || (table->count >= table->capacity / 2 && !table_grow(vm)))
        return raise_limit(vm, SCH_LIMIT_HEAP);
    uint64_t hash = hash_fnv1a(name, length);
    size_t slot = cell_slot(table, hash, space, name, length);
    if (table->cells[slot].bits)
        return table->cells[slot];

    size_t bytes = object_size(sizeof(struct cell), 0, 0);
    if (!heap_reserve(vm, bytes + symbol_size(length)))
        return V_RAISED;
    sch_value symbol = symbol_intern(vm, name, length);
    if (is_raised(symbol))
        return V_RAISED;
    struct cell *cell = heap_object(vm, OBJECT_CELL, 2, bytes);
    cell->value = V_UNBOUND;
    cell->name = symbol;
    table->cells[slot] = object_value(cell);
    table->spaces[slot] = space;
    table->count++;
    return table->cells[slot];
}

void cells_done(sch_vm *vm)
{
    struct cell_table *table = &interpreter_of(vm)->cells;
    for (uint32_t i = 0; i < table->space_count; i++)
        memory_resize(vm_memory(vm), table->space_names[i], strlen(table->space_names[i]) + 1, 0);
    if (table->space_capacity)
        memory_resize(vm_memory(vm), table->space_names, table->space_capacity * sizeof *table->space_names, 0);
    if (table->capacity) {
        memory_resize(vm_memory(vm), table->cells, table->capacity * sizeof *table->cells, 0);
        memory_resize(vm_memory(vm), table->spaces, table->capacity * sizeof *table->spaces, 0);
    }
    *table = (struct cell_table){ 0 };
}
