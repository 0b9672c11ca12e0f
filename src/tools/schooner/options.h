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
    const char *expression;
    const char *without;
    bool mutation;
    bool catch_errors;
    bool usage;
    enum posture_choice posture;
    enum format_choice format;
    char **args; /* what is no option: files, or of `run` the program with its arguments */
    int arg_count;
};

/* Whose the words behind the first file are. */
enum option_order { OPTIONS_ANYWHERE, OPTIONS_BEFORE_FILE };

/* Parses what stands behind the command's name; complains on standard error and gives false for bad usage. `argv` is
 * put into order: words that are no options come together in ret->args. */
bool options_parse(int argc, char **argv, enum option_order order, struct options *ret);
void options_help(FILE *out);

enum sch_posture options_posture(const struct options *options, enum sch_posture otherwise);
/* Limits that were not given are the defaults of `eval`, and none under `run`. */
struct sch_limits options_limits(const struct options *options, enum sch_posture posture);
/* "base,(srfi 1),char" to a NULL-terminated list in one allocation; `none` is empty. NULL for NULL, or no memory. */
const char **options_names(const char *text);

#endif
