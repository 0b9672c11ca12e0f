/*
 * What somebody types who comes from podman, docker or bubblewrap, and what does the same here: a table that is looked
 * into when a command line has failed. Nothing in it is an option of ours.
 */
#include "tools/esquema/foreign.h"

#include <stddef.h>
#include <string.h>
#include "tools/common/words.h"

#define STARTS "run start up"

struct foreign {
    const char *commands; /* of ours */
    const char *words;
    const char *answer;
};

static const struct foreign options[] = {
    { "run up", "--rm", "nothing of a run stays" },
    { "run", "-d --detach", "esquema start FILE leaves it in the background" },
    { "up", "-d --detach",
      "services live as long as it: nohup esquema up FILE &, or a unit of systemd (docs/coming-from.md)" },
    { "run", "--name", "only what `esquema start` leaves in the background has a name" },
    { STARTS, "-p --publish", "(network (publish 8080 80)) stands in the description" },
    { STARTS, "-v --volume --mount --bind --ro-bind --dev-bind --bind-try --ro-bind-try",
      "(mounts (bind \"folder\" \"/inside\")) stands in the description" },
    { STARTS, "--tmpfs", "(mounts (tmpfs \"/inside\")) stands in the description" },
    { STARTS, "-e --env --setenv --env-file", "(environment (\"NAME\" \"value\")) stands in the description" },
    { STARTS, "-w --workdir --chdir", "(working-directory \"/inside\") stands in the description" },
    { STARTS, "-u --user --uid --gid", "(user 1000 1000) stands in the description" },
    { STARTS, "--hostname", "(hostname \"name\") stands in the description" },
    { STARTS, "--network --net --share-net", "(network host) or another one stands in the description" },
    { STARTS, "-m --memory --cpus --pids-limit --ulimit",
      "(limits (memory (MiB 512)) (cpus 2) (processes 100)) stands in the description" },
    { STARTS, "--cap-add --cap-drop", "(capabilities ...) stands in the description; without it there are none" },
    { STARTS, "--security-opt --seccomp", "(seccomp POLICY RULE ...) stands in the description" },
    { STARTS, "--device", "(devices \"/dev/NAME\") stands in the description" },
    { STARTS, "--entrypoint", "(command ...) stands in the description" },
    { STARTS, "--restart", "(service ... (restart on-failure)) stands in the description of `esquema up`" },
    { STARTS, "--read-only", "it is, unless the description says (rootfs (overlay ...))" },
    { STARTS, "--privileged", "--allow WHAT=VALUE grants one thing, --trust all that the description asks for" },
    { "sandbox", "--ro-bind --ro-bind-try", "--ro PATH shows it under its own name" },
    { "sandbox", "--bind --bind-try --dev-bind -v --volume", "--rw PATH shows it under its own name" },
    { "sandbox", "--setenv -e", "--env NAME=VALUE" },
    { "sandbox", "--chdir", "it starts where you are, where that is shown (--ro . or --rw .)" },
    { "sandbox", "--share-net --network", "--net host" },
    { "sandbox", "--seccomp --cap-add --tmpfs --symlink --uid --gid --hostname --dir --file",
      "--print gives the description that this stands for, which can say more" },
    { STARTS " sandbox",
      "--unshare-all --unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup "
      "--die-with-parent --new-session --clearenv --disable-userns --proc --dev",
      "always so, unless it is said otherwise (docs/coming-from.md)" },
    { "exec", "-u --user", "it is who the container's program is" },
    { "exec", "-d --detach", "a program of exec ends with the command" },
    { "exec", "--privileged", "exec gives nothing that the container has not" },
    { "ps", "--filter -f -l --latest -s --size --no-trunc", "esquema ps --format json tells all of it to programs" },
    { "logs", "--timestamps", "each line has its time, unless --raw leaves it out" },
    { "logs", "--until --names", "esquema logs --format json tells all of it to programs" },
    { "rm", "-a --all -v --volumes", "name them: esquema rm $(esquema ps -q)" },
    { "stop kill", "-a --all", "name them: esquema stop $(esquema ps -q)" },
};

static const struct foreign commands[] = {
    { "", "pull load", "esquema rootfs import keeps the root filesystem of an archive" },
    { "", "build", "esquema rootfs build makes a root filesystem from a recipe" },
    { "", "images", "esquema rootfs list shows the root filesystems that are kept" },
    { "", "rmi", "esquema rootfs remove forgets a root filesystem" },
    { "", "attach", "esquema logs -f follows what it prints, esquema exec -it puts a shell beside it" },
    { "", "create", "esquema start FILE makes it and starts it" },
    { "", "compose pod play", "esquema up runs services" },
    { "", "down", "Ctrl-C ends esquema up and its services, in reverse; esquema stop NAME ends one" },
    { "", "prune", "esquema rm $(esquema ps -q) forgets those that have ended, and says so of those that run" },
    { "", "volume volumes", "each is a folder in ~/.local/share/esquema/volumes" },
    { "", "top", "esquema stats shows what they use, esquema exec NAME ps its processes" },
    { "", "cp export", "esquema exec NAME cat FILE writes one out" },
    { "", "port", "esquema inspect NAME shows what is published" },
    { "", "version", "esquema --version prints it" },
    { "", "rename", "esquema start FILE --name NAME gives it one" },
    { "", "commit push save tag search login logout history pause unpause",
      "nothing here does that: see docs/coming-from.md" },
    { "", "info", "esquema doctor says what this host can enforce" },
    { "", "system network", "there is nothing to look after: see docs/coming-from.md" },
};

static const char *find(const struct foreign *table, size_t count, const char *command, const char *word)
{
    for (size_t i = 0; i < count && *word; i++)
        if ((!*table[i].commands || words_listed(table[i].commands, command)) && words_listed(table[i].words, word))
            return table[i].answer;
    return NULL;
}

const char *foreign_option(const char *command, const char *word)
{
    char name[32];
    size_t length = strcspn(word, "=");
    if (length >= sizeof name)
        return NULL;
    memcpy(name, word, length);
    name[length] = '\0';
    return find(options, sizeof options / sizeof *options, command, name);
}

const char *foreign_command(const char *word)
{
    return find(commands, sizeof commands / sizeof *commands, "", word);
}
