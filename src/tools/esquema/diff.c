/*
 * esquema diff: what was written over a root filesystem whose changes are kept. Reads the upper layer of the overlay as
 * the kernel left it: a device 0/0 is what was deleted, the rest was written.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/name.h"
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/problems.h"

/* The payload made these folders: as deep as it liked. */
enum { DEPTH_MAX = 256 };

struct telling {
    enum esq_format format;
    size_t count;
};

static void print_entry(struct telling *telling, bool is_deleted, const char *path, bool is_folder)
{
    switch (telling->format) {
    case ESQ_FORMAT_TEXT:
        fputs(is_deleted ? "- " : "+ ", stdout);
        report_text(stdout, path);
        puts(is_folder ? "/" : "");
        break;
    case ESQ_FORMAT_JSON:
        fputs(telling->count ? ",{\"path\":" : "{\"path\":", stdout);
        json_print_string(stdout, path);
        printf(",\"change\":\"%s\",\"folder\":%s}", is_deleted ? "deleted" : "written", is_folder ? "true" : "false");
        break;
    }
    telling->count++;
}

static int compare(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Opens each folder by its parent and follows no link, since the payload made those too. Owns `folder`. */
static void list(struct telling *telling, int folder, const char *path, int depth)
{
    struct dirent **entries = NULL;
    char here[64];
    snprintf(here, sizeof here, "/proc/self/fd/%d", folder);
    int count = scandir(here, &entries, is_entry, compare);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        struct stat about;
        char *below = NULL;
        if (asprintf(&below, "%s/%s", path, name) >= 0 && fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0) {
            bool is_deleted = S_ISCHR(about.st_mode) && about.st_rdev == makedev(0, 0);
            int inner = S_ISDIR(about.st_mode) && depth < DEPTH_MAX
                            ? openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                            : -1;
            print_entry(telling, is_deleted, below, S_ISDIR(about.st_mode));
            if (inner >= 0)
                list(telling, inner, below, depth + 1);
        }
        free(below);
        free(entries[i]);
    }
    free(entries);
    close(folder);
}

/* Opens the folder of the changes. -1: ret_error. */
static int open_changes(const char *name, esq_error *ret_error)
{
    char *data = bridge_data_folder(), *path = NULL;
    int fd = -1;
    if (!name_is_valid(name)) {
        *ret_error = failure_make("that is no name of kept changes");
        snprintf(ret_error->remedy, sizeof ret_error->remedy, "%s", NAME_RULE);
        free(data);
        return -1;
    }
    errno = ENOENT;
    if (data && asprintf(&path, "%s/layers/%s/changes", data, name) >= 0)
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int number = errno;
    free(path);
    free(data);
    if (fd < 0) {
        *ret_error = failure_make("no changes are kept as %s: %s", name, strerror(number));
        snprintf(ret_error->remedy, sizeof ret_error->remedy,
                 "a description keeps them: (rootfs (overlay \"folder\") (keep \"name\"))");
    }
    return fd;
}

int command_diff(const struct options *options)
{
    esq_error error = { 0 };
    struct telling telling = { .format = options->format };
    int fd = open_changes(options->operands.items[0], &error);
    if (fd < 0)
        failure_tell(options->failures, &error);
    if (options->format == ESQ_FORMAT_JSON)
        fputs("{\"version\":1,\"changes\":[", stdout);
    if (fd >= 0)
        list(&telling, fd, "", 0);
    if (options->format == ESQ_FORMAT_JSON) {
        putchar(']');
        problems_end_document(options);
    }
    return fd < 0;
}
