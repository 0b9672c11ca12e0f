/* See problems.h. */
#include "tools/esquema/problems.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "tools/common/json.h"
#include "tools/esquema/failure.h"

enum { PROBLEMS_MAX = 256 };

bool problems_find(const esq_spec *spec, struct problems *ret, esq_plan **ret_plan)
{
    *ret = (struct problems){ .list = calloc(PROBLEMS_MAX, sizeof *ret->list) };
    *ret_plan = NULL;
    if (!ret->list) {
        esq_error error = failure_make("out of memory");
        failure_show_error(&error);
        return false;
    }
    ret->count = esq_plan_survey(spec, ret_plan, ret->list, PROBLEMS_MAX);
    if (ret->count > PROBLEMS_MAX)
        ret->count = PROBLEMS_MAX;
    return true;
}

void problems_done(struct problems *problems)
{
    free(problems->list);
    *problems = (struct problems){ 0 };
}

/* A folder to be read that is not there needs no grant: it is among the problems, and what it will be is not known. */
static void drop_absent(struct grants *grants)
{
    size_t kept = 0;
    struct stat about;
    for (size_t i = 0; i < grants->count; i++) {
        const esq_grant *grant = &grants->items[i];
        if (strcmp(grant->flag, "host-path") != 0 || stat(grant->value, &about) == 0 || errno != ENOENT)
            grants->items[kept++] = *grant;
    }
    grants->count = grants->asked = kept;
}

void problems_ask_grants(esq_spec *spec, const struct options *options, struct grants *ret)
{
    esq_error error;
    *ret = (struct grants){ 0 };
    if (esq_spec_grants(spec, NULL, 0) < 0 || !grants_ask(spec, options, ret, &error))
        return;
    grants_warn_unasked(options, ret, 1);
    drop_absent(ret);
}

void problems_show(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        failure_show_error(&problems->list[i]);
}

void problems_print_place_json(const char *file, unsigned line, unsigned column)
{
    if (!file || !*file)
        return;
    fputs(",\"file\":", stdout);
    json_print_string(stdout, file);
    printf(",\"line\":%u,\"column\":%u", line, column);
}

void problems_print_json(const esq_error *list, size_t count)
{
    fputs("\"problems\":[", stdout);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ",{\"message\":" : "{\"message\":", stdout);
        json_print_string(stdout, list[i].text);
        if (*list[i].remedy) {
            fputs(",\"remedy\":", stdout);
            json_print_string(stdout, list[i].remedy);
        }
        problems_print_place_json(list[i].file, list[i].line, list[i].column);
        fputc('}', stdout);
    }
    fputc(']', stdout);
}

void problems_end_document(const struct options *options)
{
    fputc(',', stdout);
    problems_print_json(options->failures->list, options->failures->count);
    puts("}");
}

void problems_print_line(const struct options *options)
{
    if (!options->failures || options->failures->count == 0)
        return;
    fputs("{\"version\":1", stdout);
    problems_end_document(options);
}

void problems_print_grants_json(const struct grants *grants, const struct options *options)
{
    fputs("\"grants\":[", stdout);
    for (size_t i = 0; i < grants->count; i++) {
        const esq_grant *grant = &grants->items[i];
        fputs(i ? ",{\"flag\":" : "{\"flag\":", stdout);
        json_print_string(stdout, grant->flag);
        fputs(",\"value\":", stdout);
        json_print_string(stdout, grant->value);
        printf(",\"granted\":%s", grant_is_given(options, grants, grant) ? "true" : "false");
        problems_print_place_json(grant->where.file, grant->where.line, grant->where.column);
        fputc('}', stdout);
    }
    fputc(']', stdout);
}
