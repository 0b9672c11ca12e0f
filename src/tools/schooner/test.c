/*
 * schooner test: runs programs that test with (schooner test), each in a machine of its own, and sums up: a TAP
 * document with one case for each file and what the file said, indented, above it.
 */
#include <string.h>
#include "tools/common/report.h"
#include "tools/schooner/world.h"

struct testing {
    const struct options *options;
    size_t passed, failed; /* tests, in all files */
    size_t files, bad_files;
};

/* What one file writes, line by line: only the beginnings of lines are kept, to see which of them count. */
struct transcript {
    char start[8];
    size_t length; /* of the line so far */
    size_t passed, failed;
};

static void end_line(struct transcript *transcript)
{
    size_t kept = transcript->length < sizeof transcript->start ? transcript->length : sizeof transcript->start;
    if (kept >= 3 && memcmp(transcript->start, "ok ", 3) == 0)
        transcript->passed++;
    else if (kept >= 7 && memcmp(transcript->start, "not ok ", 7) == 0)
        transcript->failed++;
    transcript->length = 0;
}

static bool take(void *data, const char *bytes, size_t length)
{
    struct transcript *transcript = data;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            end_line(transcript);
        } else {
            if (transcript->length == 0)
                fputs("    ", stdout);
            if (transcript->length < sizeof transcript->start)
                transcript->start[transcript->length] = bytes[i];
            transcript->length++;
        }
        if (putchar(bytes[i]) == EOF)
            return false;
    }
    return true;
}

static enum sch_status run_file(struct world *world, struct sch_source source, struct transcript *transcript)
{
    sch_vm *vm = world_machine(world);
    if (!vm)
        return SCH_LIMIT;
    sch_value value;
    sch_set_output(vm, take, transcript);
    enum sch_status status = sch_eval(vm, source, &value);
    if (transcript->length > 0) {
        end_line(transcript);
        putchar('\n');
    }
    fflush(stdout);
    /* That tests failed was said line by line. */
    if (status == SCH_LIMIT || (status != SCH_OK && transcript->failed == 0))
        report_failure(stderr, sch_failure(vm), source.name);
    sch_vm_free(vm);
    return status;
}

static void test_file(struct testing *testing, const char *file)
{
    struct world world = { .options = testing->options, .posture = options_posture(testing->options, SCH_POSTURE_RUN) };
    struct transcript transcript = { 0 };
    struct source_file source;
    enum sch_status status = SCH_ERROR;
    printf("# Subtest: %s\n", file);
    fflush(stdout);
    if (world_source(file, testing->options, &source)) {
        if (world_open(&world, file)) {
            status = run_file(&world, source.source, &transcript);
            world_close(&world);
        }
        source_file_done(&source);
    }
    /* A file in which nothing was tested has shown nothing. */
    bool good = status == SCH_OK && transcript.failed == 0 && transcript.passed > 0;
    testing->passed += transcript.passed;
    testing->failed += transcript.failed;
    testing->files++;
    testing->bad_files += !good;
    printf("%s %zu - %s\n", good ? "ok" : "not ok", testing->files, file);
    if (transcript.passed + transcript.failed == 0)
        puts("# no test ran");
}

int command_test(const struct options *options)
{
    struct testing testing = { .options = options };
    for (int i = 0; i < options->arg_count; i++)
        test_file(&testing, options->args[i]);
    if (options->expression)
        test_file(&testing, "-e");
    printf("1..%zu\n# %zu passed, %zu failed, in %zu file%s", testing.files, testing.passed, testing.failed,
           testing.files, testing.files == 1 ? "" : "s");
    if (testing.bad_files > 0) /* without a test that failed, too: it ended early, or tested nothing */
        printf(", %zu not ok", testing.bad_files);
    putchar('\n');
    return testing.bad_files ? STATUS_ERROR : STATUS_OK;
}
