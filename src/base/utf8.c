/* Decoding after table 3-7 of the Unicode Standard. */
#include "base/utf8.h"

#include <string.h>

static inline bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t utf8_decode(const unsigned char *bytes, size_t length, uint32_t *ret_char)
{
    if (length == 0)
        return 0;
    unsigned char a = bytes[0];
    if (a < 0x80) {
        *ret_char = a;
        return 1;
    }
    size_t size = utf8_step(a);
    if (a < 0xc2 || a > 0xf4 || length < size)
        return 0;
    uint32_t character = a & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if (!is_tail(bytes[i]))
            return 0;
        character = character << 6 | (bytes[i] & 0x3fu);
    }
    if (utf8_size(character) != size || !utf8_is_scalar(character))
        return 0;
    *ret_char = character;
    return size;
}

size_t utf8_encode(uint32_t character, unsigned char ret_bytes[4])
{
    size_t size = utf8_size(character);
    switch (size) {
    case 1: ret_bytes[0] = (unsigned char)character; break;
    case 2:
        ret_bytes[0] = (unsigned char)(0xc0 | character >> 6);
        ret_bytes[1] = (unsigned char)(0x80 | (character & 0x3f));
        break;
    case 3:
        ret_bytes[0] = (unsigned char)(0xe0 | character >> 12);
        ret_bytes[1] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
        ret_bytes[2] = (unsigned char)(0x80 | (character & 0x3f));
        break;
    default:
        ret_bytes[0] = (unsigned char)(0xf0 | character >> 18);
        ret_bytes[1] = (unsigned char)(0x80 | (character >> 12 & 0x3f));
        ret_bytes[2] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
        ret_bytes[3] = (unsigned char)(0x80 | (character & 0x3f));
        break;
    }
    return size;
}

size_t utf8_ascii(const unsigned char *bytes, size_t length)
{
    size_t at = 0;
    uint64_t word;
    for (; length - at >= sizeof word; at += sizeof word) {
        memcpy(&word, bytes + at, sizeof word);
        if (word & 0x8080808080808080u)
            break;
    }
    while (at < length && bytes[at] < 0x80)
        at++;
    return at;
}

bool utf8_count(const unsigned char *bytes, size_t length, size_t *ret_count, size_t *ret_valid)
{
    size_t at = 0;
    size_t count = 0;
    while (at < length) {
        uint32_t character;
        if (bytes[at] < 0x80) {
            size_t ascii = utf8_ascii(bytes + at, length - at);
            at += ascii;
            count += ascii;
            continue;
        }
        size_t size = utf8_decode(bytes + at, length - at, &character);
        if (size == 0)
            break;
        at += size;
        count++;
    }
    if (ret_valid)
        *ret_valid = at;
    *ret_count = count;
    return at == length;
}
