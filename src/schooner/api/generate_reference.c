/*
 * Build-time program: makes reference_table.h from docs/reference.md, the one place where each name of the standard
 * libraries has its line.
 *
 *     generate-reference REFERENCE OUTPUT
 *
 * A heading "## (library name)" is followed by rows "| `(name argument ...)` | what it does |". The result is text and
 * numbers without a pointer, so that nothing of it is touched before somebody asks.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 4096, TEXT_MAX = 1 << 18 };

/* Each string in `text` ends in NUL; behind the name follow how it is written and what it does. */
static char text[TEXT_MAX] = { 0 };
static size_t text_length;
static struct entry {
    uint32_t library, name;
} entries[LINES_MAX];
static size_t entry_count;

static void fail(const char *what, const char *of)
{
    fprintf(stderr, "generate-reference: %s: %s\n", what, of);
    exit(1);
}

static uint32_t keep(const char *bytes, size_t length)
{
    size_t at = text_length;
    if (length >= TEXT_MAX - text_length)
        fail("the text is too long at", bytes);
    memcpy(text + at, bytes, length);
    text_length += length;
    text[text_length++] = '\0';
    return (uint32_t)at;
}

/* "| `(car pair)` | the first half of a pair |" */
static void add_row(uint32_t library, const char *line)
{
    static const char between[] = "` | ", end[] = " |";
    const char *usage = line + 3;
    const char *middle = strstr(usage, between);
    const char *doc = middle ? middle + strlen(between) : NULL;
    size_t length = doc ? strlen(doc) : 0;
    if (length <= strlen(end) || strcmp(doc + length - strlen(end), end) != 0)
        fail("not a row of two cells", line);
    if (entry_count == LINES_MAX)
        fail("too many lines at", line);
    bool is_form = *usage == '(';
    const char *name = usage + is_form;
    struct entry *entry = &entries[entry_count++];
    entry->library = library;
    entry->name = keep(name, is_form ? strcspn(name, " )`") : (size_t)(middle - name));
    keep(usage, (size_t)(middle - usage));
    keep(doc, length - strlen(end));
}

static void read_reference(const char *path)
{
    char line[1024];
    bool within = false;
    uint32_t library = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        fail("cannot open", path);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "## ", 3) == 0) {
            library = keep(line + 3, strlen(line + 3));
            within = true;
        } else if (within && strncmp(line, "| `", 3) == 0) {
            add_row(library, line);
        }
    }
    fclose(file);
}

/* By name; the lines of one name stay in the order of the document. */
static int by_name(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = strcmp(text + left->name, text + right->name);
    return order ? order : (left->name > right->name) - (left->name < right->name);
}

static void write_table(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        fail("cannot write", path);
    fputs("/* made by generate_reference.c of docs/reference.md */\nstatic const char reference_text[] = {", file);
    for (size_t i = 0; i < text_length; i++)
        fprintf(file, "%s%d,", i % 24 ? "" : "\n    ", text[i]);
    fputs("\n};\nstatic const struct reference_entry reference_entries[] = {\n", file);
    for (size_t i = 0; i < entry_count; i++)
        fprintf(file, "    { %u, %u },\n", (unsigned)entries[i].library, (unsigned)entries[i].name);
    fputs("};\n", file);
    if (fclose(file) != 0)
        fail("cannot write", path);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        fail("usage", "generate-reference REFERENCE OUTPUT");
    read_reference(argv[1]);
    qsort(entries, entry_count, sizeof *entries, by_name);
    for (size_t i = 1; i < entry_count; i++)
        if (entries[i].library == entries[i - 1].library && by_name(&entries[i], &entries[i - 1]) == 0)
            fail("twice", text + entries[i].name);
    write_table(argv[2]);
    return 0;
}
