/* Trees of files as they are, whoever mounts them. */
#ifndef ESQUEMA_TREE_H
#define ESQUEMA_TREE_H

#include <esquema.h>

/* What esq_tree_hash says. */
int tree_hash(const char *path, unsigned char ret_hash[32], esq_error *ret_error);

#endif
