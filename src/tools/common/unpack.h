/* What `esquema rootfs import` and the program that unpacks for it say to each other. */
#ifndef TOOLS_COMMON_UNPACK_H
#define TOOLS_COMMON_UNPACK_H

/* Its first argument, where every device is to be left out. */
#define UNPACK_SKIP_DEVICES "--skip-devices"

/* How it ends: what the remedy depends on. */
enum unpack_end {
    UNPACK_DONE,
    UNPACK_REFUSED,
    UNPACK_USAGE,
    UNPACK_ABSOLUTE, /* a name that begins with a slash */
    UNPACK_DEVICE,   /* a device that no usual root has */
};

#endif
