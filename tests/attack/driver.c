// Runs scripts that mean harm with `schooner eval` and judges how each ended. What a script says at its head is in
// script.h; the driver knows nothing else of it.
//
// usage: driver [--outcome-only | --hostile] SCHOONER FILE...     one line of TAP for each file
//
// Beside the outcome it judges the peak resident size and the CPU time (deadline + 1 s; how soon a run ends after its
// deadline is what late.c judges). The size is judged above that of a process that ran next to nothing: the cap, the
// text of the program, which is the command's own, and 2 MiB for pages of code and the C library.
// Who must not end in the deadline gets a far one where its own is not farther, for a busy machine may stand still; the
// CPU time is judged by the script's own.
// With --outcome-only neither is judged: instrumented builds need more of both. --hostile is that too, for the build
// that collects at every safe point, where filling a heap takes time by the square of its size: who must end in the
// heap limit gets a small heap.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "script.h"

enum {
    OUTPUT_KEPT = 4096,
    SLACK_KIB = 2 * 1024,
    SLACK_MS = 1000,
    HANG_SECONDS = 60,
    HOSTILE_HEAP_KIB = 2 * 1024,
    FAR_TIMEOUT_MS = 120 * 1000,
};

enum judging { ALL, OUTCOME_ONLY, HOSTILE };

struct outcome {
    int status;
    bool hung;
    long peak_kib;
    long source_kib;
    long cpu_ms;
    char out[OUTPUT_KEPT + 1];
    char err[OUTPUT_KEPT + 1];
};

static void slurp(FILE *file, char ret[])
{
    rewind(file);
    ret[fread(ret, 1, OUTPUT_KEPT, file)] = 0;
}

// Waits for the child, and ends it when it outlives every deadline by far.
static void wait_for(pid_t child, long wall_ms, struct outcome *ret)
{
    struct rusage usage;
    int status = 0;
    const struct timespec nap = { .tv_nsec = 5000000 };
    for (long waited = 0;; waited += 5) {
        if (wait4(child, &status, ret->hung ? 0 : WNOHANG, &usage) == child)
            break;
        if (waited > wall_ms) {
            ret->hung = true;
            kill(child, SIGKILL);
        }
        nanosleep(&nap, NULL);
    }
    ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ret->peak_kib = usage.ru_maxrss;
    ret->cpu_ms = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                  (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static bool run(const char *schooner, const struct script *script, char *words[], struct outcome *ret)
{
    const int source = script_open(script);
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    if (source < 0 || !out || !err)
        return false;
    char *arguments[SCRIPT_WORDS + 8] = { (char *)schooner, "eval" };
    size_t count = 2;
    for (size_t i = 0; words[i]; i++)
        arguments[count++] = words[i];
    arguments[count] = script_is_made(script) ? "-" : (char *)script->path;
    const pid_t child = fork();
    if (child == 0) {
        dup2(source, STDIN_FILENO);
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        execv(schooner, arguments);
        _exit(127);
    }
    struct stat status;
    ret->source_kib = fstat(source, &status) == 0 ? (long)(status.st_size / 1024) : 0;
    close(source);
    if (child > 0) {
        wait_for(child, deadline_ms(words) + HANG_SECONDS * 1000L, ret);
        slurp(out, ret->out);
        slurp(err, ret->err);
    }
    fclose(out);
    fclose(err);
    return child > 0;
}

// How it ended, in the word that `expect` would use; a limit must be named by the message, with status 3.
static const char *ending(const struct outcome *outcome)
{
    static const char *const limits[] = { "heap", "timeout", "fuel", "nesting", "integer-bits", "output" };
    if (outcome->hung)
        return "no end";
    switch (outcome->status) {
    case 0: return "ok";
    case 1: return strstr(outcome->err, "error: ") ? "error" : "status 1 without an error";
    case 3:
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            char message[64];
            snprintf(message, sizeof message, "limit: the %s limit", limits[i]);
            if (strstr(outcome->err, message))
                return limits[i];
        }
        return "status 3 without the name of a limit";
    default: return outcome->status >= 128 ? "a signal" : "an unknown status";
    }
}

static const char *judge(const struct script *script, const struct outcome *outcome, bool bounds, long most_kib,
                         long most_ms)
{
    if (!script_expects(script, ending(outcome)))
        return "it ended otherwise";
    if (script->says[0] && !strstr(outcome->err, script->says))
        return "the message lacks what it should say";
    if (script->has_prints) {
        const size_t length = strlen(script->prints);
        if (strncmp(outcome->out, script->prints, length) != 0 ||
            strcmp(outcome->out + length, length ? "\n" : "") != 0)
            return "it printed something else";
    }
    if (bounds && outcome->peak_kib > most_kib)
        return "its peak resident size is over the cap and 2 MiB";
    if (bounds && outcome->cpu_ms > most_ms)
        return "it computed past its deadline";
    return NULL;
}

static void explain(const char *label, const char *text)
{
    printf("#   %s: ", label);
    for (size_t i = 0; text[i] && i < 500; i++) {
        putchar(text[i]);
        if (text[i] == '\n')
            printf("#     ");
    }
    putchar('\n');
}

// Gives an option's value, whether the script gives it or not.
static void set_option(char *words[], const char *name, char *value)
{
    size_t i = 0;
    while (words[i] && strcmp(words[i], name) != 0)
        i++;
    words[i] = (char *)name;
    words[i + 1] = value;
}

static void make_hostile(struct script *script, char *words[], char ret_heap[32])
{
    const bool ends_ok = script_expects(script, "ok");
    snprintf(ret_heap, 32, "%dK", HOSTILE_HEAP_KIB);
    if (script_expects(script, "heap") && !ends_ok && heap_cap_kib(words) > HOSTILE_HEAP_KIB)
        set_option(words, "--heap", ret_heap);
    char old[64], new[64];
    if (script_smaller(script, old, new) && strcmp(script->prints, old) == 0)
        snprintf(script->prints, sizeof script->prints, "%s", new);
}

static bool check(const char *schooner, const char *path, size_t number, enum judging judging, long base_kib)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    struct script script;
    struct outcome outcome = { 0 };
    char *words[SCRIPT_WORDS + 5] = { 0 };
    char heap[32], timeout[32];
    if (!script_read(path, &script)) {
        printf("not ok %zu - %s\n#   it cannot be read, or expects nothing\n", number, name);
        return false;
    }
    char options[sizeof script.options];
    script_words(&script, options, words);
    snprintf(timeout, sizeof timeout, "%dms", FAR_TIMEOUT_MS);
    const long deadline = deadline_ms(words);
    if (!script_expects(&script, "timeout") && deadline < FAR_TIMEOUT_MS)
        set_option(words, "--timeout", timeout);
    if (judging == HOSTILE)
        make_hostile(&script, words, heap);
    else
        script.smaller[0] = 0;
    if (!run(schooner, &script, words, &outcome)) {
        printf("not ok %zu - %s\n#   it could not be started: %s\n", number, name, strerror(errno));
        return false;
    }
    const char *complaint = judge(&script, &outcome, judging == ALL,
                                  base_kib + heap_cap_kib(words) + outcome.source_kib + SLACK_KIB, deadline + SLACK_MS);
    printf("%s %zu - %s\n", complaint ? "not ok" : "ok", number, name);
    if (complaint) {
        printf("#   %s\n#   expected: %s\n#   ended: %s (status %d, %ld KiB of which %ld the process and %ld the text, "
               "%ld ms)\n",
               complaint, script.expect, ending(&outcome), outcome.status, outcome.peak_kib, base_kib,
               outcome.source_kib, outcome.cpu_ms);
        explain("stdout", outcome.out);
        explain("stderr", outcome.err);
    }
    fflush(stdout);
    return !complaint;
}

// The peak of a process that runs next to nothing.
static long base_of(const char *schooner)
{
    char *words[] = { NULL };
    const struct script none = { .path = "/dev/null", .parts = { { 1, "(import (scheme base)) 1" } }, .part_count = 1 };
    struct outcome outcome = { 0 };
    return run(schooner, &none, words, &outcome) && outcome.status == 0 ? outcome.peak_kib : -1;
}

int main(int argc, char *argv[])
{
    int next = 1;
    enum judging judging = ALL;
    if (argc > 1 && strcmp(argv[1], "--outcome-only") == 0)
        judging = OUTCOME_ONLY;
    else if (argc > 1 && strcmp(argv[1], "--hostile") == 0)
        judging = HOSTILE;
    if (judging != ALL)
        next++;
    if (argc - next < 2) {
        fprintf(stderr, "usage: driver [--outcome-only | --hostile] SCHOONER FILE...\n");
        return 2;
    }
    const char *schooner = argv[next++];
    const int first = next;
    const long base_kib = base_of(schooner);
    if (base_kib < 0) {
        printf("Bail out! %s does not run\n", schooner);
        return 1;
    }
    printf("1..%d\n", argc - first);
    bool good = true;
    for (; next < argc; next++)
        good = check(schooner, argv[next], (size_t)(next - first + 1), judging, base_kib) && good;
    return good ? 0 : 1;
}
