/* expat as Baton lets it run: encodings by their bytes, whole documents, text on demand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/readers/xml.h"

#include <cmocka.h>
#include <string.h>

static struct xml *x;
static struct baton_err err;
static char seen[64];

static void
on_start(void *ctx, int depth, const char *name, const char **attributes)
{
    (void)ctx, (void)depth, (void)attributes;
    if (strcmp(name, "quiet") == 0 || strcmp(name, "loud") == 0)
        xml_want_text(x, name[0] == 'l');
}

static void
on_text(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    strncat(seen, text, len < 8 ? len : 8);
}

static int
begin(void **state)
{
    (void)state;
    struct xml_handler handler = {.start = on_start, .text = on_text};
    seen[0] = '\0';
    return xml_open(&handler, &x, &err) == BATON_OK ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    xml_close(&x);
    return 0;
}

static enum baton_status
whole(const char *text)
{
    char *room = xml_room(x, 4096);
    assert_non_null(room);
    memcpy(room, text, strlen(text));
    return xml_whole(x, strlen(text), &err);
}

static void
an_encoding_shows_in_the_first_two_bytes(void **state)
{
    (void)state;
    assert_int_equal(xml_encoding_of("\xff\xfe", 2), XML_UTF_16LE);
    assert_int_equal(xml_encoding_of("<\0", 2), XML_UTF_16LE);
    assert_int_equal(xml_encoding_of("\n\0", 2), XML_UTF_16LE);
    assert_int_equal(xml_encoding_of("\xfe\xff", 2), XML_UTF_16BE);
    assert_int_equal(xml_encoding_of("\0<", 2), XML_UTF_16BE);
    assert_int_equal(xml_encoding_of("<a", 2), XML_UTF_8);
    assert_int_equal(xml_encoding_of("\xef\xbb", 2), XML_UTF_8);
    assert_int_equal(xml_encoding_of("\0\0", 2), XML_UTF_8); /* which no parser accepts */
    assert_int_equal(xml_encoding_of("\xff", 1), XML_UTF_8);
}

static void
text_comes_where_it_is_wanted(void **state)
{
    (void)state;
    assert_int_equal(whole("<a>1<quiet>2</quiet>3<loud>4</loud>5</a>"), BATON_OK);
    assert_string_equal(seen, "145");
}

static void
each_whole_document_begins_anew(void **state)
{
    (void)state;
    assert_int_equal(whole("<a><quiet>"), BATON_MALFORMED);
    assert_int_equal(whole("<a>1</a>"), BATON_OK); /* text is wanted again, nothing is open */
    assert_string_equal(seen, "1");
    assert_int_equal(whole("<!DOCTYPE a><a/>"), BATON_REFUSED);
    assert_int_equal(whole("<a/>"), BATON_OK);
    assert_int_equal(whole("\n<a></b>"), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "line 2"));
}

static void
whole_documents_may_be_half_as_deep(void **state)
{
    (void)state;
    char text[4096] = "";
    for (int i = 0; i < XML_DEPTH_MAX / 2; i++)
        strcat(text, "<a>");
    for (int i = 0; i < XML_DEPTH_MAX / 2; i++)
        strcat(text, "</a>");
    assert_int_equal(whole(text), BATON_OK);
    memmove(text + 3, text, strlen(text) + 1);
    strcat(text, "</a>");
    assert_int_equal(whole(text), BATON_LIMIT);
    end(NULL);
    assert_int_equal(begin(NULL), 0);
    assert_int_equal(xml_push(x, text, strlen(text), &err), BATON_OK);
    assert_int_equal(xml_finish(x, &err), BATON_OK);
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(an_encoding_shows_in_the_first_two_bytes),
        TEST(text_comes_where_it_is_wanted),
        TEST(each_whole_document_begins_anew),
        TEST(whole_documents_may_be_half_as_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
