/*
 * print_filter: the program of the standard policy as a C array, at build time, so that the floor loads a filter of the
 * runtime's length without compiling it.
 */
#include <stdio.h>

#include <linux/filter.h>

#include "seccomp/compile.h"

int main(int argc, char **argv)
{
    struct seccomp_policy policy;
    struct sock_filter program[1024];
    size_t length;
    FILE *out = argc == 2 ? fopen(argv[1], "w") : NULL;

    seccomp_policy_init(&policy, SECCOMP_STANDARD);
    if (!out || seccomp_compile(&policy, program, sizeof program / sizeof program[0], &length) != 0)
        return 1;
    for (size_t i = 0; i < length; i++)
        fprintf(out, "{0x%x, %u, %u, 0x%xu},\n", program[i].code, program[i].jt, program[i].jf, (unsigned)program[i].k);
    return fclose(out) == 0 ? 0 : 1;
}
