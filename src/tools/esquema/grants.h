/* A description asks, the user grants: what of the asked was not granted on the command line? */
#ifndef TOOLS_ESQUEMA_GRANTS_H
#define TOOLS_ESQUEMA_GRANTS_H

#include "tools/esquema/options.h"

struct grants {
    esq_grant *items; /* owned; texts are the specification's */
    size_t count;
    bool is_trusted; /* by `esquema trust`, as it stands here */
};

/* Everything that is asked for. false after telling why it cannot be said. */
bool grants_ask(esq_spec *spec, const struct options *options, struct grants *ret, esq_error *ret_error);
void grants_done(struct grants *grants);

bool grant_is_given(const struct options *options, const struct grants *grants, const esq_grant *grant);

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
