/*
 * What --status-fd is told while something runs. Who has gone, or does not read, hinders nobody: the status stays that
 * of the program, and its limits are kept and its signals heard meanwhile.
 */
#ifndef TOOLS_ESQUEMA_STATUS_H
#define TOOLS_ESQUEMA_STATUS_H

#include <esquema.h>
#include "tools/esquema/options.h"

/* Waits for room in options->status_fd while the container runs. Nothing where that is -1, as with the next. */
void status_tell_running(const struct options *options, esq_container *container, int signals);
/* One that has a name, of `exec` and `start`. */
void status_tell_started(const struct options *options, int pid, const char *name, int signals);
/* To options->report_fd. A signal that waits in `signals`, which may be -1, ends the waiting. */
void status_tell_ended(const struct options *options, const esq_result *result, int signals);

#endif
