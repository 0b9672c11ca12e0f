/*
 * What the stages of the front end share: the first error, the arena that says when it is full, names and the makers of
 * data. Knows nothing of syntax.
 */
#include "schooner/read/front.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include "base/arith.h"
#include "base/hash.h"

enum { NAMES_CAPACITY_MIN = 256, ARRAY_CAPACITY_MIN = 16, PROBE_BYTES = 16 /* as arena_step counts */ };

static bool look(void *data)
{
    return front_look(data);
}

void front_init(struct front *front, const struct memory *memory)
{
    memset(front, 0, offsetof(struct front, sources));
    arena_init(&front->arena, memory);
    front->arena.look = look;
    front->arena.look_data = front;
    name_table_init(&front->names, &front->arena);
}

void front_done(struct front *front)
{
    arena_done(&front->arena);
    name_table_init(&front->names, &front->arena);
}

bool front_add_source(struct front *front, const char *name, const char *text, size_t length, uint16_t *ret_file)
{
    if (front->source_count == FRONT_SOURCES)
        return front_fail(front, "read-error", (struct position){ 0 }, "more than %d source texts in one program",
                          FRONT_SOURCES);
    *ret_file = (uint16_t)front->source_count;
    front->sources[front->source_count++] = (struct front_source){ .name = name, .text = text, .length = length };
    return true;
}

/* vsnprintf may have cut a character in two: the message stays UTF-8. */
static void trim_cut_character(char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t need = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length - (start - 1) < need)
        text[start - 1] = '\0';
}

bool front_fail(struct front *front, const char *kind, struct position position, const char *format, ...)
{
    if (front->failed)
        return false;
    front->failed = true;
    front->error.kind = kind;
    front->error.position = position;

    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(front->error.message, sizeof front->error.message, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof front->error.message)
        trim_cut_character(front->error.message, sizeof front->error.message - 1);
    return false;
}

bool front_limit(struct front *front, enum sch_limit limit)
{
    if (front->limit == SCH_LIMIT_NONE)
        front->limit = limit;
    front->failed = true;
    return false;
}

bool front_look(struct front *front)
{
    if (front->limit != SCH_LIMIT_NONE)
        return false;
    return !front->look || front->look(front->charge_data) || front_limit(front, SCH_LIMIT_FUEL);
}

bool front_equal(struct front *front, const void *a, const void *b, size_t length, bool *ret)
{
    *ret = true;
    for (size_t at = 0; at < length && *ret; at += FRONT_PIECE) {
        size_t piece = size_min(length - at, FRONT_PIECE);
        if (!front_step(front, piece / 16))
            return false;
        *ret = memcmp((const char *)a + at, (const char *)b + at, piece) == 0;
    }
    return true;
}

bool front_hash(struct front *front, const void *bytes, size_t length, uint64_t *ret)
{
    *ret = HASH_FNV1A;
    for (size_t at = 0; at < length; at += FRONT_PIECE) {
        size_t piece = size_min(length - at, FRONT_PIECE);
        if (!front_step(front, piece / 4))
            return false;
        *ret = hash_fnv1a_more(*ret, (const char *)bytes + at, piece);
    }
    return true;
}

void *front_alloc(struct front *front, size_t size)
{
    void *block = arena_alloc(&front->arena, size);
    if (!block)
        front_limit(front, SCH_LIMIT_HEAP);
    return block;
}

void *front_array(struct front *front, size_t count, size_t size)
{
    void *block = arena_array(&front->arena, count, size);
    if (!block)
        front_limit(front, SCH_LIMIT_HEAP);
    return block;
}

bool front_grow(struct front *front, void *pointer, size_t *capacity, size_t count, size_t size)
{
    void *items;
    if (count < *capacity)
        return true;
    size_t more = *capacity ? *capacity * 2 : ARRAY_CAPACITY_MIN;
    void *larger = front_array(front, more, size);
    if (!larger)
        return false;
    memcpy(&items, pointer, sizeof items); /* a pointer of whatever type */
    if (!arena_move(&front->arena, larger, items, count * size))
        return false;
    memcpy(pointer, &larger, sizeof larger);
    *capacity = more;
    return true;
}

/* --- names --- */

void name_table_init(struct name_table *table, struct arena *arena)
{
    *table = (struct name_table){ .arena = arena };
}

/* NULL: a look at the clock ended it on the way. */
static struct name **name_slot(const struct name_table *table, struct name **slots, size_t capacity, const char *text,
                               size_t length, uint64_t hash)
{
    size_t mask = capacity - 1;
    size_t at = hash_mix(hash) & mask;
    for (;; at = (at + 1) & mask) {
        struct name *name = slots[at];
        if (!name)
            return &slots[at];
        if (!arena_step(table->arena, PROBE_BYTES))
            return NULL;
        if (name->hash == hash && name->length == length && memcmp(name->text, text, length) == 0)
            return &slots[at];
    }
}

/* Doubles the table at three quarters. The old one stays behind in the arena, so all of them take twice the last. */
static bool name_table_grow(struct name_table *table)
{
    size_t capacity = table->capacity ? table->capacity * 2 : NAMES_CAPACITY_MIN;
    struct name **slots = arena_array(table->arena, capacity, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        struct name *name = table->slots[i];
        struct name **slot = NULL;
        if (name && !(slot = name_slot(table, slots, capacity, name->text, name->length, name->hash)))
            return false;
        if (name)
            *slot = name;
    }
    table->slots = slots;
    table->capacity = capacity;
    return true;
}

struct name *name_intern(struct name_table *table, const char *text, size_t length)
{
    if (length > UINT32_MAX - 64)
        return NULL;
    if (table->count >= table->capacity / 4 * 3 && !name_table_grow(table))
        return NULL;

    uint64_t hash = HASH_FNV1A;
    for (size_t at = 0; at < length; at += FRONT_PIECE) {
        size_t piece = size_min(length - at, FRONT_PIECE);
        if (!arena_step(table->arena, piece))
            return NULL;
        hash = hash_fnv1a_more(hash, text + at, piece);
    }
    struct name **slot = name_slot(table, table->slots, table->capacity, text, length, hash);
    if (!slot || *slot)
        return slot ? *slot : NULL;
    struct name *name = arena_alloc(table->arena, sizeof *name + length + 1);
    if (!name)
        return NULL;
    name->length = (uint32_t)length;
    name->hash = hash;
    if (!arena_move(table->arena, name->text, text, length))
        return NULL;
    *slot = name;
    table->count++;
    return name;
}

struct name *name_of(struct name_table *table, const char *text)
{
    return name_intern(table, text, strlen(text));
}

/* --- data --- */

static struct datum *datum_new(struct front *front, enum datum_kind kind, struct position position)
{
    struct datum *datum = front_new(front, struct datum);
    if (!datum)
        return NULL;
    datum->kind = (uint8_t)kind;
    datum->position = position;
    return datum;
}

struct datum *datum_pair(struct front *front, struct datum *car, struct datum *cdr, struct position position)
{
    struct datum *datum = datum_new(front, DATUM_PAIR, position);
    if (!datum)
        return NULL;
    datum->pair.car = car;
    datum->pair.cdr = cdr;
    return datum;
}

struct datum *datum_name(struct front *front, struct name *name, struct position position)
{
    struct datum *datum = datum_new(front, DATUM_SYMBOL, position);
    if (datum)
        datum->name = name;
    return datum;
}

struct datum *datum_symbol(struct front *front, const char *text, struct position position)
{
    struct name *name = name_of(&front->names, text);
    if (!name) {
        front_limit(front, SCH_LIMIT_HEAP);
        return NULL;
    }
    return datum_name(front, name, position);
}

struct datum *datum_value(struct front *front, sch_value immediate, struct position position)
{
    struct datum *datum = datum_new(front, DATUM_IMMEDIATE, position);
    if (datum)
        datum->value = immediate;
    return datum;
}

struct datum *datum_nil(struct front *front, struct position position)
{
    return datum_new(front, DATUM_NIL, position);
}

struct datum *datum_string(struct front *front, const char *bytes, size_t length, struct position position)
{
    char *copy = arena_copy(&front->arena, bytes, length);
    if (!copy) {
        front_limit(front, SCH_LIMIT_HEAP);
        return NULL;
    }
    struct datum *datum = datum_new(front, DATUM_STRING, position);
    if (!datum)
        return NULL;
    datum->text.bytes = copy;
    datum->text.length = length;
    return datum;
}
