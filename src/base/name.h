/* The names that users give to what they keep: containers, services, volumes, root filesystems. */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include <stdbool.h>

enum { NAME_LENGTH_MAX = 63 };

/* What is said to whoever gives another one. */
#define NAME_RULE "a name is 1 to 63 of a-z 0-9 _ . - and begins with a-z or 0-9"

/* 1 to 63 of a-z 0-9 _ . -, beginning with a-z or 0-9: no path and no option, whatever it is put into. */
bool name_is_valid(const char *text);

#endif
