/* The small rest of <esquema.h>: version, names, reports for machines. */
#include <errno.h>
#include "base/buffer.h"
#include "esquema.h"
#include "sys/sys.h"
#include "tree/tree.h"

int esq_init(void)
{
    return 42;
}

const char *esq_version(void)
{
    return ESQ_VERSION;
}

const char *esq_reason_name(enum esq_reason reason)
{
    switch (reason) {
    case ESQ_REASON_NONE: return "none";
    case ESQ_REASON_EXIT: return "exit";
    case ESQ_REASON_SIGNAL: return "signal";
    case ESQ_REASON_TIME_LIMIT: return "time limit";
    case ESQ_REASON_KILLED: return "killed";
    case ESQ_REASON_STOPPED: return "stopped";
    case ESQ_REASON_OUTPUT: return "output limit";
    case ESQ_REASON_SYSTEM_CALL: return "system call";
    case ESQ_REASON_OUT_OF_MEMORY: return "out of memory";
    case ESQ_REASON_DISK: return "disk limit";
    }
    return "unknown";
}

/* JSON allows no control characters, quotes and backslashes inside a string. */
static bool append_quoted(struct buffer *line, const char *text)
{
    bool is_written = buffer_append_byte(line, '"');
    for (; *text && is_written; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            is_written = buffer_append_format(line, "\\%c", c);
        else
            is_written = c < 0x20 ? buffer_append_format(line, "\\u%04x", c) : buffer_append_byte(line, c);
    }
    return is_written && buffer_append_byte(line, '"');
}

/* A reader that has gone is told by the result; the signal would end the host. */
static int write_quietly(int fd, const struct buffer *line)
{
    const uint64_t pipe_signal = UINT64_C(1) << (SIGPIPE - 1);
    uint64_t old;
    int result = (int)SYS(SYS_rt_sigprocmask, SIG_BLOCK, &pipe_signal, &old, sizeof(old));
    if (result < 0)
        return result;
    result = sys_write_all(fd, line->bytes, line->length);
    if (result == -EPIPE)
        sys_discard_signal(SIGPIPE);
    sys_restore_signals(&old);
    return result;
}

static int write_line(int fd, struct buffer *line, bool is_written)
{
    int result = is_written && buffer_append_text(line, "}\n") ? write_quietly(fd, line) : -ENOMEM;
    buffer_done(line);
    return result;
}

int esq_status_write_started(int fd, const esq_container *container)
{
    struct buffer line;
    buffer_init(&line, &memory_malloc);
    return write_line(fd, &line,
                      buffer_append_format(&line, "{\"version\":1,\"phase\":\"started\",\"pid\":%d",
                                           (int)esq_container_pid(container)));
}

static bool append_place(struct buffer *line, const char *file, unsigned number, unsigned column)
{
    if (!file || !*file)
        return true;
    return buffer_append_text(line, ",\"file\":") && append_quoted(line, file) &&
           buffer_append_format(line, ",\"line\":%u,\"column\":%u", number, column);
}

static bool append_grants(struct buffer *line, const esq_grant *grants, size_t count)
{
    bool is_written = buffer_append_text(line, ",\"grants\":[");
    for (size_t i = 0; i < count && is_written; i++)
        is_written = buffer_append_text(line, i ? ",{\"flag\":" : "{\"flag\":") &&
                     append_quoted(line, grants[i].flag) && buffer_append_text(line, ",\"value\":") &&
                     append_quoted(line, grants[i].value) &&
                     append_place(line, grants[i].where.file, grants[i].where.line, grants[i].where.column) &&
                     buffer_append_byte(line, '}');
    return is_written && buffer_append_byte(line, ']');
}

int esq_status_write_failed(int fd, const esq_error *error)
{
    return esq_status_write_refused(fd, error, NULL, 0);
}

int esq_status_write_refused(int fd, const esq_error *error, const esq_grant *missing, size_t count)
{
    struct buffer line;
    buffer_init(&line, &memory_malloc);
    bool is_written =
        buffer_append_format(&line,
                             "{\"version\":1,\"phase\":\"failed\",\"exit\":%d,\"step\":%u,\"steps\":%u,\"errno\":%d",
                             error->exit_status, error->step, error->steps, error->error_number) &&
        buffer_append_text(&line, ",\"text\":") && append_quoted(&line, error->text) &&
        buffer_append_text(&line, ",\"remedy\":") && append_quoted(&line, error->remedy);
    is_written = is_written && append_place(&line, error->file, error->line, error->column);
    if (count > 0)
        is_written = is_written && append_grants(&line, missing, count);
    return write_line(fd, &line, is_written);
}

static bool append_counts(struct buffer *line, const esq_result *result)
{
    return buffer_append_format(line,
                                ",\"cgroup\":{\"memory_peak\":%llu,\"memory_limit\":%llu,\"processes_peak\":%llu,"
                                "\"processes_limit\":%llu,\"oom_kills\":%llu,\"refused_forks\":%llu}",
                                (unsigned long long)result->memory_peak, (unsigned long long)result->memory_limit,
                                (unsigned long long)result->processes_peak, (unsigned long long)result->processes_limit,
                                (unsigned long long)result->oom_kills, (unsigned long long)result->refused_forks);
}

int esq_status_write_ended(int fd, const esq_result *result)
{
    struct buffer line;
    buffer_init(&line, &memory_malloc);
    bool is_written = buffer_append_format(
        &line,
        "{\"version\":1,\"phase\":\"ended\",\"exit\":%d,\"signal\":%d,\"reason\":\"%s\",\"usage\":{\"wall_us\":%llu,"
        "\"user_us\":%llu,\"system_us\":%llu,\"peak_memory\":%llu}",
        result->exit_status, result->signal, esq_reason_name(result->reason),
        (unsigned long long)result->wall_microseconds, (unsigned long long)result->user_microseconds,
        (unsigned long long)result->system_microseconds, (unsigned long long)result->peak_memory);
    if (is_written && (result->memory_peak || result->processes_limit))
        is_written = append_counts(&line, result);
    return write_line(fd, &line, is_written);
}

int esq_tree_hash(const char *path, unsigned char ret_hash[32], esq_error *ret_error)
{
    return tree_hash(path, ret_hash, ret_error);
}
