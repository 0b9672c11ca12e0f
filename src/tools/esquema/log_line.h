/* Lines of a container's log as data: TIME STREAM[+] TEXT, as docs/man/esquema.1 has it. The text is a stranger's. */
#ifndef TOOLS_ESQUEMA_LOG_LINE_H
#define TOOLS_ESQUEMA_LOG_LINE_H

#include <stdbool.h>
#include <stdio.h>

enum { LOG_LINE_BYTES = 8192 }; /* the supervisor writes pieces of half of that */

struct log_line {
    size_t used;
    char bytes[LOG_LINE_BYTES];
};

/* One more byte of the log. true: it ended the line, which stands there until the next byte is taken. */
bool log_line_take(struct log_line *line, char byte);

/* "time_us":...,"stream":...,"partial":...,"text":... */
void log_line_print_json(const struct log_line *line, FILE *out);

#endif
