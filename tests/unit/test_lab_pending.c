#include "lab/pending.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct seen {
    size_t objects, adds, updates, deletes, depth, deepest;
    char dn[ENTRA_DN_BYTES];
};

static const char *
attribute(const XML_Char **attributes, const char *name)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2)
        if (strcmp(attributes[i], name) == 0)
            return attributes[i + 1];
    return "";
}

static void XMLCALL
element_begin(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct seen *s = ctx;
    if (++s->depth > s->deepest)
        s->deepest = s->depth;
    if (strcmp(name, "cs-object") == 0) {
        s->objects++;
        strncpy(s->dn, attribute(attributes, "cs-dn"), sizeof s->dn - 1);
    }
    if (strcmp(name, "delta") != 0)
        return;
    const char *operation = attribute(attributes, "operation");
    assert_string_equal(attribute(attributes, "dn"), s->dn);
    s->adds += strcmp(operation, "add") == 0;
    s->updates += strcmp(operation, "update") == 0;
    s->deletes += strcmp(operation, "delete") == 0;
}

static void XMLCALL
element_end(void *ctx, const XML_Char *name)
{
    struct seen *s = ctx;
    (void)name;
    s->depth--;
}

static struct seen
read_back(const struct pending *pending, const char *connector)
{
    struct seen seen = {0};
    char *bytes = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&bytes, &len);
    assert_non_null(f);
    assert_int_equal(pending_write(f, "contoso", connector, pending, NULL), BATON_OK);
    fclose(f);
    XML_Parser parser = XML_ParserCreate(NULL);
    XML_SetUserData(parser, &seen);
    XML_SetElementHandler(parser, element_begin, element_end);
    assert_int_equal(XML_Parse(parser, bytes, (int)len, XML_TRUE), XML_STATUS_OK);
    XML_ParserFree(parser);
    free(bytes);
    return seen;
}

static void
every_pending_object_is_in_the_file_as_what_it_is(void **state)
{
    (void)state;
    struct pending pending = {.adds = 17, .updates = 130, .deletes = 5};
    struct seen seen = read_back(&pending, "contoso.onmicrosoft.com - AAD");
    assert_int_equal(seen.objects, 152);
    assert_int_equal(seen.adds, 17);
    assert_int_equal(seen.updates, 130);
    assert_int_equal(seen.deletes, 5);
}

static void
nothing_pending_is_still_a_document(void **state)
{
    (void)state;
    struct pending pending = {0};
    struct seen seen = read_back(&pending, "x");
    assert_int_equal(seen.objects, 0);
    assert_int_equal(seen.deepest, 1);
}

static void
a_connector_name_cannot_break_the_document(void **state)
{
    (void)state;
    struct pending pending = {.updates = 1};
    assert_int_equal(read_back(&pending, "R&D <main>").objects, 1);
}

static void
an_entra_name_is_the_hex_of_the_anchor(void **state)
{
    (void)state;
    char dn[ENTRA_DN_BYTES];
    pending_dn("QF5HMK7n80qvdYsUPIHa9Q==", dn);
    assert_string_equal(dn, "CN={514635484D4B376E38307176645973555049486139513D3D}");
}

static void
anchors_are_sixteen_bytes_and_differ(void **state)
{
    (void)state;
    char a[ANCHOR_TEXT], b[ANCHOR_TEXT], again[ANCHOR_TEXT], other[ANCHOR_TEXT];
    pending_anchor("contoso", 1, a);
    pending_anchor("contoso", 2, b);
    pending_anchor("contoso", 1, again);
    pending_anchor("fabrikam", 1, other);
    assert_int_equal(strlen(a), 24);
    assert_string_equal(a + 22, "==");
    assert_string_equal(a, again);
    assert_string_not_equal(a, b);
    assert_string_not_equal(a, other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pending_object_is_in_the_file_as_what_it_is),
        cmocka_unit_test(nothing_pending_is_still_a_document),
        cmocka_unit_test(a_connector_name_cannot_break_the_document),
        cmocka_unit_test(an_entra_name_is_the_hex_of_the_anchor),
        cmocka_unit_test(anchors_are_sixteen_bytes_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
