/*
 * No blob makes the verifier read outside of it, and what it passes can be printed and looked up. The input is a
 * program whose code is patched.
 */
#include "harness.h"
#include "base/buffer.h"
#include "schooner/compile/code.h"
#include "schooner/table/primitive.h"

static void look(const struct sch_code *code)
{
    struct buffer out;
    buffer_init(&out, &memory_malloc);
    if (code_print(code, &out)) {
        for (uint32_t at = 0; at < code->word_count; at++) {
            struct code_position position = code_position_at(code, at);
            size_t length;
            code_excerpt(code, position.file, position.line, &length);
            code_procedure_at(code, at);
            code_live_map(code, at);
        }
    }
    buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_patched input = fuzz_split(data, size);
    struct sch_limits limits = fuzz_limits();
    struct sch_failure failure = { .size = sizeof failure };
    sch_code *code;
    if (sch_compile(fuzz_env(SCH_POSTURE_RUN), input.source, &limits, &code, &failure) != SCH_OK) {
        sch_failure_done(&failure);
        return 0;
    }
    fuzz_check(code_is_sound(code, code->size, PRIMITIVE_COUNT));
    struct sch_code *patched = (struct sch_code *)fuzz_patch(&input, code, code->size);
    if (code_is_sound(patched, code->size, PRIMITIVE_COUNT))
        look(patched);
    free(patched);
    sch_code_free(code);
    return 0;
}
