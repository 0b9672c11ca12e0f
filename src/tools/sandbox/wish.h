/*
 * A list of fields and words that says what a sandbox is: filled once, then turned into a specification, or printed as
 * the description that says the same. Texts are copied.
 */
#ifndef TOOLS_SANDBOX_WISH_H
#define TOOLS_SANDBOX_WISH_H

#include <esquema.h>
#include <stdbool.h>
#include <stdio.h>

struct wish_entry {
    char *field;
    bool is_item; /* of a list */
    char **words;
    size_t count;
};

struct wish {
    struct wish_entry *entries;
    size_t count;
    bool is_out_of_memory; /* nothing was added since; wish_specify says so */
};

void wish_done(struct wish *wish);
void wish_set(struct wish *wish, const char *field, const char *value);
void wish_set_number(struct wish *wish, const char *field, unsigned long long value);
void wish_add(struct wish *wish, const char *field, const char *const *words, size_t count);
/* wish_add with words up to the first NULL. */
void wish_add_words(struct wish *wish, const char *field, ...) __attribute__((sentinel));
/* Is it the real path of something that the wish brings in? */
bool wish_has_source(const struct wish *wish, const char *path);

/* 0, or a negative errno with ret_error filled. */
int wish_specify(const struct wish *wish, esq_spec *spec, esq_error *ret_error);
/* The description, a Scheme program. */
/* The first word that is no UTF-8, which no description can say; NULL. */
const char *wish_find_no_text(const struct wish *wish);
void wish_print(const struct wish *wish, FILE *out);

#endif
