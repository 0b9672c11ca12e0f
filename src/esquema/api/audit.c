/*
 * What a container could still do: each line is derived from the plan that would be launched, or from the field that
 * made its step. A line that does not stand here is a wall that stands. Starts nothing, and changes nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "names/names.h"
#include "plan/plan.h"
#include "seccomp/describe.h"

/* Bounds of the look for sockets: a bind may be anything. */
enum { SOCKETS_MAX = 16, ENTRIES_MAX = 20000, DEPTH_MAX = 8 };

enum { NAMES_WORDS = 160 };

struct audit {
    const esq_spec *spec;
    const struct plan_block *block;
    esq_finding *list;
    size_t capacity;
    size_t count;
    unsigned entries; /* looked at for sockets */
    unsigned sockets;
    bool is_cut; /* the look ended at one of its bounds, or could not go on somewhere */
};

__attribute__((format(printf, 5, 6))) static void find(struct audit *audit, const char *area, unsigned exposure,
                                                       const esq_location *where, const char *format, ...)
{
    if (audit->count < audit->capacity) {
        esq_finding *finding = &audit->list[audit->count];
        esq_error text;
        char words[ESQ_ERROR_TEXT];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(words, sizeof(words), format, arguments);
        va_end(arguments);
        esq_fail(&text, where, 0, NULL, "%s", words); /* without what moves the cursor of a terminal */
        *finding = (esq_finding){ .area = area, .exposure = exposure, .line = text.line, .column = text.column };
        snprintf(finding->text, sizeof(finding->text), "%s", text.text);
        snprintf(finding->file, sizeof(finding->file), "%s", text.file);
    }
    audit->count++;
}

static bool has_step(const struct plan_block *block, enum step_kind kind)
{
    for (uint32_t i = 0; i < block->step_count; i++)
        if (plan_step(block, i)->kind == kind)
            return true;
    return false;
}

/* ---- Namespaces ---- */

static void audit_namespaces(struct audit *audit)
{
    static const struct {
        uint32_t flag;
        unsigned exposure;
        const char *text;
    } namespaces[] = {
        { CLONE_NEWUSER, 30, "its capabilities are those of the host's user namespace" },
        { CLONE_NEWPID, 20, "it sees the host's processes, and may signal those of its user" },
        { CLONE_NEWIPC, 15, "it reaches the host's System V memory and message queues" },
        { CLONE_NEWUTS, 5, "it sees the host's name" },
        { CLONE_NEWCGROUP, 5, "it sees where in the host's cgroups it is" },
    };
    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
        if (!(audit->block->clone_flags_low & namespaces[i].flag))
            find(audit, "namespaces", namespaces[i].exposure, spec_where(audit->spec, SPEC_NAMESPACES), "%s",
                 namespaces[i].text);
    if (audit->block->has_id_ranges)
        find(audit, "namespaces", 3, spec_where(audit->spec, SPEC_ID_RANGE), "it uses %s subordinate ids of the caller",
             spec_text(audit->spec, SPEC_ID_RANGE));
}

/* ---- Files ---- */

/* Does memory of its own lie over this path inside? The container's steps say "mount tmpfs on PATH, ...". */
static bool is_covered(const struct plan_block *block, const char *inside)
{
    char wanted[PATH_MAX + 32];
    if (strcmp(inside, "/proc") == 0)
        return has_step(block, STEP_PROC);
    if (strcmp(inside, "/dev") == 0)
        return has_step(block, STEP_DEV);
    snprintf(wanted, sizeof(wanted), "mount tmpfs on %s, ", inside);
    for (uint32_t i = 0; i < block->step_count; i++) {
        const struct step *step = plan_step(block, i);
        if (step->kind == STEP_TMPFS && strncmp(STEP_TEXT(block, step->text), wanted, strlen(wanted)) == 0)
            return true;
    }
    return false;
}

/*
 * connect() asks for no write to the file system: sockets beneath a read-only bind are as open as any. `root` is what
 * becomes the container's root, of a path beneath it.
 */
static void find_sockets(struct audit *audit, const char *path, const char *root, int depth, const esq_location *where)
{
    struct stat about;
    if (root && is_covered(audit->block, path + strlen(root)))
        return;
    if (audit->entries >= ENTRIES_MAX || audit->sockets >= SOCKETS_MAX || lstat(*path ? path : "/", &about) < 0) {
        audit->is_cut = true;
        return;
    }
    audit->entries++;
    if (S_ISSOCK(about.st_mode)) {
        audit->sockets++;
        find(audit, "sockets", 10, where, "may connect to %s", path);
    }
    if (!S_ISDIR(about.st_mode))
        return;
    int fd = depth < DEPTH_MAX ? open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        audit->is_cut = true;
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) && audit->entries < ENTRIES_MAX;) {
        char below[4096];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (entry->d_type != DT_DIR && entry->d_type != DT_SOCK && entry->d_type != DT_UNKNOWN)
            continue;
        if ((size_t)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) < sizeof(below))
            find_sockets(audit, below, root, depth + 1, where);
        else
            audit->is_cut = true;
    }
    closedir(folder);
}

/* Steps say what was decided: "bind SOURCE on DESTINATION, writable". */
static void audit_binds(struct audit *audit)
{
    for (uint32_t i = 0; i < audit->block->step_count; i++) {
        const struct step *step = plan_step(audit->block, i);
        const char *text = STEP_TEXT(audit->block, step->text);
        size_t length = strlen(text);
        esq_location where = { step->file ? STEP_TEXT(audit->block, step->file) : NULL, step->line, step->column };
        bool is_writable = length > 10 && strcmp(text + length - 10, ", writable") == 0;
        if (step->kind == STEP_BIND && strncmp(text, "bind ", 5) == 0)
            find(audit, "files", is_writable ? 8 : 2, &where, "%s %s",
                 is_writable ? "may change:" : "may read:", text + 5);
        else if (step->kind == STEP_ROOT && is_writable && spec_is(audit->spec, SPEC_ROOTFS_MODE, "writable"))
            find(audit, "files", 10, &where, "may change its root filesystem, %s", spec_text(audit->spec, SPEC_ROOTFS));
        else if (step->kind == STEP_KEEP)
            find(audit, "files", 3, &where, "leaves something: %s", text);
    }
}

/* A root of the host is as much a view of it as a bind: the description's own folder alone is nothing to speak of. */
static void audit_root(struct audit *audit)
{
    enum { WHOLE_HOST = 30, ELSEWHERE = 3 };
    const esq_location *where = spec_where(audit->spec, SPEC_ROOTFS);
    char real[PATH_MAX];
    if (!where || !realpath(spec_text(audit->spec, SPEC_ROOTFS), real))
        return;
    bool is_writable = spec_is(audit->spec, SPEC_ROOTFS_MODE, "writable");
    if (strcmp(real, "/") == 0)
        find(audit, "files", WHOLE_HOST, where,
             "may read all of the host that its user may read, as its root (--allow %s=/)",
             is_writable ? "writable-path" : "host-path");
    else if (!spec_is_in_folder(audit->spec, real))
        find(audit, "files", ELSEWHERE, where, "may read: %s as its root (--allow %s=%s)", real,
             is_writable ? "writable-path" : "host-path", real);
    if (!spec_is(audit->spec, SPEC_ROOTFS_MODE, "overlay")) /* no socket is reached through one */
        find_sockets(audit, strcmp(real, "/") == 0 ? "" : real, strcmp(real, "/") == 0 ? "" : real, 0, where);
}

/* A bind is of what its path leads to. What is not there yet is made empty. */
static void audit_source(struct audit *audit, const struct spec_item *item)
{
    char real[PATH_MAX];
    if (realpath(item->words[1], real))
        find_sockets(audit, strcmp(real, "/") == 0 ? "" : real, NULL, 0, &item->where);
}

/* Who else has the volume may listen in it. */
static void audit_volume(struct audit *audit, const struct spec_item *item)
{
    char path[PATH_MAX], real[PATH_MAX];
    int length =
        snprintf(path, sizeof(path), "%s/volumes/%s", spec_text(audit->spec, SPEC_DATA_FOLDER), item->words[1]);
    if (length < (int)sizeof(path) && realpath(path, real)) /* else it is made, empty */
        find_sockets(audit, real, NULL, 0, &item->where);
}

static void audit_files(struct audit *audit)
{
    size_t count;
    const struct spec_item *items = spec_items(audit->spec, SPEC_MOUNTS, &count);
    audit_binds(audit);
    audit_root(audit);
    for (size_t i = 0; i < count; i++)
        if (items[i].count > 2 && strcmp(items[i].words[0], "bind") == 0)
            audit_source(audit, &items[i]);
        else if (items[i].count > 2 && strcmp(items[i].words[0], "volume") == 0)
            audit_volume(audit, &items[i]);
    if (audit->is_cut || audit->entries >= ENTRIES_MAX)
        find(audit, "sockets", 5, NULL,
             "may connect to more sockets: what is bound has too many files or folders to look at each, or some that "
             "cannot be read");
    items = spec_items(audit->spec, SPEC_DEVICES, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < items[i].count; j++)
            find(audit, "devices", 8, &items[i].where, "may use %s", items[i].words[j]);
    if (has_step(audit->block, STEP_PROC) && !has_step(audit->block, STEP_MASK))
        find(audit, "files", 5,
             spec_where(audit->spec, spec_is_given(audit->spec, SPEC_MASKS) ? SPEC_MASKS : SPEC_NESTED_NAMESPACES),
             "may read what the kernel says of the host in /proc");
}

static void audit_descriptors(struct audit *audit)
{
    size_t count;
    const struct spec_item *items = spec_items(audit->spec, SPEC_KEEP, &count);
    for (size_t i = 0; i < count; i++)
        find(audit, "descriptors", 2, &items[i].where, "is handed an open file as number %d", items[i].inside);
}

/* ---- Network ---- */

/* With raw packets or the right to change routes the wall before metadata services is none. */
static const char *way_to_metadata(const struct audit *audit)
{
    static const char *const ways[] = { "net_admin", "net_raw" };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (spec_has_capability(audit->spec, ways[i]))
            return ways[i];
    return NULL;
}

/* What pasta forwards leads to a server that nothing else inside reaches. */
static const char *describe_names(const struct audit *audit, char text[NAMES_WORDS])
{
    struct names names;
    char servers[NAMES_SERVERS_MAX];
    names_read(names_wish(audit->spec), &names);
    names_print_servers(&names, servers);
    text[0] = '\0';
    if (*servers)
        snprintf(text, NAMES_WORDS, "; questions for names lead to the host's server %s", servers);
    return text;
}

static void audit_user_network(struct audit *audit, const esq_location *where)
{
    const char *way = way_to_metadata(audit);
    char words[NAMES_WORDS];
    const char *names = describe_names(audit, words);
    if (spec_is(audit->spec, SPEC_NETWORK_METADATA, "yes"))
        find(audit, "network", 13, where,
             "reaches whatever the host reaches, link-local addresses too, as the metadata service of a cloud; but not "
             "the host's loopback%s",
             names);
    else if (way)
        find(audit, "network", 13, where,
             "reaches whatever the host reaches, but not the host's loopback; its capability %s leads past the wall "
             "before the metadata services of clouds%s",
             way, names);
    else
        find(audit, "network", 10, where,
             "reaches whatever the host reaches, but neither the host's loopback nor the metadata services of clouds%s",
             names);
}

static void audit_network(struct audit *audit)
{
    size_t count;
    const struct spec_item *items = spec_items(audit->spec, SPEC_PUBLISH, &count);
    const esq_location *where = spec_where(audit->spec, SPEC_NETWORK);
    const char *joined = spec_text(audit->spec, SPEC_NETWORK_JOIN);
    if (has_step(audit->block, STEP_JOIN_CONTAINER))
        find(audit, "network", 8, where, "reaches whatever `%s` reaches, and its loopback and abstract sockets",
             joined);
    else if (has_step(audit->block, STEP_JOIN_NETWORK))
        find(audit, "network", 15, where,
             "lives in the network %s; who lives in the user namespace that it belongs to, with your ids, has every "
             "capability over this container",
             joined);
    else if (has_step(audit->block, STEP_SHARE_NETWORK))
        find(audit, "network", 3, spec_where(audit->spec, SPEC_NETWORK_SHARE),
             "its loopback and abstract sockets can be reached by who joins its network");
    else if (!(audit->block->clone_flags_low & CLONE_NEWNET))
        find(audit, "network", 25, where, "reaches whatever the host reaches, and the host's own loopback");
    if (has_step(audit->block, STEP_USER_NETWORK))
        audit_user_network(audit, where);
    for (size_t i = 0; i < count; i++)
        find(audit, "network", 3, &items[i].where, "can be reached by port %s of the host", items[i].words[0]);
}

/* ---- Privileges ---- */

static void audit_privileges(struct audit *audit)
{
    size_t count;
    const struct spec_item *items = spec_items(audit->spec, SPEC_CAPABILITIES, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < items[i].count; j++)
            find(audit, "capabilities", strstr(items[i].words[j], "sys_admin") ? 20 : 8, &items[i].where,
                 "keeps %s in its namespaces", items[i].words[j]);
    uint32_t uid, gid;
    if (spec_is(audit->spec, SPEC_NESTED_NAMESPACES, "yes") &&
        spec_parse_user(spec_text(audit->spec, SPEC_USER), &uid, &gid) && uid == 0)
        find(audit, "capabilities", 3, spec_where(audit->spec, SPEC_NESTED_NAMESPACES),
             "keeps setfcap, without which its own namespaces could have no root");
    if (!has_step(audit->block, STEP_NO_NEW_PRIVILEGES))
        find(audit, "capabilities", 15, spec_where(audit->spec, SPEC_NO_NEW_PRIVILEGES),
             "may gain privileges by executing a program");
    if (!has_step(audit->block, STEP_LANDLOCK))
        find(audit, "landlock", 10, spec_where(audit->spec, SPEC_LANDLOCK),
             "no second wall stands behind the mounts; files given for reading can be opened for writing");
    items = spec_items(audit->spec, SPEC_BEST_EFFORT, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < items[i].count; j++)
            find(audit, "excuses", 5, &items[i].where, "%s may be missing", items[i].words[j]);
}

/* ---- System calls ---- */

/* The kernel's machine, for the few instructions that filters are made of. Anything else counts as allowed. */
static uint32_t ask_filter(const struct sock_filter *code, size_t length, const struct seccomp_data *data)
{
    uint32_t accumulator = 0;
    for (size_t at = 0; at < length; at++) {
        bool is_true;
        switch (code[at].code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (code[at].k > sizeof(*data) - 4)
                return SECCOMP_RET_ALLOW;
            memcpy(&accumulator, (const char *)data + code[at].k, 4);
            continue;
        case BPF_ALU | BPF_AND | BPF_K: accumulator &= code[at].k; continue;
        case BPF_JMP | BPF_JA: at += code[at].k; continue;
        case BPF_RET | BPF_K: return code[at].k;
        case BPF_JMP | BPF_JEQ | BPF_K: is_true = accumulator == code[at].k; break;
        case BPF_JMP | BPF_JGE | BPF_K: is_true = accumulator >= code[at].k; break;
        case BPF_JMP | BPF_JSET | BPF_K: is_true = (accumulator & code[at].k) != 0; break;
        default: return SECCOMP_RET_ALLOW;
        }
        at += is_true ? code[at].jt : code[at].jf;
    }
    return SECCOMP_RET_ALLOW;
}

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

static void audit_calls(struct audit *audit)
{
    static const struct {
        const char *name;
        int number;
        uint64_t argument;
        unsigned exposure;
        const char *what;
    } calls[] = {
        { "ptrace", SYS_ptrace, 0, 8, "look into and change its other processes" },
        { "mount", SYS_mount, 0, 8, "mount, in namespaces where it has the capability" },
        { "unshare", SYS_unshare, CLONE_NEWUSER, 10, "make user namespaces, whose kernel code is the least tried" },
        { "setns", SYS_setns, 0, 8, "enter other namespaces" },
        { "bpf", SYS_bpf, 0, 10, "load programs into the kernel" },
        { "io_uring_setup", SYS_io_uring_setup, 0, 10, "make system calls past the policy, by io_uring" },
        { "perf_event_open", SYS_perf_event_open, 0, 8, "watch the processor's events" },
        { "userfaultfd", SYS_userfaultfd, 0, 5, "hold the kernel at its page faults" },
        { "keyctl", SYS_keyctl, 0, 8, "use the user's keyrings, which no namespace parts" },
        { "ioctl TIOCSTI", SYS_ioctl, 0x5412, 15, "type on the terminal it was started from" },
    };
    const struct step *filter = NULL;
    for (uint32_t i = 0; i < audit->block->step_count; i++)
        if (plan_step(audit->block, i)->kind == STEP_SECCOMP)
            filter = plan_step(audit->block, i);
    if (!filter) {
        find(audit, "system calls", 30, spec_where(audit->spec, SPEC_SECCOMP), "may make every call of the kernel");
        return;
    }
    struct seccomp_beyond beyond;
    if (seccomp_list_beyond(audit->spec, &beyond) > 0) {
        char more[32] = "";
        if (beyond.unnamed > 0)
            snprintf(more, sizeof(more), " and %zu more", beyond.unnamed);
        find(audit, "system calls", 8,
             spec_where(audit->spec, spec_is_given(audit->spec, SPEC_SECCOMP_RULES) ? SPEC_SECCOMP_RULES
                                     : spec_is_given(audit->spec, SPEC_SECCOMP)     ? SPEC_SECCOMP
                                                                                    : SPEC_NESTED_NAMESPACES),
             "may ask the kernel for what the standard policy refuses: %s%s", beyond.text, more);
    }
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct seccomp_data data = { .nr = calls[i].number, .arch = OWN_ARCHITECTURE };
        data.args[calls[i].number == SYS_ioctl ? 1 : 0] = calls[i].argument;
        if (ask_filter((const struct sock_filter *)STEP_TEXT(audit->block, filter->data),
                       filter->size / sizeof(struct sock_filter), &data) == SECCOMP_RET_ALLOW)
            find(audit, "system calls", calls[i].exposure, spec_where(audit->spec, SPEC_SECCOMP), "%s: may %s",
                 calls[i].name, calls[i].what);
    }
}

/* ---- Limits ---- */

static void audit_limits(struct audit *audit)
{
    if (!spec_is_given(audit->spec, SPEC_MEMORY))
        find(audit, "limits", 3, NULL, "may use as much memory as the host has");
    if (!spec_is_given(audit->spec, SPEC_CPUS))
        find(audit, "limits", 1, NULL, "may use every processor");
    if (audit->block->time_ms == 0)
        find(audit, "limits", 1, NULL, "may run for ever");
}

size_t esq_audit(const esq_spec *spec, const esq_plan *plan, esq_finding *ret_findings, size_t capacity)
{
    struct audit audit = { .spec = spec, .block = plan->block, .list = ret_findings, .capacity = capacity };
    audit_namespaces(&audit);
    audit_files(&audit);
    audit_descriptors(&audit);
    audit_network(&audit);
    audit_privileges(&audit);
    audit_calls(&audit);
    audit_limits(&audit);
    return audit.count;
}
