/*
 * Thin wrappers of system calls: a descriptor or value on success, a negative errno otherwise; errno is never touched,
 * so all of them may be called by the mute child. Everything opened is close-on-exec. Knows nothing above the kernel.
 *
 * Builds with ESQ_FAULTS count the calls and let the n-th fail (sys/fault.c), for the failure sweep of the tests.
 */
#ifndef ESQUEMA_SYS_H
#define ESQUEMA_SYS_H

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "sys/raw.h"

#ifdef ESQ_FAULTS
long sys_call(long number, long a, long b, long c, long d, long e, long f);
#else
#define sys_call raw_syscall
#endif

/* SYS(number, up to six arguments): any call that has no wrapper below. */
#define SYS_ARGUMENTS(n, a, b, c, d, e, f, ...) \
    sys_call((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define SYS(...) SYS_ARGUMENTS(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* ---- Descriptors ---- */

static inline void sys_close(int fd)
{
    if (fd >= 0)
        raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0); /* releases whatever it answers; never a fault to inject */
}

static inline void sys_close_at(int *fd)
{
    sys_close(*fd);
}

#define _cleanup_fd_ __attribute__((cleanup(sys_close_at)))

/* Gives the descriptor away: the variable no longer closes it. */
static inline int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

int sys_openat(int directory, const char *path, int flags, mode_t mode);
/* Beneath `root`, through no symbolic or magic link; a leading slash is skipped, "/" is the root itself. */
int sys_open_beneath(int root, const char *path, int flags, mode_t mode);
int sys_dup3(int from, int to, int flags);
int sys_dup_above(int fd, int least); /* close-on-exec */
int sys_close_range(unsigned first, unsigned last);
int sys_fd_flags(int fd); /* F_GETFL */
int sys_pipe(int ret_ends[2]);
int sys_fstat(int fd, struct stat *ret_stat);
ssize_t sys_read(int fd, void *bytes, size_t size);        /* retried on EINTR */
ssize_t sys_write(int fd, const void *bytes, size_t size); /* retried on EINTR */
int sys_write_all(int fd, const void *bytes, size_t size); /* -EIO when the kernel takes nothing more */
int sys_mkdirat(int directory, const char *path, mode_t mode);
int sys_symlinkat(const char *target, int directory, const char *path);
int sys_chdir(const char *path);
int sys_fchdir(int fd);

/* ---- Memory files ---- */

int sys_memfd(const char *name, bool executable); /* sealable; retried without MFD_EXEC where the kernel has none */
int sys_memfd_seal(int fd);                       /* all seals */

/* ---- Mounts ---- */

int sys_fsopen(const char *filesystem);
int sys_fsconfig_text(int context, const char *key, const char *value);
int sys_fsconfig_flag(int context, const char *key);
int sys_fsconfig_create(int context);
int sys_fsmount(int context, unsigned attributes);
/* A detached recursive (or single) copy of what lies at path. */
int sys_open_tree_clone(int directory, const char *path, bool recursive);
/* Sets and clears MOUNT_ATTR_* bits and makes private, of one mount or of the tree. */
int sys_mount_attributes(int tree, uint64_t set, uint64_t clear, bool recursive);
int sys_move_mount(int tree, int target);
int sys_mount_private(const char *path);
int sys_pivot_root_here(void); /* pivot_root(".", ".") */
int sys_detach_here(void);     /* umount2(".", MNT_DETACH) */

/* ---- Processes ---- */

int sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int sys_sethostname(const char *name, size_t length);
int sys_setsid(void);
int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags);
int sys_pidfd_signal(int pidfd, int signal_number);
int sys_wait(pid_t pid, int *ret_status, struct rusage *ret_usage, int options); /* retried on EINTR */
int sys_poll(struct pollfd *fds, unsigned count, int64_t timeout_microseconds);  /* -1: for ever */
void sys_block_signals(uint64_t *ret_old);
void sys_restore_signals(const uint64_t *old);
void sys_discard_signal(int signal_number); /* a blocked one that is pending for this thread */
void sys_default_signals(void);             /* every handler back to the default, ignored ones too */
uint64_t sys_monotonic_microseconds(void);
uid_t sys_uid(void);
gid_t sys_gid(void);
__attribute__((noreturn)) void sys_exit(int status);

#ifdef ESQ_FAULTS
enum { SYS_FAULT_KILL = 9999 }; /* as error_number: the process ends without a word instead */

/* The n-th call from now fails with error_number; 0: none. `seen` counts. Parent and child are counted apart. */
struct sys_fault {
    int owner; /* pid of the parent */
    int error_number;
    int parent_at, parent_seen;
    int child_at, child_seen;
};
extern struct sys_fault sys_fault;
#endif

#endif
