/* Loaded before a program: its syncs fail while the file named by FSYNC_FAILS is there, as those of a disk
 * that has begun to die do. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

long syscall(long number, ...);

static int
sync_or_fail(long number, int fd)
{
    const char *when = getenv("FSYNC_FAILS");
    if (when != NULL && access(when, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(number, fd);
}

int
fsync(int fd)
{
    return sync_or_fail(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    return sync_or_fail(SYS_fdatasync, fd);
}
