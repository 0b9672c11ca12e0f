/*
 * runner - runs one thunk and ends. It is started behind the runtime's walls with one descriptor, over which a request
 * comes and an answer goes; the engine's limits are the inner wall. It has no other way to do anything.
 */
#include <schooner.h>
#include <stdlib.h>
#include <string.h>
#include "base/transfer.h"
#include "bridge/frame.h"

static int say(enum frame_kind kind, const void *bytes, size_t length)
{
    return frame_write(FRAME_RUNNER_FD, kind, bytes, length) ? 0 : 1;
}

static int fail(const char *message)
{
    say(FRAME_FAILURE, message, strlen(message));
    return 1;
}

static bool write_output(void *data, const char *bytes, size_t length)
{
    (void)data;
    while (length > 0) {
        size_t piece = length < FRAME_OUTPUT_MAX ? length : FRAME_OUTPUT_MAX;
        if (say(FRAME_OUTPUT, bytes, piece) != 0)
            return false;
        bytes += piece;
        length -= piece;
    }
    return true;
}

/* --- the answer --- */

static int say_value(sch_vm *vm, enum frame_kind kind, sch_value value)
{
    void *bytes;
    size_t length;
    if (sch_encode(vm, value, &bytes, &length) != SCH_OK)
        return -1;
    int status = say(kind, bytes, length);
    sch_bytes_free(bytes, length);
    return status;
}

/* As text, when what was raised does not travel. */
static int say_message(sch_vm *vm, const char *kind, const char *message)
{
    sch_value parts[2] = { sch_symbol(vm, kind), sch_string(vm, message, strlen(message)) };
    sch_value list = sch_is_raised(parts[0]) || sch_is_raised(parts[1]) ? SCH_RAISED : sch_list(vm, 2, parts);
    int status = sch_is_raised(list) ? -1 : say_value(vm, FRAME_CONDITION, list);
    return status < 0 ? fail("the thunk failed, and there is no memory to say how") : status;
}

static int say_error(sch_vm *vm)
{
    const struct sch_failure *failure = sch_failure(vm);
    char kind_name[64], text[2048];
    strncpy(kind_name, failure->kind ? failure->kind : "error", sizeof kind_name - 1);
    kind_name[sizeof kind_name - 1] = '\0';
    strncpy(text, failure->message ? failure->message : "an error", sizeof text - 1);
    text[sizeof text - 1] = '\0';

    void *bytes;
    size_t length;
    bool was_raised = strcmp(kind_name, "raised") == 0 || sch_get_condition(sch_raised(vm), NULL, NULL, NULL);
    if (!was_raised || sch_encode_raised(vm, &bytes, &length) != SCH_OK)
        return say_message(vm, kind_name, text);
    int status = say(FRAME_RAISED, bytes, length);
    sch_bytes_free(bytes, length);
    return status;
}

static int say_end(sch_vm *vm, enum sch_status status, sch_value value)
{
    uint32_t limit;
    switch (status) {
    case SCH_OK:
        if (say_value(vm, FRAME_VALUE, value) == 0)
            return 0;
        if (sch_failure(vm)->status != SCH_LIMIT)
            return say_message(vm, "sandbox-error",
                               sch_failure(vm)->message ? sch_failure(vm)->message : "the value does not travel");
        limit = sch_failure(vm)->limit;
        return say(FRAME_LIMIT, &limit, sizeof limit);
    case SCH_ERROR: return say_error(vm);
    case SCH_LIMIT: limit = sch_failure(vm)->limit; return say(FRAME_LIMIT, &limit, sizeof limit);
    case SCH_SUSPENDED:
    case SCH_PAUSED:
    case SCH_UNWIND:
    case SCH_MISUSE: break;
    }
    return fail("the thunk ended in a way that is not foreseen");
}

/* --- the request --- */

/* Standard input is at its end: what a port without functions gives. */
static const struct sch_port_type nothing = { .base = { .name = "nothing" } };

static int run(sch_vm *vm, const void *code, size_t length)
{
    sch_value thunk, value = sch_unspecified();
    sch_set_output(vm, write_output, NULL);
    if (!sch_set_port(vm, SCH_STANDARD_INPUT, sch_port(vm, &nothing, NULL, SCH_PORT_INPUT)))
        return fail("no memory for a machine");
    enum sch_status status = sch_decode(vm, code, length, true, &thunk);
    if (status == SCH_OK)
        status = sch_call(vm, thunk, 0, NULL, &value);
    return say_end(vm, status, value);
}

static int serve(const struct frame_request *request, const void *code, size_t length)
{
    const struct sch_env_options options = {
        .size = sizeof options,
        .posture = SCH_POSTURE_RUN,
    };
    const struct sch_limits limits = {
        .size = sizeof limits,
        .fuel = request->fuel,
        .heap = request->heap,
        .timeout_ns = request->timeout_ns,
        .output = request->output,
    };
    sch_env *env = sch_env_new(&options, NULL);
    if (!env)
        return fail("no memory for an environment");
    sch_vm *vm = sch_vm_new(env, &limits);
    int status = vm ? run(vm, code, length) : fail("no memory for a machine");
    sch_vm_free(vm);
    sch_env_free(env);
    return status;
}

int main(void)
{
    struct frame_header header;
    struct frame_request request;
    if (!transfer_read(FRAME_RUNNER_FD, &header, sizeof header))
        return 2;
    if (!frame_header_is_good(&header, (uint64_t)1 << 30) || header.kind != FRAME_REQUEST ||
        header.length < sizeof request)
        return fail("this is no request");
    size_t length = header.length - sizeof request;
    void *code = malloc(length + 1);
    if (!code)
        return fail("no memory for the thunk");
    if (!transfer_read(FRAME_RUNNER_FD, &request, sizeof request) || !transfer_read(FRAME_RUNNER_FD, code, length))
        return 2;
    int status = serve(&request, code, length);
    free(code);
    return status;
}
