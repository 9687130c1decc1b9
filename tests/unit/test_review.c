/* What the new server's checks found, and when a person has looked at it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/core/review.h"

#include "common/canon.h"
#include "common/crypto/crypto.h"

#include <cmocka.h>
#include <string.h>

static struct review r;
static const char *why;

static void
found(struct findings *l, const char *rule, enum finding_severity severity)
{
    struct finding f = {.severity = (uint8_t)severity};
    strcpy(f.rule, rule);
    f.row.b[0] = (uint8_t)(l->count + 1);
    assert_int_equal(findings_add(l, &f), BATON_OK);
}

/* Rows 1 to 5 as an agent would send them, the worst first. */
static void
take(const bool *two)
{
    struct findings l = {0};
    struct baton_hash digest = {{9}};
    found(&l, "CF-SCOPE-NARROWED", SEVERITY_BLOCK);
    found(&l, "EX-DELETES", SEVERITY_BLOCK);
    found(&l, "EX-MASS-CHANGE", SEVERITY_BLOCK);
    found(&l, "EX-ADDS", SEVERITY_REVIEW);
    found(&l, "CF-EXPECTED", SEVERITY_INFO);
    review_take(&r, &l, two, 0, &digest);
    findings_done(&l);
}

static enum baton_status
dispose(uint8_t row, uint8_t who, enum disposition_kind kind)
{
    struct disposition d = {.kind = (uint8_t)kind};
    struct baton_hash digest = {{row, who, (uint8_t)kind}};
    d.row.b[0] = row;
    d.operator.b[0] = who;
    return review_dispose(&r, &d, &digest, &why);
}

static void
what_a_person_must_see_is_open_and_what_is_expected_is_not(void **state)
{
    (void)state;
    memset(&r, 0, sizeof r);
    take(NULL);
    assert_int_equal(review_open(&r, SEVERITY_REVIEW), 4);
    assert_int_equal(review_open(&r, SEVERITY_BLOCK), 3);
    assert_false(review_row_open(&r, 4));
}

static void
parity_is_about_configuration_and_what_blocks_but_not_what_is_counted_elsewhere(void **state)
{
    (void)state;
    memset(&r, 0, sizeof r);
    take(NULL);
    assert_int_equal(review_parity(&r), 2);     /* the scope and the mass change */
    strcpy(r.row[1].rule, "EX-ANCHOR-CHANGES"); /* G-DIFF counts both of these itself */
    assert_int_equal(review_parity(&r), 2);
    strcpy(r.row[1].rule, "RH-FAILED"); /* neither configuration nor what would be exported */
    assert_int_equal(review_parity(&r), 2);
    assert_int_equal(dispose(1, 1, DISPOSED_ACCEPTED), BATON_OK);
    assert_int_equal(review_parity(&r), 1);
    assert_int_equal(dispose(3, 1, DISPOSED_NOT_APPLICABLE), BATON_OK);
    assert_int_equal(review_parity(&r), 0);
}

static void
fixed_closes_nothing_that_still_stands(void **state)
{
    (void)state;
    memset(&r, 0, sizeof r);
    take(NULL);
    assert_int_equal(dispose(1, 1, DISPOSED_FIXED), BATON_OK);
    assert_true(review_row_open(&r, 0));
    assert_int_equal(dispose(1, 1, DISPOSED_ACCEPTED), BATON_OK); /* the newer word counts */
    assert_false(review_row_open(&r, 0));
    assert_int_equal(r.disposition_count, 1);
}

static void
where_two_people_are_wanted_one_person_twice_is_not_enough(void **state)
{
    (void)state;
    const bool two[] = {true, false, false, false, false};
    memset(&r, 0, sizeof r);
    take(two);
    assert_int_equal(dispose(1, 1, DISPOSED_ACCEPTED), BATON_OK);
    assert_int_equal(dispose(1, 1, DISPOSED_ACCEPTED), BATON_OK);
    assert_true(review_row_open(&r, 0));
    assert_int_equal(dispose(1, 2, DISPOSED_ACCEPTED), BATON_OK);
    assert_false(review_row_open(&r, 0));
}

static void
nobody_decides_about_what_is_not_there(void **state)
{
    (void)state;
    memset(&r, 0, sizeof r);
    take(NULL);
    assert_int_equal(dispose(77, 1, DISPOSED_ACCEPTED), BATON_NOT_FOUND);
    assert_non_null(strstr(why, "no finding has this row"));
    assert_int_equal(r.disposition_count, 0);
}

static void
a_decision_outlives_a_new_list_and_ends_with_its_difference(void **state)
{
    (void)state;
    memset(&r, 0, sizeof r);
    take(NULL);
    assert_int_equal(dispose(1, 1, DISPOSED_ACCEPTED), BATON_OK);
    take(NULL);
    assert_false(review_row_open(&r, 0));
    struct findings l = {0};
    struct baton_hash digest = {{8}};
    struct finding f = {.rule = "CF-SCOPE-NARROWED", .severity = SEVERITY_BLOCK};
    f.row.b[0] = 200; /* another container */
    assert_int_equal(findings_add(&l, &f), BATON_OK);
    review_take(&r, &l, NULL, 0, &digest);
    findings_done(&l);
    assert_true(review_row_open(&r, 0));
}

static void
what_did_not_fit_is_open(void **state)
{
    (void)state;
    struct findings none = {0};
    struct baton_hash digest = {{8}};
    memset(&r, 0, sizeof r);
    review_take(&r, &none, NULL, 3, &digest);
    assert_int_equal(review_open(&r, SEVERITY_BLOCK), 3);
    assert_int_equal(review_parity(&r), 3);
}

static void
a_full_set_gives_up_only_what_speaks_of_nothing(void **state)
{
    (void)state;
    memset(&r, 0, sizeof r);
    take(NULL);
    for (uint8_t who = 1; who <= REVIEW_DISPOSITIONS_MAX; who++)
        assert_int_equal(dispose(1, who, DISPOSED_ACCEPTED), BATON_OK);
    assert_int_equal(dispose(2, 1, DISPOSED_ACCEPTED), BATON_LIMIT);
    assert_string_equal(why, "64 differences have a disposition already: mend some on the server");
    r.disposition[5].row.b[0] = 222; /* gone from the list */
    assert_int_equal(dispose(2, 1, DISPOSED_ACCEPTED), BATON_OK);
    assert_int_equal(r.disposition_count, REVIEW_DISPOSITIONS_MAX);
    assert_int_equal(r.disposition[5].row.b[0], 2);
}

static void
the_digest_follows_every_decision(void **state)
{
    (void)state;
    struct baton_hash none, one, two;
    memset(&r, 0, sizeof r);
    take(NULL);
    review_digest(&r, crypto_digest_port(), &none);
    assert_true(baton_hash_is_zero(&none));
    assert_int_equal(dispose(1, 1, DISPOSED_ACCEPTED), BATON_OK);
    review_digest(&r, crypto_digest_port(), &one);
    assert_int_equal(dispose(3, 1, DISPOSED_ACCEPTED), BATON_OK);
    review_digest(&r, crypto_digest_port(), &two);
    assert_false(baton_hash_eq(&none, &one) || baton_hash_eq(&one, &two));
    struct baton_hash each[REVIEW_DISPOSITIONS_MAX] = {{{0}}};
    assert_int_equal(review_dispositions(&r, each), r.disposition_count);
    for (size_t k = 0; k < r.disposition_count; k++)
        assert_memory_equal(&each[k], &r.disposition[k].digest, sizeof each[k]);
}

static void
it_comes_back_as_it_was(void **state)
{
    (void)state;
    static uint8_t bytes[32768], again[32768];
    struct canon_writer w;
    struct canon_reader reader;
    struct review back;
    size_t len, again_len;
    const bool two[] = {true, false, false, false, false};
    memset(&r, 0, sizeof r);
    take(two);
    r.more = 2;
    for (uint8_t row = 1; row <= 3; row++)
        assert_int_equal(dispose(row, 1, DISPOSED_ACCEPTED), BATON_OK);
    memset(&back, 0xff, sizeof back);
    canon_writer_init(&w, bytes, sizeof bytes);
    review_put(&w, &r);
    assert_int_equal(canon_finish(&w, &len), BATON_OK);
    canon_reader_init(&reader, bytes, len);
    review_get(&reader, &back);
    assert_true(canon_finished(&reader));
    assert_int_equal(back.more, 2);
    assert_true(back.row[0].two);
    assert_memory_equal(&back, &r, sizeof r); /* and nothing behind the last of either list */
    canon_writer_init(&w, again, sizeof again);
    review_put(&w, &back);
    assert_int_equal(canon_finish(&w, &again_len), BATON_OK);
    assert_int_equal(again_len, len);
    assert_memory_equal(bytes, again, len);
}

static void
a_person_who_decides_again_changes_the_earlier_word_wherever_it_stands(void **state)
{
    (void)state;
    memset(&r, 0, sizeof r);
    take(NULL);
    for (uint8_t row = 1; row <= 3; row++)
        assert_int_equal(dispose(row, 1, DISPOSED_ACCEPTED), BATON_OK);
    for (uint8_t row = 1; row <= 3; row++) {
        assert_int_equal(dispose(row, 1, DISPOSED_NOT_APPLICABLE), BATON_OK);
        assert_int_equal(r.disposition[row - 1].kind, DISPOSED_NOT_APPLICABLE);
    }
    assert_int_equal(r.disposition_count, 3);
}

static void
a_shorter_list_leaves_nothing_of_the_longer_one(void **state)
{
    (void)state;
    static const struct review_row none;
    struct findings l = {0};
    memset(&r, 0, sizeof r);
    take(NULL);
    uint32_t longer = r.row_count;
    found(&l, "EX-ADDS", SEVERITY_REVIEW);
    review_take(&r, &l, NULL, 0, &(struct baton_hash){{7}});
    findings_done(&l);
    assert_int_equal(r.row_count, 1);
    for (uint32_t i = 1; i < longer; i++)
        assert_memory_equal(&r.row[i], &none, sizeof none);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_who_decides_again_changes_the_earlier_word_wherever_it_stands),
        cmocka_unit_test(a_shorter_list_leaves_nothing_of_the_longer_one),
        cmocka_unit_test(what_a_person_must_see_is_open_and_what_is_expected_is_not),
        cmocka_unit_test(
            parity_is_about_configuration_and_what_blocks_but_not_what_is_counted_elsewhere),
        cmocka_unit_test(fixed_closes_nothing_that_still_stands),
        cmocka_unit_test(where_two_people_are_wanted_one_person_twice_is_not_enough),
        cmocka_unit_test(nobody_decides_about_what_is_not_there),
        cmocka_unit_test(a_decision_outlives_a_new_list_and_ends_with_its_difference),
        cmocka_unit_test(what_did_not_fit_is_open),
        cmocka_unit_test(a_full_set_gives_up_only_what_speaks_of_nothing),
        cmocka_unit_test(the_digest_follows_every_decision),
        cmocka_unit_test(it_comes_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
