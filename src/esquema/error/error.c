/* Filling and printing errors. Knows nothing of what failed. */
#include "error/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "base/plain.h"

const char *error_number_text(int error_number)
{
    const char *text = strerrordesc_np(error_number);
    return text ? text : "unknown error";
}

const char *error_remedy(int error_number, const char *remedy)
{
    switch (error_number) {
    case EMFILE: return "raise the limit of open files before the start: ulimit -n 1024";
    case ENFILE: return "the whole machine has too many open files: as root, sysctl fs.file-max";
    default: return remedy;
    }
}

/* The end of a path says more than its beginning. */
static void copy_tail(char *to, size_t capacity, const char *from)
{
    size_t length = strlen(from);
    if (length >= capacity)
        from += length - (capacity - 1);
    memcpy(to, from, strlen(from) + 1);
}

static void fill(esq_error *ret_error, const esq_location *where, int error_number, const char *remedy,
                 const char *format, va_list arguments)
{
    memset(ret_error, 0, sizeof(*ret_error));
    ret_error->exit_status = ESQ_EXIT_SETUP;
    ret_error->error_number = error_number;
    if (where) {
        ret_error->line = where->line;
        ret_error->column = where->column;
        if (where->file)
            copy_tail(ret_error->file, sizeof(ret_error->file), where->file);
    }
    vsnprintf(ret_error->text, sizeof(ret_error->text), format, arguments);
    remedy = error_remedy(error_number, remedy);
    if (remedy)
        snprintf(ret_error->remedy, sizeof(ret_error->remedy), "%s", remedy);
}

/* Paths, names and places come from a description; whoever prints the error may be a terminal. */
static void make_plain(esq_error *error)
{
    plain_make(error->text);
    plain_make(error->file);
}

int esq_fail(esq_error *ret_error, const esq_location *where, int error_number, const char *remedy, const char *format,
             ...)
{
    int result = error_number ? -error_number : -EINVAL;
    if (!ret_error)
        return result;
    va_list arguments;
    va_start(arguments, format);
    fill(ret_error, where, error_number, remedy, format, arguments);
    va_end(arguments);
    size_t length = strlen(ret_error->text);
    if (error_number)
        snprintf(ret_error->text + length, sizeof(ret_error->text) - length, ": %s", error_number_text(error_number));
    make_plain(ret_error);
    return result;
}

int esq_refuse(esq_error *ret_error, int error_number, const char *remedy, const char *format, ...)
{
    if (!ret_error)
        return -error_number;
    va_list arguments;
    va_start(arguments, format);
    fill(ret_error, NULL, error_number, remedy, format, arguments);
    va_end(arguments);
    make_plain(ret_error);
    return -error_number;
}

size_t esq_error_print(const esq_error *error, char *text, size_t capacity)
{
    char place[ESQ_ERROR_FILE + 32] = "";
    if (error->file[0] && error->line)
        snprintf(place, sizeof(place), "%s:%u:%u: ", error->file, error->line, error->column);
    else if (error->file[0])
        snprintf(place, sizeof(place), "%s: ", error->file);
    bool has_remedy = error->remedy[0] != '\0';
    int length = snprintf(text, capacity, "%serror: %s\n%s%s%s", place, error->text, has_remedy ? "remedy: " : "",
                          error->remedy, has_remedy ? "\n" : "");
    return length < 0 ? 0 : (size_t)length;
}
