/*
 * schooner-repl: the session at a terminal, with a line editor: history, and completion of the names in scope.
 * `schooner` executes it; it is a program of its own so that the editor's library is in no other.
 */
#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>
#include "tools/schooner/repl.h"

enum { HISTORY_SIZE = 1000, COMPLETIONS_MAX = 1000 };

struct editor {
    EditLine *line;
    History *history;
    struct repl *repl;
    const char *prompt;
    char history_file[PATH_MAX]; /* empty: none */
};

static char *prompt_of(EditLine *line)
{
    struct editor *editor;
    el_get(line, EL_CLIENTDATA, &editor);
    return (char *)editor->prompt;
}

/* Not where text is waiting: what was pasted brings its own spaces. */
static void begin_line(struct editor *editor, unsigned indent)
{
    char spaces[64];
    int waiting = 0;
    if (indent == 0 || indent >= sizeof spaces || ioctl(STDIN_FILENO, FIONREAD, &waiting) < 0 || waiting > 0)
        return;
    memset(spaces, ' ', indent);
    spaces[indent] = '\0';
    el_push(editor->line, spaces);
}

static enum repl_line read_line(void *data, const char *prompt, unsigned indent, char **ret)
{
    struct editor *editor = data;
    int length = 0;
    editor->prompt = prompt;
    el_resize(editor->line); /* the window may be another one than before */
    begin_line(editor, indent);
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

static void begin(void *data, struct repl *repl)
{
    ((struct editor *)data)->repl = repl;
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

static unsigned char complete(EditLine *line, wint_t key)
{
    (void)key;
    struct editor *editor;
    struct completion completion = { .count = 0 };
    el_get(line, EL_CLIENTDATA, &editor);
    const LineInfo *info = el_line(line);
    size_t typed =
        repl_complete(editor->repl, info->buffer, (size_t)(info->cursor - info->buffer), take_name, &completion);

    unsigned char result = CC_ERROR;
    if (completion.count > 0 && !completion.more && completion.common > typed) {
        completion.names[0][completion.common] = '\0';
        result = el_insertstr(line, completion.names[0] + typed) == 0 ? CC_REFRESH : CC_ERROR;
    } else if (completion.count > 1) {
        putchar('\n');
        repl_print_names(editor->repl, (const char *const *)completion.names, completion.count);
        if (completion.more)
            puts("...");
        result = CC_REDISPLAY;
    }
    for (size_t i = 0; i < completion.count; i++)
        free(completion.names[i]);
    return result;
}

/* Ctrl-D: the end where nothing stands but the indentation, else the character beneath the cursor goes. */
static unsigned char end_or_delete(EditLine *line, wint_t key)
{
    (void)key;
    const LineInfo *info = el_line(line);
    const char *at = info->buffer;
    while (at < info->lastchar && *at == ' ')
        at++;
    if (at == info->lastchar)
        return CC_EOF;
    if (info->cursor == info->lastchar)
        return CC_ERROR;
    el_cursor(line, 1);
    el_deletestr(line, 1);
    return CC_REFRESH;
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
    el_wset(editor->line, EL_ADDFN, L"end-or-delete", L"ends the session, or deletes a character", end_or_delete);
    el_set(editor->line, EL_BIND, "^D", "end-or-delete", NULL);
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
    /* What is typed is UTF-8, as the engine's text is, also where the locale is that of C. */
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    if (!open_editor(&editor)) {
        fputs("schooner: the line editor does not start\n", stderr);
        return STATUS_ERROR;
    }
    int status = repl_run(&options, &input);
    history_end(editor.history);
    el_end(editor.line);
    return status;
}
