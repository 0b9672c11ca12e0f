/* The one form of error messages about scripts. */
#include "tools/common/report.h"

#include <string.h>
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

enum { EXCERPT_LEFT = 90, EXCERPT_BEFORE = 60, EXCERPT_COLUMNS = 116 };

/* The byte at which a column begins, or the end of the text. */
static size_t column_start(const char *text, uint32_t column)
{
    size_t at = 0;
    for (uint32_t now = 1; text[at] && (now < column || ((unsigned char)text[at] & 0xc0) == 0x80); at++)
        now += ((unsigned char)text[at + 1] & 0xc0) != 0x80;
    return at;
}

/* The line with a caret beneath the place; of a long line, so much that a terminal shows the place. */
static void print_excerpt(FILE *out, const struct sch_failure *failure)
{
    char number[16];
    int width = snprintf(number, sizeof number, "%u", failure->line);
    const char *text = failure->excerpt;
    uint32_t first = failure->column > EXCERPT_LEFT ? failure->column - EXCERPT_BEFORE : 1;
    size_t start = column_start(text, first), end = column_start(text, first + EXCERPT_COLUMNS);
    char line[EXCERPT_COLUMNS * 4 + 1];
    size_t length = end - start < sizeof line ? end - start : 0;
    if (first > 1 && !text[start])
        return; /* the place lies behind what was kept of the line */
    memcpy(line, text + start, length);
    line[length] = 0;
    fprintf(out, "%*s |\n%s | %s", width, "", number, first > 1 ? "..." : "");
    report_text(out, line);
    fprintf(out, "%s\n%*s | %s", text[end] ? "..." : "", width, "", first > 1 ? "   " : "");
    /* Tabs stay tabs, so that the caret stands under its character; bytes that continue a character have no column. */
    uint32_t column = first;
    for (const char *p = line; *p && column < failure->column; p++) {
        if (((unsigned char)*p & 0xc0) == 0x80)
            continue;
        fputc(*p == '\t' ? '\t' : ' ', out);
        column++;
    }
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
