/* What net_plan leaves in the block for the launcher's steps. */
#ifndef ESQUEMA_NET_H
#define ESQUEMA_NET_H

#include <stdbool.h>
#include <stdint.h>

#define NET_PROGRAM       "/usr/bin/pasta" /* by its full path: PATH is whoever starts us's */
#define NET_DEVICE        "/dev/net/tun"
#define NET_ARGUMENTS_MAX 160

/* STEP_USER_NETWORK: arguments[count], offsets of texts; those that name the namespaces are added when it is started.
 */
struct net_program {
    uint32_t arguments;
    uint32_t count;
    uint32_t names;     /* enum names_wish: what is forwarded depends on the host's servers at the start */
    uint32_t is_closed; /* to the metadata services of clouds */
};

/* STEP_PUBLISH: the address and port of this host that the program of the network will listen on. */
struct net_port {
    uint32_t address; /* text */
    uint16_t port;
    uint16_t is_udp;
};

/* STEP_SHARE_NETWORK */
struct net_share {
    uint32_t has_loopback;  /* lo is brought up */
    uint32_t has_low_ports; /* ports below 1024 are for everybody in it */
    uint32_t is_closed;     /* to the metadata services of clouds */
};

/* STEP_JOIN_NETWORK, STEP_JOIN_CONTAINER: offsets of a path or name, and of the folder where names are known, or 0. */
struct net_join {
    uint32_t target;
    uint32_t runtime;
};

/* Walls off the metadata services of clouds in the network of the caller, who owns it. 0 or a negative errno. */
int net_close_metadata(void);

/*
 * Walls off the host's loopback, and where is_closed says so these services, from what is bound to a device of the
 * network. In the launcher's memory while that stands still; it has every capability in the user namespace that owns
 * the network, and executes nothing.
 */
struct net_waller {
    int user, network;
    bool is_closed;
    int result; /* 0 or a negative errno */
};

/* Argument: struct net_waller. Ends the process. */
void net_waller_run(void *argument);

#endif
