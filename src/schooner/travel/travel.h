/*
 * Values to bytes and back, for another machine, of another process too: data, and procedures with what they reach.
 * Foreign values, ports, continuations and procedures of the host do not travel.
 */
#ifndef SCHOONER_TRAVEL_TRAVEL_H
#define SCHOONER_TRAVEL_TRAVEL_H

#include "base/buffer.h"
#include "schooner/env/env.h"

enum travel_kind {
#define NODE(KIND, code) TRAVEL_##KIND,
#include "schooner/travel/nodes.def"
#undef NODE
    TRAVEL_KIND_COUNT,
};

#define TRAVEL_MAGIC 0x56484353u /* "SCHV" */
enum { TRAVEL_VERSION = 1 };

struct travel_header {
    uint32_t magic;
    uint32_t version;
    uint64_t fingerprint; /* of the image */
    uint32_t nodes;
    uint32_t code; /* 1: procedures are among the nodes */
};

/* Appends the encoding; false: `ret_problem` says what does not travel (a limit: it is empty and vm->limit is set). */
bool travel_encode(sch_vm *vm, sch_value value, bool code, struct buffer *out, char *ret_problem, size_t problem_size);
/* NULL: decoded. Else what is wrong with the bytes ("" after a limit). */
const char *travel_decode(sch_vm *vm, const void *bytes, size_t length, bool code, sch_value *ret);

#endif
