/* The command line of `schooner`. */
#ifndef TOOLS_SCHOONER_OPTIONS_H
#define TOOLS_SCHOONER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct options {
    uint64_t heap, fuel, timeout, output, nesting, integer_bits; /* 0: not given */
    const char *menu;
    const char *pre_import;
    const char *expression;
    bool mutation;
    bool catch_errors;
    bool usage;
    const char *file; /* NULL: none, or an expression was given */
    char **args;      /* of the program */
    int arg_count;
};

/* Parses what stands behind the command's name; complains on standard error and gives false for bad usage. */
bool options_parse(int argc, char **argv, struct options *ret);
void options_help(FILE *out);

#endif
