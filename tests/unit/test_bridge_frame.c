/* Frames over a stream: what is written is read, what is strange is refused, and a stream that ends is noticed. */
#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/transfer.h"
#include "bridge/frame.h"

static void test_round_trip(void **state)
{
    (void)state;
    int ends[2];
    char bytes[5];
    struct frame_header header;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_true(frame_write(ends[0], FRAME_OUTPUT, "hello", 5));
    assert_true(transfer_read(ends[1], &header, sizeof header));
    assert_true(frame_header_is_good(&header, 5));
    assert_int_equal(header.kind, FRAME_OUTPUT);
    assert_int_equal(header.length, 5);
    assert_true(transfer_read(ends[1], bytes, 5));
    assert_memory_equal(bytes, "hello", 5);
    close(ends[0]);
    close(ends[1]);
}

static void test_strange_headers_are_refused(void **state)
{
    (void)state;
    struct frame_header header = frame_header_make(FRAME_VALUE, 100);
    assert_true(frame_header_is_good(&header, 100));
    assert_false(frame_header_is_good(&header, 99));
    header.length = UINT64_MAX;
    assert_false(frame_header_is_good(&header, 1 << 30));
    header = frame_header_make(FRAME_VALUE, 1);
    header.magic ^= 1;
    assert_false(frame_header_is_good(&header, 100));
    header = frame_header_make(FRAME_VALUE, 1);
    header.version++;
    assert_false(frame_header_is_good(&header, 100));
}

static void test_end_of_stream(void **state)
{
    (void)state;
    int ends[2];
    char bytes[8];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[0], "abc", 3), 3);
    close(ends[0]);
    assert_false(transfer_read(ends[1], bytes, sizeof bytes));
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_strange_headers_are_refused),
        cmocka_unit_test(test_end_of_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
