/* Growth by doubling over a struct memory. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/arith.h"

void buffer_init(struct buffer *buffer, const struct memory *memory)
{
    *buffer = (struct buffer){ .memory = memory };
}

void buffer_done(struct buffer *buffer)
{
    if (buffer->bytes)
        memory_resize(buffer->memory, buffer->bytes, buffer->capacity, 0);
    buffer_init(buffer, buffer->memory);
}

bool buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t need;
    if (!size_add(buffer->length, more, &need) || need > SIZE_MAX / 4)
        return false;
    if (need <= buffer->capacity)
        return true;
    size_t capacity = size_max(need, size_max(64, buffer->capacity * 2));
    unsigned char *bytes = memory_resize(buffer->memory, buffer->bytes, buffer->capacity, capacity);
    if (!bytes)
        return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (!buffer_reserve(buffer, length))
        return false;
    if (length)
        memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    return true;
}

bool buffer_append_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_append_byte(struct buffer *buffer, unsigned char byte)
{
    return buffer_append(buffer, &byte, 1);
}

bool buffer_append_u32(struct buffer *buffer, uint32_t word)
{
    return buffer_append(buffer, &word, sizeof word);
}

bool buffer_append_u64(struct buffer *buffer, uint64_t word)
{
    return buffer_append(buffer, &word, sizeof word);
}

bool buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !buffer_reserve(buffer, (size_t)length + 1))
        return false;
    va_start(args, format);
    vsnprintf((char *)buffer->bytes + buffer->length, (size_t)length + 1, format, args);
    va_end(args);
    buffer->length += (size_t)length;
    return true;
}
