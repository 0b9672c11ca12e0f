/*
 * landlock.h: what the kernel can deny, and what lies in the step of Landlock; shared by the plan and the mute child.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "landlock/kernel.h"

enum { LANDLOCK_RULES_MAX = 256 };

/* Either a path (offset of its text in the plan) or, with path 0, a TCP port. */
struct landlock_rule {
    uint64_t allowed;
    uint32_t path;
    uint32_t port;
    uint32_t line; /* where the description says it, or 0 */
    uint32_t column;
};

struct landlock_step {
    struct landlock_attributes handled; /* all that is denied unless a rule allows it */
    uint32_t handled_size;              /* as much of `handled` as the kernel's version knows */
    uint32_t rule_count;
    uint32_t rules; /* struct landlock_rule[rule_count], offset in the plan */
    uint32_t padding;
};

/* The version of the kernel's Landlock, or 0 where it has none or was booted without it. */
int landlock_version(void);

/* Every right that a version knows. Versions above the newest known one are taken for that. */
uint64_t landlock_files_of(int version);
uint64_t landlock_ports_of(int version);
uint64_t landlock_scopes_of(int version);
uint32_t landlock_size_of(int version);
