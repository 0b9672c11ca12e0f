/* What a running container uses, as a folder like /proc says it: strange names, families, and more than can be counted.
 */
#include "unit.h"

#include "supervise/stats.c"

struct folder {
    char path[64];
};

static void put(const struct folder *folder, int pid, const char *name, int parent, unsigned pages)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%d", folder->path, pid);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/%d/stat", folder->path, pid);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file, "%d (%s) S %d 1 1 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 9 9 %u 9\n", pid, name, parent, pages);
    assert_int_equal(fclose(file), 0);
}

static void take_away(const struct folder *folder)
{
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", folder->path);
    assert_int_equal(system(command), 0);
}

/* 10 is init; 11 and 12 are below it; 20 and the two that its name pretends to be are not. */
static struct folder make(void)
{
    struct folder folder = { "/tmp/test-stats-XXXXXX" };
    assert_non_null(mkdtemp(folder.path));
    put(&folder, 10, "init", 1, 1);
    put(&folder, 11, "a) S 1 (b", 10, 2);
    put(&folder, 12, ")", 11, 4);
    put(&folder, 20, "x) S 10 1 1", 1, 8);
    return folder;
}

static void a_family_is_counted(void **state)
{
    struct folder folder = make();
    struct processes processes = { 0 };
    esq_stats stats;
    assert_int_equal(read_all(folder.path, 4, &processes), 0);
    assert_int_equal(processes.count, 4);
    qsort(processes.items, processes.count, sizeof *processes.items, compare_pids);
    mark_inside(&processes, 10);
    sum(&processes, 10, &stats);
    assert_int_equal(stats.processes, 2);
    assert_int_equal(stats.memory, 7 * sysconf(_SC_PAGESIZE));
    free(processes.items);
    take_away(&folder);
}

/* Less than all of them would be a figure that is too small. */
static void too_many_are_not_counted_at_all(void **state)
{
    struct folder folder = make();
    struct processes processes = { 0 };
    assert_int_equal(read_all(folder.path, 3, &processes), -E2BIG);
    free(processes.items);
    take_away(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_family_is_counted),
                                        cmocka_unit_test(too_many_are_not_counted_at_all) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
