/* See repl_names.h. */
#include "tools/schooner/repl_names.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

bool name_list_take(void *data, const char *name)
{
    struct name_list *list = data;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        char **larger = realloc(list->items, capacity * sizeof *larger);
        if (!larger)
            return false;
        list->items = larger;
        list->capacity = capacity;
    }
    char *copy = strdup(name);
    if (copy)
        list->items[list->count++] = copy;
    return copy != NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void name_list_sort(struct name_list *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, by_text);
}

void name_list_done(struct name_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct name_list){ 0 };
}

static void take_file(struct name_list *list, const char *folder, size_t folder_length, const char *name)
{
    struct stat about;
    size_t size = folder_length + strlen(name) + 2;
    char *path = malloc(size);
    if (!path)
        return;
    snprintf(path, size, "%.*s%s", (int)folder_length, folder, name);
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        strcat(path, "/");
    name_list_take(list, path);
    free(path);
}

void name_list_files(struct name_list *list, const char *prefix)
{
    const char *slash = strrchr(prefix, '/');
    size_t folder_length = slash ? (size_t)(slash - prefix) + 1 : 0;
    const char *begin = prefix + folder_length;
    char *folder = slash ? strndup(prefix, folder_length) : strdup(".");
    DIR *entries = folder ? opendir(folder) : NULL;
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (strncmp(entry->d_name, begin, strlen(begin)) == 0 && (entry->d_name[0] != '.' || *begin == '.'))
            take_file(list, prefix, folder_length, entry->d_name);
    if (entries)
        closedir(entries);
    free(folder);
}

void name_join_spaces(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        bool is_space = strchr(" \t\r\n", *from) != NULL;
        bool is_needed = to > text && to[-1] != ' ' && to[-1] != '(';
        if (!is_space)
            *to++ = *from;
        else if (is_needed)
            *to++ = ' ';
    }
    *to = '\0';
}

/* --- columns ----------------------------------------------------------------------------------------------------- */

static size_t terminal_width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static size_t width_of(const char *name)
{
    size_t width = 0;
    for (; *name; name++)
        width += ((unsigned char)*name & 0xc0) != 0x80;
    return width;
}

void name_print_columns(const char *const *names, size_t count, bool in_columns)
{
    size_t widest = 0;
    for (size_t i = 0; i < count; i++)
        widest = width_of(names[i]) > widest ? width_of(names[i]) : widest;
    size_t columns = in_columns ? terminal_width() / (widest + 2) : 1;
    if (columns == 0)
        columns = 1;
    size_t rows = (count + columns - 1) / columns;
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row; i < count; i += rows) {
            bool is_last = i + rows >= count;
            printf("%s%*s", names[i], is_last ? 0 : (int)(widest + 2 - width_of(names[i])), "");
        }
        putchar('\n');
    }
}
