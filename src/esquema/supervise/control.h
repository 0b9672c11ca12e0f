/* Requests to the supervisor of a started container, for the files of supervise/ and api/. */
#ifndef ESQUEMA_SUPERVISE_CONTROL_H
#define ESQUEMA_SUPERVISE_CONTROL_H

#include "store/store.h"
#include "supervise/protocol.h"

/*
 * One request and its answer; descriptors of the answer, or -1, are the caller's. Errors as esq_store_signal has them.
 */
int supervise_ask_pid(struct esq_store *store, const char *name, enum supervise_request request, int ret_fds[2],
                      pid_t *ret_pid, esq_error *ret_error);
int supervise_ask(struct esq_store *store, const char *name, enum supervise_request request, int64_t value,
                  int ret_fds[2], esq_error *ret_error);

/*
 * The timeout of sys_poll for whichever of two moments comes first; UINT64_MAX: it never does. All in microseconds of
 * sys_monotonic_microseconds.
 */
int64_t supervise_time_until(uint64_t now, uint64_t first, uint64_t second);

#endif
