/* esquema plan and esquema check: what would be done, and what is wrong; neither touches anything. */
#include <stdlib.h>
#include <string.h>
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/esquema/describe.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/grants.h"

enum { PROBLEMS_MAX = 256 };

/* --- pieces of JSON --- */

static void print_place(const char *file, unsigned line, unsigned column)
{
    if (!line)
        return;
    fputs(",\"file\":", stdout);
    json_print_string(stdout, file ? file : "");
    printf(",\"line\":%u,\"column\":%u", line, column);
}

static void print_grants_json(const struct grants *grants, const struct options *options)
{
    fputs("\"grants\":[", stdout);
    for (size_t i = 0; i < grants->count; i++) {
        const esq_grant *grant = &grants->items[i];
        fputs(i ? ",{\"flag\":" : "{\"flag\":", stdout);
        json_print_string(stdout, grant->flag);
        fputs(",\"value\":", stdout);
        json_print_string(stdout, grant->value);
        printf(",\"granted\":%s", grant_is_given(options, grants, grant) ? "true" : "false");
        print_place(grant->where.file, grant->where.line, grant->where.column);
        fputc('}', stdout);
    }
    fputc(']', stdout);
}

static void print_problem_json(const esq_error *error)
{
    fputs("{\"message\":", stdout);
    json_print_string(stdout, error->text);
    if (*error->remedy) {
        fputs(",\"remedy\":", stdout);
        json_print_string(stdout, error->remedy);
    }
    print_place(error->file, error->line, error->column);
    fputc('}', stdout);
}

static void print_grants_text(const struct grants *grants, const struct options *options)
{
    if (grants->count == 0) {
        puts("grants: none are needed");
        return;
    }
    puts("grants:");
    for (size_t i = 0; i < grants->count; i++) {
        const esq_grant *grant = &grants->items[i];
        printf("     --allow %s=", grant->flag);
        report_text(stdout, grant->value);
        if (grant->where.line) {
            fputs("  [", stdout);
            report_text(stdout, grant->where.file ? grant->where.file : "");
            printf(":%u:%u]", grant->where.line, grant->where.column);
        }
        puts(grant_is_given(options, grants, grant) ? "  (given)" : "");
    }
}

/* --- plan --- */

static int show_error(const esq_error *error)
{
    failure_show_error(error);
    return error->exit_status ? error->exit_status : ESQ_EXIT_SETUP;
}

static int print_plan(const struct options *options, const esq_plan *plan, const struct grants *grants)
{
    ssize_t length = esq_plan_print(plan, options->format, NULL, 0);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!text || esq_plan_print(plan, options->format, text, (size_t)length + 1) != length) {
        free(text);
        esq_error error = failure_make("out of memory");
        return show_error(&error);
    }
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    switch (options->format) {
    case ESQ_FORMAT_TEXT:
        puts(text);
        print_grants_text(grants, options);
        break;
    case ESQ_FORMAT_JSON:
        fputs("{\"version\":1,", stdout);
        print_grants_json(grants, options);
        printf(",\"plan\":%s}\n", text);
        break;
    }
    free(text);
    return 0;
}

static int plan_one(const struct options *options, esq_spec *spec)
{
    esq_plan *plan = NULL;
    esq_error error = { 0 };
    struct grants grants = { 0 };
    int status = ESQ_EXIT_SETUP;
    if (esq_plan_build(spec, &plan, &error) < 0)
        status = show_error(&error);
    else if (grants_ask(spec, &grants, &error))
        status = print_plan(options, plan, &grants);
    grants_done(&grants);
    esq_plan_free(plan);
    return status;
}

int command_plan(const struct options *options)
{
    return describe_all(options, plan_one);
}

/* --- check --- */

static size_t find_problems(const esq_spec *spec, esq_error problems[PROBLEMS_MAX])
{
    size_t count = esq_spec_check(spec, problems, PROBLEMS_MAX);
    esq_plan *plan = NULL;
    if (count > PROBLEMS_MAX)
        return PROBLEMS_MAX;
    if (count == 0 && esq_plan_build(spec, &plan, &problems[0]) < 0)
        count = 1;
    esq_plan_free(plan);
    return count;
}

static void print_check(const struct options *options, const esq_error *problems, size_t count,
                        const struct grants *grants)
{
    switch (options->format) {
    case ESQ_FORMAT_TEXT:
        for (size_t i = 0; i < count; i++)
            failure_show_error(&problems[i]);
        if (count == 0) {
            printf("%s: right, and this host can carry it out\n", options->file);
            print_grants_text(grants, options);
        }
        break;
    case ESQ_FORMAT_JSON:
        fputs("{\"version\":1,\"problems\":[", stdout);
        for (size_t i = 0; i < count; i++) {
            if (i)
                fputc(',', stdout);
            print_problem_json(&problems[i]);
        }
        fputs("],", stdout);
        print_grants_json(grants, options);
        fputs("}\n", stdout);
        break;
    }
}

static int check_one(const struct options *options, esq_spec *spec)
{
    esq_error error = { 0 };
    struct grants grants = { 0 };
    int status = ESQ_EXIT_SETUP;
    esq_error *problems = calloc(PROBLEMS_MAX, sizeof *problems);
    if (problems) {
        size_t count = find_problems(spec, problems);
        if (count > 0 || grants_ask(spec, &grants, &error)) {
            print_check(options, problems, count, &grants);
            status = count == 0 ? 0 : ESQ_EXIT_SETUP;
        }
    }
    free(problems);
    grants_done(&grants);
    return status;
}

int command_check(const struct options *options)
{
    struct bridge_services services;
    esq_error error = { 0 };
    const struct grants none = { 0 };
    if (!describe_services(options, &services, &error)) {
        if (options->format == ESQ_FORMAT_JSON)
            print_check(options, &error, 1, &none);
        return ESQ_EXIT_SETUP;
    }
    int status = describe_each(options, &services, check_one);
    bridge_services_done(&services);
    return status;
}
