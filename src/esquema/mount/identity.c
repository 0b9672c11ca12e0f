/*
 * Is the root filesystem the one that was meant? Its hash is compared with the one that was written down when it came
 * into the store; what lies anywhere else, or is to be verified, is read as a whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "mount/planning.h"
#include "tree/tree.h"

static bool is_hash(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

void mount_check_identity(const esq_spec *spec, struct spec_problems *problems)
{
    const esq_location *where = spec_where(spec, SPEC_ROOTFS_SHA256);
    if (!spec_is_given(spec, SPEC_ROOTFS_SHA256))
        return;
    if (!is_hash(spec_text(spec, SPEC_ROOTFS_SHA256)))
        spec_problem(problems, where, 0, "`esquema rootfs list` and `esquema rootfs hash FOLDER` print it",
                     "a SHA-256 has 64 digits of 0-9 and a-f");
    if (spec_is(spec, SPEC_ROOTFS_MODE, "empty"))
        spec_problem(problems, where, 0, NULL, "an empty root has no hash");
}

/* `real` is DATA/rootfs/NAME/root: the hash lies beside it. Nobody else's word is believed. */
static bool find_written(const esq_spec *spec, const char *real, char ret_hash[65])
{
    char path[4200], bytes[128];
    const char *data = spec_text(spec, SPEC_DATA_FOLDER);
    size_t length = strlen(real), prefix = strlen(data);
    if (!*data || length < 5 || strcmp(real + length - 5, "/root") != 0 || strncmp(real, data, prefix) != 0 ||
        strncmp(real + prefix, "/rootfs/", 8) != 0)
        return false;
    const char *name = real + prefix + 8;
    if (strchr(name, '/') != real + length - 5)
        return false;
    snprintf(path, sizeof(path), "%.*s/sha256", (int)(length - 5), real);
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW, 0);
    ssize_t size = fd < 0 ? -1 : sys_read(fd, bytes, sizeof(bytes) - 1);
    if (size < 64)
        return false;
    memcpy(ret_hash, bytes, 64);
    ret_hash[64] = '\0';
    return is_hash(ret_hash);
}

int mount_verify_identity(const esq_spec *spec, const char *real, esq_error *ret_error)
{
    char found[65];
    unsigned char digest[32];
    const esq_location *where = spec_where(spec, SPEC_ROOTFS_SHA256);
    const char *wanted = spec_text(spec, SPEC_ROOTFS_SHA256);
    if (!*wanted)
        return 0;
    if (spec_is(spec, SPEC_ROOTFS_VERIFY, "yes") || !find_written(spec, real, found)) {
        int result = tree_hash(real, digest, ret_error);
        if (result < 0)
            return result;
        for (size_t i = 0; i < sizeof(digest); i++)
            snprintf(found + 2 * i, 3, "%02x", digest[i]);
    }
    if (strcmp(found, wanted) == 0)
        return 0;
    return esq_fail(ret_error, where, 0, "it was changed, or another one was imported under its name",
                    "the root filesystem %s has the SHA-256 %s, which is not the one that is asked for", real, found);
}
