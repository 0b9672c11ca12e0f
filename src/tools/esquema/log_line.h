/* Lines of a container's log as data: TIME STREAM[+] TEXT, as docs/man/esquema.1 has it. The text is a stranger's. */
#ifndef TOOLS_ESQUEMA_LOG_LINE_H
#define TOOLS_ESQUEMA_LOG_LINE_H

#include <esquema.h>
#include <stdbool.h>
#include <stdio.h>

enum { LOG_LINE_BYTES = 8192 }; /* the supervisor writes pieces of half of that */

struct log_line {
    size_t used;
    char bytes[LOG_LINE_BYTES];
};

/* One more byte of the log. true: it ended the line, which stands there until the next byte is taken. */
bool log_line_take(struct log_line *line, char byte);

/* What a whole line consists of: texts within it. */
struct log_line_parts {
    const char *time, *stream, *text;
    size_t time_length, stream_length, text_length;
    bool is_partial; /* its end comes in a later one, or never */
};
void log_line_split(const struct log_line *line, struct log_line_parts *ret);

/*
 * A time that a person writes (10m ago as "10m"; 2026-11-21; 2026-11-21T22:30:54Z, with a fraction or without) as lines
 * have theirs: such texts are in order when the times are. false: it is none.
 */
enum { LOG_TIME_LENGTH = 27 };
bool log_time_read(const char *text, char ret[LOG_TIME_LENGTH + 1]);

/*
 * The line that the supervisor would have written last, had there been room for it: how much it could not write.
 * Returns its length; 0: nothing is untold, or the container has not ended.
 */
enum { LOG_LOST_BYTES = 96 };
size_t log_line_lost(const esq_entry *entry, char ret[LOG_LOST_BYTES]);

/* "time_us":...,"stream":...,"partial":...,"text":... */
void log_line_print_json(const struct log_line *line, FILE *out);

#endif
