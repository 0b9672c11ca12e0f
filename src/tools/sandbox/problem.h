/* An error of our own, without a place; and names of strangers on a terminal. */
#ifndef TOOLS_SANDBOX_PROBLEM_H
#define TOOLS_SANDBOX_PROBLEM_H

#include <esquema.h>
#include <stdbool.h>
#include <stdio.h>

/* Fills *ret_error; `remedy` may be NULL. Always false. */
bool problem(esq_error *ret_error, const char *remedy, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What could move a cursor or end the line becomes a question mark. */
void print_name(FILE *out, const char *name);

#endif
