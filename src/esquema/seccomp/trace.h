/*
 * What a policy refuses, named: the answering end of a filter whose refusals ask us first (seccomp_trace_ask). Knows
 * the program that decides, and counts; not whose calls they are.
 */
#ifndef ESQUEMA_SECCOMP_TRACE_H
#define ESQUEMA_SECCOMP_TRACE_H

#include <stddef.h>
#include <stdint.h>

struct sock_filter;
struct seccomp_data;
struct seccomp_trace;

/* What the program says of a call: a SECCOMP_RET_*. EPERM where the program is none of ours. */
uint32_t seccomp_trace_decide(const struct sock_filter *program, size_t count, const struct seccomp_data *call);

/* Takes the listener in any case; copies the program. 0 or -ENOMEM. */
int seccomp_trace_open(int listener, const struct sock_filter *program, size_t count, struct seccomp_trace **ret_trace);
/* NULL is allowed. */
void seccomp_trace_close(struct seccomp_trace *trace);
/* To wait for: readable when a call waits for its answer. -1 when none can come any more, or for NULL. */
int seccomp_trace_fd(const struct seccomp_trace *trace);
/* Answers calls that wait, a bounded number of them, as the program decides. */
void seccomp_trace_serve(struct seccomp_trace *trace);
/* The next number of a call at or above `number` that was refused, -1 where there is none, and how often. One above
 * all numbers that we know stands for the rest. */
int seccomp_trace_next(const struct seccomp_trace *trace, int number, uint64_t *ret_count, int *ret_errno);

#endif
