/*
 * From the image's bytes to frozen blocks that any number of machines share. What is asked for is copied under a lock;
 * what was published stays as it is, so readers take none.
 */
#include <sys/mman.h>
#include "schooner/env/env.h"
#include "schooner/heap/block.h"

size_t image_block_room(void)
{
    return HEAP_BLOCK_SIZE - HEAP_BLOCK_HEADER;
}

char *image_block_start(char *region, size_t index)
{
    return region + index * HEAP_BLOCK_SIZE + HEAP_BLOCK_HEADER;
}

/* Aligned memory for the life of the environment: over-mapped, the ends given back. */
static char *map_aligned(size_t size)
{
    size_t whole = size + HEAP_BLOCK_SIZE;
    char *mapped = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    char *region = (char *)size_round_up((size_t)(uintptr_t)mapped, HEAP_BLOCK_SIZE);
    if (region > mapped)
        munmap(mapped, (size_t)(region - mapped));
    munmap(region + size, (size_t)(mapped + whole - (region + size)));
    return region;
}

bool image_map(sch_env *env, const struct image_header *image, size_t extra_blocks)
{
    size_t blocks = (image ? image->block_count : 0) + extra_blocks;
    size_t sections = image ? image->sections.count : 0;
    size_t size = sizeof *env->state + sections + blocks;
    env->state = arena_alloc(&env->arena, size);
    if (!env->state)
        return false;
    memset(env->state, 0, size);
    pthread_mutex_init(&env->state->lock, NULL);
    env->state->formatted = env->state->loaded + sections;
    env->region_size = blocks * HEAP_BLOCK_SIZE;
    env->region = map_aligned(env->region_size);
    return env->region != NULL;
}

void image_unmap(sch_env *env)
{
    if (env->region)
        munmap(env->region, env->region_size);
    env->region = NULL;
    if (env->state)
        pthread_mutex_destroy(&env->state->lock);
    env->state = NULL;
}

/* --- what is copied late ----------------------------------------------------------------------------------------- */

static void format_block(const sch_env *env, uint32_t offset)
{
    uint32_t block = offset / HEAP_BLOCK_SIZE;
    if (env->state->formatted[block])
        return;
    heap_block_format_frozen(env->region + (size_t)block * HEAP_BLOCK_SIZE, HEAP_BLOCK_SIZE);
    env->state->formatted[block] = 1;
}

/* A symbol or keyword is there when it has its header. */
static bool name_is_there(const sch_env *env, uint32_t offset)
{
    const struct object *object = (const struct object *)(const void *)(env->region + offset);
    return __atomic_load_n(&object->header, __ATOMIC_ACQUIRE) != 0;
}

static void copy_symbol(const sch_env *env, uint32_t offset)
{
    if (name_is_there(env, offset))
        return;
    const struct symbol *from = image_at(env->image, env->image->objects.offset + offset);
    struct symbol *to = (struct symbol *)(void *)(env->region + offset);
    format_block(env, offset);
    to->hash = from->hash;
    memcpy(to->text, from->text, header_length(from->header) + 1);
    __atomic_store_n(&to->header, from->header, __ATOMIC_RELEASE);
}

/* A keyword holds one pointer, to its symbol, which comes with it. */
static void copy_keyword(const sch_env *env, uint32_t offset)
{
    if (name_is_there(env, offset))
        return;
    const struct keyword *from = image_at(env->image, env->image->objects.offset + offset);
    struct keyword *to = (struct keyword *)(void *)(env->region + offset);
    copy_symbol(env, (uint32_t)(from->symbol.bits - TAG_OBJECT));
    format_block(env, offset);
    to->symbol.bits = from->symbol.bits + (uint64_t)(uintptr_t)env->region;
    __atomic_store_n(&to->header, from->header, __ATOMIC_RELEASE);
}

static void copy_name(const sch_env *env, uint32_t offset)
{
    const struct object *from = image_at(env->image, env->image->objects.offset + offset);
    if (header_type(from->header) == OBJECT_KEYWORD)
        copy_keyword(env, offset);
    else
        copy_symbol(env, offset);
}

void image_load_name(const sch_env *env, uint32_t offset)
{
    if (name_is_there(env, offset))
        return;
    pthread_mutex_lock(&env->state->lock);
    copy_name(env, offset);
    pthread_mutex_unlock(&env->state->lock);
}

static void copy_section(const sch_env *env, const struct image_section *section)
{
    const struct image_header *image = env->image;
    const struct image_chunk *chunks = image_at(image, section->chunks.offset);
    for (size_t i = 0; i < section->chunks.count; i++) {
        format_block(env, chunks[i].start);
        memcpy(env->region + chunks[i].start, image_at(image, image->objects.offset + chunks[i].start),
               chunks[i].length);
    }
    const uint32_t *names = image_at(image, section->names.offset);
    for (size_t i = 0; i < section->names.count; i++)
        copy_name(env, names[i]);

    const uint32_t *relocations = image_at(image, section->relocations.offset);
    for (size_t i = 0; i < section->relocations.count; i++) {
        uint64_t *word = (uint64_t *)(void *)(env->region + relocations[i]);
        *word += (uint64_t)(uintptr_t)env->region;
    }
    const struct image_span *codes = image_at(image, image->codes.offset);
    const struct image_instance *instances = image_at(image, section->instances.offset);
    for (size_t i = 0; i < section->instances.count; i++) {
        struct instance *instance = (struct instance *)(void *)(env->region + instances[i].object);
        instance->code = image_at(image, codes[instances[i].code].offset);
    }
}

static void load(const sch_env *env, const struct image_section *sections, uint32_t index)
{
    if (env->state->loaded[index])
        return;
    copy_section(env, &sections[index]);
    __atomic_store_n(&env->state->loaded[index], 1, __ATOMIC_RELEASE);
}

void image_load_section(const sch_env *env, uint32_t index)
{
    const struct image_section *sections = image_at(env->image, env->image->sections.offset);
    const uint32_t *needs = image_at(env->image, sections[index].needs.offset);
    pthread_mutex_lock(&env->state->lock);
    for (size_t i = 0; i < sections[index].needs.count; i++)
        load(env, sections, needs[i]); /* each after all that it needs itself */
    load(env, sections, index);
    pthread_mutex_unlock(&env->state->lock);
}
