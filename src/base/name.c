/* See name.h. */
#include "base/name.h"

#include <string.h>

bool name_is_valid(const char *text)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t length = strspn(text, alphabet);
    return length > 0 && length <= NAME_LENGTH_MAX && !text[length] && !strchr("_.-", text[0]);
}
