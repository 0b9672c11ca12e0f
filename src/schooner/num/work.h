/*
 * Scratch of one numeric operation: limbs taken upward, given back together. Small operations stay inside the record
 * (on the C stack), larger ones take chunks of the account's memory. Numbers under way live here and not in the heap,
 * so an operation of many steps needs no roots: only storing its result may collect. This file knows no values.
 */
#ifndef SCHOONER_NUM_WORK_H
#define SCHOONER_NUM_WORK_H

#include <gmp.h>
#include "schooner/heap/machine.h"

_Static_assert(GMP_NUMB_BITS == 64 && sizeof(mp_limb_t) == sizeof(uint64_t), "limbs are words");

enum {
    WORK_INLINE = 512,      /* limbs inside the record */
    WORK_CHUNK = 16 * 1024, /* least bytes of a chunk */
    WORK_PASS = 8192,       /* limbs of a linear pass between two charges: 64 KiB */
};

struct work_chunk;

/* May a full account be helped by a collection? Only when everything that the caller holds is alive. */
enum work_collection { WORK_COLLECTS, WORK_NEVER_COLLECTS };

struct work {
    sch_vm *vm;
    enum work_collection collection;
    uint64_t *next;
    uint64_t *end;
    struct work_chunk *chunks;
    uint64_t inlined[WORK_INLINE];
};

struct work_mark {
    uint64_t *next;
    uint64_t *end;
    struct work_chunk *chunks;
};

static inline void work_init(struct work *work, sch_vm *vm, enum work_collection collection)
{
    work->vm = vm;
    work->collection = collection;
    work->next = work->inlined;
    work->end = work->inlined + WORK_INLINE;
    work->chunks = NULL;
}

/* What was taken after `work_mark` is given back. */
static inline struct work_mark work_mark(const struct work *work)
{
    return (struct work_mark){ work->next, work->end, work->chunks };
}
void work_release(struct work *work, struct work_mark mark);

static inline void work_done(struct work *work)
{
    if (unlikely(work->chunks != NULL))
        work_release(work, (struct work_mark){ NULL, NULL, NULL });
}

uint64_t *work_limbs_slow(struct work *work, size_t count);
/* `count` limbs, not cleared. NULL: the heap limit was raised. */
static inline uint64_t *work_limbs(struct work *work, size_t count)
{
    if (likely(count <= (size_t)(work->end - work->next))) {
        uint64_t *limbs = work->next;
        work->next += count;
        return limbs;
    }
    return work_limbs_slow(work, count);
}

/* Charges for `limbs` limbs of a linear pass, and thereby polls. */
static inline bool work_charge_pass(struct work *work, size_t limbs)
{
    return charge(work->vm, limbs / 8 + 1);
}

#endif
