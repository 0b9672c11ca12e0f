/*
 * schooner-boot OUTPUT.c FILE.sld...
 *
 * Makes the frozen image: reads, expands, compiles and evaluates the standard libraries with the ordinary engine (one
 * without an image), in the order given, and writes what they left as constant bytes. The format is in
 * schooner/env/image.h. The same libraries give the same bytes, whatever the machine, the time and the addresses:
 * what is built of them can be built again and compared.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "graph.h"
#include "schooner/compile/code.h"
#include "schooner/heap/block.h"
#include "schooner/table/primitive.h"

const unsigned char image_data[] = { 0 };
const unsigned image_data_size = 0;

/* --- what is collected ------------------------------------------------------------------------------------------- */

struct boot {
    sch_vm *vm;
    struct graph graph;
    struct buffer values; /* uint64_t words */
    struct buffer cells;  /* the cell of each value, so that one has one index */
    struct buffer image;
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "schooner-boot: %s: %s\n", what, why);
    return 1;
}

static char *read_file(const char *path, size_t *ret_length)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *text = length >= 0 ? malloc((size_t)length + 1) : NULL;
    if (text && fread(text, 1, (size_t)length, file) != (size_t)length) {
        free(text);
        text = NULL;
    }
    fclose(file);
    *ret_length = (size_t)length;
    return text;
}

/* What messages call a library's file: from the folder lib/ on, so that the image knows nothing of the machine. */
static const char *source_name(const char *path)
{
    const char *name = path;
    for (const char *p = path; (p = strstr(p, "lib/")); p++)
        name = p;
    return name;
}

static bool evaluate(sch_vm *vm, const char *path)
{
    size_t length;
    char *text = read_file(path, &length);
    if (!text)
        return !fail(path, strerror(errno));
    sch_value value;
    enum sch_status status = sch_eval(vm, (struct sch_source){ source_name(path), text, length }, &value);
    const struct sch_failure *failure = sch_failure(vm);
    if (status != SCH_OK)
        fprintf(stderr, "%s:%u:%u: %s: %s\n", failure->file ? failure->file : path, failure->line, failure->column,
                failure->kind, failure->message);
    free(text);
    return status == SCH_OK;
}

/* --- values ------------------------------------------------------------------------------------------------------ */

/* The index of a top-level name's value. */
static bool value_index(struct boot *boot, const struct exported *exported, uint32_t *ret)
{
    const char *name = exported->global_name ? exported->global_name : exported->name;
    sch_value cell = vm_cell(boot->vm, exported->space, name, strlen(name));
    const uint64_t *cells = (const uint64_t *)(void *)boot->cells.bytes;
    size_t count = boot->cells.length / sizeof *cells;
    for (size_t i = 0; i < count; i++) {
        if (cells[i] == cell.bits) {
            *ret = (uint32_t)i;
            return true;
        }
    }
    sch_value value = object_as(struct cell, cell)->value;
    if (value_same(value, V_UNBOUND))
        return !fail(name, "is exported but has no value");
    uint64_t word;
    boot->graph.error = NULL;
    if (!graph_add(&boot->graph, value, &word))
        return !fail(name, boot->graph.error ? boot->graph.error : "out of memory");
    *ret = (uint32_t)count;
    return buffer_append_u64(&boot->values, word) && buffer_append_u64(&boot->cells, cell.bits);
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

static uint32_t put(struct boot *boot, const void *bytes, size_t length)
{
    while (boot->image.length % 8)
        buffer_append_byte(&boot->image, 0);
    uint32_t offset = (uint32_t)boot->image.length;
    buffer_append(&boot->image, bytes, length);
    return offset;
}

static struct image_span put_span(struct boot *boot, const struct buffer *buffer, size_t each)
{
    return (struct image_span){ put(boot, buffer->bytes, buffer->length), (uint32_t)(buffer->length / each) };
}

static int compare_names(const void *a, const void *b)
{
    const struct session_name *const *one = a;
    const struct session_name *const *other = b;
    return strcmp((*one)->exported.name, (*other)->exported.name);
}

static uint32_t library_index(const struct boot *boot, const char *name)
{
    uint32_t index = 0;
    for (const struct session_library *l = boot->vm->api->libraries; l; l = l->next, index++)
        if (strcmp(l->view.name, name) == 0)
            return index;
    return UINT32_MAX;
}

static bool bind(struct boot *boot, const struct session_library *library, const struct exported *exported,
                 struct image_binding *ret)
{
    *ret = (struct image_binding){ .kind = (uint8_t)exported->kind };
    switch (exported->kind) {
    case BINDING_SPECIAL: ret->index = (uint32_t)exported->special; return true;
    case BINDING_MACRO:
        ret->scope = library_index(boot, exported->scope   ? exported->scope->name
                                         : exported->space ? exported->space
                                                           : library->view.name);
        ret->macro =
            (struct image_span){ put(boot, exported->macro, exported->macro_length), (uint32_t)exported->macro_length };
        return ret->scope != UINT32_MAX;
    case BINDING_GLOBAL:
        ret->index = exported->index;
        ret->global = (uint8_t)exported->global;
        if (exported->global != GLOBAL_TOP)
            return true;
        ret->global = GLOBAL_IMAGE;
        return value_index(boot, exported, &ret->index);
    }
    return false;
}

static bool put_names(struct boot *boot, const struct session_library *library, const struct session_names *names,
                      struct image_span *ret)
{
    const struct session_name **order = calloc(names->count + 1, sizeof *order);
    struct buffer bindings;
    buffer_init(&bindings, &memory_malloc);
    bool done = order != NULL;
    for (size_t i = 0; done && i < names->count; i++)
        order[i] = &names->items[i];
    /* before anything is put: the session's own order depends on addresses */
    if (done)
        qsort(order, names->count, sizeof *order, compare_names);
    for (size_t i = 0; done && i < names->count; i++) {
        struct image_binding binding;
        done = bind(boot, library, &order[i]->exported, &binding);
        binding.name = put(boot, order[i]->exported.name, order[i]->length + 1);
        binding.name_length = (uint16_t)order[i]->length;
        buffer_append(&bindings, &binding, sizeof binding);
        if (!done)
            fail(library->view.name, order[i]->exported.name);
    }
    if (done)
        *ret = put_span(boot, &bindings, sizeof(struct image_binding));
    buffer_done(&bindings);
    free(order);
    return done;
}

static bool is_internal(const char *name)
{
    return strcmp(name, "(schooner kernel)") == 0 || strcmp(name, "(schooner environment)") == 0 ||
           strcmp(name, "(schooner table)") == 0;
}

static bool put_libraries(struct boot *boot, struct image_span *ret)
{
    struct buffer libraries;
    buffer_init(&libraries, &memory_malloc);
    bool done = true;
    for (const struct session_library *l = boot->vm->api->libraries; l && done; l = l->next) {
        struct image_library library = { .flags = is_internal(l->view.name) ? IMAGE_LIBRARY_INTERNAL : 0 };
        library.flags |= is_run_only_library(l->view.name) ? IMAGE_LIBRARY_RUN_ONLY : 0;
        library.flags |= is_opt_in_library(l->view.name) ? IMAGE_LIBRARY_OPT_IN : 0;
        library.flags |= is_system_library(l->view.name) ? IMAGE_LIBRARY_SYSTEM : 0;
        library.flags |= is_mutation_library(l->view.name) ? IMAGE_LIBRARY_MUTATION : 0;
        library.name = put(boot, l->view.name, strlen(l->view.name) + 1);
        done = graph_begin_section(&boot->graph) && put_names(boot, l, &l->exports, &library.exports) &&
               put_names(boot, l, &l->inside, &library.inside);
        buffer_append(&libraries, &library, sizeof library);
    }
    *ret = put_span(boot, &libraries, sizeof(struct image_library));
    buffer_done(&libraries);
    return done;
}

/* All primitives first, in their order: there the environment has its own, so that each exists once and is eq? to
 * itself whether a library or a program mentions it. */
static bool add_primitives(struct boot *boot, const sch_env *env)
{
    uint64_t word;
    graph_begin_section(&boot->graph);
    for (uint32_t i = 0; i < PRIMITIVE_COUNT; i++)
        if (!graph_add(&boot->graph, env_primitive(env, i), &word))
            return fail("primitives", boot->graph.error ? boot->graph.error : "out of memory");
    return true;
}

static struct image_span part(struct image_span all, size_t each, uint32_t from, uint32_t to)
{
    return (struct image_span){ all.offset + (uint32_t)each * from, to - from };
}

static struct image_span put_needs(struct boot *boot, uint32_t section)
{
    struct buffer needs;
    buffer_init(&needs, &memory_malloc);
    for (uint32_t i = 0; i < section; i++)
        if (boot->graph.needs[section][i])
            buffer_append_u32(&needs, i);
    struct image_span span = put_span(boot, &needs, sizeof(uint32_t));
    buffer_done(&needs);
    return span;
}

static struct image_span put_sections(struct boot *boot, struct image_span instances)
{
    struct graph *graph = &boot->graph;
    graph_end(graph);
    struct image_span chunks = put_span(boot, &graph->chunks, sizeof(struct image_chunk));
    struct image_span relocations = put_span(boot, &graph->relocations, sizeof(uint32_t));
    struct image_span mentions = put_span(boot, &graph->mentions, sizeof(uint32_t));
    struct buffer sections;
    buffer_init(&sections, &memory_malloc);
    for (uint32_t i = 0; i < graph->section_count; i++) {
        const struct graph_section *from = &graph->sections[i];
        const struct graph_section *to = from + 1;
        struct image_section section = {
            .chunks = part(chunks, sizeof(struct image_chunk), from->chunk, to->chunk),
            .relocations = part(relocations, sizeof(uint32_t), from->relocation, to->relocation),
            .instances = part(instances, sizeof(struct image_instance), from->instance, to->instance),
            .names = part(mentions, sizeof(uint32_t), from->mention, to->mention),
            .needs = put_needs(boot, i),
        };
        buffer_append(&sections, &section, sizeof section);
    }
    struct image_span span = put_span(boot, &sections, sizeof(struct image_section));
    buffer_done(&sections);
    return span;
}

static struct image_span put_codes(struct boot *boot)
{
    const struct sch_code *const *codes = (const struct sch_code *const *)(void *)boot->graph.codes.bytes;
    size_t count = boot->graph.codes.length / sizeof *codes;
    struct buffer spans;
    buffer_init(&spans, &memory_malloc);
    for (size_t i = 0; i < count; i++) {
        struct image_span span = { put(boot, codes[i], codes[i]->size), (uint32_t)codes[i]->size };
        /* it was compiled for the environment of this process, which no other one has */
        memset(boot->image.bytes + span.offset + offsetof(struct sch_code, environment), 0,
               sizeof codes[i]->environment);
        buffer_append(&spans, &span, sizeof span);
    }
    struct image_span all = put_span(boot, &spans, sizeof(struct image_span));
    buffer_done(&spans);
    return all;
}

/* The hash of a symbol; of a keyword: that of its symbol. */
static uint64_t name_hash(const struct boot *boot, uint32_t offset)
{
    const struct object *object = (const void *)(boot->graph.blocks.bytes + offset);
    if (header_type(object->header) == OBJECT_KEYWORD)
        return name_hash(boot, (uint32_t)(((const struct keyword *)(const void *)object)->symbol.bits - TAG_OBJECT));
    return ((const struct symbol *)(const void *)object)->hash;
}

/* A table by hash: of all symbols, or of all keywords. */
static struct image_span put_table(struct boot *boot, const struct buffer *names)
{
    const uint32_t *offsets = (const uint32_t *)(const void *)names->bytes;
    size_t count = names->length / sizeof *offsets;
    size_t capacity = 16;
    while (capacity < count * 2)
        capacity *= 2;
    uint32_t *slots = calloc(capacity, sizeof *slots);
    for (size_t i = 0; slots && i < count; i++) {
        size_t at = name_hash(boot, offsets[i]) & (capacity - 1);
        while (slots[at])
            at = (at + 1) & (capacity - 1);
        slots[at] = offsets[i];
    }
    struct image_span span = { slots ? put(boot, slots, capacity * sizeof *slots) : 0, (uint32_t)capacity };
    free(slots);
    return span;
}

static bool find_hooks(struct boot *boot, uint32_t hooks[HOOK_COUNT])
{
    static const struct {
        const char *library, *name;
    } wanted[HOOK_COUNT] = {
#define HOOK(ENUM, library, name) { library, name },
#include "schooner/table/hooks.def"
#undef HOOK
    };
    for (size_t i = 0; i < HOOK_COUNT; i++) {
        const struct library *library = session_find_library(boot->vm, wanted[i].library);
        struct exported exported;
        if (!library || !library->find(library, wanted[i].name, strlen(wanted[i].name), &exported) ||
            !value_index(boot, &exported, &hooks[i]))
            return false;
    }
    return true;
}

static bool make_image(struct boot *boot)
{
    struct image_header header = { .magic = IMAGE_MAGIC };
    buffer_append(&boot->image, &header, sizeof header);
    if (!put_libraries(boot, &header.libraries) || !find_hooks(boot, header.hooks))
        return false;
    header.objects = put_span(boot, &boot->graph.blocks, 1);
    header.block_count = (uint32_t)(boot->graph.blocks.length / HEAP_BLOCK_SIZE);
    header.instances = put_span(boot, &boot->graph.instances, sizeof(struct image_instance));
    header.sections = put_sections(boot, header.instances);
    header.codes = put_codes(boot);
    header.values = put_span(boot, &boot->values, sizeof(uint64_t));
    header.symbols = put_table(boot, &boot->graph.symbols);
    header.keywords = put_table(boot, &boot->graph.keywords);
    header.size = (uint32_t)boot->image.length;
    header.fingerprint = hash_sip13(1, 2, boot->image.bytes + sizeof header, boot->image.length - sizeof header);
    memcpy(boot->image.bytes, &header, sizeof header);
    return true;
}

static bool write_image(const struct boot *boot, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return !fail(path, strerror(errno));
    fprintf(file,
            "/* The frozen image of the standard libraries; made by schooner-boot. */\n"
            "extern const unsigned image_data_size;\n"
            "extern const unsigned char image_data[];\n"
            "const unsigned image_data_size = %zu;\n"
            "const unsigned char image_data[] __attribute__((aligned(4096))) = {",
            boot->image.length);
    for (size_t i = 0; i < boot->image.length; i++)
        fprintf(file, "%s%u,", i % 32 ? "" : "\n", boot->image.bytes[i]);
    fprintf(file, "\n};\n");
    return fclose(file) == 0 || !fail(path, strerror(errno));
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return fail("usage", "schooner-boot OUTPUT.c FILE.sld...");
    struct sch_env_options options = { .size = sizeof options, .mutation = true };
    struct sch_failure failure;
    sch_env *env = sch_env_new(&options, &failure);
    if (!env)
        return fail("environment", failure.message);
    struct sch_limits limits = { .size = sizeof limits, .heap = 1u << 30, .timeout_ns = SCH_UNLIMITED, .hash_seed = 1 };
    struct boot boot = { .vm = sch_vm_new(env, &limits) };
    if (!boot.vm)
        return fail("machine", "out of memory");
    graph_init(&boot.graph, env);
    buffer_init(&boot.values, &memory_malloc);
    buffer_init(&boot.cells, &memory_malloc);
    buffer_init(&boot.image, &memory_malloc);

    bool done = true;
    for (int i = 2; i < argc && done; i++)
        done = evaluate(boot.vm, argv[i]);
    /* From here on nothing runs and nothing is collected, so plain addresses stay good. */
    if (done)
        heap_pause_collection(boot.vm);
    done = done && add_primitives(&boot, env) && make_image(&boot) && write_image(&boot, argv[1]);

    graph_done(&boot.graph);
    buffer_done(&boot.values);
    buffer_done(&boot.cells);
    buffer_done(&boot.image);
    sch_vm_free(boot.vm);
    sch_env_free(env);
    return done ? 0 : 1;
}
