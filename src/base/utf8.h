/* UTF-8, strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one character of the at most `length` bytes; gives its length in bytes, or 0 for what is not UTF-8. */
size_t utf8_decode(const unsigned char *bytes, size_t length, uint32_t *ret_char);
/* Writes at most 4 bytes and gives their number. The character must be a Unicode scalar value. */
size_t utf8_encode(uint32_t character, unsigned char ret_bytes[4]);
/* Is it all UTF-8? Counts the characters. `ret_valid` gets the length of the longest valid prefix (may be NULL). */
bool utf8_count(const unsigned char *bytes, size_t length, size_t *ret_count, size_t *ret_valid);

static inline bool utf8_is_scalar(uint32_t character)
{
    return character < 0xd800 || (character >= 0xe000 && character <= 0x10ffff);
}

static inline size_t utf8_size(uint32_t character)
{
    return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

/* How many bytes from the first on are ASCII. */
size_t utf8_ascii(const unsigned char *bytes, size_t length);

/* Length of the character that starts with `byte` in text known to be valid. */
static inline size_t utf8_step(unsigned char byte)
{
    return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

#endif
