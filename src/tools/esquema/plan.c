/* esquema plan and esquema check: what would be done, and what is wrong; neither touches anything. */
#include <stdlib.h>
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/esquema/describe.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/problems.h"
#include "tools/esquema/specification.h"

/* What both find out of one specification. */
struct findings {
    struct problems problems;
    struct grants grants;
    esq_plan *plan; /* NULL: nothing could be planned */
    unsigned char hash[32];
};

static bool find(esq_spec *spec, const struct options *options, struct findings *ret)
{
    *ret = (struct findings){ .plan = NULL };
    if (!problems_find(spec, &ret->problems, &ret->plan))
        return false;
    problems_ask_grants(spec, options, &ret->grants);
    esq_spec_hash(spec, ret->hash);
    return true;
}

static int findings_done(struct findings *findings)
{
    int status = findings->problems.count == 0 ? 0 : ESQ_EXIT_SETUP;
    problems_done(&findings->problems);
    grants_done(&findings->grants);
    esq_plan_free(findings->plan);
    return status;
}

static void print_grants(const struct grants *grants, const struct options *options)
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

/* --- what is missing --- */

/* What a start would do without; each limit and wall has one such line at most. */
enum { MISSING_MAX = 64 };

/* "missing":[...] */
static void print_missing_json(const esq_plan *plan)
{
    esq_missing missing[MISSING_MAX];
    size_t count = plan ? esq_plan_missing(plan, missing, MISSING_MAX) : 0;
    fputs("\"missing\":[", stdout);
    for (size_t i = 0; i < count && i < MISSING_MAX; i++) {
        fputs(i ? ",{\"name\":" : "{\"name\":", stdout);
        json_print_string(stdout, missing[i].name);
        fputs(",\"text\":", stdout);
        json_print_string(stdout, missing[i].text);
        fputc('}', stdout);
    }
    fputc(']', stdout);
}

/* --- plan --- */

/* NULL: there is no memory. To be freed. */
static char *plan_text(const esq_plan *plan, enum esq_format format)
{
    ssize_t length = esq_plan_print(plan, format, NULL, 0);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!text || esq_plan_print(plan, format, text, (size_t)length + 1) != length) {
        free(text);
        return NULL;
    }
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    return text;
}

static void print_plan(const struct options *options, const struct findings *found, const char *text)
{
    switch (options->format) {
    case ESQ_FORMAT_TEXT:
        problems_show(&found->problems);
        if (text) {
            fputs("specification: ", stdout);
            specification_print_hash(found->hash, stdout);
            putchar('\n');
            puts(text);
        }
        if (text || found->grants.count > 0)
            print_grants(&found->grants, options);
        break;
    case ESQ_FORMAT_JSON:
        problems_print_json(found->problems.list, found->problems.count);
        fputc(',', stdout);
        problems_print_grants_json(&found->grants, options);
        fputs(",\"hash\":\"", stdout);
        specification_print_hash(found->hash, stdout);
        fputs("\",", stdout);
        print_missing_json(found->plan);
        printf(",\"plan\":%s", text ? text : "null");
        break;
    }
}

static int plan_one(const struct options *options, esq_spec *spec)
{
    struct findings found;
    if (!find(spec, options, &found))
        return ESQ_EXIT_SETUP;
    char *text = found.plan ? plan_text(found.plan, options->format) : NULL;
    print_plan(options, &found, text);
    free(text);
    return findings_done(&found);
}

static void print_no_plan(const esq_error *error)
{
    problems_print_json(error, 1);
    fputs(",\"grants\":[],\"missing\":[],\"plan\":null", stdout);
}

int command_plan(const struct options *options)
{
    return describe_all(options, plan_one, print_no_plan);
}

/* --- check --- */

static void print_right(const struct options *options, const esq_plan *plan)
{
    esq_missing missing[MISSING_MAX];
    size_t count = plan ? esq_plan_missing(plan, missing, MISSING_MAX) : 0;
    report_text(stdout, options->file);
    puts(count == 0 ? ": right, and this host can carry it out"
                    : ": right, and this host can carry it out, but for what is excused");
    if (count > 0)
        puts("missing:");
    for (size_t i = 0; i < count && i < MISSING_MAX; i++)
        printf("     %s: %s\n", missing[i].name, missing[i].text);
}

static int check_one(const struct options *options, esq_spec *spec)
{
    struct findings found;
    if (!find(spec, options, &found))
        return ESQ_EXIT_SETUP;
    switch (options->format) {
    case ESQ_FORMAT_TEXT:
        problems_show(&found.problems);
        if (found.problems.count == 0)
            print_right(options, found.plan);
        if (found.problems.count == 0 || found.grants.count > 0)
            print_grants(&found.grants, options);
        break;
    case ESQ_FORMAT_JSON:
        problems_print_json(found.problems.list, found.problems.count);
        fputc(',', stdout);
        problems_print_grants_json(&found.grants, options);
        fputc(',', stdout);
        print_missing_json(found.plan);
        break;
    }
    return findings_done(&found);
}

static void print_no_grants(const esq_error *error)
{
    problems_print_json(error, 1);
    fputs(",\"grants\":[],\"missing\":[]", stdout);
}

int command_check(const struct options *options)
{
    return describe_all(options, check_one, print_no_grants);
}
