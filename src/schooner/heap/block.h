/*
 * The layout of a block. Every heap object, of a machine or of the image, lies behind such a header: its address with
 * the low 15 bits cleared is the header's. So marking, the barrier and the question for literals ask one place and
 * test no ranges.
 *
 *      0 +--------------------------------+
 *        | struct heap_block (7 lines)    |
 *    896 +--------------------------------+
 *        | small block: lines of objects  |      large object: the object, in as many pages as it needs
 *  32768 +--------------------------------+
 *
 * A granule is 16 bytes: the alignment of objects and the size of a pair. A mark bit stands for the object that begins
 * in its granule. A line mark says that a marked object begins in the line; objects of up to a line mark no other, so
 * the line behind a marked one is taken for occupied too (the implicit next line of Immix).
 */
#ifndef SCHOONER_HEAP_BLOCK_H
#define SCHOONER_HEAP_BLOCK_H

#include "schooner/heap/bits.h"
#include "schooner/value/object.h"

enum {
    HEAP_BLOCK_SIZE = 32768,
    HEAP_BLOCK_HEADER = 896,
    HEAP_LINE = 128,
    HEAP_GRANULE = 16,
    HEAP_LINES = HEAP_BLOCK_SIZE / HEAP_LINE,
    HEAP_GRANULES = HEAP_BLOCK_SIZE / HEAP_GRANULE,
    HEAP_FIRST_LINE = HEAP_BLOCK_HEADER / HEAP_LINE,
    HEAP_LINE_WORDS = HEAP_LINES / 64,
    HEAP_GRANULE_WORDS = HEAP_GRANULES / 64,
};

enum heap_block_flag {
    BLOCK_FROZEN = 1,   /* of the image: all marked, never written */
    BLOCK_LARGE = 2,    /* one large object */
    BLOCK_FIRST = 4,    /* holds the machine's record, mark stack and first page of the account */
    BLOCK_LITERAL = 16, /* some bit of `literal` is set */
    BLOCK_RESCAN = 8,   /* the mark stack overflowed: marked objects here have children that were not visited */
};

struct heap_block {
    uint64_t marks[HEAP_GRANULE_WORDS];
    uint64_t logged[HEAP_GRANULE_WORDS];  /* pairs that the write barrier has recorded */
    uint64_t literal[HEAP_GRANULE_WORDS]; /* pairs that mutators refuse; empty without BLOCK_LITERAL */
    uint64_t lines[HEAP_LINE_WORDS];      /* a marked object begins (or, above a line, lies) in the line */
    uint64_t free[HEAP_LINE_WORDS];       /* lines that may be built in, since the last collection */
    uint64_t clean[HEAP_LINE_WORDS];      /* hostile build: lines that are poisoned */
    struct heap_block *next;
    uint32_t flags;
    uint16_t first_line; /* lines [first_line, end_line) are for objects */
    uint16_t end_line;
    uint64_t size; /* bytes mapped */
};

_Static_assert(sizeof(struct heap_block) <= HEAP_BLOCK_HEADER, "the header has seven lines");
_Static_assert(HEAP_BLOCK_HEADER % HEAP_LINE == 0, "objects begin on a line");

static inline struct heap_block *block_of(const void *address)
{
    return (struct heap_block *)((uintptr_t)address & ~(uintptr_t)(HEAP_BLOCK_SIZE - 1));
}

static inline size_t granule_of(const void *address)
{
    return ((uintptr_t)address & (HEAP_BLOCK_SIZE - 1)) / HEAP_GRANULE;
}

static inline bool block_is_marked(const void *address)
{
    return bits_test(block_of(address)->marks, granule_of(address));
}

/*
 * For the image: makes the header of a frozen block at `block`, aligned to HEAP_BLOCK_SIZE. Objects then go to
 * [HEAP_BLOCK_HEADER, HEAP_BLOCK_SIZE). An object that does not fit there (above HEAP_LARGE) has a frozen block of its
 * own that is longer: the same header, then the object at HEAP_BLOCK_HEADER; `size` is all of it, header included.
 */
void heap_block_format_frozen(void *block, size_t size);

#endif
