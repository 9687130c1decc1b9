#include "fuzz.h"

#include "common/readers/packed.h"

enum { UNPACKED_MAX = 1 << 20 }; /* a small file may hold far more than anybody wants to wait for */

struct sink {
    struct fuzz_told *told;
    size_t bytes;
};

static enum baton_status
take(void *ctx, const void *bytes, size_t len, struct baton_err *err)
{
    struct sink *s = ctx;
    s->bytes += len;
    if (s->bytes > UNPACKED_MAX)
        return baton_fail(err, BATON_LIMIT, "enough");
    fuzz_tell(s->told, bytes, len);
    return BATON_OK;
}

static void
run(const uint8_t *bytes, size_t len, size_t piece, struct fuzz_told *told)
{
    struct sink s = {.told = told};
    struct packed_sink sink = {&s, take};
    struct packed *p;
    FUZZ_CHECK(packed_open(&sink, &p, NULL) == BATON_OK);
    FUZZ_PUSH(told->status, packed_push, p, bytes, len, piece);
    if (told->status == BATON_OK)
        told->status = packed_finish(p, NULL);
    if (told->status == BATON_OK && len >= 4 && packed_kind_of(bytes, len) == PACKED_NOT)
        FUZZ_CHECK(s.bytes == len);
    packed_close(&p);
    /* whether damage or our own room ends a long one first follows from the pieces */
    if (s.bytes > UNPACKED_MAX)
        told->status = BATON_MALFORMED;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_pieces(run, data, size);
}
