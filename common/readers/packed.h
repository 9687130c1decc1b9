/* packed.h: a stream that may be packed with gzip or zstd, as the bytes inside.
 *
 * Shape      The first bytes decide (1F 8B, or 28 B5 2F FD); anything else goes through as it is. Push
 *            pieces of any size, finish once; results leave through the sink. Several packed members
 *            behind each other are one stream, as the tools write them.
 * Limits     Memory: a window of at most 8 MiB (zstd's default; larger ones are refused). The sink
 *            decides how much is too much.
 * Errors     BATON_MALFORMED: damaged or cut. BATON_LIMIT: a window too large. BATON_NOMEM. What the
 *            sink answers goes through.
 * Source     issue of verification; zlib.h; zstd.h.
 */
#ifndef READERS_PACKED_H
#define READERS_PACKED_H

#include "baton/status.h"

enum packed_kind { PACKED_NOT, PACKED_GZIP, PACKED_ZSTD };

struct packed_sink {
    void *ctx;
    enum baton_status (*write)(void *ctx, const void *bytes, size_t len, struct baton_err *err);
};

struct packed;
enum baton_status packed_open(const struct packed_sink *sink, struct packed **ret_packed,
                              struct baton_err *err) BATON_MUST_USE;
enum baton_status packed_push(struct packed *p, const void *bytes, size_t len,
                              struct baton_err *err) BATON_MUST_USE;
enum baton_status packed_finish(struct packed *p, struct baton_err *err) BATON_MUST_USE;
void packed_close(struct packed **p);
/* By the first bytes of a stream; at least four, or all there are. */
enum packed_kind packed_kind_of(const void *bytes, size_t len);

#endif
