/*
 * Landlock: the rights by version, the rules of a description, and what a restricted process still reaches; each denial
 * with its positive control.
 */
#include "facility.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "landlock/landlock.h"

enum { RULESET = 60 };

static char folder[] = "/tmp/esquema-landlock-XXXXXX";
static int port; /* something listens here, on the loopback */

static const char *inside(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_world(void **state)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    if (!mkdtemp(folder) || chmod(folder, 0777) != 0)
        return -1;
    umask(0);
    if (mkdir(inside("a"), 0777) != 0 || mkdir(inside("b"), 0777) != 0)
        return -1;
    close(open(inside("a/file"), O_CREAT | O_WRONLY, 0666));
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 5) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        return -1;
    port = ntohs(address.sin_port);
    return 0;
}

static int remove_world(void **state)
{
    (void)state;
    unlink(inside("a/file"));
    unlink(inside("b/file"));
    rmdir(inside("a"));
    rmdir(inside("b"));
    return rmdir(folder);
}

/* In a child: from here on only what the plan's rules allow. */
static void restrict_self(const struct facility_plan *plan, int executable)
{
    struct child child = { .landlock = RULESET, .executable = executable };

    facility_become_ordinary();
    EXPECT(facility_apply(plan, landlock_apply, &child) == 0);
    EXPECT((fcntl(RULESET, F_GETFD) & FD_CLOEXEC) == 0);
    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(syscall(SYS_landlock_restrict_self, RULESET, 0) == 0);
    close(RULESET);
}

static void run_probe(esq_spec *spec, void (*probe)(const void *))
{
    struct facility_plan plan = facility_make_plan(spec, landlock_plan);

    if (plan.result != 0)
        fail_msg("%s", plan.error.text);
    assert_int_equal(facility_in_child(probe, &plan), 0);
    facility_free_plan(&plan);
}

static bool can_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool can_connect(int number)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons((uint16_t)number) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    close(fd);
    return is_connected;
}

/* ---- Rights ---- */

static void rights_follow_the_version(void **state)
{
    (void)state;
    /* From the kernel's documentation: 13 rights, REFER, TRUNCATE, -, IOCTL_DEV. */
    assert_int_equal(landlock_files_of(1), 0x1fff);
    assert_int_equal(landlock_files_of(2), 0x3fff);
    assert_int_equal(landlock_files_of(3), 0x7fff);
    assert_int_equal(landlock_files_of(4), 0x7fff);
    assert_int_equal(landlock_files_of(5), 0xffff);
    assert_int_equal(landlock_files_of(7), 0xffff);
    assert_int_equal(landlock_ports_of(3), 0);
    assert_int_equal(landlock_ports_of(4), 3);
    assert_int_equal(landlock_scopes_of(5), 0);
    assert_int_equal(landlock_scopes_of(6), 3);
    assert_int_equal(landlock_size_of(1), 8);
    assert_int_equal(landlock_size_of(4), 16);
    assert_int_equal(landlock_size_of(6), 24);
}

/* Every older version's rights are still taken by the running kernel. */
static void the_kernel_takes_each_version(void **state)
{
    (void)state;
    for (int version = 1; version <= landlock_version(); version++) {
        struct landlock_attributes attributes = { landlock_files_of(version), landlock_ports_of(version),
                                                  landlock_scopes_of(version) };
        int fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, landlock_size_of(version), 0);
        assert_true(fd >= 0);
        close(fd);
    }
}

static size_t count_problems(const char *first, const char *second)
{
    esq_spec *spec = esq_spec_new();
    size_t count;

    facility_add(spec, "landlock-rules", first, second);
    count = facility_count_problems(spec, landlock_check, NULL);
    esq_spec_free(spec);
    return count;
}

static void rules_are_checked(void **state)
{
    esq_spec *spec = esq_spec_new();

    (void)state;
    assert_int_equal(count_problems("read-only", "/usr"), 0);
    assert_int_equal(count_problems("connect", "443"), 0);
    assert_int_equal(count_problems("read-only", "usr"), 1);
    assert_int_equal(count_problems("read-only", NULL), 1);
    assert_int_equal(count_problems("delete", "/usr"), 1);
    assert_int_equal(count_problems("connect", "0"), 1);
    assert_int_equal(count_problems("bind", "65536"), 1);
    assert_int_equal(count_problems("bind", "ssh"), 1);
    facility_set(spec, "landlock", "deny-all");
    facility_add(spec, "landlock-rules", "read-only", "/");
    assert_int_equal(facility_count_problems(spec, landlock_check, NULL), 1);
    esq_spec_free(spec);
}

static void no_wall_makes_no_step(void **state)
{
    esq_spec *spec = esq_spec_new();
    struct facility_plan plan;

    (void)state;
    facility_set(spec, "landlock", "none");
    plan = facility_make_plan(spec, landlock_plan);
    assert_int_equal(plan.result, 0);
    assert_int_equal(facility_count_steps(&plan), 0);
    facility_free_plan(&plan);
    esq_spec_free(spec);
}

/* ---- Behind the wall ---- */

static void probe_standard(const void *argument)
{
    char from[256];

    restrict_self(argument, -1);
    EXPECT(can_open("/etc/passwd", O_RDONLY));
    EXPECT(can_open("/dev/null", O_RDWR));
    snprintf(from, sizeof from, "%s", inside("a/file"));
    EXPECT(rename(from, inside("b/file")) == 0); /* EXDEV unless REFER is granted */
    EXPECT(rename(inside("b/file"), from) == 0);
    EXPECT(can_open(from, O_WRONLY | O_TRUNC));
    EXPECT(can_connect(port));
    EXPECT(access("/bin/true", X_OK) == 0);
    execl("/bin/true", "true", NULL);
    _exit(99);
}

static void standard_allows_what_lies_beneath_the_root(void **state)
{
    esq_spec *spec = esq_spec_new();

    (void)state;
    run_probe(spec, probe_standard);
    esq_spec_free(spec);
}

static void probe_deny_all(const void *argument)
{
    int executable = open("/bin/busybox", O_PATH | O_CLOEXEC);
    char *argv[] = { (char *)"busybox", (char *)"true", NULL };
    char *envp[] = { NULL };

    EXPECT(can_open("/etc/passwd", O_RDONLY) && can_connect(port)); /* the positive control */
    restrict_self(argument, executable);
    EXPECT(!can_open("/etc/passwd", O_RDONLY) && errno == EACCES);
    EXPECT(!can_open("/", O_RDONLY | O_DIRECTORY));
    EXPECT(!can_open("/dev/null", O_WRONLY));
    EXPECT(!can_open(inside("a/new"), O_CREAT | O_WRONLY));
    EXPECT(unlink(inside("a/file")) == -1 && errno == EACCES);
    if (landlock_version() >= 4)
        EXPECT(!can_connect(port));
    if (landlock_version() >= 6)
        EXPECT(kill(getppid(), 0) == -1 && errno == EPERM);
    execl("/bin/true", "true", NULL);
    EXPECT(errno == EACCES);
    syscall(SYS_execveat, executable, "", argv, envp, AT_EMPTY_PATH);
    _exit(98);
}

static void deny_all_leaves_the_program_alone(void **state)
{
    esq_spec *spec = esq_spec_new();

    (void)state;
    if (access("/bin/busybox", X_OK) != 0)
        skip();
    facility_set(spec, "landlock", "deny-all");
    run_probe(spec, probe_deny_all);
    esq_spec_free(spec);
}

static void probe_memory_file(const void *argument)
{
    char *argv[] = { (char *)"busybox", (char *)"true", NULL };
    char *envp[] = { NULL };
    int source = open("/bin/busybox", O_RDONLY | O_CLOEXEC);
    int program = memfd_create("program", MFD_CLOEXEC);
    char bytes[65536];
    ssize_t count;

    while ((count = read(source, bytes, sizeof bytes)) > 0)
        EXPECT(write(program, bytes, (size_t)count) == count);
    restrict_self(argument, program);
    syscall(SYS_execveat, program, "", argv, envp, AT_EMPTY_PATH);
    _exit(98);
}

static void a_memory_file_can_be_executed(void **state)
{
    esq_spec *spec = esq_spec_new();

    (void)state;
    if (access("/bin/busybox", X_OK) != 0)
        skip();
    facility_set(spec, "landlock", "deny-all");
    run_probe(spec, probe_memory_file);
    esq_spec_free(spec);
}

static void probe_rules(const void *argument)
{
    EXPECT(can_open("/etc/hostname", O_RDONLY) && can_open(inside("a/file"), O_WRONLY));
    restrict_self(argument, -1);
    EXPECT(can_open("/etc/passwd", O_RDONLY));
    EXPECT(!can_open("/etc/hostname", O_RDONLY) && errno == EACCES);
    EXPECT(can_open(inside("a/file"), O_RDWR));
    EXPECT(can_open(inside("b"), O_RDONLY | O_DIRECTORY));
    EXPECT(!can_open(inside("b/new"), O_CREAT | O_WRONLY));
    EXPECT(!can_open("/usr/bin", O_RDONLY | O_DIRECTORY));
}

static void rules_allow_only_what_they_name(void **state)
{
    esq_spec *spec = esq_spec_new();
    char a[256], b[256];

    (void)state;
    snprintf(a, sizeof a, "%s", inside("a"));
    snprintf(b, sizeof b, "%s", inside("b"));
    facility_add(spec, "landlock-rules", "read-only", "/etc/passwd"); /* a file: only rights of files */
    facility_add(spec, "landlock-rules", "read-write", a);
    facility_add(spec, "landlock-rules", "read-only", b);
    run_probe(spec, probe_rules);
    esq_spec_free(spec);
}

/* The number that the kernel gives anyway. */
static void probe_own_number(const void *argument)
{
    int next = dup(0);
    struct child child = { .landlock = next, .executable = -1 };

    EXPECT(next >= 0);
    close(next);
    facility_become_ordinary();
    EXPECT(facility_apply(argument, landlock_apply, &child) == 0);
    EXPECT(fcntl(next, F_GETFD) == 0);
}

static void the_expected_number_may_be_the_next_one(void **state)
{
    esq_spec *spec = esq_spec_new();

    (void)state;
    facility_set(spec, "landlock", "deny-all");
    run_probe(spec, probe_own_number);
    esq_spec_free(spec);
}

static void probe_missing_path(const void *argument)
{
    struct child child = { .landlock = RULESET, .executable = -1 };

    facility_become_ordinary();
    EXPECT(facility_apply(argument, landlock_apply, &child) == -ENOENT);
    EXPECT(strcmp(child.detail, "/no/such/path") == 0);
}

static void a_path_that_is_missing_is_named(void **state)
{
    esq_spec *spec = esq_spec_new();

    (void)state;
    facility_add(spec, "landlock-rules", "read-only", "/no/such/path");
    run_probe(spec, probe_missing_path);
    esq_spec_free(spec);
}

static void probe_ports(const void *argument)
{
    restrict_self(argument, -1);
    EXPECT(can_connect(port));
    EXPECT(!can_connect(port == 65535 ? 1 : port + 1) && errno == EACCES);
    EXPECT(can_open("/etc/passwd", O_RDONLY)); /* rules for ports say nothing about files */
}

static void ports_are_allowed_by_number(void **state)
{
    esq_spec *spec = esq_spec_new();
    char text[16];

    (void)state;
    if (landlock_version() < 4)
        skip();
    snprintf(text, sizeof text, "%d", port);
    facility_add(spec, "landlock-rules", "connect", text);
    run_probe(spec, probe_ports);
    esq_spec_free(spec);
}

static int connect_abstract(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result;

    memcpy(address.sun_path + 1, name, strlen(name));
    result = connect(fd, (struct sockaddr *)&address,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)));
    close(fd);
    return result;
}

static void probe_scope(const void *argument)
{
    EXPECT(connect_abstract("esquema-test-landlock") == 0);
    restrict_self(argument, -1);
    EXPECT(connect_abstract("esquema-test-landlock") == -1 && errno == EPERM);
}

static void abstract_sockets_of_the_host_are_out_of_reach(void **state)
{
    const char *name = "esquema-test-landlock";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    esq_spec *spec = esq_spec_new();
    struct facility_plan plan;
    const struct landlock_step *step;

    (void)state;
    if (landlock_version() < 6)
        skip();
    memcpy(address.sun_path + 1, name, strlen(name));
    assert_int_equal(bind(listener, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
                     0);
    assert_int_equal(listen(listener, 5), 0);

    /* With a network and processes of its own the namespaces deny it, and no scope parts it from what joins it. */
    plan = facility_make_plan(spec, landlock_plan);
    step = facility_data(&plan, 0);
    assert_int_equal(step->handled.scopes, 0);
    facility_free_plan(&plan);

    facility_set(spec, "network", "host");
    run_probe(spec, probe_scope);
    close(listener);
    esq_spec_free(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights_follow_the_version),
        cmocka_unit_test(the_kernel_takes_each_version),
        cmocka_unit_test(rules_are_checked),
        cmocka_unit_test(no_wall_makes_no_step),
        cmocka_unit_test(standard_allows_what_lies_beneath_the_root),
        cmocka_unit_test(deny_all_leaves_the_program_alone),
        cmocka_unit_test(a_memory_file_can_be_executed),
        cmocka_unit_test(rules_allow_only_what_they_name),
        cmocka_unit_test(the_expected_number_may_be_the_next_one),
        cmocka_unit_test(a_path_that_is_missing_is_named),
        cmocka_unit_test(ports_are_allowed_by_number),
        cmocka_unit_test(abstract_sockets_of_the_host_are_out_of_reach),
    };
    return cmocka_run_group_tests_name("landlock", tests, make_world, remove_world);
}
