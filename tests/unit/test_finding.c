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

static struct finding
full(enum finding_severity severity, uint64_t count)
{
    struct finding f = {.rule = "CF-SCOPE-NARROWED",
                        .severity = (uint8_t)severity,
                        .count = count,
                        .limit = FINDING_NO_LIMIT,
                        .advice = "open the wizard"};
    memset(f.subject, 's', sizeof f.subject - 1);
    memset(f.why, 'w', sizeof f.why - 1);
    memset(f.advice, 'a', sizeof f.advice - 1);
    f.row.b[0] = (uint8_t)count;
    return f;
}

static void
fill(struct findings *l, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct finding f = full((enum finding_severity)(i % 3), i);
        assert_int_equal(findings_add(l, &f), BATON_OK);
    }
    assert_int_equal(findings_sort(l), BATON_OK);
}

static void
a_list_comes_back_as_it_was_and_nothing_shorter_or_longer_does(void **state)
{
    (void)state;
    static uint8_t bytes[FINDINGS_BYTES_MAX + 1];
    struct findings l = {0}, back = {0};
    uint32_t more = 9;
    size_t len;
    fill(&l, 5);
    assert_int_equal(findings_encode(&l, bytes, &len), BATON_OK);
    assert_int_equal(findings_decode(bytes, len, &back, &more), BATON_OK);
    assert_int_equal(more, 0);
    assert_int_equal(back.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(back.item[i].subject, l.item[i].subject);
        assert_string_equal(back.item[i].why, l.item[i].why);
        assert_int_equal(back.item[i].count, l.item[i].count);
        assert_true(back.item[i].limit == FINDING_NO_LIMIT);
        assert_memory_equal(&back.item[i].row, &l.item[i].row, sizeof l.item[i].row);
    }
    findings_done(&back);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(findings_decode(bytes, cut, &back, &more), BATON_MALFORMED);
    assert_int_equal(findings_decode(bytes, len + 1, &back, &more), BATON_MALFORMED);
    findings_done(&l);
}

static void
the_worst_are_sent_and_the_rest_is_counted(void **state)
{
    (void)state;
    static uint8_t bytes[FINDINGS_BYTES_MAX];
    struct findings l = {0}, back = {0};
    uint32_t more;
    size_t len;
    fill(&l, 3 * FINDINGS_SENT_MAX);
    assert_int_equal(findings_encode(&l, bytes, &len), BATON_OK);
    assert_int_equal(findings_decode(bytes, len, &back, &more), BATON_OK);
    assert_int_equal(back.count, FINDINGS_SENT_MAX);
    assert_int_equal(more, 2 * FINDINGS_SENT_MAX);
    for (size_t i = 0; i < back.count; i++) {
        assert_int_equal(back.item[i].severity, SEVERITY_BLOCK);
        assert_int_equal(back.item[i].count, 2 + 3 * i); /* in the order in which they were found */
    }
    findings_done(&back);
    findings_done(&l);
}

static void
a_list_that_hides_the_worst_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[FINDINGS_BYTES_MAX];
    struct findings l = {0}, back = {0};
    struct finding mild = full(SEVERITY_INFO, 1), bad = full(SEVERITY_BLOCK, 2);
    uint32_t more;
    size_t len;
    assert_int_equal(findings_add(&l, &mild), BATON_OK);
    assert_int_equal(findings_add(&l, &bad), BATON_OK);
    assert_int_equal(findings_encode(&l, bytes, &len), BATON_OK);
    assert_int_equal(findings_decode(bytes, len, &back, &more), BATON_MALFORMED);
    assert_int_equal(findings_sort(&l), BATON_OK);
    assert_int_equal(findings_encode(&l, bytes, &len), BATON_OK);
    bytes[7] = 1; /* one more is said to be left out, though there was room */
    assert_int_equal(findings_decode(bytes, len, &back, &more), BATON_MALFORMED);
    findings_done(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_finding_decides_the_verdict),
        cmocka_unit_test(a_full_list_says_so),
        cmocka_unit_test(the_same_difference_is_the_same_row_and_no_other_is),
        cmocka_unit_test(severities_have_names),
        cmocka_unit_test(a_list_comes_back_as_it_was_and_nothing_shorter_or_longer_does),
        cmocka_unit_test(the_worst_are_sent_and_the_rest_is_counted),
        cmocka_unit_test(a_list_that_hides_the_worst_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
