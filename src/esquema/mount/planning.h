/* What the planning files of mount/ share. */
#ifndef ESQUEMA_MOUNT_PLANNING_H
#define ESQUEMA_MOUNT_PLANNING_H

#include "mount/mount.h"
#include "mount/target.h"
#include "plan/plan.h"

#define MOUNT_THROW_AWAY_SIZE   "67108864"
#define MOUNT_THROW_AWAY_INODES "16384"

int mount_no_memory(esq_error *ret_error);
/* Opens target->source, a path of the host; the plan holds the descriptor, so that its inode's number is not given to
 * another file. */
int mount_open_host(struct plan_builder *builder, struct target *target, esq_error *ret_error);
/* The same; it must be what the grants were asked for. */
int mount_open_asked(const esq_spec *spec, struct plan_builder *builder, struct target *target, esq_error *ret_error);
/* The path of what target->fd holds, as the kernel says it. */
int mount_real_path(const struct target *target, char path[4097], esq_error *ret_error);
/* The path by which the child finds again what target->fd holds. */
int mount_describe_source(struct plan_builder *builder, const struct target *target, struct mount_source *ret_source,
                          esq_error *ret_error);

/* The field rootfs-sha256. `real` is the root's own path. */
void mount_check_identity(const esq_spec *spec, struct spec_problems *problems);
int mount_verify_identity(const esq_spec *spec, const char *real, esq_error *ret_error);

/* Is there one of the mounts that a container has by itself (SPEC_PROC, SPEC_DEV, SPEC_TMP)? */
bool mount_is_wanted(const esq_spec *spec, enum spec_field field);

/* The host's folders of sockets, looked for when the first source is compared with them. It begins as zeros. */
enum { MOUNT_WHOLE_COUNT = 5 };
struct mount_whole {
    bool is_found;
    struct {
        char *path; /* real; NULL where it is not there, or cannot be reached by us, and so by no container of ours */
        struct stat about;
    } folders[MOUNT_WHOLE_COUNT];
};
void mount_whole_done(struct mount_whole *whole);

/* Is the source one of them? Refused with what to name instead. What a name leads to may change until it is opened: the
 * plan looks again. */
void mount_check_whole(const esq_spec *spec, struct mount_whole *whole, const char *source, enum target_kind kind,
                       const esq_location *where, struct spec_problems *problems);
int mount_refuse_whole(const esq_spec *spec, struct mount_whole *whole, const struct target *target,
                       esq_error *ret_error);
/* Lays an empty folder over each of them that the source of this target contains. */
int mount_cover_whole(const esq_spec *spec, struct mount_whole *whole, struct target_list *list, size_t index,
                      esq_error *ret_error);

/* Adds a problem where the command's program will not be there, or cannot be executed. For who only looks. */
void mount_look_for_command(const esq_spec *spec, const struct target_list *list, struct spec_problems *problems);

/* Gives the terminal at standard input a name in /dev, which is the last target of the list. */
int mount_add_console(const esq_spec *spec, struct plan_builder *builder, struct target_list *list,
                      esq_error *ret_error);

/* Lays a resolv.conf that a network in user mode can use over the root's, where the description mounts none itself. */
int mount_add_names(const esq_spec *spec, struct target_list *list, esq_error *ret_error);

/* STEP_OVERLAY of a target: makes its tree, before the root covers anything. */
int mount_add_overlay(const esq_spec *spec, struct plan_builder *builder, struct target *target, esq_error *ret_error);
/* STEP_COVER of a TEXT or HIDE. */
int mount_add_cover(struct plan_builder *builder, const struct target *target, esq_error *ret_error);
int mount_add_pin(struct plan_builder *builder, const struct target *target, esq_error *ret_error);

#endif
