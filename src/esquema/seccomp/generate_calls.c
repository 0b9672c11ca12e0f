/*
 * generate_calls: writes the table of system call names and numbers of one architecture, at build time.
 *
 * It owns the translation from names to numbers, by libseccomp; so no program that starts containers is linked with
 * libseccomp, whose relocations an empty program would pay for at each start. It knows nothing of policies.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_LIMIT 512

struct call {
    char name[40];
    int number;
};

static const struct call newer_calls[] = {
#define NEWER(name, number) { #name, number },
#include "newer_calls.def"
#undef NEWER
};

/* The calls that policies name: each needs a constant, on an architecture that lacks it too. */
static const char *const policy_calls[] = {
#define CALL(name, standard, strict, permissive, runner) #name,
#include "calls.def"
#undef CALL
};

static int compare_calls(const void *left, const void *right)
{
    return strcmp(((const struct call *)left)->name, ((const struct call *)right)->name);
}

static size_t collect_calls(uint32_t architecture, struct call calls[CALLS_LIMIT])
{
    size_t count = 0;

    for (int number = 0; number < CALLS_LIMIT; number++) {
        struct call *call = &calls[count];
        char *name = seccomp_syscall_resolve_num_arch(architecture, number);

        for (size_t i = 0; !name && i < sizeof newer_calls / sizeof newer_calls[0]; i++) {
            if (newer_calls[i].number == number)
                name = strdup(newer_calls[i].name);
        }
        if (!name)
            continue;
        if (snprintf(call->name, sizeof call->name, "%s", name) < (int)sizeof call->name) {
            call->number = number;
            count++;
        }
        free(name);
    }
    qsort(calls, count, sizeof *calls, compare_calls);
    return count;
}

static int find_number(const struct call *calls, size_t count, const char *name)
{
    struct call key = { .number = -1 };
    const struct call *found;

    snprintf(key.name, sizeof key.name, "%s", name);
    found = bsearch(&key, calls, count, sizeof *calls, compare_calls);
    return found ? found->number : -1;
}

int main(int argc, char **argv)
{
    static struct call calls[CALLS_LIMIT];
    uint32_t architecture = argc == 3 ? seccomp_arch_resolve_name(argv[1]) : 0;
    FILE *out;
    size_t count;

    if (architecture == 0) {
        fprintf(stderr, "usage: generate_calls ARCHITECTURE OUTPUT\n");
        return 2;
    }
    out = fopen(argv[2], "w");
    if (!out) {
        fprintf(stderr, "generate_calls: %s: %s\n", argv[2], strerror(errno));
        return 1;
    }
    count = collect_calls(architecture, calls);
    fprintf(out, "/* Written by generate_calls for %s. */\n", argv[1]);
    fprintf(out, "#define CALLS_ARCHITECTURE 0x%xu\n", (unsigned)architecture);
    /* Numbers from here on belong to another way of entering the kernel (x32), or to none. */
    fprintf(out, "#define CALLS_FOREIGN_FROM %s\n", architecture == SCMP_ARCH_X86_64 ? "0x40000000u" : "0x80000000u");
    for (size_t i = 0; i < sizeof policy_calls / sizeof policy_calls[0]; i++)
        fprintf(out, "#define CALL_NUMBER_%s %d\n", policy_calls[i], find_number(calls, count, policy_calls[i]));
    fprintf(out, "#ifdef CALLS_TABLE\n");
    for (size_t i = 0; i < count; i++)
        fprintf(out, "CALLS_TABLE(\"%s\", %d)\n", calls[i].name, calls[i].number);
    fprintf(out, "#endif\n");
    return fclose(out) == 0 ? 0 : 1;
}
