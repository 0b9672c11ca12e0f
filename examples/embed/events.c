/*
 * An event loop: two hundred scripts on one thread, each of which asks a slow server three times. A script that waits
 * for its answer is suspended; the thread waits for all of them at once, in poll.
 *
 *   cc -o events events.c $(pkg-config --cflags --libs schooner) -pthread && ./events
 */
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <schooner.h>

enum { SCRIPTS = 200, BATCH = 50 };

struct message {
    int32_t script;
    int32_t number;
};

/* --- the server: answers n with n * n, the last question of a batch first ----------------------------------------- */

static void *serve(void *data)
{
    int connection = *(const int *)data;
    struct message batch[BATCH];
    for (;;) {
        ssize_t got = recv(connection, &batch[0], sizeof batch[0], 0);
        if (got <= 0)
            return NULL;
        int count = 1;
        while (count < BATCH && recv(connection, &batch[count], sizeof batch[0], MSG_DONTWAIT) > 0)
            count++;
        while (count-- > 0) {
            batch[count].number *= batch[count].number;
            if (send(connection, &batch[count], sizeof batch[0], 0) < 0)
                return NULL;
        }
    }
}

/* --- the host ---------------------------------------------------------------------------------------------------- */

struct script {
    int32_t id;
    int connection;
    sch_vm *vm;
    enum sch_status status;
    sch_value result;
};

/* (ask n): sends the question and gives the thread back; the answer is what sch_resume hands in. */
static sch_value ask(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    const struct script *script = sch_vm_data(vm);
    int64_t number;
    (void)data, (void)count;
    if (!sch_need_integer(vm, args[0], &number))
        return SCH_RAISED;
    struct message question = { script->id, (int32_t)number };
    if (number < -1000 || number > 1000 || send(script->connection, &question, sizeof question, 0) < 0)
        return sch_raise_error(vm, "the server cannot be asked that");
    return sch_suspend(vm);
}

static const struct sch_binding bindings[] = {
    { .name = "ask", .function = ask, .min_args = 1, .max_args = 1, .doc = "Asks the server." },
};
static const struct sch_library server_library = { .name = "(server)", .bindings = bindings, .count = 1 };
static const char program[] = "(let ((a (ask 2)) (b (ask 3))) (+ a b (ask 10)))";

static void answer(struct script scripts[], const struct message *message)
{
    struct script *script = &scripts[message->script];
    sch_value value = sch_integer(script->vm, message->number);
    script->status = sch_resume(script->vm, value, &script->result);
}

/* How many scripts ended well. */
static int run_all(struct script scripts[], int connection)
{
    struct sch_source source = { "ask.scm", program, sizeof program - 1 };
    int waiting = 0, done = 0;
    for (int i = 0; i < SCRIPTS; i++) {
        scripts[i].status = sch_eval(scripts[i].vm, source, &scripts[i].result);
        waiting += scripts[i].status == SCH_SUSPENDED;
    }
    while (waiting > 0) {
        struct pollfd ready = { .fd = connection, .events = POLLIN };
        struct message message;
        if (poll(&ready, 1, -1) < 0 || recv(connection, &message, sizeof message, 0) != sizeof message)
            return -1;
        if (message.script < 0 || message.script >= SCRIPTS)
            continue;
        answer(scripts, &message);
        if (scripts[message.script].status == SCH_SUSPENDED)
            continue;
        int64_t sum = 0;
        done += scripts[message.script].status == SCH_OK && sch_get_integer(scripts[message.script].result, &sum) &&
                sum == 113;
        waiting--;
    }
    return done;
}

int main(void)
{
    static const char *const menu[] = { "base", "(server)", NULL };
    static struct script scripts[SCRIPTS];
    struct sch_env_options options = {
        .size = sizeof options, .menu = menu, .pre_imports = menu, .libraries = &server_library, .library_count = 1
    };
    const struct sch_limits limits = { .size = sizeof limits, .fuel = 100000, .heap = 1 << 20 };
    int ends[2];
    pthread_t server;
    sch_env *env = sch_env_new(&options, NULL);
    if (!env || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0 ||
        pthread_create(&server, NULL, serve, &ends[1]) != 0) {
        fprintf(stderr, "events: cannot begin\n");
        return 1;
    }
    for (int i = 0; i < SCRIPTS; i++) {
        scripts[i] = (struct script){ .id = i, .connection = ends[0], .vm = sch_vm_new(env, &limits) };
        if (!scripts[i].vm)
            return 1;
        sch_vm_set_data(scripts[i].vm, &scripts[i]);
    }
    int done = run_all(scripts, ends[0]);
    printf("%d of %d scripts have their three answers\n", done, SCRIPTS);
    shutdown(ends[0], SHUT_RDWR);
    pthread_join(server, NULL);
    close(ends[0]);
    close(ends[1]);
    for (int i = 0; i < SCRIPTS; i++)
        sch_vm_free(scripts[i].vm);
    sch_env_free(env);
    return done == SCRIPTS ? 0 : 1;
}
