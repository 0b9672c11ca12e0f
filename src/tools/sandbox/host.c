/* See host.h. Two lists, and minimal files in the place of those that would say who else is there. */
#include "tools/sandbox/host.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Links of a system with everything in /usr, folders of an older one. */
static const char *const programs[] = { "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };

/* Never all of /etc. What stands here says how programs run, and nothing of who uses the machine. */
static const char *const settings[] = {
    "/etc/alternatives",
    "/etc/bash.bashrc",
    "/etc/ca-certificates",
    "/etc/debian_version",
    "/etc/fonts",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/inputrc",
    "/etc/java-17-openjdk",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/locale.alias",
    "/etc/localtime",
    "/etc/lsb-release",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/perl",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/python3",
    "/etc/python3.11",
    "/etc/python3.12",
    "/etc/python3.13",
    "/etc/services",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/terminfo",
    "/etc/timezone",
    "/etc/vim",
    "/etc/xattr.conf",
};

/* A link into /usr stays one; anything else is bound under its own name. */
static void add_one(struct wish *wish, const char *path)
{
    char real[PATH_MAX];
    struct stat about;
    if (!realpath(path, real) || lstat(path, &about) < 0)
        return;
    if (S_ISLNK(about.st_mode) && strncmp(real, "/usr/", 5) == 0)
        wish_add_words(wish, "mounts", "link", path, real, NULL);
    else if (stat(real, &about) == 0 && (S_ISDIR(about.st_mode) || S_ISREG(about.st_mode)))
        wish_add_words(wish, "mounts", "bind", real, path, NULL);
}

char *host_user_name(void)
{
    FILE *file = fopen("/etc/passwd", "re");
    char *name = NULL;
    for (struct passwd *entry; file && !name && (entry = fgetpwent(file));)
        if (entry->pw_uid == getuid())
            name = strdup(entry->pw_name);
    if (file)
        fclose(file);
    return name ? name : strdup("user");
}

char *host_home_of(const char *name, size_t length)
{
    FILE *file = fopen("/etc/passwd", "re");
    char *home = NULL;
    for (struct passwd *entry; file && !home && (entry = fgetpwent(file));)
        if (strlen(entry->pw_name) == length && memcmp(entry->pw_name, name, length) == 0)
            home = strdup(entry->pw_dir);
    if (file)
        fclose(file);
    return home;
}

static void add_text(struct wish *wish, const struct guard_trees *named, const char *path, const char *text)
{
    for (size_t i = 0; named && i < named->count; i++)
        if (strcmp(named->items[i].path, path) == 0 || strcmp(named->items[i].given, path) == 0)
            return;
    wish_add_words(wish, "mounts", "text", path, text, NULL);
}

/* The caller, root and nobody: programs ask who they are, and need not learn who else there is. */
static void add_users(struct wish *wish, const struct guard_trees *named, const char *name, const char *home)
{
    char text[PATH_MAX + 512];
    unsigned uid = getuid(), gid = getgid();
    int length = snprintf(text, sizeof text, "root:x:0:0:root:/root:/bin/sh\n");
    if (uid != 0)
        length += snprintf(text + length, sizeof text - (size_t)length, "%.64s:x:%u:%u::%s:/bin/sh\n", name, uid, gid,
                           strpbrk(home, ":\n") ? "/" : home);
    snprintf(text + length, sizeof text - (size_t)length, "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
    add_text(wish, named, "/etc/passwd", text);
    length = snprintf(text, sizeof text, "root:x:0:\n");
    if (gid != 0)
        length += snprintf(text + length, sizeof text - (size_t)length, "%.64s:x:%u:\n", name, gid);
    snprintf(text + length, sizeof text - (size_t)length, "nogroup:x:65534:\n");
    add_text(wish, named, "/etc/group", text);
}

void host_add(struct wish *wish, enum host_names names, const char *home, const struct guard_trees *named)
{
    char real[PATH_MAX];
    char *name = host_user_name();
    if (realpath("/usr", real))
        wish_add_words(wish, "mounts", "bind", real, "/usr", NULL);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        add_one(wish, programs[i]);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        add_one(wish, settings[i]);
    if (names != HOST_NAMES_NONE)
        add_one(wish, "/etc/hosts");
    if (names == HOST_NAMES_OF_HOST)
        add_one(wish, "/etc/resolv.conf");
    add_users(wish, named, name ? name : "user", home);
    /* Without a network, too: that a name server was asked in vain is how we learn that one was wanted. */
    add_text(wish, named, "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
    /* With its own name, which git, Java and others look up: that asks nobody else. */
    if (names == HOST_NAMES_NONE)
        add_text(wish, named, "/etc/hosts",
                 "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 " SANDBOX_NAME "\n::1 " SANDBOX_NAME "\n");
    free(name);
}
