/* From the command line to a plan that may be launched: what `run` and `start` share. */
#ifndef TOOLS_ESQUEMA_PREPARE_H
#define TOOLS_ESQUEMA_PREPARE_H

#include "tools/esquema/options.h"

/*
 * Evaluates, checks the grants, plans, and explains where that was asked for. `terminal` becomes descriptors 0 to 2,
 * unless it is -1. false: *ret_error has been told, and reported.
 */
bool prepare_plan(const struct options *options, int terminal, esq_plan **ret_plan, esq_error *ret_error);

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
