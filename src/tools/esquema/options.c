/* Parsing by the table in options.def. Options may stand anywhere behind the command; `--` ends them. */
#include "tools/esquema/options.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { FLAG, NUMBER, FORMAT, GRANT };

struct option {
    const char *name;
    enum kind kind;
    const char *argument;
    const char *help;
    size_t field;
};

static const struct option table[] = {
#define OPTION(field, name, kind, argument, help) { name, kind, argument, help, offsetof(struct options, field) },
#include "tools/esquema/options.def"
#undef OPTION
};
enum { OPTION_COUNT = sizeof table / sizeof *table };

static bool complain(const char *what, const char *word)
{
    fprintf(stderr, "esquema: %s%s; see esquema --help\n", word, what);
    return false;
}

/* "--format" or "--format=json"; *ret_value gets what stands behind '='. */
static const struct option *find(const char *word, const char **ret_value)
{
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(table[i].name) == length && memcmp(table[i].name, word, length) == 0) {
            *ret_value = equals ? equals + 1 : NULL;
            return &table[i];
        }
    }
    return NULL;
}

static bool store_descriptor(const char *value, int *ret)
{
    char *end;
    long number = strtol(value, &end, 10);
    if (!*value || *end || number < 0 || number > 1000000 || fcntl((int)number, F_GETFD) < 0)
        return complain(" is not an open descriptor", value);
    fcntl((int)number, F_SETFD, FD_CLOEXEC);
    *ret = (int)number;
    return true;
}

static bool store(struct options *options, const struct option *option, const char *value)
{
    void *field = (char *)options + option->field;
    switch (option->kind) {
    case FLAG: *(bool *)field = true; return true;
    case NUMBER: return store_descriptor(value, field);
    case FORMAT:
        if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
            return complain(" is not a format (text, json)", value);
        options->format = strcmp(value, "json") == 0 ? ESQ_FORMAT_JSON : ESQ_FORMAT_TEXT;
        return true;
    case GRANT:
        if (!strchr(value, '=') || *value == '=')
            return complain(" is no grant (WHAT=VALUE, such as network=host)", value);
        options->allow[options->allow_count++] = value;
        return true;
    }
    return false;
}

static bool parse_option(int argc, char **argv, int *i, struct options *options)
{
    const char *value;
    const struct option *option = find(argv[*i], &value);
    if (!option)
        return complain(" is no option", argv[*i]);
    if (option->kind == FLAG && value)
        return complain(" takes no value", option->name);
    if (option->kind != FLAG && !value && !(value = *i + 1 < argc ? argv[++*i] : NULL))
        return complain(" needs a value", option->name);
    return store(options, option, value);
}

static bool parse_word(const char *word, bool needs_file, struct options *options)
{
    if (needs_file && !options->file) {
        options->file = word;
        return true;
    }
    if (!needs_file || !strchr(word, '=') || *word == '=')
        return complain(" is one word too many (parameters are written NAME=VALUE)", word);
    options->parameters.items[options->parameters.count++] = (struct bridge_parameter){ .text = word };
    return true;
}

bool options_parse(int argc, char **argv, bool needs_file, struct options *ret)
{
    bool are_options = true;
    *ret = (struct options){ .status_fd = -1, .format = ESQ_FORMAT_TEXT };
    ret->allow = calloc((size_t)argc + 1, sizeof *ret->allow);
    ret->parameters.items = calloc((size_t)argc + 1, sizeof *ret->parameters.items);
    if (!ret->allow || !ret->parameters.items)
        return complain("out of memory", "");
    for (int i = 0; i < argc; i++) {
        if (are_options && strcmp(argv[i], "--") == 0)
            are_options = false;
        else if (are_options && argv[i][0] == '-' && argv[i][1] ? !parse_option(argc, argv, &i, ret)
                                                                : !parse_word(argv[i], needs_file, ret))
            return false;
    }
    if (needs_file && !ret->file && !ret->help && !ret->version)
        return complain("a description is needed", "");
    return true;
}

void options_done(struct options *options)
{
    free(options->allow);
    free(options->parameters.items);
}

void options_help(FILE *out)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &table[i];
        int width = (int)(26 - strlen(option->name));
        fprintf(out, "  %s %-*s %s\n", option->name, width > 0 ? width : 0, option->argument ? option->argument : "",
                option->help);
    }
}
