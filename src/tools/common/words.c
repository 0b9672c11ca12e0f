#include "tools/common/words.h"

#include <string.h>

void words_row(FILE *out, const char *name, const char *operands, const char *help)
{
    enum { COLUMN = 34 };
    int width = fprintf(out, "  %s%s%s", name, *operands ? " " : "", operands);
    if (width >= 2 + COLUMN) {
        fputc('\n', out);
        width = 0;
    }
    fprintf(out, "%*s %s\n", 2 + COLUMN - width, "", help);
}

bool words_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

bool words_name_option(const char *word, const char *name, const char **ret_value)
{
    size_t length = strlen(name);
    if (strncmp(word, name, length) != 0 || (word[length] && word[length] != '='))
        return false;
    *ret_value = word[length] ? word + length + 1 : NULL;
    return true;
}
