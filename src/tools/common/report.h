/* How programs show a failure of a script: file, line, column, excerpt, caret, active calls. */
#ifndef TOOLS_COMMON_REPORT_H
#define TOOLS_COMMON_REPORT_H

#include <stdio.h>
#include "schooner.h"

/* A text that came from a stranger: nothing in it moves the cursor, and its further lines are indented. */
void report_text(FILE *out, const char *text);

/* "error", "warning" or "limit" */
const char *report_severity(const struct sch_failure *failure);

void report_failure(FILE *out, const struct sch_failure *failure, const char *file);

/* Before an error: ends the line that a script has begun on standard output, where a reader sees both streams in one,
 * at a terminal or in a file. `last` is what the script wrote last, '\0' for nothing. */
void report_begin_line(char last);

#endif
