/* What a check found: lists, verdicts and the digest that a disposition names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "baton/finding.h"

#include <cmocka.h>
#include <string.h>

static struct finding
of(enum finding_severity s)
{
    return (struct finding){.rule = "EX-DELETES", .severity = (uint8_t)s};
}

static void
the_worst_finding_decides_the_verdict(void **state)
{
    (void)state;
    struct findings l = {0};
    struct finding f = of(SEVERITY_INFO);
    assert_int_equal(findings_verdict(&l), VERDICT_PASS);
    assert_int_equal(findings_add(&l, &f), BATON_OK);
    assert_int_equal(findings_verdict(&l), VERDICT_PASS);
    f = of(SEVERITY_BLOCK);
    assert_int_equal(findings_add(&l, &f), BATON_OK);
    f = of(SEVERITY_REVIEW);
    assert_int_equal(findings_add(&l, &f), BATON_OK);
    assert_int_equal(findings_verdict(&l), VERDICT_BLOCK);
    l.item[1].severity = SEVERITY_REVIEW;
    assert_int_equal(findings_verdict(&l), VERDICT_REVIEW);
    findings_done(&l);
    assert_null(l.item);
}

static void
a_full_list_says_so(void **state)
{
    (void)state;
    struct findings l = {0};
    struct finding f = of(SEVERITY_INFO);
    for (size_t i = 0; i < FINDINGS_MAX; i++)
        assert_int_equal(findings_add(&l, &f), BATON_OK);
    assert_int_equal(findings_add(&l, &f), BATON_LIMIT);
    assert_int_equal(l.count, FINDINGS_MAX);
    findings_done(&l);
}

static void
the_same_difference_is_the_same_row_and_no_other_is(void **state)
{
    (void)state;
    const char *const ab[] = {"a", "b"}, *const joined[] = {"ab", ""};
    struct baton_hash first, again, other;
    finding_row("CF-ANCHOR", ab, 2, &first);
    finding_row("CF-ANCHOR", ab, 2, &again);
    assert_memory_equal(&first, &again, sizeof first);
    finding_row("CF-ANCHOR", joined, 2, &other);
    assert_memory_not_equal(&first, &other, sizeof first);
    finding_row("CF-ANCHORa", ab, 2, &other);
    assert_memory_not_equal(&first, &other, sizeof first);
}

static void
severities_have_names(void **state)
{
    (void)state;
    assert_string_equal(finding_severity_name(SEVERITY_INFO), "info");
    assert_string_equal(finding_severity_name(SEVERITY_REVIEW), "review");
    assert_string_equal(finding_severity_name(SEVERITY_BLOCK), "block");
    assert_string_equal(finding_severity_name((enum finding_severity)9), "unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_finding_decides_the_verdict),
        cmocka_unit_test(a_full_list_says_so),
        cmocka_unit_test(the_same_difference_is_the_same_row_and_no_other_is),
        cmocka_unit_test(severities_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
