/*
 * Folders of the host that are full of other programs' sockets are never seen whole inside: connect() asks for no
 * write, so even a read-only bind of /run would hand out every daemon. Owns which folders these are; knows no mount
 * system call.
 */
#include "plan/plan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mount/planning.h"

void mount_whole_done(struct mount_whole *whole)
{
    for (size_t i = 0; i < MOUNT_WHOLE_COUNT; i++)
        free(whole->folders[i].path);
    *whole = (struct mount_whole){ .is_found = false };
}

/* False: no memory. */
static bool find_folder(const char *name, char **ret_path, struct stat *ret_about)
{
    char real[PATH_MAX];
    if (!*name)
        return true;
    if (!realpath(name, real))
        return errno != ENOMEM;
    if (strcmp(real, "/") == 0 || stat(real, ret_about) < 0)
        return true;
    *ret_path = strdup(real);
    return *ret_path;
}

static bool find_whole(const esq_spec *spec, struct mount_whole *whole)
{
    char own[64];
    snprintf(own, sizeof(own), "/run/user/%u", (unsigned)sys_uid());
    /* What contains others stands before them. */
    const char *const names[MOUNT_WHOLE_COUNT] = { "/run", "/tmp", "/run/user", own,
                                                   spec_text(spec, SPEC_RUNTIME_FOLDER) };
    for (size_t i = 0; i < MOUNT_WHOLE_COUNT && !whole->is_found; i++) {
        if (!find_folder(names[i], &whole->folders[i].path, &whole->folders[i].about)) {
            mount_whole_done(whole);
            return false;
        }
    }
    whole->is_found = true;
    return true;
}

/* What follows `folder` in `path`, from its slash on; "" when they are the same, NULL when it does not lie there. */
static const char *behind(const char *folder, const char *path)
{
    size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    return strncmp(folder, path, length) == 0 && (path[length] == '/' || path[length] == '\0') ? path + length : NULL;
}

static bool has_source(const struct target *target)
{
    return target->fd >= 0 && !target->is_file &&
           (target->kind == TARGET_BIND || target->kind == TARGET_OVERLAY || target->kind == TARGET_ROOT);
}

static const char *which_whole(const struct mount_whole *whole, const char *real, const struct stat *about)
{
    for (size_t i = 0; i < MOUNT_WHOLE_COUNT; i++) {
        const char *path = whole->folders[i].path;
        const struct stat *own = &whole->folders[i].about;
        bool is_same = path && own->st_dev == about->st_dev && own->st_ino == about->st_ino;
        if (is_same || (path && strcmp(path, real) == 0))
            return path;
    }
    return NULL;
}

static const char *remedy_of(enum target_kind kind)
{
    return kind == TARGET_ROOT ? "name the folder of a root filesystem"
                               : "bind the socket or the folder inside that is needed, each by its name";
}

#define REFUSED "%s is never bound whole: other programs' sockets lie in it"

void mount_check_whole(const esq_spec *spec, struct mount_whole *whole, const char *source, enum target_kind kind,
                       const esq_location *where, struct spec_problems *problems)
{
    char real[PATH_MAX];
    struct stat about;
    bool is_known = realpath(source, real) && stat(real, &about) == 0 && find_whole(spec, whole);
    const char *path = is_known ? which_whole(whole, real, &about) : NULL;
    if (path)
        spec_problem(problems, where, 0, remedy_of(kind), REFUSED, path);
}

int mount_refuse_whole(const esq_spec *spec, struct mount_whole *whole, const struct target *target,
                       esq_error *ret_error)
{
    char real[4097];
    struct stat about;
    if (!has_source(target))
        return 0;
    int result = mount_real_path(target, real, ret_error);
    if (result == 0 && (result = sys_fstat(target->fd, &about)) < 0)
        result = esq_fail(ret_error, target->where, -result, NULL, "look at %s", target->source);
    if (result == 0 && !find_whole(spec, whole))
        result = mount_no_memory(ret_error);
    const char *path = result == 0 ? which_whole(whole, real, &about) : NULL;
    return path ? esq_fail(ret_error, target->where, 0, remedy_of(target->kind), REFUSED, path) : result;
}

static bool has_target(const struct target_list *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].path, path) == 0)
            return true;
    return false;
}

static int cover(struct target_list *list, size_t index, const char *rest, esq_error *ret_error)
{
    const struct target *target = &list->items[index];
    char *path;
    if (asprintf(&path, "%s%s", strcmp(target->path, "/") == 0 ? "" : target->path, rest) < 0)
        return mount_no_memory(ret_error);
    if (has_target(list, path)) { /* the container's own /tmp */
        free(path);
        return 0;
    }
    struct target *empty = targets_add(list, TARGET_TMPFS, path, target->where);
    if (!empty) {
        free(path);
        return mount_no_memory(ret_error);
    }
    empty->owned = path;
    empty->size = "4194304";
    empty->inodes = "4096";
    return targets_place_last(list, ret_error);
}

/* Those that another contains are covered with it. */
static bool is_beneath_another(const struct mount_whole *whole, size_t index, const char *real)
{
    const char *path = whole->folders[index].path;
    for (size_t i = 0; i < MOUNT_WHOLE_COUNT; i++) {
        const char *other = whole->folders[i].path;
        if (i != index && other && behind(real, other) && behind(other, path) &&
            (i < index || strcmp(path, other) != 0))
            return true;
    }
    return false;
}

int mount_cover_whole(const esq_spec *spec, struct mount_whole *whole, struct target_list *list, size_t index,
                      esq_error *ret_error)
{
    char real[4097];
    if (!has_source(&list->items[index]))
        return 0;
    int result = mount_real_path(&list->items[index], real, ret_error);
    if (result == 0 && !find_whole(spec, whole))
        result = mount_no_memory(ret_error);
    for (size_t i = 0; i < MOUNT_WHOLE_COUNT && result == 0; i++) {
        const char *path = whole->folders[i].path;
        const char *rest = path ? behind(real, path) : NULL;
        if (rest && !is_beneath_another(whole, i, real))
            result = cover(list, index, rest, ret_error);
    }
    return result;
}
