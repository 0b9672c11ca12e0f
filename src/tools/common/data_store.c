/* See data_store.h. */
#include "tools/common/data_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int data_store_open(const char *data, const char *kind, char path[PATH_MAX])
{
    if (!data || *data != '/' || snprintf(path, PATH_MAX, "%s/%s", data, kind) >= PATH_MAX - 128) {
        errno = EINVAL;
        return -1;
    }
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}
