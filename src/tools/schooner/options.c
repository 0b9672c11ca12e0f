/* Parsing by the table in options.def. */
#include "tools/schooner/options.h"

#include <stddef.h>
#include <string.h>
#include "tools/common/units.h"

enum kind { BYTES, COUNT, DURATION, TEXT, FLAG };

struct option {
    const char *name;
    const char *letter;
    enum kind kind;
    const char *argument;
    const char *help;
    size_t field;
};

static const struct option table[] = {
#define OPTION(field, name, letter, kind, argument, help) { name, letter, kind, argument, help, offsetof(struct options, field) },
#include "tools/schooner/options.def"
#undef OPTION
};
enum { OPTION_COUNT = sizeof table / sizeof *table };

/* "--heap" or "--heap=64M"; *ret_value gets what stands behind '='. */
static const struct option *find(const char *word, const char **ret_value)
{
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        bool named = strlen(table[i].name) == length && memcmp(table[i].name, word, length) == 0;
        if (named || (table[i].letter && strcmp(table[i].letter, word) == 0)) {
            *ret_value = equals ? equals + 1 : NULL;
            return &table[i];
        }
    }
    return NULL;
}

static bool store(struct options *options, const struct option *option, const char *value)
{
    void *field = (char *)options + option->field;
    bool good = true;
    switch (option->kind) {
    case FLAG:
        *(bool *)field = true;
        return true;
    case TEXT:
        *(const char **)field = value;
        return true;
    case BYTES:
        good = parse_bytes(value, field);
        break;
    case COUNT:
        good = parse_count(value, field);
        break;
    case DURATION:
        good = parse_duration(value, field);
        break;
    }
    if (good && *(uint64_t *)field == 0)
        good = false; /* a limit of nothing; 0 would mean the default */
    if (!good)
        fprintf(stderr, "schooner: %s: `%s` is not %s\n", option->name, value,
                option->kind == DURATION ? "a time (100ms, 5s, 2m)" : "a size (1, 64K, 10M)");
    return good;
}

bool options_parse(int argc, char **argv, struct options *ret)
{
    *ret = (struct options){ 0 };
    int i = 0;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        const char *value;
        const struct option *option = find(argv[i], &value);
        if (!option) {
            fprintf(stderr, "schooner: unknown option %s; see schooner --help\n", argv[i]);
            return false;
        }
        if (option->kind == FLAG && value) {
            fprintf(stderr, "schooner: %s takes no value\n", option->name);
            return false;
        }
        if (option->kind != FLAG && !value && !(value = i + 1 < argc ? argv[++i] : NULL)) {
            fprintf(stderr, "schooner: %s needs a value\n", option->name);
            return false;
        }
        if (!store(ret, option, value))
            return false;
    }
    if (!ret->expression && i < argc)
        ret->file = argv[i++];
    ret->args = argv + i;
    ret->arg_count = argc - i;
    /* Options may stand behind the file too, up to the program's own arguments of `run`. */
    return true;
}

void options_help(FILE *out)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &table[i];
        fprintf(out, "  %s%s%s %-*s %s\n", option->letter ? option->letter : "", option->letter ? ", " : "", option->name,
                (int)(24 - strlen(option->name) - (option->letter ? 4 : 0)), option->argument ? option->argument : "",
                option->help);
    }
}
