/*
 * Build-time program: prints the table of powers of ten that reading and printing doubles share, 128 leading bits of
 * each, rounded down: row i holds floor(10^(i - 342) / 2^e) with e such that the highest bit is set.
 */
#include <gmp.h>
#include <stdio.h>

enum { POWER_MIN = -342, POWER_MAX = 324 };

static void power_bits(mpz_t bits, int exponent)
{
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, (unsigned long)(exponent < 0 ? -exponent : exponent));
    if (exponent >= 0) {
        mpz_mul_2exp(power, power, 128);
        mpz_tdiv_q_2exp(bits, power, mpz_sizeinbase(power, 2) - 128);
    } else {
        /* 2^k / 10^n has 128 bits or 129 */
        mpz_set_ui(bits, 1);
        mpz_mul_2exp(bits, bits, mpz_sizeinbase(power, 2) + 128);
        mpz_tdiv_q(bits, bits, power);
        mpz_tdiv_q_2exp(bits, bits, mpz_sizeinbase(bits, 2) - 128);
    }
    mpz_clear(power);
}

int main(void)
{
    mpz_t bits, low;
    mpz_init(bits);
    mpz_init(low);
    puts("/* made by generate_powers.c: high and low word of 10^-342 ... 10^324 */");
    for (int exponent = POWER_MIN; exponent <= POWER_MAX; exponent++) {
        power_bits(bits, exponent);
        mpz_tdiv_r_2exp(low, bits, 64);
        mpz_tdiv_q_2exp(bits, bits, 64);
        gmp_printf("{ 0x%Zxu, 0x%Zxu },\n", bits, low);
    }
    mpz_clear(bits);
    mpz_clear(low);
    return 0;
}
