/*
 * Where a step of a recipe stands: a recipe is data when it is carried out, and data has no places, so its text is read
 * once more, as far as that takes. Only a list that is written out at the end of the text is looked into; nothing is
 * said of one that is computed. Knows brackets, texts and remarks, not what they mean.
 */
#include <stdbool.h>
#include <string.h>
#include "tools/esquema/rootfs_build.h"

struct scan {
    const char *text;
    size_t length, at;
    unsigned depth;
    bool is_quoted; /* what stands next: by ' or ` */
    bool is_begun;  /* a step, by the ' or , before it */
    size_t wanted, count;
    size_t found; /* its offset */
    bool has_found, is_unclear;
};

static bool is_end_of_word(char character)
{
    return strchr(" \t\r\n\f()\";'`,", character) != NULL; /* the NUL, too */
}

/* NUL behind the end. */
static char peek(const struct scan *scan, size_t further)
{
    return scan->at + further < scan->length ? scan->text[scan->at + further] : '\0';
}

static void skip_line(struct scan *scan)
{
    while (scan->at < scan->length && scan->text[scan->at] != '\n')
        scan->at++;
}

static void skip_block(struct scan *scan)
{
    size_t depth = 0;
    do {
        bool opens = peek(scan, 0) == '#' && peek(scan, 1) == '|';
        bool closes = peek(scan, 0) == '|' && peek(scan, 1) == '#';
        depth += opens;
        depth -= closes;
        scan->at += opens || closes ? 2 : 1;
    } while (depth > 0 && scan->at < scan->length);
}

static void skip_text(struct scan *scan, char end)
{
    scan->at++;
    while (scan->at < scan->length && scan->text[scan->at] != end)
        scan->at += scan->text[scan->at] == '\\' ? 2 : 1;
    scan->at++;
}

static void skip_word(struct scan *scan)
{
    if (peek(scan, 0) == '#' && peek(scan, 1) == '\\')
        scan->at += 3; /* the character may be a bracket */
    while (scan->at < scan->length && !is_end_of_word(scan->text[scan->at]))
        scan->at++;
}

/* Something begins here; in the list it is a step, or belongs to the one that has begun. */
static void begin(struct scan *scan, bool is_prefix)
{
    if (scan->depth == 0 && !is_prefix) {
        scan->count = 0;
        scan->has_found = scan->is_unclear = false;
    }
    if (scan->depth == 1 && !scan->is_begun && ++scan->count == scan->wanted && !scan->is_unclear) {
        scan->found = scan->at;
        scan->has_found = true;
    }
    if (scan->depth == 1)
        scan->is_begun = is_prefix;
}

static void take_prefix(struct scan *scan)
{
    bool is_spliced = peek(scan, 0) == ',' && peek(scan, 1) == '@';
    begin(scan, true);
    if (scan->depth == 0)
        scan->is_quoted = peek(scan, 0) == '\'' || peek(scan, 0) == '`';
    if (scan->depth == 1 && is_spliced && scan->count <= scan->wanted) {
        scan->has_found = false;
        scan->is_unclear = true; /* nobody knows how many it is */
    }
    scan->at += is_spliced ? 2 : 1;
}

static void take_bracket(struct scan *scan)
{
    if (scan->text[scan->at] == ')') {
        scan->depth -= scan->depth > 0;
    } else {
        begin(scan, false);
        if (scan->depth == 0)
            scan->is_unclear = !scan->is_quoted;
        scan->depth++;
    }
    scan->is_quoted = false;
    scan->at++;
}

static void take_next(struct scan *scan)
{
    char next = peek(scan, 0);
    switch (next) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case '\f': scan->at++; return;
    case ';': skip_line(scan); return;
    case '\'':
    case '`':
    case ',': take_prefix(scan); return;
    case '(':
    case ')': take_bracket(scan); return;
    case '"':
    case '|':
        begin(scan, false);
        skip_text(scan, next);
        return;
    case '#':
        if (peek(scan, 1) == '|') {
            skip_block(scan);
            return;
        }
        if (peek(scan, 1) == ';') {
            scan->is_unclear = true; /* what is left out is not counted */
            scan->has_found = false;
            scan->at += 2;
            return;
        }
    }
    begin(scan, false);
    size_t before = scan->at;
    skip_word(scan);
    scan->at += scan->at == before;
}

bool rootfs_find_step(struct sch_source source, size_t number, unsigned *ret_line, unsigned *ret_column)
{
    struct scan scan = { .text = source.text, .length = source.length, .wanted = number };
    while (scan.at < scan.length)
        take_next(&scan);
    if (!scan.has_found || scan.depth > 0)
        return false;
    *ret_line = *ret_column = 1;
    for (size_t i = 0; i < scan.found; i++) {
        if (source.text[i] == '\n') {
            ++*ret_line;
            *ret_column = 1;
        } else {
            *ret_column += (source.text[i] & 0xc0) != 0x80; /* characters, not their bytes */
        }
    }
    return true;
}
