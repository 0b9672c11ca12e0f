/*
 * What an entry keeps of its start: the specification as bytes (spec_bytes.c), its hash, how it was started and what it
 * was granted. Written before anything runs. Whoever reads it takes nothing for granted: the specification must have
 * the hash that it had.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "spec/spec.h"
#include "store/store.h"
#include "sys/sys.h"

#define KEPT_SIZE_MAX ((size_t)16 << 20)

enum { GRANTS_MAX = 4096 };

static const char heading[] = "esquema kept 1";

/* ---- Writing ---- */

static bool append_word(struct buffer *out, const char *word)
{
    return buffer_append(out, word, strlen(word) + 1);
}

static bool append_number(struct buffer *out, uint64_t number)
{
    return buffer_append_format(out, "%llu", (unsigned long long)number) && buffer_append_byte(out, '\0');
}

static bool append_hash(struct buffer *out, const unsigned char hash[32])
{
    bool is_written = true;
    for (size_t i = 0; i < 32 && is_written; i++)
        is_written = buffer_append_format(out, "%02x", hash[i]);
    return is_written && buffer_append_byte(out, '\0');
}

static bool append_grants(struct buffer *out, const esq_grant *grants, size_t count)
{
    bool is_written = append_number(out, count);
    for (size_t i = 0; i < count && is_written; i++)
        is_written = append_word(out, grants[i].flag) && append_word(out, grants[i].value) &&
                     append_word(out, grants[i].where.file ? grants[i].where.file : "") &&
                     append_number(out, grants[i].where.line) && append_number(out, grants[i].where.column);
    return is_written;
}

static bool append_all(struct buffer *out, const esq_start *how)
{
    unsigned char hash[32];
    return esq_spec_hash(how->spec, hash) == 0 && append_word(out, heading) && append_hash(out, hash) &&
           append_number(out, spec_has_descriptors(how->spec)) && append_number(out, how->flags) &&
           append_number(out, how->log_size) && append_number(out, how->log_files) &&
           append_number(out, how->log_output) && append_number(out, (uint64_t)how->restart) &&
           append_grants(out, how->grants, how->grant_count) && spec_write(how->spec, out);
}

int kept_write(int folder, const esq_start *how)
{
    struct buffer bytes;
    if (!how->spec)
        return 0;
    buffer_init(&bytes, &memory_malloc);
    int result = append_all(&bytes, how) ? 0 : -ENOMEM;
    _cleanup_fd_ int fd = result < 0 ? -1 : sys_openat(folder, "spec", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (result == 0)
        result = fd < 0 ? fd : sys_write_all(fd, bytes.bytes, bytes.length);
    buffer_done(&bytes);
    return result;
}

/* ---- Reading ---- */

static int read_file(int folder, char **ret_bytes, size_t *ret_size)
{
    struct stat found;
    _cleanup_fd_ int fd = sys_openat(folder, "spec", O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0); /* a pipe waits */
    int result = fd < 0 ? fd : sys_fstat(fd, &found);
    if (result < 0)
        return result == -ENOENT ? -ENODATA : result;
    if (!S_ISREG(found.st_mode) || found.st_size <= 0 || (uint64_t)found.st_size > KEPT_SIZE_MAX)
        return -EPROTO;
    size_t size = (size_t)found.st_size, used = 0;
    char *bytes = malloc(size);
    if (!bytes)
        return -ENOMEM;
    while (used < size) {
        ssize_t more = sys_read(fd, bytes + used, size - used);
        if (more <= 0) {
            free(bytes);
            return more < 0 ? (int)more : -EPROTO;
        }
        used += (size_t)more;
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return 0;
}

static bool read_hash(struct spec_reading *reading, unsigned char ret_hash[32])
{
    static const char digits[] = "0123456789abcdef";
    const char *word = spec_read_word(reading);
    if (!word || strlen(word) != 64)
        return false;
    for (size_t i = 0; i < 32; i++) {
        const char *high = strchr(digits, word[2 * i]), *low = strchr(digits, word[2 * i + 1]);
        if (!high || !low)
            return false;
        ret_hash[i] = (unsigned char)((high - digits) << 4 | (low - digits));
    }
    return true;
}

static int read_grants(struct spec_reading *reading, esq_kept *kept)
{
    uint64_t count, line, column;
    if (!spec_read_number(reading, &count) || count > GRANTS_MAX)
        return -EPROTO;
    kept->grants = calloc(count + 1, sizeof *kept->grants);
    if (!kept->grants)
        return -ENOMEM;
    for (; kept->grant_count < count; kept->grant_count++) {
        const char *flag = spec_read_word(reading), *value = spec_read_word(reading);
        const char *file = spec_read_word(reading);
        if (!flag || !value || !file || !spec_read_number(reading, &line) || !spec_read_number(reading, &column))
            return -EPROTO;
        kept->grants[kept->grant_count] =
            (esq_grant){ flag, value, { *file ? file : NULL, (unsigned)line, (unsigned)column } };
    }
    return 0;
}

static int read_all(struct spec_reading *reading, esq_kept *kept)
{
    unsigned char hash[32];
    uint64_t has_descriptors, flags, files, restart;
    const char *word = spec_read_word(reading);
    if (!word || strcmp(word, heading) != 0 || !read_hash(reading, kept->hash) ||
        !spec_read_number(reading, &has_descriptors) || !spec_read_number(reading, &flags) ||
        !spec_read_number(reading, &kept->log_size) || !spec_read_number(reading, &files) ||
        !spec_read_number(reading, &kept->log_output) || !spec_read_number(reading, &restart) ||
        restart > ESQ_RESTART_ALWAYS)
        return -EPROTO;
    kept->has_descriptors = has_descriptors != 0;
    kept->flags = (unsigned)flags;
    kept->log_files = (unsigned)files;
    kept->restart = (enum esq_restart)restart;
    int result = read_grants(reading, kept);
    if (result == 0)
        result = spec_read(reading, &kept->spec);
    if (result == 0 && reading->left != 0)
        result = -EPROTO;
    if (result == 0 && !kept->has_descriptors) /* which are a part of the hash, and not kept */
        result = esq_spec_hash(kept->spec, hash);
    if (result == 0 && !kept->has_descriptors && memcmp(hash, kept->hash, sizeof hash) != 0)
        result = -EPROTO;
    return result;
}

void esq_kept_done(esq_kept *kept)
{
    if (!kept)
        return;
    esq_spec_free(kept->spec);
    free(kept->grants);
    free(kept->bytes);
    kept->spec = NULL;
    kept->grants = NULL;
    kept->grant_count = 0;
    kept->bytes = NULL;
}

int esq_store_kept(esq_store *store, const char *name, esq_kept *ret_kept, esq_error *ret_error)
{
    _cleanup_fd_ int folder = -1;
    esq_kept kept = { .size = sizeof kept };
    struct spec_reading reading = { .at = NULL };
    if (ret_kept->size < sizeof *ret_kept)
        return esq_refuse(ret_error, EINVAL, NULL, "the caller was made for another version");
    int result = store_open_entry(store, name, &folder, ret_error);
    if (result < 0)
        return result;
    result = read_file(folder, &kept.bytes, &reading.left);
    reading.at = kept.bytes;
    if (result == 0)
        result = read_all(&reading, &kept);
    if (result == 0) {
        *ret_kept = kept;
        return 0;
    }
    esq_kept_done(&kept);
    if (result == -ENODATA)
        return esq_refuse(ret_error, ENODATA, NULL, "nothing is kept of how `%s` was started", name);
    if (result == -EPROTO)
        return esq_refuse(ret_error, EPROTO, NULL, "what is kept of `%s` is not what was started", name);
    return esq_fail(ret_error, NULL, -result, NULL, "read what is kept of `%s`", name);
}
