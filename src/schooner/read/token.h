/* Tokens of the reader: private to read/. Each token_* starts at reader->at and moves behind its token; NULL: failed.
 */
#ifndef SCHOONER_READ_TOKEN_H
#define SCHOONER_READ_TOKEN_H

#include "schooner/read/read.h"

static inline struct position reader_position(const struct reader *reader)
{
    return (struct position){ .line = reader->line,
                              .column = reader->column > UINT16_MAX ? UINT16_MAX : (uint16_t)reader->column,
                              .file = reader->file };
}

/* Moves over `length` bytes; lines and columns (characters) are counted. */
void reader_advance(struct reader *reader, size_t length);
/* Moves to the next token: over whitespace, comments (but #;) and directives. false: failed. */
bool reader_skip_blank(struct reader *reader);
/* skip.c: moves behind the datum in which reader->mark stands, `depth` parentheses deep. false: as reader_skip. */
bool reader_skip_from(struct reader *reader, size_t depth);
/* The end of the text delimits too. */
bool reader_is_delimiter_at(const struct reader *reader, size_t at);

struct datum *token_atom(struct reader *reader, struct position position);       /* symbols, numbers */
struct datum *token_hash(struct reader *reader, struct position position);       /* #t #true #e1 ... */
struct datum *token_string(struct reader *reader, struct position position);     /* "..." */
struct datum *token_bar_symbol(struct reader *reader, struct position position); /* |...| */
struct datum *token_keyword(struct reader *reader, struct position position);    /* #:name #:|name| */
struct datum *token_character(struct reader *reader, struct position position);  /* #\x */

#endif
