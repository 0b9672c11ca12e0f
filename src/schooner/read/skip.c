/*
 * Going on behind a text that cannot be read: to the end of the outermost datum in which it stands. Owns the few things
 * that tell where a datum ends: parentheses, strings, names in bars, characters, comments. Builds nothing.
 */
#include "base/utf8.h"
#include "schooner/read/token.h"

enum { SKIP_PIECE = 1024, SKIP_UNITS = 64 }; /* as the reader charges its text */

struct skip {
    struct reader *reader;
    size_t at;
    size_t depth;   /* of open parentheses */
    size_t charged; /* the text up to here is charged */
    bool failed;    /* a limit */
};

/* Is there a byte to look at? */
static bool has_more(struct skip *s)
{
    if (s->at >= s->charged && !s->failed) {
        s->charged = s->at + SKIP_PIECE;
        s->failed = !front_charge(s->reader->front, SKIP_UNITS);
    }
    return !s->failed && s->at < s->reader->length;
}

static char byte_at(const struct skip *s, size_t at)
{
    return at < s->reader->length ? s->reader->text[at] : '\0';
}

/* Behind the closing quote. */
static void skip_quoted(struct skip *s, char quote)
{
    for (s->at++; has_more(s) && s->reader->text[s->at] != quote; s->at++)
        s->at += s->reader->text[s->at] == '\\';
    s->at++;
}

static void skip_line(struct skip *s)
{
    while (has_more(s) && s->reader->text[s->at] != '\n')
        s->at++;
}

/* #| ... |#, which nest */
static void skip_block(struct skip *s)
{
    size_t open = 0;
    do {
        char byte = byte_at(s, s->at), next = byte_at(s, s->at + 1);
        bool opens = byte == '#' && next == '|', closes = byte == '|' && next == '#';
        open += opens;
        open -= closes;
        s->at += opens || closes ? 2 : 1;
    } while (open > 0 && has_more(s));
}

/* What begins with #: a character may be a parenthesis or a quote. */
static void skip_hash(struct skip *s)
{
    uint32_t character;
    size_t rest = s->reader->length - s->at;
    switch (byte_at(s, s->at + 1)) {
    case '|': skip_block(s); return;
    case '\\':
        s->at += 2;
        if (rest > 2) {
            size_t size = utf8_decode((const unsigned char *)s->reader->text + s->at, rest - 2, &character);
            s->at += size ? size : 1;
        }
        return;
    case ';': s->at += 2; return;
    default: s->at++; return;
    }
}

static void skip_one(struct skip *s)
{
    char byte = s->reader->text[s->at];
    switch (byte) {
    case '"':
    case '|': skip_quoted(s, byte); return;
    case ';': skip_line(s); return;
    case '#': skip_hash(s); return;
    case '(': s->depth++; break;
    case ')': s->depth -= s->depth > 0; break;
    default: break;
    }
    s->at++;
}

/* Is the datum over? An atom outside of lists ends with its token. */
static bool is_behind(const struct skip *s, size_t begin)
{
    if (s->depth > 0 || s->at == begin)
        return false;
    char last = s->reader->text[s->at - 1];
    return last == ')' || (reader_is_delimiter_at(s->reader, s->at) && byte_at(s, s->at) != '(');
}

static bool is_bracket_at(const struct reader *reader, size_t at)
{
    char byte = at < reader->length ? reader->text[at] : '\0';
    return byte == '[' || byte == ']' || byte == '{' || byte == '}';
}

bool reader_skip_from(struct reader *reader, size_t depth)
{
    reader->at = reader->mark.at;
    reader->line = reader->mark.line;
    reader->column = reader->mark.column;
    struct skip s = { .reader = reader, .at = reader->at, .depth = depth, .charged = reader->at };
    char first = byte_at(&s, s.at);
    /* Where brackets stand for the outermost parentheses nothing tells where a datum ends. */
    if (depth == 0 && is_bracket_at(reader, s.at))
        return false;
    if (depth == 0 && first != ')' && first != '"' && first != '|' && reader_is_delimiter_at(reader, s.at))
        return true; /* it was complete, and yet wrong */
    size_t begin = s.at;
    while (has_more(&s) && !is_behind(&s, begin))
        skip_one(&s);
    if (s.failed || (s.at >= reader->length && s.depth > 0))
        return false;
    reader_advance(reader, (s.at < reader->length ? s.at : reader->length) - reader->at);
    return true;
}

/* The end of the token at reader->at, which is no delimiter even where it could be one. */
static size_t end_of_token(const struct reader *reader)
{
    size_t at = reader->at;
    while (at < reader->length && (at == reader->at || !reader_is_delimiter_at(reader, at)) &&
           front_step(reader->front, 1))
        at++;
    return at;
}

bool reader_drop(struct reader *reader)
{
    if (reader_skip(reader))
        return true;
    bool is_between = reader->mark.at > reader->length; /* tokens: a directive, a comment */
    bool is_cut_off = strcmp(reader->front->error.kind, "read-incomplete") == 0 ||
                      (!is_between && !is_bracket_at(reader, reader->mark.at));
    size_t end = is_cut_off ? reader->length : end_of_token(reader);
    reader_advance(reader, end - reader->at);
    return !is_cut_off;
}
