/*
 * What is interned: symbols and keywords, so that eq? is equality of names, and foreign values, so that it is identity
 * of what the host means. What the environment's image has is found there; the machine keeps its own in a weak table
 * (open addressing), from which a collection drops what nobody holds.
 */
#include "schooner/heap/machine.h"

#include "base/hash.h"

enum { SYMBOLS_CAPACITY_MIN = 64 };

struct symbol_table {
    sch_value *slots; /* EMPTY, DROPPED, a symbol, a keyword or a foreign value */
    size_t capacity;
    size_t used; /* slots that are not EMPTY */
    size_t dropped;
};

#define SLOT_EMPTY   make_fixnum(0)
#define SLOT_DROPPED V_FALSE

static uint64_t foreign_hash(const struct sch_foreign_type *type, const void *pointer)
{
    return hash_mix((uint64_t)(uintptr_t)pointer ^ hash_mix((uint64_t)(uintptr_t)type));
}

static uint64_t keyword_hash(sch_value symbol)
{
    return hash_mix(~object_as(struct symbol, symbol)->hash);
}

/* All stand in the same table, each kind under a hash of its own. */
static uint64_t slot_hash(sch_value entry)
{
    if (is_foreign(entry))
        return foreign_hash(object_as(struct foreign, entry)->type, object_as(struct foreign, entry)->pointer);
    if (is_symbol(entry))
        return hash_mix(object_as(struct symbol, entry)->hash);
    return keyword_hash(object_as(struct keyword, entry)->symbol);
}

static sch_value *new_slots(sch_vm *vm, size_t capacity)
{
    size_t bytes;
    if (!size_mul(capacity, sizeof(sch_value), &bytes))
        return NULL;
    sch_value *slots = memory_resize(vm_memory(vm), NULL, 0, bytes);
    for (size_t i = 0; slots && i < capacity; i++)
        slots[i] = SLOT_EMPTY;
    return slots;
}

bool symbol_table_init(sch_vm *vm)
{
    struct symbol_table *table = memory_resize(vm_memory(vm), NULL, 0, sizeof *table);
    if (!table)
        return false;
    *table = (struct symbol_table){ .slots = new_slots(vm, SYMBOLS_CAPACITY_MIN), .capacity = SYMBOLS_CAPACITY_MIN };
    if (!table->slots) {
        memory_resize(vm_memory(vm), table, sizeof *table, 0);
        return false;
    }
    vm->symbols = table;
    return true;
}

void symbol_table_done(sch_vm *vm)
{
    struct symbol_table *table = vm->symbols;
    if (!table)
        return;
    memory_resize(vm_memory(vm), table->slots, table->capacity * sizeof(sch_value), 0);
    memory_resize(vm_memory(vm), table, sizeof *table, 0);
    vm->symbols = NULL;
}

static void put_entry(sch_value *slots, size_t capacity, sch_value entry)
{
    size_t mask = capacity - 1;
    size_t at = slot_hash(entry) & mask;
    while (!value_same(slots[at], SLOT_EMPTY))
        at = (at + 1) & mask;
    slots[at] = entry;
}

/* Makes room for one more. Twice the size, or the same one without the dropped entries when they are the many. */
static bool symbol_table_room(sch_vm *vm)
{
    struct symbol_table *table = vm->symbols;
    if (likely(table->used < table->capacity / 4 * 3))
        return true;
    size_t capacity = table->dropped > table->used / 2 ? table->capacity : table->capacity * 2;
    sch_value *slots = new_slots(vm, capacity);
    if (!slots)
        return table->used + 1 < table->capacity; /* one slot stays empty: searches end there */
    for (size_t i = 0; i < table->capacity; i++) {
        if (is_object(table->slots[i]))
            put_entry(slots, capacity, table->slots[i]);
    }
    memory_resize(vm_memory(vm), table->slots, table->capacity * sizeof(sch_value), 0);
    table->slots = slots;
    table->capacity = capacity;
    table->used -= table->dropped;
    table->dropped = 0;
    return true;
}

static bool add_entry(sch_vm *vm, sch_value entry)
{
    if (!symbol_table_room(vm))
        return false;
    put_entry(vm->symbols->slots, vm->symbols->capacity, entry);
    vm->symbols->used++;
    return true;
}

/* The symbol if there is one; else V_FALSE. */
static sch_value find_symbol(sch_vm *vm, const char *text, size_t length, uint64_t hash)
{
    sch_value symbol = vm->env ? env_find_symbol(vm->env, text, length, hash) : V_FALSE;
    if (!is_false(symbol))
        return symbol;
    const struct symbol_table *table = vm->symbols;
    size_t mask = table->capacity - 1;
    for (size_t at = hash_mix(hash) & mask;; at = (at + 1) & mask) {
        sch_value entry = table->slots[at];
        if (value_same(entry, SLOT_EMPTY))
            return V_FALSE;
        if (is_symbol(entry) && object_as(struct symbol, entry)->hash == hash && object_length(entry) == length &&
            memcmp(object_as(struct symbol, entry)->text, text, length) == 0)
            return entry;
    }
}

static sch_value make_symbol(sch_vm *vm, const char *text, size_t length, uint64_t hash, bool is_ascii)
{
    struct symbol *symbol = heap_object(vm, OBJECT_SYMBOL, length, symbol_size(length));
    if (!copy_bytes(vm, symbol->text, text, length))
        return V_RAISED;
    if (is_ascii)
        symbol->header = header_make(OBJECT_SYMBOL, OBJECT_ASCII, length);
    symbol->hash = hash;
    symbol->text[length] = '\0';
    if (!add_entry(vm, object_value(symbol)))
        return raise_limit(vm, SCH_LIMIT_HEAP);
    return object_value(symbol);
}

static bool hash_text(sch_vm *vm, const char *text, size_t length, uint64_t *ret, bool *ret_is_ascii)
{
    enum { PIECE = 1 << 17 };
    unsigned char high = 0;
    *ret = HASH_FNV1A;
    for (size_t at = 0; at < length; at += PIECE) {
        size_t piece = size_min(length - at, PIECE);
        if (at > 0 && !poll(vm))
            return false;
        *ret = hash_fnv1a_more(*ret, text + at, piece);
        for (size_t i = at; i < at + piece; i++)
            high |= (unsigned char)text[i];
    }
    *ret_is_ascii = high < 0x80;
    return true;
}

sch_value symbol_intern(sch_vm *vm, const char *text, size_t length)
{
    uint64_t hash;
    bool is_ascii;
    if (!hash_text(vm, text, length, &hash, &is_ascii))
        return V_RAISED;
    sch_value symbol = find_symbol(vm, text, length, hash);
    return is_false(symbol) ? make_symbol(vm, text, length, hash, is_ascii) : symbol;
}

sch_value symbol_of_text(sch_vm *vm, const char *text, size_t length)
{
    uint64_t hash;
    bool is_ascii;
    if (!hash_text(vm, text, length, &hash, &is_ascii))
        return V_RAISED;
    sch_value symbol = find_symbol(vm, text, length, hash);
    if (!is_false(symbol))
        return symbol;
    /* a collection during the reservation cannot make the symbol appear */
    if (!heap_reserve_object(vm, symbol_size(length)))
        return V_RAISED;
    return make_symbol(vm, text, length, hash, is_ascii);
}

sch_value symbol_of(sch_vm *vm, const char *text)
{
    return symbol_of_text(vm, text, strlen(text));
}

/* The keyword if there is one; else V_FALSE. */
static sch_value find_keyword(sch_vm *vm, sch_value symbol)
{
    sch_value keyword = vm->env ? env_find_keyword(vm->env, symbol) : V_FALSE;
    if (!is_false(keyword))
        return keyword;
    const struct symbol_table *table = vm->symbols;
    size_t mask = table->capacity - 1;
    for (size_t at = keyword_hash(symbol) & mask;; at = (at + 1) & mask) {
        sch_value entry = table->slots[at];
        if (value_same(entry, SLOT_EMPTY))
            return V_FALSE;
        if (is_keyword(entry) && value_same(object_as(struct keyword, entry)->symbol, symbol))
            return entry;
    }
}

sch_value keyword_of(sch_vm *vm, sch_value symbol)
{
    sch_value found = find_keyword(vm, symbol);
    if (!is_false(found))
        return found;
    size_t size = object_size(sizeof(struct keyword), 0, 1);
    if (!heap_reserve(vm, size))
        return V_RAISED;
    struct keyword *keyword = heap_object(vm, OBJECT_KEYWORD, 1, size);
    keyword->symbol = symbol;
    if (!add_entry(vm, object_value(keyword)))
        return raise_limit(vm, SCH_LIMIT_HEAP);
    return object_value(keyword);
}

sch_value foreign_find(sch_vm *vm, const struct sch_foreign_type *type, const void *pointer)
{
    const struct symbol_table *table = vm->symbols;
    size_t mask = table->capacity - 1;
    for (size_t at = foreign_hash(type, pointer) & mask;; at = (at + 1) & mask) {
        sch_value entry = table->slots[at];
        if (value_same(entry, SLOT_EMPTY))
            return V_FALSE;
        if (is_foreign(entry) && object_as(struct foreign, entry)->type == type &&
            object_as(struct foreign, entry)->pointer == pointer)
            return entry;
    }
}

bool foreign_intern(sch_vm *vm, sch_value foreign)
{
    return add_entry(vm, foreign);
}

/* A dropped slot in front of an empty one is no longer needed to find what lies behind it. */
static void clear_dropped(struct symbol_table *table)
{
    bool next_is_empty = value_same(table->slots[0], SLOT_EMPTY);
    for (size_t i = table->capacity; i-- > 0;) {
        if (next_is_empty && value_same(table->slots[i], SLOT_DROPPED)) {
            table->slots[i] = SLOT_EMPTY;
            table->used--;
            table->dropped--;
        }
        next_is_empty = value_same(table->slots[i], SLOT_EMPTY);
    }
}

void symbol_sweep(sch_vm *vm)
{
    struct symbol_table *table = vm->symbols;
    if (!table)
        return;
    for (size_t i = 0; i < table->capacity; i++) {
        if (is_object(table->slots[i]) && !heap_is_marked(vm, table->slots[i])) {
            table->slots[i] = SLOT_DROPPED;
            table->dropped++;
        }
    }
    clear_dropped(table);
}
