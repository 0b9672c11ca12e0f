/*
 * Is the root filesystem the one that was meant? Its hash is compared with the one that was written down when it came
 * into the store; what lies anywhere else, or is to be verified, is read as a whole. Where none was meant, what is to
 * be verified must be what came into the store.
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

static int read_whole(const char *real, char ret_hash[65], esq_error *ret_error)
{
    unsigned char digest[32];
    int result = tree_hash(real, digest, ret_error);
    for (size_t i = 0; i < sizeof(digest) && result == 0; i++)
        snprintf(ret_hash + 2 * i, 3, "%02x", digest[i]);
    return result;
}

int mount_verify_identity(const esq_spec *spec, const char *real, esq_error *ret_error)
{
    char found[65] = "", written[65] = "";
    bool is_read = spec_is(spec, SPEC_ROOTFS_VERIFY, "yes"), is_asked = *spec_text(spec, SPEC_ROOTFS_SHA256) != '\0';
    if (!is_asked && !is_read)
        return 0;
    const esq_location *where = spec_where(spec, is_asked ? SPEC_ROOTFS_SHA256 : SPEC_ROOTFS);
    bool is_written = find_written(spec, real, written);
    const char *wanted = is_asked ? spec_text(spec, SPEC_ROOTFS_SHA256) : written;
    if (!is_asked && !is_written)
        return esq_fail(ret_error, where, 0, "say it: (sha256 \"...\"), as `esquema rootfs hash FOLDER` prints it",
                        "no hash of the root filesystem %s is known, by which it could be verified", real);
    if (is_read || !is_written) {
        int result = read_whole(real, found, ret_error);
        if (result < 0)
            return result;
    }
    const char *compared = *found ? found : written;
    if (strcmp(compared, wanted) == 0)
        return 0;
    return esq_fail(ret_error, where, 0, "it was changed, or another one was imported under its name",
                    "the root filesystem %s has the SHA-256 %s, which is not the one that %s", real, compared,
                    is_asked ? "is asked for" : "was imported");
}
