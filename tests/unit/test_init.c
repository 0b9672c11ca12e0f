/*
 * Init, alone: the embedded program is executed in a user and pid namespace with a job file made here, and watched from
 * outside. The payloads are busybox's, or the runner of a shell line. Expectations come from the design: exact
 * statuses, what the payload may see of init, what is left at the end, and when.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cmocka.h>

#include "launch/init_job.h"

extern const unsigned char esq_init_program[];
extern const size_t esq_init_program_size;

#define SHELL "/bin/busybox"
enum {
    REPORT = 40,
    RESULT = 41,
    JOB = 42,
    RULESET = 43,
    EXECUTABLE = 44,
    STEP_INIT = 3,
    STEP_LANDLOCK = 4,
    STEP_FILTER = 5,
    STEP_EXEC = 6
};

struct start {
    const char *argv[8];
    const char *paths[4];
    const struct sock_filter *filter;
    uint32_t filter_count;
    int landlock;
    int executable;
    uint32_t grace_ms;
    bool is_pid_namespace_shared;
};

struct running {
    pid_t pid;
    int report;
    int result;
    int output;
};

struct end {
    int status;
    bool has_report, has_result;
    struct child_report report;
    struct init_result result;
    char output[4096];
};

/* ---- The job file ---- */

static uint32_t put(char *file, uint32_t *size, const void *bytes, size_t length)
{
    uint32_t at = (*size + 7) & ~7u;

    assert_true(at + length < 16384);
    memcpy(file + at, bytes, length);
    *size = at + (uint32_t)length;
    return at;
}

static uint32_t put_vector(char *file, uint32_t *size, const char *const *texts, uint32_t *ret_count)
{
    uint64_t offsets[16] = { 0 };
    uint32_t count = 0;

    for (; texts[count]; count++)
        offsets[count] = put(file, size, texts[count], strlen(texts[count]) + 1);
    *ret_count = count;
    return put(file, size, offsets, (count + 1) * sizeof offsets[0]);
}

static int make_job(const struct start *start)
{
    static const char *const environment[] = { "PATH=/bin", "COLOUR=green", NULL };
    _Alignas(8) char file[16384] = { 0 };
    struct init_job *job = (struct init_job *)file;
    uint32_t size = sizeof *job;
    int fd = memfd_create("job", MFD_ALLOW_SEALING);

    job->magic = INIT_JOB_MAGIC;
    job->version = INIT_JOB_VERSION;
    job->flags = start->is_pid_namespace_shared ? 0 : INIT_JOB_PID_NAMESPACE;
    job->report = REPORT;
    job->result = RESULT;
    job->landlock = start->landlock;
    job->executable = start->executable;
    job->paths = put_vector(file, &size, start->paths, &job->path_count);
    job->argv = put_vector(file, &size, start->argv, &job->argc);
    job->envp = put_vector(file, &size, environment, &job->envc);
    if (start->filter_count > 0)
        job->filter = put(file, &size, start->filter, start->filter_count * sizeof *start->filter);
    job->filter_count = start->filter_count;
    job->grace_ms = start->grace_ms;
    job->init_step = STEP_INIT;
    job->landlock_step = STEP_LANDLOCK;
    job->seccomp_step = STEP_FILTER;
    job->exec_step = STEP_EXEC;
    job->size = size;
    assert_int_equal(write(fd, file, size), size);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL), 0);
    return fd;
}

static int make_program(void)
{
    int fd = memfd_create("init", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_int_equal(write(fd, esq_init_program, esq_init_program_size), esq_init_program_size);
    assert_int_equal(fchmod(fd, 0111), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL), 0);
    return fd;
}

/* ---- Start and end ---- */

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        _exit(90);
    close(fd);
}

static void enter_namespaces(void)
{
    char map[64];
    uid_t uid;

    if (getuid() == 0 && (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
        _exit(91);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    uid = getuid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0)
        _exit(92);
    snprintf(map, sizeof map, "%u %u 1", uid, uid);
    write_text("/proc/self/uid_map", map);
}

__attribute__((noreturn)) static void become_init(const struct start *start, int program, int job, int report,
                                                  int result, int output)
{
    char *argv[] = { (char *)"init", (char *)"42", NULL };
    char *envp[] = { NULL };
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (!start->is_pid_namespace_shared)
        syscall(SYS_mount, "proc", "/proc", "proc", 0, NULL);
    if (dup2(job, JOB) < 0 || dup2(report, REPORT) < 0 || dup2(result, RESULT) < 0 || dup2(output, 1) < 0)
        _exit(93);
    close_range(3, REPORT - 1 > program ? (unsigned)program - 1 : 3, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a test that fails leaves nothing running */
    syscall(SYS_execveat, program, "", argv, envp, AT_EMPTY_PATH);
    _exit(94);
}

/* Makes the namespaces, and in them the first process as a child of the test, whose number goes to the pipe. */
__attribute__((noreturn)) static void make_first(const struct start *start, int program, int job, int report,
                                                 int result, int output, int number)
{
    pid_t first;

    enter_namespaces();
    first = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_PARENT, 0, 0, 0, 0);
    if (first == 0)
        become_init(start, program, job, report, result, output);
    _exit(write(number, &first, sizeof first) == sizeof first ? 0 : 95);
}

static struct running start_init(const struct start *start)
{
    struct running running;
    int program = make_program();
    int job = make_job(start);
    int report[2], result[2], output[2], number[2];

    assert_int_equal(pipe2(report, O_CLOEXEC) | pipe2(result, O_CLOEXEC) | pipe2(output, O_CLOEXEC), 0);
    assert_int_equal(pipe2(number, O_CLOEXEC), 0);
    running.pid = fork();
    if (running.pid == 0 && start->is_pid_namespace_shared)
        become_init(start, program, job, report[1], result[1], output[1]);
    if (running.pid == 0)
        make_first(start, program, job, report[1], result[1], output[1], number[1]);
    close(program);
    close(job);
    close(report[1]);
    close(result[1]);
    close(output[1]);
    close(number[1]);
    running.report = report[0];
    running.result = result[0];
    running.output = output[0];
    if (!start->is_pid_namespace_shared) {
        int status;

        assert_int_equal(waitpid(running.pid, &status, 0), running.pid);
        assert_int_equal(status, 0);
        assert_int_equal(read(number[0], &running.pid, sizeof running.pid), sizeof running.pid);
        assert_true(running.pid > 0);
    }
    close(number[0]);
    return running;
}

static struct end wait_for_end(struct running *running)
{
    struct end end = { 0 };
    size_t length = 0;
    ssize_t count;

    end.has_report = read(running->report, &end.report, sizeof end.report) == sizeof end.report;
    end.has_result = read(running->result, &end.result, sizeof end.result) == sizeof end.result;
    while (length < sizeof end.output - 1 &&
           (count = read(running->output, end.output + length, sizeof end.output - 1 - length)) > 0)
        length += (size_t)count;
    assert_int_equal(waitpid(running->pid, &end.status, 0), running->pid);
    close(running->report);
    close(running->result);
    close(running->output);
    return end;
}

static struct end run(const struct start *start)
{
    struct running running = start_init(start);

    return wait_for_end(&running);
}

/* A process that stays behind; the script goes on as soon as it has done what it begins with. */
#define LEAVE_BEHIND(beginning) "exec 3>&1; begun=$( (" beginning "; exec >&3; while true; do sleep 0.02; done) & ); "

static struct start shell(const char *script)
{
    return (struct start){
        .argv = { "sh", "-c", script }, .paths = { SHELL }, .landlock = -1, .executable = -1, .grace_ms = 2000
    };
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void assert_exit(const struct end *end, int status)
{
    assert_true(WIFEXITED(end->status));
    assert_int_equal(WEXITSTATUS(end->status), status);
}

/* ---- Tests ---- */

static void statuses_are_the_payloads(void **state)
{
    static const int statuses[] = { 0, 1, 42, 125, 126, 127, 255 };

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        char script[32];
        struct start start;
        struct end end;

        snprintf(script, sizeof script, "exit %d", statuses[i]);
        start = shell(script);
        end = run(&start);
        assert_exit(&end, statuses[i]);
        assert_false(end.has_report); /* the exec happened, so a 126 or 127 is the payload's own */
        assert_true(end.has_result);
        assert_true(WIFEXITED(end.result.status));
        assert_int_equal(WEXITSTATUS(end.result.status), statuses[i]);
    }
}

static void a_signal_is_told_exactly(void **state)
{
    struct start start = shell("kill -SEGV $$");
    struct end end = run(&start);

    (void)state;
    assert_exit(&end, 128 + SIGSEGV);
    assert_true(WIFSIGNALED(end.result.status));
    assert_int_equal(WTERMSIG(end.result.status), SIGSEGV);
}

static void what_is_missing_is_127(void **state)
{
    struct start start = shell("");
    struct end end;

    (void)state;
    start.paths[0] = "/no/such/program";
    start.paths[1] = "/etc/passwd/below-a-file";
    end = run(&start);
    assert_exit(&end, 127);
    assert_true(end.has_report);
    assert_int_equal(end.report.step, STEP_EXEC);
    assert_int_equal(end.report.error, ENOENT);
}

static void what_cannot_be_executed_is_126(void **state)
{
    struct start start = shell("");
    struct end end;

    (void)state;
    start.paths[0] = "/etc/passwd";
    start.paths[1] = "/no/such/program";
    end = run(&start);
    assert_exit(&end, 126);
    assert_true(end.has_report);
    assert_int_equal(end.report.step, STEP_EXEC);
    assert_int_equal(end.report.error, EACCES);
}

static void candidates_are_tried_in_order(void **state)
{
    struct start start = shell("echo \"$0 $COLOUR\"");
    struct end end;

    (void)state;
    start.paths[0] = "/no/such/program";
    start.paths[1] = "/etc/passwd";
    start.paths[2] = SHELL;
    end = run(&start);
    assert_exit(&end, 0);
    assert_string_equal(end.output, "sh green\n");
}

static void a_descriptor_can_be_executed(void **state)
{
    struct start start = shell("exit 5");
    struct end end;
    int fd = open(SHELL, O_PATH);

    (void)state;
    assert_int_equal(dup2(fd, EXECUTABLE), EXECUTABLE);
    close(fd);
    start.executable = EXECUTABLE;
    start.paths[0] = NULL;
    end = run(&start);
    close(EXECUTABLE);
    assert_exit(&end, 5);
}

static void the_payload_inherits_nothing_of_inits(void **state)
{
    struct start start = shell("cd /proc/self/fd; for i in *; do test -e $i && echo $i; done; "
                               "grep -E '^Sig(Blk|Pnd)' /proc/self/status");
    struct end end = run(&start);

    (void)state;
    assert_exit(&end, 0);
    assert_null(strstr(end.output, "\n40\n"));
    assert_null(strstr(end.output, "\n41\n"));
    assert_null(strstr(end.output, "\n42\n"));
    assert_non_null(strstr(end.output, "SigBlk:\t0000000000000000"));
}

static void init_is_closed_to_the_payload(void **state)
{
    struct start start = shell("until grep -q 'Seccomp:.2' /proc/1/status; do sleep 0.02; done; "
                               "cat /proc/1/maps; ls /proc/1/fd; readlink /proc/1/exe; cat /proc/1/environ; "
                               "cat /proc/1/exe; dd if=/dev/zero of=/proc/1/mem bs=1 count=1; "
                               "grep -E 'Seccomp:|NoNewPrivs' /proc/1/status");
    struct end end = run(&start);

    (void)state;
    /* Of all these only the world-readable status answers, and it shows init's own filter. */
    assert_string_equal(end.output, "NoNewPrivs:\t1\nSeccomp:\t2\n");
}

/* Positive control for the test above, and the view from outside: what init holds. */
static void init_holds_one_descriptor(void **state)
{
    struct start start = shell("read line < /proc/self/stat; exec sleep 1000");
    struct running running = start_init(&start);
    char path[64], listing[256] = "";
    struct end end;

    (void)state;
    if (getuid() != 0) {
        kill(running.pid, SIGKILL);
        wait_for_end(&running);
        skip();
    }
    snprintf(path, sizeof path, "ls /proc/%d/fd", running.pid);
    for (int tries = 0; tries < 3000 && strcmp(listing, "41\n") != 0; tries++) {
        FILE *pipe_file = popen(path, "r");

        listing[fread(listing, 1, sizeof listing - 1, pipe_file)] = '\0';
        pclose(pipe_file);
        usleep(20000);
    }
    kill(running.pid, SIGKILL);
    end = wait_for_end(&running);
    assert_string_equal(listing, "41\n");
    assert_true(WIFSIGNALED(end.status));
}

static void signals_are_forwarded(void **state)
{
    static const struct {
        int number;
        const char *name;
    } signals[] = { { SIGTERM, "TERM" }, { SIGHUP, "HUP" },   { SIGINT, "INT" },     { SIGQUIT, "QUIT" },
                    { SIGUSR1, "USR1" }, { SIGUSR2, "USR2" }, { SIGWINCH, "WINCH" }, { SIGCONT, "CONT" } };

    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        char script[128];
        char ready;
        struct start start;
        struct running running;
        struct end end;

        snprintf(script, sizeof script, "trap 'exit 33' %s; echo; while true; do sleep 0.02; done", signals[i].name);
        start = shell(script);
        running = start_init(&start);
        assert_int_equal(read(running.output, &ready, 1), 1);
        assert_int_equal(kill(running.pid, signals[i].number), 0);
        end = wait_for_end(&running);
        assert_exit(&end, 33);
    }
}

static void orphans_are_reaped(void **state)
{
    struct start start = shell("i=0; while [ $i -lt 50 ]; do (true & true &); i=$((i+1)); done; "
                               "i=0; until set -- /proc/[0-9]*; [ $# = 2 ] || [ $i = 3000 ]; do "
                               "sleep 0.02; i=$((i+1)); done; echo $#");
    struct end end = run(&start);

    (void)state;
    assert_exit(&end, 0);
    assert_string_equal(end.output, "2\n"); /* init and the shell */
}

static void the_rest_is_ended_with_term(void **state)
{
    struct start start = shell(LEAVE_BEHIND("trap 'echo bye; exit' TERM; echo ready >&3") "exit 7");
    struct end end;

    (void)state;
    start.grace_ms = 3600000; /* nobody waits for its end */
    end = run(&start);
    assert_exit(&end, 7);
    assert_string_equal(end.output, "ready\nbye\n");
}

static void who_ignores_term_is_killed(void **state)
{
    struct start start = shell(LEAVE_BEHIND("trap '' TERM") "exit 8");
    double begin = now();
    struct end end;

    (void)state;
    start.grace_ms = 300;
    end = run(&start); /* reads the output to its end: nobody holds it any more */
    assert_exit(&end, 8);
    assert_true(now() - begin >= 0.3);
}

static void the_status_is_told_before_the_rest_has_ended(void **state)
{
    struct start start = shell(LEAVE_BEHIND("trap '' TERM") "exit 9");
    struct running running;
    struct init_result result;
    struct end end;

    (void)state;
    start.grace_ms = 3600000;
    running = start_init(&start);
    assert_int_equal(read(running.result, &result, sizeof result), sizeof result);
    assert_int_equal(WEXITSTATUS(result.status), 9);
    assert_int_equal(waitpid(running.pid, NULL, WNOHANG), 0);
    kill(running.pid, SIGKILL);
    end = wait_for_end(&running);
    assert_true(WIFSIGNALED(end.status));
}

static void walls_are_put_on_before_exec(void **state)
{
    const struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_chdir, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMLINK),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct start start = shell("cd /tmp 2>&1");
    struct end end;

    (void)state;
    start.filter = filter;
    start.filter_count = 4;
    end = run(&start);
    assert_non_null(strstr(end.output, "Too many links"));
}

static void a_wall_that_fails_is_reported(void **state)
{
    const struct sock_filter broken[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_LD | BPF_IMM, 0) };
    struct start start = shell("echo must not run");
    struct end end;

    (void)state;
    start.filter = broken;
    start.filter_count = 2;
    end = run(&start);
    assert_exit(&end, 125);
    assert_true(end.has_report);
    assert_int_equal(end.report.step, STEP_FILTER);
    assert_int_equal(end.report.error, EINVAL);
    assert_string_equal(end.output, "");

    start = shell("echo must not run");
    start.landlock = 99;
    end = run(&start);
    assert_exit(&end, 125);
    assert_int_equal(end.report.step, STEP_LANDLOCK);
    assert_true(end.report.error == EBADF || end.report.error == EOPNOTSUPP);
    assert_string_equal(end.output, "");
}

static void landlock_is_put_on(void **state)
{
    uint64_t handled = 8; /* READ_DIR */
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    struct start start = shell("ls /etc >/dev/null 2>&1 && echo open || echo denied");
    struct end end;

    (void)state;
    if (ruleset < 0)
        skip();
    end = run(&start);
    assert_string_equal(end.output, "open\n"); /* the positive control */
    assert_int_equal(dup2(ruleset, RULESET), RULESET);
    start.landlock = RULESET;
    end = run(&start);
    close(ruleset);
    close(RULESET);
    assert_string_equal(end.output, "denied\n");
}

static void without_a_pid_namespace_nobody_else_is_signalled(void **state)
{
    struct start start = shell("sleep 0.1; exit 3");
    pid_t bystander = fork();
    struct end end;
    int status;

    (void)state;
    if (bystander == 0) {
        pause();
        _exit(0);
    }
    start.is_pid_namespace_shared = true;
    end = run(&start);
    assert_exit(&end, 3);
    assert_int_equal(waitpid(bystander, &status, WNOHANG), 0);
    kill(bystander, SIGKILL);
    waitpid(bystander, &status, 0);
}

static void a_wrong_job_starts_nothing(void **state)
{
    char *argv[] = { (char *)"init", (char *)"42", NULL };
    char *envp[] = { NULL };
    struct init_job job = { .magic = INIT_JOB_MAGIC, .version = INIT_JOB_VERSION + 1, .size = sizeof job };
    int program = make_program();

    (void)state;
    for (int round = 0; round < 3; round++) {
        int file = memfd_create("job", 0);
        int status;
        pid_t child;

        if (round < 2)
            assert_int_equal(write(file, &job, sizeof job - (round == 0 ? 0 : 8)), sizeof job - (round == 0 ? 0 : 8));
        child = fork();
        if (child == 0) {
            dup2(file, JOB);
            syscall(SYS_execveat, program, "", argv, envp, AT_EMPTY_PATH);
            _exit(94);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(WEXITSTATUS(status), 125);
        close(file);
    }
    close(program);
}

static void init_is_small(void **state)
{
    (void)state;
    print_message("# init: %zu bytes\n", esq_init_program_size);
    assert_in_range(esq_init_program_size, 500, 4096);
    assert_memory_equal(esq_init_program, "\177ELF", 4);
}

/* Init is started by a launcher, which resets all signals; what started the tests may ignore some (nohup, `&`). */
static void reset_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_is_small),
        cmocka_unit_test(statuses_are_the_payloads),
        cmocka_unit_test(a_signal_is_told_exactly),
        cmocka_unit_test(what_is_missing_is_127),
        cmocka_unit_test(what_cannot_be_executed_is_126),
        cmocka_unit_test(candidates_are_tried_in_order),
        cmocka_unit_test(a_descriptor_can_be_executed),
        cmocka_unit_test(the_payload_inherits_nothing_of_inits),
        cmocka_unit_test(init_is_closed_to_the_payload),
        cmocka_unit_test(init_holds_one_descriptor),
        cmocka_unit_test(signals_are_forwarded),
        cmocka_unit_test(orphans_are_reaped),
        cmocka_unit_test(the_rest_is_ended_with_term),
        cmocka_unit_test(who_ignores_term_is_killed),
        cmocka_unit_test(the_status_is_told_before_the_rest_has_ended),
        cmocka_unit_test(walls_are_put_on_before_exec),
        cmocka_unit_test(a_wall_that_fails_is_reported),
        cmocka_unit_test(landlock_is_put_on),
        cmocka_unit_test(without_a_pid_namespace_nobody_else_is_signalled),
        cmocka_unit_test(a_wrong_job_starts_nothing),
    };
    reset_signals();
    return cmocka_run_group_tests_name("init", tests, NULL, NULL);
}
