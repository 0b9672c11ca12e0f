/*
 * rlimit.h: what lies in a step that sets a limit, shared by the plan and the mute child.
 */
#pragma once

#include <stdint.h>

struct rlimit_step {
    uint32_t resource;
    uint32_t padding;
    uint64_t soft;
    uint64_t hard;
};
