/*
 * harm: runs a command and does harm to one of the programs that it executes, at the n-th system call of that program:
 * the call fails, or the process is stopped there and killed. It follows every process that comes of the command, so it
 * knows whether one of them outlives it. Knows nothing of what it runs.
 *
 * usage: harm REPORT PROGRAM STEP HARM COMMAND...
 *   PROGRAM   the name of a process (/proc/PID/comm)
 *   STEP      N: the n-th call of all processes of that name together. P.N: the n-th of the p-th process of that name;
 *             the others are not stopped, so a step of a late process costs no more than one of the first. 0: none,
 *             they are only counted
 *   HARM      a number: this errno. `kill`: SIGKILL for the process that makes the call. `kill:NAME`: SIGKILL for every
 *             process of that other name, while this one stands still. `hold:MS`: it stands still for so long, for
 *             others to look at it.
 * Which calls are steps depends on the harm: those that can fail; those after which a death leaves
 * something else than before them; those during which there is somebody to kill; when it holds, all.
 * REPORT gets one line: `calls N at CALL status STATUS left NAME...`. CALL is the number of the system call that was
 * hit, -1 when there was none; STATUS is that of the command (128+signal, 255 when it did not end in time); what is
 * left is what still lives a second after the command's end, and is killed. A second line has the calls of each process
 * of that name.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TRACEES_MAX = 4096,
    PROCESSES_MAX = 1024,
    NAME_SIZE = 16,
    COMMAND_MS = 120000,
    MOMENT_MS = 2,
    LEFT_MS = 1000,
    TRAP_CALL = SIGTRAP | 0x80
};

struct tracee {
    pid_t pid;
    char name[NAME_SIZE];
    long ordinal;                /* among the processes of the program's name; 0: it never had that */
    uint64_t loader, loader_end; /* its calls are not the program's */
    bool is_failing;             /* between the beginning and the end of the call that is to fail */
    unsigned long long argument; /* the first of that call */
};

struct harm {
    const char *program;
    long process;        /* 0: all */
    long at, seen, call; /* call: -1 until it was done */
    long processes, calls[PROCESSES_MAX];
    int error_number;   /* 0: a kill */
    const char *victim; /* NULL: the process itself */
    long hold_ms;       /* no harm but this; 0: none */
    pid_t command;
    int status; /* of the command; -1: it runs */
    struct tracee tracees[TRACEES_MAX];
    size_t count;
};

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Tracees ---- */

static void read_name(struct tracee *tracee)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/comm", tracee->pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(tracee->name, sizeof tracee->name, file))
        tracee->name[0] = '\0';
    tracee->name[strcspn(tracee->name, "\n")] = '\0';
    if (file)
        fclose(file);
}

static void read_loader(struct tracee *tracee)
{
    char path[64], line[512];
    unsigned long start, end;
    snprintf(path, sizeof path, "/proc/%d/maps", tracee->pid);
    FILE *file = fopen(path, "r");
    tracee->loader = tracee->loader_end = 0;
    while (file && fgets(line, sizeof line, file)) {
        if (!strstr(line, "/ld-linux") || sscanf(line, "%lx-%lx", &start, &end) != 2)
            continue;
        tracee->loader = tracee->loader ? tracee->loader : start;
        tracee->loader_end = end;
    }
    if (file)
        fclose(file);
}

static void name_tracee(struct harm *harm, struct tracee *tracee)
{
    read_name(tracee);
    if (!tracee->ordinal && strcmp(tracee->name, harm->program) == 0)
        tracee->ordinal = ++harm->processes;
}

static struct tracee *find(struct harm *harm, pid_t pid)
{
    for (size_t i = 0; i < harm->count; i++)
        if (harm->tracees[i].pid == pid)
            return &harm->tracees[i];
    if (harm->count == TRACEES_MAX)
        return NULL;
    struct tracee *tracee = &harm->tracees[harm->count++];
    *tracee = (struct tracee){ .pid = pid };
    name_tracee(harm, tracee);
    read_loader(tracee);
    return tracee;
}

static void forget(struct harm *harm, pid_t pid)
{
    for (size_t i = 0; i < harm->count; i++)
        if (harm->tracees[i].pid == pid)
            harm->tracees[i] = harm->tracees[--harm->count];
}

static void kill_named(const struct harm *harm, const char *name)
{
    for (size_t i = 0; i < harm->count; i++)
        if (!name || strcmp(harm->tracees[i].name, name) == 0)
            kill(harm->tracees[i].pid, SIGKILL);
}

static bool has_named(const struct harm *harm, const char *name)
{
    for (size_t i = 0; i < harm->count; i++)
        if (strcmp(harm->tracees[i].name, name) == 0)
            return true;
    return false;
}

/* ---- One stop ---- */

/*
 * A call that fails becomes a write to nowhere, which has no effect and which every filter lets through; at its end it
 * gets the error, and its first argument back.
 */
static bool begin_failure(struct tracee *tracee)
{
    struct user_regs_struct registers;
    struct iovec all = { &registers, sizeof registers };
    if (ptrace(PTRACE_GETREGSET, tracee->pid, (void *)NT_PRSTATUS, &all) < 0)
        return false;
#if defined(__x86_64__)
    tracee->argument = registers.rdi;
    registers.rdi = ~0ull;
    registers.orig_rax = SYS_write;
#else
    int number = SYS_write;
    struct iovec call = { &number, sizeof number };
    registers.regs[0] = ~0ull;
    if (ptrace(PTRACE_SETREGSET, tracee->pid, (void *)NT_ARM_SYSTEM_CALL, &call) < 0)
        return false;
#endif
    return ptrace(PTRACE_SETREGSET, tracee->pid, (void *)NT_PRSTATUS, &all) == 0;
}

static void end_failure(const struct tracee *tracee, int error_number)
{
    struct user_regs_struct registers;
    struct iovec all = { &registers, sizeof registers };
    if (ptrace(PTRACE_GETREGSET, tracee->pid, (void *)NT_PRSTATUS, &all) < 0)
        return;
#if defined(__x86_64__)
    registers.rdi = tracee->argument;
    registers.rax = (unsigned long long)-error_number;
#else
    registers.regs[0] = (unsigned long long)-error_number;
#endif
    ptrace(PTRACE_SETREGSET, tracee->pid, (void *)NT_PRSTATUS, &all);
}

/* Asks who one is, or what time it is. */
static bool is_small_talk(uint64_t call)
{
    switch (call) {
    case SYS_getpid:
    case SYS_getppid:
    case SYS_gettid:
    case SYS_getuid:
    case SYS_geteuid:
    case SYS_getgid:
    case SYS_getegid:
    case SYS_clock_gettime: return true;
    }
    return false;
}

/*
 * Closing releases whatever it answers; asking who one is or what time it is, waiting for one's own child and ending
 * oneself cannot fail. brk is malloc's, which goes on without it, and the beginning of a static program, which is
 * libc's own and cannot.
 */
static bool can_fail(const struct __ptrace_syscall_info *info)
{
    switch (info->entry.nr) {
    case SYS_close:
    case SYS_close_range:
    case SYS_wait4:
    case SYS_waitid:
    case SYS_exit:
    case SYS_exit_group:
    case SYS_rt_sigreturn:
    case SYS_rt_sigaction:
    case SYS_rt_sigprocmask:
    case SYS_munmap:
    case SYS_brk:
    case SYS_kill:
    case SYS_pidfd_send_signal: return false;
    }
    return !is_small_talk(info->entry.nr);
}

/* Opening what is there: the descriptor goes with the process. */
static bool only_opens(pid_t pid, const struct __ptrace_syscall_info *info)
{
    uint64_t flags = info->entry.args[2];
    if (info->entry.nr == SYS_openat2) {
        errno = 0;
        flags = (uint64_t)ptrace(PTRACE_PEEKDATA, pid, (void *)(uintptr_t)info->entry.args[2], NULL);
        if (errno)
            return false;
    }
    return (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) == O_RDONLY && (flags & O_TMPFILE) != O_TMPFILE;
}

/* A file or folder: what is read of it or closed is seen by nobody; at the other end of a pipe or socket it may be. */
static bool is_file(pid_t pid, uint64_t descriptor)
{
    char path[64];
    struct stat info;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, (int)descriptor);
    return stat(path, &info) == 0 && (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
}

/*
 * A process that is killed before such a call leaves the same as one that is killed before the next: the call only
 * asks, or changes what ends with the process. What is not here, does.
 */
static bool is_question(pid_t pid, const struct __ptrace_syscall_info *info)
{
    switch (info->entry.nr) {
#if defined(__x86_64__)
    case SYS_readlink:
    case SYS_access:
    case SYS_stat:
    case SYS_lstat:
#endif
    case SYS_readlinkat:
    case SYS_faccessat:
    case SYS_faccessat2:
    case SYS_newfstatat:
    case SYS_fstat:
    case SYS_statx:
    case SYS_statfs:
    case SYS_fstatfs:
    case SYS_getcwd:
    case SYS_getrandom:
    case SYS_uname:
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_brk:
    case SYS_rt_sigaction:
    case SYS_rt_sigprocmask: return true;
    case SYS_read:
    case SYS_pread64:
    case SYS_getdents64:
    case SYS_lseek:
    case SYS_close: return is_file(pid, info->entry.args[0]);
    case SYS_fcntl: return info->entry.args[1] == F_GETFD || info->entry.args[1] == F_GETFL;
    case SYS_prlimit64: return info->entry.args[2] == 0;
    case SYS_openat:
    case SYS_openat2: return only_opens(pid, info);
    }
    return is_small_talk(info->entry.nr);
}

static bool is_step(const struct harm *harm, pid_t pid, const struct __ptrace_syscall_info *info)
{
    if (harm->error_number)
        return can_fail(info);
    if (harm->victim)
        return has_named(harm, harm->victim);
    return harm->hold_ms || !is_question(pid, info);
}

static void stop_at_call(struct harm *harm, struct tracee *tracee)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof info, &info) < 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracee->is_failing) {
        tracee->is_failing = false;
        end_failure(tracee, harm->error_number);
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return;
    if (info.instruction_pointer >= tracee->loader && info.instruction_pointer < tracee->loader_end)
        return;
    if (!is_step(harm, tracee->pid, &info))
        return;
    if (tracee->ordinal <= PROCESSES_MAX)
        harm->calls[tracee->ordinal - 1]++;
    if (++harm->seen != harm->at)
        return;
    harm->call = (long)info.entry.nr;
    if (harm->hold_ms)
        usleep((unsigned)harm->hold_ms * 1000);
    else if (harm->error_number)
        tracee->is_failing = begin_failure(tracee);
    else if (harm->victim)
        kill_named(harm, harm->victim);
    else
        kill(tracee->pid, SIGKILL);
}

/* What is executed from a file in memory has a number for a name, until it gives itself one. */
static bool is_unnamed(const struct tracee *tracee)
{
    return tracee->name[0] && tracee->name[strspn(tracee->name, "0123456789")] == '\0';
}

/* Whoever is of no interest, and everybody after the harm, is not stopped at calls: each stop costs. */
static bool is_target(const struct harm *harm, const struct tracee *tracee)
{
    if (harm->call >= 0)
        return tracee->is_failing;
    if (is_unnamed(tracee))
        return true;
    return strcmp(tracee->name, harm->program) == 0 && (!harm->process || tracee->ordinal == harm->process);
}

static void resume(const struct harm *harm, const struct tracee *tracee, int signal_number)
{
    ptrace(is_target(harm, tracee) ? PTRACE_SYSCALL : PTRACE_CONT, tracee->pid, NULL, (void *)(long)signal_number);
}

/*
 * Children get their ordinals in the order in which their parent makes them, whichever runs first. One that has run to
 * its end by now, and whose end we have heard of, is no longer ours to wait for.
 */
static void meet_child(struct harm *harm, pid_t parent)
{
    unsigned long child = 0;
    siginfo_t info;
    if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) == 0 &&
        waitid(P_PID, (id_t)child, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) == 0)
        find(harm, (pid_t)child);
}

static void take_stop(struct harm *harm, pid_t pid, int status)
{
    struct tracee *tracee = find(harm, pid);
    int number = WSTOPSIG(status), event = status >> 16;
    if (!tracee)
        return;
    if (event == PTRACE_EVENT_STOP && number != SIGTRAP) {
        ptrace(PTRACE_LISTEN, pid, NULL, NULL); /* stopped by a signal, until it is told to go on */
        return;
    }
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
        meet_child(harm, pid);
    if (event == PTRACE_EVENT_EXEC) {
        name_tracee(harm, tracee);
        read_loader(tracee);
    }
    if (number == TRAP_CALL && is_unnamed(tracee))
        name_tracee(harm, tracee);
    else if (number == TRAP_CALL && is_target(harm, tracee))
        stop_at_call(harm, tracee);
    resume(harm, tracee, event || number == TRAP_CALL ? 0 : number);
}

/* ---- The run ---- */

/*
 * Until nobody is left or the time is over; at the command's end a shorter time begins. That one counts the moments in
 * which nothing happened and we had the processor: where the machine is busy with others, who is left waits for it,
 * too.
 */
static void follow(struct harm *harm)
{
    long deadline = now_ms() + COMMAND_MS, quiet = 0;
    const struct timespec moment = { 0, MOMENT_MS * 1000000 };
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);
        if (pid < 0)
            return;
        if (pid == 0) {
            if (now_ms() >= deadline || (harm->status >= 0 && quiet * MOMENT_MS >= LEFT_MS))
                return;
            quiet += sigtimedwait(&ended, NULL, &moment) < 0;
            continue;
        }
        if (WIFSTOPPED(status)) {
            take_stop(harm, pid, status);
            continue;
        }
        forget(harm, pid);
        if (pid == harm->command) {
            harm->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            deadline = now_ms() + COMMAND_MS;
            quiet = 0;
        }
    }
}

static bool start(struct harm *harm, char **argv)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                         PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    int go[2];
    char byte;
    if (pipe(go) < 0)
        return false;
    harm->command = fork();
    if (harm->command == 0) {
        sigset_t none;
        sigemptyset(&none);
        close(go[1]);
        if (read(go[0], &byte, 1) != 1)
            _exit(127);
        close(go[0]);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(go[0]);
    bool is_started = harm->command > 0 && ptrace(PTRACE_SEIZE, harm->command, NULL, (void *)options) == 0 &&
                      write(go[1], "g", 1) == 1;
    close(go[1]);
    return is_started;
}

int main(int argc, char **argv)
{
    static struct harm harm = { .call = -1, .status = -1 };
    sigset_t ended;
    if (argc < 6) {
        fprintf(stderr, "usage: harm REPORT PROGRAM N HARM COMMAND...\n");
        return 2;
    }
    harm.program = argv[2];
    const char *point = strchr(argv[3], '.');
    harm.process = point ? atol(argv[3]) : 0;
    harm.at = atol(point ? point + 1 : argv[3]);
    harm.error_number = atoi(argv[4]);
    if (strncmp(argv[4], "kill:", 5) == 0)
        harm.victim = argv[4] + 5;
    if (strncmp(argv[4], "hold:", 5) == 0)
        harm.hold_ms = atol(argv[4] + 5);
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ended, NULL);
    /* Orphans are ours: a pid namespace ends when all its dead are buried, and some machines' first process is slow. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    FILE *report = fopen(argv[1], "we");
    if (!report || !start(&harm, argv + 5)) {
        fprintf(stderr, "harm: %s\n", strerror(errno));
        return 2;
    }
    follow(&harm);
    fprintf(report, "calls %ld at %ld status %d left", harm.seen, harm.call, harm.status < 0 ? 255 : harm.status);
    for (size_t i = 0; i < harm.count; i++)
        fprintf(report, " %s(%d)", harm.tracees[i].name, harm.tracees[i].pid);
    fprintf(report, "\nprocesses");
    for (long i = 0; i < harm.processes && i < PROCESSES_MAX; i++)
        fprintf(report, " %ld", harm.calls[i]);
    fprintf(report, "\n");
    kill_named(&harm, NULL);
    return fclose(report) == 0 ? 0 : 2;
}
