/* Parsing of "64M", "10k", "1.5s". A value may have a fraction; the result is rounded down. "unlimited" is UINT64_MAX.
 */
#include "tools/common/units.h"

#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* Digits, at most nine behind a point, then a unit of the table (the first entry's name is ""). */
static bool parse(const char *text, const struct unit *units, uint64_t *ret)
{
    if (strcmp(text, "unlimited") == 0) {
        *ret = UINT64_MAX;
        return true;
    }
    uint64_t whole = 0;
    uint64_t fraction = 0;
    uint64_t scale = 1;
    const char *p = text;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(whole, 10u, &whole) || __builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole))
            return false;
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9'; p++)
            if (scale < 1000000000u) {
                fraction = fraction * 10 + (uint64_t)(*p - '0');
                scale *= 10;
            }
    for (; units->name; units++) {
        if (strcmp(units->name, p) != 0)
            continue;
        if (__builtin_mul_overflow(whole, units->factor, &whole))
            return false;
        uint64_t part = (uint64_t)((unsigned __int128)fraction * units->factor / scale);
        return !__builtin_add_overflow(whole, part, ret);
    }
    return false;
}

bool parse_bytes(const char *text, uint64_t *ret_bytes)
{
    static const struct unit units[] = {
        { "", 1 }, { "K", 1u << 10 }, { "M", 1u << 20 }, { "G", 1u << 30 }, { NULL, 0 }
    };
    return parse(text, units, ret_bytes);
}

bool parse_count(const char *text, uint64_t *ret_count)
{
    static const struct unit units[] = { { "", 1 }, { "k", 1000 }, { "M", 1000000 }, { "G", 1000000000 }, { NULL, 0 } };
    return parse(text, units, ret_count);
}

bool parse_duration(const char *text, uint64_t *ret_ns)
{
    static const struct unit units[] = { { "", 1000000000 },
                                         { "ms", 1000000 },
                                         { "s", 1000000000 },
                                         { "m", UINT64_C(60000000000) },
                                         { "h", UINT64_C(3600000000000) },
                                         { NULL, 0 } };
    return parse(text, units, ret_ns);
}
