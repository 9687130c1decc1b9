#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/canon.h"
#include "sample.h"

static void
integers_are_big_endian(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                                       0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x01};
    uint8_t buf[64];
    struct canon_writer w;
    size_t len;
    canon_writer_init(&w, buf, sizeof buf);
    canon_put_u8(&w, 0x01);
    canon_put_u16(&w, 0x0203);
    canon_put_u32(&w, 0x04050607);
    canon_put_u64(&w, 0x08090a0b0c0d0e0f);
    canon_put_i64(&w, -2);
    canon_put_bool(&w, true);
    assert_int_equal(canon_finish(&w, &len), BATON_OK);
    assert_int_equal(len, sizeof expected);
    assert_memory_equal(buf, expected, sizeof expected);

    struct canon_reader r;
    canon_reader_init(&r, buf, len);
    assert_int_equal(canon_get_u8(&r), 0x01);
    assert_int_equal(canon_get_u16(&r), 0x0203);
    assert_int_equal(canon_get_u32(&r), 0x04050607);
    assert_int_equal(canon_get_u64(&r), 0x08090a0b0c0d0e0f);
    assert_int_equal(canon_get_i64(&r), -2);
    assert_true(canon_get_bool(&r));
    assert_true(canon_finished(&r));
}

static void
texts_and_blobs_carry_their_length_before_them(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0, 2, 'h', 'i', 0, 0, 0, 3, 9, 8, 7, 0, 0, 0, 0, 0, 0};
    uint8_t buf[64];
    struct canon_writer w;
    size_t len;
    canon_writer_init(&w, buf, sizeof buf);
    canon_put_str(&w, "hi", 3);
    canon_put_blob(&w, (const uint8_t[]){9, 8, 7}, 3);
    canon_put_blob(&w, NULL, 0);
    canon_put_str(&w, "", 1);
    assert_int_equal(canon_finish(&w, &len), BATON_OK);
    assert_int_equal(len, sizeof expected);
    assert_memory_equal(buf, expected, sizeof expected);

    struct canon_reader r;
    char text[3];
    size_t n;
    canon_reader_init(&r, buf, len);
    canon_get_str(&r, text, sizeof text);
    assert_string_equal(text, "hi");
    assert_ptr_equal(canon_get_blob(&r, &n), buf + 8);
    assert_int_equal(n, 3);
    assert_null(canon_get_blob(&r, &n));
    assert_int_equal(n, 0);
    canon_get_str(&r, text, sizeof text);
    assert_string_equal(text, "");
    assert_true(canon_finished(&r));
}

static void
the_writer_stops_at_its_end_and_says_so(void **state)
{
    (void)state;
    uint8_t buf[8] = {0};
    struct canon_writer w;
    size_t len = 99;
    canon_writer_init(&w, buf, 5);
    canon_put_u32(&w, 1);
    canon_put_u16(&w, 0xffff);
    canon_put_u8(&w, 7); /* would fit, but the record is broken already */
    assert_int_equal(canon_finish(&w, &len), BATON_LIMIT);
    assert_int_equal(len, 99);
    assert_memory_equal(buf + 4, ((uint8_t[]){0, 0, 0, 0}), 4);
}

static void
a_text_that_may_not_stand_is_not_written(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\nb", "\xff", "full"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        uint8_t buf[16];
        struct canon_writer w;
        size_t len;
        canon_writer_init(&w, buf, sizeof buf);
        canon_put_str(&w, bad[i], 4); /* "full" has no NUL within four bytes */
        assert_int_equal(canon_finish(&w, &len), BATON_MALFORMED);
    }
}

static void
a_text_is_refused_when_it_is_too_long_or_no_text(void **state)
{
    (void)state;
    static const uint8_t bad[][6] = {{0, 4, 'a', 'b', 'c', 'd'},  {0, 3, 'a', 0, 'c', 'd'},
                                     {0, 3, 'a', '\n', 'c', 'd'}, {0, 3, 0xff, 'b', 'c', 'd'},
                                     {0, 5, 'a', 'b', 'c', 'd'},  {0xff, 0xff, 'a', 'b', 'c', 'd'}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct canon_reader r;
        char text[4] = "xyz";
        canon_reader_init(&r, bad[i], sizeof bad[i]);
        canon_get_str(&r, text, sizeof text);
        assert_true(r.bad);
        assert_string_equal(text, "");
    }
}

static void
a_blob_longer_than_what_is_left_is_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 1};
    struct canon_reader r;
    size_t n = 1;
    canon_reader_init(&r, bytes, sizeof bytes);
    assert_null(canon_get_blob(&r, &n));
    assert_int_equal(n, 0);
    assert_false(canon_finished(&r));
}

static void
the_first_fault_sticks_and_later_reads_give_zero(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 0, 0, 5, 1, 2, 3, 4};
    struct canon_reader r;
    struct baton_key key;
    memset(&key, 0xee, sizeof key);
    canon_reader_init(&r, bytes, sizeof bytes);
    (void)canon_get_u64(&r);
    assert_false(r.bad);
    key = canon_get_key(&r);
    assert_true(r.bad);
    assert_true(baton_key_is_zero(&key));
    assert_int_equal(canon_get_u8(&r), 0);
    assert_false(canon_finished(&r));
}

static void
a_bool_is_zero_or_one_and_an_enum_within_its_range(void **state)
{
    (void)state;
    struct canon_reader r;
    canon_reader_init(&r, (const uint8_t[]){2}, 1);
    assert_false(canon_get_bool(&r));
    assert_true(r.bad);
    for (uint8_t v = 0; v < 6; v++) {
        canon_reader_init(&r, &v, 1);
        uint8_t got = canon_get_enum(&r, 2, 4);
        assert_int_equal(r.bad, v < 2 || v > 4);
        assert_in_range(got, 2, 4);
    }
}

static void
what_is_left_over_is_not_finished(void **state)
{
    (void)state;
    struct canon_reader r;
    canon_reader_init(&r, (const uint8_t[]){1, 2}, 2);
    (void)canon_get_u8(&r);
    assert_false(r.bad);
    assert_false(canon_finished(&r));
}

static void
ids_keys_hashes_and_epochs_come_back(void **state)
{
    (void)state;
    uint8_t buf[256];
    struct canon_writer w;
    struct canon_reader r;
    size_t len;
    struct baton_id id = sample_id(1);
    struct baton_key key = sample_key(2);
    struct baton_hash hash = sample_hash(3);
    struct epoch e = sample_epoch(0x0102030405060708, 4);
    canon_writer_init(&w, buf, sizeof buf);
    canon_put_id(&w, &id);
    canon_put_key(&w, &key);
    canon_put_hash(&w, &hash);
    canon_put_epoch(&w, &e);
    assert_int_equal(canon_finish(&w, &len), BATON_OK);
    assert_int_equal(len, 16 + 32 + 32 + 24);

    canon_reader_init(&r, buf, len);
    struct baton_id id2 = canon_get_id(&r);
    struct baton_key key2 = canon_get_key(&r);
    struct baton_hash hash2 = canon_get_hash(&r);
    struct epoch e2 = canon_get_epoch(&r);
    assert_true(canon_finished(&r));
    assert_true(baton_id_eq(&id, &id2) && baton_key_eq(&key, &key2));
    assert_true(baton_hash_eq(&hash, &hash2) && epoch_eq(&e, &e2));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(texts_and_blobs_carry_their_length_before_them),
        cmocka_unit_test(the_writer_stops_at_its_end_and_says_so),
        cmocka_unit_test(a_text_that_may_not_stand_is_not_written),
        cmocka_unit_test(a_text_is_refused_when_it_is_too_long_or_no_text),
        cmocka_unit_test(a_blob_longer_than_what_is_left_is_refused),
        cmocka_unit_test(the_first_fault_sticks_and_later_reads_give_zero),
        cmocka_unit_test(a_bool_is_zero_or_one_and_an_enum_within_its_range),
        cmocka_unit_test(what_is_left_over_is_not_finished),
        cmocka_unit_test(ids_keys_hashes_and_epochs_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
