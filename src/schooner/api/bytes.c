/* sch_encode, sch_encode_thunk, sch_decode: values to bytes and back, for the host. */
#include <stdio.h>
#include <stdlib.h>
#include "base/utf8.h"
#include "schooner/api/state.h"
#include "schooner/travel/travel.h"

static enum sch_status fail_with(sch_vm *vm, const char *kind, const char *message)
{
    failure_clear(vm->api);
    failure_set(vm, SCH_ERROR, kind, message);
    return SCH_ERROR;
}

static enum sch_status limited(sch_vm *vm)
{
    failure_from_run(vm, SCH_LIMIT);
    return SCH_LIMIT;
}

static enum sch_status encode(sch_vm *vm, sch_value value, bool code, void **ret, size_t *ret_length)
{
    struct buffer out;
    char problem[160];
    if (is_raised(value) || !ret || !ret_length)
        return run_misuse(vm, "nothing to encode, or nowhere to put it");
    buffer_init(&out, vm_memory(vm));
    values_begin(vm);
    bool encoded = travel_encode(vm, value, code, &out, problem, sizeof problem);
    void *copy = encoded ? malloc(out.length) : NULL;
    if (copy) {
        memcpy(copy, out.bytes, out.length);
        *ret = copy;
        *ret_length = out.length;
    }
    buffer_done(&out);
    if (copy)
        return SCH_OK;
    if (encoded)
        return fail_with(vm, "no-memory", "out of memory");
    return *problem ? fail_with(vm, "does-not-travel", problem) : limited(vm);
}

enum sch_status sch_encode(sch_vm *vm, sch_value value, void **ret, size_t *ret_length)
{
    return encode(vm, value, false, ret, ret_length);
}

/* The same condition with the text of its irritants behind its message. V_RAISED: the heap limit. */
static sch_value without_irritants(sch_vm *vm, sch_value value)
{
    struct buffer text;
    buffer_init(&text, vm_memory(vm));
    failure_append_message(vm, object_as(struct condition, value), &text);
    size_t characters, valid; /* what is long was cut, perhaps inside of a character */
    bool is_whole = utf8_count(text.bytes, text.length, &characters, &valid);
    sch_value message = sch_string(vm, (const char *)text.bytes, is_whole ? text.length : valid);
    buffer_done(&text);
    size_t size = object_size(sizeof(struct condition), 0, 0);
    heap_pause_collection(vm);
    bool fits = !is_raised(message) && heap_reserve(vm, size);
    heap_resume_collection(vm);
    if (!fits)
        return V_RAISED;
    const struct condition *given = object_as(struct condition, value);
    struct condition *made = heap_object(vm, OBJECT_CONDITION, 6, size);
    *made = (struct condition){ made->header, given->kind, message, V_NIL, given->who, given->position, given->frames };
    return object_value(made);
}

enum sch_status sch_encode_raised(sch_vm *vm, void **ret, size_t *ret_length)
{
    sch_value raised = scope_hold(vm, sch_raised(vm));
    if (is_raised(raised))
        return limited(vm);
    enum sch_status status = sch_encode(vm, raised, ret, ret_length);
    if (status != SCH_ERROR || !is_condition(raised))
        return status;
    sch_value as_text = without_irritants(vm, raised);
    return is_raised(as_text) ? limited(vm) : sch_encode(vm, as_text, ret, ret_length);
}

enum sch_status sch_encode_thunk(sch_vm *vm, sch_value thunk, void **ret, size_t *ret_length)
{
    if (!is_procedure(thunk))
        return run_misuse(vm, "sch_encode_thunk needs a procedure");
    return encode(vm, thunk, true, ret, ret_length);
}

enum sch_status sch_decode(sch_vm *vm, const void *bytes, size_t length, bool code, sch_value *ret)
{
    if ((!bytes && length > 0) || !ret)
        return run_misuse(vm, "nothing to decode, or nowhere to put it");
    sch_value value = V_FALSE;
    values_begin(vm);
    const char *problem = travel_decode(vm, bytes, length, code, &value);
    if (problem)
        return *problem ? fail_with(vm, "decode-error", problem) : limited(vm);
    if (is_raised(scope_hold(vm, value)))
        return limited(vm);
    vm->api->has_strangers = vm->api->has_strangers || code;
    *ret = value;
    return SCH_OK;
}

void sch_bytes_free(void *bytes, size_t length)
{
    (void)length;
    free(bytes);
}
