/*
 * The frozen image: the standard libraries, compiled and evaluated at build time, as constant bytes without any
 * address.
 *
 *   objects    heap objects in the layout of blocks; copied into the frozen blocks of an environment, the base address
 *              added to the words that `relocations` lists (relocations by the dynamic loader cost eight times that)
 *   sections   what of the objects is copied together, one for each library: when the first value of it is wanted, so
 *              that what nobody imports costs nobody anything. Symbols and keywords, which programs find by their
 *              names, are copied one by one.
 *   codes      bytecode with its tables; used where it lies
 *   bindings   what libraries export and see inside, sorted by name; macros as bytes; used where they lie
 *
 * All offsets are from the start of the image, but for region offsets, which are from the start of the blocks.
 */
#ifndef SCHOONER_ENV_IMAGE_H
#define SCHOONER_ENV_IMAGE_H

#include <stdint.h>

#define IMAGE_MAGIC UINT64_C(0x32656e6f6f686373) /* "schoone2" */

enum { IMAGE_HOOKS = 8, IMAGE_PRIMITIVES = 0 /* the section of the primitives */ };

struct image_span {
    uint32_t offset;
    uint32_t count; /* of elements, or bytes */
};

struct image_header {
    uint64_t magic;
    uint64_t fingerprint; /* of everything behind: encoded procedures name it */
    uint32_t size;
    uint32_t block_count;
    struct image_span objects;   /* the bytes of the blocks, their headers left blank */
    struct image_span sections;  /* struct image_section; the first is that of the primitives */
    struct image_span instances; /* struct image_instance */
    struct image_span codes;     /* struct image_span each */
    struct image_span values;    /* uint64_t words: immediates, or image_word() */
    struct image_span symbols;   /* uint32_t region offsets, open addressing by hash; 0: free; a power of two */
    struct image_span keywords;  /* the same, by the hashes of their symbols */
    struct image_span libraries; /* struct image_library, sorted by name */
    uint32_t hooks[IMAGE_HOOKS]; /* indexes of values */
};

struct image_section {
    struct image_span chunks;      /* struct image_chunk */
    struct image_span relocations; /* uint32_t region offsets of words to which the base is added */
    struct image_span instances;   /* struct image_instance, a part of all */
    struct image_span names;       /* uint32_t region offsets of the symbols and keywords that it mentions */
    struct image_span needs; /* uint32_t indexes of all sections that it leads to, ascending; they need no later */
};

/* Never across the border of a block. */
struct image_chunk {
    uint32_t start; /* region offset */
    uint32_t length;
};

struct image_instance {
    uint32_t object; /* region offset of a struct instance */
    uint32_t code;   /* index */
    uint32_t section;
};

/* A value's pointer: the region offset with the value's tag, and the section that must be there before it is used. */
static inline uint64_t image_word(uint32_t tagged_offset, uint32_t section)
{
    return (uint64_t)section << 32 | tagged_offset;
}

static inline uint32_t image_word_offset(uint64_t word)
{
    return (uint32_t)word;
}

static inline uint32_t image_word_section(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

enum image_library_flag {
    IMAGE_LIBRARY_INTERNAL = 1, /* never on a menu */
    IMAGE_LIBRARY_RUN_ONLY = 2,
    IMAGE_LIBRARY_OPT_IN = 4,
    IMAGE_LIBRARY_SYSTEM = 8,
    IMAGE_LIBRARY_MUTATION = 16,
};

struct image_library {
    uint32_t name; /* NUL-terminated, "(scheme base)" */
    uint32_t flags;
    struct image_span exports; /* struct image_binding, sorted by name */
    struct image_span inside;  /* the same, for the templates of its macros */
};

struct image_binding {
    uint32_t name; /* NUL-terminated */
    uint16_t name_length;
    uint8_t kind;   /* enum binding_kind */
    uint8_t global; /* enum global_kind: PRIMITIVE or IMAGE */
    uint32_t index; /* special form, primitive, or value */
    uint32_t scope; /* of a macro: index of the library it was defined in */
    struct image_span macro;
};

#endif
