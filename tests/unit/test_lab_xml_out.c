#include "lab/xml_out.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A small document with everything in it. */
static char *
small(enum xml_encoding encoding, enum xml_layout layout, size_t *ret_len)
{
    char *bytes = NULL;
    struct xml_out *x;
    FILE *f = open_memstream(&bytes, ret_len);
    assert_non_null(f);
    assert_int_equal(xml_out_open(f, encoding, layout, &x, NULL), BATON_OK);
    xml_out_begin(x, "a");
    xml_out_begin(x, "b");
    xml_out_attribute(x, "c", "\"<&\n\xc3\xbc");
    xml_out_end(x);
    xml_out_leaf(x, "d", "x\n<y>&");
    xml_out_end(x);
    assert_int_equal(xml_out_close(&x, NULL), BATON_OK);
    fclose(f);
    return bytes;
}

static void
elements_stand_on_lines_and_texts_are_escaped(void **state)
{
    (void)state;
    size_t len;
    char *bytes = small(XML_UTF8, XML_LF, &len);
    assert_string_equal(bytes, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a>\n"
                               " <b c=\"&quot;&lt;&amp;&#10;\xc3\xbc\"/>\n"
                               " <d>x\n&lt;y&gt;&amp;</d>\n</a>\n");
    free(bytes);
}

static void
windows_lines_leave_the_values_alone(void **state)
{
    (void)state;
    size_t len;
    char *bytes = small(XML_UTF8, XML_CRLF, &len);
    assert_non_null(strstr(bytes, "\r\n<a>\r\n <b "));
    assert_non_null(strstr(bytes, "x\n&lt;"));
    free(bytes);
}

static void
one_line_has_no_break_but_those_of_values(void **state)
{
    (void)state;
    size_t len;
    char *bytes = small(XML_UTF8, XML_ONE_LINE, &len);
    assert_non_null(strstr(bytes, "?><a><b "));
    assert_ptr_equal(strchr(bytes, '\n'), strstr(bytes, "\n&lt;y"));
    free(bytes);
}

static void
a_mark_stands_before_everything(void **state)
{
    (void)state;
    size_t len;
    char *bytes = small(XML_UTF8_MARK, XML_LF, &len);
    assert_memory_equal(bytes, "\xef\xbb\xbf<?xml", 8);
    free(bytes);
    bytes = small(XML_UTF16LE, XML_LF, &len);
    assert_memory_equal(bytes, "\xff\xfe<\0?\0", 6);
    assert_int_equal(len % 2, 0);
    free(bytes);
}

static void
sixteen_bits_carry_characters_beyond_them(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t len;
    struct xml_out *x;
    FILE *f = open_memstream(&bytes, &len);
    assert_int_equal(xml_out_open(f, XML_UTF16LE, XML_ONE_LINE, &x, NULL), BATON_OK);
    xml_out_leaf(x, "a", "\xf0\xa0\xae\xb7\xe6\x9d\x8e"); /* U+20BB7, U+674E */
    assert_int_equal(xml_out_close(&x, NULL), BATON_OK);
    fclose(f);
    static const char text[] = ">\0\x42\xd8\xb7\xdf\x4e\x67<"; /* D842 DFB7 674E */
    bool found = false;
    for (size_t i = 0; i + sizeof text - 1 <= len && !found; i++)
        found = memcmp(bytes + i, text, sizeof text - 1) == 0;
    assert_true(found);
    free(bytes);
}

static void
a_text_longer_than_any_buffer_arrives_whole(void **state)
{
    (void)state;
    enum { LETTERS = 100001 };
    char *text = malloc(2 * LETTERS + 1), *bytes = NULL;
    size_t len;
    struct xml_out *x;
    assert_non_null(text);
    for (size_t i = 0; i < LETTERS; i++)
        memcpy(text + 2 * i, "\xc3\xbc", 2);
    text[2 * LETTERS] = '\0';
    FILE *f = open_memstream(&bytes, &len);
    assert_int_equal(xml_out_open(f, XML_UTF16LE, XML_ONE_LINE, &x, NULL), BATON_OK);
    uint64_t before = xml_out_bytes(x);
    xml_out_leaf(x, "a", text);
    assert_int_equal(xml_out_bytes(x) - before, 2 * LETTERS + 7);
    assert_int_equal(xml_out_close(&x, NULL), BATON_OK);
    fclose(f);
    size_t letters = 0;
    for (size_t i = 0; i + 1 < len; i += 2)
        letters += bytes[i] == '\xfc' && bytes[i + 1] == '\0';
    assert_int_equal(letters, LETTERS);
    free(bytes);
    free(text);
}

static void
a_full_disk_is_said(void **state)
{
    (void)state;
    struct xml_out *x;
    struct baton_err err;
    FILE *f = fopen("/dev/full", "w");
    assert_non_null(f);
    assert_int_equal(xml_out_open(f, XML_UTF8, XML_LF, &x, &err), BATON_OK);
    xml_out_leaf(x, "a", "b");
    assert_int_equal(xml_out_close(&x, &err), BATON_IO);
    assert_non_null(strstr(err.text, "No space left"));
    fclose(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_stand_on_lines_and_texts_are_escaped),
        cmocka_unit_test(windows_lines_leave_the_values_alone),
        cmocka_unit_test(one_line_has_no_break_but_those_of_values),
        cmocka_unit_test(a_mark_stands_before_everything),
        cmocka_unit_test(sixteen_bits_carry_characters_beyond_them),
        cmocka_unit_test(a_text_longer_than_any_buffer_arrives_whole),
        cmocka_unit_test(a_full_disk_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
