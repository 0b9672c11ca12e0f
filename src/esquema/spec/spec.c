/* Storing and reading a specification. Knows the table of fields; not what any of them means. */
#include "spec/spec_own.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct spec_field_about spec_fields[SPEC_FIELD_COUNT] = {
#define SPEC_FIELD(id, name, shape, value, initial, doc) { name, SPEC_SHAPE_##shape, SPEC_VALUE_##value, initial },
#include "spec/spec_fields.def"
#undef SPEC_FIELD
};

esq_spec *esq_spec_new(void)
{
    return calloc(1, sizeof(esq_spec));
}

static void files_free(struct spec_file *file)
{
    while (file) {
        struct spec_file *next = file->next;
        free(file);
        file = next;
    }
}

void esq_spec_free(esq_spec *spec)
{
    if (!spec)
        return;
    for (size_t field = 0; field < SPEC_FIELD_COUNT; field++) {
        for (size_t i = 0; i < spec->fields[field].count; i++)
            free(spec->fields[field].items[i].words);
        free(spec->fields[field].items);
    }
    files_free(spec->files);
    files_free(spec->values);
    files_free(spec->seen);
    free(spec);
}

static const char *intern(struct spec_file **files, const char *name)
{
    for (struct spec_file *file = *files; file; file = file->next)
        if (strcmp(file->name, name) == 0)
            return file->name;
    size_t size = strlen(name) + 1;
    struct spec_file *file = malloc(sizeof(*file) + size);
    if (!file)
        return NULL;
    memcpy(file->name, name, size);
    file->next = *files;
    *files = file;
    return file->name;
}

/* ---- Writing ---- */

static int find_field(const char *name, enum spec_shape shape, const esq_location *where, size_t *ret_field,
                      esq_error *ret_error)
{
    for (size_t field = 0; field < SPEC_FIELD_COUNT; field++) {
        if (strcmp(spec_fields[field].name, name) != 0)
            continue;
        if (spec_fields[field].shape != shape)
            return esq_fail(ret_error, where, 0, NULL, "field `%s` is not given in this way", name);
        *ret_field = field;
        return 0;
    }
    return esq_fail(ret_error, where, 0, NULL, "no field is called `%.64s`", name);
}

/* One block: the array of pointers, then the texts. */
static char **copy_words(const char *const *words, size_t count, size_t bytes)
{
    char **copy = malloc((count + 1) * sizeof(char *) + bytes);
    if (!copy)
        return NULL;
    char *text = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(words[i]) + 1;
        memcpy(text, words[i], size);
        copy[i] = text;
        text += size;
    }
    copy[count] = NULL;
    return copy;
}

static int measure_words(const esq_spec *spec, const char *field, const char *const *words, size_t count,
                         const esq_location *where, size_t *ret_bytes, esq_error *ret_error)
{
    size_t bytes = 0;
    if (count > SPEC_WORDS_MAX) {
        esq_fail(ret_error, where, 0, NULL, "`%s` has more than %d words", field, SPEC_WORDS_MAX);
        return -E2BIG;
    }
    for (size_t i = 0; i < count; i++) {
        size_t length = strnlen(words[i], SPEC_WORD_MAX);
        bytes += length + 1;
        if (length == SPEC_WORD_MAX || spec->bytes + bytes > SPEC_BYTES_MAX) {
            esq_fail(ret_error, where, 0, NULL, "`%s` is too long", field);
            return -E2BIG;
        }
    }
    *ret_bytes = bytes;
    return 0;
}

static int list_reserve(struct spec_list *list)
{
    if (list->count < list->capacity)
        return 0;
    size_t capacity = list->capacity ? list->capacity * 2 : 1;
    struct spec_item *items = realloc(list->items, capacity * sizeof(*items));
    if (!items)
        return -ENOMEM;
    list->items = items;
    list->capacity = capacity;
    return 0;
}

/* Fills a new item at the end of the list; a list of one value is replaced. */
static int add_item(esq_spec *spec, size_t field, const char *const *words, size_t count, int fd, int inside,
                    const esq_location *where, esq_error *ret_error)
{
    const char *name = spec_fields[field].name;
    struct spec_list *list = &spec->fields[field];
    bool is_single = spec_fields[field].shape == SPEC_SHAPE_ONE || spec_fields[field].shape == SPEC_SHAPE_FD;
    size_t bytes;
    int result = measure_words(spec, name, words, count, where, &bytes, ret_error);
    if (result < 0)
        return result;
    if (list->count >= SPEC_ITEMS_MAX) {
        esq_fail(ret_error, where, 0, NULL, "`%s` has more than %d items", name, SPEC_ITEMS_MAX);
        return -E2BIG;
    }

    struct spec_item item = { .count = count, .fd = fd, .inside = inside };
    if (where) {
        item.where = *where;
        if (where->file && !(item.where.file = intern(&spec->files, where->file)))
            return esq_fail(ret_error, where, ENOMEM, NULL, "keep field `%s`", name);
    }
    item.words = copy_words(words, count, bytes);
    if (!item.words || list_reserve(list) < 0) {
        free(item.words);
        return esq_fail(ret_error, where, ENOMEM, NULL, "keep field `%s`", name);
    }
    if (is_single && list->count == 1) {
        free(list->items[0].words);
        list->count = 0;
    }
    list->items[list->count++] = item;
    spec->bytes += bytes;
    return 0;
}

int esq_spec_set(esq_spec *spec, const char *field, const char *value, const esq_location *where, esq_error *ret_error)
{
    size_t index = 0;
    int result = find_field(field, SPEC_SHAPE_ONE, where, &index, ret_error);
    if (result < 0)
        return result;
    return add_item(spec, index, &value, 1, -1, -1, where, ret_error);
}

int esq_spec_add(esq_spec *spec, const char *field, const char *const *words, size_t count, const esq_location *where,
                 esq_error *ret_error)
{
    size_t index = 0;
    int result = find_field(field, SPEC_SHAPE_LIST, where, &index, ret_error);
    if (result < 0)
        return result;
    return add_item(spec, index, words, count, -1, -1, where, ret_error);
}

static int add_fd(esq_spec *spec, const char *field, enum spec_shape shape, int fd, int inside,
                  const esq_location *where, esq_error *ret_error)
{
    size_t index = 0;
    int result = find_field(field, shape, where, &index, ret_error);
    if (result < 0)
        return result;
    if (fd < 0)
        return esq_fail(ret_error, where, EBADF, NULL, "descriptor %d of `%s`", fd, field);
    return add_item(spec, index, NULL, 0, fd, inside, where, ret_error);
}

int esq_spec_set_fd(esq_spec *spec, const char *field, int fd, const esq_location *where, esq_error *ret_error)
{
    return add_fd(spec, field, SPEC_SHAPE_FD, fd, -1, where, ret_error);
}

int esq_spec_add_fd(esq_spec *spec, const char *field, int fd, int inside, const esq_location *where,
                    esq_error *ret_error)
{
    return add_fd(spec, field, SPEC_SHAPE_FDS, fd, inside, where, ret_error);
}

/* ---- Reading ---- */

const struct spec_item *spec_items(const esq_spec *spec, enum spec_field field, size_t *ret_count)
{
    *ret_count = spec->fields[field].count;
    return spec->fields[field].items;
}

const struct spec_item *spec_item(const esq_spec *spec, enum spec_field field)
{
    return spec->fields[field].count > 0 ? &spec->fields[field].items[0] : NULL;
}

const char *spec_text(const esq_spec *spec, enum spec_field field)
{
    const struct spec_item *item = spec_item(spec, field);
    if (item && item->count == 1)
        return item->words[0];
    return spec_fields[field].initial;
}

bool spec_is(const esq_spec *spec, enum spec_field field, const char *text)
{
    return strcmp(spec_text(spec, field), text) == 0;
}

bool spec_is_given(const esq_spec *spec, enum spec_field field)
{
    return spec->fields[field].count > 0;
}

bool spec_parse_number(const char *text, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
            return false;
    }
    *ret_number = number;
    return true;
}

bool spec_number(const esq_spec *spec, enum spec_field field, uint64_t *ret_number)
{
    return spec_parse_number(spec_text(spec, field), ret_number);
}

bool spec_parse_user(const char *text, uint32_t *ret_uid, uint32_t *ret_gid)
{
    char uid_text[16];
    const char *colon = strchr(text, ':');
    uint64_t uid, gid;
    if (!colon || (size_t)(colon - text) >= sizeof(uid_text))
        return false;
    memcpy(uid_text, text, (size_t)(colon - text));
    uid_text[colon - text] = '\0';
    if (!spec_parse_number(uid_text, &uid) || !spec_parse_number(colon + 1, &gid))
        return false;
    if (uid >= UINT32_MAX || gid >= UINT32_MAX) /* the last one is (uid_t)-1, which is nobody's */
        return false;
    *ret_uid = (uint32_t)uid;
    *ret_gid = (uint32_t)gid;
    return true;
}

int spec_fd(const esq_spec *spec, enum spec_field field)
{
    const struct spec_item *item = spec_item(spec, field);
    return item ? item->fd : -1;
}

const esq_location *spec_where(const esq_spec *spec, enum spec_field field)
{
    const struct spec_item *item = spec_item(spec, field);
    return item ? &item->where : NULL;
}

typedef int compare_fn(const char *, const char *);

static bool list_has_word(const esq_spec *spec, enum spec_field field, const char *word, compare_fn *compare)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, field, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < items[i].count; j++)
            if (compare(items[i].words[j], word) == 0)
                return true;
    return false;
}

bool spec_is_excused(const esq_spec *spec, const char *name)
{
    return list_has_word(spec, SPEC_BEST_EFFORT, name, strcmp);
}

bool spec_has_namespace(const esq_spec *spec, const char *name)
{
    if (strcmp(name, "net") == 0 && (spec_is(spec, SPEC_NETWORK, "host") || spec_is(spec, SPEC_NETWORK, "join")))
        return false;
    /* Programs compare clocks with what the host wrote: a clock of its own is for who asks for it. */
    if (!spec_is_given(spec, SPEC_NAMESPACES))
        return strcmp(name, "time") != 0;
    return list_has_word(spec, SPEC_NAMESPACES, name, strcmp);
}

bool spec_has_capability(const esq_spec *spec, const char *name)
{
    return list_has_word(spec, SPEC_CAPABILITIES, name, strcasecmp);
}

bool spec_is_in_folder(const esq_spec *spec, const char *real)
{
    char folder[PATH_MAX];
    if (!spec_is_given(spec, SPEC_FOLDER) || !realpath(spec_text(spec, SPEC_FOLDER), folder))
        return false;
    size_t length = strlen(folder);
    if (length == 1) /* "/" as a folder would grant everything */
        return false;
    return strncmp(folder, real, length) == 0 && (real[length] == '/' || real[length] == '\0');
}

const char *esq_spec_field(size_t index)
{
    return index < SPEC_FIELD_COUNT ? spec_fields[index].name : NULL;
}

ssize_t esq_spec_get(const esq_spec *spec, const char *field, size_t index, const char *const **ret_words,
                     esq_location *ret_where)
{
    size_t at = 0;
    while (at < SPEC_FIELD_COUNT && strcmp(spec_fields[at].name, field) != 0)
        at++;
    if (at == SPEC_FIELD_COUNT)
        return -EINVAL;
    const struct spec_list *list = &spec->fields[at];
    if (index < list->count) {
        *ret_words = (const char *const *)list->items[index].words;
        if (ret_where)
            *ret_where = list->items[index].where;
        return (ssize_t)list->items[index].count;
    }
    if (index > 0 || !*spec_fields[at].initial)
        return -ENOENT;
    *ret_words = &spec_fields[at].initial;
    if (ret_where)
        *ret_where = (esq_location){ NULL, 0, 0 };
    return 1;
}

const char *spec_field_name(enum spec_field field)
{
    return spec_fields[field].name;
}

/* ---- Problems and grants ---- */

void spec_problem(struct spec_problems *problems, const esq_location *where, int error_number, const char *remedy,
                  const char *format, ...)
{
    char text[ESQ_ERROR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (problems->count < problems->capacity)
        esq_fail(&problems->list[problems->count], where, error_number, remedy, "%s", text);
    problems->count++;
}

void spec_grant(struct spec_grants *grants, const char *flag, const char *value, const esq_location *where)
{
    const char *kept = intern(&grants->spec->values, value);
    if (!kept) {
        grants->out_of_memory = true;
        return;
    }
    if (grants->count < grants->capacity) {
        static const esq_location nowhere;
        grants->list[grants->count] = (esq_grant){ .flag = flag, .value = kept, .where = where ? *where : nowhere };
    }
    grants->count++;
}

/* One text for both, since a path may hold anything but NUL: its length tells where the first ends. */
static char *seen_key(const char *path, bool is_writable, const char *real)
{
    char *key;
    return asprintf(&key, "%c%zu %s%s", is_writable ? 'w' : 'r', strlen(path), path, real) < 0 ? NULL : key;
}

void spec_see_path(struct spec_grants *grants, const char *path, bool is_writable, const char *real)
{
    char *key = seen_key(path, is_writable, real);
    if (!key || !intern(&grants->spec->seen, key))
        grants->out_of_memory = true;
    free(key);
}

bool spec_has_seen(const esq_spec *spec, const char *path, bool is_writable, const char *real)
{
    if (!spec->is_asked)
        return true;
    char *key = seen_key(path, is_writable, real);
    bool is_found = false;
    for (const struct spec_file *seen = spec->seen; key && seen && !is_found; seen = seen->next)
        is_found = strcmp(seen->name, key) == 0;
    free(key);
    return is_found;
}

void spec_forget_seen(esq_spec *spec)
{
    files_free(spec->seen);
    spec->seen = NULL;
    spec->is_asked = true;
}
