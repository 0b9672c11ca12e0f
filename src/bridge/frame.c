/* Headers, and blocking writes for the runner's end. The host's end, which has a clock, is in sandbox.c. */
#include "bridge/frame.h"

#include "base/transfer.h"

struct frame_header frame_header_make(enum frame_kind kind, size_t length)
{
    return (struct frame_header){ FRAME_MAGIC, FRAME_VERSION, (uint16_t)kind, length };
}

bool frame_header_is_good(const struct frame_header *header, uint64_t most)
{
    return header->magic == FRAME_MAGIC && header->version == FRAME_VERSION && header->length <= most;
}

bool frame_write(int fd, enum frame_kind kind, const void *bytes, size_t length)
{
    struct frame_header header = frame_header_make(kind, length);
    return transfer_write(fd, &header, sizeof header) && transfer_write(fd, bytes, length);
}
