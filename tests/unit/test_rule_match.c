#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/config_world.h"

#include "common/verify/config_pairs.h"
#include "common/verify/rule_match.h"

#include <stdlib.h>
#include <string.h>

struct fixture {
    struct config_world o, n;
    struct comparison cmp;
};

static int
setup(void **state)
{
    static struct fixture f;
    config_world_make(&f.o, "OLD");
    config_world_make(&f.n, "new");
    f.cmp = (struct comparison){.old_model = f.o.model, .new_model = f.n.model};
    assert_int_equal(config_pairs_make(&f.cmp), BATON_OK);
    *state = &f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    config_world_done(&f->o);
    config_world_done(&f->n);
    return 0;
}

static void
rules_find_each_other_and_their_connector(void **state)
{
    struct fixture *f = *state;
    struct rules_match m;
    assert_int_equal(rules_match(&f->cmp, &m), BATON_OK);
    for (size_t i = 0; i < m.old_side.count; i++) {
        assert_int_equal(m.old_side.view[i].partner, i);
        assert_int_equal(m.old_side.view[i].pair, i == f->o.user_out ? 1 : 0);
    }
    rules_done(&m);
}

static void
connectors_that_are_not_known_do_not_keep_rules_apart(void **state)
{
    struct fixture *f = *state;
    struct rules_match m;
    config_world_rule(&f->n, f->n.custom)->connector = "";
    assert_int_equal(rules_match(&f->cmp, &m), BATON_OK);
    assert_int_equal(m.old_side.view[f->o.custom].partner, f->n.custom);
    rules_done(&m);
}

static void
two_rules_of_one_name_are_matched_one_to_one(void **state)
{
    struct fixture *f = *state;
    struct rules_match m;
    world_rule(&f->o, "Contoso mail", "", "Inbound", f->o.ad, "user person Join", 51);
    assert_int_equal(rules_match(&f->cmp, &m), BATON_OK);
    assert_int_equal(m.old_side.view[f->o.custom].partner, f->n.custom);
    assert_true(m.old_side.view[m.old_side.count - 1].partner == NO_RULE);
    rules_done(&m);
}

static void
a_rule_that_its_tag_found_is_not_looked_for_by_name(void **state)
{
    struct fixture *f = *state;
    struct rules_match m;
    config_world_rule(&f->n, f->n.user_in)->name = "renamed";
    struct config_rule *r =
        world_rule(&f->n, "In from AD - User Join", "", "Inbound", f->n.ad, "user person Join", 51);
    assert_int_equal(rules_match(&f->cmp, &m), BATON_OK);
    assert_int_equal(m.old_side.view[f->o.user_in].partner, f->n.user_in);
    assert_true(m.new_side.view[r - f->n.model->rule].partner == NO_RULE);
    rules_done(&m);
}

static void
a_flow_is_known_by_where_it_arrives_and_only_of_enabled_rules(void **state)
{
    struct fixture *f = *state;
    struct rules_match m;
    config_world_rule(&f->n, f->n.user_out)->disabled = YES;
    assert_int_equal(rules_match(&f->cmp, &m), BATON_OK);
    assert_true(rules_flow(&m.old_side, "inbound|person|mail"));
    assert_true(rules_flow(&m.old_side, "outbound 1|user|mail"));
    assert_false(rules_flow(&m.old_side, "outbound 0|user|mail"));
    assert_false(rules_flow(&m.new_side, "outbound 1|user|mail"));
    assert_false(rule_lives_on(&m.old_side.view[f->o.user_out], &m.new_side));
    assert_true(rule_lives_on(&m.old_side.view[f->o.user_in], &m.new_side));
    assert_true(m.new_side.complete);
    rules_done(&m);
}

static void
more_rules_than_are_reasonable_are_refused(void **state)
{
    struct fixture *f = *state;
    struct rules_match m;
    while (f->n.model->rule_count <= RULES_COMPARED_MAX)
        (void)config_add_rule(f->n.model);
    assert_int_equal(rules_match(&f->cmp, &m), BATON_LIMIT);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(rules_find_each_other_and_their_connector),
        T(connectors_that_are_not_known_do_not_keep_rules_apart),
        T(two_rules_of_one_name_are_matched_one_to_one),
        T(a_rule_that_its_tag_found_is_not_looked_for_by_name),
        T(a_flow_is_known_by_where_it_arrives_and_only_of_enabled_rules),
        T(more_rules_than_are_reasonable_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
