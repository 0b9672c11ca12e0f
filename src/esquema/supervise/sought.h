/* Whether a container looked for a network that it does not have: for a word of advice, never for a decision. */
#ifndef ESQUEMA_SOUGHT_H
#define ESQUEMA_SOUGHT_H

#include <stdbool.h>
#include <sys/types.h>

struct plan_block;

struct sought {
    int tables[2]; /* of counters, open; -1 */
};

void sought_init(struct sought *sought);
/* `init` waits and has its namespaces. Where nothing can be counted nothing is, and nobody told. */
void sought_begin(struct sought *sought, const struct plan_block *block, pid_t init);
/* After its end, once. Reading the counters costs more than all else that is done then. */
bool sought_ask(const struct sought *sought);
/* Lets the namespace go. */
void sought_end(struct sought *sought);

#endif
