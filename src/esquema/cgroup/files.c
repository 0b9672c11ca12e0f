/* See files.h. */
#include "cgroup/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cgroup/cgroup.h"
#include "sys/sys.h"

static const char *const names[CGROUP_CONTROLLER_COUNT] = {
#define CGROUP_CONTROLLER(id, name) name,
#include "cgroup/controllers.def"
#undef CGROUP_CONTROLLER
};

const char *cgroup_controller_name(enum cgroup_controller controller)
{
    return names[controller];
}

int cgroup_read(int directory, const char *file, char *ret_text, size_t capacity)
{
    _cleanup_fd_ int fd = sys_openat(directory, file, O_RDONLY, 0);
    if (fd < 0)
        return fd;
    size_t length = 0;
    while (length + 1 < capacity) {
        ssize_t size = sys_read(fd, ret_text + length, capacity - 1 - length);
        if (size < 0)
            return (int)size;
        if (size == 0)
            break;
        length += (size_t)size;
    }
    ret_text[length] = '\0';
    return (int)length;
}

/* In one write: the kernel takes each as a request of its own. */
int cgroup_write(int directory, const char *file, const char *text)
{
    _cleanup_fd_ int fd = sys_openat(directory, file, O_WRONLY, 0);
    return fd < 0 ? fd : sys_write_all(fd, text, strlen(text));
}

bool cgroup_number(const char *text, const char *key, uint64_t *ret_number)
{
    size_t length = key ? strlen(key) : 0;
    while (key && !(strncmp(text, key, length) == 0 && text[length] == ' ')) {
        text = strchr(text, '\n');
        if (!text)
            return false;
        text++;
    }
    if (key)
        text += length + 1;
    if (strncmp(text, "max", 3) == 0) {
        *ret_number = 0;
        return true;
    }
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (end == text || errno != 0)
        return false;
    *ret_number = number;
    return true;
}

uint32_t cgroup_parse_controllers(const char *text)
{
    uint32_t bits = 0;
    for (size_t length; *(text += strspn(text, " \n")); text += length) {
        length = strcspn(text, " \n");
        for (size_t i = 0; i < CGROUP_CONTROLLER_COUNT; i++)
            if (strlen(names[i]) == length && memcmp(names[i], text, length) == 0)
                bits |= 1u << i;
    }
    return bits;
}
