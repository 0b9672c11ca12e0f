/* Starting a container again that has ended, from what was kept of its start. */
#ifndef TOOLS_ESQUEMA_RESTART_H
#define TOOLS_ESQUEMA_RESTART_H

#include "tools/esquema/options.h"

/*
 * The same specification, behind the same walls, under the same name: its description is not read again. What it asks
 * of the host is looked at anew and must have been given at the start, or be given now by --allow, --trust or `esquema
 * trust`. Nothing is started where anything of that cannot be said for certain. Returns 0 or a negative errno.
 */
int restart_ended(esq_store *store, const struct options *options, const esq_entry *entry, esq_error *ret_error);

#endif
