/* Containers of Scheme as specifications: what the forms write down is what C would have set by hand. */
#include "unit.h"

#include <string.h>
#include "bridge/bridge.h"

struct machine {
    sch_env *env;
    sch_vm *vm;
};

static int start(void **state)
{
    static const char *const libraries[] = { "(scheme base)", "(esquema container)", "(esquema policy)",
                                             "(esquema service)", NULL };
    static struct machine machine;
    const struct sch_env_options options = {
        .size = sizeof options,
        .menu = libraries,
        .pre_imports = libraries,
    };
    machine.env = sch_env_new(&options, NULL);
    machine.vm = machine.env ? sch_vm_new(machine.env, NULL) : NULL;
    *state = &machine;
    return machine.vm ? 0 : -1;
}

static int stop(void **state)
{
    struct machine *machine = *state;
    sch_vm_free(machine->vm);
    sch_env_free(machine->env);
    return 0;
}

static sch_value evaluate(void **state, const char *text)
{
    struct machine *machine = *state;
    sch_value value = sch_nil();
    enum sch_status status = sch_eval(machine->vm, (struct sch_source){ "d.scm", text, strlen(text) }, &value);
    if (status != SCH_OK)
        print_error("%s\n", sch_failure(machine->vm)->message);
    assert_int_equal(status, SCH_OK);
    return value;
}

static esq_spec *spec_of(void **state, const char *text)
{
    const struct bridge_paths paths = { .base = "/base" };
    esq_spec *spec = NULL;
    esq_error error = { 0 };
    int result = bridge_spec_of(evaluate(state, text), &paths, &spec, &error);
    if (result < 0)
        print_error("%s\n", error.text);
    assert_int_equal(result, 0);
    return spec;
}

static void set(esq_spec *spec, const char *field, const char *value)
{
    assert_int_equal(esq_spec_set(spec, field, value, NULL, NULL), 0);
}

static void add(esq_spec *spec, const char *field, size_t count, const char *const *words)
{
    assert_int_equal(esq_spec_add(spec, field, words, count, NULL, NULL), 0);
}
#define ADD(spec, field, ...) \
    add(spec, field, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), (const char *[]){ __VA_ARGS__ })

/* Takes both. */
static void assert_same(esq_spec *one, esq_spec *other)
{
    unsigned char hash[32], expected[32];
    assert_int_equal(esq_spec_hash(one, hash), 0);
    assert_int_equal(esq_spec_hash(other, expected), 0);
    assert_memory_equal(hash, expected, sizeof hash);
    esq_spec_free(one);
    esq_spec_free(other);
}

static esq_spec *plain(const char *mode)
{
    esq_spec *spec = esq_spec_new();
    set(spec, "name", "web");
    set(spec, "rootfs", "/base/root");
    set(spec, "rootfs-mode", mode);
    ADD(spec, "command", "/bin/httpd", "-f");
    return spec;
}

static void test_three_forms_are_one(void **state)
{
    assert_same(spec_of(state, "(container \"web\" \"root\" '(\"/bin/httpd\" \"-f\"))"), plain("read-only"));
    assert_same(spec_of(state, "(make-container \"web\" \"root\" '(\"/bin/httpd\" \"-f\"))"), plain("read-only"));
    assert_same(spec_of(state, "(container (name \"web\") (rootfs \"root\") (command \"/bin/httpd\" \"-f\"))"),
                plain("read-only"));
    assert_same(spec_of(state, "(make-container \"web\" \"root\" '(\"/bin/httpd\" \"-f\") #:rootfs-ro? #f)"),
                plain("overlay"));
    assert_same(
        spec_of(state, "(container (name \"web\") (rootfs (overlay \"root\")) (command \"/bin/httpd\" \"-f\"))"),
        plain("overlay"));
}

static void test_all_fields(void **state)
{
    esq_spec *spec = plain("read-only");
    ADD(spec, "environment", "LANG", "C");
    ADD(spec, "mounts", "bind", "/srv/www", "/www", "read-only");
    ADD(spec, "mounts", "bind", "/base/data", "/data", "writable");
    ADD(spec, "mounts", "tmpfs", "/tmp", "size=67108864");
    set(spec, "network", "host");
    set(spec, "memory", "268435456");
    set(spec, "processes", "128");
    set(spec, "cpus", "1/2");
    set(spec, "open-files", "1024");
    set(spec, "time", "600000");
    set(spec, "seccomp", "standard");
    ADD(spec, "seccomp-rules", "allow", "ptrace");
    ADD(spec, "seccomp-rules", "allow-family", "unix", "inet");
    ADD(spec, "landlock-rules", "read-only", "/");
    ADD(spec, "landlock-rules", "read-write", "/tmp");
    ADD(spec, "best-effort", "memory", "landlock-scopes");
    set(spec, "user", "1000:100");
    set(spec, "hostname", "h");
    set(spec, "working-directory", "/www");
    ADD(spec, "namespaces", "user", "mount", "pid");
    assert_same(spec_of(state,
                        "(container (name \"web\") (rootfs \"root\") (command '(\"/bin/httpd\" \"-f\"))"
                        " (environment (\"LANG\" \"C\"))"
                        " (mounts (bind \"/srv/www\" \"/www\") (bind \"data\" \"/data\" (writable))"
                        "         (tmpfs \"/tmp\" (size (MiB 64))))"
                        " (network host)"
                        " (limits (memory (MiB 256)) (processes 128) (cpus 1/2) (open-files 1024) (time (minutes 10)))"
                        " (seccomp (inherit standard-policy) (allow ptrace) (sockets unix inet))"
                        " (landlock (read-only \"/\") (read-write \"/tmp\"))"
                        " (best-effort memory landlock-scopes) (user 1000 100) (hostname \"h\")"
                        " (working-directory \"/www\") (namespaces user mount pid))"),
                spec);
}

static void test_what_is_kept(void **state)
{
    esq_spec *spec = plain("overlay");
    set(spec, "rootfs-keep", "mine");
    ADD(spec, "mounts", "volume", "data", "/data", "writable");
    ADD(spec, "mounts", "volume", "music", "/music", "read-only");
    ADD(spec, "devices", "/dev/fuse", "/dev/kvm");
    set(spec, "id-range", "65536");
    set(spec, "nested-namespaces", "yes");
    set(spec, "user-processes", "9");
    set(spec, "data-size", "1024");
    set(spec, "realtime-time", "200");
    assert_same(spec_of(state,
                        "(container (name \"web\") (rootfs (overlay \"root\") (keep \"mine\"))"
                        " (command \"/bin/httpd\" \"-f\")"
                        " (mounts (bind (volume \"data\") \"/data\") (bind (volume \"music\") \"/music\" read-only))"
                        " (devices \"/dev/fuse\" \"/dev/kvm\") (id-map 65536) (nested-namespaces)"
                        " (limits (user-processes 9) (data-size (KiB 1)) (realtime-time (milliseconds 200))))"),
                spec);
}

static void test_limits_as_quota_and_period(void **state)
{
    esq_spec *spec = plain("read-only");
    set(spec, "memory", "134217728");
    set(spec, "processes", "64");
    set(spec, "cpus", "1/2");
    assert_same(spec_of(state, "(make-container \"web\" \"root\" '(\"/bin/httpd\" \"-f\")"
                               " #:limits (make-limits (MiB 128) 64 50000 100000))"),
                spec);
}

static void test_heirs_replace_fields(void **state)
{
    assert_same(spec_of(state, "(container (inherit (container (name \"old\") (rootfs (overlay \"elsewhere\"))"
                               "                      (command \"/bin/sh\")))"
                               " (name \"web\") (rootfs \"root\") (command \"/bin/httpd\" \"-f\"))"),
                plain("read-only"));
}

static void test_locations_are_those_of_fields(void **state)
{
    esq_spec *spec = spec_of(state, "(container (name \"web\")\n  (rootfs \"/\")\n  (command \"/bin/sh\")\n"
                                    "  (network \"wifi\"))");
    esq_error problem = { 0 };
    assert_int_equal(esq_spec_check(spec, &problem, 1), 1);
    assert_string_equal(problem.file, "d.scm");
    assert_int_equal(problem.line, 4);
    assert_int_equal(problem.column, 3);
    esq_spec_free(spec);
}

static void refused(void **state, const char *text)
{
    const struct bridge_paths paths = { .base = "/base", .folder = "/base" };
    esq_spec *spec = NULL;
    esq_error error = { 0 };
    assert_true(bridge_spec_of(evaluate(state, text), &paths, &spec, &error) < 0);
    assert_true(*error.text);
    assert_null(spec);
}

#define FORGED "(let () (define-record-type container (make a b) c? (a a) (b b)) "

static void test_forged_records_are_refused(void **state)
{
    refused(state, "5");
    refused(state, FORGED "(make 1 2))");
    refused(state, FORGED "(make 1 '(2)))");
    refused(state, FORGED "(make 1 '((g #f set))))");
    refused(state, FORGED "(make 1 '((g #f set \"name\"))))");
    refused(state, FORGED "(make 1 '((g #f shout \"name\" \"x\"))))");
    refused(state, FORGED "(make 1 '((g #f set \"folder\" \"/\"))))");
    refused(state, FORGED "(make 1 '((g #f set \"no such field\" \"/\"))))");
    refused(state, FORGED "(make 1 '((g #f add \"stdin\" \"/\"))))");
    refused(state,
            FORGED "(make 1 (list (list 'g #f 'set \"name\" (list->string (list #\\a (integer->char 0) #\\b))))))");
    refused(state, FORGED "(make 1 '((g #f set \"rootfs\" \"\"))))");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_three_forms_are_one, start, stop),
        cmocka_unit_test_setup_teardown(test_all_fields, start, stop),
        cmocka_unit_test_setup_teardown(test_what_is_kept, start, stop),
        cmocka_unit_test_setup_teardown(test_limits_as_quota_and_period, start, stop),
        cmocka_unit_test_setup_teardown(test_heirs_replace_fields, start, stop),
        cmocka_unit_test_setup_teardown(test_locations_are_those_of_fields, start, stop),
        cmocka_unit_test_setup_teardown(test_forged_records_are_refused, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
