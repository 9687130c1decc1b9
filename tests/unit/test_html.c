#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/html.h"

#include <stdlib.h>
#include <string.h>

/* What html_text makes of a text, without the page around it. */
static void
assert_text_becomes(const char *text, const char *expected)
{
    struct html h;
    char *page = NULL;
    html_begin(&h, "t");
    html_raw(&h, "[");
    html_text(&h, text);
    html_raw(&h, "]");
    assert_int_equal(html_end(&h, "page", &page, NULL), BATON_OK);
    char *at = strstr(page, "<main>[") + strlen("<main>[");
    *strstr(at, "]</main>") = '\0';
    assert_string_equal(at, expected);
    free(page);
}

static void
markup_in_a_text_is_escaped(void **state)
{
    (void)state;
    assert_text_becomes("<b>&\"'`", "&lt;b&gt;&amp;&quot;&#39;&#96;");
    assert_text_becomes("two\nlines\tand", "two<br>lines and");
    assert_text_becomes("M\xc3\xbcller \xf0\x9f\x99\x82", "M\xc3\xbcller \xf0\x9f\x99\x82");
}

static void
what_may_not_stand_shows_as_a_replacement_and_hides_nothing_after_it(void **state)
{
    (void)state;
#define R "\xef\xbf\xbd"
    assert_text_becomes("a\x01z\x7f", "a" R "z" R);
    assert_text_becomes("a\xe2\x80\xae"
                        "b",
                        "a" R "b"); /* right-to-left override */
    assert_text_becomes("\xe2\x80<", R "&lt;");
    assert_text_becomes("\xff\xf0x", R R "x");
    assert_text_becomes("cut \xe2\x82", "cut " R);
}

static void
the_title_is_escaped_and_the_page_loads_nothing(void **state)
{
    (void)state;
    struct html h;
    char *page = NULL;
    html_begin(&h, "</title><script>");
    assert_int_equal(html_end(&h, "page", &page, NULL), BATON_OK);
    assert_non_null(strstr(page, "<title>&lt;/title&gt;&lt;script&gt;</title>"));
    assert_non_null(strstr(page, "default-src 'none'"));
    static const char *const outside[] = {"<script", "http:", "https:", "url(", "@import", "<link"};
    for (size_t i = 0; i < ARRAY_LEN(outside); i++)
        assert_null(strstr(page, outside[i]));
    static const char *const looks[] = {"prefers-color-scheme:dark", "@media print"};
    for (size_t i = 0; i < ARRAY_LEN(looks); i++)
        assert_non_null(strstr(page, looks[i]));
    free(page);
}

static void
a_long_page_grows(void **state)
{
    (void)state;
    struct html h;
    char *page = NULL;
    html_begin(&h, "long");
    for (int i = 0; i < 20000; i++)
        html_raw(&h, "%05d\n", i);
    assert_int_equal(html_end(&h, "page", &page, NULL), BATON_OK);
    assert_non_null(strstr(page, "00000\n00001\n"));
    assert_non_null(strstr(page, "19999\n</main></body></html>\n"));
    free(page);
}

static void
numbers_of_ours_are_formatted(void **state)
{
    (void)state;
    struct html h;
    char *page = NULL;
    html_begin(&h, "t");
    html_hex(&h, "\x0a\xff", 2);
    html_time(&h, UINT64_C(1782000000000));
    html_raw(&h, "|");
    html_time(&h, 0);
    assert_int_equal(html_end(&h, "page", &page, NULL), BATON_OK);
    assert_non_null(strstr(page, "<code>0aff</code>2026-06-21 00:00:00 UTC|not seen</main>"));
    free(page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_in_a_text_is_escaped),
        cmocka_unit_test(what_may_not_stand_shows_as_a_replacement_and_hides_nothing_after_it),
        cmocka_unit_test(the_title_is_escaped_and_the_page_loads_nothing),
        cmocka_unit_test(a_long_page_grows),
        cmocka_unit_test(numbers_of_ours_are_formatted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
