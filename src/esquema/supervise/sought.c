/*
 * Did a container look for other machines, in a network that leads to none? The kernel counts for each network
 * namespace what had no route, and what asked a port of the loopback that nobody has, as a resolver without a name
 * server does. The files are opened before the payload runs and hold the namespace, so they can be read after its end.
 */
#include "supervise/sought.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plan/plan.h"

enum { TABLE_MAX = 16 * 1024 };

/* Of its own, and without anybody who carries it. */
static bool leads_nowhere(const struct plan_block *block)
{
    for (uint32_t i = 0; i < block->step_count; i++) {
        enum step_kind kind = (enum step_kind)plan_step(block, i)->kind;
        if (kind == STEP_USER_NETWORK || kind == STEP_SHARE_NETWORK || kind == STEP_JOIN_NETWORK ||
            kind == STEP_JOIN_CONTAINER)
            return false;
    }
    return block->clone_flags_low & CLONE_NEWNET;
}

void sought_init(struct sought *sought)
{
    sought->tables[0] = sought->tables[1] = -1;
}

void sought_begin(struct sought *sought, const struct plan_block *block, pid_t init)
{
    static const char *const names[] = { "snmp", "snmp6" };
    if (!leads_nowhere(block))
        return;
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/net/%s", init, names[i]);
        sought->tables[i] = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
    }
}

/* "Ip: Forwarding ... OutNoRoutes ..." over "Ip: 1 ... 0 ..." : the figure below the name. */
static uint64_t figure_of_columns(const char *table, const char *group, const char *name)
{
    const char *names = strstr(table, group), *figures = names ? strchr(names, '\n') : NULL;
    for (; figures && *names && *names != '\n' && *figures; names++, figures++) {
        size_t length = strcspn(names, " \n");
        if (length == strlen(name) && strncmp(names, name, length) == 0)
            return strtoull(figures, NULL, 10);
        names += length;
        figures += 1 + strcspn(figures + 1, " \n");
        if (*names != ' ' || *figures != ' ')
            break;
    }
    return 0;
}

/* "Ip6OutNoRoutes    0" */
static uint64_t figure_of_line(const char *table, const char *name)
{
    const char *line = strstr(table, name);
    return line ? strtoull(line + strlen(name), NULL, 10) : 0;
}

static bool read_table(int fd, char table[TABLE_MAX])
{
    size_t have = 0;
    ssize_t size;
    while (have < TABLE_MAX - 1 && (size = sys_read(fd, table + have, TABLE_MAX - 1 - have)) > 0)
        have += (size_t)size;
    table[have] = '\0';
    return have > 0;
}

bool sought_ask(const struct sought *sought)
{
    char table[TABLE_MAX];
    bool has_sought = false;
    if (sought->tables[0] >= 0 && read_table(sought->tables[0], table))
        has_sought =
            figure_of_columns(table, "Ip: ", "OutNoRoutes") > 0 || figure_of_columns(table, "Udp: ", "NoPorts") > 0;
    if (sought->tables[1] >= 0 && read_table(sought->tables[1], table))
        has_sought =
            has_sought || figure_of_line(table, "Ip6OutNoRoutes") > 0 || figure_of_line(table, "Udp6NoPorts") > 0;
    return has_sought;
}

void sought_end(struct sought *sought)
{
    sys_close(sought->tables[0]);
    sys_close(sought->tables[1]);
    sought_init(sought);
}
