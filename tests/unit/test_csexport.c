/* A csexport document, object by object: what is pending, whatever the form it is written in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/readers/csexport.h"

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char seen[8192];
static uint64_t digests[8];
static size_t objects;
static struct baton_err err;

static void say(const char *fmt, ...) BATON_PRINTF(1, 2);
static void
say(const char *fmt, ...)
{
    va_list args;
    size_t len = strlen(seen);
    va_start(args, fmt);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started above
    (void)vsnprintf(seen + len, sizeof seen - len, fmt, args);
    va_end(args);
}

static void
on_change(void *ctx, const struct csexport_object *o, const struct csexport_change *c)
{
    static const char *const kinds[] = {"set", "changed", "cleared"};
    (void)ctx, (void)o;
    say(" %s%s %s", c->reference ? "->" : "", c->name, kinds[c->kind]);
    if (c->many)
        say(" +%" PRIu64 "-%" PRIu64, c->value_adds, c->value_removes);
    say(";");
}

static void
on_object(void *ctx, const struct csexport_object *o)
{
    static const char *const operations[] = {"none", "add", "update", "delete", "delete-add", "?"};
    (void)ctx;
    say(" %s %s[%s]%s%s%s%s", operations[o->operation], o->type,
        o->anchor[0] != '\0' ? o->anchor : o->dn, o->renamed ? " renamed" : "",
        o->imported ? " imported" : "", o->conflict ? " conflict" : "",
        o->left_out ? " left out" : "");
    if (o->connector[0] != '\0' || o->connector_id[0] != '\0')
        say(" of %s%s", o->connector_id, o->connector);
    if (o->person[0] != '\0')
        say(" called %s", o->person);
    say("\n");
    if (objects < ARRAY_LEN(digests))
        digests[objects++] = o->digest;
}

static enum baton_status
read_pieces(const char *text, size_t len, size_t piece)
{
    struct csexport *c;
    struct csexport_visitor visitor = {NULL, on_change, on_object};
    seen[0] = '\0';
    objects = 0;
    assert_int_equal(csexport_open(&visitor, &c, &err), BATON_OK);
    enum baton_status rc = BATON_OK;
    for (size_t at = 0; rc == BATON_OK && at < len; at += piece)
        rc = csexport_push(c, text + at, len - at < piece ? len - at : piece, &err);
    if (rc == BATON_OK)
        rc = csexport_finish(c, &err);
    csexport_close(&c);
    assert_null(c);
    return rc;
}

/* The same document several times over, from one reader: only the last time counts. */
static enum baton_status
read_wholes(const char *text, size_t len)
{
    struct csexport *c;
    struct csexport_visitor visitor = {NULL, on_change, on_object};
    enum baton_status rc = BATON_OK;
    assert_int_equal(csexport_open(&visitor, &c, &err), BATON_OK);
    for (int i = 0; i < 3; i++) {
        char *room = csexport_room(c, len + 100);
        assert_non_null(room);
        seen[0] = '\0';
        memcpy(room, i == 1 ? "<a><b" : text, i == 1 ? 5 : len); /* what is broken leaves nothing */
        rc = csexport_whole(c, i == 1 ? 5 : len, &err);
        assert_true(i != 1 || rc == BATON_MALFORMED);
    }
    csexport_close(&c);
    return rc;
}

static void
expect(const char *body, const char *wanted)
{
    char text[16384];
    int len = snprintf(text, sizeof text, "<cs-objects>%s</cs-objects>", body);
    assert_in_range(len, 1, sizeof text - 1);
    for (size_t piece = 1; piece < 64; piece += 9) {
        if (read_pieces(text, (size_t)len, piece) != BATON_OK)
            fail_msg("%s", err.text);
        assert_string_equal(seen, wanted);
    }
    assert_int_equal(read_wholes(text, (size_t)len), BATON_OK);
    assert_string_equal(seen, wanted);
}

#define OBJECT(dn, inside)                                                                         \
    "<cs-object cs-dn=\"" dn "\" id=\"{1}\" object-type=\"user\">" inside "</cs-object>"
#define PENDING(op, inside)                                                                        \
    "<unapplied-export><delta operation=\"" op "\">" inside "</delta></unapplied-export>"
#define ATTR(name, op, many, values)                                                               \
    "<attr name=\"" name "\" operation=\"" op "\" type=\"string\" multivalued=\"" many             \
    "\">" values "</attr>"
#define VALUE(op, text) "<value operation=\"" op "\">" text "</value>"

static void
every_operation_is_known_and_modify_and_replace_are_updates(void **state)
{
    (void)state;
    expect(OBJECT("a", PENDING("none", "")) OBJECT("b", PENDING("add", ""))
               OBJECT("c", PENDING("update", "")) OBJECT("d", PENDING("modify", ""))
                   OBJECT("e", PENDING("replace", "")) OBJECT("f", PENDING("delete", ""))
                       OBJECT("g", PENDING("delete-add", "")) OBJECT("h", PENDING("obsolete", ""))
                           OBJECT("i", PENDING("explode", "")) OBJECT("j", ""),
           " none user[a]\n add user[b]\n update user[c]\n update user[d]\n update user[e]\n"
           " delete user[f]\n delete-add user[g]\n none user[h]\n ? user[i]\n none user[j]\n");
}

static void
only_the_unapplied_export_is_pending_and_a_repeated_delta_counts_once(void **state)
{
    (void)state;
    static const char delta[] =
        "<delta operation=\"update\">" ATTR("mail", "update", "false", "") "</delta>";
    char body[2048];
    (void)snprintf(
        body, sizeof body,
        "<cs-object cs-dn=\"a\" object-type=\"user\"><unapplied-export>%s</unapplied-export>"
        "<escrowed-export>%s</escrowed-export><unconfirmed-export>%s</unconfirmed-export>"
        "<pending-import>%s</pending-import></cs-object>"
        "<cs-object cs-dn=\"b\" object-type=\"user\"><unconfirmed-export>%s"
        "</unconfirmed-export></cs-object>",
        delta, delta, delta, delta, delta);
    expect(body, " mail changed; update user[a]\n none user[b]\n");
}

static void
a_single_value_taken_and_given_is_one_change(void **state)
{
    (void)state;
    expect(OBJECT("a", PENDING("update", ATTR("displayName", "update", "false",
                                              VALUE("delete", "Ana Old") VALUE("add", "Ana New"))
                                             ATTR("title", "add", "false", VALUE("add", "Dr"))
                                                 ATTR("fax", "delete", "false", ""))),
           " displayName changed; title set; fax cleared; update user[a]\n");
}

static void
values_of_lists_and_references_count_one_by_one(void **state)
{
    (void)state;
    expect(
        OBJECT(
            "a",
            PENDING(
                "update",
                ATTR("proxyAddresses", "update", "true",
                     VALUE("add", "smtp:a") VALUE("add", "smtp:b") VALUE(
                         "delete",
                         "smtp:c")) "<dn-attr name=\"member\" operation=\"update\" "
                                    "multivalued=\"true\">"
                                    "<dn-value "
                                    "operation=\"add\"><dn>x</dn><anchor>q</anchor></dn-value>"
                                    "<dn-value operation=\"delete\"><dn>y</dn></dn-value></dn-attr>"
                                    "<dn-attr name=\"manager\" operation=\"add\" "
                                    "multivalued=\"false\">"
                                    "<dn-value><dn>z</dn></dn-value></dn-attr>")),
        " proxyAddresses changed +2-1; ->member changed +1-1; ->manager set +1-0;"
        " update user[a]\n");
}

static void
everything_in_an_add_is_set(void **state)
{
    (void)state;
    expect(OBJECT("a", PENDING("add",
                               "<attr name=\"mail\" multivalued=\"false\"><value>m</value></attr>"
                               "<attr name=\"proxyAddresses\" multivalued=\"true\"><value>p</value>"
                               "<value>q</value></attr>"
                               "<primary-objectclass>user</primary-objectclass>")),
           " mail set; proxyAddresses set +2-0; add user[a]\n");
}

static void
an_entra_dn_is_told_as_its_source_anchor(void **state)
{
    (void)state;
    char anchor[CSEXPORT_ANCHOR_BYTES];
    expect(OBJECT("CN={514635484D4B376E38307176645973555049486139513D3D}", ""),
           " none user[QF5HMK7n80qvdYsUPIHa9Q==]\n");
    assert_false(csexport_anchor("CN=Ana,OU=People,DC=contoso", anchor));
    assert_false(csexport_anchor("CN={51463}", anchor));
    assert_false(csexport_anchor("CN={zz}", anchor));
    assert_false(csexport_anchor("CN={}", anchor));
    assert_false(csexport_anchor("CN={51}x", anchor));
    assert_false(csexport_anchor("CN={0A}", anchor)); /* no control characters */
    assert_false(csexport_anchor("CN", anchor));
    assert_true(csexport_anchor("cn={61}", anchor));
    assert_string_equal(anchor, "a");
}

#define ENTRY(inside)     "<entry dn=\"x\">" inside "</entry>"
#define HELD(name, value) "<attr name=\"" name "\"><value>" value "</value></attr>"

static void
a_delete_is_named_by_its_hologram_wherever_that_stands(void **state)
{
    (void)state;
    static const char hologram[] = "<synchronized-hologram>" ENTRY(
        "<primary-objectclass>person</primary-objectclass>" HELD("cn", "Ana L")
            HELD("displayName", "Ana Lid&#233;n") HELD("mail", "a@x")
                HELD("title", "Dr")) "</synchronized-"
                                     "hologram>";
    char body[4096];
    (void)snprintf(
        body, sizeof body,
        "<cs-object cs-dn=\"CN={61}\">%s%s</cs-object><cs-object cs-dn=\"CN={62}\">%s%s</cs-object>"
        "<cs-object cs-dn=\"c\" object-type=\"user\">%s"
        "<pending-import-hologram>%s</pending-import-hologram></cs-object>"
        "<cs-object cs-dn=\"d\" object-type=\"user\">%s%s</cs-object>",
        PENDING("delete", ""), hologram, hologram, PENDING("delete", ""), PENDING("delete", ""),
        ENTRY(HELD("userPrincipalName", "c@x")), PENDING("update", ""), hologram);
    expect(body, " delete person[a] imported called Ana Lid\xc3\xa9n\n"
                 " delete person[b] imported called Ana Lid\xc3\xa9n\n"
                 " delete user[c] imported called c@x\n update user[d] imported\n");
}

static void
a_hologram_shows_what_an_import_has_seen(void **state)
{
    (void)state;
    expect(
        OBJECT("a", PENDING("add", "") "<synchronized-hologram><entry/></synchronized-hologram>")
            OBJECT("b",
                   PENDING("add", "") "<pending-import-hologram><entry/></pending-import-hologram>")
                OBJECT("c", PENDING("add", "") "<unapplied-export-hologram><entry/>"
                                               "</unapplied-export-hologram>")
                    OBJECT("d", PENDING("add", "") "<synchronized-hologram/>"),
        " add user[a] imported\n add user[b] imported\n add user[c]\n add user[d]\n");
}

static void
the_connector_is_told_with_each_object_that_names_it(void **state)
{
    (void)state;
    expect(OBJECT("a", "<ma-id>{B8}</ma-id>" PENDING("add", "") "<ma-name>contoso - AAD</ma-name>")
               OBJECT("b", PENDING("add", "<ma-name>not here</ma-name>"))
                   OBJECT("c", "<ma-name>con<x>no</x>toso</ma-name>"),
           " add user[a] of {B8}contoso - AAD\n add user[b]\n none user[c] of contoso\n");
}

static void
a_delta_that_the_file_leaves_out_is_noticed(void **state)
{
    (void)state;
#define SAYS(operation) "<export-delta-operation>" operation "</export-delta-operation>"
    expect(OBJECT("a", SAYS("modify")) OBJECT("b", SAYS("none")) OBJECT("c", "")
               OBJECT("d", PENDING("update", "") SAYS("modify"))
                   OBJECT("e", "<unconfirmed-export/>" SAYS("modify"))
                       OBJECT("f", "<unapplied-export/>" SAYS("delete"))
                           OBJECT("g", "<export-delta-operation/>"),
           " none user[a] left out\n none user[b]\n none user[c]\n update user[d]\n"
           " none user[e]\n none user[f] left out\n none user[g]\n");
}

static void
what_stands_inside_a_value_or_a_name_is_not_part_of_it(void **state)
{
    (void)state;
    expect("<cs-object cs-dn=\"a\"><unapplied-export><delta operation=\"update\">"
           "<primary-objectclass>u<value>x</value>v</primary-objectclass>"
           "<attr name=\"m\"><value>1<dn>2</dn><value>3</value></value></attr>"
           "</delta></unapplied-export></cs-object>",
           " m changed; update uv[a]\n");
    uint64_t with = digests[0];
    expect(OBJECT("a", PENDING("update", "<attr name=\"m\"><value>1</value></attr>")),
           " m changed; update user[a]\n");
    assert_true(with == digests[0]);
}

static void
a_conflict_shows_in_a_name_and_in_a_value(void **state)
{
    (void)state;
    expect(OBJECT("CN=Ana\\0ACNF:12,DC=x", PENDING("delete", ""))
               OBJECT("b", PENDING("update",
                                   ATTR("cn", "update", "false", VALUE("add", "Ana&#10;CNF:1234"))))
                   OBJECT("CN=CNF:notone", PENDING("delete", "")),
           " delete user[CN=Ana\\0ACNF:12,DC=x] conflict\n cn changed; update user[b] conflict\n"
           " delete user[CN=CNF:notone]\n");
}

static void
another_dn_in_the_delta_is_a_rename(void **state)
{
    (void)state;
    expect("<cs-object cs-dn=\"a\" object-type=\"user\"><unapplied-export>"
           "<delta operation=\"update\" dn=\"a\" newdn=\"b\"/></unapplied-export></cs-object>"
           "<cs-object cs-dn=\"a\" object-type=\"user\"><unapplied-export>"
           "<delta operation=\"update\" dn=\"a\" newdn=\"a\"/></unapplied-export></cs-object>",
           " update user[a] renamed\n update user[a]\n");
}

static void
prefixes_of_names_are_ignored(void **state)
{
    (void)state;
    static const char text[] =
        "<q:cs-objects xmlns:q=\"urn:x\"><q:cs-object cs-dn=\"a\" "
        "object-type=\"user\"><q:unapplied-export>"
        "<q:delta operation=\"update\"><q:attr name=\"mail\" "
        "operation=\"update\"><q:value>m</q:value>"
        "</q:attr></q:delta></q:unapplied-export></q:cs-object></q:cs-objects>";
    assert_int_equal(read_pieces(text, sizeof text - 1, 11), BATON_OK);
    assert_string_equal(seen, " mail changed; update user[a]\n");
}

static void
equal_changes_have_equal_digests_in_any_order_and_others_do_not(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        ATTR("mail", "update", "false", VALUE("add", "m"))
            ATTR("p", "update", "true", VALUE("add", "1") VALUE("add", "2")),
        ATTR("p", "update", "true", VALUE("add", "2") VALUE("add", "1"))
            ATTR("mail", "update", "false", VALUE("add", "m")),
        ATTR("mail", "update", "false", VALUE("add", "n"))
            ATTR("p", "update", "true", VALUE("add", "1") VALUE("add", "2")),
        ATTR("mail", "update", "false", VALUE("delete", "m"))
            ATTR("p", "update", "true", VALUE("add", "1") VALUE("add", "2")),
    };
    char text[8192] = "<cs-objects>";
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof text - len,
                       "<cs-object cs-dn=\"%zu\" object-type=\"user\"><unapplied-export><delta "
                       "operation=\"update\">%s</delta></unapplied-export></cs-object>",
                       i, bodies[i]);
    }
    strcat(text, "</cs-objects>");
    assert_int_equal(read_pieces(text, strlen(text), 5), BATON_OK);
    assert_true(digests[0] == digests[1]);
    assert_true(digests[0] != digests[2] && digests[0] != digests[3] && digests[2] != digests[3]);
}

static void
utf_16_reads_like_utf_8_with_a_mark_or_without(void **state)
{
    (void)state;
    static const char text[] = "\n<cs-objects>" OBJECT("a", PENDING("add", "")) "</cs-objects>";
    for (int form = 0; form < 4; form++) {
        char wide[2 * sizeof text] = {0};
        size_t big = form & 1, len = 0; /* where the low half of a character goes */
        if ((form & 2) != 0) {
            wide[len + big] = (char)0xff;
            wide[len + 1 - big] = (char)0xfe;
            len += 2;
        }
        for (size_t i = (form & 2) != 0; text[i] != '\0'; i++, len += 2)
            wide[len + big] = text[i];
        assert_int_equal(read_pieces(wide, len, 7), BATON_OK);
        assert_string_equal(seen, " add user[a]\n");
    }
}

static void
a_line_of_two_megabytes_is_no_trouble(void **state)
{
    (void)state;
    size_t filler = 2u << 20, len = 0;
    char *text = malloc(filler + 1024);
    assert_non_null(text);
    len += (size_t)sprintf(
        text, "<cs-objects>"
              "<cs-object cs-dn=\"a\" object-type=\"user\"><unapplied-export>"
              "<delta operation=\"update\"><attr name=\"blob\" operation=\"update\"><value>");
    memset(text + len, 'x', filler);
    len += filler;
    len += (size_t)sprintf(text + len,
                           "</value></attr></delta></unapplied-export></cs-object></cs-objects>");
    assert_int_equal(read_pieces(text, len, 65536), BATON_OK);
    assert_string_equal(seen, " blob changed; update user[a]\n");
    free(text);
}

static void
expect_refused(const char *text, size_t len, enum baton_status status, const char *word)
{
    assert_int_equal(read_pieces(text, len, 4096), status);
    if (strstr(err.text, word) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, word);
}

static void
what_is_no_whole_csexport_is_refused_with_its_line(void **state)
{
    (void)state;
    static const char wrong[] = "<ma-data/>", cut[] = "<cs-objects>\n<cs-object cs-dn=\"a\">",
                      bomb[] = "<!DOCTYPE a [<!ENTITY b \"c\">]><cs-objects/>",
                      nul[] = "<cs-objects>\0</cs-objects>";
    static const char *const broken[] = {"<c", "<cs-objects/><cs-objects/>",
                                         "<cs-objects>&nbsp;</cs-objects>"};
    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        expect_refused(broken[i], strlen(broken[i]), BATON_MALFORMED, "line 1");
    static const char outside[] = "<!DOCTYPE a SYSTEM \"http://example.net/a.dtd\"><cs-objects/>";
    expect_refused(outside, sizeof outside - 1, BATON_REFUSED, "document type");
    expect_refused(wrong, sizeof wrong - 1, BATON_MALFORMED, "root is not cs-objects");
    expect_refused(cut, sizeof cut - 1, BATON_MALFORMED, "line 2");
    expect_refused(bomb, sizeof bomb - 1, BATON_REFUSED, "document type");
    expect_refused(nul, sizeof nul - 1, BATON_MALFORMED, "line 1");
    expect_refused("", 0, BATON_MALFORMED, "empty");
    char deep[1024] = "<cs-objects>";
    for (int i = 0; i < 70; i++)
        strcat(deep, "<a>");
    expect_refused(deep, strlen(deep), BATON_LIMIT, "deep");
}

/* Found by the fuzzer: the parser may hold a tag back until the end, and find the next one cut there. */
static void
what_came_first_is_told_in_whatever_pieces_it_came(void **state)
{
    (void)state;
    char text[512], name[CSEXPORT_NAME_BYTES + 1];
    memset(name, 'x', CSEXPORT_NAME_BYTES);
    name[CSEXPORT_NAME_BYTES] = '\0';
    int len = snprintf(text, sizeof text,
                       "<cs-objects><cs-object cs-dn=\"a\" object-type=\"user\"><unapplied-export>"
                       "<delta operation=\"update\"><attr name=\"%s\"><",
                       name);
    assert_in_range(len, 1, sizeof text - 1);
    for (size_t piece = 1; piece <= (size_t)len; piece++)
        assert_int_equal(read_pieces(text, (size_t)len, piece), BATON_LIMIT);
}

static void
a_name_longer_than_anything_real_is_refused(void **state)
{
    (void)state;
    char *text = malloc(3 * CSEXPORT_DN_BYTES), filler[CSEXPORT_DN_BYTES + 1];
    memset(filler, 'x', CSEXPORT_DN_BYTES);
    filler[CSEXPORT_DN_BYTES] = '\0';
    sprintf(text, "<cs-objects>\n<cs-object cs-dn=\"%s\"/></cs-objects>", filler);
    expect_refused(text, strlen(text), BATON_LIMIT, "a DN is longer");
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_known_and_modify_and_replace_are_updates),
        cmocka_unit_test(only_the_unapplied_export_is_pending_and_a_repeated_delta_counts_once),
        cmocka_unit_test(a_single_value_taken_and_given_is_one_change),
        cmocka_unit_test(values_of_lists_and_references_count_one_by_one),
        cmocka_unit_test(everything_in_an_add_is_set),
        cmocka_unit_test(an_entra_dn_is_told_as_its_source_anchor),
        cmocka_unit_test(a_delete_is_named_by_its_hologram_wherever_that_stands),
        cmocka_unit_test(a_hologram_shows_what_an_import_has_seen),
        cmocka_unit_test(the_connector_is_told_with_each_object_that_names_it),
        cmocka_unit_test(a_delta_that_the_file_leaves_out_is_noticed),
        cmocka_unit_test(what_stands_inside_a_value_or_a_name_is_not_part_of_it),
        cmocka_unit_test(a_conflict_shows_in_a_name_and_in_a_value),
        cmocka_unit_test(another_dn_in_the_delta_is_a_rename),
        cmocka_unit_test(prefixes_of_names_are_ignored),
        cmocka_unit_test(equal_changes_have_equal_digests_in_any_order_and_others_do_not),
        cmocka_unit_test(utf_16_reads_like_utf_8_with_a_mark_or_without),
        cmocka_unit_test(a_line_of_two_megabytes_is_no_trouble),
        cmocka_unit_test(what_is_no_whole_csexport_is_refused_with_its_line),
        cmocka_unit_test(what_came_first_is_told_in_whatever_pieces_it_came),
        cmocka_unit_test(a_name_longer_than_anything_real_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
