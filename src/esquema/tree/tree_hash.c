/*
 * The identity of a tree of files: SHA-256 of a listing in which every tree has exactly one form. Each folder's names
 * in the order of their bytes, and for each name, with a NUL behind every text: d MODE PATH       f MODE SIZE DIGEST
 * PATH       l TARGET PATH       o MODE PATH (anything else) Not in it: owners, times, attributes, and whether two
 * names are one file. Follows no link.
 */
#include "tree/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/sha256.h"
#include "error/error.h"
#include "sys/sys.h"

enum { ENTRIES_MAX = 4000000, DEPTH_MAX = 256 };

/* As of an archive (tools/rootfs). Holes count, for they are read: a stranger's tree may say that it has exabytes. */
#define BYTES_MAX (UINT64_C(64) << 30)

struct listing {
    struct sha256 hash;
    size_t entries;
    uint64_t bytes;
    const char *root;
    esq_error *ret_error;
    char path[PATH_MAX]; /* beneath the root */
};

struct names {
    char **items;
    size_t count;
};

static int fail(const struct listing *listing, int error_number)
{
    return esq_fail(listing->ret_error, NULL, error_number, NULL, "read %s/%s", listing->root, listing->path);
}

static int fail_too_large(const struct listing *listing)
{
    return esq_fail(listing->ret_error, NULL, EFBIG, NULL,
                    "read %s/%s: more than 64 GiB would have to be read for a hash", listing->root, listing->path);
}

static void add_text(struct listing *listing, const char *text)
{
    sha256_update(&listing->hash, text, strlen(text) + 1);
}

static void add_head(struct listing *listing, char kind, const struct stat *about)
{
    char head[32];
    snprintf(head, sizeof(head), "%c %04o", kind, (unsigned)about->st_mode & 07777);
    add_text(listing, head);
}

static int add_contents(struct listing *listing, int folder, const char *name, uint64_t claimed)
{
    struct sha256 hash;
    unsigned char digest[32], bytes[65536];
    char text[96];
    uint64_t size = 0;
    ssize_t got;
    _cleanup_fd_ int fd = sys_openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0)
        return fail(listing, -fd);
    sha256_init(&hash);
    if (claimed > BYTES_MAX - listing->bytes)
        return fail_too_large(listing);
    while ((got = sys_read(fd, bytes, sizeof(bytes))) > 0) {
        sha256_update(&hash, bytes, (size_t)got);
        size += (uint64_t)got;
        if (size > BYTES_MAX - listing->bytes)
            return fail_too_large(listing);
    }
    if (got < 0)
        return fail(listing, (int)-got);
    listing->bytes += size;
    sha256_final(&hash, digest);
    int length = snprintf(text, sizeof(text), "%llu ", (unsigned long long)size);
    for (size_t i = 0; i < sizeof(digest); i++)
        length += snprintf(text + length, sizeof(text) - (size_t)length, "%02x", digest[i]);
    add_text(listing, text);
    return 0;
}

static int add_link(struct listing *listing, int folder, const char *name)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(folder, name, target, sizeof(target) - 1);
    if (length < 0)
        return fail(listing, errno);
    target[length] = '\0';
    add_text(listing, "l");
    add_text(listing, target);
    add_text(listing, listing->path);
    return 0;
}

static int add_folder(struct listing *listing, int folder, unsigned depth);

static int add_entry(struct listing *listing, int folder, const char *name, unsigned depth)
{
    struct stat about;
    if (++listing->entries > ENTRIES_MAX || depth > DEPTH_MAX)
        return fail(listing, E2BIG);
    if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(listing, errno);
    if (S_ISLNK(about.st_mode))
        return add_link(listing, folder, name);
    add_head(listing, S_ISDIR(about.st_mode) ? 'd' : S_ISREG(about.st_mode) ? 'f' : 'o', &about);
    int result = S_ISREG(about.st_mode) ? add_contents(listing, folder, name, (uint64_t)about.st_size) : 0;
    if (result < 0)
        return result;
    add_text(listing, listing->path);
    if (!S_ISDIR(about.st_mode))
        return 0;
    int below = sys_openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    return below < 0 ? fail(listing, -below) : add_folder(listing, below, depth + 1);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_done(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

/* Sorted. 0 or a negative errno. */
static int read_names(const struct listing *listing, DIR *stream, struct names *names)
{
    for (struct dirent *entry; (errno = 0, entry = readdir(stream));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (listing->entries + names->count > ENTRIES_MAX)
            return -E2BIG;
        if (names->count % 256 == 0) {
            char **items = realloc(names->items, (names->count + 256) * sizeof(*items));
            if (!items)
                return -ENOMEM;
            names->items = items;
        }
        if (!(names->items[names->count] = strdup(entry->d_name)))
            return -ENOMEM;
        names->count++;
    }
    if (errno != 0)
        return -errno;
    if (names->count > 1)
        qsort(names->items, names->count, sizeof(*names->items), compare_names);
    return 0;
}

/* Takes the descriptor. */
static int add_folder(struct listing *listing, int folder, unsigned depth)
{
    struct names names = { 0 };
    DIR *stream = fdopendir(folder);
    if (!stream) {
        sys_close(folder);
        return fail(listing, ENOMEM);
    }
    int result = read_names(listing, stream, &names);
    if (result < 0)
        result = fail(listing, -result);
    size_t length = strlen(listing->path);
    for (size_t i = 0; i < names.count && result == 0; i++) {
        int more =
            snprintf(listing->path + length, sizeof(listing->path) - length, "%s%s", length ? "/" : "", names.items[i]);
        result = (size_t)more < sizeof(listing->path) - length
                     ? add_entry(listing, dirfd(stream), names.items[i], depth)
                     : fail(listing, ENAMETOOLONG);
        listing->path[length] = '\0';
    }
    names_done(&names);
    closedir(stream);
    return result;
}

int tree_hash(const char *path, unsigned char ret_hash[32], esq_error *ret_error)
{
    struct listing listing = { .root = path, .ret_error = ret_error };
    int folder = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return fail(&listing, -folder);
    sha256_init(&listing.hash);
    int result = add_folder(&listing, folder, 0);
    if (result == 0)
        sha256_final(&listing.hash, ret_hash);
    return result;
}
