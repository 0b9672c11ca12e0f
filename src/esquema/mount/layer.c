/*
 * Planning what changes how a tree is seen: overlays of trees that are no root, files of ours over files of the host,
 * and pins. Writes nothing anywhere.
 */
#include <errno.h>
#include <string.h>
#include "mount/planning.h"

/* The folder of the writes is opened and verified like any other source. */
static int describe_keep(const esq_spec *spec, struct plan_builder *builder, const struct target *target,
                         struct mount_overlay *overlay, esq_error *ret_error)
{
    struct target keep = {
        .kind = TARGET_BIND, .source = target->keep, .where = target->where, .fd = -1, .is_writable = true
    };
    int result = mount_open_asked(spec, builder, &keep, ret_error);
    if (result == 0 && keep.is_file)
        result = esq_fail(ret_error, target->where, ENOTDIR, NULL, "keep the writes in %s", target->keep);
    if (result == 0)
        result = mount_describe_source(builder, &keep, &overlay->keep, ret_error);
    const struct plan_disk_tree tree = {
        .path = overlay->keep.path, .is_own = true, .device = overlay->keep.device, .inode = overlay->keep.inode
    };
    if (result == 0 && plan_add_disk_tree(builder, &tree) < 0)
        result = mount_no_memory(ret_error);
    static const char *const folders[] = { "upper", "work" };
    for (size_t i = 0; i < 2 && result == 0; i++) {
        _cleanup_fd_ int fd = sys_open_beneath(keep.fd, folders[i], O_PATH | O_DIRECTORY, 0);
        if (fd < 0)
            result = esq_fail(ret_error, target->where, -fd, "make the folders upper and work in it",
                              "keep the writes in %s/%s", target->keep, folders[i]);
    }
    return result;
}

int mount_add_overlay(const esq_spec *spec, struct plan_builder *builder, struct target *target, esq_error *ret_error)
{
    struct target lower = *target;
    struct mount_overlay overlay = {
        .size = plan_add_text(builder, MOUNT_THROW_AWAY_SIZE),
        .inodes = plan_add_text(builder, MOUNT_THROW_AWAY_INODES),
        .tree = plan_head(builder)->tree_count++,
    };
    target->tree = overlay.tree;
    lower.is_writable = false;
    if (target->is_file)
        return esq_fail(ret_error, target->where, ENOTDIR, "an overlay is of a folder", "lay a layer over %s",
                        target->source);
    int result = mount_describe_source(builder, &lower, &overlay.lower, ret_error);
    if (result == 0 && target->keep)
        result = describe_keep(spec, builder, target, &overlay, ret_error);
    if (result < 0)
        return result;
    if (!overlay.size || !overlay.inodes ||
        plan_add_step(builder, STEP_OVERLAY, target->where,
                      "this kernel refuses overlay in a user namespace, or its file system cannot be a layer; see "
                      "`esquema doctor`",
                      &overlay, sizeof(overlay), "lay a layer for writes over %s, %s%s", target->source,
                      target->keep ? "kept in " : "thrown away", target->keep ? target->keep : "") < 0)
        return mount_no_memory(ret_error);
    return 0;
}

int mount_add_cover(struct plan_builder *builder, const struct target *target, esq_error *ret_error)
{
    bool is_text = target->kind == TARGET_TEXT;
    const char *contents = is_text ? target->source : "";
    struct mount_cover cover = { .target = plan_add_text(builder, target->path),
                                 .contents = plan_add_text(builder, contents),
                                 .length = (uint32_t)strlen(contents),
                                 .is_optional = target->is_optional };
    if (!cover.target || !cover.contents ||
        plan_add_step(builder, STEP_COVER, target->where, NULL, &cover, sizeof(cover),
                      is_text ? "write %s, %u bytes%s" : "hide %s", target->path, cover.length,
                      target->remark ? target->remark : "") < 0)
        return mount_no_memory(ret_error);
    return 0;
}

int mount_add_pin(struct plan_builder *builder, const struct target *target, esq_error *ret_error)
{
    struct mount_pin pin = { .target = plan_add_text(builder, target->path), .is_writable = target->is_writable };
    if (!pin.target || plan_add_step(builder, STEP_PIN, target->where, NULL, &pin, sizeof(pin), "pin %s, %s",
                                     target->path, target->is_writable ? "writable" : "read-only") < 0)
        return mount_no_memory(ret_error);
    return 0;
}
