/* Private to heap/: marking. */
#ifndef SCHOONER_HEAP_MARK_H
#define SCHOONER_HEAP_MARK_H

#include "schooner/heap/block.h"
#include "schooner/heap/machine.h"

/* What is still to be visited: the values [next, end), or with end == NULL the inside of a SPECIAL object at next. */
struct mark_entry {
    const sch_value *next;
    const sch_value *end;
};

struct heap_marker {
    sch_vm *vm;
    struct heap *heap;
    struct mark_entry *base; /* the stack: fixed size, never grows while marking */
    struct mark_entry *top;
    struct mark_entry *limit;
    const struct object *tracing; /* the SPECIAL object whose trace function runs; NULL: roots */
    unsigned budget;              /* values to visit before the next poll */
    bool overflowed;              /* some block has BLOCK_RESCAN */
    bool aborted;                 /* poll said that the run must end */
};

enum { MARK_POLL = 1000 };

void marker_init(struct heap_marker *marker, sch_vm *vm);
/* Visits what the log recorded: old objects that were written to. */
void mark_contents(struct heap_marker *marker, const void *address, bool is_object);
/* Until nothing is left, rescans of overflowed blocks included. false: aborted. */
bool mark_finish(struct heap_marker *marker);
/* Sets the mark of one pair without visiting it. */
void mark_pair_only(const struct pair *pair);

/* log.c: empties the log; with `trace`, what it names is visited. */
void log_visit(struct heap_marker *marker, bool trace);

/* trace.c: what lies in an object. */
enum trace_kind { TRACE_RAW, TRACE_VALUES, TRACE_AFTER1, TRACE_SPECIAL };
extern const unsigned char trace_kinds[OBJECT_TYPE_COUNT];
void trace_special(struct heap_marker *marker, const struct object *object);

#endif
