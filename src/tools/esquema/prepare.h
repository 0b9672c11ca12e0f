/* From the command line to a plan that may be launched: what `run` and `start` share. */
#ifndef TOOLS_ESQUEMA_PREPARE_H
#define TOOLS_ESQUEMA_PREPARE_H

#include "tools/esquema/grants.h"

/* What may be launched, and what it was made of. */
struct prepared {
    esq_spec *spec;
    esq_plan *plan;
    struct grants grants; /* that it was given; texts are the specification's */
};

/*
 * Evaluates, checks the grants, plans, and explains where that was asked for. `terminal` becomes descriptors 0 to 2,
 * unless it is -1. false: *ret_error has been told, and reported. prepare_done is due in any case.
 */
bool prepare_plan(const struct options *options, int terminal, struct prepared *ret, esq_error *ret_error);
void prepare_done(struct prepared *prepared);

/* The descriptors of --preserve-fds. false: ret_error. */
bool prepare_preserve(const struct options *options, esq_spec *spec, esq_error *ret_error);

/* The plan, on standard error. */
void prepare_explain(const esq_plan *plan);

/* The exit status of an error. */
int prepare_status(const esq_error *error);

/*
 * For commands whose standard output is the payload's: under --format json they report to --status-fd, or else to
 * standard error, where nothing else of ours stands then. A copy; lists stay the caller's.
 */
struct options prepare_report(const struct options *options);

/* Reports that nothing was started, where somebody wants to know. Gives the exit status. */
int prepare_fail(const struct options *options, const esq_error *error);

#endif
