/*
 * run-sandboxed: a thunk in a process of its own behind both walls. A fresh runner program is started from a sealed
 * file in memory, in a container that has nothing; the thunk goes to it as bytes, output and one answer come back.
 * From the moment the thunk is sent the runner is somebody else's: everything that it says is bounded and verified.
 */
#include "bridge/host.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/buffer.h"
#include "bridge/frame.h"

enum {
    GRACE_MS = 1000,                  /* the runner's own clock may be so late before ours ends it */
    START_MS = 10000,                 /* to be behind the walls and have read its thunk */
    SPARE_MEMORY = 192 * 1024 * 1024, /* address space beside the heap: program, image, stack, encoded answer */
    RUNNER_MAX = 256 * 1024 * 1024,
};

struct sandbox {
    struct bridge_host *host;
    sch_vm *vm;
    sch_value write; /* called with each piece of output */
    struct frame_request limits;
    esq_container *container;
    int socket;
    int null;
    int64_t deadline_ms; /* monotonic */
    uint64_t output_left;
    char partial[4]; /* the beginning of a character that was cut */
    size_t partial_length;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- options --- */

static bool whole_number(sch_value value, uint64_t *ret)
{
    int64_t number;
    if (!sch_get_integer(value, &number) || number <= 0)
        return false;
    *ret = (uint64_t)number;
    return true;
}

static bool nanoseconds(sch_value value, uint64_t *ret)
{
    double number;
    if (!sch_get_real(value, &number) || !(number > 0) || number > 1e7)
        return false;
    *ret = (uint64_t)(number * 1e9);
    return true;
}

/* #:memory bytes #:timeout seconds #:fuel units #:output bytes */
static bool read_options(sch_vm *vm, sch_value options, struct frame_request *ret)
{
    sch_value key, value;
    const char *name;
    size_t length;
    *ret = (struct frame_request){ SCH_UNLIMITED, 64 << 20, 5000000000u, 1 << 20 };
    while (sch_get_pair(options, &key, &options)) {
        if (sch_kind_of(key) != SCH_KIND_KEYWORD || !sch_get_text(key, &name, &length) ||
            !sch_get_pair(options, &value, &options)) {
            host_raise_plain(vm, "arity-error", "run-sandboxed: options are written #:name value");
            return false;
        }
        bool is_good;
        if (strcmp(name, "memory") == 0)
            is_good = whole_number(value, &ret->heap) && ret->heap <= (uint64_t)1 << 40;
        else if (strcmp(name, "timeout") == 0)
            is_good = nanoseconds(value, &ret->timeout_ns);
        else if (strcmp(name, "fuel") == 0)
            is_good = whole_number(value, &ret->fuel);
        else if (strcmp(name, "output") == 0)
            is_good = whole_number(value, &ret->output);
        else {
            host_raise_plain(
                vm, "arity-error",
                "run-sandboxed: unknown option #:%.64s; there are #:memory, #:timeout, #:fuel and #:output", name);
            return false;
        }
        if (!is_good) {
            host_raise_plain(vm, "type-error", "run-sandboxed: #:%s must be a number above 0", name);
            return false;
        }
    }
    return true;
}

/* --- the runner program --- */

static bool copy_file(int from, int to)
{
    char bytes[65536];
    size_t total = 0;
    for (;;) {
        ssize_t count = read(from, bytes, sizeof bytes);
        if (count == 0)
            return total > 0;
        if (count < 0 || (total += (size_t)count) > RUNNER_MAX || write(to, bytes, (size_t)count) != count)
            return false;
    }
}

/* A sealed copy: what is started a thousand times is the same, and nobody inside can reach the file on the host. */
static int make_runner(const char *path)
{
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return -errno;
    int copy = memfd_create("esquema-runner", MFD_CLOEXEC | MFD_ALLOW_SEALING | 0x10u /* MFD_EXEC, since 6.3 */);
    if (copy < 0 && errno == EINVAL)
        copy = memfd_create("esquema-runner", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int result = copy < 0 ? -errno : 0;
    if (result == 0 && (!copy_file(from, copy) || fchmod(copy, 0555) < 0 ||
                        fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0))
        result = errno ? -errno : -EIO;
    close(from);
    if (result < 0 && copy >= 0)
        close(copy);
    return result < 0 ? result : copy;
}

static bool prepare_runner(struct sandbox *sandbox)
{
    struct bridge_host *host = sandbox->host;
    if (host->runner >= 0)
        return true;
    int runner = host->runner_path ? make_runner(host->runner_path) : -ENOENT;
    if (runner < 0) {
        host_raise_plain(sandbox->vm, "sandbox-error", "run-sandboxed: the program that runs thunks, %s: %s",
                         host->runner_path ? host->runner_path : "runner", strerror(-runner));
        return false;
    }
    host->runner = runner;
    return true;
}

/* --- the outer wall --- */

static int set_number(esq_spec *spec, const char *field, uint64_t number, esq_error *error)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return esq_spec_set(spec, field, text, NULL, error);
}

/* Every wall at its highest. What the host cannot enforce stops the start: nothing is excused here. */
static int describe(const struct sandbox *sandbox, int socket, esq_spec *spec, esq_error *error)
{
    static const char *const fields[][2] = {
        { "name", "sandbox" },
        { "rootfs-mode", "empty" },
        { "proc", "no" },
        { "dev", "no" },
        { "tmp", "no" },
        { "network", "none" },
        { "loopback", "no" },
        { "seccomp", "runner" },
        { "landlock", "deny-all" },
        { "open-files", "16" },
        { "file-size", "0" },
        { "core-size", "0" },
        { "locked-memory", "0" },
    };
    const char *const command[] = { "runner" };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        int result = esq_spec_set(spec, fields[i][0], fields[i][1], NULL, error);
        if (result < 0)
            return result;
    }
    int result = set_number(spec, "address-space", sandbox->limits.heap + SPARE_MEMORY, error);
    if (result == 0)
        result = esq_spec_add(spec, "command", command, 1, NULL, error);
    if (result == 0)
        result = esq_spec_set_fd(spec, "executable", sandbox->host->runner, NULL, error);
    if (result == 0)
        result = esq_spec_set_fd(spec, "stdin", sandbox->null, NULL, error);
    if (result == 0)
        result = esq_spec_set_fd(spec, "stdout", sandbox->null, NULL, error);
    if (result == 0)
        result = esq_spec_set_fd(spec, "stderr", sandbox->null, NULL, error);
    if (result == 0)
        result = esq_spec_add_fd(spec, "keep", socket, FRAME_RUNNER_FD, NULL, error);
    return result;
}

static int launch(struct sandbox *sandbox, int socket, esq_error *error)
{
    esq_plan *plan = NULL;
    esq_spec *spec = esq_spec_new();
    if (!spec)
        return -ENOMEM;
    int result = describe(sandbox, socket, spec, error);
    if (result == 0)
        result = esq_plan_build(spec, &plan, error);
    esq_spec_free(spec);
    if (result == 0)
        result = esq_launch(plan, &sandbox->container, error);
    esq_plan_free(plan);
    return result;
}

static bool start(struct sandbox *sandbox)
{
    int ends[2];
    esq_error error = { .text = "out of memory" };
    if (!prepare_runner(sandbox))
        return false;
    sandbox->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (sandbox->null < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        host_raise_plain(sandbox->vm, "sandbox-error", "run-sandboxed: %s", strerror(errno));
        return false;
    }
    sandbox->socket = ends[0];
    int result = launch(sandbox, ends[1], &error);
    close(ends[1]);
    if (result < 0)
        host_raise(sandbox->vm, &error);
    return result == 0;
}

static void stop(struct sandbox *sandbox)
{
    if (sandbox->socket >= 0)
        close(sandbox->socket);
    if (sandbox->null >= 0)
        close(sandbox->null);
    esq_container_free(sandbox->container);
}

/* --- bytes, against the clock --- */

enum moved { MOVED, MOVED_LATE, MOVED_GONE };

static enum moved wait_for(const struct sandbox *sandbox, short events)
{
    struct pollfd one = { .fd = sandbox->socket, .events = events };
    for (;;) {
        int64_t left = sandbox->deadline_ms - now_ms();
        int count = left <= 0 ? 0 : poll(&one, 1, left > 1000000 ? 1000000 : (int)left);
        if (count > 0)
            return MOVED;
        if (left <= 0)
            return MOVED_LATE;
        if (count < 0 && errno != EINTR)
            return MOVED_GONE;
    }
}

static enum moved receive(const struct sandbox *sandbox, void *bytes, size_t length)
{
    char *next = bytes;
    while (length > 0) {
        enum moved moved = wait_for(sandbox, POLLIN);
        if (moved != MOVED)
            return moved;
        ssize_t count = recv(sandbox->socket, next, length, MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
            return MOVED_GONE;
        if (count > 0) {
            next += count;
            length -= (size_t)count;
        }
    }
    return MOVED;
}

static enum moved deliver(const struct sandbox *sandbox, const void *bytes, size_t length)
{
    const char *next = bytes;
    while (length > 0) {
        enum moved moved = wait_for(sandbox, POLLOUT);
        if (moved != MOVED)
            return moved;
        ssize_t count = send(sandbox->socket, next, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return MOVED_GONE;
        if (count > 0) {
            next += count;
            length -= (size_t)count;
        }
    }
    return MOVED;
}

/* --- what comes back --- */

static sch_value raise_limit(sch_vm *vm, enum sch_limit limit)
{
    static const char *const names[] = {
        [SCH_LIMIT_NONE] = NULL,
        [SCH_LIMIT_FUEL] = "fuel",
        [SCH_LIMIT_HEAP] = "heap",
        [SCH_LIMIT_TIMEOUT] = "timeout",
        [SCH_LIMIT_OUTPUT] = "output",
        [SCH_LIMIT_NESTING] = "nesting",
        [SCH_LIMIT_INTEGER_BITS] = "integer-bits",
        [SCH_LIMIT_INTERRUPT] = "interrupt",
    };
    const char *name = limit < sizeof names / sizeof names[0] ? names[limit] : NULL;
    if (!name)
        return host_raise_plain(vm, "sandbox-error", "run-sandboxed: the runner's answer cannot be understood");
    sch_value symbol = sch_symbol(vm, name);
    sch_value irritants = sch_is_raised(symbol) ? symbol : sch_list(vm, 1, &symbol);
    if (sch_is_raised(irritants))
        return SCH_RAISED;
    return sch_raise_kind(vm, "limit", irritants, "run-sandboxed: a limit ended the thunk:");
}

/* The stream ended without an answer: why? */
static sch_value raise_gone(struct sandbox *sandbox)
{
    esq_result result = { 0 };
    if (esq_wait(sandbox->container, GRACE_MS, -1, NULL) == 0)
        esq_container_result(sandbox->container, &result);
    if (result.reason == ESQ_REASON_SIGNAL)
        return host_raise_plain(sandbox->vm, "sandbox-error", "run-sandboxed: the runner was ended by signal %d%s",
                                result.signal, result.signal == 31 ? " (a system call that its wall refuses)" : "");
    return host_raise_plain(sandbox->vm, "sandbox-error",
                            "run-sandboxed: the runner ended without an answer (status %d)", result.exit_status);
}

static sch_value raise_moved(struct sandbox *sandbox, enum moved moved)
{
    return moved == MOVED_LATE ? raise_limit(sandbox->vm, SCH_LIMIT_TIMEOUT) : raise_gone(sandbox);
}

static sch_value raise_nonsense(struct sandbox *sandbox)
{
    return host_raise_plain(sandbox->vm, "sandbox-error", "run-sandboxed: the runner's answer cannot be understood");
}

/* How many bytes at the end begin a character without ending it? */
static size_t cut_character(const char *bytes, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char byte = (unsigned char)bytes[length - back];
        if ((byte & 0xc0) == 0x80)
            continue;
        size_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        return wanted > back ? back : 0;
    }
    return 0;
}

/* SCH_RAISED: what the caller's port says, or text that is none. */
static sch_value relay(struct sandbox *sandbox, size_t length)
{
    char bytes[sizeof sandbox->partial + FRAME_OUTPUT_MAX];
    memcpy(bytes, sandbox->partial, sandbox->partial_length);
    enum moved moved = receive(sandbox, bytes + sandbox->partial_length, length);
    if (moved != MOVED)
        return raise_moved(sandbox, moved);
    if (length > sandbox->output_left)
        return raise_limit(sandbox->vm, SCH_LIMIT_OUTPUT);
    sandbox->output_left -= length;
    length += sandbox->partial_length;
    sandbox->partial_length = cut_character(bytes, length);
    length -= sandbox->partial_length;
    memcpy(sandbox->partial, bytes + length, sandbox->partial_length);

    sch_value text = sch_string(sandbox->vm, bytes, length);
    sch_value ignored;
    if (sch_is_raised(text) || sch_call(sandbox->vm, sandbox->write, 1, &text, &ignored) != SCH_OK)
        return SCH_RAISED;
    return sch_unspecified();
}

/* The runtime's own errors may advise and name places: nobody inside speaks in its name. */
static bool is_of_runtime(sch_value kind)
{
    const char *text;
    size_t length;
    return sch_get_text(kind, &text, &length) && strcmp(text, "container-error") == 0;
}

/* What the thunk raised, with the place that it says it comes from. */
static sch_value raise_object(struct sandbox *sandbox, sch_value object)
{
    sch_value kind;
    if (sch_get_condition(object, &kind, NULL, NULL) && is_of_runtime(kind))
        return raise_nonsense(sandbox);
    return sch_raise_value(sandbox->vm, object);
}

/* (kind message irritant ...) */
static sch_value raise_condition(struct sandbox *sandbox, sch_value parts)
{
    sch_value kind, message;
    const char *kind_text, *message_text;
    size_t length;
    if (!sch_get_pair(parts, &kind, &parts) || !sch_get_pair(parts, &message, &parts) ||
        !sch_get_text(kind, &kind_text, &length) || !sch_get_text(message, &message_text, &length) ||
        is_of_runtime(kind))
        return raise_nonsense(sandbox);
    return sch_raise_kind(sandbox->vm, kind_text, parts, "%s", message_text);
}

static sch_value answer(struct sandbox *sandbox, enum frame_kind kind, const void *bytes, size_t length)
{
    sch_vm *vm = sandbox->vm;
    sch_value value;
    uint32_t limit;
    switch (kind) {
    case FRAME_VALUE:
    case FRAME_CONDITION:
    case FRAME_RAISED:
        if (sch_decode(vm, bytes, length, false, &value) != SCH_OK)
            return raise_nonsense(sandbox);
        if (kind == FRAME_VALUE)
            return value;
        return kind == FRAME_RAISED ? raise_object(sandbox, value) : raise_condition(sandbox, value);
    case FRAME_LIMIT:
        if (length != sizeof limit)
            return raise_nonsense(sandbox);
        memcpy(&limit, bytes, sizeof limit);
        return raise_limit(vm, (enum sch_limit)limit);
    case FRAME_FAILURE:
        return host_raise_plain(vm, "sandbox-error", "run-sandboxed: %.*s", (int)(length < 400 ? length : 400),
                                (const char *)bytes);
    case FRAME_REQUEST:
    case FRAME_OUTPUT: break;
    }
    return raise_nonsense(sandbox);
}

static sch_value receive_answer(struct sandbox *sandbox, const struct frame_header *header)
{
    void *bytes = malloc(header->length + 1);
    if (!bytes)
        return raise_limit(sandbox->vm, SCH_LIMIT_HEAP);
    enum moved moved = receive(sandbox, bytes, header->length);
    sch_value value = moved == MOVED ? answer(sandbox, (enum frame_kind)header->kind, bytes, header->length)
                                     : raise_moved(sandbox, moved);
    free(bytes);
    return value;
}

/* A value is no longer than the runner's heap; with a heap of nothing it still can say why it failed. */
enum { MESSAGE_MAX = 4096 };

static sch_value listen_to(struct sandbox *sandbox)
{
    for (;;) {
        struct frame_header header;
        enum moved moved = receive(sandbox, &header, sizeof header);
        if (moved != MOVED)
            return raise_moved(sandbox, moved);
        if (!frame_header_is_good(&header, sandbox->limits.heap + MESSAGE_MAX))
            return raise_nonsense(sandbox);
        if (header.kind != FRAME_OUTPUT)
            return receive_answer(sandbox, &header);
        if (header.length > FRAME_OUTPUT_MAX)
            return raise_nonsense(sandbox);
        sch_value value = relay(sandbox, header.length);
        if (sch_is_raised(value))
            return value;
    }
}

static enum moved ask(struct sandbox *sandbox, const void *code, size_t length)
{
    struct frame_header header = frame_header_make(FRAME_REQUEST, sizeof sandbox->limits + length);
    enum moved moved = deliver(sandbox, &header, sizeof header);
    if (moved == MOVED)
        moved = deliver(sandbox, &sandbox->limits, sizeof sandbox->limits);
    if (moved == MOVED)
        moved = deliver(sandbox, code, length);
    return moved;
}

/* (%run-sandboxed thunk write options) */
sch_value host_run_sandboxed(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)count;
    struct sandbox sandbox = { .host = data, .vm = vm, .write = args[1], .socket = -1, .null = -1 };
    void *code;
    size_t length;
    if (!sch_need_procedure(vm, args[0]) || !read_options(vm, args[2], &sandbox.limits))
        return SCH_RAISED;
    enum sch_status status = sch_encode_thunk(vm, args[0], &code, &length);
    if (status != SCH_OK)
        return status == SCH_ERROR && sch_failure(vm)->message
                   ? host_raise_plain(vm, "sandbox-error", "run-sandboxed: %s", sch_failure(vm)->message)
                   : SCH_RAISED;
    sandbox.output_left = sandbox.limits.output;
    sch_value value = SCH_RAISED;
    if (start(&sandbox)) {
        uint64_t timeout_ms = sandbox.limits.timeout_ns / 1000000;
        sandbox.deadline_ms = now_ms() + START_MS;
        enum moved moved = ask(&sandbox, code, length);
        sandbox.deadline_ms = now_ms() + (int64_t)timeout_ms + GRACE_MS;
        /* A runner that went away before it had read everything may have said why. */
        value = moved == MOVED_LATE ? raise_moved(&sandbox, moved) : listen_to(&sandbox);
    }
    sch_bytes_free(code, length);
    stop(&sandbox);
    return value;
}
