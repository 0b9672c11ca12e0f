/*
 * Fuel is the same everywhere: each program uses exactly the units that figures.txt says, whatever the compiler, the
 * optimisation, the build and the machine. Where the table of costs changes on purpose, so does SCH_FUEL_VERSION:
 * `figures --write FILE > NEW` then writes the figures anew.
 *
 * usage: figures [--write] FILE
 *
 * Compiled before: what the compiler itself uses depends on its passes, and changes with each of them.
 *
 * A line of the file is `UNITS PROGRAM`; `;` begins a comment. The program sees (scheme base) and imports the rest.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "schooner.h"

enum { LINE_MAX = 2000 };

static const char *const pre_imports[] = { "base", NULL };

/* The units that the program used; false: it did not end in a value. */
static bool measure(sch_env *env, const char *program, unsigned long *ret_units)
{
    const struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED, .hash_seed = 1 };
    struct sch_failure failure = { .size = sizeof failure };
    sch_code *code;
    if (sch_compile(env, (struct sch_source){ "figure", program, strlen(program) }, &limits, &code, &failure) !=
        SCH_OK) {
        printf("# %s\n", failure.message);
        return false;
    }
    sch_vm *vm = sch_vm_new(env, &limits);
    sch_value value;
    enum sch_status status = sch_run(vm, code, &value);
    *ret_units = (unsigned long)sch_usage(vm).fuel;
    if (status != SCH_OK)
        printf("# %s\n", sch_failure(vm)->message);
    sch_vm_free(vm);
    sch_code_free(code);
    return status == SCH_OK;
}

static bool check(sch_env *env, unsigned long expected, const char *program, size_t number)
{
    unsigned long first = 0, second = 0;
    bool good =
        measure(env, program, &first) && measure(env, program, &second) && first == expected && second == expected;
    printf("%sok %zu - %lu units: %.60s\n", good ? "" : "not ", number, expected, program);
    if (!good)
        printf("#   it used %lu, and then %lu\n", first, second);
    return good;
}

static size_t count_programs(FILE *file)
{
    char line[LINE_MAX];
    size_t count = 0;
    while (fgets(line, sizeof line, file))
        count += line[0] != ';' && line[0] != '\n';
    rewind(file);
    return count;
}

int main(int argc, char *argv[])
{
    const bool writes = argc > 1 && strcmp(argv[1], "--write") == 0;
    FILE *file = argc == 2 + writes ? fopen(argv[1 + writes], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: figures [--write] FILE\n");
        return 2;
    }
    const struct sch_env_options options = { .size = sizeof options, .pre_imports = pre_imports };
    sch_env *env = sch_env_new(&options, NULL);
    char line[LINE_MAX];
    bool good = env != NULL;
    size_t number = 0;
    if (!writes)
        printf("1..%zu\n", count_programs(file));
    while (env && fgets(line, sizeof line, file)) {
        char *program;
        line[strcspn(line, "\n")] = 0;
        unsigned long units = strtoul(line, &program, 10);
        if (line[0] == ';' || line[0] == 0) {
            if (writes)
                puts(line);
            continue;
        }
        program += strspn(program, " ");
        if (!writes)
            good = check(env, units, program, ++number) && good;
        else if ((good = measure(env, program, &units)))
            printf("%lu %s\n", units, program);
    }
    fclose(file);
    sch_env_free(env);
    return good ? 0 : 1;
}
