#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/facts.h"
#include "sample.h"
#include "torture.h"

static enum baton_status
recode(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
    struct facts f;
    enum baton_status rc = facts_decode(bytes, len, &f);
    if (rc == BATON_OK)
        assert_int_equal(facts_encode(&f, out, cap, ret_len), BATON_OK); /* read, so writable */
    return rc;
}

static void
an_unknown_fact_passes_no_check(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    for (int id = 0; id < FACT_COUNT; id++) {
        assert_false(fact_known(&f, (enum fact_id)id));
        assert_false(fact_is(&f, (enum fact_id)id, 0));
        assert_int_equal(fact_or(&f, (enum fact_id)id, -9), -9);
    }
}

static void
an_absent_fact_passes_no_check(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    facts_set(&f, FACT_WIZARD_OPEN, 0);
    facts_absent(&f, FACT_WIZARD_OPEN, ABSENT_ERROR);
    assert_false(fact_known(&f, FACT_WIZARD_OPEN));
    assert_false(fact_is(&f, FACT_WIZARD_OPEN, 0));
    assert_int_equal(f.fact[FACT_WIZARD_OPEN].reason, ABSENT_ERROR);
}

static void
only_the_known_value_is_that_value(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    facts_set(&f, FACT_ENGINE_GONE, 1);
    assert_true(fact_is(&f, FACT_ENGINE_GONE, 1));
    assert_false(fact_is(&f, FACT_ENGINE_GONE, 0));
}

static void
every_fact_and_digest_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < FACT_COUNT; i++) {
        assert_true(strlen(fact_what((enum fact_id)i)) > 5);
        assert_true(fact_tier((enum fact_id)i) <= TIER_T2);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(fact_name((enum fact_id)i), fact_name((enum fact_id)j));
    }
    for (int i = 0; i < DIGEST_COUNT; i++)
        assert_string_not_equal(digest_name((enum digest_id)i), "?");
    for (int i = 0; i <= ABSENT_TIMEOUT; i++)
        assert_string_not_equal(fact_reason_name((enum fact_reason)i), "?");
    assert_string_equal(fact_name(FACT_COUNT), "?");
    assert_string_equal(fact_reason_name((enum fact_reason)99), "?");
}

static void
a_note_stays_valid_text_whatever_is_given(void **state)
{
    (void)state;
    struct facts f;
    char big[3 * NOTE_BYTES];
    facts_init(&f);
    for (size_t i = 0; i + 2 < sizeof big; i += 2)
        memcpy(big + i, "\xc3\xa4", 2);
    big[sizeof big - 2] = '\0';
    facts_note(&f, big);
    assert_int_equal(strlen(f.note), NOTE_BYTES - 2); /* 255 is odd: no half character */
    facts_note(&f, "who\nwhat");
    assert_string_equal(f.note, "who what");

    uint8_t out[FACTS_BYTES_MAX];
    size_t len;
    assert_int_equal(facts_encode(&f, out, sizeof out, &len), BATON_OK);
}

static void
facts_stand_every_torture(void **state)
{
    (void)state;
    uint8_t bytes[FACTS_BYTES_MAX];
    size_t len;
    struct facts f = sample_facts(), back;
    assert_int_equal(facts_encode(&f, bytes, sizeof bytes, &len), BATON_OK);
    assert_int_equal(facts_decode(bytes, len, &back), BATON_OK);
    assert_true(fact_is(&back, FACT_LAST_EXPORT_END, 5));
    assert_int_equal(back.fact[FACT_QUIET_FOR_MS].age_ms, 1200);
    assert_int_equal(back.fact[FACT_STAGING_SCHEDULER].reason, ABSENT_NOT_APPLICABLE);
    assert_true(back.digest_known[DIGEST_SETTINGS]);
    assert_string_equal(back.note, f.note);
    torture(recode, bytes, len);
    torture_field(recode, bytes, len, 0, 2);     /* count of facts */
    torture_field(recode, bytes, len, 2 + 2, 1); /* state of the first */
}

static void
nothing_known_is_five_bytes(void **state)
{
    (void)state;
    uint8_t bytes[8];
    size_t len;
    struct facts f;
    facts_init(&f);
    assert_int_equal(facts_encode(&f, bytes, sizeof bytes, &len), BATON_OK);
    assert_int_equal(len, 5);
    torture(recode, bytes, len);
}

static void
everything_known_is_exactly_the_limit(void **state)
{
    (void)state;
    static uint8_t bytes[FACTS_BYTES_MAX];
    size_t len;
    struct facts f;
    struct baton_hash h = sample_hash(1);
    char note[NOTE_BYTES];
    facts_init(&f);
    for (int i = 0; i < FACT_COUNT; i++)
        facts_set(&f, (enum fact_id)i, fact_most((enum fact_id)i));
    for (int i = 0; i < DIGEST_COUNT; i++)
        facts_set_digest(&f, (enum digest_id)i, &h);
    memset(note, 'n', sizeof note);
    note[NOTE_BYTES - 1] = '\0';
    facts_note(&f, note);
    assert_int_equal(facts_encode(&f, bytes, sizeof bytes, &len), BATON_OK);
    assert_int_equal(len, FACTS_BYTES_MAX);
    assert_int_equal(facts_encode(&f, bytes, sizeof bytes - 1, &len), BATON_LIMIT);
    torture_round_trip(recode, bytes, sizeof bytes);
}

static void
ids_that_do_not_rise_or_are_not_known_are_refused(void **state)
{
    (void)state;
    enum { ONE = 15 };
    uint8_t bytes[2 + 2 * ONE + 1 + 2];
    size_t len;
    struct facts f, out;
    facts_init(&f);
    facts_set(&f, FACT_PRODUCT_PRESENT, 1);
    facts_set(&f, FACT_PRODUCT_CLASS, 1);
    assert_int_equal(facts_encode(&f, bytes, sizeof bytes, &len), BATON_OK);
    assert_int_equal(len, sizeof bytes);
    assert_int_equal(facts_decode(bytes, len, &out), BATON_OK);
    bytes[2 + ONE + 1] = 0; /* twice the first id */
    assert_int_equal(facts_decode(bytes, len, &out), BATON_MALFORMED);
    bytes[2 + ONE + 1] = FACT_COUNT; /* an id this version does not know */
    assert_int_equal(facts_decode(bytes, len, &out), BATON_MALFORMED);
    bytes[2 + ONE + 1] = FACT_COUNT - 1;
    assert_int_equal(facts_decode(bytes, len, &out), BATON_OK);
    bytes[2 + 1] = FACT_COUNT - 1;
    assert_int_equal(facts_decode(bytes, len, &out), BATON_MALFORMED);
}

static void
digests_that_do_not_rise_or_are_not_known_are_refused(void **state)
{
    (void)state;
    enum { FIRST = 2 + 1, SECOND = FIRST + 33 };
    uint8_t bytes[FACTS_BYTES_MAX];
    size_t len;
    struct facts f, out;
    struct baton_hash h = sample_hash(1);
    facts_init(&f);
    facts_set_digest(&f, DIGEST_CONFIG, &h);
    facts_set_digest(&f, DIGEST_RULES, &h);
    assert_int_equal(facts_encode(&f, bytes, sizeof bytes, &len), BATON_OK);
    bytes[SECOND] = DIGEST_CONFIG;
    assert_int_equal(facts_decode(bytes, len, &out), BATON_MALFORMED);
    bytes[SECOND] = DIGEST_SETTINGS;
    assert_int_equal(facts_decode(bytes, len, &out), BATON_MALFORMED);
    bytes[SECOND] = DIGEST_COUNT;
    assert_int_equal(facts_decode(bytes, len, &out), BATON_MALFORMED);
    bytes[SECOND] = DIGEST_COUNT - 1;
    assert_int_equal(facts_decode(bytes, len, &out), BATON_OK);
}

static void
a_state_or_reason_out_of_range_is_never_written(void **state)
{
    (void)state;
    uint8_t bytes[FACTS_BYTES_MAX];
    size_t len;
    struct facts f;
    facts_init(&f);
    f.fact[FACT_OBJECTS].state = 3;
    assert_int_equal(facts_encode(&f, bytes, sizeof bytes, &len), BATON_MALFORMED);
    f.fact[FACT_OBJECTS] = (struct fact){.state = FACT_ABSENT, .reason = ABSENT_NONE};
    assert_int_equal(facts_encode(&f, bytes, sizeof bytes, &len), BATON_MALFORMED);
    f.fact[FACT_OBJECTS].reason = ABSENT_TIMEOUT + 1;
    assert_int_equal(facts_encode(&f, bytes, sizeof bytes, &len), BATON_MALFORMED);
}

static void
every_fact_has_a_range_and_what_is_beyond_it_is_unknown(void **state)
{
    (void)state;
    for (int id = 0; id < FACT_COUNT; id++) {
        struct facts f;
        int64_t most = fact_most((enum fact_id)id);
        facts_init(&f);
        assert_true(most > 0); /* its unit has a row */
        facts_set(&f, (enum fact_id)id, most);
        assert_true(fact_is(&f, (enum fact_id)id, most));
        facts_set(&f, (enum fact_id)id, -1);
        assert_false(fact_known(&f, (enum fact_id)id));
        if (most < INT64_MAX) {
            facts_set(&f, (enum fact_id)id, most + 1);
            assert_false(fact_known(&f, (enum fact_id)id));
        }
    }
}

static void
a_record_with_a_value_beyond_its_range_is_malformed(void **state)
{
    (void)state;
    static const enum fact_id ids[] = {FACT_INTERVAL_MS, FACT_OBJECTS, FACT_ENGINE_GONE};
    static const int64_t beyond[] = {INT64_MAX, INT64_MIN, -1};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        for (size_t k = 0; k < ARRAY_LEN(beyond); k++) {
            uint8_t bytes[FACTS_BYTES_MAX];
            struct facts f, out;
            size_t len;
            facts_init(&f);
            facts_set(&f, ids[i], 1);
            f.fact[ids[i]].value = beyond[k]; /* as a hostile agent would write it */
            assert_int_equal(facts_encode(&f, bytes, sizeof bytes, &len), BATON_OK);
            assert_int_equal(facts_decode(bytes, len, &out), BATON_MALFORMED);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_fact_passes_no_check),
        cmocka_unit_test(an_absent_fact_passes_no_check),
        cmocka_unit_test(only_the_known_value_is_that_value),
        cmocka_unit_test(every_fact_and_digest_has_a_name_of_its_own),
        cmocka_unit_test(a_note_stays_valid_text_whatever_is_given),
        cmocka_unit_test(facts_stand_every_torture),
        cmocka_unit_test(nothing_known_is_five_bytes),
        cmocka_unit_test(everything_known_is_exactly_the_limit),
        cmocka_unit_test(ids_that_do_not_rise_or_are_not_known_are_refused),
        cmocka_unit_test(digests_that_do_not_rise_or_are_not_known_are_refused),
        cmocka_unit_test(a_state_or_reason_out_of_range_is_never_written),
        cmocka_unit_test(every_fact_has_a_range_and_what_is_beyond_it_is_unknown),
        cmocka_unit_test(a_record_with_a_value_beyond_its_range_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
