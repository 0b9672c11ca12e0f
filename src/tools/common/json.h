/* The one thing about JSON that printf does not know. */
#ifndef TOOLS_COMMON_JSON_H
#define TOOLS_COMMON_JSON_H

#include <stdio.h>

/* A string in quotes. What is not UTF-8 is replaced, so that the document stays one. */
void json_print_string(FILE *out, const char *text);

#endif
