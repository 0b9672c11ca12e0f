/* What the commands for started containers share. */
#ifndef TOOLS_ESQUEMA_STARTED_H
#define TOOLS_ESQUEMA_STARTED_H

#include "tools/esquema/options.h"

/* The store of this user. NULL after a complaint. */
esq_store *started_open(const struct options *options);

/*
 * The one with this name, for commands that act on it: a beginning of it is not enough, or the removal of one container
 * would turn what was meant for it against another. false: *ret_error, which names the one whose name begins so.
 */
bool started_find_whole(esq_store *store, const char *name, esq_entry *ret_entry, esq_error *ret_error);

/* All entries, or those that the operands name; to be freed. false after a complaint. */
bool started_list(esq_store *store, const struct options *options, esq_entry **ret_entries, size_t *ret_count);

/* One entry as people read it in a table, and as JSON. */
void started_print_result(const esq_result *result, FILE *out);
/* With what its program has said of itself, where it runs, says such things, and a store is given. */
void started_print_json(esq_store *store, const esq_entry *entry, FILE *out);
/* The same without the brace that ends it. */
void started_print_fields_json(esq_store *store, const esq_entry *entry, FILE *out);

/* The same of what it is now, or else, where it has gone, of what it was. */
void started_print_now(esq_store *store, const esq_entry *then, FILE *out);

/* {"version":1,"containers":[ and what ends it. Nothing where text is printed. */
void started_begin_json(const struct options *options);
void started_end_json(const struct options *options);

/*
 * The command that only shows containers: hands all entries, or those that the operands name, to `print` inside of the
 * document, and gives its status.
 */
typedef int started_print(const struct options *options, esq_store *store, const esq_entry *entries, size_t count);
int started_show(const struct options *options, started_print *print);

/* "2026-11-21T22:30:54Z" */
void started_print_time(uint64_t us, FILE *out);

#endif
