/*
 * The bytes between run-sandboxed and its runner: frames of a kind and a length, over one stream. Knows neither what
 * is in a frame nor who is at the other end; whoever reads states how much it is ready to take.
 */
#ifndef BRIDGE_FRAME_H
#define BRIDGE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_kind {
    FRAME_REQUEST = 1, /* to the runner: struct frame_request, then an encoded thunk */
    FRAME_OUTPUT,      /* from it, any number: bytes that the thunk wrote */
    FRAME_VALUE,       /* then one of these: an encoded value */
    FRAME_CONDITION,   /* an encoded list: kind, message, irritants... */
    FRAME_RAISED,      /* an encoded object that was raised; a condition with its place */
    FRAME_LIMIT,       /* uint32_t: enum sch_limit */
    FRAME_FAILURE,     /* text: why there is no answer */
};

/* Both ends are made by the same build and run on the same machine: plain memory, but with a version to notice. */
struct frame_header {
    uint32_t magic;
    uint16_t version;
    uint16_t kind;
    uint64_t length;
};

struct frame_request {
    uint64_t fuel;
    uint64_t heap;
    uint64_t timeout_ns;
    uint64_t output;
};

enum {
    FRAME_RUNNER_FD = 3,          /* where the runner finds its end */
    FRAME_OUTPUT_MAX = 64 * 1024, /* of one frame */
};

#define FRAME_MAGIC 0x52515345u /* "ESQR" */
enum { FRAME_VERSION = 1 };

/* Fills a header. */
struct frame_header frame_header_make(enum frame_kind kind, size_t length);
/* Is it a header of this version with a length of at most `most`? */
bool frame_header_is_good(const struct frame_header *header, uint64_t most);

/* Writes everything, with write(2). false: the other end is gone (errno). */
bool frame_write(int fd, enum frame_kind kind, const void *bytes, size_t length);

#endif
