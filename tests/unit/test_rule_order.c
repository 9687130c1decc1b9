#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/config_world.h"

#include <string.h>

#define AD " (forest contoso.com)"

static void
other_numbers_in_the_same_order_are_expected(void **state)
{
    struct config_pair *f = *state;
    for (size_t i = 0; i < f->n.model->rule_count; i++)
        f->n.model->rule[i].precedence += 7;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected precedence of 5 rules: OLD's numbers > other numbers");
}

static void
a_rule_that_moves_past_one_that_brings_the_same_attribute_has_changed(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.custom)->precedence = 200;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block rule-changed Contoso mail" AD ": precedence 50 > precedence 200");
    struct config_rows rows = world_rows(&f->o, &f->n);
    assert_string_equal(row_about(&rows, "Contoso mail")->f.why,
                        "the rule no longer wins over \"In from AD - User Common\" for mail where "
                        "both apply");
    config_rows_done(&rows);
    rows = world_rows(&f->n, &f->o);
    assert_string_equal(row_about(&rows, "Contoso mail")->f.why,
                        "the rule now wins over \"In from AD - User Common\" for mail where both "
                        "apply");
    config_rows_done(&rows);
}

static void
a_rule_that_moves_past_others_without_a_shared_attribute_is_expected(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.group_in)->precedence = 10;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected precedence of 1 rules: OLD's numbers > other numbers");
}

static void
the_same_number_as_another_rule_leaves_open_who_wins(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.custom)->precedence = 101;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block rule-changed Contoso mail" AD ": precedence 50 > precedence 101");
}

static void
two_rules_that_change_places_are_one_row(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.custom)->precedence = 101;
    config_world_rule(&f->n, f->n.user_common)->precedence = 50;
    struct config_rows rows = world_rows(&f->o, &f->n);
    assert_int_equal(config_rows_count(&rows, CONFIG_RULE_CHANGED), 1);
    config_rows_done(&rows);
}

static void
two_rules_that_moved_far_and_passed_each_other_are_one_row(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->o, f->o.custom)->precedence = 1;
    config_world_rule(&f->o, f->o.user_common)->precedence = 2;
    config_world_rule(&f->n, f->n.user_common)->precedence = 201;
    config_world_rule(&f->n, f->n.custom)->precedence = 202;
    struct config_rows rows = world_rows(&f->o, &f->n);
    assert_int_equal(config_rows_count(&rows, CONFIG_RULE_CHANGED), 1);
    config_rows_done(&rows);
}

static void
attributes_that_are_merged_do_not_depend_on_order(void **state)
{
    struct config_pair *f = *state;
    struct config_world *both[] = {&f->o, &f->n};
    for (size_t i = 0; i < 2; i++) {
        config_world_rule(both[i], f->o.custom)->flow[0].merge = "MergeCaseInsensitive";
        config_world_rule(both[i], f->o.user_common)->flow[1].merge = "MergeCaseInsensitive";
    }
    config_world_rule(&f->n, f->n.custom)->precedence = 200;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected precedence of 1 rules: OLD's numbers > other numbers");
}

static void
rules_that_join_the_same_objects_depend_on_order(void **state)
{
    struct config_pair *f = *state;
    struct config_world *both[] = {&f->o, &f->n};
    for (size_t i = 0; i < 2; i++) {
        struct config_rule *r = config_world_rule(both[i], f->o.custom);
        r->flow[0].target = "title";
        world_condition(both[i], config_add_join(both[i]->model, r), "mail", "", "mail");
    }
    config_world_rule(&f->n, f->n.custom)->precedence = 200;
    struct config_rows rows = world_rows(&f->o, &f->n);
    assert_string_equal(
        row_about(&rows, "Contoso mail")->f.why,
        "the rule no longer wins over \"In from AD - User Join\" when both join the "
        "same object");
    config_rows_done(&rows);
}

static void
a_rule_to_another_place_does_not_compete(void **state)
{
    struct config_pair *f = *state;
    /* "Out to AAD - User Join" brings displayName too, but to the tenant */
    config_world_rule(&f->n, f->n.user_out)->precedence = 1;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected precedence of 1 rules: OLD's numbers > other numbers");
    /* nor does one that writes the same back to a forest */
    struct config_world *both[] = {&f->o, &f->n};
    for (size_t i = 0; i < 2; i++)
        world_flow(both[i],
                   world_rule(both[i], "Out to AD", "", "Outbound", both[i]->ad, "person user Join",
                              50 + (int64_t)i),
                   "displayName", "displayName");
    config_world_rule(&f->o, f->o.user_out)->precedence = 55;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected precedence of 2 rules: OLD's numbers > other numbers");
}

static void
an_order_that_one_side_does_not_say_is_not_compared(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.custom)->precedence = -1;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review rule-changed precedence of 1 rules: said > not said");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, config_pair_setup, config_pair_teardown)
    const struct CMUnitTest tests[] = {
        T(other_numbers_in_the_same_order_are_expected),
        T(a_rule_that_moves_past_one_that_brings_the_same_attribute_has_changed),
        T(a_rule_that_moves_past_others_without_a_shared_attribute_is_expected),
        T(the_same_number_as_another_rule_leaves_open_who_wins),
        T(two_rules_that_change_places_are_one_row),
        T(two_rules_that_moved_far_and_passed_each_other_are_one_row),
        T(attributes_that_are_merged_do_not_depend_on_order),
        T(rules_that_join_the_same_objects_depend_on_order),
        T(a_rule_to_another_place_does_not_compete),
        T(an_order_that_one_side_does_not_say_is_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
