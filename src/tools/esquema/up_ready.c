/*
 * Is a service ready? A listening port or socket is looked up in the tables of the container's own network namespace,
 * so nothing connects to it and nothing of it need be reachable from here.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tools/esquema/up.h"

enum { TABLE_LINES_MAX = 1 << 16, STATE_LISTEN = 0x0a };
enum { ACCEPTS_CONNECTIONS = 1 << 16 }; /* in the flags of /proc/net/unix */

typedef bool is_wanted(const char *line, const struct bridge_service *service);

static bool is_port(const char *line, const struct bridge_service *service)
{
    unsigned port, state;
    return sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*s %x", &port, &state) == 2 && port == service->ready_number &&
           state == STATE_LISTEN;
}

static bool is_socket(const char *line, const struct bridge_service *service)
{
    unsigned flags;
    int at = 0;
    const char *path = service->ready_words.items[0];
    size_t length = strlen(path);
    if (sscanf(line, "%*x: %*x %*x %x %*x %*x %*u %n", &flags, &at) != 1 || at == 0 || !(flags & ACCEPTS_CONNECTIONS))
        return false;
    return strncmp(line + at, path, length) == 0 && strcmp(line + at + length, "\n") == 0;
}

static bool table_has(pid_t pid, const char *table, is_wanted *is_it, const struct bridge_service *service)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/net/%s", (int)pid, table);
    FILE *file = fopen(path, "re");
    bool found = false;
    for (int i = 0; file && !found && i < TABLE_LINES_MAX && fgets(line, sizeof line, file); i++)
        found = is_it(line, service);
    if (file)
        fclose(file);
    return found;
}

static bool is_listening(const struct up *up, const struct up_service *service, bool is_tcp)
{
    esq_entry entry;
    if (esq_store_find(up->store, service->given->name, &entry, NULL) < 0 || entry.pid <= 0)
        return false;
    if (!is_tcp)
        return table_has(entry.pid, "unix", is_socket, service->given);
    return table_has(entry.pid, "tcp", is_port, service->given) ||
           table_has(entry.pid, "tcp6", is_port, service->given);
}

/* A line on the pipe. What stands before its end does not matter. */
static bool has_written(const struct up_service *service)
{
    char bytes[512];
    ssize_t size = read(service->ready_pipe[0], bytes, sizeof bytes);
    return size > 0 && memchr(bytes, '\n', (size_t)size);
}

static pid_t start_probe(const struct up *up, const struct up_service *service)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    const esq_exec how = {
        .size = sizeof how,
        .words = service->given->ready_words.items,
        .word_count = service->given->ready_words.count,
        .fds = { nowhere, nowhere, nowhere },
    };
    pid_t pid = nowhere < 0 ? -1 : esq_store_exec(up->store, service->given->name, &how, NULL);
    if (nowhere >= 0)
        close(nowhere);
    return pid > 0 ? pid : 0;
}

/* One at a time: the next is started when the last has failed. */
static bool has_probed(const struct up *up, struct up_service *service)
{
    int status;
    if (service->probe == 0) {
        service->probe = start_probe(up, service);
        return false;
    }
    if (waitpid(service->probe, &status, WNOHANG) != service->probe)
        return false;
    service->probe = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool has_said(const struct up *up, const struct up_service *service)
{
    esq_condition condition = { .size = sizeof condition };
    return esq_store_condition(up->store, service->given->name, &condition, NULL) == 0 && condition.is_ready;
}

bool up_is_ready(struct up *up, struct up_service *service)
{
    switch (service->given->ready) {
    case BRIDGE_READY_STARTED: return true;
    case BRIDGE_READY_TCP: return is_listening(up, service, true);
    case BRIDGE_READY_SOCKET: return is_listening(up, service, false);
    case BRIDGE_READY_COMMAND: return has_probed(up, service);
    case BRIDGE_READY_NOTIFY: return has_said(up, service);
    case BRIDGE_READY_DESCRIPTOR: return has_written(service);
    }
    return false;
}

void up_ready_done(struct up_service *service)
{
    if (service->probe > 0) {
        kill(service->probe, SIGKILL);
        waitpid(service->probe, NULL, 0);
    }
    service->probe = 0;
    for (int i = 0; i < 2; i++) {
        if (service->ready_pipe[i] >= 0)
            close(service->ready_pipe[i]);
        service->ready_pipe[i] = -1;
    }
}
