/*
 * How names are found in a network in user mode. A server of the host's /etc/resolv.conf that can be reached from
 * inside stays what it is. One that cannot (127.0.0.53 of systemd-resolved, 169.254.169.254 of a cloud) is reached by
 * an address that pasta forwards: questions by UDP to its port 53, and nothing else.
 *
 * Why not all of them: the pasta of Debian 12 forwards no TCP, by which long answers come, and of each version of IP
 * only the first server, so that the second would not stand in for it.
 */
#ifndef ESQUEMA_NAMES_H
#define ESQUEMA_NAMES_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include "spec/spec.h"

#define NAMES_FILE "/etc/resolv.conf"
/* Set aside for documentation (RFC 5737, RFC 3849): nobody's real address is hidden by them. */
#define NAMES_FORWARD_FOUR "192.0.2.53"
#define NAMES_FORWARD_SIX  "2001:db8::53"
#define NAMES_TEXT_MAX     2048
#define NAMES_SERVERS_MAX  (INET_ADDRSTRLEN + INET6_ADDRSTRLEN + 4)

/* Whose servers are asked for. */
enum names_wish {
    NAMES_NONE,          /* no network in user mode, or the description mounts its own file */
    NAMES_WALLED,        /* a network that is walled off from the metadata services of clouds */
    NAMES_WITH_METADATA, /* one that is not */
};

/* What the network carries to. */
struct names_reach {
    enum names_wish wish;
    bool has_four; /* versions of IP for which the host has a way outwards: pasta carries no other */
    bool has_six;
};

struct names {
    char text[NAMES_TEXT_MAX];  /* the file inside; "": there is no server that could be named */
    char four[INET_ADDRSTRLEN]; /* the host's server behind NAMES_FORWARD_FOUR; "": nothing is forwarded */
    char six[INET6_ADDRSTRLEN]; /* behind NAMES_FORWARD_SIX */
};

enum names_wish names_wish(const esq_spec *spec);
/* Reads the host's files, as they are now. Without a wish, or without a server: empty. */
void names_read(enum names_wish wish, struct names *ret_names);
/* The same of a text. OF_PASTA: it is the file that pasta reads, so that what it names first can be forwarded. */
enum names_origin { NAMES_OF_PASTA, NAMES_OF_ANOTHER };
void names_compose(const char *text, enum names_origin origin, struct names_reach reach, struct names *ret_names);
/* "ADDRESS or ADDRESS": the host's servers to which something is forwarded; "" where nothing is. */
void names_print_servers(const struct names *names, char ret_text[NAMES_SERVERS_MAX]);

#endif
