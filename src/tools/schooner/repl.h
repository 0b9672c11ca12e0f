/*
 * Read, evaluate, print, again and again. Owns entries, comma commands and Ctrl-C; does not know where lines come from:
 * the plain program reads them, the helper schooner-repl has an editor with history and completion.
 */
#ifndef TOOLS_SCHOONER_REPL_H
#define TOOLS_SCHOONER_REPL_H

#include "tools/schooner/options.h"

enum repl_line { REPL_LINE, REPL_END, REPL_INTERRUPTED };

struct repl_input {
    /* A line without its end, in *ret, for the caller to free. */
    enum repl_line (*read)(void *data, const char *prompt, char **ret);
    void (*remember)(void *data, const char *entry); /* NULL: there is no history */
    void (*begin)(void *data, sch_vm *vm);           /* gets the machine, for completion; may be NULL */
    bool prompts;                                    /* somebody sits there */
    void *data;
};

/* Until the input ends or `,quit`. The status of the program. */
int repl_run(const struct options *options, const struct repl_input *input);
/* With lines of standard input as they are. */
int repl_run_plain(const struct options *options);
/* Becomes the helper with the line editor; returns when there is none. */
void repl_execute_editor(int argc, char **argv);

#endif
