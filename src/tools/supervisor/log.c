/*
 * The log: every line that the container prints, with the time and the stream it came on, in files that are rotated by
 * size. `TIME out TEXT`; a line without its end yet, because it is long or the container ended, has `out+`.
 * A full disk loses output and says how much; it never stops the container.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "tools/supervisor/supervisor.h"

int log_open(struct log *log, const struct supervise_job *job)
{
    struct stat found;
    log->folder = job->logs;
    log->size_max = job->log_size;
    log->files = job->log_files;
    log->streams[0].name = "out";
    log->streams[1].name = "err";
    log->fd = sys_openat(log->folder, "log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    if (log->fd < 0)
        return log->fd;
    int result = sys_fstat(log->fd, &found);
    log->size = result < 0 ? 0 : (uint64_t)found.st_size;
    return result;
}

/* "2026-11-21T22:30:54.123456Z "; by hand, since libc would read the host's time zone for it. */
static size_t print_time(char *text, size_t size)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    long seconds = (long)(now.tv_sec % 86400);
    long days = (long)(now.tv_sec / 86400) + 719468; /* since 0000-03-01, so that a leap day ends its year */
    long era = days / 146097, day = days % 146097;
    long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    long month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5 - 1;
    month += month < 10 ? 3 : -9;
    year += era * 400 + (month <= 2);
    int length = snprintf(text, size, "%04ld-%02ld-%02ldT%02ld:%02ld:%02ld.%06ldZ ", year, month, day, seconds / 3600,
                          seconds / 60 % 60, seconds % 60, now.tv_nsec / 1000);
    return length < 0 ? 0 : (size_t)length;
}

/*
 * log.3 to log.4, ..., log to log.1; the last one goes. Not before there is a new one: else each line of a container
 * that meets a full disk would push an older file out. false: there is none.
 */
static bool rotate(struct log *log)
{
    char from[16], to[16];
    int fd = sys_openat(log->folder, "log.new", O_WRONLY | O_CREAT | O_APPEND | O_TRUNC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    for (unsigned i = log->files - 1; i > 0; i--) {
        snprintf(to, sizeof to, "log.%u", i);
        if (i == 1)
            snprintf(from, sizeof from, "log");
        else
            snprintf(from, sizeof from, "log.%u", i - 1);
        SYS(SYS_renameat, log->folder, from, log->folder, to);
    }
    SYS(SYS_renameat, log->folder, "log.new", log->folder, "log");
    sys_close(log->fd);
    log->fd = fd;
    log->size = 0;
    return true;
}

/* Or not at all: what stands in the log are whole lines. */
static bool write_whole(struct log *log, const char *bytes, size_t size)
{
    struct stat found;
    if (sys_write_all(log->fd, bytes, size) < 0) {
        if (sys_fstat(log->fd, &found) == 0 && (uint64_t)found.st_size > log->size) /* it may have been emptied */
            SYS(SYS_ftruncate, log->fd, log->size);
        return false;
    }
    log->size += size;
    return true;
}

bool log_tell_lost(struct log *log)
{
    char note[96];
    if (log->lost == 0)
        return true;
    size_t used = print_time(note, sizeof note);
    int length = snprintf(note + used, sizeof note - used, "esq %llu bytes could not be written\n",
                          (unsigned long long)log->lost);
    if (!write_whole(log, note, used + (size_t)length))
        return false;
    log->lost = 0;
    return true;
}

static void write_line(struct log *log, const char *name, const char *mark, const char *text, size_t size)
{
    char line[LINE_MAX_BYTES + 64];
    if (log->fd < 0)
        return;
    if ((log->size >= log->size_max && !rotate(log)) || !log_tell_lost(log)) {
        log->lost += size;
        return;
    }
    size_t used = print_time(line, sizeof line);
    used += (size_t)snprintf(line + used, sizeof line - used, "%s%s ", name, mark);
    memcpy(line + used, text, size);
    line[used + size] = '\n';
    if (!write_whole(log, line, used + size + 1))
        log->lost += size;
}

void log_say(struct log *log, const char *text)
{
    size_t size = strlen(text);
    write_line(log, "esq", "", text, size < LINE_MAX_BYTES ? size : LINE_MAX_BYTES);
}

/* Whole lines of what has come; a full buffer without one is a piece of a longer line. */
static void write_lines(struct log *log, struct stream *stream)
{
    size_t start = 0;
    for (size_t i = 0; i < stream->used; i++) {
        if (stream->line[i] != '\n')
            continue;
        write_line(log, stream->name, "", stream->line + start, i - start);
        start = i + 1;
    }
    if (start == 0 && stream->used == sizeof stream->line) {
        write_line(log, stream->name, "+", stream->line, stream->used);
        start = stream->used;
    }
    stream->used -= start;
    memmove(stream->line, stream->line + start, stream->used);
}

static ssize_t read_some(struct log *log, struct stream *stream)
{
    ssize_t size = sys_read(stream->fd, stream->line + stream->used, sizeof stream->line - stream->used);
    if (size <= 0)
        return size;
    log->total += (uint64_t)size;
    stream->used += (size_t)size;
    write_lines(log, stream);
    return size;
}

static void close_stream(struct log *log, struct stream *stream)
{
    if (stream->used > 0)
        write_line(log, stream->name, "+", stream->line, stream->used);
    stream->used = 0;
    sys_close(stream->fd);
    stream->fd = -1;
}

void log_read(struct log *log, struct stream *stream)
{
    ssize_t size = read_some(log, stream);
    if (size == 0 || (size < 0 && size != -EAGAIN)) /* a terminal ends with EIO */
        close_stream(log, stream);
}

/* The payload is dead, so this ends: a pipe holds no more than its buffer. */
void log_drain(struct log *log)
{
    enum { PIECES = 1024 };
    for (size_t i = 0; i < 2; i++) {
        struct stream *stream = &log->streams[i];
        for (size_t piece = 0; piece < PIECES && stream->fd >= 0 && read_some(log, stream) > 0; piece++)
            ;
        if (stream->fd >= 0)
            close_stream(log, stream);
    }
}
