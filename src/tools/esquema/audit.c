/* esquema audit: what the described container could still do, with a figure. Starts nothing. */
#include <stdlib.h>
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/esquema/describe.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/problems.h"

enum { FINDINGS_MAX = 512, WORST = 100 };

static const char *word_of(unsigned score)
{
    return score <= 10 ? "closed" : score <= 30 ? "guarded" : score <= 60 ? "exposed" : "open";
}

static void print_text(const struct options *options, const esq_finding *findings, size_t count, unsigned score)
{
    puts("exposure  area          what it could do");
    for (size_t i = 0; i < count; i++) {
        printf("%5u.%u   %-13s ", findings[i].exposure / 10, findings[i].exposure % 10, findings[i].area);
        report_text(stdout, findings[i].text);
        if (findings[i].line) {
            fputs("  [", stdout);
            report_text(stdout, findings[i].file);
            printf(":%u:%u]", findings[i].line, findings[i].column);
        }
        putchar('\n');
    }
    printf("%5u.%u   of 10: ", score / 10, score % 10);
    report_text(stdout, options->file);
    printf(" is %s\n", word_of(score));
}

static void print_json(const esq_finding *findings, size_t count, unsigned score)
{
    printf(",\"exposure\":%u.%u,\"word\":\"%s\",\"findings\":[", score / 10, score % 10, word_of(score));
    for (size_t i = 0; i < count; i++) {
        printf("%s{\"area\":\"%s\",\"exposure\":%u.%u,\"text\":", i ? "," : "", findings[i].area,
               findings[i].exposure / 10, findings[i].exposure % 10);
        json_print_string(stdout, findings[i].text);
        problems_print_place_json(findings[i].file, findings[i].line, findings[i].column);
        putchar('}');
    }
    putchar(']');
}

/* What would be said where nothing could be planned. */
static void print_nothing(void)
{
    fputs(",\"exposure\":null,\"word\":null,\"findings\":[]", stdout);
}

static int audit(const struct options *options, const esq_spec *spec, const esq_plan *plan)
{
    esq_finding *findings = calloc(FINDINGS_MAX, sizeof *findings);
    if (!findings) {
        esq_error error = failure_make("out of memory");
        failure_show_error(&error);
        return ESQ_EXIT_SETUP;
    }
    size_t count = esq_audit(spec, plan, findings, FINDINGS_MAX);
    unsigned score = 0;
    if (count > FINDINGS_MAX)
        count = FINDINGS_MAX;
    for (size_t i = 0; i < count; i++)
        score += findings[i].exposure;
    if (score > WORST)
        score = WORST;
    switch (options->format) {
    case ESQ_FORMAT_TEXT: print_text(options, findings, count, score); break;
    case ESQ_FORMAT_JSON: print_json(findings, count, score); break;
    }
    free(findings);
    return 0;
}

static int audit_one(const struct options *options, esq_spec *spec)
{
    esq_plan *plan;
    struct problems problems;
    if (!problems_find(spec, &problems, &plan))
        return ESQ_EXIT_SETUP;
    int status = problems.count > 0 ? ESQ_EXIT_SETUP : 0;
    if (options->format == ESQ_FORMAT_JSON)
        problems_print_json(problems.list, problems.count);
    else
        problems_show(&problems);
    if (plan)
        status = audit(options, spec, plan) ? ESQ_EXIT_SETUP : status;
    else if (options->format == ESQ_FORMAT_JSON)
        print_nothing();
    problems_done(&problems);
    esq_plan_free(plan);
    return status;
}

static void print_no_audit(const esq_error *error)
{
    problems_print_json(error, 1);
    print_nothing();
}

int command_audit(const struct options *options)
{
    return describe_all(options, audit_one, print_no_audit);
}
