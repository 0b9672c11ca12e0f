/* Copies the heap objects that the standard libraries made into the layout of frozen blocks. */
#ifndef TOOLS_BOOT_GRAPH_H
#define TOOLS_BOOT_GRAPH_H

#include "base/buffer.h"
#include "schooner/api/state.h"

struct graph_entry {
    uint64_t address; /* 0: free */
    uint32_t offset;  /* region offset */
};

struct graph {
    const sch_env *env;
    struct buffer blocks;      /* the region, block headers left blank */
    struct buffer relocations; /* uint32_t */
    struct buffer instances;   /* struct image_instance */
    struct buffer symbols;     /* uint32_t: all symbols */
    struct buffer codes;       /* const struct sch_code * */
    struct buffer pending;     /* addresses still to be filled in: value words */
    struct graph_entry *entries;
    size_t count, capacity;
    const char *error; /* why it cannot be frozen */
};

void graph_init(struct graph *graph, const sch_env *env);
void graph_done(struct graph *graph);
/* The word for `value` relative to the region; everything that it reaches is copied. false: graph->error. */
bool graph_add(struct graph *graph, sch_value value, uint64_t *ret_word);

#endif
