/*
 * esquema logs: the log of a container, its rotated files first, then what is still to come. At a terminal nothing in
 * it moves the cursor; into a pipe go the bytes as they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/plain.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/follow.h"
#include "tools/esquema/log_line.h"
#include "tools/esquema/problems.h"
#include "tools/esquema/started.h"

enum { FILES_MAX = 128, CHUNK = 65536, LOOK_AGAIN_MS = 500 };

/* A file of the log, as far as it went when it was opened: its container goes on printing. */
struct part {
    int fd;
    off_t end;
};

struct reading {
    int folder;
    struct part parts[FILES_MAX]; /* the newest first */
    size_t count;
    uint64_t skip; /* lines that are not asked for */
    bool is_plain, is_plain_error, is_raw;
    struct log_line *line; /* as JSON and raw: what has come of a line; NULL */
    struct counting *counting;
    char since[LOG_TIME_LENGTH + 1];
};

static void put_plainly(FILE *out, const char *text, size_t length)
{
    for (size_t at = 0, step; at < length; at += step) {
        char character[5] = "";
        memcpy(character, text + at, length - at < 4 ? length - at : 4);
        if (*character && plain_character(character, &step))
            fwrite(character, 1, step, out);
        else
            putc(*character == '\n' || *character == '\t' ? *character : '?', out), step = 1;
    }
}

static void put(FILE *out, bool is_plain, const char *text, size_t length)
{
    if (is_plain)
        put_plainly(out, text, length);
    else
        fwrite(text, 1, length, out);
}

/* What the container printed, on the stream that it came on; remarks of the supervisor are none of it. */
static void show_raw(const struct reading *reading, const struct log_line *line)
{
    struct log_line_parts parts;
    log_line_split(line, &parts);
    bool is_out = parts.stream_length == 3 && memcmp(parts.stream, "out", 3) == 0;
    bool is_err = parts.stream_length == 3 && memcmp(parts.stream, "err", 3) == 0;
    if (!is_out && !is_err)
        return;
    if (is_err)
        fflush(stdout); /* both may be the same terminal */
    FILE *out = is_out ? stdout : stderr;
    put(out, is_out ? reading->is_plain : reading->is_plain_error, parts.text, parts.text_length);
    if (!parts.is_partial)
        putc('\n', out);
}

static void show_lines(const struct reading *reading, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!log_line_take(reading->line, text[i]))
            continue;
        if (reading->is_raw) {
            show_raw(reading, reading->line);
            continue;
        }
        fputs("{\"version\":1,", stdout);
        log_line_print_json(reading->line, stdout);
        puts("}");
    }
}

static void show(struct reading *reading, const char *text, size_t length)
{
    size_t at = 0;
    while (reading->skip > 0 && at < length)
        reading->skip -= text[at++] == '\n';
    if (reading->line)
        show_lines(reading, text + at, length - at);
    else
        put(stdout, reading->is_plain, text + at, length - at);
}

/* false with errno: the rest could not be read. */
static bool for_each_piece(struct reading *reading, const struct part *part,
                           void (*take_piece)(struct reading *reading, const char *text, size_t length))
{
    static char text[CHUNK];
    for (off_t at = 0; at < part->end;) {
        size_t wanted = part->end - at < CHUNK ? (size_t)(part->end - at) : CHUNK;
        ssize_t size = pread(part->fd, text, wanted, at);
        if (size <= 0)
            return size == 0;
        take_piece(reading, text, (size_t)size);
        at += size;
    }
    return true;
}

static bool for_each_part(struct reading *reading,
                          void (*take_piece)(struct reading *reading, const char *text, size_t length))
{
    for (size_t i = reading->count; i-- > 0;)
        if (!for_each_piece(reading, &reading->parts[i], take_piece))
            return false;
    return true;
}

/* All of them, and those before the first that is not too early. */
struct counting {
    uint64_t lines, early;
    const char *since; /* NULL: none is */
    bool has_begun;
    size_t used; /* of the line's time */
    char time[LOG_TIME_LENGTH];
};

static void count_lines(struct reading *reading, const char *text, size_t length)
{
    struct counting *counting = reading->counting;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n') {
            counting->lines++;
            counting->used = 0;
        } else if (!counting->has_begun && counting->used < LOG_TIME_LENGTH) {
            counting->time[counting->used++] = text[i];
            counting->has_begun = counting->used == LOG_TIME_LENGTH && counting->since &&
                                  memcmp(counting->time, counting->since, LOG_TIME_LENGTH) >= 0;
            if (counting->has_begun)
                counting->early = counting->lines;
        }
    }
}

static void close_parts(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++)
        close(reading->parts[i].fd);
}

/* Was it opened already, before it was rotated? */
static bool is_known(const struct reading *reading, const struct stat *about)
{
    for (size_t i = 0; i < reading->count; i++) {
        struct stat known;
        if (fstat(reading->parts[i].fd, &known) == 0 && known.st_dev == about->st_dev && known.st_ino == about->st_ino)
            return true;
    }
    return false;
}

/*
 * The newest first: a rotation meanwhile gives a file that we have a second name, and hides none. One may be missing
 * between others for a moment, or for ever after a kill. false with errno.
 */
static bool open_parts(struct reading *reading)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        char name[16] = "log";
        struct stat about;
        if (i > 0)
            snprintf(name, sizeof name, "log.%zu", i);
        int fd = openat(reading->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno == ENOENT)
            continue;
        if (fd < 0 || fstat(fd, &about) < 0) {
            int number = errno;
            if (fd >= 0)
                close(fd);
            close_parts(reading);
            errno = number;
            return false;
        }
        if (is_known(reading, &about))
            close(fd);
        else
            reading->parts[reading->count++] = (struct part){ fd, about.st_size };
    }
    return true;
}

/* false with errno. */
static bool skip_to(struct reading *reading, uint64_t wanted, const char *since)
{
    struct counting counting = { .since = since };
    if (wanted == UINT64_MAX && !since)
        return true;
    reading->counting = &counting;
    bool is_read = for_each_part(reading, count_lines);
    reading->counting = NULL;
    if (!is_read)
        return false;
    if (since)
        reading->skip = counting.has_begun ? counting.early : counting.lines;
    if (counting.lines > wanted && counting.lines - wanted > reading->skip)
        reading->skip = counting.lines - wanted;
    return true;
}

static void take(void *reading, const char *bytes, size_t length)
{
    show(reading, bytes, length);
}

static bool has_ended(esq_store *store, const char *name)
{
    esq_entry entry;
    return esq_store_find(store, name, &entry, NULL) < 0 || strcmp(entry.name, name) != 0 ||
           entry.state == ESQ_STATE_ENDED;
}

/*
 * Until it has ended, or nobody reads. `current` is the newest file, at the end of what was shown. false with errno:
 * what came next could not be read.
 */
static bool follow(struct reading *reading, esq_store *store, const char *name, int current)
{
    struct follower log = { reading->folder, current };
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", reading->folder);
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch >= 0)
        inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE);
    int error_number = 0;
    for (bool is_last = false; !is_last && error_number == 0 && fflush(stdout) == 0;) {
        char events[4096];
        struct pollfd ready[2] = { { .fd = watch, .events = POLLIN }, { .fd = STDOUT_FILENO } };
        is_last = has_ended(store, name); /* before reading: what it printed last is shown */
        bool has_events = !is_last && poll(ready, 2, LOOK_AGAIN_MS) > 0 && ready[0].revents != 0;
        if (has_events && read(watch, events, sizeof events) < 0) {
            close(watch);
            watch = -1; /* then there is a look now and then */
        }
        if (ready[1].revents & (POLLERR | POLLHUP))
            break;
        error_number = follower_read(&log, take, reading);
    }
    close(log.file);
    close(watch);
    errno = error_number;
    return error_number == 0;
}

/* The last line of a log, where its supervisor had no room for it; 0: there is none. */
static size_t lost_line(const struct reading *reading, esq_store *store, const char *name, char ret[LOG_LOST_BYTES])
{
    esq_entry entry;
    bool is_there = esq_store_find(store, name, &entry, NULL) == 0 && strcmp(entry.name, name) == 0;
    size_t length = is_there ? log_line_lost(&entry, ret) : 0;
    return length > 0 && memcmp(ret, reading->since, strlen(reading->since)) >= 0 ? length : 0;
}

/* What errno says of the log of `name`; the status. */
static int tell_unread(const struct options *options, const char *verb, const char *name)
{
    const esq_error error = failure_make("%s the logs of `%s`: %s", verb, name, strerror(errno));
    fflush(stdout); /* what could be read comes first */
    failure_tell(options->failures, &error);
    return ESQ_EXIT_SETUP;
}

static int show_logs(const struct options *options, struct reading *reading, esq_store *store, const char *name)
{
    char lost[LOG_LOST_BYTES];
    size_t lost_length = lost_line(reading, store, name, lost);
    bool is_old = lost_length > 0; /* one of the lines that are asked for */
    uint64_t wanted = options->lines;
    if (is_old && wanted > 0 && wanted < UINT64_MAX)
        wanted--;
    if (!open_parts(reading))
        return tell_unread(options, "open", name);
    bool is_read = skip_to(reading, wanted, options->since ? reading->since : NULL) && for_each_part(reading, show);
    if (is_read && options->follow) {
        int newest = reading->count > 0 ? fcntl(reading->parts[0].fd, F_DUPFD_CLOEXEC, 3) : -1;
        if (newest >= 0)
            lseek(newest, reading->parts[0].end, SEEK_SET);
        is_read = follow(reading, store, name, newest);
    }
    int status = is_read ? 0 : tell_unread(options, "read", name);
    if (is_old && options->lines == 0)
        lost_length = 0;
    else if (!is_old && options->follow)
        lost_length = lost_line(reading, store, name, lost);
    reading->skip = 0;
    if (is_read)
        show(reading, lost, lost_length);
    close_parts(reading);
    return status;
}

static int show_logs_of(const struct options *options, esq_store *store)
{
    esq_error error = { 0 };
    esq_entry entry;
    struct log_line line = { .used = 0 };
    const char *name = options->operands.items[0];
    struct reading reading = {
        .is_plain = isatty(STDOUT_FILENO),
        .is_plain_error = isatty(STDERR_FILENO),
        .is_raw = options->raw && options->format == ESQ_FORMAT_TEXT,
        .line = options->format == ESQ_FORMAT_JSON || options->raw ? &line : NULL,
    };
    if (options->since && !log_time_read(options->since, reading.since)) {
        error = failure_make("%s is no time (10m, 2026-11-21, 2026-11-21T22:30:54Z)", options->since);
        failure_tell(options->failures, &error);
        return ESQ_EXIT_SETUP;
    }
    int found = esq_store_find(store, name, &entry, &error);
    if (found == 0)
        name = entry.name;
    /* A log outlives an entry whose supervisor was killed. */
    reading.folder = found == -ENOTUNIQ ? found : esq_store_logs(store, name, &error);
    if (reading.folder < 0) {
        failure_tell(options->failures, &error);
        return ESQ_EXIT_SETUP;
    }
    int status = show_logs(options, &reading, store, name);
    close(reading.folder);
    return status;
}

int command_logs(const struct options *options)
{
    esq_store *store = started_open(options);
    int status = store ? show_logs_of(options, store) : ESQ_EXIT_SETUP;
    esq_store_free(store);
    problems_print_line(options);
    return status;
}
