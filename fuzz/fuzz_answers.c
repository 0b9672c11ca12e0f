/*
 * Whatever a runner says, run-sandboxed gives a value or an error, within its limits. The input
 * is what comes over the socket as it is, or (first byte 0) a list of frames that is made into that: kind, length, and
 * the bytes; those of a value may be the text of a datum, which is encoded then.
 */
#include "harness.h"
#include "bridge/host.h"

/* There is no container whose end would be waited for. */
#define esq_wait(container, timeout, signal, error) (-1)
#define esq_container_result(container, ret_result) ((void)(ret_result))
#include "bridge/sandbox.c"

enum { OUTPUT_LIMIT = 1000, HEAP_LIMIT = 1 << 16 };

static const struct fuzz_input *answers;
static size_t heard;

sch_value host_raise(sch_vm *vm, const esq_error *error)
{
    return sch_raise_kind(vm, "container-error", sch_nil(), "%s", error->text);
}

/* ---- The lying runner ---- */

static void say(int socket, const void *bytes, size_t length)
{
    send(socket, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL); /* what does not fit is cut: one lie more */
}

static void say_frame(int socket, unsigned kind, uint64_t claimed, const void *bytes, size_t length)
{
    struct frame_header header = frame_header_make((enum frame_kind)kind, claimed);
    say(socket, &header, sizeof header);
    say(socket, bytes, length);
}

/* (quote TEXT), as an honest runner would encode it. */
static void say_datum(int socket, unsigned kind, const char *text, size_t length)
{
    static const char begin[] = "(quote ", end[] = "\n)";
    sch_vm *vm = fuzz_machine(SCH_POSTURE_RUN);
    struct fuzz_input none = { .text = "", .length = 0 };
    char program[600];
    sch_value value;
    void *bytes;
    size_t size;
    sch_vm_set_data(vm, &none);
    int total = snprintf(program, sizeof program, "%s%.*s%s", begin, (int)length, text, end);
    if (sch_eval(vm, (struct sch_source){ "datum", program, (size_t)total }, &value) == SCH_OK &&
        sch_encode(vm, value, &bytes, &size) == SCH_OK) {
        say_frame(socket, kind, size, bytes, size);
        sch_bytes_free(bytes, size);
    }
    sch_vm_free(vm);
}

static void say_frames(int socket, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at + 3 <= size;) {
        unsigned kind = data[at], how = data[at + 1];
        size_t length = data[at + 2], left = size - at - 3;
        const char *bytes = (const char *)data + at + 3;
        length = length < left ? length : left;
        if (how % 4 == 0)
            say_datum(socket, kind % 9, bytes, length);
        else
            say_frame(socket, kind % 9, how % 4 == 1 ? length : (uint64_t)length << how % 64, bytes, length);
        at += 3 + length;
    }
}

static sch_value host_answer(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    int ends[2];
    (void)data, (void)count;
    fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    if (answers->length > 0 && answers->text[0] == 0)
        say_frames(ends[1], (const uint8_t *)answers->text + 1, answers->length - 1);
    else
        say(ends[1], answers->text, answers->length);
    close(ends[1]);
    struct sandbox sandbox = { .vm = vm, .write = args[0], .socket = ends[0], .null = -1 };
    sandbox.limits.heap = HEAP_LIMIT;
    sandbox.output_left = OUTPUT_LIMIT;
    sandbox.deadline_ms = now_ms() + START_MS;
    sch_value value = listen_to(&sandbox);
    close(ends[0]);
    return value;
}

static sch_value host_heard(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    const char *text;
    size_t length = 0;
    (void)data, (void)count;
    fuzz_check(sch_get_text(args[0], &text, &length));
    heard += length;
    return sch_unspecified();
}

static const char program[] =
    "(import (scheme base) (scheme write) (answers))\n"
    "(define (told x) (let ((port (open-output-string))) (write x port) (string-length (get-output-string port))))\n"
    "(told (guard (e ((error-object? e) (cons (error-object-message e) (error-object-irritants e))) (#t (list e)))\n"
    "  (answer heard)))\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sch_binding bindings[] = {
        { .name = "answer", .function = host_answer, .min_args = 1, .max_args = 1 },
        { .name = "heard", .function = host_heard, .min_args = 1, .max_args = 1 },
    };
    static const struct sch_library library = { .name = "(answers)", .bindings = bindings, .count = 2 };
    static sch_env *env;
    static sch_code *code;
    struct sch_limits limits = fuzz_limits();
    if (!env) {
        env = fuzz_env_new(
            (struct sch_env_options){ .posture = SCH_POSTURE_RUN, .libraries = &library, .library_count = 1 });
        fuzz_check(sch_compile(env, (struct sch_source){ "program", program, sizeof program - 1 }, &limits, &code,
                               NULL) == SCH_OK);
    }
    struct fuzz_input input = { .text = (const char *)data, .length = size };
    int before = fuzz_next_descriptor();
    answers = &input;
    heard = 0;
    sch_vm *vm = sch_vm_new(env, &limits);
    fuzz_check(vm);
    sch_value value;
    enum sch_status status = sch_run(vm, code, &value);
    if (status == SCH_ERROR)
        fprintf(stderr, "%s: %s\n", sch_failure(vm)->kind, sch_failure(vm)->message);
    fuzz_check(status == SCH_OK || status == SCH_LIMIT);
    fuzz_check(heard <= OUTPUT_LIMIT);
    sch_vm_free(vm);
    fuzz_check(fuzz_next_descriptor() == before);
    return 0;
}
