/* See problem.h. */
#include "tools/sandbox/problem.h"

#include <stdarg.h>
#include "base/plain.h"

bool problem(esq_error *ret_error, const char *remedy, const char *format, ...)
{
    va_list arguments;
    *ret_error = (esq_error){ .exit_status = ESQ_EXIT_SETUP };
    va_start(arguments, format);
    vsnprintf(ret_error->text, sizeof ret_error->text, format, arguments);
    va_end(arguments);
    snprintf(ret_error->remedy, sizeof ret_error->remedy, "%s", remedy ? remedy : "");
    plain_make(ret_error->text);
    return false;
}

void print_name(FILE *out, const char *name)
{
    size_t length;
    for (; *name; name += length) {
        if (plain_character(name, &length))
            fwrite(name, 1, length, out);
        else
            fputc('?', out);
    }
}
