/* Every program ends in a value, an error or a limit, in both postures, and its machine works afterwards. */
#include "harness.h"

static void evaluate(enum sch_posture posture, struct sch_source source)
{
    sch_vm *vm = fuzz_machine(posture);
    sch_value value;
    struct fuzz_input none = { .text = "", .length = 0 };
    sch_vm_set_data(vm, &none);
    enum sch_status status = sch_eval(vm, source, &value);
    fuzz_check(status == SCH_OK || status == SCH_ERROR || status == SCH_LIMIT);
    if (status == SCH_OK)
        sch_print(vm, value, false);
    else
        fuzz_check(sch_failure(vm)->message);
    fuzz_check(sch_usage(vm).heap_peak <= 8 << 20);
    status = sch_eval(vm, (struct sch_source){ "after", "'whole", 6 }, &value);
    fuzz_check(status == SCH_OK || status == SCH_LIMIT); /* the heap may be full of definitions */
    sch_vm_free(vm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sch_source source = { .name = "input", .text = (const char *)data, .length = size };
    evaluate(SCH_POSTURE_EVAL, source);
    evaluate(SCH_POSTURE_RUN, source);
    return 0;
}
