/* heap/account and heap/pool: what is mapped is counted, nothing passes the cap, everything comes back. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include "schooner/heap/account.h"
#include "schooner/value/value.h"

/* A hook that knows what it gave: every region comes back once, whole, as it went. Memory is dirty, as recycled is. */
struct host {
    struct {
        void *block;
        size_t size;
    } given[4096];
    size_t count;
    size_t bytes;
};

static void *host_map(void *data, size_t size, size_t alignment)
{
    struct host *host = data;
    void *block = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    assert_non_null(block);
    assert_true(host->count < 4096);
    memset(block, 0xa5, size);
    host->given[host->count].block = block;
    host->given[host->count++].size = size;
    host->bytes += size;
    return block;
}

static void host_unmap(void *data, void *block, size_t size)
{
    struct host *host = data;
    for (size_t i = 0; i < host->count; i++) {
        if (host->given[i].block == block) {
            assert_int_equal(host->given[i].size, size);
            host->given[i] = host->given[--host->count];
            host->bytes -= size;
            free(block);
            return;
        }
    }
    fail_msg("given back, but never given");
}

/* An account whose figures are those of pages of 4 KiB, on each machine. */
static void account_of_small_pages(struct account *account, const struct sch_memory *hook, uint64_t cap)
{
    account_init(account, hook, cap);
    account->page = ACCOUNT_PAGE;
}

static void test_mapping_is_aligned_zeroed_and_counted(void **state)
{
    static struct host host;
    const struct sch_memory hook = { host_map, host_unmap, &host };
    for (int with_hook = 0; with_hook < 2; with_hook++) {
        struct account account;
        account_of_small_pages(&account, with_hook ? &hook : NULL, 16 << 20);
        for (size_t alignment = 4096; alignment <= 65536; alignment *= 2) {
            unsigned char *block = account_map(&account, 5000, alignment);
            assert_non_null(block);
            assert_int_equal((uintptr_t)block % alignment, 0);
            assert_int_equal(account.now, 8192);
            for (size_t i = 0; i < 8192; i++)
                assert_int_equal(block[i], 0);
            memset(block, 1, 8192);
            account_unmap(&account, block, 5000);
            assert_int_equal(account.now, 0);
        }
        assert_int_equal(account.peak, 8192);
        account_done(&account);
        assert_int_equal(host.count, 0);
    }
}

static void test_the_cap(void **state)
{
    struct account account;
    account_of_small_pages(&account, NULL, 100000); /* 24 pages and a part of one */
    assert_null(account_map(&account, 100001, 4096));
    assert_true(account.exhausted);
    account.exhausted = false;
    void *most = account_map(&account, 24 * 4096, 4096);
    assert_non_null(most);
    assert_false(account.exhausted);
    assert_null(account_map(&account, 1, 4096));
    assert_true(account.exhausted);
    assert_false(account_declare(&account, 100000 - 24 * 4096 + 1));
    assert_true(account_declare(&account, 100000 - 24 * 4096));
    assert_int_equal(account.now, 100000);
    account_retract(&account, 100000 - 24 * 4096);
    account_unmap(&account, most, 24 * 4096);
    assert_int_equal(account.now, 0);
    assert_null(account_map(&account, SIZE_MAX, 4096));
    assert_null(account_map(&account, SIZE_MAX - 4096, 4096));
    assert_null(account_map(&account, 0, 4096));
    account_done(&account);
}

static void test_the_nth_mapping_fails(void **state)
{
    struct account account;
    account_of_small_pages(&account, NULL, 1 << 20);
    account.fail_countdown = 3;
    void *blocks[4];
    for (int i = 0; i < 4; i++)
        blocks[i] = account_map(&account, 4096, 4096);
    assert_non_null(blocks[0]);
    assert_non_null(blocks[1]);
    assert_null(blocks[2]);
    assert_non_null(blocks[3]);
    assert_int_equal(account.now, 3 * 4096);
    for (int i = 0; i < 4; i++) {
        if (blocks[i])
            account_unmap(&account, blocks[i], 4096);
    }
}

struct helper {
    struct account *account;
    void *spare;
};

static void give_spare(void *data, uint64_t size)
{
    struct helper *helper = data;
    if (helper->spare)
        account_unmap(helper->account, helper->spare, 65536);
    helper->spare = NULL;
}

static void test_relief_when_it_does_not_fit(void **state)
{
    struct account account;
    account_init(&account, NULL, 100000);
    struct helper helper = { &account, account_map(&account, 65536, 4096) };
    account.relieve = give_spare;
    account.relieve_data = &helper;
    void *block = account_map(&account, 65536, 4096);
    assert_non_null(block);
    assert_null(helper.spare);
    assert_false(account.exhausted);
    account_unmap(&account, block, 65536);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static size_t random_size(uint32_t *seed)
{
    switch (next_random(seed) % 4) {
    case 0: return next_random(seed) % 40 + 1;
    case 1: return next_random(seed) % 1100 + 1;
    case 2: return next_random(seed) % 5000 + 1;
    default: return next_random(seed) % 60000 + 1;
    }
}

/* Blocks of all sizes grow, shrink and go; each holds its own bytes throughout. */
static void churn(const struct sch_memory *hook, struct host *host)
{
    enum { SLOTS = 200, STEPS = 8000 };
    static struct {
        unsigned char *block;
        size_t size;
    } slots[SLOTS];
    memset(slots, 0, sizeof slots);
    struct account account;
    account_init(&account, hook, 8 << 20);
    const struct memory *memory = &account.memory;
    uint32_t seed = 7;
    for (int step = 0; step < STEPS; step++) {
        size_t i = next_random(&seed) % SLOTS;
        size_t size = next_random(&seed) % 3 == 0 ? 0 : random_size(&seed);
        unsigned char *block = memory_resize(memory, slots[i].block, slots[i].size, size);
        if (size > 0 && !block)
            continue; /* over the cap: the old block stays */
        assert_int_equal((uintptr_t)block % 16, 0);
        size_t kept = size < slots[i].size ? size : slots[i].size;
        for (size_t k = 0; k < kept; k++)
            assert_int_equal(block[k], i);
        if (size > 0)
            memset(block, (int)i, size);
        slots[i].block = block;
        slots[i].size = size;
        assert_true(account.now <= account.cap);
        if (host)
            assert_int_equal(host->bytes, account.now);
    }
    for (size_t i = 0; i < SLOTS / 2; i++)
        memory_resize(memory, slots[i].block, slots[i].size, 0);
    account_done(&account); /* and the other half with it */
    assert_int_equal(account.now, 0);
}

static void test_memory_for_buffers(void **state)
{
    churn(NULL, NULL);
}

static void test_memory_over_a_hook(void **state)
{
    static struct host host;
    const struct sch_memory hook = { host_map, host_unmap, &host };
    churn(&hook, &host);
    assert_int_equal(host.count, 0);
}

static void test_small_blocks_share_pages(void **state)
{
    struct account account;
    account_of_small_pages(&account, NULL, 1 << 20);
    void *blocks[100];
    for (int i = 0; i < 100; i++) {
        blocks[i] = memory_resize(&account.memory, NULL, 0, 32);
        assert_non_null(blocks[i]);
    }
    assert_int_equal(account.now, 4096);
    for (int i = 0; i < 100; i++)
        memory_resize(&account.memory, blocks[i], 32, 0);
    assert_true(account.now <= 4096);
    assert_null(memory_resize(&account.memory, NULL, 0, SIZE_MAX));
    account_done(&account);
    assert_int_equal(account.now, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapping_is_aligned_zeroed_and_counted),
        cmocka_unit_test(test_the_cap),
        cmocka_unit_test(test_the_nth_mapping_fails),
        cmocka_unit_test(test_relief_when_it_does_not_fit),
        cmocka_unit_test(test_memory_for_buffers),
        cmocka_unit_test(test_memory_over_a_hook),
        cmocka_unit_test(test_small_blocks_share_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
