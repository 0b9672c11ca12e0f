/*
 * The host's side of (scheme file) and (scheme process-context): opening files as ports, and what the process is. Knows
 * the engine by its public interface alone.
 */
#include "tools/common/system.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/utf8.h"

extern char **environ;

/* --- files as ports ---------------------------------------------------------------------------------------------- */

/* Input is read as it comes, output is collected by the C library. */
struct file {
    int fd;       /* of input */
    FILE *stream; /* of output */
    bool standard;
};

static void file_finalize(void *pointer)
{
    struct file *file = pointer;
    if (file->standard)
        return;
    if (file->stream)
        fclose(file->stream);
    else if (file->fd >= 0)
        close(file->fd);
    free(file);
}

static int64_t file_read(void *pointer, void *bytes, size_t room)
{
    const struct file *file = pointer;
    if (file->standard)
        fflush(stdout); /* what was asked stands before the answer */
    ssize_t count;
    do
        count = read(file->fd, bytes, room);
    while (count < 0 && errno == EINTR);
    return count;
}

static bool file_ready(void *pointer)
{
    struct pollfd wait = { .fd = ((const struct file *)pointer)->fd, .events = POLLIN };
    return poll(&wait, 1, 0) != 0;
}

static bool file_write(void *pointer, const void *bytes, size_t length)
{
    const struct file *file = pointer;
    return fwrite(bytes, 1, length, file->stream) == length;
}

static bool file_flush(void *pointer)
{
    return fflush(((const struct file *)pointer)->stream) == 0;
}

static bool file_close(void *pointer)
{
    struct file *file = pointer;
    if (file->standard)
        return true;
    bool closed = file->stream ? fclose(file->stream) == 0 : close(file->fd) == 0;
    file->stream = NULL;
    file->fd = -1;
    return closed;
}

static const struct sch_port_type input_type = {
    .base = { .name = "file", .finalize = file_finalize },
    .read = file_read,
    .ready = file_ready,
    .close = file_close,
};
static const struct sch_port_type output_type = {
    .base = { .name = "file", .finalize = file_finalize },
    .write = file_write,
    .flush = file_flush,
    .close = file_close,
};

/* The file's name in an argument. NULL: raised. */
static const char *name_of(sch_vm *vm, sch_value value)
{
    const char *name;
    size_t length;
    if (!sch_get_text(value, &name, &length) || strlen(name) != length) {
        sch_raise_kind(vm, "file-error", sch_list(vm, 1, &value), "no file has such a name:");
        return NULL;
    }
    return name;
}

static sch_value raise_file(sch_vm *vm, sch_value name, const char *action, int error)
{
    return sch_raise_kind(vm, "file-error", sch_list(vm, 1, &name), "cannot %s the file: %s:", action, strerror(error));
}

static bool is_symbol_of(sch_value value, const char *text)
{
    const char *name;
    size_t length;
    return sch_get_text(value, &name, &length) && strcmp(name, text) == 0;
}

static bool file_open(const char *name, bool output, struct file *ret)
{
    *ret = (struct file){ .fd = -1 };
    if (output)
        return (ret->stream = fopen(name, "wbe")) != NULL;
    ret->fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (ret->fd >= 0 && fstat(ret->fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(ret->fd);
        errno = EISDIR;
        return false;
    }
    return ret->fd >= 0;
}

/* (open-file name 'input|'output 'textual|'binary) */
static sch_value open_file(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data;
    (void)count;
    const char *name = name_of(vm, args[0]);
    if (!name)
        return SCH_RAISED;
    bool output = is_symbol_of(args[1], "output");
    struct file *file = malloc(sizeof *file);
    if (!file)
        return raise_file(vm, args[0], "open", ENOMEM);
    if (!file_open(name, output, file)) {
        int error = errno;
        free(file);
        return raise_file(vm, args[0], "open", error);
    }
    unsigned flags =
        (output ? SCH_PORT_OUTPUT : SCH_PORT_INPUT) | (is_symbol_of(args[2], "binary") ? SCH_PORT_BINARY : 0);
    sch_value port = sch_port(vm, output ? &output_type : &input_type, file, flags);
    if (sch_is_raised(port))
        file_finalize(file);
    return port;
}

static sch_value file_exists(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data;
    (void)count;
    const char *name = name_of(vm, args[0]);
    return name ? sch_boolean(access(name, F_OK) == 0) : SCH_RAISED;
}

static sch_value delete_file(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data;
    (void)count;
    const char *name = name_of(vm, args[0]);
    if (!name)
        return SCH_RAISED;
    return unlink(name) == 0 ? sch_unspecified() : raise_file(vm, args[0], "delete", errno);
}

/* --- the process ------------------------------------------------------------------------------------------------- */

/* What is not UTF-8 has a question mark for each strange byte: it can be looked at, and nothing fails. */
static sch_value text_of(sch_vm *vm, const char *bytes, size_t length)
{
    char *copy = strndup(bytes, length);
    if (!copy)
        return sch_raise_error(vm, "out of memory");
    size_t valid;
    while (!utf8_count((const unsigned char *)copy, length, &(size_t){ 0 }, &valid))
        copy[valid] = '?';
    sch_value value = sch_string(vm, copy, length);
    free(copy);
    return value;
}

static sch_value command_line(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)count;
    (void)args;
    const struct system_process *process = data;
    sch_value list = sch_nil();
    for (int i = process->argument_count; i-- > 0 && !sch_is_raised(list);) {
        sch_value item = text_of(vm, process->arguments[i], strlen(process->arguments[i]));
        list = sch_is_raised(item) ? item : sch_cons(vm, item, list);
    }
    return list;
}

/* The program's `after` thunks have run. */
static sch_value process_exit(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)count;
    const struct system_process *process = data;
    int64_t status = 1;
    sch_get_integer(args[0], &status);
    if (process->exit) {
        *process->exit = (struct system_exit){ .exited = true, .status = (int)status };
        return sch_suspend(vm);
    }
    exit(fflush(stdout) == 0 || status != 0 ? (int)status : 1); /* the C library flushes open files */
}

static sch_value emergency_exit(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)vm;
    (void)data;
    (void)count;
    int64_t status = 1;
    sch_get_integer(args[0], &status);
    fflush(stdout);
    _exit((int)status);
}

static sch_value environment_variable(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data;
    (void)count;
    const char *name;
    size_t length;
    const char *value = sch_get_text(args[0], &name, &length) && strlen(name) == length ? getenv(name) : NULL;
    return value ? text_of(vm, value, strlen(value)) : sch_boolean(false);
}

static sch_value environment_variables(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data;
    (void)count;
    (void)args;
    sch_value list = sch_nil();
    for (char **entry = environ; entry && *entry && !sch_is_raised(list); entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals)
            continue;
        sch_value name = text_of(vm, *entry, (size_t)(equals - *entry));
        sch_value value = sch_is_raised(name) ? name : text_of(vm, equals + 1, strlen(equals + 1));
        sch_value pair = sch_is_raised(value) ? value : sch_cons(vm, name, value);
        list = sch_is_raised(pair) ? pair : sch_cons(vm, pair, list);
    }
    return list;
}

/* --- handing it over --------------------------------------------------------------------------------------------- */

void system_library(const struct system_process *process, struct sch_binding ret_bindings[SYSTEM_BINDING_COUNT],
                    struct sch_library *ret)
{
    void *data = (void *)(uintptr_t)process;
    const struct sch_binding bindings[SYSTEM_BINDING_COUNT] = {
        { .name = "open-file",
          .doc = "a port of a file: its name, `input` or `output`, `textual` or `binary`",
          .function = open_file,
          .min_args = 3,
          .max_args = 3,
          .cost = 100 },
        { .name = "file-exists?",
          .doc = "is there a file of that name?",
          .function = file_exists,
          .min_args = 1,
          .max_args = 1,
          .cost = 10 },
        { .name = "delete-file",
          .doc = "removes a file",
          .function = delete_file,
          .min_args = 1,
          .max_args = 1,
          .cost = 100 },
        { .name = "command-line",
          .doc = "the program and its arguments, as strings",
          .function = command_line,
          .data = data },
        { .name = "exit",
          .doc = "ends the program with that status",
          .function = process_exit,
          .data = data,
          .min_args = 1,
          .max_args = 1 },
        { .name = "emergency-exit",
          .doc = "ends the program with that status at once",
          .function = emergency_exit,
          .min_args = 1,
          .max_args = 1 },
        { .name = "environment-variable",
          .doc = "the value of that variable, or `#f`",
          .function = environment_variable,
          .min_args = 1,
          .max_args = 1 },
        { .name = "environment-variables",
          .doc = "all variables, as pairs of strings",
          .function = environment_variables,
          .cost = 100 },
    };
    memcpy(ret_bindings, bindings, sizeof bindings);
    *ret = (struct sch_library){ .name = "(schooner system)", .bindings = ret_bindings, .count = SYSTEM_BINDING_COUNT };
}

bool system_connect(sch_vm *vm)
{
    static struct file input = { .fd = STDIN_FILENO, .standard = true };
    static struct file error = { .fd = -1, .standard = true };
    error.stream = stderr;
    return sch_set_port(vm, SCH_STANDARD_INPUT, sch_port(vm, &input_type, &input, SCH_PORT_INPUT)) &&
           sch_set_port(vm, SCH_STANDARD_ERROR, sch_port(vm, &output_type, &error, SCH_PORT_OUTPUT));
}
