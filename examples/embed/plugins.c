/*
 * A host of plug-ins: ten threads, a thousand machines that live at the same time, one environment and one compiled
 * program for all of them. A plug-in that never ends is stopped by its limits; the others notice nothing.
 *
 *   cc -o plugins plugins.c $(pkg-config --cflags --libs schooner) -pthread && ./plugins
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <schooner.h>

enum { THREADS = 10, MACHINES_EACH = 100, EVENTS = 3 };

/* What every plug-in is handed: its number, and a way to speak to the host. */
struct plugin {
    int number;
    int64_t told;
};

static sch_value plugin_number(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    const struct plugin *plugin = sch_vm_data(vm);
    (void)data, (void)count, (void)args;
    return sch_integer(vm, plugin->number);
}

static sch_value tell(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    struct plugin *plugin = sch_vm_data(vm);
    int64_t amount;
    (void)data, (void)count;
    if (!sch_need_integer(vm, args[0], &amount))
        return SCH_RAISED;
    plugin->told += amount;
    return sch_unspecified();
}

static const struct sch_binding bindings[] = {
    { .name = "plugin-number", .function = plugin_number, .doc = "Which plug-in this is." },
    { .name = "tell", .function = tell, .min_args = 1, .max_args = 1, .cost = 10, .doc = "Tells the host an amount." },
};
static const struct sch_library host_library = { .name = "(host)", .bindings = bindings, .count = 2 };

/* The value of the program is the plug-in's handler of events. Number 7 of each hundred never ends. */
static const char program[] = "(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))\n"
                              "(lambda (event)\n"
                              "  (if (= (modulo (plugin-number) 100) 7) (let loop () (loop)))\n"
                              "  (tell (+ event (fib 10))))\n";

struct worker {
    sch_env *env;
    sch_code *code; /* any number of threads may run it at once */
    int first;      /* number of its first plug-in */
    int answered, stopped;
};

static void handle_events(struct worker *worker, sch_vm *vm[], sch_ref *handlers[])
{
    for (int64_t event = 1; event <= EVENTS; event++) {
        for (int i = 0; i < MACHINES_EACH; i++) {
            sch_value argument = sch_integer(vm[i], event);
            enum sch_status status = sch_call(vm[i], sch_ref_value(handlers[i]), 1, &argument, NULL);
            worker->answered += status == SCH_OK;
            worker->stopped += status == SCH_LIMIT && sch_failure(vm[i])->limit == SCH_LIMIT_FUEL;
        }
    }
}

static void *work(void *data)
{
    struct worker *worker = data;
    const struct sch_limits limits = { .size = sizeof limits, .fuel = 100000, .heap = 1 << 20 };
    struct plugin plugins[MACHINES_EACH];
    sch_vm *vm[MACHINES_EACH] = { NULL };
    sch_ref *handlers[MACHINES_EACH];
    int made = 0;
    for (; made < MACHINES_EACH; made++) {
        sch_value handler;
        plugins[made] = (struct plugin){ .number = worker->first + made };
        vm[made] = sch_vm_new(worker->env, &limits);
        if (!vm[made])
            break;
        sch_vm_set_data(vm[made], &plugins[made]);
        if (sch_run(vm[made], worker->code, &handler) != SCH_OK || !(handlers[made] = sch_keep(vm[made], handler)))
            break;
    }
    if (made == MACHINES_EACH)
        handle_events(worker, vm, handlers);
    for (int i = 0; i < MACHINES_EACH; i++)
        sch_vm_free(vm[i]);
    return NULL;
}

int main(void)
{
    static const char *const menu[] = { "base", "(host)", NULL };
    sch_pool *pool = sch_pool_new(64 << 20); /* keeps so many bytes at most */
    struct sch_env_options options = {
        .size = sizeof options, .menu = menu, .pre_imports = menu, .libraries = &host_library, .library_count = 1
    };
    options.memory = sch_pool_memory(pool);
    sch_env *env = sch_env_new(&options, NULL);
    sch_code *code = NULL;
    struct sch_failure failure;
    struct sch_source source = { "plugin.scm", program, sizeof program - 1 };
    if (!env || sch_compile(env, source, NULL, &code, &failure) != SCH_OK) {
        fprintf(stderr, "plugins: %s\n", env ? failure.message : "no environment");
        return 1;
    }

    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    int started = 0, answered = 0, stopped = 0;
    for (; started < THREADS; started++) {
        workers[started] = (struct worker){ .env = env, .code = code, .first = started * MACHINES_EACH };
        if (pthread_create(&threads[started], NULL, work, &workers[started]) != 0)
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        answered += workers[i].answered;
        stopped += workers[i].stopped;
    }
    printf("%d machines on %d threads: %d events handled, %d stopped by their limit\n", started * MACHINES_EACH,
           started, answered, stopped);
    sch_code_free(code);
    sch_env_free(env);
    sch_pool_free(pool);
    return answered == THREADS * (MACHINES_EACH - 1) * EVENTS && stopped == THREADS * EVENTS ? 0 : 1;
}
