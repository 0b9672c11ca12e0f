/*
 * The lexical conventions that reader and printer share: names of characters, escapes, which characters make up an
 * identifier, and when a symbol needs bars.
 */
#ifndef SCHOONER_TEXT_SYNTAX_H
#define SCHOONER_TEXT_SYNTAX_H

#include "base/buffer.h"

/* R7RS 6.6: "alarm", "newline", ... */
bool syntax_find_character(const char *name, size_t length, uint32_t *ret);
const char *syntax_character_name(uint32_t character); /* NULL: it has none */

static inline int syntax_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The character that a backslash and `letter` stand for in strings and |names|; -1: none. */
int syntax_unescape(char letter);

/* May the character stand in an identifier without bars (but perhaps not first)? */
bool syntax_is_subsequent(uint32_t character);
/* Would the reader take this text for anything but the symbol of this name? */
bool syntax_needs_bars(const char *name, size_t length);

/* Append text as `write` shows it. false: the buffer's memory is full. */
bool syntax_write_character(uint32_t character, struct buffer *out);
/* ... without the quotes around it */
bool syntax_escape_string(const char *text, size_t length, struct buffer *out);
bool syntax_escape_symbol(const char *name, size_t length, struct buffer *out);
bool syntax_write_string(const char *text, size_t length, struct buffer *out);
bool syntax_write_symbol(const char *name, size_t length, struct buffer *out);

#endif
