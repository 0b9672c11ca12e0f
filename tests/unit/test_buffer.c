/* base/buffer: what is appended is there, in order; a failed append changes nothing. */
#include "unit.h"

#include <string.h>
#include "base/buffer.h"

static void test_append(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, &memory_malloc);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(buffer_append_byte(&buffer, (unsigned char)i));
    assert_int_equal(buffer.length, 1000);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(buffer.bytes[i], (unsigned char)i);
    buffer_done(&buffer);
    assert_null(buffer.bytes);
    assert_int_equal(buffer.length, 0);
}

static void test_text_words_and_formats(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, &memory_malloc);
    assert_true(buffer_append_text(&buffer, "ab"));
    assert_true(buffer_append_format(&buffer, "<%d %s>", -7, "x"));
    assert_true(buffer_append(&buffer, NULL, 0));
    assert_int_equal(buffer.length, 8);
    assert_memory_equal(buffer.bytes, "ab<-7 x>", 8);

    uint32_t word = 0x01020304;
    uint64_t wide = 0x0102030405060708;
    assert_true(buffer_append_u32(&buffer, word));
    assert_true(buffer_append_u64(&buffer, wide));
    assert_int_equal(buffer.length, 20);
    assert_memory_equal(buffer.bytes + 8, &word, 4);
    assert_memory_equal(buffer.bytes + 12, &wide, 8);
    buffer_done(&buffer);
}

static void test_failed_append_changes_nothing(void **state)
{
    struct failing_memory failing = { .left = 1 };
    const struct memory memory = { .resize = failing_resize, .data = &failing };
    struct buffer buffer;
    char long_text[500];

    memset(long_text, 'y', sizeof long_text);
    buffer_init(&buffer, &memory);
    assert_true(buffer_append_text(&buffer, "kept"));
    assert_false(buffer_append(&buffer, long_text, sizeof long_text));
    assert_false(buffer_append_format(&buffer, "%.*s", (int)sizeof long_text, long_text));
    assert_false(buffer_reserve(&buffer, SIZE_MAX));
    assert_int_equal(buffer.length, 4);
    assert_memory_equal(buffer.bytes, "kept", 4);
    buffer_done(&buffer);
    assert_int_equal(failing.held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_text_words_and_formats),
        cmocka_unit_test(test_failed_append_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
