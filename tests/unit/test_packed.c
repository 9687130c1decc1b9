/* A packed stream comes out as it went in, in any pieces; a damaged or cut one never ends well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/readers/packed.h"

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { PLAIN_BYTES = 300000 };

static uint8_t plain[PLAIN_BYTES], packed_bytes[2 * PLAIN_BYTES], got[2 * PLAIN_BYTES + 1];
static size_t got_len;
static struct baton_err err;

static enum baton_status
take(void *ctx, const void *bytes, size_t len, struct baton_err *e)
{
    (void)e;
    assert_true(got_len + len <= sizeof got);
    memcpy(got + got_len, bytes, len);
    got_len += len;
    return ctx == NULL ? BATON_OK : *(enum baton_status *)ctx;
}

static enum baton_status
unpack(const uint8_t *bytes, size_t len, size_t piece, enum baton_status *answer)
{
    struct packed *p;
    struct packed_sink sink = {answer, take};
    got_len = 0;
    assert_int_equal(packed_open(&sink, &p, &err), BATON_OK);
    enum baton_status rc = BATON_OK;
    for (size_t at = 0; rc == BATON_OK && at < len; at += piece)
        rc = packed_push(p, bytes + at, len - at < piece ? len - at : piece, &err);
    if (rc == BATON_OK)
        rc = packed_finish(p, &err);
    packed_close(&p);
    assert_null(p);
    return rc;
}

static size_t
gzip(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)bytes,
                  .avail_in = (uInt)len,
                  .next_out = out,
                  .avail_out = (uInt)cap};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t made = cap - z.avail_out;
    assert_int_equal(deflateEnd(&z), Z_OK);
    return made;
}

static void
expect_whole(size_t len, size_t want)
{
    static const size_t pieces[] = {1, 2, 3, 1000, 70000, sizeof packed_bytes};
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        assert_int_equal(unpack(packed_bytes, len, pieces[i], NULL), BATON_OK);
        assert_int_equal(got_len, want);
        assert_memory_equal(got, plain, want < PLAIN_BYTES ? want : PLAIN_BYTES);
    }
}

static void
what_is_not_packed_goes_through_as_it_is(void **state)
{
    (void)state;
    memcpy(packed_bytes, plain, PLAIN_BYTES);
    expect_whole(PLAIN_BYTES, PLAIN_BYTES);
    for (size_t len = 0; len < 5; len++)
        expect_whole(len, len);
}

static void
gzip_and_zstd_come_out_whole_in_any_pieces(void **state)
{
    (void)state;
    expect_whole(gzip(plain, PLAIN_BYTES, packed_bytes, sizeof packed_bytes), PLAIN_BYTES);
    size_t len = ZSTD_compress(packed_bytes, sizeof packed_bytes, plain, PLAIN_BYTES, 3);
    assert_false(ZSTD_isError(len));
    expect_whole(len, PLAIN_BYTES);
}

static void
members_behind_each_other_are_one_stream(void **state)
{
    (void)state;
    size_t len = gzip(plain, 100000, packed_bytes, sizeof packed_bytes);
    len += gzip(plain + 100000, 50000, packed_bytes + len, sizeof packed_bytes - len);
    expect_whole(len, 150000);
    len = ZSTD_compress(packed_bytes, sizeof packed_bytes, plain, 100000, 3);
    len += ZSTD_compress(packed_bytes + len, sizeof packed_bytes - len, plain + 100000, 50000, 3);
    expect_whole(len, 150000);
}

static void
a_cut_stream_never_ends_well(void **state)
{
    (void)state;
    size_t len = gzip(plain, 5000, packed_bytes, sizeof packed_bytes);
    for (size_t cut = 4; cut < len; cut += 7)
        assert_int_equal(unpack(packed_bytes, cut, 100, NULL), BATON_MALFORMED);
    len = ZSTD_compress(packed_bytes, sizeof packed_bytes, plain, 5000, 3);
    for (size_t cut = 5; cut < len; cut += 7)
        assert_int_equal(unpack(packed_bytes, cut, 100, NULL), BATON_MALFORMED);
}

static void
a_damaged_stream_is_refused(void **state)
{
    (void)state;
    size_t len = gzip(plain, PLAIN_BYTES, packed_bytes, sizeof packed_bytes);
    packed_bytes[len - 6] ^= 1; /* the checksum */
    assert_int_equal(unpack(packed_bytes, len, 1000, NULL), BATON_MALFORMED);
    len = ZSTD_compress(packed_bytes, sizeof packed_bytes, plain, PLAIN_BYTES, 3);
    packed_bytes[len / 2] ^= 0x55;
    packed_bytes[4] ^= 0xff;
    assert_int_not_equal(unpack(packed_bytes, len, 1000, NULL), BATON_OK);
}

static void
the_sink_has_the_last_word(void **state)
{
    (void)state;
    enum baton_status full = BATON_FULL;
    size_t len = gzip(plain, PLAIN_BYTES, packed_bytes, sizeof packed_bytes);
    assert_int_equal(unpack(packed_bytes, len, 1000, &full), BATON_FULL);
    len = ZSTD_compress(packed_bytes, sizeof packed_bytes, plain, PLAIN_BYTES, 3);
    assert_int_equal(unpack(packed_bytes, len, 1000, &full), BATON_FULL);
}

static int
fill(void **state)
{
    (void)state;
    uint32_t x = 1;
    for (size_t i = 0; i < PLAIN_BYTES;
         i++) { /* half noise, so that it packs, but not to nothing */
        x = x * 1664525 + 1013904223;
        plain[i] = i % 2 == 0 ? (uint8_t)(x >> 24) : 'a';
    }
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_packed_goes_through_as_it_is),
        cmocka_unit_test(gzip_and_zstd_come_out_whole_in_any_pieces),
        cmocka_unit_test(members_behind_each_other_are_one_stream),
        cmocka_unit_test(a_cut_stream_never_ends_well),
        cmocka_unit_test(a_damaged_stream_is_refused),
        cmocka_unit_test(the_sink_has_the_last_word),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
