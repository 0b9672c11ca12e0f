/* Small files of a cgroup: read whole, written whole. Knows no limit. */
#ifndef ESQUEMA_CGROUP_FILES_H
#define ESQUEMA_CGROUP_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The file's text, with a NUL; longer files are cut. Returns its length or a negative errno. */
int cgroup_read(int directory, const char *file, char *ret_text, size_t capacity);
int cgroup_write(int directory, const char *file, const char *text);
/* The number behind "KEY " at the beginning of a line, or the file's only number where key is NULL; "max" is 0. */
bool cgroup_number(const char *text, const char *key, uint64_t *ret_number);
/* Bits of the controllers that a file such as cgroup.controllers names. */
uint32_t cgroup_parse_controllers(const char *text);

#endif
