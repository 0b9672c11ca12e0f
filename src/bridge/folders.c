/* Where what is kept lies, by the environment of whoever starts programs. A relative path there means nothing. */
#include <stdio.h>
#include <stdlib.h>
#include "bridge/bridge.h"

static char *make_folder(const char *variable, const char *in_home)
{
    const char *folder = getenv(variable), *home = getenv("HOME");
    char *path = NULL;
    int length = -1;
    if (folder && *folder == '/')
        length = asprintf(&path, "%s/esquema", folder);
    else if (home && *home == '/')
        length = asprintf(&path, "%s/%s/esquema", home, in_home);
    return length < 0 ? NULL : path;
}

char *bridge_data_folder(void)
{
    return make_folder("XDG_DATA_HOME", ".local/share");
}

char *bridge_state_folder(void)
{
    return make_folder("XDG_STATE_HOME", ".local/state");
}

const char *bridge_runtime_folder(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    return runtime && *runtime == '/' ? runtime : NULL;
}
