/*
 * Which objects of a structure need datum labels: private to print/. A structure is walked once before it is printed;
 * the table of what was met lives in the account's memory, and what stays of it are the labelled objects alone.
 */
#ifndef SCHOONER_PRINT_LABELS_H
#define SCHOONER_PRINT_LABELS_H

#include "schooner/heap/machine.h"

enum { LABEL_NONE = -1, LABEL_UNPRINTED = -2 };

struct label {
    uint64_t address; /* 0: empty */
    int64_t number;   /* LABEL_UNPRINTED until its first appearance is printed */
};

struct labels {
    struct label *slots;
    size_t count;
    size_t capacity; /* 0: no labels */
    int64_t next;
};

/* Finds the objects at which cycles close, or (`shared`) all that are met more than once. false: a limit was raised. */
bool labels_find(sch_vm *vm, sch_value value, bool shared, struct labels *ret);
void labels_done(sch_vm *vm, struct labels *labels);
/* NULL: it has none. */
struct label *label_of(const struct labels *labels, sch_value value);

/* The values inside of an object that the printer shows; pairs have a car and a cdr, not parts. false: it has none. */
bool value_parts(sch_value value, const sch_value **ret_parts, size_t *ret_count);
static inline bool is_container(sch_value value)
{
    const sch_value *parts;
    size_t count;
    return is_pair(value) || value_parts(value, &parts, &count);
}

/* A stack of frames in the account's memory; at most vm->nesting of them. */
struct walk_frame {
    sch_value start;   /* of a list: its first pair */
    sch_value current; /* the pair or object at work */
    size_t next;       /* the part that comes next; of a pair: 0 car, 1 cdr, 2 nothing */
};
struct walk {
    struct walk_frame *frames;
    size_t depth;
    size_t capacity;
};
bool walk_push(sch_vm *vm, struct walk *walk, sch_value value);
void walk_done(sch_vm *vm, struct walk *walk);

#endif
