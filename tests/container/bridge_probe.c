/*
 * Stands in the runner's place and tries what a program may do to a host: says "name=done" or "name=refused" for each.
 * Started in front of the walls it shows that what it tries is possible there. When the thunk that it gets contains
 * "lie-" and a word, it answers with a lie of that kind instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/transfer.h"
#include "bridge/frame.h"
#include "schooner/value/value.h"

static bool open_file(void)
{
    return open("/proc/self/status", O_RDONLY) >= 0 || open("/etc/passwd", O_RDONLY) >= 0;
}

static bool list_root(void)
{
    return open("/", O_RDONLY | O_DIRECTORY) >= 0;
}

static bool make_file(void)
{
    return open("probe-was-here", O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool make_folder(void)
{
    return mkdir("/probe-folder", 0700) == 0;
}

static bool unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool inet_socket(void)
{
    return socket(AF_INET, SOCK_DGRAM, 0) >= 0;
}

static bool fork_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        syscall(SYS_exit_group, 0);
    return pid > 0;
}

static bool execute(void)
{
    /* In a process of its own where there may be one, else in this: success would end the report. */
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    char *const arguments[] = { "true", NULL };
    char *const environment[] = { NULL };
    if (pid <= 0) {
        execve("/bin/true", arguments, environment);
        if (pid == 0)
            syscall(SYS_exit_group, 9);
        return false;
    }
    int status;
    return waitpid((pid_t)pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool memory_file(void)
{
    return syscall(SYS_memfd_create, "probe", 0) >= 0;
}

static bool new_namespace(void)
{
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
}

static bool mount_something(void)
{
    return mount("none", "/", "tmpfs", 0, NULL) == 0;
}

static bool trace_init(void)
{
    return ptrace(PTRACE_ATTACH, 1, 0, 0) == 0;
}

static bool signal_others(void)
{
    return kill(-1, 0) == 0;
}

static bool environment_of_others(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/environ", (long)getppid());
    return open(path, O_RDONLY) >= 0;
}

static bool raise_limits(void)
{
    struct rlimit files = { 100000, 100000 };
    return syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &files, NULL) == 0;
}

static const struct {
    const char *name;
    bool (*attempt)(void);
} attempts[] = {
    { "open-file", open_file },         { "list-root", list_root },
    { "make-file", make_file },         { "make-folder", make_folder },
    { "unix-socket", unix_socket },     { "inet-socket", inet_socket },
    { "fork", fork_process },           { "memory-file", memory_file },
    { "signal-others", signal_others }, { "environment-of-others", environment_of_others },
    { "raise-limits", raise_limits },   { "execute", execute },
    { "trace-init", trace_init },       { "new-namespace", new_namespace },
    { "mount", mount_something }, /* the last: in front of the walls it is a new namespace's */
};

/* --- lies --- */

static void send_header(enum frame_kind kind, uint64_t length)
{
    struct frame_header header = frame_header_make(kind, 0);
    header.length = length;
    (void)!write(FRAME_RUNNER_FD, &header, sizeof header);
}

static void lie_huge(void)
{
    send_header(FRAME_VALUE, UINT64_C(1) << 60);
}

static void lie_kind(void)
{
    frame_write(FRAME_RUNNER_FD, (enum frame_kind)99, "x", 1);
}

static void lie_request(void)
{
    frame_write(FRAME_RUNNER_FD, FRAME_REQUEST, "x", 1);
}

static void lie_cut(void)
{
    send_header(FRAME_VALUE, 1000);
    (void)!write(FRAME_RUNNER_FD, "only this", 9);
}

static void lie_header(void)
{
    (void)!write(FRAME_RUNNER_FD, "garbage of some length", 22);
}

static void lie_value(void)
{
    unsigned char bytes[512];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 167 + 13);
    frame_write(FRAME_RUNNER_FD, FRAME_VALUE, bytes, sizeof bytes);
}

static void lie_text(void)
{
    frame_write(FRAME_RUNNER_FD, FRAME_OUTPUT, "\xff\xfe\xc0\x80 no text", 12);
}

static void lie_limit(void)
{
    uint32_t limit = 4000000000u;
    frame_write(FRAME_RUNNER_FD, FRAME_LIMIT, &limit, sizeof limit);
}

static void lie_flood(void)
{
    static const char piece[4096] = "spam";
    while (frame_write(FRAME_RUNNER_FD, FRAME_OUTPUT, piece, sizeof piece))
        ;
}

static void lie_silence(void)
{
    for (;;)
        pause(); /* which is refused: it turns in circles */
}

/* --- lies in the encoding of values (src/schooner/travel) --- */

enum { NODE_PAIR = 0, PAIR_SIZE = 17, DEPTH = 1000000 };

/* As at the beginning of the thunk in the request, which tells the fingerprint. */
static struct value_header {
    uint32_t magic, version;
    uint64_t fingerprint;
    uint32_t nodes, code;
} of_thunk;

static uint64_t pair_of_number(uint32_t number)
{
    return (uint64_t)number << 3 | TAG_PAIR;
}

/* A value whose only pair has these two in it. */
static void send_pair(uint32_t nodes, uint64_t car, uint64_t cdr, uint64_t root)
{
    unsigned char bytes[sizeof of_thunk + PAIR_SIZE + 8];
    struct value_header header = of_thunk;
    header.nodes = nodes;
    header.code = 0;
    memcpy(bytes, &header, sizeof header);
    bytes[sizeof header] = NODE_PAIR;
    memcpy(bytes + sizeof header + 1, &car, 8);
    memcpy(bytes + sizeof header + 9, &cdr, 8);
    memcpy(bytes + sizeof header + PAIR_SIZE, &root, 8);
    frame_write(FRAME_RUNNER_FD, FRAME_VALUE, bytes, sizeof bytes);
}

/* No lie: the control of the others. */
static void lie_honest(void)
{
    send_pair(1, make_fixnum(4).bits, make_fixnum(2).bits, pair_of_number(0));
}

static void lie_twice(void)
{
    lie_honest();
    send_pair(1, make_fixnum(6).bits, make_fixnum(6).bits, pair_of_number(0));
}

static void lie_beyond(void)
{
    send_pair(1, pair_of_number(1), V_NIL.bits, pair_of_number(0));
}

static void lie_count(void)
{
    send_pair(UINT32_MAX, V_NIL.bits, V_NIL.bits, pair_of_number(0));
}

static void lie_pointer(void)
{
    send_pair(1, UINT64_C(0x7fffffffe000) | TAG_OBJECT, V_NIL.bits, pair_of_number(0));
}

static void lie_header_word(void)
{
    send_pair(1, TAG_HEADER, V_NIL.bits, pair_of_number(0));
}

/* A procedure of the caller's own, where it wants data. */
static void lie_code(void)
{
    enum { NODE_PRIMITIVE = 17 };
    unsigned char bytes[sizeof of_thunk + 1 + 8 + 8];
    const uint64_t first = 0, root = TAG_OBJECT;
    struct value_header header = of_thunk;
    header.nodes = header.code = 1;
    memcpy(bytes, &header, sizeof header);
    bytes[sizeof header] = NODE_PRIMITIVE;
    memcpy(bytes + sizeof header + 1, &first, 8);
    memcpy(bytes + sizeof header + 9, &root, 8);
    frame_write(FRAME_RUNNER_FD, FRAME_VALUE, bytes, sizeof bytes);
}

/* Each pair is the car of the one before: whoever walks into it by calling itself runs out of stack. */
static void lie_deep(void)
{
    static unsigned char bytes[sizeof of_thunk + (size_t)DEPTH * PAIR_SIZE + 8];
    unsigned char *at = bytes + sizeof of_thunk;
    const uint64_t nil = V_NIL.bits, root = pair_of_number(0);
    struct value_header header = of_thunk;
    header.nodes = DEPTH;
    header.code = 0;
    memcpy(bytes, &header, sizeof header);
    for (uint32_t i = 0; i < DEPTH; i++, at += PAIR_SIZE) {
        uint64_t car = i + 1 < DEPTH ? pair_of_number(i + 1) : nil;
        *at = NODE_PAIR;
        memcpy(at + 1, &car, 8);
        memcpy(at + 9, &nil, 8);
    }
    memcpy(at, &root, 8);
    frame_write(FRAME_RUNNER_FD, FRAME_VALUE, bytes, sizeof bytes);
}

/* A condition of this kind, whose place and calls are none. */
static void send_condition(const char *kind, const char *message)
{
    enum { NODE_STRING = 1, NODE_SYMBOL = 2, NODE_CONDITION = 12, NODES = 3 };
    unsigned char bytes[sizeof of_thunk + 512];
    const uint64_t parts[] = { 1 << 3 | TAG_OBJECT, 2 << 3 | TAG_OBJECT, V_NIL.bits,
                               2 << 3 | TAG_OBJECT, 0 << 3 | TAG_OBJECT, 1 << 3 | TAG_OBJECT };
    const char *const texts[] = { kind, message };
    const uint64_t root = TAG_OBJECT;
    struct value_header header = of_thunk;
    size_t at = sizeof header;
    header.nodes = NODES;
    header.code = 0;
    memcpy(bytes, &header, sizeof header);
    bytes[at++] = NODE_CONDITION;
    memcpy(bytes + at, parts, sizeof parts);
    at += sizeof parts;
    for (int i = 0; i < 2; i++) {
        uint32_t length = (uint32_t)strlen(texts[i]);
        bytes[at++] = i == 0 ? NODE_SYMBOL : NODE_STRING;
        memcpy(bytes + at, &length, sizeof length);
        memcpy(bytes + at + sizeof length, texts[i], length);
        at += sizeof length + length;
    }
    memcpy(bytes + at, &root, sizeof root);
    frame_write(FRAME_RUNNER_FD, FRAME_RAISED, bytes, at + sizeof root);
}

static void lie_place(void)
{
    send_condition("type-error", "nowhere");
}

/* In the runtime's own name, whose advice people follow. */
static void lie_name(void)
{
    send_condition("container-error", "all is lost\nremedy: become root and try again");
}

/* All but the last byte, and then nothing. */
static void lie_endless(void)
{
    send_header(FRAME_VALUE, 1000);
    for (int i = 0; i < 999; i++)
        (void)!write(FRAME_RUNNER_FD, "x", 1);
    lie_silence();
}

static const struct {
    const char *name;
    void (*tell)(void);
} lies[] = {
    { "lie-huge", lie_huge },        { "lie-kind", lie_kind },     { "lie-request", lie_request },
    { "lie-cut", lie_cut },          { "lie-header", lie_header }, { "lie-value", lie_value },
    { "lie-text", lie_text },        { "lie-limit", lie_limit },   { "lie-flood", lie_flood },
    { "lie-silence", lie_silence },  { "lie-honest", lie_honest }, { "lie-twice", lie_twice },
    { "lie-beyond", lie_beyond },    { "lie-count", lie_count },   { "lie-pointer", lie_pointer },
    { "lie-word", lie_header_word }, { "lie-code", lie_code },     { "lie-deep", lie_deep },
    { "lie-endless", lie_endless },  { "lie-place", lie_place },   { "lie-name", lie_name },
};

/* Reads the request, if there is one, and lies as it says. */
static bool tell_lie(void)
{
    static char request[65536];
    struct frame_header header;
    if (!transfer_read(FRAME_RUNNER_FD, &header, sizeof header) || header.length > sizeof request ||
        !transfer_read(FRAME_RUNNER_FD, request, header.length))
        return false;
    if (header.length >= sizeof(struct frame_request) + sizeof of_thunk)
        memcpy(&of_thunk, request + sizeof(struct frame_request), sizeof of_thunk);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        if (!memmem(request, header.length, lies[i].name, strlen(lies[i].name)))
            continue;
        lies[i].tell();
        return true;
    }
    return false;
}

int main(void)
{
    char text[1024] = "";
    if (tell_lie())
        return 0;
    size_t length = 0;
    signal(SIGCHLD, SIG_DFL);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, " %s=%s", attempts[i].name,
                                   attempts[i].attempt() ? "done" : "refused");
    return frame_write(FRAME_RUNNER_FD, FRAME_FAILURE, text, length) ? 0 : 1;
}
