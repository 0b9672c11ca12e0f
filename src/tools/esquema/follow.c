/* Reading on: when the file called "log" is another one than that which is read, that one is finished first. */
#include "tools/esquema/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536 };

/* Whole lines, each shorter than a chunk: part of one is still written, or taken back where the disk is full. */
static int read_all(int file, follow_fn *take, void *data)
{
    char bytes[CHUNK];
    ssize_t size = 0;
    while (file >= 0 && (size = read(file, bytes, sizeof bytes)) > 0) {
        ssize_t whole = size;
        while (whole > 0 && bytes[whole - 1] != '\n')
            whole--;
        if (whole < size && lseek(file, whole - size, SEEK_CUR) < 0)
            return errno;
        if (whole == 0)
            return 0;
        take(data, bytes, (size_t)whole);
    }
    return size < 0 ? errno : 0;
}

/* 0, or the errno. */
static int compare_files(int one, int other, bool *ret_is_same)
{
    struct stat first, second;
    *ret_is_same = false;
    if (other < 0)
        return 0;
    if (fstat(one, &first) < 0 || fstat(other, &second) < 0)
        return errno;
    *ret_is_same = first.st_ino == second.st_ino;
    return 0;
}

int follower_read(struct follower *follower, follow_fn *take, void *data)
{
    int error_number = read_all(follower->file, take, data);
    if (error_number != 0)
        return error_number;
    int next = openat(follower->folder, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (next < 0)
        return errno == ENOENT ? 0 : errno; /* for a moment there is none, while it is rotated */
    bool is_same;
    error_number = compare_files(next, follower->file, &is_same);
    if (error_number == 0 && !is_same)
        error_number = read_all(follower->file, take, data); /* what was written before it was rotated */
    if (error_number != 0 || is_same) {
        close(next);
        return error_number;
    }
    if (follower->file >= 0)
        close(follower->file);
    follower->file = next;
    return read_all(next, take, data);
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
