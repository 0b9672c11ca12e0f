/*
 * What is read of the host does no harm, whoever made it so: mount tables and cgroups of /proc, the processes in it,
 * ranges of ids, what a bus of D-Bus answers, and what the store has kept of a container. The input's first byte says
 * which.
 */
#include "harness.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "esquema/ns/ids.h"
#include "esquema/store/store.h"

/* Their own parts, which no header shows. */
#include "esquema/cgroup/find.c"
#include "esquema/cgroup/scope.c"
#define add      stats_add
#define find     stats_find
#define read_all stats_read_all
#include "esquema/supervise/stats.c"

enum { TEXT_MAX = 4096 };

static char folder_path[64];

static void remove_folder(void)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder_path);
    fuzz_check(system(command) == 0);
}

static int open_folder(void)
{
    static int folder = -1;
    if (folder < 0) {
        snprintf(folder_path, sizeof folder_path, "%s/fuzz-host-XXXXXX",
                 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
        fuzz_check(mkdtemp(folder_path));
        atexit(remove_folder);
        folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fuzz_check(folder >= 0 && mkdirat(folder, "1", 0700) == 0);
    }
    return folder;
}

static void put_file(int folder, const char *name, const void *bytes, size_t size)
{
    int fd = openat(folder, name, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_check(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    close(fd);
}

/* ---- /proc ---- */

static void cgroup_of(const char *bytes, size_t size)
{
    int folder = open_folder();
    char path[sizeof folder_path + 16], own[256];
    put_file(folder, "text", bytes, size);
    snprintf(path, sizeof path, "%s/text", folder_path);
    if (find_path(path, own, sizeof own))
        fuzz_check(own[0] == '/' && !strchr(own, '\n') && !strstr(own, "/.."));
}

static void mount_lines(const char *bytes, size_t size)
{
    char *text = strndup(bytes, size), *save;
    fuzz_check(text);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *root, *point;
        if (parse_mount(line, &root, &point)) {
            const char *relative = beneath(root, "/user.slice/a b");
            fuzz_check(!relative || *relative == '/' || *relative == '\0');
            fuzz_check(strlen(point) <= size);
        }
    }
    free(text);
}

static void counters(const char *bytes, size_t size)
{
    char *text = strndup(bytes, size);
    uint64_t number;
    fuzz_check(text);
    cgroup_number(text, "oom_kill", &number);
    cgroup_number(text, NULL, &number);
    fuzz_check(cgroup_parse_controllers(text) < 1u << CGROUP_CONTROLLER_COUNT);
    free(text);
}

static void process(const char *bytes, size_t size)
{
    struct process found = { .pid = 0 };
    put_file(open_folder(), "1/stat", bytes, size);
    fuzz_check(!read_process(open_folder(), "1", &found) || found.pid == 1);
}

static void ranges(const char *bytes, size_t size)
{
    uint32_t first = 0, count = 0;
    char path[sizeof folder_path + 16], map[128];
    put_file(open_folder(), "text", bytes, size);
    snprintf(path, sizeof path, "%s/text", folder_path);
    if (!ids_find_range(path, 1000, &first, &count))
        return;
    fuzz_check(first > 0 && count > 0 && first + (uint64_t)count <= UINT32_MAX);
    ids_write_map(map, sizeof map, count / 2, 1000, first, count);
    fuzz_check(strlen(map) < sizeof map - 1);
}

/* ---- systemd ---- */

static void bus(const uint8_t *data, size_t size)
{
    int ends[2];
    const char *detail = NULL;
    fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    fuzz_check(size < 2 || write(ends[1], data + 1, size - 1) == (ssize_t)(size - 1));
    fuzz_check(shutdown(ends[1], SHUT_WR) == 0);
    uint64_t until = sys_monotonic_microseconds() + TIMEOUT_MICROSECONDS;
    int result = -1;
    if (size > 0 && data[0] % 3 == 0)
        result = authenticate(ends[0], until);
    else if (size > 0 && data[0] % 3 == 1)
        result = wait_for_job(ends[0], 3, "esquema-1.scope", until, &detail);
    else
        result = wait_for_answer(ends[0], 2, until, &detail);
    fuzz_check(result <= 0 && result != -ETIMEDOUT);
    close(ends[0]);
    close(ends[1]);
}

/* ---- The store ---- */

static void record(const char *bytes, size_t size)
{
    esq_entry entry = { .name = "kept" };
    put_file(open_folder(), "state", bytes, size);
    if (record_read(open_folder(), "boot", &entry) < 0)
        return;
    fuzz_check(strcmp(entry.name, "kept") == 0 && (unsigned)entry.result.exit_status < 256);
    fuzz_check((unsigned)entry.state <= ESQ_STATE_ENDED && (unsigned)entry.result.reason <= ESQ_REASON_LAST);
    fuzz_check(memchr(entry.file, '\0', sizeof entry.file));
}

static void kept(const char *bytes, size_t size)
{
    static esq_store *store;
    esq_error error = { 0 };
    esq_kept found = { .size = sizeof found };
    if (!store) {
        esq_places places = { .size = sizeof places, .runtime = folder_path, .supervisor = "", .joiner = "" };
        fuzz_check(open_folder() >= 0 && esq_store_open(&places, &store, &error) == 0);
        fuzz_check(mkdirat(esq_store_folder(store), "one", 0700) == 0);
    }
    put_file(esq_store_folder(store), "one/spec", bytes, size);
    int result = esq_store_kept(store, "one", &found, &error);
    fuzz_check((result == 0) == (found.spec != NULL) && (result == 0 || *error.text));
    if (result < 0)
        return;
    esq_error problems[2];
    unsigned char hash[32];
    esq_spec_check(found.spec, problems, 2);
    fuzz_check(esq_spec_hash(found.spec, hash) == 0);
    fuzz_check(found.has_descriptors || memcmp(hash, found.hash, sizeof hash) == 0);
    for (size_t i = 0; i < found.grant_count; i++)
        fuzz_check(found.grants[i].flag && found.grants[i].value);
    esq_kept_done(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    open_folder();
    switch (data[0] % 8) {
    case 0: cgroup_of(text, size - 1); break;
    case 1: mount_lines(text, size - 1); break;
    case 2: counters(text, size - 1); break;
    case 3: process(text, size - 1); break;
    case 4: ranges(text, size - 1); break;
    case 5: bus(data + 1, size - 1); break;
    case 6: record(text, size - 1); break;
    case 7: kept(text, size - 1); break;
    }
    return 0;
}
