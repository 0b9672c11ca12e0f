/* Scripts that mean harm, run in this process. Knows not how they are judged. */
#ifndef TESTS_ATTACK_INSIDE_H
#define TESTS_ATTACK_INSIDE_H

#include "schooner.h"
#include "script.h"

/* All that the descriptor gives, of malloc; NULL. */
char *inside_text(int fd, size_t *ret_length);
/* What the words of a script's options ask for; NULL, with a line of comment on standard output. */
sch_env *inside_env(char *words[]);

#endif
