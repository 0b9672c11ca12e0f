/*
 * Where the cgroup of a container can be: a part of the hierarchy that was delegated to us, or a scope that systemd
 * makes. Reads only. Knows no limit and makes nothing.
 */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cgroup/files.h"
#include "sys/sys.h"

enum { MOUNTS_TEXT_MAX = 1 << 20 };

/* ---- Our own cgroup ---- */

/* "0::/user.slice/..." of /proc/PID/cgroup. */
static bool find_path(const char *file, char *ret_path, size_t capacity)
{
    char text[CGROUP_PATH_MAX * 4];
    if (cgroup_read(AT_FDCWD, file, text, sizeof(text)) < 0)
        return false;
    for (char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "0::/", 4) != 0)
            continue;
        size_t length = strcspn(line + 3, "\n");
        if (length >= capacity)
            return false;
        memcpy(ret_path, line + 3, length);
        ret_path[length] = '\0';
        return !strstr(ret_path, "/.."); /* outside of our cgroup namespace */
    }
    return false;
}

/* \040 and the like, as in mountinfo. */
static void decode(char *text)
{
    char *out = text;
    for (; *text; out++) {
        bool is_octal = text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' && text[2] <= '7' &&
                        text[3] >= '0' && text[3] <= '7';
        *out = is_octal ? (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0')) : *text;
        text += is_octal ? 4 : 1;
    }
    *out = '\0';
}

/* A line is: ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [FIELD...] - TYPE SOURCE OPTIONS */
static bool parse_mount(char *line, char **ret_root, char **ret_point)
{
    char *type = strstr(line, " - ");
    char *fields[5], *save;
    if (!type || strncmp(type + 3, "cgroup2 ", 8) != 0)
        return false;
    size_t count = 0;
    for (char *field = strtok_r(line, " ", &save); field && count < 5; field = strtok_r(NULL, " ", &save))
        fields[count++] = field;
    if (count < 5)
        return false;
    decode(fields[3]);
    decode(fields[4]);
    *ret_root = fields[3];
    *ret_point = fields[4];
    return true;
}

/* Where `own` is seen under a mount that shows the hierarchy from `root` on; NULL: it is not. */
static const char *beneath(const char *root, const char *own)
{
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    bool is_beneath = strncmp(root, own, length) == 0 && (own[length] == '/' || own[length] == '\0');
    return is_beneath ? own + length : NULL;
}

/* The mount that shows our own cgroup, and the path of that in it. False: the hierarchy is mounted nowhere. */
static bool find_mount(const char *own, struct cgroup_place *place, char *ret_relative, size_t capacity)
{
    char *text = malloc(MOUNTS_TEXT_MAX), *save;
    bool is_found = false;
    if (text && cgroup_read(AT_FDCWD, "/proc/self/mountinfo", text, MOUNTS_TEXT_MAX) > 0) {
        for (char *line = strtok_r(text, "\n", &save); line && !is_found; line = strtok_r(NULL, "\n", &save)) {
            char *root, *point;
            const char *relative = parse_mount(line, &root, &point) ? beneath(root, own) : NULL;
            is_found = relative && strlen(point) < sizeof(place->mount) && strlen(relative) < capacity;
            if (is_found) {
                snprintf(place->mount, sizeof(place->mount), "%s", point);
                snprintf(ret_relative, capacity, "%s", strcmp(relative, "/") == 0 ? "" : relative);
            }
        }
    }
    free(text);
    return is_found;
}

/* ---- A part that is ours ---- */

static bool is_booted_by_systemd(void)
{
    return access("/run/systemd/system", F_OK) == 0;
}

static uint32_t read_controllers(const char *folder, const char *file)
{
    char path[2 * CGROUP_PATH_MAX + 64], text[512];
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return cgroup_read(AT_FDCWD, path, text, sizeof(text)) < 0 ? 0 : cgroup_parse_controllers(text);
}

static bool can_write(const char *folder, const char *file)
{
    char path[2 * CGROUP_PATH_MAX + 64];
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

static bool has_processes(const char *folder)
{
    char path[2 * CGROUP_PATH_MAX + 64], text[32];
    snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
    return cgroup_read(AT_FDCWD, path, text, sizeof(text)) != 0;
}

/* Of the whole hierarchy, where processes and controllers may be together: the only folder that has no events. */
static bool is_root(const char *folder)
{
    char path[2 * CGROUP_PATH_MAX + 64];
    snprintf(path, sizeof(path), "%s/cgroup.events", folder);
    return access(path, F_OK) < 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/*
 * systemd owns its slices and the cgroup of the user's manager, although they belong to the user: what is made there
 * without asking gets into its way. Only a unit may be used, which systemd leaves alone when it was delegated.
 */
static bool is_of_systemd(const char *folder)
{
    const char *name = strrchr(folder, '/');
    return ends_with(folder, ".slice") || (name && strncmp(name, "/user@", 6) == 0);
}

/*
 * Cgroups with controllers can only be made in a folder without processes (the hierarchy's root is excepted), so we go
 * up from our own until there is one, as long as all of it is ours.
 */
static bool find_part(struct cgroup_place *place, const char *relative)
{
    bool has_systemd = is_booted_by_systemd();
    char folder[sizeof(place->parent)];
    snprintf(folder, sizeof(folder), "%s%s", place->mount, relative);
    size_t top = strlen(place->mount);
    for (;;) {
        if (!can_write(folder, ".") || !can_write(folder, "cgroup.procs") ||
            !can_write(folder, "cgroup.subtree_control"))
            return false;
        if (has_systemd && (is_of_systemd(folder) || strlen(folder) == top))
            return false;
        if (!has_processes(folder) || is_root(folder)) {
            snprintf(place->parent, sizeof(place->parent), "%s", folder);
            place->source = CGROUP_DELEGATED;
            place->controllers = read_controllers(folder, "cgroup.controllers");
            return true;
        }
        if (strlen(folder) == top)
            return false;
        *strrchr(folder, '/') = '\0';
    }
}

/* ---- systemd ---- */

static bool take_bus(struct cgroup_place *place, const char *path)
{
    if (strlen(path) >= sizeof(place->bus) || access(path, R_OK | W_OK) < 0)
        return false;
    snprintf(place->bus, sizeof(place->bus), "%s", path);
    return true;
}

/* The address as the environment says it; else where systemd puts the socket. */
bool cgroup_find_bus(struct cgroup_place *place)
{
    static const char kind[] = "unix:path=";
    const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *runtime = getenv("XDG_RUNTIME_DIR");
    char path[256];
    if (sys_uid() == 0)
        return take_bus(place, "/run/dbus/system_bus_socket");
    if (address && strncmp(address, kind, sizeof(kind) - 1) == 0) {
        size_t length = strcspn(address + sizeof(kind) - 1, ",;%");
        snprintf(path, sizeof(path), "%.*s", (int)(length < 255 ? length : 255), address + sizeof(kind) - 1);
        if (take_bus(place, path))
            return true;
    }
    snprintf(path, sizeof(path), "%s/bus", runtime && *runtime ? runtime : "/nonexistent");
    if (take_bus(place, path))
        return true;
    snprintf(path, sizeof(path), "/run/user/%u/bus", sys_uid());
    return take_bus(place, path);
}

static uint32_t controllers_from_systemd(const struct cgroup_place *place)
{
    char folder[CGROUP_PATH_MAX + 128];
    unsigned uid = sys_uid();
    if (uid == 0)
        return place->hierarchy;
    snprintf(folder, sizeof(folder), "%s/user.slice/user-%u.slice/user@%u.service", place->mount, uid, uid);
    return read_controllers(folder, "cgroup.controllers");
}

static bool find_systemd(struct cgroup_place *place)
{
    if (!is_booted_by_systemd()) {
        place->obstacle = CGROUP_NOT_DELEGATED;
        return false;
    }
    if (!cgroup_find_bus(place)) {
        place->obstacle = CGROUP_NO_BUS;
        return false;
    }
    place->source = CGROUP_SYSTEMD;
    place->controllers = controllers_from_systemd(place);
    return true;
}

void cgroup_find(struct cgroup_place *ret_place)
{
    char own[CGROUP_PATH_MAX], relative[CGROUP_PATH_MAX];
    *ret_place = (struct cgroup_place){ .source = CGROUP_NOWHERE };
    if (!find_path("/proc/self/cgroup", own, sizeof(own)) || !find_mount(own, ret_place, relative, sizeof(relative))) {
        ret_place->obstacle = CGROUP_NO_HIERARCHY;
        return;
    }
    ret_place->hierarchy = read_controllers(ret_place->mount, "cgroup.controllers");
    if (!find_part(ret_place, relative))
        find_systemd(ret_place);
}

int cgroup_path_of(const char *mount, pid_t pid, char *ret_path, size_t capacity)
{
    char file[32], own[CGROUP_PATH_MAX];
    snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
    if (!find_path(file, own, sizeof(own)))
        return -ESRCH;
    int length = snprintf(ret_path, capacity, "%s%s", mount, own);
    return length >= 0 && (size_t)length < capacity ? 0 : -ENAMETOOLONG;
}

int cgroup_open_of(const char *mount, pid_t pid, const char *part)
{
    char path[2 * CGROUP_PATH_MAX];
    int result = cgroup_path_of(mount, pid, path, sizeof(path));
    if (result < 0)
        return result;
    const char *name = strrchr(path, '/') + 1;
    if (strncmp(name, part, strlen(part)) != 0 && !ends_with(name, part))
        return -ESTALE;
    return sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
}

/* ---- What is said about it ---- */

static enum cgroup_obstacle obstacle_of(const struct cgroup_place *place, enum cgroup_controller controller)
{
    if (place->mount[0] && !(place->hierarchy & 1u << controller))
        return CGROUP_IN_VERSION_1;
    if (place->source == CGROUP_DELEGATED)
        return CGROUP_NOT_IN_PART;
    if (place->source == CGROUP_SYSTEMD)
        return CGROUP_NOT_FROM_USER;
    return place->obstacle;
}

const char *cgroup_remedy(const struct cgroup_place *place, enum cgroup_controller controller)
{
    switch (obstacle_of(place, controller)) {
    case CGROUP_NO_OBSTACLE: return "";
    case CGROUP_NO_HIERARCHY:
        return "boot with systemd.unified_cgroup_hierarchy=1; without systemd: mount -t cgroup2 cgroup /sys/fs/cgroup";
    case CGROUP_IN_VERSION_1: return "boot with cgroup_no_v1=all (with systemd: systemd.unified_cgroup_hierarchy=1)";
    case CGROUP_NOT_DELEGATED:
        return "as root, for user 1000 and its shell with pid 4711: cd /sys/fs/cgroup; echo '+memory +pids +cpu' "
               ">cgroup.subtree_control; mkdir -p u1000/leaf; chown -R 1000 u1000; echo 4711 >u1000/leaf/cgroup.procs";
    case CGROUP_NOT_IN_PART:
        return "as root, in each folder above it: echo '+memory +pids +cpu +cpuset +io' >cgroup.subtree_control";
    case CGROUP_NOT_FROM_USER:
        return "as root: mkdir -p /etc/systemd/system/user@.service.d; printf '[Service]\\nDelegate=cpu cpuset io "
               "memory "
               "pids\\n' >/etc/systemd/system/user@.service.d/delegate.conf; systemctl daemon-reload; log in again";
    case CGROUP_NO_BUS:
        return "install dbus-user-session and log in again; for a user who does not log in: loginctl enable-linger";
    }
    return "";
}

void cgroup_reason(const struct cgroup_place *place, enum cgroup_controller controller, char *ret_reason, size_t size)
{
    const char *name = cgroup_controller_name(controller);
    switch (obstacle_of(place, controller)) {
    case CGROUP_NO_OBSTACLE: snprintf(ret_reason, size, "controller %s", name); return;
    case CGROUP_NO_HIERARCHY:
        snprintf(ret_reason, size, "no cgroup hierarchy of version 2 is mounted that shows our own cgroup");
        return;
    case CGROUP_IN_VERSION_1:
        snprintf(ret_reason, size, "the hierarchy of version 2 has no controller %s: version 1 has it", name);
        return;
    case CGROUP_NOT_DELEGATED:
        snprintf(ret_reason, size, "no part of the cgroup hierarchy belongs to this user");
        return;
    case CGROUP_NOT_IN_PART: snprintf(ret_reason, size, "%s has no controller %s", place->parent, name); return;
    case CGROUP_NOT_FROM_USER:
        snprintf(ret_reason, size, "systemd does not delegate the controller %s to users", name);
        return;
    case CGROUP_NO_BUS:
        snprintf(ret_reason, size, "systemd could delegate a cgroup, but this user has no bus to ask it over");
        return;
    }
}
