/* The session: entries are collected until they are whole, evaluated in one machine, and what they give is printed. */
#include "tools/schooner/repl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/near.h"
#include "tools/common/report.h"
#include "tools/schooner/repl_names.h"
#include "tools/schooner/typed.h"
#include "tools/schooner/world.h"

enum { ENTRIES_KEPT = 1000 };

struct repl {
    const struct repl_input *input;
    const sch_env *env;
    sch_vm *vm;
    char *entry; /* lines so far, NUL-terminated */
    size_t length, capacity;
    struct typed typed;          /* the entry, as far as it has lines */
    unsigned number;             /* of the entry, for messages */
    char *entries[ENTRIES_KEPT]; /* the latest, by number: what runs later may fail in them */
    bool mid_line;               /* the program's output has not ended its line */
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
    struct repl *repl = data;
    if (length > 0)
        repl->mid_line = bytes[length - 1] != '\n';
    return fwrite(bytes, 1, length, stdout) == length;
}

/* What follows begins a line. */
static void end_line(struct repl *repl)
{
    if (repl->mid_line)
        putchar('\n');
    repl->mid_line = false;
}

static struct sch_source source_of(struct repl *repl, const char *text, char name[32])
{
    snprintf(name, 32, "entry %u", repl->number);
    return (struct sch_source){ name, text, strlen(text) };
}

/* --- failures ---------------------------------------------------------------------------------------------------- */

/* The text of the entry that is now being finished, for failures to come. */
static void keep_entry(struct repl *repl, const char *text)
{
    char **kept = &repl->entries[repl->number % ENTRIES_KEPT];
    free(*kept);
    *kept = strdup(text);
}

/* A line of an earlier entry, to be freed; NULL: it is not known. */
static char *line_of_entry(const struct repl *repl, const char *name, uint32_t line)
{
    unsigned number;
    char end;
    if (sscanf(name, "entry %u%c", &number, &end) != 1 || number > repl->number ||
        repl->number - number >= ENTRIES_KEPT)
        return NULL;
    const char *text = repl->entries[number % ENTRIES_KEPT];
    for (; text && line > 1; line--) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return text ? strndup(text, strcspn(text, "\n")) : NULL;
}

static void report(struct repl *repl, const char *name)
{
    struct sch_failure failure = *sch_failure(repl->vm);
    char *line = NULL;
    if (!failure.excerpt && failure.file && failure.line)
        failure.excerpt = line = line_of_entry(repl, failure.file, failure.line);
    if (repl->input->prompts) {
        repl->mid_line = repl->mid_line || failure.limit == SCH_LIMIT_INTERRUPT; /* the terminal shows ^C */
        end_line(repl);
    }
    fflush(stdout);
    report_failure(stderr, &failure, name);
    free(line);
}

/* --- values ------------------------------------------------------------------------------------------------------ */

static void print_one(struct repl *repl, sch_value value)
{
    const char *text;
    size_t length;
    sch_value printed = sch_print(repl->vm, value, false);
    end_line(repl);
    if (!sch_get_text(printed, &text, &length)) {
        fflush(stdout);
        fputs("the value is too large to be printed within the limits\n", stderr);
        return;
    }
    fwrite(text, 1, length, stdout);
    putchar('\n');
}

/* Each of several values has a line. */
static void print_value(struct repl *repl, sch_value value)
{
    const sch_value *items;
    size_t count;
    if (!sch_get_values(value, &items, &count)) {
        if (sch_kind_of(value) != SCH_KIND_UNSPECIFIED)
            print_one(repl, value);
        return;
    }
    for (size_t i = 0; i < count; i++)
        print_one(repl, items[i]);
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

static void comma_env(struct repl *repl, const char *rest)
{
    struct name_list names = { 0 };
    if (sch_names(repl->vm, rest, name_list_take, &names) != SCH_OK)
        report(repl, "env");
    name_list_sort(&names);
    repl_print_names(repl, (const char *const *)names.items, names.count);
    name_list_done(&names);
}

static void comma_doc(struct repl *repl, const char *rest)
{
    repl_explain(repl->env, repl->vm, rest);
}

static void show(struct repl *repl, const char *text, enum sch_stage stage)
{
    char name[32];
    struct sch_source source = source_of(repl, text, name);
    if (sch_show_stage(repl->vm, source, stage, write_text, repl) != SCH_OK)
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
    size_t length = strlen(rest);
    bool quoted = length > 1 && *rest == '"' && rest[length - 1] == '"';
    char *path = quoted ? strndup(rest + 1, length - 2) : strdup(rest);
    if (path && source_file_read(path, &file)) {
        evaluate(repl, file.source);
        source_file_done(&file);
    } else {
        fprintf(stderr, "%s: %s\n", path ? path : rest, strerror(errno));
    }
    free(path);
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
    { "doc", "NAME", "what a name of the libraries does", comma_doc },
    { "expand", "FORM", "the form without macros and derived forms", comma_expand },
    { "expand-once", "FORM", "the form after one step of the macro at its head", comma_expand_once },
    { "expand-trace", "FORM", "every step that a macro takes in it", comma_expand_trace },
    { "code", "FORM", "what the form is compiled to", comma_code },
    { "time", "FORM", "evaluates, and says what it took", comma_time },
    { "load", "FILE", "evaluates a file here", comma_load },
    { "help", "", "this", comma_help },
    { "quit", "", "the end (or Ctrl-D)", comma_quit },
};
enum { COMMA_COUNT = sizeof commands / sizeof *commands };

static void comma_help(struct repl *repl, const char *rest)
{
    (void)repl;
    (void)rest;
    for (size_t i = 0; i < COMMA_COUNT; i++)
        printf("  ,%-12s %-8s  %s\n", commands[i].name, commands[i].argument, commands[i].help);
    puts("A command may be shortened (,q). Ctrl-C stops an evaluation or drops what was typed.\n"
         "Definitions and imports stay. The libraries of R7RS are imported already.");
}

/* By its name, or by the beginning of one name alone. */
static const struct comma_command *find_command(const char *word, size_t length)
{
    const struct comma_command *found = NULL;
    for (size_t i = 0; i < COMMA_COUNT; i++) {
        if (strncmp(commands[i].name, word, length) != 0)
            continue;
        if (!commands[i].name[length])
            return &commands[i];
        if (found)
            return NULL;
        found = &commands[i];
    }
    return length > 0 ? found : NULL;
}

static void unknown_command(const char *word, size_t length)
{
    char name[NEAR_BYTES + 1];
    snprintf(name, sizeof name, "%.*s", (int)(length < NEAR_BYTES ? length : NEAR_BYTES), word);
    struct near near = near_begin(name, strlen(name));
    for (size_t i = 0; i < COMMA_COUNT; i++)
        near_consider(&near, commands[i].name);
    fputs("there is no command ,", stderr);
    report_text(stderr, name);
    if (near.found)
        fprintf(stderr, "; did you mean ,%s?\n", near.found);
    else
        fputs("; ,help lists them\n", stderr);
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
    const struct comma_command *command = find_command(word, length);
    if (!command)
        unknown_command(word, length);
    else if (command->argument[0] && command->argument[0] != '[' && !*rest)
        fprintf(stderr, ",%s needs a %s\n", command->name, command->argument);
    else
        command->run(repl, rest);
    fflush(stdout);
}

/* --- completion -------------------------------------------------------------------------------------------------- */

static void list_commands(const char *prefix, struct name_list *names)
{
    for (size_t i = 0; i < COMMA_COUNT; i++)
        if (strncmp(commands[i].name, prefix, strlen(prefix)) == 0)
            name_list_take(names, commands[i].name);
}

size_t repl_complete(struct repl *repl, const char *line, size_t length, sch_name_fn *take, void *data)
{
    struct name_list names = { 0 };
    size_t start, typed = repl->length + length;
    char *text = malloc(typed + 1);
    if (!text)
        return 0;
    if (repl->length)
        memcpy(text, repl->entry, repl->length);
    memcpy(text + repl->length, line, length);
    text[typed] = '\0';
    enum typed_wish wish = typed_wish(text, typed, &start);
    char *word = text + start;
    switch (wish) {
    case TYPED_NOTHING: break;
    case TYPED_NAME: sch_names(repl->vm, word, name_list_take, &names); break;
    case TYPED_COMMAND: list_commands(word, &names); break;
    case TYPED_FILE: name_list_files(&names, word); break;
    case TYPED_LIBRARY:
        name_join_spaces(word);
        sch_libraries(repl->vm, word, name_list_take, &names);
        break;
    }
    name_list_sort(&names);
    for (size_t i = 0; i < names.count && take(data, names.items[i]); i++)
        ;
    size_t is_typed = strlen(word);
    name_list_done(&names);
    free(text);
    return is_typed;
}

void repl_print_names(const struct repl *repl, const char *const *names, size_t count)
{
    name_print_columns(names, count, repl->input->prompts);
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
    typed_scan(repl->entry, repl->length, &repl->typed);
    return true;
}

static void drop_entry(struct repl *repl)
{
    repl->length = 0;
    repl->typed = (struct typed){ 0 };
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

/* Of a text that is long the open lists tell, since the reader would go through it again for each of its lines. */
static bool is_open(const struct repl *repl)
{
    enum { SHORT_TEXT = 1 << 12 };
    return repl->length > SHORT_TEXT && (repl->typed.depth > 0 || repl->typed.within != TYPED_BETWEEN);
}

/* A comma command waits for the end of its form; a file's name is none. */
static bool wants_more(struct repl *repl)
{
    const char *text = repl->entry + strspn(repl->entry, " \t\n\r");
    if (*text != ',')
        return is_open(repl) || is_incomplete(repl, text);
    const struct comma_command *command = find_command(text + 1, strcspn(text + 1, " \t\n"));
    text += strcspn(text, " \t\n");
    return command && strcmp(command->argument, "FORM") == 0 && is_incomplete(repl, text);
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
    keep_entry(repl, repl->entry);
    char *text = repl->entry + strspn(repl->entry, " \t\n\r");
    if (*text == ',')
        run_command(repl, text);
    else
        evaluate(repl, source_of(repl, repl->entry, name));
    drop_entry(repl);
}

/* The next line. What a program wrote without an end of line stays in sight. */
static enum repl_line read_line(struct repl *repl, char **ret)
{
    if (repl->input->prompts)
        end_line(repl);
    fflush(stdout);
    if (repl->length == 0)
        return repl->input->read(repl->input->data, "> ", 0, ret);
    return repl->input->read(repl->input->data, ". ", typed_indent(repl->entry, repl->length, &repl->typed), ret);
}

static int converse(struct repl *repl)
{
    while (!repl->quit) {
        char *line = NULL;
        enum repl_line got = read_line(repl, &line);
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
    struct repl repl = { .input = input, .env = world.env, .vm = world_machine(&world) };
    if (repl.vm) {
        interruptible = repl.vm;
        catch_interrupts();
        sch_set_output(repl.vm, write_text, &repl);
        if (input->begin)
            input->begin(input->data, &repl);
        if (input->prompts)
            printf("Schooner %s. ,help lists the commands.\n", sch_version());
        status = converse(&repl);
        interruptible = NULL;
        sch_vm_free(repl.vm);
    }
    free(repl.entry);
    for (size_t i = 0; i < ENTRIES_KEPT; i++)
        free(repl.entries[i]);
    world_close(&world);
    if (fflush(stdout) != 0 && status == STATUS_OK)
        status = STATUS_ERROR;
    return status;
}
