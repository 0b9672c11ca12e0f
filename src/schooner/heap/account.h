/*
 * The one accountant of a machine: what is mapped for it, in bytes, against its cap. Everything that a machine takes
 * from the system goes through here. Bytes leave the account only when they are given back to the system (or to the
 * host's pool behind the map/unmap hook).
 */
#ifndef SCHOONER_HEAP_ACCOUNT_H
#define SCHOONER_HEAP_ACCOUNT_H

#include "base/memory.h"
#include "schooner.h"

struct pool_page;
struct pool_large;

/* The smallest page of a machine, in which sizes are thought of. What is mapped comes in pages of this machine: `page`.
 */
enum { ACCOUNT_PAGE = 4096 };

struct account {
    struct sch_memory hook;
    size_t page; /* what the system gives and takes back is counted in these: a power of two, ACCOUNT_PAGE or more */
    uint64_t cap;
    uint64_t now;
    uint64_t peak;
    bool exhausted;           /* a request did not fit since this was last cleared: the run ends with the heap limit */
    uint64_t fail_countdown;  /* hostile tests: the n-th mapping fails; 0: never */
    struct memory memory;     /* for buffers and arenas of base/: pages of this account; small blocks share pages */
    struct pool_page *pages;  /* of `memory`: those of small blocks */
    struct pool_large *large; /* of `memory`: blocks with pages of their own */
    void *spare;              /* of `memory`: a page that a block had to itself; counted, given back under pressure */
    void *lent;               /* a page of the machine's first block that `memory` may use, not used yet */
    /* Asked when `size` more bytes do not fit: gives back what nobody uses (empty blocks). May be NULL. */
    void (*relieve)(void *data, uint64_t size);
    void *relieve_data;
};

void account_init(struct account *account, const struct sch_memory *hook, uint64_t cap);
/* Gives back everything that `memory` still holds. */
void account_done(struct account *account);
/* May a part of what account_map gave be given back alone, at a multiple of `page`? (Not when the host maps.) */
static inline bool account_splits(const struct account *account)
{
    return !account->hook.map;
}
/* Lends a page that is counted already (in the machine's first block) to `memory`, so that a small machine maps none.
 * It is not touched before it is needed, and never given back. */
static inline void account_lend_page(struct account *account, void *page)
{
    account->lent = page;
}

/* Pages from the system, of no account. NULL: it has none. */
void *account_map_pages(size_t size, size_t alignment);
/* Maps `size` bytes (rounded up to `page`), zeroed, aligned to `alignment` (a power of two, at least a page).
 * NULL: over the cap, or the system has none; `exhausted` is then set. */
void *account_map(struct account *account, size_t size, size_t alignment);
/* The same without the zeroes: what a recycling hook gives back is not clean. */
void *account_map_raw(struct account *account, size_t size, size_t alignment);
void account_unmap(struct account *account, void *block, size_t size);

/* What is not mapped here but counts (foreign values). */
bool account_declare(struct account *account, uint64_t bytes);
void account_retract(struct account *account, uint64_t bytes);

/* Would `size` more bytes fit? */
static inline bool account_fits(const struct account *account, uint64_t size)
{
    return size <= account->cap && account->now <= account->cap - size;
}

#endif
