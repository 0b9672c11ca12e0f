/* Strings of JSON, from text that may contain anything. */
#include "tools/common/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/plain.h"
#include "base/utf8.h"

/* What is no control character for JSON may still be one for the terminal that it is shown on. */
static size_t print_character(FILE *out, const char *text)
{
    uint32_t character = 0;
    size_t length;
    bool is_plain = plain_character(text, &length);
    if (is_plain && (*text == '"' || *text == '\\'))
        fprintf(out, "\\%c", *text);
    else if (is_plain && *text != '\t')
        fwrite(text, 1, length, out);
    else if (utf8_decode((const unsigned char *)text, length, &character) > 0)
        fprintf(out, "\\u%04x", (unsigned)character); /* all of them are below U+10000 */
    else
        fputs("\\ufffd", out);
    return length;
}

void json_print_bytes(FILE *out, const char *bytes, size_t length)
{
    fputc('"', out);
    for (size_t at = 0; at < length;) {
        char character[5] = "";
        memcpy(character, bytes + at, length - at < 4 ? length - at : 4);
        if (*character) {
            at += print_character(out, character);
        } else {
            fputs("\\u0000", out);
            at++;
        }
    }
    fputc('"', out);
}

void json_print_string(FILE *out, const char *text)
{
    json_print_bytes(out, text, strlen(text));
}
