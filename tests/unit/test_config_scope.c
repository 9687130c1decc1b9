#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/config_world.h"

#include <string.h>

static struct config_partition *
partition(struct config_world *w)
{
    return &config_world_ad(w)->partition[0];
}

#define LIST(w, l, ...) world_list((w), (l), (const char *const[]){__VA_ARGS__, NULL})
#define EMPTY(w, l)     world_list((w), (l), (const char *const[]){NULL})

static void
unsay(struct text_list *l)
{
    l->count = 0;
    l->said = false;
}

/* The why of the one row about a subject. */
static void
assert_why(const struct config_pair *f, const char *subject, const char *why)
{
    struct config_rows rows = world_rows(&f->o, &f->n);
    assert_string_equal(row_about(&rows, subject)->f.why, why);
    config_rows_done(&rows);
}

static void
a_forgotten_container_filter_names_everything_that_would_be_deleted(void **state)
{
    struct config_pair *f = *state;
    LIST(&f->o, &partition(&f->o)->inclusions, "DC=contoso,DC=com");
    EMPTY(&f->o, &partition(&f->o)->exclusions);
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block scope-narrowed DC=contoso,DC=com: in scope, except "
                        "OU=CORP,DC=contoso,DC=com > not in scope, except "
                        "OU=CORP,DC=contoso,DC=com");
    assert_why(f, "DC=contoso",
               "every object outside OU=CORP,DC=contoso,DC=com would be deleted in the tenant");
}

static void
one_container_less_is_narrower_and_one_more_is_wider(void **state)
{
    struct config_pair *f = *state;
    LIST(&f->o, &partition(&f->o)->inclusions, "OU=CORP,DC=contoso,DC=com",
         "OU=Sales,DC=contoso,DC=com");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block scope-narrowed OU=Sales,DC=contoso,DC=com: in scope > not in scope");
    assert_why(f, "OU=Sales",
               "every object below OU=Sales,DC=contoso,DC=com would be deleted in the tenant");
    assert_string_equal(rows_text(&f->n, &f->o, SEVERITY_INFO),
                        "review scope-widened OU=Sales,DC=contoso,DC=com: not in scope > in scope");
}

static void
what_is_accepted_is_the_whole_list_of_exceptions(void **state)
{
    struct config_pair *f = *state;
    LIST(&f->o, &partition(&f->o)->inclusions, "DC=contoso,DC=com");
    EMPTY(&f->o, &partition(&f->o)->exclusions);
    LIST(&f->n, &partition(&f->n)->inclusions, "OU=A,DC=contoso,DC=com", "OU=B,DC=contoso,DC=com",
         "OU=C,DC=contoso,DC=com", "OU=D,DC=contoso,DC=com");
    struct config_rows four = world_rows(&f->o, &f->n);
    assert_string_equal(four.item[0].f.why,
                        "every object outside OU=A,DC=contoso,DC=com, OU=B,DC=contoso,DC=com and 2 "
                        "more would be deleted in the tenant");
    LIST(&f->n, &partition(&f->n)->inclusions, "OU=A,DC=contoso,DC=com", "OU=B,DC=contoso,DC=com",
         "OU=C,DC=contoso,DC=com", "OU=E,DC=contoso,DC=com");
    struct config_rows other = world_rows(&f->o, &f->n);
    assert_string_equal(four.item[0].f.why, other.item[0].f.why);
    assert_memory_not_equal(four.item[0].f.row.b, other.item[0].f.row.b, BATON_HASH_BYTES);
    config_rows_done(&four);
    config_rows_done(&other);
}

static void
a_partition_that_is_not_selected_or_not_there_is_narrower_as_a_whole(void **state)
{
    struct config_pair *f = *state;
    partition(&f->n)->selected = NO;
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block scope-narrowed partition DC=contoso,DC=com: in scope > not in scope");
    partition(&f->n)->dn = "DC=fabrikam,DC=com";
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block scope-narrowed partition DC=contoso,DC=com: in scope > not in scope");
}

static void
a_partition_written_otherwise_is_the_same_one(void **state)
{
    struct config_pair *f = *state;
    partition(&f->n)->dn = "dc=CONTOSO, dc=com";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
}

static void
a_partition_that_only_new_selects_is_wider(void **state)
{
    struct config_pair *f = *state;
    struct config_partition *p = config_add_partition(f->n.model, config_world_ad(&f->n));
    p->dn = "DC=lab,DC=contoso,DC=com";
    p->selected = NO;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    p->selected = YES;
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "review scope-widened partition DC=lab,DC=contoso,DC=com: not in scope > in scope");
}

static void
an_object_class_less_is_narrower_by_all_its_objects(void **state)
{
    struct config_pair *f = *state;
    LIST(&f->n, &partition(&f->n)->object_classes, "USER", "group", "inetOrgPerson");
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block scope-narrowed object class contact of forest contoso.com: in scope > not in scope\n"
        "review scope-widened object class inetOrgPerson of forest contoso.com: not in scope > in "
        "scope");
    assert_why(
        f, "contact",
        "every object of class contact in forest contoso.com would be deleted in the tenant");
}

static void
object_classes_said_twice_are_told_once(void **state)
{
    struct config_pair *f = *state;
    LIST(&f->o, &config_world_ad(&f->o)->object_classes, "user", "group", "contact");
    LIST(&f->n, &config_world_ad(&f->n)->object_classes, "user", "group");
    LIST(&f->n, &partition(&f->n)->object_classes, "user", "group");
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block scope-narrowed object class contact of forest contoso.com: in scope > not in scope");
}

static void
an_attribute_that_is_not_selected_is_lost(void **state)
{
    struct config_pair *f = *state;
    LIST(&f->n, &config_world_ad(&f->n)->attributes, "DISPLAYNAME", "objectGUID", "title");
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block attribute-lost attribute mail of forest contoso.com: selected > not selected\n"
        "review attribute-added attribute title of forest contoso.com: not selected > selected");
    LIST(&f->n, &config_world_ad(&f->n)->attributes, "displayName", "mail", "objectGUID");
    LIST(&f->n, &config_world_entra(&f->n)->attributes, "displayName", "sourceAnchor");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block attribute-lost attribute mail of Entra ID: selected > not selected");
}

static void
a_forest_that_new_does_not_know_is_gone(void **state)
{
    struct config_pair *f = *state;
    config_world_ad(&f->n)->forest = "fabrikam.com";
    const char *rows = rows_text(&f->o, &f->n, SEVERITY_REVIEW);
    assert_non_null(
        strstr(rows, "block scope-narrowed forest contoso.com: in scope > not in scope"));
    assert_non_null(
        strstr(rows, "review scope-widened forest fabrikam.com: not in scope > in scope"));
}

static void
what_decides_about_scope_and_is_not_said_is_for_a_person(void **state)
{
    struct config_pair *f = *state;
    struct config_partition *p = partition(&f->n);
    unsay(&p->inclusions);
    unsay(&p->exclusions);
    unsay(&p->object_classes);
    f->n.model->source = CONFIG_SETTINGS;
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "review scope-narrowed container filter of DC=contoso,DC=com: said > not said\n"
        "review scope-narrowed object classes of DC=contoso,DC=com: said > not said");
    assert_why(f, "container filter",
               "cannot be compared: NEW, which is a settings file, does not say it");
    /* an empty list is something said */
    p->inclusions.said = true;
    assert_non_null(strstr(rows_text(&f->o, &f->n, SEVERITY_REVIEW), "review scope-widened DC="));
}

static void
what_entra_does_not_say_is_shown_only(void **state)
{
    struct config_pair *f = *state;
    struct config_connector *c = config_world_entra(&f->n);
    unsay(&c->attributes);
    c->partition_count = 0;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected partitions of Entra ID: said > not said\n"
                        "info expected selected attributes of Entra ID: said > not said");
    c->partition_count = 1;
}

static void
filters_that_rules_took_the_place_of_are_for_a_person(void **state)
{
    struct config_pair *f = *state;
    f->o.model->rules_said = false;
    LIST(&f->o, &config_world_ad(&f->o)->filters, "user: cn equality a", "user: c equality b");
    assert_non_null(
        strstr(rows_text(&f->o, &f->n, SEVERITY_REVIEW),
               "review scope-widened 2 attribute filters of forest contoso.com: keeps out "
               "user: cn equality a; user: c equality b > by synchronization rules"));
    assert_non_null(strstr(rows_text(&f->n, &f->o, SEVERITY_REVIEW),
                           "review scope-narrowed 2 attribute filters of forest contoso.com: by "
                           "synchronization rules > keeps out"));
}

static void
filters_of_two_servers_of_the_fim_era_are_compared_one_by_one(void **state)
{
    struct config_pair *f = *state;
    LIST(&f->o, &config_world_ad(&f->o)->filters, "user: cn equality a", "user: c equality b");
    LIST(&f->n, &config_world_ad(&f->n)->filters, "user: c equality d", "USER: cn equality a");
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block scope-narrowed filter of forest contoso.com: user: c equality d: in "
        "scope > kept out\n"
        "review scope-widened filter of forest contoso.com: user: c equality b: kept "
        "out > in scope");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, config_pair_setup, config_pair_teardown)
    const struct CMUnitTest tests[] = {
        T(a_forgotten_container_filter_names_everything_that_would_be_deleted),
        T(one_container_less_is_narrower_and_one_more_is_wider),
        T(what_is_accepted_is_the_whole_list_of_exceptions),
        T(a_partition_that_is_not_selected_or_not_there_is_narrower_as_a_whole),
        T(a_partition_written_otherwise_is_the_same_one),
        T(a_partition_that_only_new_selects_is_wider),
        T(an_object_class_less_is_narrower_by_all_its_objects),
        T(object_classes_said_twice_are_told_once),
        T(an_attribute_that_is_not_selected_is_lost),
        T(a_forest_that_new_does_not_know_is_gone),
        T(what_decides_about_scope_and_is_not_said_is_for_a_person),
        T(what_entra_does_not_say_is_shown_only),
        T(filters_that_rules_took_the_place_of_are_for_a_person),
        T(filters_of_two_servers_of_the_fim_era_are_compared_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
