/* The numeric procedures, applied to numbers in text form; expectations from R7RS 6.2 and from arithmetic. */
#include "unit.h"

#include <float.h>
#include <gmp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "machine.h"
#include "schooner/table/primitive.h"
#include "schooner/num/number.h"

#define PRIMITIVE(function, name, min, max) primitive_fn function;
#include "schooner/table/numbers.def"
#undef PRIMITIVE

static const struct {
    const char *name;
    primitive_fn *function;
} procedures[] = {
#define PRIMITIVE(function, name, min, max) { name, function },
#include "schooner/table/numbers.def"
#undef PRIMITIVE
};

static sch_vm *vm;

static int setup(void **state)
{
    vm = machine_new(NULL);
    return vm == NULL;
}

static int teardown(void **state)
{
    machine_free(vm);
    return 0;
}

static const char *limit_name(enum sch_limit limit)
{
    return limit == SCH_LIMIT_INTEGER_BITS ? "integer-bits" : limit == SCH_LIMIT_HEAP ? "heap" : "limit";
}

/* The printed form of a result; what was raised as "!kind" or "!limit". */
static void show(sch_value v, struct buffer *out)
{
    if (is_raised(v)) {
        buffer_append_byte(out, '!');
        buffer_append_text(out, vm->limit != SCH_LIMIT_NONE ? limit_name(vm->limit) : vm->raised.kind);
    } else if (is_boolean(v)) {
        buffer_append_text(out, is_false(v) ? "#f" : "#t");
    } else if (is_values(v)) {
        show(object_as(struct values, v)->items[0], out);
        buffer_append_byte(out, ' ');
        show(object_as(struct values, v)->items[1], out);
    } else if (is_istring(v)) {
        buffer_append(out, object_as(struct string, v)->text, object_length(v));
    } else {
        assert_true(is_number(v));
        assert_true(number_print(vm, v, 10, out));
    }
}

/* "(name number ...)", a string as "text" */
static sch_value apply(const char *expression)
{
    char copy[400];
    sch_value *roots = machine_roots(vm);
    size_t count = 0;
    snprintf(copy, sizeof copy, "%s", expression + 1);
    copy[strlen(copy) - 1] = 0;
    machine_clear(vm);
    char *save;
    char *name = strtok_r(copy, " ", &save);
    for (char *word; (word = strtok_r(NULL, " ", &save)) != NULL; count++) {
        if (word[0] == '"')
            roots[count] = string_of(vm, word + 1, strlen(word) - 2);
        else if (strcmp(word, "#t") == 0)
            roots[count] = V_TRUE;
        else
            roots[count] = number_parse(vm, word, strlen(word), 10);
        if (is_raised(roots[count]) || (is_false(roots[count])))
            fail_msg("cannot read %s", word);
    }
    for (size_t i = 0; i < sizeof procedures / sizeof procedures[0]; i++) {
        if (strcmp(procedures[i].name, name) == 0)
            return procedures[i].function(vm, roots, count);
    }
    fail_msg("no procedure %s", name);
    return V_RAISED;
}

static bool expect(const char *expression, const char *expected)
{
    struct buffer out;
    buffer_init(&out, &memory_malloc);
    show(apply(expression), &out);
    buffer_append_byte(&out, 0);
    bool same = strcmp((const char *)out.bytes, expected) == 0;
    if (!same)
        print_error("%s => %s, expected %s\n", expression, out.bytes, expected);
    buffer_done(&out);
    return same;
}

static void report(void **state)
{
    static const char *const table[][2] = {
#include "test_num_report.def"
    };
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        wrong += !expect(table[i][0], table[i][1]);
    assert_int_equal(wrong, 0);
}

/* The tags depend on the top four bits only, so all top-16-bit patterns are a proof. */
static void double_tags(void **state)
{
    size_t boxed = 0;
    for (uint32_t top = 0; top < 65536; top++) {
        for (int low = 0; low < 3; low++) {
            uint64_t bits = (uint64_t)top << 48 | (low == 0 ? 0 : low == 1 ? 1 : 0xffffffffffffu);
            double d = double_of_bits(bits);
            sch_value v = make_double_reserving(vm, d);
            assert_true(is_double(v) && is_number(v) && !is_fixnum(v) && !is_pair(v));
            if (isnan(d)) {
                assert_true(isnan(double_of(v)));
                continue;
            }
            assert_true(double_bits(double_of(v)) == bits);
            double magnitude = fabs(d);
            bool small = (magnitude >= 0x1p-255 && magnitude < 0x1p257) || magnitude < 0x1p-767;
            assert_int_equal(is_small_double(v), small);
            boxed += !small;
            if (small)
                assert_int_equal(value_tag(v) == 1 || value_tag(v) == 2 || value_tag(v) == 5, 1);
        }
    }
    assert_true(boxed > 0);
}

static uint64_t random64(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static sch_value read_number(const char *text)
{
    sch_value v = number_parse(vm, text, strlen(text), 10);
    assert_false(is_raised(v));
    return v;
}

static void print_to(sch_value v, unsigned radix, char *text, size_t room)
{
    struct buffer out;
    buffer_init(&out, &memory_malloc);
    assert_true(number_print(vm, v, radix, &out));
    assert_true(out.length < room);
    memcpy(text, out.bytes, out.length);
    text[out.length] = 0;
    buffer_done(&out);
}

static size_t count_digits(const char *text)
{
    char digits[400];
    size_t count = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (count > 0 || *text != '0'))
            digits[count++] = *text;
    }
    while (count > 0 && digits[count - 1] == '0')
        count--;
    return count;
}

/* printf with one digit less does not come back: there is no shorter text. */
static void check_double(double d)
{
    char text[400], other[64];
    print_to(make_double_reserving(vm, d), 10, text, sizeof text);
    if (double_bits(strtod(text, NULL)) != double_bits(d))
        fail_msg("%.17g printed as %s", d, text);
    sch_value back = read_number(text);
    if (!is_double(back) || double_bits(double_of(back)) != double_bits(d))
        fail_msg("%s read as %.17g", text, double_of(back));
    size_t digits = count_digits(text);
    assert_true(digits <= 17);
    if (digits > 1) {
        snprintf(other, sizeof other, "%.*e", (int)digits - 2, d);
        if (strtod(other, NULL) == d)
            fail_msg("%s is not the shortest: %s", text, other);
    }
    /* of the texts of this length, none is nearer than the correctly rounded one, when that one comes back */
    snprintf(other, sizeof other, "%.*e", digits > 0 ? (int)digits - 1 : 0, d);
    if (d != 0 && strtod(other, NULL) == d && count_digits(other) == digits) {
        sch_value same = read_number(other);
        assert_true(double_of(same) == d);
        char mantissa[64], theirs[64];
        size_t m = 0, t = 0;
        for (const char *c = text; *c && *c != 'e'; c++)
            if (*c >= '0' && *c <= '9' && (m > 0 || *c != '0'))
                mantissa[m < 63 ? m++ : m] = *c;
        for (const char *c = other; *c && *c != 'e'; c++)
            if (*c >= '0' && *c <= '9' && (t > 0 || *c != '0'))
                theirs[t++] = *c;
        if (m < 30 && memcmp(mantissa, theirs, digits) != 0)
            fail_msg("%s is not the nearest: %s", text, other);
    }
}

static void doubles_as_text(void **state)
{
    static const double some[] = { 0.0,
                                   1.0,
                                   0.1,
                                   0.2,
                                   0.3,
                                   1e22,
                                   1e23,
                                   5e-324,
                                   2.2250738585072014e-308,
                                   DBL_MAX,
                                   2.2250738585072011e-308,
                                   9007199254740993.0,
                                   9.5367431640625e-7,
                                   1e21,
                                   1e-7,
                                   123456789012345680000.0,
                                   4.35,
                                   2e-44,
                                   4.9406564584124654e-324,
                                   1.7976931348623157e308 };
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        check_double(some[i]);
    for (int e = -1074; e < 1024; e++) { /* powers of two: the interval is not symmetric */
        check_double(ldexp(1, e));
        check_double(nextafter(ldexp(1, e), 0));
        check_double(nextafter(ldexp(1, e), INFINITY));
    }
    for (int i = 0; i < 200000; i++) {
        double d = fabs(double_of_bits(random64()));
        if (isfinite(d))
            check_double(d);
        check_double((double)(random64() >> (random64() % 64)));
        check_double((double)(random64() % 100000) / 1000);
    }
}

static bool never_late(void *data)
{
    (void)data;
    return true;
}

static const struct literal_clock no_clock = { .look = never_late };

static void check_text(const char *text)
{
    sch_value v = read_number(text);
    double d = strtod(text, NULL);
    assert_true(is_double(v));
    if (double_bits(double_of(v)) != double_bits(d))
        fail_msg("%s read as %.17g, not %.17g", text, double_of(v), d);
    sch_value scanned;
    enum number_scan scan = number_scan(text, strlen(text), 10, 1 << 22, no_clock, &scanned);
    assert_true(scan == NUMBER_IMMEDIATE || scan == NUMBER_OTHER);
    if (scan == NUMBER_IMMEDIATE)
        assert_true(number_eqv(scanned, v));
}

static void texts_as_doubles(void **state)
{
    char text[1600];
    static const char *const some[] = { "1e23",
                                        "8.5e22",
                                        "9007199254740993.0",
                                        "9007199254740992.99999",
                                        "4.9e-324",
                                        "2.47e-324",
                                        "2.4703282292062327e-324",
                                        "2.4703282292062328e-324",
                                        "1.7976931348623158e308",
                                        "1.7976931348623159e308",
                                        "1e400",
                                        "1e-400",
                                        "0.000000e999999999999999999999",
                                        "1e-400000000",
                                        "2.2250738585072012e-308",
                                        "6.631236846766476e-316",
                                        "0.1e-5",
                                        "179769313486231580793728971405301e276",
                                        "1e309",
                                        "-0.0",
                                        "-1e-500",
                                        ".5",
                                        "5." };
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        check_text(some[i]);
    for (int i = 0; i < 300000; i++) {
        int digits = (int)(random64() % 25) + 1;
        size_t at = 0;
        for (int j = 0; j < digits; j++)
            text[at++] = (char)('0' + random64() % 10);
        snprintf(text + at, sizeof text - at, "e%d", (int)(random64() % 700) - 360);
        check_text(text);
    }
    /* halfway between two doubles, exactly, just above and just below: all digits are needed */
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = random64() & 0x7fffffffffffffffu;
        double d = double_of_bits(bits), next = double_of_bits(bits + 1);
        if (!isfinite(d) || !isfinite(next))
            continue;
        mpf_t sum, other;
        mpf_init2(sum, 2400);
        mpf_init2(other, 2400);
        mpf_set_d(sum, d);
        mpf_set_d(other, next);
        mpf_add(sum, sum, other);
        mpf_div_2exp(sum, sum, 1);
        gmp_snprintf(text, sizeof text, "%.1200Fe", sum);
        check_text(text);
        char *e = strchr(text, 'e');
        char exponent[16];
        snprintf(exponent, sizeof exponent, "%s", e);
        snprintf(e, 40, "000000000000001%s", exponent);
        check_text(text);
        mpf_clears(sum, other, NULL);
    }
}

static void doubles_in_other_radixes(void **state)
{
    static const unsigned radixes[] = { 2, 3, 8, 16, 36 };
    char text[1600];
    for (size_t j = 0; j < 5; j++) {
        for (int i = 0; i < 400; i++) {
            double d = double_of_bits(random64());
            if (!isfinite(d))
                continue;
            print_to(make_double_reserving(vm, d), radixes[j], text, sizeof text);
            sch_value back = number_parse(vm, text, strlen(text), radixes[j]);
            if (!is_double(back) || double_bits(double_of(back)) != double_bits(d))
                fail_msg("%.17g in radix %u: %s", d, radixes[j], text);
        }
    }
}

/* exact -> inexact of ratios against MPF rounding by hand: mpq_get_d truncates, so look at both neighbours. */
static void ratios_to_doubles(void **state)
{
    gmp_randstate_t random;
    gmp_randinit_default(random);
    mpq_t q, low, high, a, b;
    mpq_inits(q, low, high, a, b, NULL);
    for (int i = 0; i < 20000; i++) {
        char text[6000];
        double d, at_once;
        mpz_rrandomb(mpq_numref(q), random, random64() % (i % 10 ? 200 : 2000) + 1);
        mpz_rrandomb(mpq_denref(q), random, random64() % (i % 10 ? 200 : 2000) + 1);
        if (mpz_sgn(mpq_denref(q)) == 0 || mpz_sgn(mpq_numref(q)) == 0)
            continue;
        mpq_canonicalize(q);
        gmp_snprintf(text, sizeof text, "%Qd", q);
        machine_roots(vm)[0] = read_number(text);
        sch_value v = prim_inexact(vm, machine_roots(vm), 1);
        d = double_of(v);
        assert_true(number_to_double(machine_roots(vm)[0], &at_once));
        assert_true(at_once == d);
        if (!isfinite(d)) {
            assert_true(mpz_sizeinbase(mpq_numref(q), 2) > mpz_sizeinbase(mpq_denref(q), 2) + 1020);
            continue;
        }
        mpq_set_d(low, nextafter(d, -INFINITY));
        mpq_set_d(a, d);
        if (nextafter(d, INFINITY) == INFINITY)
            continue;
        mpq_set_d(high, nextafter(d, INFINITY));
        mpq_add(low, low, a);
        mpq_div_2exp(low, low, 1);
        mpq_add(high, high, a);
        mpq_div_2exp(high, high, 1);
        bool even = (double_bits(d) & 1) == 0;
        int below = mpq_cmp(q, low), above = mpq_cmp(q, high);
        if (even ? below < 0 || above > 0 : below <= 0 || above >= 0)
            fail_msg("%s is not nearest to %.17g", text, d);
    }
    mpq_clears(q, low, high, a, b, NULL);
    gmp_randclear(random);
}

/* Ratios against mpq; comparison with doubles too. */
static void ratios(void **state)
{
    gmp_randstate_t random;
    gmp_randinit_default(random);
    mpq_t a, b, r;
    mpq_inits(a, b, r, NULL);
    sch_value *roots = machine_roots(vm);
    static const char *const names[] = { "+", "-", "*", "/" };
    for (int i = 0; i < 20000; i++) {
        char x[2000], y[2000], expected[4000], expression[4];
        unsigned most = i & 4 ? 150 : 62; /* words, and their border to what needs more */
        mpz_rrandomb(mpq_numref(a), random, random64() % most + 1);
        mpz_rrandomb(mpq_denref(a), random, i % 3 ? random64() % most + 1 : 1);
        mpz_rrandomb(mpq_numref(b), random, random64() % most + 1);
        mpz_rrandomb(mpq_denref(b), random, i % 2 ? random64() % most + 1 : 1);
        if (random64() & 1)
            mpq_neg(a, a);
        if (random64() & 1)
            mpq_neg(b, b);
        mpq_canonicalize(a);
        mpq_canonicalize(b);
        if (mpq_sgn(b) == 0)
            continue;
        gmp_snprintf(x, sizeof x, "%Qd", a);
        gmp_snprintf(y, sizeof y, "%Qd", b);
        int operation = (int)(random64() % 4);
        void (*const functions[])(mpq_t, const mpq_t, const mpq_t) = { mpq_add, mpq_sub, mpq_mul, mpq_div };
        functions[operation](r, a, b);
        gmp_snprintf(expected, sizeof expected, "%Qd", r);
        roots[0] = read_number(x);
        roots[1] = read_number(y);
        snprintf(expression, sizeof expression, "%s", names[operation]);
        primitive_fn *const prims[] = { prim_add, prim_subtract, prim_multiply, prim_divide };
        sch_value v = prims[operation](vm, roots, 2);
        char text[4000];
        print_to(v, 10, text, sizeof text);
        if (strcmp(text, expected) != 0)
            fail_msg("(%s %s %s) => %s, expected %s", expression, x, y, text, expected);
        int order = mpq_cmp(a, b);
        assert_int_equal(value_same(prim_less(vm, roots, 2), V_TRUE), order < 0);
        assert_int_equal(value_same(prim_equal_numbers(vm, roots, 2), V_TRUE), order == 0);
        assert_int_equal(number_eqv(roots[0], roots[1]), order == 0);
        double d = mpq_get_d(b);
        roots[1] = make_double_reserving(vm, d);
        mpq_set_d(b, d);
        order = mpq_cmp(a, b);
        assert_int_equal(value_same(prim_less(vm, roots, 2), V_TRUE), order < 0);
        assert_int_equal(value_same(prim_equal_numbers(vm, roots, 2), V_TRUE), order == 0);
    }
    mpq_clears(a, b, r, NULL);
    gmp_randclear(random);
}

static void identity_and_hash(void **state)
{
    static const char *const pairs[][2] = {
        { "1", "1" },           { "100000000000000000000", "100000000000000000000" },
        { "1/3", "2/6" },       { "+inf.0", "1e400" },
        { "+nan.0", "-nan.0" }, { "1e100", "1e100" },
        { "1+2i", "2/2+4/2i" }, { "1.5@0", "1.5" },
    };
    static const char *const different[][2] = {
        { "1", "1.0" },   { "0.0", "-0.0" },      { "100000000000000000000", "-100000000000000000000" },
        { "1/3", "1/4" }, { "1+2i", "1.0+2.0i" }, { "1e300", "1e301" },
    };
    sch_value *roots = machine_roots(vm);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        roots[0] = read_number(pairs[i][0]);
        roots[1] = read_number(pairs[i][1]);
        assert_true(number_eqv(roots[0], roots[1]));
        assert_true(number_hash(roots[0]) == number_hash(roots[1]));
    }
    for (size_t i = 0; i < sizeof different / sizeof different[0]; i++) {
        roots[0] = read_number(different[i][0]);
        roots[1] = read_number(different[i][1]);
        assert_false(number_eqv(roots[0], roots[1]));
    }
}

static void not_numbers(void **state)
{
    static const char *const texts[] = { "",      "+",     "-",        ".",        "...",   "1+",   "+-",    "i",
                                         "1i",    "e5",    ".e5",      "1e",       "1e+",   "--1",  "1.2.3", "1/",
                                         "/2",    "1/0",   "1/2.",     "1/0.5",    "#",     "#x",   "#xg",   "#b2",
                                         "#e#e1", "#x#b1", "#e+inf.0", "#e+nan.0", "inf.0", "+inf", "nan.0", "+inf.00",
                                         "1@",    "1@2@3", "1+2",      "1+2j",     "1+i2",  "+ii",  "1 ",    " 1",
                                         "1_000", "0x10",  "#x1.8p3",  "1/2e3",    "1@2i",  "-",    "#q1",   "#",
                                         "#i",    "1g3",   "+5",       "é" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sch_value v;
        bool is = strcmp(texts[i], "+5") == 0;
        if (is_false(number_parse(vm, texts[i], strlen(texts[i]), 10)) == is)
            fail_msg("%s", texts[i]);
        assert_int_equal(number_scan(texts[i], strlen(texts[i]), 10, 1 << 22, no_clock, &v) == NUMBER_NOT, !is);
    }
}

/* A megabyte of digits, exponents without end: bounded by limits, and soon over. */
static void hostile_texts(void **state)
{
    size_t size = 1 << 20;
    char *text = malloc(size + 1);
    sch_value v;
    memset(text, '7', size);
    machine_clear(vm);
    vm->integer_bits = 1 << 20;
    assert_true(is_raised(number_parse(vm, text, size, 10)));
    assert_int_equal(vm->limit, SCH_LIMIT_INTEGER_BITS);
    assert_int_equal(number_scan(text, size, 10, 1 << 20, no_clock, &v), NUMBER_TOO_LARGE);
    vm->integer_bits = 4 << 20;
    machine_clear(vm);
    machine_roots(vm)[0] = number_parse(vm, text, size, 10);
    assert_true(is_bignum(machine_roots(vm)[0]));
    text[size / 2] = '.';
    assert_true(is_double(number_parse(vm, text, size, 10)));
    text[size / 2] = '/';
    machine_clear(vm);
    vm->integer_bits = 1 << 18;
    assert_true(is_raised(number_parse(vm, text, size, 10)));
    assert_int_equal(vm->limit, SCH_LIMIT_INTEGER_BITS);
    vm->integer_bits = 4 << 20;
    static const char *const large[] = { "#e1e400000000", "#e1e-400000000", "#e1e99999999999999999999",
                                         "#e1.5e-9999999999" };
    for (size_t i = 0; i < 4; i++) {
        machine_clear(vm);
        assert_true(is_raised(number_parse(vm, large[i], strlen(large[i]), 10)));
        assert_int_equal(vm->limit, SCH_LIMIT_INTEGER_BITS);
        assert_int_equal(number_scan(large[i], strlen(large[i]), 10, 4 << 20, no_clock, &v), NUMBER_TOO_LARGE);
    }
    free(text);
}

/* Fuel ends long work; every prefix of it leaves the machine whole. */
static void fuel_ends_work(void **state)
{
    sch_value *roots = machine_roots(vm);
    machine_clear(vm);
    roots[0] = read_number("7");
    roots[1] = read_number("400000");
    roots[2] = prim_expt(vm, roots, 2);
    assert_true(is_bignum(roots[2]));
    int64_t slice = vm->slice;
    for (int64_t fuel = 1; fuel < 2000000; fuel = fuel * 3 + 1) {
        vm->slice = fuel;
        vm->fuel_left = 0;
        machine_clear(vm);
        sch_value v = prim_multiply(vm, (sch_value[]){ roots[2], roots[2] }, 2);
        if (is_raised(v))
            assert_int_equal(vm->limit, SCH_LIMIT_FUEL);
        struct buffer out;
        buffer_init(&out, &memory_malloc);
        machine_clear(vm);
        if (!number_print(vm, roots[2], 10, &out))
            assert_int_equal(vm->limit, SCH_LIMIT_FUEL);
        buffer_done(&out);
    }
    vm->slice = slice;
    vm->fuel_left = UINT64_MAX;
    machine_clear(vm);
}

/* Sums of many: what came so far is no root, and each step collects. */
static void many_operands(void **state)
{
    sch_value *roots = machine_roots(vm);
    machine_clear(vm);
    roots[0] = read_number("100000000000000000000000000000000000000001");
    for (size_t i = 1; i < 12; i++)
        roots[i] = i % 3 == 0 ? roots[0] : make_fixnum(i % 3 == 1);
    size_t threshold = vm->heap.threshold;
    vm->heap.threshold = 0;
    sch_value sum = prim_add(vm, roots, 12);
    char text[200];
    print_to(sum, 10, text, sizeof text);
    assert_string_equal(text, "400000000000000000000000000000000000000008");
    for (size_t i = 1; i < 12; i++)
        roots[i] = i == 5 ? make_fixnum(3) : make_fixnum(1);
    print_to(prim_multiply(vm, roots, 12), 10, text, sizeof text);
    assert_string_equal(text, "300000000000000000000000000000000000000003");
    for (size_t i = 1; i < 12; i++)
        roots[i] = make_fixnum(0);
    print_to(prim_gcd(vm, roots, 12), 10, text, sizeof text);
    assert_string_equal(text, "100000000000000000000000000000000000000001");
    vm->heap.threshold = threshold;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(report),
        cmocka_unit_test(double_tags),
        cmocka_unit_test(doubles_as_text),
        cmocka_unit_test(texts_as_doubles),
        cmocka_unit_test(doubles_in_other_radixes),
        cmocka_unit_test(ratios_to_doubles),
        cmocka_unit_test(ratios),
        cmocka_unit_test(identity_and_hash),
        cmocka_unit_test(not_numbers),
        cmocka_unit_test(hostile_texts),
        cmocka_unit_test(fuel_ends_work),
        cmocka_unit_test(many_operands),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
