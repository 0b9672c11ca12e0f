/*
 * caps.h: what lies in the step of capabilities, shared by the plan and the mute child.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    /* Numbers above the newest capability that we know are asked of the kernel too: a newer one has more to drop. */
    CAPS_NUMBERS = 64,
};

struct caps_step {
    uint64_t keep; /* bit n: the capability n stays, in all five sets */
};

/* "net_bind_service", with '-' for '_', in upper case, and with "CAP_" before it, as one likes. -1 for no such name. */
int caps_find(const char *name);
