/*
 * esq_confine: each wall is attacked by a forked process that has put it on by itself, and the same attack must get
 * through where that wall alone was taken down. usage: confine PROBE
 */
#include "harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GOT_THROUGH = 0, STOPPED = 1, NOT_CONFINED = 99 };

static struct sockaddr_in server;
static int secret = -1;

/* Each returns true where it got through. */
typedef bool attack_function(void);

static bool open_host_file(void)
{
    char path[320];
    snprintf(path, sizeof(path), "%s/bin/probe", harness.root);
    return open(path, O_RDONLY | O_CLOEXEC) >= 0;
}

static bool connect_to_host(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0;
}

static bool rename_host(void)
{
    return sethostname("x", 1) == 0;
}

static bool make_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool open_root(void)
{
    return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0;
}

static bool use_inherited(void)
{
    return fcntl(secret, F_GETFD) >= 0;
}

static bool open_many(void)
{
    for (int i = 0; i < 32; i++)
        if (dup(0) < 0)
            return false;
    return true;
}

static int confine_and(const char *const *settings, attack_function *attack)
{
    esq_error error;
    esq_plan *plan = plan_from(settings, &error);
    if (!plan)
        return NOT_CONFINED;
    pid_t child = fork();
    if (child == 0) {
        if (esq_confine(plan, &error) < 0)
            _exit(NOT_CONFINED);
        _exit(attack() ? GOT_THROUGH : STOPPED);
    }
    int status;
    esq_plan_free(plan);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define SETTINGS_MAX 24

/* A list of settings, for the argument below. */
#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static int confine_with(attack_function *attack, const char *const *all, const char *const *more)
{
    const char *settings[SETTINGS_MAX] = {
        "rootfs-mode=empty", "proc=no", "dev=no", "tmp=no", "loopback=no", "!thunk"
    };
    size_t count = 6;
    for (size_t i = 0; all[i]; i++)
        settings[count++] = all[i];
    for (size_t i = 0; more[i]; i++)
        settings[count++] = more[i];
    return confine_and(settings, attack);
}

/* `all` holds in both runs, `up` in the first and `down` in the second. */
static void attack(const char *name, attack_function *probe, const char *const *all, const char *const *up,
                   const char *const *down)
{
    int stopped = confine_with(probe, all, up);
    check(stopped == STOPPED, "%s: the attack is stopped (%d)", name, stopped);
    int through = confine_with(probe, all, down);
    check(through == GOT_THROUGH, "%s: without this wall it gets through (%d)", name, through);
}

static void listen_on_host(void)
{
    socklen_t size = sizeof(server);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    check(bind(fd, (struct sockaddr *)&server, size) == 0 && listen(fd, 8) == 0 &&
              getsockname(fd, (struct sockaddr *)&server, &size) == 0,
          "the host listens");
}

#define NAMESPACES "namespaces+=user mount uts ipc net cgroup"
#define NOTHING    LIST("masks=yes")

static void test_walls(void)
{
    attack("root filesystem", open_host_file, LIST("landlock=none", NAMESPACES), NOTHING, LIST("skip:pivot"));
    attack("network", connect_to_host, NOTHING, LIST(NAMESPACES),
           LIST("namespaces+=user mount uts ipc cgroup", "network=host", "best-effort+=landlock-scopes"));
    attack("capabilities", rename_host, LIST(NAMESPACES, "seccomp=none"), NOTHING, LIST("skip:capabilities"));
    attack("system calls", make_socket, LIST(NAMESPACES), LIST("seccomp=runner"), LIST("seccomp=standard"));
    attack("landlock", open_root, LIST(NAMESPACES), LIST("landlock=deny-all"), LIST("landlock=none"));
    attack("descriptors", use_inherited, LIST(NAMESPACES), NOTHING, LIST("skip:descriptors"));
    attack("limits", open_many, LIST(NAMESPACES), LIST("open-files=16"), LIST("open-files=256"));
}

static void *sleep_for_ever(void *ignored)
{
    pause();
    return ignored;
}

static bool nothing(void)
{
    return true;
}

static int confine_with_thread(void)
{
    const char *const settings[] = { "rootfs-mode=empty", "proc=no", "dev=no", "tmp=no", NAMESPACES, "!thunk", NULL };
    esq_error error = { 0 };
    esq_plan *plan = plan_from(settings, &error);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, sleep_for_ever, NULL);
        int result = esq_confine(plan, &error);
        _exit(result == -22 && strstr(error.remedy, "one thread") ? 0 : 1);
    }
    int status;
    esq_plan_free(plan);
    waitpid(child, &status, 0);
    return status;
}

static void test_misuse(void)
{
    const char *const with_pid[] = { "rootfs-mode=empty", "proc=no", "dev=no", "tmp=no", "!thunk", NULL };
    const char *const without_user[] = { "rootfs-mode=empty", "namespaces+=mount uts", "!thunk", NULL };
    check(confine_and(with_pid, nothing) == NOT_CONFINED, "a pid namespace is refused");
    check(confine_and(without_user, nothing) == NOT_CONFINED, "a shared user namespace is refused");
    check(confine_with_thread() == 0, "a process with two threads is refused, with the remedy");
}

int main(int argc, char *argv[])
{
    if (argc != 2 || !harness_init(argv[1]))
        return 1;
    secret = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    listen_on_host();
    test_walls();
    test_misuse();
    harness_done();
    return finish();
}
