/*
 * kernel.h: Landlock as the kernel's interface has it up to version 7, for machines whose headers are older than their
 * kernel. Names and values are the kernel's (include/uapi/linux/landlock.h), with a prefix that cannot meet theirs.
 */
#pragma once

#include <stdint.h>

enum { LANDLOCK_CREATE_VERSION = 1, LANDLOCK_RULE_FILES = 1, LANDLOCK_RULE_PORT = 2 };

#define FILES_EXECUTE     (1ull << 0)
#define FILES_WRITE_FILE  (1ull << 1)
#define FILES_READ_FILE   (1ull << 2)
#define FILES_READ_DIR    (1ull << 3)
#define FILES_REMOVE_DIR  (1ull << 4)
#define FILES_REMOVE_FILE (1ull << 5)
#define FILES_MAKE_CHAR   (1ull << 6)
#define FILES_MAKE_DIR    (1ull << 7)
#define FILES_MAKE_REG    (1ull << 8)
#define FILES_MAKE_SOCK   (1ull << 9)
#define FILES_MAKE_FIFO   (1ull << 10)
#define FILES_MAKE_BLOCK  (1ull << 11)
#define FILES_MAKE_SYM    (1ull << 12)
#define FILES_REFER       (1ull << 13)
#define FILES_TRUNCATE    (1ull << 14)
#define FILES_IOCTL_DEV   (1ull << 15)

/* All rights that a file can have; a rule for a file with a right of directories is EINVAL. */
#define FILES_OF_A_FILE (FILES_EXECUTE | FILES_WRITE_FILE | FILES_READ_FILE | FILES_TRUNCATE | FILES_IOCTL_DEV)

/* What changes nothing that lies on a disk. REFER alone moves nothing: that takes rights to remove and to make. */
#define FILES_READ_ONLY (FILES_EXECUTE | FILES_READ_FILE | FILES_READ_DIR | FILES_REFER)

#define PORTS_BIND    (1ull << 0)
#define PORTS_CONNECT (1ull << 1)

#define SCOPE_ABSTRACT_SOCKETS (1ull << 0)
#define SCOPE_SIGNALS          (1ull << 1)

struct landlock_attributes {
    uint64_t files;
    uint64_t ports;  /* version 4 */
    uint64_t scopes; /* version 6 */
};

struct landlock_files_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

struct landlock_port_rule {
    uint64_t allowed;
    uint64_t port;
};
