#include "common/readers/csexport_count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum baton_status
count_in_pieces(const void *text, size_t len, size_t piece, struct csexport_counts *ret_counts)
{
    struct csexport_counter *c;
    struct baton_err err = {0};
    enum baton_status rc = csexport_counter_open(&c, &err);
    for (size_t at = 0; rc == BATON_OK && at < len; at += piece)
        rc = csexport_counter_push(c, (const char *)text + at, len - at < piece ? len - at : piece,
                                   &err);
    if (rc == BATON_OK)
        rc = csexport_counter_finish(c, ret_counts, &err);
    csexport_counter_close(&c);
    return rc;
}

static const char document[] =
    "<?xml version=\"1.0\" encoding=\"utf-16\"?>\n<cs-objects>"
    "<cs-object cs-dn=\"CN={41}\" id=\"{1}\" object-type=\"user\"><unapplied-export>"
    "<delta operation=\"add\" dn=\"CN={41}\"><attr "
    "name=\"displayName\"/></delta></unapplied-export>"
    "</cs-object>"
    "<cs-object id=\"{2}\"><export-delta-operation>modify</export-delta-operation>"
    "<unapplied-export><delta operation=\"update\"/></unapplied-export></cs-object>"
    "<cs-object id=\"{3}\"><unapplied-export><delta "
    "operation=\"delete\"/></unapplied-export></cs-object>"
    "<cs-object id=\"{4}\"><unapplied-export><delta "
    "operation=\"delete-add\"/></unapplied-export></cs-object>"
    "<cs-object id=\"{5}\"><unapplied-export><delta operation=\"none\"/></unapplied-export>"
    "<pending-import><delta operation=\"add\"/></pending-import>"
    "<unapplied-export-hologram><entry><delta "
    "operation=\"delete\"/></entry></unapplied-export-hologram>"
    "</cs-object></cs-objects>";

static void
only_pending_exports_count(void **state)
{
    (void)state;
    struct csexport_counts c;
    for (size_t piece = 1; piece < 40; piece += 6) {
        assert_int_equal(count_in_pieces(document, strlen(document), piece, &c), BATON_OK);
        assert_int_equal(c.objects, 5);
        assert_int_equal(c.adds, 2);
        assert_int_equal(c.updates, 1);
        assert_int_equal(c.deletes, 2);
        assert_int_equal(c.unknown, 0);
    }
}

static void
utf16_with_a_mark_counts_the_same(void **state)
{
    (void)state;
    static char wide[2 * sizeof document];
    size_t len = 0;
    wide[len++] = (char)0xFF;
    wide[len++] = (char)0xFE;
    for (size_t i = 0; document[i] != '\0'; i++) {
        wide[len++] = document[i];
        wide[len++] = '\0';
    }
    struct csexport_counts c;
    assert_int_equal(count_in_pieces(wide, len, 13, &c), BATON_OK);
    assert_int_equal(c.adds, 2);
    assert_int_equal(c.deletes, 2);
}

static void
an_unknown_operation_is_counted_apart(void **state)
{
    (void)state;
    static const char text[] =
        "<cs-objects><cs-object><unapplied-export><delta operation=\"merge\"/>"
        "</unapplied-export></cs-object></cs-objects>";
    struct csexport_counts c;
    assert_int_equal(count_in_pieces(text, strlen(text), 7, &c), BATON_OK);
    assert_int_equal(c.unknown, 1);
}

static void
broken_and_hostile_documents_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum baton_status status;
    } rows[] = {
        {"", BATON_MALFORMED},
        {"<", BATON_MALFORMED},
        {"<cs-objects><cs-object>", BATON_MALFORMED},
        {"<cs-objects/><cs-objects/>", BATON_MALFORMED},
        {"<mv-objects/>", BATON_MALFORMED},
        {"<!DOCTYPE a [<!ENTITY b \"c\">]><cs-objects>&b;</cs-objects>", BATON_REFUSED},
        {"<!DOCTYPE a SYSTEM \"http://example.net/a.dtd\"><cs-objects/>", BATON_REFUSED},
        {"<cs-objects>&nbsp;</cs-objects>", BATON_MALFORMED},
    };
    struct csexport_counts c;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(count_in_pieces(rows[i].text, strlen(rows[i].text), 5, &c),
                         rows[i].status);
}

static void
a_document_that_nests_too_deep_is_refused(void **state)
{
    (void)state;
    static char text[4096];
    size_t len = 0;
    for (int i = 0; i < 200; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "<a>");
    struct csexport_counts c;
    assert_int_equal(count_in_pieces(text, len, 64, &c), BATON_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_pending_exports_count),
        cmocka_unit_test(utf16_with_a_mark_counts_the_same),
        cmocka_unit_test(an_unknown_operation_is_counted_apart),
        cmocka_unit_test(broken_and_hostile_documents_are_refused),
        cmocka_unit_test(a_document_that_nests_too_deep_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
