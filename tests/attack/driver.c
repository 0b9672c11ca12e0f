// Runs scripts that mean harm with `schooner eval` and judges how each ended. A script says in the comments at its
// head what it is given and how it may end; the driver knows nothing else of it:
//
//   ;; limits: --heap 50M --timeout 2s       options of the command
//   ;; expect: limit heap|timeout            any of ok, error, and the names of limits
//   ;; source: 1000 "(f %d " 1000 ")"        more source to append: so many copies of each text, %d is the copy's
//   number
//   ;; prints: TEXT                          the whole standard output
//   ;; says: TEXT                            to be found in standard error
//   ;; smaller: 1000000 20000                with --hostile, this number stands for that one, here and in `prints`
//
// usage: driver [--outcome-only | --hostile] SCHOONER FILE...     one line of TAP for each file
//
// Beside the outcome it judges the peak resident size (cap + 8 MiB) and the CPU time (deadline + 1 s). With
// --outcome-only it does not: instrumented builds need more of both, and who must not end in the deadline gets a far
// one. --hostile is that too, for the build that collects at every safe point, where filling a heap takes time by the
// square of its size: who must end in the heap limit gets a small heap.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    HEAD_LINES = 20,
    WORDS = 32,
    OUTPUT_KEPT = 4096,
    PARTS = 8,
    SLACK_KIB = 8 * 1024,
    SLACK_MS = 1000,
    DEFAULT_HEAP_KIB = 64 * 1024,
    DEFAULT_TIMEOUT_MS = 5000,
    HANG_SECONDS = 60,
    HOSTILE_HEAP_KIB = 2 * 1024,
    FAR_TIMEOUT_MS = 120 * 1000,
    SCRIPT_MAX = 1 << 20,
};

enum judging { ALL, OUTCOME_ONLY, HOSTILE };

struct part {
    unsigned long copies;
    char text[256];
};

struct script {
    const char *path;
    char options[512];
    char expect[256];
    char prints[1024];
    char says[256];
    char smaller[64];
    bool has_prints;
    struct part parts[PARTS];
    size_t part_count;
};

struct outcome {
    int status;
    bool hung;
    long peak_kib;
    long cpu_ms;
    char out[OUTPUT_KEPT + 1];
    char err[OUTPUT_KEPT + 1];
};

static void field(const char *line, const char *name, size_t size, char *ret)
{
    const size_t length = strlen(name);
    if (strncmp(line, ";; ", 3) != 0 || strncmp(line + 3, name, length) != 0 || line[3 + length] != ':')
        return;
    const char *value = line + 3 + length + 1;
    while (*value == ' ')
        value++;
    snprintf(ret, size, "%s", value);
    ret[strcspn(ret, "\n")] = 0;
}

// COUNT "TEXT" COUNT "TEXT"...; \" and \n are known within a text.
static void read_parts(struct script *script, const char *text)
{
    while (*text && script->part_count < PARTS) {
        struct part *part = &script->parts[script->part_count];
        char *end;
        part->copies = strtoul(text, &end, 10);
        if (end == text || !(text = strchr(end, '"')))
            return;
        size_t length = 0;
        for (text++; *text && *text != '"' && length + 1 < sizeof part->text; text++) {
            if (*text == '\\' && text[1])
                text++;
            part->text[length++] = text[-1] == '\\' && *text == 'n' ? '\n' : *text;
        }
        part->text[length] = 0;
        if (*text)
            text++;
        while (*text == ' ')
            text++;
        script->part_count++;
    }
}

static bool read_head(const char *path, struct script *ret)
{
    *ret = (struct script){ .path = path };
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    char line[1024];
    char source[1024] = "";
    char prints[1024] = "\1";
    for (int i = 0; i < HEAD_LINES && fgets(line, sizeof line, file) && line[0] == ';'; i++) {
        field(line, "limits", sizeof ret->options, ret->options);
        field(line, "expect", sizeof ret->expect, ret->expect);
        field(line, "says", sizeof ret->says, ret->says);
        field(line, "smaller", sizeof ret->smaller, ret->smaller);
        field(line, "source", sizeof source, source);
        field(line, "prints", sizeof prints, prints);
    }
    fclose(file);
    ret->has_prints = prints[0] != '\1';
    if (ret->has_prints)
        snprintf(ret->prints, sizeof ret->prints, "%s", prints);
    read_parts(ret, source);
    return ret->expect[0] != 0;
}

// Puts out the text with every OLD as NEW.
static void put_replaced(const char *text, const char *old, const char *new, FILE *file)
{
    for (const char *at; (at = strstr(text, old)); text = at + strlen(old)) {
        fwrite(text, 1, (size_t)(at - text), file);
        fputs(new, file);
    }
    fputs(text, file);
}

static void put_copies(const struct part *part, FILE *file)
{
    const char *hole = strstr(part->text, "%d");
    char number[24];
    for (unsigned long n = 0; n < part->copies; n++) {
        snprintf(number, sizeof number, "%lu", n);
        if (hole)
            put_replaced(part->text, "%d", number, file);
        else
            fputs(part->text, file);
    }
}

// The words of `smaller`: the number, and what stands for it.
static bool smaller_words(const struct script *script, char ret_old[64], char ret_new[64])
{
    return sscanf(script->smaller, "%63s %63s", ret_old, ret_new) == 2;
}

static void put_script(const struct script *script, int original, FILE *file)
{
    char *text = malloc(SCRIPT_MAX + 1);
    if (!text)
        return;
    size_t length = 0;
    for (ssize_t got; length < SCRIPT_MAX && (got = read(original, text + length, SCRIPT_MAX - length)) > 0;)
        length += (size_t)got;
    text[length] = 0;
    char old[64], new[64];
    if (smaller_words(script, old, new))
        put_replaced(text, old, new, file);
    else
        fwrite(text, 1, length, file);
    free(text);
}

// Whether the script is to be read from standard input, since it is not what its file holds.
static bool is_made(const struct script *script)
{
    return script->part_count || script->smaller[0];
}

// The script, smaller, and with its copies appended, in an unlinked file.
static int source_of(const struct script *script)
{
    const int original = open(script->path, O_RDONLY | O_CLOEXEC);
    if (original < 0 || !is_made(script))
        return original;
    FILE *copy = tmpfile();
    if (!copy) {
        close(original);
        return -1;
    }
    put_script(script, original, copy);
    close(original);
    for (size_t i = 0; i < script->part_count; i++)
        put_copies(&script->parts[i], copy);
    fflush(copy);
    const int fd = dup(fileno(copy));
    fclose(copy);
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static const char *option_value(char *words[], const char *name)
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], name) == 0)
            return words[i + 1];
    return NULL;
}

static long heap_cap_kib(char *words[])
{
    const char *text = option_value(words, "--heap");
    if (!text)
        return DEFAULT_HEAP_KIB;
    char *unit;
    const long number = strtol(text, &unit, 10);
    return *unit == 'G' ? number << 20 : *unit == 'M' ? number << 10 : *unit == 'K' ? number : number >> 10;
}

static long deadline_ms(char *words[])
{
    const char *text = option_value(words, "--timeout");
    if (!text)
        return DEFAULT_TIMEOUT_MS;
    char *unit;
    const long number = strtol(text, &unit, 10);
    return strcmp(unit, "ms") == 0 ? number : strcmp(unit, "m") == 0 ? number * 60000 : number * 1000;
}

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
    const int source = source_of(script);
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    if (source < 0 || !out || !err)
        return false;
    char *arguments[WORDS + 8] = { (char *)schooner, "eval" };
    size_t count = 2;
    for (size_t i = 0; words[i]; i++)
        arguments[count++] = words[i];
    arguments[count] = is_made(script) ? "-" : (char *)script->path;
    const pid_t child = fork();
    if (child == 0) {
        dup2(source, STDIN_FILENO);
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        execv(schooner, arguments);
        _exit(127);
    }
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

static bool is_expected(const char *expect, const char *ending)
{
    char copy[256];
    char *rest;
    snprintf(copy, sizeof copy, "%s", expect);
    for (char *word = strtok_r(copy, " |", &rest); word; word = strtok_r(NULL, " |", &rest))
        if (strcmp(word, ending) == 0)
            return true;
    return false;
}

static const char *judge(const struct script *script, const struct outcome *outcome, char *words[], bool bounds)
{
    if (!is_expected(script->expect, ending(outcome)))
        return "it ended otherwise";
    if (script->says[0] && !strstr(outcome->err, script->says))
        return "the message lacks what it should say";
    if (script->has_prints) {
        const size_t length = strlen(script->prints);
        if (strncmp(outcome->out, script->prints, length) != 0 ||
            strcmp(outcome->out + length, length ? "\n" : "") != 0)
            return "it printed something else";
    }
    if (bounds && outcome->peak_kib > heap_cap_kib(words) + SLACK_KIB)
        return "its peak resident size is over the cap and 8 MiB";
    if (bounds && outcome->cpu_ms > deadline_ms(words) + SLACK_MS)
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
    const bool ends_ok = is_expected(script->expect, "ok");
    snprintf(ret_heap, 32, "%dK", HOSTILE_HEAP_KIB);
    if (is_expected(script->expect, "heap") && !ends_ok && heap_cap_kib(words) > HOSTILE_HEAP_KIB)
        set_option(words, "--heap", ret_heap);
    char old[64], new[64];
    if (smaller_words(script, old, new) && strcmp(script->prints, old) == 0)
        snprintf(script->prints, sizeof script->prints, "%s", new);
}

static bool check(const char *schooner, const char *path, size_t number, enum judging judging)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    struct script script;
    struct outcome outcome = { 0 };
    char *words[WORDS + 5] = { 0 };
    char heap[32], timeout[32];
    if (!read_head(path, &script)) {
        printf("not ok %zu - %s\n#   it cannot be read, or expects nothing\n", number, name);
        return false;
    }
    char options[sizeof script.options];
    char *rest;
    size_t count = 0;
    memcpy(options, script.options, sizeof options);
    for (char *word = strtok_r(options, " ", &rest); word && count < WORDS; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    snprintf(timeout, sizeof timeout, "%dms", FAR_TIMEOUT_MS);
    if (judging != ALL && !is_expected(script.expect, "timeout"))
        set_option(words, "--timeout", timeout);
    if (judging == HOSTILE)
        make_hostile(&script, words, heap);
    else
        script.smaller[0] = 0;
    if (!run(schooner, &script, words, &outcome)) {
        printf("not ok %zu - %s\n#   it could not be started: %s\n", number, name, strerror(errno));
        return false;
    }
    const char *complaint = judge(&script, &outcome, words, judging == ALL);
    printf("%s %zu - %s\n", complaint ? "not ok" : "ok", number, name);
    if (complaint) {
        printf("#   %s\n#   expected: %s\n#   ended: %s (status %d, %ld KiB, %ld ms)\n", complaint, script.expect,
               ending(&outcome), outcome.status, outcome.peak_kib, outcome.cpu_ms);
        explain("stdout", outcome.out);
        explain("stderr", outcome.err);
    }
    fflush(stdout);
    return !complaint;
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
    printf("1..%d\n", argc - first);
    bool good = true;
    for (; next < argc; next++)
        good = check(schooner, argv[next], (size_t)(next - first + 1), judging) && good;
    return good ? 0 : 1;
}
