/* What is wrong with a description, all of it at once: found, and shown as text or JSON. Starts nothing. */
#ifndef TOOLS_ESQUEMA_PROBLEMS_H
#define TOOLS_ESQUEMA_PROBLEMS_H

#include "tools/esquema/grants.h"

struct problems {
    esq_error *list; /* owned */
    size_t count;
};

/*
 * Everything that keeps this from being started, and what would be done nevertheless: *ret_plan, the caller's, is NULL
 * where nothing could be planned. false, and shown: there is no memory.
 */
bool problems_find(const esq_spec *spec, struct problems *ret, esq_plan **ret_plan);
void problems_done(struct problems *problems);

/* What is asked for, as far as it can be said of a specification with problems. Nothing is shown. */
void problems_ask_grants(esq_spec *spec, const struct options *options, struct grants *ret);

void problems_show(const struct problems *problems);
/* "problems":[...] */
void problems_print_json(const esq_error *list, size_t count);
/* ,"problems":[...]} and the end of the line: what went wrong in this command ends its document. */
void problems_end_document(const struct options *options);
/* Of a command that prints one value a line: what went wrong is a last one, where there is any. */
void problems_print_line(const struct options *options);
/* "grants":[...] */
void problems_print_grants_json(const struct grants *grants, const struct options *options);
/* ,"file":...,"line":...,"column":... where the file is known; a line of 0 is unknown. */
void problems_print_place_json(const char *file, unsigned line, unsigned column);

#endif
