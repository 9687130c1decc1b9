/* What a server would change, counted and judged under a policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/verify/exports.h"

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct exports *e;
static struct exports_report report;
static struct limits limits;

static void
give(struct exports *to, const char *dn, const char *type, enum csexport_operation op,
     const struct csexport_change *changes, size_t count, struct csexport_object o)
{
    struct csexport_visitor v;
    o.dn = dn, o.id = "", o.type = type, o.operation = op;
    o.anchor = o.anchor != NULL ? o.anchor : "";
    o.connector_id = o.connector_id != NULL ? o.connector_id : "";
    o.connector = o.connector != NULL ? o.connector : "";
    exports_visitor(to, &v);
    for (size_t i = 0; i < count; i++)
        v.change(v.ctx, &o, &changes[i]);
    v.object(v.ctx, &o);
}

static void
give_plain(const char *dn, const char *type, enum csexport_operation op)
{
    give(e, dn, type, op, NULL, 0, (struct csexport_object){0});
}

static const struct finding *
found(const char *rule)
{
    for (size_t i = 0; i < report.findings.count; i++)
        if (strcmp(report.findings.item[i].rule, rule) == 0)
            return &report.findings.item[i];
    return NULL;
}

static void
judge(uint64_t scope)
{
    exports_report_done(&report);
    assert_int_equal(exports_judge(e, NULL, &limits, scope, &report), BATON_OK);
}

static int
begin(void **state)
{
    (void)state;
    e = exports_new(NULL);
    limits_preset(PRESET_PARITY, &limits);
    return e != NULL ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    exports_report_done(&report);
    exports_free(&e);
    return 0;
}

static void
operations_are_counted_in_all_and_by_type(void **state)
{
    (void)state;
    give_plain("a", "user", CSEXPORT_ADD);
    give_plain("b", "user", CSEXPORT_UPDATE);
    give_plain("c", "group", CSEXPORT_DELETE);
    give_plain("d", "group", CSEXPORT_DELETE_ADD);
    give_plain("e", "user", CSEXPORT_NONE);
    give_plain("f", "user", CSEXPORT_UNKNOWN);
    const struct exports_totals *t = exports_totals(e);
    assert_int_equal(t->objects, 6);
    assert_int_equal(t->adds, 1);
    assert_int_equal(t->updates, 1);
    assert_int_equal(t->deletes, 1);
    assert_int_equal(t->delete_adds, 1);
    assert_int_equal(t->none, 1);
    assert_int_equal(t->unknown, 1);
    assert_int_equal(exports_type_count(e), 2);
    assert_string_equal(exports_type(e, 0)->name, "group"); /* by name */
    assert_int_equal(exports_type(e, 0)->totals.deletes, 1);
    assert_int_equal(exports_type(e, 1)->totals.adds, 1);
}

static void
operations_are_counted_by_connector_and_by_type_in_it(void **state)
{
    (void)state;
    const struct csexport_object cloud = {.connector_id = "{B8}", .connector = "contoso - AAD"},
                                 lower = {.connector_id = "{b8}", .connector = "contoso - AAD"},
                                 forest = {.connector_id = "{01}", .connector = "contoso.com"};
    give(e, "a", "user", CSEXPORT_ADD, NULL, 0, cloud);
    give(e, "b", "group", CSEXPORT_DELETE, NULL, 0, forest);
    give(e, "c", "user", CSEXPORT_DELETE, NULL, 0, lower);
    give_plain("d", "user", CSEXPORT_UPDATE); /* whoever leaves it out is counted apart */
    assert_int_equal(exports_connector_count(e), 3);
    const struct exports_connector *c = exports_connector(e, 2);
    assert_string_equal(exports_connector(e, 0)->id, "");
    assert_string_equal(exports_connector(e, 1)->name, "contoso.com");
    assert_int_equal(c->totals.objects, 2);
    assert_int_equal(c->totals.deletes, 1);
    assert_int_equal(c->of_type[exports_type_place(e, 0)].objects, 0);
    assert_int_equal(c->of_type[exports_type_place(e, 1)].adds, 1);
    for (int i = 0; i < EXPORTS_CONNECTORS_MAX; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "{c%d}", i);
        give(e, "x", "user", CSEXPORT_ADD, NULL, 0, (struct csexport_object){.connector_id = id});
    }
    assert_int_equal(exports_status(e), BATON_LIMIT);
}

static void
nothing_pending_passes_and_one_delete_blocks(void **state)
{
    (void)state;
    give_plain("a", "user", CSEXPORT_NONE);
    judge(0);
    assert_int_equal(findings_verdict(&report.findings), VERDICT_PASS);
    give_plain("CN={61}", "user", CSEXPORT_DELETE);
    judge(0);
    assert_int_equal(findings_verdict(&report.findings), VERDICT_BLOCK);
    assert_int_equal(found("EX-DELETES")->count, 1);
    assert_int_equal(found("EX-DELETES")->limit, 0);
    assert_non_null(strstr(found("EX-DELETES")->why, "1 objects that would be deleted"));
    assert_string_equal(report.samples[0].text[0], "CN={61}");
}

static void
adds_alone_are_for_review_and_a_known_object_added_again_blocks(void **state)
{
    (void)state;
    give_plain("a", "user", CSEXPORT_ADD);
    judge(0);
    assert_int_equal(findings_verdict(&report.findings), VERDICT_REVIEW);
    assert_null(found("EX-ADDS-EXISTING"));
    give(e, "b", "user", CSEXPORT_ADD, NULL, 0, (struct csexport_object){.imported = true});
    judge(0);
    assert_int_equal(found("EX-ADDS-EXISTING")->severity, SEVERITY_BLOCK);
}

static void
shares_of_the_scope_count_only_when_it_is_known(void **state)
{
    (void)state;
    limits_preset(PRESET_PARALLEL_UPGRADE, &limits);
    for (int i = 0; i < 30; i++)
        give_plain("a", "user", CSEXPORT_ADD);
    judge(0); /* one per cent of nobody knows what */
    assert_int_equal(found("EX-ADDS")->severity, SEVERITY_INFO);
    judge(10000);
    assert_int_equal(found("EX-ADDS")->severity, SEVERITY_INFO);
    judge(1000);
    assert_int_equal(found("EX-ADDS")->severity, SEVERITY_REVIEW);
    assert_int_equal(found("EX-ADDS")->limit, 10);
}

static void
attributes_count_what_became_of_them(void **state)
{
    (void)state;
    const struct csexport_change update[] = {
        {.name = "mail", .kind = CHANGE_CHANGED},
        {.name = "fax", .kind = CHANGE_CLEARED},
        {.name = "proxyAddresses",
         .kind = CHANGE_CHANGED,
         .many = true,
         .value_adds = 2,
         .value_removes = 1},
    };
    const struct csexport_change add[] = {{.name = "mail", .kind = CHANGE_SET}};
    give(e, "a", "user", CSEXPORT_UPDATE, update, ARRAY_LEN(update), (struct csexport_object){0});
    give(e, "b", "user", CSEXPORT_ADD, add, 1, (struct csexport_object){0});
    assert_int_equal(exports_attribute_count(e), 3);
    const struct exports_attribute *mail = exports_attribute(e, 1), *list = exports_attribute(e, 2);
    assert_string_equal(exports_attribute(e, 0)->name, "fax"); /* by name */
    assert_int_equal(mail->set, 1);
    assert_int_equal(mail->changed, 1);
    assert_int_equal(list->value_adds, 2);
    assert_int_equal(list->value_removes, 1);
    judge(0);
    assert_int_equal(found("EX-EMPTIED")->count, 1);
    assert_string_equal(found("EX-EMPTIED")->subject, "fax");
    assert_int_equal(found("EX-WATCHED")->count, 1); /* the add of mail is no change of it */
}

static const struct exports_samples *
samples_of(const char *rule)
{
    return &report.samples[found(rule) - report.findings.item];
}

static void
an_emptied_attribute_names_the_objects_that_lose_it_and_no_other(void **state)
{
    (void)state;
    const struct csexport_change changed[] = {{.name = "title", .kind = CHANGE_CHANGED}},
                                 cleared[] = {{.name = "title", .kind = CHANGE_CLEARED}};
    struct exports *part = exports_new(NULL);
    give(e, "a", "user", CSEXPORT_UPDATE, changed, 1, (struct csexport_object){0});
    give(e, "b", "user", CSEXPORT_UPDATE, cleared, 1, (struct csexport_object){0});
    exports_at(part, 1);
    give(part, "c", "user", CSEXPORT_UPDATE, changed, 1, (struct csexport_object){0});
    give(part, "d", "user", CSEXPORT_UPDATE, cleared, 1, (struct csexport_object){0});
    exports_add(e, part);
    exports_free(&part);
    judge(0);
    assert_int_equal(found("EX-EMPTIED")->count, 2);
    assert_int_equal(samples_of("EX-EMPTIED")->count, 2);
    assert_string_equal(samples_of("EX-EMPTIED")->text[0], "b");
    assert_string_equal(samples_of("EX-EMPTIED")->text[1], "d");
}

static void
many_changes_of_one_attribute_block_and_a_handful_does_not(void **state)
{
    (void)state;
    const struct csexport_change change[] = {{.name = "title", .kind = CHANGE_CHANGED}};
    for (int i = 0; i < 25; i++)
        give(e, "a", "user", CSEXPORT_UPDATE, change, 1, (struct csexport_object){0});
    give(e, "g", "group", CSEXPORT_UPDATE, change, 1, (struct csexport_object){0});
    judge(0);
    assert_null(found("EX-MASS-CHANGE"));
    give(e, "a", "user", CSEXPORT_UPDATE, change, 1, (struct csexport_object){0});
    judge(0);
    assert_int_equal(found("EX-MASS-CHANGE")->count, 26);
    assert_string_equal(found("EX-MASS-CHANGE")->subject, "title of user");
    assert_int_equal(found("EX-MASS-CHANGE")->severity, SEVERITY_BLOCK);
}

static void
an_anchor_that_changes_and_members_that_leave_are_seen(void **state)
{
    (void)state;
    const struct csexport_change anchor[] = {{.name = "sourceAnchor", .kind = CHANGE_CHANGED}};
    const struct csexport_change members[] = {{.name = "member",
                                               .kind = CHANGE_CHANGED,
                                               .reference = true,
                                               .many = true,
                                               .value_removes = 9}};
    give(e, "a", "user", CSEXPORT_UPDATE, anchor, 1, (struct csexport_object){0});
    give(e, "CN={61}", "user", CSEXPORT_UPDATE, NULL, 0,
         (struct csexport_object){.anchor = "a", .renamed = true});
    const struct csexport_change emptied[] = {
        {.name = "member", .kind = CHANGE_CLEARED, .reference = true, .many = true}};
    give(e, "g", "group", CSEXPORT_UPDATE, members, 1, (struct csexport_object){0});
    give(e, "i", "group", CSEXPORT_UPDATE, emptied, 1, (struct csexport_object){0});
    give(e, "h", "group", CSEXPORT_UPDATE, NULL, 0, (struct csexport_object){.conflict = true});
    judge(0);
    assert_int_equal(found("EX-ANCHOR-CHANGES")->count, 2);
    assert_int_equal(found("EX-RENAMES")->count, 1);
    assert_int_equal(found("EX-MEMBERSHIP")->count, 2);
    assert_int_equal(found("EX-CONFLICT-DN")->count, 1);
}

static void
what_a_file_leaves_out_is_for_a_person(void **state)
{
    (void)state;
    give(e, "a", "user", CSEXPORT_NONE, NULL, 0, (struct csexport_object){.left_out = true});
    judge(0);
    assert_int_equal(found("EX-LEFT-OUT")->count, 1);
    assert_int_equal(findings_verdict(&report.findings), VERDICT_REVIEW);
}

static void
a_sample_has_the_name_that_a_hologram_gave(void **state)
{
    (void)state;
    give(e, "CN={61}", "user", CSEXPORT_DELETE, NULL, 0,
         (struct csexport_object){.anchor = "a", .person = "ana@contoso.example"});
    give_plain("CN={62}", "user", CSEXPORT_DELETE);
    judge(0);
    assert_string_equal(report.samples[0].text[0], "a");
    assert_string_equal(report.samples[0].person[0], "ana@contoso.example");
    assert_string_equal(report.samples[0].person[1], "");
}

static void
the_worst_stands_first_with_its_own_samples(void **state)
{
    (void)state;
    give_plain("added", "user", CSEXPORT_ADD);
    give_plain("deleted", "user", CSEXPORT_DELETE);
    judge(0);
    assert_string_equal(report.findings.item[0].rule, "EX-DELETES");
    assert_string_equal(report.samples[0].text[0], "deleted");
    assert_string_equal(report.findings.item[1].rule, "EX-ADDS");
    assert_string_equal(report.samples[1].text[0], "added");
}

static void
parts_add_up_to_the_whole(void **state)
{
    (void)state;
    const struct csexport_change change[] = {{.name = "title", .kind = CHANGE_CHANGED}};
    struct exports *part = exports_new(NULL);
    give_plain("a", "user", CSEXPORT_ADD);
    give(part, "g", "group", CSEXPORT_UPDATE, change, 1, (struct csexport_object){0});
    give(part, "b", "user", CSEXPORT_UPDATE, change, 1, (struct csexport_object){0});
    give(part, "c", "user", CSEXPORT_DELETE, NULL, 0, (struct csexport_object){0});
    exports_add(e, part);
    exports_free(&part);
    assert_int_equal(exports_totals(e)->objects, 4);
    assert_int_equal(exports_type(e, 0)->totals.updates, 1);
    assert_int_equal(exports_type(e, 1)->totals.adds, 1);
    assert_int_equal(exports_type(e, 1)->totals.updates, 1);
    assert_int_equal(exports_connector(e, 0)->of_type[exports_type_place(e, 1)].deletes, 1);
    assert_int_equal(exports_attribute(e, 0)->changed, 2);
    assert_int_equal(exports_attribute(e, 0)->touched[exports_type_place(e, 1)],
                     1); /* of users, wherever they were counted */
    judge(0);
    assert_int_equal(found("EX-DELETES")->count, 1);
}

static void
samples_are_the_first_of_the_documents_whoever_read_them(void **state)
{
    (void)state;
    struct exports *part[2] = {exports_new(NULL), exports_new(NULL)};
    for (uint64_t place = 0; place < 8; place++) { /* the second is the quicker one */
        char dn[] = {(char)('a' + place), '\0'};
        struct exports *p = part[place == 1 || place == 4 ? 0 : 1];
        exports_at(p, place);
        give(p, dn, "user", CSEXPORT_DELETE, NULL, 0, (struct csexport_object){0});
    }
    for (int i = 0; i < 2; i++) {
        exports_add(e, part[i]);
        exports_free(&part[i]);
    }
    judge(0);
    assert_int_equal(report.samples[0].count, EXPORTS_SAMPLES_MAX);
    for (size_t i = 0; i < EXPORTS_SAMPLES_MAX; i++)
        assert_int_equal(report.samples[0].text[i][0], 'a' + i);
}

static void
more_names_than_anything_real_has_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i <= EXPORTS_ATTRIBUTES_MAX; i++) {
        char name[32];
        struct csexport_change change = {.name = name, .kind = CHANGE_CHANGED};
        (void)snprintf(name, sizeof name, "attribute%d", i);
        give(e, "a", "user", CSEXPORT_UPDATE, &change, 1, (struct csexport_object){0});
    }
    assert_int_equal(exports_status(e), BATON_LIMIT);
    assert_int_equal(exports_judge(e, NULL, &limits, 0, &report), BATON_LIMIT);
}

static void
two_servers_are_compared_by_source_anchor_and_by_dn_where_there_is_none(void **state)
{
    (void)state;
    struct exports_index *x = exports_index_new();
    struct exports *old = exports_new(x), *new = exports_new(x);
    struct exports_difference d;
    give(old, "CN={1}", "user", CSEXPORT_UPDATE, NULL, 0,
         (struct csexport_object){.anchor = "A", .digest = 64});
    give(old, "CN={2}", "user", CSEXPORT_UPDATE, NULL, 0,
         (struct csexport_object){.anchor = "B", .digest = 64});
    give(old, "cn=x", "user", CSEXPORT_UPDATE, NULL, 0, (struct csexport_object){.digest = 128});
    give(old, "CN={9}", "user", CSEXPORT_UPDATE, NULL, 0,
         (struct csexport_object){.anchor = "gone", .digest = 4});
    give(old, "CN={5}", "user", CSEXPORT_NONE, NULL, 0,
         (struct csexport_object){.anchor = "quiet"});
    exports_index_second(x);
    give(new, "CN={other}", "user", CSEXPORT_UPDATE, NULL, 0,
         (struct csexport_object){.anchor = "A", .digest = 64});
    give(new, "CN={2}", "user", CSEXPORT_UPDATE, NULL, 0,
         (struct csexport_object){.anchor = "B", .digest = 96});
    give(new, "cn=x", "user", CSEXPORT_UPDATE, NULL, 0, (struct csexport_object){.digest = 128});
    give(new, "CN={7}", "user", CSEXPORT_ADD, NULL, 0,
         (struct csexport_object){.anchor = "N", .digest = 8});
    exports_index_difference(x, &d);
    assert_int_equal(d.equal, 2);
    assert_int_equal(d.different, 1);
    assert_int_equal(d.only_old, 1);
    assert_int_equal(d.only_new, 1);
    assert_string_equal(d.different_samples.text[0], "B");
    assert_int_equal(exports_judge(new, &d, &limits, 0, &report), BATON_OK);
    assert_int_equal(found("EX-DIFFERENT")->count, 1);
    assert_int_equal(found("EX-ONLY-OLD")->severity, SEVERITY_REVIEW);
    exports_free(&old);
    exports_free(&new);
    exports_index_free(&x);
}

static void
an_index_of_many_objects_loses_none(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    struct exports_index *x = exports_index_new();
    struct exports *side = exports_new(x);
    struct exports_difference d;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            char anchor[32];
            (void)snprintf(anchor, sizeof anchor, "anchor-%d", i);
            give(side, "", "user", CSEXPORT_UPDATE, NULL, 0,
                 (struct csexport_object){.anchor = anchor, .digest = (uint64_t)i << 2});
        }
        exports_index_second(x);
    }
    exports_index_difference(x, &d);
    assert_int_equal(exports_status(side), BATON_OK);
    assert_int_equal(d.equal, MANY);
    assert_int_equal(d.different + d.only_old + d.only_new, 0);
    exports_free(&side);
    exports_index_free(&x);
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(operations_are_counted_in_all_and_by_type),
        TEST(operations_are_counted_by_connector_and_by_type_in_it),
        TEST(what_a_file_leaves_out_is_for_a_person),
        TEST(a_sample_has_the_name_that_a_hologram_gave),
        TEST(an_emptied_attribute_names_the_objects_that_lose_it_and_no_other),
        TEST(samples_are_the_first_of_the_documents_whoever_read_them),
        TEST(nothing_pending_passes_and_one_delete_blocks),
        TEST(adds_alone_are_for_review_and_a_known_object_added_again_blocks),
        TEST(shares_of_the_scope_count_only_when_it_is_known),
        TEST(attributes_count_what_became_of_them),
        TEST(many_changes_of_one_attribute_block_and_a_handful_does_not),
        TEST(an_anchor_that_changes_and_members_that_leave_are_seen),
        TEST(the_worst_stands_first_with_its_own_samples),
        TEST(parts_add_up_to_the_whole),
        TEST(more_names_than_anything_real_has_are_refused),
        TEST(two_servers_are_compared_by_source_anchor_and_by_dn_where_there_is_none),
        TEST(an_index_of_many_objects_loses_none),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
