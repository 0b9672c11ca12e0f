/*
 * The kept specification is what was granted; a description that was changed since is another container, and a link
 * that leads elsewhere asks for something else than what was given.
 */
#include "tools/esquema/restart.h"

#include <errno.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/grants.h"

static void advise_start(const esq_entry *entry, esq_error *error)
{
    snprintf(error->remedy, sizeof error->remedy, "start it from its description: esquema start %s --name %s",
             *entry->file ? entry->file : "FILE", entry->name);
}

/* Everything that is missing is told by grants_check, but for what is in ret_error, which our caller tells. */
static bool is_granted(const struct options *options, const esq_kept *kept, struct grants *ret_grants,
                       esq_error *ret_error)
{
    struct failures told = { 0 };
    struct options own = *options;
    own.failures = &told;
    own.granted = kept->grants;
    own.granted_count = kept->grant_count;
    bool is_good = grants_check(kept->spec, &own, ret_grants, ret_error);
    for (size_t i = 1; i < told.count; i++)
        failure_tell(options->failures, &told.list[i]);
    failures_done(&told);
    return is_good;
}

static int start(esq_store *store, const esq_entry *entry, const esq_kept *kept, const struct grants *grants,
                 esq_error *ret_error)
{
    enum { KNOWN = ESQ_START_REMOVE | ESQ_START_TERMINAL | ESQ_START_TRACE_DENIED };
    esq_plan *plan;
    esq_entry started;
    const esq_start how = {
        .size = sizeof how,
        .flags = kept->flags & KNOWN,
        .file = entry->file,
        .log_size = kept->log_size,
        .log_files = kept->log_files,
        .log_output = kept->log_output,
        .restart = kept->restart,
        .spec = kept->spec,
        .grants = grants->items,
        .grant_count = grants->count,
    };
    int result = esq_plan_build(kept->spec, &plan, ret_error);
    if (result < 0)
        return result;
    result = esq_store_start(store, plan, &how, &started, ret_error);
    esq_plan_free(plan);
    return result;
}

int restart_ended(esq_store *store, const struct options *options, const esq_entry *entry, esq_error *ret_error)
{
    struct grants grants = { 0 };
    esq_kept kept = { .size = sizeof kept };
    int result = esq_store_kept(store, entry->name, &kept, ret_error);
    if (result < 0) {
        advise_start(entry, ret_error);
        return result;
    }
    if (kept.has_descriptors) {
        *ret_error = failure_make("`%s` was given open files by whoever started it", entry->name);
        advise_start(entry, ret_error);
        result = -EBADF;
    } else if (!is_granted(options, &kept, &grants, ret_error)) {
        result = -EPERM;
    } else {
        result = start(store, entry, &kept, &grants, ret_error);
    }
    grants_done(&grants);
    esq_kept_done(&kept);
    return result;
}
