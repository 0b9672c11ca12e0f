/*
 * The frozen image: the standard libraries, compiled and evaluated at build time, as constant bytes without any
 * address.
 *
 *   objects    heap objects in the layout of blocks; copied into frozen blocks when an environment is made, the base
 *              address added to the words that `relocations` lists (a copy of what holds pointers costs some tens of
 *              microseconds in a process; relocations by the dynamic loader cost eight times that)
 *   codes      bytecode with its tables; used where it lies
 *   bindings   what libraries export and see inside, sorted by name; macros as bytes; used where they lie
 *
 * All offsets are from the start of the image, but for region offsets, which are from the start of the blocks.
 */
#ifndef SCHOONER_ENV_IMAGE_H
#define SCHOONER_ENV_IMAGE_H

#include <stdint.h>

#define IMAGE_MAGIC UINT64_C(0x31656e6f6f686373) /* "schoone1" */

enum { IMAGE_HOOKS = 4 };

struct image_span {
    uint32_t offset;
    uint32_t count; /* of elements, or bytes */
};

struct image_header {
    uint64_t magic;
    uint64_t fingerprint; /* of everything behind: encoded procedures name it */
    uint32_t size;
    uint32_t block_count;
    struct image_span objects;     /* struct image_chunk for each block, its bytes behind all of them */
    struct image_span relocations; /* uint32_t region offsets of words to which the base is added */
    struct image_span instances;   /* struct image_instance */
    struct image_span codes;       /* struct image_span each */
    struct image_span values;      /* uint64_t words; pointers relative to the region */
    struct image_span symbols;     /* uint32_t region offsets, open addressing by hash; 0: free; a power of two */
    struct image_span libraries;   /* struct image_library, sorted by name */
    uint32_t hooks[IMAGE_HOOKS];   /* indexes of values */
};

struct image_chunk {
    uint32_t from;   /* offset in the image */
    uint32_t to;     /* region offset */
    uint32_t length; /* bytes */
    uint32_t unused;
};

struct image_instance {
    uint32_t object; /* region offset of a struct instance */
    uint32_t code;   /* index */
};

enum image_library_flag {
    IMAGE_LIBRARY_INTERNAL = 1, /* never on a menu */
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
