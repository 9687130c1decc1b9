/* torture.h: what every canonical encoding must stand, as assertions over its decoder.
 *
 * Shape      A recode function decodes bytes and encodes the result again. From that alone follow:
 *            round trip, every truncation refused, trailing bytes refused, and every flipped bit
 *            refused or read as another value whose only encoding is exactly these bytes.
 *            Bytes are given in blocks of their exact size, so that ASan sees a read past the end.
 */
#ifndef TESTS_TORTURE_H
#define TESTS_TORTURE_H

#include "baton/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TORTURE_CAP = 262144 };

/* Status of the decoder; on BATON_OK the encoder must succeed too. */
typedef enum baton_status torture_recode(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap,
                                         size_t *ret_len);

static inline enum baton_status
torture_run(torture_recode *recode, const uint8_t *bytes, size_t len, uint8_t *out, size_t *ret_len)
{
    BATON_ASSERT(len <= TORTURE_CAP);
    uint8_t *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    if (len > 0)
        memcpy(exact, bytes, len);
    enum baton_status rc = recode(exact, len, out, TORTURE_CAP, ret_len);
    free(exact);
    return rc;
}

static inline void
torture_round_trip(torture_recode *recode, const uint8_t *bytes, size_t len)
{
    uint8_t *out = malloc(TORTURE_CAP);
    size_t n = 0;
    assert_non_null(out);
    assert_int_equal(torture_run(recode, bytes, len, out, &n), BATON_OK);
    assert_int_equal(n, len);
    assert_memory_equal(out, bytes, len);
    free(out);
}

static inline void
torture_truncations(torture_recode *recode, const uint8_t *bytes, size_t len)
{
    uint8_t *out = malloc(TORTURE_CAP);
    size_t n = 0;
    assert_non_null(out);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(torture_run(recode, bytes, cut, out, &n), BATON_MALFORMED);
    free(out);
}

static inline void
torture_trailing(torture_recode *recode, const uint8_t *bytes, size_t len)
{
    BATON_ASSERT(len <= TORTURE_CAP - 32);
    uint8_t *more = calloc(1, len + 32), *out = malloc(TORTURE_CAP);
    size_t n = 0;
    assert_non_null(more);
    assert_non_null(out);
    memcpy(more, bytes, len);
    for (size_t extra = 1; extra <= 32; extra++)
        assert_int_not_equal(torture_run(recode, more, len + extra, out, &n), BATON_OK);
    free(out);
    free(more);
}

/* Any other value in the `width` bytes at `at` must be refused: a count, a length, a tag. */
static inline void
torture_field(torture_recode *recode, const uint8_t *bytes, size_t len, size_t at, size_t width)
{
    BATON_ASSERT(len <= TORTURE_CAP && at <= len && width <= len - at);
    uint8_t *copy = malloc(len), *out = malloc(TORTURE_CAP);
    size_t n = 0;
    assert_non_null(copy);
    assert_non_null(out);
    memcpy(copy, bytes, len);
    for (size_t bit = 0; bit < width * 8; bit++) {
        uint8_t mask = (uint8_t)(1u << bit % 8);
        copy[at + bit / 8] ^= mask;
        assert_int_not_equal(torture_run(recode, copy, len, out, &n), BATON_OK);
        copy[at + bit / 8] ^= mask;
    }
    free(out);
    free(copy);
}

static inline void
torture_flips(torture_recode *recode, const uint8_t *bytes, size_t len)
{
    BATON_ASSERT(len <= TORTURE_CAP);
    uint8_t *copy = malloc(len > 0 ? len : 1), *out = malloc(TORTURE_CAP);
    size_t n = 0;
    assert_non_null(copy);
    assert_non_null(out);
    memcpy(copy, bytes, len);
    for (size_t bit = 0; bit < len * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (torture_run(recode, copy, len, out, &n) == BATON_OK) {
            assert_int_equal(n, len);
            assert_memory_equal(out, copy, len);
        }
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(out);
    free(copy);
}

/* Everything above that needs no knowledge of the layout. */
static inline void
torture(torture_recode *recode, const uint8_t *bytes, size_t len)
{
    torture_round_trip(recode, bytes, len);
    torture_truncations(recode, bytes, len);
    torture_trailing(recode, bytes, len);
    torture_flips(recode, bytes, len);
}

#endif
