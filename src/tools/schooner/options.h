/* The command line of `schooner`. */
#ifndef TOOLS_SCHOONER_OPTIONS_H
#define TOOLS_SCHOONER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "schooner.h"

enum { STATUS_OK = 0, STATUS_ERROR = 1, STATUS_USAGE = 2, STATUS_LIMIT = 3 };

enum posture_choice { POSTURE_UNSAID = 0, POSTURE_EVAL, POSTURE_RUN };
enum format_choice { FORMAT_UNSAID = 0, FORMAT_TEXT, FORMAT_MARKDOWN, FORMAT_JSON };

struct options {
    uint64_t heap, fuel, timeout, output, nesting, integer_bits; /* 0: not given */
    const char *menu;
    const char *pre_import;
    const char *libraries;
    const char *expression;
    const char *without;
    bool mutation;
    bool catch_errors;
    bool usage;
    bool once, trace;
    bool help;
    enum posture_choice posture;
    enum format_choice format;
    char **args; /* what is no option: files, or of `run` the program with its arguments */
    int arg_count;
};

enum command_files { NO_FILES, ONE_FILE, ONE_PROGRAM, MANY_FILES };

struct command {
    const char *name;
    enum command_files files;
    const char *operands; /* as help shows them */
    const char *options;  /* names, with spaces between */
    const char *help;
};

enum command_number {
#define COMMAND(function, name, files, operands, options, help) NUMBER_##function,
#include "tools/schooner/commands.def"
#undef COMMAND
    COMMAND_COUNT,
};
extern const struct command command_table[COMMAND_COUNT];

/* Parses what stands behind the command's name and looks whether the files suit it; complains on standard error and
 * gives false for bad usage. `argv` is put into order: words that are no options come together in ret->args. */
bool options_parse(const struct command *command, int argc, char **argv, struct options *ret);
/* The command's usage line, and its options. */
void options_help(FILE *out, const struct command *command);

enum sch_posture options_posture(const struct options *options, enum sch_posture otherwise);
/* Limits that were not given: the defaults of the engine for SCH_POSTURE_EVAL, else none. */
struct sch_limits options_limits(const struct options *options, enum sch_posture posture);
/* "base,(srfi 1),char" to a NULL-terminated list in one allocation; `none` is empty. NULL for NULL, or no memory. */
const char **options_names(const char *text);

#endif
