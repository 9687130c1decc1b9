#include "exports_files.h"

#include "common/readers/packed.h"
#include "common/readers/xml.h"
#include "exports_split.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024, HEAD_BYTES = 3, PLACE_SHIFT = 32 };

struct reading {
    struct cli *c;
    struct exports *e;
    struct exports_file *file;
    struct packed *packed;
    struct csexport *reader;
    struct sha256_ctx sha;
    uint64_t before; /* objects of earlier files */
    uint64_t place;  /* of its first object among those of all files */
    uint8_t head[HEAD_BYTES];
    size_t head_len;
    struct stat found; /* the file as it was when it was opened */
    struct progress progress;
};

static void
step(void *ctx, uint64_t bytes)
{
    struct reading *r = ctx;
    progress_step(&r->progress, bytes);
}

/* --- reading ------------------------------------------------------------------------------------- */

static const char *
encoding_of(const uint8_t *head, size_t len)
{
    static const char *const names[] = {"utf-8", "utf-16le", "utf-16be"};
    if (len == 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
        return "utf-8-bom";
    return names[xml_encoding_of(head, len)];
}

static enum baton_status
take_document(void *ctx, const void *bytes, size_t len, struct baton_err *err)
{
    struct reading *r = ctx;
    size_t take = HEAD_BYTES - r->head_len < len ? HEAD_BYTES - r->head_len : len;
    memcpy(r->head + r->head_len, bytes, take);
    r->head_len += take;
    return csexport_push(r->reader, bytes, len, err);
}

static enum baton_status
read_pieces(struct reading *r, int fd, struct baton_err *err)
{
    static const char *const packings[] = {"", "gzip", "zstd"};
    static uint8_t piece[PIECE_BYTES];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return baton_fail(err, BATON_IO, "byte %" PRIu64 ": %s", r->file->bytes,
                              strerror(errno));
        if (n == 0)
            return packed_finish(r->packed, err);
        if (r->file->bytes == 0)
            r->file->packed = packings[packed_kind_of(piece, (size_t)n)];
        r->file->bytes += (uint64_t)n;
        sha256_update(&r->sha, (size_t)n, piece);
        enum baton_status rc = packed_push(r->packed, piece, (size_t)n, err);
        if (rc != BATON_OK)
            return rc;
        progress_step(&r->progress, r->file->bytes);
    }
}

static enum baton_status
read_open(struct reading *r, int fd, struct baton_err *err)
{
    struct packed_sink sink = {r, take_document};
    struct csexport_visitor visitor;
    exports_visitor(r->e, &visitor);
    sha256_init(&r->sha);
    exports_at(r->e, r->place);
    enum baton_status rc = csexport_open(&visitor, &r->reader, err);
    if (rc == BATON_OK)
        rc = packed_open(&sink, &r->packed, err);
    if (rc == BATON_OK)
        rc = read_pieces(r, fd, err);
    if (rc == BATON_OK)
        rc = csexport_finish(r->reader, err);
    sha256_digest(&r->sha, sizeof r->file->hash.b, r->file->hash.b);
    r->file->encoding = encoding_of(r->head, r->head_len);
    r->file->objects = exports_totals(r->e)->objects - r->before;
    packed_close(&r->packed);
    csexport_close(&r->reader);
    return rc;
}

/* A pipe without a writer is not waited for. */
static enum baton_status
open_file(struct reading *r, int *ret_fd)
{
    const char *path = r->file->path;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return cli_fail(r->c, BATON_FAILED, "%s: %s", path, strerror(errno));
    if (fstat(fd, &r->found) != 0 || !S_ISREG(r->found.st_mode)) {
        close(fd);
        return cli_fail(r->c, BATON_FAILED, "%s: not a regular file; csexport writes one", path);
    }
    *ret_fd = fd;
    return BATON_OK;
}

/* A packed file, another encoding or a small one is read in one pass. */
static bool
read_split(struct reading *r, int fd, unsigned threads, struct exports_index *index_or_null)
{
    struct exports_split order = {.fd = fd,
                                  .bytes = (uint64_t)r->found.st_size,
                                  .threads = sysconf(_SC_NPROCESSORS_ONLN) < 2 ? 1 : threads,
                                  .place = r->place,
                                  .index = index_or_null,
                                  .ctx = r,
                                  .progress = step};
    uint8_t head[HEAD_BYTES + 1];
    if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head ||
        packed_kind_of(head, sizeof head) != PACKED_NOT ||
        xml_encoding_of(head, sizeof head) != XML_UTF_8 ||
        !exports_split_read(&order, r->e, &r->file->hash))
        return false;
    r->file->bytes = order.bytes;
    r->file->encoding = encoding_of(head, HEAD_BYTES);
    r->file->objects = exports_totals(r->e)->objects - r->before;
    return true;
}

/* The counts, the hash and the name must be of one and the same file. */
static enum baton_status
same_file(const struct reading *r, int fd, struct baton_err *err)
{
    struct stat now;
    if (fstat(fd, &now) != 0 || now.st_size != r->found.st_size ||
        now.st_mtim.tv_sec != r->found.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != r->found.st_mtim.tv_nsec || now.st_nlink == 0)
        return baton_fail(err, BATON_CONFLICT,
                          "byte %" PRIu64 ": somebody changed or removed the "
                          "file while it was read",
                          r->file->bytes);
    return BATON_OK;
}

static enum baton_status
whole(const struct reading *r, struct baton_err *err)
{
    enum baton_status rc = exports_status(r->e);
    if (rc == BATON_LIMIT)
        return baton_fail(err, rc, "more than %d connectors, %d object types or %d attribute names",
                          EXPORTS_CONNECTORS_MAX, EXPORTS_TYPES_MAX, EXPORTS_ATTRIBUTES_MAX);
    return rc == BATON_OK ? rc : baton_fail(err, rc, "no memory");
}

enum baton_status
exports_file_read(struct cli *c, const char *path, const struct exports_reading *how,
                  struct exports *e, struct exports_file *ret_file)
{
    struct baton_err err = {0};
    struct reading r = {.c = c,
                        .e = e,
                        .file = ret_file,
                        .before = exports_totals(e)->objects,
                        .place = (uint64_t)how->nth << PLACE_SHIFT};
    int fd = -1;
    *ret_file = (struct exports_file){.path = path, .packed = ""};
    enum baton_status rc = open_file(&r, &fd);
    if (rc != BATON_OK)
        return rc;
    progress_begin(&r.progress, path, (uint64_t)r.found.st_size);
    if (!read_split(&r, fd, how->threads, how->index))
        rc = read_open(&r, fd, &err);
    progress_end(&r.progress);
    if (rc == BATON_OK)
        rc = same_file(&r, fd, &err);
    if (rc == BATON_OK)
        rc = whole(&r, &err);
    close(fd);
    if (rc != BATON_OK)
        return cli_fail(c, BATON_FAILED,
                        "%s: %s; %" PRIu64 " objects were counted before that. Expected is a whole "
                        "csexport document (csexport CONNECTOR FILE /f:x): make the file again",
                        path, err.text, ret_file->objects);
    return BATON_OK;
}
