/*
 * esquema diff: what was changed in a root filesystem whose changes are kept. Finds the layer and the folder that it
 * was laid over; how the two are compared is tools/sandbox/tree.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/name.h"
#include "tools/common/beneath.h"
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/problems.h"
#include "tools/sandbox/tree.h"

struct telling {
    enum esq_format format;
    size_t count;
};

static void tell(void *data, char letter, const char *tree, const char *path, bool is_folder)
{
    (void)tree;
    struct telling *telling = data;
    char *whole = NULL;
    if (asprintf(&whole, "/%s", path) < 0)
        return;
    switch (telling->format) {
    case ESQ_FORMAT_TEXT:
        printf("%c ", letter);
        report_text(stdout, whole);
        puts(is_folder ? "/" : "");
        break;
    case ESQ_FORMAT_JSON:
        fputs(telling->count ? ",{\"path\":" : "{\"path\":", stdout);
        json_print_string(stdout, whole);
        printf(",\"change\":\"%s\",\"folder\":%s}", tree_change_word(letter), is_folder ? "true" : "false");
        break;
    }
    free(whole);
    telling->count++;
}

/* The folder of the kept layer. -1: ret_error. */
static int open_layer(const char *name, esq_error *ret_error)
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
    if (data && asprintf(&path, "%s/layers/%s", data, name) >= 0)
        fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
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

/* What the layer was laid over when it was last used. -1: ret_error. */
static int open_lower(int layer, const char *name, esq_error *ret_error)
{
    char path[PATH_MAX];
    int file = beneath_open(layer, "lower", O_RDONLY, 0);
    ssize_t length = file < 0 ? -1 : read(file, path, sizeof path - 1);
    if (file >= 0)
        close(file);
    path[length > 0 ? length : 0] = '\0';
    if (path[0] != '/') {
        *ret_error = failure_make("it is not known what the changes kept as %s were laid over", name);
        snprintf(ret_error->remedy, sizeof ret_error->remedy, "start the container that keeps them once more");
        return -1;
    }
    int lower = beneath_open_absolute(path, O_RDONLY | O_DIRECTORY);
    if (lower < 0)
        *ret_error = failure_make("what the changes were laid over: %.300s: %s", path, strerror(errno));
    return lower;
}

static bool compare(int layer, struct telling *telling, const char *name, esq_error *ret_error)
{
    struct tree_change change = { .path = "", .visitor = tell, .data = telling, .ret_error = ret_error };
    change.tree = open_lower(layer, name, ret_error);
    if (change.tree < 0)
        return false;
    change.upper = beneath_open(layer, "changes", O_RDONLY | O_DIRECTORY, 0);
    bool is_good = change.upper >= 0 && tree_visit(&change);
    if (change.upper >= 0 && !is_good && ret_error->error_number == EACCES)
        snprintf(ret_error->remedy, sizeof ret_error->remedy,
                 "what belongs to other users of an (id-map ...) is seen by: "
                 "unshare --map-root-user --map-auto esquema diff %s",
                 name);
    if (change.upper < 0)
        *ret_error = failure_make("open the changes kept as %s: %s", name, strerror(errno));
    else
        close(change.upper);
    close(change.tree);
    return is_good;
}

int command_diff(const struct options *options)
{
    esq_error error = { 0 };
    struct telling telling = { .format = options->format };
    const char *name = options->operands.items[0];
    if (options->format == ESQ_FORMAT_JSON)
        fputs("{\"version\":1,\"changes\":[", stdout);
    int layer = open_layer(name, &error);
    bool is_good = layer >= 0 && compare(layer, &telling, name, &error);
    if (layer >= 0)
        close(layer);
    if (!is_good)
        failure_tell(options->failures, &error);
    if (options->format == ESQ_FORMAT_JSON) {
        putchar(']');
        problems_end_document(options);
    }
    return is_good ? 0 : ESQ_EXIT_SETUP;
}
