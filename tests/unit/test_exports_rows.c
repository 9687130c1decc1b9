/* Which objects stand behind an analysis: the gravest stay, and what was left out is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/verify/exports_rows.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct exports *e;
static struct exports_rows *x;
static struct object_rows rows;
static struct limits limits;

static void
give(struct csexport_object o, const struct csexport_change *changes, size_t count)
{
    struct csexport_visitor v;
    o.id = o.connector_id = o.connector = "";
    o.type = o.type != NULL ? o.type : "user";
    o.anchor = o.anchor != NULL ? o.anchor : "";
    exports_visitor(e, &v);
    for (size_t i = 0; i < count; i++)
        v.change(v.ctx, &o, &changes[i]);
    v.object(v.ctx, &o);
}

static void
give_plain(const char *dn, enum csexport_operation operation)
{
    give((struct csexport_object){.dn = dn, .operation = operation}, NULL, 0);
}

static void
take(void)
{
    assert_int_equal(exports_rows_give(x, e, 0, &rows), BATON_OK);
}

static bool
counts_for(const struct object_row *row, const char *rule)
{
    assert_int_not_equal(object_rows_rule(&rows, rule), 0);
    return (row->rules & object_rows_rule(&rows, rule)) != 0;
}

static int
begin(void **state)
{
    (void)state;
    limits_preset(PRESET_PARITY, &limits);
    e = exports_new(NULL);
    x = exports_rows_new(&limits);
    exports_keep_rows(e, x);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    object_rows_done(&rows);
    exports_rows_free(&x);
    exports_free(&e);
    return 0;
}

static void
deletes_come_first_and_others_as_the_file_has_them(void **state)
{
    (void)state;
    give_plain("CN=1", CSEXPORT_UPDATE);
    give_plain("CN=2", CSEXPORT_ADD);
    give_plain("CN=3", CSEXPORT_DELETE);
    give_plain("CN=4", CSEXPORT_UPDATE);
    give_plain("CN=5", CSEXPORT_DELETE);
    take();
    static const char *const order[] = {"CN=3", "CN=5", "CN=2", "CN=1", "CN=4"};
    assert_int_equal(rows.count, ARRAY_LEN(order));
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        assert_string_equal(rows.row[i]->dn, order[i]);
    assert_true(counts_for(rows.row[0], "EX-DELETES"));
    assert_false(counts_for(rows.row[0], "EX-UPDATES"));
    assert_int_equal(rows.left_out, 0);
}

static void
an_object_with_nothing_pending_is_no_row(void **state)
{
    (void)state;
    give_plain("CN=1", CSEXPORT_NONE);
    take();
    assert_int_equal(rows.count, 0);
}

static void
a_row_knows_every_rule_that_it_counts_for(void **state)
{
    (void)state;
    static const struct csexport_change changes[] = {
        {.name = "userPrincipalName", .kind = CHANGE_CHANGED},
        {.name = "title", .kind = CHANGE_CLEARED}};
    give((struct csexport_object){.dn = "CN={6162}",
                                  .anchor = "ab",
                                  .operation = CSEXPORT_UPDATE,
                                  .renamed = true,
                                  .conflict = true},
         changes, 2);
    give_plain("CN=other", CSEXPORT_UPDATE);
    take();
    static const char *const expected[] = {"EX-UPDATES", "EX-RENAMES",     "EX-ANCHOR-CHANGES",
                                           "EX-WATCHED", "EX-CONFLICT-DN", "EX-EMPTIED"};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_true(counts_for(rows.row[0], expected[i]));
        assert_int_equal(counts_for(rows.row[1], expected[i]), i == 0);
    }
    assert_string_equal(rows.row[0]->anchor, "ab");
    assert_int_equal(rows.row[0]->attribute_count, 2);
    assert_int_equal(rows.row[1]->attribute_count, 0);
}

/* What findings count and what rows show are the same objects. */
static void
rows_of_a_rule_are_as_many_as_its_finding_says(void **state)
{
    (void)state;
    struct exports_report report;
    static const struct csexport_change mail = {.name = "mail", .kind = CHANGE_CHANGED};
    char dn[32];
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(dn, sizeof dn, "CN=%d", i);
        give((struct csexport_object){.dn = dn,
                                      .type = i < 2000 ? "user" : "group",
                                      .operation = i % 10 == 0 ? CSEXPORT_DELETE : CSEXPORT_UPDATE},
             &mail, i % 10 == 0 ? 0 : 1);
    }
    take();
    assert_int_equal(exports_judge(e, NULL, &limits, 0, &report), BATON_OK);
    size_t held = 0;
    for (size_t f = 0; f < report.findings.count; f++) {
        const struct finding *found = &report.findings.item[f];
        uint64_t n = 0;
        for (uint32_t i = 0; i < rows.count; i++)
            n += counts_for(rows.row[i], found->rule);
        assert_int_equal(n, found->count);
        held++;
    }
    assert_true(held >= 4); /* deletes, updates, watched, mass change */
    exports_report_done(&report);
}

static void
when_rows_do_not_fit_the_mildest_are_left_out(void **state)
{
    (void)state;
    for (int i = 0; i < OBJECT_ROWS_MAX + 100; i++)
        give_plain("CN=update", CSEXPORT_UPDATE);
    for (int i = 0; i < 50; i++)
        give_plain("CN=delete", CSEXPORT_DELETE);
    give_plain("CN=late", CSEXPORT_UPDATE);
    take();
    assert_int_equal(rows.count, OBJECT_ROWS_MAX);
    assert_int_equal(rows.left_out, 151);
    assert_string_equal(rows.row[49]->dn, "CN=delete");
    assert_string_equal(rows.row[50]->dn, "CN=update");
}

static void
rows_never_need_more_bytes_than_the_document_has(void **state)
{
    (void)state;
    static char dn[CSEXPORT_DN_BYTES];
    uint8_t *packed;
    size_t len;
    memset(dn, 'x', sizeof dn - 1);
    for (int i = 0; i < 2000; i++)
        give_plain(dn, CSEXPORT_UPDATE);
    give_plain("CN=delete", CSEXPORT_DELETE);
    take();
    assert_true(rows.count > 900 && rows.count < 1100);
    assert_int_equal(rows.count + rows.left_out, 2001);
    assert_string_equal(rows.row[0]->dn, "CN=delete");
    assert_int_equal(object_rows_write(&rows, &packed, &len, NULL), BATON_OK);
    free(packed);
}

static void
attributes_beyond_the_limit_are_counted(void **state)
{
    (void)state;
    static struct csexport_change changes[OBJECT_ROW_ATTRIBUTES_MAX + 3];
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        changes[i] = (struct csexport_change){.name = "same", .kind = CHANGE_SET};
    give((struct csexport_object){.dn = "CN=1", .operation = CSEXPORT_ADD}, changes,
         ARRAY_LEN(changes));
    take();
    assert_int_equal(rows.row[0]->attribute_count, OBJECT_ROW_ATTRIBUTES_MAX);
    assert_int_equal(rows.row[0]->attributes_left_out, 3);
}

int
main(void)
{
#define ROW_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        ROW_TEST(deletes_come_first_and_others_as_the_file_has_them),
        ROW_TEST(an_object_with_nothing_pending_is_no_row),
        ROW_TEST(a_row_knows_every_rule_that_it_counts_for),
        ROW_TEST(rows_of_a_rule_are_as_many_as_its_finding_says),
        ROW_TEST(when_rows_do_not_fit_the_mildest_are_left_out),
        ROW_TEST(rows_never_need_more_bytes_than_the_document_has),
        ROW_TEST(attributes_beyond_the_limit_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
