/*
 * For the failure sweep of the tests only (built with ESQ_FAULTS): counts system calls, lets the n-th fail.
 * The variable is shared by parent and child, because the child runs in the parent's memory.
 */
#include "sys/sys.h"

struct sys_fault sys_fault;

long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
    int pid = (int)raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
    bool is_parent = pid == sys_fault.owner;
    int *seen = is_parent ? &sys_fault.parent_seen : &sys_fault.child_seen;
    int at = is_parent ? sys_fault.parent_at : sys_fault.child_at;

    if (++*seen == at) {
        if (sys_fault.error_number == SYS_FAULT_KILL)
            sys_exit(128 + SIGKILL); /* PID 1 of a namespace cannot kill itself; what matters is that it says nothing */
        return -sys_fault.error_number;
    }
    return raw_syscall(number, a, b, c, d, e, f);
}
