/* Machines with small limits for the fuzzers, and inputs that patch bytes. */
#include "harness.h"
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * The memory of all machines: a region at one address in every process, its lowest pages that fit first. What hashes
 * addresses, or is lucky with an alignment, so does the same in every run. Given back, a page is poison.
 */
enum { PAGE = 4096, PAGES = 16384 };
static const uintptr_t REGION = (uintptr_t)1 << 45;

struct region {
    unsigned char taken[PAGES]; /* is the page? */
    unsigned refuse;            /* counts down: the mapping that gets nothing; 0: none */
};

static void *region_map(void *data, size_t size, size_t alignment)
{
    struct region *region = data;
    unsigned char *taken = region->taken;
    if (region->refuse && --region->refuse == 0)
        return NULL;
    size_t count = (size + PAGE - 1) / PAGE;
    size_t step = alignment / PAGE;
    for (size_t first = 0; first + count <= PAGES;) {
        const unsigned char *last = memrchr(taken + first, 1, count);
        if (!last) {
            memset(taken + first, 1, count);
            void *block = (void *)(REGION + first * PAGE);
            ASAN_UNPOISON_MEMORY_REGION(block, count * PAGE);
            return block;
        }
        first = (size_t)(last - taken) / step * step + step;
    }
    return NULL;
}

static void region_unmap(void *data, void *block, size_t size)
{
    struct region *region = data;
    memset(region->taken + ((uintptr_t)block - REGION) / PAGE, 0, (size + PAGE - 1) / PAGE);
    ASAN_POISON_MEMORY_REGION(block, size);
}

static struct region *the_region(void)
{
    static struct region *region;
    if (!region) {
        void *mapped = mmap((void *)REGION, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        region = calloc(1, sizeof *region);
        fuzz_check(mapped == (void *)REGION && region);
        ASAN_POISON_MEMORY_REGION(mapped, (size_t)PAGES * PAGE);
    }
    return region;
}

void fuzz_refuse(unsigned which)
{
    the_region()->refuse = which;
}

static sch_value host_input(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    const struct fuzz_input *input = sch_vm_data(vm);
    (void)data, (void)count, (void)args;
    return sch_string(vm, input->text, input->length);
}

static sch_value host_input_number(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    const struct fuzz_input *input = sch_vm_data(vm);
    (void)data, (void)count, (void)args;
    return sch_integer(vm, input->number);
}

static sch_value host_broken(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data;
    for (size_t i = 0; i < count; i++) {
        const char *text = "?";
        size_t length;
        sch_get_text(sch_print(vm, args[i], false), &text, &length);
        fprintf(stderr, "%s%s", i ? " " : "broken: ", text);
    }
    fprintf(stderr, "\n");
    abort();
}

/* Waits for the fuzzer, which gives the value of the call. */
static sch_value host_pause(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    return sch_suspend(vm);
}

/* Calls a procedure on the C stack. */
static sch_value host_again(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data;
    sch_value value;
    return sch_call(vm, args[0], count - 1, args + 1, &value) == SCH_OK ? value : SCH_RAISED;
}

sch_env *fuzz_env_new(struct sch_env_options options)
{
    static const struct sch_binding property[] = {
        { .name = "input", .function = host_input },
        { .name = "input-number", .function = host_input_number },
        { .name = "broken", .function = host_broken, .min_args = 1, .max_args = -1 },
    };
    static const struct sch_binding everywhere[] = {
        { .name = "pause", .function = host_pause, .cost = 1 },
        { .name = "again", .function = host_again, .min_args = 1, .max_args = -1 },
    };
    struct sch_library libraries[3] = { { .name = "(fuzz)", .bindings = property, .count = 3 },
                                        { .bindings = everywhere, .count = 2 } };
    static const char *const all[] = { "base", "char", "complex", "cxr",         "inexact",
                                       "lazy", "read", "write",   "case-lambda", NULL };
    options.size = sizeof options;
    if (options.library_count == 1)
        libraries[2] = options.libraries[0];
    options.libraries = libraries;
    options.library_count += 2;
    options.memory = (struct sch_memory){ .map = region_map, .unmap = region_unmap, .data = the_region() };
    if (options.posture == SCH_POSTURE_EVAL && !options.pre_imports)
        options.pre_imports = all;
    struct sch_failure failure = { .size = sizeof failure };
    sch_env *env = sch_env_new(&options, &failure);
    if (!env)
        fprintf(stderr, "%s\n", failure.message);
    fuzz_check(env);
    return env;
}

sch_env *fuzz_env(enum sch_posture posture)
{
    static sch_env *envs[2];
    if (!envs[posture])
        envs[posture] = fuzz_env_new((struct sch_env_options){ .posture = posture });
    return envs[posture];
}

struct sch_limits fuzz_limits(void)
{
    return (struct sch_limits){ .size = sizeof(struct sch_limits),
                                .heap = 8 << 20,
                                .fuel = 200000,
                                .timeout_ns = SCH_UNLIMITED,
                                .output = 64 << 10,
                                .hash_seed = 1 };
}

sch_vm *fuzz_machine(enum sch_posture posture)
{
    struct sch_limits limits = fuzz_limits();
    sch_vm *vm = sch_vm_new(fuzz_env(posture), &limits);
    fuzz_check(vm);
    return vm;
}

void fuzz_works(sch_vm *vm)
{
    sch_value value;
    enum sch_status status = sch_eval(vm, (struct sch_source){ "after", "'whole", 6 }, &value);
    fuzz_check(status == SCH_OK || status == SCH_LIMIT); /* the heap may be full of definitions */
}

struct fuzz_outcome fuzz_outcome(sch_vm *vm, enum sch_status status, sch_value value)
{
    fuzz_check(status == SCH_OK || status == SCH_ERROR || status == SCH_LIMIT);
    struct fuzz_outcome ret = { .status = status };
    struct sch_usage usage = sch_usage(vm);
    ret.fuel = usage.fuel;
    ret.output = usage.output;
    const char *text = "";
    size_t length;
    if (status == SCH_OK) {
        sch_value printed = sch_print(vm, value, false);
        if (sch_is_raised(printed))
            ret.unprinted = true;
        else
            fuzz_check(sch_get_text(printed, &text, &length));
    } else {
        const struct sch_failure *failure = sch_failure(vm);
        fuzz_check(failure->message);
        ret.limit = failure->limit;
        text = failure->message;
    }
    ret.text = strdup(text);
    fuzz_check(ret.text);
    return ret;
}

void fuzz_same(struct fuzz_outcome *a, struct fuzz_outcome *b, bool fuel)
{
    bool memory = a->limit == SCH_LIMIT_HEAP || b->limit == SCH_LIMIT_HEAP || a->unprinted || b->unprinted;
    bool spent = !fuel && (a->limit == SCH_LIMIT_FUEL || b->limit == SCH_LIMIT_FUEL);
    if (!memory && !spent) {
        bool same = a->status == b->status && a->limit == b->limit && strcmp(a->text, b->text) == 0 &&
                    a->output == b->output && (!fuel || a->fuel == b->fuel);
        if (!same)
            fprintf(stderr, "%d %d %s (output %lu, fuel %lu)\n%d %d %s (output %lu, fuel %lu)\n", a->status, a->limit,
                    a->text, a->output, a->fuel, b->status, b->limit, b->text, b->output, b->fuel);
        fuzz_check(same);
    }
    free(a->text);
    free(b->text);
}

void fuzz_run(enum sch_posture posture, sch_code **code, const char *program, struct fuzz_input *input, bool may_fail)
{
    struct sch_source source = { .name = "property", .text = program, .length = strlen(program) };
    struct sch_limits limits = fuzz_limits();
    struct sch_failure failure = { .size = sizeof failure };
    if (!*code && sch_compile(fuzz_env(posture), source, &limits, code, &failure) != SCH_OK) {
        fprintf(stderr, "%s:%u: %s\n", failure.file, failure.line, failure.message);
        abort();
    }
    sch_vm *vm = fuzz_machine(posture);
    sch_vm_set_data(vm, input);
    sch_value value;
    enum sch_status status = sch_run(vm, *code, &value);
    if (status == SCH_ERROR && !may_fail)
        fprintf(stderr, "%s: %s\n", sch_failure(vm)->kind, sch_failure(vm)->message);
    fuzz_check(status == SCH_OK || status == SCH_LIMIT || (status == SCH_ERROR && may_fail));
    sch_vm_free(vm);
}

void fuzz_check_json(const char *text, size_t length)
{
    static const char program[] = "(import (scheme base) (schooner json) (fuzz))\n(json-read-string (input) 400)\n";
    static sch_code *code;
    struct fuzz_input input = { .text = text, .length = length };
    fuzz_run(SCH_POSTURE_RUN, &code, program, &input, false);
}

int fuzz_next_descriptor(void)
{
    int fd = dup(0);
    fuzz_check(fd >= 0);
    close(fd);
    return fd;
}

struct fuzz_patched fuzz_split(const uint8_t *data, size_t size)
{
    struct fuzz_patched ret = { .source = { .name = "input", .text = (const char *)data, .length = size } };
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    if (nul) {
        ret.source.length = (size_t)(nul - data);
        ret.patches = nul + 1;
        ret.patch_count = (size - ret.source.length - 1) / 3;
    }
    return ret;
}

unsigned char *fuzz_patch(const struct fuzz_patched *input, const void *bytes, size_t length)
{
    unsigned char *copy = malloc(length);
    fuzz_check(copy && length);
    memcpy(copy, bytes, length);
    for (size_t i = 0; i < input->patch_count; i++) {
        const uint8_t *patch = input->patches + 3 * i;
        size_t offset = (size_t)(patch[1] & 0x7f) << 8 | patch[0];
        copy[patch[1] & 0x80 ? length - 1 - offset % length : offset % length] = patch[2];
    }
    return copy;
}
