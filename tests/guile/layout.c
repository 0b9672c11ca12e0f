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
    FIELD(esq_result, memory_peak);
    FIELD(esq_result, memory_limit);
    FIELD(esq_result, processes_peak);
    FIELD(esq_result, processes_limit);
    FIELD(esq_result, oom_kills);
    FIELD(esq_result, refused_forks);
    printf(")\n (esq_stats");
    FIELD(esq_stats, processes);
    FIELD(esq_stats, memory);
    FIELD(esq_stats, user_microseconds);
    FIELD(esq_stats, system_microseconds);
    FIELD(esq_stats, memory_peak);
    FIELD(esq_stats, memory_limit);
    FIELD(esq_stats, swap);
    FIELD(esq_stats, throttled_microseconds);
    FIELD(esq_stats, processes_peak);
    FIELD(esq_stats, processes_limit);
    FIELD(esq_stats, oom_kills);
    FIELD(esq_stats, refused_forks);
    FIELD(esq_stats, read_bytes);
    FIELD(esq_stats, written_bytes);
    printf(")\n (esq_launch_options");
    FIELD(esq_launch_options, size);
    FIELD(esq_launch_options, flags);
    FIELD(esq_launch_options, supervisor);
    printf(")\n (esq_location");
    FIELD(esq_location, file);
    FIELD(esq_location, line);
    FIELD(esq_location, column);
    printf("))\n");
    /* The modules give 4096 bytes to each. */
    return sizeof(esq_error) <= 4096 && sizeof(esq_result) <= 4096 && sizeof(esq_stats) <= 4096 ? 0 : 1;
}
