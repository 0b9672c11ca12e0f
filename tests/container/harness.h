/*
 * What the container tests share: TAP, a root filesystem in a temporary folder, one-line starting of a probe.
 * The drivers are linked statically with the library, so that they can take single walls out of a plan.
 */
#ifndef TESTS_CONTAINER_HARNESS_H
#define TESTS_CONTAINER_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "plan/plan.h"

struct harness {
    char folder[256]; /* temporary, private */
    char root[300];   /* root filesystem: bin/busybox, bin/probe, etc/secret, proc, dev, tmp */
    char bare[300];   /* another one, with bin alone */
    int probe;        /* the probe's file, open */
};

extern struct harness harness;

/* ---- TAP ---- */

bool check(bool is_true, const char *format, ...) __attribute__((format(printf, 2, 3)));
void skip(const char *reason, const char *format, ...) __attribute__((format(printf, 2, 3)));
int finish(void); /* prints the plan; exit status */

/* ---- Set-up ---- */

/* Makes the folder and the roots; removed by harness_done. */
bool harness_init(const char *probe_path);
void harness_done(void);

/* Enters new namespaces (CLONE_NEWUSER is added), the caller's ids being those inside. */
bool enter_namespaces(int namespaces, uid_t uid_inside, gid_t gid_inside);

/* ---- Containers ---- */

struct started {
    int launch;      /* result of esq_plan_build or esq_launch */
    esq_error error; /* when that is negative */
    esq_result result;
};

/*
 * Runs a container from a list of settings, ended by NULL:
 *   "field=value"        esq_spec_set
 *   "field+=word word"   esq_spec_add
 *   "skip:kind"          that kind of step is taken out of the plan
 *   "@PROBE ARG ARG"     the command: the probe, from a descriptor
 *   "!PROGRAM ARG ARG"   the command: a program of the root filesystem
 *   "<NUMBER"            that descriptor is given to it as its standard input
 * The root is harness.root unless the list says otherwise.
 */
struct started run(const char *first, ...) __attribute__((sentinel));
esq_plan *plan_from(const char *const *settings, esq_error *ret_error);

/* ---- What must not be left ---- */

size_t count_descriptors(void);
bool has_children(void);

#endif
