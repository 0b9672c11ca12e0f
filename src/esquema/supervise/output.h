/* What the payload prints on descriptors 1 and 2, passed on and counted, where its output is limited. */
#ifndef ESQUEMA_OUTPUT_H
#define ESQUEMA_OUTPUT_H

#include <stdbool.h>
#include "plan/plan.h"

struct output;

/* The pipes of one run, towards what the plan names; NULL where nothing is to be relayed. 0 or a negative errno. */
int output_open(const struct plan_block *block, struct output **ret_output);
void output_close(struct output *output); /* NULL is allowed */
/* What becomes the payload's descriptors 1 and 2. */
const int *output_inside(const struct output *output);
/* The payload has its copies. */
void output_launched(struct output *output);

/* What to wait for; unused places are -1. */
void output_poll(const struct output *output, struct pollfd ret_fds[2]);
/*
 * Passes on what can be without waiting. `has_ended`: nobody writes any more, so what is empty is closed. 0, -EDQUOT
 * past the limit, or what writing answered: then the rest cannot be passed on.
 */
int output_turn(struct output *output, bool has_ended);
/* Everything has been passed on, and nothing comes any more. */
bool output_is_done(const struct output *output);
/* Counts what somebody else has read. -EDQUOT past the limit. */
int output_count(uint64_t most, uint64_t *total, uint64_t bytes);

#endif
