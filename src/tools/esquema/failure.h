/* How `esquema` shows what is wrong with a description, a program or a container: place, excerpt, reason, remedy. */
#ifndef TOOLS_ESQUEMA_FAILURE_H
#define TOOLS_ESQUEMA_FAILURE_H

#include <esquema.h>
#include <schooner.h>

/* Why the last run on the machine failed; the place is one in `source` where there is one. */
void failure_show(sch_vm *vm, struct sch_source source);
/* An error of the runtime. The excerpt comes from the file that it names. */
void failure_show_error(const esq_error *error);
/*
 * What went wrong under --format json: kept, to become part of the document that the command prints.
 */
struct failures {
    esq_error *list; /* owned */
    size_t count;
};
/* Kept in `failures`; shown, as failure_show_error does it, where that is NULL. */
void failure_tell(struct failures *failures, const esq_error *error);
void failures_done(struct failures *failures);
/* The same as data, for --status-fd. */
void failure_to_error(sch_vm *vm, struct sch_source source, esq_error *ret_error);
/* An error of our own, without a place. */
esq_error failure_make(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "PATH: what the kernel said", with its number. */
esq_error failure_make_kernel(int error_number, const char *path);

#endif
