/* esquema rootfs: the command line of the user's root filesystems. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/options.h"
#include "tools/esquema/rootfs_build.h"
#include "tools/esquema/rootfs_store.h"

static int fail(const esq_error *error)
{
    failure_show_error(error);
    return ESQ_EXIT_SETUP;
}

int command_rootfs_import(const struct options *options)
{
    const char *name = options->operands.items[0], *file = options->operands.items[1];
    struct rootfs_draft draft = { .store = -1, .root = -1 };
    esq_error error = { 0 };
    int archive = strcmp(file, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(file, O_RDONLY | O_CLOEXEC);
    if (archive < 0) {
        error = failure_make("%s: %s", file, strerror(errno));
        return fail(&error);
    }
    bool is_good = rootfs_draft_new(name, &draft, &error) &&
                   rootfs_draft_unpack(&draft, archive, options->skip_devices, &error) &&
                   rootfs_draft_finish(&draft, &error);
    rootfs_draft_done(&draft);
    close(archive);
    return is_good ? 0 : fail(&error);
}

int command_rootfs_build(const struct options *options)
{
    struct rootfs_draft draft = { .store = -1, .root = -1 };
    esq_error error = { 0 };
    bool is_good = rootfs_draft_new(options->operands.items[0], &draft, &error) &&
                   rootfs_build(options->operands.items[1], &draft, &error) && rootfs_draft_finish(&draft, &error);
    rootfs_draft_done(&draft);
    return is_good ? 0 : fail(&error);
}

int command_rootfs_list(const struct options *options)
{
    (void)options;
    esq_error error = { 0 };
    return rootfs_list(&error) ? 0 : fail(&error);
}

int command_rootfs_remove(const struct options *options)
{
    esq_error error = { 0 };
    int status = 0;
    for (size_t i = 0; i < options->operands.count; i++)
        if (!rootfs_remove(options->operands.items[i], &error))
            status = fail(&error);
    return status;
}

int command_rootfs_hash(const struct options *options)
{
    unsigned char hash[32];
    char text[65];
    esq_error error = { 0 };
    if (esq_tree_hash(options->operands.items[0], hash, &error) < 0)
        return fail(&error);
    rootfs_hash_text(hash, text);
    puts(text);
    return 0;
}
