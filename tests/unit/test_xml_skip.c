/* The end of an element without a parser: what is accepted, a parser accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/readers/xml.h"
#include "common/readers/xml_skip.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where "</r>" is found behind `content`; -1: it is not plain. */
static int
end_of(const char *content)
{
    char text[4096];
    int len = snprintf(text, sizeof text, "%s</r>", content);
    assert_in_range(len, 4, sizeof text - 1);
    char *exact = malloc((size_t)len); /* so that a sanitizer sees every byte too many */
    memcpy(exact, text, (size_t)len);
    const char *end = xml_content_end(exact, exact + len);
    int at = end == NULL ? -1 : (int)(end - exact);
    free(exact);
    return at;
}

static bool
parses(const char *content)
{
    char text[4096];
    struct xml *x;
    struct xml_handler handler = {0};
    int len = snprintf(text, sizeof text, "<r>%s</r>", content);
    assert_int_equal(xml_open(&handler, &x, NULL), BATON_OK);
    bool good = xml_push(x, text, (size_t)len, NULL) == BATON_OK && xml_finish(x, NULL) == BATON_OK;
    xml_close(&x);
    return good;
}

static void
plain_content_ends_where_its_element_does(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "",
        "text",
        "<a/>",
        "<a></a >",
        "<a b='1' c = \"x>y\"\n/>t",
        "<a><b><a/></b></a>]]",
        "&amp;&lt;&gt;&quot;&apos;&#10;&#xA;&#65;&#x1F600;",
        "\xc3\xa9\xe2\x82\xac\xf0\xa0\xae\xb7",
        "<x-1.y_z>a > b ] \t\r\n</x-1.y_z>",
        "<a b='\"' c=\"'\" d=']]>&amp;'/>",
    };
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        assert_true(parses(plain[i]));
        assert_int_equal(end_of(plain[i]), strlen(plain[i]));
    }
}

static void
what_a_parser_refuses_is_never_plain(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "<a>",
        "</a>",
        "<a></b>",
        "<a b=1/>",
        "<a b='1'c='2'/>",
        "<a b='1' b='2'/>",
        "<a b/>",
        "<a b='<'/>",
        "<a b='&'/>",
        "<a b='1'",
        "a]]>b",
        "&",
        "&x;",
        "&#0;",
        "&#x1F;",
        "&#xD800;",
        "&#xFFFE;",
        "&#x110000;",
        "&#;",
        "&#x;",
        "&#1a;",
        "\x01",
        "\xc0\x80",
        "\xc3",
        "\xe0\x80\x80",
        "\xed\xa0\x80",
        "\xef\xbf\xbe",
        "\xef\xbf\xbf",
        "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80",
        "\xff",
        "\x80",
        "\xe2\x82",
        "< a/>",
        "<1/>",
        "<-a/>",
        "<a / >",
        "<a></a",
        "<a></ a>",
        "<a b='1\x02'/>",
        "<a b='\xe2'/>",
        "<",
        "<a",
        "<a/",
        "<aa></a>",
        "<a></aa>",
        "&amp",
        "<a b='&#0;'/>",
    };
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        if (parses(broken[i]))
            fail_msg("a parser accepts '%s'", broken[i]);
        if (end_of(broken[i]) >= (int)strlen(broken[i]))
            fail_msg("'%s' passed", broken[i]);
    }
}

static void
what_is_not_plain_is_left_to_a_parser(void **state)
{
    (void)state;
    static const char *const special[] = {"<!-- -->", "<![CDATA[x]]>", "<?a b?>", "<a:b/>",
                                          "<\xc3\xa9/>"};
    char deep[2048] = "";
    for (size_t i = 0; i < ARRAY_LEN(special); i++)
        assert_int_equal(end_of(special[i]), -1);
    for (int i = 0; i <= XML_SKIP_DEPTH; i++)
        strcat(deep, "<a>");
    assert_int_equal(end_of(deep), -1);
    strcpy(deep, "<a");
    for (int i = 0; i <= XML_SKIP_ATTRIBUTES; i++)
        (void)snprintf(deep + strlen(deep), 16, " a%d=''", i);
    strcat(deep, "/>");
    assert_int_equal(end_of(deep), -1);
}

/* Pieces that matter, put together by chance: as long as what is accepted parses, nobody is misled. */
static void
whatever_is_accepted_parses(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "<a>",      "</a>", "<b ", "x='1'", "/>",    ">",    "<",       "</b>", "\"",
        "'",        "]",    "]]>", "&",     "&amp;", "&#9;", "&#x110;", "<!--", "-->",
        "\xc3\xa9", "\xc3", " ",   "t",     "=",     "/",    "\n",      "<a/>", "\xef\xbf\xbf"};
    unsigned dice = 7, accepted = 0;
    for (int round = 0; round < 200000; round++) {
        char content[256] = "";
        for (int i = 0, n = 1 + round % 7; i < n; i++) {
            dice = dice * 1103515245u + 12345u;
            strcat(content, pieces[(dice >> 16) % ARRAY_LEN(pieces)]);
        }
        if (end_of(content) != (int)strlen(content))
            continue;
        accepted++;
        if (!parses(content))
            fail_msg("'%s' was accepted", content);
    }
    assert_in_range(accepted, 1000, 199999);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_content_ends_where_its_element_does),
        cmocka_unit_test(what_a_parser_refuses_is_never_plain),
        cmocka_unit_test(what_is_not_plain_is_left_to_a_parser),
        cmocka_unit_test(whatever_is_accepted_parses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
