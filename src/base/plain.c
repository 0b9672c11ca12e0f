/* Which characters may be shown. See plain.h; knows code points, not where the text came from. */
#include "base/plain.h"

#include <stdint.h>
#include <string.h>
#include "base/utf8.h"

/* Those that turn the direction of writing make a text look like another one. */
static bool is_plain(uint32_t character)
{
    if (character < 0x20 || (character >= 0x7f && character < 0xa0))
        return character == '\t';
    return !(character == 0x61c || (character >= 0x200e && character <= 0x200f) ||
             (character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069));
}

bool plain_character(const char *text, size_t *ret_length)
{
    uint32_t character;
    size_t length = utf8_decode((const unsigned char *)text, strnlen(text, 4), &character);
    *ret_length = length ? length : 1;
    return length > 0 && is_plain(character);
}

void plain_make(char *text)
{
    size_t length;
    for (; *text; text += length)
        if (!plain_character(text, &length))
            memset(text, '?', length);
}
