/*
 * Errors of the runtime are values: struct esq_error of <esquema.h>, filled by one of these functions.
 * Knows no step and no specification. Not for the child between clone and exec, which has struct child_report.
 */
#ifndef ESQUEMA_ERROR_H
#define ESQUEMA_ERROR_H

#include "esquema.h"

#define _cold_ __attribute__((cold))

/*
 * Fills `ret_error` (NULL is allowed) and returns `error_number` negated, or -EINVAL when that is 0, so that a function
 * can say `return esq_fail(...)`. When error_number is not 0 its text is appended: "FORMATTED: Operation not
 * permitted". `remedy` may be NULL. Exit status is 125.
 */
_cold_ int esq_fail(esq_error *ret_error, const esq_location *where, int error_number, const char *remedy,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same without a place, and without the kernel's words for the number: the reason is ours, and said in full. */
_cold_ int esq_refuse(esq_error *ret_error, int error_number, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What helps with ENOSYS. */
#define ERROR_FILTERED                                                                                       \
    "this kernel lacks the call, or a filter around us refuses it: a container of ours lets Esquema run in " \
    "it with (nested-namespaces) (seccomp standard (allow openat2))"

/* What helps with too many open files, whatever was being done; of other numbers `remedy`. */
const char *error_remedy(int error_number, const char *remedy);

/* The text of an errno value, "Operation not permitted"; never NULL, safe in threads. */
const char *error_number_text(int error_number);

#endif
