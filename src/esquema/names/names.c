/* See names.h. Reads a file that root of the host wrote: trusted, but bounded. Knows resolv.conf(5), and pasta's way of
 * reading it; not how the text comes to stand inside. */
#include "names/names.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "names/closed.h"
#include "sys/sys.h"

#define RESOLVED_FILE "/run/systemd/resolve/resolv.conf" /* the servers behind 127.0.0.53: systemd-resolved(8) */

enum {
    FILE_MAX = 16384,
    LINE_MAX_HERE = 1024, /* what follows a longer one counts for nothing: pasta has a limit of that kind, too */
    SERVERS_MAX = 3,      /* as the C library */
    OPTIONS_MAX = 512,
};

struct server {
    int family;
    unsigned char address[16];
    char text[INET6_ADDRSTRLEN + 20]; /* with the zone of a link-local address */
};

struct composition {
    struct names_reach reach;
    enum names_origin origin;
    bool has_first_four; /* pasta forwards to the first that it finds, for each version */
    bool has_first_six;
    size_t server_count;
    char search[LINE_MAX_HERE]; /* the last line of them counts */
    char options[OPTIONS_MAX];
    bool is_by_tcp; /* use-vc */
    bool is_long;   /* edns0: answers of more than 512 bytes come by UDP */
    struct names *names;
};

/* ---- Addresses ---- */

static bool has_prefix(const unsigned char *address, const unsigned char *prefix, unsigned bits)
{
    return memcmp(address, prefix, bits / 8) == 0; /* all of them are whole bytes */
}

static bool is_closed(const struct server *server)
{
    for (size_t i = 0; i < NAMES_CLOSED_FOUR && server->family == AF_INET; i++)
        if (has_prefix(server->address, names_closed_four[i].address, names_closed_four[i].bits))
            return true;
    for (size_t i = 0; i < NAMES_CLOSED_SIX && server->family == AF_INET6; i++)
        if (has_prefix(server->address, names_closed_six[i].address, names_closed_six[i].bits))
            return true;
    return false;
}

static bool is_loopback(const struct server *server)
{
    static const unsigned char six[16] = { [15] = 1 };
    return server->family == AF_INET ? server->address[0] == 127 : memcmp(server->address, six, sizeof(six)) == 0;
}

/* An address of this host: its loopback's, or one that pasta gives to the container as well. Only those can be bound.
 */
static bool is_own(const struct server *server)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    memcpy(&four.sin_addr, server->address, sizeof(four.sin_addr));
    memcpy(&six.sin6_addr, server->address, sizeof(six.sin6_addr));
    const void *address = server->family == AF_INET ? (const void *)&four : &six;
    size_t size = server->family == AF_INET ? sizeof(four) : sizeof(six);
    _cleanup_fd_ int socket = (int)SYS(SYS_socket, server->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return is_loopback(server) || (socket >= 0 && SYS(SYS_bind, socket, address, size) == 0);
}

static bool is_carried(const struct composition *all, int family)
{
    return family == AF_INET ? all->reach.has_four : all->reach.has_six;
}

/* ---- Lines ---- */

static bool parse_server(const char *word, struct server *ret)
{
    static const unsigned char unspecified[16];
    *ret = (struct server){ .family = AF_INET };
    size_t length = strcspn(word, " \t"), bare = strcspn(word, "% \t");
    if (length >= sizeof(ret->text))
        return false;
    memcpy(ret->text, word, bare);
    if (inet_pton(AF_INET, ret->text, ret->address) != 1) {
        ret->family = AF_INET6;
        if (inet_pton(AF_INET6, ret->text, ret->address) != 1)
            return false;
    }
    memcpy(ret->text, word, length);
    return memcmp(ret->address, unspecified, sizeof(unspecified)) != 0;
}

/* As pasta reads it: the word behind the last space, in a line that begins so. A zone may follow. */
static bool is_seen_by_pasta(const char *line, const char *word)
{
    const char *last = strrchr(line, ' ');
    return strncmp(line, "nameserver ", 11) == 0 && last && last + 1 == word;
}

static void name_server(struct composition *all, const char *address)
{
    char line[96];
    snprintf(line, sizeof(line), "nameserver %s\n", address);
    if (all->server_count++ < SERVERS_MAX && !strstr(all->names->text, line))
        strcat(all->names->text, line); /* three lines of 96 bytes at most */
}

static void add_server(struct composition *all, const char *line, const char *word)
{
    struct server server;
    if (!parse_server(word, &server))
        return;
    bool is_four = server.family == AF_INET;
    bool *has_first = is_four ? &all->has_first_four : &all->has_first_six;
    bool is_first = all->origin == NAMES_OF_PASTA && !*has_first && is_seen_by_pasta(line, word);
    *has_first = *has_first || is_first;
    if (!is_carried(all, server.family))
        return;
    if (!is_own(&server) && !(all->reach.wish == NAMES_WALLED && is_closed(&server))) {
        name_server(all, server.text);
        return;
    }
    if (!is_first || all->server_count >= SERVERS_MAX)
        return;
    inet_ntop(server.family, server.address, is_four ? all->names->four : all->names->six,
              is_four ? sizeof(all->names->four) : sizeof(all->names->six));
    name_server(all, is_four ? NAMES_FORWARD_FOUR : NAMES_FORWARD_SIX);
}

static void add_options(struct composition *all, const char *words)
{
    for (const char *word = words + strspn(words, " \t"); *word; word += strspn(word, " \t")) {
        size_t length = strcspn(word, " \t"), used = strlen(all->options);
        bool is_by_tcp = length == 6 && strncmp(word, "use-vc", length) == 0;
        bool is_long = length == 5 && strncmp(word, "edns0", length) == 0;
        all->is_by_tcp = all->is_by_tcp || is_by_tcp;
        all->is_long = all->is_long || is_long;
        if (!is_by_tcp && !is_long && used + length + 2 < sizeof(all->options))
            snprintf(all->options + used, sizeof(all->options) - used, " %.*s", (int)length, word);
        word += length;
    }
}

static bool is_plain(const char *line)
{
    for (; *line; line++)
        if (*line != '\t' && (*line < ' ' || *line > '~'))
            return false;
    return true;
}

/* What follows the keyword, if the line begins with it. */
static const char *behind(const char *line, const char *keyword)
{
    size_t length = strlen(keyword);
    bool is_it = strncmp(line, keyword, length) == 0 && (line[length] == ' ' || line[length] == '\t');
    return is_it ? line + length + strspn(line + length, " \t") : NULL;
}

static void add_line(struct composition *all, const char *line)
{
    const char *rest;
    if (!is_plain(line))
        return;
    if ((rest = behind(line, "nameserver")))
        add_server(all, line, rest);
    else if ((rest = behind(line, "options")))
        add_options(all, rest);
    else if (behind(line, "search") || behind(line, "domain"))
        snprintf(all->search, sizeof(all->search), "%s", line);
}

/* ---- All of it ---- */

/* From a server that is forwarded nothing comes by TCP. */
static void finish(struct composition *all)
{
    bool is_forwarded = *all->names->four || *all->names->six;
    bool is_long = all->is_long || is_forwarded, is_by_tcp = all->is_by_tcp && !is_forwarded;
    bool has_options = *all->options || is_long || is_by_tcp;
    size_t used = strlen(all->names->text);
    snprintf(all->names->text + used, sizeof(all->names->text) - used, "%s%s%s%s%s%s%s", all->search,
             *all->search ? "\n" : "", has_options ? "options" : "", all->options, is_long ? " edns0" : "",
             is_by_tcp ? " use-vc" : "", has_options ? "\n" : "");
}

void names_compose(const char *text, enum names_origin origin, struct names_reach reach, struct names *ret_names)
{
    struct composition all = { .reach = reach, .origin = origin, .names = ret_names };
    char line[LINE_MAX_HERE];
    *ret_names = (struct names){ 0 };
    for (const char *next = text; *next;) {
        size_t length = strcspn(next, "\n");
        if (length >= sizeof(line))
            break;
        memcpy(line, next, length);
        line[length] = '\0';
        add_line(&all, line);
        next += length + (next[length] == '\n');
    }
    if (*ret_names->text)
        finish(&all);
}

/* Has the host a default route of this version? From the kernel's table of them, one line each. */
static bool has_way_out(int family)
{
    FILE *file = fopen(family == AF_INET ? "/proc/net/route" : "/proc/net/ipv6_route", "re");
    char line[256], to[40], bits[40], device[40];
    bool is_found = false;
    while (file && !is_found && fgets(line, sizeof(line), file)) {
        int count = family == AF_INET ? sscanf(line, "%39s %39s %*s %*s %*s %*s %*s %39s", device, to, bits)
                                      : sscanf(line, "%39s %39s %*s %*s %*s %*s %*s %*s %*s %39s", to, bits, device);
        is_found = count == 3 && !to[strspn(to, "0")] && !bits[strspn(bits, "0")] && strcmp(device, "lo") != 0 &&
                   strcmp(device, "*") != 0;
    }
    if (file)
        fclose(file);
    return is_found;
}

static void compose_file(const char *path, enum names_origin origin, struct names_reach reach, struct names *ret_names)
{
    char text[FILE_MAX + 1];
    _cleanup_fd_ int file = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
    size_t size = 0;
    for (ssize_t more = 1; file >= 0 && more > 0 && size<FILE_MAX; size += more> 0 ? (size_t)more : 0)
        more = sys_read(file, text + size, FILE_MAX - size);
    text[size] = '\0';
    names_compose(text, origin, reach, ret_names);
}

void names_read(enum names_wish wish, struct names *ret_names)
{
    *ret_names = (struct names){ 0 };
    if (wish == NAMES_NONE)
        return;
    const struct names_reach reach = { .wish = wish,
                                       .has_four = has_way_out(AF_INET),
                                       .has_six = has_way_out(AF_INET6) };
    compose_file(NAMES_FILE, NAMES_OF_PASTA, reach, ret_names);
    /* 127.0.0.53 cannot be forwarded where only IPv6 leads out. */
    if (!*ret_names->text)
        compose_file(RESOLVED_FILE, NAMES_OF_ANOTHER, reach, ret_names);
}

static bool is_same_path(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (a[0] == '/' && (a[1] == '/' || a[1] == '\0'))
            a++;
        if (*a != *b)
            return false;
        if (!*a)
            return true;
    }
}

enum names_wish names_wish(const esq_spec *spec)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_MOUNTS, &count);
    if (!spec_is(spec, SPEC_NETWORK, "user"))
        return NAMES_NONE;
    for (size_t i = 0; i < count; i++) {
        const char *kind = items[i].count > 0 ? items[i].words[0] : "";
        bool has_source = strcmp(kind, "bind") == 0 || strcmp(kind, "volume") == 0 || strcmp(kind, "overlay") == 0;
        size_t destination = has_source ? 2 : 1;
        if (items[i].count > destination && is_same_path(items[i].words[destination], NAMES_FILE))
            return NAMES_NONE;
    }
    return spec_is(spec, SPEC_NETWORK_METADATA, "yes") ? NAMES_WITH_METADATA : NAMES_WALLED;
}

void names_print_servers(const struct names *names, char ret_text[NAMES_SERVERS_MAX])
{
    snprintf(ret_text, NAMES_SERVERS_MAX, "%s%s%s", names->four, *names->four && *names->six ? " or " : "", names->six);
}
