/*
 * The accountant: maps and unmaps, and counts what is mapped. Knows nothing of objects. Memory for buffers and arenas
 * on top of it is in pool.c.
 */
#include "schooner/heap/pool.h"

#include <sys/mman.h>
#include <unistd.h>
#include "base/arith.h"

void account_init(struct account *account, const struct sch_memory *hook, uint64_t cap)
{
    long page = sysconf(_SC_PAGESIZE);
    *account = (struct account){ .cap = cap, .page = page > ACCOUNT_PAGE ? (size_t)page : ACCOUNT_PAGE };
    if (hook && hook->map && hook->unmap)
        account->hook = *hook;
    account->memory = (struct memory){ .resize = pool_resize, .data = account };
}

void account_done(struct account *account)
{
    pool_done(account);
}

static bool account_charge(struct account *account, uint64_t size)
{
    if (!account_fits(account, size))
        pool_drop_spare(account);
    if (!account_fits(account, size) && account->relieve)
        account->relieve(account->relieve_data, size);
    if (!account_fits(account, size)) {
        account->exhausted = true;
        return false;
    }
    account->now += size;
    if (account->now > account->peak)
        account->peak = account->now;
    return true;
}

/*
 * No huge pages are asked for: they make touching ten times as fast, but the kernel may compact memory first, which was
 * seen to take a quarter of a second where a deadline is to be kept within a millisecond.
 *
 * The kernel hands out addresses downwards, so behind a well aligned region of a multiple of the alignment the next is
 * aligned as well: one call in the common case. Else too much is mapped and both ends are trimmed.
 */
void *account_map_pages(size_t size, size_t alignment)
{
    char *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return NULL;
    if (((uintptr_t)block & (alignment - 1)) == 0)
        return block;
    munmap(block, size);

    size_t more;
    if (!size_add(size, alignment, &more))
        return NULL;
    block = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return NULL;
    char *aligned = (char *)size_round_up((uintptr_t)block, alignment);
    size_t before = (size_t)(aligned - block);
    if (before > 0)
        munmap(block, before);
    if (more - before > size)
        munmap(aligned + size, more - before - size);
    return aligned;
}

static bool mapping_fails(struct account *account)
{
    return account->fail_countdown > 0 && --account->fail_countdown == 0;
}

void *account_map_raw(struct account *account, size_t size, size_t alignment)
{
    if (size == 0 || size > SIZE_MAX / 4) {
        account->exhausted = true;
        return NULL;
    }
    size = size_round_up(size, account->page);
    if (!account_charge(account, size))
        return NULL;

    void *block = NULL;
    if (!mapping_fails(account))
        block = account->hook.map ? account->hook.map(account->hook.data, size, alignment)
                                  : account_map_pages(size, alignment);
    if (!block) {
        account->now -= size;
        account->exhausted = true;
        return NULL;
    }
    return block;
}

void *account_map(struct account *account, size_t size, size_t alignment)
{
    void *block = account_map_raw(account, size, alignment);
    if (block && account->hook.map)
        memset(block, 0, size_round_up(size, account->page));
    return block;
}

void account_unmap(struct account *account, void *block, size_t size)
{
    size = size_round_up(size, account->page);
    sch_assert(size <= account->now);
    account->now -= size;
    if (account->hook.unmap)
        account->hook.unmap(account->hook.data, block, size);
    else
        munmap(block, size);
}

void *account_remap(struct account *account, void *block, size_t old_size, size_t new_size)
{
    sch_assert(!account->hook.map);
    old_size = size_round_up(old_size, account->page);
    new_size = size_round_up(new_size, account->page);
    uint64_t more = new_size > old_size ? new_size - old_size : 0;
    if (!account_charge(account, more))
        return NULL;
    void *moved = more > 0 && mapping_fails(account) ? MAP_FAILED : mremap(block, old_size, new_size, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) {
        account->now -= more;
        account->exhausted = true;
        return NULL;
    }
    account->now -= new_size < old_size ? old_size - new_size : 0;
    return moved;
}

bool account_declare(struct account *account, uint64_t bytes)
{
    return account_charge(account, bytes);
}

void account_retract(struct account *account, uint64_t bytes)
{
    sch_assert(bytes <= account->now);
    account->now -= bytes <= account->now ? bytes : account->now;
}
