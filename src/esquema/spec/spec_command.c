/* The command of a specification as execvp takes it: its words, and the folders in which its program is looked for. */
#include <string.h>
#include "spec/spec.h"

const char *spec_command_word(const esq_spec *spec, size_t index)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_COMMAND, &count);
    for (size_t i = 0; i < count; i++) {
        if (index < items[i].count)
            return items[i].words[index];
        index -= items[i].count;
    }
    return NULL;
}

const char *spec_variable(const esq_spec *spec, const char *name)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_ENVIRONMENT, &count);
    for (size_t i = count; i > 0; i--)
        if (strcmp(items[i - 1].words[0], name) == 0)
            return items[i - 1].words[1];
    return NULL;
}

struct spec_search spec_search_program(const esq_spec *spec)
{
    const char *program = spec_command_word(spec, 0), *path = spec_variable(spec, "PATH");
    return (struct spec_search){
        .is_path = strchr(program, '/'),
        .next = path ? path : SPEC_DEFAULT_PATH,
    };
}

bool spec_search_next(struct spec_search *search, char folder[SPEC_FOLDER_MAX])
{
    folder[0] = '\0';
    if (search->is_path && search->next) {
        search->next = NULL;
        return true;
    }
    while (search->next) {
        const char *here = search->next;
        size_t length = strcspn(here, ":");
        search->next = here[length] ? here + length + 1 : NULL;
        if (length >= SPEC_FOLDER_MAX)
            continue;
        memcpy(folder, length ? here : ".", length ? length : 1);
        folder[length ? length : 1] = '\0';
        return true;
    }
    return false;
}
