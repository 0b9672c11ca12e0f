/* Words of other programs that run containers, and what is said here instead. */
#ifndef TOOLS_ESQUEMA_FOREIGN_H
#define TOOLS_ESQUEMA_FOREIGN_H

/* What to say instead of an option ("-v", "--volume=a:b") that our command does not take; NULL: nothing is known. */
const char *foreign_option(const char *command, const char *word);
/* The same for a command. */
const char *foreign_command(const char *word);

#endif
