/*
 * rootfs [--skip-devices] FOLDER: unpacks the archive on standard input beneath FOLDER. The archive is a stranger's:
 * what it may do and how much is decided here, libarchive only reads it. `esquema rootfs import` runs this behind walls
 * in which FOLDER is all that can be written. Tells in one line on standard output what was made, and on standard error
 * why not.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/plain.h"
#include "tools/common/beneath.h"
#include "tools/common/unpack.h"

/* Far beyond an honest root filesystem. Sizes are those that files say they have, holes included. */
#define ENTRIES_MAX 2000000
#define BYTES_MAX   ((int64_t)64 << 30)
#define FILE_MAX    ((int64_t)16 << 30)
#define DEPTH_MAX   128
#define BLOCK_SIZE  (1 << 16)

struct unpacking {
    int root;
    struct archive *archive;
    struct archive_entry *entry;
    const char *path; /* of the entry, made plain: no leading or doubled slash, no "." */
    uint64_t entries, files;
    int64_t bytes;
    uint64_t left_out; /* devices, pipes, sockets */
    uint64_t set_id;   /* bits that were not taken over */
    bool skips_devices;
    enum unpack_end end;
};

static bool refuse(const struct unpacking *unpacking, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(const struct unpacking *unpacking, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    plain_make(text);
    fprintf(stderr, "entry %" PRIu64 ": %s\n", unpacking->entries, text);
    return false;
}

/* Refused for a reason that the user can do something about. */
static bool refuse_for(struct unpacking *unpacking, enum unpack_end end, const char *what)
{
    unpacking->end = end;
    return refuse(unpacking, "%s %s", unpacking->path, what);
}

/* ---- Names ---- */

/* "/./a//b/" becomes "a/b". false: "..", or longer or deeper than any honest name. */
static bool make_plain(const char *name, char path[PATH_MAX])
{
    size_t length = 0, depth = 0;
    for (const char *part = name; *part;) {
        size_t size = strcspn(part, "/");
        bool is_parent = size == 2 && part[0] == '.' && part[1] == '.';
        if (is_parent || size > NAME_MAX || length + size + 2 > PATH_MAX)
            return false;
        if (size > 0 && !(size == 1 && part[0] == '.')) {
            if (length > 0)
                path[length++] = '/';
            memcpy(path + length, part, size);
            length += size;
            depth++;
        }
        part += size + (part[size] == '/');
    }
    path[length] = '\0';
    return depth <= DEPTH_MAX;
}

/* The folder that the entry belongs into, made where the archive left it out. Reached through no link. */
static int open_parent(const struct unpacking *unpacking, const char **ret_name)
{
    char way[PATH_MAX];
    const char *slash = strrchr(unpacking->path, '/');
    int parent = beneath_open_parent(unpacking->root, unpacking->path, ret_name);
    if (parent >= 0 || errno != ENOENT || !slash)
        return parent;
    snprintf(way, sizeof way, "%.*s", (int)(slash - unpacking->path), unpacking->path);
    if (!beneath_make_folders(unpacking->root, way, 0755))
        return -1;
    return beneath_open_parent(unpacking->root, unpacking->path, ret_name);
}

/* A later entry replaces an earlier one, but never a folder: a link in its place would lead what follows elsewhere. */
static bool make_room(const struct unpacking *unpacking, int parent, const char *name)
{
    struct stat there;
    if (fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || refuse(unpacking, "%s: %s", unpacking->path, strerror(errno));
    if (S_ISDIR(there.st_mode))
        return refuse(unpacking, "%s would replace a folder", unpacking->path);
    return unlinkat(parent, name, 0) == 0 || refuse(unpacking, "%s: %s", unpacking->path, strerror(errno));
}

/* ---- Kinds ---- */

static mode_t rights_of(struct unpacking *unpacking)
{
    mode_t mode = archive_entry_perm(unpacking->entry);
    unpacking->set_id += (mode & 06000) != 0;
    return mode & 0777;
}

static bool make_folder(struct unpacking *unpacking, int parent, const char *name)
{
    struct stat there;
    mode_t mode = rights_of(unpacking) | 0700; /* what lies in it follows, and one day it is removed */
    if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
        return refuse(unpacking, "%s: %s", unpacking->path, strerror(errno));
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool is_good = fd >= 0 && fstat(fd, &there) == 0 && fchmod(fd, mode) == 0;
    int number = errno;
    if (fd >= 0)
        close(fd);
    return is_good ||
           refuse(unpacking, "%s is a folder, and something else before: %s", unpacking->path, strerror(number));
}

static bool write_block(int fd, const char *bytes, size_t size, int64_t offset)
{
    while (size > 0) {
        ssize_t written = pwrite(fd, bytes, size, offset);
        if (written <= 0)
            return false;
        bytes += written;
        size -= (size_t)written;
        offset += written;
    }
    return true;
}

static bool copy_contents(struct unpacking *unpacking, int fd, int64_t size)
{
    const void *bytes;
    size_t length;
    la_int64_t offset;
    int result;
    while ((result = archive_read_data_block(unpacking->archive, &bytes, &length, &offset)) == ARCHIVE_OK) {
        if (offset < 0 || offset > size || (int64_t)length > size - offset)
            return refuse(unpacking, "%s has more contents than its size", unpacking->path);
        if (!write_block(fd, bytes, length, offset))
            return refuse(unpacking, "%s: %s", unpacking->path, strerror(errno));
    }
    if (result != ARCHIVE_EOF)
        return refuse(unpacking, "%s: %s", unpacking->path, archive_error_string(unpacking->archive));
    return ftruncate(fd, size) == 0 || refuse(unpacking, "%s: %s", unpacking->path, strerror(errno));
}

static bool make_file(struct unpacking *unpacking, int parent, const char *name)
{
    int64_t size = archive_entry_size(unpacking->entry);
    mode_t mode = rights_of(unpacking) | 0400; /* its hash is to be taken */
    if (size < 0 || size > FILE_MAX || unpacking->bytes > BYTES_MAX - size)
        return refuse(unpacking, "%s has %" PRId64 " bytes: more than %" PRId64 " in a file, or %" PRId64 " in all",
                      unpacking->path, size, (int64_t)FILE_MAX, (int64_t)BYTES_MAX);
    unpacking->bytes += size;
    unpacking->files++;
    if (!make_room(unpacking, parent, name))
        return false;
    int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return refuse(unpacking, "%s: %s", unpacking->path, strerror(errno));
    struct timespec times[2] = { { .tv_sec = archive_entry_mtime(unpacking->entry) },
                                 { .tv_sec = archive_entry_mtime(unpacking->entry) } };
    bool is_good = copy_contents(unpacking, fd, size) && fchmod(fd, mode) == 0;
    if (is_good)
        futimens(fd, times); /* a time that no file system knows is not worth an error */
    close(fd);
    return is_good;
}

/*
 * Whether the words of the link climb above the root: in a container they would end at its root, on the host they would
 * not, and no honest archive has one. A link to an absolute path is part of every system (/etc/alternatives), and is
 * taken over: nothing here follows it, and in a container the root is this folder.
 */
static bool link_climbs(const char *path, const char *target)
{
    long depth = 0;
    if (*target == '/')
        return false;
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
        depth++;
    for (const char *part = target; *part;) {
        size_t size = strcspn(part, "/");
        if (size == 2 && part[0] == '.' && part[1] == '.')
            depth--;
        else if (size > 0 && !(size == 1 && part[0] == '.'))
            depth++;
        if (depth < 0)
            return true;
        part += size + (part[size] == '/');
    }
    return false;
}

static bool make_link(struct unpacking *unpacking, int parent, const char *name)
{
    const char *target = archive_entry_symlink(unpacking->entry);
    if (!target || !*target || strlen(target) >= PATH_MAX)
        return refuse(unpacking, "%s is a link that leads nowhere", unpacking->path);
    if (link_climbs(unpacking->path, target))
        return refuse(unpacking, "%s is a link out of the root, to %s", unpacking->path, target);
    if (!make_room(unpacking, parent, name))
        return false;
    return symlinkat(target, parent, name) == 0 || refuse(unpacking, "%s: %s", unpacking->path, strerror(errno));
}

/* A link that stays within the root may lead out of it under another name, which lies less deep. */
static bool second_name_climbs(const struct unpacking *unpacking, int folder, const char *name)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(folder, name, target, sizeof target - 1);
    if (length < 0) /* no link */
        return false;
    target[length] = '\0';
    return link_climbs(unpacking->path, target);
}

static bool make_second_name(struct unpacking *unpacking, int parent, const char *name)
{
    char path[PATH_MAX];
    const char *target_name;
    struct stat there;
    const char *target = archive_entry_hardlink(unpacking->entry);
    if (*target == '/' || !make_plain(target, path) || !*path)
        return refuse(unpacking, "%s is a second name of something outside", unpacking->path);
    if (strcmp(path, unpacking->path) == 0)
        return true;
    int folder = beneath_open_parent(unpacking->root, path, &target_name);
    if (folder < 0)
        return refuse(unpacking, "%s is a second name of %s: %s", unpacking->path, path, strerror(errno));
    bool is_file = fstatat(folder, target_name, &there, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(there.st_mode);
    if (is_file && second_name_climbs(unpacking, folder, target_name)) {
        close(folder);
        return refuse(unpacking, "%s is a link out of the root, as a second name of %s", unpacking->path, path);
    }
    bool is_good = is_file ? make_room(unpacking, parent, name) && linkat(folder, target_name, parent, name, 0) == 0
                           : refuse(unpacking, "%s is a second name of %s, which is no file", unpacking->path, path);
    if (is_file && !is_good)
        refuse(unpacking, "%s is a second name of %s: %s", unpacking->path, path, strerror(errno));
    close(folder);
    return is_good;
}

/*
 * A container has its own /dev, so no device is ever made. Those that a system in a file usually has (debootstrap and
 * mmdebstrap write them) say nothing about the archive; any other was put there by somebody who wanted it to be made.
 */
static bool is_usual_device(const char *path, dev_t number)
{
    static const struct {
        const char *path;
        unsigned major, minor;
    } usual[] = {
        { "dev/console", 5, 1 }, { "dev/full", 1, 7 }, { "dev/null", 1, 3 },    { "dev/ptmx", 5, 2 },
        { "dev/random", 1, 8 },  { "dev/tty", 5, 0 },  { "dev/urandom", 1, 9 }, { "dev/zero", 1, 5 },
    };
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (strcmp(usual[i].path, path) == 0)
            return major(number) == usual[i].major && minor(number) == usual[i].minor;
    return false;
}

static bool leave_out_device(struct unpacking *unpacking, bool is_block)
{
    bool is_usual = !is_block && is_usual_device(unpacking->path, archive_entry_rdev(unpacking->entry));
    unpacking->left_out++;
    return is_usual || unpacking->skips_devices || refuse_for(unpacking, UNPACK_DEVICE, "is a device");
}

static bool make_entry(struct unpacking *unpacking, int parent, const char *name)
{
    if (archive_entry_hardlink(unpacking->entry))
        return make_second_name(unpacking, parent, name);
    switch (archive_entry_filetype(unpacking->entry)) {
    case AE_IFDIR: return make_folder(unpacking, parent, name);
    case AE_IFREG: return make_file(unpacking, parent, name);
    case AE_IFLNK: return make_link(unpacking, parent, name);
    case AE_IFCHR: return leave_out_device(unpacking, false);
    case AE_IFBLK: return leave_out_device(unpacking, true);
    default: unpacking->left_out++; return true; /* pipes and sockets are made by who uses them */
    }
}

/* ---- The archive ---- */

static bool unpack_entry(struct unpacking *unpacking)
{
    char path[PATH_MAX];
    const char *name = archive_entry_pathname(unpacking->entry);
    if (++unpacking->entries > ENTRIES_MAX)
        return refuse(unpacking, "more than %d entries", ENTRIES_MAX);
    unpacking->path = name;
    if (name && *name == '/')
        return refuse_for(unpacking, UNPACK_ABSOLUTE, "is an absolute name");
    if (!name || !make_plain(name, path))
        return refuse(unpacking, "the name `%.200s` has `..` in it, or is too long", name ? name : "");
    if (!*path) /* the root itself */
        return true;
    unpacking->path = path;
    int parent = open_parent(unpacking, &name);
    if (parent < 0)
        return refuse(unpacking, "%s lies behind something that is no folder: %s", path, strerror(errno));
    bool is_good = make_entry(unpacking, parent, name);
    close(parent);
    return is_good;
}

/* Formats and compressions that are read here, in this process: others would start programs. */
static struct archive *open_archive(void)
{
    struct archive *archive = archive_read_new();
    if (!archive)
        return NULL;
    archive_read_support_format_tar(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
    return archive;
}

static bool unpack_all(struct unpacking *unpacking)
{
    int result = archive_read_open_fd(unpacking->archive, STDIN_FILENO, BLOCK_SIZE);
    while (result == ARCHIVE_OK || result == ARCHIVE_WARN) {
        result = archive_read_next_header(unpacking->archive, &unpacking->entry);
        if (result == ARCHIVE_EOF)
            return unpacking->entries > 0 || refuse(unpacking, "the archive is empty");
        if ((result == ARCHIVE_OK || result == ARCHIVE_WARN) && !unpack_entry(unpacking))
            return false;
    }
    return refuse(unpacking, "this is no tar archive (plain, gzip, bzip2, xz, zstd): %s",
                  archive_error_string(unpacking->archive));
}

int main(int argc, char **argv)
{
    struct unpacking unpacking = { .root = -1, .end = UNPACK_REFUSED };
    unpacking.skips_devices = argc == 3 && strcmp(argv[1], UNPACK_SKIP_DEVICES) == 0;
    if (argc != 2 && !unpacking.skips_devices) {
        fputs("usage: rootfs [" UNPACK_SKIP_DEVICES "] FOLDER <ARCHIVE\n", stderr);
        return UNPACK_USAGE;
    }
    const char *folder = argv[argc - 1];
    setlocale(LC_CTYPE, "C.UTF-8"); /* or names in UTF-8 could not be read */
    umask(0);
    unpacking.root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    unpacking.archive = open_archive();
    if (unpacking.root < 0 || !unpacking.archive) {
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        return UNPACK_REFUSED;
    }
    bool is_good = unpack_all(&unpacking);
    archive_read_free(unpacking.archive);
    if (is_good)
        printf("%" PRIu64 " entries, %" PRId64 " bytes; left out: %" PRIu64 " devices, %" PRIu64 " set-id bits\n",
               unpacking.entries, unpacking.bytes, unpacking.left_out, unpacking.set_id);
    return is_good && fflush(stdout) == 0 ? UNPACK_DONE : (int)unpacking.end;
}
