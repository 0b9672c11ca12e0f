/*
 * A named policy as the rules that make it out of nothing: what `esquema policy` prints, and what a description may say
 * instead of the name. Knows neither BPF nor specifications.
 */
#include "seccomp/describe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/buffer.h"
#include "esquema.h"

enum { WORDS_MAX = SECCOMP_NUMBERS + 8 };

struct rule {
    const char *words[WORDS_MAX];
    size_t count;
};

static void add(struct rule *rule, const char *word)
{
    if (rule->count < WORDS_MAX)
        rule->words[rule->count++] = word;
}

static size_t add_calls(struct rule *rule, const struct seccomp_policy *policy, unsigned treatment)
{
    size_t before = rule->count;
    for (int number = 0; number < SECCOMP_NUMBERS; number++)
        if (policy->treatments[number] == treatment && seccomp_call_name(number))
            add(rule, seccomp_call_name(number));
    return rule->count - before;
}

static bool emit_plain(const struct seccomp_policy *policy, const char *verb, unsigned treatment,
                       seccomp_rule_function *emit, void *data)
{
    struct rule rule = { .count = 0 };
    add(&rule, verb);
    return add_calls(&rule, policy, treatment) == 0 || emit(data, rule.words, rule.count);
}

static const char *verb_of(uint8_t verdict)
{
    return verdict == SECCOMP_ALLOW ? "allow" : "deny";
}

/* The later rule wins, so the first test comes last. */
static bool emit_guard(const struct seccomp_policy *policy, unsigned treatment, seccomp_rule_function *emit, void *data)
{
    struct seccomp_guard guard;
    struct rule probe = { .count = 0 };
    if (!seccomp_policy_guard(policy, (uint8_t)treatment, &guard) || add_calls(&probe, policy, treatment) == 0)
        return true;
    if (!emit_plain(policy, verb_of(guard.otherwise), treatment, emit, data))
        return false;
    for (size_t i = guard.count; i-- > 0;) {
        const struct seccomp_test *test = &guard.tests[i];
        uint64_t all = test->width == SECCOMP_WIDTH_INT ? UINT32_MAX : UINT64_MAX;
        struct rule rule = { .count = 0 };
        char text[64], mask[32] = "";
        if (test->mask != all)
            snprintf(mask, sizeof mask, "&%" PRIu64, test->mask);
        snprintf(text, sizeof text, "%u%s%s%" PRIu64, test->argument, mask,
                 test->relation == SECCOMP_OTHER ? "!=" : "=", test->value);
        add(&rule, "when");
        add(&rule, text);
        add(&rule, verb_of(test->verdict));
        add_calls(&rule, policy, treatment);
        if (!emit(data, rule.words, rule.count))
            return false;
    }
    return true;
}

static bool emit_families(const struct seccomp_policy *policy, seccomp_rule_function *emit, void *data)
{
    struct rule rule = { .count = 0 };
    add(&rule, "allow-family");
    for (int family = 0; family < SECCOMP_FAMILIES; family++)
        if (policy->families >> family & 1 && seccomp_family_name(family))
            add(&rule, seccomp_family_name(family));
    return rule.count == 1 || emit(data, rule.words, rule.count);
}

bool seccomp_describe(enum seccomp_base base, seccomp_rule_function *emit, void *data)
{
    struct seccomp_policy policy;
    seccomp_policy_init(&policy, base);
    if (base == SECCOMP_STRICT) {
        const char *const kill[] = { "refusals", "kill" };
        if (!emit(data, kill, 2))
            return false;
    }
    if (!emit_plain(&policy, "allow", SECCOMP_ALLOW, emit, data) ||
        !emit_plain(&policy, "deny", SECCOMP_REFUSE, emit, data))
        return false;
    unsigned families = seccomp_family_treatment();
    for (unsigned treatment = SECCOMP_VERDICTS; treatment < families; treatment++)
        if (!emit_guard(&policy, treatment, emit, data))
            return false;
    bool has_sockets = policy.treatments[seccomp_call_number("socket")] == families;
    return !has_sockets || emit_families(&policy, emit, data);
}

/* ---- As Scheme ---- */

static bool print_test(struct buffer *out, const char *test)
{
    bool is_written = buffer_append_format(out, "(arg %c ", test[0]);
    const char *at = test + 1;
    if (*at == '&') {
        size_t length = strcspn(at + 1, "!=");
        is_written = is_written && buffer_append_format(out, "& %.*s ", (int)length, at + 1);
        at += 1 + length;
    }
    size_t relation = *at == '!' ? 2 : 1;
    return is_written && buffer_append_format(out, "%.*s %s)", (int)relation, at, at + relation);
}

static bool print_words(struct buffer *out, const char *const *words, size_t count, size_t column)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        bool is_new_line = column + 1 + length > 112;
        column = is_new_line ? 4 + length : column + 1 + length;
        if (!buffer_append_format(out, "%s%s", is_new_line ? "\n    " : " ", words[i]))
            return false;
    }
    return true;
}

static bool print_rule(void *data, const char *const *words, size_t count)
{
    struct buffer *out = data;
    if (strcmp(words[0], "when") == 0)
        return buffer_append_text(out, "\n  (when ") && print_test(out, words[1]) &&
               buffer_append_format(out, " (%s", words[2]) && print_words(out, words + 3, count - 3, 40) &&
               buffer_append_text(out, "))");
    const char *verb = strcmp(words[0], "allow-family") == 0 ? "sockets" : words[0];
    return buffer_append_format(out, "\n  (%s", verb) && print_words(out, words + 1, count - 1, 2 + strlen(verb)) &&
           buffer_append_byte(out, ')');
}

ssize_t esq_policy_print(const char *name, char *text, size_t capacity)
{
    enum seccomp_base base;
    struct buffer out;
    if (!seccomp_find_base(name, &base))
        return -EINVAL;
    buffer_init(&out, &memory_malloc);
    bool is_written = buffer_append_text(&out, "(seccomp\n  (inherit empty-policy)") &&
                      seccomp_describe(base, print_rule, &out) && buffer_append(&out, ")\n", 3);
    ssize_t length = is_written ? (ssize_t)out.length - 1 : -ENOMEM;
    if (is_written && capacity > 0) {
        size_t copied = out.length < capacity ? out.length : capacity;
        memcpy(text, out.bytes, copied);
        text[copied - 1] = '\0';
    }
    buffer_done(&out);
    return length;
}
