/* Prints where the C compiler puts the fields that guile/esquema/ffi.scm reads, as that file writes it. */
#include <esquema.h>
#include <stddef.h>
#include <stdio.h>

#define FIELD(structure, field) printf(" (" #field " . %zu)", offsetof(structure, field))

int main(void)
{
    printf("((esq_error");
    FIELD(esq_error, exit_status);
    FIELD(esq_error, error_number);
    FIELD(esq_error, step);
    FIELD(esq_error, steps);
    FIELD(esq_error, line);
    FIELD(esq_error, column);
    FIELD(esq_error, file);
    FIELD(esq_error, text);
    FIELD(esq_error, remedy);
    printf(")\n (esq_result");
    FIELD(esq_result, reason);
    FIELD(esq_result, exit_status);
    FIELD(esq_result, signal);
    FIELD(esq_result, wall_microseconds);
    FIELD(esq_result, user_microseconds);
    FIELD(esq_result, system_microseconds);
    FIELD(esq_result, peak_memory);
    printf(")\n (esq_location");
    FIELD(esq_location, file);
    FIELD(esq_location, line);
    FIELD(esq_location, column);
    printf("))\n");
    /* The modules give 4096 bytes to each. */
    return sizeof(esq_error) <= 4096 && sizeof(esq_result) <= 4096 ? 0 : 1;
}
