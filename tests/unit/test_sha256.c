/* SHA-256 against the examples of FIPS 180-4 and NIST's long message. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/sha256.h"

static void expect(const char *message, size_t times, const char *wanted)
{
    unsigned char digest[32];
    char text[65];
    struct sha256 hash;
    sha256_init(&hash);
    for (size_t i = 0; i < times; i++)
        sha256_update(&hash, message, strlen(message));
    sha256_final(&hash, digest);
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(text, wanted);
}

static void examples(void **state)
{
    expect("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect("a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(examples) };
    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
