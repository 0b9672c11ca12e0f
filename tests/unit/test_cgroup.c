/*
 * Cgroups without a container: what the kernel's files say, which obstacle has which remedy, which limits make sense,
 * and the conversation with systemd, with a bus of our own at the other end that says whatever it likes.
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cgroup/files.h"
#include "cgroup/leaf.h"
#include "esquema.h"

static void files_are_read(void **state)
{
    static const char events[] = "low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\noom_group_kill 1\n";
    uint64_t number = 7;
    assert_true(cgroup_number(events, "oom_kill", &number));
    assert_int_equal(number, 3);
    assert_true(cgroup_number(events, "oom", &number));
    assert_int_equal(number, 1);
    assert_false(cgroup_number(events, "oom_k", &number));
    assert_true(cgroup_number("67108864\n", NULL, &number));
    assert_int_equal(number, 67108864);
    assert_true(cgroup_number("max\n", NULL, &number));
    assert_int_equal(number, 0);
    assert_false(cgroup_number("", NULL, &number));
    assert_false(cgroup_number("99999999999999999999\n", NULL, &number));
    assert_int_equal(cgroup_parse_controllers("cpuset cpu io memory pids rdma\n"),
                     CGROUP_CPUSET | CGROUP_CPU | CGROUP_IO | CGROUP_MEMORY | CGROUP_PIDS);
    assert_int_equal(cgroup_parse_controllers("cpuset\n"), CGROUP_CPUSET);
    assert_int_equal(cgroup_parse_controllers("\n"), 0);
}

/* Each obstacle has a remedy, and no two have the same. */
static void each_obstacle_has_its_remedy(void **state)
{
    static const struct cgroup_place places[] = {
        { .obstacle = CGROUP_NO_HIERARCHY },
        { .obstacle = CGROUP_NOT_DELEGATED, .mount = "/c", .hierarchy = 0 },
        { .obstacle = CGROUP_NOT_DELEGATED, .mount = "/c", .hierarchy = CGROUP_MEMORY },
        { .source = CGROUP_DELEGATED, .mount = "/c", .parent = "/c/u", .hierarchy = CGROUP_MEMORY },
        { .source = CGROUP_SYSTEMD, .mount = "/c", .hierarchy = CGROUP_MEMORY },
        { .obstacle = CGROUP_NO_BUS, .mount = "/c", .hierarchy = CGROUP_MEMORY },
        { .obstacle = CGROUP_NOT_ALONE, .mount = "/c", .parent = "/c/u", .hierarchy = CGROUP_MEMORY },
    };
    static const char *const said[] = { "no cgroup hierarchy",  "version 1 has it",          "belongs to this user",
                                        "/c/u has no",          "systemd does not delegate", "no bus",
                                        "than ours are in /c/u" };
    enum { COUNT = sizeof(places) / sizeof(places[0]) };
    char reason[256];
    for (size_t i = 0; i < COUNT; i++) {
        const char *remedy = cgroup_remedy(&places[i], CGROUP_INDEX_MEMORY);
        cgroup_reason(&places[i], CGROUP_INDEX_MEMORY, reason, sizeof(reason));
        assert_non_null(strstr(reason, said[i]));
        assert_true(strlen(remedy) > 20);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(remedy, cgroup_remedy(&places[j], CGROUP_INDEX_MEMORY));
    }
}

static bool is_refused(const char *field, const char *value)
{
    esq_spec *spec = esq_spec_new();
    esq_error problems[8];
    size_t count;
    esq_spec_set(spec, field, value, NULL, NULL);
    count = esq_spec_check(spec, problems, 8);
    bool is_named = false;
    for (size_t i = 0; i < count && i < 8; i++)
        is_named = is_named || strstr(problems[i].text, field) || strstr(problems[i].text, "bytes of memory");
    esq_spec_free(spec);
    return is_named;
}

static void senseless_limits_are_refused(void **state)
{
    assert_true(is_refused("memory", "64"));
    assert_false(is_refused("memory", "67108864"));
    assert_true(is_refused("cpus", "0"));
    assert_true(is_refused("cpus", "0.0001"));
    assert_true(is_refused("cpus", "1/0"));
    assert_true(is_refused("cpus", "1000000"));
    assert_false(is_refused("cpus", "1/2"));
    assert_false(is_refused("cpus", "0.001"));
    assert_false(is_refused("cpus", "3"));
    assert_true(is_refused("cpuset", "0-"));
    assert_true(is_refused("cpuset", "3-1"));
    assert_true(is_refused("cpuset", "0,,1"));
    assert_true(is_refused("cpuset", "0\n1"));
    assert_false(is_refused("cpuset", "0-3,5"));
    assert_true(is_refused("processes", "0"));
    assert_true(is_refused("processes", "many"));
    assert_false(is_refused("processes", "unlimited"));
}

static void no_limit_is_a_grant(void **state)
{
    esq_spec *spec = esq_spec_new();
    esq_grant grants[4];
    assert_int_equal(esq_spec_grants(spec, grants, 4), 0);
    esq_spec_set(spec, "processes", "100000", NULL, NULL);
    assert_int_equal(esq_spec_grants(spec, grants, 4), 0);
    esq_spec_set(spec, "processes", "unlimited", NULL, NULL);
    assert_int_equal(esq_spec_grants(spec, grants, 4), 1);
    assert_string_equal(grants[0].flag, "limits");
    assert_string_equal(grants[0].value, "processes");
    esq_spec_free(spec);
}

/* ---- A bus ---- */

struct bus {
    char path[64];
    int listener;
    pthread_t thread;
    const char *outcome; /* of the job */
    const void *noise;   /* instead of messages */
    size_t noise_size;
    bool is_error;
    bool has_asked; /* for the scope, with what we expect in it */
};

static size_t pad(unsigned char *out, size_t at, size_t size)
{
    while (at % size)
        out[at++] = 0;
    return at;
}

static size_t put_u32(unsigned char *out, size_t at, uint32_t number)
{
    at = pad(out, at, 4);
    memcpy(out + at, &number, 4);
    return at + 4;
}

static size_t put_text(unsigned char *out, size_t at, const char *text)
{
    at = put_u32(out, at, (uint32_t)strlen(text));
    memcpy(out + at, text, strlen(text) + 1);
    return at + strlen(text) + 1;
}

static size_t put_field(unsigned char *out, size_t at, unsigned char code, const char *type, const char *text)
{
    at = pad(out, at, 8);
    out[at++] = code;
    out[at++] = (unsigned char)strlen(type);
    memcpy(out + at, type, strlen(type) + 1);
    return put_text(out, at + strlen(type) + 1, text);
}

/* The messages of the D-Bus specification, built by hand. */
static size_t make_message(unsigned char *out, bool is_error, const char *name, const char *outcome)
{
    unsigned char body[512];
    size_t at = 16, size = 0;
    if (is_error) {
        at = put_field(out, at, 4, "s", "org.freedesktop.DBus.Error.AccessDenied");
        at = pad(out, at, 8);
        out[at++] = 5;
        out[at++] = 1;
        out[at++] = 'u';
        out[at++] = 0;
        at = put_u32(out, at, 3);
    } else {
        at = put_field(out, at, 3, "s", "JobRemoved");
        size = put_u32(body, 0, 42);
        size = put_text(body, size, "/org/freedesktop/systemd1/job/42");
        size = put_text(body, size, name);
        size = put_text(body, size, outcome);
    }
    uint32_t fields = (uint32_t)at - 16, length = (uint32_t)size, serial = 9;
    memcpy(out, (unsigned char[]){ 'l', is_error ? 3 : 4, 0, 1 }, 4);
    memcpy(out + 4, &length, 4);
    memcpy(out + 8, &serial, 4);
    memcpy(out + 12, &fields, 4);
    at = pad(out, at, 8);
    memcpy(out + at, body, size);
    return at + size;
}

static bool contains(const unsigned char *bytes, size_t size, const char *text)
{
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void *serve(void *argument)
{
    struct bus *bus = argument;
    unsigned char in[8192], out[2048];
    size_t size = 0;
    ssize_t got;
    int fd = accept(bus->listener, NULL, NULL);
    while (size < sizeof(in) && !contains(in, size, "\r\n") && (got = read(fd, in + size, sizeof(in) - size)) > 0)
        size += (size_t)got;
    if (in[0] != 0 || !contains(in, size, "AUTH EXTERNAL ") || write(fd, "OK 1234\r\n", 9) != 9) {
        close(fd);
        return NULL;
    }
    while (size < sizeof(in) && !contains(in, size, "StartTransientUnit") &&
           (got = read(fd, in + size, sizeof(in) - size)) > 0)
        size += (size_t)got;
    /* The call is sent in one piece: its end has come with its beginning. */
    bus->has_asked = contains(in, size, "BEGIN\r\n") && contains(in, size, "Hello") &&
                     contains(in, size, "member='JobRemoved'") && contains(in, size, "a.scope") &&
                     contains(in, size, "Delegate") && contains(in, size, "PIDs");
    if (bus->noise) {
        if (write(fd, bus->noise, bus->noise_size) < 0)
            bus->has_asked = false;
    } else {
        size = make_message(out, false, "other.scope", "failed");
        size += make_message(out + size, bus->is_error, "a.scope", bus->outcome);
        if (write(fd, out, size) < 0)
            bus->has_asked = false;
    }
    close(fd);
    return NULL;
}

static int ask(struct bus *bus)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *detail = NULL;
    pid_t pids[2] = { 11, 12 };
    char folder[] = "/tmp/esquema-bus-XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(bus->path, sizeof(bus->path), "%s/bus", folder);
    strcpy(address.sun_path, bus->path);
    bus->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(bus->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(bus->listener, 1), 0);
    assert_int_equal(pthread_create(&bus->thread, NULL, serve, bus), 0);
    int result = cgroup_scope_make(bus->path, "a.scope", pids, 2, &detail);
    pthread_join(bus->thread, NULL);
    close(bus->listener);
    unlink(bus->path);
    rmdir(folder);
    assert_true(result == 0 || detail);
    return result;
}

static void systemd_is_asked(void **state)
{
    struct bus good = { .outcome = "done" };
    assert_int_equal(ask(&good), 0);
    assert_true(good.has_asked);
    struct bus bad = { .outcome = "failed" };
    assert_int_equal(ask(&bad), -EIO);
    struct bus refusing = { .outcome = "", .is_error = true };
    assert_int_equal(ask(&refusing), -EACCES);
}

static void what_systemd_says_is_not_trusted(void **state)
{
    static const unsigned char big[16] = { 'l', 4, 0, 1, 255, 255, 255, 255, 1, 0, 0, 0, 255, 255, 255, 127 };
    static const unsigned char foreign[16] = { 'B', 4, 0, 1 };
    /* A field whose signature is said to be longer than the message. */
    static const unsigned char torn[24] = {
        'l', 4, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 3, 200, 's', 0, 4, 0, 0, 0
    };
    struct bus buses[] = { { .noise = big, .noise_size = sizeof(big) },
                           { .noise = foreign, .noise_size = sizeof(foreign) },
                           { .noise = torn, .noise_size = sizeof(torn) } };
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ask(&buses[i]), -EPROTO);
    struct bus silent = { .noise = "", .noise_size = 0 };
    assert_int_equal(ask(&silent), -ECONNRESET);
    const char *detail;
    assert_int_equal(cgroup_scope_make("/nonexistent", "a.scope", NULL, 0, &detail), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read),
        cmocka_unit_test(each_obstacle_has_its_remedy),
        cmocka_unit_test(senseless_limits_are_refused),
        cmocka_unit_test(no_limit_is_a_grant),
        cmocka_unit_test(systemd_is_asked),
        cmocka_unit_test(what_systemd_says_is_not_trusted),
    };
    return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
