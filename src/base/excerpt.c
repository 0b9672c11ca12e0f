/* See excerpt.h. */
#include "base/excerpt.h"

#include <stdbool.h>

enum { BEFORE = 64, CHARACTER_MAX = 4 };

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t excerpt_byte(const char *line, size_t length, uint32_t column)
{
    size_t at = 0;
    for (uint32_t now = 1; at < length && (now < column || continues(line[at])); at++)
        now += at + 1 == length || !continues(line[at + 1]);
    return at;
}

size_t excerpt_start(const char *line, size_t length, uint32_t column, size_t room, uint32_t *ret_column)
{
    size_t place = excerpt_byte(line, length, column);
    *ret_column = 1;
    if (place <= room - (size_t)BEFORE * CHARACTER_MAX / 2)
        return 0;
    size_t at = place;
    uint32_t left = BEFORE;
    while (at > 0 && left > 0)
        left -= !continues(line[--at]);
    *ret_column = column - (BEFORE - left);
    return at;
}
