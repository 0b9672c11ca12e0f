/*
 * How much is done between two looks at the clock, counted: the engine is compiled once more for this program, so that
 * each of its basic blocks counts, and what it lets libc do counts by bytes. Scripts whose reading, expanding,
 * compiling, building or decoding is long run without a deadline; the longest way between two looks is judged. It is
 * the same on every machine, whatever else runs there. A block takes 1 to 2 ns, so the bound is about 1 ms.
 *
 * usage: looks FILE...     one line of TAP for each file
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "inside.h"

enum { BLOCKS_MAX = 1000 * 1000 };

/* Blocks for each byte that libc and the kernel work upon, from what they were measured to take. */
enum { COPIED_PER_BLOCK = 8, COMPARED_PER_BLOCK = 16, UNMAPPED_PER_BLOCK = 16 };

static uint64_t blocks, last_look, longest;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    blocks++;
}

static void looked(void)
{
    longest = blocks - last_look > longest ? blocks - last_look : longest;
    last_look = blocks;
}

/* The looks, and what stands for more work than its call: the linker's --wrap puts these in between. */
#define WRAP(type, name, parameters, arguments, before) \
    type __real_##name parameters;                      \
    type __wrap_##name parameters;                      \
    type __wrap_##name parameters                       \
    {                                                   \
        before;                                         \
        return __real_##name arguments;                 \
    }

WRAP(bool, schooner_poll, (sch_vm * vm), (vm), looked())
WRAP(bool, vm_in_time, (const sch_vm *vm), (vm), looked())
WRAP(bool, charge_slow, (sch_vm * vm, uint64_t units), (vm, units), looked())
WRAP(void *, memcpy, (void *to, const void *from, size_t n), (to, from, n), blocks += n / COPIED_PER_BLOCK)
WRAP(void *, memmove, (void *to, const void *from, size_t n), (to, from, n), blocks += n / COPIED_PER_BLOCK)
WRAP(void *, memset, (void *to, int byte, size_t n), (to, byte, n), blocks += n / COPIED_PER_BLOCK)
WRAP(int, memcmp, (const void *a, const void *b, size_t n), (a, b, n), blocks += n / COMPARED_PER_BLOCK)
WRAP(int, munmap, (void *block, size_t n), (block, n), blocks += n / UNMAPPED_PER_BLOCK)

static bool is_procedure(sch_vm *vm, sch_value value)
{
    const char *shown = "";
    size_t length;
    return sch_get_text(sch_print(vm, value, false), &shown, &length) && strncmp(shown, "#<procedure", 11) == 0;
}

/* A procedure that a script gives travels to the same machine, which trusts none of its bytes. */
static const char *travel(sch_vm *vm, sch_value thunk)
{
    void *bytes;
    size_t length;
    sch_value value;
    if (sch_encode_thunk(vm, thunk, &bytes, &length) != SCH_OK)
        return sch_failure(vm)->message;
    looked();
    longest = 0;
    enum sch_status status = sch_decode(vm, bytes, length, true, &value);
    looked();
    sch_bytes_free(bytes, length);
    if (longest > BLOCKS_MAX)
        return "too much is done between two looks at the clock while it is decoded";
    return status == SCH_OK ? NULL : sch_failure(vm)->message;
}

static const char *check(const struct script *script)
{
    char storage[sizeof script->options], *words[SCRIPT_WORDS + 1];
    script_words(script, storage, words);
    struct sch_source source = { .name = "attack" };
    const int fd = script_open(script);
    char *text = fd < 0 ? NULL : inside_text(fd, &source.length);
    sch_env *env = inside_env(words);
    const struct sch_limits limits = { .size = sizeof limits,
                                       .heap = (uint64_t)heap_cap_kib(words) * 1024,
                                       .timeout_ns = SCH_UNLIMITED };
    sch_vm *vm = env ? sch_vm_new(env, &limits) : NULL;
    const char *complaint = text && vm ? NULL : "it cannot be set up";
    source.text = text;
    if (!complaint) {
        sch_value value;
        last_look = blocks;
        longest = 0;
        enum sch_status status = sch_eval(vm, source, &value);
        looked();
        if (longest > BLOCKS_MAX)
            complaint = "too much is done between two looks at the clock";
        else if (status != SCH_OK && !(status == SCH_LIMIT && script_expects(script, "heap")))
            complaint = sch_failure(vm)->message;
        else if (status == SCH_OK && is_procedure(vm, value))
            complaint = travel(vm, value);
    }
    if (complaint)
        printf("# %s\n", complaint);
    sch_vm_free(vm);
    sch_env_free(env);
    free(text);
    if (fd >= 0)
        close(fd);
    return complaint;
}

int main(int argc, char *argv[])
{
    bool good = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        static struct script script;
        const char *name = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];
        const char *complaint = script_read(argv[i], &script) ? check(&script) : "it cannot be read";
        printf("%sok %d - %s is looked at in time (%llu blocks)\n", complaint ? "not " : "", i, name,
               (unsigned long long)longest);
        good = good && !complaint;
    }
    return good ? 0 : 1;
}
