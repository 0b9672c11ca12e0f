/* (scheme time): clocks. Jiffies are nanoseconds of a clock that nobody sets. */
#include <time.h>
#include "schooner/lib/numbers.h"

enum { JIFFIES_PER_SECOND = 1000000000 };

static struct timespec now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time;
}

sch_value prim_current_second(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)args;
    (void)count;
    struct timespec time = now(CLOCK_REALTIME);
    return heap_reserve(vm, FLONUM_SIZE) ? make_double(vm, (double)time.tv_sec + (double)time.tv_nsec / 1e9) : V_RAISED;
}

sch_value prim_current_jiffy(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm;
    (void)args;
    (void)count;
    struct timespec time = now(CLOCK_MONOTONIC);
    return make_fixnum((int64_t)time.tv_sec * JIFFIES_PER_SECOND + time.tv_nsec);
}

sch_value prim_jiffies_per_second(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm;
    (void)args;
    (void)count;
    return make_fixnum(JIFFIES_PER_SECOND);
}
