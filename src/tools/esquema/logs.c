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
#include <unistd.h>
#include "base/plain.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/follow.h"
#include "tools/esquema/log_line.h"
#include "tools/esquema/problems.h"
#include "tools/esquema/started.h"

enum { FILES_MAX = 128, CHUNK = 65536, LOOK_AGAIN_MS = 500 };

struct reading {
    int folder;
    int files[FILES_MAX]; /* the oldest first */
    size_t count;
    uint64_t skip; /* lines that are not asked for */
    bool is_plain;
    struct log_line *line; /* as JSON: what has come of a line; NULL */
};

static void show_json(struct log_line *line, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!log_line_take(line, text[i]))
            continue;
        fputs("{\"version\":1,", stdout);
        log_line_print_json(line, stdout);
        puts("}");
    }
}

static void show(struct reading *reading, const char *text, size_t length)
{
    size_t at = 0;
    while (reading->skip > 0 && at < length)
        reading->skip -= text[at++] == '\n';
    if (reading->line) {
        show_json(reading->line, text + at, length - at);
        return;
    }
    if (!reading->is_plain) {
        fwrite(text + at, 1, length - at, stdout);
        return;
    }
    for (size_t step; at < length; at += step) {
        char character[5] = "";
        memcpy(character, text + at, length - at < 4 ? length - at : 4);
        if (*character && plain_character(character, &step))
            fwrite(character, 1, step, stdout);
        else
            putchar(*character == '\n' || *character == '\t' ? *character : '?'), step = 1;
    }
}

static void show_file(struct reading *reading, int fd)
{
    static char text[CHUNK];
    ssize_t size;
    while ((size = read(fd, text, sizeof text)) > 0)
        show(reading, text, (size_t)size);
}

static uint64_t count_lines(int fd)
{
    static char text[CHUNK];
    uint64_t lines = 0;
    ssize_t size;
    while ((size = read(fd, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < size; i++)
            lines += text[i] == '\n';
    lseek(fd, 0, SEEK_SET);
    return lines;
}

static void close_files(struct reading *reading, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(reading->files[i]);
}

/* The oldest first. One may be missing between others for a moment, or for ever after a kill. false with errno. */
static bool open_files(struct reading *reading)
{
    for (size_t i = FILES_MAX; i-- > 0;) {
        char name[16] = "log";
        if (i > 0)
            snprintf(name, sizeof name, "log.%zu", i);
        int fd = openat(reading->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0)
            reading->files[reading->count++] = fd;
        if (fd >= 0 || errno == ENOENT)
            continue;
        int number = errno;
        close_files(reading, reading->count);
        errno = number;
        return false;
    }
    return true;
}

static void skip_to(struct reading *reading, uint64_t wanted)
{
    uint64_t lines = 0;
    if (wanted == UINT64_MAX)
        return;
    for (size_t i = 0; i < reading->count; i++)
        lines += count_lines(reading->files[i]);
    reading->skip = lines > wanted ? lines - wanted : 0;
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

/* Until it has ended, or nobody reads. `current` is the last file, at its end. */
static void follow(struct reading *reading, esq_store *store, const char *name, int current)
{
    struct follower log = { reading->folder, current };
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", reading->folder);
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch >= 0)
        inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE);
    for (bool is_last = false; !is_last && fflush(stdout) == 0;) {
        char events[4096];
        struct pollfd ready[2] = { { .fd = watch, .events = POLLIN }, { .fd = STDOUT_FILENO } };
        is_last = has_ended(store, name); /* before reading: what it printed last is shown */
        if (!is_last && poll(ready, 2, LOOK_AGAIN_MS) > 0 && read(watch, events, sizeof events) < 0 && errno != EAGAIN)
            break;
        if (ready[1].revents & (POLLERR | POLLHUP))
            break;
        follower_read(&log, take, reading);
    }
    close(log.file);
    close(watch);
}

static int show_logs(const struct options *options, struct reading *reading, esq_store *store, const char *name)
{
    if (!open_files(reading)) {
        const esq_error error = failure_make("open the logs of `%s`: %s", name, strerror(errno));
        failure_tell(options->failures, &error);
        return ESQ_EXIT_SETUP;
    }
    skip_to(reading, options->lines);
    for (size_t i = 0; i < reading->count; i++)
        show_file(reading, reading->files[i]);
    int last = reading->count > 0 ? reading->files[reading->count - 1] : -1;
    close_files(reading, reading->count > 0 ? reading->count - 1 : 0);
    if (options->follow)
        follow(reading, store, name, last);
    else if (last >= 0)
        close(last);
    return 0;
}

static int show_logs_of(const struct options *options, esq_store *store)
{
    esq_error error = { 0 };
    esq_entry entry;
    struct log_line line = { .used = 0 };
    const char *name = options->operands.items[0];
    struct reading reading = {
        .is_plain = isatty(STDOUT_FILENO),
        .line = options->format == ESQ_FORMAT_JSON ? &line : NULL,
    };
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
