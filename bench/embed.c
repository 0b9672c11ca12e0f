/* Figures of the embedding interface: machines made and freed, calls from C and to C. Medians of batches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "schooner.h"

enum { BATCHES = 31, BATCH = 1000, POOL = 64 };

/* A pool behind the map hook: what one machine gives back, the next one gets. */
struct pool {
    struct {
        void *block;
        size_t size;
    } kept[POOL];
    size_t count;
};

static void *pool_map(void *data, size_t size, size_t alignment)
{
    struct pool *pool = data;
    for (size_t i = pool->count; i-- > 0;) {
        if (pool->kept[i].size == size && (uintptr_t)pool->kept[i].block % alignment == 0) {
            void *block = pool->kept[i].block;
            pool->kept[i] = pool->kept[--pool->count];
            return block;
        }
    }
    size_t whole = size + alignment;
    char *mapped = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    return (void *)(((uintptr_t)mapped + alignment - 1) / alignment * alignment);
}

static void pool_unmap(void *data, void *block, size_t size)
{
    struct pool *pool = data;
    if (pool->count < POOL) {
        pool->kept[pool->count].block = block;
        pool->kept[pool->count++].size = size;
    } else {
        munmap(block, size);
    }
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void die(const char *what)
{
    fprintf(stderr, "embed: %s\n", what);
    exit(1);
}

typedef void step_fn(void *data);

static void figure(const char *what, const char *bar, step_fn *step, void *data, int batch)
{
    double times[BATCHES];
    for (int i = 0; i < BATCHES; i++) {
        double start = now_ns();
        for (int j = 0; j < batch; j++)
            step(data);
        times[i] = (now_ns() - start) / batch;
    }
    qsort(times, BATCHES, sizeof *times, compare);
    printf("  %-44s %10.0f  %s\n", what, times[BATCHES / 2], bar);
}

static void make_and_free(void *data)
{
    sch_vm *vm = sch_vm_new(data, NULL);
    if (!vm)
        die("no machine");
    sch_vm_free(vm);
}

struct calling {
    sch_vm *vm;
    sch_ref *procedure;
};

static void call_scheme(void *data)
{
    struct calling *calling = data;
    sch_value one;
    sch_value args[] = { sch_integer(calling->vm, 1) };
    if (sch_call(calling->vm, sch_ref_value(calling->procedure), 1, args, &one) != SCH_OK)
        die("a call failed");
}

static sch_value host_add_one(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count;
    int64_t n;
    return sch_get_integer(args[0], &n) ? sch_integer(vm, n + 1) : sch_raise_error(vm, "an integer is needed");
}

int main(void)
{
    struct pool pool = { .count = 0 };
    struct sch_binding binding = { .name = "add-one", .function = host_add_one, .min_args = 1, .max_args = 1 };
    struct sch_library library = { .name = NULL, .bindings = &binding, .count = 1 };
    const char *pre_imports[] = { "(scheme base)", NULL };
    struct sch_env_options options = {
        .size = sizeof options,
        .pre_imports = pre_imports,
        .libraries = &library,
        .library_count = 1,
        .memory = { pool_map, pool_unmap, &pool },
    };
    sch_env *env = sch_env_new(&options, NULL);
    if (!env)
        die("no environment");
    figure("machine made and freed, recycled memory", "bar 10000", make_and_free, env, BATCH);

    struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED };
    struct calling calling = { .vm = sch_vm_new(env, &limits) };
    const char *text = "(define (repeat n) (if (= n 0) 0 (begin (add-one n) (repeat (- n 1))))) (lambda (x) (+ x 1))";
    sch_value procedure;
    if (!calling.vm || sch_eval(calling.vm, (struct sch_source){ "embed", text, strlen(text) }, &procedure) != SCH_OK)
        die(calling.vm ? sch_failure(calling.vm)->message : "no machine");
    calling.procedure = sch_keep(calling.vm, procedure);
    figure("call from C to Scheme", "", call_scheme, &calling, BATCH);

    const char *loop = "(repeat 1000000)";
    double start = now_ns();
    if (sch_eval(calling.vm, (struct sch_source){ "embed", loop, strlen(loop) }, &procedure) != SCH_OK)
        die("the loop failed");
    printf("  %-44s %10.0f\n", "call from Scheme to C (loop included)", (now_ns() - start) / 1e6);
    sch_release(calling.procedure);
    sch_vm_free(calling.vm);
    sch_env_free(env);
    return 0;
}
