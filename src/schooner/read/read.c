/*
 * text -> datum: the lexical and external syntax of R7RS (sections 2 and 7.1), and keywords. Iterative: open lists,
 * prefixes, datum comments and labels are frames of an explicit stack, whose depth `nesting` bounds. The text is a
 * stranger's: every character is charged, UTF-8 is strict. Tokens (strings, characters, names, numbers) are in token.c.
 */
#include "schooner/read/read.h"

#include "base/hash.h"
#include "schooner/read/token.h"

enum frame_kind {
    FRAME_LIST,
    FRAME_DOT,      /* a list behind its dot: one datum is due */
    FRAME_DOT_DONE, /* a list behind the datum behind its dot */
    FRAME_VECTOR,
    FRAME_BYTES,
    FRAME_PREFIX,  /* 'x and the like */
    FRAME_COMMENT, /* #; */
    FRAME_LABEL,   /* #n= */
};

struct reader_frame {
    enum frame_kind kind;
    struct position position;
    union {
        struct {
            struct datum *head, *tail;
        } list;
        struct {
            struct datum **items;
            size_t count, capacity;
        } vector;
        struct {
            unsigned char *bytes;
            size_t count, capacity;
        } bytes;
        const char *prefix;
        struct reader_label *label;
    };
};

/* A use of a label inside of the datum that it names: where the datum must be put when it is complete. */
struct label_use {
    struct datum **slot;
    struct label_use *next;
};

struct reader_label {
    uint64_t number;
    struct datum *datum;       /* NULL: not complete */
    struct datum *placeholder; /* stands for it until then */
    struct label_use *uses;
};

/* A datum of this kind never leaves the reader. Its label is in `value`, as an address. */
enum { DATUM_PLACEHOLDER = 255, LABELS_CAPACITY_MIN = 8 };

void reader_init(struct reader *reader, struct front *front, uint16_t file)
{
    const struct front_source *source = &front->sources[file];
    *reader = (struct reader){
        .front = front, .text = source->text, .length = source->length, .line = 1, .column = 1, .file = file
    };
}

/* --- the stack --- */

static struct reader_frame *top(struct reader *reader)
{
    return &reader->stack[reader->stack_depth - 1];
}

static struct reader_frame *push(struct reader *reader, enum frame_kind kind, struct position position)
{
    struct front *front = reader->front;
    front->place = position;
    if (reader->stack_depth >= front->nesting) {
        front_limit(front, SCH_LIMIT_NESTING);
        return NULL;
    }
    struct reader_frame *frame = FRONT_PUSH(front, reader->stack, reader->stack_depth, reader->stack_capacity);
    if (!frame)
        return NULL;
    *frame = (struct reader_frame){ .kind = kind, .position = position };
    return frame;
}

/* --- labels --- */

static struct reader_label **label_slot(struct reader_label **labels, size_t capacity, uint64_t number)
{
    size_t mask = capacity - 1;
    size_t at = hash_mix(number) & mask;
    while (labels[at] && labels[at]->number != number)
        at = (at + 1) & mask;
    return &labels[at];
}

static struct reader_label *label_find(struct reader *reader, uint64_t number)
{
    return reader->label_capacity ? *label_slot(reader->labels, reader->label_capacity, number) : NULL;
}

static bool labels_grow(struct reader *reader)
{
    size_t capacity = reader->label_capacity ? reader->label_capacity * 2 : LABELS_CAPACITY_MIN;
    struct reader_label **labels = front_array(reader->front, capacity, sizeof *labels);
    if (!labels)
        return false;
    for (size_t i = 0; i < reader->label_capacity; i++) {
        if (reader->labels[i])
            *label_slot(labels, capacity, reader->labels[i]->number) = reader->labels[i];
    }
    reader->labels = labels;
    reader->label_capacity = capacity;
    return true;
}

static bool label_define(struct reader *reader, uint64_t number, struct position position)
{
    struct front *front = reader->front;
    if (label_find(reader, number))
        return front_fail(front, "read-error", position, "label #%llu= is defined twice", (unsigned long long)number);
    if (reader->label_count >= reader->label_capacity / 2 && !labels_grow(reader))
        return false;
    struct reader_label *label = front_new(front, struct reader_label);
    struct datum *placeholder = datum_nil(front, position);
    if (!label || !placeholder)
        return false;
    placeholder->kind = DATUM_PLACEHOLDER;
    placeholder->value.bits = (uint64_t)(uintptr_t)label;
    label->number = number;
    label->placeholder = placeholder;
    struct reader_frame *frame = push(reader, FRAME_LABEL, position);
    if (!frame)
        return false;
    frame->label = label;
    *label_slot(reader->labels, reader->label_capacity, number) = label;
    reader->label_count++;
    return true;
}

static struct datum *label_use(struct reader *reader, uint64_t number, struct position position)
{
    struct reader_label *label = label_find(reader, number);
    if (!label) {
        front_fail(reader->front, "read-error", position, "label #%llu# is not defined before its use",
                   (unsigned long long)number);
        return NULL;
    }
    if (!label->datum)
        return label->placeholder;
    label->datum->shared = true;
    return label->datum;
}

/* Remembers `slot` if a placeholder has been put there. The slot must stay where it is. */
static bool label_note(struct reader *reader, struct datum **slot)
{
    if ((*slot)->kind != DATUM_PLACEHOLDER)
        return true;
    struct reader_label *label = (struct reader_label *)(uintptr_t)(*slot)->value.bits;
    struct label_use *use = front_new(reader->front, struct label_use);
    if (!use)
        return false;
    use->slot = slot;
    use->next = label->uses;
    label->uses = use;
    return true;
}

static bool label_complete(struct reader *reader, struct reader_label *label, struct datum *datum)
{
    if (datum == label->placeholder)
        return front_fail(reader->front, "read-error", datum->position, "label #%llu= names itself",
                          (unsigned long long)label->number);
    label->datum = datum;
    for (struct label_use *use = label->uses; use; use = use->next) {
        *use->slot = datum;
        datum->cyclic = true;
        datum->shared = true;
    }
    return true;
}

/* --- putting data into what is open --- */

static bool add_to_list(struct reader *reader, struct reader_frame *frame, struct datum *datum)
{
    struct position position = frame->list.head ? datum->position : frame->position;
    struct datum *pair = datum_pair(reader->front, datum, NULL, position);
    if (!pair)
        return false;
    if (frame->list.tail)
        frame->list.tail->pair.cdr = pair;
    else
        frame->list.head = pair;
    frame->list.tail = pair;
    return label_note(reader, &pair->pair.car);
}

static bool add_to_bytes(struct reader *reader, struct reader_frame *frame, const struct datum *datum)
{
    if (datum->kind != DATUM_IMMEDIATE || !is_index(datum->value, 256))
        return front_fail(reader->front, "read-error", datum->position,
                          "an element of a bytevector must be an exact integer from 0 to 255");
    unsigned char *at = FRONT_PUSH(reader->front, frame->bytes.bytes, frame->bytes.count, frame->bytes.capacity);
    if (!at)
        return false;
    *at = (unsigned char)fixnum_int(datum->value);
    return true;
}

static bool add_to_vector(struct reader *reader, struct reader_frame *frame, struct datum *datum)
{
    struct datum **at = FRONT_PUSH(reader->front, frame->vector.items, frame->vector.count, frame->vector.capacity);
    if (!at)
        return false;
    *at = datum;
    return true;
}

static struct datum *make_prefixed(struct reader *reader, const char *prefix, struct datum *datum,
                                   struct position position)
{
    struct front *front = reader->front;
    struct datum *nil = datum_nil(front, datum->position);
    struct datum *rest = nil ? datum_pair(front, datum, nil, datum->position) : NULL;
    struct datum *symbol = rest ? datum_symbol(front, prefix, position) : NULL;
    if (!symbol || !label_note(reader, &rest->pair.car))
        return NULL;
    return datum_pair(front, symbol, rest, position);
}

enum delivery { DELIVERY_FAILED, DELIVERY_MORE, DELIVERY_DONE };

/* Puts a complete datum where it belongs; completes what is complete with it. */
static enum delivery deliver(struct reader *reader, struct datum *datum, struct datum **ret)
{
    while (reader->stack_depth > 0) {
        struct reader_frame *frame = top(reader);
        bool added = false;
        switch (frame->kind) {
        case FRAME_LIST: added = add_to_list(reader, frame, datum); return added ? DELIVERY_MORE : DELIVERY_FAILED;
        case FRAME_DOT:
            frame->kind = FRAME_DOT_DONE;
            frame->list.tail->pair.cdr = datum;
            added = label_note(reader, &frame->list.tail->pair.cdr);
            return added ? DELIVERY_MORE : DELIVERY_FAILED;
        case FRAME_DOT_DONE:
            front_fail(reader->front, "read-error", datum->position, "more than one datum behind the dot of a list");
            return DELIVERY_FAILED;
        case FRAME_VECTOR: added = add_to_vector(reader, frame, datum); return added ? DELIVERY_MORE : DELIVERY_FAILED;
        case FRAME_BYTES: added = add_to_bytes(reader, frame, datum); return added ? DELIVERY_MORE : DELIVERY_FAILED;
        case FRAME_COMMENT: reader->stack_depth--; return DELIVERY_MORE;
        case FRAME_PREFIX: datum = make_prefixed(reader, frame->prefix, datum, frame->position); break;
        case FRAME_LABEL:
            if (!label_complete(reader, frame->label, datum))
                return DELIVERY_FAILED;
            break;
        }
        if (!datum)
            return DELIVERY_FAILED;
        reader->stack_depth--;
    }
    *ret = datum;
    return DELIVERY_DONE;
}

static struct datum *close_list(struct reader *reader, struct reader_frame *frame, struct position end)
{
    if (frame->kind == FRAME_LIST) {
        struct datum *nil = datum_nil(reader->front, frame->list.tail ? end : frame->position);
        if (!nil || !frame->list.tail)
            return nil;
        frame->list.tail->pair.cdr = nil;
    }
    return frame->list.head;
}

static struct datum *close_vector(struct reader *reader, struct reader_frame *frame)
{
    struct datum *datum = datum_nil(reader->front, frame->position);
    if (!datum)
        return NULL;
    datum->kind = DATUM_VECTOR;
    datum->vector.items = frame->vector.items;
    datum->vector.length = frame->vector.count;
    for (size_t i = 0; i < frame->vector.count && reader->label_count; i++) {
        if (!label_note(reader, &frame->vector.items[i]))
            return NULL;
    }
    return datum;
}

static struct datum *close_bytes(struct reader *reader, struct reader_frame *frame)
{
    struct datum *datum = datum_nil(reader->front, frame->position);
    if (!datum)
        return NULL;
    datum->kind = DATUM_BYTEVECTOR;
    datum->text.bytes = frame->bytes.count ? (const char *)frame->bytes.bytes : "";
    datum->text.length = frame->bytes.count;
    return datum;
}

/* At a closing parenthesis. */
static struct datum *close_frame(struct reader *reader, struct position position)
{
    struct front *front = reader->front;
    if (reader->stack_depth == 0) {
        front_fail(front, "read-error", position, "unexpected closing parenthesis");
        return NULL;
    }
    struct reader_frame *frame = top(reader);
    struct datum *datum = NULL;
    switch (frame->kind) {
    case FRAME_LIST:
    case FRAME_DOT_DONE: datum = close_list(reader, frame, position); break;
    case FRAME_VECTOR: datum = close_vector(reader, frame); break;
    case FRAME_BYTES: datum = close_bytes(reader, frame); break;
    case FRAME_DOT: front_fail(front, "read-error", position, "no datum behind the dot of a list"); break;
    case FRAME_PREFIX:
    case FRAME_COMMENT:
    case FRAME_LABEL:
        front_fail(front, "read-error", position, "unexpected closing parenthesis: a datum is missing");
        break;
    }
    if (datum)
        reader->stack_depth--;
    return datum;
}

/* --- one token --- */

static bool open_prefix(struct reader *reader, const char *prefix, size_t length, struct position position)
{
    reader_advance(reader, length);
    struct reader_frame *frame = push(reader, FRAME_PREFIX, position);
    if (!frame)
        return false;
    frame->prefix = prefix;
    return true;
}

static bool open_frame(struct reader *reader, enum frame_kind kind, size_t length, struct position position)
{
    reader_advance(reader, length);
    return push(reader, kind, position) != NULL;
}

static bool take_dot(struct reader *reader, struct position position)
{
    reader_advance(reader, 1);
    struct reader_frame *frame = reader->stack_depth ? top(reader) : NULL;
    if (!frame || frame->kind != FRAME_LIST || !frame->list.head)
        return front_fail(reader->front, "read-error", position, "a dot stands where a datum is expected");
    frame->kind = FRAME_DOT;
    return true;
}

/* #n= or #n#; true with *ret == NULL: a label was opened. */
static bool take_label(struct reader *reader, struct position position, struct datum **ret)
{
    uint64_t number = 0;
    size_t digits = 0;
    size_t at = reader->at + 1;
    for (; at < reader->length && reader->text[at] >= '0' && reader->text[at] <= '9'; at++, digits++) {
        if (digits == 18)
            return front_fail(reader->front, "read-error", position, "the number of a label is too large");
        number = number * 10 + (uint64_t)(reader->text[at] - '0');
    }
    char mark = at < reader->length ? reader->text[at] : '\0';
    if (at == reader->length)
        return front_fail(reader->front, "read-incomplete", position, "unexpected end of text in a label");
    if (mark != '=' && mark != '#')
        return front_fail(reader->front, "read-error", position, "unknown syntax behind #%llu",
                          (unsigned long long)number);
    reader_advance(reader, at + 1 - reader->at);
    *ret = NULL;
    if (mark == '=')
        return label_define(reader, number, position);
    *ret = label_use(reader, number, position);
    return *ret != NULL;
}

static bool take_hash(struct reader *reader, struct position position, struct datum **ret)
{
    *ret = NULL;
    unsigned char next = reader->at + 1 < reader->length ? (unsigned char)reader->text[reader->at + 1] : 0;
    switch (next) {
    case '(': return open_frame(reader, FRAME_VECTOR, 2, position);
    case ';': return open_frame(reader, FRAME_COMMENT, 2, position);
    case '\\': *ret = token_character(reader, position); return *ret != NULL;
    case ':': *ret = token_keyword(reader, position); return *ret != NULL;
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return take_label(reader, position, ret);
    case 'u':
    case 'U':
        if (reader->length - reader->at >= 4 && memcmp(reader->text + reader->at + 2, "8(", 2) == 0)
            return open_frame(reader, FRAME_BYTES, 4, position);
        break;
    default: break;
    }
    *ret = token_hash(reader, position);
    return *ret != NULL;
}

/* Takes one token. *ret: a complete datum, or NULL when something was opened. false: failed. */
static bool take_token(struct reader *reader, struct position position, struct datum **ret)
{
    *ret = NULL;
    switch (reader->text[reader->at]) {
    case '(': return open_frame(reader, FRAME_LIST, 1, position);
    case ')':
        reader_advance(reader, 1);
        *ret = close_frame(reader, position);
        return *ret != NULL;
    case '\'': return open_prefix(reader, "quote", 1, position);
    case '`': return open_prefix(reader, "quasiquote", 1, position);
    case ',':
        if (reader->at + 1 < reader->length && reader->text[reader->at + 1] == '@')
            return open_prefix(reader, "unquote-splicing", 2, position);
        return open_prefix(reader, "unquote", 1, position);
    case '"': *ret = token_string(reader, position); return *ret != NULL;
    case '|': *ret = token_bar_symbol(reader, position); return *ret != NULL;
    case '#': return take_hash(reader, position, ret);
    case '.':
        if (reader_is_delimiter_at(reader, reader->at + 1))
            return take_dot(reader, position);
        break;
    default: break;
    }
    *ret = token_atom(reader, position);
    return *ret != NULL;
}

static enum read_result at_end(struct reader *reader)
{
    if (reader->stack_depth == 0)
        return READ_END;
    const struct reader_frame *frame = top(reader);
    const char *what = "datum";
    switch (frame->kind) {
    case FRAME_LIST:
    case FRAME_DOT:
    case FRAME_DOT_DONE: what = "list"; break;
    case FRAME_VECTOR: what = "vector"; break;
    case FRAME_BYTES: what = "bytevector"; break;
    case FRAME_PREFIX:
    case FRAME_COMMENT:
    case FRAME_LABEL: break;
    }
    front_fail(reader->front, "read-incomplete", frame->position,
               "unexpected end of text: the %s that begins here is not complete", what);
    return READ_FAILED;
}

static void mark(struct reader *reader)
{
    reader->mark.at = reader->at;
    reader->mark.line = reader->line;
    reader->mark.column = reader->column;
}

enum read_result read_datum(struct reader *reader, struct datum **ret)
{
    reader->stack_depth = 0;
    reader->labels = NULL;
    reader->label_count = 0;
    reader->label_capacity = 0;
    if (reader->front->failed)
        return READ_FAILED;

    for (;;) {
        reader->mark.at = SIZE_MAX;
        if (!reader_skip_blank(reader))
            return READ_FAILED;
        if (reader->at == reader->length)
            return at_end(reader);
        if (!front_charge(reader->front, 1))
            return READ_FAILED;
        struct datum *datum;
        mark(reader);
        if (!take_token(reader, reader_position(reader), &datum))
            return READ_FAILED;
        if (!datum)
            continue;
        mark(reader);
        switch (deliver(reader, datum, ret)) {
        case DELIVERY_FAILED: return READ_FAILED;
        case DELIVERY_MORE: continue;
        case DELIVERY_DONE: return READ_DATUM;
        }
    }
}

bool reader_skip(struct reader *reader)
{
    size_t depth = 0;
    if (reader->mark.at > reader->length)
        return false;
    for (size_t i = 0; i < reader->stack_depth; i++) {
        switch (reader->stack[i].kind) {
        case FRAME_LIST:
        case FRAME_DOT:
        case FRAME_DOT_DONE:
        case FRAME_VECTOR:
        case FRAME_BYTES: depth++; break;
        case FRAME_PREFIX:
        case FRAME_COMMENT:
        case FRAME_LABEL: break;
        }
    }
    return reader_skip_from(reader, depth);
}
