/* From the command line to a plan: the description is evaluated, what it asks for compared with the grants, planned. */
#include "tools/esquema/prepare.h"

#include <stdlib.h>
#include "tools/esquema/describe.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/grants.h"

int prepare_fail(const struct options *options, const esq_error *error)
{
    if (options->status_fd >= 0)
        esq_status_write_failed(options->status_fd, error);
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

/* What the command line says about the container itself. */
static bool set_options(const struct options *options, int terminal, esq_spec *spec, esq_error *ret_error)
{
    bool is_good = set_terminal(spec, terminal, ret_error);
    if (is_good && options->name)
        is_good = esq_spec_set(spec, "name", options->name, NULL, ret_error) == 0;
    if (is_good && options->terminal)
        is_good = esq_spec_set(spec, "terminal", "yes", NULL, ret_error) == 0;
    if (is_good && options->verify)
        is_good = esq_spec_set(spec, "rootfs-verify", "yes", NULL, ret_error) == 0;
    if (!is_good)
        failure_show_error(ret_error);
    return is_good;
}

bool prepare_plan(const struct options *options, int terminal, esq_plan **ret_plan, esq_error *ret_error)
{
    esq_spec *spec;
    if (!describe_file(options, &spec, ret_error))
        return false;
    if (!grants_check(spec, options, ret_error) || !set_options(options, terminal, spec, ret_error)) {
        esq_spec_free(spec);
        return false;
    }
    int result = esq_plan_build(spec, ret_plan, ret_error);
    esq_spec_free(spec);
    if (result < 0) {
        failure_show_error(ret_error);
        return false;
    }
    if (options->explain)
        prepare_explain(*ret_plan);
    return true;
}
