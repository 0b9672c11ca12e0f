/* What the command lines of both programs have in common: rows of help, lists of names, words that name options. */
#ifndef TOOLS_COMMON_WORDS_H
#define TOOLS_COMMON_WORDS_H

#include <stdbool.h>
#include <stdio.h>

/* A row of the first help: how a command is used and what it does, on two lines when the use is long. */
void words_row(FILE *out, const char *name, const char *operands, const char *help);
/* Is the name one of those in the list, which has a blank between each two? */
bool words_listed(const char *list, const char *name);
/* Is the word `name` or `name=VALUE`? Then *ret_value gets the value, NULL if there is none; else it is left alone. */
bool words_name_option(const char *word, const char *name, const char **ret_value);

#endif
