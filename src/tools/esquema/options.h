/* The command line of `esquema`: the tables of commands and options, and what commands get from it. */
#ifndef TOOLS_ESQUEMA_OPTIONS_H
#define TOOLS_ESQUEMA_OPTIONS_H

#include <esquema.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "bridge/bridge.h"

enum { STATUS_USAGE = 2 }; /* a command line that means nothing */

struct failures;

struct text_list {
    const char **items; /* owned; the texts are the command line's */
    size_t count;
};

struct options {
    bool trust, forget, explain, help, trace_denied;
    enum esq_format format;
    struct failures *failures; /* where what goes wrong is kept for the document; NULL: it is shown as text */
    int status_fd;             /* -1: none */
    int report_fd;             /* where the end or the failure is reported as JSON: status_fd; -1: nowhere */
    struct text_list allow;    /* "network=host", ... */
    const esq_grant *granted;  /* what an earlier start was given, which this one repeats; not owned */
    size_t granted_count;
    const char *directory; /* NULL: where the container's program started */
    const char *name;      /* NULL: the description's */
    bool remove, terminal, interactive, follow, all, quiet, raw, force;
    uint64_t log_size, log_files, max_output; /* 0: the default */
    uint64_t lines;                           /* UINT64_MAX: all */
    uint64_t time;                            /* nanoseconds, UINT64_MAX: not given */
    const char *signal, *since;               /* NULL: not given */
    bool verify, wait;
    const char *ready;   /* how it is known that it is ready; NULL: not given */
    bool overlay, print; /* of sandbox */
    bool skip_devices;   /* of rootfs import */
    struct text_list ro, rw, hide, env, best_effort, preserve_fds;
    const char *net, *memory, *disk, *output, *processes; /* NULL: not given */

    const char *file;                    /* of commands that take a description */
    struct bridge_parameters parameters; /* items owned */
    struct text_list operands;           /* of the others */
    char **words; /* of commands that take a command line: ends with NULL, in the caller's argv */
    size_t word_count;
};

typedef int command_fn(const struct options *options);
#define COMMAND(function, name, shape, status, arguments, options, help) command_fn function;
#include "tools/esquema/commands.def"
#undef COMMAND

enum operand_shape { SHAPE_DESCRIPTION, SHAPE_OPERANDS, SHAPE_WORDS };
enum { OPERANDS_MANY = 4096 };
enum command_status { STATUS_OWN, STATUS_PAYLOAD };

struct command {
    const char *name;
    command_fn *function;
    enum operand_shape shape;
    size_t least, most; /* operands */
    enum command_status status;
    const char *operands; /* as help shows them */
    const char *options;  /* names, with spaces between */
    const char *help;
};

extern const struct command commands[];
extern const size_t command_count;

/* The command that the first words of argv name, and how many words those are. NULL: they name none. */
const struct command *command_find(int argc, char **argv, int *ret_words);

/*
 * What stands behind the command's name. false after a complaint on standard error. Afterwards options_done is due
 * in any case.
 */
bool options_parse(const struct command *command, int argc, char **argv, struct options *ret);
void options_done(struct options *options);

/* An item of `preserve_fds`. */
bool options_read_kept(const char *text, int *ret_outside, int *ret_inside);

/* The command's usage line, and its options. */
void options_help(FILE *out, const struct command *command);

/* A program that the user trusts, with the runtime in its hands. `argv` is the program's own, its file first. */
int run_program(int argc, char **argv);

#endif
