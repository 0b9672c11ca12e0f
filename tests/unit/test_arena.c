/* base/arena: allocations are aligned, zeroed and distinct; a failed one leaves the arena usable; all is given back. */
#include "unit.h"

#include <string.h>
#include "base/arena.h"

static void test_alignment_and_zeroing(void **state)
{
    struct arena arena;
    arena_init(&arena, &memory_malloc);
    char *previous = NULL;
    for (size_t size = 0; size < 3000; size++) {
        unsigned char *block = arena_alloc(&arena, size);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 8, 0);
        assert_ptr_not_equal(block, previous);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(block[i], 0);
        memset(block, 0xff, size);
        previous = (char *)block;
    }
    arena_done(&arena);
    assert_null(arena.chunks);
    assert_int_equal(arena.mapped, 0);
}

static void test_sizes_that_cannot_be(void **state)
{
    struct arena arena;
    arena_init(&arena, &memory_malloc);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 7));
    assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
    assert_null(arena_copy(&arena, "", SIZE_MAX));
    assert_non_null(arena_array(&arena, 0, 16));
    arena_done(&arena);
}

static void test_copy_ends_in_nul(void **state)
{
    struct arena arena;
    arena_init(&arena, &memory_malloc);
    assert_string_equal(arena_copy(&arena, "hello, world", 5), "hello");
    assert_string_equal(arena_copy(&arena, NULL, 0), "");
    arena_done(&arena);
}

static void test_memory_running_out(void **state)
{
    for (size_t granted = 0; granted < 6; granted++) {
        struct failing_memory failing = { .left = granted };
        const struct memory memory = { .resize = failing_resize, .data = &failing };
        struct arena arena;
        arena_init(&arena, &memory);
        size_t blocks = 0;
        while (arena_alloc(&arena, 4000))
            blocks++;
        assert_true(granted == 0 ? blocks == 0 : blocks >= granted);
        assert_int_equal(failing.held, arena.mapped);
        arena_done(&arena);
        assert_int_equal(failing.held, 0);
    }
}

struct looks {
    size_t left, count;
};

static bool look(void *data)
{
    struct looks *looks = data;
    looks->count++;
    return looks->left > 0 && looks->left--;
}

static void test_looks_on_the_way(void **state)
{
    enum { LARGE = 16 * ARENA_PIECE };
    struct looks looks = { .left = SIZE_MAX };
    struct arena arena;
    arena_init(&arena, &memory_malloc);
    arena.look = look;
    arena.look_data = &looks;
    char *large = arena_alloc(&arena, LARGE);
    assert_non_null(large);
    assert_true(looks.count >= LARGE / ARENA_PIECE);
    looks.count = 0;
    for (size_t i = 0; i < LARGE / 64; i++)
        assert_non_null(arena_alloc(&arena, 64));
    assert_true(looks.count >= LARGE / ARENA_PIECE - 1);
    looks.count = 0;
    for (size_t i = 0; i < LARGE; i++)
        assert_true(arena_step(&arena, 1));
    assert_int_equal(looks.count, LARGE / ARENA_PIECE);

    looks.left = 3; /* then nothing more is to be had, and nothing given back */
    assert_null(arena_alloc(&arena, LARGE));
    looks.left = 0;
    assert_false(arena_shrink(&arena, true));
    assert_non_null(arena.chunks);
    looks.left = SIZE_MAX;
    assert_true(arena_shrink(&arena, true));
    assert_null(arena.chunks);
    assert_int_equal(arena.mapped, 0);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment_and_zeroing), cmocka_unit_test(test_sizes_that_cannot_be),
        cmocka_unit_test(test_copy_ends_in_nul),      cmocka_unit_test(test_memory_running_out),
        cmocka_unit_test(test_looks_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
