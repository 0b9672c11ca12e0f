/* The heads and the texts of scripts that mean harm. */
#include "script.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_LINES = 20, DEFAULT_HEAP_KIB = 64 * 1024, DEFAULT_TIMEOUT_MS = 5000, SCRIPT_MAX = 1 << 20 };

static void field(const char *line, const char *name, size_t size, char *ret)
{
    const size_t length = strlen(name);
    if (strncmp(line, ";; ", 3) != 0 || strncmp(line + 3, name, length) != 0 || line[3 + length] != ':')
        return;
    const char *value = line + 3 + length + 1;
    while (*value == ' ')
        value++;
    snprintf(ret, size, "%s", value);
    ret[strcspn(ret, "\n")] = 0;
}

// COUNT "TEXT" COUNT "TEXT"...; \" and \n are known within a text.
static void read_parts(struct script *script, const char *text)
{
    while (*text && script->part_count < SCRIPT_PARTS) {
        struct part *part = &script->parts[script->part_count];
        char *end;
        part->copies = strtoul(text, &end, 10);
        if (end == text || !(text = strchr(end, '"')))
            return;
        size_t length = 0;
        for (text++; *text && *text != '"' && length + 1 < sizeof part->text; text++) {
            if (*text == '\\' && text[1])
                text++;
            part->text[length++] = text[-1] == '\\' && *text == 'n' ? '\n' : *text;
        }
        part->text[length] = 0;
        if (*text)
            text++;
        while (*text == ' ')
            text++;
        script->part_count++;
    }
}

bool script_read(const char *path, struct script *ret)
{
    *ret = (struct script){ .path = path };
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    char line[1024];
    char source[1024] = "";
    char prints[1024] = "\1";
    for (int i = 0; i < HEAD_LINES && fgets(line, sizeof line, file) && line[0] == ';'; i++) {
        field(line, "limits", sizeof ret->options, ret->options);
        field(line, "expect", sizeof ret->expect, ret->expect);
        field(line, "says", sizeof ret->says, ret->says);
        field(line, "smaller", sizeof ret->smaller, ret->smaller);
        field(line, "source", sizeof source, source);
        field(line, "prints", sizeof prints, prints);
    }
    fclose(file);
    ret->has_prints = prints[0] != '\1';
    if (ret->has_prints)
        snprintf(ret->prints, sizeof ret->prints, "%s", prints);
    read_parts(ret, source);
    return ret->expect[0] != 0;
}

// Puts out the text with every OLD as NEW.
static void put_replaced(const char *text, const char *old, const char *new, FILE *file)
{
    for (const char *at; (at = strstr(text, old)); text = at + strlen(old)) {
        fwrite(text, 1, (size_t)(at - text), file);
        fputs(new, file);
    }
    fputs(text, file);
}

static void put_copies(const struct part *part, FILE *file)
{
    const char *hole = strstr(part->text, "%d");
    char number[24];
    for (unsigned long n = 0; n < part->copies; n++) {
        snprintf(number, sizeof number, "%lu", n);
        if (hole)
            put_replaced(part->text, "%d", number, file);
        else
            fputs(part->text, file);
    }
}

// The words of `smaller`: the number, and what stands for it.
bool script_smaller(const struct script *script, char ret_old[64], char ret_new[64])
{
    return sscanf(script->smaller, "%63s %63s", ret_old, ret_new) == 2;
}

static void put_script(const struct script *script, int original, FILE *file)
{
    char *text = malloc(SCRIPT_MAX + 1);
    if (!text)
        return;
    size_t length = 0;
    for (ssize_t got; length < SCRIPT_MAX && (got = read(original, text + length, SCRIPT_MAX - length)) > 0;)
        length += (size_t)got;
    text[length] = 0;
    char old[64], new[64];
    if (script_smaller(script, old, new))
        put_replaced(text, old, new, file);
    else
        fwrite(text, 1, length, file);
    free(text);
}

// Whether the script is to be read from standard input, since it is not what its file holds.
bool script_is_made(const struct script *script)
{
    return script->part_count || script->smaller[0];
}

// The script, smaller, and with its copies appended, in an unlinked file.
int script_open(const struct script *script)
{
    const int original = open(script->path, O_RDONLY | O_CLOEXEC);
    if (original < 0 || !script_is_made(script))
        return original;
    FILE *copy = tmpfile();
    if (!copy) {
        close(original);
        return -1;
    }
    put_script(script, original, copy);
    close(original);
    for (size_t i = 0; i < script->part_count; i++)
        put_copies(&script->parts[i], copy);
    fflush(copy);
    const int fd = dup(fileno(copy));
    fclose(copy);
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

const char *option_value(char *words[], const char *name)
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], name) == 0)
            return words[i + 1];
    return NULL;
}

long heap_cap_kib(char *words[])
{
    const char *text = option_value(words, "--heap");
    if (!text)
        return DEFAULT_HEAP_KIB;
    char *unit;
    const long number = strtol(text, &unit, 10);
    return *unit == 'G' ? number << 20 : *unit == 'M' ? number << 10 : *unit == 'K' ? number : number >> 10;
}

long deadline_ms(char *words[])
{
    const char *text = option_value(words, "--timeout");
    if (!text)
        return DEFAULT_TIMEOUT_MS;
    char *unit;
    const long number = strtol(text, &unit, 10);
    return strcmp(unit, "ms") == 0 ? number : strcmp(unit, "m") == 0 ? number * 60000 : number * 1000;
}

bool script_expects(const struct script *script, const char *ending)
{
    char copy[256];
    char *rest;
    snprintf(copy, sizeof copy, "%s", script->expect);
    for (char *word = strtok_r(copy, " |", &rest); word; word = strtok_r(NULL, " |", &rest))
        if (strcmp(word, ending) == 0)
            return true;
    return false;
}

void script_words(const struct script *script, char storage[sizeof((struct script *)0)->options],
                  char *ret_words[SCRIPT_WORDS + 1])
{
    size_t count = 0, depth = 0;
    bool between = true;
    memcpy(storage, script->options, sizeof script->options);
    for (char *at = storage; *at; at++) {
        depth += *at == '(';
        depth -= *at == ')' && depth > 0;
        const bool ends = *at == ' ' && depth == 0; /* the name of a library has spaces within its parentheses */
        if (between && !ends && count < SCRIPT_WORDS)
            ret_words[count++] = at;
        if (ends)
            *at = 0;
        between = ends;
    }
    ret_words[count] = NULL;
}
