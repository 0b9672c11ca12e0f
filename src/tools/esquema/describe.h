/* From the file of a description to a specification. The engine is gone when these functions return. */
#ifndef TOOLS_ESQUEMA_DESCRIBE_H
#define TOOLS_ESQUEMA_DESCRIBE_H

#include "tools/esquema/options.h"

/* The caller owns *ret_spec. false: what was wrong has been shown, and is in *ret_error too. */
bool describe_file(const struct options *options, esq_spec **ret_spec, esq_error *ret_error);

/* The name that the last definition at the top level of the text binds. false: there is none, or it is too long. */
bool describe_last_definition(const char *text, size_t length, char *ret_name, size_t size);

#endif
