/*
 * pairs [--wall] [--minus START_A START_B] RUNS -- COMMAND A... -- COMMAND B...
 *
 * Runs two commands in turn, A B A B ..., and prints the median over the runs of A's time divided by B's, then the
 * medians of both in milliseconds. Times are processor time of the whole process (user and system), or wall clock.
 * START_A and START_B (milliseconds) are taken off: what a process costs that does nothing. Output of the commands is
 * thrown away. A pair is measured within a short time of itself, so that a drifting machine does not decide.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 10000 };

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double seconds_ms(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

/* The time of one run, milliseconds; negative: the command failed. */
static double measure(char *const command[], bool wall)
{
    double start = now_ms();
    pid_t pid = vfork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
            _exit(127);
        execvp(command[0], command);
        _exit(127);
    }
    int status;
    struct rusage usage;
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return -1;
    double elapsed = now_ms() - start;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return -1;
    return wall ? elapsed : seconds_ms(usage.ru_utime) + seconds_ms(usage.ru_stime);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
    bool wall = false;
    double minus[2] = { 0, 0 };
    int at = 1;
    if (at < argc && strcmp(argv[at], "--wall") == 0) {
        wall = true;
        at++;
    }
    if (at + 2 < argc && strcmp(argv[at], "--minus") == 0) {
        minus[0] = atof(argv[at + 1]);
        minus[1] = atof(argv[at + 2]);
        at += 3;
    }
    int runs = at < argc ? atoi(argv[at++]) : 0;
    if (runs < 1 || runs > RUNS_MAX || at >= argc || strcmp(argv[at], "--") != 0) {
        fprintf(stderr, "usage: pairs [--wall] [--minus A B] RUNS -- COMMAND A... -- COMMAND B...\n");
        return 2;
    }
    char **commands[2] = { &argv[at + 1], NULL };
    for (int i = at + 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            argv[i] = NULL;
            commands[1] = &argv[i + 1];
            break;
        }
    }
    if (!commands[0][0] || !commands[1] || !commands[1][0]) {
        fprintf(stderr, "pairs: two commands are needed\n");
        return 2;
    }
    static double times[2][RUNS_MAX];
    static double ratios[RUNS_MAX];
    for (int run = -1; run < runs; run++) { /* the first pair warms up */
        for (int side = 0; side < 2; side++) {
            double time = measure(commands[side], wall);
            if (time < 0) {
                fprintf(stderr, "pairs: `%s` failed\n", commands[side][0]);
                return 1;
            }
            if (run >= 0)
                times[side][run] = time - minus[side] > 0.01 ? time - minus[side] : 0.01;
        }
        if (run >= 0)
            ratios[run] = times[0][run] / times[1][run];
    }
    double ratio = median(ratios, runs);
    printf("%.3f %.3f %.3f\n", ratio, median(times[0], runs), median(times[1], runs));
    return 0;
}
