/*
 * How soon a run ends when its time is over: the scripts that mean harm, in this process, under deadlines that fall
 * into reading, expanding, compiling, computing, printing and collecting. A timer goes off at the deadline and notes
 * the CPU time; what the run uses from then on is judged, best of three, so that neither a busy machine nor a slow
 * clock can be mistaken for the engine. A machine that is itself slow for a while, as a shared one is, gets its three
 * tries again later; what the engine does too late it does each time. The machine must work afterwards.
 *
 * usage: late FILE...     one line of TAP for each file
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "schooner.h"
#include "inside.h"

enum { LATE_NS = 5 * 1000 * 1000, TRIES = 3, ROUNDS = 3 };

static const long deadlines_ms[] = { 15, 90 };

static _Atomic long fired_at;

static long cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void fire(int signal)
{
    (void)signal;
    fired_at = cpu_ns();
}

static timer_t timer_at(long ms)
{
    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    const struct itimerspec time = { .it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 } };
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &time, NULL);
    return timer;
}

static bool works_after(sch_vm *vm)
{
    static const char text[] = "(import (scheme base)) (+ 1 2)";
    sch_value value;
    int64_t three = 0;
    const struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED };
    return sch_vm_set_limits(vm, &limits) &&
           sch_eval(vm, (struct sch_source){ "after", text, sizeof text - 1 }, &value) == SCH_OK &&
           sch_get_integer(value, &three) && three == 3;
}

/* Nanoseconds of CPU after the deadline; 0: it ended before. -1: the machine does not work afterwards. */
static long late_ns(sch_env *env, struct sch_source source, char *words[], long ms)
{
    const char *nesting = option_value(words, "--nesting");
    const struct sch_limits limits = { .size = sizeof limits,
                                       .heap = (uint64_t)heap_cap_kib(words) * 1024,
                                       .nesting = nesting ? strtoul(nesting, NULL, 10) : 0,
                                       .timeout_ns = (uint64_t)ms * 1000000,
                                       .output = SCH_UNLIMITED };
    sch_vm *vm = sch_vm_new(env, &limits);
    sch_value value;
    fired_at = 0;
    timer_t timer = timer_at(ms);
    enum sch_status status = sch_eval(vm, source, &value);
    const long now = cpu_ns();
    timer_delete(timer);
    const long fired = fired_at;
    const bool timed_out = status == SCH_LIMIT && sch_failure(vm)->limit == SCH_LIMIT_TIMEOUT;
    const bool works = works_after(vm);
    sch_vm_free(vm);
    if (!works)
        return -1;
    return fired && timed_out && now > fired ? now - fired : 0; /* the engine's clock may be the first to ring */
}

static const char *check(const struct script *script, long *ret_ns)
{
    char storage[sizeof script->options], *words[SCRIPT_WORDS + 1];
    script_words(script, storage, words);
    struct sch_source source = { .name = "attack" };
    const int fd = script_open(script);
    char *text = fd < 0 ? NULL : inside_text(fd, &source.length);
    sch_env *env = inside_env(words);
    const char *complaint = text && env ? NULL : "it cannot be set up";
    source.text = text;
    for (size_t i = 0; !complaint && i < sizeof deadlines_ms / sizeof *deadlines_ms; i++) {
        long best = -1;
        for (int try = 0; try < TRIES * ROUNDS && (best < 0 || best > LATE_NS); try++) {
            if (try > 0 && try % TRIES == 0)
                sleep(1);
            const long ns = late_ns(env, source, words, deadlines_ms[i]);
            best = best < 0 || ns < best ? ns : best;
            if (ns < 0)
                complaint = "the machine does not work afterwards";
        }
        *ret_ns = best > *ret_ns ? best : *ret_ns;
        if (best > LATE_NS)
            complaint = "it went on after its deadline";
    }
    if (fd >= 0)
        close(fd);
    free(text);
    sch_env_free(env);
    return complaint;
}

int main(int argc, char *argv[])
{
    struct sigaction action = { .sa_handler = fire, .sa_flags = SA_RESTART };
    bool good = true;
    sigaction(SIGUSR1, &action, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        static struct script script;
        long ns = 0;
        const char *name = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];
        const char *complaint = script_read(argv[i], &script) ? check(&script, &ns) : "it cannot be read";
        printf("%sok %d - %s ends in time\n", complaint ? "not " : "", i, name);
        if (complaint)
            printf("#   %s: %ld us of CPU after the deadline\n", complaint, ns / 1000);
        good = good && !complaint;
    }
    return good ? 0 : 1;
}
