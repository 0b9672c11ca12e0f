/* How much a container has added to the host's disk, counted while it runs, where that is limited. */
#ifndef ESQUEMA_DISK_H
#define ESQUEMA_DISK_H

#include <stdbool.h>
#include "plan/plan.h"

struct disk;

/* NULL where nothing is to be counted. 0 or -ENOMEM. */
int disk_open(const struct plan_block *block, struct disk **ret_disk);
void disk_close(struct disk *disk); /* NULL is allowed */

/*
 * What is there before the first process runs; `init` is it, waiting, with its namespaces. 0 or a negative errno with
 * ret_error: trees that are too large or too deep to be counted are a reason not to start.
 */
int disk_begin(struct disk *disk, pid_t init, esq_error *ret_error);
/* What an earlier run of the same container began with: the limit is for all of them. */
uint64_t disk_base(const struct disk *disk);
void disk_set_base(struct disk *disk, uint64_t base);

int disk_poll(const struct disk *disk);      /* readable when a count is done, or -1 */
uint64_t disk_next(const struct disk *disk); /* when to look again, monotonic microseconds */
/* Begins a count when it is time, takes one that is done. 0, or -EDQUOT past the limit or when it cannot be counted. */
int disk_turn(struct disk *disk, uint64_t now);
uint64_t disk_added(const struct disk *disk); /* bytes, at the last count */

#endif
