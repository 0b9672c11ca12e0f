/*
 * No archive makes anything but folders, files and links that stay in the folder it is unpacked into. The input is a
 * tar archive as it is, or (first byte 0) a list of entries that is made into one, so that names, links and kinds meet.
 */
#include "harness.h"

/* What the program says of an archive that it refuses is not wanted here. */
static FILE *nowhere;
#undef stderr
#define stderr nowhere
int unpacking_main(int argc, char **argv);
#define main unpacking_main
#include "tools/rootfs/main.c"
#undef main

#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { BLOCK = 512, ENTRIES = 64, ARCHIVE_MAX = 1 << 20 };

/* ---- Writing archives that no tar program writes ---- */

struct text {
    const uint8_t *at, *end;
};

static unsigned take(struct text *text)
{
    return text->at < text->end ? *text->at++ : 0;
}

/* Up to a NUL; at most a field of the header. */
static void take_name(struct text *text, char field[100])
{
    size_t length = 0;
    for (unsigned byte; (byte = take(text)) != 0 && length < 100;)
        field[length++] = (char)byte;
}

static size_t put_entry(struct text *text, unsigned char *out)
{
    static const char kinds[] = "0123456775522LKgx";
    char *header = (char *)out;
    memset(out, 0, BLOCK);
    char kind = kinds[take(text) % (sizeof kinds - 1)];
    unsigned mode = take(text) << 4, size = take(text);
    take_name(text, header);
    snprintf(header + 100, 8, "%07o", mode & 07777);
    snprintf(header + 108, 8, "%07o", 0u);
    snprintf(header + 116, 8, "%07o", 0u);
    snprintf(header + 124, 12, "%011o", size);
    snprintf(header + 136, 12, "%011o", 0u);
    memset(header + 148, ' ', 8);
    header[156] = kind;
    take_name(text, header + 157);
    memcpy(header + 257, "ustar\00000", 8);
    snprintf(header + 329, 8, "%07o", mode & 7);
    snprintf(header + 337, 8, "%07o", size & 15);
    unsigned sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += out[i];
    snprintf(header + 148, 8, "%06o", sum);
    memset(out + BLOCK, 0, BLOCK);
    for (unsigned i = 0; i < size; i++)
        out[BLOCK + i] = (unsigned char)take(text);
    return size ? 2 * BLOCK : BLOCK;
}

static int make_archive(const uint8_t *data, size_t size)
{
    static unsigned char bytes[(2 * ENTRIES + 2) * BLOCK];
    struct text text = { data, data + size };
    size_t length = 0;
    for (int i = 0; i < ENTRIES && text.at < text.end; i++)
        length += put_entry(&text, bytes + length);
    memset(bytes + length, 0, 2 * BLOCK);
    int fd = memfd_create("archive", MFD_CLOEXEC);
    fuzz_check(fd >= 0 && write(fd, bytes, length + 2 * BLOCK) == (ssize_t)(length + 2 * BLOCK));
    return fd;
}

static int copy_archive(const uint8_t *data, size_t size)
{
    int fd = memfd_create("archive", MFD_CLOEXEC);
    fuzz_check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    return fd;
}

/* What is compressed is libarchive's matter, and a bomb would only fill the disk. */
static bool is_compressed(const uint8_t *data, size_t size)
{
    static const char *const magics[] = { "\x1f\x8b", "BZh", "\xfd\x37zXZ", "\x28\xb5\x2f\xfd", "\x2a\x4d\x18" };
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (memmem(data, size < 8 ? size : 8, magics[i], strlen(magics[i])))
            return true;
    return false;
}

/* ---- What was made ---- */

/* Whether the words of a link that lies `depth` folders deep lead above the root: said once more, in another way. */
static bool leads_out(long depth, char *words)
{
    char *rest;
    if (*words == '/')
        return false;
    for (char *word = strtok_r(words, "/", &rest); word; word = strtok_r(NULL, "/", &rest)) {
        depth += strcmp(word, "..") == 0 ? -1 : strcmp(word, ".") != 0;
        if (depth < 0)
            return true;
    }
    return false;
}

static void check_folder(int folder, long depth);

static void check_one(int folder, const char *name, long depth)
{
    struct stat found;
    char words[PATH_MAX + 1];
    fuzz_check(fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0);
    fuzz_check(S_ISDIR(found.st_mode) || S_ISREG(found.st_mode) || S_ISLNK(found.st_mode));
    fuzz_check(S_ISLNK(found.st_mode) || (found.st_mode & 06000) == 0);
    if (S_ISLNK(found.st_mode)) {
        ssize_t length = readlinkat(folder, name, words, PATH_MAX);
        fuzz_check(length > 0);
        words[length] = '\0';
        fuzz_check(!leads_out(depth, words));
    }
    if (!S_ISDIR(found.st_mode))
        return;
    int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    fuzz_check(below >= 0 && depth < DEPTH_MAX);
    check_folder(below, depth + 1);
}

/* Takes the descriptor. */
static void check_folder(int folder, long depth)
{
    DIR *stream = fdopendir(folder);
    fuzz_check(stream);
    for (struct dirent *entry; (entry = readdir(stream));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            check_one(dirfd(stream), entry->d_name, depth);
    closedir(stream);
}

/* Beside the folder lie a file and a link that leads there: as they were, and nothing else. */
static void check_around(int around)
{
    struct stat found;
    char bytes[8] = "";
    int count = 0, copy = openat(around, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fdopendir(copy);
    fuzz_check(stream);
    for (struct dirent *entry; (entry = readdir(stream));)
        count++;
    closedir(stream);
    fuzz_check(count == 4 && fstatat(around, "canary", &found, AT_SYMLINK_NOFOLLOW) == 0);
    fuzz_check(S_ISREG(found.st_mode) && found.st_nlink == 1 && (found.st_mode & 07777) == 0600 && found.st_size == 4);
    int canary = openat(around, "canary", O_RDONLY | O_CLOEXEC);
    fuzz_check(read(canary, bytes, sizeof bytes) == 4 && memcmp(bytes, "bird", 4) == 0);
    close(canary);
}

/* ---- One input ---- */

static char folder_path[64];

static void remove_folder(void)
{
    beneath_remove(AT_FDCWD, folder_path);
}

static int open_around(void)
{
    static int around = -1;
    if (around >= 0)
        return around;
    struct rlimit size = { 64 << 20, 64 << 20 };
    setrlimit(RLIMIT_FSIZE, &size);
    signal(SIGXFSZ, SIG_IGN);
    umask(0);
    nowhere = fopen("/dev/null", "we");
    snprintf(folder_path, sizeof folder_path, "%s/fuzz-archive-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    fuzz_check(nowhere && mkdtemp(folder_path));
    atexit(remove_folder);
    around = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int canary = openat(around, "canary", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    fuzz_check(canary >= 0 && write(canary, "bird", 4) == 4);
    close(canary);
    return around;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int around = open_around(), before = fuzz_next_descriptor();
    if (size == 0 || (data[0] && is_compressed(data, size)))
        return 0;
    int input = data[0] ? copy_archive(data, size) : make_archive(data + 1, size - 1);
    fuzz_check(lseek(input, 0, SEEK_SET) == 0 && dup2(input, 0) == 0 && mkdirat(around, "root", 0755) == 0);
    close(input);
    struct unpacking unpacking = { .skips_devices = size % 2 == 0 };
    unpacking.root = openat(around, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    unpacking.archive = open_archive();
    fuzz_check(unpacking.root >= 0 && unpacking.archive);
    unpack_all(&unpacking);
    archive_read_free(unpacking.archive);
    close(unpacking.root);
    check_folder(openat(around, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0);
    check_around(around);
    fuzz_check(beneath_remove(around, "root"));
    fuzz_check(fuzz_next_descriptor() == before);
    return 0;
}
