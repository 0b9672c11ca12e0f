/* Machines with small limits for the fuzzers, and inputs that patch bytes. */
#include "harness.h"
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

/*
 * The memory of all machines: a region at one address in every process, its lowest pages that fit first. What hashes
 * addresses, or is lucky with an alignment, so does the same in every run. Given back, a page is poison.
 */
enum { PAGE = 4096, PAGES = 16384 };
static const uintptr_t REGION = (uintptr_t)1 << 45;

static void *region_map(void *data, size_t size, size_t alignment)
{
    unsigned char *taken = data;
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
    unsigned char *taken = data;
    memset(taken + ((uintptr_t)block - REGION) / PAGE, 0, (size + PAGE - 1) / PAGE);
    ASAN_POISON_MEMORY_REGION(block, size);
}

static struct sch_memory region(void)
{
    static unsigned char *taken; /* of each page, whether it is */
    if (!taken) {
        void *mapped = mmap((void *)REGION, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        fuzz_check(mapped == (void *)REGION && (taken = calloc(PAGES, 1)));
        ASAN_POISON_MEMORY_REGION(mapped, (size_t)PAGES * PAGE);
    }
    return (struct sch_memory){ .map = region_map, .unmap = region_unmap, .data = taken };
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

sch_env *fuzz_env(enum sch_posture posture)
{
    static const struct sch_binding bindings[] = {
        { .name = "input", .function = host_input },
        { .name = "input-number", .function = host_input_number },
        { .name = "broken", .function = host_broken, .min_args = 1, .max_args = -1 },
    };
    static const struct sch_library library = { .name = "(fuzz)", .bindings = bindings, .count = 3 };
    static const char *const all[] = { "base", "char", "complex", "cxr",         "inexact",
                                       "lazy", "read", "write",   "case-lambda", NULL };
    static sch_env *envs[2];
    if (!envs[posture]) {
        struct sch_env_options options = {
            .size = sizeof options, .posture = posture, .libraries = &library, .library_count = 1, .memory = region()
        };
        if (posture == SCH_POSTURE_EVAL)
            options.pre_imports = all;
        struct sch_failure failure = { .size = sizeof failure };
        envs[posture] = sch_env_new(&options, &failure);
        if (!envs[posture])
            fprintf(stderr, "%s\n", failure.message);
        fuzz_check(envs[posture]);
    }
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
