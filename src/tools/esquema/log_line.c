/* Takes the lines of a log apart. Knows their form, not the files. */
#include "tools/esquema/log_line.h"

#include <stdint.h>
#include <string.h>
#include <time.h>
#include "tools/common/json.h"
#include "tools/common/units.h"

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

void log_line_split(const struct log_line *line, struct log_line_parts *ret)
{
    const char *at = line->bytes;
    size_t left = line->used > 0 ? line->used - 1 : 0; /* without its end */
    size_t word = word_length(at, left);
    *ret = (struct log_line_parts){ .time = at, .time_length = word };
    word = word < left ? word + 1 : word;
    at += word;
    left -= word;
    word = word_length(at, left);
    ret->is_partial = word > 0 && at[word - 1] == '+';
    ret->stream = at;
    ret->stream_length = ret->is_partial ? word - 1 : word;
    word = word < left ? word + 1 : word;
    ret->text = at + word;
    ret->text_length = left - word;
}

void log_line_print_json(const struct log_line *line, FILE *out)
{
    struct log_line_parts parts;
    log_line_split(line, &parts);
    fprintf(out, "\"time_us\":%llu,\"stream\":", (unsigned long long)parse_time(parts.time, parts.time_length));
    json_print_bytes(out, parts.stream, parts.stream_length);
    fprintf(out, ",\"partial\":%s,\"text\":", parts.is_partial ? "true" : "false");
    json_print_bytes(out, parts.text, parts.text_length);
}

static bool print_time(time_t seconds, unsigned microseconds, char ret[LOG_TIME_LENGTH + 1])
{
    struct tm parts;
    char whole[20];
    return gmtime_r(&seconds, &parts) && strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts) == 19 &&
           snprintf(ret, LOG_TIME_LENGTH + 1, "%s.%06uZ", whole, microseconds % 1000000) == LOG_TIME_LENGTH;
}

bool log_time_read(const char *text, char ret[LOG_TIME_LENGTH + 1])
{
    uint64_t ago;
    if (parse_duration(text, &ago)) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        uint64_t then = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
        then = ago / 1000 < then ? then - ago / 1000 : 0;
        return print_time((time_t)(then / 1000000), (unsigned)(then % 1000000), ret);
    }
    struct tm parts = { 0 };
    unsigned microseconds = 0, digit = 100000;
    const char *rest = strptime(text, "%Y-%m-%d", &parts);
    if (rest && *rest)
        rest = strptime(rest, "T%H:%M:%S", &parts);
    if (rest && *rest == '.')
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, digit /= 10)
            microseconds += digit * (unsigned)(*rest - '0');
    return rest && (!*rest || strcmp(rest, "Z") == 0) && print_time(timegm(&parts), microseconds, ret);
}

size_t log_line_lost(const esq_entry *entry, char ret[LOG_LOST_BYTES])
{
    char ended[LOG_TIME_LENGTH + 1];
    if (entry->state != ESQ_STATE_ENDED || entry->output_lost == 0 ||
        !print_time((time_t)(entry->ended_us / 1000000), (unsigned)(entry->ended_us % 1000000), ended))
        return 0;
    int length = snprintf(ret, LOG_LOST_BYTES, "%s esq %llu bytes could not be written\n", ended,
                          (unsigned long long)entry->output_lost);
    return length < 0 ? 0 : (size_t)length;
}
