/*
 * Where the helpers of this program are: beside it in a build tree, else in the folder that was chosen when it was
 * configured. Never from the environment, and never from a folder of programs: there a `runner` may be anything.
 */
#include "tools/common/helper.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/common/helper_folder.h"

char *helper_find(const char *name)
{
    char own[PATH_MAX], path[PATH_MAX + 64];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    if (length > 0) {
        own[length] = '\0';
        char *slash = strrchr(own, '/');
        *slash = '\0';
        snprintf(path, sizeof path, "%s/build.ninja", own);
        if (access(path, F_OK) == 0) {
            snprintf(path, sizeof path, "%s/%s", own, name);
            return strdup(path);
        }
    }
    snprintf(path, sizeof path, "%s/%s", HELPER_FOLDER, name);
    return strdup(path);
}
