/*
 * Every description of a stranger is a specification or refused, and the specification is checked, asked for its
 * grants, planned, printed and audited without harm; nothing is started. The input is the text of a description.
 */
#include <errno.h>
#include <limits.h>
#include "bridge/bridge.h"
#include "harness.h"

static const char *const libraries[] = { "(scheme base)", "(esquema container)", "(esquema policy)",
                                         "(esquema service)", NULL };

enum { PROBLEMS = 4 };

static void print_plan(const esq_plan *plan)
{
    for (int format = ESQ_FORMAT_TEXT; format <= ESQ_FORMAT_JSON; format++) {
        ssize_t length = esq_plan_print(plan, format, NULL, 0);
        fuzz_check(length > 0);
        char *text = malloc((size_t)length + 1);
        fuzz_check(text && esq_plan_print(plan, format, text, (size_t)length + 1) == length);
        fuzz_check(strlen(text) == (size_t)length);
        if (format == ESQ_FORMAT_JSON)
            fuzz_check_json(text, (size_t)length);
        free(text);
    }
}

static void plan(esq_spec *spec)
{
    esq_error problems[PROBLEMS];
    esq_grant grants[PROBLEMS];
    esq_finding findings[PROBLEMS];
    unsigned char hash[32], again[32];
    char text[64];
    size_t count = esq_spec_check(spec, problems, PROBLEMS);
    for (size_t i = 0; i < count && i < PROBLEMS; i++)
        fuzz_check(esq_error_print(&problems[i], text, sizeof text) > 0);
    ssize_t granted = esq_spec_grants(spec, grants, PROBLEMS);
    fuzz_check(granted >= 0 || count > 0);
    fuzz_check(esq_spec_hash(spec, hash) == 0 && esq_spec_hash(spec, again) == 0 && memcmp(hash, again, 32) == 0);

    esq_plan *built = NULL, *surveyed = NULL;
    esq_error error = { 0 };
    size_t missing = esq_plan_survey(spec, &surveyed, problems, PROBLEMS);
    int result = esq_plan_build(spec, &built, &error);
    fuzz_check((result == 0) == (built != NULL));
    fuzz_check(missing >= count && (count == 0 || result == -EINVAL));
    fuzz_check(result == 0 || (missing > 0 && *error.text));
    if (surveyed) {
        print_plan(surveyed);
        esq_audit(spec, surveyed, findings, PROBLEMS);
    }
    esq_plan_free(surveyed);
    esq_plan_free(built);
}

static void describe(sch_value value)
{
    static char folder[PATH_MAX]; /* with something in it that a description can name */
    fuzz_check(*folder || realpath("fuzz", folder) || realpath(".", folder));
    const struct bridge_paths paths = { .base = folder, .folder = folder, .file = "input", .runtime = "/nowhere" };
    esq_error error = { 0 };
    struct bridge_services services;
    esq_spec *spec;
    if (bridge_is_container(value)) {
        if (bridge_spec_of(value, &paths, &spec, &error) == 0) {
            plan(spec);
            esq_spec_free(spec);
        } else {
            fuzz_check(*error.text);
        }
    } else if (bridge_is_services(value)) {
        if (bridge_services_of(value, &paths, &services, &error) == 0) {
            for (size_t i = 0; i < services.count; i++)
                plan(services.items[i].spec);
            bridge_services_done(&services);
        } else {
            fuzz_check(*error.text);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sch_env *env;
    if (!env)
        env = fuzz_env_new((struct sch_env_options){ .menu = libraries, .pre_imports = libraries });
    int before = fuzz_next_descriptor();
    struct sch_limits limits = fuzz_limits();
    sch_vm *vm = sch_vm_new(env, &limits);
    fuzz_check(vm);
    sch_value value;
    struct sch_source source = { .name = "input", .text = (const char *)data, .length = size };
    enum sch_status status = sch_eval(vm, source, &value);
    if (status == SCH_OK)
        describe(value);
    else if (status == SCH_ERROR)
        bridge_condition_place(sch_raised(vm), &(esq_location){ 0 });
    sch_vm_free(vm);
    fuzz_check(fuzz_next_descriptor() == before);
    return 0;
}
