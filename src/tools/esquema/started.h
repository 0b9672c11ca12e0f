/* What the commands for started containers share. */
#ifndef TOOLS_ESQUEMA_STARTED_H
#define TOOLS_ESQUEMA_STARTED_H

#include "tools/esquema/options.h"

/* The store of this user. NULL after a complaint. */
esq_store *started_open(void);

/* All entries, or those that the operands name; to be freed. false after a complaint. */
bool started_list(esq_store *store, const struct options *options, esq_entry **ret_entries, size_t *ret_count);

/* One entry as people read it in a table, and as JSON. */
void started_print_result(const esq_result *result, FILE *out);
/* With what its program has said of itself, where it runs, says such things, and a store is given. */
void started_print_json(esq_store *store, const esq_entry *entry, FILE *out);

/* "2026-11-21T22:30:54Z" */
void started_print_time(uint64_t us, FILE *out);

#endif
