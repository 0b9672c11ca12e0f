/*
 * The counter: fuel, clock and interrupt, looked at once for each slice. What is left in vm->slice has been granted out
 * of fuel_left already; so a program may use exactly its fuel.
 */
#include <time.h>
#include "schooner/vm/run.h"

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool poll(sch_vm *vm)
{
    if (unlikely(vm->limit != SCH_LIMIT_NONE))
        return false;
    if (__atomic_load_n(&vm->interrupted, __ATOMIC_RELAXED)) {
        raise_limit(vm, SCH_LIMIT_INTERRUPT);
        return false;
    }
    if (vm->deadline_ns != UINT64_MAX && now_ns() > vm->deadline_ns) {
        raise_limit(vm, SCH_LIMIT_TIMEOUT);
        return false;
    }
    return true;
}

bool vm_in_time(const sch_vm *vm)
{
    return vm->limit != SCH_LIMIT_TIMEOUT && vm->limit != SCH_LIMIT_INTERRUPT &&
           !__atomic_load_n(&vm->interrupted, __ATOMIC_RELAXED) &&
           (vm->deadline_ns == UINT64_MAX || now_ns() <= vm->deadline_ns);
}

/*
 * How much may be used before the next look: up to the pause, if it is a whole way off. A pause that is overdue is made
 * at the next place where it can be; where a call from the host is in between, the run goes on in ordinary slices.
 * A unit may stand for a whole procedure without a loop or call: where there is a long one, slices are shorter.
 */
static uint64_t next_slice(const sch_vm *vm)
{
    const struct interpreter *in = vm->interpreter;
    uint64_t longest = in ? in->longest : 0;
    uint64_t most = longest <= WORDS_PER_LOOK / SLICE ? SLICE : WORDS_PER_LOOK / longest + 1;
    uint64_t slice = vm->fuel_left < most ? vm->fuel_left : most;
    uint64_t to_pause = vm->pause_at > vm->fuel_used ? vm->pause_at - vm->fuel_used : 0;
    if (to_pause == 0 && vm->host_depth != 1)
        return slice;
    return to_pause < slice ? to_pause : slice;
}

bool charge_slow(sch_vm *vm, uint64_t units)
{
    uint64_t have = vm->slice > 0 ? (uint64_t)vm->slice : 0;
    if (vm->slice < 0) { /* the interpreter took more than there was */
        uint64_t debt = (uint64_t)-vm->slice;
        if (units > UINT64_MAX - debt)
            units = UINT64_MAX - debt;
        units += debt;
        vm->slice = 0;
    }
    if (units > have && units - have > vm->fuel_left) {
        if (vm->fuel_left != UINT64_MAX) {
            vm->slice = (int64_t)have;
            raise_limit(vm, SCH_LIMIT_FUEL);
            return false;
        }
    }
    uint64_t need = units > have ? units - have : 0;
    if (vm->fuel_left != UINT64_MAX)
        vm->fuel_left -= need;
    vm->fuel_used += need;
    uint64_t slice = next_slice(vm);
    if (vm->fuel_left != UINT64_MAX)
        vm->fuel_left -= slice;
    vm->fuel_used += slice;
    vm->slice = (int64_t)(slice + have + need - units);
    return poll(vm);
}

void vm_begin_run(sch_vm *vm)
{
    struct interpreter *in = interpreter_of(vm);
    vm->fuel_left = vm->limits.fuel ? vm->limits.fuel : SCH_UNLIMITED;
    vm->fuel_used = 0;
    vm->slice = 0;
    vm->limit = SCH_LIMIT_NONE;
    vm_begin_slice(vm);
    vm->deadline_ns = UINT64_MAX;
    if (vm->limits.timeout_ns != 0 && vm->limits.timeout_ns != SCH_UNLIMITED)
        vm->deadline_ns = now_ns() + vm->limits.timeout_ns;
    __atomic_store_n(&vm->interrupted, 0, __ATOMIC_RELAXED);
    vm->account.exhausted = false;
    vm->output_left = vm->limits.output ? vm->limits.output : SCH_UNLIMITED;
    vm->output_used = 0;
    memset(&vm->raised, 0, sizeof vm->raised);
    in->straight = false;
    in->request = REQUEST_NONE;
    in->throw_to = V_NIL;
    in->throw_rooted = false;
}

void vm_end_run(sch_vm *vm)
{
    if (vm->host_depth > 0)
        vm_abandon(vm); /* a limit left all as it was, so that it could be looked at */
    /* what a host makes between runs is not bounded by what the last run left */
    vm->fuel_used = vm_fuel_used(vm);
    vm->slice = 0;
    vm->fuel_left = SCH_UNLIMITED;
    vm->pause_at = UINT64_MAX;
    vm->deadline_ns = UINT64_MAX;
    vm->limit = SCH_LIMIT_NONE;
    stack_reset(vm);
}

void vm_begin_slice(sch_vm *vm)
{
    uint64_t used = vm_fuel_used(vm);
    uint64_t wanted = vm->limits.slice;
    vm->pause_at = wanted == 0 || wanted > UINT64_MAX - used ? UINT64_MAX : used + wanted;
    vm_return_grant(vm);
}

void vm_return_grant(sch_vm *vm)
{
    if (vm->pause_at != UINT64_MAX)
        vm_return_slice(vm);
}

void vm_return_slice(sch_vm *vm)
{
    if (vm->slice <= 0)
        return;
    uint64_t granted = (uint64_t)vm->slice;
    vm->fuel_used -= granted;
    if (vm->fuel_left != UINT64_MAX)
        vm->fuel_left += granted;
    vm->slice = 0;
}

bool vm_pause_is_due(const sch_vm *vm)
{
    return vm->host_depth == 1 && vm_fuel_used(vm) >= vm->pause_at;
}

void vm_stop_clock(sch_vm *vm)
{
    uint64_t now = now_ns();
    vm->time_left_ns = UINT64_MAX;
    if (vm->deadline_ns != UINT64_MAX)
        vm->time_left_ns = vm->deadline_ns > now ? vm->deadline_ns - now : 0;
    vm->deadline_ns = UINT64_MAX;
}

void vm_start_clock(sch_vm *vm)
{
    if (vm->time_left_ns != UINT64_MAX)
        vm->deadline_ns = now_ns() + vm->time_left_ns;
}

uint64_t vm_fuel_used(const sch_vm *vm)
{
    return vm->fuel_used - (vm->slice > 0 ? (uint64_t)vm->slice : 0);
}
