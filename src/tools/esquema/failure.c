/* Errors of the engine and of the runtime in the one form that people see. Knows nothing of what was attempted. */
#include "tools/esquema/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/excerpt.h"
#include "bridge/bridge.h"
#include "tools/common/files.h"
#include "tools/common/report.h"

enum { EXCERPT_MAX = 401 };

/* Of the line that the failure's place is in, what is worth to be shown; what would move the cursor of a terminal
 * becomes a question mark. */
static void copy_line(const char *text, size_t length, struct sch_failure *failure, char ret[EXCERPT_MAX])
{
    size_t at = 0, out = 0;
    for (unsigned i = 1; i < failure->line && at < length; at++)
        i += text[at] == '\n';
    const char *end = memchr(text + at, '\n', length - at);
    if (end)
        length = (size_t)(end - text);
    at += excerpt_start(text + at, length - at, failure->column, EXCERPT_MAX - 1, &failure->excerpt_column);
    for (; at < length && text[at] != '\n' && out < EXCERPT_MAX - 1; at++)
        if (text[at] != '\r')
            ret[out++] = (unsigned char)text[at] < 0x20 && text[at] != '\t' ? '?' : text[at];
    ret[out] = '\0';
}

/* "text\nremedy: what to do" is told apart here, so that the remedy stands last; where the runtime has raised it, since
 * a script could advise what it likes. */
static void show(const struct sch_failure *failure, const char *remedy, bool is_ours)
{
    struct sch_failure shown = *failure;
    char *message = strdup(failure->message ? failure->message : "unknown");
    char *behind = message && is_ours ? strstr(message, "\nremedy: ") : NULL;
    if (behind) {
        *behind = '\0';
        remedy = behind + strlen("\nremedy: ");
    }
    shown.message = message;
    fflush(stdout);
    report_failure(stderr, &shown, failure->file ? NULL : "esquema");
    if (remedy && *remedy) {
        fputs("remedy: ", stderr);
        report_text(stderr, remedy);
        fputc('\n', stderr);
    }
    free(message);
}

/* The innermost place in the user's own file: what a library noticed was caused there. */
static void use_own_place(struct sch_failure *failure, const char *name)
{
    if (failure->file && failure->line && strcmp(failure->file, name) == 0)
        return;
    for (size_t i = 0; i < failure->frame_count; i++) {
        const struct sch_frame *frame = &failure->frames[i];
        if (frame->file && frame->line && strcmp(frame->file, name) == 0) {
            failure->file = frame->file;
            failure->line = frame->line;
            failure->column = frame->column;
            return;
        }
    }
}

static struct sch_failure placed_failure(sch_vm *vm, struct sch_source source, char excerpt[EXCERPT_MAX])
{
    struct sch_failure failure = *sch_failure(vm);
    sch_value kind, message, irritants;
    const char *text;
    size_t length;
    esq_location where;
    if (bridge_condition_place(sch_raised(vm), &where)) {
        failure.file = where.file;
        failure.line = where.line;
        failure.column = where.column;
        failure.frame_count = 0; /* of the libraries that noticed it */
        if (sch_get_condition(sch_raised(vm), &kind, &message, &irritants) && sch_get_text(message, &text, &length))
            failure.message = text; /* without the place behind it */
    } else {
        use_own_place(&failure, source.name);
    }
    if (!failure.file)
        failure.file = source.name;
    if (failure.line && strcmp(failure.file, source.name) == 0) {
        copy_line(source.text, source.length, &failure, excerpt);
        failure.excerpt = excerpt;
    }
    return failure;
}

/* No script can make a condition of this kind. */
static bool is_from_runtime(sch_vm *vm)
{
    sch_value kind, message, irritants;
    const char *text;
    size_t length;
    return sch_get_condition(sch_raised(vm), &kind, &message, &irritants) && sch_get_text(kind, &text, &length) &&
           length == strlen("container-error") && memcmp(text, "container-error", length) == 0;
}

void failure_show(sch_vm *vm, struct sch_source source)
{
    char excerpt[EXCERPT_MAX] = "";
    struct sch_failure failure = placed_failure(vm, source, excerpt);
    show(&failure, NULL, is_from_runtime(vm));
}

void failure_to_error(sch_vm *vm, struct sch_source source, esq_error *ret_error)
{
    char excerpt[EXCERPT_MAX] = "";
    struct sch_failure failure = placed_failure(vm, source, excerpt);
    *ret_error = (esq_error){ .exit_status = ESQ_EXIT_SETUP, .line = failure.line, .column = failure.column };
    snprintf(ret_error->file, sizeof ret_error->file, "%s", failure.file);
    snprintf(ret_error->text, sizeof ret_error->text, "%s", failure.message ? failure.message : "unknown");
    char *behind = is_from_runtime(vm) ? strstr(ret_error->text, "\nremedy: ") : NULL;
    if (behind) {
        *behind = '\0';
        snprintf(ret_error->remedy, sizeof ret_error->remedy, "%s", behind + strlen("\nremedy: "));
    }
}

void failure_show_error(const esq_error *error)
{
    char excerpt[EXCERPT_MAX] = "";
    struct source_file file = { 0 };
    struct sch_failure failure = {
        .size = sizeof failure,
        .status = SCH_ERROR,
        .message = error->text,
        .file = *error->file ? error->file : NULL,
        .line = error->line,
        .column = error->column,
    };
    /* A description may come through a pipe, which cannot be read again: that would wait for ever. */
    if (failure.file && failure.line && source_file_read_found(failure.file, &file)) {
        copy_line(file.source.text, file.source.length, &failure, excerpt);
        failure.excerpt = *excerpt ? excerpt : NULL;
        source_file_done(&file);
    }
    show(&failure, error->remedy, false);
}

void failure_tell(struct failures *failures, const esq_error *error)
{
    esq_error *list = failures ? realloc(failures->list, (failures->count + 1) * sizeof *list) : NULL;
    if (!list) { /* without memory, too */
        failure_show_error(error);
        return;
    }
    list[failures->count++] = *error;
    failures->list = list;
}

void failures_done(struct failures *failures)
{
    free(failures->list);
    *failures = (struct failures){ 0 };
}

esq_error failure_make(const char *format, ...)
{
    esq_error error = { .exit_status = ESQ_EXIT_SETUP };
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error.text, sizeof error.text, format, arguments);
    va_end(arguments);
    return error;
}

esq_error failure_make_kernel(int error_number, const char *path)
{
    esq_error error = failure_make("%s: %s", path, strerror(error_number));
    error.error_number = error_number;
    return error;
}
