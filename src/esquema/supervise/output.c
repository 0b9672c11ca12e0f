/*
 * The relay of a limited output: two pipes (one, where both streams lead to the same place) whose bytes are counted and
 * passed on. Never waits for a reader, so that limits and signals are heard meanwhile; the payload waits instead, as it
 * would without us. Knows nothing of how a container is ended.
 */
#include "supervise/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "launch/launch.h"

/* A pipe that polls writable takes a piece of 4096 bytes without blocking. */
enum { PIECE = 16384, SURE_PIECE = 4096, PIECES_A_TURN = 64 };

struct stream {
    int from; /* read end of the payload's pipe; -1: closed */
    int to;
    bool is_socket;
    bool may_block; /* `to` shares its flags with others, so a write is tried only where it is sure to succeed */
    size_t at, used;
    char bytes[PIECE];
};

struct output {
    uint64_t most, total;
    int inside[2]; /* write ends; -1 after the launch */
    bool is_shared;
    struct stream streams[2];
};

/* ---- Opening ---- */

static int planned(const struct plan_block *block, int number)
{
    const struct launch_descriptors *descriptors =
        (const struct launch_descriptors *)STEP_TEXT(block, block->descriptors);
    for (uint32_t i = 0; i < descriptors->move_count; i++)
        if (descriptors->moves[i].to == number)
            return descriptors->moves[i].from;
    return number;
}

/* An open file of our own where that can be had: then writes to it never wait, and nobody else is told not to. */
static int open_target(struct stream *stream, int fd)
{
    struct stat found;
    char path[32];
    int result = sys_fstat(fd, &found);
    if (result < 0)
        return result;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    stream->is_socket = S_ISSOCK(found.st_mode);
    if (S_ISFIFO(found.st_mode) || S_ISCHR(found.st_mode)) {
        stream->to = sys_openat(AT_FDCWD, path, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
        stream->may_block = stream->to < 0;
    }
    if (stream->to < 0)
        stream->to = sys_dup_above(fd, 3);
    return stream->to < 0 ? stream->to : 0;
}

static bool is_same_file(int one, int other)
{
    struct stat first, second;
    return sys_fstat(one, &first) == 0 && sys_fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static int open_stream(struct output *output, int index, int target)
{
    int ends[2];
    int result = sys_pipe(ends);
    if (result < 0)
        return result;
    output->inside[index] = ends[1];
    output->streams[index].from = ends[0];
    result = (int)SYS(SYS_fcntl, ends[0], F_SETFL, O_NONBLOCK);
    return result < 0 ? result : open_target(&output->streams[index], target);
}

int output_open(const struct plan_block *block, struct output **ret_output)
{
    const struct init_job *job = (const struct init_job *)STEP_TEXT(block, block->job);
    *ret_output = NULL;
    if (block->output_max == 0 || job->flags & INIT_JOB_TERMINAL) /* whoever reads the terminal counts */
        return 0;
    struct output *output = calloc(1, sizeof *output);
    if (!output)
        return -ENOMEM;
    output->most = block->output_max;
    output->inside[0] = output->inside[1] = -1;
    for (int i = 0; i < 2; i++)
        output->streams[i].from = output->streams[i].to = -1;
    int first = planned(block, 1), second = planned(block, 2);
    output->is_shared = is_same_file(first, second); /* one pipe keeps the order of what is written */
    int result = open_stream(output, 0, first);
    if (result == 0 && !output->is_shared)
        result = open_stream(output, 1, second);
    if (output->is_shared)
        output->inside[1] = output->inside[0];
    if (result < 0)
        output_close(output);
    else
        *ret_output = output;
    return result;
}

void output_launched(struct output *output)
{
    sys_close(output->inside[0]);
    if (!output->is_shared)
        sys_close(output->inside[1]);
    output->inside[0] = output->inside[1] = -1;
}

void output_close(struct output *output)
{
    if (!output)
        return;
    output_launched(output);
    for (int i = 0; i < 2; i++) {
        sys_close(output->streams[i].from);
        sys_close(output->streams[i].to);
    }
    free(output);
}

const int *output_inside(const struct output *output)
{
    return output->inside;
}

/* ---- Passing on ---- */

/* SIGPIPE and SIGXFSZ are ours to have caused, and must not reach the host. */
static ssize_t write_quietly(const struct stream *stream, const char *bytes, size_t size)
{
    uint64_t signals;
    if (stream->is_socket)
        return SYS(SYS_sendto, stream->to, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
    sys_block_signals(&signals);
    ssize_t written = sys_write(stream->to, bytes, size);
    if (written == -EPIPE)
        sys_discard_signal(SIGPIPE);
    else if (written == -EFBIG)
        sys_discard_signal(SIGXFSZ);
    sys_restore_signals(&signals);
    return written;
}

static void close_stream(struct stream *stream)
{
    sys_close(stream->from);
    stream->from = -1;
    stream->at = stream->used = 0;
}

/* 1: something went on; 0: the reader must come first; or a negative errno. */
static int pass_on(struct stream *stream)
{
    size_t size = stream->used - stream->at;
    struct pollfd ready = { .fd = stream->to, .events = POLLOUT };
    if (stream->may_block) {
        if (sys_poll(&ready, 1, 0) <= 0)
            return 0;
        size = size < SURE_PIECE ? size : SURE_PIECE;
    }
    ssize_t written = write_quietly(stream, stream->bytes + stream->at, size);
    if (written == -EAGAIN || written == -EINTR)
        return 0;
    if (written == -EPIPE) { /* nobody reads: the payload hears of it as it would without us */
        close_stream(stream);
        return 1;
    }
    if (written <= 0)
        return written < 0 ? (int)written : -EIO;
    stream->at += (size_t)written;
    if (stream->at == stream->used)
        stream->at = stream->used = 0;
    return 1;
}

int output_count(uint64_t most, uint64_t *total, uint64_t bytes)
{
    if (most == 0)
        return 0;
    bool is_over = bytes > most - *total;
    *total = is_over ? most : *total + bytes;
    return is_over ? -EDQUOT : 0;
}

/* 1: something came; 0: nothing at this moment; or a negative errno: -EDQUOT with what the limit still allows. */
static int take(struct output *output, struct stream *stream, bool has_ended)
{
    ssize_t size = sys_read(stream->from, stream->bytes, sizeof stream->bytes);
    if (size == -EAGAIN && !has_ended)
        return 0;
    if (size <= 0) {
        close_stream(stream);
        return size == -EAGAIN ? 0 : (int)size;
    }
    uint64_t left = output->most - output->total;
    stream->used = (uint64_t)size > left ? (size_t)left : (size_t)size;
    return output_count(output->most, &output->total, (uint64_t)size) < 0 ? -EDQUOT : 1;
}

static int turn(struct output *output, struct stream *stream, bool has_ended)
{
    int over = 0;
    for (int i = 0; i < PIECES_A_TURN && stream->from >= 0; i++) {
        int result = stream->at < stream->used ? pass_on(stream) : take(output, stream, has_ended);
        if (result == -EDQUOT && stream->at < stream->used && over == 0) {
            over = result; /* what it may still print is printed */
            continue;
        }
        if (result <= 0)
            return over < 0 ? over : result;
    }
    return over;
}

int output_turn(struct output *output, bool has_ended)
{
    int result = turn(output, &output->streams[0], has_ended);
    int other = turn(output, &output->streams[1], has_ended);
    return result < 0 ? result : other;
}

bool output_is_done(const struct output *output)
{
    return output->streams[0].from < 0 && output->streams[1].from < 0;
}

void output_poll(const struct output *output, struct pollfd ret_fds[2])
{
    for (int i = 0; i < 2; i++) {
        const struct stream *stream = &output->streams[i];
        bool has_some = stream->from >= 0 && stream->at < stream->used;
        ret_fds[i] =
            (struct pollfd){ .fd = has_some ? stream->to : stream->from, .events = has_some ? POLLOUT : POLLIN };
    }
}
