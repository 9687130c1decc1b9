#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto/seal.h"

enum { CAP = 4 * SEAL_CELL_BYTES };

struct buffer {
    uint8_t bytes[CAP];
    size_t len;
};

static struct crypto_identity to, other;
static uint8_t file[CAP];
static struct buffer blob, plain;

static enum baton_status
buffer_write(void *ctx, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    struct buffer *b = ctx;
    if (len > CAP - b->len)
        return baton_fail(err, BATON_FULL, "buffer");
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
    return BATON_OK;
}

static struct seal_binding
binding_of(size_t len)
{
    struct seal_binding b = {.tenant = {{9, 8, 7}}, .recipient = to.box_key, .file_bytes = len};
    crypto_sha256(file, len, &b.file);
    return b;
}

static enum baton_status
seal_in_pieces(const struct seal_binding *b, size_t len, size_t piece)
{
    struct seal *s = NULL;
    blob.len = 0;
    enum baton_status rc = seal_begin(b, (struct seal_sink){&blob, buffer_write}, &s, NULL);
    for (size_t at = 0; rc == BATON_OK && at < len; at += piece)
        rc = seal_push(s, file + at, len - at < piece ? len - at : piece, NULL);
    if (rc == BATON_OK)
        rc = seal_finish(s, NULL);
    seal_free(&s);
    return rc;
}

static enum baton_status
open_in_pieces(const struct seal_binding *b, const uint8_t *secret, size_t piece)
{
    struct seal_opener *o = NULL;
    plain.len = 0;
    enum baton_status rc =
        seal_open_begin(b, secret, (struct seal_sink){&plain, buffer_write}, &o, NULL);
    for (size_t at = 0; rc == BATON_OK && at < blob.len; at += piece)
        rc =
            seal_open_push(o, blob.bytes + at, blob.len - at < piece ? blob.len - at : piece, NULL);
    if (rc == BATON_OK)
        rc = seal_open_finish(o, NULL);
    seal_opener_free(&o);
    return rc;
}

static int
set_up(void **state)
{
    (void)state;
    if (crypto_init(NULL) != BATON_OK || crypto_identity_new(&to, NULL) != BATON_OK ||
        crypto_identity_new(&other, NULL) != BATON_OK)
        return -1;
    for (size_t i = 0; i < sizeof file; i++)
        file[i] = (uint8_t)(i * 7 + (i >> 8));
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    crypto_identity_done(&to);
    crypto_identity_done(&other);
    return 0;
}

static void
every_size_and_piece_comes_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {
        0,    1, SEAL_PLAIN_BYTES - 1, SEAL_PLAIN_BYTES, SEAL_PLAIN_BYTES + 1, 2 * SEAL_PLAIN_BYTES,
        90000};
    static const size_t pieces[] = {211, 32768, CAP};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (size_t k = 0; k < ARRAY_LEN(pieces); k++) {
            struct seal_binding b = binding_of(sizes[i]);
            assert_int_equal(seal_in_pieces(&b, sizes[i], pieces[k]), BATON_OK);
            assert_int_equal(blob.len, seal_blob_bytes(sizes[i]));
            b.file_bytes = 0;
            assert_int_equal(open_in_pieces(&b, to.secret->box, pieces[k]), BATON_OK);
            assert_int_equal(plain.len, sizes[i]);
            assert_memory_equal(plain.bytes, file, sizes[i]);
        }
}

static void
the_blob_does_not_contain_the_file(void **state)
{
    (void)state;
    struct seal_binding b = binding_of(1000);
    assert_int_equal(seal_in_pieces(&b, 1000, 1000), BATON_OK);
    for (size_t at = 0; at + 16 <= blob.len; at++)
        assert_memory_not_equal(blob.bytes + at, file + 100, 16);
}

static void
only_the_recipient_tenant_and_file_it_names_can_open_it(void **state)
{
    (void)state;
    struct seal_binding b = binding_of(1000), wrong = b;
    assert_int_equal(seal_in_pieces(&b, 1000, 1000), BATON_OK);
    assert_int_equal(open_in_pieces(&b, other.secret->box, 500), BATON_DENIED);
    wrong.recipient = other.box_key;
    assert_int_equal(open_in_pieces(&wrong, other.secret->box, 500), BATON_DENIED);
    wrong = b;
    wrong.tenant.b[0] ^= 1;
    assert_int_equal(open_in_pieces(&wrong, to.secret->box, 500), BATON_DENIED);
    wrong = b;
    wrong.file.b[0] ^= 1;
    assert_int_equal(open_in_pieces(&wrong, to.secret->box, 500), BATON_DENIED);
}

static void
one_flipped_bit_anywhere_is_noticed(void **state)
{
    (void)state;
    size_t len = SEAL_PLAIN_BYTES + 50;
    struct seal_binding b = binding_of(len);
    assert_int_equal(seal_in_pieces(&b, len, len), BATON_OK);
    for (size_t at = 0; at < blob.len; at += at < 300 ? 1 : 997) {
        blob.bytes[at] ^= 4;
        assert_int_not_equal(open_in_pieces(&b, to.secret->box, CAP), BATON_OK);
        blob.bytes[at] ^= 4;
    }
    assert_int_equal(open_in_pieces(&b, to.secret->box, CAP), BATON_OK);
}

static void
a_blob_cut_at_a_cell_is_noticed(void **state)
{
    (void)state;
    size_t len = 2 * SEAL_PLAIN_BYTES;
    struct seal_binding b = binding_of(len);
    assert_int_equal(seal_in_pieces(&b, len, len), BATON_OK);
    static const size_t cuts[] = {0, 100, SEAL_HEADER_BYTES, SEAL_HEADER_BYTES + SEAL_CELL_BYTES};
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
        blob.len = cuts[i];
        assert_int_equal(open_in_pieces(&b, to.secret->box, CAP), BATON_MALFORMED);
    }
}

static void
bytes_after_the_end_are_refused(void **state)
{
    (void)state;
    struct seal_binding b = binding_of(SEAL_PLAIN_BYTES);
    assert_int_equal(seal_in_pieces(&b, SEAL_PLAIN_BYTES, CAP), BATON_OK);
    blob.bytes[blob.len++] = 0;
    assert_int_equal(open_in_pieces(&b, to.secret->box, CAP), BATON_MALFORMED);
}

static void
a_file_that_changed_while_it_was_read_is_refused(void **state)
{
    (void)state;
    struct seal_binding b = binding_of(1000);
    assert_int_equal(seal_in_pieces(&b, 999, 100), BATON_CONFLICT);  /* shrank */
    assert_int_equal(seal_in_pieces(&b, 1001, 100), BATON_CONFLICT); /* grew */
    file[0] ^= 1;
    assert_int_equal(seal_in_pieces(&b, 1000, 100), BATON_CONFLICT); /* other bytes */
    file[0] ^= 1;
}

static void
a_sealer_that_names_another_file_is_caught_by_the_opener(void **state)
{
    (void)state;
    /* a hostile sender writes an honest blob of another file and puts the asked hash in front */
    struct seal_binding b = binding_of(1000), asked = b;
    assert_int_equal(seal_in_pieces(&b, 1000, 1000), BATON_OK);
    asked.file.b[5] ^= 1;
    blob.bytes[8 + 32 + 16 + 5] ^= 1;
    assert_int_equal(open_in_pieces(&asked, to.secret->box, CAP), BATON_DENIED);
}

static void
what_the_sink_answers_goes_through(void **state)
{
    (void)state;
    struct seal_binding b = binding_of(1000);
    struct seal *s = NULL;
    blob.len = CAP;
    assert_int_equal(seal_begin(&b, (struct seal_sink){&blob, buffer_write}, &s, NULL), BATON_FULL);
    assert_null(s);
}

static void
a_file_above_the_limit_is_refused(void **state)
{
    (void)state;
    struct seal_binding b = binding_of(10);
    struct seal *s = NULL;
    b.file_bytes = SEAL_FILE_BYTES_MAX + 1;
    assert_int_equal(seal_begin(&b, (struct seal_sink){&blob, buffer_write}, &s, NULL),
                     BATON_LIMIT);
}

static struct seal_binding
attached(size_t file_len, size_t extra)
{
    struct seal_binding b = binding_of(file_len);
    b.attached_bytes = extra;
    return b;
}

static void
what_is_attached_arrives_behind_the_file_and_does_not_change_its_name(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 1000, SEAL_CELL_BYTES, CAP};
    size_t len = SEAL_PLAIN_BYTES + 500, extra = SEAL_PLAIN_BYTES + 7; /* both straddle a cell */
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        struct seal_binding b = attached(len, extra);
        assert_int_equal(seal_in_pieces(&b, len + extra, pieces[i]), BATON_OK);
        assert_int_equal(blob.len, seal_blob_bytes(len + extra));
        assert_int_equal(open_in_pieces(&b, to.secret->box, pieces[i]), BATON_OK);
        assert_int_equal(plain.len, len + extra);
        assert_memory_equal(plain.bytes, file, len + extra);
    }
}

static void
an_attachment_cut_short_or_grown_is_noticed(void **state)
{
    (void)state;
    struct seal_binding b = attached(100, 50);
    assert_int_equal(seal_in_pieces(&b, 149, 10), BATON_CONFLICT);
    assert_int_equal(seal_in_pieces(&b, 151, 10), BATON_CONFLICT);
    assert_int_equal(seal_in_pieces(&b, 150, 10), BATON_OK);
    blob.bytes[SEAL_HEADER_BYTES - 24 - 80 - 1] ^= 1; /* the last digit of its size */
    assert_int_equal(open_in_pieces(&b, to.secret->box, 64), BATON_DENIED);
}

static void
file_and_attachment_share_one_limit(void **state)
{
    (void)state;
    struct seal_binding b = attached(10, 0);
    struct seal *s = NULL;
    blob.len = 0;
    b.attached_bytes = SEAL_FILE_BYTES_MAX - 9;
    assert_int_equal(seal_begin(&b, (struct seal_sink){&blob, buffer_write}, &s, NULL),
                     BATON_LIMIT);
    b.attached_bytes = UINT64_MAX;
    assert_int_equal(seal_begin(&b, (struct seal_sink){&blob, buffer_write}, &s, NULL),
                     BATON_LIMIT);
}

static void
the_opener_says_where_the_file_ends_once_it_knows(void **state)
{
    (void)state;
    struct seal_binding b = attached(100, 50);
    struct seal_opener *o = NULL;
    assert_int_equal(seal_in_pieces(&b, 150, 150), BATON_OK);
    plain.len = 0;
    assert_int_equal(
        seal_open_begin(&b, to.secret->box, (struct seal_sink){&plain, buffer_write}, &o, NULL),
        BATON_OK);
    assert_true(seal_opener_file_bytes(o) == UINT64_MAX);
    assert_int_equal(seal_open_push(o, blob.bytes, SEAL_HEADER_BYTES, NULL), BATON_OK);
    assert_int_equal(seal_opener_file_bytes(o), 100);
    seal_opener_free(&o);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_and_piece_comes_back),
        cmocka_unit_test(the_blob_does_not_contain_the_file),
        cmocka_unit_test(only_the_recipient_tenant_and_file_it_names_can_open_it),
        cmocka_unit_test(one_flipped_bit_anywhere_is_noticed),
        cmocka_unit_test(a_blob_cut_at_a_cell_is_noticed),
        cmocka_unit_test(bytes_after_the_end_are_refused),
        cmocka_unit_test(a_file_that_changed_while_it_was_read_is_refused),
        cmocka_unit_test(a_sealer_that_names_another_file_is_caught_by_the_opener),
        cmocka_unit_test(what_the_sink_answers_goes_through),
        cmocka_unit_test(a_file_above_the_limit_is_refused),
        cmocka_unit_test(what_is_attached_arrives_behind_the_file_and_does_not_change_its_name),
        cmocka_unit_test(an_attachment_cut_short_or_grown_is_noticed),
        cmocka_unit_test(file_and_attachment_share_one_limit),
        cmocka_unit_test(the_opener_says_where_the_file_ends_once_it_knows),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
