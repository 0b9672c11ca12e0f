/* The lines of docs/reference.md. */
#ifndef SCHOONER_API_REFERENCE_H
#define SCHOONER_API_REFERENCE_H

#include <stdbool.h>

/* How a name of a standard library is written, and what it does. A library that has no line for it has it from another
 * one; then that one's line is given. false: nothing is said of it. The texts stay. */
bool reference_find(const char *library, const char *name, const char **ret_usage, const char **ret_doc);

#endif
