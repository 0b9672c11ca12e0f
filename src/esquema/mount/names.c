/*
 * The resolv.conf of a network in user mode: a text of ours over the one of the root, which is of another network. What
 * the description itself mounts there stays. A container without it is whole but for names, so where there is no place
 * for it nothing stops, and the plan has no such step. Knows where the file lies; not what stands in it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mount/planning.h"
#include "names/names.h"

#define LINKS_MAX  8
#define REMARK_MAX 160

enum place { PLACE_FILE, PLACE_LINK, PLACE_NONE };

/* A link of the description's own on the way would be a mount point's folder. */
static bool is_behind_link(const struct target_list *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].kind == TARGET_LINK && target_path_beneath(list->items[i].path, path))
            return true;
    return false;
}

/* What is at the path in the container: where it leads is in ret_link. */
static enum place look_at(const struct target_list *list, const char *path, char ret_link[PATH_MAX])
{
    const struct target *cover = targets_cover(list, path);
    const char *name = cover ? target_path_beneath(cover->path, path) : NULL;
    if (!cover || !*name || is_behind_link(list, path))
        return PLACE_NONE;
    if (cover->fd < 0)
        return cover->is_ours ? PLACE_FILE : PLACE_NONE;
    _cleanup_fd_ int fd = sys_open_beneath(cover->fd, name, O_PATH | O_NOFOLLOW, 0);
    struct stat found;
    if (fd == -ENOENT) /* a point is made for it, but not in a folder of the host */
        return cover->kind == TARGET_ROOT && !cover->is_writable ? PLACE_FILE : PLACE_NONE;
    if (fd < 0 || sys_fstat(fd, &found) < 0)
        return PLACE_NONE;
    if (!S_ISLNK(found.st_mode))
        return PLACE_FILE;
    ssize_t length = readlinkat(fd, "", ret_link, PATH_MAX - 1);
    ret_link[length > 0 ? length : 0] = '\0';
    return length > 0 ? PLACE_LINK : PLACE_NONE;
}

/* The path that a link at `path` leads to, without . and .. in it. Folders on the way that are links are none of ours:
 * the mount point is then not found. */
static bool follow(char path[PATH_MAX], const char *link)
{
    char way[2 * PATH_MAX], *rest = way, *slash = strrchr(path, '/');
    *(link[0] == '/' ? path : slash) = '\0';
    snprintf(way, sizeof(way), "%s/%s", path, link);
    size_t length = 0;
    for (char *part; (part = strsep(&rest, "/"));) {
        if (strcmp(part, "..") == 0) {
            while (length > 0 && path[--length] != '/')
                ;
        } else if (*part && strcmp(part, ".") != 0) {
            if (length + strlen(part) + 2 > PATH_MAX)
                return false;
            path[length++] = '/';
            memcpy(path + length, part, strlen(part));
            length += strlen(part);
        }
        path[length] = '\0';
    }
    return length > 0;
}

/* Where the file lies that programs open by its name. A root made for systemd-resolved has a link there. */
static bool find_place(const struct target_list *list, char path[PATH_MAX])
{
    char link[PATH_MAX];
    strcpy(path, NAMES_FILE);
    for (int links = 0; links < LINKS_MAX; links++) {
        switch (look_at(list, path, link)) {
        case PLACE_FILE: return true;
        case PLACE_NONE: return false;
        case PLACE_LINK: break;
        }
        if (!follow(path, link))
            return false;
    }
    return false;
}

static void describe(const struct names *names, char remark[REMARK_MAX])
{
    bool has_both = *names->four && *names->six;
    remark[0] = '\0';
    if (*names->four || *names->six)
        snprintf(remark, REMARK_MAX, "; questions for names to %s%s%s lead to %s%s%s of the host",
                 *names->four ? NAMES_FORWARD_FOUR : "", has_both ? " and " : "", *names->six ? NAMES_FORWARD_SIX : "",
                 names->four, has_both ? " and " : "", names->six);
}

int mount_add_names(const esq_spec *spec, struct target_list *list, esq_error *ret_error)
{
    char path[PATH_MAX], remark[REMARK_MAX];
    struct names names;
    names_read(names_wish(spec), &names);
    if (!*names.text || !find_place(list, path))
        return 0;
    describe(&names, remark);
    size_t text_size = strlen(names.text) + 1, path_size = strlen(path) + 1;
    char *texts = malloc(text_size + path_size + REMARK_MAX);
    struct target *target =
        texts ? targets_add(list, TARGET_TEXT, texts + text_size, spec_where(spec, SPEC_NETWORK)) : NULL;
    if (!target) {
        free(texts);
        return mount_no_memory(ret_error);
    }
    memcpy(texts, names.text, text_size);
    memcpy(texts + text_size, path, path_size);
    memcpy(texts + text_size + path_size, remark, REMARK_MAX);
    target->owned = texts;
    target->source = texts;
    target->is_optional = true;
    target->remark = texts + text_size + path_size;
    esq_error error;
    int result = targets_place_last(list, &error);
    if (result < 0 && result != -ENOMEM) { /* a folder in its place, or a link on the way */
        targets_drop_last(list);
        return 0;
    }
    return result < 0 ? mount_no_memory(ret_error) : 0;
}
