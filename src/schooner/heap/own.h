/* Private to heap/: what its files use of each other besides heap.h. */
#ifndef SCHOONER_HEAP_OWN_H
#define SCHOONER_HEAP_OWN_H

#include "schooner/heap/block.h"
#include "schooner/heap/machine.h"

/* space.c: blocks and holes */
void block_format(struct heap_block *block, size_t size, uint32_t flags);
/* An empty block that nothing is built in yet: from the list, or mapped. NULL: did not fit. */
struct heap_block *space_take_block(struct heap *heap);
/* Makes a hole of at least `bytes` (up to HEAP_LARGE) the present one. false: did not fit without a collection. */
bool space_find_hole(struct heap *heap, size_t bytes);
/* Goes on in the next block of the reservation. false: there is none. */
bool space_next_ready(struct heap *heap);
/* What is left of a reservation becomes ordinary empty blocks. */
void space_drop_ready(struct heap *heap);
void space_drop_ready_large(struct heap *heap);
/* Forgets every hole but the present one: a collection follows. */
void space_leave_holes(struct heap *heap);
/* Gives empty blocks back until `keep` are left. */
void space_release_empty(struct heap *heap, size_t keep);
/* Keeps what a dead large object was mapped in; false: it is too much. */
bool space_keep_large(struct heap *heap, struct heap_block *block);
/* What was kept and fits, without much of it wasted; NULL. */
struct heap_block *space_reuse_large(struct heap *heap, size_t size);
void space_drop_kept(struct heap *heap);
void space_unmap_list(struct heap *heap, struct heap_block **list);

/* collect.c */
/* Collects from inside of a reservation: what was promised stays. */
bool collect_run(sch_vm *vm, bool full);
/* The one that is due, young or full. false as above, or (the heap limit) when a full one has left next to nothing. */
bool collect_due(sch_vm *vm);
/* Memory is short: collects fully; false (and the heap limit raised) when that is no use. */
bool collect_short(sch_vm *vm);

/* Headroom of the account, holes and empty blocks: what could still be built, as far as the last collection knows. */
uint64_t collect_available(const struct heap *heap);
/* Hostile build: is it this reservation's turn to collect? Always in a small heap, now and then in a large one. */
bool collect_turn(struct heap *heap);

#endif
