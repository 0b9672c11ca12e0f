/* Text of strangers, made fit for a terminal: nothing in it moves a cursor, ends a line or turns the way of writing. */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * May the character at `text`, which is not the NUL at the end, be shown as it is? `ret_length` gets its length in
 * bytes, 1 where it is not UTF-8. A tab may, a new line may not.
 */
bool plain_character(const char *text, size_t *ret_length);

/* How many cells of a terminal the character at `text` fills: 2 for the scripts of East Asia and for pictures, 0 for
 * marks that stand on the character before, else 1. */
unsigned plain_width(const char *text);

/* Puts a question mark in the place of each byte of what may not be shown. */
void plain_make(char *text);

#endif
