/* How programs show a failure of a script: file, line, column, excerpt, caret, active calls. */
#ifndef TOOLS_COMMON_REPORT_H
#define TOOLS_COMMON_REPORT_H

#include <stdio.h>
#include "schooner.h"

void report_failure(FILE *out, const struct sch_failure *failure, const char *file);

#endif
