/* See ids.h. Reads files of the host line by line; asks no name service, which a static program cannot. */
#include "ns/ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spec/spec.h"

enum { LINE = 1024, NAME = 256 };

/* The part of a line up to the next colon, in place; NULL at its end. */
static char *next_part(char **rest)
{
    char *part = *rest;
    if (part) {
        char *colon = strchr(part, ':');
        *rest = colon ? colon + 1 : NULL;
        part[strcspn(part, ":\n")] = '\0';
    }
    return part;
}

static bool find_name(uint32_t uid, char ret_name[NAME])
{
    char line[LINE];
    FILE *file = fopen("/etc/passwd", "re");
    bool is_found = false;
    while (file && !is_found && fgets(line, sizeof(line), file)) {
        char *rest = line;
        const char *name = next_part(&rest), *password = next_part(&rest), *number = next_part(&rest);
        uint64_t value;
        is_found = password && number && spec_parse_number(number, &value) && value == uid && strlen(name) < NAME;
        if (is_found)
            snprintf(ret_name, NAME, "%s", name);
    }
    if (file)
        fclose(file);
    return is_found;
}

bool ids_find_range(const char *path, uint32_t uid, uint32_t *ret_first, uint32_t *ret_count)
{
    char line[LINE], name[NAME] = "", number[16];
    snprintf(number, sizeof(number), "%u", uid);
    find_name(uid, name);
    FILE *file = fopen(path, "re");
    bool is_found = false;
    while (file && !is_found && fgets(line, sizeof(line), file)) {
        char *rest = line;
        const char *who = next_part(&rest), *from = next_part(&rest), *many = next_part(&rest);
        uint64_t first, count;
        if (!from || !many || (strcmp(who, number) != 0 && (!*name || strcmp(who, name) != 0)))
            continue;
        is_found = spec_parse_number(from, &first) && spec_parse_number(many, &count) && first > 0 && count > 0 &&
                   first < UINT32_MAX && count < UINT32_MAX - first;
        if (is_found) {
            *ret_first = (uint32_t)first;
            *ret_count = (uint32_t)count;
        }
    }
    if (file)
        fclose(file);
    return is_found;
}

void ids_write_map(char *text, size_t size, uint32_t inside, uint32_t own, uint32_t first, uint32_t count)
{
    size_t length = 0;
    if (inside > 0)
        length = (size_t)snprintf(text, size, "0 %u %u\n", first, inside);
    length += (size_t)snprintf(text + length, size - length, "%u %u 1\n", inside, own);
    if (count > inside)
        snprintf(text + length, size - length, "%u %u %u\n", inside + 1, first + inside, count - inside);
}
