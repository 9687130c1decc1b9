#include "exports_files.h"

#include "common/readers/packed.h"
#include "exports_split.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024, HEAD_BYTES = 3, PROGRESS_MS = 1000 };

struct reading {
    struct cli *c;
    struct exports *e;
    struct exports_file *file;
    struct packed *packed;
    struct csexport *reader;
    struct sha256_ctx sha;
    uint64_t before; /* objects of earlier files */
    uint8_t head[HEAD_BYTES];
    size_t head_len;
    uint64_t shown_ms;
    bool shown;
};

/* --- progress ------------------------------------------------------------------------------------ */

static uint64_t
now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
progress(struct reading *r)
{
    uint64_t now = now_ms();
    if (!isatty(STDERR_FILENO) || now - r->shown_ms < PROGRESS_MS)
        return;
    r->shown_ms = now;
    r->shown = true;
    fprintf(stderr, "\r%s: %" PRIu64 " MB, %" PRIu64 " objects", r->file->path,
            r->file->bytes / 1000000, exports_totals(r->e)->objects - r->before);
}

/* --- reading ------------------------------------------------------------------------------------- */

static const char *
encoding_of(const uint8_t *head, size_t len)
{
    if (len >= 2 && head[0] == 0xff && head[1] == 0xfe)
        return "utf-16le";
    if (len >= 2 && head[0] == 0xfe && head[1] == 0xff)
        return "utf-16be";
    return len == 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? "utf-8-bom" : "utf-8";
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
        progress(r);
    }
}

static enum baton_status
read_open(struct reading *r, int fd, struct baton_err *err)
{
    struct packed_sink sink = {r, take_document};
    struct csexport_visitor visitor;
    exports_visitor(r->e, &visitor);
    sha256_init(&r->sha);
    r->shown_ms = now_ms();
    enum baton_status rc = csexport_open(&visitor, &r->reader, err);
    if (rc == BATON_OK)
        rc = packed_open(&sink, &r->packed, err);
    if (rc == BATON_OK)
        rc = read_pieces(r, fd, err);
    if (rc == BATON_OK)
        rc = csexport_finish(r->reader, err);
    if (rc == BATON_OK && exports_status(r->e) != BATON_OK)
        rc = baton_fail(err, exports_status(r->e),
                        exports_status(r->e) == BATON_LIMIT
                            ? "more than %d object types or %d attribute names"
                            : "no memory for %d types and %d names",
                        EXPORTS_TYPES_MAX, EXPORTS_ATTRIBUTES_MAX);
    if (r->shown)
        fprintf(stderr, "\r\033[K");
    sha256_digest(&r->sha, sizeof r->file->hash.b, r->file->hash.b);
    r->file->encoding = encoding_of(r->head, r->head_len);
    r->file->objects = exports_totals(r->e)->objects - r->before;
    packed_close(&r->packed);
    csexport_close(&r->reader);
    return rc;
}

static enum baton_status
open_file(struct cli *c, const char *path, int *ret_fd)
{
    struct stat st;
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer never comes */
    if (fd < 0)
        return cli_fail(c, BATON_FAILED, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return cli_fail(c, BATON_FAILED, "%s: not a regular file; csexport writes one", path);
    }
    *ret_fd = fd;
    return BATON_OK;
}

/* A packed file, another encoding or a small one is read in one pass. */
static bool
read_split(struct reading *r, int fd, unsigned threads)
{
    struct stat st;
    if (threads < 2 || sysconf(_SC_NPROCESSORS_ONLN) < 2 || fstat(fd, &st) != 0 ||
        pread(fd, r->head, sizeof r->head, 0) != (ssize_t)sizeof r->head ||
        packed_kind_of(r->head, sizeof r->head) != PACKED_NOT ||
        strncmp(encoding_of(r->head, sizeof r->head), "utf-8", 5) != 0 ||
        !exports_split_read(fd, (uint64_t)st.st_size, r->e, &r->file->hash))
        return false;
    r->file->bytes = (uint64_t)st.st_size;
    r->file->encoding = encoding_of(r->head, sizeof r->head);
    r->file->objects = exports_totals(r->e)->objects - r->before;
    return true;
}

enum baton_status
exports_file_read(struct cli *c, const char *path, unsigned threads, struct exports *e,
                  struct exports_file *ret_file)
{
    struct baton_err err = {0};
    struct reading r = {.c = c, .e = e, .file = ret_file, .before = exports_totals(e)->objects};
    int fd = -1;
    *ret_file = (struct exports_file){.path = path, .packed = ""};
    enum baton_status rc = open_file(c, path, &fd);
    if (rc != BATON_OK)
        return rc;
    if (!read_split(&r, fd, threads))
        rc = read_open(&r, fd, &err);
    close(fd);
    if (rc != BATON_OK)
        return cli_fail(c, BATON_FAILED,
                        "%s: %s; %" PRIu64 " objects were counted before that. Expected is a whole "
                        "csexport document (csexport CONNECTOR FILE /f:x): make the file again",
                        path, err.text, ret_file->objects);
    return BATON_OK;
}
