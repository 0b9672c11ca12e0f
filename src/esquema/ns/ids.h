/* Ids of the caller's subordinate range, as /etc/subuid and /etc/subgid give them. Knows no specification. */
#ifndef ESQUEMA_NS_IDS_H
#define ESQUEMA_NS_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first range that `file` gives to this user, by name or number. False where there is none. */
bool ids_find_range(const char *file, uint32_t uid, uint32_t *ret_first, uint32_t *ret_count);

/* The lines of an id map: `own` at `inside`, and `count` ids from `first` beneath and above it. 160 bytes are enough.
 */
void ids_write_map(char *text, size_t size, uint32_t inside, uint32_t own, uint32_t first, uint32_t count);

#endif
