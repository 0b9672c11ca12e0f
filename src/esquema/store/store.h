/*
 * The store: one folder for each started container, beneath a folder that only this user may enter. An entry holds
 *   lock    flock'd by its supervisor for as long as that lives; what can be locked has no supervisor
 *   state   the record (record.c), written whole
 *   spec    what was started and how (kept.c), for those who look at it or start it again
 *   socket  where the supervisor listens
 * and its logs lie in a folder of the same name elsewhere. A folder is opened once; then only descriptors are used.
 * Names that begin with a dot are entries being made or removed. Knows nothing of processes.
 */
#ifndef ESQUEMA_STORE_H
#define ESQUEMA_STORE_H

#include <stdbool.h>
#include "error/error.h"

#define STORE_ENTRIES_MAX   65536 /* looked at in one folder */
#define STORE_LOG_FILES_MAX 100   /* of one container */

struct esq_store {
    int folder; /* of the entries */
    int logs;   /* of the logs' folders, -1 until somebody needs it */
    char *logs_path;
    char *supervisor;
    char *joiner;
    char boot[40]; /* the kernel's boot id */
};

/* An entry, with its lock held. */
struct store_entry {
    char name[ESQ_NAME_SIZE];
    int folder;
    int lock;
};

/*
 * A new entry with this record, under its name, locked. -EEXIST when one of this name runs. One that has ended makes
 * room: it is kept aside, locked, until the caller says by one of the next two what becomes of it.
 */
int store_create(struct esq_store *store, const esq_entry *record, struct store_entry *ret_entry,
                 struct store_entry *ret_earlier, esq_error *ret_error);
void store_drop_earlier(struct esq_store *store, struct store_entry *earlier);
/* After a start that failed: the entry goes, and what was kept aside has its name again. */
void store_put_back(struct esq_store *store, struct store_entry *entry, struct store_entry *earlier);
/* -ENOENT. */
int store_open_entry(struct esq_store *store, const char *name, int *ret_folder, esq_error *ret_error);
/* Takes the lock of an entry that nobody supervises. -EBUSY: somebody does; -ENOENT. */
int store_lock(struct esq_store *store, const char *name, struct store_entry *ret_entry);
/* Removes the entry, whose lock is held, and closes it. */
void store_remove(struct esq_store *store, struct store_entry *entry);
void store_close(struct store_entry *entry);
/* The logs of an entry; made where there are none when `is_made`. */
int store_open_logs(struct esq_store *store, const char *name, bool is_made, esq_error *ret_error);
int store_remove_logs(struct esq_store *store, const char *name);
/* After a start that failed: what it has made and nothing was written to. */
void store_drop_empty_logs(struct esq_store *store, const char *name);

/* Removes what killed processes have left, cgroups too. */
void store_clean(struct esq_store *store);

/* ---- What is kept of the start (kept.c) ---- */

/* Whole or not at all; 0 where there is nothing to be kept. */
int kept_write(int folder, const esq_start *how);

/* ---- The record ---- */

#define RECORD_SIZE_MAX 4096

/* Whole or not at all. */
int record_write(int folder, const char *boot, const esq_entry *entry);
/* -ENOENT, -EPROTO when it is none, or one of another boot. */
int record_read(int folder, const char *boot, esq_entry *ret_entry);
int record_boot(char ret_boot[40]);

#endif
