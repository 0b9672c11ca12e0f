/* The one form of error messages about scripts. */
#include "tools/common/report.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/excerpt.h"
#include "base/plain.h"

void report_text(FILE *out, const char *text)
{
    size_t length;
    for (; *text; text += length) {
        if (plain_character(text, &length))
            fwrite(text, 1, length, out);
        else
            fputs(*text == '\n' ? "\n    " : "?", out); /* nobody's line begins like one of ours */
    }
}

enum { EXCERPT_LEFT = 90, EXCERPT_BEFORE = 60, EXCERPT_CELLS = 116 };

/* The cells that report_text fills with the character; a tab counts as one. */
static unsigned cells(const char *text, size_t *ret_length)
{
    return plain_character(text, ret_length) ? plain_width(text) : 1;
}

static unsigned cells_between(const char *text, size_t start, size_t end)
{
    unsigned count = 0;
    size_t length;
    for (; start < end; start += length)
        count += cells(text + start, &length);
    return count;
}

/* Where to begin, so that the place is not far from the left. */
static size_t shown_from(const char *text, size_t place)
{
    size_t start = 0, length;
    unsigned before = cells_between(text, 0, place);
    if (before < EXCERPT_LEFT)
        return 0;
    for (; before > EXCERPT_BEFORE; start += length)
        before -= cells(text + start, &length);
    return start;
}

/* The line with a caret beneath the place; of a long line, so much that a terminal shows the place. */
static void print_excerpt(FILE *out, const struct sch_failure *failure)
{
    char number[16];
    int width = snprintf(number, sizeof number, "%u", failure->line);
    const char *text = failure->excerpt;
    uint32_t first = failure->excerpt_column > 1 ? failure->excerpt_column : 1;
    if (failure->column < first)
        return;
    size_t place = excerpt_byte(text, strlen(text), failure->column - first + 1);
    size_t start = shown_from(text, place), end = start, length;
    for (unsigned used = 0; text[end] && (used += cells(text + end, &length)) <= EXCERPT_CELLS;)
        end += length;
    char line[EXCERPT_CELLS * 16 + 1]; /* marks take no cell */
    size_t kept = end - start < sizeof line ? end - start : sizeof line - 1;
    bool is_cut = start > 0 || first > 1;
    memcpy(line, text + start, kept);
    line[kept] = 0;
    fprintf(out, "%*s |\n%s | %s", width, "", number, is_cut ? "..." : "");
    report_text(out, line);
    fprintf(out, "%s\n%*s | %s", text[end] ? "..." : "", width, "", is_cut ? "   " : "");
    /* Tabs stay tabs, so that the caret stands under its character. */
    for (; start < place; start += length)
        for (unsigned left = cells(text + start, &length); left > 0; left--)
            fputc(text[start] == '\t' ? '\t' : ' ', out);
    fprintf(out, "^\n");
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* How many frames from the first on are the same line of a backtrace: a recursion. */
static size_t repeated(const struct sch_frame *frames, size_t count)
{
    size_t same = 1;
    while (same < count && frames[same].line == frames->line && frames[same].column == frames->column &&
           frames[same].elided == frames->elided && is_same(frames[same].procedure, frames->procedure) &&
           is_same(frames[same].file, frames->file))
        same++;
    return same;
}

static void print_frame(FILE *out, const struct sch_frame *frame, size_t times)
{
    if (frame->elided)
        fputs("... ", out);
    report_text(out, frame->procedure ? frame->procedure : "a procedure");
    if (frame->line) {
        fputs(" (", out);
        report_text(out, frame->file ? frame->file : "-");
        fprintf(out, ":%u:%u)", frame->line, frame->column);
    }
    if (times > 1)
        fprintf(out, " %zu times", times);
}

static void print_frames(FILE *out, const struct sch_failure *failure)
{
    const char *lead = "called from ";
    size_t same;
    for (size_t i = 0; i < failure->frame_count; i += same) {
        const struct sch_frame *frame = &failure->frames[i];
        same = repeated(frame, failure->frame_count - i);
        if (!frame->procedure && !frame->line)
            continue;
        fputs(lead, out);
        print_frame(out, frame, same);
        lead = ", ";
    }
    if (*lead == ',')
        fputs(failure->frame_count == SCH_FRAMES_MAX ? ", and others\n" : "\n", out);
}

const char *report_severity(const struct sch_failure *failure)
{
    return failure->status == SCH_OK ? "warning" : failure->status == SCH_LIMIT ? "limit" : "error";
}

void report_failure(FILE *out, const struct sch_failure *failure, const char *file)
{
    const char *name = failure->file ? failure->file : file;
    if (name) {
        report_text(out, name);
        fputc(':', out);
    }
    if (name && failure->line)
        fprintf(out, "%u:%u:", failure->line, failure->column);
    fprintf(out, "%s%s: ", name ? " " : "", report_severity(failure));
    report_text(out, failure->message ? failure->message : "unknown");
    fputc('\n', out);
    if (failure->excerpt && failure->line && failure->column)
        print_excerpt(out, failure);
    print_frames(out, failure);
}

void report_begin_line(char last)
{
    struct stat output, errors;
    fflush(stdout);
    if (last != '\0' && last != '\n' && fstat(STDOUT_FILENO, &output) == 0 && fstat(STDERR_FILENO, &errors) == 0 &&
        output.st_dev == errors.st_dev && output.st_ino == errors.st_ino)
        fputc('\n', stderr);
}
