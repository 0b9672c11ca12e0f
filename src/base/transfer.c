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

/* From where both files stand. */
static bool copy_piece(int from, int to, off_t length)
{
    char bytes[65536];
    while (length > 0) {
        size_t most = length < (off_t)sizeof bytes ? (size_t)length : sizeof bytes;
        ssize_t size = read(from, bytes, most);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return size == 0; /* it has become shorter */
        if (!transfer_write(to, bytes, (size_t)size))
            return false;
        length -= size;
    }
    return true;
}

bool transfer_copy(int from, int to)
{
    off_t end = lseek(from, 0, SEEK_END), next = 0;
    while (next >= 0 && next < end) {
        off_t data = lseek(from, next, SEEK_DATA);
        if (data < 0 && errno == ENXIO) /* a hole up to the end */
            break;
        next = data < 0 ? data : lseek(from, data, SEEK_HOLE);
        if (next < 0 || lseek(from, data, SEEK_SET) < 0 || lseek(to, data, SEEK_SET) < 0 ||
            !copy_piece(from, to, next - data))
            return false;
    }
    return end >= 0 && next >= 0 && ftruncate(to, end) == 0;
}
