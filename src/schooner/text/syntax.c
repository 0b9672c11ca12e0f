/* The lexical conventions that reader and printer share. */
#include "schooner/text/syntax.h"

#include <string.h>
#include "base/utf8.h"
#include "schooner/text/unicode.h"

/* An array of arrays: no address, no relocation. The first name of a character is the one that is written. */
static const struct {
    uint32_t character;
    char name[12];
} character_names[] = {
    { 0x07, "alarm" }, { 0x08, "backspace" }, { 0x7f, "delete" }, { 0x1b, "escape" }, { 0x0a, "newline" },
    { 0x00, "null" },  { 0x0d, "return" },    { 0x20, "space" },  { 0x09, "tab" },
};

bool syntax_find_character(const char *name, size_t length, uint32_t *ret)
{
    for (size_t i = 0; i < sizeof character_names / sizeof character_names[0]; i++) {
        if (strlen(character_names[i].name) == length && memcmp(character_names[i].name, name, length) == 0) {
            *ret = character_names[i].character;
            return true;
        }
    }
    return false;
}

const char *syntax_character_name(uint32_t character)
{
    for (size_t i = 0; i < sizeof character_names / sizeof character_names[0]; i++) {
        if (character_names[i].character == character)
            return character_names[i].name;
    }
    return NULL;
}

int syntax_unescape(char letter)
{
    switch (letter) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case '"': return '"';
    case '\\': return '\\';
    case '|': return '|';
    default: return -1;
    }
}

bool syntax_is_subsequent(uint32_t character)
{
    if (character < 0x80) {
        if ((character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
            (character >= 'A' && character <= 'Z'))
            return true;
        return character > ' ' && character < 0x7f && strchr("!$%&*/:<=>?^_~+-.@#", (int)character);
    }
    return character == 0x200c || character == 0x200d || unicode_has(character, UNICODE_IDENTIFIER);
}

static bool begins_with_word(const char *text, size_t length, const char *word)
{
    size_t i = 0;
    while (word[i] && i < length && (text[i] | 0x20) == word[i])
        i++;
    return !word[i];
}

/* Could a reader take it for a number? Rather too often: 1+ is a symbol for ours, but not in the report's grammar. */
static bool looks_numeric(const char *name, size_t length)
{
    size_t at = name[0] == '+' || name[0] == '-' ? 1 : 0;
    if (at && ((length == 2 && (name[1] | 0x20) == 'i') || begins_with_word(name + 1, length - 1, "inf.0") ||
               begins_with_word(name + 1, length - 1, "nan.0")))
        return true;
    if (at < length && name[at] == '.')
        at++;
    return at < length && name[at] >= '0' && name[at] <= '9';
}

bool syntax_needs_bars(const char *name, size_t length)
{
    if (length == 0 || name[0] == '#' || (length == 1 && name[0] == '.'))
        return true;
    for (size_t at = 0; at < length;) {
        uint32_t character = 0;
        size_t size = utf8_decode((const unsigned char *)name + at, length - at, &character);
        if (size == 0 || !syntax_is_subsequent(character))
            return true;
        at += size;
    }
    return looks_numeric(name, length);
}

/* --- writing --- */

/* What is not to be seen is shown by number: controls, formats, spaces but ' ', what is not assigned. */
static bool is_shown(uint32_t character)
{
    if (character < 0x80)
        return character >= ' ' && character < 0x7f;
    return unicode_has(character, UNICODE_IDENTIFIER | UNICODE_ALPHABETIC) || character == 0xab || character == 0xbb ||
           (character >= 0x2018 && character <= 0x201f) || (character >= 0x3008 && character <= 0x301b);
}

bool syntax_write_character(uint32_t character, struct buffer *out)
{
    const char *name = syntax_character_name(character);
    if (name)
        return buffer_append(out, "#\\", 2) && buffer_append_text(out, name);
    if (!is_shown(character))
        return buffer_append_format(out, "#\\x%x", (unsigned)character);
    unsigned char bytes[4];
    return buffer_append(out, "#\\", 2) && buffer_append(out, bytes, utf8_encode(character, bytes));
}

static const char *letter_escape(uint32_t character)
{
    switch (character) {
    case '\a': return "\\a";
    case '\b': return "\\b";
    case '\t': return "\\t";
    case '\n': return "\\n";
    case '\r': return "\\r";
    default: return NULL;
    }
}

static bool write_escape(uint32_t character, char quote, struct buffer *out)
{
    const char *letter = letter_escape(character);
    if (letter)
        return buffer_append(out, letter, 2);
    if (character == (uint32_t)quote || character == '\\')
        return buffer_append_byte(out, '\\') && buffer_append_byte(out, (unsigned char)character);
    char digits[12];
    size_t at = sizeof digits;
    digits[--at] = ';';
    for (bool more = true; more; more = character > 0) {
        digits[--at] = "0123456789abcdef"[character & 15];
        character >>= 4;
    }
    digits[--at] = 'x';
    digits[--at] = '\\';
    return buffer_append(out, digits + at, sizeof digits - at);
}

/* What stands between two `quote`s; pieces without escapes at once. */
static bool escape(const char *text, size_t length, char quote, struct buffer *out)
{
    size_t start = 0;
    for (size_t at = 0; at < length;) {
        uint32_t character = 0;
        size_t size = utf8_decode((const unsigned char *)text + at, length - at, &character);
        size = size ? size : 1;
        if (character == (uint32_t)quote || character == '\\' || !is_shown(character)) {
            if (!buffer_append(out, text + start, at - start) || !write_escape(character, quote, out))
                return false;
            start = at + size;
        }
        at += size;
    }
    return buffer_append(out, text + start, length - start);
}

bool syntax_escape_string(const char *text, size_t length, struct buffer *out)
{
    return escape(text, length, '"', out);
}

bool syntax_escape_symbol(const char *name, size_t length, struct buffer *out)
{
    return escape(name, length, '|', out);
}

bool syntax_write_string(const char *text, size_t length, struct buffer *out)
{
    return buffer_append_byte(out, '"') && escape(text, length, '"', out) && buffer_append_byte(out, '"');
}

bool syntax_write_symbol(const char *name, size_t length, struct buffer *out)
{
    if (syntax_needs_bars(name, length))
        return buffer_append_byte(out, '|') && escape(name, length, '|', out) && buffer_append_byte(out, '|');
    return buffer_append(out, name, length);
}
