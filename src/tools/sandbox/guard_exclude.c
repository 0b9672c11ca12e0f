/*
 * What git must not take up: an empty file in the place of a secret, and stand-ins, would become a commit that empties
 * the real ones. Each repository's own info/exclude gets their paths behind what it says already; what is tracked is
 * none of its business, and only marked, so that it can be told.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/buffer.h"
#include "tools/sandbox/git_files.h"
#include "tools/sandbox/guard_search.h"

enum {
    EXCLUDE_MAX = 64 * 1024, /* of one file: a word of the specification */
    TEXTS_MAX = 128,         /* each is a mount, as guarded names are */
};

/* A path beneath the work tree as a pattern, from its top. false: no pattern can say it, or there is no memory. */
static bool append_pattern(struct buffer *out, const char *path)
{
    size_t before = out->length, length = strlen(path);
    bool is_good = !strchr(path, '\n') && buffer_append_byte(out, '/');
    for (size_t i = 0; i < length && is_good; i++) {
        bool is_escaped = strchr("\\*?[]", path[i]) || (path[i] == ' ' && i + 1 == length);
        is_good = (!is_escaped || buffer_append_byte(out, '\\')) && buffer_append_byte(out, (unsigned char)path[i]);
    }
    is_good = is_good && buffer_append_byte(out, '\n');
    if (!is_good)
        out->length = before;
    return is_good;
}

static const char *beneath(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

/* Does the path belong to this work tree, and to none further down? */
static const char *path_in(const struct search *search, const struct worktree *worktree, const char *path)
{
    const char *found = beneath(path, worktree->git) ? NULL : beneath(path, worktree->root);
    for (size_t i = 0; found && i < search->worktree_count; i++) {
        const struct worktree *other = &search->worktrees[i];
        if (beneath(other->root, worktree->root) && (beneath(path, other->root) || strcmp(path, other->root) == 0))
            return NULL;
    }
    return found;
}

static void append_names(const struct search *search, const struct worktree *worktree, struct buffer *out)
{
    const struct guards *found = search->found;
    for (size_t i = 0; i < found->count; i++) {
        const struct guard_name *name = &found->names[i];
        const char *path = name->action == GUARD_HIDE && search->trees->items[name->tree].is_writable
                               ? path_in(search, worktree, name->path)
                               : NULL;
        if (path)
            append_pattern(out, path);
    }
    for (size_t i = 0; i < found->placeholder_count; i++) {
        char whole[PATH_MAX];
        const struct guard_placeholder *one = &found->placeholders[i];
        snprintf(whole, sizeof whole, "%s/%s", search->trees->items[one->tree].path, one->path);
        const char *path = path_in(search, worktree, whole);
        if (path)
            append_pattern(out, path);
    }
}

/* Several work trees may have one repository: their names go into one file. */
static struct guard_text *text_at(struct guards *found, const char *path, size_t tree)
{
    for (size_t i = 0; i < found->text_count; i++)
        if (strcmp(found->texts[i].path, path) == 0)
            return &found->texts[i];
    struct guard_text *texts =
        found->text_count < TEXTS_MAX ? realloc(found->texts, (found->text_count + 1) * sizeof *texts) : NULL;
    if (!texts)
        return NULL;
    found->texts = texts;
    bool is_too_large;
    struct guard_text *text = &texts[found->text_count];
    *text = (struct guard_text){ .path = strdup(path), .contents = git_file_read(path, &is_too_large), .tree = tree };
    if (!text->path || !text->contents || strlen(text->contents) > EXCLUDE_MAX / 2) {
        free(text->path);
        free(text->contents);
        return NULL;
    }
    found->text_count++;
    return text;
}

/* On a line of its own, while the whole stays short enough. */
static void append_text(struct guard_text *text, const struct buffer *names)
{
    size_t length = strlen(text->contents);
    char *longer =
        length + names->length + 1 < EXCLUDE_MAX ? realloc(text->contents, length + names->length + 2) : NULL;
    if (!longer)
        return;
    text->contents = longer;
    if (length > 0 && longer[length - 1] != '\n')
        longer[length++] = '\n';
    memcpy(longer + length, names->bytes, names->length);
    longer[length + names->length] = '\0';
}

static void exclude(struct search *search, const struct worktree *worktree, const char *file)
{
    size_t tree = search_tree_of(search, file);
    if (tree == SIZE_MAX || !search->trees->items[tree].is_writable || search_is_named(search, file))
        return;
    struct buffer names;
    buffer_init(&names, &memory_malloc);
    append_names(search, worktree, &names);
    bool is_wanted = names.length > 0 && names.length < EXCLUDE_MAX / 2;
    struct guard_text *text = is_wanted ? text_at(search->found, file, tree) : NULL;
    if (text)
        append_text(text, &names);
    buffer_done(&names);
}

/* More names are told of nobody: each is looked for in the whole index. */
enum { TRACKED_MAX = 64 };

static void mark_tracked(const struct search *search, const struct worktree *worktree)
{
    char file[PATH_MAX];
    size_t size, count = 0;
    char *index = (size_t)snprintf(file, sizeof file, "%s/index", worktree->git) < sizeof file
                      ? git_index_read(file, &size)
                      : NULL;
    for (size_t i = 0; index && i < search->found->count && count < TRACKED_MAX; i++) {
        struct guard_name *name = &search->found->names[i];
        bool is_hidden = name->action == GUARD_HIDE && search->trees->items[name->tree].is_writable;
        const char *path = is_hidden ? path_in(search, worktree, name->path) : NULL;
        if (!path)
            continue;
        count++;
        name->is_tracked = git_index_has(index, size, path);
    }
    free(index);
}

void search_exclude(struct search *search)
{
    for (size_t i = 0; i < search->worktree_count; i++) {
        const struct worktree *worktree = &search->worktrees[i];
        mark_tracked(search, worktree);
        char common[PATH_MAX], file[PATH_MAX], real[PATH_MAX];
        struct stat about;
        if (search_find_common(search, worktree, common) &&
            (size_t)snprintf(file, sizeof file, "%s/info/exclude", common) < sizeof file && realpath(file, real) &&
            lstat(file, &about) == 0 && S_ISREG(about.st_mode))
            exclude(search, worktree, real);
    }
}
