/* Lines of standard input as they are, for pipes and where there is no line editor; and the way to the editor. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "tools/common/helper.h"
#include "tools/schooner/repl.h"

static enum repl_line read_plain(void *data, const char *prompt, unsigned indent, char **ret)
{
    (void)indent; /* a terminal without an editor cannot take it back */
    const bool *prompts = data;
    char *line = NULL;
    size_t size = 0;
    if (*prompts) {
        fputs(prompt, stdout);
        fflush(stdout);
    }
    errno = 0;
    ssize_t length = getline(&line, &size, stdin);
    if (length < 0) {
        bool interrupted = errno == EINTR;
        free(line);
        clearerr(stdin);
        if (*prompts)
            putchar('\n');
        return interrupted ? REPL_INTERRUPTED : REPL_END;
    }
    if (length > 0 && line[length - 1] == '\n')
        line[length - 1] = '\0';
    /* A NUL is no text, and must not hide what stands behind it: the reader complains about this. */
    for (ssize_t i = 0; i + 1 < length; i++)
        if (line[i] == '\0')
            line[i] = '\1';
    *ret = line;
    return REPL_LINE;
}

int repl_run_plain(const struct options *options)
{
    bool prompts = isatty(STDIN_FILENO);
    struct repl_input input = { .read = read_plain, .prompts = prompts, .data = &prompts };
    return repl_run(options, &input);
}

void repl_execute_editor(int argc, char **argv)
{
    char *path = helper_find("schooner-repl");
    char **words = calloc((size_t)argc + 2, sizeof *words);
    if (path && words) {
        words[0] = "schooner-repl";
        for (int i = 0; i < argc; i++)
            words[i + 1] = argv[i];
        execv(path, words);
    }
    free(words);
    free(path);
}
