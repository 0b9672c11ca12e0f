/*
 * Ten thousand machines that take turns on one thread. Each runs until its slice of fuel is used up and then waits for
 * its next turn, so that a script which computes for long, or for ever, keeps nobody waiting.
 *
 *   cc -o turns turns.c $(pkg-config --cflags --libs schooner) && ./turns
 */
#include <stdio.h>
#include <stdlib.h>
#include <schooner.h>

enum { MACHINES = 10000 };

struct machine {
    sch_vm *vm;
    enum sch_status status;
    sch_value result;
};

/* Every tenth one never ends: its fuel does. */
static const char program[] = "(define (count n) (if (> n 0) (count (- n 1)) 'done))\n"
                              "(count (if (= (modulo (number) 10) 0) -1 (* 20 (modulo (number) 100))))\n"
                              "(if (= (modulo (number) 10) 0) (let loop () (loop)) 'done)\n";

static sch_value number(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    const struct machine *machines = data;
    const struct machine *machine = sch_vm_data(vm);
    (void)count, (void)args;
    return sch_integer(vm, machine - machines);
}

/* One turn for everyone who is not at an end; how many those are afterwards. */
static int take_turns(struct machine machines[])
{
    int unfinished = 0;
    for (int i = 0; i < MACHINES; i++) {
        if (machines[i].status != SCH_PAUSED)
            continue;
        machines[i].status = sch_resume(machines[i].vm, sch_unspecified(), &machines[i].result);
        unfinished += machines[i].status == SCH_PAUSED;
    }
    return unfinished;
}

int main(void)
{
    static const char *const menu[] = { "base", NULL };
    struct machine *machines = calloc(MACHINES, sizeof *machines);
    const struct sch_binding binding = { .name = "number", .function = number, .data = machines };
    const struct sch_library library = { .bindings = &binding, .count = 1 };
    struct sch_env_options options = {
        .size = sizeof options, .menu = menu, .pre_imports = menu, .libraries = &library, .library_count = 1
    };
    struct sch_limits limits = { .size = sizeof limits, .heap = 512 << 10, .fuel = 5000 };
    limits.slice = 500; /* units of fuel for each turn */
    sch_env *env = machines ? sch_env_new(&options, NULL) : NULL;
    sch_code *code;
    struct sch_source source = { "turns.scm", program, sizeof program - 1 };
    if (!env || sch_compile(env, source, NULL, &code, NULL) != SCH_OK)
        return 1;
    for (int i = 0; i < MACHINES; i++) {
        machines[i].vm = sch_vm_new(env, &limits);
        if (!machines[i].vm)
            return 1;
        sch_vm_set_data(machines[i].vm, &machines[i]);
        machines[i].status = sch_run(machines[i].vm, code, &machines[i].result); /* its first turn */
    }
    int turns = 1;
    while (take_turns(machines) > 0)
        turns++;

    int done = 0, stopped = 0;
    for (int i = 0; i < MACHINES; i++) {
        done += machines[i].status == SCH_OK;
        stopped += machines[i].status == SCH_LIMIT && sch_failure(machines[i].vm)->limit == SCH_LIMIT_FUEL;
        sch_vm_free(machines[i].vm);
    }
    printf("%d machines, at most %d turns each: %d done, %d out of fuel\n", MACHINES, turns + 1, done, stopped);
    sch_code_free(code);
    sch_env_free(env);
    free(machines);
    return done == MACHINES / 10 * 9 && stopped == MACHINES / 10 ? 0 : 1;
}
