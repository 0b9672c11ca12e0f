/* Strings of JSON, from text that may contain anything. */
#include "tools/common/json.h"

#include <stdbool.h>
#include <stdint.h>
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

void json_print_string(FILE *out, const char *text)
{
    fputc('"', out);
    while (*text)
        text += print_character(out, text);
    fputc('"', out);
}
