/*
 * The facilities death, launch, init and exec: what concerns the payload's process itself. Descriptors, working
 * directory, environment, the program; at the end the job for init.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "launch/init_job.h"
#include "launch/launch.h"
#include "plan/build.h"

#define DEFAULT_HOME "/"
#define KEPT_MAX     255

static int no_memory(esq_error *ret_error)
{
    return esq_fail(ret_error, NULL, ENOMEM, NULL, "plan the process");
}

static const struct step *find_step(const struct plan_builder *builder, enum step_kind kind, uint32_t *ret_index)
{
    const struct step *steps = (const struct step *)builder->steps.bytes;
    for (uint32_t i = 0; i < builder->steps.length / sizeof(struct step); i++) {
        if (steps[i].kind == kind) {
            *ret_index = i;
            return &steps[i];
        }
    }
    return NULL;
}

/* ---- death ---- */

void death_check(const esq_spec *spec, struct spec_problems *problems)
{
}

void death_grants(const esq_spec *spec, struct spec_grants *grants)
{
}

int death_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    return plan_add_step(builder, STEP_DEATH, NULL, NULL, NULL, 0, "die with the launcher") < 0 ? no_memory(ret_error)
                                                                                                : 0;
}

/* ---- launch: descriptors and working directory ---- */

int launch_check_descriptor(int fd)
{
    struct stat found;
    int flags = sys_fd_flags(fd);
    if (flags < 0 || sys_fstat(fd, &found) < 0)
        return -EBADF;
    return flags & O_PATH || S_ISDIR(found.st_mode) ? -EISDIR : 0;
}

static void check_fd(const struct spec_item *item, const char *what, struct spec_problems *problems)
{
    int result = launch_check_descriptor(item->fd);
    if (result == -EBADF)
        spec_problem(problems, &item->where, EBADF, NULL, "descriptor %d for %s", item->fd, what);
    else if (result < 0)
        spec_problem(problems, &item->where, 0, LAUNCH_DESCRIPTOR_REMEDY,
                     "descriptor %d for %s is a directory or a path handle, which leads out of the container", item->fd,
                     what);
}

static const enum spec_field standard[3] = { SPEC_STDIN, SPEC_STDOUT, SPEC_STDERR };

static void check_standard(const esq_spec *spec, struct spec_problems *problems)
{
    for (int i = 0; i < 3; i++) {
        struct spec_item own = { .fd = i };
        const struct spec_item *item = spec_item(spec, standard[i]);
        check_fd(item ? item : &own, spec_field_name(standard[i]), problems);
    }
}

static void check_kept(const esq_spec *spec, struct spec_problems *problems)
{
    bool is_taken[KEPT_MAX + 1] = { false };
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_KEEP, &count);
    if (count > LAUNCH_DESCRIPTORS_MAX - 3)
        spec_problem(problems, &items[0].where, 0, NULL, "more than %d descriptors are kept",
                     LAUNCH_DESCRIPTORS_MAX - 3);
    for (size_t i = 0; i < count; i++) {
        int inside = items[i].inside;
        if (inside < 3 || inside > KEPT_MAX)
            spec_problem(problems, &items[i].where, 0, NULL,
                         "a kept descriptor has a number from 3 to %d inside, not %d", KEPT_MAX, inside);
        else if (is_taken[inside])
            spec_problem(problems, &items[i].where, 0, NULL, "two descriptors are kept as number %d", inside);
        else
            is_taken[inside] = true;
        check_fd(&items[i], "keep", problems);
    }
}

void launch_check(const esq_spec *spec, struct spec_problems *problems)
{
    check_standard(spec, problems);
    check_kept(spec, problems);
    bool has_dev = spec_is(spec, SPEC_DEV, "yes") ||
                   (spec_is(spec, SPEC_DEV, "auto") && !spec_is(spec, SPEC_ROOTFS_MODE, "empty"));
    if (spec_is(spec, SPEC_NOTIFY, "yes") && !has_dev)
        spec_problem(problems, spec_where(spec, SPEC_NOTIFY), 0, "say (dev yes)",
                     "what the program says is heard at " LAUNCH_NOTIFY_PATH ", and this container has no /dev");
}

void launch_grants(const esq_spec *spec, struct spec_grants *grants)
{
}

static void collect_moves(const esq_spec *spec, struct launch_descriptors *data)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_KEEP, &count);
    for (int i = 0; i < 3; i++) {
        int fd = spec_fd(spec, standard[i]);
        data->moves[data->move_count++] = (struct launch_move){ .from = fd < 0 ? i : fd, .to = i };
    }
    for (int inside = 3; inside <= KEPT_MAX; inside++)
        for (size_t i = 0; i < count; i++)
            if (items[i].inside == inside)
                data->moves[data->move_count++] = (struct launch_move){ .from = items[i].fd, .to = inside };
    data->base = data->moves[data->move_count - 1].to + 1;
}

int launch_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    struct launch_descriptors data = { .executable = spec_fd(spec, SPEC_EXECUTABLE) };
    struct launch_text directory = { .text = plan_add_text(builder, spec_text(spec, SPEC_WORKING_DIRECTORY)) };
    collect_moves(spec, &data);
    if (spec_is(spec, SPEC_NOTIFY, "yes") &&
        plan_add_step(builder, STEP_NOTIFY, spec_where(spec, SPEC_NOTIFY), NULL, NULL, 0,
                      "listen at " LAUNCH_NOTIFY_PATH " for what the program says") < 0)
        return no_memory(ret_error);
    if (plan_add_step(builder, STEP_DESCRIPTORS, spec_where(spec, SPEC_KEEP),
                      "raise the limit of open files: ulimit -n", &data, sizeof(data),
                      "keep %u descriptors, close all others", data.move_count) < 0)
        return no_memory(ret_error);
    uint32_t index;
    plan_head(builder)->descriptors = find_step(builder, STEP_DESCRIPTORS, &index)->data;
    if (!directory.text || plan_add_step(builder, STEP_WORKING_DIRECTORY, spec_where(spec, SPEC_WORKING_DIRECTORY),
                                         "name a directory of the container", &directory, sizeof(directory), "go to %s",
                                         spec_text(spec, SPEC_WORKING_DIRECTORY)) < 0)
        return no_memory(ret_error);
    return 0;
}

static const struct launch_descriptors *planned_descriptors(struct plan_builder *builder)
{
    const struct plan_block *head = plan_head(builder);
    return (const struct launch_descriptors *)STEP_TEXT(head, head->descriptors);
}

/* ---- init ---- */

void init_check(const esq_spec *spec, struct spec_problems *problems)
{
}

void init_grants(const esq_spec *spec, struct spec_grants *grants)
{
}

int init_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", planned_descriptors(builder)->base + LAUNCH_SLOT_JOB);
    struct launch_text data = { .text = plan_add_text(builder, number) };
    if (!data.text || plan_add_step(builder, STEP_INIT, NULL,
                                    "see `esquema doctor`: executing a memory file may be "
                                    "forbidden by vm.memfd_noexec",
                                    &data, sizeof(data), "become init, from a sealed memory file") < 0)
        return no_memory(ret_error);
    return 0;
}

/* ---- exec ---- */

static void check_environment(const esq_spec *spec, struct spec_problems *problems)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_ENVIRONMENT, &count);
    for (size_t i = 0; i < count; i++) {
        if (items[i].count != 2)
            spec_problem(problems, &items[i].where, 0, NULL, "an environment variable is written: NAME VALUE");
        else if (!items[i].words[0][0] || strchr(items[i].words[0], '='))
            spec_problem(problems, &items[i].where, 0, NULL, "`%.64s` is no name of an environment variable",
                         items[i].words[0]);
    }
}

void exec_check(const esq_spec *spec, struct spec_problems *problems)
{
    const char *program = spec_command_word(spec, 0);
    if (!program)
        spec_problem(problems, spec_where(spec, SPEC_NAME), 0,
                     "say what it executes, such as \"/bin/program\" \"argument\"", "no command is given");
    else if (!*program)
        spec_problem(problems, spec_where(spec, SPEC_COMMAND), 0, NULL, "the command has an empty name");
    check_environment(spec, problems);
    const struct spec_item *executable = spec_item(spec, SPEC_EXECUTABLE);
    if (executable)
        check_fd(executable, "executable", problems);
}

void exec_grants(const esq_spec *spec, struct spec_grants *grants)
{
}

/* An array of offsets into the job, and the texts, both growing until they are put together. */
struct vector {
    struct buffer texts; /* one after the other, each with its NUL */
    uint32_t count;
};

static bool vector_add(struct vector *vector, const char *text)
{
    vector->count++;
    return buffer_append(&vector->texts, text, strlen(text) + 1);
}

static bool vector_add_pair(struct vector *vector, const char *first, const char *separator, const char *second)
{
    vector->count++;
    return buffer_append_text(&vector->texts, first) && buffer_append_text(&vector->texts, separator) &&
           buffer_append(&vector->texts, second, strlen(second) + 1);
}

/* Appends the vector's array and texts to the job. */
static bool vector_store(const struct vector *vector, struct buffer *job, uint32_t *ret_offset)
{
    static const unsigned char zero[8];
    size_t padding = (8 - job->length % 8) % 8;
    if (!buffer_append(job, zero, padding))
        return false;
    *ret_offset = (uint32_t)job->length;
    uint64_t text = job->length + ((uint64_t)vector->count + 1) * sizeof(uint64_t);
    const char *next = (const char *)vector->texts.bytes;
    for (uint32_t i = 0; i < vector->count; i++) {
        if (!buffer_append_u64(job, text))
            return false;
        text += strlen(next) + 1;
        next += strlen(next) + 1;
    }
    return buffer_append_u64(job, 0) &&
           (vector->count == 0 || buffer_append(job, vector->texts.bytes, vector->texts.length));
}

static bool collect_environment(const esq_spec *spec, struct vector *environment)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_ENVIRONMENT, &count);
    bool is_added = true, notifies = spec_is(spec, SPEC_NOTIFY, "yes");
    if (!spec_variable(spec, "PATH"))
        is_added = vector_add_pair(environment, "PATH", "=", SPEC_DEFAULT_PATH);
    if (!spec_variable(spec, "HOME"))
        is_added = is_added && vector_add_pair(environment, "HOME", "=", DEFAULT_HOME);
    if (notifies)
        is_added = is_added && vector_add_pair(environment, "NOTIFY_SOCKET", "=", LAUNCH_NOTIFY_PATH);
    for (size_t i = 0; i < count && is_added; i++) {
        if (notifies && strcmp(items[i].words[0], "NOTIFY_SOCKET") == 0)
            continue;
        if (spec_variable(spec, items[i].words[0]) == items[i].words[1])
            is_added = vector_add_pair(environment, items[i].words[0], "=", items[i].words[1]);
    }
    return is_added;
}

static bool collect_paths(const esq_spec *spec, struct vector *paths)
{
    const char *program = spec_command_word(spec, 0);
    char folder[SPEC_FOLDER_MAX];
    struct spec_search search = spec_search_program(spec);
    while (spec_search_next(&search, folder))
        if (!(*folder ? vector_add_pair(paths, folder, "/", program) : vector_add(paths, program)))
            return false;
    return true;
}

static bool store_filter(const struct plan_builder *builder, struct buffer *bytes, struct init_job *job)
{
    static const unsigned char zero[8];
    const struct step *seccomp = find_step(builder, STEP_SECCOMP, &job->seccomp_step);
    if (!seccomp)
        return true;
    if (!buffer_append(bytes, zero, (8 - bytes->length % 8) % 8))
        return false;
    job->filter = (uint32_t)bytes->length;
    job->filter_count = seccomp->size / 8; /* struct sock_filter */
    return buffer_append(bytes, builder->block.bytes + seccomp->data, seccomp->size);
}

static bool fill_job(const esq_spec *spec, struct plan_builder *builder, struct buffer *bytes, struct init_job *job,
                     struct vector vectors[3])
{
    for (size_t i = 0; spec_command_word(spec, i); i++)
        if (!vector_add(&vectors[0], spec_command_word(spec, i)))
            return false;
    if (!collect_environment(spec, &vectors[1]) || !collect_paths(spec, &vectors[2]))
        return false;
    job->argc = vectors[0].count;
    job->envc = vectors[1].count;
    job->path_count = vectors[2].count;
    return buffer_append(bytes, job, sizeof(*job)) && store_filter(builder, bytes, job) &&
           vector_store(&vectors[0], bytes, &job->argv) && vector_store(&vectors[1], bytes, &job->envp) &&
           vector_store(&vectors[2], bytes, &job->paths);
}

static void prepare_job(const esq_spec *spec, struct plan_builder *builder, struct init_job *job)
{
    const struct launch_descriptors *descriptors = planned_descriptors(builder);
    bool is_own = spec_has_namespace(spec, "pid");
    uint32_t landlock = 0;
    uint64_t grace = 0;
    spec_number(spec, SPEC_GRACE, &grace);
    *job = (struct init_job){
        .magic = INIT_JOB_MAGIC,
        .version = INIT_JOB_VERSION,
        .flags = (is_own ? INIT_JOB_PID_NAMESPACE : 0) | (spec_is(spec, SPEC_TERMINAL, "yes") ? INIT_JOB_TERMINAL : 0),
        .report = descriptors->base + LAUNCH_SLOT_REPORT,
        .result = descriptors->base + LAUNCH_SLOT_RESULT,
        .executable = descriptors->executable < 0 ? -1 : descriptors->base + LAUNCH_SLOT_EXECUTABLE,
        .landlock = find_step(builder, STEP_LANDLOCK, &landlock) ? descriptors->base + LAUNCH_SLOT_LANDLOCK : -1,
        .grace_ms = grace > UINT32_MAX ? UINT32_MAX : (uint32_t)grace,
        .payload_death_signal = is_own ? 0 : SIGKILL,
    };
    job->landlock_step = landlock;
    find_step(builder, STEP_INIT, &job->init_step);
    find_step(builder, STEP_EXEC, &job->exec_step);
}

int exec_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    bool is_given = spec_is_given(spec, SPEC_EXECUTABLE);
    const char *remedy = spec_is(spec, SPEC_ROOTFS_MODE, "empty")
                             ? "only what is mounted is there: the program, its interpreter and its libraries must be "
                               "in it (of a sandbox: name their folder with --ro), and the program be executable"
                             : "the program must lie in the root filesystem and be executable, with its interpreter "
                               "and libraries; rules of landlock must let all of them be executed";
    if (plan_add_step(builder, STEP_EXEC, spec_where(spec, is_given ? SPEC_EXECUTABLE : SPEC_COMMAND), remedy, NULL, 0,
                      "execute %s%s", spec_command_word(spec, 0), is_given ? " from a descriptor" : "") < 0)
        return no_memory(ret_error);

    struct init_job job;
    struct buffer bytes;
    struct vector vectors[3] = { 0 };
    buffer_init(&bytes, &memory_malloc);
    for (int i = 0; i < 3; i++)
        buffer_init(&vectors[i].texts, &memory_malloc);
    prepare_job(spec, builder, &job);
    bool is_stored = fill_job(spec, builder, &bytes, &job, vectors);
    if (is_stored) {
        job.size = (uint32_t)bytes.length;
        memcpy(bytes.bytes, &job, sizeof(job));
        uint32_t offset = plan_add_bytes(builder, bytes.bytes, bytes.length);
        plan_head(builder)->job = offset;
        plan_head(builder)->job_size = job.size;
        is_stored = offset != 0;
    }
    buffer_done(&bytes);
    for (int i = 0; i < 3; i++)
        buffer_done(&vectors[i].texts);
    return is_stored ? 0 : no_memory(ret_error);
}
