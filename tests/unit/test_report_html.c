#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/verify/report_html.h"

#include <stdlib.h>
#include <string.h>

static const struct report_column columns[] = {{"Attribute", REPORT_TEXT}, {"Set", REPORT_NUMBER}};

static struct finding
deletes(void)
{
    return (struct finding){.rule = "EX-DELETES",
                            .severity = SEVERITY_BLOCK,
                            .count = 12,
                            .limit = 0,
                            .subject = "user <all>",
                            .why = "they would be deleted",
                            .advice = "check the containers & the filters"};
}

static char *
whole(enum verdict verdict, const struct findings *findings)
{
    static const char *const cells[] = {"mail<", "7"}, *const empty[] = {"none", NULL};
    static const char *const notes[] = {"a & b"};
    struct html h;
    char *page = NULL;
    report_begin(&h, "Pending <exports>", "a & b.xml", verdict);
    report_facts_open(&h, "Totals <1>");
    report_fact(&h, "Objects <x>", "%d of %s", 12, "<many>");
    report_facts_close(&h);
    report_table_open(&h, "Attributes", columns, ARRAY_LEN(columns));
    report_table_row(&h, columns, ARRAY_LEN(columns), cells);
    report_table_row(&h, columns, ARRAY_LEN(columns), empty);
    report_table_close(&h);
    report_findings(&h, "Findings", findings);
    report_notes(&h, "Notes", notes, ARRAY_LEN(notes));
    assert_int_equal(report_end(&h, &page, NULL), BATON_OK);
    return page;
}

static void
everything_given_stands_on_the_page_escaped(void **state)
{
    (void)state;
    static const char *const must[] = {
        "<h1>Pending &lt;exports&gt;</h1>",
        "a &amp; b.xml",
        "<b>block</b>",
        "<h2>Totals &lt;1&gt;</h2>",
        "<th>Objects &lt;x&gt;</th><td>12 of &lt;many&gt;</td>",
        "<th>Attribute</th><th class=\"n\">Set</th>",
        "<tr><td>mail&lt;</td><td class=\"n\">7</td></tr>",
        "<tr><td>none</td><td class=\"n\"></td></tr>",
        "<span class=\"tag bad\">block</span></td><td class=\"s\">EX-DELETES</td>",
        "<td>user &lt;all&gt;</td><td class=\"n\">12</td><td class=\"n\">0</td>",
        "they would be deleted<br><b>To do:</b> check the containers &amp; the filters",
        "<li>a &amp; b</li>",
    };
    struct findings list = {0};
    struct finding f = deletes();
    assert_int_equal(findings_add(&list, &f), BATON_OK);
    char *page = whole(VERDICT_BLOCK, &list);
    for (size_t i = 0; i < ARRAY_LEN(must); i++)
        if (strstr(page, must[i]) == NULL)
            fail_msg("%s is not on the page", must[i]);
    free(page);
    findings_done(&list);
}

static void
a_rule_without_a_limit_and_a_finding_without_advice_show_none(void **state)
{
    (void)state;
    struct findings list = {0};
    struct finding f = deletes();
    f.limit = FINDING_NO_LIMIT;
    f.severity = SEVERITY_INFO;
    f.advice[0] = '\0';
    assert_int_equal(findings_add(&list, &f), BATON_OK);
    char *page = whole(VERDICT_PASS, &list);
    assert_non_null(strstr(page, "<td class=\"n\">12</td><td class=\"n\"></td>"));
    assert_null(strstr(page, "To do"));
    assert_non_null(strstr(page, "<span class=\"tag good\">info</span>"));
    assert_non_null(strstr(page, "<b>pass</b>"));
    free(page);
    findings_done(&list);
}

static void
an_empty_list_says_so(void **state)
{
    (void)state;
    struct findings none = {0};
    char *page = whole(VERDICT_UNKNOWN, &none);
    assert_non_null(strstr(page, "<h2>Findings</h2><p>Nothing was found.</p>"));
    assert_non_null(strstr(page, "<b>unknown</b>"));
    assert_null(strstr(page, "Severity"));
    free(page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_given_stands_on_the_page_escaped),
        cmocka_unit_test(a_rule_without_a_limit_and_a_finding_without_advice_show_none),
        cmocka_unit_test(an_empty_list_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
