#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/verify/config_rows.h"

#include "common/text.h"

#include <stdlib.h>
#include <string.h>

static struct limits limits;

static int
setup(void **state)
{
    (void)state;
    limits_preset(PRESET_PARITY, &limits);
    return 0;
}

static void
every_class_has_a_rule_of_the_catalogue(void **state)
{
    (void)state;
    for (int i = 0; i < CONFIG_CLASS_COUNT; i++) {
        const struct verify_rule *r = verify_rule_named(config_class_rule((enum config_class)i));
        assert_non_null(r);
        assert_int_equal(r->area, AREA_CONFIG);
    }
}

static void
the_policy_decides_how_bad_a_class_is(void **state)
{
    (void)state;
    struct config_rows rows = {0};
    (void)config_row_add(&rows, CONFIG_RULE_ADDED, "a", "b", "one");
    (void)config_row_add(&rows, CONFIG_RULE_ADDED, "a", "b", "two");
    assert_int_equal(config_rows_finish(&rows, &limits), BATON_OK);
    assert_int_equal(rows.item[0].f.severity, SEVERITY_REVIEW);
    assert_int_equal(rows.item[0].f.limit, 0);
    /* two are allowed: then neither is more than shown */
    struct limit *l = (struct limit *)(uintptr_t)limits_of(&limits, "CF-RULE-ADDED");
    l->value.count_max = 2;
    assert_int_equal(config_rows_finish(&rows, &limits), BATON_OK);
    assert_int_equal(rows.item[0].f.severity, SEVERITY_INFO);
    l->value.count_max = 1;
    l->value.severity = SEVERITY_BLOCK;
    assert_int_equal(config_rows_finish(&rows, &limits), BATON_OK);
    assert_int_equal(rows.item[0].f.severity, SEVERITY_BLOCK);
    assert_int_equal(config_rows_count(&rows, CONFIG_RULE_ADDED), 2);
    assert_int_equal(config_rows_count(&rows, CONFIG_ANCHOR), 0);
    config_rows_done(&rows);
}

static void
a_row_has_bounds_whatever_the_policy_says(void **state)
{
    (void)state;
    struct config_rows rows = {0};
    config_row_add(&rows, CONFIG_PARAMETER, "a", "b", "up")->least = SEVERITY_BLOCK;
    config_row_add(&rows, CONFIG_RULE_CHANGED, "a", "b", "down")->most = SEVERITY_REVIEW;
    assert_int_equal(config_rows_finish(&rows, &limits), BATON_OK);
    assert_int_equal(rows.item[0].class, CONFIG_PARAMETER);
    assert_int_equal(rows.item[0].f.severity, SEVERITY_BLOCK);
    assert_int_equal(rows.item[1].f.severity, SEVERITY_REVIEW);
    config_rows_done(&rows);
}

static void
the_digest_is_over_whole_texts_and_the_finding_holds_what_may_be_signed(void **state)
{
    (void)state;
    char a[1000], b[1000];
    struct config_rows rows = {0};
    memset(a, 'x', sizeof a - 1);
    memset(b, 'x', sizeof b - 1);
    a[sizeof a - 1] = b[sizeof b - 1] = '\0';
    b[sizeof b - 2] = 'y';
    struct config_row *row = config_row_add(&rows, CONFIG_PARAMETER, "", "", "%s", a);
    config_row_why(row, "line\n%s", a);
    config_row_advice(row, "tab\t%s", "x");
    (void)config_row_add(&rows, CONFIG_PARAMETER, "", "", "%s", b);
    (void)config_row_add(&rows, CONFIG_PARAMETER, a, "", "same");
    (void)config_row_add(&rows, CONFIG_PARAMETER, b, "", "same");
    assert_int_equal(config_rows_finish(&rows, &limits), BATON_OK);
    for (size_t i = 0; i < rows.count; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(rows.item[i].f.row.b, rows.item[j].f.row.b, BATON_HASH_BYTES);
    for (size_t i = 0; i < rows.count; i++) {
        const struct finding *f = &rows.item[i].f;
        assert_true(text_valid(f->subject, strlen(f->subject)));
        assert_true(text_valid(f->why, strlen(f->why)));
        assert_true(text_valid(f->advice, strlen(f->advice)));
    }
    config_rows_done(&rows);
}

static void
more_rows_than_fit_are_an_error_and_never_a_part(void **state)
{
    (void)state;
    struct config_rows rows = {0};
    for (int i = 0; i <= FINDINGS_MAX; i++)
        config_row_why(config_row_add(&rows, CONFIG_EXPECTED, "", "", "%d", i), "why");
    assert_int_equal(config_rows_finish(&rows, &limits), BATON_LIMIT);
    config_rows_done(&rows);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(every_class_has_a_rule_of_the_catalogue),
        T(the_policy_decides_how_bad_a_class_is),
        T(a_row_has_bounds_whatever_the_policy_says),
        T(the_digest_is_over_whole_texts_and_the_finding_holds_what_may_be_signed),
        T(more_rows_than_fit_are_an_error_and_never_a_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
