/* esquema rootfs: the command line of the user's root filesystems. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "tools/common/json.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/problems.h"
#include "tools/esquema/rootfs_build.h"
#include "tools/esquema/rootfs_store.h"

/* What a command tells of root filesystems: "NAME  SHA256", or an item of "rootfs". */
struct telling {
    const struct options *options;
    const char *key; /* what the name of one is called */
    size_t count;
};

/* `hash` may be NULL: it has gone. */
static void tell(void *data, const char *name, const char *hash)
{
    struct telling *telling = data;
    switch (telling->options->format) {
    case ESQ_FORMAT_TEXT:
        if (hash)
            printf("%s  %s\n", name, hash);
        break;
    case ESQ_FORMAT_JSON:
        printf("%s{\"%s\":", telling->count ? "," : "", telling->key);
        json_print_string(stdout, name);
        if (hash)
            printf(",\"sha256\":\"%s\"", hash);
        putchar('}');
        break;
    }
    telling->count++;
}

static struct telling begin(const struct options *options)
{
    if (options->format == ESQ_FORMAT_JSON)
        fputs("{\"version\":1,\"rootfs\":[", stdout);
    return (struct telling){ options, "name", 0 };
}

/* `error` is NULL where all is well. */
static int end(const struct options *options, const esq_error *error)
{
    if (error)
        failure_tell(options->failures, error);
    if (options->format == ESQ_FORMAT_JSON) {
        putchar(']');
        problems_end_document(options);
    }
    return error ? ESQ_EXIT_SETUP : 0;
}

static bool begin_draft(const struct options *options, struct rootfs_draft *draft, esq_error *ret_error)
{
    bool is_good = rootfs_draft_new(options->operands.items[0], draft, ret_error);
    if (options->format == ESQ_FORMAT_JSON)
        draft->remarks = STDERR_FILENO;
    return is_good;
}

static bool import(const struct options *options, struct rootfs_draft *draft, char ret_hash[65], esq_error *ret_error)
{
    const char *file = options->operands.items[1];
    int archive = strcmp(file, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(file, O_RDONLY | O_CLOEXEC);
    if (archive < 0) {
        *ret_error = failure_make("%s: %s", file, strerror(errno));
        return false;
    }
    bool is_good = begin_draft(options, draft, ret_error);
    is_good = is_good && rootfs_draft_unpack(draft, archive, options->skip_devices, ret_error) &&
              rootfs_draft_finish(draft, ret_hash, ret_error);
    close(archive);
    return is_good;
}

static bool build(const struct options *options, struct rootfs_draft *draft, char ret_hash[65], esq_error *ret_error)
{
    return begin_draft(options, draft, ret_error) && rootfs_build(options->operands.items[1], draft, ret_error) &&
           rootfs_draft_finish(draft, ret_hash, ret_error);
}

typedef bool make_fn(const struct options *options, struct rootfs_draft *draft, char ret_hash[65],
                     esq_error *ret_error);

static int make(const struct options *options, make_fn *function)
{
    struct rootfs_draft draft = { .store = -1, .root = -1 };
    esq_error error = { 0 };
    char hash[65];
    bool is_good = function(options, &draft, hash, &error);
    struct telling telling = begin(options);
    if (is_good)
        tell(&telling, draft.name, hash);
    rootfs_draft_done(&draft);
    return end(options, is_good ? NULL : &error);
}

int command_rootfs_import(const struct options *options)
{
    return make(options, import);
}

int command_rootfs_build(const struct options *options)
{
    return make(options, build);
}

int command_rootfs_list(const struct options *options)
{
    esq_error error = { 0 };
    struct telling telling = begin(options);
    bool is_good = rootfs_list(tell, &telling, &error);
    return end(options, is_good ? NULL : &error);
}

int command_rootfs_remove(const struct options *options)
{
    esq_error error = { 0 };
    int status = 0;
    struct telling telling = begin(options);
    for (size_t i = 0; i < options->operands.count; i++) {
        if (rootfs_remove(options->operands.items[i], &error)) {
            tell(&telling, options->operands.items[i], NULL);
        } else {
            failure_tell(options->failures, &error);
            status = ESQ_EXIT_SETUP;
        }
    }
    end(options, NULL);
    return status;
}

int command_rootfs_hash(const struct options *options)
{
    unsigned char hash[32];
    char text[65];
    esq_error error = { 0 };
    const char *folder = options->operands.items[0];
    struct telling telling = begin(options);
    telling.key = "path";
    bool is_good = esq_tree_hash(folder, hash, &error) == 0;
    if (is_good) {
        rootfs_hash_text(hash, text);
        switch (options->format) {
        case ESQ_FORMAT_TEXT: puts(text); break;
        case ESQ_FORMAT_JSON: tell(&telling, folder, text); break;
        }
    }
    return end(options, is_good ? NULL : &error);
}
