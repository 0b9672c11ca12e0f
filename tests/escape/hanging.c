/*
 * A file system that does not answer: one of FUSE, whose server is ours and keeps a lookup for ever. A count of the
 * disk gives up on it, and a start that stands in it can be broken off. Each with its control, in which the same server
 * answers. usage: hanging PROBE ESQUEMA
 */
#include "../container/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 1 << 18 };

/* ---- The server ---- */

static void reply(int device, const struct fuse_in_header *to, int error, const void *bytes, size_t size)
{
    struct fuse_out_header head = { .len = (uint32_t)(sizeof(head) + size), .error = error, .unique = to->unique };
    struct iovec parts[] = { { &head, sizeof(head) }, { (void *)bytes, size } };
    if (writev(device, parts, size ? 2 : 1) < 0)
        return; /* whoever asked is gone */
}

static void reply_root(int device, const struct fuse_in_header *request)
{
    struct fuse_attr_out out = { .attr = { .ino = 1, .mode = S_IFDIR | 0755, .nlink = 2 } };
    reply(device, request, 0, &out, sizeof(out));
}

/* One name, once. */
static void reply_names(int device, const struct fuse_in_header *request)
{
    const struct fuse_read_in *in = (const struct fuse_read_in *)(request + 1);
    union {
        struct fuse_dirent entry;
        char space[FUSE_NAME_OFFSET + 8];
    } out = { .entry = { .ino = 2, .off = 1, .namelen = 4, .type = S_IFREG >> 12 } };
    memcpy(out.space + FUSE_NAME_OFFSET, "file", 4);
    reply(device, request, 0, &out, in->offset == 0 ? sizeof(out) : 0);
}

/* A lookup is told to `told` by a byte, and answered only where `answers`. */
__attribute__((noreturn)) static void serve(int device, int told, bool answers)
{
    static char bytes[REQUEST_MAX] __attribute__((aligned(8)));
    const struct fuse_in_header *request = (const struct fuse_in_header *)bytes;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        ssize_t size = read(device, bytes, sizeof(bytes));
        if (size < (ssize_t)sizeof(*request)) {
            if (size < 0 && (errno == EINTR || errno == ENOENT))
                continue;
            _exit(0);
        }
        switch (request->opcode) {
        case FUSE_INIT: {
            struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096 };
            reply(device, request, 0, &out, sizeof(out));
            break;
        }
        case FUSE_GETATTR: reply_root(device, request); break;
        case FUSE_OPENDIR: {
            struct fuse_open_out out = { .fh = 1 };
            reply(device, request, 0, &out, sizeof(out));
            break;
        }
        case FUSE_READDIR: reply_names(device, request); break;
        case FUSE_LOOKUP:
            if (write(told, "l", 1) != 1)
                _exit(1);
            if (answers)
                reply(device, request, -ENOENT, NULL, 0);
            break;
        case FUSE_FORGET:
        case FUSE_BATCH_FORGET:
        case FUSE_INTERRUPT: break;
        case FUSE_RELEASEDIR: reply(device, request, 0, NULL, 0); break;
        default: reply(device, request, -ENOSYS, NULL, 0);
        }
    }
}

/* ---- Where it is mounted: a user namespace in which we may ---- */

static bool become_host(void)
{
    return enter_namespaces(CLONE_NEWNS, getuid(), getgid());
}

struct hanging {
    char folder[300];
    pid_t server;
    int told;
};

static bool hang_up(struct hanging *hanging, const char *name, bool answers)
{
    char options[128];
    int ends[2], device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    snprintf(hanging->folder, sizeof(hanging->folder), "%s/%s", harness.folder, name);
    snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u", device, getuid(), getgid());
    if (device < 0 || mkdir(hanging->folder, 0755) < 0 || pipe2(ends, O_CLOEXEC) < 0 ||
        mount("hanging", hanging->folder, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
        return false;
    hanging->server = fork();
    if (hanging->server == 0)
        serve(device, ends[1], answers);
    close(device);
    close(ends[1]);
    hanging->told = ends[0];
    return hanging->server > 0;
}

static bool is_asked(const struct hanging *hanging)
{
    char byte;
    struct pollfd ready = { .fd = hanging->told, .events = POLLIN };
    return poll(&ready, 1, 60000) == 1 && read(hanging->told, &byte, 1) == 1;
}

/* Whoever stands in it gets an error then. */
static void take_down(struct hanging *hanging)
{
    kill(hanging->server, SIGKILL);
    waitpid(hanging->server, NULL, 0);
    umount2(hanging->folder, MNT_DETACH);
    rmdir(hanging->folder);
    close(hanging->told);
}

/* ---- The attacks ---- */

static void test_count(void)
{
    struct hanging honest, silent;
    char field[400];
    if (!check(hang_up(&honest, "honest", true), "a file system of our own that answers"))
        return;
    snprintf(field, sizeof(field), "mounts+=bind %s /data writable", honest.folder);
    struct started started = run("@exit 0", field, "disk=1000000", NULL);
    check(started.launch == 0 && started.result.exit_status == 0, "control: a count of it comes to its end");
    check(is_asked(&honest), "for which its files are looked at");
    take_down(&honest);

    if (!check(hang_up(&silent, "silent", false), "one that does not"))
        return;
    snprintf(field, sizeof(field), "mounts+=bind %s /data writable", silent.folder);
    started = run("@exit 0", field, "disk=1000000", NULL);
    check(started.launch == -ETIMEDOUT && started.error.error_number == ETIMEDOUT,
          "a count that hangs stops the start, and does not lift the limit");
    check(is_asked(&silent), "it hangs where a file is looked at");
    check(waitpid(-1, NULL, WNOHANG) <= 0, "and whoever has counted is no child of ours any more");
    take_down(&silent);
}

int main(int argc, char **argv)
{
    if (argc != 2 || !become_host() || !harness_init(argv[1])) {
        printf("Bail out! no root filesystem could be made\n");
        return 99;
    }
    int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0) {
        skip("/dev/fuse is missing or closed", "file systems that do not answer");
    } else {
        close(device);
        test_count();
    }
    harness_done();
    return finish();
}
