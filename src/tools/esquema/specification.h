/* A specification as people and programs read it: what was asked for, in the words of docs/specification.md. */
#ifndef TOOLS_ESQUEMA_SPECIFICATION_H
#define TOOLS_ESQUEMA_SPECIFICATION_H

#include <esquema.h>
#include <stdio.h>

/* 64 hexadecimal digits. */
void specification_print_hash(const unsigned char hash[32], FILE *out);

/* ":LINE:COLUMN" of the container in its description; nothing where that is unknown or there is no specification. */
void specification_print_place(const esq_spec *spec, FILE *out);
/* A line for each thing that it says, behind a word of 13 columns. */
void specification_print_text(const esq_spec *spec, FILE *out);
void specification_print_grants(const esq_grant *grants, size_t count, FILE *out);

/* ,"line":...,"column":...,"command":[...], ... : fields of an object that has begun. */
void specification_print_json(const esq_spec *spec, FILE *out);
/* ,"grants":[...] */
void specification_print_grants_json(const esq_grant *grants, size_t count, FILE *out);

#endif
