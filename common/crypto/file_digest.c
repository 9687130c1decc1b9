#include "common/crypto/file_digest.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <string.h>
#include <unistd.h>

#include "common/disk/disk.h"

enum { READ_BYTES = 65536 };

enum baton_status
file_digest_fd(int fd, struct baton_hash *ret_hash, uint64_t *ret_bytes, struct baton_err *err)
{
    struct sha256_ctx sha;
    uint8_t part[READ_BYTES];
    uint64_t bytes = 0;
    sha256_init(&sha);
    for (;;) {
        ssize_t n = disk_read(fd, part, sizeof part);
        if (n < 0)
            return baton_fail(err, BATON_IO, "%s", strerror(errno));
        if (n == 0)
            break;
        sha256_update(&sha, (size_t)n, part);
        bytes += (uint64_t)n;
    }
    sha256_digest(&sha, sizeof ret_hash->b, ret_hash->b);
    *ret_bytes = bytes;
    return BATON_OK;
}

enum baton_status
file_digest(const char *path, struct baton_hash *ret_hash, uint64_t *ret_bytes,
            struct baton_err *err)
{
    int fd = disk_open(path, DISK_READ_LINKED);
    if (fd < 0)
        return baton_fail(err, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", path,
                          strerror(errno));
    enum baton_status rc = file_digest_fd(fd, ret_hash, ret_bytes, err);
    close(fd);
    return rc == BATON_OK ? rc : baton_wrap(err, rc, "%s", path);
}
