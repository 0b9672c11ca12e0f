/*
 * Where the cgroup of a container can be: a part of the hierarchy that was delegated to us, or a scope that systemd
 * makes. Reads only. Knows no limit and makes nothing.
 */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/text.h"
#include "cgroup/files.h"
#include "sys/sys.h"

enum { MOUNTS_TEXT_MAX = 1 << 20, INHABITANTS_MAX = 64 };

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

static bool is_there(const char *mount, const char *relative)
{
    char path[2 * CGROUP_PATH_MAX];
    snprintf(path, sizeof(path), "%s%s", mount, relative);
    return access(path, F_OK) == 0;
}

/*
 * The mount that shows this cgroup, maybe with others from some folder of the hierarchy on, and the path of it in that.
 * One that another mount lies over shows it no longer: the first in which it is there counts. False: the hierarchy is
 * mounted nowhere.
 */
static bool find_mount(const char *own, char ret_mount[CGROUP_PATH_MAX], char *ret_relative, size_t capacity)
{
    char *text = malloc(MOUNTS_TEXT_MAX), *save;
    bool is_found = false, is_shown = false;
    if (text && cgroup_read(AT_FDCWD, "/proc/self/mountinfo", text, MOUNTS_TEXT_MAX) > 0) {
        for (char *line = strtok_r(text, "\n", &save); line && !is_shown; line = strtok_r(NULL, "\n", &save)) {
            char *root, *point;
            const char *relative = parse_mount(line, &root, &point) ? beneath(root, own) : NULL;
            if (!relative || strlen(point) >= CGROUP_PATH_MAX || strlen(relative) >= capacity)
                continue;
            is_shown = is_there(point, relative);
            if (is_found && !is_shown)
                continue;
            is_found = true;
            snprintf(ret_mount, CGROUP_PATH_MAX, "%s", point);
            snprintf(ret_relative, capacity, "%s", strcmp(relative, "/") == 0 ? "" : relative);
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

/*
 * systemd owns its slices and the cgroup of the user's manager, although they belong to the user: what is made there
 * without asking gets into its way. Only a unit may be used, which systemd leaves alone when it was delegated.
 */
static bool is_of_systemd(const char *folder)
{
    const char *name = strrchr(folder, '/');
    return text_ends_with(folder, ".slice") || (name && strncmp(name, "/user@", 6) == 0);
}

static bool is_ours(const char *folder)
{
    return can_write(folder, ".") && can_write(folder, "cgroup.procs") && can_write(folder, "cgroup.subtree_control");
}

/* Can a cgroup be made in it without getting into the way of systemd? `top` is the length of the mount's path. */
static bool may_be_used(const char *folder, size_t top, bool has_systemd)
{
    return is_ours(folder) && !(has_systemd && (is_of_systemd(folder) || strlen(folder) == top));
}

static void take_part(struct cgroup_place *place, const char *folder)
{
    snprintf(place->parent, sizeof(place->parent), "%s", folder);
    place->source = CGROUP_DELEGATED;
    place->controllers = read_controllers(folder, "cgroup.controllers");
}

/*
 * Cgroups with controllers can only be made in a folder without processes (the hierarchy's root is excepted), so we go
 * up from our own until there is one, as long as all of it is ours.
 */
static bool find_part(struct cgroup_place *place, const char *own, bool has_systemd)
{
    char folder[sizeof(place->parent)];
    size_t top = strlen(place->mount);
    snprintf(folder, sizeof(folder), "%s", own);
    while (may_be_used(folder, top, has_systemd)) {
        if (!has_processes(folder) || is_root(folder)) {
            take_part(place, folder);
            return true;
        }
        if (strlen(folder) == top)
            return false;
        *strrchr(folder, '/') = '\0';
    }
    return false;
}

/* ---- A part that we are in ourselves ---- */

/* Which program a process runs; false when nobody lets us know, or it has ended. */
static bool find_program(const char *process, struct stat *ret_program)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%s/exe", process);
    return stat(path, ret_program) == 0;
}

static long parent_of(long process)
{
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/%ld/status", process);
    if (cgroup_read(AT_FDCWD, path, text, sizeof(text)) < 0)
        return -1;
    const char *line = strstr(text, "\nPPid:\t");
    return line ? strtol(line + 7, NULL, 10) : -1;
}

static bool is_among(const long *processes, size_t count, long process)
{
    for (size_t i = 0; i < count; i++)
        if (processes[i] == process)
            return true;
    return false;
}

/* False: more than anybody starts at once, or some that are of outside of our pid namespace. */
static bool list_processes(const char *folder, long ret_processes[INHABITANTS_MAX], size_t *ret_count)
{
    char path[2 * CGROUP_PATH_MAX + 64], text[INHABITANTS_MAX * 12];
    snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
    int length = cgroup_read(AT_FDCWD, path, text, sizeof(text));
    *ret_count = 0;
    for (char *at = text; length > 0 && *at && *ret_count < INHABITANTS_MAX; at += *at == '\n') {
        long process = strtol(at, &at, 10);
        if (process <= 0)
            return false;
        ret_processes[(*ret_count)++] = process;
    }
    return length > 0 && (size_t)length + 1 < sizeof(text) && *ret_count < INHABITANTS_MAX;
}

/*
 * Only whoever leaves the folder makes it empty. We do, and so does another start of the same program that was put
 * there on its own, as two at once would be; but not who started us, nor what we or others have started.
 */
static bool will_be_empty(const char *folder)
{
    long processes[INHABITANTS_MAX];
    size_t count;
    struct stat own, other;
    if (!list_processes(folder, processes, &count) || !find_program("self", &own) ||
        is_among(processes, count, getppid()))
        return false;
    for (size_t i = 0; i < count; i++) {
        char name[32];
        if (processes[i] == getpid())
            continue;
        snprintf(name, sizeof(name), "%ld", processes[i]);
        bool is_same = find_program(name, &other) && other.st_dev == own.st_dev && other.st_ino == own.st_ino;
        if (!is_same || is_among(processes, count, parent_of(processes[i])))
            return false;
    }
    return true;
}

/*
 * Was this unit of systemd given away? The folder above it is not ours then, since systemd gives none but those. To
 * root all belongs: there systemd marks them. A user's own manager has no such mark, and its units count as not given.
 */
static bool is_handed_over(const char *folder)
{
    char above[2 * CGROUP_PATH_MAX], mark = '0';
    snprintf(above, sizeof(above), "%s", folder);
    *strrchr(above, '/') = '\0';
    return !is_ours(above) || (getxattr(folder, "user.delegate", &mark, 1) == 1 && mark == '1');
}

/* A unit with Delegate= in whose cgroup the program itself was put: systemd below 254 knows no other way. */
static bool find_own(struct cgroup_place *place, const char *own, bool has_systemd)
{
    size_t top = strlen(place->mount);
    if (strlen(own) == top || !may_be_used(own, top, has_systemd) || (has_systemd && !is_handed_over(own)))
        return false;
    if (!will_be_empty(own)) {
        place->obstacle = CGROUP_NOT_ALONE;
        snprintf(place->parent, sizeof(place->parent), "%s", own);
        return false;
    }
    take_part(place, own);
    place->is_inhabited = true;
    return true;
}

/* ---- systemd ---- */

static bool take_bus(struct cgroup_place *place, const char *path)
{
    if (strlen(path) >= sizeof(place->bus) || access(path, R_OK | W_OK) < 0)
        return false;
    snprintf(place->bus, sizeof(place->bus), "%s", path);
    return true;
}

static bool find_system_bus(struct cgroup_place *place)
{
    return take_bus(place, "/run/dbus/system_bus_socket");
}

/* The address as the environment says it; else where systemd puts the socket. */
static bool find_bus(struct cgroup_place *place)
{
    static const char kind[] = "unix:path=";
    const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *runtime = getenv("XDG_RUNTIME_DIR");
    char path[256];
    if (sys_uid() == 0)
        return find_system_bus(place);
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

bool cgroup_find_bus_of(struct cgroup_place *place, const char *folder)
{
    return strstr(folder, "/user@") ? find_bus(place) : find_system_bus(place);
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

static void find_systemd(struct cgroup_place *place, bool has_systemd)
{
    if (has_systemd && find_bus(place)) {
        place->source = CGROUP_SYSTEMD;
        place->controllers = controllers_from_systemd(place);
    } else if (place->obstacle == CGROUP_NO_OBSTACLE) {
        place->obstacle = has_systemd ? CGROUP_NO_BUS : CGROUP_NOT_DELEGATED;
    }
}

void cgroup_find(struct cgroup_place *ret_place)
{
    char own[CGROUP_PATH_MAX], relative[CGROUP_PATH_MAX], folder[sizeof(ret_place->parent)];
    *ret_place = (struct cgroup_place){ .source = CGROUP_NOWHERE };
    if (!find_path("/proc/self/cgroup", own, sizeof(own)) ||
        !find_mount(own, ret_place->mount, relative, sizeof(relative))) {
        ret_place->obstacle = CGROUP_NO_HIERARCHY;
        return;
    }
    ret_place->hierarchy = read_controllers(ret_place->mount, "cgroup.controllers");
    bool has_systemd = is_booted_by_systemd();
    snprintf(folder, sizeof(folder), "%s%s", ret_place->mount, relative);
    if (!find_part(ret_place, folder, has_systemd) && !find_own(ret_place, folder, has_systemd))
        find_systemd(ret_place, has_systemd);
}

int cgroup_path_of(pid_t pid, char *ret_path, size_t capacity)
{
    char file[32], own[CGROUP_PATH_MAX], mount[CGROUP_PATH_MAX], relative[CGROUP_PATH_MAX];
    snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
    if (!find_path(file, own, sizeof(own)) || !find_mount(own, mount, relative, sizeof(relative)))
        return -ESRCH;
    int length = snprintf(ret_path, capacity, "%s%s", mount, relative);
    return length >= 0 && (size_t)length < capacity ? 0 : -ENAMETOOLONG;
}

int cgroup_open_of(pid_t pid, const char *part)
{
    char path[2 * CGROUP_PATH_MAX];
    int result = cgroup_path_of(pid, path, sizeof(path));
    if (result < 0)
        return result;
    const char *name = strrchr(path, '/') + 1;
    if (strncmp(name, part, strlen(part)) != 0 && !text_ends_with(name, part))
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
    case CGROUP_NOT_ALONE:
        return "in a unit of systemd: let ExecStart= begin esquema itself, without a shell around it, or say "
               "DelegateSubgroup=esquema (systemd 254); elsewhere: move what is in it into folders beneath";
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
    case CGROUP_NOT_ALONE: snprintf(ret_reason, size, "other processes than ours are in %s", place->parent); return;
    case CGROUP_NOT_IN_PART: snprintf(ret_reason, size, "%s has no controller %s", place->parent, name); return;
    case CGROUP_NOT_FROM_USER:
        snprintf(ret_reason, size, "systemd does not delegate the controller %s to users", name);
        return;
    case CGROUP_NO_BUS:
        snprintf(ret_reason, size, "systemd could delegate a cgroup, but this user has no bus to ask it over");
        return;
    }
}
