/* Reading on: when the file called "log" is another one than that which is read, that one is finished first. */
#include "tools/esquema/follow.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536 };

static void read_all(int file, follow_fn *take, void *data)
{
    char bytes[CHUNK];
    ssize_t size;
    while (file >= 0 && (size = read(file, bytes, sizeof bytes)) > 0)
        take(data, bytes, (size_t)size);
}

static bool is_same_file(int one, int other)
{
    struct stat first, second;
    return one >= 0 && other >= 0 && fstat(one, &first) == 0 && fstat(other, &second) == 0 &&
           first.st_ino == second.st_ino;
}

void follower_read(struct follower *follower, follow_fn *take, void *data)
{
    read_all(follower->file, take, data);
    int next = openat(follower->folder, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (next < 0 || is_same_file(next, follower->file)) {
        if (next >= 0)
            close(next);
        return;
    }
    read_all(follower->file, take, data); /* what was written before it was rotated */
    if (follower->file >= 0)
        close(follower->file);
    follower->file = next;
    read_all(next, take, data);
}

void follower_skip(struct follower *follower)
{
    if (follower->file < 0)
        follower->file = openat(follower->folder, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (follower->file >= 0)
        lseek(follower->file, 0, SEEK_END);
}

void follower_close(struct follower *follower)
{
    if (follower->file >= 0)
        close(follower->file);
    if (follower->folder >= 0)
        close(follower->folder);
    *follower = (struct follower){ -1, -1 };
}
