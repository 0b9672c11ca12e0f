/* From the command line to a plan: the description is evaluated, what it asks for compared with the grants, planned. */
#include "tools/esquema/prepare.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/esquema/describe.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/grants.h"

struct options prepare_report(const struct options *options)
{
    struct options own = *options;
    if (options->format == ESQ_FORMAT_JSON && options->status_fd < 0)
        own.report_fd = STDERR_FILENO;
    return own;
}

int prepare_fail(const struct options *options, const esq_error *error)
{
    esq_error told = *error;
    told.exit_status = prepare_status(error);
    if (options->report_fd >= 0)
        esq_status_write_failed(options->report_fd, &told);
    return told.exit_status;
}

int prepare_status(const esq_error *error)
{
    return error->exit_status ? error->exit_status : ESQ_EXIT_SETUP;
}

void prepare_explain(const esq_plan *plan)
{
    ssize_t length = esq_plan_print(plan, ESQ_FORMAT_TEXT, NULL, 0);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text && esq_plan_print(plan, ESQ_FORMAT_TEXT, text, (size_t)length + 1) == length)
        fputs(text, stderr);
    free(text);
}

static bool set_terminal(esq_spec *spec, int terminal, esq_error *ret_error)
{
    static const char *const streams[] = { "stdin", "stdout", "stderr" };
    bool is_good = true;
    for (size_t i = 0; i < 3 && is_good && terminal >= 0; i++)
        is_good = esq_spec_set_fd(spec, streams[i], terminal, NULL, ret_error) == 0;
    return is_good;
}

bool prepare_preserve(const struct options *options, esq_spec *spec, esq_error *ret_error)
{
    int outside, inside;
    for (size_t i = 0; i < options->preserve_fds.count; i++)
        if (!options_read_kept(options->preserve_fds.items[i], &outside, &inside) ||
            esq_spec_add_fd(spec, "keep", outside, inside, NULL, ret_error) < 0)
            return false;
    return true;
}

/* Programs at a terminal want to know of which kind it is. The description may say it. */
static bool set_terminal_kind(esq_spec *spec, esq_error *ret_error)
{
    const char *kind = getenv("TERM");
    const char *const *words;
    for (size_t i = 0; esq_spec_get(spec, "environment", i, &words, NULL) > 0; i++)
        if (strcmp(words[0], "TERM") == 0)
            return true;
    const char *const entry[] = { "TERM", kind };
    return !kind || esq_spec_add(spec, "environment", entry, 2, NULL, ret_error) == 0;
}

/* What the command line says about the container itself. */
static bool set_options(const struct options *options, int terminal, esq_spec *spec, esq_error *ret_error)
{
    bool is_good = set_terminal(spec, terminal, ret_error) && prepare_preserve(options, spec, ret_error);
    if (is_good && options->name)
        is_good = esq_spec_set(spec, "name", options->name, NULL, ret_error) == 0;
    if (is_good && options->terminal)
        is_good = esq_spec_set(spec, "terminal", "yes", NULL, ret_error) == 0 && set_terminal_kind(spec, ret_error);
    bool is_heard = options->ready ? strcmp(options->ready, "notify") == 0 : options->wait;
    if (is_good && is_heard)
        is_good = esq_spec_set(spec, "notify", "yes", NULL, ret_error) == 0;
    if (is_good && options->verify)
        is_good = esq_spec_set(spec, "rootfs-verify", "yes", NULL, ret_error) == 0;
    if (!is_good)
        failure_tell(options->failures, ret_error);
    return is_good;
}

/* What is described and granted, as the command line wants it. *ret_missing is what was not granted. */
static bool prepare_spec(const struct options *options, int terminal, struct prepared *ret, struct grants *ret_missing,
                         esq_error *ret_error)
{
    struct grants grants = { 0 };
    *ret_missing = grants;
    if (!describe_file(options, &ret->spec, ret_error))
        return false;
    bool is_granted = grants_check(ret->spec, options, &grants, ret_error);
    grants_warn_unasked(options, &grants, 1);
    if (!is_granted) {
        *ret_missing = grants;
        return false;
    }
    ret->grants = grants;
    return set_options(options, terminal, ret->spec, ret_error);
}

bool prepare_plan(const struct options *options, int terminal, struct prepared *ret, esq_error *ret_error)
{
    struct grants missing;
    *ret = (struct prepared){ .spec = NULL };
    bool is_good = prepare_spec(options, terminal, ret, &missing, ret_error);
    if (is_good && esq_plan_build(ret->spec, &ret->plan, ret_error) < 0) {
        failure_tell(options->failures, ret_error);
        is_good = false;
    }
    if (!is_good && options->report_fd >= 0)
        esq_status_write_refused(options->report_fd, ret_error, missing.items, missing.count);
    grants_done(&missing);
    if (is_good && options->explain)
        prepare_explain(ret->plan);
    return is_good;
}

void prepare_done(struct prepared *prepared)
{
    esq_plan_free(prepared->plan);
    grants_done(&prepared->grants);
    esq_spec_free(prepared->spec);
}
