/* See find_program.h. */
#include "tools/common/find_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool find_program(const char *folders, const char *name, char ret_program[PATH_MAX])
{
    struct stat about;
    for (const char *part = folders; *part;) {
        size_t count = strcspn(part, ":");
        if (snprintf(ret_program, PATH_MAX, "%.*s/%s", (int)count, part, name) < PATH_MAX &&
            stat(ret_program, &about) == 0 && S_ISREG(about.st_mode) && access(ret_program, X_OK) == 0)
            return true;
        part += count + (part[count] == ':');
    }
    return false;
}

const char *find_program_folders(void)
{
    const char *given = getenv("PATH");
    return given ? given : "/usr/bin:/bin";
}
