/* Folders and locks of the store: opening it, making, finding, removing entries. */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include "base/name.h"
#include "cgroup/leaf.h"
#include "sys/sys.h"

enum { NAME_TRIES = 100, READ_TRIES = 10, LOCK_TRIES = 1000, LOCK_PAUSE = 1000 /* microseconds */ };

static const char *const files_of_entry[] = { "socket", "state", "state.new", "spec", "lock" };

/* ---- Names ---- */

_Static_assert(ESQ_NAME_SIZE == NAME_LENGTH_MAX + 1, "every name fits");

static int no_such(const char *name, esq_error *ret_error)
{
    if (!name_is_valid(name))
        return esq_refuse(ret_error, EINVAL, NAME_RULE, "`%.64s` is no name of a container", name);
    return esq_refuse(ret_error, ENOENT, "`esquema ps` lists those that there are", "no container is called `%s`",
                      name);
}

/* ---- Opening the store ---- */

static bool is_given(const char *text)
{
    return text && *text;
}

/* Ours, and closed to others: else somebody could put what they like before us. */
static int check_private(int folder, const char *path, esq_error *ret_error)
{
    struct stat found;
    int result = sys_fstat(folder, &found);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "look at %s", path);
    if (!S_ISDIR(found.st_mode) || found.st_uid != sys_uid() || found.st_mode & 077)
        return esq_refuse(ret_error, EPERM, "it must be yours, with mode 0700: move it away, or mend it with chmod",
                          "%s is open to other users", path);
    return 0;
}

/* The folder `name` beneath `parent`, made when it is not there. */
static int open_private(int parent, const char *parent_path, const char *name, esq_error *ret_error)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", parent_path, name);
    int result = sys_mkdirat(parent, name, 0700);
    if (result < 0 && result != -EEXIST)
        return esq_fail(ret_error, NULL, -result, "this folder must be yours, and writable", "make %s", path);
    _cleanup_fd_ int folder = sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (folder < 0)
        return esq_fail(ret_error, NULL, -folder, NULL, "open %s", path);
    result = check_private(folder, path, ret_error);
    return result < 0 ? result : take_fd(&folder);
}

/*
 * Whoever owns the folder, or may write to it, could move what lies in it out of the way, and every container that runs
 * would be out of reach. With the sticky bit nobody else can.
 */
static int check_keeper(int folder, const char *path, const char *remedy, esq_error *ret_error)
{
    struct stat found;
    int result = sys_fstat(folder, &found);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "look at %s", path);
    if (found.st_uid != sys_uid() && found.st_uid != 0)
        return esq_refuse(ret_error, EPERM, remedy, "XDG_RUNTIME_DIR belongs to another user: %s", path);
    if ((found.st_mode & (S_IWGRP | S_IWOTH)) && !(found.st_mode & S_ISVTX))
        return esq_refuse(ret_error, EPERM, remedy, "XDG_RUNTIME_DIR can be written by other users: %s", path);
    return 0;
}

static int open_runtime(const esq_places *places, char path[PATH_MAX], esq_error *ret_error)
{
    static const char remedy[] = "log in with a session of your own (loginctl enable-linger keeps it), or set "
                                 "XDG_RUNTIME_DIR to a folder that is yours alone, such as one made by mktemp -d";
    if (is_given(places->runtime) && strlen(places->runtime) >= PATH_MAX)
        return esq_refuse(ret_error, ENAMETOOLONG, remedy, "XDG_RUNTIME_DIR is longer than any path");
    if (is_given(places->runtime))
        snprintf(path, PATH_MAX, "%s", places->runtime);
    else if (sys_uid() == 0)
        snprintf(path, PATH_MAX, "/run");
    else
        snprintf(path, PATH_MAX, "/run/user/%u", (unsigned)sys_uid());
    if (path[0] != '/')
        return esq_refuse(ret_error, EINVAL, remedy, "XDG_RUNTIME_DIR is not an absolute path");
    _cleanup_fd_ int folder = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return esq_fail(ret_error, NULL, -folder, remedy, "started containers need a folder for their state: open %s",
                        path);
    int result = check_keeper(folder, path, remedy, ret_error);
    return result < 0 ? result : take_fd(&folder);
}

/* A path that is too long is none: its beginning would be somewhere else. */
static bool copy_places(const esq_places *places, struct esq_store *store)
{
    char path[PATH_MAX] = "";
    int length = 0;
    if (is_given(places->state) && places->state[0] == '/')
        length = snprintf(path, sizeof path, "%s", places->state);
    else if (is_given(places->home) && places->home[0] == '/')
        length = snprintf(path, sizeof path, "%s/.local/state", places->home);
    store->logs_path = strdup(length < PATH_MAX ? path : "");
    store->supervisor = strdup(places->supervisor ? places->supervisor : "");
    store->joiner = strdup(places->joiner ? places->joiner : "");
    return store->logs_path && store->supervisor && store->joiner;
}

int esq_store_open(const esq_places *places, esq_store **ret_store, esq_error *ret_error)
{
    char path[PATH_MAX];
    if (places->size < sizeof *places)
        return esq_refuse(ret_error, EINVAL, NULL, "the caller was made for another version");
    struct esq_store *store = calloc(1, sizeof *store);
    if (!store)
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "open the store");
    store->folder = store->logs = -1;
    _cleanup_fd_ int runtime = open_runtime(places, path, ret_error);
    int result = runtime;
    if (result >= 0)
        result = store->folder = open_private(runtime, path, "esquema", ret_error);
    if (result >= 0 && !copy_places(places, store))
        result = esq_fail(ret_error, NULL, ENOMEM, NULL, "open the store");
    if (result >= 0 && (result = record_boot(store->boot)) < 0)
        esq_fail(ret_error, NULL, -result, "/proc must be mounted", "read the boot id");
    if (result < 0) {
        esq_store_free(store);
        return result;
    }
    store_clean(store);
    *ret_store = store;
    return 0;
}

void esq_store_free(esq_store *store)
{
    if (!store)
        return;
    sys_close(store->folder);
    sys_close(store->logs);
    free(store->logs_path);
    free(store->supervisor);
    free(store->joiner);
    free(store);
}

int esq_store_folder(const esq_store *store)
{
    return store->folder;
}

/* ---- Logs ---- */

static int make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        int result = sys_mkdirat(AT_FDCWD, path, 0700);
        if (slash)
            *slash = '/';
        if (result < 0 && result != -EEXIST)
            return result;
        if (!slash)
            return 0;
    }
}

static int open_all_logs(struct esq_store *store, bool is_made, esq_error *ret_error)
{
    if (store->logs >= 0)
        return 0;
    if (!*store->logs_path)
        return esq_refuse(ret_error, ENOENT, "set HOME, or XDG_STATE_HOME", "there is no folder for logs");
    int result = is_made ? make_folders(store->logs_path) : 0;
    _cleanup_fd_ int parent = result < 0 ? result : sys_openat(AT_FDCWD, store->logs_path, O_RDONLY | O_DIRECTORY, 0);
    if (parent < 0)
        return esq_fail(ret_error, NULL, -parent, NULL, "open the folder of logs, %s", store->logs_path);
    store->logs = open_private(parent, store->logs_path, "esquema", ret_error);
    return store->logs < 0 ? store->logs : 0;
}

int store_open_logs(struct esq_store *store, const char *name, bool is_made, esq_error *ret_error)
{
    if (!name_is_valid(name))
        return no_such(name, ret_error);
    int result = open_all_logs(store, is_made, ret_error);
    if (result < 0)
        return result;
    if (is_made)
        return open_private(store->logs, store->logs_path, name, ret_error);
    int folder = sys_openat(store->logs, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    return folder == -ENOENT ? no_such(name, ret_error)
           : folder < 0      ? esq_fail(ret_error, NULL, -folder, NULL, "open the logs of `%s`", name)
                             : folder;
}

int esq_store_logs(esq_store *store, const char *name, esq_error *ret_error)
{
    return store_open_logs(store, name, false, ret_error);
}

/* Only names that the supervisor gives; one may be missing between others when it was killed. */
int store_remove_logs(struct esq_store *store, const char *name)
{
    _cleanup_fd_ int folder = store_open_logs(store, name, false, NULL);
    if (folder < 0)
        return folder;
    SYS(SYS_unlinkat, folder, "log", 0);
    SYS(SYS_unlinkat, folder, "log.new", 0);
    for (unsigned i = 1; i < STORE_LOG_FILES_MAX; i++) {
        char file[16];
        snprintf(file, sizeof file, "log.%u", i);
        SYS(SYS_unlinkat, folder, file, 0);
    }
    return (int)SYS(SYS_unlinkat, store->logs, name, AT_REMOVEDIR);
}

void store_drop_empty_logs(struct esq_store *store, const char *name)
{
    struct stat found;
    _cleanup_fd_ int folder = store_open_logs(store, name, false, NULL);
    if (folder < 0)
        return;
    if (SYS(SYS_newfstatat, folder, "log", &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode) &&
        found.st_size == 0)
        SYS(SYS_unlinkat, folder, "log", 0);
    SYS(SYS_unlinkat, store->logs, name, AT_REMOVEDIR); /* unless an earlier run has left something */
}

/* ---- Entries ---- */

void store_close(struct store_entry *entry)
{
    sys_close(entry->folder);
    sys_close(entry->lock);
    entry->folder = entry->lock = -1;
}

static bool is_same_file(int first, int second)
{
    struct stat one, two;
    return sys_fstat(first, &one) == 0 && sys_fstat(second, &two) == 0 && one.st_ino == two.st_ino &&
           one.st_dev == two.st_dev;
}

/*
 * The lock of the folder that is called so, of any alphabet. Between opening and locking somebody may have removed the
 * entry and made another one of its name: the lock counts only where it still lies.
 */
static int lock_folder(struct esq_store *store, const char *name, struct store_entry *ret_entry)
{
    _cleanup_fd_ int folder = sys_openat(store->folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (folder < 0)
        return folder;
    _cleanup_fd_ int lock = sys_openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    int result = lock < 0 ? lock : (int)SYS(SYS_flock, lock, LOCK_EX | LOCK_NB);
    if (result < 0)
        return result == -EWOULDBLOCK ? -EBUSY : result;
    _cleanup_fd_ int again = sys_openat(store->folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (again < 0 || !is_same_file(folder, again))
        return -EBUSY; /* whoever changed it is at work on it */
    snprintf(ret_entry->name, sizeof ret_entry->name, "%s", name);
    ret_entry->folder = take_fd(&folder);
    ret_entry->lock = take_fd(&lock);
    return 0;
}

static bool has_ended(struct esq_store *store, const char *name)
{
    esq_entry record = { 0 };
    _cleanup_fd_ int folder = sys_openat(store->folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    return folder >= 0 && record_read(folder, store->boot, &record) == 0 && record.state == ESQ_STATE_ENDED;
}

/* What has ended is held for a moment at most: by its supervisor, which goes, or by a command that looks at it. */
int store_lock(struct esq_store *store, const char *name, struct store_entry *ret_entry)
{
    if (!name_is_valid(name))
        return -ENOENT;
    for (int tries = 0;; tries++) {
        int result = lock_folder(store, name, ret_entry);
        if (result != -EBUSY || tries == LOCK_TRIES || !has_ended(store, name))
            return result;
        sys_poll(NULL, 0, LOCK_PAUSE);
    }
}

/* A name of our own that nobody has: ".new-0123456789abcdef". */
static void make_aside_name(char ret_name[ESQ_NAME_SIZE], const char *kind)
{
    uint64_t number = 0;
    SYS(SYS_getrandom, &number, sizeof number, 0);
    snprintf(ret_name, ESQ_NAME_SIZE, ".%s-%016llx", kind, (unsigned long long)number);
}

/* The name goes first and at once, then what lies behind it. */
void store_remove(struct esq_store *store, struct store_entry *entry)
{
    char aside[ESQ_NAME_SIZE];
    if (entry->name[0] != '.') {
        make_aside_name(aside, "old");
        if (SYS(SYS_renameat2, store->folder, entry->name, store->folder, aside, RENAME_NOREPLACE) == 0)
            memcpy(entry->name, aside, sizeof aside);
    }
    for (size_t i = 0; i < sizeof files_of_entry / sizeof *files_of_entry; i++)
        SYS(SYS_unlinkat, entry->folder, files_of_entry[i], 0);
    SYS(SYS_unlinkat, store->folder, entry->name, AT_REMOVEDIR);
    store_close(entry);
}

/* A folder aside with its lock. The store itself is locked meanwhile: a folder without lock is nobody's then. */
static int create_aside(struct esq_store *store, struct store_entry *ret_entry)
{
    int result = (int)SYS(SYS_flock, store->folder, LOCK_EX);
    for (int i = 0; i < NAME_TRIES && result >= 0; i++) {
        make_aside_name(ret_entry->name, "new");
        result = sys_mkdirat(store->folder, ret_entry->name, 0700);
        if (result != -EEXIST)
            break;
        result = 0;
    }
    char name[ESQ_NAME_SIZE];
    memcpy(name, ret_entry->name, sizeof name);
    if (result >= 0)
        result = lock_folder(store, name, ret_entry);
    if (result < 0)
        SYS(SYS_unlinkat, store->folder, name, AT_REMOVEDIR);
    SYS(SYS_flock, store->folder, LOCK_UN);
    return result;
}

/* The two names, whose locks are held, change their folders: each is always there. */
static int exchange(struct esq_store *store, struct store_entry *one, struct store_entry *other)
{
    char name[ESQ_NAME_SIZE];
    int result = (int)SYS(SYS_renameat2, store->folder, one->name, store->folder, other->name, RENAME_EXCHANGE);
    if (result < 0)
        return result;
    memcpy(name, one->name, sizeof name);
    memcpy(one->name, other->name, sizeof name);
    memcpy(other->name, name, sizeof name);
    return 0;
}

/* Gives the new entry its name. An entry of the name that has ended makes room. */
static int name_entry(struct esq_store *store, const char *name, struct store_entry *entry,
                      struct store_entry *ret_earlier)
{
    *ret_earlier = (struct store_entry){ .folder = -1, .lock = -1 };
    if (store_lock(store, name, ret_earlier) == 0) {
        int result = exchange(store, entry, ret_earlier);
        if (result < 0)
            store_close(ret_earlier);
        return result;
    }
    int result = (int)SYS(SYS_renameat2, store->folder, entry->name, store->folder, name, RENAME_NOREPLACE);
    if (result == 0)
        snprintf(entry->name, sizeof entry->name, "%s", name);
    return result;
}

void store_drop_earlier(struct esq_store *store, struct store_entry *earlier)
{
    if (earlier->folder >= 0)
        store_remove(store, earlier);
}

void store_put_back(struct esq_store *store, struct store_entry *entry, struct store_entry *earlier)
{
    if (earlier->folder >= 0 && exchange(store, entry, earlier) == 0)
        store_close(earlier);
    store_remove(store, entry);
    store_drop_earlier(store, earlier); /* unless it has its name again */
}

int store_create(struct esq_store *store, const esq_entry *record, struct store_entry *ret_entry,
                 struct store_entry *ret_earlier, esq_error *ret_error)
{
    const char *name = record->name;
    struct store_entry entry = { .folder = -1, .lock = -1 }, earlier;
    if (!name_is_valid(name))
        return no_such(name, ret_error);
    int result = create_aside(store, &entry);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "make a folder for the state of `%s`", name);
    result = record_write(entry.folder, store->boot, record); /* whoever sees the name sees the record */
    if (result < 0) {
        store_remove(store, &entry);
        return esq_fail(ret_error, NULL, -result, NULL, "write the state of `%s`", name);
    }
    result = name_entry(store, name, &entry, &earlier);
    if (result < 0) {
        store_remove(store, &entry);
        if (result == -EEXIST || result == -ENOTEMPTY)
            return esq_refuse(ret_error, EEXIST, "stop it first, or give this one another name with --name",
                              "a container called `%s` runs already", name);
        return esq_fail(ret_error, NULL, -result, NULL, "name the folder of `%s`", name);
    }
    *ret_entry = entry;
    *ret_earlier = earlier;
    return 0;
}

int store_open_entry(struct esq_store *store, const char *name, int *ret_folder, esq_error *ret_error)
{
    if (!name_is_valid(name))
        return no_such(name, ret_error);
    int folder = sys_openat(store->folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (folder == -ENOENT)
        return no_such(name, ret_error);
    if (folder < 0)
        return esq_fail(ret_error, NULL, -folder, NULL, "open the entry of `%s`", name);
    *ret_folder = folder;
    return 0;
}

/* ---- All of them ---- */

typedef bool entry_visitor(struct esq_store *store, const char *name, void *data);

/* Until a visitor says false. */
static int visit(struct esq_store *store, entry_visitor *visitor, void *data)
{
    int fd = sys_openat(store->folder, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        sys_close(fd);
        return fd < 0 ? fd : -ENOMEM;
    }
    struct dirent *entry;
    for (size_t i = 0; i < STORE_ENTRIES_MAX && (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            i++;
            if (!visitor(store, entry->d_name, data))
                break;
        }
    closedir(folder);
    return 0;
}

/* What can be locked has no supervisor: it has ended and says so, or it is a leftover. */
static bool clean_one(struct esq_store *store, const char *name, void *data)
{
    struct store_entry entry = { .folder = -1, .lock = -1 };
    esq_entry record = { 0 };
    if (!name_is_valid(name) && strncmp(name, ".new-", 5) != 0 && strncmp(name, ".old-", 5) != 0)
        return true; /* not ours */
    if (lock_folder(store, name, &entry) < 0)
        return true;
    bool is_told =
        name[0] != '.' && record_read(entry.folder, store->boot, &record) == 0 && record.state == ESQ_STATE_ENDED;
    if (is_told)
        store_close(&entry);
    else
        store_remove(store, &entry);
    return true;
}

void store_clean(struct esq_store *store)
{
    /* Whoever makes an entry at this moment holds the store: then the next command cleans. */
    if (SYS(SYS_flock, store->folder, LOCK_EX | LOCK_NB) < 0)
        return;
    visit(store, clean_one, NULL);
    SYS(SYS_flock, store->folder, LOCK_UN);
    cgroup_remove_stale(); /* one that was killed in the foreground has left no entry that would tell */
}

struct listing {
    esq_entry *items;
    size_t count;
    size_t capacity;
    bool is_out_of_memory;
};

/* Without a record it was removed meanwhile; another one may have its name by then. */
static bool read_entry(struct esq_store *store, const char *name, esq_entry *ret_entry)
{
    int result = -ENOENT;
    snprintf(ret_entry->name, sizeof ret_entry->name, "%s", name);
    for (int tries = 0; tries < READ_TRIES && result == -ENOENT; tries++) {
        _cleanup_fd_ int folder = sys_openat(store->folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        if (folder < 0)
            return false;
        result = record_read(folder, store->boot, ret_entry);
    }
    return result == 0;
}

static bool list_one(struct esq_store *store, const char *name, void *data)
{
    struct listing *listing = data;
    esq_entry entry = { 0 };
    if (!name_is_valid(name) || !read_entry(store, name, &entry))
        return true; /* one that is being removed */
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity ? listing->capacity * 2 : 16;
        esq_entry *items = realloc(listing->items, capacity * sizeof *items);
        if (!items) {
            listing->is_out_of_memory = true;
            return false;
        }
        listing->items = items;
        listing->capacity = capacity;
    }
    listing->items[listing->count++] = entry;
    return true;
}

static int compare_names(const void *first, const void *second)
{
    return strcmp(((const esq_entry *)first)->name, ((const esq_entry *)second)->name);
}

static int list_all(struct esq_store *store, struct listing *ret_listing, esq_error *ret_error)
{
    struct listing listing = { 0 };
    store_clean(store);
    int result = visit(store, list_one, &listing);
    if (listing.is_out_of_memory)
        result = -ENOMEM;
    if (result < 0) {
        free(listing.items);
        return esq_fail(ret_error, NULL, -result, NULL, "list the containers");
    }
    if (listing.count > 0)
        qsort(listing.items, listing.count, sizeof *listing.items, compare_names);
    *ret_listing = listing;
    return 0;
}

ssize_t esq_store_list(esq_store *store, esq_entry *ret_entries, size_t capacity, esq_error *ret_error)
{
    struct listing listing;
    int result = list_all(store, &listing, ret_error);
    if (result < 0)
        return result;
    size_t count = listing.count < capacity ? listing.count : capacity;
    if (count > 0)
        memcpy(ret_entries, listing.items, count * sizeof *ret_entries);
    free(listing.items);
    return (ssize_t)listing.count;
}

static int choose(const struct listing *listing, const char *name, esq_entry *ret_entry, esq_error *ret_error)
{
    const esq_entry *found = NULL, *other = NULL;
    for (size_t i = 0; i < listing->count; i++) {
        const esq_entry *entry = &listing->items[i];
        if (strcmp(entry->name, name) == 0) {
            *ret_entry = *entry;
            return 0;
        }
        if (strncmp(entry->name, name, strlen(name)) != 0)
            continue;
        if (found)
            other = entry;
        else
            found = entry;
    }
    if (!found)
        return no_such(name, ret_error);
    if (other)
        return esq_refuse(ret_error, ENOTUNIQ, "write more of the name", "`%s` may be `%s` or `%s`", name, found->name,
                          other->name);
    *ret_entry = *found;
    return 0;
}

int esq_store_find(esq_store *store, const char *name, esq_entry *ret_entry, esq_error *ret_error)
{
    struct listing listing;
    if (!name_is_valid(name))
        return no_such(name, ret_error);
    int result = list_all(store, &listing, ret_error);
    if (result < 0)
        return result;
    result = choose(&listing, name, ret_entry, ret_error);
    free(listing.items);
    return result;
}

int esq_store_remove(esq_store *store, const char *name, esq_error *ret_error)
{
    struct store_entry entry;
    int result = store_lock(store, name, &entry);
    if (result == -EBUSY)
        return esq_refuse(ret_error, EBUSY, "stop it first", "`%s` runs", name);
    if (result == 0)
        store_remove(store, &entry);
    else if (result != -ENOENT || !name_is_valid(name))
        return no_such(name, ret_error);
    int logs = store_remove_logs(store, name);
    return result == 0 || logs == 0 ? 0 : no_such(name, ret_error);
}
