/*
 * A container's record becomes a specification, entry by entry. Knows the shape of entries (lib/esquema/container.sld)
 * and which words are paths of the host; what fields mean is the runtime's. A record may be forged: nothing is trusted.
 */
#include "bridge/bridge.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/name.h"
#include "base/plain.h"

enum { WORDS_MAX = 4096 };

static bool is_record_called(sch_value value, const char *wanted)
{
    const char *name;
    const sch_value *fields;
    size_t count;
    if (!sch_get_record(value, &name, &fields, &count))
        return false;
    size_t length = strlen(wanted);
    if (*name == '<' && strncmp(name + 1, wanted, length) == 0 && strcmp(name + 1 + length, ">") == 0)
        return true;
    return strcmp(name, wanted) == 0;
}

bool bridge_is_container(sch_value value)
{
    return is_record_called(value, "container");
}

bool bridge_is_services(sch_value value)
{
    return is_record_called(value, "services");
}

static int fail(esq_error *ret_error, const esq_location *where, int result, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int fail(esq_error *ret_error, const esq_location *where, int result, const char *format, ...)
{
    if (!ret_error)
        return result;
    *ret_error = (esq_error){ .exit_status = ESQ_EXIT_SETUP };
    if (where && where->line) {
        ret_error->line = where->line;
        ret_error->column = where->column;
        snprintf(ret_error->file, sizeof ret_error->file, "%s", where->file ? where->file : "");
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ret_error->text, sizeof ret_error->text, format, arguments);
    va_end(arguments);
    plain_make(ret_error->file);
    plain_make(ret_error->text);
    return result;
}

/* --- lists --- */

static bool take(sch_value *list, sch_value *ret)
{
    return sch_get_pair(*list, ret, list);
}

/* Text without a NUL inside: what C would read differently from Scheme is refused. */
static bool plain_text(sch_value value, const char **ret)
{
    size_t length;
    return sch_get_text(value, ret, &length) && strlen(*ret) == length;
}

bool bridge_place(sch_value value, esq_location *ret_where)
{
    sch_value file, line, column;
    int64_t line_number, column_number;
    const char *name;
    if (!take(&value, &file) || !take(&value, &line) || !take(&value, &column) || !plain_text(file, &name) ||
        !sch_get_integer(line, &line_number) || !sch_get_integer(column, &column_number) || line_number < 1 ||
        line_number > INT_MAX || column_number < 0 || column_number > INT_MAX)
        return false;
    *ret_where = (esq_location){ name, (unsigned)line_number, (unsigned)column_number };
    return true;
}

bool bridge_condition_place(sch_value condition, esq_location *ret_where)
{
    sch_value kind, message, irritants, first;
    const char *name;
    return sch_get_condition(condition, &kind, &message, &irritants) && plain_text(kind, &name) &&
           (strcmp(name, "description-error") == 0 || strcmp(name, "container-error") == 0) &&
           take(&irritants, &first) && bridge_place(first, ret_where);
}

/* --- entries --- */

struct words {
    const char *items[WORDS_MAX];
    size_t count;
};

/* Which word of the field is a path of the host? -1: none. */
static ptrdiff_t path_word(const char *field, const struct words *words)
{
    if (strcmp(field, "rootfs") == 0 && words->count == 1)
        return 0;
    if (strcmp(field, "mounts") == 0 && words->count >= 2 &&
        (strcmp(words->items[0], "bind") == 0 || strcmp(words->items[0], "overlay") == 0))
        return 1;
    return -1;
}

static int make_absolute(struct words *words, ptrdiff_t index, const char *base, const esq_location *where,
                         char **ret_path, esq_error *ret_error)
{
    const char *path = words->items[index];
    *ret_path = NULL;
    if (*path == '/')
        return 0;
    if (*path == '\0')
        return fail(ret_error, where, -EINVAL, "an empty path");
    if (asprintf(ret_path, "%s/%s", strcmp(base, "/") == 0 ? "" : base, path) < 0) {
        *ret_path = NULL;
        return fail(ret_error, where, -ENOMEM, "out of memory");
    }
    words->items[index] = *ret_path;
    return 0;
}

/* "store:NAME" is the root filesystem of that name in the store; every other text is a path. */
static int find_stored(struct words *words, const struct bridge_paths *paths, const esq_location *where,
                       char **ret_path, esq_error *ret_error)
{
    const char *name = words->items[0] + strlen("store:");
    if (!name_is_valid(name))
        return fail(ret_error, where, -EINVAL, "`%.64s` is no name of a stored root filesystem", name);
    if (!paths->data)
        return fail(ret_error, where, -EINVAL, "no folder is known for root filesystems: set HOME or XDG_DATA_HOME");
    if (asprintf(ret_path, "%s/rootfs/%s/root", paths->data, name) < 0) {
        *ret_path = NULL;
        return fail(ret_error, where, -ENOMEM, "out of memory");
    }
    words->items[0] = *ret_path;
    return 0;
}

/* A descriptor of the program itself, which a description has none of: outside, inside. */
static int put_descriptor(esq_spec *spec, const char *field, const struct words *words, const esq_location *where,
                          esq_error *ret_error)
{
    int numbers[2];
    for (size_t i = 0; i < 2; i++) {
        char *end;
        long number = words->count == 2 ? strtol(words->items[i], &end, 10) : -1;
        if (number < 0 || number > INT_MAX || *end)
            return fail(ret_error, where, -EINVAL, "field `%s` has a strange shape", field);
        numbers[i] = (int)number;
    }
    return esq_spec_add_fd(spec, field, numbers[0], numbers[1], where, ret_error);
}

static int put(esq_spec *spec, const char *how, const char *field, const struct words *words,
               const struct bridge_paths *paths, const esq_location *where, esq_error *ret_error)
{
    if (strcmp(how, "descriptor") == 0 && !paths->folder)
        return put_descriptor(spec, field, words, where, ret_error);
    if (strcmp(how, "descriptor") == 0)
        return fail(ret_error, where, -EINVAL,
                    "a description has no descriptors to preserve; give them on the command line (--preserve-fds), or "
                    "start it from a program");
    if (strcmp(how, "add") == 0)
        return esq_spec_add(spec, field, words->items, words->count, where, ret_error);
    if (strcmp(how, "set") == 0 && words->count == 1)
        return esq_spec_set(spec, field, words->items[0], where, ret_error);
    return fail(ret_error, where, -EINVAL, "field `%s` has a strange shape", field);
}

/* (group position how field word ...) */
static int put_entry(esq_spec *spec, sch_value entry, const struct bridge_paths *paths, struct words *words,
                     esq_error *ret_error)
{
    sch_value group, position, how, field, word;
    const char *how_text, *field_text;
    esq_location place;
    const esq_location *where = NULL;
    if (!take(&entry, &group) || !take(&entry, &position) || !take(&entry, &how) || !take(&entry, &field) ||
        !plain_text(how, &how_text) || !plain_text(field, &field_text))
        return fail(ret_error, NULL, -EINVAL, "this is no container that was made by (esquema container)");
    /* A forged record may name any file as its place, and whoever reports an error shows that file's line. */
    if (bridge_place(position, &place) && (!paths->file || strcmp(place.file, paths->file) == 0))
        where = &place;
    /* Where paths are relative to is for the program to say, and what needs no grant even more so. */
    static const char *const not_theirs[] = { "folder", "data-folder", "runtime-folder", "network-sibling" };
    for (size_t i = 0; i < sizeof not_theirs / sizeof *not_theirs; i++)
        if (strcmp(field_text, not_theirs[i]) == 0)
            return fail(ret_error, where, -EINVAL, "no field is called `%s`", field_text);
    for (words->count = 0; take(&entry, &word); words->count++) {
        if (words->count == WORDS_MAX)
            return fail(ret_error, where, -E2BIG, "field `%s` has too many words", field_text);
        if (!plain_text(word, &words->items[words->count]))
            return fail(ret_error, where, -EINVAL, "field `%s` has a word that is no text, or contains a NUL",
                        field_text);
    }

    char *path = NULL;
    ptrdiff_t index = path_word(field_text, words);
    bool is_stored = index == 0 && strncmp(words->items[0], "store:", 6) == 0;
    int result = is_stored    ? find_stored(words, paths, where, &path, ret_error)
                 : index >= 0 ? make_absolute(words, index, paths->base, where, &path, ret_error)
                              : 0;
    if (result == 0)
        result = put(spec, how_text, field_text, words, paths, where, ret_error);
    free(path);
    return result;
}

static int put_entries(esq_spec *spec, sch_value entries, const struct bridge_paths *paths, esq_error *ret_error)
{
    size_t length;
    sch_value entry;
    if (!sch_get_list_length(entries, &length))
        return fail(ret_error, NULL, -EINVAL, "this is no container that was made by (esquema container)");
    struct words *words = malloc(sizeof *words);
    if (!words)
        return fail(ret_error, NULL, -ENOMEM, "out of memory");
    int result = 0;
    for (size_t i = 0; i < length && result == 0 && take(&entries, &entry); i++)
        result = put_entry(spec, entry, paths, words, ret_error);
    free(words);
    return result;
}

/* Past the group, the position and how it is put there. */
static bool take_field(sch_value *entry, const char **ret_field)
{
    sch_value word;
    bool is_there = true;
    for (int i = 0; i < 4 && is_there; i++)
        is_there = take(entry, &word);
    return is_there && plain_text(word, ret_field);
}

const char *bridge_joins(sch_value container)
{
    const char *name, *field, *target = NULL;
    const sch_value *fields;
    sch_value entries, entry, word;
    size_t count, length;
    if (!sch_get_record(container, &name, &fields, &count) || count != 2 || !sch_get_list_length(fields[1], &length))
        return NULL;
    entries = fields[1];
    for (size_t i = 0; i < length && take(&entries, &entry); i++)
        if (take_field(&entry, &field) && strcmp(field, "network-join") == 0 && take(&entry, &word))
            target = plain_text(word, &field) ? field : NULL;
    return target;
}

int bridge_spec_of(sch_value container, const struct bridge_paths *paths, esq_spec **ret_spec, esq_error *ret_error)
{
    const char *name;
    const sch_value *fields;
    size_t count;
    if (!bridge_is_container(container) || !sch_get_record(container, &name, &fields, &count) || count != 2)
        return fail(ret_error, NULL, -EINVAL, "this is no container");
    esq_spec *spec = esq_spec_new();
    if (!spec)
        return fail(ret_error, NULL, -ENOMEM, "out of memory");
    int result = paths->folder ? esq_spec_set(spec, "folder", paths->folder, NULL, ret_error) : 0;
    if (result == 0 && paths->data)
        result = esq_spec_set(spec, "data-folder", paths->data, NULL, ret_error);
    if (result == 0 && paths->runtime)
        result = esq_spec_set(spec, "runtime-folder", paths->runtime, NULL, ret_error);
    if (result == 0)
        result = put_entries(spec, fields[1], paths, ret_error);
    if (result < 0) {
        esq_spec_free(spec);
        return result;
    }
    *ret_spec = spec;
    return 0;
}
