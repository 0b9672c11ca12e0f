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

/* In order. By blocks, after Unicode's East_Asian_Width and its categories of marks. */
static const struct {
    uint32_t first, last;
    unsigned width;
} widths[] = {
    { 0x300, 0x36f, 0 },     { 0x483, 0x489, 0 },     { 0x591, 0x5bd, 0 },     { 0x610, 0x61a, 0 },
    { 0x64b, 0x65f, 0 },     { 0x6d6, 0x6dc, 0 },     { 0x93c, 0x93c, 0 },     { 0x94d, 0x94d, 0 },
    { 0xe34, 0xe3a, 0 },     { 0xe47, 0xe4e, 0 },     { 0x1100, 0x115f, 2 },   { 0x1ab0, 0x1aff, 0 },
    { 0x1dc0, 0x1dff, 0 },   { 0x200b, 0x200d, 0 },   { 0x20d0, 0x20f0, 0 },   { 0x2e80, 0x3029, 2 },
    { 0x302a, 0x302d, 0 },   { 0x302e, 0x303e, 2 },   { 0x3041, 0x3098, 2 },   { 0x3099, 0x309a, 0 },
    { 0x309b, 0x4dbf, 2 },   { 0x4e00, 0xa4cf, 2 },   { 0xa960, 0xa97c, 2 },   { 0xac00, 0xd7a3, 2 },
    { 0xf900, 0xfaff, 2 },   { 0xfe00, 0xfe0f, 0 },   { 0xfe10, 0xfe19, 2 },   { 0xfe20, 0xfe2f, 0 },
    { 0xfe30, 0xfe6b, 2 },   { 0xfeff, 0xfeff, 0 },   { 0xff01, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },
    { 0x1f300, 0x1f320, 2 }, { 0x1f330, 0x1f335, 2 }, { 0x1f337, 0x1f37c, 2 }, { 0x1f3fb, 0x1f3ff, 2 },
    { 0x1f400, 0x1f43e, 2 }, { 0x1f440, 0x1f4fc, 2 }, { 0x1f600, 0x1f64f, 2 }, { 0x1f680, 0x1f6c5, 2 },
    { 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 }, { 0xe0100, 0xe01ef, 0 },
};

unsigned plain_width(const char *text)
{
    uint32_t character = 0;
    if ((unsigned char)*text < 0x80 || !utf8_decode((const unsigned char *)text, strnlen(text, 4), &character))
        return 1;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (character <= widths[i].last)
            return character >= widths[i].first ? widths[i].width : 1;
    return 1;
}

void plain_make(char *text)
{
    size_t length;
    for (; *text; text += length)
        if (!plain_character(text, &length))
            memset(text, '?', length);
}
