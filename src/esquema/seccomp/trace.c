/*
 * trace.c: the payload's filter asks us at each call that it would refuse. The same program, run here on the same
 * numbers, says the error; so nothing is decided otherwise than without us, and a call is never let through. When we
 * are gone, the kernel answers ENOSYS.
 */
#include "seccomp/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "seccomp/policy.h"
#include "sys/sys.h"

enum { ANSWERS_AT_ONCE = 64, TRIES_OF_ANSWER = 3, NOTICE_ROOM = 512 };

struct seccomp_trace {
    int listener;
    size_t length;
    uint64_t counts[SECCOMP_NUMBERS + 1];
    uint16_t errors[SECCOMP_NUMBERS + 1];
    struct sock_filter program[];
};

static uint32_t load(const struct seccomp_data *call, uint32_t offset)
{
    uint32_t word = 0;
    if (offset <= sizeof *call - sizeof word)
        memcpy(&word, (const char *)call + offset, sizeof word);
    return word;
}

/* The words of seccomp/compile.c. A jump only leads forward, so that this ends. */
uint32_t seccomp_trace_decide(const struct sock_filter *program, size_t count, const struct seccomp_data *call)
{
    uint32_t word = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t k = program[i].k;
        switch (program[i].code) {
        case BPF_LD | BPF_W | BPF_ABS: word = load(call, k); break;
        case BPF_ALU | BPF_AND | BPF_K: word &= k; break;
        case BPF_JMP | BPF_JA: i += k; break;
        case BPF_JMP | BPF_JEQ | BPF_K: i += word == k ? program[i].jt : program[i].jf; break;
        case BPF_JMP | BPF_JGE | BPF_K: i += word >= k ? program[i].jt : program[i].jf; break;
        case BPF_JMP | BPF_JSET | BPF_K: i += word & k ? program[i].jt : program[i].jf; break;
        case BPF_RET | BPF_K: return k;
        default: return SECCOMP_RET_ERRNO | EPERM;
        }
    }
    return SECCOMP_RET_ERRNO | EPERM;
}

int seccomp_trace_open(int listener, const struct sock_filter *program, size_t count, struct seccomp_trace **ret_trace)
{
    struct seccomp_trace *trace = calloc(1, sizeof *trace + count * sizeof *program);
    if (!trace) {
        sys_close(listener);
        return -ENOMEM;
    }
    trace->listener = listener;
    trace->length = count;
    memcpy(trace->program, program, count * sizeof *program);
    *ret_trace = trace;
    return 0;
}

void seccomp_trace_close(struct seccomp_trace *trace)
{
    if (!trace)
        return;
    sys_close(trace->listener);
    free(trace);
}

int seccomp_trace_fd(const struct seccomp_trace *trace)
{
    return trace ? trace->listener : -1;
}

static void count_call(struct seccomp_trace *trace, int number, int error)
{
    int index = number >= 0 && number < SECCOMP_NUMBERS ? number : SECCOMP_NUMBERS;
    if (trace->counts[index]++ == 0)
        trace->errors[index] = (uint16_t)error;
}

/* false: nobody waits any more. A call that a signal has interrupted meanwhile comes again, and counts then. */
static bool answer_one(struct seccomp_trace *trace)
{
    /* The kernel's structures may have grown; it wants to find zeros. */
    union {
        struct seccomp_notif notice;
        char room[NOTICE_ROOM];
    } asked;
    union {
        struct seccomp_notif_resp answer;
        char room[NOTICE_ROOM];
    } answered;
    memset(&asked, 0, sizeof asked);
    memset(&answered, 0, sizeof answered);
    if (SYS(SYS_ioctl, trace->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
        return false;
    const struct seccomp_data *call = &asked.notice.data;
    uint32_t decision = seccomp_trace_decide(trace->program, trace->length, call);
    int error = (decision & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO ? (int)(decision & SECCOMP_RET_DATA) : EPERM;
    answered.answer.id = asked.notice.id;
    answered.answer.error = -error;
    for (int i = 0; i < TRIES_OF_ANSWER; i++) {
        long result = SYS(SYS_ioctl, trace->listener, SECCOMP_IOCTL_NOTIF_SEND, &answered);
        if (result == 0)
            count_call(trace, call->nr, error);
        if (result == 0 || result == -ENOENT)
            return true;
    }
    /* Nobody shall stand still for ever: without us the kernel refuses what waits and what comes. */
    sys_close(take_fd(&trace->listener));
    return false;
}

void seccomp_trace_serve(struct seccomp_trace *trace)
{
    if (!trace || trace->listener < 0)
        return;
    for (int i = 0; i < ANSWERS_AT_ONCE; i++) {
        struct pollfd waiting = { .fd = trace->listener, .events = POLLIN };
        if (sys_poll(&waiting, 1, 0) <= 0)
            return;
        if (waiting.revents & POLLIN) {
            if (!answer_one(trace))
                return;
        } else { /* the last process behind the filter has ended */
            sys_close(take_fd(&trace->listener));
            return;
        }
    }
}

int seccomp_trace_next(const struct seccomp_trace *trace, int number, uint64_t *ret_count, int *ret_errno)
{
    for (; trace && number <= SECCOMP_NUMBERS; number++) {
        if (trace->counts[number] == 0)
            continue;
        *ret_count = trace->counts[number];
        *ret_errno = trace->errors[number];
        return number;
    }
    return -1;
}
