/*
 * seccomp.c: the facility: from the fields `seccomp` and `seccomp-rules` to a step that holds the compiled program.
 * The data of the step is the program, struct sock_filter[size / 8]. The payload's own process puts it on, in init, as
 * the last thing before its execve; so there is no apply here.
 *
 * Least kernel: 3.17 with CONFIG_SECCOMP_FILTER. Below that the start fails; there is no excuse for it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/filter.h>

#include "plan/plan.h"
#include "seccomp/compile.h"
#include "seccomp/describe.h"
#include "seccomp/policy.h"

/* Without these the payload cannot begin, end, or tell that it could not begin. */
static const char *const indispensable_calls[] = { "execve", "execveat", "exit_group", "write" };

static bool is_indispensable(const char *call)
{
    for (size_t i = 0; i < sizeof indispensable_calls / sizeof indispensable_calls[0]; i++) {
        if (strcmp(indispensable_calls[i], call) == 0)
            return true;
    }
    return false;
}

/* What a program needs that brings a sandbox of its own (bubblewrap, browsers): namespaces, and mounts in them. */
static void allow_nesting(struct seccomp_policy *policy)
{
    static const char *const calls[] = { "clone",         "unshare",    "setns",     "mount",
                                         "umount2",       "pivot_root", "chroot",    "sethostname",
                                         "setdomainname", "move_mount", "open_tree", "fsopen",
                                         "fsconfig",      "fsmount",    "fspick",    "mount_setattr" };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        seccomp_policy_allow(policy, calls[i]);
}

/* ---- Rules ---- */

/* What was wrong with a word of a rule; `what` is NULL where all is well. */
struct complaint {
    const char *word;
    const char *what;
};

static bool complain(struct complaint *ret_complaint, const char *word, const char *what)
{
    *ret_complaint = (struct complaint){ word, what };
    return false;
}

static bool change_call(struct seccomp_policy *policy, const char *verb, const char *call, struct complaint *complaint)
{
    bool is_denied = strcmp(verb, "deny") == 0;

    if (is_denied && is_indispensable(call))
        return complain(complaint, call, "no program can start without this call");
    if (!(is_denied ? seccomp_policy_refuse : seccomp_policy_allow)(policy, call))
        return complain(complaint, call, "no system call of this processor has this name");
    return true;
}

static bool change_family(struct seccomp_policy *policy, const char *verb, const char *family,
                          struct complaint *complaint)
{
    bool is_allowed = strcmp(verb, "allow-family") == 0;

    if (!(is_allowed ? seccomp_policy_allow_family : seccomp_policy_refuse_family)(policy, family))
        return complain(complaint, family, "no address family has this name");
    return true;
}

/* "0=16", "1!=0", "1&3072=0" */
static bool parse_test(const char *word, struct seccomp_test *ret_test)
{
    char part[24];
    size_t mask = strcspn(word, "&=!"), relation = strcspn(word, "=!");
    uint64_t argument, value;

    *ret_test = (struct seccomp_test){ .mask = UINT64_MAX };
    if (mask != 1 || word[0] < '0' || word[0] > '5')
        return false;
    argument = (uint64_t)(word[0] - '0');
    if (word[mask] == '&') {
        size_t length = relation - mask - 1;

        if (length >= sizeof part)
            return false;
        memcpy(part, word + mask + 1, length);
        part[length] = '\0';
        if (!spec_parse_number(part, &ret_test->mask))
            return false;
    }
    ret_test->relation = word[relation] == '!' ? SECCOMP_OTHER : SECCOMP_EQUAL;
    if (word[relation] == '!')
        relation++;
    if (word[relation] != '=' || !spec_parse_number(word + relation + 1, &value))
        return false;
    ret_test->argument = (uint8_t)argument;
    ret_test->value = value;
    return true;
}

/* when TEST... allow|deny CALL... */
static bool apply_when(struct seccomp_policy *policy, const struct spec_item *item, struct complaint *complaint)
{
    struct seccomp_test tests[SECCOMP_TESTS_MAX];
    size_t count = 0, i = 1;

    for (; i < item->count && item->words[i][0] >= '0' && item->words[i][0] <= '9'; i++) {
        if (count == SECCOMP_TESTS_MAX || !parse_test(item->words[i], &tests[count++]))
            return complain(complaint, item->words[i], "a test compares one of the arguments 0 to 5 with a number");
    }
    bool is_allowed = i < item->count && strcmp(item->words[i], "allow") == 0;
    if (count == 0 || i + 1 >= item->count || (!is_allowed && strcmp(item->words[i], "deny") != 0))
        return complain(complaint, "when", "write tests, then allow or deny, then system calls");
    for (i++; i < item->count; i++) {
        const char *call = item->words[i];
        int result = seccomp_policy_when(policy, call, is_allowed ? SECCOMP_ALLOW : SECCOMP_REFUSE, tests, count);

        if (result == -ENOENT)
            return complain(complaint, call, "no system call of this processor has this name");
        if (result == -EINVAL)
            return complain(complaint, call, "a test does not fit the arguments of this call");
        if (result < 0)
            return complain(complaint, call, "too many tests");
    }
    return true;
}

static const struct {
    const char *name;
    uint32_t request;
} requests[] = {
    { "TCGETS", 0x5401 },     { "TCSETS", 0x5402 },    { "TCSETSW", 0x5403 },   { "TCSETSF", 0x5404 },
    { "TCSBRK", 0x5409 },     { "TCXONC", 0x540a },    { "TCFLSH", 0x540b },    { "TIOCSCTTY", 0x540e },
    { "TIOCGPGRP", 0x540f },  { "TIOCSPGRP", 0x5410 }, { "TIOCSTI", 0x5412 },   { "TIOCGWINSZ", 0x5413 },
    { "TIOCSWINSZ", 0x5414 }, { "FIONREAD", 0x541b },  { "TIOCLINUX", 0x541c }, { "FIONBIO", 0x5421 },
    { "TIOCNOTTY", 0x5422 },  { "FIONCLEX", 0x5450 },  { "FIOCLEX", 0x5451 },   { "FIOASYNC", 0x5452 },
};

static bool find_request(const char *word, uint32_t *ret_request)
{
    uint64_t number;

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        if (strcmp(requests[i].name, word) == 0) {
            *ret_request = requests[i].request;
            return true;
        }
    }
    if (!spec_parse_number(word, &number) || number > UINT32_MAX)
        return false;
    *ret_request = (uint32_t)number;
    return true;
}

/* ioctl|deny-ioctl REQUEST... */
static bool apply_requests(struct seccomp_policy *policy, const struct spec_item *item, struct complaint *complaint)
{
    uint32_t list[SECCOMP_TESTS_MAX];
    size_t count = 0;
    bool are_allowed = strcmp(item->words[0], "ioctl") == 0;

    for (size_t i = 1; i < item->count; i++) {
        if (count == SECCOMP_TESTS_MAX)
            return complain(complaint, item->words[i], "too many requests of ioctl");
        if (!find_request(item->words[i], &list[count]))
            return complain(complaint, item->words[i], "a request of ioctl is a number or a name such as TIOCGWINSZ");
        if (are_allowed && (list[count] == 0x5412 || list[count] == 0x541c))
            return complain(complaint, item->words[i], "this request types on the terminal of whoever started it");
        count++;
    }
    if (seccomp_policy_requests(policy, list, count, are_allowed) < 0)
        return complain(complaint, item->words[0], "too many requests of ioctl");
    return true;
}

static bool apply_refusals(struct seccomp_policy *policy, const struct spec_item *item, struct complaint *complaint)
{
    bool kills = item->count == 2 && strcmp(item->words[1], "kill") == 0;

    if (!kills && (item->count != 2 || strcmp(item->words[1], "error") != 0))
        return complain(complaint, "refusals", "what is refused ends in an error, or kills");
    seccomp_policy_kill(policy, kills);
    return true;
}

static bool is_family_rule(const struct spec_item *item)
{
    return item->count > 0 &&
           (strcmp(item->words[0], "allow-family") == 0 || strcmp(item->words[0], "deny-family") == 0);
}

static bool apply_rule(struct seccomp_policy *policy, const struct spec_item *item, struct complaint *complaint)
{
    const char *verb = item->count > 0 ? item->words[0] : "";

    if (item->count < 2)
        return complain(complaint, verb,
                        "write allow, deny, allow-family, deny-family, when, ioctl, deny-ioctl or refusals, and behind "
                        "it what it is about");
    if (strcmp(verb, "when") == 0)
        return apply_when(policy, item, complaint);
    if (strcmp(verb, "ioctl") == 0 || strcmp(verb, "deny-ioctl") == 0)
        return apply_requests(policy, item, complaint);
    if (strcmp(verb, "refusals") == 0)
        return apply_refusals(policy, item, complaint);
    bool is_family = is_family_rule(item);
    if (!is_family && strcmp(verb, "allow") != 0 && strcmp(verb, "deny") != 0)
        return complain(complaint, verb, "no rule of seccomp-rules begins with this word");
    for (size_t i = 1; i < item->count; i++)
        if (!(is_family ? change_family : change_call)(policy, verb, item->words[i], complaint))
            return false;
    return true;
}

/*
 * The policy of a specification. Families come first, because a rule with tests of `socket` is put in front of what
 * they say; else the later rule wins. `problems` may be NULL.
 */
static void make_policy(const esq_spec *spec, struct seccomp_policy *policy, struct spec_problems *problems)
{
    enum seccomp_base base = SECCOMP_STANDARD;
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_SECCOMP_RULES, &count);

    seccomp_find_base(spec_text(spec, SPEC_SECCOMP), &base);
    seccomp_policy_init(policy, base);
    if (spec_is(spec, SPEC_NESTED_NAMESPACES, "yes"))
        allow_nesting(policy);
    /* Who names families names all of them, as with requests of ioctl: a list that only adds would fail open. */
    for (size_t i = 0; i < count; i++)
        if (items[i].count > 0 && strcmp(items[i].words[0], "allow-family") == 0)
            seccomp_policy_forget_families(policy);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count; i++) {
            struct complaint complaint;

            if (is_family_rule(&items[i]) == (pass == 0) && !apply_rule(policy, &items[i], &complaint) && problems)
                spec_problem(problems, &items[i].where, 0, NULL, "seccomp rule `%.64s`: %s", complaint.word,
                             complaint.what);
        }
    }
}

void seccomp_check(const esq_spec *spec, struct spec_problems *problems)
{
    struct seccomp_policy policy;
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_SECCOMP_RULES, &count);

    make_policy(spec, &policy, problems);
    if (count > 0 && spec_is(spec, SPEC_SECCOMP, "none"))
        spec_problem(problems, &items[0].where, 0, "leave out `seccomp none`, or the rules",
                     "rules for system calls, but no policy to add them to");
}

/* Whatever the rules are called: what the policy allows beyond the standard one needs a grant. */
void seccomp_grants(const esq_spec *spec, struct spec_grants *grants)
{
    struct seccomp_policy policy;
    const esq_location *where = spec_where(spec, SPEC_SECCOMP_RULES);

    if (spec_is(spec, SPEC_NESTED_NAMESPACES, "yes"))
        spec_grant(grants, "wall", "nested-namespaces", spec_where(spec, SPEC_NESTED_NAMESPACES));
    if (!where)
        where = spec_where(spec, SPEC_SECCOMP);
    if (spec_is(spec, SPEC_SECCOMP, "none")) {
        spec_grant(grants, "wall", "seccomp", where);
        return;
    }
    if (!where)
        return;
    make_policy(spec, &policy, NULL);
    if (seccomp_policy_is_weaker(&policy))
        spec_grant(grants, "wall", "seccomp", where);
}

/* One more name in the list, or one more that has no room. */
static void list_name(const char *kind, const char *name, size_t count, struct seccomp_beyond *beyond)
{
    size_t used = strlen(beyond->text);
    int length = count >= SECCOMP_BEYOND_NAMES ? -1
                                               : snprintf(beyond->text + used, sizeof beyond->text - used, "%s%s%s",
                                                          used ? ", " : "", kind, name ? name : "one without a name");
    if (length < 0 || (size_t)length >= sizeof beyond->text - used) {
        beyond->text[used] = '\0';
        beyond->unnamed++;
    }
}

size_t seccomp_list_beyond(const esq_spec *spec, struct seccomp_beyond *ret_beyond)
{
    struct seccomp_policy policy;
    size_t count = 0;

    *ret_beyond = (struct seccomp_beyond){ .unnamed = 0 };
    if (spec_is(spec, SPEC_SECCOMP, "none"))
        return 0;
    make_policy(spec, &policy, NULL);
    for (int number = -1; (number = seccomp_policy_next_weaker(&policy, number + 1)) >= 0; count++)
        list_name("", seccomp_call_name(number), count, ret_beyond);
    uint64_t families = seccomp_policy_more_families(&policy);
    for (int family = 0; family < SECCOMP_FAMILIES; family++)
        if (families >> family & 1)
            list_name("sockets of ", seccomp_family_name(family), count++, ret_beyond);
    return count;
}

int seccomp_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    struct seccomp_policy policy;
    struct sock_filter program[SECCOMP_PROGRAM_MAX];
    size_t length;
    const esq_location *where = spec_where(spec, SPEC_SECCOMP);
    int result;

    if (spec_is(spec, SPEC_SECCOMP, "none"))
        return 0;
    make_policy(spec, &policy, NULL);
    result = seccomp_compile(&policy, program, sizeof program / sizeof program[0], &length);
    if (result < 0)
        return esq_fail(ret_error, where, -result, NULL, "compile the seccomp policy");
    result = plan_add_step(builder, STEP_SECCOMP, where, "see `esquema doctor`: the kernel must have seccomp filters",
                           program, length * sizeof program[0], "system calls of the %s policy, %zu instructions",
                           spec_text(spec, SPEC_SECCOMP), length);
    return result < 0 ? esq_fail(ret_error, where, -result, NULL, "plan seccomp") : 0;
}
