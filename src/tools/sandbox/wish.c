/* See wish.h. Knows how descriptions are written; not what a sandbox is. */
#include "tools/sandbox/wish.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/plain.h"
#include "base/utf8.h"

enum { WORDS_MAX = 8 };

static void entry_done(struct wish_entry *entry)
{
    for (size_t i = 0; i < entry->count; i++)
        free(entry->words[i]);
    free(entry->words);
    free(entry->field);
}

void wish_done(struct wish *wish)
{
    for (size_t i = 0; i < wish->count; i++)
        entry_done(&wish->entries[i]);
    free(wish->entries);
    *wish = (struct wish){ 0 };
}

static bool copy_words(struct wish_entry *entry, const char *field, const char *const *words, size_t count)
{
    entry->field = strdup(field);
    entry->words = calloc(count + 1, sizeof *entry->words);
    for (size_t i = 0; entry->words && i < count; i++) {
        if (!(entry->words[i] = strdup(words[i])))
            return false;
        entry->count++;
    }
    return entry->field && entry->words;
}

static void append(struct wish *wish, bool is_item, const char *field, const char *const *words, size_t count)
{
    struct wish_entry entry = { .is_item = is_item };
    struct wish_entry *entries = NULL;
    if (!wish->is_out_of_memory && copy_words(&entry, field, words, count))
        entries = realloc(wish->entries, (wish->count + 1) * sizeof *entries);
    if (!entries) {
        entry_done(&entry);
        wish->is_out_of_memory = true;
        return;
    }
    wish->entries = entries;
    wish->entries[wish->count++] = entry;
}

void wish_set(struct wish *wish, const char *field, const char *value)
{
    append(wish, false, field, &value, 1);
}

void wish_set_number(struct wish *wish, const char *field, unsigned long long value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", value);
    wish_set(wish, field, text);
}

void wish_add(struct wish *wish, const char *field, const char *const *words, size_t count)
{
    append(wish, true, field, words, count);
}

void wish_add_words(struct wish *wish, const char *field, ...)
{
    const char *words[WORDS_MAX];
    size_t count = 0;
    va_list arguments;
    va_start(arguments, field);
    for (const char *word; count < WORDS_MAX && (word = va_arg(arguments, const char *)); count++)
        words[count] = word;
    va_end(arguments);
    wish_add(wish, field, words, count);
}

static bool is_called(const struct wish_entry *entry, const char *field, const char *verb)
{
    return strcmp(entry->field, field) == 0 && (!verb || (entry->count > 1 && strcmp(entry->words[0], verb) == 0));
}

bool wish_has_source(const struct wish *wish, const char *path)
{
    for (size_t i = 0; i < wish->count; i++) {
        const struct wish_entry *entry = &wish->entries[i];
        if (!is_called(entry, "mounts", "bind") && !is_called(entry, "mounts", "overlay"))
            continue;
        if (strcmp(entry->words[1], path) == 0)
            return true;
        if (entry->count > 3 && strncmp(entry->words[3], "keep=", 5) == 0 && strcmp(entry->words[3] + 5, path) == 0)
            return true;
    }
    return false;
}

int wish_specify(const struct wish *wish, esq_spec *spec, esq_error *ret_error)
{
    int result = wish->is_out_of_memory ? -ENOMEM : 0;
    if (result < 0)
        *ret_error = (esq_error){ .exit_status = ESQ_EXIT_SETUP, .error_number = ENOMEM, .text = "out of memory" };
    for (size_t i = 0; i < wish->count && result == 0; i++) {
        const struct wish_entry *entry = &wish->entries[i];
        const char *const *words = (const char *const *)entry->words;
        result = entry->is_item ? esq_spec_add(spec, entry->field, words, entry->count, NULL, ret_error)
                                : esq_spec_set(spec, entry->field, words[0], NULL, ret_error);
    }
    return result;
}

/* ---- As a description ---- */

static void print_string(FILE *out, const char *text)
{
    fputc('"', out);
    uint32_t character;
    size_t length = 1;
    for (const unsigned char *c = (const unsigned char *)text; *c; c += length) {
        length = 1;
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c == '\n')
            fputs("\\n", out);
        else if (plain_character((const char *)c, &length))
            fwrite(c, 1, length, out);
        else if ((length = utf8_decode(c, strlen((const char *)c), &character)) > 0)
            fprintf(out, "\\x%x;", character);
        else
            return; /* no text: see wish_find_no_text */
    }
    fputc('"', out);
}

static bool is_text(const char *text)
{
    uint32_t character;
    size_t length;
    for (; *text; text += length)
        if ((length = utf8_decode((const unsigned char *)text, strlen(text), &character)) == 0)
            return false;
    return true;
}

const char *wish_find_no_text(const struct wish *wish)
{
    for (size_t i = 0; i < wish->count; i++)
        for (size_t j = 0; j < wish->entries[i].count; j++)
            if (!is_text(wish->entries[i].words[j]))
                return wish->entries[i].words[j];
    return NULL;
}

static void print_mount(FILE *out, const struct wish_entry *entry)
{
    fprintf(out, "(%s", entry->words[0]);
    for (size_t i = 1; i < entry->count; i++) {
        const char *word = entry->words[i];
        if (strcmp(word, "read-only") == 0 && i > 1) /* as it is without a word */
            continue;
        fputc(' ', out);
        if (strcmp(word, "writable") == 0 && i > 1) {
            fputs("(writable)", out);
        } else if (strncmp(word, "keep=", 5) == 0 && i == 3) {
            fputs("(keep ", out);
            print_string(out, word + 5);
            fputc(')', out);
        } else if (strncmp(word, "size=", 5) == 0 || strncmp(word, "inodes=", 7) == 0) {
            fprintf(out, "(%.*s %s)", (int)strcspn(word, "="), word, strchr(word, '=') + 1);
        } else {
            print_string(out, word);
        }
    }
    fputc(')', out);
}

enum group_style { STRINGS, WORDS, PAIRS, MOUNTS, NETWORK, PORTS, METADATA, LIMIT, TIME_LIMIT };

/* Fields as descriptions have them; what is not here has one word, which stands for itself. */
static const struct {
    const char *field;
    enum group_style style;
} styles[] = {
    { "name", STRINGS },
    { "hostname", STRINGS },
    { "working-directory", STRINGS },
    { "command", STRINGS },
    { "environment", PAIRS },
    { "mounts", MOUNTS },
    { "memory", LIMIT },
    { "processes", LIMIT },
    { "open-files", LIMIT },
    { "file-size", LIMIT },
    { "data-size", LIMIT },
    { "user-processes", LIMIT },
    { "output", LIMIT },
    { "disk", LIMIT },
    { "time", TIME_LIMIT },
    { "rootfs-mode", WORDS },
    { "network", NETWORK },
    { "publish", PORTS },
    { "network-metadata", METADATA },
};

static enum group_style style_of(const char *field)
{
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
        if (strcmp(styles[i].field, field) == 0)
            return styles[i].style;
    return WORDS;
}

static bool is_limit(const char *field)
{
    enum group_style style = style_of(field);
    return style == LIMIT || style == TIME_LIMIT;
}

static bool is_network(const char *field)
{
    enum group_style style = style_of(field);
    return style == NETWORK || style == PORTS || style == METADATA;
}

static void print_words(FILE *out, const struct wish_entry *entry, enum group_style style)
{
    switch (style) {
    case STRINGS:
        for (size_t i = 0; i < entry->count; i++) {
            fputc(' ', out);
            print_string(out, entry->words[i]);
        }
        break;
    case WORDS:
        for (size_t i = 0; i < entry->count; i++)
            fprintf(out, " %.*s", (int)strlen(entry->words[i]), entry->words[i]);
        break;
    case PAIRS:
        fputs("\n    (", out);
        print_string(out, entry->words[0]);
        fputc(' ', out);
        print_string(out, entry->words[1]);
        fputc(')', out);
        break;
    case MOUNTS:
        fputs("\n    ", out);
        print_mount(out, entry);
        break;
    case NETWORK: fprintf(out, " %s", entry->words[0]); break;
    case METADATA: fputs(" (metadata)", out); break;
    case PORTS:
        fprintf(out, " (publish %s%s%s)", entry->words[0], entry->count > 1 ? " " : "",
                entry->count > 1 ? entry->words[1] : "");
        break;
    case LIMIT: fprintf(out, "\n    (%s %s)", entry->field, entry->words[0]); break;
    case TIME_LIMIT: fprintf(out, "\n    (%s (milliseconds %s))", entry->field, entry->words[0]); break;
    }
}

static bool is_same_group(const struct wish_entry *a, const struct wish_entry *b)
{
    return strcmp(a->field, b->field) == 0 || (is_limit(a->field) && is_limit(b->field)) ||
           (is_network(a->field) && is_network(b->field));
}

static bool is_printed(const struct wish *wish, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (is_same_group(&wish->entries[i], &wish->entries[index]))
            return true;
    return false;
}

static bool has_field(const struct wish *wish, const char *field)
{
    for (size_t i = 0; i < wish->count; i++)
        if (strcmp(wish->entries[i].field, field) == 0)
            return true;
    return false;
}

void wish_print(const struct wish *wish, FILE *out)
{
    fputs("(container", out);
    for (size_t i = 0; i < wish->count; i++) {
        const struct wish_entry *entry = &wish->entries[i];
        if (is_printed(wish, i))
            continue;
        if (strcmp(entry->field, "user") == 0) {
            int colon = (int)strcspn(entry->words[0], ":");
            fprintf(out, "\n  (user %.*s %s)", colon, entry->words[0], entry->words[0] + colon + 1);
            continue;
        }
        fprintf(out, "\n  (%s",
                is_network(entry->field)                   ? "network"
                : is_limit(entry->field)                   ? "limits"
                : strcmp(entry->field, "rootfs-mode") == 0 ? "rootfs"
                                                           : entry->field);
        for (size_t j = i; j < wish->count; j++)
            if (is_same_group(entry, &wish->entries[j]) && !(strcmp(wish->entries[j].field, "network") == 0 &&
                                                             has_field(wish, "publish"))) /* it is in user mode */
                print_words(out, &wish->entries[j], style_of(wish->entries[j].field));
        fputc(')', out);
    }
    fputs(")\n", out);
}
