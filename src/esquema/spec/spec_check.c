/* The generic check: is every value of the kind that the table of fields says? What it means is its facility's. */
#include "spec/spec_own.h"

#include <stdio.h>
#include <string.h>
#include "base/name.h"
#include "base/near.h"

enum { CHOICES_BYTES = 256 };

bool spec_is_absolute(const char *path)
{
    if (path[0] != '/' || strlen(path) > 4000)
        return false;
    for (const char *part = path; part; part = strchr(part, '/')) {
        part++;
        size_t length = strcspn(part, "/");
        if ((length == 1 && part[0] == '.') || (length == 2 && part[0] == '.' && part[1] == '.'))
            return false;
    }
    return true;
}

/* Behind the default and its NUL: "a|b|c". */
static const char *choices_of(const struct spec_field_about *about)
{
    return about->initial + strlen(about->initial) + 1;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    for (const char *choice = choices; choice; choice = strchr(choice, '|')) {
        if (*choice == '|')
            choice++;
        if (strcspn(choice, "|") == length && memcmp(choice, text, length) == 0)
            return true;
    }
    return false;
}

/* "2", "0.5" or "1/2". */
static bool is_ratio(const char *text)
{
    char part[32];
    size_t length = strcspn(text, "./");
    uint64_t number;
    if (length >= sizeof(part))
        return false;
    memcpy(part, text, length);
    part[length] = '\0';
    if (!spec_parse_number(part, &number))
        return false;
    return text[length] == '\0' || spec_parse_number(text + length + 1, &number);
}

static const char *value_wanted(const struct spec_field_about *about, const char *text)
{
    uint64_t number;
    uint32_t uid, gid;
    switch (about->value) {
    case SPEC_VALUE_TEXT: return NULL;
    case SPEC_VALUE_WORDS: return NULL;
    case SPEC_VALUE_NAME:
        return name_is_valid(text) ? NULL : "a name of 1 to 63 of a-z 0-9 _ . - beginning with a-z or 0-9";
    case SPEC_VALUE_YES_NO: return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0 ? NULL : "yes or no";
    case SPEC_VALUE_BYTES: return spec_parse_number(text, &number) ? NULL : "a number of bytes";
    case SPEC_VALUE_COUNT: return spec_parse_number(text, &number) && number > 0 ? NULL : "a number above 0";
    case SPEC_VALUE_COUNT_OR_UNLIMITED:
        return strcmp(text, "unlimited") == 0 || (spec_parse_number(text, &number) && number > 0)
                   ? NULL
                   : "a number above 0, or unlimited";
    case SPEC_VALUE_MILLISECONDS:
        return spec_parse_number(text, &number) && number < UINT64_C(1) << 40 ? NULL : "a time in milliseconds";
    case SPEC_VALUE_RATIO: return is_ratio(text) ? NULL : "a number such as 2, 0.5 or 1/2";
    case SPEC_VALUE_INSIDE: return spec_is_absolute(text) ? NULL : "an absolute path without . and ..";
    case SPEC_VALUE_HOST: return text[0] == '/' && strlen(text) <= 4000 ? NULL : "an absolute path";
    case SPEC_VALUE_USER: return spec_parse_user(text, &uid, &gid) ? NULL : "ids as uid:gid";
    case SPEC_VALUE_CHOICE: return is_choice(choices_of(about), text) ? NULL : choices_of(about);
    }
    return "something else";
}

static void check_word(const struct spec_field_about *about, const struct spec_item *item, const char *text,
                       struct spec_problems *problems)
{
    char words[CHOICES_BYTES], remedy[CHOICES_BYTES + 64];
    size_t length = 0;
    if (is_choice(choices_of(about), text))
        return;
    struct near near = near_begin(text, strlen(text));
    snprintf(words, sizeof(words), "%s", choices_of(about));
    for (char *word = words, *next; word; word = next) {
        next = strchr(word, '|');
        if (next)
            *next++ = '\0';
        near_consider(&near, word);
        length += (size_t)snprintf(remedy + length, sizeof(remedy) - length, "%s%s", length > 0 ? " " : "", word);
    }
    snprintf(remedy + length, sizeof(remedy) - length, " are known");
    spec_problem(problems, &item->where, 0, remedy, "`%s` does not know `%.64s`%s%s%s", about->name, text,
                 near.found ? "; did you mean `" : "", near.found ? near.found : "", near.found ? "`?" : "");
}

static void check_words(const esq_spec *spec, enum spec_field field, struct spec_problems *problems)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, field, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < items[i].count; j++)
            check_word(&spec_fields[field], &items[i], items[i].words[j], problems);
}

void spec_check_values(const esq_spec *spec, struct spec_problems *problems)
{
    for (size_t field = 0; field < SPEC_FIELD_COUNT; field++) {
        const struct spec_item *item = spec_item(spec, (enum spec_field)field);
        const struct spec_field_about *about = &spec_fields[field];
        if (about->shape == SPEC_SHAPE_LIST && about->value == SPEC_VALUE_CHOICE)
            check_words(spec, (enum spec_field)field, problems);
        if (!item || about->shape != SPEC_SHAPE_ONE)
            continue;
        const char *wanted = value_wanted(about, item->words[0]);
        if (wanted)
            spec_problem(problems, &item->where, 0, NULL, "`%s` must be %s, not `%.200s`", about->name, wanted,
                         item->words[0]);
    }
}
