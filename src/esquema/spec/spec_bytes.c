/*
 * A specification as bytes that can be kept, and read again: NUL-terminated words, for each item the name of its field,
 * its place, how many words it has, and those; an empty name ends it. Descriptors are the caller's and are left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "spec/spec_own.h"

static bool append_word(struct buffer *out, const char *word)
{
    return buffer_append(out, word, strlen(word) + 1);
}

static bool append_number(struct buffer *out, uint64_t number)
{
    return buffer_append_format(out, "%llu", (unsigned long long)number) && buffer_append_byte(out, '\0');
}

static bool append_item(struct buffer *out, const char *field, const struct spec_item *item)
{
    bool is_written = append_word(out, field) && append_word(out, item->where.file ? item->where.file : "") &&
                      append_number(out, item->where.line) && append_number(out, item->where.column) &&
                      append_number(out, item->count);
    for (size_t i = 0; i < item->count && is_written; i++)
        is_written = append_word(out, item->words[i]);
    return is_written;
}

static bool has_words(size_t field)
{
    return spec_fields[field].shape == SPEC_SHAPE_ONE || spec_fields[field].shape == SPEC_SHAPE_LIST;
}

bool spec_write(const esq_spec *spec, struct buffer *out)
{
    bool is_written = true;
    for (size_t field = 0; field < SPEC_FIELD_COUNT; field++)
        for (size_t i = 0; i < spec->fields[field].count && has_words(field) && is_written; i++)
            is_written = append_item(out, spec_fields[field].name, &spec->fields[field].items[i]);
    return is_written && append_word(out, "");
}

bool spec_has_descriptors(const esq_spec *spec)
{
    for (size_t field = 0; field < SPEC_FIELD_COUNT; field++)
        if (spec->fields[field].count > 0 && !has_words(field))
            return true;
    return false;
}

/* ---- Reading ---- */

const char *spec_read_word(struct spec_reading *reading)
{
    const char *word = reading->at;
    const char *end = memchr(word, '\0', reading->left);
    if (!end)
        return NULL;
    reading->left -= (size_t)(end - word) + 1;
    reading->at = end + 1;
    return word;
}

bool spec_read_number(struct spec_reading *reading, uint64_t *ret_number)
{
    const char *word = spec_read_word(reading);
    return word && spec_parse_number(word, ret_number);
}

/* Of an unknown field that of a descriptor, which is not kept. */
static enum spec_shape shape_of(const char *field)
{
    for (size_t i = 0; i < SPEC_FIELD_COUNT; i++)
        if (strcmp(spec_fields[i].name, field) == 0)
            return spec_fields[i].shape;
    return SPEC_SHAPE_FD;
}

static int read_item(struct spec_reading *reading, esq_spec *spec, const char *field)
{
    const char *file = spec_read_word(reading);
    uint64_t line, column, count;
    if (!file || !spec_read_number(reading, &line) || !spec_read_number(reading, &column) ||
        !spec_read_number(reading, &count) || count > SPEC_WORDS_MAX)
        return -EPROTO;
    const esq_location where = { *file ? file : NULL, (unsigned)line, (unsigned)column };
    const char **words = malloc((count + 1) * sizeof *words);
    if (!words)
        return -ENOMEM;
    bool is_whole = true;
    for (size_t i = 0; i < count && is_whole; i++)
        is_whole = (words[i] = spec_read_word(reading)) != NULL;
    int result = -EPROTO;
    if (is_whole && shape_of(field) == SPEC_SHAPE_ONE && count == 1)
        result = esq_spec_set(spec, field, words[0], &where, NULL);
    else if (is_whole && shape_of(field) == SPEC_SHAPE_LIST)
        result = esq_spec_add(spec, field, words, count, &where, NULL);
    free(words);
    return result;
}

int spec_read(struct spec_reading *reading, esq_spec **ret_spec)
{
    esq_spec *spec = esq_spec_new();
    int result = spec ? 0 : -ENOMEM;
    for (const char *field = ""; result == 0;) {
        field = spec_read_word(reading);
        if (!field)
            result = -EPROTO;
        else if (!*field)
            break;
        else
            result = read_item(reading, spec, field);
    }
    if (result < 0) {
        esq_spec_free(spec);
        return result;
    }
    *ret_spec = spec;
    return 0;
}
