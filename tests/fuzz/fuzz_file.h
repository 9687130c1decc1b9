/* fuzz_file.h: a file without a name, for what reads its bytes by a path. */
#ifndef TESTS_FUZZ_FILE_H
#define TESTS_FUZZ_FILE_H

#include "fuzz.h"

#include <unistd.h>

struct fuzz_file {
    int fd;
    char path[64]; /* as long as it is open */
};

static inline void
fuzz_file_open(struct fuzz_file *f)
{
    char name[] = "/tmp/baton-fuzz-XXXXXX";
    if (f->path[0] != '\0')
        return;
    f->fd = mkstemp(name);
    FUZZ_CHECK(f->fd >= 0 && unlink(name) == 0);
    (void)snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", f->fd);
}

static inline void
fuzz_file_fill(struct fuzz_file *f, const void *bytes, size_t len)
{
    fuzz_file_open(f);
    FUZZ_CHECK(ftruncate(f->fd, 0) == 0 && pwrite(f->fd, bytes, len, 0) == (ssize_t)len);
}

#endif
