/* env/load.c: what of the frozen image an environment copies, and when; several threads that want it at once. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "schooner/env/env.h"

enum { THREADS = 6, LIBRARIES_MAX = 128 };

static const struct sch_limits patient = { .size = sizeof patient, .timeout_ns = SCH_UNLIMITED };

/* As a host sees it. */
static bool is_true(sch_env *env, const char *text)
{
    struct sch_limits limits = { .size = sizeof limits };
    sch_vm *vm = sch_vm_new(env, &limits);
    sch_value value;
    bool good = vm && sch_eval(vm, (struct sch_source){ "test", text, strlen(text) }, &value) == SCH_OK &&
                value_same(value, V_TRUE);
    if (vm && !good)
        fprintf(stderr, "%s: %s\n", text, sch_failure(vm)->message);
    sch_vm_free(vm);
    return good;
}

static size_t loaded_sections(const sch_env *env)
{
    size_t count = 0;
    for (size_t i = 0; i < env->image->sections.count; i++)
        count += env->state->loaded[i];
    return count;
}

static sch_env *env_of_everything(void)
{
    struct sch_env_options options = { .size = sizeof options, .mutation = true };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    return env;
}

static void test_what_is_not_imported_is_not_copied(void **state)
{
    sch_env *env = env_of_everything();
    assert_int_equal(loaded_sections(env), 0);
    assert_true(is_true(env, "#t"));
    assert_true(is_true(env, "(import (scheme base)) (eq? 'iota (string->symbol \"iota\"))"));
    size_t few = loaded_sections(env);
    assert_true(is_true(env, "(import (scheme base) (srfi 1)) (equal? (iota 3) '(0 1 2))"));
    size_t more = loaded_sections(env);
    assert_true(few < more && more < env->image->sections.count / 2);
    assert_true(is_true(env, "(import (scheme base) (srfi 1)) (equal? (iota 3) '(0 1 2))"));
    assert_int_equal(loaded_sections(env), more);
    sch_env_free(env);
}

/* Imports the library with everything that it exports, and asks for some symbols of others. */
static bool import_one(sch_env *env, size_t index)
{
    char text[512];
    snprintf(text, sizeof text,
             "(import (scheme base) (only (schooner keyword) symbol->keyword) (prefix %s ours:))"
             "(and (eq? 'make-comparator (string->symbol \"make-comparator\")) (equal? (map car '((1) (2))) '(1 2))"
             "     (eq? '%s (string->symbol \"%s\")) (eq? #:%s (symbol->keyword '%s)))",
             env->libraries[index].view.name, index % 2 ? "string-index" : "vector-index",
             index % 2 ? "string-index" : "vector-index", index % 2 ? "hostname" : "limits",
             index % 2 ? "hostname" : "limits");
    return is_true(env, text);
}

/* --- keywords: one for each name, whoever meets it first ---------------------------------------------------------- */

/* What the machine calls the keyword that the image has at `offset`. */
static sch_value keyword_by_name(sch_vm *vm, const sch_env *env, uint32_t offset)
{
    const struct keyword *keyword = image_at(env->image, env->image->objects.offset + offset);
    const struct symbol *symbol =
        image_at(env->image, env->image->objects.offset + (uint32_t)(keyword->symbol.bits - TAG_OBJECT));
    return sch_keyword(vm, symbol->text);
}

static void test_keywords_before_their_libraries(void **state)
{
    sch_env *env = env_of_everything();
    sch_vm *vm = sch_vm_new(env, &patient), *other = sch_vm_new(env, &patient);
    const uint32_t *slots = image_at(env->image, env->image->keywords.offset);
    size_t count = 0;
    for (size_t i = 0; i < env->image->keywords.count; i++) {
        if (!slots[i])
            continue;
        sch_value keyword = keyword_by_name(vm, env, slots[i]);
        assert_true(is_keyword(keyword) && heap_is_frozen(keyword));
        assert_true(value_same(keyword, keyword_by_name(other, env, slots[i])));
        assert_true(value_same(keyword, keyword_of(vm, object_as(struct keyword, keyword)->symbol)));
        count++;
    }
    assert_true(count > 10);
    assert_int_equal(loaded_sections(env), 0);
    assert_false(value_same(sch_keyword(vm, "of-nobody"), sch_keyword(other, "of-nobody")));
    sch_vm_free(other);
    sch_vm_free(vm);
    sch_env_free(env);
}

/* The keywords in the constants of all libraries' code are those that a program's code has. */
static void test_keywords_in_library_code(void **state)
{
    sch_env *env = env_of_everything();
    sch_vm *vm = sch_vm_new(env, &patient);
    const struct image_instance *instances = image_at(env->image, env->image->instances.offset);
    size_t count = 0;
    for (uint32_t i = 0; i < env->image->sections.count; i++)
        image_want_section(env, i);
    for (uint32_t i = 0; i < env->image->instances.count; i++) {
        const struct instance *instance = (const void *)(env->region + instances[i].object);
        for (size_t k = 0; k < header_length(instance->header); k++) {
            sch_value constant = instance->constants[k];
            if (!is_keyword(constant))
                continue;
            const struct keyword *keyword = object_of(constant);
            assert_true(value_same(sch_keyword(vm, object_as(struct symbol, keyword->symbol)->text), constant));
            count++;
        }
    }
    assert_true(count > 10);
    sch_vm_free(vm);
    sch_env_free(env);
}

static void test_keywords_of_scripts_and_libraries(void **state)
{
    sch_env *env = env_of_everything();
    assert_true(is_true(env, "(import (scheme base) (scheme read) (schooner keyword))"
                             "(define port (open-input-string \"#:hostname\"))"
                             "(and (eq? #:hostname (read port)) (eq? #:hostname (symbol->keyword 'hostname)))"));
    assert_true(is_true(env, "(import (scheme base) (esquema policy))"
                             "(seccomp-policy? (make-seccomp-policy #:deny '() #:allow '()))"));
    sch_env_free(env);
}

struct importer {
    sch_env *env;
    size_t first;
    bool failed;
};

static void *import_all(void *data)
{
    struct importer *importer = data;
    size_t count = importer->env->library_count;
    for (size_t i = 0; i < count; i++) {
        size_t index = (i + importer->first) % count;
        if (importer->env->libraries[index].importable && !import_one(importer->env, index))
            importer->failed = true;
    }
    return NULL;
}

static void test_threads_want_everything(void **state)
{
    sch_env *env = env_of_everything();
    pthread_t threads[THREADS];
    struct importer importers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        importers[i] = (struct importer){ env, i * 7, false };
        assert_int_equal(pthread_create(&threads[i], NULL, import_all, &importers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(importers[i].failed);
    }
    sch_env_free(env);
}

/* A section needs earlier ones alone, and with each all that this one needs: so one pass over the list is enough. */
static void test_needs_are_complete(void **state)
{
    const struct image_header *image = (const struct image_header *)(const void *)image_data;
    const struct image_section *sections = image_at(image, image->sections.offset);
    for (uint32_t i = 0; i < image->sections.count; i++) {
        bool needed[LIBRARIES_MAX] = { false };
        const uint32_t *needs = image_at(image, sections[i].needs.offset);
        assert_true(i < LIBRARIES_MAX);
        for (uint32_t k = 0; k < sections[i].needs.count; k++) {
            const uint32_t *theirs = image_at(image, sections[needs[k]].needs.offset);
            assert_true(needs[k] < i);
            for (uint32_t j = 0; j < sections[needs[k]].needs.count; j++)
                assert_true(needed[theirs[j]]);
            needed[needs[k]] = true;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_imported_is_not_copied),
        cmocka_unit_test(test_keywords_before_their_libraries),
        cmocka_unit_test(test_keywords_in_library_code),
        cmocka_unit_test(test_keywords_of_scripts_and_libraries),
        cmocka_unit_test(test_threads_want_everything),
        cmocka_unit_test(test_needs_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
