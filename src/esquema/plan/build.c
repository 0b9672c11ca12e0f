/*
 * Building a plan: runs every facility's check, then every facility's plan, and puts the block together.
 * Knows the list of facilities; not what they do.
 */
#include "plan/build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arith.h"
#include "base/plain.h"
#include "spec/spec_own.h"

typedef void facility_check(const esq_spec *spec, struct spec_problems *problems);
typedef void facility_grants(const esq_spec *spec, struct spec_grants *grants);
typedef int facility_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error);

static const struct {
    facility_check *check;
    facility_grants *grants;
    facility_plan *plan;
} facilities[] = {
#define FACILITY(name) { name##_check, name##_grants, name##_plan },
#include "plan/facilities.def"
#undef FACILITY
};

#define FACILITY_COUNT (sizeof(facilities) / sizeof(facilities[0]))

size_t esq_spec_check(const esq_spec *spec, esq_error *ret_problems, size_t capacity)
{
    struct spec_problems problems = { .list = ret_problems, .capacity = capacity };
    spec_check_values(spec, &problems);
    if (problems.count > 0) /* facilities may rely on values of the right kind */
        return problems.count;
    for (size_t i = 0; i < FACILITY_COUNT; i++)
        facilities[i].check(spec, &problems);
    return problems.count;
}

ssize_t esq_spec_grants(esq_spec *spec, esq_grant *ret_grants, size_t capacity)
{
    struct spec_grants grants = { .spec = spec, .list = ret_grants, .capacity = capacity };
    struct spec_problems problems = { 0 };
    spec_check_values(spec, &problems);
    if (problems.count > 0)
        return -EINVAL;
    spec_forget_seen(spec);
    for (size_t i = 0; i < FACILITY_COUNT; i++)
        facilities[i].grants(spec, &grants);
    return grants.out_of_memory ? -ENOMEM : (ssize_t)grants.count;
}

/* ---- What facilities call ---- */

uint32_t plan_add_bytes(struct plan_builder *builder, const void *bytes, size_t size)
{
    static const unsigned char zero[8];
    size_t padding = size_round_up(builder->block.length, 8) - builder->block.length;
    if (size > PLAN_SIZE_MAX || builder->block.length + padding > PLAN_SIZE_MAX - size)
        return 0;
    if (!buffer_reserve(&builder->block, padding + size))
        return 0;
    buffer_append(&builder->block, zero, padding);
    uint32_t offset = (uint32_t)builder->block.length;
    buffer_append(&builder->block, bytes, size);
    return offset;
}

uint32_t plan_add_text(struct plan_builder *builder, const char *text)
{
    return plan_add_bytes(builder, text, strlen(text) + 1);
}

static bool add_optional_text(struct plan_builder *builder, const char *text, uint32_t *ret_offset)
{
    *ret_offset = text && *text ? plan_add_text(builder, text) : 0;
    return !text || !*text || *ret_offset != 0;
}

int plan_add_step(struct plan_builder *builder, enum step_kind kind, const esq_location *where, const char *remedy,
                  const void *data, size_t size, const char *format, ...)
{
    char text[ESQ_ERROR_TEXT];
    char file[ESQ_ERROR_FILE] = "";
    struct step step = { .kind = (uint16_t)kind, .size = (uint32_t)size };
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    plain_make(text); /* a plan is read on a terminal before anything is granted */

    if (where) {
        snprintf(file, sizeof(file), "%s", where->file ? where->file : "");
        plain_make(file);
        step.line = where->line;
        step.column = where->column;
    }
    if (!add_optional_text(builder, text, &step.text) || !add_optional_text(builder, remedy, &step.remedy) ||
        !add_optional_text(builder, file, &step.file))
        return -ENOMEM;
    if (size > 0 && !(step.data = plan_add_bytes(builder, data, size)))
        return -ENOMEM;
    if (!buffer_append(&builder->steps, &step, sizeof(step)))
        return -ENOMEM;
    plan_head(builder)->step_count++;
    return 0;
}

uint32_t plan_last_data(const struct plan_builder *builder)
{
    const struct step *end = (const struct step *)(builder->steps.bytes + builder->steps.length);
    return end[-1].data;
}

int plan_hold_fd(struct plan_builder *builder, int fd)
{
    int *held = realloc(builder->held, (builder->held_count + 1) * sizeof(int));
    if (!held) {
        sys_close(fd);
        return -ENOMEM;
    }
    builder->held = held;
    builder->held[builder->held_count++] = fd;
    return 0;
}

void plan_set_root_read_only(struct plan_builder *builder)
{
    builder->is_root_read_only = true;
}

int plan_add_writable(struct plan_builder *builder, uint32_t path)
{
    uint32_t *writable = realloc(builder->writable, (builder->writable_count + 1) * sizeof(*writable));
    if (!writable)
        return -ENOMEM;
    builder->writable = writable;
    builder->writable[builder->writable_count++] = path;
    return 0;
}

int plan_add_disk_tree(struct plan_builder *builder, const struct plan_disk_tree *tree)
{
    struct plan_disk_tree *trees = realloc(builder->disk_trees, (builder->disk_tree_count + 1) * sizeof(*trees));
    if (!trees)
        return -ENOMEM;
    builder->disk_trees = trees;
    builder->disk_trees[builder->disk_tree_count++] = *tree;
    return 0;
}

struct plan_block *plan_head(struct plan_builder *builder)
{
    return (struct plan_block *)builder->block.bytes;
}

int plan_missing(struct plan_builder *builder, const esq_spec *spec, const char *name, const esq_location *where,
                 const char *remedy, esq_error *ret_error, const char *format, ...)
{
    char text[ESQ_ERROR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (!spec_is_excused(spec, name)) {
        char helps[ESQ_ERROR_REMEDY];
        snprintf(helps, sizeof(helps),
                 "%s; or do without it: (best-effort %s) in the description, and --allow best-effort=%s (of a sandbox: "
                 "--best-effort %s)",
                 remedy, name, name, name);
        if (builder->missing) {
            spec_problem(builder->missing, where, 0, helps, "%s", text);
            return 0;
        }
        esq_fail(ret_error, where, 0, helps, "%s", text);
        return -ENOTSUP;
    }
    plain_make(text);
    if (!buffer_append_format(&builder->notes, "missing, excused by best-effort %s: %s\n", name, text) ||
        !buffer_append(&builder->excused, name, strlen(name) + 1) ||
        !buffer_append(&builder->excused, text, strlen(text) + 1))
        return esq_fail(ret_error, where, ENOMEM, NULL, "build the plan");
    return 0;
}

struct spec_problems *plan_problems(struct plan_builder *builder)
{
    return builder->missing;
}

int plan_note(struct plan_builder *builder, const char *format, ...)
{
    char text[ESQ_ERROR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    plain_make(text);
    return buffer_append_format(&builder->notes, "%s\n", text) ? 0 : -ENOMEM;
}

int plan_absent(struct plan_builder *builder, const char *text)
{
    return buffer_append_format(&builder->notes, "absent on this kernel: %s\n", text) ? 0 : -ENOMEM;
}

/* ---- Putting it together ---- */

static void builder_done(struct plan_builder *builder)
{
    for (size_t i = 0; i < builder->held_count; i++)
        sys_close(builder->held[i]);
    free(builder->held);
    free(builder->writable);
    free(builder->disk_trees);
    buffer_done(&builder->block);
    buffer_done(&builder->steps);
    buffer_done(&builder->notes);
    buffer_done(&builder->excused);
}

static int builder_finish(struct plan_builder *builder, struct esq_plan *plan)
{
    size_t trees_size = builder->disk_tree_count * sizeof(*builder->disk_trees);
    uint32_t trees = trees_size > 0 ? plan_add_bytes(builder, builder->disk_trees, trees_size) : 0;
    if (trees_size > 0 && !trees)
        return -ENOMEM;
    uint32_t steps = plan_add_bytes(builder, builder->steps.bytes, builder->steps.length);
    if (!steps || !buffer_append_byte(&builder->notes, 0))
        return -ENOMEM;
    struct plan_block *head = plan_head(builder);
    head->steps = steps;
    head->disk_trees = trees;
    head->disk_tree_count = (uint32_t)builder->disk_tree_count;
    head->size = (uint32_t)builder->block.length;

    plan->notes = malloc(builder->notes.length);
    plan->excused = malloc(builder->excused.length + 1);
    plan->block = malloc(builder->block.length);
    if (!plan->block || !plan->notes || !plan->excused) {
        free(plan->block);
        free(plan->notes);
        free(plan->excused);
        return -ENOMEM;
    }
    memcpy(plan->block, builder->block.bytes, builder->block.length);
    memcpy(plan->notes, builder->notes.bytes, builder->notes.length);
    plan->excused_size = builder->excused.length;
    if (plan->excused_size > 0)
        memcpy(plan->excused, builder->excused.bytes, plan->excused_size);
    plan->held = builder->held;
    plan->held_count = builder->held_count;
    builder->held = NULL;
    builder->held_count = 0;
    return 0;
}

static int plan_fill(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    struct plan_block head = { .magic = PLAN_MAGIC, .version = PLAN_VERSION };
    if (!buffer_append(&builder->block, &head, sizeof(head)))
        return -ENOMEM;
    for (size_t i = 0; i < FACILITY_COUNT; i++) {
        int result = facilities[i].plan(spec, builder, ret_error);
        if (result < 0)
            return result;
    }
    return 0;
}

static int build(const esq_spec *spec, struct spec_problems *missing, esq_plan **ret_plan, esq_error *ret_error)
{
    struct plan_builder builder = { .missing = missing };
    buffer_init(&builder.block, &memory_malloc);
    buffer_init(&builder.steps, &memory_malloc);
    buffer_init(&builder.notes, &memory_malloc);
    buffer_init(&builder.excused, &memory_malloc);
    struct esq_plan *plan = calloc(1, sizeof(*plan));
    int result = plan ? plan_fill(spec, &builder, ret_error) : -ENOMEM;
    if (result == 0)
        result = builder_finish(&builder, plan);
    builder_done(&builder);
    if (result < 0) {
        free(plan);
        return result == -ENOMEM ? esq_fail(ret_error, NULL, ENOMEM, NULL, "build the plan") : result;
    }
    *ret_plan = plan;
    return 0;
}

int esq_plan_build(const esq_spec *spec, esq_plan **ret_plan, esq_error *ret_error)
{
    esq_error problem;
    if (esq_spec_check(spec, &problem, 1) > 0) {
        if (ret_error)
            *ret_error = problem;
        return -EINVAL;
    }
    return build(spec, NULL, ret_plan, ret_error);
}

size_t esq_plan_survey(const esq_spec *spec, esq_plan **ret_plan, esq_error *ret_problems, size_t capacity)
{
    struct spec_problems problems = { .list = ret_problems, .capacity = capacity };
    esq_error error = { 0 };
    *ret_plan = NULL;
    problems.count = esq_spec_check(spec, ret_problems, capacity);
    if (problems.count > 0)
        return problems.count;
    if (build(spec, &problems, ret_plan, &error) < 0) {
        if (problems.count < capacity)
            ret_problems[problems.count] = error;
        problems.count++;
    }
    if (problems.count > 0 && *ret_plan)
        (*ret_plan)->block->magic = PLAN_MAGIC_TO_READ;
    return problems.count;
}

size_t esq_plan_missing(const esq_plan *plan, esq_missing *ret_missing, size_t capacity)
{
    size_t count = 0;
    for (const char *at = plan->excused, *end = at + plan->excused_size; at < end; count++) {
        const char *text = at + strlen(at) + 1;
        if (count < capacity)
            ret_missing[count] = (esq_missing){ at, text };
        at = text + strlen(text) + 1;
    }
    return count;
}

void esq_plan_free(esq_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->held_count; i++)
        sys_close(plan->held[i]);
    free(plan->held);
    free(plan->block);
    free(plan->notes);
    free(plan->excused);
    free(plan);
}
