/* Whole transfers over descriptors that block. A signal in between is no end. Knows nothing of what is transferred. */
#ifndef BASE_TRANSFER_H
#define BASE_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

/* All bytes; false: with errno, some may have been written. */
bool transfer_write(int fd, const void *bytes, size_t length);
/* So many bytes; false: with errno, or there are fewer. */
bool transfer_read(int fd, void *bytes, size_t length);
/*
 * All of a regular file into a new one, holes as holes: what takes no space takes none in the copy. false: with errno,
 * some may have been written.
 */
bool transfer_copy(int from, int to);

#endif
