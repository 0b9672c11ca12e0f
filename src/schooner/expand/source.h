/* What the two files of the source form share: the names under which variables are shown. */
#ifndef SCHOONER_EXPAND_SOURCE_H
#define SCHOONER_EXPAND_SOURCE_H

#include "schooner/expand/expander.h"

/* Chooses a name for every variable and global of the tree: source_variable and source_global give it afterwards. */
bool source_names(struct front *front, const struct core *body);
struct name *source_variable(const struct variable *variable);
struct name *source_global(const struct global *global);

#endif
