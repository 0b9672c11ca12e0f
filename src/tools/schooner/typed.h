/*
 * What a person has typed so far, as far as an editor has to understand it: which lists are open, how the next line is
 * indented, what can be completed. Reads no data: whether text is whole, the engine's reader says.
 */
#ifndef TOOLS_SCHOONER_TYPED_H
#define TOOLS_SCHOONER_TYPED_H

#include <stdbool.h>
#include <stddef.h>

enum { TYPED_OPEN_MAX = 256 };

enum typed_token { TYPED_BETWEEN, TYPED_STRING, TYPED_BAR, TYPED_LINE_COMMENT, TYPED_BLOCK_COMMENT };

/* At the end of a text, of whole lines but for the last. Begins as zeros. */
struct typed {
    size_t at; /* how much of the text was looked at */
    enum typed_token within;
    size_t comments;             /* #| that are open */
    size_t depth;                /* lists that are open; the first TYPED_OPEN_MAX of them: */
    size_t open[TYPED_OPEN_MAX]; /* where their parentheses stand */
};

/* Goes on where the text had ended before. */
void typed_scan(const char *text, size_t length, struct typed *typed);
/* How many columns the line behind the text is indented. */
unsigned typed_indent(const char *text, size_t length, const struct typed *typed);

enum typed_wish { TYPED_NOTHING, TYPED_NAME, TYPED_COMMAND, TYPED_FILE, TYPED_LIBRARY };

/* What could stand at the end of the text, and where it begins there: of a library, at its parenthesis. */
enum typed_wish typed_wish(const char *text, size_t length, size_t *ret_start);

#endif
