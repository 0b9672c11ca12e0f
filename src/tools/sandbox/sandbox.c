/* See sandbox.h. The order of what is mounted is the order of the wish: folders before what lies in them. */
#include "tools/sandbox/sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "bridge/bridge.h"
#include "tools/common/units.h"
#include "tools/sandbox/host.h"
#include "tools/sandbox/problem.h"
#include "tools/sandbox/trees.h"

/* What holds where the command line says nothing; docs/sandbox-command.md says so, too. */
#define MEMORY_DEFAULT     (4ull << 30)
#define DISK_DEFAULT       (4ull << 30)
#define OUTPUT_DEFAULT     (1ull << 30) /* where nobody sees it at a terminal */
#define PROCESSES_DEFAULT  1024
#define TIME_DEFAULT       3600000 /* milliseconds, where nobody sits at a terminal */
#define OPEN_FILES_DEFAULT 4096
#define OPEN_FILES_LEAST   16               /* that can be asked for */
#define THROW_AWAY_SIZE    "size=268435456" /* of /tmp and of the home folder, each */
#define THROW_AWAY_INODES  "inodes=65536"

/* ---- Limits ---- */

struct limit {
    const char *option;
    const char *given; /* or NULL */
    uint64_t initial;
    bool (*parse)(const char *text, uint64_t *ret);
};

/* 0: none. */
static bool find_limit(const struct limit *limit, uint64_t *ret, esq_error *ret_error)
{
    *ret = limit->initial;
    if (!limit->given)
        return true;
    *ret = 0;
    if (strcmp(limit->given, "none") == 0 || limit->parse(limit->given, ret))
        return true;
    return problem(ret_error, "such as --memory 512M, --time 10m, --processes 100; 0 lifts it", "%s: %s is no limit",
                   limit->option, limit->given);
}

static uint64_t at_most_hard(int resource, uint64_t value)
{
    struct rlimit host;
    if (getrlimit((__rlimit_resource_t)resource, &host) == 0 && host.rlim_max != RLIM_INFINITY && host.rlim_max < value)
        return host.rlim_max;
    return value;
}

/*
 * What a cgroup would hold for the whole sandbox is also held for each process. A default that this host cannot enforce
 * is excused by its name; what was asked for is not.
 */
static void add_group_limit(struct wish *wish, const char *field, const char *of_process, uint64_t value, bool is_asked)
{
    if (value == 0)
        return;
    wish_set_number(wish, field, value);
    if (of_process)
        wish_set_number(wish, of_process, value);
    if (!is_asked)
        wish_add_words(wish, "best-effort", field, NULL);
}

static bool add_limits(struct sandbox *sandbox, esq_error *ret_error)
{
    const struct sandbox_request *request = sandbox->request;
    struct wish *wish = &sandbox->wish;
    bool is_seen = isatty(STDIN_FILENO) == 1;
    bool is_shown = isatty(STDOUT_FILENO) == 1 || isatty(STDERR_FILENO) == 1;
    uint64_t memory, disk, processes, output, nanoseconds = request->time;
    const struct limit limits[] = {
        { "--memory", request->memory, MEMORY_DEFAULT, parse_bytes },
        { "--disk", request->disk, DISK_DEFAULT, parse_bytes },
        { "--processes", request->processes, at_most_hard(RLIMIT_NPROC, PROCESSES_DEFAULT), parse_count },
        { "--output", request->output, is_shown ? 0 : OUTPUT_DEFAULT, parse_bytes },
    };
    if (!find_limit(&limits[0], &memory, ret_error) || !find_limit(&limits[1], &disk, ret_error) ||
        !find_limit(&limits[2], &processes, ret_error) || !find_limit(&limits[3], &output, ret_error))
        return false;
    if (nanoseconds == UINT64_MAX)
        nanoseconds = is_seen ? 0 : TIME_DEFAULT * 1000000ull;
    add_group_limit(wish, "memory", "data-size", memory, request->memory != NULL);
    add_group_limit(wish, "processes", "user-processes", processes, request->processes != NULL);
    if (processes == 0) /* a container has a limit of its own where nothing is said */
        wish_set(wish, "processes", "unlimited");
    if (disk > 0) { /* one file meets its limit at once, all of them when they are counted */
        wish_set_number(wish, "file-size", at_most_hard(RLIMIT_FSIZE, disk));
        wish_set_number(wish, "disk", disk);
    }
    if (output > 0)
        wish_set_number(wish, "output", output);
    if (nanoseconds > 0)
        wish_set_number(wish, "time", (nanoseconds + 999999) / 1000000);
    uint64_t open_files = at_most_hard(RLIMIT_NOFILE, OPEN_FILES_DEFAULT);
    wish_set_number(wish, "open-files", open_files < OPEN_FILES_LEAST ? OPEN_FILES_LEAST : open_files);
    return true;
}

/* ---- Who, where, with what ---- */

static void find_home(struct sandbox *sandbox)
{
    const char *home = getenv("HOME");
    if (!home || *home != '/' || !realpath(home, sandbox->home) || strcmp(sandbox->home, "/") == 0 ||
        path_is_beneath(sandbox->home, "/usr") || path_is_beneath(sandbox->home, "/proc") ||
        path_is_beneath(sandbox->home, "/dev") || path_is_beneath(sandbox->home, "/etc"))
        snprintf(sandbox->home, sizeof sandbox->home, "/home/user");
}

/* The working directory, where it lies in a tree that was named; else the home folder. */
static void add_working_directory(struct sandbox *sandbox)
{
    char here[PATH_MAX];
    const struct guard_tree *tree = getcwd(here, sizeof here) ? trees_around(&sandbox->trees, here) : NULL;
    sandbox->is_elsewhere = !tree || tree->is_file;
    wish_set(&sandbox->wish, "working-directory", sandbox->is_elsewhere ? sandbox->home : here);
}

static bool add_environment(struct sandbox *sandbox, esq_error *ret_error)
{
    /* How a terminal shows text, and where on earth it is: no secrets, and programs look broken without. */
    static const char *const passed[] = { "TERM",     "COLORTERM", "LANG",        "LANGUAGE",   "LC_ALL",
                                          "LC_CTYPE", "TZ",        "LC_MESSAGES", "LC_COLLATE", "NO_COLOR" };
    struct wish *wish = &sandbox->wish;
    char *name = host_user_name();
    wish_add_words(wish, "environment", "HOME", sandbox->home, NULL);
    wish_add_words(wish, "environment", "USER", name ? name : "user", NULL);
    wish_add_words(wish, "environment", "LOGNAME", name ? name : "user", NULL);
    free(name);
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        if (getenv(passed[i]))
            wish_add_words(wish, "environment", passed[i], getenv(passed[i]), NULL);
    for (size_t i = 0; i < sandbox->request->environment.count; i++) {
        const char *word = sandbox->request->environment.items[i], *equals = strchr(word, '=');
        char given[256];
        size_t length = equals ? (size_t)(equals - word) : strlen(word);
        if (length == 0 || length >= sizeof given)
            return problem(ret_error, "--env NAME passes it on, --env NAME=VALUE sets it",
                           "%s is no environment variable", word);
        if (!equals && !getenv(word))
            return problem(ret_error, "set it, or write --env NAME=VALUE", "the environment has no %s", word);
        memcpy(given, word, length);
        given[length] = '\0';
        wish_add_words(wish, "environment", given, equals ? equals + 1 : getenv(word), NULL);
    }
    return true;
}

/* publish=8080,9090:80 : ports of the host, and where they lead inside; `,metadata` may be the last. */
static bool add_ports(struct sandbox *sandbox, const char *ports, esq_error *ret_error)
{
    wish_set(&sandbox->wish, "network", "user");
    for (const char *next = ports;; next++) {
        char outside[8], inside[8];
        if (next > ports && strcmp(next, "metadata") == 0) {
            wish_set(&sandbox->wish, "network-metadata", "yes");
            return true;
        }
        size_t length = strspn(next, "0123456789"), more = 0;
        const char *end = next + length;
        if (*end == ':')
            more = strspn(end + 1, "0123456789");
        if (length == 0 || length > 5 || more > 5 || (*end == ':' && more == 0))
            return problem(ret_error, "such as --net publish=8080 or --net publish=8080:80,9090", "%s are no ports",
                           ports);
        snprintf(outside, sizeof outside, "%.*s", (int)length, next);
        snprintf(inside, sizeof inside, "%.*s", (int)more, end + 1);
        wish_add_words(&sandbox->wish, "publish", outside, more > 0 ? inside : NULL, NULL);
        next = end + (more > 0 ? more + 1 : 0);
        if (*next != ',')
            return !*next || problem(ret_error, "ports stand with commas between", "%s are no ports", ports);
    }
}

static bool add_network(struct sandbox *sandbox, esq_error *ret_error)
{
    const char *network = sandbox->request->network;
    if (!network || strcmp(network, "none") == 0)
        return true;
    if (strncmp(network, "publish=", 8) == 0)
        return add_ports(sandbox, network + 8, ret_error);
    bool has_metadata = strcmp(network, "user,metadata") == 0;
    if (strcmp(network, "host") != 0 && strcmp(network, "user") != 0 && !has_metadata)
        return problem(ret_error, "say --net none, host, user or publish=PORT", "%s is no network", network);
    wish_set(&sandbox->wish, "network", has_metadata ? "user" : network);
    if (has_metadata)
        wish_set(&sandbox->wish, "network-metadata", "yes");
    return true;
}

static void add_person(struct sandbox *sandbox)
{
    char ids[64];
    snprintf(ids, sizeof ids, "%u:%u", getuid(), getgid());
    wish_set(&sandbox->wish, "name", SANDBOX_NAME);
    wish_set(&sandbox->wish, "rootfs-mode", "empty");
    wish_add(&sandbox->wish, "command", sandbox->request->command.items, sandbox->request->command.count);
    wish_set(&sandbox->wish, "user", ids);
    wish_set(&sandbox->wish, "proc", "yes");
    wish_set(&sandbox->wish, "dev", "yes");
}

/* ---- What it sees ---- */

static void add_memory(struct sandbox *sandbox)
{
    struct wish *wish = &sandbox->wish;
    wish_add_words(wish, "mounts", "tmpfs", "/tmp", THROW_AWAY_SIZE, THROW_AWAY_INODES, NULL);
    wish_add_words(wish, "mounts", "link", "/var/tmp", "/tmp", NULL);
    if (!trees_around(&sandbox->trees, sandbox->home) && strcmp(sandbox->home, "/tmp") != 0)
        wish_add_words(wish, "mounts", "tmpfs", sandbox->home, THROW_AWAY_SIZE, THROW_AWAY_INODES, NULL);
}

static bool add_tree(struct sandbox *sandbox, size_t index, bool is_real, esq_error *ret_error)
{
    const struct guard_tree *tree = &sandbox->trees.items[index];
    char keep[PATH_MAX + 64] = "keep=";
    if (!sandbox->request->is_overlay || !tree->is_writable || tree->is_file) {
        if (sandbox->request->is_overlay && tree->is_writable)
            return problem(ret_error, "name the folder that it lies in", "%s is a file, and only a folder has a layer",
                           tree->path);
        wish_add_words(&sandbox->wish, "mounts", "bind", tree->path, tree->path,
                       tree->is_writable ? "writable" : "read-only", NULL);
        return true;
    }
    if (is_real && !changes_add_tree(&sandbox->changes, index, tree->path, keep + 5, sizeof keep - 5, ret_error))
        return false;
    wish_add_words(&sandbox->wish, "mounts", "overlay", tree->path, tree->path, is_real ? keep : NULL, NULL);
    return true;
}

static void add_guards(struct sandbox *sandbox, size_t index)
{
    for (size_t i = 0; i < sandbox->guards.count; i++) {
        const struct guard_name *name = &sandbox->guards.names[i];
        if (name->tree != index)
            continue;
        switch (name->action) {
        case GUARD_NONE: break;
        case GUARD_PIN: wish_add_words(&sandbox->wish, "mounts", "pin", name->path, "writable", NULL); break;
        case GUARD_READ_ONLY: wish_add_words(&sandbox->wish, "mounts", "pin", name->path, "read-only", NULL); break;
        case GUARD_HIDE: wish_add_words(&sandbox->wish, "mounts", "hide", name->path, NULL); break;
        }
    }
}

static void add_texts(struct sandbox *sandbox, size_t index)
{
    for (size_t i = 0; i < sandbox->guards.text_count; i++) {
        const struct guard_text *text = &sandbox->guards.texts[i];
        if (text->tree == index)
            wish_add_words(&sandbox->wish, "mounts", "text", text->path, text->contents, NULL);
    }
}

/* What is kept of other runs, and what was trusted, would be a way around all that is promised here. */
static void hide_own_folder(struct sandbox *sandbox, char *folder)
{
    char real[PATH_MAX];
    if (folder && realpath(folder, real) && trees_around(&sandbox->trees, real))
        wish_add_words(&sandbox->wish, "mounts", "hide", real, NULL);
    free(folder);
}

static enum host_names names_of(const char *network)
{
    if (!network || strcmp(network, "none") == 0)
        return HOST_NAMES_NONE;
    return strcmp(network, "host") == 0 ? HOST_NAMES_OF_HOST : HOST_NAMES_OF_NETWORK;
}

static bool add_sight(struct sandbox *sandbox, bool is_real, esq_error *ret_error)
{
    add_memory(sandbox);
    host_add(&sandbox->wish, names_of(sandbox->request->network), sandbox->home, &sandbox->trees);
    for (size_t i = 0; i < sandbox->trees.count; i++) {
        if (!add_tree(sandbox, i, is_real, ret_error))
            return false;
        add_guards(sandbox, i);
        add_texts(sandbox, i);
    }
    hide_own_folder(sandbox, bridge_data_folder());
    hide_own_folder(sandbox, bridge_state_folder());
    return true;
}

/* ---- All of it ---- */

bool sandbox_prepare(const struct sandbox_request *request, bool is_real, struct sandbox *ret, esq_error *ret_error)
{
    *ret = (struct sandbox){ .request = request, .changes = { .fd = -1 } };
    find_home(ret);
    if (!trees_find(request, ret->home, &ret->trees, ret_error) ||
        !guards_find(&ret->trees, request->hide.items, request->hide.count, &ret->guards, ret_error))
        return false;
    if (request->is_overlay && is_real && !changes_new(&ret->changes, ret_error))
        return false;
    add_person(ret);
    add_working_directory(ret);
    if (!add_environment(ret, ret_error) || !add_network(ret, ret_error) || !add_limits(ret, ret_error))
        return false;
    for (size_t i = 0; i < request->best_effort.count; i++)
        wish_add_words(&ret->wish, "best-effort", request->best_effort.items[i], NULL);
    return add_sight(ret, is_real, ret_error);
}

void sandbox_done(struct sandbox *sandbox)
{
    changes_close(&sandbox->changes);
    free(sandbox->stand_ins);
    guards_done(&sandbox->guards);
    trees_done(&sandbox->trees);
    wish_done(&sandbox->wish);
}

/* Between the search and the plan a folder may have been turned into a link elsewhere. */
static bool check_paths(const struct sandbox *sandbox, const esq_grant *grants, size_t count, esq_error *ret_error)
{
    for (size_t i = 0; i < count; i++) {
        bool is_path = strcmp(grants[i].flag, "host-path") == 0 || strcmp(grants[i].flag, "writable-path") == 0;
        if (is_path && !wish_has_source(&sandbox->wish, grants[i].value))
            return problem(ret_error, "leave the trees in peace while a sandbox starts",
                           "something leads to %s, which was not named", grants[i].value);
    }
    return true;
}

bool sandbox_specify(const struct sandbox *sandbox, esq_spec **ret_spec, esq_error *ret_error)
{
    esq_spec *spec = esq_spec_new();
    if (!spec)
        return problem(ret_error, NULL, "out of memory");
    bool is_good = wish_specify(&sandbox->wish, spec, ret_error) == 0;
    ssize_t count = is_good ? esq_spec_grants(spec, NULL, 0) : 0;
    esq_grant *grants = count < 0 ? NULL : calloc((size_t)count + 1, sizeof *grants);
    if (is_good && count == -EINVAL && esq_spec_check(spec, ret_error, 1) > 0) {
        is_good = false;
    } else if (is_good && (!grants || esq_spec_grants(spec, grants, (size_t)count) != count)) {
        is_good =
            problem(ret_error, NULL, "ask what the sandbox needs: %s", strerror(count < 0 ? (int)-count : ENOMEM));
    }
    is_good = is_good && check_paths(sandbox, grants, (size_t)count, ret_error);
    free(grants);
    if (is_good)
        *ret_spec = spec;
    else
        esq_spec_free(spec);
    return is_good;
}
