/*
 * No bytes that claim to be a value do harm: they are refused, or they are a value that prints and travels again, and
 * code among them runs within the limits. The input is a program whose value is encoded and patched, or bytes that
 * begin with the magic number.
 */
#include "harness.h"
#include "schooner/travel/travel.h"

static void decode(const unsigned char *bytes, size_t length, bool code)
{
    sch_vm *vm = fuzz_machine(SCH_POSTURE_RUN);
    sch_value value;
    enum sch_status status = sch_decode(vm, bytes, length, code, &value);
    fuzz_check(status == SCH_OK || status == SCH_ERROR || status == SCH_LIMIT);
    if (status == SCH_OK) {
        void *again;
        size_t again_length;
        sch_ref *kept = sch_keep(vm, value);
        if (!kept) {
            sch_vm_free(vm);
            return;
        }
        sch_print(vm, value, false);
        status = code ? sch_encode_thunk(vm, sch_ref_value(kept), &again, &again_length)
                      : sch_encode(vm, sch_ref_value(kept), &again, &again_length);
        if (status == SCH_OK)
            sch_bytes_free(again, again_length);
        fuzz_check(status == SCH_OK || status == SCH_LIMIT || code);
        if (code) {
            status = sch_call(vm, sch_ref_value(kept), 0, NULL, &value);
            fuzz_check(status == SCH_OK || status == SCH_ERROR || status == SCH_LIMIT);
            fuzz_works(vm);
        }
        sch_release(kept);
    }
    sch_vm_free(vm);
}

static void decode_copy(const struct fuzz_patched *input, const void *bytes, size_t length, bool code)
{
    unsigned char *copy = fuzz_patch(input, bytes, length);
    decode(copy, length, code);
    free(copy);
}

static void decode_made(const struct fuzz_patched *input, bool code)
{
    sch_vm *vm = fuzz_machine(SCH_POSTURE_RUN);
    sch_value value;
    void *bytes;
    size_t length;
    struct fuzz_input none = { .text = "", .length = 0 };
    sch_vm_set_data(vm, &none);
    if (sch_eval(vm, input->source, &value) == SCH_OK &&
        (code ? sch_encode_thunk(vm, value, &bytes, &length) : sch_encode(vm, value, &bytes, &length)) == SCH_OK) {
        decode_copy(input, bytes, length, code);
        sch_bytes_free(bytes, length);
    }
    sch_vm_free(vm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_patched input = fuzz_split(data, size);
    uint32_t magic = TRAVEL_MAGIC;
    if (size >= 4 && memcmp(data, &magic, 4) == 0) {
        input.patch_count = 0;
        decode_copy(&input, data, size, false);
        decode_copy(&input, data, size, true);
    } else {
        decode_made(&input, false);
        decode_made(&input, true);
    }
    return 0;
}
