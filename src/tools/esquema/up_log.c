/* What services print, one line after the other, each behind the name of its service. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/plain.h"
#include "tools/common/json.h"
#include "tools/esquema/log_line.h"
#include "tools/esquema/started.h"
#include "tools/esquema/up.h"

/* Colours that are readable on a dark and on a light ground; services take them in turn. */
static const char *const colours[] = { "36", "33", "32", "35", "34", "31" };
enum { COLOUR_COUNT = sizeof colours / sizeof *colours };

static void print_name(const struct up *up, const struct up_service *service)
{
    size_t index = (size_t)(service - up->services);
    if (up->has_colour)
        printf("\033[%sm%-*s |\033[0m ", colours[index % COLOUR_COUNT], (int)up->width, service->given->name);
    else
        printf("%-*s | ", (int)up->width, service->given->name);
}

struct line {
    const struct up *up;
    const struct up_service *service;
    int at; /* fields of the log's line that are behind us: 0 the time, 1 the stream, 2 the text */
};

/* A line of the log is TIME STREAM TEXT; the text is a stranger's. */
static void show_bytes(void *data, const char *bytes, size_t length)
{
    struct line *line = data;
    for (size_t i = 0, step; i < length; i += step) {
        char character[5] = "";
        memcpy(character, bytes + i, length - i < 4 ? length - i : 4);
        step = 1;
        if (*character == '\n') {
            putchar('\n');
            line->at = 0;
        } else if (line->at < 2) {
            line->at += *character == ' ';
            if (line->at == 2)
                print_name(line->up, line->service);
        } else if (*character && plain_character(character, &step)) {
            fwrite(character, 1, step, stdout);
        } else {
            putchar('?');
        }
    }
}

struct json_lines {
    const struct up_service *service;
    struct log_line line;
};

static void begin_json(const struct up_service *service, const char *event)
{
    printf("{\"version\":1,\"event\":\"%s\",\"service\":", event);
    json_print_string(stdout, service->given->name);
    putchar(',');
}

static void show_json(void *data, const char *bytes, size_t length)
{
    struct json_lines *lines = data;
    for (size_t i = 0; i < length; i++) {
        if (!log_line_take(&lines->line, bytes[i]))
            continue;
        begin_json(lines->service, "output");
        log_line_print_json(&lines->line, stdout);
        puts("}");
    }
}

/* The supervisor writes whole lines, so a look ends with one. */
static int show_text(const struct up *up, struct up_service *service)
{
    struct line line = { up, service, 0 };
    int error_number = follower_read(&service->log, show_bytes, &line);
    if (line.at == 2)
        putchar('\n');
    return error_number;
}

int up_show(const struct up *up, struct up_service *service)
{
    struct json_lines lines = { .service = service };
    int error_number = 0;
    if (service->life == LIFE_PENDING || service->life == LIFE_ENDED)
        return 0;
    if (service->log.folder < 0)
        service->log.folder = esq_store_logs(up->store, service->given->name, NULL);
    if (service->log.folder < 0)
        return service->log.folder == -ENOENT ? 0 : -service->log.folder;
    switch (up->format) {
    case ESQ_FORMAT_TEXT: error_number = show_text(up, service); break;
    case ESQ_FORMAT_JSON: error_number = follower_read(&service->log, show_json, &lines); break;
    }
    fflush(stdout);
    return error_number;
}

void up_show_lost(const struct up *up, const struct up_service *service)
{
    struct json_lines lines = { .service = service };
    struct line line = { up, service, 0 };
    esq_entry entry;
    char text[LOG_LOST_BYTES];
    bool is_there = esq_store_find(up->store, service->given->name, &entry, NULL) == 0 &&
                    strcmp(entry.name, service->given->name) == 0;
    size_t length = is_there ? log_line_lost(&entry, text) : 0;
    switch (up->format) {
    case ESQ_FORMAT_TEXT: show_bytes(&line, text, length); break;
    case ESQ_FORMAT_JSON: show_json(&lines, text, length); break;
    }
}

static void say_json(const struct up_service *service, const char *event, const char *text)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    begin_json(service, event);
    printf("\"time_us\":%llu,\"text\":", (unsigned long long)now.tv_sec * 1000000 + (unsigned)(now.tv_nsec / 1000));
    json_print_string(stdout, text);
    if (strcmp(event, "ended") == 0) {
        fputs(",\"result\":", stdout);
        started_print_result(&service->result, stdout);
    }
    puts("}");
    fflush(stdout);
}

void up_say(const struct up *up, const struct up_service *service, const char *event, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    switch (up->format) {
    case ESQ_FORMAT_TEXT:
        fflush(stdout);
        fprintf(stderr, "esquema: `%s` %s\n", service->given->name, text);
        break;
    case ESQ_FORMAT_JSON: say_json(service, event, text); break;
    }
}
