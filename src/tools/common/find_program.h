/* Programs of the host, by the folders of a PATH. */
#ifndef TOOLS_COMMON_FIND_PROGRAM_H
#define TOOLS_COMMON_FIND_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

/* The first file of this name that may be executed. `folders` stand with ':' between them, as in PATH. */
bool find_program(const char *folders, const char *name, char ret_program[PATH_MAX]);
/* The caller's PATH, or what stands for it where there is none. */
const char *find_program_folders(void);

#endif
