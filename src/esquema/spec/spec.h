/*
 * The specification: a table of fields, each a list of items, each item a list of words and a place in the description.
 * Owns what was said; knows nothing of how it is done, and does not open a file.
 */
#ifndef ESQUEMA_SPEC_H
#define ESQUEMA_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buffer.h"
#include "error/error.h"

enum spec_field {
#define SPEC_FIELD(id, name, shape, value, initial, doc) SPEC_##id,
#include "spec/spec_fields.def"
#undef SPEC_FIELD
    SPEC_FIELD_COUNT
};

enum spec_shape { SPEC_SHAPE_ONE, SPEC_SHAPE_LIST, SPEC_SHAPE_FD, SPEC_SHAPE_FDS };

/* A description is a stranger's: none of these is reached by an honest one. */
#define SPEC_ITEMS_MAX 1024       /* of one field */
#define SPEC_WORDS_MAX 4096       /* of one item */
#define SPEC_WORD_MAX  131072     /* bytes, the kernel's own limit for one argument */
#define SPEC_BYTES_MAX (4u << 20) /* of all words of a specification */

struct spec_item {
    char **words;
    size_t count;
    int fd;     /* FD and FDS, else -1 */
    int inside; /* FDS */
    esq_location where;
};

/* ---- Reading: for x_check and x_plan ---- */

const struct spec_item *spec_items(const esq_spec *spec, enum spec_field field, size_t *ret_count);
/* The only item of a ONE or FD field, NULL where it was not given. */
const struct spec_item *spec_item(const esq_spec *spec, enum spec_field field);
/* The value of a ONE field, its default where it was not given, "" where there is none. Never NULL. */
const char *spec_text(const esq_spec *spec, enum spec_field field);
bool spec_is(const esq_spec *spec, enum spec_field field, const char *text);
bool spec_is_given(const esq_spec *spec, enum spec_field field);
/* BYTES, COUNT, MILLISECONDS. False where nothing was given and there is no default, or when it is no number. */
bool spec_number(const esq_spec *spec, enum spec_field field, uint64_t *ret_number);
/* The descriptor of an FD field, or -1. */
int spec_fd(const esq_spec *spec, enum spec_field field);
/* Where a field was (first) given, NULL where it was not. */
const esq_location *spec_where(const esq_spec *spec, enum spec_field field);
/* Is `name` among the words of the field "best-effort"? */
bool spec_is_excused(const esq_spec *spec, const char *name);
/* Does the container have this namespace of its own ("net", "user", ...)? */
bool spec_has_namespace(const esq_spec *spec, const char *name);
/* Is the capability ("net_raw", in letters of any case) among those that it keeps? */
bool spec_has_capability(const esq_spec *spec, const char *name);
/* Does the real path lie in the description's own folder? What cannot be resolved does not. */
bool spec_is_in_folder(const esq_spec *spec, const char *real);
const char *spec_field_name(enum spec_field field);
/* Decimal digits only, no sign; false on overflow. */
bool spec_parse_number(const char *text, uint64_t *ret_number);
/* An absolute path without "." and ".." as a component: what is written is where it lands. */
bool spec_is_absolute(const char *path);
/* "uid:gid" */
bool spec_parse_user(const char *text, uint32_t *ret_uid, uint32_t *ret_gid);

/* ---- The command, as execvp takes it: spec_command.c ---- */

#define SPEC_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define SPEC_FOLDER_MAX   4096

/* The words of the field "command", over all its items. NULL past the end. */
const char *spec_command_word(const esq_spec *spec, size_t index);
/* The value that the description gives to a variable of the environment, the last one; NULL where it gives none. */
const char *spec_variable(const esq_spec *spec, const char *name);

/* Where the program is looked for: a name with a slash is a path, another one is looked for in PATH. */
struct spec_search {
    bool is_path;
    const char *next;
};

struct spec_search spec_search_program(const esq_spec *spec);
/* The next folder, "" where the program's name is a path itself. false: there is none left. */
bool spec_search_next(struct spec_search *search, char folder[SPEC_FOLDER_MAX]);

/* ---- As bytes, to be kept (spec_bytes.c) ---- */

struct spec_reading {
    const char *at;
    size_t left;
};

/* false: there is no memory. Descriptors are left out. */
bool spec_write(const esq_spec *spec, struct buffer *out);
bool spec_has_descriptors(const esq_spec *spec);
/* -EPROTO where this is none, as another version may have written it; -ENOMEM. The caller owns *ret_spec. */
int spec_read(struct spec_reading *reading, esq_spec **ret_spec);
/* The next NUL-terminated word, which lies in what is read; NULL at the end. */
const char *spec_read_word(struct spec_reading *reading);
bool spec_read_number(struct spec_reading *reading, uint64_t *ret_number);

/* ---- Problems: what x_check finds ---- */

struct spec_problems {
    esq_error *list;
    size_t capacity;
    size_t count; /* may exceed capacity */
};

/* Appends a problem; error_number may be 0, remedy NULL. */
_cold_ void spec_problem(struct spec_problems *problems, const esq_location *where, int error_number,
                         const char *remedy, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* ---- Grants: what x_grants finds; `value` is copied ---- */

struct spec_grants {
    esq_spec *spec;
    esq_grant *list;
    size_t capacity;
    size_t count;
    bool out_of_memory;
};

void spec_grant(struct spec_grants *grants, const char *flag, const char *value, const esq_location *where);

/*
 * Between the grants and the plan somebody else may turn a link elsewhere. So the grants remember where each path led,
 * and once they were asked for a plan is made only of what they saw.
 */
void spec_see_path(struct spec_grants *grants, const char *path, bool is_writable, const char *real);
/* True where nobody has asked for grants: a trusted caller. False without memory. */
bool spec_has_seen(const esq_spec *spec, const char *path, bool is_writable, const char *real);
/* Before grants are asked for, again: only what the last answer saw counts. */
void spec_forget_seen(esq_spec *spec);

#endif
