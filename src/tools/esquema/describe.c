/*
 * Evaluates a description behind the inner wall: nothing in scope but (scheme base) and the libraries that describe,
 * every limit in force. Its value becomes a specification; then the engine is closed.
 */
#include "tools/common/report.h"
#include "tools/esquema/describe.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "base/plain.h"
#include "tools/common/files.h"
#include "tools/common/json.h"
#include "tools/esquema/failure.h"

enum { NAME_MAX_LENGTH = 256 };

static const char *const libraries[] = {
    "(scheme base)", "(esquema container)", "(esquema policy)", "(esquema service)", "(esquema parameters)", NULL,
};

/* Fuel, so that the same description is refused on every machine; the clock is for what fuel cannot see. */
const struct sch_limits describe_limits = {
    .size = sizeof describe_limits,
    .fuel = 100 * 1000 * 1000,
    .heap = 64 << 20,
    .timeout_ns = 5000000000u,
    .output = 1 << 16,
};

/* What a description prints is a remark, not its result: to standard error, without what moves a terminal's cursor. */
static bool write_remark(void *data, const char *bytes, size_t length)
{
    (void)data;
    for (size_t i = 0, step; i < length; i += step) {
        char character[5] = "";
        memcpy(character, bytes + i, length - i < 4 ? length - i : 4);
        if (!*character)
            step = 1;
        else if (plain_character(character, &step) || *character == '\n')
            fwrite(character, 1, step, stderr);
        else
            fputc('?', stderr);
    }
    return true;
}

struct description {
    const struct options *options;
    bool takes_services;
    bool are_services; /* and not a container alone: known when it has been evaluated */
    struct source_file file;
    char folder[PATH_MAX]; /* real, of the description's file */
};

static bool refuse(const struct description *description, esq_error *ret_error, esq_error error)
{
    failure_tell(description->options->failures, &error);
    *ret_error = error;
    return false;
}

/* ("folder" "/inside") alone, or ("NAME=value") in an environment. */
static bool is_text_called(const struct sch_failure *failure)
{
    return failure->message && strncmp(failure->message, "expected a procedure, got \"", 27) == 0;
}

/* The evaluation has failed. */
static bool refuse_program(const struct description *description, sch_vm *vm, esq_error *ret_error)
{
    struct sch_source source = description->file.source;
    const char *kind = sch_failure(vm)->kind ? sch_failure(vm)->kind : "";
    char remedy[ESQ_ERROR_REMEDY] = "";
    if (strcmp(kind, "library-not-found") == 0)
        snprintf(remedy, sizeof remedy,
                 "a description can only describe; a program that you trust is run by: esquema %s", source.name);
    if (strcmp(kind, "unbound-variable") == 0)
        snprintf(remedy, sizeof remedy,
                 "a description knows no such word; if a text is meant, write it in quotes: (name \"hello\")");
    if (is_text_called(sch_failure(vm)))
        snprintf(remedy, sizeof remedy,
                 "what stands first in parentheses is a word, such as (bind \"folder\" \"/inside\"); a variable of the "
                 "environment is a pair: (\"NAME\" \"value\")");
    if (sch_failure(vm)->status == SCH_LIMIT)
        snprintf(remedy, sizeof remedy,
                 "a description may use " DESCRIBE_LIMITS "; a program that you trust has no such limits: esquema %s",
                 source.name);
    failure_to_error(vm, source, ret_error);
    if (*remedy)
        memcpy(ret_error->remedy, remedy, sizeof remedy);
    if (description->options->failures) {
        failure_tell(description->options->failures, ret_error);
        return false;
    }
    failure_show(vm, source);
    if (*remedy) {
        fputs("remedy: ", stderr);
        report_text(stderr, remedy);
        fputc('\n', stderr);
    }
    return false;
}

static bool open_description(struct description *description, esq_error *ret_error)
{
    const char *path = description->options->file;
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";
    if (slash && (size_t)(slash - path) < sizeof folder - 1) {
        memcpy(folder, path, (size_t)(slash - path) + 1); /* "/" stays "/" */
        folder[slash - path + 1] = '\0';
    }
    if (!source_file_read(path, &description->file))
        return refuse(description, ret_error, failure_make_kernel(errno, path));
    if (!realpath(folder, description->folder))
        return refuse(description, ret_error, failure_make_kernel(errno, folder));
    return true;
}

/* The value of the program, or of what it defined last. */
static enum sch_status evaluate(sch_vm *vm, struct sch_source source, sch_value *ret)
{
    char name[NAME_MAX_LENGTH];
    enum sch_status status = sch_eval(vm, source, ret);
    if (status != SCH_OK || bridge_is_container(*ret) || bridge_is_services(*ret) ||
        sch_kind_of(*ret) != SCH_KIND_UNSPECIFIED ||
        !describe_last_definition(source.text, source.length, name, sizeof name))
        return status;
    struct sch_source again = { source.name, name, strlen(name) };
    return sch_eval(vm, again, ret);
}

static const char *describe_kind(sch_value value)
{
    switch (sch_kind_of(value)) {
    case SCH_KIND_NIL:
    case SCH_KIND_PAIR: return "a list";
    case SCH_KIND_UNSPECIFIED: return "nothing";
    case SCH_KIND_EOF: return "an end of file";
    case SCH_KIND_BOOLEAN: return "a boolean";
    case SCH_KIND_INTEGER:
    case SCH_KIND_NUMBER: return "a number";
    case SCH_KIND_CHARACTER: return "a character";
    case SCH_KIND_STRING: return "a string";
    case SCH_KIND_SYMBOL:
    case SCH_KIND_KEYWORD: return "a name";
    case SCH_KIND_VECTOR:
    case SCH_KIND_BYTEVECTOR: return "a vector";
    case SCH_KIND_PROCEDURE: return "a procedure";
    case SCH_KIND_RECORD: return "another record";
    case SCH_KIND_CONDITION: return "an error object";
    case SCH_KIND_FOREIGN:
    case SCH_KIND_OTHER: break;
    }
    return "something else";
}

static bool check_parameters(const struct description *description, esq_error *ret_error)
{
    const struct options *options = description->options;
    for (size_t i = 0; i < options->parameters.count; i++) {
        const struct bridge_parameter *item = &options->parameters.items[i];
        if (!item->is_used)
            return refuse(description, ret_error,
                          failure_make("%s does not ask for the parameter `%.*s`", options->file,
                                       (int)strcspn(item->text, "="), item->text));
    }
    return true;
}

/* A single container as the only service; its name stays its own. */
static int convert_container(sch_value value, const struct bridge_paths *paths, struct bridge_services *ret,
                             esq_error *ret_error)
{
    *ret = (struct bridge_services){ .count = 0 };
    arena_init(&ret->arena, &memory_malloc);
    ret->items = arena_array(&ret->arena, 1, sizeof *ret->items);
    if (!ret->items) {
        *ret_error = failure_make("out of memory");
        return -ENOMEM;
    }
    const char *type, *name;
    const sch_value *fields;
    size_t count, length;
    ret->count = 1;
    if (sch_get_record(value, &type, &fields, &count) && count > 0 && sch_get_text(fields[0], &name, &length))
        ret->items->name = arena_copy(&ret->arena, name, length);
    if (!ret->items->name)
        ret->items->name = "";
    int result = bridge_spec_of(value, paths, &ret->items->spec, ret_error);
    if (result < 0)
        bridge_services_done(ret);
    return result;
}

static bool convert(struct description *description, sch_vm *vm, struct bridge_services *ret, esq_error *ret_error)
{
    struct sch_source source = description->file.source;
    sch_value value;
    if (evaluate(vm, source, &value) != SCH_OK)
        return refuse_program(description, vm, ret_error);
    bool are_services = description->are_services = bridge_is_services(value);
    if (are_services && !description->takes_services)
        return refuse(description, ret_error,
                      failure_make("%s describes services; start them with `esquema up`", source.name));
    if (!are_services && !bridge_is_container(value))
        return refuse(description, ret_error,
                      failure_make("the value of %s must be a container%s, and is %s", source.name,
                                   description->takes_services ? ", or services" : "", describe_kind(value)));
    char *kept = bridge_data_folder();
    const struct bridge_paths paths = {
        .base = description->folder,
        .data = kept,
        .runtime = bridge_runtime_folder(),
        .folder = description->folder,
        .file = source.name,
    };
    int result = are_services ? bridge_services_of(value, &paths, ret, ret_error)
                              : convert_container(value, &paths, ret, ret_error);
    free(kept);
    if (result < 0)
        return refuse(description, ret_error, *ret_error);
    if (!check_parameters(description, ret_error)) {
        bridge_services_done(ret);
        return false;
    }
    return true;
}

/* What describe_file and describe_services share. */
static bool describe(struct description *description, struct bridge_services *ret, esq_error *ret_error)
{
    struct bridge_parameters parameters = description->options->parameters;
    struct sch_library own = bridge_parameter_library(&parameters);
    const struct sch_env_options env_options = {
        .size = sizeof env_options,
        .posture = SCH_POSTURE_EVAL,
        .menu = libraries,
        .pre_imports = libraries,
        .libraries = &own,
        .library_count = 1,
    };
    if (!open_description(description, ret_error))
        return false;
    struct sch_failure failure = { 0 };
    bool is_good = false;
    sch_env *env = sch_env_new(&env_options, &failure);
    sch_vm *vm = env ? sch_vm_new(env, &describe_limits) : NULL;
    if (vm) {
        sch_set_output(vm, write_remark, NULL);
        is_good = convert(description, vm, ret, ret_error);
    } else {
        refuse(description, ret_error, failure_make("%s", failure.message ? failure.message : "out of memory"));
    }
    sch_vm_free(vm);
    sch_env_free(env);
    sch_failure_done(&failure);
    source_file_done(&description->file);
    return is_good;
}

bool describe_file(const struct options *options, esq_spec **ret_spec, esq_error *ret_error)
{
    struct description description = { .options = options };
    struct bridge_services services;
    if (!describe(&description, &services, ret_error))
        return false;
    *ret_spec = services.items[0].spec;
    services.items[0].spec = NULL;
    bridge_services_done(&services);
    return true;
}

bool describe_services(const struct options *options, struct bridge_services *ret, esq_error *ret_error)
{
    struct description description = { .options = options, .takes_services = true };
    return describe(&description, ret, ret_error);
}

static int each_as_text(const struct options *options, const struct bridge_services *services, describe_fn *each)
{
    int status = 0;
    for (size_t i = 0; i < services->count; i++) {
        if (services->count > 1 && options->format == ESQ_FORMAT_TEXT)
            printf("%sservice `%s`\n", i ? "\n" : "", services->items[i].name);
        int one = each(options, services->items[i].spec);
        status = status ? status : one;
    }
    return status;
}

static int each_as_json(const struct options *options, const struct bridge_services *services, bool are_services,
                        describe_fn *each)
{
    int status = 0;
    fputs(are_services ? "{\"version\":1,\"services\":[" : "{\"version\":1,", stdout);
    for (size_t i = 0; i < services->count; i++) {
        if (are_services) {
            fputs(i ? ",{\"name\":" : "{\"name\":", stdout);
            json_print_string(stdout, services->items[i].name);
            fputc(',', stdout);
        }
        int one = each(options, services->items[i].spec);
        status = status ? status : one;
        if (are_services)
            fputc('}', stdout);
    }
    puts(are_services ? "]}" : "}");
    return status;
}

int describe_all(const struct options *options, describe_fn *each, describe_wrong_fn *wrong)
{
    bool is_json = options->format == ESQ_FORMAT_JSON;
    struct description description = { .options = options, .takes_services = true };
    struct bridge_services services;
    esq_error error = { 0 };
    if (!describe(&description, &services, &error)) {
        if (is_json) {
            fputs("{\"version\":1,", stdout);
            wrong(&error);
            puts("}");
        }
        return ESQ_EXIT_SETUP;
    }
    int status = is_json ? each_as_json(options, &services, description.are_services, each)
                         : each_as_text(options, &services, each);
    bridge_services_done(&services);
    return status;
}
