/* From the image's bytes to frozen blocks that any number of machines share. */
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

static void copy_objects(const sch_env *env, const struct image_header *image)
{
    const struct image_chunk *chunks = image_at(image, image->objects.offset);
    for (size_t i = 0; i < image->objects.count; i++)
        memcpy(env->region + chunks[i].to, image_at(image, chunks[i].from), chunks[i].length);

    const uint32_t *relocations = image_at(image, image->relocations.offset);
    for (size_t i = 0; i < image->relocations.count; i++) {
        uint64_t *word = (uint64_t *)(void *)(env->region + relocations[i]);
        *word += (uint64_t)(uintptr_t)env->region;
    }
    const struct image_span *codes = image_at(image, image->codes.offset);
    const struct image_instance *instances = image_at(image, image->instances.offset);
    for (size_t i = 0; i < image->instances.count; i++) {
        struct instance *instance = (struct instance *)(void *)(env->region + instances[i].object);
        instance->code = image_at(image, codes[instances[i].code].offset);
    }
}

bool image_load(sch_env *env, const struct image_header *image, size_t extra_blocks)
{
    size_t blocks = (image ? image->block_count : 0) + extra_blocks;
    env->region_size = blocks * HEAP_BLOCK_SIZE;
    env->region = map_aligned(env->region_size);
    if (!env->region)
        return false;
    for (size_t i = 0; i < blocks; i++)
        heap_block_format_frozen(env->region + i * HEAP_BLOCK_SIZE, HEAP_BLOCK_SIZE);
    if (image)
        copy_objects(env, image);
    return true;
}

void image_unload(sch_env *env)
{
    if (env->region)
        munmap(env->region, env->region_size);
    env->region = NULL;
}
