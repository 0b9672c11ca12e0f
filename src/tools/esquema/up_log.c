/* What services print, one line after the other, each behind the name of its service. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/plain.h"
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

/* The supervisor writes whole lines, so a look ends with one. */
void up_show(const struct up *up, struct up_service *service)
{
    struct line line = { up, service, 0 };
    if (service->log.folder >= 0)
        follower_read(&service->log, show_bytes, &line);
    if (line.at == 2)
        putchar('\n');
    fflush(stdout);
}

void up_say(const struct up *up, const struct up_service *service, const char *format, ...)
{
    va_list arguments;
    (void)up;
    fflush(stdout);
    fprintf(stderr, "esquema: `%s` ", service->given->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
