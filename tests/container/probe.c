/*
 * The attacker in the container: `probe NAME [ARGUMENT...]` tries one thing and exits 0 when it got through, 1 when it
 * was stopped, 2 when it is asked nonsense. Linked statically. Knows nothing of the runtime.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GOT_THROUGH, STOPPED, NONSENSE };

static int verdict(int got_through)
{
    return got_through ? GOT_THROUGH : STOPPED;
}

static int can_read(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY);
    return fd >= 0 && read(fd, &byte, 1) == 1;
}

static int probe_exists(char **argv)
{
    struct stat found;
    return verdict(stat(argv[0], &found) == 0);
}

static int probe_same_file(char **argv)
{
    struct stat first, second;
    return verdict(stat(argv[0], &first) == 0 && stat(argv[1], &second) == 0 && first.st_dev == second.st_dev &&
                   first.st_ino == second.st_ino);
}

static int probe_read(char **argv)
{
    return verdict(can_read(argv[0]));
}

static int probe_create(char **argv)
{
    return verdict(open(argv[0], O_CREAT | O_WRONLY, 0600) >= 0);
}

static int probe_write(char **argv)
{
    int fd = open(argv[0], O_WRONLY);
    return verdict(fd >= 0 && write(fd, "1", 1) == 1);
}

static int probe_chmod(char **argv)
{
    return verdict(chmod(argv[0], 0666) == 0 || errno != EROFS);
}

static int probe_hostname(char **argv)
{
    char name[256] = "";
    gethostname(name, sizeof(name) - 1);
    return verdict(strcmp(name, argv[0]) == 0);
}

static int probe_sethostname(char **argv)
{
    char name[256] = "";
    gethostname(name, sizeof(name) - 1);
    return verdict(sethostname(name, strlen(name)) == 0);
}

static int probe_connect(char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[0])) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return verdict(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
}

static int probe_abstract(char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    strncpy(address.sun_path + 1, argv[0], sizeof(address.sun_path) - 2);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(argv[0]));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return verdict(connect(fd, (struct sockaddr *)&address, size) == 0);
}

static int probe_shm(char **argv)
{
    return verdict(shmget((key_t)atoi(argv[0]), 0, 0) >= 0);
}

/* Does any hierarchy show where on the host we are? */
static int probe_cgroup(char **argv)
{
    char line[4096];
    FILE *file = fopen("/proc/self/cgroup", "r");
    int got_through = 0;
    while (file && fgets(line, sizeof(line), file)) {
        char *path = strrchr(line, ':');
        got_through = got_through || (path && strcmp(path, ":/\n") != 0);
    }
    return verdict(got_through);
}

static int probe_descriptor(char **argv)
{
    return verdict(fcntl(atoi(argv[0]), F_GETFD) >= 0);
}

static int probe_environment(char **argv)
{
    return verdict(getenv(argv[0]) != NULL);
}

/* Takes CAP_SYS_CHROOT and changes nothing. */
static int probe_chroot(char **argv)
{
    return verdict(chroot("/") == 0);
}

static int probe_ptrace(char **argv)
{
    return verdict(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static int probe_new_privileges(char **argv)
{
    return verdict(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
}

static int probe_large_file(char **argv)
{
    static char bytes[8192];
    signal(SIGXFSZ, SIG_IGN);
    int fd = open(argv[0], O_CREAT | O_WRONLY, 0600);
    return verdict(fd >= 0 && write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes));
}

/* PID 1 runs with our uid: if it may be read or written, so may what it knows. That it has descriptors may be seen. */
static int probe_init(char **argv)
{
    char target[256], path[64];
    int got_through = readlink("/proc/1/exe", target, sizeof(target)) >= 0 || open("/proc/1/mem", O_RDONLY) >= 0;
    for (int fd = 0; fd < 32; fd++) {
        snprintf(path, sizeof(path), "/proc/1/fd/%d", fd);
        got_through = got_through || readlink(path, target, sizeof(target)) >= 0 || open(path, O_WRONLY) >= 0;
    }
    return verdict(got_through);
}

/* A file of mode 4755 left in a writable bind would be one of the caller's on the host. */
static int probe_set_id(char **argv)
{
    int fd = open(argv[0], O_CREAT | O_WRONLY, 0755);
    return verdict(fd >= 0 && fchmod(fd, 04755) == 0);
}

/* The host's root is not above ours, nor beneath a detached mount. */
static int probe_above(char **argv)
{
    struct stat root, above;
    return verdict(stat("/", &root) < 0 || stat("/..", &above) < 0 || root.st_ino != above.st_ino ||
                   root.st_dev != above.st_dev);
}

/* Descriptors other than 0, 1, 2 and the one that reads the list. */
static int probe_open_count(char **argv)
{
    int open_now = 0;
    for (int fd = 0; fd < 1024; fd++)
        open_now += fcntl(fd, F_GETFD) >= 0;
    return verdict(open_now > 3);
}

/* How many processes are there besides init and us? */
static int probe_processes(char **argv)
{
    DIR *proc = opendir("/proc");
    int count = 0;
    for (struct dirent *entry; proc && (entry = readdir(proc));)
        count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
    return verdict(count > 2);
}

static int probe_open(char **argv)
{
    return verdict(open(argv[0], O_RDWR) >= 0);
}

/* Do the clocks show how long the host has been up? */
static int probe_clock_from(char **argv)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_BOOTTIME, &now);
    return verdict(now.tv_sec >= atol(argv[0]));
}

/* A sandbox of one's own: a user namespace, and a mount in it. */
static int probe_sandbox(char **argv)
{
    return verdict(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && mount("none", argv[0], "tmpfs", 0, NULL) == 0);
}

static int write_map(const char *path, unsigned id)
{
    char text[32];
    int fd = open(path, O_WRONLY), length = snprintf(text, sizeof(text), "0 %u 1", id);
    return fd >= 0 && write(fd, text, length) == length && close(fd) == 0;
}

/* As bubblewrap and browsers do: a root of one's own, processes of one's own, and a /proc that shows them. */
static int probe_whole_sandbox(char **argv)
{
    unsigned uid = getuid(), gid = getgid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
        return STOPPED;
    int fd = open("/proc/self/setgroups", O_WRONLY);
    bool is_mapped = fd >= 0 && write(fd, "deny", 4) == 4 && write_map("/proc/self/uid_map", uid) &&
                     write_map("/proc/self/gid_map", gid) && getuid() == 0;
    if (!is_mapped)
        return STOPPED;
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(verdict(mount("proc", argv[0], "proc", 0, NULL) == 0));
    return verdict(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

/* Did the call reach the kernel? The filter's own answers are EPERM, ENOSYS and EAFNOSUPPORT. */
static int reached(long result)
{
    return verdict(result >= 0 || (errno != EPERM && errno != ENOSYS && errno != EAFNOSUPPORT));
}

/* Typing on the terminal that we were started from, with whatever is asked for in the upper half of the register. */
static int probe_ioctl(char **argv)
{
    char key = 'x';
    return reached(syscall(SYS_ioctl, 0, strtoul(argv[0], NULL, 0), &key));
}

static int probe_socket(char **argv)
{
    return verdict(socket(atoi(argv[0]), atoi(argv[1]), atoi(argv[2])) >= 0);
}

static int probe_kill(char **argv)
{
    return verdict(kill(atoi(argv[0]), 0) == 0);
}

static int probe_keyring(char **argv)
{
    return verdict(syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -4 /* KEY_SPEC_USER_KEYRING */, 1) >= 0);
}

static int probe_io_uring(char **argv)
{
    char parameters[120] = "";
    return reached(syscall(SYS_io_uring_setup, 1, parameters));
}

/* What looks at clone's flags cannot look at those of clone3, which lie in memory. */
static int probe_clone3(char **argv)
{
    unsigned long arguments[8] = { CLONE_NEWUSER, 0, 0, 0, SIGCHLD };
    long pid = syscall(SYS_clone3, arguments, sizeof(arguments));
    if (pid == 0)
        _exit(0);
    return verdict(pid > 0);
}

static int probe_mount(char **argv)
{
    return verdict(mount("none", argv[0], argv[1] ? argv[1] : "tmpfs", 0, NULL) == 0);
}

static int probe_userfault(char **argv)
{
    return reached(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */));
}

/* Arguments that the kernel itself refuses before it looks at rights. */
static int probe_perf(char **argv)
{
    return reached(syscall(SYS_perf_event_open, NULL, 0, -1, -1, ~0ul));
}

static int probe_bpf(char **argv)
{
    return reached(syscall(SYS_bpf, 0, argv, 1 << 20));
}

/* Calls that look into a process. What is refused for its arguments alone was allowed. */
static int can_reach(pid_t pid)
{
    char byte;
    struct iovec here = { &byte, 1 }, there = { NULL, 1 };
    bool got_through = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0;
    got_through = got_through || process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    int taken = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0);
    got_through = got_through || taken >= 0 || (pidfd >= 0 && errno == EBADF);
    close(taken);
    close(pidfd);
    return got_through;
}

/* Does /proc give away what a process knows and holds? That it has descriptors may be seen. */
static int can_spy(const char *pid)
{
    static const char *const links[] = { "exe", "root", "cwd", "fd/0", "fd/1", "fd/2", "fd/3" };
    static const char *const files[] = { "mem", "environ", "maps" };
    char path[64], target[256], byte;
    int got_through = can_reach(atoi(pid));
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        snprintf(path, sizeof(path), "/proc/%s/%s", pid, links[i]);
        got_through = got_through || readlink(path, target, sizeof(target)) >= 0;
    }
    snprintf(path, sizeof(path), "/proc/%s/mem", pid);
    got_through = got_through || open(path, O_RDWR) >= 0;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "/proc/%s/%s", pid, files[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        got_through = got_through || (fd >= 0 && i == 0) || (fd >= 0 && read(fd, &byte, 1) == 1);
        close(fd);
    }
    return got_through;
}

static int is_named(const char *pid, const char *name)
{
    char path[64], found[32] = "";
    snprintf(path, sizeof(path), "/proc/%s/comm", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, found, sizeof(found) - 1);
    close(fd);
    return size > 0 && strncmp(found, name, strlen(name)) == 0 && found[strlen(name)] == '\n';
}

/* Waits until a process of this name has come and gone. What it is when it has another name again does not count. */
static int probe_spy(char **argv)
{
    const struct timespec moment = { .tv_nsec = 1000000 };
    int is_seen = 0, is_there = 1, got_through = 0;
    printf("ready\n");
    fflush(stdout);
    for (int turn = 0; turn < 20000 && (!is_seen || is_there) && !got_through; turn++) {
        DIR *proc = opendir("/proc");
        is_there = 0;
        for (struct dirent *entry; proc && (entry = readdir(proc));) {
            if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !is_named(entry->d_name, argv[0]))
                continue;
            is_seen = is_there = 1;
            got_through = got_through || (can_spy(entry->d_name) && is_named(entry->d_name, argv[0]));
        }
        if (proc)
            closedir(proc);
        nanosleep(&moment, NULL);
    }
    return !is_seen ? NONSENSE : verdict(got_through);
}

/* `child`: a process of our own, which shows that the means are right. */
static int probe_memory(char **argv)
{
    char pid[32];
    snprintf(pid, sizeof(pid), "%s", argv[0]);
    if (strcmp(argv[0], "child") == 0) {
        pid_t child = fork();
        if (child == 0) {
            pause();
            _exit(0);
        }
        snprintf(pid, sizeof(pid), "%d", child);
    }
    return verdict(can_spy(pid));
}

/* The file that we are executed from, when it is executed no more (CVE-2019-5736). */
static int probe_own_exe(char **argv)
{
    char script[64];
    snprintf(script, sizeof(script), "exec 9>>/proc/self/fd/%d", open("/proc/self/exe", O_PATH));
    execl("/bin/busybox", "sh", "-c", script, NULL);
    return NONSENSE;
}

/*
 * Waits for a process that is executed from a file which is not ours, as one is that joins us and executes
 * "/proc/self/exe" (CVE-2019-5736), and tries to open that file for writing for as long as it is there.
 */
static int probe_catch_exe(char **argv)
{
    struct stat own, shell, found;
    char path[64], link[64];
    if (stat("/proc/self/exe", &own) < 0 || stat("/bin/busybox", &shell) < 0)
        return NONSENSE;
    printf("ready\n");
    fflush(stdout);
    int caught = -1;
    for (int pid = 2; caught < 0; pid = pid < 400 ? pid + 1 : 2) {
        snprintf(path, sizeof(path), "/proc/%d/exe", pid);
        int file = open(path, O_PATH | O_CLOEXEC);
        if (file < 0)
            continue;
        bool is_known = fstat(file, &found) < 0 || (found.st_dev == own.st_dev && found.st_ino == own.st_ino) ||
                        (found.st_dev == shell.st_dev && found.st_ino == shell.st_ino);
        if (is_known)
            close(file);
        else
            caught = file;
    }
    printf("caught\n");
    fflush(stdout);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", caught);
    for (int tries = 0; tries < 3000; tries++) {
        if (open(link, O_WRONLY | O_APPEND | O_CLOEXEC) >= 0)
            return GOT_THROUGH;
        usleep(10000);
    }
    return STOPPED;
}

static int probe_attach_child(char **argv)
{
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    return verdict(ptrace(PTRACE_ATTACH, child, NULL, NULL) == 0);
}

/* Messages of every length and content to whoever listens there, with a descriptor each. Did anybody answer one? */
static int probe_forge(char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    static unsigned char bytes[1 << 16];
    unsigned random = 1;
    int is_answered = 0;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[0]);
    for (int round = 0; round < 500; round++) {
        int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
            return verdict(is_answered);
        size_t size = round < 64 ? (size_t)round : (random = random * 1103515245 + 12345) >> 16;
        for (size_t i = 0; i < size; i++)
            bytes[i] = (unsigned char)((random = random * 1103515245 + 12345) >> 16);
        if (argv[1] && round % 2) /* the magic number of the protocol */
            memcpy(bytes, argv[1], strlen(argv[1]) < 4 ? strlen(argv[1]) : 4);
        char control[CMSG_SPACE(sizeof(int))] = "";
        struct iovec part = { bytes, size };
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
        };
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header =
            (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(header), &fd, sizeof(fd));
        is_answered = is_answered || sendmsg(fd, &message, MSG_NOSIGNAL) >= 0;
        close(fd);
    }
    return verdict(is_answered);
}

/* Connects so many times to SOCKET, asks for nothing, says "ready", and at the end of its input how many are heard. */
static int probe_crowd(char **argv)
{
    enum { CROWD_MAX = 500 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fds[CROWD_MAX], count = atoi(argv[1]), open_ones = 0;
    char byte;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[0]);
    for (int i = 0; i < count && i < CROWD_MAX; i++) {
        fds[i] = socket(AF_UNIX, SOCK_SEQPACKET, 0);
        if (connect(fds[i], (struct sockaddr *)&address, sizeof(address)) < 0)
            return NONSENSE;
    }
    if (write(1, "ready\n", 6) != 6)
        return NONSENSE;
    while (read(0, &byte, 1) > 0)
        ;
    for (int i = 0; i < count && i < CROWD_MAX; i++)
        open_ones += recv(fds[i], &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
    printf("%d\n", open_ones);
    return 0;
}

static int probe_setgroups(char **argv)
{
    return verdict(syscall(SYS_setgroups, 0, NULL) == 0);
}

static int probe_attach(char **argv)
{
    return verdict(ptrace(PTRACE_ATTACH, atoi(argv[0]), NULL, NULL) == 0);
}

/* Is it there when somebody has written to our standard input? */
static int probe_exists_later(char **argv)
{
    char byte;
    return read(0, &byte, 1) == 1 ? probe_exists(argv) : NONSENSE;
}

/* The kernel's other ways in. Only a filter that knows them stops them, and it kills. */
static int probe_x32(char **argv)
{
    return verdict(syscall(0x40000000 | SYS_getpid) > 0 || errno == ENOSYS);
}

static int probe_int80(char **argv)
{
    long result = 20; /* getpid of i386 */
#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
#endif
    return verdict(result > 0 || result == -ENOSYS);
}

/* Becomes a program of 32-bit ARM, which a kernel for AArch64 may run: exit(0) by the numbers of that machine. */
static int probe_arm32(char **argv)
{
    enum { BASE = 0x10000 };
    static const struct {
        Elf32_Ehdr header;
        Elf32_Phdr segment;
        uint32_t code[3];
    } program = {
        .header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
                    .e_type = ET_EXEC,
                    .e_machine = EM_ARM,
                    .e_version = EV_CURRENT,
                    .e_entry = BASE + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
                    .e_phoff = sizeof(Elf32_Ehdr),
                    .e_flags = EF_ARM_EABI_VER5,
                    .e_ehsize = sizeof(Elf32_Ehdr),
                    .e_phentsize = sizeof(Elf32_Phdr),
                    .e_phnum = 1 },
        .segment = { .p_type = PT_LOAD,
                     .p_vaddr = BASE,
                     .p_paddr = BASE,
                     .p_filesz = sizeof(program),
                     .p_memsz = sizeof(program),
                     .p_flags = PF_R | PF_X,
                     .p_align = 0x1000 },
        .code = { 0xe3a00000, 0xe3a07001, 0xef000000 }, /* mov r0, #0; mov r7, #1; svc #0 */
    };
    char *const arguments[] = { "arm32", NULL };
    int fd = memfd_create("arm32", MFD_CLOEXEC);
    if (write(fd, &program, sizeof(program)) != (ssize_t)sizeof(program))
        return NONSENSE;
    fexecve(fd, arguments, arguments + 1);
    return verdict(0);
}

static int probe_unix(char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[0]);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return verdict(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
}

/* Is some mount here without a flag? */
static int probe_mount_without(char **argv)
{
    char line[4096];
    FILE *mounts = fopen("/proc/self/mountinfo", "r");
    int is_found = 0;
    while (mounts && fgets(line, sizeof(line), mounts)) {
        /* the fourth and fifth words are the root and the mount point, the sixth its flags */
        char point[2048] = "", flags[1024] = "";
        if (sscanf(line, "%*s %*s %*s %*s %2047s %1023s", point, flags) == 2)
            is_found = is_found || !strstr(flags, argv[0]);
    }
    return verdict(!mounts || is_found);
}

static int probe_fork(char **argv)
{
    int most = atoi(argv[0]), made = 0;
    for (int i = 0; i < most; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            pause();
            _exit(0);
        }
        made += pid > 0;
    }
    return verdict(made == most);
}

static int probe_allocate(char **argv)
{
    size_t size = (size_t)atol(argv[0]);
    return verdict(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static _Noreturn void hold_without_name(const char *path, size_t mebibytes)
{
    static char bytes[1 << 20];
    int file = open(path, O_CREAT | O_RDWR, 0600);
    unlink(path);
    for (size_t i = 0; i < mebibytes; i++)
        if (write(file, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
            _exit(NONSENSE);
    for (;;)
        pause();
}

struct hiding {
    const char *path;
    size_t mebibytes;
};

static int hide_in_own_table(void *argument)
{
    const struct hiding *hiding = argument;
    if (unshare(CLONE_FILES) < 0)
        _exit(NONSENSE);
    hold_without_name(hiding->path, hiding->mebibytes);
}

/* Waits until the first thread is there no more. */
static int hide_behind_ended(void *argument)
{
    const struct hiding *hiding = argument;
    char path[64], text[256];
    snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
    for (bool has_ended = false; !has_ended;) {
        int stat = open(path, O_RDONLY);
        ssize_t size = read(stat, text, sizeof(text) - 1);
        close(stat);
        text[size < 0 ? 0 : size] = '\0';
        const char *name_end = strrchr(text, ')');
        has_ended = name_end && name_end[1] == ' ' && name_end[2] == 'Z';
    }
    hold_without_name(hiding->path, hiding->mebibytes);
}

static int hide(char **argv, int (*run)(void *), int flags)
{
    static struct hiding hiding;
    size_t size = 65536;
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    hiding = (struct hiding){ .path = argv[0], .mebibytes = (size_t)atol(argv[1]) };
    flags |= CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD;
    return stack == MAP_FAILED || clone(run, stack + size, flags, &hiding) < 0 ? NONSENSE : GOT_THROUGH;
}

/* A file without a name that only a second thread has open. It stays until somebody kills it. */
static int probe_hide_in_thread(char **argv)
{
    if (hide(argv, hide_in_own_table, CLONE_FILES) != GOT_THROUGH)
        return NONSENSE;
    for (;;)
        pause();
}

/* The same where the first thread has ended. */
static int probe_hide_behind_thread(char **argv)
{
    if (hide(argv, hide_behind_ended, CLONE_FILES) != GOT_THROUGH)
        return NONSENSE;
    syscall(SYS_exit, 0); /* of this thread alone */
    return NONSENSE;
}

/* The same of a process that nobody of its user may look into. */
static int probe_hide_shielded(char **argv)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return NONSENSE;
    hold_without_name(argv[0], (size_t)atol(argv[1]));
}

static int probe_queue_signals(char **argv)
{
    sigset_t all;
    int most = atoi(argv[0]), queued = 0;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int i = 0; i < most; i++)
        queued += sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i }) == 0;
    return verdict(queued == most);
}

static int probe_cat(char **argv)
{
    char bytes[256];
    ssize_t size;
    while ((size = read(0, bytes, sizeof(bytes))) > 0)
        if (write(1, bytes, (size_t)size) != size)
            return STOPPED;
    return GOT_THROUGH;
}

/* ---- Networks ---- */

/* The user namespace that our network belongs to: whoever has a descriptor of it may try to enter. */
static int probe_network_owner(char **argv)
{
    int network = open("/proc/self/ns/net", O_RDONLY);
    return verdict(network >= 0 && ioctl(network, NS_GET_USERNS) >= 0);
}

static int probe_loopback_down(char **argv)
{
    struct ifreq request = { .ifr_name = "lo" };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    return verdict(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0);
}

/* Sends back what comes to this port, for ever. */
static int probe_echo_datagrams(char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[0])) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return STOPPED;
    for (;;) {
        char bytes[256] = "echo ";
        struct sockaddr_storage from;
        socklen_t size = sizeof(from);
        ssize_t count = recvfrom(fd, bytes + 5, sizeof(bytes) - 5, 0, (struct sockaddr *)&from, &size);
        if (count >= 0)
            sendto(fd, bytes, (size_t)count + 5, 0, (struct sockaddr *)&from, size);
    }
}

/* A socket that all in one network reach, whatever their files are. */
static struct sockaddr_un meeting_point(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path + 1, "meeting", 7);
    return address;
}

/* Hands a descriptor of its own user namespace to whoever takes it, and waits until that one is done. */
static int probe_offer_namespace(char **argv)
{
    struct sockaddr_un address = meeting_point();
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) } };
    char byte = 0;
    struct iovec bytes = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr head = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
    };
    int own = open("/proc/self/ns/user", O_RDONLY), fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(CMSG_DATA(&control.head), &own, sizeof(own));
    for (int tries = 0; tries < 6000; tries++) {
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
            return verdict(sendmsg(fd, &head, 0) == 1 && read(fd, &byte, 1) == 0);
        usleep(10000);
    }
    return NONSENSE;
}

/* Enters the user namespace that a neighbour hands it. */
static int probe_take_namespace(char **argv)
{
    struct sockaddr_un address = meeting_point();
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    int taken = -1;
    struct iovec bytes = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr head = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
    };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
        return NONSENSE;
    int neighbour = accept(fd, NULL, NULL);
    if (recvmsg(neighbour, &head, 0) != 1 || !CMSG_FIRSTHDR(&head))
        return NONSENSE;
    memcpy(&taken, CMSG_DATA(CMSG_FIRSTHDR(&head)), sizeof(taken));
    return verdict(setns(taken, CLONE_NEWUSER) == 0);
}

/* ---- What a program says of itself ---- */

static int open_notify(struct sockaddr_un *ret_address)
{
    const char *path = getenv("NOTIFY_SOCKET");
    *ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s", path ? path : "");
    return path ? socket(AF_UNIX, SOCK_DGRAM, 0) : -1;
}

/* notify MESSAGE...: one message each; "%n" in it is the end of a line. */
static int probe_notify(char **argv)
{
    struct sockaddr_un address;
    int fd = open_notify(&address);
    for (; fd >= 0 && *argv; argv++) {
        char text[512];
        size_t length = 0;
        for (const char *next = *argv; *next && length < sizeof(text); next++) {
            bool is_end = next[0] == '%' && next[1] == 'n';
            text[length++] = is_end ? '\n' : *next;
            next += is_end;
        }
        if (sendto(fd, text, length, 0, (struct sockaddr *)&address, sizeof(address)) < 0)
            return STOPPED;
    }
    return verdict(fd >= 0);
}

/* What no honest program sends: nothing, too much, NUL, descriptors; then READY=1 behind too many bytes. */
static int probe_notify_nonsense(char **argv)
{
    struct sockaddr_un address;
    static char large[60000];
    int fd = open_notify(&address);
    memset(large, 'x', sizeof(large));
    for (size_t i = 0; i + 9 < sizeof(large); i += 100)
        memcpy(large + i, "\nREADY=1\n", 9);
    sendto(fd, "", 0, 0, (struct sockaddr *)&address, sizeof(address));
    sendto(fd, "READY=1\0", 9, 0, (struct sockaddr *)&address, sizeof(address));
    sendto(fd, "READY=12\n READY=1\nREADY", 24, 0, (struct sockaddr *)&address, sizeof(address));
    sendto(fd, large, sizeof(large), 0, (struct sockaddr *)&address, sizeof(address));
    for (int i = 0; i < 100; i++) {
        union {
            struct cmsghdr head;
            char space[CMSG_SPACE(8 * sizeof(int))];
        } control = { .head = {
                          .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(8 * sizeof(int)) } };
        int fds[8] = { 0, 1, 2, fd, fd, fd, fd, fd };
        struct iovec bytes = { .iov_base = "FDSTORE=1", .iov_len = 9 };
        struct msghdr head = { .msg_name = &address,
                               .msg_namelen = sizeof(address),
                               .msg_iov = &bytes,
                               .msg_iovlen = 1,
                               .msg_control = &control,
                               .msg_controllen = sizeof(control) };
        memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
        if (sendmsg(fd, &head, 0) < 0)
            return STOPPED;
    }
    return GOT_THROUGH;
}

static const struct {
    const char *name;
    int (*run)(char **argv);
} probes[] = {
    { "notify", probe_notify },
    { "notify-nonsense", probe_notify_nonsense },
    { "network-owner", probe_network_owner },
    { "loopback-down", probe_loopback_down },
    { "offer-namespace", probe_offer_namespace },
    { "echo-datagrams", probe_echo_datagrams },
    { "take-namespace", probe_take_namespace },
    { "exists", probe_exists },
    { "same-file", probe_same_file },
    { "read", probe_read },
    { "create", probe_create },
    { "write", probe_write },
    { "hostname", probe_hostname },
    { "sethostname", probe_sethostname },
    { "connect", probe_connect },
    { "abstract", probe_abstract },
    { "shm", probe_shm },
    { "cgroup", probe_cgroup },
    { "descriptor", probe_descriptor },
    { "environment", probe_environment },
    { "chroot", probe_chroot },
    { "ptrace", probe_ptrace },
    { "new-privileges", probe_new_privileges },
    { "large-file", probe_large_file },
    { "init", probe_init },
    { "set-id", probe_set_id },
    { "above", probe_above },
    { "open-count", probe_open_count },
    { "processes", probe_processes },
    { "cat", probe_cat },
    { "open", probe_open },
    { "ioctl", probe_ioctl },
    { "socket", probe_socket },
    { "kill", probe_kill },
    { "keyring", probe_keyring },
    { "io-uring", probe_io_uring },
    { "clone3", probe_clone3 },
    { "mount", probe_mount },
    { "userfault", probe_userfault },
    { "perf", probe_perf },
    { "bpf", probe_bpf },
    { "spy", probe_spy },
    { "memory", probe_memory },
    { "own-exe", probe_own_exe },
    { "catch-exe", probe_catch_exe },
    { "attach-child", probe_attach_child },
    { "forge", probe_forge },
    { "crowd", probe_crowd },
    { "setgroups", probe_setgroups },
    { "attach", probe_attach },
    { "exists-later", probe_exists_later },
    { "x32", probe_x32 },
    { "int80", probe_int80 },
    { "arm32", probe_arm32 },
    { "unix", probe_unix },
    { "mount-without", probe_mount_without },
    { "clock-from", probe_clock_from },
    { "sandbox", probe_sandbox },
    { "whole-sandbox", probe_whole_sandbox },
    { "fork", probe_fork },
    { "allocate", probe_allocate },
    { "hide-in-thread", probe_hide_in_thread },
    { "hide-behind-thread", probe_hide_behind_thread },
    { "hide-shielded", probe_hide_shielded },
    { "queue-signals", probe_queue_signals },
    { "chmod", probe_chmod },
};

int main(int argc, char **argv)
{
    if (argc < 2)
        return NONSENSE;
    if (strcmp(argv[1], "exit") == 0)
        return atoi(argv[2]);
    if (strcmp(argv[1], "signal") == 0) {
        raise(atoi(argv[2]));
        return NONSENSE;
    }
    if (strcmp(argv[1], "sleep") == 0)
        for (;;)
            pause();
    for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
        if (strcmp(probes[i].name, argv[1]) == 0)
            return probes[i].run(argv + 2);
    return NONSENSE;
}
