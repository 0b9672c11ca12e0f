/* The table of commands, and how their names are found in a command line. */
#include <string.h>
#include "tools/esquema/options.h"

#define DESCRIPTION           SHAPE_DESCRIPTION, 1, 1
#define OPERANDS(least, most) SHAPE_OPERANDS, (least), (most)
#define WORDS(count)          SHAPE_WORDS, (count), (count)
#define MANY                  OPERANDS_MANY
#define OWN                   STATUS_OWN
#define PAYLOAD               STATUS_PAYLOAD

/* The shape is three values, so it goes through `...` */
#define COMMAND(function, name, ...) { name, function, __VA_ARGS__ },
const struct command commands[] = {
#include "tools/esquema/commands.def"
};
const size_t command_count = sizeof commands / sizeof *commands;

/* How many words of argv the name takes; 0 when it is another. */
static int match(const char *name, int argc, char **argv)
{
    const char *space = strchr(name, ' ');
    size_t length = space ? (size_t)(space - name) : strlen(name);
    if (argc < 1 || strlen(argv[0]) != length || memcmp(argv[0], name, length) != 0)
        return 0;
    if (!space)
        return 1;
    return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

const struct command *command_find(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; i < command_count; i++) {
        int words = match(commands[i].name, argc, argv);
        if (words > 0) {
            *ret_words = words;
            return &commands[i];
        }
    }
    return NULL;
}
