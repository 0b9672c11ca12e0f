#include "base/transfer.h"

#include <errno.h>
#include <unistd.h>

bool transfer_write(int fd, const void *bytes, size_t length)
{
    const char *next = bytes;
    while (length > 0) {
        ssize_t count = write(fd, next, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        next += count;
        length -= (size_t)count;
    }
    return true;
}

bool transfer_read(int fd, void *bytes, size_t length)
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

bool transfer_copy(int from, int to)
{
    char bytes[65536];
    for (;;) {
        ssize_t size = read(from, bytes, sizeof bytes);
        if (size == 0)
            return true;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 || !transfer_write(to, bytes, (size_t)size))
            return false;
    }
}
