/* The one thing about JSON that printf does not know. */
#ifndef TOOLS_COMMON_JSON_H
#define TOOLS_COMMON_JSON_H

#include <stdio.h>

/* A string in quotes. What is not UTF-8 is replaced, so that the document stays one. */
void json_print_string(FILE *out, const char *text);

/* The same of bytes that may be anything, NUL too. */
void json_print_bytes(FILE *out, const char *bytes, size_t length);

#endif
