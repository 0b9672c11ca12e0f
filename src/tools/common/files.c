/* See files.h. */
#include "tools/common/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Closes the file, but for standard input. */
static bool read_stream(FILE *file, const char *path, struct source_file *ret)
{
    if (!file)
        return false;
    size_t length = 0;
    char *text = read_all(file, &length);
    int saved = errno;
    if (file != stdin)
        fclose(file);
    errno = saved;
    *ret = (struct source_file){ { path, text, length }, text };
    return text != NULL;
}

bool source_file_read(const char *path, struct source_file *ret)
{
    return read_stream(strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe"), path, ret);
}

/* Whoever opens a pipe waits for somebody else to open it, and no limit of an engine ends that. */
bool source_file_read_found(const char *path, struct source_file *ret)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_file = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    FILE *file = is_file ? fdopen(fd, "rb") : NULL;
    if (file)
        return read_stream(file, path, ret);
    int saved = is_file ? errno : ENXIO;
    close(fd);
    errno = saved;
    return false;
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
    if (!source_file_read_found(path, &file))
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
