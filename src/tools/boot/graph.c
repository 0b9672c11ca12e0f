/* A breadth-first copy. What is mutable, or belongs to one machine, cannot be frozen and is refused by name. */
#include "graph.h"

#include <stdlib.h>
#include "base/hash.h"
#include "schooner/heap/block.h"

enum { GRAPH_BUFFERS = 9 };

static void list_buffers(struct graph *graph, struct buffer *ret[GRAPH_BUFFERS])
{
    struct buffer *all[GRAPH_BUFFERS] = { &graph->blocks,    &graph->chunks,   &graph->relocations,
                                          &graph->instances, &graph->mentions, &graph->symbols,
                                          &graph->keywords,  &graph->codes,    &graph->pending };
    memcpy(ret, all, sizeof all);
}

void graph_init(struct graph *graph, const sch_env *env)
{
    struct buffer *buffers[GRAPH_BUFFERS];
    *graph = (struct graph){ .env = env };
    list_buffers(graph, buffers);
    for (size_t i = 0; i < GRAPH_BUFFERS; i++)
        buffer_init(buffers[i], &memory_malloc);
}

void graph_done(struct graph *graph)
{
    struct buffer *buffers[GRAPH_BUFFERS];
    list_buffers(graph, buffers);
    for (size_t i = 0; i < GRAPH_BUFFERS; i++)
        buffer_done(buffers[i]);
    free(graph->entries);
    graph->entries = NULL;
}

static struct graph_entry *slot(struct graph *graph, uint64_t address)
{
    size_t at = (size_t)hash_mix(address) & (graph->capacity - 1);
    while (graph->entries[at].address && graph->entries[at].address != address)
        at = (at + 1) & (graph->capacity - 1);
    return &graph->entries[at];
}

static bool grow(struct graph *graph)
{
    if (graph->capacity && graph->count * 2 < graph->capacity)
        return true;
    struct graph_entry *old = graph->entries;
    size_t old_capacity = graph->capacity;
    graph->capacity = old_capacity ? old_capacity * 2 : 4096;
    graph->entries = calloc(graph->capacity, sizeof *graph->entries);
    if (!graph->entries)
        return false;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].address)
            *slot(graph, old[i].address) = old[i];
    free(old);
    return true;
}

/* How many bytes of the object mean something: behind them, up to its size, is what was there before it. 0: nothing of
 * this type can be frozen. */
static size_t content_of(sch_value value)
{
    if (is_pair(value))
        return PAIR_SIZE;
    size_t length = object_length(value);
    switch ((enum object_type)header_type(value_header(value))) {
    case OBJECT_STRING: return sizeof(struct string) + length + 1; /* but for its index */
    case OBJECT_SYMBOL: return sizeof(struct symbol) + length + 1;
    case OBJECT_FLONUM: return FLONUM_SIZE;
    case OBJECT_BIGNUM: return sizeof(struct bignum) + 8 * length;
    case OBJECT_BYTEVECTOR: return sizeof(struct bytevector) + length;
    case OBJECT_CLOSURE: return sizeof(struct closure) + 8 * length;
    case OBJECT_INSTANCE: return sizeof(struct instance) + 8 * length;
    case OBJECT_PARAMETER: return sizeof(struct parameter);
    case OBJECT_KEYWORD:
    case OBJECT_RATIONAL:
    case OBJECT_COMPLEX:
    case OBJECT_VECTOR:
    case OBJECT_CELL:
    case OBJECT_RECORD_TYPE:
    case OBJECT_RECORD:
    case OBJECT_CONDITION:
    case OBJECT_BOX: return 8 + 8 * length;
    case OBJECT_NONE:
    case OBJECT_MSTRING:
    case OBJECT_VALUES:
    case OBJECT_PRIMITIVE:
    case OBJECT_CONTINUATION:
    case OBJECT_STACK:
    case OBJECT_PROMISE:
    case OBJECT_FOREIGN:
    case OBJECT_PORT:
    case OBJECT_TABLE:
    case OBJECT_ENVIRONMENT:
    case OBJECT_DYNAMIC:
    case OBJECT_TYPE_COUNT: return 0;
    }
    return 0;
}

static void copy_index(char *to, const struct string *string)
{
    size_t length = header_length(string->header);
    size_t at = sizeof *string + size_round_up(length + 1, 8);
    if (length != string->characters)
        memcpy(to + at, (const char *)string + at, string->characters / STRING_INDEX_STRIDE * sizeof(uint32_t));
}

static struct graph_section here(const struct graph *graph)
{
    return (struct graph_section){ (uint32_t)(graph->chunks.length / sizeof(struct image_chunk)),
                                   (uint32_t)(graph->relocations.length / sizeof(uint32_t)),
                                   (uint32_t)(graph->instances.length / sizeof(struct image_instance)),
                                   (uint32_t)(graph->mentions.length / sizeof(uint32_t)) };
}

bool graph_begin_section(struct graph *graph)
{
    if (graph->section_count == GRAPH_SECTIONS) {
        graph->error = "too many libraries";
        return false;
    }
    graph->sections[graph->section_count++] = here(graph);
    return true;
}

void graph_end(struct graph *graph)
{
    graph->sections[graph->section_count] = here(graph);
    for (uint32_t i = 0; i < graph->section_count; i++) /* sections lead to earlier ones alone */
        for (uint32_t k = 0; k < i; k++)
            for (uint32_t j = 0; graph->needs[i][k] && j < k; j++)
                graph->needs[i][j] |= graph->needs[k][j];
}

static bool place(struct graph *graph, struct graph_cursor *cursor, size_t size, uint32_t *ret_offset)
{
    if (size > HEAP_BLOCK_SIZE - HEAP_BLOCK_HEADER) {
        graph->error = "an object is larger than a block";
        return false;
    }
    if (cursor->at + size > cursor->end) {
        cursor->at = graph->blocks.length + HEAP_BLOCK_HEADER;
        cursor->end = graph->blocks.length + HEAP_BLOCK_SIZE;
        if (!buffer_reserve(&graph->blocks, HEAP_BLOCK_SIZE))
            return false;
        memset(graph->blocks.bytes + graph->blocks.length, 0, HEAP_BLOCK_SIZE);
        graph->blocks.length += HEAP_BLOCK_SIZE;
    }
    *ret_offset = (uint32_t)cursor->at;
    cursor->at += size;
    return true;
}

/* Room for an object of the section; adds to its last chunk where that ends here. */
static bool place_object(struct graph *graph, size_t size, uint32_t *ret_offset)
{
    if (!place(graph, &graph->objects, size, ret_offset))
        return false;
    struct image_chunk *chunks = (struct image_chunk *)(void *)graph->chunks.bytes;
    uint32_t count = here(graph).chunk;
    if (count > graph->sections[graph->section_count - 1].chunk &&
        chunks[count - 1].start + chunks[count - 1].length == *ret_offset) {
        chunks[count - 1].length += (uint32_t)size;
        return true;
    }
    struct image_chunk chunk = { *ret_offset, (uint32_t)size };
    return buffer_append(&graph->chunks, &chunk, sizeof chunk);
}

/* Primitives have objects of the environment's, not of a heap. */
static bool is_primitive_of(const struct graph *graph, sch_value value)
{
    return is_primitive(value) && !(header_flags(value_header(value)) & PRIMITIVE_HOST) && graph->env;
}

/* Is it found by its name, and copied when the first asks for it? Then it belongs to no section. */
static bool is_name(sch_value value)
{
    return is_symbol(value) || is_keyword(value);
}

/* The place that the value's copy has or will have. NULL: graph->error. */
static struct graph_entry *entry_of(struct graph *graph, sch_value value)
{
    uint64_t address = (uint64_t)(uintptr_t)value_address(value);
    if (!grow(graph))
        return NULL;
    struct graph_entry *entry = slot(graph, address);
    if (entry->address)
        return entry;
    size_t content = is_primitive_of(graph, value) ? sizeof(struct primitive) : content_of(value);
    if (content == 0) {
        graph->error = value_type_name(value);
        return NULL;
    }
    size_t size = size_round_up(content, HEAP_ALIGN);
    if (is_string(value))
        size = string_size(object_length(value), object_as(struct string, value)->characters);
    if (is_name(value) ? !place(graph, &graph->names, size, &entry->offset)
                       : !place_object(graph, size, &entry->offset))
        return NULL;
    entry->address = address;
    entry->section = is_name(value) ? UINT32_MAX : graph->section_count - 1;
    graph->count++;
    memcpy(graph->blocks.bytes + entry->offset, value_address(value), content);
    if (is_string(value))
        copy_index((char *)graph->blocks.bytes + entry->offset, object_of(value));
    return buffer_append_u64(&graph->pending, value.bits) ? entry : NULL;
}

/* The offset of what the section mentions. */
static bool offset_of(struct graph *graph, sch_value value, uint32_t *ret)
{
    uint32_t section = graph->section_count - 1;
    struct graph_entry *entry = entry_of(graph, value);
    if (!entry)
        return false;
    *ret = entry->offset;
    if (!is_name(value)) {
        graph->needs[section][entry->section] |= entry->section != section;
        return true;
    }
    if (entry->section == section)
        return true;
    entry->section = section;
    return buffer_append_u32(&graph->mentions, entry->offset);
}

static bool write_word(struct graph *graph, uint32_t at, sch_value value)
{
    uint64_t word = value.bits;
    if (is_pointer(value)) {
        uint32_t offset;
        if (!offset_of(graph, value, &offset) || !buffer_append_u32(&graph->relocations, at))
            return false;
        word = (uint64_t)offset + value_tag(value);
    }
    memcpy(graph->blocks.bytes + at, &word, sizeof word);
    return true;
}

static bool write_words(struct graph *graph, uint32_t at, const sch_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!write_word(graph, at + (uint32_t)(8 * i), values[i]))
            return false;
    return true;
}

static bool code_index(struct graph *graph, const struct sch_code *code, uint32_t *ret)
{
    const struct sch_code *const *codes = (const struct sch_code *const *)(void *)graph->codes.bytes;
    size_t count = graph->codes.length / sizeof *codes;
    for (size_t i = 0; i < count; i++) {
        if (codes[i] == code) {
            *ret = (uint32_t)i;
            return true;
        }
    }
    *ret = (uint32_t)count;
    return buffer_append(&graph->codes, &code, sizeof code);
}

static bool fill_instance(struct graph *graph, uint32_t at, const struct instance *instance)
{
    struct image_instance record = { .object = at, .section = graph->section_count - 1 };
    uint64_t zero = 0;
    if (!code_index(graph, instance->code, &record.code) || !buffer_append(&graph->instances, &record, sizeof record))
        return false;
    memcpy(graph->blocks.bytes + at + offsetof(struct instance, code), &zero, sizeof zero);
    return write_words(graph, at + (uint32_t)offsetof(struct instance, constants), instance->constants,
                       header_length(instance->header));
}

static bool fill_closure(struct graph *graph, uint32_t at, const struct closure *closure)
{
    uint32_t instance;
    if (!offset_of(graph, object_value(closure_instance(closure)), &instance))
        return false;
    int64_t distance = (int64_t)instance - (int64_t)at;
    memcpy(graph->blocks.bytes + at + offsetof(struct closure, instance), &distance, sizeof distance);
    return write_words(graph, at + (uint32_t)offsetof(struct closure, captured), closure->captured,
                       header_length(closure->header));
}

/* Its pointer is no relocation: whoever copies the keyword adds the base, whichever section mentions it first. */
static bool fill_keyword(struct graph *graph, uint32_t at, const struct keyword *keyword)
{
    const struct graph_entry *symbol = entry_of(graph, keyword->symbol);
    if (!symbol)
        return false;
    uint64_t word = (uint64_t)symbol->offset + value_tag(keyword->symbol);
    memcpy(graph->blocks.bytes + at + offsetof(struct keyword, symbol), &word, sizeof word);
    return buffer_append_u32(&graph->keywords, at);
}

static bool fill(struct graph *graph, sch_value value)
{
    uint32_t at = slot(graph, (uint64_t)(uintptr_t)value_address(value))->offset;
    if (is_pair(value))
        return write_words(graph, at, &pair_of(value)->car, 2);

    uint64_t header = value_header(value);
    unsigned flags = (header_flags(header) | OBJECT_FROZEN) & ~(unsigned)OBJECT_LOGGED;
    uint64_t frozen = header_make(header_type(header), flags, header_length(header));
    memcpy(graph->blocks.bytes + at, &frozen, sizeof frozen);

    switch ((enum object_type)header_type(header)) {
    case OBJECT_SYMBOL: return buffer_append_u32(&graph->symbols, at);
    case OBJECT_KEYWORD: return fill_keyword(graph, at, object_of(value));
    case OBJECT_STRING:
    case OBJECT_FLONUM:
    case OBJECT_BIGNUM:
    case OBJECT_BYTEVECTOR:
    case OBJECT_PRIMITIVE: return true;
    case OBJECT_CLOSURE: return fill_closure(graph, at, object_of(value));
    case OBJECT_INSTANCE: return fill_instance(graph, at, object_of(value));
    case OBJECT_PARAMETER:
        return write_words(graph, at + (uint32_t)offsetof(struct parameter, value),
                           &((const struct parameter *)object_of(value))->value, 2);
    case OBJECT_RATIONAL:
    case OBJECT_COMPLEX:
    case OBJECT_VECTOR:
    case OBJECT_CELL:
    case OBJECT_RECORD_TYPE:
    case OBJECT_RECORD:
    case OBJECT_CONDITION:
    case OBJECT_BOX:
        return write_words(graph, at + 8, (const sch_value *)((const char *)object_of(value) + 8),
                           header_length(header));
    case OBJECT_NONE:
    case OBJECT_MSTRING:
    case OBJECT_VALUES:
    case OBJECT_CONTINUATION:
    case OBJECT_STACK:
    case OBJECT_PROMISE:
    case OBJECT_FOREIGN:
    case OBJECT_PORT:
    case OBJECT_TABLE:
    case OBJECT_ENVIRONMENT:
    case OBJECT_DYNAMIC:
    case OBJECT_TYPE_COUNT: break;
    }
    graph->error = value_type_name(value);
    return false;
}

bool graph_add(struct graph *graph, sch_value value, uint64_t *ret_word)
{
    *ret_word = value.bits;
    if (!is_pointer(value))
        return true;
    const struct graph_entry *entry = entry_of(graph, value);
    if (!entry)
        return false;
    uint32_t offset = entry->offset;
    uint32_t section = is_name(value) ? graph->section_count - 1 : entry->section;
    if (is_name(value) && !offset_of(graph, value, &offset)) /* so that the section brings it */
        return false;
    *ret_word = image_word(offset + (uint32_t)value_tag(value), section);
    while (graph->pending.length > 0) {
        sch_value next;
        graph->pending.length -= sizeof next;
        memcpy(&next, graph->pending.bytes + graph->pending.length, sizeof next);
        if (!fill(graph, next))
            return false;
    }
    return true;
}
