/* See rootfs_store.h. What an archive may do is decided in tools/rootfs, which runs behind the walls made here. */
#include "tools/esquema/rootfs_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/name.h"
#include "bridge/bridge.h"
#include "tools/common/beneath.h"
#include "tools/common/data_store.h"
#include "tools/common/helper.h"
#include "tools/common/unpack.h"
#include "tools/esquema/options.h"
#include "tools/sandbox/host.h"
#include "tools/sandbox/problem.h"
#include "tools/sandbox/wish.h"

/* For the program that unpacks: more than an honest archive needs. */
#define UNPACK_MEMORY     "1073741824"
#define UNPACK_FILE_SIZE  "17179869184"
#define UNPACK_OPEN_FILES 64
#define UNPACK_CPU_TIME   "1800000" /* milliseconds */

enum { STORE_ENTRIES_MAX = 100000 };

/* Whoever makes or removes one holds its lock; one that nobody holds was left by a command that was killed. */
static bool is_aside(const char *name)
{
    return strncmp(name, ".new-", 5) == 0 || strncmp(name, ".old-", 5) == 0;
}

/* Its descriptor, which is the lock; -1 with errno. */
static int lock_folder(int store, const char *name)
{
    int fd = openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

static void remove_stale(int store)
{
    struct dirent *entry;
    int copy = openat(store, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    if (!directory) {
        if (copy >= 0)
            close(copy);
        return;
    }
    for (size_t i = 0; i < STORE_ENTRIES_MAX && (entry = readdir(directory)); i++) {
        int lock = is_aside(entry->d_name) ? lock_folder(store, entry->d_name) : -1;
        if (lock < 0)
            continue;
        beneath_remove(store, entry->d_name);
        close(lock);
    }
    closedir(directory);
}

static int open_store(char path[PATH_MAX], esq_error *ret_error)
{
    char *data = bridge_data_folder();
    int fd = data_store_open(data, "rootfs", path);
    if (fd >= 0)
        remove_stale(fd);
    else
        problem(ret_error, data ? NULL : "set HOME or XDG_DATA_HOME", "the folder of root filesystems: %s",
                strerror(errno));
    free(data);
    return fd;
}

void rootfs_hash_text(const unsigned char hash[32], char ret_text[65])
{
    for (size_t i = 0; i < 32; i++)
        snprintf(ret_text + 2 * i, 3, "%02x", hash[i]);
}

/* ---- Drafts ---- */

/* Between its birth and its lock another command may take it for a leftover: then it is made again. */
static bool make_aside(struct rootfs_draft *draft)
{
    char root[128];
    snprintf(root, sizeof root, "%s/root", draft->aside);
    for (int tries = 0; tries < 8; tries++) {
        if (mkdirat(draft->store, draft->aside, 0700) < 0)
            return false;
        draft->lock = lock_folder(draft->store, draft->aside);
        if (draft->lock >= 0 && mkdirat(draft->store, root, 0755) == 0)
            draft->root = openat(draft->store, root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (draft->root >= 0 || (errno != ENOENT && errno != EWOULDBLOCK))
            return draft->root >= 0;
        if (draft->lock >= 0)
            close(draft->lock);
        draft->lock = -1;
        beneath_remove(draft->store, draft->aside);
    }
    return false;
}

static bool is_taken(const char *name, esq_error *ret_error)
{
    return problem(ret_error, "choose another name, or remove it: esquema rootfs remove NAME",
                   "a root filesystem called %s is there already", name);
}

bool rootfs_draft_new(const char *name, struct rootfs_draft *ret, esq_error *ret_error)
{
    char path[PATH_MAX];
    struct stat there;
    *ret = (struct rootfs_draft){ .store = -1, .lock = -1, .root = -1, .remarks = STDOUT_FILENO };
    if (!name_is_valid(name))
        return problem(ret_error, NAME_RULE, "that is no name of a root filesystem");
    snprintf(ret->name, sizeof ret->name, "%s", name);
    snprintf(ret->aside, sizeof ret->aside, ".new-%s-%d", ret->name, (int)getpid());
    if ((ret->store = open_store(path, ret_error)) < 0)
        return false;
    if (fstatat(ret->store, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
        return is_taken(name, ret_error);
    if (snprintf(ret->path, sizeof ret->path, "%s/%s/root", path, ret->aside) >= (int)sizeof ret->path)
        return problem(ret_error, NULL, "%s: the name is too long", path);
    return make_aside(ret) || problem(ret_error, NULL, "%s: %s", ret->path, strerror(errno));
}

static void write_wish(const struct rootfs_draft *draft, bool skips_devices, struct wish *wish)
{
    char ids[64];
    snprintf(ids, sizeof ids, "%u:%u", getuid(), getgid());
    wish_set(wish, "name", "rootfs-import");
    wish_set(wish, "rootfs-mode", "empty");
    wish_set(wish, "user", ids);
    wish_add_words(wish, "command", "rootfs", skips_devices ? UNPACK_SKIP_DEVICES : "/unpacked",
                   skips_devices ? "/unpacked" : NULL, NULL);
    wish_add_words(wish, "seccomp-rules", "allow", "openat2", NULL); /* how it stays beneath its folder */
    wish_set(wish, "data-size", UNPACK_MEMORY);
    wish_set(wish, "file-size", UNPACK_FILE_SIZE);
    wish_set_number(wish, "open-files", UNPACK_OPEN_FILES);
    wish_set(wish, "cpu-time", UNPACK_CPU_TIME);
    host_add(wish, HOST_NAMES_NONE, "/", NULL);
    wish_add_words(wish, "mounts", "bind", draft->path, "/unpacked", "writable", NULL);
}

/* 0, or what went wrong is in ret_error. */
static bool run(const struct wish *wish, int program, int archive, int remarks, int *ret_status, esq_error *ret_error)
{
    esq_plan *plan = NULL;
    esq_container *container = NULL;
    esq_result result;
    esq_spec *spec = esq_spec_new();
    bool is_good = spec && wish_specify(wish, spec, ret_error) == 0 &&
                   esq_spec_set_fd(spec, "executable", program, NULL, ret_error) == 0 &&
                   esq_spec_set_fd(spec, "stdin", archive, NULL, ret_error) == 0 &&
                   esq_spec_set_fd(spec, "stdout", remarks, NULL, ret_error) == 0 &&
                   esq_plan_build(spec, &plan, ret_error) == 0 && esq_launch(plan, &container, ret_error) == 0 &&
                   esq_wait(container, -1, -1, ret_error) == 0;
    if (is_good) {
        esq_container_result(container, &result);
        *ret_status = result.exit_status;
    }
    esq_container_free(container);
    esq_plan_free(plan);
    esq_spec_free(spec);
    return is_good;
}

/* What the program says itself stands above. */
static bool unpacking_failed(int status, esq_error *ret_error)
{
    const char *remedy = NULL;
    if (status > 128)
        return problem(ret_error, "the archive asks for more memory or time than is given",
                       "unpacking was ended by signal %d", status - 128);
    if (status == UNPACK_ABSOLUTE)
        remedy = "make it from inside the folder: tar -C FOLDER -cf ARCHIVE .";
    if (status == UNPACK_DEVICE)
        remedy = "no device is ever made; leave them out with esquema rootfs import --skip-devices";
    return problem(ret_error, remedy, "the archive was not taken over");
}

/* Its container may not have more open files than its caller, and nobody asked for a number that could be lower. */
static bool has_descriptors(esq_error *ret_error)
{
    struct rlimit host;
    if (getrlimit(RLIMIT_NOFILE, &host) < 0 || host.rlim_max >= UNPACK_OPEN_FILES)
        return true;
    return problem(ret_error, "raise the hard limit before the start: as root, ulimit -Hn 1024",
                   "unpacking needs %d open files, and this user may have %llu", UNPACK_OPEN_FILES,
                   (unsigned long long)host.rlim_max);
}

bool rootfs_draft_unpack(struct rootfs_draft *draft, int archive, bool skips_devices, esq_error *ret_error)
{
    struct wish wish = { 0 };
    int status = 0;
    if (!has_descriptors(ret_error))
        return false;
    char *path = helper_find("rootfs");
    int program = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (program < 0) {
        problem(ret_error, "it is built where libarchive is (libarchive-dev)", "%s: %s", path ? path : "rootfs",
                strerror(errno));
        free(path);
        return false;
    }
    write_wish(draft, skips_devices, &wish);
    bool is_good = run(&wish, program, archive, draft->remarks, &status, ret_error);
    is_good = is_good && (status == UNPACK_DONE || unpacking_failed(status, ret_error));
    wish_done(&wish);
    close(program);
    free(path);
    return is_good;
}

static bool write_hash(const struct rootfs_draft *draft, const char *text, esq_error *ret_error)
{
    char path[128];
    snprintf(path, sizeof path, "%s/sha256", draft->aside);
    int fd = openat(draft->store, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool is_good = fd >= 0 && write(fd, text, 64) == 64 && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    int number = errno;
    if (fd >= 0)
        close(fd);
    return is_good || problem(ret_error, NULL, "%s: %s", path, strerror(number));
}

bool rootfs_draft_finish(struct rootfs_draft *draft, char ret_hash[65], esq_error *ret_error)
{
    unsigned char hash[32];
    if (esq_tree_hash(draft->path, hash, ret_error) < 0)
        return false;
    rootfs_hash_text(hash, ret_hash);
    if (!write_hash(draft, ret_hash, ret_error))
        return false;
    if (renameat2(draft->store, draft->aside, draft->store, draft->name, RENAME_NOREPLACE) < 0)
        return errno == EEXIST ? is_taken(draft->name, ret_error)
                               : problem(ret_error, NULL, "%s: %s", draft->name, strerror(errno));
    draft->aside[0] = '\0';
    return true;
}

void rootfs_draft_done(struct rootfs_draft *draft)
{
    if (draft->root >= 0)
        close(draft->root);
    if (draft->store >= 0 && draft->aside[0])
        beneath_remove(draft->store, draft->aside);
    if (draft->lock >= 0)
        close(draft->lock);
    if (draft->store >= 0)
        close(draft->store);
}

/* ---- What is there ---- */

bool rootfs_remove(const char *name, esq_error *ret_error)
{
    char path[PATH_MAX], aside[96];
    if (!name_is_valid(name))
        return problem(ret_error, NAME_RULE, "that is no name of a root filesystem");
    int store = open_store(path, ret_error);
    if (store < 0)
        return false;
    /* Out of sight first: nobody starts from half of it. */
    snprintf(aside, sizeof aside, ".old-%s-%d", name, (int)getpid());
    int lock = lock_folder(store, name);
    bool is_good = lock >= 0 && renameat(store, name, store, aside) == 0 && beneath_remove(store, aside);
    int number = errno;
    if (lock >= 0)
        close(lock);
    close(store);
    return is_good || problem(ret_error, "`esquema rootfs list` shows what is there", "%s: %s", name, strerror(number));
}

static void visit_one(int store, const char *name, rootfs_visitor *visitor, void *data)
{
    char path[PATH_MAX], text[65] = "";
    snprintf(path, sizeof path, "%s/sha256", name);
    int fd = beneath_open(store, path, O_RDONLY, 0);
    if (fd >= 0 && read(fd, text, 64) == 64)
        visitor(data, name, text);
    if (fd >= 0)
        close(fd);
}

static void copy_hash(void *data, const char *name, const char *hash)
{
    (void)name;
    memcpy(data, hash, 65);
}

bool rootfs_kept_hash(const char *path, char ret_text[65])
{
    char real[PATH_MAX], name[64] = "";
    char *data = bridge_data_folder();
    bool is_found = data && realpath(data, real);
    size_t length = is_found ? strlen(real) : 0;
    free(data);
    ret_text[0] = '\0';
    if (!is_found || strncmp(path, real, length) != 0 || strncmp(path + length, "/rootfs/", 8) != 0)
        return false;
    const char *from = path + length + 8;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(from, "/"), from);
    if (!name_is_valid(name) || strcmp(from + strlen(name), "/root") != 0)
        return false;
    char folder[PATH_MAX + sizeof "/rootfs"];
    snprintf(folder, sizeof folder, "%s/rootfs", real);
    int store = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (store < 0)
        return false;
    visit_one(store, name, copy_hash, ret_text);
    close(store);
    return ret_text[0] != '\0';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *entry)
{
    return name_is_valid(entry->d_name);
}

bool rootfs_list(rootfs_visitor *visitor, void *data, esq_error *ret_error)
{
    char path[PATH_MAX];
    struct dirent **entries;
    int store = open_store(path, ret_error);
    int count = store < 0 ? -1 : scandirat(store, ".", &entries, is_shown, by_name);
    for (int i = 0; i < count; i++) {
        visit_one(store, entries[i]->d_name, visitor, data);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    if (store >= 0)
        close(store);
    return store >= 0 && (count >= 0 || problem(ret_error, NULL, "%s: %s", path, strerror(errno)));
}
