/*
 * schooner-repl: the session at a terminal, with a line editor: history, and completion of the names in scope.
 * `schooner` executes it; it is a program of its own so that the editor's library is in no other.
 */
#include <errno.h>
#include <histedit.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>
#include "tools/schooner/repl.h"

enum { HISTORY_SIZE = 1000, COMPLETIONS_MAX = 200 };

struct editor {
    EditLine *line;
    History *history;
    sch_vm *vm;
    const char *prompt;
    char history_file[PATH_MAX]; /* empty: none */
};

static char *prompt_of(EditLine *line)
{
    struct editor *editor;
    el_get(line, EL_CLIENTDATA, &editor);
    return (char *)editor->prompt;
}

static enum repl_line read_line(void *data, const char *prompt, char **ret)
{
    struct editor *editor = data;
    int length = 0;
    editor->prompt = prompt;
    errno = 0;
    const char *text = el_gets(editor->line, &length);
    if (!text || length <= 0) {
        bool interrupted = length < 0 && errno == EINTR;
        putchar('\n');
        el_reset(editor->line);
        return interrupted ? REPL_INTERRUPTED : REPL_END;
    }
    *ret = strndup(text, (size_t)length - (text[length - 1] == '\n'));
    return *ret ? REPL_LINE : REPL_END;
}

static void remember(void *data, const char *entry)
{
    struct editor *editor = data;
    HistEvent event;
    history(editor->history, &event, H_ENTER, entry);
    if (*editor->history_file)
        history(editor->history, &event, H_SAVE, editor->history_file);
}

static void begin(void *data, sch_vm *vm)
{
    ((struct editor *)data)->vm = vm;
}

/* --- completion -------------------------------------------------------------------------------------------------- */

/* The names that begin with a word: what they have in common, and themselves for showing. */
struct completion {
    char *names[COMPLETIONS_MAX];
    size_t count;
    size_t common; /* bytes that all names share */
    bool more;
};

static bool take_name(void *data, const char *name)
{
    struct completion *completion = data;
    if (completion->count == COMPLETIONS_MAX) {
        completion->more = true;
        return false;
    }
    char *copy = strdup(name);
    if (!copy)
        return false;
    if (completion->count == 0)
        completion->common = strlen(copy);
    size_t same = 0;
    while (completion->count && same < completion->common && completion->names[0][same] == copy[same])
        same++;
    if (completion->count)
        completion->common = same;
    completion->names[completion->count++] = copy;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_names(struct completion *completion)
{
    qsort(completion->names, completion->count, sizeof *completion->names, by_name);
    putchar('\n');
    for (size_t i = 0; i < completion->count; i++)
        printf("%s%s", completion->names[i], i + 1 < completion->count ? "  " : "");
    printf("%s\n", completion->more ? "  ..." : "");
}

static unsigned char complete(EditLine *line, wint_t key)
{
    (void)key;
    struct editor *editor;
    struct completion completion = { .count = 0 };
    char word[256];
    el_get(line, EL_CLIENTDATA, &editor);
    const LineInfo *info = el_line(line);
    const char *start = info->cursor;
    while (start > info->buffer && !strchr(" \t\n()[]\"';`,", start[-1]))
        start--;
    size_t length = (size_t)(info->cursor - start);
    if (length == 0 || length >= sizeof word)
        return CC_ERROR;
    memcpy(word, start, length);
    word[length] = '\0';
    sch_names(editor->vm, word, take_name, &completion);

    unsigned char result = CC_ERROR;
    if (completion.count > 0 && completion.common > length) {
        completion.names[0][completion.common] = '\0';
        result = el_insertstr(line, completion.names[0] + length) == 0 ? CC_REFRESH : CC_ERROR;
    } else if (completion.count > 1) {
        print_names(&completion);
        result = CC_REDISPLAY;
    }
    for (size_t i = 0; i < completion.count; i++)
        free(completion.names[i]);
    return result;
}

/* --- the program ------------------------------------------------------------------------------------------------- */

/* $XDG_STATE_HOME/schooner/history, or what the standard puts in its place. Without a home there is no file. */
static void find_history_file(struct editor *editor)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char folder[PATH_MAX - 16];
    int length = state && *state == '/' ? snprintf(folder, sizeof folder, "%s/schooner", state)
                 : home && *home == '/' ? snprintf(folder, sizeof folder, "%s/.local/state/schooner", home)
                                        : -1;
    if (length < 0 || (size_t)length >= sizeof folder)
        return;
    for (char *slash = strchr(folder + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        mkdir(folder, 0700);
        if (!slash)
            break;
        *slash = '/';
    }
    snprintf(editor->history_file, sizeof editor->history_file, "%s/history", folder);
}

static bool open_editor(struct editor *editor)
{
    HistEvent event;
    editor->line = el_init("schooner", stdin, stdout, stderr);
    editor->history = history_init();
    if (!editor->line || !editor->history)
        return false;
    history(editor->history, &event, H_SETSIZE, HISTORY_SIZE);
    history(editor->history, &event, H_SETUNIQUE, 1);
    find_history_file(editor);
    if (*editor->history_file)
        history(editor->history, &event, H_LOAD, editor->history_file);
    el_set(editor->line, EL_CLIENTDATA, editor);
    el_set(editor->line, EL_PROMPT, prompt_of);
    el_set(editor->line, EL_EDITOR, "emacs");
    el_set(editor->line, EL_HIST, history, editor->history);
    /* the narrow function would make wide copies of the texts, and never free them */
    el_wset(editor->line, EL_ADDFN, L"complete-name", L"completes a name in scope", complete);
    el_set(editor->line, EL_BIND, "^I", "complete-name", NULL);
    el_source(editor->line, NULL);
    return true;
}

int main(int argc, char **argv)
{
    struct options options;
    struct editor editor = { .prompt = "> " };
    struct repl_input input = {
        .read = read_line, .remember = remember, .begin = begin, .prompts = true, .data = &editor
    };
    if (!options_parse(&command_table[NUMBER_command_repl], argc - 1, argv + 1, &options))
        return STATUS_USAGE;
    if (options.help) {
        options_help(stdout, &command_table[NUMBER_command_repl]);
        return STATUS_OK;
    }
    if (!open_editor(&editor)) {
        fputs("schooner: the line editor does not start\n", stderr);
        return STATUS_ERROR;
    }
    int status = repl_run(&options, &input);
    history_end(editor.history);
    el_end(editor.line);
    return status;
}
