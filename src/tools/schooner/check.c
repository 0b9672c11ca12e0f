/* schooner check: what is wrong with programs, without running them. As text, or as the JSON that docs/json.md defines.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/schooner/world.h"

/* What was found, until all of a file is known: the expander and the look at calls each go through the file. */
struct finding {
    struct sch_failure failure; /* with texts of its own */
    size_t order;
};

struct checking {
    const struct options *options;
    enum sch_posture posture;
    bool json;
    const char *remedy; /* for libraries that are not there; NULL: none is missing */
    const char *file;   /* that is being checked */
    struct finding *findings;
    size_t finding_count, finding_capacity;
    size_t files;
    size_t diagnostics;
    size_t warnings; /* of the diagnostics */
    int status;
};

static void worse(struct checking *checking, int status)
{
    if (status > checking->status)
        checking->status = status;
}

static void print_json(struct checking *checking, const struct sch_failure *failure)
{
    fputs(checking->diagnostics ? ",\n  " : "\n  ", stdout);
    fputs("{\"file\":", stdout);
    json_print_string(stdout, failure->file ? failure->file : checking->file);
    printf(",\"line\":%u,\"column\":%u,\"severity\":\"%s\",\"kind\":", failure->line, failure->column,
           report_severity(failure));
    json_print_string(stdout, failure->kind ? failure->kind : "error");
    fputs(",\"message\":", stdout);
    json_print_string(stdout, failure->message ? failure->message : "");
    if (failure->excerpt) {
        fputs(",\"excerpt\":", stdout);
        json_print_string(stdout, failure->excerpt);
        printf(",\"excerpt_column\":%u", failure->excerpt_column);
    }
    fputc('}', stdout);
}

static void print(struct checking *checking, const struct sch_failure *failure)
{
    if (checking->json)
        print_json(checking, failure);
    else
        report_failure(stdout, failure, checking->file);
    if (!checking->remedy)
        checking->remedy = world_library_remedy(checking->posture, failure);
    checking->diagnostics++;
    checking->warnings += failure->status == SCH_OK;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void forget(struct checking *checking)
{
    for (size_t i = 0; i < checking->finding_count; i++) {
        struct sch_failure *failure = &checking->findings[i].failure;
        free((char *)failure->kind);
        free((char *)failure->message);
        free((char *)failure->file);
        free((char *)failure->excerpt);
    }
    checking->finding_count = 0;
}

static int in_order(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;
    const char *a_file = a->failure.file ? a->failure.file : "", *b_file = b->failure.file ? b->failure.file : "";
    int files = strcmp(a_file, b_file);
    if (files)
        return files;
    if (a->failure.line != b->failure.line)
        return a->failure.line < b->failure.line ? -1 : 1;
    if (a->failure.column != b->failure.column)
        return a->failure.column < b->failure.column ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

/* Prints what was found in a file, in the order of its text. */
static void print_findings(struct checking *checking)
{
    if (checking->finding_count > 1)
        qsort(checking->findings, checking->finding_count, sizeof *checking->findings, in_order);
    for (size_t i = 0; i < checking->finding_count; i++)
        print(checking, &checking->findings[i].failure);
    forget(checking);
}

static void report(void *data, const struct sch_failure *failure)
{
    struct checking *checking = data;
    if (checking->finding_count == checking->finding_capacity) {
        size_t capacity = checking->finding_capacity ? checking->finding_capacity * 2 : 16;
        struct finding *grown = realloc(checking->findings, capacity * sizeof *grown);
        if (!grown) { /* told out of order rather than not at all */
            print(checking, failure);
            return;
        }
        checking->findings = grown;
        checking->finding_capacity = capacity;
    }
    struct finding *finding = &checking->findings[checking->finding_count];
    finding->order = checking->finding_count++;
    finding->failure = (struct sch_failure){ .size = sizeof finding->failure,
                                             .status = failure->status,
                                             .limit = failure->limit,
                                             .kind = copy(failure->kind),
                                             .message = copy(failure->message),
                                             .file = copy(failure->file),
                                             .line = failure->line,
                                             .column = failure->column,
                                             .excerpt = copy(failure->excerpt),
                                             .excerpt_column = failure->excerpt_column };
}

static void report_unreadable(struct checking *checking, const char *file, const char *message)
{
    struct sch_failure failure = {
        .size = sizeof failure, .status = SCH_ERROR, .kind = "file-error", .message = message, .file = file
    };
    checking->file = file;
    print(checking, &failure);
    worse(checking, STATUS_ERROR);
}

/* Each file in an environment of its own: its libraries lie beside it. */
static void check_source(struct checking *checking, const char *file, struct sch_source source)
{
    struct world world = { .options = checking->options, .posture = checking->posture };
    if (!world_open(&world, file)) {
        worse(checking, STATUS_USAGE);
        return;
    }
    /* Macros are a stranger's code, whatever the posture: without limits of its own a check has those of eval. */
    struct sch_limits limits = options_limits(checking->options, SCH_POSTURE_EVAL);
    sch_vm *vm = sch_vm_new(world.env, &limits);
    enum sch_status status = SCH_LIMIT;
    checking->file = source.name;
    checking->files++;
    if (vm)
        status = sch_check(vm, source, report, checking);
    else
        fputs("schooner: no memory for a machine within the heap limit (an empty one needs up to 64K)\n", stderr);
    print_findings(checking);
    worse(checking, status == SCH_OK ? STATUS_OK : status == SCH_LIMIT ? STATUS_LIMIT : STATUS_ERROR);
    sch_vm_free(vm);
    world_close(&world);
}

typedef bool read_fn(const char *path, struct source_file *ret);

static void check_file(struct checking *checking, const char *file, read_fn *read)
{
    struct source_file source;
    if (!read(file, &source)) {
        report_unreadable(checking, file, errno == ENXIO ? "this is no file" : strerror(errno));
        return;
    }
    check_source(checking, file, source.source);
    source_file_done(&source);
}

/* --- folders ----------------------------------------------------------------------------------------------------- */

enum { FOLDER_DEPTH = 64 };

static int is_program(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    if (entry->d_name[0] == '.')
        return 0;
    return entry->d_type == DT_DIR || (dot && (strcmp(dot, ".scm") == 0 || strcmp(dot, ".sld") == 0));
}

/* The programs and libraries beneath, in the order of their names; links to folders are not followed. */
static void check_folder(struct checking *checking, const char *folder, unsigned depth)
{
    struct dirent **entries;
    int count = depth < FOLDER_DEPTH ? scandir(folder, &entries, is_program, alphasort) : -1;
    if (count < 0) {
        report_unreadable(checking, folder, depth < FOLDER_DEPTH ? strerror(errno) : "too many folders within folders");
        return;
    }
    for (int i = 0; i < count; i++) {
        size_t size = strlen(folder) + strlen(entries[i]->d_name) + 2;
        char *path = malloc(size);
        if (path) {
            size_t length = strlen(folder);
            snprintf(path, size, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", entries[i]->d_name);
            if (entries[i]->d_type == DT_DIR)
                check_folder(checking, path, depth + 1);
            else
                check_file(checking, path, source_file_read_found);
        } else {
            report_unreadable(checking, folder, "out of memory");
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
}

static void check_path(struct checking *checking, const char *path)
{
    struct stat about;
    if (strcmp(path, "-") != 0 && stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        check_folder(checking, path, 0);
    else
        check_file(checking, path, source_file_read);
}

int command_check(const struct options *options)
{
    struct checking checking = { .options = options,
                                 .json = options->format == FORMAT_JSON,
                                 .posture = options_posture(options, SCH_POSTURE_EVAL) };
    if (options->format == FORMAT_MARKDOWN) {
        fputs("schooner check: --format is text or json\n", stderr);
        return STATUS_USAGE;
    }
    if (checking.json)
        fputs("{\"version\":1,\"diagnostics\":[", stdout);
    if (options->expression)
        check_source(&checking, NULL, (struct sch_source){ "-e", options->expression, strlen(options->expression) });
    for (int i = 0; i < options->arg_count; i++)
        check_path(&checking, options->args[i]);
    free(checking.findings);
    if (checking.remedy && !checking.json)
        printf("remedy: %s\n", checking.remedy);
    if (checking.json)
        printf("%s],\"files\":%zu,\"errors\":%zu,\"warnings\":%zu}\n", checking.diagnostics ? "\n" : "", checking.files,
               checking.diagnostics - checking.warnings, checking.warnings);
    return checking.status;
}
