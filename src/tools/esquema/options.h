/* The command line of `esquema`, and what its commands share. */
#ifndef TOOLS_ESQUEMA_OPTIONS_H
#define TOOLS_ESQUEMA_OPTIONS_H

#include <esquema.h>
#include <stdbool.h>
#include <stdio.h>
#include "bridge/bridge.h"

struct options {
    bool trust, explain, help, version;
    enum esq_format format;
    int status_fd;      /* -1: none */
    const char **allow; /* owned: "network=host", ... */
    size_t allow_count;
    const char *file;                    /* of commands that need one */
    struct bridge_parameters parameters; /* items owned */
};

/* What stands behind the command. false after a complaint on standard error. */
bool options_parse(int argc, char **argv, bool needs_file, struct options *ret);
void options_done(struct options *options);
void options_help(FILE *out);

typedef int command_fn(const struct options *options);
#define COMMAND(function, name, file, arguments, help) command_fn function;
#include "tools/esquema/commands.def"
#undef COMMAND

/* A program that the user trusts, with the runtime in its hands. `argv` is the program's own. */
int run_program(const char *file, int argc, char **argv);

/* The program that runs thunks, found by this program's own place. NULL: not found. To be freed. */
char *find_runner(void);

#endif
