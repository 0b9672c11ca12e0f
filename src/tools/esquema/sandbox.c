/*
 * esquema sandbox: a command behind the walls without a description, and what becomes of the changes that it made. What
 * a sandbox is lies in tools/sandbox; here are the command line and the order of things.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/common/json.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/options.h"
#include "tools/esquema/prepare.h"
#include "tools/esquema/problems.h"
#include "tools/esquema/run.h"
#include "tools/esquema/terminal.h"
#include "tools/sandbox/problem.h"
#include "tools/sandbox/sandbox.h"

static struct sandbox_words words_of(const struct text_list *list)
{
    return (struct sandbox_words){ list->items, list->count };
}

static struct sandbox_request request_of(const struct options *options)
{
    return (struct sandbox_request){
        .read_only = words_of(&options->ro),
        .writable = words_of(&options->rw),
        .hide = words_of(&options->hide),
        .environment = words_of(&options->env),
        .best_effort = words_of(&options->best_effort),
        .command = { (const char *const *)options->words, options->word_count },
        .is_overlay = options->overlay,
        .is_quiet = options->quiet,
        .network = options->net,
        .memory = options->memory,
        .time = options->time,
        .disk = options->disk,
        .output = options->output,
        .processes = options->processes,
    };
}

static int fail(const struct options *options, const esq_error *error)
{
    failure_tell(options->failures, error);
    return prepare_fail(options, error);
}

/* ---- Running ---- */

/* The names are strangers', and a comment ends with its line. */
static void print_stand_in(const struct sandbox *sandbox, const struct guard_placeholder *one)
{
    fputs(";;   ", stdout);
    print_name(stdout, sandbox->trees.items[one->tree].path);
    putchar('/');
    print_name(stdout, one->path);
    puts(one->is_folder ? "/" : *one->contents ? " (a file with a dot and a new line)" : "");
}

static int print(const struct options *options, const struct sandbox *sandbox)
{
    esq_error error;
    const char *word = wish_find_no_text(&sandbox->wish);
    if (word) {
        problem(&error, "without --print it can be run, or rename it", "%s is no UTF-8, which a description is", word);
        return fail(options, &error);
    }
    puts(";; What `esquema sandbox` would run. `esquema run FILE --trust` does the same, or name each grant.");
    for (size_t i = 0; i < sandbox->guards.placeholder_count; i++) {
        if (i == 0)
            puts(";; `esquema sandbox` makes these, empty, for the time of the run. Make them yourself, or leave them "
                 "out here:");
        print_stand_in(sandbox, &sandbox->guards.placeholders[i]);
    }
    if (options->overlay)
        puts(";; `esquema sandbox` keeps changes aside; here they are thrown away, unless (keep \"FOLDER\") says "
             "where.");
    wish_print(&sandbox->wish, stdout);
    return 0;
}

/* After the end, or when nothing was started: what was kept for nothing goes. */
static void settle(struct sandbox *sandbox)
{
    esq_error error;
    sandbox_take_stand_ins(sandbox);
    if (sandbox->changes.fd < 0)
        return;
    if (!changes_are_none(&sandbox->changes)) {
        fprintf(stderr, "esquema: changes are kept aside: esquema sandbox diff %u (or apply, or discard)\n",
                sandbox->changes.number);
        return;
    }
    if (!changes_remove(&sandbox->changes, &error))
        failure_show_error(&error);
}

/* A program that failed where it was not expected to run looks for its files there in vain. */
static void tell_where(const struct sandbox *sandbox)
{
    char *here = sandbox->is_elsewhere ? getcwd(NULL, 0) : NULL;
    if (!here)
        return;
    fputs("esquema: it ran in an empty home folder; ", stderr);
    print_name(stderr, here);
    fputs(" is not there inside (--ro . shows it, --rw . lets it be written, too)\n", stderr);
    free(here);
}

#define NETWORK_ADVICE "--net user gives it one of its own, --net host the host's"

static int run(const struct options *options, struct sandbox *sandbox)
{
    esq_error error = { 0 };
    esq_spec *spec = NULL;
    esq_plan *plan = NULL;
    if (!sandbox_specify(sandbox, &spec, &error))
        return fail(options, &error);
    /* Our own terminal is named, so that it gets a name inside. */
    bool is_good = (isatty(STDIN_FILENO) != 1 || esq_spec_set_fd(spec, "stdin", STDIN_FILENO, NULL, &error) == 0) &&
                   prepare_preserve(options, spec, &error);
    int result = is_good ? esq_plan_build(spec, &plan, &error) : -1;
    esq_spec_free(spec);
    if (result < 0)
        return fail(options, &error);
    if (options->explain)
        prepare_explain(plan);
    struct terminal none = { .own = -1, .other = -1 };
    terminal_block_signals(); /* a stand-in must not outlive us */
    int status = ESQ_EXIT_SETUP;
    if (!sandbox_put_stand_ins(sandbox, &error))
        status = fail(options, &error);
    else if ((status = run_plan(options, plan, &none, NETWORK_ADVICE)) > 0 && status < ESQ_EXIT_SETUP)
        tell_where(sandbox);
    esq_plan_free(plan);
    return status;
}

int command_sandbox(const struct options *options)
{
    struct sandbox sandbox;
    struct sandbox_request request = request_of(options);
    esq_error error = { 0 };
    int status;
    if (!sandbox_prepare(&request, !options->print, &sandbox, &error)) {
        status = fail(options, &error);
    } else if (options->print) {
        status = print(options, &sandbox);
    } else {
        status = run(options, &sandbox);
    }
    settle(&sandbox);
    sandbox_done(&sandbox);
    return status;
}

/* ---- What was changed ---- */

typedef bool changes_fn(const struct options *options, struct changes *changes, esq_error *ret_error);

/* The number that the command line names; 0: none. */
static bool read_number(const struct options *options, unsigned *ret, esq_error *ret_error)
{
    char *end = "";
    unsigned long number = options->operands.count > 0 ? strtoul(options->operands.items[0], &end, 10) : 0;
    if (options->operands.count > 0 && (*end || number == 0 || number > 1000000)) {
        *ret_error = failure_make("%s is no number of changes", options->operands.items[0]);
        return false;
    }
    *ret = (unsigned)number;
    return true;
}

/* The document, with a list that the function fills; and the number of what it has acted on, where it does. */
enum changes_document { CHANGES_SHOWN, CHANGES_APPLIED, CHANGES_DISCARDED };

static void begin_json(const struct options *options, enum changes_document document)
{
    if (options->format != ESQ_FORMAT_JSON)
        return;
    switch (document) {
    case CHANGES_SHOWN: fputs("{\"version\":1,\"changes\":[", stdout); return;
    case CHANGES_APPLIED: fputs("{\"version\":1,\"left_out\":[", stdout); return;
    case CHANGES_DISCARDED: fputs("{\"version\":1", stdout); return;
    }
}

static void end_json(const struct options *options, enum changes_document document, unsigned number)
{
    if (options->format != ESQ_FORMAT_JSON)
        return;
    if (document != CHANGES_DISCARDED)
        putchar(']');
    if (document != CHANGES_SHOWN && number > 0)
        printf(",\"number\":%u", number);
    problems_end_document(options);
}

static int with_changes(const struct options *options, enum changes_document document, changes_fn *function)
{
    struct changes changes = { .fd = -1 };
    esq_error error = { 0 };
    unsigned number = 0;
    begin_json(options, document);
    bool is_good = read_number(options, &number, &error) && changes_open(number, &changes, &error) &&
                   function(options, &changes, &error);
    changes_close(&changes);
    int status = is_good ? 0 : fail(options, &error);
    end_json(options, document, changes.number);
    return status;
}

/* An item of "changes", or a line. */
struct telling {
    enum esq_format format;
    size_t count;
};

static void begin_json_item(struct telling *telling, unsigned number)
{
    if (telling->count++)
        putchar(',');
    printf("{\"number\":%u,\"tree\":", number);
}

struct telling_changes {
    struct telling telling;
    unsigned number;
};

static void tell_change(void *data, char letter, const char *tree, const char *path, bool is_folder)
{
    struct telling_changes *one = data;
    switch (one->telling.format) {
    case ESQ_FORMAT_TEXT:
        printf("%c ", letter);
        print_name(stdout, tree);
        putchar('/');
        print_name(stdout, path);
        puts(is_folder ? "/" : "");
        break;
    case ESQ_FORMAT_JSON:
        begin_json_item(&one->telling, one->number);
        json_print_string(stdout, tree);
        fputs(",\"path\":", stdout);
        json_print_string(stdout, path);
        printf(",\"change\":\"%s\",\"folder\":%s}", tree_change_word(letter), is_folder ? "true" : "false");
        break;
    }
}

static bool show(const struct options *options, struct changes *changes, esq_error *ret_error)
{
    struct telling_changes one = { { .format = options->format }, changes->number };
    return changes_visit(changes, tell_change, &one, ret_error);
}

/* One that is left out of what is applied. */
static void tell_left(void *data, char why, const char *tree, const char *path, bool is_folder)
{
    struct telling *telling = data;
    (void)is_folder;
    switch (telling->format) {
    case ESQ_FORMAT_TEXT:
        fprintf(stderr, "esquema: left out, because it %s: ",
                why == 'G'   ? "would run on the host"
                : why == 'O' ? "is a name of ours"
                             : "is neither file, folder nor link");
        print_name(stderr, tree);
        fputc('/', stderr);
        print_name(stderr, path);
        fputc('\n', stderr);
        break;
    case ESQ_FORMAT_JSON:
        fputs(telling->count++ ? ",{\"tree\":" : "{\"tree\":", stdout);
        json_print_string(stdout, tree);
        fputs(",\"path\":", stdout);
        json_print_string(stdout, path);
        printf(",\"why\":\"%s\"}", why == 'G' ? "guarded" : why == 'O' ? "name" : "kind");
        break;
    }
}

static bool apply(const struct options *options, struct changes *changes, esq_error *ret_error)
{
    size_t left = 0;
    struct telling telling = { .format = options->format };
    if (!changes_apply(changes, options->trust, tell_left, &telling, &left, ret_error))
        return false;
    if (left == 0)
        return changes_remove(changes, ret_error);
    *ret_error = failure_make("%zu %s left out; all others are applied", left, left == 1 ? "name was" : "names were");
    snprintf(ret_error->remedy, sizeof ret_error->remedy,
             "look at them in %.256s; then `esquema sandbox apply %u --trust` applies them, `discard` forgets them",
             changes->path, changes->number);
    return false;
}

static bool discard(const struct options *options, struct changes *changes, esq_error *ret_error)
{
    (void)options;
    return changes_remove(changes, ret_error);
}

int command_sandbox_diff(const struct options *options)
{
    return with_changes(options, CHANGES_SHOWN, show);
}

int command_sandbox_apply(const struct options *options)
{
    return with_changes(options, CHANGES_APPLIED, apply);
}

int command_sandbox_discard(const struct options *options)
{
    return with_changes(options, CHANGES_DISCARDED, discard);
}

static void tell_run(void *data, unsigned number, const char *tree)
{
    struct telling *telling = data;
    switch (telling->format) {
    case ESQ_FORMAT_TEXT:
        printf("%-6u ", number);
        print_name(stdout, tree);
        putchar('\n');
        break;
    case ESQ_FORMAT_JSON:
        begin_json_item(telling, number);
        json_print_string(stdout, tree);
        putchar('}');
        break;
    }
}

int command_sandbox_list(const struct options *options)
{
    esq_error error = { 0 };
    struct telling telling = { .format = options->format };
    begin_json(options, CHANGES_SHOWN);
    int status = changes_list(tell_run, &telling, &error) ? 0 : fail(options, &error);
    end_json(options, CHANGES_SHOWN, 0);
    return status;
}
