#include "common/audit/bundle_io.h"
#include "common/audit/bundle.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC_BYTES = 8, HEAD_BYTES = 5, BUFFER_BYTES = 4 * BUNDLE_ENTRY_BYTES_MAX };

static const char magic[MAGIC_BYTES + 1] = "BTNAUD01";

static enum baton_status
write_failed(struct baton_err *err)
{
    int why = errno;
    return baton_fail(err, why == ENOSPC || why == EDQUOT || why == EFBIG ? BATON_FULL : BATON_IO,
                      "writing the bundle: %s", strerror(why));
}

static enum baton_status
write_all(struct bundle_writer *w, const void *bytes, size_t len, struct baton_err *err)
{
    if (len > 0 && fwrite(bytes, 1, len, w->file) != len)
        return write_failed(err);
    w->bytes += len;
    return BATON_OK;
}

enum baton_status
bundle_writer_open(struct bundle_writer *w, const char *path, struct baton_err *err)
{
    *w = (struct bundle_writer){0};
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return baton_fail(err, errno == EEXIST ? BATON_CONFLICT : BATON_IO, "%s: %s", path,
                          strerror(errno));
    w->file = fdopen(fd, "wb");
    if (w->file == NULL) {
        (void)close(fd);
        return baton_fail(err, BATON_NOMEM, "%s", path);
    }
    return write_all(w, magic, MAGIC_BYTES, err);
}

enum baton_status
bundle_writer_put(struct bundle_writer *w, enum bundle_entry type, const void *head,
                  size_t head_len, const void *bytes, size_t len, struct baton_err *err)
{
    uint64_t whole = (uint64_t)head_len + len;
    if (whole > BUNDLE_ENTRY_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "a bundle entry of %llu bytes",
                          (unsigned long long)whole);
    uint8_t lead[HEAD_BYTES] = {(uint8_t)type, (uint8_t)(whole >> 24), (uint8_t)(whole >> 16),
                                (uint8_t)(whole >> 8), (uint8_t)whole};
    enum baton_status rc = write_all(w, lead, sizeof lead, err);
    if (rc == BATON_OK)
        rc = write_all(w, head, head_len, err);
    if (rc == BATON_OK)
        rc = write_all(w, bytes, len, err);
    return rc;
}

enum baton_status
bundle_writer_close(struct bundle_writer *w, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    if (fflush(w->file) != 0 || fsync(fileno(w->file)) != 0)
        rc = write_failed(err);
    if (fclose(w->file) != 0 && rc == BATON_OK)
        rc = write_failed(err);
    w->file = NULL;
    return rc;
}

void
bundle_writer_discard(struct bundle_writer *w, const char *path)
{
    if (w->file != NULL)
        (void)fclose(w->file);
    w->file = NULL;
    (void)unlink(path);
}

static enum baton_status
read_failed(const struct bundle_reader *r, struct baton_err *err)
{
    if (ferror(r->file))
        return baton_fail(err, BATON_IO, "reading the bundle: %s", strerror(errno));
    return baton_fail(err, BATON_MALFORMED, "the bundle ends in the middle of an entry");
}

/* Makes at least `want` bytes available at r->at, as long as the file has them. */
static bool
reader_fill(struct bundle_reader *r, size_t want)
{
    if (r->filled - r->at >= want)
        return true;
    /* keep one byte before the data free: the caller may write there */
    memmove(r->buffer + 1, r->buffer + r->at, r->filled - r->at);
    r->filled = r->filled - r->at + 1;
    r->at = 1;
    while (r->filled - r->at < want) {
        size_t n = fread(r->buffer + r->filled, 1, BUFFER_BYTES - r->filled, r->file);
        if (n == 0)
            return false;
        r->filled += n;
        r->bytes_read += n;
    }
    return true;
}

enum baton_status
bundle_reader_open(struct bundle_reader *r, const char *path, struct baton_err *err)
{
    struct stat st;
    *r = (struct bundle_reader){0};
    r->file = fopen(path, "rbe");
    if (r->file == NULL)
        return baton_fail(err, errno == ENOENT ? BATON_NOT_FOUND : BATON_IO, "%s: %s", path,
                          strerror(errno));
    r->buffer = malloc(BUFFER_BYTES);
    if (r->buffer == NULL)
        return baton_fail(err, BATON_NOMEM, "%s", path);
    (void)setvbuf(r->file, NULL, _IONBF, 0); /* ours is the buffer */
    if (fstat(fileno(r->file), &st) == 0)
        r->bytes_total = (uint64_t)st.st_size;
    if (!reader_fill(r, MAGIC_BYTES) || memcmp(r->buffer + r->at, magic, MAGIC_BYTES) != 0)
        return baton_fail(err, BATON_MALFORMED, "%s is not an audit bundle", path);
    r->at += MAGIC_BYTES;
    return BATON_OK;
}

enum baton_status
bundle_reader_next(struct bundle_reader *r, uint8_t *ret_type, uint8_t **ret_bytes, size_t *ret_len,
                   struct baton_err *err)
{
    *ret_type = 0;
    if (!reader_fill(r, HEAD_BYTES))
        return r->filled == r->at && !ferror(r->file) ? BATON_OK : read_failed(r, err);
    const uint8_t *h = r->buffer + r->at;
    uint32_t len = (uint32_t)h[1] << 24 | (uint32_t)h[2] << 16 | (uint32_t)h[3] << 8 | h[4];
    if (len > BUNDLE_ENTRY_BYTES_MAX)
        return baton_fail(err, BATON_MALFORMED, "an entry of the bundle claims %lu bytes",
                          (unsigned long)len);
    if (!reader_fill(r, HEAD_BYTES + (size_t)len))
        return read_failed(r, err);
    *ret_type = r->buffer[r->at];
    *ret_bytes = r->buffer + r->at + HEAD_BYTES;
    *ret_len = len;
    r->at += HEAD_BYTES + (size_t)len;
    return BATON_OK;
}

void
bundle_reader_close(struct bundle_reader *r)
{
    if (r->file != NULL)
        (void)fclose(r->file);
    free(r->buffer);
    *r = (struct bundle_reader){0};
}
