/* See typed.h. The lexical conventions are those of R7RS 7.1.1, as far as they tell where lists begin and end. */
#include "tools/schooner/typed.h"

#include <string.h>

/* Behind the character that ends a string or |name|, or the end of the text. */
static size_t skip_quoted(const char *text, size_t at, size_t length, struct typed *typed)
{
    char end = typed->within == TYPED_STRING ? '"' : '|';
    while (at < length && typed->within != TYPED_BETWEEN) {
        if (text[at] == '\\')
            at++;
        else if (text[at] == end)
            typed->within = TYPED_BETWEEN;
        at++;
    }
    return at < length ? at : length;
}

static size_t skip_block_comment(const char *text, size_t at, size_t length, struct typed *typed)
{
    for (; at < length && typed->comments > 0; at++) {
        bool pair = at + 1 < length;
        if (pair && text[at] == '#' && text[at + 1] == '|') {
            typed->comments++;
            at++;
        } else if (pair && text[at] == '|' && text[at + 1] == '#') {
            typed->comments--;
            at++;
        }
    }
    typed->within = typed->comments > 0 ? TYPED_BLOCK_COMMENT : TYPED_BETWEEN;
    return at;
}

static size_t skip_line_comment(const char *text, size_t at, size_t length, struct typed *typed)
{
    const char *end = memchr(text + at, '\n', length - at);
    typed->within = end ? TYPED_BETWEEN : TYPED_LINE_COMMENT;
    return end ? (size_t)(end - text) : length;
}

/* #\x is one token, whatever the character is. */
static size_t skip_character(const char *text, size_t at, size_t length)
{
    at += 3;
    while (at < length && ((unsigned char)text[at] & 0xc0) == 0x80)
        at++;
    return at < length ? at : length;
}

static size_t skip_token(const char *text, size_t at, size_t length, struct typed *typed)
{
    char c = text[at], next = at + 1 < length ? text[at + 1] : 0;
    if (c == '#' && next == '\\')
        return skip_character(text, at, length);
    if (c == '#' && next == '|') {
        typed->within = TYPED_BLOCK_COMMENT;
        typed->comments = 1;
        return at + 2;
    }
    if (c == '"' || c == '|')
        typed->within = c == '"' ? TYPED_STRING : TYPED_BAR;
    else if (c == ';')
        typed->within = TYPED_LINE_COMMENT;
    else if (c == ')' && typed->depth > 0)
        typed->depth--;
    else if (c == '(' && typed->depth++ < TYPED_OPEN_MAX)
        typed->open[typed->depth - 1] = at;
    return at + 1;
}

void typed_scan(const char *text, size_t length, struct typed *typed)
{
    size_t at = typed->at;
    while (at < length) {
        switch (typed->within) {
        case TYPED_BETWEEN: at = skip_token(text, at, length, typed); break;
        case TYPED_STRING:
        case TYPED_BAR: at = skip_quoted(text, at, length, typed); break;
        case TYPED_LINE_COMMENT: at = skip_line_comment(text, at, length, typed); break;
        case TYPED_BLOCK_COMMENT: at = skip_block_comment(text, at, length, typed); break;
        }
    }
    typed->at = at;
}

/* --- words ------------------------------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_word(char c)
{
    return is_space(c) || strchr("()[]\"';`,", c);
}

static size_t word_end(const char *text, size_t at, size_t length)
{
    while (at < length && !ends_word(text[at]))
        at++;
    return at;
}

static bool word_is(const char *text, size_t start, size_t length, const char *word)
{
    size_t end = word_end(text, start, length);
    return end - start == strlen(word) && memcmp(text + start, word, end - start) == 0;
}

/* The place of a byte in its line; bytes that continue a character have none. */
static unsigned column_of(const char *text, size_t at)
{
    unsigned column = 0;
    for (; at > 0 && text[at - 1] != '\n'; at--)
        column += ((unsigned char)text[at - 1] & 0xc0) != 0x80;
    return column;
}

/* --- indentation ------------------------------------------------------------------------------------------------- */

/* Is it a form with a body, which stands two columns in? */
static bool has_body(const char *text, size_t start, size_t length)
{
    static const char *const prefixes[] = { "define", "let", "lambda", "case-lambda", "call-with-", "with-", "test-" };
    static const char *const words[] = { "begin",   "case",         "do",      "delay",  "guard", "parameterize",
                                         "library", "syntax-rules", "receive", "unless", "when" };
    size_t size = word_end(text, start, length) - start;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (size >= strlen(prefixes[i]) && memcmp(text + start, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (word_is(text, start, length, words[i]))
            return true;
    return false;
}

unsigned typed_indent(const char *text, size_t length, const struct typed *typed)
{
    enum { INDENT_MAX = 60 };
    bool is_text = typed->within == TYPED_STRING || typed->within == TYPED_BAR || typed->within == TYPED_BLOCK_COMMENT;
    if (is_text || typed->depth == 0 || typed->depth > TYPED_OPEN_MAX)
        return 0;
    size_t head = typed->open[typed->depth - 1] + 1;
    unsigned indent = column_of(text, head);
    if (head < length && !ends_word(text[head])) {
        size_t at = word_end(text, head, length);
        bool is_form = has_body(text, head, length);
        while (at < length && (text[at] == ' ' || text[at] == '\t'))
            at++;
        bool has_argument = at < length && text[at] != '\n' && text[at] != '\r' && text[at] != ';';
        if (is_form)
            indent += 1;
        else if (has_argument)
            indent = column_of(text, at); /* beneath the first argument */
    }
    return indent < INDENT_MAX ? indent : INDENT_MAX;
}

/* --- completion -------------------------------------------------------------------------------------------------- */

static bool opens_import(const char *text, size_t open, size_t length)
{
    return word_is(text, open + 1, length, "import");
}

/* Is the innermost open list the name of a library in an import? */
static bool is_library(const char *text, size_t length, const struct typed *typed)
{
    static const char *const sets[] = { "only", "except", "prefix", "rename" };
    size_t last = typed->depth - 1;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (word_is(text, typed->open[last] + 1, length, sets[i]) &&
            word_end(text, typed->open[last] + 1, length) < length)
            return false;
    for (size_t i = last; i-- > 0;) {
        if (opens_import(text, typed->open[i], length))
            return true;
        bool is_set = false;
        for (size_t j = 0; j < sizeof sets / sizeof *sets; j++)
            is_set = is_set || word_is(text, typed->open[i] + 1, length, sets[j]);
        if (!is_set)
            return false;
    }
    return false;
}

enum typed_wish typed_wish(const char *text, size_t length, size_t *ret_start)
{
    struct typed typed = { 0 };
    size_t begin = 0;
    while (begin < length && is_space(text[begin]))
        begin++;
    typed_scan(text, length, &typed);
    *ret_start = length;
    if (begin < length && text[begin] == ',') {
        size_t end = word_end(text, begin + 1, length);
        *ret_start = begin + 1;
        if (end == length)
            return TYPED_COMMAND;
        if (word_is(text, begin + 1, length, "load")) {
            for (*ret_start = end; *ret_start < length && is_space(text[*ret_start]);)
                ++*ret_start;
            return TYPED_FILE;
        }
    }
    if (typed.within != TYPED_BETWEEN)
        return TYPED_NOTHING;
    if (typed.depth > 1 && typed.depth <= TYPED_OPEN_MAX && is_library(text, length, &typed)) {
        *ret_start = typed.open[typed.depth - 1];
        return TYPED_LIBRARY;
    }
    for (*ret_start = length; *ret_start > begin && !ends_word(text[*ret_start - 1]);)
        --*ret_start;
    return *ret_start < length ? TYPED_NAME : TYPED_NOTHING;
}
