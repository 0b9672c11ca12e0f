/* A plan in the foreground: what `run` and `sandbox` share. */
#ifndef TOOLS_ESQUEMA_RUN_H
#define TOOLS_ESQUEMA_RUN_H

#include "tools/esquema/options.h"

/* Starts the container, waits for its end with signals forwarded, tells --status-fd. Gives the exit status. */
int run_plan(const struct options *options, const esq_plan *plan);

/* Those that run_plan forwards wait from now on. */
void run_block_signals(void);

#endif
