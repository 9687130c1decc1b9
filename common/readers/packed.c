#include "packed.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { HEAD_BYTES = 4, PIECE_BYTES = 65536, GZIP_WINDOW = 15 + 16, WINDOW_LOG_MAX = 23 };

struct packed {
    struct packed_sink sink;
    enum packed_kind kind;
    bool decided, member_open; /* a packed member has begun and not ended */
    uint8_t head[HEAD_BYTES];
    size_t head_len;
    z_stream gzip;
    ZSTD_DStream *zstd;
    uint8_t out[PIECE_BYTES];
};

enum packed_kind
packed_kind_of(const void *bytes, size_t len)
{
    static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    if (len >= sizeof gzip && memcmp(bytes, gzip, sizeof gzip) == 0)
        return PACKED_GZIP;
    return len >= sizeof zstd && memcmp(bytes, zstd, sizeof zstd) == 0 ? PACKED_ZSTD : PACKED_NOT;
}

enum baton_status
packed_open(const struct packed_sink *sink, struct packed **ret_packed, struct baton_err *err)
{
    struct packed *p = calloc(1, sizeof *p);
    if (p == NULL)
        return baton_fail(err, BATON_NOMEM, "packed reader");
    p->sink = *sink;
    *ret_packed = p;
    return BATON_OK;
}

static enum baton_status
decide(struct packed *p, struct baton_err *err)
{
    p->decided = true;
    p->kind = packed_kind_of(p->head, p->head_len);
    if (p->kind == PACKED_GZIP && inflateInit2(&p->gzip, GZIP_WINDOW) != Z_OK) {
        p->kind = PACKED_NOT;
        return baton_fail(err, BATON_NOMEM, "gzip reader");
    }
    if (p->kind != PACKED_ZSTD)
        return BATON_OK;
    p->zstd = ZSTD_createDStream();
    if (p->zstd == NULL ||
        ZSTD_isError(ZSTD_DCtx_setParameter(p->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        return baton_fail(err, BATON_NOMEM, "zstd reader");
    return BATON_OK;
}

/* The next member begins where one ends: gzip files may be put behind each other. */
static enum baton_status
gzip_push(struct packed *p, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    z_stream *z = &p->gzip;
    enum baton_status rc = BATON_OK;
    z->next_in = (uint8_t *)(uintptr_t)bytes; /* zlib only reads it */
    z->avail_in = (uInt)len;
    while (rc == BATON_OK && (z->avail_in > 0 || z->avail_out == 0)) {
        p->member_open = true;
        z->next_out = p->out;
        z->avail_out = sizeof p->out;
        int answer = inflate(z, Z_NO_FLUSH);
        if (answer != Z_OK && answer != Z_STREAM_END && answer != Z_BUF_ERROR)
            return baton_fail(err, BATON_MALFORMED, "the gzip stream is damaged: %s",
                              z->msg != NULL ? z->msg : "its checksum is wrong");
        size_t got = sizeof p->out - z->avail_out;
        if (got > 0)
            rc = p->sink.write(p->sink.ctx, p->out, got, err);
        if (answer == Z_STREAM_END) {
            p->member_open = false;
            if (inflateReset(z) != Z_OK)
                return baton_fail(err, BATON_NOMEM, "gzip reader");
            z->avail_out = 1; /* nothing more waits in it */
        } else if (answer == Z_BUF_ERROR) {
            break;
        }
    }
    return rc;
}

static enum baton_status
zstd_push(struct packed *p, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    ZSTD_inBuffer in = {bytes, len, 0};
    enum baton_status rc = BATON_OK;
    bool full = false; /* the last output filled its room: more may wait */
    while (rc == BATON_OK && (in.pos < in.size || full)) {
        ZSTD_outBuffer out = {p->out, sizeof p->out, 0};
        size_t answer = ZSTD_decompressStream(p->zstd, &out, &in);
        if (ZSTD_isError(answer))
            return baton_fail(err,
                              strstr(ZSTD_getErrorName(answer), "memory") != NULL ? BATON_LIMIT
                                                                                  : BATON_MALFORMED,
                              "the zstd stream cannot be read: %s", ZSTD_getErrorName(answer));
        p->member_open = answer != 0;
        full = out.pos == out.size;
        if (out.pos > 0)
            rc = p->sink.write(p->sink.ctx, p->out, out.pos, err);
    }
    return rc;
}

static enum baton_status
pass(struct packed *p, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    if (len == 0)
        return BATON_OK;
    if (p->kind == PACKED_NOT)
        return p->sink.write(p->sink.ctx, bytes, len, err);
    return p->kind == PACKED_GZIP ? gzip_push(p, bytes, len, err) : zstd_push(p, bytes, len, err);
}

enum baton_status
packed_push(struct packed *p, const void *bytes, size_t len, struct baton_err *err)
{
    const uint8_t *at = bytes;
    enum baton_status rc = BATON_OK;
    if (!p->decided) {
        size_t take = HEAD_BYTES - p->head_len < len ? HEAD_BYTES - p->head_len : len;
        memcpy(p->head + p->head_len, at, take);
        p->head_len += take;
        at += take;
        len -= take;
        if (p->head_len < HEAD_BYTES)
            return BATON_OK;
        rc = decide(p, err);
        if (rc == BATON_OK)
            rc = pass(p, p->head, p->head_len, err);
    }
    return rc == BATON_OK ? pass(p, at, len, err) : rc;
}

enum baton_status
packed_finish(struct packed *p, struct baton_err *err)
{
    enum baton_status rc = BATON_OK;
    if (!p->decided) {
        rc = decide(p, err);
        if (rc == BATON_OK)
            rc = pass(p, p->head, p->head_len, err);
    }
    if (rc == BATON_OK && p->kind != PACKED_NOT && p->member_open)
        return baton_fail(err, BATON_MALFORMED, "the packed stream is cut before its end");
    return rc;
}

void
packed_close(struct packed **p)
{
    if (*p == NULL)
        return;
    if ((*p)->kind == PACKED_GZIP)
        (void)inflateEnd(&(*p)->gzip);
    (void)ZSTD_freeDStream((*p)->zstd);
    free(*p);
    *p = NULL;
}
