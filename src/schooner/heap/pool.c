/*
 * Memory for buffers and arenas, over an account. Requests of up to a kilobyte share pages: a bitmap of 16-byte
 * granules, first fit, any mix of sizes. Larger ones have pages of their own, found by their record. A page that is
 * empty goes back, but for one, and so does a single page of a larger block: a program that takes and gives in turn
 * does not map each time (`read` from a port, whose arena begins with a page, took five times as long). The callers say
 * the old size, so nothing is stored before a block.
 */
#include "schooner/heap/pool.h"

#include "base/arith.h"
#include "schooner/heap/bits.h"

enum {
    POOL_SMALL = 1024,
    POOL_GRANULE = 16,
    POOL_GRANULES = ACCOUNT_PAGE / POOL_GRANULE,
    POOL_SEARCH = 8, /* pages looked into before a new one is mapped */
};

struct pool_page {
    struct pool_page *next;
    struct pool_page *previous;
    uint64_t used[POOL_GRANULES / 64];
    uint32_t free; /* granules */
    bool lent;
};

enum {
    POOL_HEADER = (sizeof(struct pool_page) + POOL_GRANULE - 1) / POOL_GRANULE, /* granules */
    POOL_ROOM = POOL_GRANULES - POOL_HEADER,
};

struct pool_large {
    struct pool_large *next;
    void *block;
    size_t size; /* as asked; pages in the account */
};

static void page_link(struct account *account, struct pool_page *page)
{
    page->previous = NULL;
    page->next = account->pages;
    if (page->next)
        page->next->previous = page;
    account->pages = page;
}

static void page_unlink(struct account *account, struct pool_page *page)
{
    if (page->previous)
        page->previous->next = page->next;
    else
        account->pages = page->next;
    if (page->next)
        page->next->previous = page->previous;
}

static struct pool_page *page_add(struct account *account, void *memory, bool lent)
{
    struct pool_page *page = memory;
    *page = (struct pool_page){ .free = POOL_ROOM, .lent = lent };
    bits_set_range(page->used, 0, POOL_HEADER);
    page_link(account, page);
    return page;
}

static void *page_take(struct pool_page *page, size_t granules)
{
    for (size_t from = POOL_HEADER; from < POOL_GRANULES;) {
        size_t start = bits_find_clear(page->used, from, POOL_GRANULES);
        size_t end = bits_find_set(page->used, start, POOL_GRANULES);
        if (end - start >= granules) {
            bits_set_range(page->used, start, start + granules);
            page->free -= (uint32_t)granules;
            return (char *)page + start * POOL_GRANULE;
        }
        from = end;
    }
    return NULL;
}

static size_t granules_of(size_t size)
{
    return (size + POOL_GRANULE - 1) / POOL_GRANULE;
}

static void *small_take(struct account *account, size_t size)
{
    size_t granules = granules_of(size);
    struct pool_page *page = account->pages;
    for (int tries = 0; page && tries < POOL_SEARCH; tries++, page = page->next) {
        void *block = page->free >= granules ? page_take(page, granules) : NULL;
        if (block)
            return block;
    }
    bool lent = account->lent != NULL;
    void *memory = lent ? account->lent : account_map_raw(account, ACCOUNT_PAGE, ACCOUNT_PAGE);
    account->lent = NULL;
    return memory ? page_take(page_add(account, memory, lent), granules) : NULL;
}

static void small_give(struct account *account, void *block, size_t size)
{
    struct pool_page *page = (struct pool_page *)((uintptr_t)block & ~(uintptr_t)(ACCOUNT_PAGE - 1));
    size_t start = ((uintptr_t)block & (ACCOUNT_PAGE - 1)) / POOL_GRANULE;
    bits_clear_range(page->used, start, start + granules_of(size));
    page->free += (uint32_t)granules_of(size);

    /* What has room stands in front; an empty page goes, unless the front one would have to be mapped again. */
    page_unlink(account, page);
    bool other = account->pages && account->pages->free == POOL_ROOM;
    if (page->free == POOL_ROOM && !page->lent && other)
        account_unmap(account, page, ACCOUNT_PAGE);
    else
        page_link(account, page);
}

void pool_drop_spare(struct account *account)
{
    void *spare = account->spare;
    account->spare = NULL;
    if (spare)
        account_unmap(account, spare, ACCOUNT_PAGE);
}

static void *large_take(struct account *account, size_t size)
{
    struct pool_large *large = small_take(account, sizeof *large);
    if (!large)
        return NULL;
    void *block = size <= ACCOUNT_PAGE ? account->spare : NULL;
    if (block)
        account->spare = NULL;
    else
        block = account_map_raw(account, size, ACCOUNT_PAGE);
    if (!block) {
        small_give(account, large, sizeof *large);
        return NULL;
    }
    *large = (struct pool_large){ .next = account->large, .block = block, .size = size };
    account->large = large;
    return block;
}

/* The record of a block, moved to the front: what grows is found at once. */
static struct pool_large *large_find(struct account *account, const void *block)
{
    for (struct pool_large **link = &account->large; *link; link = &(*link)->next) {
        struct pool_large *large = *link;
        if (large->block == block) {
            *link = large->next;
            large->next = account->large;
            account->large = large;
            return large;
        }
    }
    return NULL;
}

static void large_give(struct account *account, void *block)
{
    struct pool_large *large = large_find(account, block);
    sch_assert(large);
    account->large = large->next;
    if (!account->spare && large->size <= ACCOUNT_PAGE)
        account->spare = large->block;
    else
        account_unmap(account, large->block, large->size);
    small_give(account, large, sizeof *large);
}

static void *pool_take(struct account *account, size_t size)
{
    return size <= POOL_SMALL ? small_take(account, size) : large_take(account, size);
}

static void pool_give(struct account *account, void *block, size_t size)
{
    if (size <= POOL_SMALL)
        small_give(account, block, size);
    else
        large_give(account, block);
}

/* Where the block may stay, or the kernel moves it; else *ret_done is false. */
static void *resize_in_place(struct account *account, void *block, size_t old_size, size_t new_size, bool *ret_done)
{
    *ret_done = true;
    if (new_size <= POOL_SMALL && granules_of(old_size) == granules_of(new_size))
        return block;
    *ret_done = old_size > POOL_SMALL && new_size > POOL_SMALL;
    if (!*ret_done)
        return NULL;

    struct pool_large *large = large_find(account, block);
    sch_assert(large);
    if (size_round_up(old_size, ACCOUNT_PAGE) != size_round_up(new_size, ACCOUNT_PAGE)) {
        *ret_done = account_splits(account);
        void *moved = *ret_done ? account_remap(account, block, old_size, new_size) : NULL;
        if (!moved)
            return NULL;
        large->block = moved;
    }
    large->size = new_size;
    return large->block;
}

void *pool_resize(void *data, void *block, size_t old_size, size_t new_size)
{
    struct account *account = data;
    if (new_size > SIZE_MAX / 4) {
        account->exhausted = true;
        return NULL;
    }
    if (!block || old_size == 0)
        return new_size > 0 ? pool_take(account, new_size) : NULL;
    if (new_size == 0) {
        pool_give(account, block, old_size);
        return NULL;
    }

    bool done;
    void *same = resize_in_place(account, block, old_size, new_size, &done);
    if (done)
        return same;
    void *moved = pool_take(account, new_size);
    if (!moved)
        return NULL;
    memcpy(moved, block, size_min(old_size, new_size));
    pool_give(account, block, old_size);
    return moved;
}

void pool_done(struct account *account)
{
    while (account->large) {
        struct pool_large *large = account->large;
        account->large = large->next;
        account_unmap(account, large->block, large->size); /* the record goes with its page */
    }
    pool_drop_spare(account);
    account->lent = NULL;
    while (account->pages) {
        struct pool_page *page = account->pages;
        account->pages = page->next;
        if (!page->lent)
            account_unmap(account, page, ACCOUNT_PAGE);
    }
}
