/* Copies the heap objects that the standard libraries made into the layout of frozen blocks, in sections. */
#ifndef TOOLS_BOOT_GRAPH_H
#define TOOLS_BOOT_GRAPH_H

#include "base/buffer.h"
#include "schooner/api/state.h"

struct graph_entry {
    uint64_t address; /* 0: free */
    uint32_t offset;  /* region offset */
    uint32_t section; /* that it belongs to; of a symbol or keyword: that mentioned it last */
};

/* Where the next object goes: in a block of its kind. */
struct graph_cursor {
    size_t at, end;
};

/* Indexes of the first of its elements in the buffers below; they end where the next section's begin. */
struct graph_section {
    uint32_t chunk, relocation, instance, mention;
};

enum { GRAPH_SECTIONS = 256 };

struct graph {
    const sch_env *env;
    struct buffer blocks;      /* the region, block headers left blank */
    struct buffer chunks;      /* struct image_chunk */
    struct buffer relocations; /* uint32_t */
    struct buffer instances;   /* struct image_instance */
    struct buffer mentions;    /* uint32_t: symbols and keywords that sections mention */
    struct buffer symbols;     /* uint32_t: all symbols */
    struct buffer keywords;    /* uint32_t: all keywords */
    struct buffer codes;       /* const struct sch_code * */
    struct buffer pending;     /* addresses still to be filled in: value words */
    struct graph_entry *entries;
    size_t count, capacity;
    struct graph_cursor objects, names;
    struct graph_section sections[GRAPH_SECTIONS + 1]; /* with the end of the last */
    uint32_t section_count;
    bool needs[GRAPH_SECTIONS][GRAPH_SECTIONS];
    const char *error; /* why it cannot be frozen */
};

void graph_init(struct graph *graph, const sch_env *env);
void graph_done(struct graph *graph);
/* What is added from now on, and was not there, belongs to a new section. false: too many. */
bool graph_begin_section(struct graph *graph);
/* Nothing is added any more: completes `sections` and `needs`. */
void graph_end(struct graph *graph);
/* The image_word() for `value`; everything that it reaches is copied. false: graph->error. */
bool graph_add(struct graph *graph, sch_value value, uint64_t *ret_word);

#endif
