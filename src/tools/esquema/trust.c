/*
 * What was trusted once. The key is made of the specification and of everything that it asks for, paths as they really
 * are: a description that was changed, a container that it inherits from, a link that leads elsewhere now, give another
 * key, and are asked for again. A key is an empty file; which description it stood for is only said inside.
 */
#include "tools/common/report.h"
#include "tools/esquema/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/sha256.h"
#include "bridge/bridge.h"
#include "tools/esquema/describe.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/problems.h"
#include "tools/esquema/specification.h"

enum { KEY = 64 };

static void add_text(struct sha256 *hash, const char *text)
{
    sha256_update(hash, text, strlen(text) + 1); /* with its end, so that two texts are not one */
}

static bool make_key(const esq_spec *spec, const struct grants *grants, char ret_key[KEY + 1])
{
    unsigned char bytes[32];
    struct sha256 hash;
    if (esq_spec_hash(spec, bytes) < 0)
        return false;
    sha256_init(&hash);
    add_text(&hash, "esquema trust 1");
    sha256_update(&hash, bytes, sizeof bytes);
    for (size_t i = 0; i < grants->count; i++) {
        add_text(&hash, grants->items[i].flag);
        add_text(&hash, grants->items[i].value);
    }
    sha256_final(&hash, bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(ret_key + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

/* ".trust" in the folder of states; NULL: there is none. To be freed. Beside it lie the logs of containers, of whom
 * none has a name that begins with a dot. */
static char *find_folder(void)
{
    char *state = bridge_state_folder(), *path = NULL;
    int length = state ? asprintf(&path, "%s/.trust", state) : -1;
    free(state);
    return length < 0 ? NULL : path;
}

static int make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int result = mkdir(path, 0700);
        *slash = '/';
        if (result < 0 && errno != EEXIST)
            return -errno;
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static char *find_path(const esq_spec *spec, const struct grants *grants, bool makes_folder, int *ret_error)
{
    char key[KEY + 1], *path = NULL;
    char *folder = find_folder();
    *ret_error = folder ? 0 : ENOENT;
    if (folder && makes_folder)
        *ret_error = -make_folders(folder);
    if (*ret_error == 0 && (!make_key(spec, grants, key) || asprintf(&path, "%s/%s", folder, key) < 0)) {
        *ret_error = ENOMEM;
        path = NULL;
    }
    free(folder);
    return path;
}

bool trust_is_given(const esq_spec *spec, const struct grants *grants)
{
    struct stat found;
    int error;
    char *path = find_path(spec, grants, false, &error);
    /* Nobody else's word, and nothing that somebody else could have put there. */
    bool is_given = path && lstat(path, &found) == 0 && S_ISREG(found.st_mode) && found.st_uid == geteuid() &&
                    (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    free(path);
    return is_given;
}

static int remember(const struct options *options, const esq_spec *spec, const struct grants *grants)
{
    int error;
    char *path = find_path(spec, grants, true, &error);
    int fd = path ? open(path, O_CREAT | O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
    if (path && fd < 0)
        error = errno;
    if (fd >= 0) {
        dprintf(fd, "%s\n", options->file);
        close(fd);
    }
    free(path);
    return error;
}

static int forget(const esq_spec *spec, const struct grants *grants)
{
    int error;
    char *path = find_path(spec, grants, false, &error);
    if (path && unlink(path) < 0)
        error = errno;
    free(path);
    return error;
}

static int tell_json(const struct options *options, const struct grants *grants, int error)
{
    bool is_failure = error && !(error == ENOENT && options->forget);
    esq_error failure = failure_make("remember it: %s", strerror(error));
    printf("\"trusted\":%s", is_failure || options->forget ? "false" : "true");
    specification_print_grants_json(grants->items, grants->count, stdout);
    putchar(',');
    problems_print_json(&failure, is_failure ? 1 : 0);
    return is_failure ? ESQ_EXIT_SETUP : 0;
}

static int tell(const struct options *options, const struct grants *grants, int error)
{
    if (options->format == ESQ_FORMAT_JSON)
        return tell_json(options, grants, error);
    if (error == ENOENT && options->forget) {
        report_text(stdout, options->file);
        puts(" was not trusted");
        return 0;
    }
    if (error) {
        esq_error failure = failure_make("remember it: %s", strerror(error));
        failure_show_error(&failure);
        return ESQ_EXIT_SETUP;
    }
    report_text(stdout, options->file);
    if (grants->count == 0 && !options->forget) {
        puts(" asks for nothing: it runs without trust, too");
        return 0;
    }
    puts(options->forget ? " is asked for its grants again" : " is trusted until it changes, with:");
    for (size_t i = 0; i < grants->count && !options->forget; i++) {
        fputs("     --allow ", stdout);
        grant_print(stdout, &grants->items[i]);
        fputc('\n', stdout);
    }
    return 0;
}

static void print_untrusted(const esq_error *error)
{
    fputs("\"trusted\":false,\"grants\":[],", stdout);
    problems_print_json(error, 1);
}

static int trust_one(const struct options *options, esq_spec *spec)
{
    esq_error error = { 0 };
    struct grants grants = { 0 };
    int status = ESQ_EXIT_SETUP;
    bool is_asked = grants_ask(spec, options, &grants, &error);
    if (!is_asked && options->format == ESQ_FORMAT_JSON)
        print_untrusted(&error);
    if (is_asked)
        status = tell(options, &grants, options->forget ? forget(spec, &grants) : remember(options, spec, &grants));
    grants_done(&grants);
    return status;
}

int command_trust(const struct options *options)
{
    return describe_all(options, trust_one, print_untrusted);
}
