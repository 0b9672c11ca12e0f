/* Strings of JSON, from text that may contain anything. */
#include "tools/common/json.h"

#include <stdbool.h>

/* How long is the valid UTF-8 sequence here? 0: there is none. */
static size_t sequence_length(const unsigned char *text)
{
    size_t length = text[0] < 0x80   ? 1
                    : text[0] < 0xc2 ? 0
                    : text[0] < 0xe0 ? 2
                    : text[0] < 0xf0 ? 3
                    : text[0] < 0xf5 ? 4
                                     : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool is_outside = (text[0] == 0xed && text[1] >= 0xa0) || (text[0] == 0xf4 && text[1] >= 0x90);
    return length > 1 && (is_overlong || is_outside) ? 0 : length;
}

void json_print_string(FILE *out, const char *text)
{
    const unsigned char *next = (const unsigned char *)text;
    fputc('"', out);
    while (*next) {
        size_t length = sequence_length(next);
        if (length == 0)
            fputs("\\ufffd", out);
        else if (*next == '"' || *next == '\\')
            fprintf(out, "\\%c", *next);
        else if (*next < 0x20)
            fprintf(out, "\\u%04x", *next);
        else
            fwrite(next, 1, length, out);
        next += length ? length : 1;
    }
    fputc('"', out);
}
