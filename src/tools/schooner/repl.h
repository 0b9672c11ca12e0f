/*
 * Read, evaluate, print, again and again. Owns entries, comma commands, Ctrl-C and what can be completed; does not know
 * where lines come from: the plain program reads them, the helper schooner-repl has an editor with history.
 */
#ifndef TOOLS_SCHOONER_REPL_H
#define TOOLS_SCHOONER_REPL_H

#include "tools/schooner/options.h"

enum repl_line { REPL_LINE, REPL_END, REPL_INTERRUPTED };

struct repl;

struct repl_input {
    /* A line without its end, in *ret, for the caller to free. An editor begins it with `indent` spaces. */
    enum repl_line (*read)(void *data, const char *prompt, unsigned indent, char **ret);
    void (*remember)(void *data, const char *entry); /* NULL: there is no history */
    void (*begin)(void *data, struct repl *repl);    /* gets the session, for completion; may be NULL */
    bool prompts;                                    /* somebody sits there */
    void *data;
};

/* Until the input ends or `,quit`. The status of the program. */
int repl_run(const struct options *options, const struct repl_input *input);
/* With lines of standard input as they are. */
int repl_run_plain(const struct options *options);
/*
 * How the line that is being typed, up to `length`, can go on behind its entry: `take` gets whole words, commands,
 * files or libraries in the order of their names, each once. Gives how many bytes of each are typed already.
 */
size_t repl_complete(struct repl *repl, const char *line, size_t length, sch_name_fn *take, void *data);
/* Prints names in columns that fit the terminal. */
void repl_print_names(const struct repl *repl, const char *const *names, size_t count);
/* Prints what a name means: the line of each library that has it, or which name was meant. */
void repl_explain(const sch_env *env, sch_vm *vm, const char *name);
/* Becomes the helper with the line editor; returns when there is none. */
void repl_execute_editor(int argc, char **argv);

#endif
