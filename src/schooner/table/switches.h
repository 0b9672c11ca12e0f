/* The switches of switches.def as bits of a set of what is off. */
#ifndef SCHOONER_TABLE_SWITCHES_H
#define SCHOONER_TABLE_SWITCHES_H

#include <stdint.h>

enum switch_number {
#define SWITCH(identifier, name, help) SWITCH_##identifier,
#include "schooner/table/switches.def"
#undef SWITCH
    SWITCH_COUNT
};

#define SWITCHES_ALL ((UINT32_C(1) << SWITCH_COUNT) - 1)

static inline int switch_is_off(uint32_t off, enum switch_number number)
{
    return off >> number & 1;
}

#endif
