/* A terminal for a program in a container, and the relay between it and the one that we sit at. */
#ifndef TOOLS_ESQUEMA_TERMINAL_H
#define TOOLS_ESQUEMA_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <termios.h>

struct terminal {
    int own;     /* our end, taken before the program exists */
    int other;   /* the program's, -1 when it has been handed over */
    bool reads;  /* what is typed here goes to the program */
    bool is_raw; /* ours has been set to pass everything on */
    struct termios before;
};

/* Opens one of the size of ours. false with errno. */
bool terminal_open(struct terminal *terminal, bool reads);
/* One that was opened elsewhere; takes our end of it. */
void terminal_take(struct terminal *terminal, int own, bool reads);
/* The size of ours; 0 rows and columns where it is no terminal. */
struct winsize terminal_size(void);
/* Closes it, and gives ours back as it was. */
void terminal_close(struct terminal *terminal);

/* What the relay watches beside the terminals. */
struct relay {
    int end;     /* readable when the program has ended */
    int signals; /* signalfd: the size of our terminal is followed here, all others are forwarded */
    int turn_ms; /* how often `turn` wants to be called, -1: never */
    void (*forward)(void *data, int signal_number);
    void (*turn)(void *data);
    void (*printed)(void *data, size_t bytes); /* by the program; may be NULL */
    void *data;
};

/* Until the program has ended, and all that it printed has been shown. */
void terminal_relay(struct terminal *terminal, const struct relay *relay);

/* Signals that ask us to end, or that concern a terminal, wait from now on. */
void terminal_block_signals(void);
/* The same, and they are read from a signalfd. -1 with errno. */
int terminal_signals(void);

#endif
