/* schooner expand, stages and surface: what becomes of a program, and what programs may use. */
#include <stdlib.h>
#include <string.h>
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/schooner/world.h"

static bool write_text(void *data, const char *bytes, size_t length)
{
    bool *is_silent = data;
    *is_silent = false;
    return fwrite(bytes, 1, length, stdout) == length;
}

/* Macros are a stranger's code, whatever the posture: without limits of its own, an expansion has those of eval. */
static sch_vm *new_machine(const struct world *world)
{
    struct sch_limits limits = options_limits(world->options, SCH_POSTURE_EVAL);
    sch_vm *vm = sch_vm_new(world->env, &limits);
    if (!vm)
        fputs("schooner: no memory for a machine within the heap limit (an empty one needs up to 64K)\n", stderr);
    return vm;
}

static int show(const struct options *options, size_t count, const enum sch_stage *stages, const char *const *titles)
{
    struct world world = { .options = options, .posture = options_posture(options, SCH_POSTURE_RUN) };
    const char *file = options->expression ? NULL : options->args[0];
    struct source_file source;
    if (!world_source(file, options, &source))
        return STATUS_ERROR;
    int status = STATUS_USAGE;
    if (world_open(&world, file)) {
        sch_vm *vm = new_machine(&world);
        bool is_silent = true;
        enum sch_status shown = vm ? SCH_OK : SCH_LIMIT;
        for (size_t i = 0; i < count && shown == SCH_OK; i++) {
            if (titles)
                printf("%s;; --- %s\n", i ? "\n" : "", titles[i]);
            shown = sch_show_stage(vm, source.source, stages[i], write_text, &is_silent);
        }
        if (shown == SCH_OK && is_silent && stages[0] == SCH_STAGE_STEPS)
            fputs("schooner expand: no macro is used; derived forms such as `when` are the engine's own\n", stderr);
        if (vm && shown != SCH_OK) {
            fflush(stdout);
            report_failure(stderr, sch_failure(vm), source.source.name);
        }
        status = shown == SCH_OK ? STATUS_OK : shown == SCH_LIMIT ? STATUS_LIMIT : STATUS_ERROR;
        sch_vm_free(vm);
        world_close(&world);
    }
    source_file_done(&source);
    return status;
}

int command_expand(const struct options *options)
{
    const enum sch_stage stage = options->once ? SCH_STAGE_ONCE : options->trace ? SCH_STAGE_STEPS : SCH_STAGE_SOURCE;
    if (options->once && options->trace) {
        fputs("schooner expand: --once shows one step, --trace all of them: not both\n", stderr);
        return STATUS_USAGE;
    }
    return show(options, 1, &stage, NULL);
}

int command_stages(const struct options *options)
{
    static const enum sch_stage stages[] = { SCH_STAGE_DATUM, SCH_STAGE_CORE, SCH_STAGE_CODE };
    static const char *const titles[] = { "datum: what the reader makes of the text",
                                          "core: expanded, every name resolved", "code: compiled" };
    return show(options, 3, stages, titles);
}

/* --- surface ----------------------------------------------------------------------------------------------------- */

struct listing {
    bool json;
    size_t count;
    const char *library; /* of the binding before */
};

static const char *kind_name(enum sch_surface_kind kind)
{
    switch (kind) {
    case SCH_SURFACE_SYNTAX: return "syntax";
    case SCH_SURFACE_PROCEDURE: return "procedure";
    case SCH_SURFACE_VALUE: return "value";
    }
    return "value";
}

static void list_json(struct listing *listing, const struct sch_surface *binding)
{
    fputs(listing->count ? ",\n  " : "\n  ", stdout);
    fputs("{\"library\":", stdout);
    if (binding->library)
        json_print_string(stdout, binding->library);
    else
        fputs("null", stdout);
    fputs(",\"name\":", stdout);
    json_print_string(stdout, binding->name);
    printf(",\"kind\":\"%s\"", kind_name(binding->kind));
    if (binding->arity_known) {
        printf(",\"min_args\":%d", binding->min_args);
        if (binding->max_args >= 0)
            printf(",\"max_args\":%d", binding->max_args);
        else
            fputs(",\"max_args\":null", stdout);
    }
    if (binding->usage) {
        fputs(",\"usage\":", stdout);
        json_print_string(stdout, binding->usage);
    }
    if (binding->doc) {
        fputs(",\"doc\":", stdout);
        json_print_string(stdout, binding->doc);
    }
    fputc('}', stdout);
}

/* A cell of a table: a bar would end it. */
static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            putchar('\\');
        putchar(*text == '\n' ? ' ' : *text);
    }
}

static void list_markdown(struct listing *listing, const struct sch_surface *binding)
{
    const char *library = binding->library ? binding->library : "In every program";
    if (!listing->library || strcmp(listing->library, library) != 0)
        printf("%s## %s\n\n| name | kind | arguments | |\n| --- | --- | --- | --- |\n", listing->count ? "\n" : "",
               library);
    listing->library = library;
    fputs("| `", stdout);
    print_cell(binding->name);
    printf("` | %s | ", kind_name(binding->kind));
    if (binding->arity_known && binding->max_args < 0)
        printf("%d or more", binding->min_args);
    else if (binding->arity_known && binding->min_args != binding->max_args)
        printf("%d to %d", binding->min_args, binding->max_args);
    else if (binding->arity_known)
        printf("%d", binding->min_args);
    fputs(" | ", stdout);
    if (binding->usage) {
        putchar('`');
        print_cell(binding->usage);
        fputs("`: ", stdout);
    }
    print_cell(binding->doc ? binding->doc : "");
    fputs(" |\n", stdout);
}

static bool list(void *data, const struct sch_surface *binding)
{
    struct listing *listing = data;
    if (listing->json)
        list_json(listing, binding);
    else
        list_markdown(listing, binding);
    listing->count++;
    return true;
}

int command_surface(const struct options *options)
{
    struct world world = { .options = options, .posture = options_posture(options, SCH_POSTURE_EVAL) };
    struct listing listing = { .json = options->format == FORMAT_JSON };
    if (options->format == FORMAT_TEXT) {
        fputs("schooner surface: --format is markdown or json\n", stderr);
        return STATUS_USAGE;
    }
    if (!world_open(&world, NULL))
        return STATUS_USAGE;
    if (listing.json)
        fputs("{\"version\":1,\"bindings\":[", stdout);
    sch_surface(world.env, list, &listing);
    if (listing.json)
        puts("\n]}");
    world_close(&world);
    return STATUS_OK;
}
