/* See git_files.h. The syntax is that of git-config(1). */
#include "tools/sandbox/git_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORD_MAX = 32 };

static char *read_whole(const char *path, off_t most, bool *ret_is_too_large, size_t *ret_size)
{
    *ret_is_too_large = false;
    *ret_size = 0;
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *text = NULL;
    if (fd < 0)
        return NULL;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
        *ret_is_too_large = about.st_size > most;
        text = *ret_is_too_large ? NULL : calloc(1, (size_t)about.st_size + 1);
    }
    while (text && *ret_size < (size_t)about.st_size) {
        ssize_t size = read(fd, text + *ret_size, (size_t)about.st_size - *ret_size);
        if (size <= 0)
            break; /* shorter by now: what there is ends with a NUL */
        *ret_size += (size_t)size;
    }
    close(fd);
    return text;
}

char *git_file_read(const char *path, bool *ret_is_too_large)
{
    size_t size;
    return read_whole(path, GIT_FILE_MAX, ret_is_too_large, &size);
}

/* ---- The index ---- */

char *git_index_read(const char *path, size_t *ret_size)
{
    bool is_too_large;
    return read_whole(path, GIT_INDEX_MAX, &is_too_large, ret_size);
}

/* The flags of an entry are two bytes before its path, or four where it has more of them: with the path's length. */
static bool is_entry(const char *index, const char *path, size_t length)
{
    enum { LENGTH_MASK = 0xfff, EXTENDED = 0x40 };
    const unsigned char *flags = (const unsigned char *)path - 2;
    size_t wanted = length < LENGTH_MASK ? length : LENGTH_MASK;
    if (path - index < 4)
        return false;
    return ((size_t)(flags[0] << 8 | flags[1]) & LENGTH_MASK) == wanted ||
           (((size_t)(flags[-2] << 8 | flags[-1]) & LENGTH_MASK) == wanted && flags[-2] & EXTENDED);
}

bool git_index_has(const char *index, size_t size, const char *path)
{
    enum { LOOKS_MAX = 4096 }; /* the index may be anybody's: each look costs a path's length */
    const char *at = index, *end = index + size;
    size_t length = strlen(path);
    for (unsigned looks = 0; looks < LOOKS_MAX && (at = memmem(at, (size_t)(end - at), path, length)); looks++, at++) {
        const char *behind = at + length;
        if (behind >= end || (*behind != '\0' && *behind != '/'))
            continue;
        size_t left = (size_t)(end - at);
        if (is_entry(index, at, strnlen(at, left < PATH_MAX ? left : PATH_MAX)))
            return true;
    }
    return false;
}

bool git_file_line(const char *text, const char *prefix, char ret[PATH_MAX])
{
    size_t begin = strlen(prefix);
    if (strncmp(text, prefix, begin) != 0)
        return false;
    size_t length = strcspn(text + begin, "\r\n");
    if (length == 0 || length >= PATH_MAX)
        return false;
    memcpy(ret, text + begin, length);
    ret[length] = '\0';
    return true;
}

/* ---- Configurations ---- */

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r';
}

/* Letters, digits, `-` and `.` in lower case; what is longer than any word that we look for is cut, and equals none. */
static const char *take_word(const char *at, char ret[WORD_MAX])
{
    size_t length = 0;
    for (;; at++) {
        char letter = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
        bool is_part =
            (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '.';
        if (!is_part)
            break;
        if (length < WORD_MAX - 1)
            ret[length++] = letter;
    }
    ret[length] = '\0';
    return at;
}

struct section {
    char name[WORD_MAX];
    bool has_subsection;
};

/* Past `[name]` or `[name "subsection"]`. */
static const char *take_section(const char *at, struct section *ret)
{
    at = take_word(at + 1, ret->name);
    while (is_blank(*at))
        at++;
    ret->has_subsection = *at == '"';
    if (ret->has_subsection)
        for (at++; *at && *at != '\n' && *at != '"'; at++)
            at += *at == '\\' && at[1] && at[1] != '\n';
    at += strcspn(at, "]\n");
    return *at == ']' ? at + 1 : at;
}

static char unescape(char letter)
{
    switch (letter) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'b': return '\b';
    default: return letter;
    }
}

/* Past the value. *ret_fits: no path is longer than what fits. */
static const char *take_value(const char *at, char ret[PATH_MAX], bool *ret_fits)
{
    size_t length = 0, end = 0; /* of what is not blank at the end */
    bool is_quoted = false;
    *ret_fits = true;
    while (is_blank(*at))
        at++;
    for (; *at && *at != '\n'; at++) {
        char letter = *at;
        if (!is_quoted && (letter == '#' || letter == ';')) {
            at += strcspn(at, "\n");
            break;
        }
        if (letter == '"') {
            is_quoted = !is_quoted;
            end = length;
            continue;
        }
        bool is_escaped = letter == '\\' && at[1];
        if (is_escaped) {
            at += at[1] == '\r' && at[2] == '\n' ? 2 : 1;
            if (*at == '\n')
                continue; /* goes on in the next line */
            letter = unescape(*at);
        }
        if (length == PATH_MAX - 1) {
            *ret_fits = false;
            continue;
        }
        ret[length++] = letter;
        if (is_quoted || is_escaped || !is_blank(letter))
            end = length;
    }
    ret[end] = '\0';
    return at;
}

static bool is_lead(const struct section *section, const char *key, enum git_lead *ret)
{
    if (!section->has_subsection && strcmp(section->name, "core") == 0) {
        *ret = strcmp(key, "worktree") == 0 ? GIT_WORKTREE : GIT_HOOKS;
        return *ret == GIT_WORKTREE || strcmp(key, "hookspath") == 0;
    }
    *ret = GIT_CONFIGURATION;
    return (strcmp(section->name, "include") == 0 || strcmp(section->name, "includeif") == 0) &&
           strcmp(key, "path") == 0;
}

bool git_variable_leads(const char *name, enum git_lead *ret)
{
    struct section section;
    char key[WORD_MAX];
    const char *first = strchr(name, '.'), *last = strrchr(name, '.');
    if (!first)
        return false;
    take_word(name, section.name);
    section.name[strcspn(section.name, ".")] = '\0';
    section.has_subsection = first != last;
    take_word(last + 1, key);
    return is_lead(&section, key, ret);
}

bool git_config_leads(const char *text, git_lead_fn *found, void *data)
{
    struct section section = { .name = "" };
    char key[WORD_MAX], value[PATH_MAX];
    enum git_lead lead;
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    for (const char *at = text; *at;) {
        bool fits;
        if (is_blank(*at) || *at == '\n') {
            at++;
            continue;
        }
        if (*at == '[') {
            at = take_section(at, &section);
            continue;
        }
        at = take_word(at, key);
        while (is_blank(*at))
            at++;
        if (*at != '=') { /* a truth, a comment, or nothing that git would take */
            at += strcspn(at, "\n");
            continue;
        }
        at = take_value(at + 1, value, &fits);
        if (fits && value[0] && is_lead(&section, key, &lead) && !found(data, lead, value))
            return false;
    }
    return true;
}
