#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/ids.h"
#include "sample.h"

static void
epochs_are_ordered_by_counter_and_then_by_incarnation(void **state)
{
    (void)state;
    struct epoch a = sample_epoch(1, 200), b = sample_epoch(2, 1), c = sample_epoch(2, 2);
    assert_true(epoch_cmp(&a, &b) < 0);
    assert_true(epoch_cmp(&b, &a) > 0);
    assert_true(epoch_cmp(&b, &c) < 0);
    assert_int_equal(epoch_cmp(&c, &c), 0);
    assert_true(epoch_eq(&c, &c));
    assert_false(epoch_eq(&b, &c));
}

static void
counters_are_compared_as_unsigned_numbers(void **state)
{
    (void)state;
    struct epoch small = {1, {{0}}}, huge = {UINT64_MAX, {{0}}};
    assert_true(epoch_cmp(&small, &huge) < 0);
}

static void
zero_means_every_byte(void **state)
{
    (void)state;
    struct epoch e = {0};
    struct baton_key k = {{0}};
    struct baton_hash h = {{0}};
    struct baton_id id = {{0}};
    assert_true(epoch_is_zero(&e));
    assert_true(baton_key_is_zero(&k) && baton_hash_is_zero(&h) && baton_id_is_zero(&id));
    e.incarnation.b[15] = k.b[31] = h.b[31] = id.b[15] = 1;
    assert_false(epoch_is_zero(&e));
    assert_false(baton_key_is_zero(&k) || baton_hash_is_zero(&h) || baton_id_is_zero(&id));
}

static void
one_different_byte_anywhere_makes_them_different(void **state)
{
    (void)state;
    for (size_t i = 0; i < 32; i++) {
        struct baton_key k = sample_key(1), l = k;
        struct baton_hash h = sample_hash(1), j = h;
        assert_true(baton_key_eq(&k, &l) && baton_hash_eq(&h, &j));
        l.b[i] ^= 0x80;
        j.b[i] ^= 0x80;
        assert_false(baton_key_eq(&k, &l) || baton_hash_eq(&h, &j));
    }
    struct baton_id a = sample_id(1), b = sample_id(2);
    assert_true(baton_id_eq(&a, &a));
    assert_false(baton_id_eq(&a, &b));
}

static void
hex_goes_out_in_lower_case_and_comes_in_in_either(void **state)
{
    (void)state;
    uint8_t bytes[4] = {0x00, 0x1f, 0xAB, 0xff}, back[4] = {0};
    char hex[9];
    baton_hex(bytes, sizeof bytes, hex);
    assert_string_equal(hex, "001fabff");
    assert_true(baton_unhex("001FabFF", back, sizeof back));
    assert_memory_equal(back, bytes, sizeof bytes);
}

static void
hex_that_is_not_exactly_right_leaves_the_output_untouched(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",         "00",       "001fab",   "001fabf", "001fabff0",
                                        "001fabfg", "00 1fabf", "0x1fabff", "-01fabff"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        uint8_t out[4] = {1, 2, 3, 4};
        assert_false(baton_unhex(wrong[i], out, sizeof out));
        assert_memory_equal(out, ((uint8_t[]){1, 2, 3, 4}), 4);
    }
}

static void
guids_are_read_with_and_without_braces(void **state)
{
    (void)state;
    struct baton_id id;
    char text[37];
    assert_true(baton_guid_parse("{B891884F-051e-4a83-95af-2544101c9083}", &id));
    assert_int_equal(id.b[0], 0xb8);
    assert_int_equal(id.b[15], 0x83);
    baton_guid_format(&id, text);
    assert_string_equal(text, "b891884f-051e-4a83-95af-2544101c9083");
    assert_true(baton_guid_parse(text, &id));
}

static void
what_is_no_guid_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "{",
                                        "b891884f-051e-4a83-95af-2544101c908",
                                        "b891884f-051e-4a83-95af-2544101c90833",
                                        "{b891884f-051e-4a83-95af-2544101c9083",
                                        "b891884f-051e-4a83-95af-2544101c9083}",
                                        "b891884f051e4a8395af2544101c9083",
                                        "b891884f-051e-4a83-95af-2544101c908g",
                                        " b891884f-051e-4a83-95af-2544101c9083"};
    struct baton_id id = sample_id(1), before = id;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(baton_guid_parse(wrong[i], &id));
    assert_true(baton_id_eq(&id, &before));
}

static void
a_name_is_one_to_sixty_three_bytes_of_text(void **state)
{
    (void)state;
    char longest[NAME_BYTES], longer[NAME_BYTES + 1];
    memset(longest, 'n', sizeof longest);
    longest[NAME_BYTES - 1] = '\0';
    memset(longer, 'n', sizeof longer);
    longer[NAME_BYTES] = '\0';
    assert_true(baton_name_valid("O"));
    assert_true(baton_name_valid("Zürich, 東京"));
    assert_true(baton_name_valid(longest));
    assert_false(baton_name_valid(longer));
    assert_false(baton_name_valid(""));
    assert_false(baton_name_valid("a\nb"));
    assert_false(baton_name_valid("a\xff"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(epochs_are_ordered_by_counter_and_then_by_incarnation),
        cmocka_unit_test(counters_are_compared_as_unsigned_numbers),
        cmocka_unit_test(zero_means_every_byte),
        cmocka_unit_test(one_different_byte_anywhere_makes_them_different),
        cmocka_unit_test(hex_goes_out_in_lower_case_and_comes_in_in_either),
        cmocka_unit_test(hex_that_is_not_exactly_right_leaves_the_output_untouched),
        cmocka_unit_test(guids_are_read_with_and_without_braces),
        cmocka_unit_test(what_is_no_guid_is_refused),
        cmocka_unit_test(a_name_is_one_to_sixty_three_bytes_of_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
