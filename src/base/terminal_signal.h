/* Signals of the terminal, for whoever passes signals on to a program in its own process group. */
#ifndef BASE_TERMINAL_SIGNAL_H
#define BASE_TERMINAL_SIGNAL_H

#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Has the terminal told our whole group, the program too? Only its end is told to nobody but the process that leads the
 * session, which we are where the terminal was opened for us. */
static inline bool terminal_signal_reached_group(const struct signalfd_siginfo *info)
{
    return info->ssi_code == SI_KERNEL && !(info->ssi_signo == SIGHUP && getsid(0) == getpid());
}

#endif
