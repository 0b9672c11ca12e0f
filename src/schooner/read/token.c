/* Tokens of the reader: blanks and comments, strings, characters, names, numbers. Knows nothing of lists. */
#include "schooner/read/token.h"

#include "base/utf8.h"
#include "schooner/num/number.h"
#include "schooner/text/syntax.h"
#include "schooner/text/unicode.h"

enum {
    CHARGE_BYTES = 1024, /* the text is charged in pieces of this size ... */
    CHARGE_UNITS = 64,   /* ... with this much each: a byte takes a few nanoseconds */
    SHOWN_TOKEN = 40,    /* bytes of a wrong token in a message */
};

/* Charges the text up to `at` (and a little more) before it is looked at. */
static bool charge_text(struct reader *reader, size_t at)
{
    if (likely(at < reader->charged))
        return true;
    reader->charged = at + CHARGE_BYTES;
    return front_charge(reader->front, CHARGE_UNITS);
}

static void count_lines(struct reader *reader, size_t from, size_t end)
{
    const char *text = reader->text;
    for (size_t at = from; at < end; at++) {
        unsigned char byte = (unsigned char)text[at];
        bool line_end = byte == '\n' || (byte == '\r' && !(at + 1 < reader->length && text[at + 1] == '\n'));
        if (line_end) {
            reader->line++;
            reader->column = 1;
        } else if ((byte & 0xc0) != 0x80 && reader->column < UINT32_MAX) {
            reader->column++;
        }
    }
}

/* After a limit the reader is behind all the same: whoever goes on is told at the next charge. */
void reader_advance(struct reader *reader, size_t length)
{
    size_t end = reader->at + length;
    for (size_t at = reader->at; at < end && front_step(reader->front, size_min(end - at, FRONT_PIECE));
         at += FRONT_PIECE)
        count_lines(reader, at, size_min(end, at + FRONT_PIECE));
    reader->at = end;
}

/* Is the text from reader->at to `end` UTF-8? Else fails where it is not. */
static bool check_utf8(struct reader *reader, size_t end)
{
    const unsigned char *text = (const unsigned char *)reader->text;
    for (size_t at = reader->at; at < end;) {
        size_t count, valid, piece = size_min(end - at, FRONT_PIECE);
        uint32_t character;
        if (!front_step(reader->front, piece))
            return false;
        bool whole = utf8_count(text + at, piece, &count, &valid);
        at += valid;
        if (!whole && utf8_decode(text + at, end - at, &character) == 0) { /* not just cut by the piece's end */
            reader_advance(reader, at - reader->at);
            return front_fail(reader->front, "read-error", reader_position(reader), "the text is not UTF-8 here");
        }
    }
    return true;
}

static bool fail_incomplete(struct reader *reader, struct position position, const char *what)
{
    return front_fail(reader->front, "read-incomplete", position,
                      "unexpected end of text: the %s that begins here is not complete", what);
}

/* Bytes of the whitespace character at `at`; 0: none there. */
static size_t whitespace_at(const struct reader *reader, size_t at)
{
    unsigned char byte = (unsigned char)reader->text[at];
    if (byte < 0x80)
        return byte == ' ' || (byte >= '\t' && byte <= '\r');
    uint32_t character;
    size_t size = utf8_decode((const unsigned char *)reader->text + at, reader->length - at, &character);
    if (size && (unicode_has(character, UNICODE_WHITESPACE) || (character == 0xfeff && at == 0)))
        return size;
    return 0;
}

bool reader_is_delimiter_at(const struct reader *reader, size_t at)
{
    if (at >= reader->length)
        return true;
    switch (reader->text[at]) {
    case '(':
    case ')':
    case '"':
    case ';':
    case '|': return true;
    default: return whitespace_at(reader, at) > 0;
    }
}

/* The end of the token that holds the byte at `at`, which is taken whatever it is. 0: failed. */
static size_t token_end(struct reader *reader, size_t at)
{
    do {
        if (!charge_text(reader, at))
            return 0;
        at++;
    } while (!reader_is_delimiter_at(reader, at));
    return check_utf8(reader, at) ? at : 0;
}

static struct datum *fail_token(struct reader *reader, struct position position, const char *what, const char *text,
                                size_t length)
{
    size_t shown = length < SHOWN_TOKEN ? length : SHOWN_TOKEN;
    while (shown < length && shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80)
        shown--;
    front_fail(reader->front, "read-error", position, "%s `%.*s%s`", what, (int)shown, text,
               shown < length ? "..." : "");
    return NULL;
}

/* --- blanks, comments, directives --- */

static bool skip_line_comment(struct reader *reader)
{
    size_t end = reader->at;
    while (end < reader->length && reader->text[end] != '\n' && reader->text[end] != '\r') {
        if (!charge_text(reader, end))
            return false;
        end++;
    }
    if (!check_utf8(reader, end))
        return false;
    reader_advance(reader, end - reader->at);
    return true;
}

/* #| ... |#, nested; the depth is a number, but bounded like every other nesting. */
static bool skip_block_comment(struct reader *reader)
{
    struct position position = reader_position(reader);
    uint64_t depth = 1;
    size_t at = reader->at + 2;
    while (depth > 0) {
        if (at + 1 >= reader->length)
            return check_utf8(reader, reader->length) && fail_incomplete(reader, position, "comment");
        if (!charge_text(reader, at))
            return false;
        if (reader->text[at] == '|' && reader->text[at + 1] == '#') {
            depth--;
            at += 2;
        } else if (reader->text[at] == '#' && reader->text[at + 1] == '|') {
            if (depth++ >= reader->front->nesting)
                return front_limit(reader->front, SCH_LIMIT_NESTING);
            at += 2;
        } else {
            at++;
        }
    }
    if (!check_utf8(reader, at))
        return false;
    reader_advance(reader, at - reader->at);
    return true;
}

static bool take_directive(struct reader *reader)
{
    struct position position = reader_position(reader);
    size_t end = token_end(reader, reader->at);
    if (end == 0)
        return false;
    const char *text = reader->text + reader->at;
    size_t length = end - reader->at;
    if (length == 11 && memcmp(text, "#!fold-case", 11) == 0)
        reader->fold_case = true;
    else if (length == 14 && memcmp(text, "#!no-fold-case", 14) == 0)
        reader->fold_case = false;
    else
        return fail_token(reader, position, "unknown directive", text, length) != NULL;
    reader_advance(reader, length);
    return true;
}

/* The line for the kernel at the beginning of a program: #!/usr/bin/env schooner, or a blank behind the #!. */
static bool at_interpreter_line(const struct reader *reader)
{
    return reader->at == 0 && reader->length >= 3 && memcmp(reader->text, "#!", 2) == 0 &&
           (reader->text[2] == '/' || reader->text[2] == ' ');
}

bool reader_skip_blank(struct reader *reader)
{
    while (reader->at < reader->length) {
        if (!charge_text(reader, reader->at))
            return false;
        size_t blank = whitespace_at(reader, reader->at);
        if (blank) {
            reader_advance(reader, blank);
            continue;
        }
        char byte = reader->text[reader->at];
        char next = reader->at + 1 < reader->length ? reader->text[reader->at + 1] : '\0';
        bool skipped;
        if (byte == ';' || at_interpreter_line(reader))
            skipped = skip_line_comment(reader);
        else if (byte == '#' && next == '|')
            skipped = skip_block_comment(reader);
        else if (byte == '#' && next == '!')
            skipped = take_directive(reader);
        else
            return true;
        if (!skipped)
            return false;
    }
    return true;
}

/* --- strings and |names| --- */

/* The quote that ends what begins at reader->at; 0: failed. Complete UTF-8 between. */
static size_t find_closing(struct reader *reader, size_t at, char quote, struct position position, const char *what)
{
    for (;; at++) {
        if (at >= reader->length) {
            if (check_utf8(reader, reader->length))
                fail_incomplete(reader, position, what);
            return 0;
        }
        if (!charge_text(reader, at))
            return 0;
        if (reader->text[at] == quote)
            return check_utf8(reader, at) ? at : 0;
        if (reader->text[at] == '\\')
            at++;
    }
}

/* xHEX; behind the x at `*at`. */
static bool take_hex(const char *text, size_t end, size_t *at, char terminator, uint32_t *ret)
{
    uint32_t code = 0;
    size_t digits = 0;
    for (; *at < end; ++*at, digits++) {
        int digit = syntax_hex_digit(text[*at]);
        if (digit < 0)
            break;
        code = code * 16 + (uint32_t)digit;
        if (code > 0x10ffff)
            return false;
    }
    if (digits == 0 || !utf8_is_scalar(code))
        return false;
    if (terminator && (*at >= end || text[(*at)++] != terminator))
        return false;
    *ret = code;
    return true;
}

/* \ intraline-whitespace* line-ending intraline-whitespace*: at the backslash; gives where the text goes on, or 0. */
static size_t skip_continuation(struct front *front, const char *text, size_t end, size_t at)
{
    at++;
    while (at < end && (text[at] == ' ' || text[at] == '\t') && front_step(front, 1))
        at++;
    if (at >= end || (text[at] != '\n' && text[at] != '\r'))
        return 0;
    at += text[at] == '\r' && at + 1 < end && text[at + 1] == '\n' ? 2 : 1;
    while (at < end && (text[at] == ' ' || text[at] == '\t') && front_step(front, 1))
        at++;
    return at;
}

/* The escape whose backslash is at `*at`; moves behind it. Gives the number of bytes written, or -1. */
static int take_escape(struct front *front, const char *text, size_t end, size_t *at, bool in_string,
                       unsigned char ret_bytes[4])
{
    char letter = text[*at + 1];
    if (letter == 'x' || letter == 'X') {
        uint32_t code;
        *at += 2;
        return take_hex(text, end, at, ';', &code) ? (int)utf8_encode(code, ret_bytes) : -1;
    }
    size_t behind = in_string ? skip_continuation(front, text, end, *at) : 0;
    if (behind) {
        *at = behind;
        return 0;
    }
    int escaped = syntax_unescape(letter);
    if (escaped < 0)
        return -1;
    *at += 2;
    ret_bytes[0] = (unsigned char)escaped;
    return 1;
}

/* Decodes what is between quotes, [start, end), into the arena. The text never grows. NULL: failed. */
static char *decode_quoted(struct reader *reader, size_t start, size_t end, bool in_string, size_t *ret_length)
{
    const char *text = reader->text;
    char *out = front_alloc(reader->front, end - start + 1);
    size_t length = 0;
    size_t at = start;
    while (out && at < end) {
        if (!front_step(reader->front, 1))
            return NULL;
        if (text[at] == '\\') {
            unsigned char bytes[4];
            size_t escape = at;
            int size = take_escape(reader->front, text, end, &at, in_string, bytes);
            if (size < 0) {
                reader_advance(reader, escape - reader->at);
                front_fail(reader->front, "read-error", reader_position(reader), "unknown escape in a %s",
                           in_string ? "string" : "symbol");
                return NULL;
            }
            memcpy(out + length, bytes, (size_t)size);
            length += (size_t)size;
        } else if (text[at] == '\r') { /* every line ending is one newline */
            out[length++] = '\n';
            at += at + 1 < end && text[at + 1] == '\n' ? 2 : 1;
        } else {
            out[length++] = text[at++];
        }
    }
    *ret_length = length;
    return out;
}

struct datum *token_string(struct reader *reader, struct position position)
{
    size_t start = reader->at + 1;
    size_t end = find_closing(reader, start, '"', position, "string");
    size_t length;
    char *bytes = end ? decode_quoted(reader, start, end, true, &length) : NULL;
    struct datum *datum = bytes ? datum_nil(reader->front, position) : NULL;
    if (!datum)
        return NULL;
    reader_advance(reader, end + 1 - reader->at);
    datum->kind = DATUM_STRING;
    datum->text.bytes = bytes;
    datum->text.length = length;
    return datum;
}

static struct datum *make_name(struct reader *reader, struct position position, const char *text, size_t length,
                               enum datum_kind kind)
{
    struct name *name = name_intern(&reader->front->names, text, length);
    if (!name) {
        front_limit(reader->front, SCH_LIMIT_HEAP);
        return NULL;
    }
    name->written++;
    struct datum *datum = datum_name(reader->front, name, position);
    if (datum)
        datum->kind = (uint8_t)kind;
    return datum;
}

/* |...| whose first bar is at `bar`. */
static struct datum *bar_name(struct reader *reader, size_t bar, struct position position, enum datum_kind kind)
{
    size_t end = find_closing(reader, bar + 1, '|', position, "symbol");
    size_t length;
    char *bytes = end ? decode_quoted(reader, bar + 1, end, false, &length) : NULL;
    if (!bytes)
        return NULL;
    reader_advance(reader, end + 1 - reader->at);
    return make_name(reader, position, bytes, length, kind);
}

struct datum *token_bar_symbol(struct reader *reader, struct position position)
{
    return bar_name(reader, reader->at, position, DATUM_SYMBOL);
}

/* --- names and numbers --- */

/* The token's text as names are compared: folded when the text asks for it. NULL: failed. */
static const char *fold_token(struct reader *reader, const char *text, size_t length, size_t *ret_length)
{
    *ret_length = length;
    if (!reader->fold_case)
        return text;
    size_t room;
    char *out = size_mul(length, UNICODE_GROWTH, &room) ? front_alloc(reader->front, room) : NULL;
    if (!out)
        return NULL;
    *ret_length = 0;
    for (size_t at = 0, end; at < length; at = end) {
        end = size_min(at + FRONT_PIECE, length);
        while (end < length && ((unsigned char)text[end] & 0xc0) == 0x80)
            end++;
        if (!front_step(reader->front, 8 * (end - at)))
            return NULL;
        *ret_length += unicode_fold_text(text + at, end - at, out + *ret_length);
    }
    return out;
}

static bool is_identifier(struct front *front, const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint32_t character;
        size_t size = utf8_decode((const unsigned char *)text + at, length - at, &character);
        if (size == 0 || !syntax_is_subsequent(character) || !front_step(front, 4))
            return false;
        at += size;
    }
    return length > 0 && (unsigned char)text[0] != '#';
}

/* Other Schemes write lists in brackets, which R7RS 2.3 reserves. */
static const char *why_no_identifier(const char *text, size_t length)
{
    bool is_square = memchr(text, '[', length) || memchr(text, ']', length);
    bool is_curly = memchr(text, '{', length) || memchr(text, '}', length);
    return is_square  ? "square brackets are not R7RS: write ( and ) for [ and ], here:"
           : is_curly ? "curly braces are not R7RS: write ( and ) for { and }, here:"
                      : "not an identifier:";
}

static struct datum *make_identifier(struct reader *reader, struct position position, const char *text, size_t length,
                                     enum datum_kind kind)
{
    if (!is_identifier(reader->front, text, length))
        return fail_token(reader, position, why_no_identifier(text, length), text, length);
    size_t folded_length;
    const char *folded = fold_token(reader, text, length, &folded_length);
    if (!folded)
        return NULL;
    return make_name(reader, position, folded, folded_length, kind);
}

static bool look(void *front)
{
    return front_look(front);
}

/* A number if it is one. true with *ret == NULL: it is none. */
static bool scan_number(struct reader *reader, struct position position, const char *text, size_t length,
                        struct datum **ret)
{
    struct front *front = reader->front;
    sch_value value;
    *ret = NULL;
    switch (number_scan(text, length, 10, front->integer_bits, (struct literal_clock){ look, front }, &value)) {
    case NUMBER_NOT: return true;
    case NUMBER_IMMEDIATE: *ret = datum_value(front, value, position); break;
    case NUMBER_OTHER:
        *ret = datum_string(front, text, length, position);
        if (*ret)
            (*ret)->kind = DATUM_NUMBER;
        break;
    case NUMBER_TOO_LARGE: return front_limit(front, SCH_LIMIT_INTEGER_BITS);
    }
    return *ret != NULL;
}

struct datum *token_atom(struct reader *reader, struct position position)
{
    size_t end = token_end(reader, reader->at);
    if (end == 0)
        return NULL;
    const char *text = reader->text + reader->at;
    size_t length = end - reader->at;
    struct datum *datum = NULL;
    bool numeric = (text[0] >= '0' && text[0] <= '9') || text[0] == '+' || text[0] == '-' || text[0] == '.';
    if (numeric && !scan_number(reader, position, text, length, &datum))
        return NULL;
    if (!datum)
        datum = make_identifier(reader, position, text, length, DATUM_SYMBOL);
    reader_advance(reader, length);
    return datum;
}

struct datum *token_keyword(struct reader *reader, struct position position)
{
    size_t start = reader->at + 2;
    if (start < reader->length && reader->text[start] == '|')
        return bar_name(reader, start, position, DATUM_KEYWORD);
    size_t end = token_end(reader, reader->at + 1);
    if (end == 0)
        return NULL;
    struct datum *datum = make_identifier(reader, position, reader->text + start, end - start, DATUM_KEYWORD);
    reader_advance(reader, end - reader->at);
    return datum;
}

/* Compares without regard to case, which only the grammar's own words allow. */
static bool is_word(const char *text, size_t length, const char *word)
{
    if (strlen(word) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != word[i])
            return false;
    }
    return true;
}

struct datum *token_hash(struct reader *reader, struct position position)
{
    size_t end = token_end(reader, reader->at);
    if (end == 0)
        return NULL;
    const char *text = reader->text + reader->at;
    size_t length = end - reader->at;
    struct datum *datum = NULL;
    if (is_word(text, length, "#t") || is_word(text, length, "#true"))
        datum = datum_value(reader->front, V_TRUE, position);
    else if (is_word(text, length, "#f") || is_word(text, length, "#false"))
        datum = datum_value(reader->front, V_FALSE, position);
    else if (length == 1 && end == reader->length)
        fail_incomplete(reader, position, "datum");
    else if (!scan_number(reader, position, text, length, &datum))
        return NULL;
    else if (!datum)
        return fail_token(reader, position, "unknown syntax", text, length);
    reader_advance(reader, length);
    return datum;
}

/* --- characters --- */

/* #\x41 and names; `text` is behind the backslash and longer than one character. */
static bool find_character(struct reader *reader, const char *text, size_t length, uint32_t *ret)
{
    if (text[0] == 'x' || text[0] == 'X') {
        size_t at = 1;
        if (take_hex(text, length, &at, '\0', ret) && at == length)
            return true;
    }
    size_t folded_length;
    const char *folded = fold_token(reader, text, length, &folded_length);
    return folded && syntax_find_character(folded, folded_length, ret);
}

struct datum *token_character(struct reader *reader, struct position position)
{
    size_t start = reader->at + 2;
    if (start >= reader->length) {
        fail_incomplete(reader, position, "character");
        return NULL;
    }
    uint32_t character;
    size_t size = utf8_decode((const unsigned char *)reader->text + start, reader->length - start, &character);
    if (size == 0) {
        check_utf8(reader, reader->length);
        return NULL;
    }
    size_t end = start + size;
    if (!reader_is_delimiter_at(reader, end)) {
        end = token_end(reader, end);
        if (end == 0)
            return NULL;
        if (!find_character(reader, reader->text + start, end - start, &character))
            return fail_token(reader, position, "unknown character", reader->text + reader->at, end - reader->at);
    }
    reader_advance(reader, end - reader->at);
    return datum_value(reader->front, make_character(character), position);
}
