/* Which mount covers which mount point. See target.h. */
#include "mount/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sys/sys.h"

void targets_drop_last(struct target_list *list)
{
    struct target *target = &list->items[--list->count];
    for (size_t i = 0; i < target->point_count; i++)
        free(target->points[i].path);
    free(target->points);
    free(target->owned);
}

void targets_done(struct target_list *list)
{
    while (list->count > 0)
        targets_drop_last(list);
    free(list->items);
}

struct target *targets_add(struct target_list *list, enum target_kind kind, const char *path, const esq_location *where)
{
    struct target *items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (!items)
        return NULL;
    list->items = items;
    struct target *target = &items[list->count++];
    *target = (struct target){ .kind = kind, .path = path, .where = where, .fd = -1 };
    target->is_file = kind == TARGET_TEXT;
    target->is_ours = kind == TARGET_TMPFS || kind == TARGET_DEV;
    return target;
}

static const char *skip_slashes(const char *path)
{
    while (*path == '/')
        path++;
    return path;
}

/*
 * The part of `path` beneath `cover`, without slashes before it; NULL when it does not lie there. Part by part: the
 * kernel takes "//proc//sys" for "/proc/sys", and so must whoever decides what may be covered.
 */
const char *target_path_beneath(const char *cover, const char *path)
{
    cover = skip_slashes(cover);
    path = skip_slashes(path);
    while (*cover) {
        size_t length = strcspn(cover, "/");
        if (strncmp(cover, path, length) != 0 || (path[length] != '/' && path[length] != '\0'))
            return NULL;
        cover = skip_slashes(cover + length);
        path = skip_slashes(path + length);
    }
    return path;
}

bool targets_is_covered(const struct target_list *list, size_t index)
{
    for (size_t i = index + 1; i < list->count; i++)
        if (list->items[i].kind != TARGET_PIN && target_path_beneath(list->items[i].path, list->items[index].path))
            return true;
    return false;
}

static int add_point(struct target *cover, const char *path, size_t length, const struct target *target)
{
    for (size_t i = 0; i < cover->point_count; i++)
        if (strlen(cover->points[i].path) == length && memcmp(cover->points[i].path, path, length) == 0)
            return 0;
    struct target_point *points = realloc(cover->points, (cover->point_count + 1) * sizeof(*points));
    if (!points)
        return -ENOMEM;
    cover->points = points;
    char *copy = strndup(path, length);
    if (!copy)
        return -ENOMEM;
    cover->points[cover->point_count++] = (struct target_point){
        .path = copy,
        .is_file = target && target->is_file,
        .link = target && target->kind == TARGET_LINK ? target->source : NULL,
    };
    return 0;
}

/* Every directory on the way, then the point itself. */
static int add_points(struct target *cover, const char *path, const struct target *target)
{
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        length--;
    for (size_t i = 1; i <= length; i++) {
        if (i < length && path[i] != '/')
            continue;
        if (path[i - 1] == '/') /* a doubled slash */
            continue;
        int result = add_point(cover, path, i, i == length ? target : NULL);
        if (result < 0)
            return result;
    }
    return 0;
}

/* What is found through the mount beneath it, whichever lies there. */
static bool is_transparent(const struct target *target)
{
    return target->kind == TARGET_LINK || target->kind == TARGET_PIN;
}

/* Is the point there, in a directory of the host? 1 yes, 0 no, or a negative errno. */
static int find_on_host(const struct target *cover, const struct target *target, const char *path, esq_error *ret_error)
{
    _cleanup_fd_ int fd = sys_open_beneath(cover->fd, path, O_PATH, 0);
    struct stat found;
    if (fd == -ENOENT)
        return 0;
    if (target->kind == TARGET_LINK && (fd >= 0 || fd == -ELOOP))
        return 1;
    if (fd == -ELOOP || fd == -EXDEV)
        return esq_fail(ret_error, target->where, ELOOP, "name the mount point without symbolic links",
                        "mount point %s in %s", target->path, cover->source);
    int result = fd < 0 ? fd : sys_fstat(fd, &found);
    if (result < 0)
        return esq_fail(ret_error, target->where, -result, result == -ENOSYS ? ERROR_FILTERED : NULL,
                        "mount point %s in %s", target->path, cover->source);
    if (S_ISDIR(found.st_mode) == target->is_file)
        return esq_fail(ret_error, target->where, target->is_file ? EISDIR : ENOTDIR,
                        "a file is bound onto a file, everything else onto a directory", "mount point %s in %s",
                        target->path, cover->source);
    return 1;
}

/* Of the first `count`: the deepest that lies at the path or above it, of those the last. */
static struct target *find_cover(const struct target_list *list, size_t count, const char *path)
{
    struct target *cover = NULL;
    for (size_t i = 0; i < count; i++)
        if (!is_transparent(&list->items[i]) && target_path_beneath(list->items[i].path, path) &&
            (!cover || target_path_beneath(cover->path, list->items[i].path)))
            cover = &list->items[i];
    return cover;
}

const struct target *targets_cover(const struct target_list *list, const char *path)
{
    return find_cover(list, list->count, path);
}

int targets_place_last(struct target_list *list, esq_error *ret_error)
{
    struct target *target = &list->items[list->count - 1];
    struct target *cover = find_cover(list, list->count - 1, target->path);
    const char *path = cover ? target_path_beneath(cover->path, target->path) : NULL;
    if (!cover || (cover->kind == TARGET_ROOT && !*path))
        return esq_fail(ret_error, target->where, 0, "set the field rootfs instead", "nothing can be mounted on /");
    if (target->kind == TARGET_PIN || target->kind == TARGET_HIDE) /* of what is there when it is laid over it */
        return cover->kind == TARGET_PROC
                   ? esq_fail(ret_error, target->where, 0, NULL, "nothing is laid over /proc: %s", target->path)
                   : 0;
    if (cover->kind == TARGET_TEXT || cover->kind == TARGET_HIDE)
        return esq_fail(ret_error, target->where, ENOTDIR, NULL, "mount point %s in %s", target->path, cover->path);
    if (!*path) /* over the earlier mount itself */
        return 0;
    if (cover->kind == TARGET_PROC)
        return esq_fail(ret_error, target->where, 0, NULL, "nothing can be mounted beneath /proc: %s", target->path);

    if (cover->fd >= 0) {
        int found = find_on_host(cover, target, path, ret_error);
        if (found > 0 && target->kind == TARGET_LINK)
            return esq_fail(ret_error, target->where, EEXIST, "nothing of the host is replaced by a link", "link %s",
                            target->path);
        if (found != 0)
            return found < 0 ? found : 0;
        if (cover->kind != TARGET_ROOT)
            return esq_fail(ret_error, target->where, ENOENT, "create it, or mount elsewhere", "mount point %s in %s",
                            target->path, cover->source);
    }
    int result = add_points(cover, path, target);
    return result < 0 ? esq_fail(ret_error, target->where, ENOMEM, NULL, "plan the mounts") : 0;
}
