/* The user's root filesystems: DATA/rootfs/NAME has the folder `root` and the file `sha256`. */
#ifndef TOOLS_ESQUEMA_ROOTFS_STORE_H
#define TOOLS_ESQUEMA_ROOTFS_STORE_H

#include <esquema.h>
#include <limits.h>
#include <stdbool.h>

/* One that is being made, under a name that nobody looks for. */
struct rootfs_draft {
    int store;   /* -1: none */
    int lock;    /* held while it is being made: what nobody holds is a leftover */
    int root;    /* its folder */
    int remarks; /* descriptor: what is said of the archive; standard output */
    char name[64];
    char aside[96];
    char path[PATH_MAX]; /* of `root` */
};

/* false: ret_error, also where the name is taken. rootfs_draft_done is due in any case. */
bool rootfs_draft_new(const char *name, struct rootfs_draft *ret, esq_error *ret_error);
/* Unpacks what `archive` gives, behind walls. Says on standard error what was wrong. Devices that no usual root has are
 * refused, or left out with `skips_devices`. */
bool rootfs_draft_unpack(struct rootfs_draft *draft, int archive, bool skips_devices, esq_error *ret_error);
/* Takes its hash and gives it its name. */
bool rootfs_draft_finish(struct rootfs_draft *draft, char ret_hash[65], esq_error *ret_error);
/* Removes it, unless it was finished. */
void rootfs_draft_done(struct rootfs_draft *draft);

bool rootfs_remove(const char *name, esq_error *ret_error);
typedef void rootfs_visitor(void *data, const char *name, const char *hash);
/* Each that is kept, by name. */
bool rootfs_list(rootfs_visitor *visitor, void *data, esq_error *ret_error);

/* Of a root filesystem's path: the hash that it was kept with. false: it is none of the user's. */
bool rootfs_kept_hash(const char *path, char ret_text[65]);

void rootfs_hash_text(const unsigned char hash[32], char ret_text[65]);

#endif
