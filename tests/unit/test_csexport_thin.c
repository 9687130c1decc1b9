/* A csexport document without what nobody looks at says what it said before, and no broken one is mended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/readers/csexport.h"
#include "common/readers/csexport_thin.h"

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEN_BYTES = 16384 };

struct seen {
    char text[SEEN_BYTES];
    size_t len;
};

static void say(struct seen *s, const char *fmt, ...) BATON_PRINTF(2, 3);
static void
say(struct seen *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started above
    int n = vsnprintf(s->text + s->len, SEEN_BYTES - s->len, fmt, args);
    va_end(args);
    assert_in_range(n, 0, SEEN_BYTES - 1 - s->len);
    s->len += (size_t)n;
}

static void
on_change(void *ctx, const struct csexport_object *o, const struct csexport_change *c)
{
    (void)o;
    say(ctx, "%s %d +%" PRIu64 "-%" PRIu64 " %" PRIx64 ";", c->name, (int)c->kind, c->value_adds,
        c->value_removes, c->digest);
}

static void
on_object(void *ctx, const struct csexport_object *o)
{
    say(ctx, "%s|%s|%s|%s|%s|%s|%s|%d%d%d%d%d|%" PRIx64 "\n", o->dn, o->id, o->type, o->anchor,
        o->connector_id, o->connector, o->person, (int)o->operation, o->renamed, o->imported,
        o->conflict, o->left_out, o->digest);
}

static enum baton_status
read_pushed(const char *text, size_t len, struct seen *seen)
{
    struct csexport *c;
    struct csexport_visitor visitor = {seen, on_change, on_object};
    seen->len = 0;
    assert_int_equal(csexport_open(&visitor, &c, NULL), BATON_OK);
    enum baton_status rc = csexport_push(c, text, len, NULL);
    if (rc == BATON_OK)
        rc = csexport_finish(c, NULL);
    csexport_close(&c);
    return rc;
}

/* From exactly as much memory as the document needs: a sanitizer sees every byte too many. */
static enum baton_status
read_thinned(const char *text, size_t len, struct seen *seen, size_t *ret_len)
{
    struct csexport *c;
    struct csexport_visitor visitor = {seen, on_change, on_object};
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    *ret_len = csexport_thin(copy, len);
    seen->len = 0;
    assert_int_equal(csexport_open(&visitor, &c, NULL), BATON_OK);
    char *room = csexport_room(c, len + 1);
    assert_non_null(room);
    memcpy(room, copy, *ret_len);
    enum baton_status rc = csexport_whole(c, *ret_len, NULL);
    csexport_close(&c);
    free(copy);
    return rc;
}

/* As long as `thin` bytes remain of the document; its objects are told as before. */
static void
expect(const char *body, size_t thin)
{
    static struct seen whole, thinned;
    char text[8192];
    size_t left, len = (size_t)snprintf(text, sizeof text, "<cs-objects>%s</cs-objects>", body);
    assert_in_range(len, 1, sizeof text - 1);
    assert_int_equal(read_pushed(text, len, &whole), BATON_OK);
    assert_int_equal(read_thinned(text, len, &thinned, &left), BATON_OK);
    assert_string_equal(thinned.text, whole.text);
    assert_int_equal(left - strlen("<cs-objects></cs-objects>"), thin == 0 ? strlen(body) : thin);
}

#define OBJECT(inside) "<cs-object cs-dn=\"CN={61}\" object-type=\"u\">" inside "</cs-object>"
#define DELTA(op)                                                                                  \
    "<unapplied-export><delta operation=\"" op "\"><attr name=\"m\"><value> 1 </value></attr>"     \
    "</delta></unapplied-export>"
#define HELD(name)                                                                                 \
    "<" name "><entry dn=\"x\"><attr name=\"cn\"><value>Ana</value></attr></entry></" name ">"
#define BARE(name) "<" name "><entry></entry></" name ">"

static void
what_nobody_looks_at_is_taken_out(void **state)
{
    (void)state;
    expect(
        "\n" OBJECT("\n " DELTA("update") "\n " HELD("synchronized-hologram") "\n " HELD(
            "pending-import-hologram")
                        HELD("unapplied-export-hologram") "<escrowed-export><delta "
                                                          "operation=\"add\"/></escrowed-export>"
                                                          "<pending-import><delta "
                                                          "operation=\"add\"/></pending-import>"
                                                          "<connector>1</connector><x/><ma-id>{1}</"
                                                          "ma-id><ma-name>n &amp; m</ma-name>"
                                                          "<export-delta-operation>modify</"
                                                          "export-delta-operation>"),
        strlen("\n" OBJECT(DELTA("update") BARE("synchronized-hologram") BARE(
            "pending-import-hologram") "<escrowed-export></escrowed-export>"
                                       "<ma-id>{1}</ma-id><ma-name>n &amp; m</ma-name>"
                                       "<export-delta-operation>modify</export-delta-operation>")));
}

static void
what_says_something_by_being_there_remains(void **state)
{
    (void)state;
    static const char *const states[] = {"escrowed-export", "unconfirmed-export"};
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        char body[512], thin[512];
        for (int held = 0; held < 2; held++)
            (void)snprintf(held ? body : thin, sizeof body,
                           "<cs-object cs-dn=\"a\"><%s>%s</%s><export-delta-operation>modify"
                           "</export-delta-operation></cs-object>",
                           states[i], held ? "<delta operation=\"update\"/>" : "", states[i]);
        expect(body, strlen(thin));
    }
}

static void
a_deleted_object_keeps_its_name(void **state)
{
    (void)state;
    static const char *const kept[] = {
        OBJECT(DELTA("delete") HELD("synchronized-hologram")),
        OBJECT(DELTA("explode") HELD("synchronized-hologram")),
        OBJECT(HELD("synchronized-hologram") DELTA("delete")),
        OBJECT(DELTA("delete") DELTA("update") HELD("pending-import-hologram")),
        OBJECT("<unapplied-export><x/><delta operation=\"delete\"/></unapplied-export>" HELD(
            "synchronized-hologram")),
        OBJECT("<unapplied-export><delta dn=' operation=\"add\"' operation='delete'/>"
               "</unapplied-export>" HELD("synchronized-hologram")),
        OBJECT("<unapplied-export/>" HELD("synchronized-hologram")),
    };
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        expect(kept[i], 0);
    expect(OBJECT(DELTA("delete") HELD("synchronized-hologram"))
               OBJECT(DELTA("add") HELD("synchronized-hologram")),
           strlen(OBJECT(DELTA("delete") HELD("synchronized-hologram"))
                      OBJECT(DELTA("add") BARE("synchronized-hologram"))));
}

static void
what_is_not_plain_stays_where_it_is(void **state)
{
    (void)state;
    static const char *const kept[] = {
        "<!-- x -->" OBJECT(DELTA("add") "<x>1</x>"),
        OBJECT(DELTA("add") "<x>1</x><y><![CDATA[" HELD("synchronized-hologram") "]]></y>"),
        "<?x <cs-object><x>1</x></cs-object>?>",
        OBJECT("<q:x/><x>1</x>"),
        OBJECT("text<x>1</x>"),
        "<x>1</x>",
    };
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        expect(kept[i], 0);
    expect(OBJECT("text<x>1</x>") OBJECT("<x>1</x>"), strlen(OBJECT("text<x>1</x>") OBJECT("")));
    expect("<x>" OBJECT(OBJECT("<y/>") DELTA("delete") HELD("synchronized-hologram")) "</x>",
           strlen("<x>" OBJECT(DELTA("delete") HELD("synchronized-hologram")) "</x>"));
}

static void
no_mistake_in_what_is_taken_out_is_overlooked(void **state)
{
    (void)state;
    static struct seen seen;
    static const char *const broken[] = {
        OBJECT("<x><a></x>"),
        OBJECT("<x>&nothing;</x>"),
        OBJECT("<x>\x01</x>"),
        OBJECT("<x a='1' a='2'/>"),
        OBJECT("<x>]]></x>"),
        OBJECT("<x>\xff</x>"),
        OBJECT("<x a=\"<pending-import></pending-import>\"/>"),
        "<cs-object><x/>",
        OBJECT("<x><y/></z>"),
        OBJECT("<x") OBJECT(""),
        OBJECT(DELTA("add") "<synchronized-hologram><entry><a></entry></synchronized-hologram>"),
        OBJECT(DELTA("add") "<synchronized-hologram><entry></entry>"),
    };
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        char text[2048];
        size_t left,
            len = (size_t)snprintf(text, sizeof text, "<cs-objects>%s</cs-objects>", broken[i]);
        assert_int_not_equal(read_pushed(text, len, &seen), BATON_OK);
        assert_int_not_equal(read_thinned(text, len, &seen, &left), BATON_OK);
    }
}

static unsigned
roll(unsigned *dice, unsigned sides)
{
    *dice = *dice * 1103515245u + 12345u;
    return (*dice >> 16) % sides;
}

/* Stricter is allowed: then the document is read again as it is. */
static void
a_document_that_passes_says_the_same_however_it_was_damaged(void **state)
{
    (void)state;
    static struct seen whole, thinned;
    static const char document[] = "<cs-objects>\n" OBJECT("\n " DELTA("update") HELD(
        "synchronized-hologram") "<pending-import><delta "
                                 "operation=\"add\"/></pending-import><ma-name>n</"
                                 "ma-name>") "\n" OBJECT(DELTA("delete")
                                                             HELD("pending-import-hologram")
                                                                 HELD("unapplied-export-"
                                                                      "hologram"))
        OBJECT(HELD("synchronized-hologram") "<x a='&amp;'>&#10;t</x>" DELTA(
            "delete-add")) "</cs-objects>";
    static const char *const pieces[] = {
        "<",   ">",   "/",    "\"",      "'",        "&",           "]]>",          "<!--",
        "-->", "<x>", "</x>", "<entry>", "</entry>", "<cs-object>", "</cs-object>", " ",
        "="};
    unsigned dice = 3, passed = 0, left_whole = 0;
    for (int round = 0; round < 30000; round++) {
        char text[4096];
        size_t at = roll(&dice, sizeof document - 1), left;
        size_t cut = roll(&dice, 3) == 0 ? roll(&dice, 60) : 0;
        cut = cut > sizeof document - 1 - at ? sizeof document - 1 - at : cut;
        int len = snprintf(text, sizeof text, "%.*s%s%s", (int)at, document,
                           roll(&dice, 4) == 0 ? "" : pieces[roll(&dice, ARRAY_LEN(pieces))],
                           document + at + cut);
        if (read_thinned(text, (size_t)len, &thinned, &left) != BATON_OK)
            continue;
        passed++;
        left_whole += left == (size_t)len;
        if (read_pushed(text, (size_t)len, &whole) != BATON_OK)
            fail_msg("mended: %s", text);
        if (strcmp(whole.text, thinned.text) != 0)
            fail_msg("%s\nis\n%s\nand not\n%s", text, thinned.text, whole.text);
    }
    assert_in_range(passed, 1000, 29999);
    assert_true(left_whole < passed / 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_looks_at_is_taken_out),
        cmocka_unit_test(what_says_something_by_being_there_remains),
        cmocka_unit_test(a_deleted_object_keeps_its_name),
        cmocka_unit_test(what_is_not_plain_stays_where_it_is),
        cmocka_unit_test(no_mistake_in_what_is_taken_out_is_overlooked),
        cmocka_unit_test(a_document_that_passes_says_the_same_however_it_was_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
