/*
 * What this host can enforce: each wall is tried, in a short-lived process of its own that makes system calls only.
 * The table at the end says for each what is missing without it and how to get it. Knows no specification.
 */
#include <errno.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cgroup/cgroup.h"
#include "esquema.h"
#include "names/names.h"
#include "ns/ids.h"
#include "sys/sys.h"

#define NEWNS_FLAGS (CLONE_NEWUSER | CLONE_NEWNS)

static int try_unshare(int flags)
{
    return (int)SYS(SYS_unshare, flags);
}

static int try_user(void)
{
    return try_unshare(CLONE_NEWUSER);
}

static int try_namespaces(void)
{
    return try_unshare(NEWNS_FLAGS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP);
}

/* Mounts a file system that takes no options, in a user namespace. */
static int try_filesystem(const char *name)
{
    int result = try_unshare(NEWNS_FLAGS);
    _cleanup_fd_ int context = result < 0 ? result : sys_fsopen(name);
    if (context < 0)
        return context;
    if ((result = sys_fsconfig_create(context)) < 0)
        return result;
    _cleanup_fd_ int tree = sys_fsmount(context, 0);
    return tree < 0 ? tree : 0;
}

static int try_tmpfs(void)
{
    return try_filesystem("tmpfs");
}

/* A fresh /proc belongs to the owner of the pid namespace, which only a child of unshare is in. */
static int try_proc(void)
{
    int result = try_unshare(NEWNS_FLAGS | CLONE_NEWPID);
    if (result < 0)
        return result;
    long pid = raw_syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
    if (pid < 0)
        return (int)pid;
    if (pid == 0) {
        _cleanup_fd_ int context = sys_fsopen("proc");
        result = context < 0 ? context : sys_fsconfig_create(context);
        int tree = result < 0 ? result : sys_fsmount(context, 0);
        sys_exit(tree < 0 ? -tree : 0);
    }
    int status = 0;
    result = sys_wait((pid_t)pid, &status, NULL, 0);
    return result < 0 ? result : -(status >> 8 & 0xff);
}

static int write_map(const char *path, unsigned id)
{
    char text[32] = "0 ", digits[16];
    size_t length = 2, count = 0;
    do
        digits[count++] = (char)('0' + id % 10);
    while ((id /= 10) > 0);
    while (count > 0)
        text[length++] = digits[--count];
    text[length++] = ' ';
    text[length++] = '1';
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, path, O_WRONLY, 0);
    return fd < 0 ? fd : sys_write_all(fd, text, length);
}

/* A user that is not mapped owns no file: it could create none. */
static int unshare_mapped(int flags)
{
    unsigned uid = sys_uid(), gid = sys_gid();
    int result = try_unshare(flags);
    if (result < 0)
        return result;
    _cleanup_fd_ int groups = sys_openat(AT_FDCWD, "/proc/self/setgroups", O_WRONLY, 0);
    if (groups < 0 || (result = sys_write_all(groups, "deny", 4)) < 0)
        return groups < 0 ? groups : result;
    result = write_map("/proc/self/uid_map", uid);
    return result < 0 ? result : write_map("/proc/self/gid_map", gid);
}

/* Two empty layers of our own: directories of the host may hide locked mounts, which would be another refusal. */
static int try_overlay(void)
{
    int result = unshare_mapped(NEWNS_FLAGS);
    _cleanup_fd_ int scratch = result < 0 ? result : sys_fsopen("tmpfs");
    if (scratch < 0 || (result = sys_fsconfig_create(scratch)) < 0)
        return scratch < 0 ? scratch : result;
    _cleanup_fd_ int tree = sys_fsmount(scratch, 0);
    _cleanup_fd_ int here = tree < 0 ? tree : sys_openat(AT_FDCWD, "/", O_PATH, 0);
    if (here < 0 || (result = sys_move_mount(tree, here)) < 0 || (result = sys_fchdir(tree)) < 0)
        return here < 0 ? here : result;
    if ((result = sys_mkdirat(tree, "a", 0755)) < 0 || (result = sys_mkdirat(tree, "b", 0755)) < 0)
        return result;
    _cleanup_fd_ int context = sys_fsopen("overlay");
    if (context < 0)
        return context;
    result = sys_fsconfig_flag(context, "userxattr");
    if (result == 0)
        result = sys_fsconfig_text(context, "lowerdir", "a:b");
    return result < 0 ? result : sys_fsconfig_create(context);
}

/* Every mount point is looked up beneath its root by a call that a filter around us may refuse. */
static int try_bind(void)
{
    _cleanup_fd_ int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
    _cleanup_fd_ int beneath = root < 0 ? root : sys_open_beneath(root, ".", O_PATH | O_DIRECTORY, 0);
    int result = beneath < 0 ? beneath : try_unshare(NEWNS_FLAGS);
    _cleanup_fd_ int tree = result < 0 ? result : sys_open_tree_clone(AT_FDCWD, "/dev/null", false);
    return tree < 0 ? tree : sys_mount_attributes(tree, MOUNT_ATTR_RDONLY, 0, false);
}

static int try_seccomp(void)
{
    uint32_t action = 0;                         /* SECCOMP_RET_KILL_THREAD */
    return (int)SYS(SYS_seccomp, 2, 0, &action); /* SECCOMP_GET_ACTION_AVAIL */
}

static long landlock_abi(void)
{
    return SYS(SYS_landlock_create_ruleset, NULL, 0, 1); /* LANDLOCK_CREATE_RULESET_VERSION */
}

static int try_landlock(void)
{
    long abi = landlock_abi();
    return abi < 0 ? (int)abi : 0;
}

static int try_scopes(void)
{
    long abi = landlock_abi();
    return abi < 0 ? (int)abi : abi < 6 ? -ENOSYS : 0;
}

/* Landlock's versions by what they brought; the table of least kernels is in docs/descriptions.md. */
static int try_truncate(void)
{
    return landlock_abi() < 3 ? -ENOSYS : 0;
}

static int try_ports(void)
{
    return landlock_abi() < 4 ? -ENOSYS : 0;
}

static int try_devices(void)
{
    return landlock_abi() < 5 ? -ENOSYS : 0;
}

static int try_clocks(void)
{
    return try_unshare(NEWNS_FLAGS | CLONE_NEWTIME);
}

static int try_program(const char *path)
{
    return (int)SYS(SYS_faccessat, AT_FDCWD, path, 1 /* X_OK */);
}

static int try_pasta(void)
{
    int result = try_program("/usr/bin/pasta");
    return result < 0 ? result : (int)SYS(SYS_faccessat, AT_FDCWD, "/dev/net/tun", 6 /* R_OK | W_OK */);
}

static int try_id_maps(void)
{
    int result = try_program("/usr/bin/newuidmap");
    return result < 0 ? result : try_program("/usr/bin/newgidmap");
}

static int try_init(void)
{
    static const unsigned char nothing[1];
    _cleanup_fd_ int fd = sys_memfd("esquema-doctor", true);
    if (fd < 0)
        return fd;
    int result = sys_write_all(fd, nothing, sizeof(nothing));
    if (result == 0)
        result = (int)SYS(SYS_fchmod, fd, 0111);
    if (result == 0)
        result = sys_memfd_seal(fd);
    char name[] = "x";
    char *const argv[] = { name, NULL };
    if (result == 0)
        result = sys_execveat(fd, "", argv, argv + 1, AT_EMPTY_PATH);
    return result == -ENOEXEC ? 0 : result; /* it got as far as looking for a program in it */
}

static const struct {
    const char *name;
    int (*try)(void);
    bool needs_user_namespace;
    const char *remedy;
} walls[] = {
    { "user-namespace", try_user, false,
      "allow user namespaces: sysctl user.max_user_namespaces=15000; on Debian kernel.unprivileged_userns_clone=1; on "
      "Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; in a container the outer one must allow it (of ours: "
      "(nested-namespaces)); in a "
      "chroot there are none: enter its root by pivot_root" },
    { "namespaces", try_namespaces, true, "raise the limits in /proc/sys/user/max_*_namespaces" },
    { "bind-mounts", try_bind, true,
      "a kernel of 5.12 or later; in a container the outer one must allow mounts (of ours: (nested-namespaces) "
      "(seccomp standard (allow openat2)))" },
    { "tmpfs", try_tmpfs, true, "a kernel that lets user namespaces mount tmpfs" },
    { "proc", try_proc, true, "inside another container: start that one with an unmasked /proc" },
    { "overlay", try_overlay, true, "a kernel of 5.11 or later with overlay; load it: modprobe overlay" },
    { "init", try_init, false, "allow execution of memory files: sysctl vm.memfd_noexec=0" },
    { "seccomp", try_seccomp, false, "a kernel with CONFIG_SECCOMP_FILTER" },
    { "landlock", try_landlock, false, "a kernel of 5.13 or later, with landlock in the boot parameter lsm=" },
    { "landlock-truncate", try_truncate, false, "a kernel of 6.2 or later; read-only mounts deny it as well" },
    { "landlock-ports", try_ports, false,
      "a kernel of 6.7 or later; or excuse rules for ports with (best-effort landlock-ports)" },
    { "landlock-devices", try_devices, false, "a kernel of 6.10 or later; until then requests of devices pass" },
    { "clocks", try_clocks, true, "a kernel of 5.6 or later with CONFIG_TIME_NS, for (namespaces ... time)" },
    { "user-network", try_pasta, false,
      "install pasta: apt install passt; as root: modprobe tun, chmod 0666 /dev/net/tun; into a container the outer "
      "one "
      "must hand the device" },
    { "id-maps", try_id_maps, false,
      "install newuidmap and newgidmap (apt install uidmap), and give the user a range: usermod --add-subuids "
      "100000-165535 --add-subgids 100000-165535 USER" },
    { "landlock-scopes", try_scopes, false,
      "a kernel of 6.12 or later; or excuse it with (best-effort landlock-scopes)" },
};

#define TRIED_COUNT (sizeof(walls) / sizeof(walls[0]))
#define WALL_COUNT  (TRIED_COUNT + 1)

static int try_aside(int (*try)(void))
{
    long pid =
        raw_syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0); /* a copy of this process, which makes system calls only */
    if (pid < 0)
        return (int)pid;
    if (pid == 0)
        sys_exit(-try() & 0xff);
    int status = 0;
    int result = sys_wait((pid_t)pid, &status, NULL, 0);
    if (result < 0)
        return result;
    return (status & 0x7f) ? -EIO : -(status >> 8 & 0xff);
}

/* The programs are there; did the host give this user ids? Reads files, which a copy of a host with threads must not.
 */
static int examine_ranges(void)
{
    uint32_t first, count;
    bool has_both = ids_find_range("/etc/subuid", sys_uid(), &first, &count) &&
                    ids_find_range("/etc/subgid", sys_uid(), &first, &count);
    return has_both ? 0 : -ENODATA;
}

/* Of the things that it needs, which one? */
static const char *part_of(const char *wall, int result)
{
    if (strcmp(wall, "id-maps") == 0 && result == -ENODATA)
        return "a range of this user in /etc/subuid and /etc/subgid: ";
    if (strcmp(wall, "user-network") != 0)
        return "";
    return try_program("/usr/bin/pasta") < 0 ? "/usr/bin/pasta: " : "/dev/net/tun: ";
}

/* By which server names are found in a network in user mode; "" where the host's are reached as they are. */
static void describe_names(char *text, size_t size)
{
    struct names names;
    char servers[NAMES_SERVERS_MAX];
    names_read(NAMES_WALLED, &names);
    names_print_servers(&names, servers);
    if (!*names.text)
        snprintf(text, size, "without names: /etc/resolv.conf has no server that it could reach");
    else if (*servers)
        snprintf(text, size, "names by the host's server %s", servers);
    else
        text[0] = '\0';
}

static void describe(esq_wall *wall, int result)
{
    if (result == -ENOSPC) /* of unshare; "no space left on device" leads astray */
        snprintf(wall->detail, sizeof(wall->detail), "the limit of namespaces is reached (ENOSPC)");
    else if (result < 0)
        snprintf(wall->detail, sizeof(wall->detail), "%s%s", part_of(wall->name, result), strerrordesc_np(-result));
    else if (strcmp(wall->name, "landlock") == 0)
        snprintf(wall->detail, sizeof(wall->detail), "version %ld", landlock_abi());
    else if (strcmp(wall->name, "user-network") == 0)
        describe_names(wall->detail, sizeof(wall->detail));
    else
        wall->detail[0] = '\0';
}

/* In the words of descriptions. */
static void list_limits(uint32_t controllers, const char *source, char *text, size_t size)
{
    static const char *const words[CGROUP_CONTROLLER_COUNT] = { "memory", "processes", "cpus", "cpuset", "io" };
    const char *between = "";
    size_t length = 0;
    for (size_t i = 0; i < CGROUP_CONTROLLER_COUNT && length < size; i++) {
        if (!(controllers & 1u << i))
            continue;
        length += (size_t)snprintf(text + length, size - length, "%s%s", between, words[i]);
        between = ", ";
    }
    if (length < size)
        snprintf(text + length, size - length, "%s%s", length ? " " : "", source);
}

/* Nothing is tried: the hierarchy says itself what it would let us do. */
static void examine_cgroups(esq_wall *wall)
{
    struct cgroup_place *place = malloc(sizeof(*place));
    *wall = (esq_wall){ .name = "cgroup-limits", .remedy = "" };
    if (!place)
        return;
    cgroup_find(place);
    uint32_t found = place->source == CGROUP_NOWHERE ? 0 : place->controllers;
    wall->available = (found & CGROUP_MEMORY) && (found & CGROUP_PIDS) && (found & CGROUP_CPU);
    for (int i = CGROUP_CONTROLLER_COUNT - 1; i >= 0 && !wall->available; i--) {
        enum cgroup_controller controller = (enum cgroup_controller)i;
        if (found & 1u << i)
            continue;
        wall->remedy = cgroup_remedy(place, controller);
        cgroup_reason(place, controller, wall->detail, sizeof(wall->detail));
    }
    if (wall->available)
        list_limits(found, place->source == CGROUP_SYSTEMD ? "(systemd makes a scope)" : "(delegated)", wall->detail,
                    sizeof(wall->detail));
    free(place);
}

size_t esq_doctor(esq_wall *ret_walls, size_t capacity)
{
    bool has_user_namespace = true;
    for (size_t i = 0; i < TRIED_COUNT && i < capacity; i++) {
        int result = try_aside(walls[i].try);
        if (result == 0 && walls[i].try == try_id_maps)
            result = examine_ranges();
        bool is_consequence = walls[i].needs_user_namespace && !has_user_namespace;
        ret_walls[i] = (esq_wall){ .name = walls[i].name,
                                   .available = result == 0,
                                   .remedy = result == 0      ? ""
                                             : is_consequence ? "it needs a user namespace: see user-namespace"
                                                              : walls[i].remedy };
        if (walls[i].try == try_user)
            has_user_namespace = result == 0;
        describe(&ret_walls[i], result);
    }
    if (TRIED_COUNT < capacity)
        examine_cgroups(&ret_walls[TRIED_COUNT]);
    return WALL_COUNT;
}
