/* Printing and hashing plans and specifications. Knows the flat forms only; opens nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "base/plain.h"
#include "base/sha256.h"
#include "plan/plan.h"
#include "spec/spec_own.h"

static const struct {
    const char *name;
    enum step_place place;
} kinds[] = {
#define STEP(id, name, place) { name, STEP_PLACE_##place },
#include "plan/steps.def"
};

const char *step_kind_name(enum step_kind kind)
{
    return kinds[kind].name;
}

enum step_place step_kind_place(enum step_kind kind)
{
    return kinds[kind].place;
}

static bool print_namespaces(struct buffer *out, uint32_t flags, const char *separator, const char *quote)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {
        { 0x10000000, "user" }, { 0x00020000, "mount" }, { 0x20000000, "pid" },    { 0x04000000, "uts" },
        { 0x08000000, "ipc" },  { 0x40000000, "net" },   { 0x02000000, "cgroup" },
    };
    const char *between = "";
    bool is_written = true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!(flags & names[i].flag))
            continue;
        is_written = is_written && buffer_append_format(out, "%s%s%s%s", between, quote, names[i].name, quote);
        between = separator;
    }
    return is_written;
}

/* Its lines in one. */
static bool print_map(struct buffer *out, const char *map)
{
    bool is_written = true;
    for (; *map && is_written; map++)
        is_written =
            *map != '\n' ? buffer_append_byte(out, (unsigned char)*map) : !map[1] || buffer_append_text(out, "; ");
    return is_written;
}

static bool print_disk_trees(struct buffer *out, const struct plan_block *block)
{
    const struct plan_disk_tree *trees = (const struct plan_disk_tree *)STEP_TEXT(block, block->disk_trees);
    bool is_written = block->disk_tree_count > 0 || buffer_append_text(out, " (it writes to none of the host's)");
    for (uint32_t i = 0; i < block->disk_tree_count && is_written; i++) {
        char path[ESQ_ERROR_TEXT];
        snprintf(path, sizeof(path), "%s", STEP_TEXT(block, trees[i].path));
        plain_make(path);
        is_written = buffer_append_format(out, "%s%s", i ? ", " : " in ", path);
    }
    return is_written && buffer_append_byte(out, '\n');
}

static bool print_text(struct buffer *out, const esq_plan *plan)
{
    const struct plan_block *block = plan->block;
    bool is_written = buffer_append_text(out, "namespaces of its own: ") &&
                      print_namespaces(out, block->clone_flags_low, " ", "") && buffer_append_byte(out, '\n');
    if (block->uid_map)
        is_written = is_written && buffer_append_text(out, "ids (inside outside count): uid ") &&
                     print_map(out, STEP_TEXT(block, block->uid_map)) && buffer_append_text(out, ", gid ") &&
                     print_map(out, STEP_TEXT(block, block->gid_map)) && buffer_append_byte(out, '\n');
    if (block->time_ms)
        is_written =
            is_written && buffer_append_format(out, "time limit: %llu ms\n", (unsigned long long)block->time_ms);
    if (block->output_max)
        is_written = is_written &&
                     buffer_append_format(out, "output limit: %llu bytes\n", (unsigned long long)block->output_max);
    if (block->disk_max)
        is_written = is_written &&
                     buffer_append_format(out, "disk limit: %llu bytes", (unsigned long long)block->disk_max) &&
                     print_disk_trees(out, block);
    is_written = is_written && buffer_append_text(out, plan->notes);
    for (size_t i = 0; i < block->step_count && is_written; i++) {
        const struct step *step = plan_step(block, i);
        is_written = buffer_append_format(out, "%3zu  %-18s %s", i + 1, step_kind_name(step->kind),
                                          STEP_TEXT(block, step->text));
        if (step->file && is_written)
            is_written =
                buffer_append_format(out, "  [%s:%u:%u]", STEP_TEXT(block, step->file), step->line, step->column);
        is_written = is_written && buffer_append_byte(out, '\n');
    }
    return is_written;
}

/* A JSON string. Bytes above 127 pass as they are: paths are nearly always UTF-8, and JSON has no other way. */
static bool print_quoted(struct buffer *out, const char *text)
{
    if (!buffer_append_byte(out, '"'))
        return false;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_written = c == '"' || c == '\\' ? buffer_append_format(out, "\\%c", c)
                          : c < 0x20            ? buffer_append_format(out, "\\u%04x", c)
                                                : buffer_append_byte(out, c);
        if (!is_written)
            return false;
    }
    return buffer_append_byte(out, '"');
}

static bool print_json(struct buffer *out, const esq_plan *plan)
{
    const struct plan_block *block = plan->block;
    bool is_written =
        buffer_append_format(out, "{\"version\":%u,\"namespaces\":[", PLAN_VERSION) &&
        print_namespaces(out, block->clone_flags_low, ",", "\"") &&
        buffer_append_format(out, "],\"time_ms\":%llu,\"output_bytes\":%llu,\"disk_bytes\":%llu,\"steps\":[",
                             (unsigned long long)block->time_ms, (unsigned long long)block->output_max,
                             (unsigned long long)block->disk_max);
    for (size_t i = 0; i < block->step_count && is_written; i++) {
        const struct step *step = plan_step(block, i);
        is_written = buffer_append_format(out, "%s{\"step\":%zu,\"kind\":\"%s\",\"text\":", i ? "," : "", i + 1,
                                          step_kind_name(step->kind)) &&
                     print_quoted(out, STEP_TEXT(block, step->text));
        if (step->file && is_written)
            is_written = buffer_append_text(out, ",\"file\":") && print_quoted(out, STEP_TEXT(block, step->file)) &&
                         buffer_append_format(out, ",\"line\":%u,\"column\":%u", step->line, step->column);
        is_written = is_written && buffer_append_byte(out, '}');
    }
    return is_written && buffer_append_text(out, "]}\n");
}

static bool print_plan(struct buffer *out, const esq_plan *plan, enum esq_format format)
{
    switch (format) {
    case ESQ_FORMAT_TEXT: return print_text(out, plan);
    case ESQ_FORMAT_JSON: return print_json(out, plan);
    }
    return false;
}

ssize_t esq_plan_print(const esq_plan *plan, enum esq_format format, char *text, size_t capacity)
{
    struct buffer out;
    buffer_init(&out, &memory_malloc);
    if (!print_plan(&out, plan, format)) {
        buffer_done(&out);
        return -ENOMEM;
    }
    if (capacity > 0) {
        size_t taken = out.length < capacity - 1 ? out.length : capacity - 1;
        memcpy(text, out.bytes, taken);
        text[taken] = '\0';
    }
    ssize_t length = (ssize_t)out.length;
    buffer_done(&out);
    return length;
}

int esq_plan_hash(const esq_plan *plan, unsigned char ret_hash[32])
{
    struct buffer out;
    struct sha256 hash;
    buffer_init(&out, &memory_malloc);
    bool is_written = print_plan(&out, plan, ESQ_FORMAT_TEXT);
    if (is_written) {
        sha256_init(&hash);
        sha256_update(&hash, out.bytes, out.length);
        sha256_final(&hash, ret_hash);
    }
    buffer_done(&out);
    return is_written ? 0 : -ENOMEM;
}

static void hash_number(struct sha256 *hash, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    sha256_update(hash, bytes, sizeof(bytes));
}

static void hash_text(struct sha256 *hash, const char *text)
{
    hash_number(hash, strlen(text));
    sha256_update(hash, text, strlen(text));
}

/* Every number and text with its length before it, so that no two specifications have the same bytes. */
int esq_spec_hash(const esq_spec *spec, unsigned char ret_hash[32])
{
    struct sha256 hash;
    sha256_init(&hash);
    hash_text(&hash, "esquema specification 1");
    for (size_t field = 0; field < SPEC_FIELD_COUNT; field++) {
        size_t count;
        const struct spec_item *items = spec_items(spec, (enum spec_field)field, &count);
        if (field == SPEC_DATA_FOLDER || field == SPEC_RUNTIME_FOLDER) /* the host's, not the description's */
            continue;
        if (count == 0) /* a field that this version has and an older one lacks changes no identity */
            continue;
        hash_text(&hash, spec_fields[field].name);
        hash_number(&hash, count);
        for (size_t i = 0; i < count; i++) {
            hash_number(&hash, (uint64_t)(int64_t)items[i].inside);
            hash_number(&hash, items[i].count);
            for (size_t j = 0; j < items[i].count; j++)
                hash_text(&hash, items[i].words[j]);
        }
    }
    sha256_final(&hash, ret_hash);
    return 0;
}
