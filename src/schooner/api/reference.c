/* What each name of the standard libraries does, in a line: docs/reference.md as a table. Read by sch_surface alone. */
#include "schooner/api/reference.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Places in reference_text. Sorted by name, then in the order of the document. */
struct reference_entry {
    uint32_t library, name;
};

#include "reference_table.h"

static const char *behind(const char *string)
{
    return string + strlen(string) + 1;
}

/* The first entry of that name, or where it would stand. */
static size_t first_of(const char *name, size_t count)
{
    size_t low = 0;
    for (size_t high = count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(reference_text + reference_entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool reference_find(const char *library, const char *name, const char **ret_usage, const char **ret_doc)
{
    const size_t count = sizeof reference_entries / sizeof *reference_entries;
    const struct reference_entry *found = NULL;
    for (size_t i = first_of(name, count); i < count; i++) {
        const struct reference_entry *entry = &reference_entries[i];
        if (strcmp(reference_text + entry->name, name) != 0)
            break;
        bool is_own = strcmp(reference_text + entry->library, library) == 0;
        if (!found || is_own)
            found = entry;
        if (is_own)
            break;
    }
    if (!found)
        return false;
    *ret_usage = behind(reference_text + found->name);
    *ret_doc = behind(*ret_usage);
    return true;
}
