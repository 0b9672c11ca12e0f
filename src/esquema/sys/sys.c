/* The wrappers of sys.h. Called by the mute child: raw system calls only, no libc, no errno. */
#include "sys/sys.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <time.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010u
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
/* From linux/fcntl.h, which cannot be included beside fcntl.h. */
#define OPEN_TREE_CLONE_FLAGS (OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)

int sys_openat(int directory, const char *path, int flags, mode_t mode)
{
    return (int)SYS(SYS_openat, directory, path, flags | O_CLOEXEC, mode);
}

int sys_open_beneath(int root, const char *path, int flags, mode_t mode)
{
    while (*path == '/')
        path++;
    struct open_how how = { 0 };
    how.flags = (uint64_t)(unsigned)flags | O_CLOEXEC;
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return (int)SYS(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
}

int sys_dup3(int from, int to, int flags)
{
    return (int)SYS(SYS_dup3, from, to, flags);
}

int sys_dup_above(int fd, int least)
{
    return (int)SYS(SYS_fcntl, fd, F_DUPFD_CLOEXEC, least);
}

int sys_close_range(unsigned first, unsigned last)
{
    if (first > last)
        return 0;
    return (int)SYS(SYS_close_range, first, last, 0);
}

int sys_fd_flags(int fd)
{
    return (int)SYS(SYS_fcntl, fd, F_GETFL);
}

int sys_pipe(int ret_ends[2])
{
    return (int)SYS(SYS_pipe2, ret_ends, O_CLOEXEC);
}

int sys_fstat(int fd, struct stat *ret_stat)
{
    return (int)SYS(SYS_newfstatat, fd, "", ret_stat, AT_EMPTY_PATH);
}

ssize_t sys_read(int fd, void *bytes, size_t size)
{
    long result;
    do
        result = SYS(SYS_read, fd, bytes, size);
    while (result == -EINTR);
    return result;
}

ssize_t sys_write(int fd, const void *bytes, size_t size)
{
    long result;
    do
        result = SYS(SYS_write, fd, bytes, size);
    while (result == -EINTR);
    return result;
}

int sys_write_all(int fd, const void *bytes, size_t size)
{
    const char *next = bytes;
    while (size > 0) {
        ssize_t written = sys_write(fd, next, size);
        if (written < 0)
            return (int)written;
        if (written == 0)
            return -EIO;
        next += written;
        size -= (size_t)written;
    }
    return 0;
}

int sys_mkdirat(int directory, const char *path, mode_t mode)
{
    return (int)SYS(SYS_mkdirat, directory, path, mode);
}

int sys_symlinkat(const char *target, int directory, const char *path)
{
    return (int)SYS(SYS_symlinkat, target, directory, path);
}

int sys_chdir(const char *path)
{
    return (int)SYS(SYS_chdir, path);
}

int sys_fchdir(int fd)
{
    return (int)SYS(SYS_fchdir, fd);
}

int sys_memfd(const char *name, bool executable)
{
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    if (!executable)
        return (int)SYS(SYS_memfd_create, name, flags);
    int fd = (int)SYS(SYS_memfd_create, name, flags | MFD_EXEC);
    if (fd == -EINVAL) /* before 6.3 every memory file may be executed */
        fd = (int)SYS(SYS_memfd_create, name, flags);
    return fd;
}

int sys_memfd_seal(int fd)
{
    return (int)SYS(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

int sys_fsopen(const char *filesystem)
{
    return (int)SYS(SYS_fsopen, filesystem, FSOPEN_CLOEXEC);
}

int sys_fsconfig_text(int context, const char *key, const char *value)
{
    return (int)SYS(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, value, 0);
}

int sys_fsconfig_flag(int context, const char *key)
{
    return (int)SYS(SYS_fsconfig, context, FSCONFIG_SET_FLAG, key, 0, 0);
}

int sys_fsconfig_create(int context)
{
    return (int)SYS(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
}

int sys_fsmount(int context, unsigned attributes)
{
    return (int)SYS(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
}

int sys_open_tree_clone(int directory, const char *path, bool recursive)
{
    return (int)SYS(SYS_open_tree, directory, path, OPEN_TREE_CLONE_FLAGS | (recursive ? AT_RECURSIVE : 0));
}

int sys_mount_attributes(int tree, uint64_t set, uint64_t clear, bool recursive)
{
    struct mount_attr attributes = { 0 };
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    attributes.propagation = 1u << 18; /* MS_PRIVATE */
    return (int)SYS(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes,
                    sizeof(attributes));
}

int sys_move_mount(int tree, int target)
{
    return (int)SYS(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int sys_mount_private(const char *path)
{
    return (int)SYS(SYS_mount, "none", path, 0, (1u << 18) | (1u << 14), 0); /* MS_PRIVATE | MS_REC */
}

int sys_pivot_root_here(void)
{
    return (int)SYS(SYS_pivot_root, ".", ".");
}

int sys_detach_here(void)
{
    return (int)SYS(SYS_umount2, ".", 2); /* MNT_DETACH */
}

int sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
    return (int)SYS(SYS_prctl, option, a, b, c, d);
}

int sys_sethostname(const char *name, size_t length)
{
    return (int)SYS(SYS_sethostname, name, length);
}

int sys_setsid(void)
{
    return (int)SYS(SYS_setsid);
}

int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
    return (int)SYS(SYS_execveat, fd, path, argv, envp, flags);
}

int sys_pidfd_signal(int pidfd, int signal_number)
{
    return (int)raw_syscall(SYS_pidfd_send_signal, pidfd, signal_number, 0, 0, 0, 0);
}

int sys_wait(pid_t pid, int *ret_status, struct rusage *ret_usage, int options)
{
    long result;
    do
        result = raw_syscall(SYS_wait4, pid, (long)ret_status, options, (long)ret_usage, 0, 0);
    while (result == -EINTR);
    return (int)result;
}

int sys_poll(struct pollfd *fds, unsigned count, int64_t timeout_microseconds)
{
    struct timespec time = { .tv_sec = timeout_microseconds / 1000000,
                             .tv_nsec = (timeout_microseconds % 1000000) * 1000 };
    return (int)SYS(SYS_ppoll, fds, count, timeout_microseconds < 0 ? NULL : &time, 0, 0);
}

void sys_block_signals(uint64_t *ret_old)
{
    uint64_t all = ~UINT64_C(0);
    raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)ret_old, sizeof(all), 0, 0);
}

void sys_restore_signals(const uint64_t *old)
{
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)old, 0, sizeof(*old), 0, 0);
}

void sys_discard_signal(int signal_number)
{
    uint64_t wanted = UINT64_C(1) << (signal_number - 1);
    struct timespec at_once = { 0 };
    raw_syscall(SYS_rt_sigtimedwait, (long)&wanted, 0, (long)&at_once, sizeof(wanted), 0, 0);
}

void sys_default_signals(void)
{
    /* The kernel's own structure: handler, flags, restorer, mask; all zero is SIG_DFL. */
    uint64_t action[4] = { 0 };
    for (int number = 1; number <= 64; number++)
        if (number != SIGKILL && number != SIGSTOP)
            raw_syscall(SYS_rt_sigaction, number, (long)action, 0, sizeof(uint64_t), 0, 0);
}

uint64_t sys_monotonic_microseconds(void)
{
    struct timespec now = { 0 };
    raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uid_t sys_uid(void)
{
    return (uid_t)raw_syscall(SYS_geteuid, 0, 0, 0, 0, 0, 0);
}

gid_t sys_gid(void)
{
    return (gid_t)raw_syscall(SYS_getegid, 0, 0, 0, 0, 0, 0);
}

void sys_exit(int status)
{
    for (;;)
        raw_syscall(SYS_exit_group, status, 0, 0, 0, 0, 0);
}
