/* See files.h. */
#include "tools/common/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A path in a stranger's folder may lead to what never ends. No text of a program is as long. */
enum { SOURCE_MAX = 128 << 20 };

static char *read_all(FILE *file, size_t *ret_length)
{
    size_t length = 0;
    size_t capacity = 1 << 16;
    char *text = malloc(capacity);
    while (text) {
        length += fread(text + length, 1, capacity - length, file);
        if (length < capacity)
            break;
        char *larger = capacity < SOURCE_MAX ? realloc(text, capacity * 2) : NULL;
        if (!larger) {
            errno = capacity < SOURCE_MAX ? ENOMEM : EFBIG;
            free(text);
            return NULL;
        }
        text = larger;
        capacity *= 2;
    }
    if (text && ferror(file)) {
        free(text);
        return NULL;
    }
    *ret_length = length;
    return text;
}

bool source_file_read(const char *path, struct source_file *ret)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rbe");
    if (!file)
        return false;
    size_t length = 0;
    char *text = read_all(file, &length);
    int saved = errno;
    if (!standard)
        fclose(file);
    errno = saved;
    *ret = (struct source_file){ { path, text, length }, text };
    return text != NULL;
}

void source_file_done(struct source_file *file)
{
    free(file->text);
    *file = (struct source_file){ 0 };
}

/* What a loader hands out: the text, and its name behind it in the same allocation. */
static void release(void *data)
{
    free(data);
}

static bool hand_out(const char *path, struct sch_loaded *ret)
{
    struct source_file file;
    if (!source_file_read(path, &file))
        return false;
    size_t name_size = strlen(path) + 1;
    char *both = realloc(file.text, file.source.length + name_size);
    if (!both) {
        free(file.text);
        return false;
    }
    memcpy(both + file.source.length, path, name_size);
    *ret = (struct sch_loaded){ { both + file.source.length, both, file.source.length }, release, both };
    return true;
}

/* "(acme shop)" to "FOLDER/acme/shop.sld". Parts that are no plain names ("..", "a/b") find nothing. */
static bool load_from(const char *folder, int folder_length, const char *name, struct sch_loaded *ret)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%.*s%s", folder_length, folder, folder_length ? "/" : "");
    if (length < 0 || (size_t)length + strlen(name) + 8 >= sizeof path || strchr(name, '/') || strstr(name, ".."))
        return false;
    char *out = path + length;
    for (const char *p = name + 1; *p && *p != ')'; p++)
        *out++ = *p == ' ' ? '/' : *p;
    strcpy(out, ".sld");
    return hand_out(path, ret);
}

bool load_library_file(void *data, const char *name, struct sch_loaded *ret)
{
    const struct library_path *path = data;
    const char *program = path->program ? path->program : "", *slash = strrchr(program, '/');
    if (slash == program)
        slash++; /* beneath the root: "/" and another one */
    return load_from(program, slash ? (int)(slash - program) : 0, name, ret) ||
           (path->folder && load_from(path->folder, (int)strlen(path->folder), name, ret));
}

bool load_include_file(void *data, const char *name, struct sch_loaded *ret)
{
    (void)data;
    return hand_out(name, ret);
}
