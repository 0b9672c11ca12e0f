/* A growing sequence of bytes. Appending may fail by return value; a failed append leaves the buffer as it was. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"

struct buffer {
    const struct memory *memory;
    unsigned char *bytes;
    size_t length;
    size_t capacity;
};

void buffer_init(struct buffer *buffer, const struct memory *memory);
void buffer_done(struct buffer *buffer);

bool buffer_reserve(struct buffer *buffer, size_t more);
bool buffer_append(struct buffer *buffer, const void *bytes, size_t length);
bool buffer_append_text(struct buffer *buffer, const char *text);
bool buffer_append_byte(struct buffer *buffer, unsigned char byte);
bool buffer_append_u32(struct buffer *buffer, uint32_t word);
bool buffer_append_u64(struct buffer *buffer, uint64_t word);
bool buffer_append_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
