/*
 * Every program ends in a value, an error or a limit, in every environment, and its machine works afterwards, also with
 * little fuel or memory, or when a piece of memory is refused; a run that stops now and then ends as one that does not;
 * and data that travels prints as before. The input is a program, and behind the first NUL these circumstances.
 */
#include "harness.h"

/* A byte each; 0, or a missing one: the default. */
struct circumstances {
    uint8_t env;     /* 0: each, else one of them */
    uint8_t fuel[2]; /* units, [20,000] */
    uint8_t slice;   /* fuel [it never stops] */
    uint8_t heap;    /* 32 KiB [8 MiB] */
    uint8_t refused; /* the piece of memory that is not given [none] */
    uint8_t cancel;  /* the stop at which the run is given up [none] */
};

static sch_vm *machine(sch_env *env, const struct circumstances *at, bool sliced)
{
    struct sch_limits limits = fuzz_limits();
    unsigned fuel = at->fuel[0] | at->fuel[1] << 8;
    limits.fuel = fuel ? fuel : 20000;
    limits.slice = sliced ? at->slice : 0;
    if (at->heap)
        limits.heap = (uint64_t)at->heap << 15;
    fuzz_refuse(at->refused);
    return sch_vm_new(env, &limits);
}

/* Goes on until the run ends, or is given up: false. Every stop has used fuel. */
static bool finish(sch_vm *vm, unsigned cancel, enum sch_status *status, sch_value *value)
{
    int64_t suspended = 0;
    for (uint64_t fuel = 0, stops = 1; *status == SCH_SUSPENDED || *status == SCH_PAUSED; stops++) {
        fuzz_check(sch_usage(vm).fuel > fuel);
        fuel = sch_usage(vm).fuel;
        if (stops == cancel) {
            fuzz_check(sch_cancel(vm) == SCH_OK);
            return false;
        }
        suspended += *status == SCH_SUSPENDED;
        *status = sch_resume(vm, sch_integer(vm, suspended), value);
    }
    return true;
}

/* What sch_encode takes comes back as what prints the same. */
static void travel(sch_vm *vm, sch_value value, const char *text)
{
    void *bytes;
    size_t length;
    if (sch_encode(vm, value, &bytes, &length) != SCH_OK)
        return;
    enum sch_status status = sch_decode(vm, bytes, length, false, &value);
    sch_bytes_free(bytes, length);
    fuzz_check(status == SCH_OK || status == SCH_LIMIT);
    if (status == SCH_OK) {
        struct fuzz_outcome back = fuzz_outcome(vm, SCH_OK, value);
        fuzz_check(back.unprinted || strcmp(text, back.text) == 0);
        free(back.text);
    }
}

static bool evaluate(sch_env *env, struct sch_source source, const struct circumstances *at, bool sliced,
                     struct fuzz_outcome *ret)
{
    sch_vm *vm = machine(env, at, sliced);
    fuzz_check(vm || at->heap || at->refused);
    bool ended = false;
    if (vm) {
        struct fuzz_input none = { .text = "", .length = 0 };
        sch_vm_set_data(vm, &none);
        sch_value value;
        enum sch_status status = sch_eval(vm, source, &value);
        ended = finish(vm, sliced ? at->cancel : 0, &status, &value);
        if (ended) {
            *ret = fuzz_outcome(vm, status, value);
            if (status == SCH_OK && !ret->unprinted)
                travel(vm, value, ret->text);
        }
        fuzz_check(at->heap || sch_usage(vm).heap_peak <= fuzz_limits().heap);
        fuzz_check(!at->heap || sch_usage(vm).heap_peak <= (uint64_t)at->heap << 15);
        fuzz_works(vm);
        sch_vm_free(vm);
    }
    fuzz_refuse(0);
    return ended;
}

static void evaluate_in(sch_env *env, struct sch_source source, const struct circumstances *at)
{
    struct fuzz_outcome whole, sliced;
    bool whole_ended = evaluate(env, source, at, false, &whole);
    bool sliced_ended = at->slice && evaluate(env, source, at, true, &sliced);
    if (whole_ended && sliced_ended && !at->refused) {
        fuzz_same(&whole, &sliced, true);
        return;
    }
    if (whole_ended)
        free(whole.text);
    if (sliced_ended)
        free(sliced.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sch_env *envs[3];
    if (!envs[0]) {
        envs[0] = fuzz_env(SCH_POSTURE_RUN);
        envs[1] = fuzz_env(SCH_POSTURE_EVAL);
        envs[2] =
            fuzz_env_new((struct sch_env_options){ .mutation = true, .catch_errors = true, .redefinition = true });
    }
    struct circumstances at = { 0 };
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    struct sch_source source = { .name = "input",
                                 .text = (const char *)data,
                                 .length = nul ? (size_t)(nul - data) : size };
    if (nul) {
        size_t rest = size - source.length - 1;
        memcpy(&at, nul + 1, rest < sizeof at ? rest : sizeof at);
    }
    for (size_t i = 0; i < 3; i++)
        if (at.env == 0 || i == at.env % 3)
            evaluate_in(envs[i], source, &at);
    return 0;
}
