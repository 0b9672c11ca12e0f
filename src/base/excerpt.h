/* The part of a line of text that is shown for a place in it. Knows bytes and characters, nothing of terminals. */
#ifndef BASE_EXCERPT_H
#define BASE_EXCERPT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Where to begin, in bytes, so that `room` bytes (at least 400) have the character at `column` (from 1) and something
 * on both sides: at the line's beginning, or before the place when that is far away. *ret_column is the column there.
 */
size_t excerpt_start(const char *line, size_t length, uint32_t column, size_t room, uint32_t *ret_column);
/* The byte at which a column begins, or the end. A byte that only continues a character has no column. */
size_t excerpt_byte(const char *line, size_t length, uint32_t column);

#endif
