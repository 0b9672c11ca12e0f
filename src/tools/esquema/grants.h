/* A description asks, the user grants: what of the asked was not granted on the command line? */
#ifndef TOOLS_ESQUEMA_GRANTS_H
#define TOOLS_ESQUEMA_GRANTS_H

#include "tools/esquema/options.h"

struct grants {
    esq_grant *items; /* owned; texts are the specification's */
    size_t count;
    size_t asked;  /* items there are: behind the first `count` stand those that a look for what is missing left out */
    bool is_asked; /* it is known what is asked for */
    bool is_trusted; /* by `esquema trust`, as it stands here */
};

/* Everything that is asked for. false after telling why it cannot be said. */
bool grants_ask(esq_spec *spec, const struct options *options, struct grants *ret, esq_error *ret_error);
void grants_done(struct grants *grants);

bool grant_is_given(const struct options *options, const struct grants *grants, const esq_grant *grant);

/* Names on standard error each --allow that none of these asks for: a word that was mistyped grants nothing. Silent
 * where a document is printed, and where one of them could not be asked. */
void grants_warn_unasked(const struct options *options, const struct grants *list, size_t count);

/* "host-path=/srv", as a word for the shell. */
void grant_print(FILE *out, const esq_grant *grant);

/* Is it WHAT=VALUE, and WHAT something that descriptions ask for? */
bool grant_is_known(const char *allow);
/* The words that WHAT may be, with spaces between. */
extern const char grant_kinds[];

/*
 * Is all of it granted, and is there what it names? Else everything that is missing is shown at once, and *ret_error is
 * the first of it, with the options that grant it all. *ret is all that was given, or else what is missing; it is the
 * caller's, to be given back with grants_done.
 */
bool grants_check(esq_spec *spec, const struct options *options, struct grants *ret, esq_error *ret_error);

#endif
