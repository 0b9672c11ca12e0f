/* See harness.h. */
#include "harness.h"

#include "launch/init_job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct harness harness;

static unsigned checked, failed;

bool check(bool is_true, const char *format, ...)
{
    va_list arguments;
    printf("%s %u - ", is_true ? "ok" : "not ok", ++checked);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
    failed += !is_true;
    return is_true;
}

void skip(const char *reason, const char *format, ...)
{
    va_list arguments;
    printf("ok %u - ", ++checked);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf(" # SKIP %s\n", reason);
}

int finish(void)
{
    printf("1..%u\n", checked);
    return failed > 0;
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return is_written;
}

static bool copy_file(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    bool is_copied = in && out;
    for (size_t size; is_copied && (size = fread(bytes, 1, sizeof(bytes), in)) > 0;)
        is_copied = fwrite(bytes, 1, size, out) == size;
    if (in)
        fclose(in);
    if (out)
        is_copied = fclose(out) == 0 && is_copied;
    return is_copied && chmod(to, 0755) == 0;
}

static bool make_root(const char *root, const char *const *folders, const char *probe_path)
{
    char path[512];
    if (mkdir(root, 0755) < 0)
        return false;
    for (; *folders; folders++) {
        snprintf(path, sizeof(path), "%s/%s", root, *folders);
        if (mkdir(path, 0755) < 0)
            return false;
    }
    snprintf(path, sizeof(path), "%s/bin/busybox", root);
    if (!copy_file("/bin/busybox", path))
        return false;
    snprintf(path, sizeof(path), "%s/bin/probe", root);
    return copy_file(probe_path, path);
}

bool harness_init(const char *probe_path)
{
    static const char *const all[] = { "bin", "etc", "proc", "dev", "tmp", "data", NULL };
    static const char *const bin[] = { "bin", NULL };
    char path[512];
    const char *home = getenv("HOME");
    snprintf(harness.folder, sizeof(harness.folder), "%s/esquema-test-XXXXXX", home && *home ? home : "/tmp");
    if (!mkdtemp(harness.folder))
        return false;
    snprintf(harness.root, sizeof(harness.root), "%s/root", harness.folder);
    snprintf(harness.bare, sizeof(harness.bare), "%s/bare", harness.folder);
    if (!make_root(harness.root, all, probe_path) || !make_root(harness.bare, bin, probe_path))
        return false;
    snprintf(path, sizeof(path), "%s/etc/secret", harness.root);
    FILE *secret = fopen(path, "w");
    if (!secret || fputs("secret\n", secret) < 0 || fclose(secret) != 0)
        return false;
    snprintf(path, sizeof(path), "%s/bin/probe", harness.root);
    harness.probe = open(path, O_RDONLY | O_CLOEXEC);
    return harness.probe >= 0;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    return remove(path);
}

void harness_done(void)
{
    nftw(harness.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

bool enter_namespaces(int namespaces, uid_t uid_inside, gid_t gid_inside)
{
    char uids[64], gids[64];
    snprintf(uids, sizeof(uids), "%u %u 1", uid_inside, getuid());
    snprintf(gids, sizeof(gids), "%u %u 1", gid_inside, getgid());
    return unshare(CLONE_NEWUSER | namespaces) == 0 && write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/uid_map", uids) && write_text("/proc/self/gid_map", gids);
}

/* ---- Containers ---- */

static int add_words(esq_spec *spec, const char *field, char *text, esq_error *ret_error)
{
    const char *words[16];
    size_t count = 0;
    for (char *save, *word = strtok_r(text, " ", &save); word && count < 16; word = strtok_r(NULL, " ", &save))
        words[count++] = word;
    return esq_spec_add(spec, field, words, count, &(esq_location){ "test.scm", 9, 12 }, ret_error);
}

static int set_one(esq_spec *spec, char *setting, esq_error *ret_error)
{
    char *equals = strchr(setting, '=');
    if (setting[0] == '@') {
        int result = esq_spec_set_fd(spec, "executable", harness.probe, NULL, ret_error);
        char name[] = "probe";
        result = result < 0 ? result : add_words(spec, "command", name, ret_error);
        return result < 0 ? result : add_words(spec, "command", setting + 1, ret_error);
    }
    if (setting[0] == '<')
        return esq_spec_set_fd(spec, "stdin", atoi(setting + 1), NULL, ret_error);
    if (setting[0] == '!')
        return add_words(spec, "command", setting + 1, ret_error);
    if (!equals || strncmp(setting, "skip:", 5) == 0)
        return 0;
    *equals = '\0';
    if (equals > setting && equals[-1] == '+') {
        equals[-1] = '\0';
        return add_words(spec, setting, equals + 1, ret_error);
    }
    return esq_spec_set(spec, setting, equals + 1, &(esq_location){ "test.scm", 9, 12 }, ret_error);
}

/* Takes a wall down: the child passes over these steps, and init finds nothing of them in its job. */
static void skip_kind(esq_plan *plan, enum step_kind kind)
{
    for (uint32_t i = 0; i < plan->block->step_count; i++) {
        struct step *step = (struct step *)plan_step(plan->block, i);
        if (step->kind == kind)
            step->flags |= STEP_SKIP;
    }
    struct init_job *job = (struct init_job *)((char *)plan->block + plan->block->job);
    if (kind == STEP_SECCOMP)
        job->filter = job->filter_count = 0;
    if (kind == STEP_LANDLOCK)
        job->landlock = -1;
}

static void skip_kinds(esq_plan *plan, const char *const *settings)
{
    for (; *settings; settings++)
        for (int kind = 0; kind < STEP_KIND_COUNT; kind++)
            if (strncmp(*settings, "skip:", 5) == 0 && strcmp(*settings + 5, step_kind_name((enum step_kind)kind)) == 0)
                skip_kind(plan, (enum step_kind)kind);
}

esq_plan *plan_from(const char *const *settings, esq_error *ret_error)
{
    esq_spec *spec = esq_spec_new();
    esq_plan *plan = NULL;
    bool has_root = false;
    int result = 0;
    for (size_t i = 0; settings[i] && result == 0; i++) {
        char *copy = strdup(settings[i]);
        has_root = has_root || strncmp(copy, "rootfs=", 7) == 0 || strcmp(copy, "rootfs-mode=empty") == 0;
        result = set_one(spec, copy, ret_error);
        free(copy);
    }
    if (result == 0 && !has_root)
        result = esq_spec_set(spec, "rootfs", harness.root, NULL, ret_error);
    if (result == 0)
        result = esq_plan_build(spec, &plan, ret_error);
    if (plan)
        skip_kinds(plan, settings);
    esq_spec_free(spec);
    return plan;
}

struct started run(const char *first, ...)
{
    const char *settings[32] = { first };
    size_t count = 1;
    va_list arguments;
    va_start(arguments, first);
    while (count < 31 && (settings[count] = va_arg(arguments, const char *)))
        count++;
    va_end(arguments);

    struct started started = { .launch = -EINVAL };
    esq_container *container = NULL;
    esq_plan *plan = plan_from(settings, &started.error);
    if (plan) {
        started.launch = esq_launch(plan, &container, &started.error);
        if (started.launch == 0 && esq_wait(container, 60000, -1, &started.error) == 0)
            esq_container_result(container, &started.result);
        esq_container_free(container);
        esq_plan_free(plan);
    }
    if (started.launch < 0) {
        char text[2048];
        esq_error_print(&started.error, text, sizeof(text));
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
            printf("# %s\n", line);
    }
    return started;
}

size_t count_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

bool has_children(void)
{
    return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}
