/*
 * caps_child.c: gives up capabilities, in the mute child. All five sets end as the kept ones, and the bits that make
 * uid 0 something special are locked off, so that no execve of uid 0 fills them again.
 *
 * The order is the kernel's: the bounding set and the bits need CAP_SETPCAP, which goes last; ambient capabilities must
 * be permitted and inheritable, and must be raised before raising them is locked.
 */
#include "caps/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>

#include "plan/step.h"

enum {
    LOCKED_BITS = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                  SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
};

static int set_capabilities(uint64_t usable, uint64_t inheritable)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];

    for (int half = 0; half < 2; half++) {
        data[half].effective = data[half].permitted = (uint32_t)(usable >> 32 * half);
        data[half].inheritable = (uint32_t)(inheritable >> 32 * half);
    }
    return (int)SYS(SYS_capset, &header, data);
}

static int drop_bounding_set(uint64_t keep)
{
    for (unsigned long number = 0; number < CAPS_NUMBERS; number++) {
        int result;

        if (keep >> number & 1)
            continue;
        result = sys_prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
        if (result == -EINVAL && number > CAP_AUDIT_READ)
            return 0; /* the kernel's last one is behind us */
        if (result < 0)
            return result;
    }
    return 0;
}

static int raise_ambient_set(uint64_t keep)
{
    for (unsigned long number = 0; number < CAPS_NUMBERS; number++) {
        int result;

        if (!(keep >> number & 1))
            continue;
        result = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0);
        if (result < 0)
            return result;
    }
    return 0;
}

static int apply_capabilities(const struct caps_step *data, struct child *child)
{
    uint64_t keep = data->keep;
    int result;

    result = drop_bounding_set(keep);
    if (result < 0)
        return step_fail(child, result, "drop the bounding set");
    result = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (result < 0)
        return step_fail(child, result, "clear the ambient set");
    if (keep != 0) {
        result = set_capabilities(keep | 1ull << CAP_SETPCAP, keep);
        if (result < 0)
            return step_fail(child, result, "set the inheritable capabilities");
        result = raise_ambient_set(keep);
        if (result < 0)
            return step_fail(child, result, "raise the ambient set");
    }
    result = sys_prctl(PR_SET_SECUREBITS, LOCKED_BITS, 0, 0, 0);
    if (result < 0)
        return step_fail(child, result, "lock the secure bits");
    result = set_capabilities(keep, keep);
    return result < 0 ? step_fail(child, result, "set the capabilities") : 0;
}

int caps_apply(const struct step *step, struct child *child)
{
    int result;

    if (step->kind == STEP_CAPABILITIES)
        return apply_capabilities(STEP_DATA(child->block, step, struct caps_step), child);
    result = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return result < 0 ? step_fail(child, result, "set no-new-privileges") : 0;
}
