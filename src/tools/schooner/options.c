/* Parsing by the table in options.def. */
#include "tools/schooner/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "tools/common/units.h"

enum kind { BYTES, COUNT, DURATION, TEXT, FLAG, POSTURE, FORMAT };

struct option {
    const char *name;
    const char *letter;
    enum kind kind;
    const char *argument;
    const char *help;
    size_t field;
};

static const struct option table[] = {
#define OPTION(field, name, letter, kind, argument, help) \
    { name, letter, kind, argument, help, offsetof(struct options, field) },
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

/* One of the words of a list that ends in NULL, by number; 0: none of them. */
static int choice(const char *value, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], value) == 0)
            return i + 1;
    return 0;
}

static bool bad_value(const struct option *option, const char *value, const char *expected)
{
    fprintf(stderr, "schooner: %s: `%s` is not %s\n", option->name, value, expected);
    return false;
}

static bool store_limit(const struct option *option, const char *value, uint64_t *field)
{
    const char *expected = option->kind == BYTES   ? "a size above 0 (1, 64K, 10M)"
                           : option->kind == COUNT ? "a number above 0 (1, 64k, 10M)"
                                                   : "a time above 0 (100ms, 5s, 2m)";
    bool good = option->kind == BYTES   ? parse_bytes(value, field)
                : option->kind == COUNT ? parse_count(value, field)
                                        : parse_duration(value, field);
    /* a limit of nothing; 0 would mean the default */
    return (good && *field != 0) || bad_value(option, value, expected);
}

static bool store(struct options *options, const struct option *option, const char *value)
{
    static const char *const postures[] = { "eval", "run", NULL };
    static const char *const formats[] = { "text", "markdown", "json", NULL };
    void *field = (char *)options + option->field;
    switch (option->kind) {
    case FLAG: *(bool *)field = true; return true;
    case TEXT: *(const char **)field = value; return true;
    case POSTURE:
        options->posture = (enum posture_choice)choice(value, postures);
        return options->posture != POSTURE_UNSAID || bad_value(option, value, "eval or run");
    case FORMAT:
        options->format = (enum format_choice)choice(value, formats);
        return options->format != FORMAT_UNSAID || bad_value(option, value, "text, markdown or json");
    case BYTES:
    case COUNT:
    case DURATION: return store_limit(option, value, field);
    }
    return false;
}

/* The option at argv[*i] with its value; *i stands on its last word then. */
static bool parse_option(int argc, char **argv, int *i, struct options *ret)
{
    const char *value;
    const struct option *option = find(argv[*i], &value);
    if (!option) {
        fprintf(stderr, "schooner: unknown option %s; see schooner --help\n", argv[*i]);
        return false;
    }
    if (option->kind == FLAG && value) {
        fprintf(stderr, "schooner: %s takes no value\n", option->name);
        return false;
    }
    if (option->kind != FLAG && !value && !(value = *i + 1 < argc ? argv[++*i] : NULL)) {
        fprintf(stderr, "schooner: %s needs a value\n", option->name);
        return false;
    }
    return store(ret, option, value);
}

bool options_parse(int argc, char **argv, enum option_order order, struct options *ret)
{
    *ret = (struct options){ .args = argv };
    int i = 0;
    for (; i < argc; i++) {
        bool is_option = argv[i][0] == '-' && argv[i][1];
        if (is_option && strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (!is_option && order == OPTIONS_BEFORE_FILE)
            break;
        if (!is_option)
            argv[ret->arg_count++] = argv[i];
        else if (!parse_option(argc, argv, &i, ret))
            return false;
    }
    while (i < argc)
        argv[ret->arg_count++] = argv[i++];
    return true;
}

enum sch_posture options_posture(const struct options *options, enum sch_posture otherwise)
{
    switch (options->posture) {
    case POSTURE_UNSAID: break;
    case POSTURE_EVAL: return SCH_POSTURE_EVAL;
    case POSTURE_RUN: return SCH_POSTURE_RUN;
    }
    return otherwise;
}

static uint64_t or_unlimited(uint64_t given, enum sch_posture posture)
{
    return given ? given : posture == SCH_POSTURE_RUN ? SCH_UNLIMITED : 0;
}

struct sch_limits options_limits(const struct options *options, enum sch_posture posture)
{
    return (struct sch_limits){
        .size = sizeof(struct sch_limits),
        .fuel = options->fuel,
        .heap = or_unlimited(options->heap, posture),
        .timeout_ns = or_unlimited(options->timeout, posture),
        .output = or_unlimited(options->output, posture),
        .nesting = options->nesting,
        .integer_bits = options->integer_bits,
    };
}

/* Commas inside of parentheses do not split. */
const char **options_names(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    const char **names = text ? calloc(1, (length + 2) * sizeof *names + length + 1) : NULL;
    if (!names)
        return NULL;
    char *copy = memcpy((char *)(names + length + 2), text, length + 1);
    size_t count = 0;
    int depth = 0;
    char *start = copy;
    for (char *p = copy;; p++) {
        depth += (*p == '(') - (*p == ')');
        bool last = *p == 0;
        if (!last && (*p != ',' || depth > 0))
            continue;
        *p = 0;
        if (*start && strcmp(start, "none") != 0)
            names[count++] = start;
        start = p + 1;
        if (last)
            return names;
    }
}

void options_help(FILE *out)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &table[i];
        fprintf(out, "  %s%s%s %-*s %s\n", option->letter ? option->letter : "", option->letter ? ", " : "",
                option->name, (int)(24 - strlen(option->name) - (option->letter ? 4 : 0)),
                option->argument ? option->argument : "", option->help);
    }
}
