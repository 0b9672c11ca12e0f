/* Takes the lines of a log apart. Knows their form, not the files. */
#include "tools/esquema/log_line.h"

#include <stdint.h>
#include <string.h>
#include <time.h>
#include "tools/common/json.h"

bool log_line_take(struct log_line *line, char byte)
{
    bool is_next = line->used > 0 && line->bytes[line->used - 1] == '\n';
    if (is_next)
        line->used = 0;
    if (line->used == sizeof line->bytes && byte != '\n')
        return false; /* of a line that no supervisor wrote */
    if (line->used == sizeof line->bytes)
        line->used--;
    line->bytes[line->used++] = byte;
    return byte == '\n';
}

/* Microseconds since 1970; 0 for what is no time. */
static uint64_t parse_time(const char *text, size_t length)
{
    char copy[40] = "";
    unsigned microseconds = 0;
    struct tm parts = { 0 };
    if (length >= sizeof copy)
        return 0;
    memcpy(copy, text, length);
    const char *rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &parts);
    if (!rest || sscanf(rest, ".%6uZ", &microseconds) != 1)
        return 0;
    return (uint64_t)timegm(&parts) * 1000000 + microseconds;
}

/* Up to the next space. */
static size_t word_length(const char *text, size_t length)
{
    const char *space = memchr(text, ' ', length);
    return space ? (size_t)(space - text) : length;
}

void log_line_print_json(const struct log_line *line, FILE *out)
{
    const char *at = line->bytes;
    size_t left = line->used > 0 ? line->used - 1 : 0; /* without its end */
    size_t word = word_length(at, left);
    fprintf(out, "\"time_us\":%llu,\"stream\":", (unsigned long long)parse_time(at, word));
    word = word < left ? word + 1 : word;
    at += word;
    left -= word;
    word = word_length(at, left);
    bool is_partial = word > 0 && at[word - 1] == '+';
    json_print_bytes(out, at, is_partial ? word - 1 : word);
    word = word < left ? word + 1 : word;
    fprintf(out, ",\"partial\":%s,\"text\":", is_partial ? "true" : "false");
    json_print_bytes(out, at + word, left - word);
}
