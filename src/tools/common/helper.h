/* Programs that belong to the one that runs ("runner", "supervisor"). */
#ifndef TOOLS_COMMON_HELPER_H
#define TOOLS_COMMON_HELPER_H

/* Its file, by this program's own place; whether it is there is not asked. NULL: no memory. To be freed. */
char *helper_find(const char *name);

#endif
