/* How a specification is stored; for the files of spec/ only. */
#ifndef ESQUEMA_SPEC_OWN_H
#define ESQUEMA_SPEC_OWN_H

#include "spec/spec.h"

struct spec_list {
    struct spec_item *items;
    size_t count;
    size_t capacity;
};

struct spec_file {
    struct spec_file *next;
    char name[];
};

struct esq_spec {
    struct spec_list fields[SPEC_FIELD_COUNT];
    struct spec_file *files;  /* names of descriptions, each once */
    struct spec_file *values; /* texts of grants */
    struct spec_file *seen;   /* where paths led when grants were asked for */
    bool is_asked;            /* grants have been asked for: the plan is held to what they saw */
    size_t bytes;             /* of all words */
};

enum spec_value {
    SPEC_VALUE_TEXT,
    SPEC_VALUE_NAME,
    SPEC_VALUE_YES_NO,
    SPEC_VALUE_BYTES,
    SPEC_VALUE_COUNT,
    SPEC_VALUE_COUNT_OR_UNLIMITED,
    SPEC_VALUE_MILLISECONDS,
    SPEC_VALUE_RATIO,
    SPEC_VALUE_INSIDE,
    SPEC_VALUE_HOST,
    SPEC_VALUE_USER,
    SPEC_VALUE_WORDS,
    SPEC_VALUE_CHOICE,
};

struct spec_field_about {
    const char *name;
    enum spec_shape shape;
    enum spec_value value;
    const char *initial; /* CHOICE: "default\0choice|choice" */
};

extern const struct spec_field_about spec_fields[SPEC_FIELD_COUNT];

/* The generic half of the check: every ONE field is of its kind. */
void spec_check_values(const esq_spec *spec, struct spec_problems *problems);

#endif
