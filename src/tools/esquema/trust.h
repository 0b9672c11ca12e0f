/* Descriptions that were trusted once, until they change. */
#ifndef TOOLS_ESQUEMA_TRUST_H
#define TOOLS_ESQUEMA_TRUST_H

#include "tools/esquema/grants.h"

/* Was this very specification, with all that it asks for, trusted by this user? */
bool trust_is_given(const esq_spec *spec, const struct grants *grants);

#endif
