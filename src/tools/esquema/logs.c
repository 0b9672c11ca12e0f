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

static void for_each_piece(struct reading *reading, const struct part *part,
                           void (*take_piece)(struct reading *reading, const char *text, size_t length))
{
    static char text[CHUNK];
    for (off_t at = 0; at < part->end;) {
        size_t wanted = part->end - at < CHUNK ? (size_t)(part->end - at) : CHUNK;
        ssize_t size = pread(part->fd, text, wanted, at);
        if (size <= 0)
            return;
        take_piece(reading, text, (size_t)size);
        at += size;
    }
}

static void count_lines(struct reading *reading, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        reading->skip += text[i] == '\n';
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

static void skip_to(struct reading *reading, uint64_t wanted)
{
    if (wanted == UINT64_MAX)
        return;
    for (size_t i = 0; i < reading->count; i++)
        for_each_piece(reading, &reading->parts[i], count_lines);
    reading->skip = reading->skip > wanted ? reading->skip - wanted : 0;
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

/* Until it has ended, or nobody reads. `current` is the newest file, at the end of what was shown. */
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
    if (!open_parts(reading)) {
        const esq_error error = failure_make("open the logs of `%s`: %s", name, strerror(errno));
        failure_tell(options->failures, &error);
        return ESQ_EXIT_SETUP;
    }
    skip_to(reading, options->lines);
    for (size_t i = reading->count; i-- > 0;)
        for_each_piece(reading, &reading->parts[i], show);
    if (options->follow) {
        int newest = reading->count > 0 ? fcntl(reading->parts[0].fd, F_DUPFD_CLOEXEC, 3) : -1;
        if (newest >= 0)
            lseek(newest, reading->parts[0].end, SEEK_SET);
        follow(reading, store, name, newest);
    }
    close_parts(reading);
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
