/* Private to heap/: the memory of buffers and arenas over an account. */
#ifndef SCHOONER_HEAP_POOL_H
#define SCHOONER_HEAP_POOL_H

#include "schooner/heap/account.h"
#include "schooner/value/value.h"

/* The function of account.memory; `data` is the account. */
/* Gives back the page that is kept for the next block of about its size. */
void pool_drop_spare(struct account *account);
void *pool_resize(void *data, void *block, size_t old_size, size_t new_size);
void pool_done(struct account *account);

/* Grows or shrinks a mapping in place or elsewhere, contents kept; without a hook only. NULL: did not fit. */
void *account_remap(struct account *account, void *block, size_t old_size, size_t new_size);

#endif
