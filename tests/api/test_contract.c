/*
 * What the header promises, and what happens to those who break its contract: every function is misused, and the
 * machine is whole afterwards. By the public header alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "schooner.h"

/* The limits that are not set, but no clock: a loaded machine is no reason to fail. */
static const struct sch_limits patient = { .size = sizeof patient, .timeout_ns = SCH_UNLIMITED };

static struct sch_source source_of(const char *text)
{
    return (struct sch_source){ "test", text, strlen(text) };
}

static enum sch_status eval(sch_vm *vm, const char *text, sch_value *ret)
{
    return sch_eval(vm, source_of(text), ret);
}

static int64_t integer(sch_value value)
{
    int64_t n = INT64_MIN;
    assert_true(sch_get_integer(value, &n));
    return n;
}

static void expect(sch_vm *vm, const char *text, int64_t expected)
{
    sch_value value;
    enum sch_status status = eval(vm, text, &value);
    if (status != SCH_OK)
        print_message("%s: %s\n", text, sch_failure(vm)->message);
    assert_int_equal(status, SCH_OK);
    assert_int_equal(integer(value), expected);
}

static void expect_error(sch_vm *vm, const char *text, const char *kind)
{
    sch_value value;
    assert_int_equal(eval(vm, text, &value), SCH_ERROR);
    assert_string_equal(sch_failure(vm)->kind, kind);
}

static const char *const base[] = { "base", NULL };

static sch_env *env_of(const struct sch_binding *bindings, size_t count, struct sch_failure *ret_failure)
{
    struct sch_library library = { .bindings = bindings, .count = count };
    struct sch_env_options options = {
        .size = sizeof options, .libraries = &library, .library_count = 1, .pre_imports = base
    };
    return sch_env_new(&options, ret_failure);
}

/* --- asserting accessors ----------------------------------------------------------------------------------------- */

static const struct sch_foreign_type thing_type = { .name = "a thing" };
static const struct sch_foreign_type other_type = { .name = "another thing" };

/* (need kind value): 1 when the accessor accepts it */
static sch_value host_need(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count;
    int64_t n;
    double d;
    uint32_t c;
    bool b;
    const char *text;
    const void *bytes;
    const sch_value *items;
    sch_value car, cdr;
    void *pointer;
    size_t length;
    if (!sch_need_symbol(vm, args[0], &text, &length))
        return SCH_RAISED;
    sch_value v = args[1];
    bool fits = false;
    if (strcmp(text, "integer") == 0)
        fits = sch_need_integer(vm, v, &n);
    else if (strcmp(text, "real") == 0)
        fits = sch_need_real(vm, v, &d);
    else if (strcmp(text, "character") == 0)
        fits = sch_need_character(vm, v, &c);
    else if (strcmp(text, "boolean") == 0)
        fits = sch_need_boolean(vm, v, &b);
    else if (strcmp(text, "string") == 0)
        fits = sch_need_string(vm, v, &text, &length);
    else if (strcmp(text, "symbol") == 0)
        fits = sch_need_symbol(vm, v, &text, &length);
    else if (strcmp(text, "bytevector") == 0)
        fits = sch_need_bytes(vm, v, &bytes, &length);
    else if (strcmp(text, "pair") == 0)
        fits = sch_need_pair(vm, v, &car, &cdr);
    else if (strcmp(text, "list") == 0)
        fits = sch_need_list(vm, v, &length);
    else if (strcmp(text, "vector") == 0)
        fits = sch_need_vector(vm, v, &items, &length);
    else if (strcmp(text, "procedure") == 0)
        fits = sch_need_procedure(vm, v);
    else if (strcmp(text, "foreign") == 0)
        fits = sch_need_foreign(vm, v, &thing_type, &pointer);
    return fits ? sch_integer(vm, 1) : SCH_RAISED;
}

static sch_value host_thing(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)args;
    return sch_foreign(vm, count ? &other_type : &thing_type, vm, 0);
}

static void test_asserting_accessors(void **state)
{
    (void)state;
    static const struct sch_binding bindings[] = {
        { .name = "need", .function = host_need, .min_args = 2, .max_args = 2 },
        { .name = "thing", .function = host_thing, .max_args = 1 },
    };
    static const struct {
        const char *kind;
        const char *good;
        const char *bad;
    } cases[] = {
        { "integer", "-9223372036854775808", "9223372036854775808" }, /* of 64 bits */
        { "integer", "42", "42.0" },
        { "real", "1/3", "'x" },
        { "real", "(expt 7 300)", "\"1\"" },
        { "character", "#\\a", "\"a\"" },
        { "boolean", "#f", "'()" },
        { "string", "\"\"", "'a" },
        { "symbol", "'a", "\"a\"" },
        { "bytevector", "#u8(1)", "#(1)" },
        { "pair", "'(1 . 2)", "'()" },
        { "list", "'()", "'(1 . 2)" },
        { "vector", "#()", "'()" },
        { "procedure", "car", "'car" },
        { "procedure", "(lambda () 1)", "1" },
        { "foreign", "(thing)", "(thing 1)" },
        { "foreign", "(thing)", "5" },
    };
    sch_env *env = env_of(bindings, 2, NULL);
    sch_vm *vm = sch_vm_new(env, &patient);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "(need '%s %s)", cases[i].kind, cases[i].good);
        expect(vm, text, 1);
        /* host-only: no handler of the script sees it */
        snprintf(text, sizeof text, "(guard (e (#t 2)) (need '%s %s))", cases[i].kind, cases[i].bad);
        expect_error(vm, text, "type-error");
        assert_non_null(strstr(sch_failure(vm)->message, "need"));
    }
    sch_vm_free(vm);
    sch_env_free(env);
}

/* --- host libraries ---------------------------------------------------------------------------------------------- */

static sch_value host_nothing(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)vm, (void)data, (void)count, (void)args;
    return sch_nil();
}

static sch_value make_rates(sch_vm *vm, void *data)
{
    sch_value items[] = { sch_integer(vm, *(const int *)data), sch_string(vm, "two", 3) };
    return sch_vector(vm, 2, items);
}

static sch_value make_nothing(sch_vm *vm, void *data)
{
    (void)vm, (void)data;
    return SCH_RAISED;
}

static bool find_rates(void *data, const struct sch_surface *binding)
{
    if (strcmp(binding->name, "rates") == 0) {
        assert_int_equal(binding->kind, SCH_SURFACE_VALUE);
        assert_string_equal(binding->doc, "What things cost.");
        *(bool *)data = true;
    }
    return true;
}

static void test_values_of_the_host(void **state)
{
    (void)state;
    static int base_rate = 17;
    static const struct sch_binding bindings[] = {
        { .name = "nothing", .function = host_nothing },
        { .name = "rates", .value = make_rates, .data = &base_rate, .doc = "What things cost." },
    };
    sch_env *env = env_of(bindings, 2, NULL);
    assert_non_null(env);
    bool found = false;
    sch_surface(env, find_rates, &found);
    assert_true(found);
    sch_vm *one = sch_vm_new(env, &patient);
    sch_vm *two = sch_vm_new(env, &patient);
    expect(one, "(vector-ref rates 0)", 17);
    expect(two, "(+ 1 (vector-ref rates 0))", 18);
    expect(one, "(let loop ((n 3000)) (if (> n 0) (begin (make-vector 100 n) (loop (- n 1))))) (vector-ref rates 0)",
           17);
    expect_error(one, "(rates)", "type-error");
    assert_true(sch_vm_reset(one));
    expect(one, "(string-length (vector-ref rates 1))", 3);
    sch_code *code;
    assert_int_equal(sch_compile(env, source_of("(vector-ref rates 0)"), NULL, &code, NULL), SCH_OK);
    sch_value value;
    assert_int_equal(sch_run(two, code, &value), SCH_OK);
    assert_int_equal(integer(value), 17);
    sch_code_free(code);
    sch_vm_free(one);
    sch_vm_free(two);
    sch_env_free(env);

    static const struct sch_binding failing[] = { { .name = "none", .value = make_nothing } };
    env = env_of(failing, 1, NULL);
    assert_null(sch_vm_new(env, &patient));
    sch_env_free(env);
}

static void refuse(const struct sch_binding *bindings, size_t count, const char *part)
{
    struct sch_failure failure = { 0 };
    assert_null(env_of(bindings, count, &failure));
    assert_string_equal(failure.kind, "misuse");
    assert_non_null(strstr(failure.message, part));
    sch_failure_done(&failure);
}

static void test_bindings_that_are_refused(void **state)
{
    (void)state;
    static const struct sch_binding twice[] = { { .name = "f", .function = host_nothing },
                                                { .name = "f", .function = host_nothing } };
    refuse(twice, 2, "same name: f");
    static const struct sch_binding nameless[] = { { .function = host_nothing } };
    refuse(nameless, 1, "a name");
    static const struct sch_binding empty[] = { { .name = "f" } };
    refuse(empty, 1, "a function");
    static const struct sch_binding both[] = { { .name = "f", .function = host_nothing, .value = make_nothing } };
    refuse(both, 1, "a function");
    static const struct sch_binding arity[] = {
        { .name = "f", .function = host_nothing, .min_args = 2, .max_args = 1 }
    };
    refuse(arity, 1, "arity");
    refuse(NULL, 1, "without its bindings");

    static const struct sch_binding f[] = { { .name = "f", .function = host_nothing } };
    struct sch_library libraries[] = { { .bindings = f, .count = 1 }, { .bindings = f, .count = 1 } };
    struct sch_env_options options = { .size = sizeof options, .libraries = libraries, .library_count = 2 };
    struct sch_failure failure = { 0 };
    assert_null(sch_env_new(&options, &failure)); /* both would be in scope at once */
    sch_failure_done(&failure);
    libraries[0].name = libraries[1].name = "(acme tools)";
    assert_null(sch_env_new(&options, &failure));
    assert_non_null(strstr(failure.message, "same name: (acme tools)"));
    sch_failure_done(&failure);
    libraries[1].name = "(scheme base)"; /* one of the engine's */
    assert_null(sch_env_new(&options, &failure));
    sch_failure_done(&failure);
    libraries[1].name = "acme";
    assert_null(sch_env_new(&options, &failure));
    sch_failure_done(&failure);
    libraries[1].name = "(acme more)";
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    sch_env_free(env);
}

/* Some two thousand fit; one more than fits is refused, as are so many that their number overflows. */
static void test_too_many_bindings(void **state)
{
    (void)state;
    enum { MOST = 4000 };
    static struct sch_binding bindings[MOST];
    static char names[MOST][12];
    for (int i = 0; i < MOST; i++) {
        snprintf(names[i], sizeof names[i], "f%d", i);
        bindings[i] = (struct sch_binding){ .name = names[i], .function = host_nothing };
    }
    size_t good = 1000, bad = MOST;
    while (bad - good > 1) {
        size_t middle = (good + bad) / 2;
        struct sch_failure failure = { 0 };
        sch_env *env = env_of(bindings, middle, &failure);
        if (env) {
            good = middle;
        } else {
            bad = middle;
            assert_string_equal(failure.kind, "misuse");
            assert_string_equal(failure.message, "too many bindings of the host");
            sch_failure_done(&failure);
        }
        sch_env_free(env);
    }
    assert_true(good >= 1900 && good <= 2100);
    sch_env *env = env_of(bindings, good, NULL);
    sch_vm *vm = sch_vm_new(env, &patient);
    char text[60];
    snprintf(text, sizeof text, "(f0) (f%zu) 1", good - 1);
    expect(vm, text, 1);
    sch_vm_free(vm);
    sch_env_free(env);

    struct sch_library libraries[] = { { .bindings = bindings, .count = 1 },
                                       { .bindings = bindings, .count = SIZE_MAX } };
    struct sch_env_options options = { .size = sizeof options, .libraries = libraries, .library_count = 2 };
    assert_null(sch_env_new(&options, NULL));
}

static void test_smallest_heap(void **state)
{
    (void)state;
    static const enum sch_posture postures[] = { SCH_POSTURE_EVAL, SCH_POSTURE_RUN };
    for (size_t i = 0; i < 2; i++) {
        struct sch_env_options options = { .size = sizeof options, .posture = postures[i] };
        sch_env *env = sch_env_new(&options, NULL);
        struct sch_limits limits = { .size = sizeof limits, .heap = 32 << 10 };
        assert_null(sch_vm_new(env, &limits));
        limits.heap = 64 << 10;
        sch_vm *vm = sch_vm_new(env, &limits);
        assert_non_null(vm);
        sch_vm_free(vm);
        sch_env_free(env);
    }
}

/* --- structures with sizes --------------------------------------------------------------------------------------- */

static void test_structures_without_their_size(void **state)
{
    (void)state;
    struct sch_env_options options = { .posture = SCH_POSTURE_EVAL };
    assert_null(sch_env_new(&options, NULL));
    sch_env *env = sch_env_new(NULL, NULL); /* all defaults */
    assert_non_null(env);
    struct sch_limits limits = { .fuel = 10 }; /* a limit that was meant must not be lost */
    assert_null(sch_vm_new(env, &limits));
    sch_code *code;
    assert_int_equal(sch_compile(env, source_of("1"), &limits, &code, NULL), SCH_MISUSE);
    sch_vm *vm = sch_vm_new(env, &patient);
    assert_false(sch_vm_set_limits(vm, &limits));
    /* of a newer header: what it asks for is unknown here, so it is refused unless it is nothing */
    struct {
        struct sch_limits limits;
        uint64_t new_one;
    } newer = { .limits = { .size = sizeof newer }, .new_one = 5 };
    assert_false(sch_vm_set_limits(vm, &newer.limits));
    newer.new_one = 0;
    assert_true(sch_vm_set_limits(vm, &newer.limits));
    /* of an older one: what it does not have has its default */
    limits = (struct sch_limits){ .size = offsetof(struct sch_limits, heap), .fuel = 7, .heap = 1 };
    assert_true(sch_vm_set_limits(vm, &limits));
    sch_vm_free(vm);
    sch_env_free(env);
}

/* --- misuse ------------------------------------------------------------------------------------------------------ */

static sch_code *code_for_misuse;

/* Calls from a host function what may only be called from outside. */
static sch_value host_misuse(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    sch_value value = sch_nil();
    void *bytes;
    size_t length;
    (void)data, (void)count;
    assert_int_equal(eval(vm, "1", &value), SCH_MISUSE);
    assert_int_equal(sch_failure(vm)->status, SCH_MISUSE);
    assert_int_equal(sch_run(vm, code_for_misuse, &value), SCH_MISUSE);
    assert_int_equal(sch_resume(vm, value, &value), SCH_MISUSE);
    assert_int_equal(sch_cancel(vm), SCH_MISUSE);
    assert_false(sch_vm_reset(vm));
    assert_false(sch_vm_set_limits(vm, NULL));
    sch_vm_free(vm); /* nothing happens */
    assert_int_equal(sch_names(vm, "", (sch_name_fn *)NULL, NULL), SCH_MISUSE);
    assert_false(sch_position(vm, NULL, NULL, NULL));
    assert_true(sch_is_raised(sch_raise_type(vm, "\xff a name that is not UTF-8", sch_nil())));
    assert_int_equal(sch_show_stage(vm, source_of("1"), SCH_STAGE_CODE, NULL, NULL), SCH_MISUSE);
    assert_int_equal(sch_call(vm, SCH_RAISED, 0, NULL, &value), SCH_MISUSE);
    assert_int_equal(sch_call(vm, args[0], 1, NULL, &value), SCH_MISUSE);
    sch_value raised = SCH_RAISED;
    assert_int_equal(sch_call(vm, args[0], 1, &raised, &value), SCH_MISUSE);
    assert_int_equal(sch_encode(vm, SCH_RAISED, &bytes, &length), SCH_MISUSE);
    assert_int_equal(sch_kind_of(value), SCH_KIND_NIL);
    return sch_call(vm, args[0], 0, NULL, NULL) == SCH_OK ? sch_integer(vm, 1) : SCH_RAISED;
}

static void hear(void *data, const struct sch_failure *diagnostic)
{
    (void)data, (void)diagnostic;
}

static void test_misuse_of_every_function(void **state)
{
    (void)state;
    static const struct sch_binding bindings[] = {
        { .name = "misuse", .function = host_misuse, .min_args = 1, .max_args = 1 },
    };
    sch_env *env = env_of(bindings, 1, NULL);
    sch_env *other = env_of(bindings, 1, NULL);
    sch_vm *vm = sch_vm_new(env, &patient);
    sch_value value = sch_nil(), raised = SCH_RAISED;
    void *bytes;
    size_t length;
    sch_code *code;

    sch_env_free(NULL);
    sch_vm_free(NULL);
    sch_code_free(NULL);
    sch_release(NULL);
    sch_bytes_free(NULL, 0);
    sch_failure_done(NULL);
    sch_pool_free(NULL);
    assert_null(sch_vm_new(NULL, NULL));

    const struct sch_source no_text = { .name = "none", .length = 5 };
    assert_int_equal(sch_eval(vm, no_text, &value), SCH_MISUSE);
    assert_int_equal(sch_check(vm, no_text, hear, NULL), SCH_MISUSE);
    assert_int_equal(sch_check(vm, source_of("1"), NULL, NULL), SCH_MISUSE);
    assert_int_equal(sch_show_stage(vm, no_text, SCH_STAGE_CORE, NULL, NULL), SCH_MISUSE);
    assert_int_equal(sch_show_stage(vm, source_of("1"), (enum sch_stage)77, NULL, NULL), SCH_MISUSE);
    struct sch_failure failure = { 0 };
    assert_int_equal(sch_compile(env, no_text, NULL, &code, &failure), SCH_MISUSE);
    assert_int_equal(failure.status, SCH_MISUSE);
    sch_failure_done(&failure);
    assert_int_equal(sch_compile(env, source_of("1"), NULL, NULL, NULL), SCH_MISUSE);
    assert_int_equal(sch_compile(NULL, source_of("1"), NULL, &code, NULL), SCH_MISUSE);

    /* code of one environment in a machine of another, though both look the same */
    assert_int_equal(sch_compile(other, source_of("(misuse car)"), NULL, &code, NULL), SCH_OK);
    assert_int_equal(sch_run(vm, code, &value), SCH_MISUSE);
    assert_int_equal(sch_run(vm, NULL, &value), SCH_MISUSE);
    sch_code_free(code);

    assert_int_equal(sch_call(vm, SCH_RAISED, 0, NULL, &value), SCH_MISUSE);
    assert_int_equal(sch_call(vm, sch_nil(), 1, NULL, &value), SCH_MISUSE);
    assert_int_equal(sch_call(vm, sch_nil(), 1, &raised, &value), SCH_MISUSE);
    assert_int_equal(sch_resume(vm, sch_nil(), &value), SCH_MISUSE);
    assert_int_equal(sch_cancel(vm), SCH_MISUSE);
    assert_int_equal(sch_encode(vm, sch_nil(), NULL, &length), SCH_MISUSE);
    assert_int_equal(sch_encode_thunk(vm, sch_nil(), &bytes, &length), SCH_MISUSE);
    assert_int_equal(sch_decode(vm, NULL, 10, false, &value), SCH_MISUSE);
    assert_int_equal(sch_decode(vm, "x", 1, false, NULL), SCH_MISUSE);
    assert_int_equal(sch_decode(vm, NULL, 0, false, &value), SCH_ERROR);
    assert_int_equal(sch_kind_of(value), SCH_KIND_NIL);

    /* constructors */
    assert_null(sch_keep(vm, SCH_RAISED));
    assert_true(sch_is_raised(sch_string(vm, NULL, 3)));
    assert_string_equal(sch_failure(vm)->kind, "misuse");
    assert_true(sch_is_raised(sch_string(vm, "\xff", 1)));
    assert_string_equal(sch_failure(vm)->kind, "type-error");
    assert_int_equal(sch_kind_of(sch_string(vm, NULL, 0)), SCH_KIND_STRING);
    assert_true(sch_is_raised(sch_symbol(vm, NULL)));
    assert_true(sch_is_raised(sch_symbol(vm, "\xc3")));
    assert_true(sch_is_raised(sch_keyword(vm, NULL)));
    assert_true(sch_is_raised(sch_character(0xd800)));
    assert_true(sch_is_raised(sch_character(0x110000)));
    assert_true(sch_is_raised(sch_list(vm, 2, NULL)));
    assert_true(sch_is_raised(sch_vector(vm, 2, NULL)));
    assert_true(sch_is_raised(sch_bytevector(vm, NULL, 2)));
    assert_true(sch_is_raised(sch_foreign(vm, NULL, NULL, 0)));
    assert_true(sch_is_raised(sch_port(vm, NULL, NULL, SCH_PORT_INPUT)));
    static const struct sch_port_type port_type = { .base = { .name = "p" } };
    assert_true(sch_is_raised(sch_port(vm, &port_type, NULL, 0)));
    assert_true(sch_is_raised(sch_port(vm, &port_type, NULL, 64)));
    assert_false(sch_set_port(vm, SCH_STANDARD_OUTPUT, sch_nil()));
    assert_false(sch_set_port(vm, SCH_STANDARD_OUTPUT, sch_port(vm, &port_type, NULL, SCH_PORT_INPUT)));
    assert_false(sch_set_port(vm, (enum sch_standard_port)9, sch_port(vm, &port_type, NULL, SCH_PORT_INPUT)));
    /* what is made of a failure is one */
    assert_true(sch_is_raised(sch_cons(vm, SCH_RAISED, sch_nil())));
    assert_true(sch_is_raised(sch_list(vm, 1, &raised)));
    assert_true(sch_is_raised(sch_vector(vm, 1, &raised)));
    assert_true(sch_is_raised(sch_print(vm, SCH_RAISED, false)));
    assert_true(sch_is_raised(sch_raise_value(vm, SCH_RAISED)));
    assert_true(sch_is_raised(sch_raise_kind(vm, NULL, sch_nil(), "x")));
    assert_true(sch_is_raised(sch_raise_kind(vm, "k", SCH_RAISED, "x")));
    assert_true(sch_is_raised(sch_suspend(vm)));

    /* total accessors: no value, and nowhere to put it */
    assert_int_equal(sch_kind_of(SCH_RAISED), SCH_KIND_OTHER);
    assert_false(sch_get_integer(SCH_RAISED, NULL));
    assert_false(sch_get_text(SCH_RAISED, NULL, NULL));
    assert_true(sch_get_integer(sch_integer(vm, 3), NULL));
    assert_true(sch_get_real(sch_integer(vm, 3), NULL));
    assert_true(sch_get_text(sch_string(vm, "a", 1), NULL, NULL));
    assert_true(sch_get_list_length(sch_nil(), NULL));
    assert_true(sch_get_pair(sch_cons(vm, sch_nil(), sch_nil()), NULL, NULL));
    assert_true(sch_get_vector(sch_vector(vm, 0, NULL), NULL, NULL));
    assert_true(sch_get_bytes(sch_bytevector(vm, NULL, 0), NULL, NULL));

    sch_surface(env, NULL, NULL); /* nothing happens */

    /* and all of it again from inside */
    assert_int_equal(sch_compile(env, source_of("1"), NULL, &code_for_misuse, NULL), SCH_OK);
    expect(vm, "(define seen 0) (misuse (lambda () 5))", 1);
    sch_code_free(code_for_misuse);
    expect(vm, "(let loop ((n 1000) (l '())) (if (= n 0) (length l) (loop (- n 1) (cons n l))))", 1000);
    sch_vm_free(vm);
    sch_env_free(other);
    sch_env_free(env);
}

/* --- failures of calls inside of a run ---------------------------------------------------------------------------- */

static sch_value host_report(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count;
    if (sch_call(vm, args[0], 0, NULL, NULL) != SCH_ERROR)
        return sch_raise_error(vm, "it did not fail");
    const char *message = sch_failure(vm)->message;
    return sch_string(vm, message, strlen(message));
}

static sch_value host_fails_plainly(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)vm, (void)data, (void)count, (void)args;
    return SCH_RAISED;
}

static void test_a_call_back_that_fails_is_reported(void **state)
{
    (void)state;
    static const struct sch_binding bindings[] = {
        { .name = "report", .function = host_report, .min_args = 1, .max_args = 1 },
        { .name = "fails-plainly", .function = host_fails_plainly },
    };
    sch_env *env = env_of(bindings, 2, NULL);
    sch_vm *vm = sch_vm_new(env, &patient);
    sch_value value;
    const char *text;
    size_t length;
    assert_int_equal(eval(vm, "(report (lambda () (error \"no\" 5)))", &value), SCH_OK);
    assert_true(sch_get_text(value, &text, &length));
    assert_string_equal(text, "no 5");
    assert_int_equal(eval(vm, "(report (lambda () (car 5)))", &value), SCH_OK);
    /* what failed then is not what fails later */
    expect_error(vm, "(report (lambda () (error \"no\"))) (fails-plainly)", "host-error");
    sch_vm_free(vm);
    sch_env_free(env);
}

/* --- source loaders ----------------------------------------------------------------------------------------------- */

struct shelf {
    char asked[100]; /* the last name */
    unsigned released;
};

static void released(void *data)
{
    ((struct shelf *)data)->released++;
}

/* Has two texts, and nothing that leads upwards. */
static bool load(void *data, const char *name, struct sch_loaded *ret)
{
    struct shelf *shelf = data;
    snprintf(shelf->asked, sizeof shelf->asked, "%s", name);
    const char *text = NULL;
    if (strcmp(name, "(acme shop)") == 0)
        text = "(define-library (acme shop) (export price) (import (scheme base)) (begin (define price 42)))";
    else if (strcmp(name, "rules/part.scm") == 0)
        text = "(define part 5)";
    if (!text)
        return false;
    *ret = (struct sch_loaded){ .source = { name, text, strlen(text) }, .release = released, .data = shelf };
    return true;
}

static void test_source_loaders(void **state)
{
    (void)state;
    struct shelf shelf = { .released = 0 };
    struct sch_env_options options = {
        .size = sizeof options, .pre_imports = base, .load_library = load, .load_include = load, .load_data = &shelf
    };
    sch_env *env = sch_env_new(&options, NULL);
    sch_vm *vm = sch_vm_new(env, &patient);
    expect(vm, "(import (acme shop)) price", 42);
    assert_int_equal(shelf.released, 1);
    expect_error(vm, "(import (acme other)) 1", "library-not-found");
    assert_string_equal(shelf.asked, "(acme other)");
    sch_value value;
    static const char inside[] = "(include \"part.scm\") part", upwards[] = "(include \"../secret\") 1";
    struct sch_source source = { "rules/main.scm", inside, sizeof inside - 1 };
    assert_int_equal(sch_eval(vm, source, &value), SCH_OK); /* beside the file that includes it */
    assert_int_equal(integer(value), 5);
    assert_int_equal(shelf.released, 2);
    source = (struct sch_source){ "rules/main.scm", upwards, sizeof upwards - 1 };
    assert_int_equal(sch_eval(vm, source, &value), SCH_ERROR);
    assert_string_equal(shelf.asked, "rules/../secret"); /* the loader decides */
    sch_vm_free(vm);
    sch_env_free(env);

    options.load_library = options.load_include = NULL; /* without loaders there is nothing to be had */
    env = sch_env_new(&options, NULL);
    vm = sch_vm_new(env, &patient);
    expect_error(vm, "(import (acme shop)) 1", "library-not-found");
    assert_int_equal(eval(vm, "(include \"part.scm\") 1", &value), SCH_ERROR);
    sch_vm_free(vm);
    sch_env_free(env);
}

/* --- pools ------------------------------------------------------------------------------------------------------- */

static void test_pool(void **state)
{
    (void)state;
    sch_pool *pool = sch_pool_new(4 << 20);
    struct sch_env_options options = { .size = sizeof options, .pre_imports = base, .memory = sch_pool_memory(pool) };
    sch_env *env = sch_env_new(&options, NULL);
    for (int i = 0; i < 200; i++) {
        sch_vm *vms[3];
        for (int k = 0; k < 3; k++)
            vms[k] = sch_vm_new(env, &patient);
        for (int k = 0; k < 3; k++)
            expect(vms[k],
                   "(define v (make-vector 5000 1))"
                   "(let loop ((n 30)) (if (> n 0) (begin (make-string 9000 #\\a) (loop (- n 1))) (vector-length v)))",
                   5000);
        for (int k = 0; k < 3; k++)
            sch_vm_free(vms[k]);
    }
    sch_env_free(env);
    sch_pool_free(pool);
}

/* --- memory that runs out ----------------------------------------------------------------------------------------- */

struct failing {
    unsigned left; /* mappings until one fails */
    size_t mapped; /* bytes that were not given back */
    bool has_failed;
};

static void *failing_map(void *data, size_t size, size_t alignment)
{
    struct failing *failing = data;
    if (failing->left == 0) {
        failing->has_failed = true;
        return NULL;
    }
    failing->left--;
    void *block = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (block)
        failing->mapped += size;
    return block;
}

static void failing_unmap(void *data, void *block, size_t size)
{
    struct failing *failing = data;
    failing->mapped -= size;
    free(block);
}

static const char busy_program[] = "(define-syntax swap (syntax-rules () ((_ a b) (let ((t a)) (list b t)))))"
                                   "(define (f n) (if (= n 0) '() (cons (number->string (expt 7 n)) (f (- n 1)))))"
                                   "(define big (make-vector 20000 'x))"
                                   "(string-length (apply string-append (append (swap \"a\" \"b\") (f 300))))";

/* Does everything with a hook that fails from the n-th mapping on; true: it was never needed. */
static bool sweep_step(unsigned n)
{
    struct failing failing = { .left = n };
    struct sch_env_options options = { .size = sizeof options,
                                       .pre_imports = base,
                                       .memory = { failing_map, failing_unmap, &failing } };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env); /* the environment's memory is no machine's */
    sch_code *code = NULL;
    struct sch_failure failure = { 0 };
    enum sch_status compiled = sch_compile(env, source_of(busy_program), NULL, &code, &failure);
    assert_true(compiled == SCH_OK || (compiled == SCH_LIMIT && failure.limit == SCH_LIMIT_HEAP));
    sch_failure_done(&failure);
    sch_vm *vm = sch_vm_new(env, &patient);
    if (vm) {
        sch_value value;
        void *bytes;
        size_t length;
        enum sch_status status = eval(vm, busy_program, &value);
        assert_true(status == SCH_OK || (status == SCH_LIMIT && sch_failure(vm)->limit == SCH_LIMIT_HEAP));
        if (code)
            status = sch_run(vm, code, &value);
        assert_true(status == SCH_OK || status == SCH_LIMIT);
        if (status == SCH_OK && eval(vm, "big", &value) == SCH_OK && sch_encode(vm, value, &bytes, &length) == SCH_OK) {
            sch_value copy;
            status = sch_decode(vm, bytes, length, false, &copy);
            assert_true(status == SCH_OK || status == SCH_LIMIT);
            sch_bytes_free(bytes, length);
        }
        (void)sch_keep(vm, sch_string(vm, "kept", 4));
        failing.left = UINT32_MAX; /* memory is back, and so is the machine */
        expect(vm, "(define (g n) (if (= n 0) 0 (+ 1 (g (- n 1))))) (g 1000)", 1000);
    }
    sch_vm_free(vm);
    sch_code_free(code);
    sch_env_free(env);
    assert_int_equal(failing.mapped, 0);
    return !failing.has_failed;
}

static void test_every_mapping_fails_once(void **state)
{
    (void)state;
    unsigned n = 0;
    while (!sweep_step(n)) {
        n++;
        assert_true(n < 2000);
    }
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asserting_accessors),
        cmocka_unit_test(test_values_of_the_host),
        cmocka_unit_test(test_bindings_that_are_refused),
        cmocka_unit_test(test_too_many_bindings),
        cmocka_unit_test(test_smallest_heap),
        cmocka_unit_test(test_structures_without_their_size),
        cmocka_unit_test(test_misuse_of_every_function),
        cmocka_unit_test(test_a_call_back_that_fails_is_reported),
        cmocka_unit_test(test_source_loaders),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_every_mapping_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
