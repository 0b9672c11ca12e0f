/*
 * Changing mutable strings (R7RS 6.7): string-set!, string-fill!, string-copy!. The text stays UTF-8: what takes as
 * many bytes as before is written in place; else the string gets a new text, at the price of copying it.
 */
#include "base/utf8.h"
#include "schooner/heap/barrier.h"
#include "schooner/lib/list.h"
#include "schooner/table/primitive.h"
#include "schooner/lib/text.h"

static bool check_writable(sch_vm *vm, const char *who, sch_value v)
{
    if (is_mstring(v))
        return true;
    if (is_istring(v))
        raise_error(vm, "immutable", who, 1, &v, "a literal cannot be changed:");
    else
        raise_type(vm, who, 1, "a string", v);
    return false;
}

/* What is put instead of a part: `times` copies of a text. */
struct patch {
    const char *text; /* alive while the arguments are */
    size_t bytes;
    size_t times;
};

/* In place and in one go: half of it done would leave the text broken. What takes longer becomes a new text. */
enum { OVERWRITE_MAX = 1 << 18 };

static bool put_patch(sch_vm *vm, const struct patch *patch, char *out)
{
    size_t total = patch->bytes * patch->times;
    if (total == 0)
        return true;
    if (!copy_bytes(vm, out, patch->text, patch->bytes))
        return false;
    for (size_t done = patch->bytes; done < total; done *= 2)
        if (!copy_bytes(vm, out + done, out, size_min(done, total - done)))
            return false;
    return true;
}

static bool is_one_character(const struct patch *patch)
{
    return patch->times == 1 && patch->bytes > 0 && patch->bytes == utf8_step((unsigned char)*patch->text);
}

/* More than one character may lie differently within the same bytes: then the index is made anew. */
static bool is_indexed(const struct string *string, const struct patch *patch)
{
    return string->characters != header_length(string->header) && !is_one_character(patch);
}

/* Short enough not to be interrupted half-way (see OVERWRITE_MAX). */
static bool can_overwrite(const struct string *string, const struct patch *patch)
{
    return (is_indexed(string, patch) ? header_length(string->header) : patch->bytes * patch->times) <= OVERWRITE_MAX;
}

static bool overwrite(sch_vm *vm, struct string *string, size_t offset, const struct patch *patch)
{
    size_t length = header_length(string->header);
    bool indexed = is_indexed(string, patch);
    string->hash = 0;
    if (!charge(vm, (indexed ? length : patch->bytes * patch->times) / BYTES_PER_UNIT))
        return false;
    return put_patch(vm, patch, string->text + offset) && (!indexed || string_finish(vm, string));
}

/* Puts the patch, which has as many characters, in the place of `bytes` bytes from `offset` on. */
static sch_value replace(sch_vm *vm, sch_value v, size_t offset, size_t bytes, const struct patch *patch)
{
    struct string *old = string_view(v);
    size_t length = header_length(old->header);
    size_t put = patch->bytes * patch->times;
    if (put == bytes && can_overwrite(old, patch))
        return overwrite(vm, old, offset, patch) ? V_UNSPECIFIED : V_RAISED;
    size_t total;
    if (!size_add(length - bytes, put, &total))
        return raise_limit(vm, SCH_LIMIT_HEAP);
    if (!charge(vm, total / BYTES_PER_UNIT))
        return V_RAISED;
    struct string *text = string_reserve(vm, total, old->characters);
    if (!text)
        return V_RAISED;
    if (!copy_bytes(vm, text->text, old->text, offset) ||
        !copy_bytes(vm, text->text + offset + put, old->text + offset + bytes, length - offset - bytes) ||
        !put_patch(vm, patch, text->text + offset) || !string_finish(vm, text))
        return V_RAISED;
    struct mstring *string = object_as(struct mstring, v);
    string->text = object_value(text);
    barrier_object(vm, string);
    return V_UNSPECIFIED;
}

sch_value prim_string_set(sch_vm *vm, const sch_value *args, size_t count)
{
    const char *who = "string-set!";
    if (!check_writable(vm, who, args[0]))
        return V_RAISED;
    const struct string *string = string_view(args[0]);
    if (!is_index(args[1], string->characters))
        return refuse_index(vm, who, 2, args[1], string->characters);
    if (!is_character(args[2]))
        return raise_type(vm, who, 3, "a character", args[2]);
    unsigned char bytes[4];
    struct patch patch = { (char *)bytes, utf8_encode(character_code(args[2]), bytes), 1 };
    size_t offset = string_offset(string, (size_t)fixnum_int(args[1]));
    return replace(vm, args[0], offset, utf8_step((unsigned char)string->text[offset]), &patch);
}

sch_value prim_string_fill(sch_vm *vm, const sch_value *args, size_t count)
{
    const char *who = "string-fill!";
    size_t start, end;
    if (!check_writable(vm, who, args[0]))
        return V_RAISED;
    if (!is_character(args[1]))
        return raise_type(vm, who, 2, "a character", args[1]);
    const struct string *string = string_view(args[0]);
    if (!argument_range(vm, who, args, count, 2, string->characters, &start, &end))
        return V_RAISED;
    unsigned char bytes[4];
    struct patch patch = { (char *)bytes, utf8_encode(character_code(args[1]), bytes), end - start };
    size_t offset = string_offset(string, start);
    return replace(vm, args[0], offset, string_offset(string, end) - offset, &patch);
}

/* (string-copy! to at from [start end]) */
sch_value prim_string_copy_to(sch_vm *vm, const sch_value *args, size_t count)
{
    const char *who = "string-copy!";
    struct string_part part;
    size_t at;
    if (!check_writable(vm, who, args[0]))
        return V_RAISED;
    const struct string *string = string_view(args[0]);
    if (!argument_index(vm, who, 2, args[1], string->characters, &at) ||
        !string_part_of(vm, who, args, count, 3, 3, &part))
        return V_RAISED;
    if (part.characters > string->characters - at)
        return raise_argument(vm, who, 2, args[1], "leaves room for %zu, not for %zu:", (size_t)string->characters - at,
                              part.characters);
    struct patch patch = { part.text, part.bytes, 1 };
    size_t offset = string_offset(string, at);
    return replace(vm, args[0], offset, string_offset(string, at + part.characters) - offset, &patch);
}
