/* Lists of names for people: collected, sorted, in columns; and the names of files. Does not know what they name. */
#ifndef TOOLS_SCHOONER_REPL_NAMES_H
#define TOOLS_SCHOONER_REPL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct name_list {
    char **items; /* owned, as each of them */
    size_t count, capacity;
};

/* Adds a copy of the name; `data` is the list. false: no memory. */
bool name_list_take(void *data, const char *name);
/* The files that begin with `prefix`, folders with a / behind. */
void name_list_files(struct name_list *list, const char *prefix);
void name_list_sort(struct name_list *list);
void name_list_done(struct name_list *list);

/* One space where there are several, none behind an opening parenthesis: as names of libraries are written. */
void name_join_spaces(char *text);

/* In columns of the terminal's width, else one on a line. */
void name_print_columns(const char *const *names, size_t count, bool in_columns);

#endif
