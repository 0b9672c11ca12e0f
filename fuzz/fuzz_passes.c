/*
 * What the engine does for speed alone changes nothing: a program ends in the same, for the same fuel, where it is left
 * out. The input is a program, and behind the first NUL a byte that says what is left out.
 */
#include "harness.h"

/* Without "open-coding" a sum of many numbers costs more fuel; so it is left out by itself. */
enum { WAYS = 3, OPEN_CODING = 1 };
static const char *const left_out[WAYS][6] = {
    { "inline", "fold", "known-calls", "loops", "young-collection", NULL },
    { "open-coding", NULL },
    { "inline", NULL },
};

/* Compiling costs what its passes cost; a program with `eval` in it pays for that while it runs. */
static bool may_compile(struct sch_source source)
{
    return memmem(source.text, source.length, "eval", 4);
}

/* False: it is no program. */
static bool outcome(sch_env *env, struct sch_source source, struct fuzz_outcome *ret)
{
    struct sch_limits limits = fuzz_limits();
    struct sch_failure failure = { .size = sizeof failure };
    sch_code *code;
    if (sch_compile(env, source, &limits, &code, &failure) != SCH_OK) {
        sch_failure_done(&failure);
        return false;
    }
    limits.fuel = 20000;
    sch_vm *vm = sch_vm_new(env, &limits);
    fuzz_check(vm);
    struct fuzz_input none = { .text = "", .length = 0 };
    sch_vm_set_data(vm, &none);
    sch_value value;
    enum sch_status status = sch_run(vm, code, &value);
    while (status == SCH_SUSPENDED)
        status = sch_resume(vm, sch_integer(vm, 1), &value);
    *ret = fuzz_outcome(vm, status, value);
    sch_vm_free(vm);
    sch_code_free(code);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sch_env *envs[WAYS];
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    struct sch_source source = { .name = "input",
                                 .text = (const char *)data,
                                 .length = nul ? (size_t)(nul - data) : size };
    size_t way = nul && nul + 1 < data + size ? nul[1] % WAYS : 0;
    if (!envs[way])
        envs[way] = fuzz_env_new((struct sch_env_options){ .posture = SCH_POSTURE_RUN, .without = left_out[way] });
    struct fuzz_outcome fast, plain;
    bool is_program = outcome(fuzz_env(SCH_POSTURE_RUN), source, &fast);
    fuzz_check(outcome(envs[way], source, &plain) == is_program);
    if (is_program)
        fuzz_same(&fast, &plain, way != OPEN_CODING && !may_compile(source));
    return 0;
}
