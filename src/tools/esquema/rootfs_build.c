/*
 * The recipe is evaluated behind the inner wall, with (scheme base) and nothing else in scope. Its value is a list of
 * steps, each a list of words; what they do is said in rootfs_steps.c, and where they stand in rootfs_place.c.
 */
#include "tools/esquema/rootfs_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/common/files.h"
#include "tools/esquema/describe.h"
#include "tools/esquema/failure.h"
#include "tools/sandbox/problem.h"

enum { STEPS_MAX = 10000 };

/* Words are names or texts without a NUL; a number may end them. */
static bool read_step(sch_value value, struct rootfs_step *ret)
{
    sch_value word;
    size_t length;
    *ret = (struct rootfs_step){ .mode = -1 };
    while (sch_get_pair(value, &word, &value)) {
        if (ret->mode >= 0 || ret->count == ROOTFS_WORDS_MAX)
            return false;
        if (sch_get_integer(word, &ret->mode) && ret->mode >= 0)
            continue;
        if (!sch_get_text(word, &ret->words[ret->count], &length) || strlen(ret->words[ret->count]) != length)
            return false;
        ret->count++;
    }
    return ret->count > 0;
}

/* Gives the error of a step its place in the recipe, or else its number. */
static void place_error(struct sch_source source, size_t number, esq_error *error)
{
    char text[ESQ_ERROR_TEXT];
    if (rootfs_find_step(source, number, &error->line, &error->column)) {
        snprintf(error->file, sizeof error->file, "%s", source.name);
        return;
    }
    memcpy(text, error->text, sizeof text);
    snprintf(error->text, sizeof error->text, "step %zu of the recipe: %.*s", number, ESQ_ERROR_TEXT - 64, text);
}

static bool take_steps(struct sch_source source, sch_value list, int folder, struct rootfs_draft *draft,
                       esq_error *ret_error)
{
    sch_value value;
    size_t length, number = 0;
    if (!sch_get_list_length(list, &length) || length == 0 || length > STEPS_MAX)
        return problem(ret_error, "such as '((busybox) (file \"/etc/motd\" \"hello\\n\"))",
                       "the value of a recipe is a list of 1 to %d steps", STEPS_MAX);
    struct rootfs_step *step = malloc(sizeof *step);
    bool is_good = step || problem(ret_error, NULL, "out of memory");
    while (is_good && sch_get_pair(list, &value, &list)) {
        number++;
        is_good =
            (read_step(value, step) || problem(ret_error, "such as (busybox) or (file \"/etc/motd\" \"hello\\n\")",
                                               "a step is a list of words")) &&
            rootfs_take_step(step, folder, draft, ret_error);
        if (!is_good)
            place_error(source, number, ret_error);
    }
    free(step);
    return is_good;
}

static int open_folder_of(const char *file)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(file, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == file ? 1 : (int)(slash - file), file);
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool evaluate(struct sch_source source, int folder, struct rootfs_draft *draft, esq_error *ret_error)
{
    static const char *const libraries[] = { "(scheme base)", NULL };
    const struct sch_env_options options = {
        .size = sizeof options, .posture = SCH_POSTURE_EVAL, .menu = libraries, .pre_imports = libraries
    };
    struct sch_failure failure = { 0 };
    sch_env *env = sch_env_new(&options, &failure);
    sch_vm *vm = env ? sch_vm_new(env, &describe_limits) : NULL;
    sch_value value;
    bool is_good = vm || problem(ret_error, NULL, "%s", failure.message ? failure.message : "out of memory");
    if (is_good && sch_eval(vm, source, &value) != SCH_OK) {
        failure_to_error(vm, source, ret_error);
        if (sch_failure(vm)->status == SCH_LIMIT)
            snprintf(ret_error->remedy, sizeof ret_error->remedy, "a recipe may use " DESCRIBE_LIMITS);
        is_good = false;
    }
    is_good = is_good && take_steps(source, value, folder, draft, ret_error);
    sch_vm_free(vm);
    sch_env_free(env);
    sch_failure_done(&failure);
    return is_good;
}

bool rootfs_build(const char *file, struct rootfs_draft *draft, esq_error *ret_error)
{
    struct source_file source;
    int folder = open_folder_of(file);
    if (folder < 0)
        return problem(ret_error, NULL, "%s: %s", file, strerror(errno));
    bool is_good = source_file_read(file, &source);
    if (!is_good) {
        problem(ret_error, NULL, "%s: %s", file, strerror(errno));
    } else {
        is_good = evaluate(source.source, folder, draft, ret_error);
        source_file_done(&source);
    }
    close(folder);
    return is_good;
}
