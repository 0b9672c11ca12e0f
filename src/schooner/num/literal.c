/* The syntax of numbers. Knows characters only. */
#include "schooner/num/literal.h"

struct cursor {
    const char *at;
    const char *end;
    unsigned radix;
    /* Decimals are written in radix ten alone. But what (number->string 1.5 2) gives, (string->number s 2) takes back:
     * where the radix is an argument, not a prefix, a point is a point. */
    bool decimals;
    struct literal_clock clock;
};

enum { DIGITS_PER_LOOK = 1 << 16 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The character `ahead` of the cursor in lower case; 0 at the end. */
static char peek(const struct cursor *cursor, size_t ahead)
{
    return ahead < (size_t)(cursor->end - cursor->at) ? lower(cursor->at[ahead]) : 0;
}

static bool at_end(const struct cursor *cursor)
{
    return cursor->at == cursor->end;
}

static bool is_sign(char c)
{
    return c == '+' || c == '-';
}

static size_t read_digit_run(struct cursor *cursor, unsigned radix)
{
    const char *start = cursor->at;
    for (size_t count = 0; cursor->at < cursor->end && digit_value(*cursor->at) < radix; cursor->at++)
        if (unlikely(++count % DIGITS_PER_LOOK == 0) && !cursor->clock.look(cursor->clock.data))
            break;
    return (size_t)(cursor->at - start);
}

static bool take_word(struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i < length; i++) {
        if (peek(cursor, i) != word[i])
            return false;
    }
    cursor->at += length;
    return true;
}

/* The report has e alone. R5RS had a letter for each precision, and programs that are older than R7RS still write them;
 * here all mean a double. */
static bool is_exponent_marker(char c)
{
    return c == 'e' || c == 's' || c == 'f' || c == 'd' || c == 'l';
}

/* marker [sign] digits, when it stands here */
static bool take_exponent(struct cursor *cursor, int64_t *ret)
{
    const int64_t most = 1000000000000000;
    size_t ahead = 1;
    if (cursor->radix != 10 || !is_exponent_marker(peek(cursor, 0)))
        return false;
    bool negative = peek(cursor, 1) == '-';
    if (is_sign(peek(cursor, 1)))
        ahead++;
    if (digit_value(peek(cursor, ahead)) > 9)
        return false;
    cursor->at += ahead;

    int64_t exponent = 0;
    for (; cursor->at < cursor->end && digit_value(*cursor->at) < 10 && exponent < most; cursor->at++)
        exponent = exponent * 10 + (int64_t)digit_value(*cursor->at);
    read_digit_run(cursor, 10); /* megabytes of them make no difference */
    exponent = exponent > most ? most : exponent;
    *ret = negative ? -exponent : exponent;
    return true;
}

static bool read_unsigned(struct cursor *cursor, struct literal_real *ret)
{
    struct digits *digits = &ret->digits;
    digits->whole = cursor->at;
    digits->whole_count = read_digit_run(cursor, cursor->radix);
    ret->kind = LITERAL_INTEGER;
    if (peek(cursor, 0) == '/' && digits->whole_count > 0) {
        cursor->at++;
        digits->fraction = cursor->at;
        digits->fraction_count = read_digit_run(cursor, cursor->radix);
        ret->kind = LITERAL_RATIO;
        return digits->fraction_count > 0;
    }
    if (peek(cursor, 0) == '.' && cursor->decimals) {
        cursor->at++;
        digits->fraction = cursor->at;
        digits->fraction_count = read_digit_run(cursor, cursor->radix);
        ret->kind = LITERAL_DECIMAL;
    }
    if (digits->whole_count + digits->fraction_count == 0)
        return false;
    if (take_exponent(cursor, &digits->exponent))
        ret->kind = LITERAL_DECIMAL;
    return true;
}

static bool read_real(struct cursor *cursor, struct literal_real *ret)
{
    *ret = (struct literal_real){ .digits = { .fraction = cursor->at } };
    if (is_sign(peek(cursor, 0))) {
        ret->signed_text = true;
        ret->negative = peek(cursor, 0) == '-';
        cursor->at++;
        if (take_word(cursor, "inf.0")) {
            ret->kind = LITERAL_INFINITE;
            return true;
        }
        if (take_word(cursor, "nan.0")) {
            ret->kind = LITERAL_NAN;
            return true;
        }
    }
    return read_unsigned(cursor, ret);
}

/* +i or -i at the very end */
static bool take_unit(struct cursor *cursor, struct literal_real *ret)
{
    if (!is_sign(peek(cursor, 0)) || peek(cursor, 1) != 'i' || cursor->end - cursor->at != 2)
        return false;
    *ret = (struct literal_real){ .kind = LITERAL_INTEGER,
                                  .negative = *cursor->at == '-',
                                  .signed_text = true,
                                  .digits = { .whole = "1", .whole_count = 1, .fraction = "" } };
    cursor->at += 2;
    return true;
}

static bool take_last_i(struct cursor *cursor)
{
    if (peek(cursor, 0) != 'i' || cursor->end - cursor->at != 1)
        return false;
    cursor->at++;
    return true;
}

static const struct literal_real literal_zero = { .kind = LITERAL_INTEGER,
                                                  .digits = { .whole = "0", .whole_count = 1, .fraction = "" } };

static bool read_complex(struct cursor *cursor, struct literal *ret)
{
    ret->form = LITERAL_REAL;
    ret->a = literal_zero;
    ret->b = literal_zero;
    if (take_unit(cursor, &ret->b)) {
        ret->form = LITERAL_RECTANGULAR;
        return true;
    }
    if (!read_real(cursor, &ret->a))
        return false;
    if (at_end(cursor))
        return true;
    if (peek(cursor, 0) == '@') {
        cursor->at++;
        ret->form = LITERAL_POLAR;
        return read_real(cursor, &ret->b) && at_end(cursor);
    }
    ret->form = LITERAL_RECTANGULAR;
    if (ret->a.signed_text && take_last_i(cursor)) {
        ret->b = ret->a;
        ret->a = literal_zero;
        return true;
    }
    if (!is_sign(peek(cursor, 0)))
        return false;
    return take_unit(cursor, &ret->b) || (read_real(cursor, &ret->b) && take_last_i(cursor));
}

static bool read_prefixes(struct cursor *cursor, struct literal *ret)
{
    bool radix_seen = false;
    while (peek(cursor, 0) == '#') {
        char letter = peek(cursor, 1);
        cursor->at += 1 + (letter != 0);
        if (letter == 'e' || letter == 'i') {
            if (ret->exactness != 0)
                return false;
            ret->exactness = letter;
            continue;
        }
        unsigned radix = letter == 'b' ? 2 : letter == 'o' ? 8 : letter == 'd' ? 10 : letter == 'x' ? 16 : 0;
        if (radix == 0 || radix_seen)
            return false;
        radix_seen = true;
        cursor->radix = radix;
        cursor->decimals = radix == 10;
    }
    return true;
}

bool literal_read(const char *text, size_t length, unsigned radix, struct literal_clock clock, struct literal *ret)
{
    struct cursor cursor = { text, text + length, radix, true, clock };
    ret->exactness = 0;
    if (!read_prefixes(&cursor, ret) || !read_complex(&cursor, ret))
        return false;
    ret->radix = cursor.radix;
    return true;
}
