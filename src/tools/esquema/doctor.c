/* esquema doctor: every wall, tried on this host, with what is missing for the rest. */
#include <stdlib.h>
#include "tools/common/json.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/options.h"

static void print_text(const esq_wall *walls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const esq_wall *wall = &walls[i];
        printf("%-3s  %-*s%s%s\n", wall->available ? "yes" : "no", *wall->detail ? 20 : 0, wall->name,
               *wall->detail ? " " : "", wall->detail);
        if (!wall->available && wall->remedy && *wall->remedy)
            printf("     %-20s %s\n", "", wall->remedy);
    }
}

static void print_json(const esq_wall *walls, size_t count)
{
    fputs("{\"version\":1,\"walls\":[", stdout);
    for (size_t i = 0; i < count; i++) {
        const esq_wall *wall = &walls[i];
        fputs(i ? ",{\"name\":" : "{\"name\":", stdout);
        json_print_string(stdout, wall->name);
        printf(",\"available\":%s,\"detail\":", wall->available ? "true" : "false");
        json_print_string(stdout, wall->detail);
        if (wall->remedy && *wall->remedy) {
            fputs(",\"remedy\":", stdout);
            json_print_string(stdout, wall->remedy);
        }
        fputc('}', stdout);
    }
    fputs("]}\n", stdout);
}

int command_doctor(const struct options *options)
{
    enum { WALLS_MAX = 64 };
    esq_wall *walls = calloc(WALLS_MAX, sizeof *walls);
    if (!walls) {
        esq_error error = failure_make("out of memory");
        failure_show_error(&error);
        return ESQ_EXIT_SETUP;
    }
    size_t count = esq_doctor(walls, WALLS_MAX);
    if (count > WALLS_MAX)
        count = WALLS_MAX;
    switch (options->format) {
    case ESQ_FORMAT_TEXT: print_text(walls, count); break;
    case ESQ_FORMAT_JSON: print_json(walls, count); break;
    }
    free(walls);
    return 0;
}
