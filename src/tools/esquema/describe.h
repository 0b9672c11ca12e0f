/* From the file of a description to a specification. The engine is gone when these functions return. */
#ifndef TOOLS_ESQUEMA_DESCRIBE_H
#define TOOLS_ESQUEMA_DESCRIBE_H

#include "tools/esquema/options.h"

/* What evaluating a description may use; a recipe is one too. */
extern const struct sch_limits describe_limits;
#define DESCRIBE_LIMITS "100M of fuel, 64M of memory, 5s and 64K of output"

/* The caller owns *ret_spec. false: what was wrong has been shown, and is in *ret_error too. */
bool describe_file(const struct options *options, esq_spec **ret_spec, esq_error *ret_error);

/*
 * The same for a description of services; a single container is a service of its own name that needs nothing. The
 * caller gives *ret back with bridge_services_done. false: what was wrong has been shown, and is in *ret_error too.
 */
bool describe_services(const struct options *options, struct bridge_services *ret, esq_error *ret_error);

/* The status of a command for one specification. As JSON it prints the fields of one object, without braces. */
typedef int describe_fn(const struct options *options, esq_spec *spec);
/* The fields that such a command prints for a description that is no good. */
typedef void describe_wrong_fn(const esq_error *error);

/*
 * `each` of what the command line's description describes, with the names of services between, as text. As JSON the
 * whole is one value: the object of the one container, or one with the array "services"; what is wrong is in it too,
 * by `wrong`, and is not shown elsewhere. Gives the first status that is not 0.
 */
int describe_all(const struct options *options, describe_fn *each, describe_wrong_fn *wrong);

/* The name that the last definition at the top level of the text binds. false: there is none, or it is too long. */
bool describe_last_definition(const char *text, size_t length, char *ret_name, size_t size);

#endif
