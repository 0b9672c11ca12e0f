/* Headers, and blocking reads and writes for the runner's end. The host's end, which has a clock, is in sandbox.c. */
#include "bridge/frame.h"

#include <errno.h>
#include <unistd.h>

struct frame_header frame_header_make(enum frame_kind kind, size_t length)
{
    return (struct frame_header){ FRAME_MAGIC, FRAME_VERSION, (uint16_t)kind, length };
}

bool frame_header_is_good(const struct frame_header *header, uint64_t most)
{
    return header->magic == FRAME_MAGIC && header->version == FRAME_VERSION && header->length <= most;
}

static bool write_bytes(int fd, const void *bytes, size_t length)
{
    const char *next = bytes;
    while (length > 0) {
        ssize_t written = write(fd, next, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        next += written;
        length -= (size_t)written;
    }
    return true;
}

bool frame_write(int fd, enum frame_kind kind, const void *bytes, size_t length)
{
    struct frame_header header = frame_header_make(kind, length);
    return write_bytes(fd, &header, sizeof header) && write_bytes(fd, bytes, length);
}

bool frame_read_bytes(int fd, void *bytes, size_t length)
{
    char *next = bytes;
    while (length > 0) {
        ssize_t count = read(fd, next, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        next += count;
        length -= (size_t)count;
    }
    return true;
}
