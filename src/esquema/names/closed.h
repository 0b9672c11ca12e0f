/*
 * What a network in user mode does not lead to: the metadata services of clouds, which hand out the machine's keys to
 * whoever asks. One list for who builds the wall and for who must know that a name server lies behind it.
 */
#ifndef ESQUEMA_NAMES_CLOSED_H
#define ESQUEMA_NAMES_CLOSED_H

#include <stdint.h>

struct names_closed_four {
    unsigned char address[4];
    unsigned char bits;
};

struct names_closed_six {
    unsigned char address[16];
    unsigned char bits;
};

static const struct names_closed_four names_closed_four[] = {
    { { 169, 254, 0, 0 }, 16 },     /* link-local: nearly all of them */
    { { 100, 100, 100, 200 }, 32 }, /* Alibaba */
    { { 192, 0, 0, 192 }, 32 },     /* Oracle, of old */
};

static const struct names_closed_six names_closed_six[] = {
    { { 0xfd, 0x00, 0x0e, 0xc2 }, 64 },                     /* fd00:ec2::254 and its kin */
    { { 0xfd, 0x20, 0x00, 0xce }, 64 },                     /* fd20:ce::254 */
    { { 0xfd, 0x00, 0x00, 0x42 }, 64 },                     /* fd00:42::42 */
    { { 0xfe, 0x80, [12] = 0xa9, 0xfe, 0xa9, 0xfe }, 128 }, /* fe80::a9fe:a9fe */
    { { 0x00, 0x64, 0xff, 0x9b, [12] = 0xa9, 0xfe }, 112 }, /* 169.254.0.0/16 behind NAT64 */
};

#define NAMES_CLOSED_FOUR (sizeof(names_closed_four) / sizeof(names_closed_four[0]))
#define NAMES_CLOSED_SIX  (sizeof(names_closed_six) / sizeof(names_closed_six[0]))

#endif
