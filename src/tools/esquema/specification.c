/* See specification.h. Of the environment only names are shown, of files that it makes only where they are. */
#include "tools/esquema/specification.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/esquema/rootfs_store.h"
#include "tools/esquema/grants.h"
#include "tools/esquema/problems.h"

/* The words of an item; none where there is no such item. */
struct item {
    const char *const *words;
    size_t count;
};

static struct item item_of(const esq_spec *spec, const char *field, size_t index)
{
    struct item item = { NULL, 0 };
    ssize_t count = esq_spec_get(spec, field, index, &item.words, NULL);
    item.count = count > 0 ? (size_t)count : 0;
    return item;
}

/* Of a field with one value; "" where there is none. */
static const char *text_of(const esq_spec *spec, const char *field)
{
    struct item item = item_of(spec, field, 0);
    return item.count > 0 ? item.words[0] : "";
}

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

/* Limits, each the field of its name; sizes are bytes, times milliseconds. */
static const struct {
    const char *field;
    enum { PLAIN, BYTES, TIME } unit;
} limits[] = {
    { "memory", BYTES },
    { "swap", BYTES },
    { "processes", PLAIN },
    { "cpus", PLAIN },
    { "cpuset", PLAIN },
    { "time", TIME },
    { "grace", TIME },
    { "output", BYTES },
    { "disk", BYTES },
    { "open-files", PLAIN },
    { "file-size", BYTES },
    { "core-size", BYTES },
    { "stack-size", BYTES },
    { "data-size", BYTES },
    { "address-space", BYTES },
    { "locked-memory", BYTES },
    { "cpu-time", TIME },
    { "nice", PLAIN },
    { "user-processes", PLAIN },
    { "pending-signals", PLAIN },
    { "message-queues", BYTES },
    { "realtime-time", TIME },
    { "realtime-priority", PLAIN },
};
enum { LIMIT_COUNT = sizeof limits / sizeof *limits };

/* What an item of "mounts" has behind its kind: where it comes from, where it is, options from there on. */
struct mount_words {
    const char *source, *destination; /* NULL: it has none */
    size_t options;
};

static struct mount_words mount_words(struct item item)
{
    const char *kind = item.count > 0 ? item.words[0] : "";
    const char *first = item.count > 1 ? item.words[1] : NULL, *second = item.count > 2 ? item.words[2] : NULL;
    if (strcmp(kind, "bind") == 0 || strcmp(kind, "volume") == 0 || strcmp(kind, "overlay") == 0)
        return (struct mount_words){ first, second, 3 };
    if (strcmp(kind, "link") == 0)
        return (struct mount_words){ second, first, 3 };
    if (strcmp(kind, "text") == 0) /* its contents are nobody's business */
        return (struct mount_words){ NULL, first, item.count };
    return (struct mount_words){ NULL, first, 2 };
}

void specification_print_hash(const unsigned char hash[32], FILE *out)
{
    for (size_t i = 0; i < 32; i++)
        fprintf(out, "%02x", hash[i]);
}

static esq_location place_of(const esq_spec *spec)
{
    const char *const *words;
    esq_location where = { NULL, 0, 0 };
    if (!spec || esq_spec_get(spec, "name", 0, &words, &where) < 0 || !where.line)
        where = (esq_location){ NULL, 0, 0 };
    return where;
}

/* ---- As text ---- */

void specification_print_place(const esq_spec *spec, FILE *out)
{
    esq_location where = place_of(spec);
    if (where.line)
        fprintf(out, ":%u:%u", where.line, where.column);
}

static void print_words(struct item item, size_t from, const char *between, FILE *out)
{
    for (size_t i = from; i < item.count; i++) {
        fputs(i > from ? between : "", out);
        report_text(out, item.words[i]);
    }
}

/* "KEY: WORDS", each item on a line of its own beneath the key; so many words of each. */
static void print_items(const esq_spec *spec, const char *key, const char *field, FILE *out)
{
    struct item item;
    for (size_t i = 0; (item = item_of(spec, field, i)).count > 0; i++) {
        fprintf(out, "%-13s", i ? "" : key);
        print_words(item, 0, " ", out);
        fputc('\n', out);
    }
}

static void print_text_line(const esq_spec *spec, const char *key, const char *field, FILE *out)
{
    const char *text = text_of(spec, field);
    if (!*text)
        return;
    fprintf(out, "%-13s", key);
    report_text(out, text);
    fputc('\n', out);
}

/* The one that the description has, else that which the root was imported with; "" */
enum { ROOT_HASH_SIZE = 65 };

static void find_root_hash(const esq_spec *spec, char ret[ROOT_HASH_SIZE])
{
    const char *given = text_of(spec, "rootfs-sha256");
    if (*given)
        snprintf(ret, ROOT_HASH_SIZE, "%s", given);
    else
        rootfs_kept_hash(text_of(spec, "rootfs"), ret);
}

static void print_root(const esq_spec *spec, FILE *out)
{
    const char *mode = text_of(spec, "rootfs-mode");
    char hash[ROOT_HASH_SIZE];
    fputs("root:        ", out);
    report_text(out, text_of(spec, "rootfs"));
    fprintf(out, "%s(%s", *text_of(spec, "rootfs") ? " " : "", mode);
    if (*text_of(spec, "rootfs-keep")) {
        fputs(", kept as ", out);
        report_text(out, text_of(spec, "rootfs-keep"));
    }
    fputs(")\n", out);
    find_root_hash(spec, hash);
    if (*hash)
        fprintf(out, "%-13s%s\n", "root hash:", hash);
}

static void print_mounts(const esq_spec *spec, FILE *out)
{
    struct item item;
    for (size_t i = 0; (item = item_of(spec, "mounts", i)).count > 0; i++) {
        struct mount_words words = mount_words(item);
        fprintf(out, "%-13s%s", i ? "" : "mounts:", item.words[0]);
        if (words.source) {
            fputc(' ', out);
            report_text(out, words.source);
        }
        if (words.destination) {
            fputs(" on ", out);
            report_text(out, words.destination);
        }
        for (size_t j = words.options; j < item.count; j++) {
            fputs(", ", out);
            report_text(out, item.words[j]);
        }
        fputc('\n', out);
    }
}

static void print_environment(const esq_spec *spec, FILE *out)
{
    struct item item;
    for (size_t i = 0; (item = item_of(spec, "environment", i)).count > 0; i++) {
        fputs(i ? " " : "environment: ", out);
        report_text(out, item.words[0]);
    }
    if (item_of(spec, "environment", 0).count > 0)
        fputc('\n', out);
}

static void print_limits(const esq_spec *spec, FILE *out)
{
    const char *key = "limits:";
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        const char *text = text_of(spec, limits[i].field);
        if (!*text)
            continue;
        fprintf(out, "%-13s%s ", key, limits[i].field);
        report_text(out, text);
        fputs(limits[i].unit == BYTES ? " bytes\n" : limits[i].unit == TIME ? " ms\n" : "\n", out);
        key = "";
    }
}

static void print_network(const esq_spec *spec, FILE *out)
{
    fprintf(out, "network:     %s", text_of(spec, "network"));
    if (*text_of(spec, "network-join")) {
        fputc(' ', out);
        report_text(out, text_of(spec, "network-join"));
    }
    fputc('\n', out);
    print_items(spec, "ports:", "publish", out);
}

static void print_walls(const esq_spec *spec, FILE *out)
{
    fprintf(out, "walls:       seccomp %s, landlock %s, capabilities", text_of(spec, "seccomp"),
            text_of(spec, "landlock"));
    struct item item = item_of(spec, "capabilities", 0);
    if (item.count == 0)
        fputs(" none", out);
    for (size_t i = 0; (item = item_of(spec, "capabilities", i)).count > 0; i++) {
        fputc(' ', out);
        print_words(item, 0, " ", out);
    }
    fputc('\n', out);
}

void specification_print_text(const esq_spec *spec, FILE *out)
{
    fputs("command:     ", out);
    print_words(item_of(spec, "command", 0), 0, " ", out);
    fputc('\n', out);
    print_root(spec, out);
    fprintf(out, "user:        %s inside is %u:%u outside\n", text_of(spec, "user"), getuid(), getgid());
    print_text_line(spec, "id range:", "id-range", out);
    print_text_line(spec, "host name:", "hostname", out);
    print_text_line(spec, "starts in:", "working-directory", out);
    print_mounts(spec, out);
    print_items(spec, "devices:", "devices", out);
    print_environment(spec, out);
    print_network(spec, out);
    print_limits(spec, out);
    print_walls(spec, out);
}

void specification_print_grants(const esq_grant *grants, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%-13s--allow ", i ? "" : "grants:");
        grant_print(out, &grants[i]);
        fputc('\n', out);
    }
    if (count == 0)
        fputs("grants:      none\n", out);
}

/* ---- As JSON ---- */

/* "a",... without brackets. */
static void print_array_words(struct item item, size_t from, FILE *out)
{
    for (size_t i = from; i < item.count; i++) {
        if (i > from)
            fputc(',', out);
        json_print_string(out, item.words[i]);
    }
}

/* ,"name":["word",...] of all items; of each the first word alone where `is_first`. */
static void print_all_words(const esq_spec *spec, const char *name, const char *field, bool is_first, FILE *out)
{
    struct item item;
    fprintf(out, ",\"%s\":[", name);
    for (size_t i = 0; (item = item_of(spec, field, i)).count > 0; i++) {
        if (i)
            fputc(',', out);
        if (is_first)
            item.count = 1;
        print_array_words(item, 0, out);
    }
    fputc(']', out);
}

static void print_member(const char *before, const char *name, const char *text, FILE *out)
{
    if (!*text)
        return;
    fprintf(out, "%s\"%s\":", before, name);
    json_print_string(out, text);
}

static void print_root_json(const esq_spec *spec, FILE *out)
{
    fputs(",\"root\":{", out);
    print_member("", "mode", text_of(spec, "rootfs-mode"), out);
    print_member(",", "path", text_of(spec, "rootfs"), out);
    char hash[ROOT_HASH_SIZE];
    find_root_hash(spec, hash);
    print_member(",", "sha256", hash, out);
    print_member(",", "keep", text_of(spec, "rootfs-keep"), out);
    fputc('}', out);
}

static void print_mounts_json(const esq_spec *spec, FILE *out)
{
    struct item item;
    fputs(",\"mounts\":[", out);
    for (size_t i = 0; (item = item_of(spec, "mounts", i)).count > 0; i++) {
        struct mount_words words = mount_words(item);
        fputs(i ? ",{" : "{", out);
        print_member("", "kind", item.words[0], out);
        print_member(",", "source", words.source ? words.source : "", out);
        print_member(",", "destination", words.destination ? words.destination : "", out);
        fputs(",\"options\":[", out);
        print_array_words(item, words.options, out);
        fputs("]}", out);
    }
    fputc(']', out);
}

static void print_limits_json(const esq_spec *spec, FILE *out)
{
    const char *before = "";
    fputs(",\"limits\":{", out);
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        const char *text = text_of(spec, limits[i].field);
        if (!*text)
            continue;
        if (is_number(text))
            fprintf(out, "%s\"%s\":%s", before, limits[i].field, text);
        else
            print_member(before, limits[i].field, text, out);
        before = ",";
    }
    fputc('}', out);
}

static void print_ports_json(const esq_spec *spec, FILE *out)
{
    struct item item;
    fputs(",\"ports\":[", out);
    for (size_t i = 0; (item = item_of(spec, "publish", i)).count > 0; i++) {
        fputs(i ? ",[" : "[", out);
        print_array_words(item, 0, out);
        fputc(']', out);
    }
    fputc(']', out);
}

void specification_print_json(const esq_spec *spec, FILE *out)
{
    esq_location where = place_of(spec);
    if (where.line)
        fprintf(out, ",\"line\":%u,\"column\":%u", where.line, where.column);
    print_all_words(spec, "command", "command", false, out);
    print_root_json(spec, out);
    fprintf(out, ",\"user\":{\"inside\":\"%s\",\"outside\":\"%u:%u\"", text_of(spec, "user"), getuid(), getgid());
    if (is_number(text_of(spec, "id-range")))
        fprintf(out, ",\"range\":%s", text_of(spec, "id-range"));
    fputc('}', out);
    print_member(",", "hostname", text_of(spec, "hostname"), out);
    print_member(",", "directory", text_of(spec, "working-directory"), out);
    print_all_words(spec, "environment", "environment", true, out);
    print_mounts_json(spec, out);
    print_all_words(spec, "devices", "devices", false, out);
    print_member(",", "network", text_of(spec, "network"), out);
    print_member(",", "network_join", text_of(spec, "network-join"), out);
    print_ports_json(spec, out);
    print_limits_json(spec, out);
    print_all_words(spec, "capabilities", "capabilities", false, out);
    print_member(",", "seccomp", text_of(spec, "seccomp"), out);
    print_member(",", "landlock", text_of(spec, "landlock"), out);
}

void specification_print_grants_json(const esq_grant *grants, size_t count, FILE *out)
{
    fputs(",\"grants\":[", out);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ",{" : "{", out);
        print_member("", "flag", grants[i].flag, out);
        fputs(",\"value\":", out);
        json_print_string(out, grants[i].value);
        problems_print_place_json(grants[i].where.file, grants[i].where.line, grants[i].where.column);
        fputc('}', out);
    }
    fputc(']', out);
}
