/* The session: entries are collected until they are whole, evaluated in one machine, and what they give is printed. */
#include "tools/schooner/repl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "tools/common/report.h"
#include "tools/schooner/world.h"

struct repl {
    const struct repl_input *input;
    sch_vm *vm;
    char *entry; /* lines so far, NUL-terminated */
    size_t length, capacity;
    unsigned number; /* of the entry, for messages */
    bool quit;
};

/* What Ctrl-C interrupts: a signal handler gets no argument. */
static sch_vm *volatile interruptible;

static void on_interrupt(int number)
{
    (void)number;
    if (interruptible)
        sch_interrupt(interruptible);
}

/* No SA_RESTART: reading a line ends, too. */
static void catch_interrupts(void)
{
    struct sigaction action = { .sa_handler = on_interrupt };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

static bool write_text(void *data, const char *bytes, size_t length)
{
    return fwrite(bytes, 1, length, data) == length;
}

static struct sch_source source_of(struct repl *repl, const char *text, char name[32])
{
    snprintf(name, 32, "entry %u", repl->number);
    return (struct sch_source){ name, text, strlen(text) };
}

static void report(struct repl *repl, const char *name)
{
    fflush(stdout);
    report_failure(stderr, sch_failure(repl->vm), name);
}

static void print_value(struct repl *repl, sch_value value)
{
    const char *text;
    size_t length;
    if (sch_kind_of(value) == SCH_KIND_UNSPECIFIED)
        return;
    sch_value printed = sch_print(repl->vm, value, false);
    if (!sch_get_text(printed, &text, &length)) {
        fputs("the value is too large to be printed within the limits\n", stderr);
        return;
    }
    fwrite(text, 1, length, stdout);
    putchar('\n');
}

static bool evaluate(struct repl *repl, struct sch_source source)
{
    sch_value value;
    enum sch_status status = sch_eval(repl->vm, source, &value);
    if (status == SCH_OK)
        print_value(repl, value);
    else
        report(repl, source.name);
    fflush(stdout);
    return status == SCH_OK;
}

/* --- comma commands ---------------------------------------------------------------------------------------------- */

static bool print_name(void *data, const char *name)
{
    (void)data;
    return puts(name) >= 0;
}

static void comma_env(struct repl *repl, const char *rest)
{
    if (sch_names(repl->vm, rest, print_name, NULL) != SCH_OK)
        report(repl, "env");
}

static void show(struct repl *repl, const char *text, enum sch_stage stage)
{
    char name[32];
    struct sch_source source = source_of(repl, text, name);
    if (sch_show_stage(repl->vm, source, stage, write_text, stdout) != SCH_OK)
        report(repl, source.name);
}

static void comma_expand(struct repl *repl, const char *rest)
{
    show(repl, rest, SCH_STAGE_SOURCE);
}

static void comma_expand_once(struct repl *repl, const char *rest)
{
    show(repl, rest, SCH_STAGE_ONCE);
}

static void comma_expand_trace(struct repl *repl, const char *rest)
{
    show(repl, rest, SCH_STAGE_STEPS);
}

static void comma_code(struct repl *repl, const char *rest)
{
    show(repl, rest, SCH_STAGE_CODE);
}

static void comma_time(struct repl *repl, const char *rest)
{
    char name[32];
    evaluate(repl, source_of(repl, rest, name));
    struct sch_usage usage = sch_usage(repl->vm);
    printf("%.3f ms, fuel %llu, heap peak %llu bytes, collections %llu\n", (double)usage.wall_ns / 1e6,
           (unsigned long long)usage.fuel, (unsigned long long)usage.heap_peak, (unsigned long long)usage.collections);
}

static void comma_load(struct repl *repl, const char *rest)
{
    struct source_file file;
    if (!source_file_read(rest, &file)) {
        fprintf(stderr, "%s: %s\n", rest, strerror(errno));
        return;
    }
    evaluate(repl, file.source);
    source_file_done(&file);
}

static void comma_help(struct repl *repl, const char *rest);

static void comma_quit(struct repl *repl, const char *rest)
{
    (void)rest;
    repl->quit = true;
}

static const struct comma_command {
    const char *name, *argument, *help;
    void (*run)(struct repl *repl, const char *rest);
} commands[] = {
    { "env", "[PREFIX]", "the names in scope", comma_env },
    { "expand", "FORM", "the form without macros and derived forms", comma_expand },
    { "expand-once", "FORM", "the form after one step of the macro at its head", comma_expand_once },
    { "expand-trace", "FORM", "every step that a macro takes in it", comma_expand_trace },
    { "code", "FORM", "what the form is compiled to", comma_code },
    { "time", "FORM", "evaluates, and says what it took", comma_time },
    { "load", "FILE", "evaluates a file in this session", comma_load },
    { "help", "", "this", comma_help },
    { "quit", "", "the end (or Ctrl-D)", comma_quit },
};
enum { COMMA_COUNT = sizeof commands / sizeof *commands };

static void comma_help(struct repl *repl, const char *rest)
{
    (void)repl;
    (void)rest;
    for (size_t i = 0; i < COMMA_COUNT; i++)
        printf("  ,%-7s %-9s %s\n", commands[i].name, commands[i].argument, commands[i].help);
    puts("Ctrl-C stops an evaluation or drops what was typed. Definitions and imports stay.");
}

/* ",env car": the word selects, what stands behind it is the argument. */
static void run_command(struct repl *repl, char *text)
{
    char *word = text + strspn(text, " \t,");
    size_t length = strcspn(word, " \t\n");
    char *rest = word + length + strspn(word + length, " \t\n");
    size_t end = strlen(rest);
    while (end > 0 && strchr(" \t\n", rest[end - 1]))
        rest[--end] = '\0';
    for (size_t i = 0; i < COMMA_COUNT; i++) {
        if (strlen(commands[i].name) == length && memcmp(commands[i].name, word, length) == 0) {
            if (commands[i].argument[0] && commands[i].argument[0] != '[' && !*rest)
                fprintf(stderr, ",%s needs a %s\n", commands[i].name, commands[i].argument);
            else
                commands[i].run(repl, rest);
            fflush(stdout);
            return;
        }
    }
    fprintf(stderr, "there is no command ,%.*s; ,help lists them\n", (int)length, word);
}

/* --- entries ----------------------------------------------------------------------------------------------------- */

static bool add_line(struct repl *repl, const char *line)
{
    size_t more = strlen(line) + 2;
    if (repl->length + more > repl->capacity) {
        size_t capacity = (repl->length + more) * 2;
        char *larger = realloc(repl->entry, capacity);
        if (!larger)
            return false;
        repl->entry = larger;
        repl->capacity = capacity;
    }
    memcpy(repl->entry + repl->length, line, more - 2);
    memcpy(repl->entry + repl->length + more - 2, "\n", 2);
    repl->length += more - 1;
    return true;
}

static void drop_entry(struct repl *repl)
{
    repl->length = 0;
    if (repl->entry)
        repl->entry[0] = '\0';
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\n\r")] == '\0';
}

/* Does the text end within a datum? */
static bool is_incomplete(struct repl *repl, const char *text)
{
    char name[32];
    return sch_show_stage(repl->vm, source_of(repl, text, name), SCH_STAGE_DATUM, NULL, NULL) == SCH_ERROR &&
           strcmp(sch_failure(repl->vm)->kind, "read-incomplete") == 0;
}

/* A comma command waits for the end of its form; a file's name is none. */
static bool wants_more(struct repl *repl)
{
    const char *text = repl->entry + strspn(repl->entry, " \t\n\r");
    if (*text != ',')
        return is_incomplete(repl, text);
    text += strcspn(text, " \t\n");
    return strncmp(repl->entry, ",load", 5) != 0 && is_incomplete(repl, text);
}

static void finish_entry(struct repl *repl)
{
    char name[32];
    repl->number++;
    if (repl->input->remember) {
        repl->entry[repl->length - 1] = '\0'; /* history knows the entry without its last line end */
        repl->input->remember(repl->input->data, repl->entry);
        repl->entry[repl->length - 1] = '\n';
    }
    char *text = repl->entry + strspn(repl->entry, " \t\n\r");
    if (*text == ',')
        run_command(repl, text);
    else
        evaluate(repl, source_of(repl, repl->entry, name));
    drop_entry(repl);
}

static int converse(struct repl *repl)
{
    while (!repl->quit) {
        char *line = NULL;
        enum repl_line got = repl->input->read(repl->input->data, repl->length ? "... " : "> ", &line);
        if (got == REPL_INTERRUPTED) {
            drop_entry(repl);
            continue;
        }
        if (got == REPL_END)
            break;
        bool added = add_line(repl, line);
        free(line);
        if (!added) {
            fputs("schooner: out of memory\n", stderr);
            return STATUS_ERROR;
        }
        if (is_blank(repl->entry))
            drop_entry(repl);
        else if (!wants_more(repl))
            finish_entry(repl);
    }
    if (repl->length > 0)
        finish_entry(repl); /* says what is missing */
    return STATUS_OK;
}

int repl_run(const struct options *options, const struct repl_input *input)
{
    /* Everything of the report stays in scope, whatever an entry imports. */
    static const char *const imports[] = {
        "(scheme base)",
        "(scheme case-lambda)",
        "(scheme char)",
        "(scheme complex)",
        "(scheme cxr)",
        "(scheme eval)",
        "(scheme file)",
        "(scheme inexact)",
        "(scheme lazy)",
        "(scheme load)",
        "(scheme read)",
        "(scheme repl)",
        "(scheme process-context)",
        "(scheme time)",
        "(scheme write)",
        "(schooner debug)",
        NULL,
    };
    struct world world = { .options = options, .posture = SCH_POSTURE_RUN, .session = true, .pre_imports = imports };
    if (!world_open(&world, NULL))
        return STATUS_USAGE;
    int status = STATUS_LIMIT;
    struct repl repl = { .input = input, .vm = world_machine(&world) };
    if (repl.vm) {
        interruptible = repl.vm;
        catch_interrupts();
        if (input->begin)
            input->begin(input->data, repl.vm);
        if (input->prompts)
            printf("Schooner %s. ,help lists the commands.\n", sch_version());
        status = converse(&repl);
        interruptible = NULL;
        sch_vm_free(repl.vm);
    }
    free(repl.entry);
    world_close(&world);
    if (fflush(stdout) != 0 && status == STATUS_OK)
        status = STATUS_ERROR;
    return status;
}
