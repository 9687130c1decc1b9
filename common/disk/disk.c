/* What is the same on every system. */
#include "common/disk/disk.h"

#include <unistd.h>

FILE *
disk_stream(const char *path)
{
    int fd = disk_open(path, DISK_READ_LINKED);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "rb");
    if (fd >= 0 && stream == NULL)
        close(fd);
    return stream;
}
