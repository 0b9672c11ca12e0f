/* A simulator of the kernel's BPF machine, for tests of filters. */
#ifndef TESTS_BPF_MACHINE_H
#define TESTS_BPF_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <cmocka.h>

#include "seccomp/compile.h"
#include "seccomp/policy.h"

#define ERRNO(number) (SECCOMP_RET_ERRNO | (number))
#define NATIVE        seccomp_arch_native()
#define GARBAGE       0xdeadbeef00000000ull

struct program {
    struct sock_filter code[SECCOMP_PROGRAM_MAX];
    size_t length;
};

/* ---- The machine ---- */

static uint32_t load_word(const struct seccomp_data *data, uint32_t offset)
{
    uint32_t word;

    assert_true(offset % 4 == 0 && offset + 4 <= sizeof *data);
    memcpy(&word, (const char *)data + offset, sizeof word);
    return word;
}

/* As the kernel's: what it would not load (bpf_check_classic, seccomp_check_filter) fails the test. */
__attribute__((unused)) static uint32_t run(const struct program *program, const struct seccomp_data *data)
{
    uint32_t accumulator = 0;

    for (size_t at = 0; at < program->length; at++) {
        const struct sock_filter *code = &program->code[at];
        bool is_true;

        switch (code->code) {
        case BPF_LD | BPF_W | BPF_ABS: accumulator = load_word(data, code->k); continue;
        case BPF_ALU | BPF_AND | BPF_K: accumulator &= code->k; continue;
        case BPF_JMP | BPF_JA: at += code->k; continue;
        case BPF_RET | BPF_K: return code->k;
        case BPF_JMP | BPF_JEQ | BPF_K: is_true = accumulator == code->k; break;
        case BPF_JMP | BPF_JGT | BPF_K: is_true = accumulator > code->k; break;
        case BPF_JMP | BPF_JGE | BPF_K: is_true = accumulator >= code->k; break;
        case BPF_JMP | BPF_JSET | BPF_K: is_true = (accumulator & code->k) != 0; break;
        default: fail_msg("instruction %zu has the code 0x%x", at, code->code); return 0;
        }
        at += is_true ? code->jt : code->jf;
    }
    fail_msg("the program runs off its end");
    return 0;
}

__attribute__((unused)) static uint32_t ask(const struct program *program, int number, const uint64_t *arguments)
{
    struct seccomp_data data = { .nr = number, .arch = NATIVE };

    if (arguments)
        memcpy(data.args, arguments, sizeof data.args);
    return run(program, &data);
}

__attribute__((unused)) static uint32_t ask_name(const struct program *program, const char *name, uint64_t a,
                                                 uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    uint64_t arguments[6] = { a, b, c, d, e, 0 };
    int number = seccomp_call_number(name);

    if (number < 0)
        fail_msg("no number for %s", name);
    return ask(program, number, arguments);
}

#define ASK(program, name, ...)                     ASK_FIVE(program, name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define ASK_FIVE(program, name, a, b, c, d, e, ...) ask_name(program, name, a, b, c, d, e)

#endif
