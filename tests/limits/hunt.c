/*
 * The systematic hunt: every procedure of every library that a script may import is called with arguments that are
 * large, huge, deep, cyclic, shared, numerous, strange or lying, under small limits. It does not matter what it
 * answers. It matters that it comes back: with a value, an error or a limit, within the time that its fuel is worth,
 * within the heap, and with a machine that works.
 *
 * usage: hunt [--outcome-only] [--worst N] [--tries N] [--smaller N] [NAME]
 *
 * One line of TAP for each library. --outcome-only: no times, no sizes (instrumented builds). --worst: the calls that
 * took longest for their fuel, as comments. --tries: calls of each procedure with two and more arguments. --smaller:
 * sizes are divided by so much, for builds in which filling a heap takes time by the square of its size. NAME: this
 * procedure alone, each call shown.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "schooner.h"

enum {
    PROCEDURES_MAX = 2000,
    ARGUMENTS_MAX = 64,
    GIVEN_MAX = 4,
    WORST_MAX = 40,
    LIMITS_MAX = 8,
    HEAP = 24 << 20,
    FUEL = 200 * 1000,
    NS_PER_UNIT = 100,
    /* Beside its units, a call may collect once and touch fresh pages: free units stand for both. The times of a busy
     * machine scatter, so the hunt complains at four times of what a unit may take; docs/fuel.md has the measurement.
     */
    UNITS_FREE = 50 * 1000,
    COMPLAINT = 4 * NS_PER_UNIT,
    SLACK_KIB = 2048,
    WATCHDOG_SECONDS = 30,
};

/* What the calls are given, by the expressions that make it; `big` ones make the pairs that are tried first. */
static const char arguments_program[] =
    "(import (scheme base) (scheme char) (scheme lazy) (scheme inexact) (scheme complex) (srfi 1) (srfi 115) (srfi "
    "128)\n"
    "        (srfi 146))\n"
    "(define (sized n) (quotient n %d))\n"
    "(define-record-type thing (make-thing a b) thing? (a thing-a) (b thing-b))\n"
    "(define long (iota (sized 40000)))\n"
    "(define wide (make-vector (sized 40000) 'x))\n"
    "(define text (make-string (sized 100000) #\\a))\n"
    "(define accents (make-string (sized 30000) #\\x1F600))\n"
    "(define huge (expt 7 (sized 300000)))\n"
    "(define deep (let loop ((n 0) (l '())) (if (= n (sized 40000)) l (loop (+ n 1) (list l)))))\n"
    "(define shared (let loop ((n 0) (l '(1))) (if (= n 200) l (loop (+ n 1) (cons l l)))))\n"
    "(define shared-vectors (let loop ((n 0) (l '#(1))) (if (= n 200) l (loop (+ n 1) (vector l l)))))\n"
    "(define stream (letrec ((from (lambda (n) (delay (cons n (from (+ n 1))))))) (from 0)))\n"
    "(define texts (make-list (sized 3000) (make-string 50 #\\b)))\n"
    "(define lists (make-list (sized 2000) '(1 2 3 4 5)))\n"
    "(define alist (map (lambda (i) (cons i i)) (iota (sized 5000))))\n"
    "(define k (call-with-current-continuation (lambda (k) k)))\n"
    "(define arguments (list\n"
    "  '#0=(1 2 3 . #0#) '#1=((1 . #1#) . #1#) '#2=#(a #2# b) long wide text accents huge deep shared shared-vectors\n"
    "  texts lists alist\n"
    "  (lambda x (if (pair? x) (car x) #f)) (lambda x #t) (lambda x #f) (lambda (x . y) (+ x 1)) < = equal? cons list\n"
    "  string=? char<? (lambda x (apply values x)) (lambda x (let loop () (loop)))\n"
    "  (lambda x (call-with-current-continuation (lambda (k) k)))\n"
    "  (make-bytevector (sized 100000) 7) (/ huge 3) 1e308 +nan.0 -inf.0 1/3 0 1 -1 2 1000000000000 "
    "99999999999999999999\n"
    "  (make-rectangular huge 1) 10000 #\\x \"\" \"abc\" '() 'x (list #\\a #\\b) \"(a|b)*c\" '(* any) '(: (* any) (* "
    "any) \"b\")\n"
    "  (make-parameter 1) (delay 1) stream (make-thing long text) (current-output-port)\n"
    "  (open-input-string text) (open-input-bytevector (make-bytevector (sized 50000) 40)) (open-output-string)\n"
    "  (make-comparator (lambda x #t) (lambda x #t) (lambda x #t) (lambda x 0))\n"
    "  (mapping (make-default-comparator) 1 2) (eof-object) #t #f))\n"
    "arguments\n";

struct procedure {
    char library[64], name[64];
    int min_args, max_args;
};

struct call {
    char text[160];
    double ratio; /* nanoseconds for each unit, the free ones included */
    long ns;
    uint64_t fuel;
};

struct hunt {
    sch_env *env;
    struct procedure procedures[PROCEDURES_MAX];
    size_t count;
    bool bounds;
    int tries;
    int smaller; /* what sizes are divided by */
    char arguments[sizeof arguments_program + 20];
    const char *only;
    uint64_t random;
    struct call worst[WORST_MAX];
    size_t worst_count;
    unsigned long calls, limits[LIMITS_MAX], errors, values;
    long base_kib;
};

static char now_running[200];

static void bark(int signal)
{
    static const char text[] = "Bail out! no end: ";
    (void)signal;
    (void)!write(STDOUT_FILENO, text, sizeof text - 1);
    (void)!write(STDOUT_FILENO, now_running, strlen(now_running));
    (void)!write(STDOUT_FILENO, "\n", 1);
    _exit(1);
}

static bool collect(void *data, const struct sch_surface *binding)
{
    struct hunt *hunt = data;
    if (binding->kind != SCH_SURFACE_PROCEDURE || !binding->library || hunt->count == PROCEDURES_MAX)
        return true;
    struct procedure *procedure = &hunt->procedures[hunt->count++];
    snprintf(procedure->library, sizeof procedure->library, "%s", binding->library);
    snprintf(procedure->name, sizeof procedure->name, "%s", binding->name);
    procedure->min_args = binding->arity_known ? binding->min_args : 0;
    procedure->max_args = binding->arity_known ? binding->max_args : -1;
    return true;
}

static struct sch_limits limits_of(uint64_t fuel, uint64_t timeout_ns)
{
    return (struct sch_limits){ .size = sizeof(struct sch_limits),
                                .heap = HEAP,
                                .fuel = fuel,
                                .timeout_ns = timeout_ns,
                                .output = 64 << 10,
                                .hash_seed = 1 };
}

static enum sch_status evaluate(sch_vm *vm, const char *text, sch_value *ret)
{
    return sch_eval(vm, (struct sch_source){ "hunt", text, strlen(text) }, ret);
}

static long cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

/* A field of /proc/self/status, in KiB. */
static long status_kib(const char *name)
{
    char line[200];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name) + 1, NULL, 10);
    if (file)
        fclose(file);
    return kib;
}

static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file) {
        fputs("5", file);
        fclose(file);
    }
}

static unsigned next_random(struct hunt *hunt, unsigned below)
{
    hunt->random = hunt->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(hunt->random >> 33) % below;
}

static void note_worst(struct hunt *hunt, const struct call *call)
{
    size_t at = hunt->worst_count < WORST_MAX ? hunt->worst_count++ : WORST_MAX - 1;
    if (at == WORST_MAX - 1 && hunt->worst[at].ratio >= call->ratio && hunt->worst[at].ns)
        return;
    for (; at > 0 && hunt->worst[at - 1].ratio < call->ratio; at--)
        hunt->worst[at] = hunt->worst[at - 1];
    hunt->worst[at] = *call;
}

static long time_call(sch_vm *vm, sch_value procedure, size_t count, const sch_value given[], enum sch_status *ret)
{
    sch_value result;
    const long before = cpu_ns();
    *ret = sch_call(vm, procedure, count, given, &result);
    return cpu_ns() - before;
}

static const char *judge(struct hunt *hunt, sch_vm *vm, enum sch_status status, struct call *call)
{
    const struct sch_usage usage = sch_usage(vm);
    if (status == SCH_OK)
        hunt->values++;
    else if (status == SCH_ERROR)
        hunt->errors++;
    else if (status == SCH_LIMIT)
        hunt->limits[sch_failure(vm)->limit % LIMITS_MAX]++;
    else
        return "it ended in no value, error or limit";
    if (usage.heap_peak > HEAP)
        return "the account is over the cap";
    call->fuel = usage.fuel;
    call->ratio = (double)call->ns / (double)(usage.fuel + UNITS_FREE);
    return NULL;
}

/* Calls once. NULL, or what is wrong. */
static const char *try(struct hunt *hunt, sch_vm *vm, const struct procedure *procedure, sch_value value,
                       const sch_value arguments[], const unsigned picks[], size_t count)
{
    sch_value given[GIVEN_MAX];
    enum sch_status status;
    struct call call;
    int length = snprintf(call.text, sizeof call.text, "%s (%s", procedure->library, procedure->name);
    for (size_t i = 0; i < count; i++) {
        given[i] = arguments[picks[i]];
        length += snprintf(call.text + length, sizeof call.text - (size_t)length, " #%u", picks[i]);
    }
    snprintf(call.text + length, sizeof call.text - (size_t)length, ")");
    memcpy(now_running, call.text, sizeof call.text);
    alarm(WATCHDOG_SECONDS);
    call.ns = time_call(vm, value, count, given, &status);
    const char *complaint = judge(hunt, vm, status, &call);
    if (!complaint && call.ratio > COMPLAINT && hunt->bounds) {
        /* A second and a third time, against the load of the machine. */
        for (int i = 0; i < 2 && call.ratio > COMPLAINT; i++) {
            struct call again = call;
            again.ns = time_call(vm, value, count, given, &status);
            complaint = judge(hunt, vm, status, &again);
            if (again.ratio < call.ratio)
                call = again;
        }
        if (!complaint && call.ratio > COMPLAINT)
            complaint = "it took longer than its fuel is worth";
    }
    hunt->calls++;
    note_worst(hunt, &call);
    if (hunt->only)
        printf("# %s: status %d, %ld us, %lu units\n", call.text, (int)status, call.ns / 1000,
               (unsigned long)call.fuel);
    if (complaint)
        printf("# %s: %s (status %d, %ld us, %lu units)\n", call.text, complaint, (int)status, call.ns / 1000,
               (unsigned long)call.fuel);
    return complaint;
}

static sch_vm *machine(struct hunt *hunt, const struct procedure *procedure, sch_value *ret_procedure,
                       sch_value ret_arguments[], size_t *ret_count)
{
    char text[400];
    const struct sch_limits ample = limits_of(SCH_UNLIMITED, SCH_UNLIMITED);
    const struct sch_limits small = limits_of(FUEL, 2000000000);
    sch_vm *vm = sch_vm_new(hunt->env, &ample);
    sch_value list, head;
    if (!vm || evaluate(vm, hunt->arguments, &list) != SCH_OK || !sch_keep(vm, list)) {
        printf("# the arguments: %s\n", vm ? sch_failure(vm)->message : "no machine");
        exit(1);
    }
    *ret_count = 0;
    while (*ret_count < ARGUMENTS_MAX && sch_get_pair(list, &head, &list))
        ret_arguments[(*ret_count)++] = head;
    snprintf(text, sizeof text, "(import (only %s %s)) %s", procedure->library, procedure->name, procedure->name);
    if (evaluate(vm, text, ret_procedure) != SCH_OK || !sch_keep(vm, *ret_procedure)) {
        printf("# %s: %s\n", text, sch_failure(vm)->message);
        exit(1);
    }
    sch_vm_set_limits(vm, &small);
    return vm;
}

static bool works_after(sch_vm *vm)
{
    sch_value value;
    int64_t three = 0;
    const struct sch_limits ample = limits_of(SCH_UNLIMITED, SCH_UNLIMITED);
    sch_vm_set_limits(vm, &ample);
    return evaluate(vm, "(let-values (((a b) (floor/ 23 5))) b)", &value) == SCH_OK && sch_get_integer(value, &three) &&
           three == 3;
}

static bool accepts(const struct procedure *procedure, int count)
{
    return count >= procedure->min_args && (procedure->max_args < 0 || count <= procedure->max_args);
}

static bool hunt_procedure(struct hunt *hunt, const struct procedure *procedure)
{
    sch_value value, arguments[ARGUMENTS_MAX];
    size_t kinds;
    bool good = true;
    sch_vm *vm = machine(hunt, procedure, &value, arguments, &kinds);
    unsigned picks[GIVEN_MAX];
    hunt->random = 1;
    if (accepts(procedure, 0))
        good = !try(hunt, vm, procedure, value, arguments, picks, 0) && good;
    for (picks[0] = 0; accepts(procedure, 1) && picks[0] < kinds; picks[0]++)
        good = !try(hunt, vm, procedure, value, arguments, picks, 1) && good;
    for (int count = 2; count <= GIVEN_MAX; count++)
        for (int i = 0; accepts(procedure, count) && i < hunt->tries; i++) {
            for (int j = 0; j < count; j++)
                picks[j] = next_random(hunt, (unsigned)kinds);
            good = !try(hunt, vm, procedure, value, arguments, picks, (size_t)count) && good;
        }
    if (!works_after(vm)) {
        printf("# %s %s: the machine does not work afterwards: %s\n", procedure->library, procedure->name,
               sch_failure(vm)->message);
        good = false;
    }
    sch_vm_free(vm);
    return good;
}

/* The procedures of one library; the peak of what is resident is that of one machine at a time. */
static bool hunt_library(struct hunt *hunt, size_t first, size_t *ret_next)
{
    const char *library = hunt->procedures[first].library;
    bool good = true;
    size_t i = first;
    forget_peak();
    for (; i < hunt->count && strcmp(hunt->procedures[i].library, library) == 0; i++)
        if (!hunt->only || strcmp(hunt->only, hunt->procedures[i].name) == 0)
            good = hunt_procedure(hunt, &hunt->procedures[i]) && good;
    *ret_next = i;
    const long peak = status_kib("VmHWM") - hunt->base_kib;
    if (hunt->bounds && peak > HEAP / 1024 + SLACK_KIB) {
        printf("# %s: %ld KiB were resident above the process without a machine\n", library, peak);
        good = false;
    }
    return good;
}

static size_t library_count(const struct hunt *hunt)
{
    size_t count = 0;
    for (size_t i = 0; i < hunt->count; i++)
        count += i == 0 || strcmp(hunt->procedures[i].library, hunt->procedures[i - 1].library) != 0;
    return count;
}

int main(int argc, char *argv[])
{
    static struct hunt hunt = { .bounds = true, .tries = 40, .smaller = 1 };
    size_t worst = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--outcome-only") == 0)
            hunt.bounds = false;
        else if (strcmp(argv[i], "--worst") == 0 && i + 1 < argc)
            worst = (size_t)atoi(argv[++i]);
        else if (strcmp(argv[i], "--tries") == 0 && i + 1 < argc)
            hunt.tries = atoi(argv[++i]);
        else if (strcmp(argv[i], "--smaller") == 0 && i + 1 < argc)
            hunt.smaller = atoi(argv[++i]);
        else
            hunt.only = argv[i];
    }
    snprintf(hunt.arguments, sizeof hunt.arguments, arguments_program, hunt.smaller > 0 ? hunt.smaller : 1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGALRM, bark);
    struct sch_env_options options = { .size = sizeof options, .redefinition = true, .mutation = true };
    struct sch_failure failure = { .size = sizeof failure };
    if (!(hunt.env = sch_env_new(&options, &failure))) {
        printf("Bail out! %s\n", failure.message);
        return 1;
    }
    sch_surface(hunt.env, collect, &hunt);
    forget_peak();
    hunt.base_kib = status_kib("VmHWM");
    printf("1..%zu\n", library_count(&hunt));
    size_t number = 0;
    bool good = true;
    for (size_t i = 0, next; i < hunt.count; i = next) {
        bool fine = hunt_library(&hunt, i, &next);
        printf("%sok %zu - every procedure of %s comes back\n", fine ? "" : "not ", ++number,
               hunt.procedures[i].library);
        good = good && fine;
    }
    printf("# %lu calls: %lu values, %lu errors; limits:", hunt.calls, hunt.values, hunt.errors);
    for (size_t i = 0; i < LIMITS_MAX; i++)
        printf(" %lu", hunt.limits[i]);
    printf("\n");
    for (size_t i = 0; i < worst && i < hunt.worst_count; i++)
        printf("# %6.1f ns for each unit, %ld us, %lu units: %s\n", hunt.worst[i].ratio, hunt.worst[i].ns / 1000,
               (unsigned long)hunt.worst[i].fuel, hunt.worst[i].text);
    sch_env_free(hunt.env);
    return good ? 0 : 1;
}
