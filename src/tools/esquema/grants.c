/* Compares what the runtime says a specification asks for with --allow. Decides nothing else. */
#include "tools/esquema/grants.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/near.h"
#include "base/plain.h"
#include "tools/common/report.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/trust.h"

const char grant_kinds[] = "best-effort capability device host-path id-range keep limits network publish volume wall "
                           "writable-path";

bool grant_is_known(const char *allow)
{
    size_t length = strcspn(allow, "=");
    if (length == 0 || allow[length] != '=')
        return false;
    for (const char *kind = grant_kinds; *kind; kind += strspn(kind, " ")) {
        size_t size = strcspn(kind, " ");
        if (size == length && memcmp(kind, allow, size) == 0)
            return true;
        kind += size;
    }
    return false;
}

/* What is asked for twice is one question; the first place stands for all. */
static size_t drop_repeated(esq_grant *items, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < kept && (strcmp(items[j].flag, items[i].flag) != 0 || strcmp(items[j].value, items[i].value) != 0))
            j++;
        if (j == kept)
            items[kept++] = items[i];
    }
    return kept;
}

/* Each look is a new one at the paths of the host, where others may be at work: there can be more than a moment ago. */
static ssize_t ask_all(esq_spec *spec, struct grants *ret)
{
    enum { LOOKS = 8 };
    ssize_t count = esq_spec_grants(spec, NULL, 0);
    for (int look = 0; look < LOOKS && count > 0; look++) {
        const size_t capacity = (size_t)count;
        free(ret->items);
        ret->items = calloc(capacity, sizeof *ret->items);
        count = ret->items ? esq_spec_grants(spec, ret->items, capacity) : -ENOMEM;
        if (count <= (ssize_t)capacity)
            return count;
    }
    return count > 0 ? -EAGAIN : count;
}

bool grants_ask(esq_spec *spec, const struct options *options, struct grants *ret, esq_error *ret_error)
{
    *ret = (struct grants){ 0 };
    ssize_t count = ask_all(spec, ret);
    if (count == -EINVAL && esq_spec_check(spec, ret_error, 1) > 0) { /* what is wrong says more than that it is */
        failure_tell(options->failures, ret_error);
        grants_done(ret);
        return false;
    }
    if (count < 0) {
        *ret_error = failure_make("what the description asks for: %s", strerror((int)-count));
        failure_tell(options->failures, ret_error);
        grants_done(ret);
        return false;
    }
    ret->count = ret->asked = drop_repeated(ret->items, (size_t)count);
    ret->is_asked = true;
    ret->is_trusted = trust_is_given(spec, ret);
    return true;
}

void grants_done(struct grants *grants)
{
    free(grants->items);
    *grants = (struct grants){ 0 };
}

static bool is_path(const char *flag)
{
    return strcmp(flag, "host-path") == 0 || strcmp(flag, "writable-path") == 0;
}

/* A folder is granted with what lies beneath it. Both are compared as they really are, links resolved. */
static bool covers_path(const char *granted, const char *asked)
{
    char real[PATH_MAX];
    if (!realpath(granted, real))
        return false;
    size_t length = strlen(real);
    if (length == 1)
        return true;
    return strncmp(real, asked, length) == 0 && (asked[length] == '/' || asked[length] == '\0');
}

static bool covers(const char *allow, const esq_grant *grant)
{
    size_t length = strcspn(allow, "=");
    const char *value = allow + length + 1;
    bool is_same_flag = strlen(grant->flag) == length && memcmp(grant->flag, allow, length) == 0;
    if (!is_path(grant->flag))
        return is_same_flag && strcmp(value, grant->value) == 0;
    /* Who may write may read. */
    if (!is_same_flag && !(strcmp(grant->flag, "host-path") == 0 && strncmp(allow, "writable-path=", 14) == 0))
        return false;
    return covers_path(value, grant->value);
}

bool grant_is_given(const struct options *options, const struct grants *grants, const esq_grant *grant)
{
    if (options->trust || grants->is_trusted)
        return true;
    for (size_t i = 0; i < options->granted_count; i++)
        if (strcmp(options->granted[i].flag, grant->flag) == 0 && strcmp(options->granted[i].value, grant->value) == 0)
            return true;
    for (size_t i = 0; i < options->allow.count; i++)
        if (covers(options->allow.items[i], grant))
            return true;
    return false;
}

static esq_error error_at(const esq_grant *grant, esq_error error)
{
    snprintf(error.file, sizeof error.file, "%s", grant->where.file ? grant->where.file : "");
    error.line = grant->where.line;
    error.column = grant->where.column;
    return error;
}

static bool is_asked_for(const char *allow, const struct grants *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < list[i].asked; j++)
            if (covers(allow, &list[i].items[j]))
                return true;
    return false;
}

static void warn_unasked(const char *allow, const struct grants *list, size_t count)
{
    char word[NEAR_BYTES + 1], meant[NEAR_BYTES + 1];
    struct near near = near_begin(allow, strlen(allow));
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < list[i].asked; j++) {
            const esq_grant *grant = &list[i].items[j];
            int length = snprintf(word, sizeof word, "%s=%s", grant->flag, grant->value);
            near.found = NULL;
            if (length < (int)sizeof word)
                near_consider(&near, word);
            if (near.found)
                strcpy(meant, word);
        }
    fputs("esquema: warning: --allow ", stderr);
    report_text(stderr, allow);
    fputs(": the description does not ask for it", stderr);
    if (near.distance < near_bound(near.length)) {
        fputs("; did you mean ", stderr);
        report_text(stderr, meant);
        fputc('?', stderr);
    }
    fputc('\n', stderr);
}

void grants_warn_unasked(const struct options *options, const struct grants *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (options->failures || !list[i].is_asked)
            return;
    for (size_t i = 0; i < options->allow.count; i++)
        if (!is_asked_for(options->allow.items[i], list, count))
            warn_unasked(options->allow.items[i], list, count);
}

/* A path that is not there needs no grant; it needs to be there. */
static bool check_paths(const struct grants *grants, const struct options *options, esq_error *ret_error)
{
    bool is_good = true;
    struct stat about;
    for (size_t i = 0; i < grants->count; i++) {
        const esq_grant *grant = &grants->items[i];
        if (!is_path(grant->flag) || stat(grant->value, &about) == 0)
            continue;
        int number = errno;
        esq_error error = error_at(grant, failure_make("%s: %s", grant->value, strerror(number)));
        error.error_number = number;
        if (number == ENOENT)
            snprintf(error.remedy, sizeof error.remedy,
                     "a relative path begins at the folder of the description, a stored root is one of `esquema rootfs "
                     "list`; create it, or correct the name");
        failure_tell(options->failures, &error);
        if (is_good)
            *ret_error = error;
        is_good = false;
    }
    return is_good;
}

/* A word for the shell. */
static void print_word(FILE *out, const char *flag, const char *value)
{
    bool is_plain = true;
    for (const char *c = value; *c; c++)
        is_plain = is_plain && ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                                strchr("/._-+:,@%", *c));
    if (is_plain) {
        fprintf(out, "%s=%s", flag, value);
        return;
    }
    fprintf(out, "'%s=", flag);
    size_t length;
    for (const char *c = value; *c; c += length) {
        if (!plain_character(c, &length))
            fputc('?', out);
        else if (*c == '\'')
            fputs("'\\''", out);
        else
            fwrite(c, 1, length, out);
    }
    fputc('\'', out);
}

void grant_print(FILE *out, const esq_grant *grant)
{
    print_word(out, grant->flag, grant->value);
}

/* The words that grant it all; *ret_text is to be freed, and NULL where there is no memory. */
static void print_missing(const struct grants *missing, char **ret_text)
{
    size_t size;
    *ret_text = NULL;
    FILE *out = open_memstream(ret_text, &size);
    if (!out)
        return;
    fputs("if that is what you want, grant it:", out);
    for (size_t i = 0; i < missing->count; i++) {
        fputs(" --allow ", out);
        grant_print(out, &missing->items[i]);
    }
    fclose(out);
}

static void show_missing(const struct grants *missing, const struct options *options, esq_error *ret_error)
{
    char *remedy;
    char advice[ESQ_ERROR_REMEDY] = "if that is what you want, grant all of it: --trust";
    print_missing(missing, &remedy);
    if (remedy && strlen(remedy) < sizeof advice) /* half a command line would be worse than none */
        strcpy(advice, remedy);
    for (size_t i = 0; i < missing->count; i++) {
        const esq_grant *grant = &missing->items[i];
        esq_error error =
            error_at(grant, failure_make("this asks for %s=%s, which was not granted", grant->flag, grant->value));
        if (options->failures)
            strcpy(error.remedy, advice);
        failure_tell(options->failures, &error);
        if (i == 0)
            *ret_error = error;
    }
    strcpy(ret_error->remedy, advice);
    if (!options->failures)
        fprintf(stderr,
                "remedy: %s\n        (or everything that it asks for: --trust; to be remembered: esquema trust FILE)\n",
                remedy ? remedy : "grant it");
    free(remedy);
}

bool grants_check(esq_spec *spec, const struct options *options, struct grants *ret, esq_error *ret_error)
{
    if (!grants_ask(spec, options, ret, ret_error))
        return false;
    if (!check_paths(ret, options, ret_error)) {
        ret->count = 0;
        return false;
    }
    size_t missing = 0;
    for (size_t i = 0; i < ret->count; i++)
        missing += !grant_is_given(options, ret, &ret->items[i]);
    if (missing == 0)
        return true;
    size_t kept = 0;
    for (size_t i = 0; i < ret->count; i++) {
        esq_grant item = ret->items[i];
        if (grant_is_given(options, ret, &item))
            continue;
        ret->items[i] = ret->items[kept];
        ret->items[kept++] = item;
    }
    ret->count = kept;
    show_missing(ret, options, ret_error);
    return false;
}
