/* A plan in the foreground: what `run` and `sandbox` share. */
#ifndef TOOLS_ESQUEMA_RUN_H
#define TOOLS_ESQUEMA_RUN_H

#include "tools/esquema/options.h"

struct terminal;

/*
 * Starts the container, waits for its end with signals forwarded, tells --status-fd. `terminal` is the one that the
 * plan was made for; it is closed. `network_advice` says how it gets a network, should it have looked for one in vain.
 * Gives the exit status.
 */
int run_plan(const struct options *options, const esq_plan *plan, struct terminal *terminal,
             const char *network_advice);

#endif
