/* Where what is kept lies, by the environment of whoever starts programs. A relative path there means nothing. */
#include <stdio.h>
#include <stdlib.h>
#include "bridge/bridge.h"

char *bridge_data_folder(void)
{
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    char *path = NULL;
    int length = -1;
    if (data && *data == '/')
        length = asprintf(&path, "%s/esquema", data);
    else if (home && *home == '/')
        length = asprintf(&path, "%s/.local/share/esquema", home);
    return length < 0 ? NULL : path;
}

const char *bridge_runtime_folder(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    return runtime && *runtime == '/' ? runtime : NULL;
}
