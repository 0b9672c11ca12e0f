/* The record of an entry: lines of "key value", with the id of the boot in which it means something. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/plain.h"
#include "store/store.h"
#include "sys/sys.h"

static const char *const states[] = { "starting", "running", "stopping", "waiting", "ended" };

const char *esq_state_name(enum esq_state state)
{
    return (size_t)state < sizeof states / sizeof *states ? states[state] : "unknown";
}

int record_boot(char ret_boot[40])
{
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY, 0);
    ssize_t size = fd < 0 ? fd : sys_read(fd, ret_boot, 39);
    if (size < 0)
        return (int)size;
    ret_boot[size] = '\0';
    ret_boot[strcspn(ret_boot, "\n")] = '\0';
    return 0;
}

int record_write(int folder, const char *boot, const esq_entry *entry)
{
    char text[RECORD_SIZE_MAX], file[ESQ_FILE_SIZE];
    const esq_result *result = &entry->result;
    snprintf(file, sizeof file, "%s", entry->file);
    plain_make(file); /* one line */
    int length = snprintf(
        text, sizeof text,
        "version 1\nboot %s\nstate %s\npid %d\nsupervisor %d\nstarted %llu\nended %llu\nrestarts %llu\nreason %d\n"
        "exit %d\nsignal %d\nwall %llu\nuser %llu\nsystem %llu\nmemory %llu\n"
        "memory-peak %llu\nmemory-limit %llu\nprocesses-peak %llu\nprocesses-limit %llu\noom-kills %llu\n"
        "refused-forks %llu\noutput-lost %llu\nfile %s\n",
        boot, esq_state_name(entry->state), (int)entry->pid, (int)entry->supervisor,
        (unsigned long long)entry->started_us, (unsigned long long)entry->ended_us, (unsigned long long)entry->restarts,
        (int)result->reason, result->exit_status, result->signal, (unsigned long long)result->wall_microseconds,
        (unsigned long long)result->user_microseconds, (unsigned long long)result->system_microseconds,
        (unsigned long long)result->peak_memory, (unsigned long long)result->memory_peak,
        (unsigned long long)result->memory_limit, (unsigned long long)result->processes_peak,
        (unsigned long long)result->processes_limit, (unsigned long long)result->oom_kills,
        (unsigned long long)result->refused_forks, (unsigned long long)entry->output_lost, file);
    _cleanup_fd_ int fd = sys_openat(folder, "state.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    int written = fd < 0 ? fd : sys_write_all(fd, text, (size_t)length);
    if (written == 0)
        written = (int)SYS(SYS_renameat, folder, "state.new", folder, "state");
    return written;
}

/* ---- Reading ---- */

static bool parse_state(const char *text, enum esq_state *ret_state)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(text, states[i]) == 0) {
            *ret_state = (enum esq_state)i;
            return true;
        }
    }
    return false;
}

static void parse_number(const char *key, uint64_t number, esq_entry *entry)
{
    const struct {
        const char *key;
        uint64_t *field;
    } fields[] = {
        { "started", &entry->started_us },
        { "ended", &entry->ended_us },
        { "restarts", &entry->restarts },
        { "wall", &entry->result.wall_microseconds },
        { "user", &entry->result.user_microseconds },
        { "system", &entry->result.system_microseconds },
        { "memory", &entry->result.peak_memory },
        { "memory-peak", &entry->result.memory_peak },
        { "memory-limit", &entry->result.memory_limit },
        { "processes-peak", &entry->result.processes_peak },
        { "processes-limit", &entry->result.processes_limit },
        { "oom-kills", &entry->result.oom_kills },
        { "refused-forks", &entry->result.refused_forks },
        { "output-lost", &entry->output_lost },
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(key, fields[i].key) == 0)
            *fields[i].field = number;
    if (strcmp(key, "pid") == 0)
        entry->pid = (pid_t)number;
    else if (strcmp(key, "supervisor") == 0)
        entry->supervisor = (pid_t)number;
    else if (strcmp(key, "reason") == 0 && number <= ESQ_REASON_LAST)
        entry->result.reason = (enum esq_reason)number;
    else if (strcmp(key, "exit") == 0)
        entry->result.exit_status = (int)(number & 0xff);
    else if (strcmp(key, "signal") == 0)
        entry->result.signal = (int)(number & 0x7f);
}

/* One line; counts what must be there. */
static void parse_line(const char *key, const char *value, const char *boot, esq_entry *entry, int *found)
{
    if (strcmp(key, "version") == 0)
        *found += strcmp(value, "1") == 0;
    else if (strcmp(key, "boot") == 0)
        *found += strcmp(value, boot) == 0;
    else if (strcmp(key, "state") == 0)
        *found += parse_state(value, &entry->state);
    else if (strcmp(key, "file") == 0)
        snprintf(entry->file, sizeof entry->file, "%s", value);
    else
        parse_number(key, strtoull(value, NULL, 10), entry);
}

int record_read(int folder, const char *boot, esq_entry *ret_entry)
{
    char text[RECORD_SIZE_MAX];
    _cleanup_fd_ int fd = sys_openat(folder, "state", O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0); /* a pipe waits */
    ssize_t size = fd < 0 ? fd : sys_read(fd, text, sizeof text - 1);
    if (size < 0)
        return (int)size;
    text[size] = '\0';
    esq_entry entry = { 0 };
    int found = 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *value = strchr(line, ' ');
        if (!value)
            continue;
        *value++ = '\0';
        parse_line(line, value, boot, &entry, &found);
    }
    if (found != 3)
        return -EPROTO;
    memcpy(entry.name, ret_entry->name, sizeof entry.name);
    *ret_entry = entry;
    return 0;
}
