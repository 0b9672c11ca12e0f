/* What runs scripts that mean harm in its own process has in common: their text, and an environment for them. */
#include "inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_MAX = 32 };

char *inside_text(int fd, size_t *ret_length)
{
    size_t length = 0, room = 1 << 16;
    char *text = malloc(room);
    for (ssize_t got; text && (got = read(fd, text + length, room - length)) > 0;) {
        length += (size_t)got;
        if (length == room && !(text = realloc(text, room *= 2)))
            break;
    }
    *ret_length = length;
    return text;
}

sch_env *inside_env(char *words[])
{
    static char menu_text[512];
    const char *names[NAMES_MAX + 1] = { 0 };
    const char *menu = option_value(words, "--menu");
    char *rest;
    size_t count = 0;
    snprintf(menu_text, sizeof menu_text, "%s", menu ? menu : "");
    for (char *name = strtok_r(menu_text, ",", &rest); name && count < NAMES_MAX; name = strtok_r(NULL, ",", &rest))
        names[count++] = name;
    struct sch_env_options options = { .size = sizeof options, .menu = menu ? names : NULL };
    for (size_t i = 0; words[i]; i++) {
        options.mutation |= strcmp(words[i], "--mutation") == 0;
        options.catch_errors |= strcmp(words[i], "--catch-errors") == 0;
    }
    struct sch_failure failure = { .size = sizeof failure };
    sch_env *env = sch_env_new(&options, &failure);
    if (!env)
        printf("# %s\n", failure.message);
    return env;
}
