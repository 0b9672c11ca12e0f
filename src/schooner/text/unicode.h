/*
 * Properties and case of characters, from the Unicode Character Database by way of tables that are generated at build
 * time (tools/boot/unicode_tables.c). No table holds an address, so they cost no relocation.
 */
#ifndef SCHOONER_TEXT_UNICODE_H
#define SCHOONER_TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unicode_property {
    UNICODE_ALPHABETIC = 1,
    UNICODE_UPPERCASE = 2,
    UNICODE_LOWERCASE = 4,
    UNICODE_WHITESPACE = 8,
    UNICODE_DIGIT = 16, /* general category Nd */
    UNICODE_CASED = 32,
    UNICODE_CASE_IGNORABLE = 64,
    UNICODE_IDENTIFIER = 128, /* general categories that R7RS allows in identifiers */
};

/* Does the character (any number) have one of these properties? */
bool unicode_has(uint32_t character, unsigned properties);
/* 0 to 9; -1: not a decimal digit. */
int unicode_digit(uint32_t character);

/* Simple mappings: one character to one. */
uint32_t unicode_upcase(uint32_t character);
uint32_t unicode_downcase(uint32_t character);
uint32_t unicode_foldcase(uint32_t character);

/* Full mappings, without conditions: 1 to UNICODE_MAPPED_MAX characters. */
enum { UNICODE_MAPPED_MAX = 3 };
size_t unicode_upcase_full(uint32_t character, uint32_t ret[UNICODE_MAPPED_MAX]);
size_t unicode_downcase_full(uint32_t character, uint32_t ret[UNICODE_MAPPED_MAX]);
size_t unicode_foldcase_full(uint32_t character, uint32_t ret[UNICODE_MAPPED_MAX]);

/*
 * Texts, valid UTF-8. `out` has room for UNICODE_GROWTH times what is mapped; gives the bytes written. Lower case
 * depends on what stands around a character (a capital sigma that ends a word becomes a final one), so it is made piece
 * by piece of one text: what stands before is in the structure, what follows is looked at.
 */
enum { UNICODE_GROWTH = 3 };
size_t unicode_upcase_text(const char *text, size_t length, char *out);
size_t unicode_fold_text(const char *text, size_t length, char *out);

struct unicode_downcase {
    const char *text;
    size_t length;
    size_t at;         /* the text up to here is mapped */
    bool cased_before; /* a cased character, then only ignorable ones */
    size_t next;       /* the first character behind the last sigma that is not ignorable */
    bool next_is_cased;
};
/* Maps up to `end`, or a little more to whole characters. */
size_t unicode_downcase_piece(struct unicode_downcase *state, size_t end, char *out);

#endif
