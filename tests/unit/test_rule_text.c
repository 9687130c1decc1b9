#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/verify/rule_text.h"

#include <string.h>

struct fixture {
    struct config_model *m;
    struct config_rule *r;
};

static int
setup(void **state)
{
    static struct fixture f;
    f.m = config_model_new(CONFIG_SERVER_EXPORT);
    f.r = config_add_rule(f.m);
    *state = &f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    config_model_free(&f->m);
    return 0;
}

static void
condition(struct fixture *f, struct config_group *g, const char *attribute, const char *operator,
          const char * value)
{
    struct config_condition *c = config_add_condition(f->m, g);
    c->attribute = attribute;
    c->operator= operator;
    c->value = value;
}

static struct config_flow *
flow(struct fixture *f, const char *target, const char *expression)
{
    struct config_flow *flow = config_add_flow(f->m, f->r);
    flow->target = target;
    flow->expression = expression;
    return flow;
}

static void
assert_texts(const struct fixture *f, const char *scope, const char *join)
{
    struct rule_text t;
    assert_int_equal(rule_text_make(f->r, &t), BATON_OK);
    assert_string_equal(t.scope, scope);
    assert_string_equal(t.join, join);
    rule_text_done(&t);
}

static void
assert_flow(const struct fixture *f, size_t index, const char *target, const char *text)
{
    struct rule_text t;
    assert_int_equal(rule_text_make(f->r, &t), BATON_OK);
    assert_string_equal(t.flow[index].target, target);
    assert_string_equal(t.flow[index].text, text);
    rule_text_done(&t);
}

static void
groups_and_conditions_have_no_order_and_no_doubles(void **state)
{
    struct fixture *f = *state;
    assert_texts(f, "none", "none");
    (void)config_add_scope(f->m, f->r); /* an empty group asks for nothing */
    assert_texts(f, "none", "none");
    struct config_group *g = config_add_scope(f->m, f->r);
    condition(f, g, "mail", "ISNOTNULL", "");
    condition(f, g, "Department", "equal", "Sales");
    condition(f, g, "department", "EQUAL", "Sales");
    g = config_add_scope(f->m, f->r);
    condition(f, g, "cn", "STARTSWITH", "A");
    assert_texts(f, "cn startswith A or department equal Sales and mail isnotnull ", "none");
    condition(f, config_add_join(f->m, f->r), "objectGUID", "", "sourceAnchorBinary");
    g = config_add_join(f->m, f->r);
    condition(f, g, "mail", "", "mail");
    g->condition[0].case_sensitive = YES;
    assert_texts(f, "cn startswith A or department equal Sales and mail isnotnull ",
                 "mail = mail (case-sensitive) or objectguid = sourceanchorbinary");
}

static void
the_case_of_a_value_counts(void **state)
{
    struct fixture *f = *state;
    condition(f, config_add_scope(f->m, f->r), "A", "EQUAL", "Sales");
    assert_texts(f, "a equal Sales", "none");
}

static void
white_space_and_case_of_an_expression_count_inside_literals_alone(void **state)
{
    struct fixture *f = *state;
    flow(f, "b", "IIF( IsNullOrEmpty([ Mail ]),\r\n \"No  Mail\", [mail])");
    assert_flow(f, 0, "b", "iif(isnullorempty([mail]),\"No  Mail\",[mail])");
}

static void
a_direct_flow_names_its_source_and_an_expression_its_own(void **state)
{
    struct fixture *f = *state;
    struct config_flow *x = flow(f, "b", "");
    config_list_add(f->m, &x->sources, "Mail");
    x->merge = "Update";
    x = flow(f, "a", "[cn]");
    config_list_add(f->m, &x->sources, "cn");
    x->merge = "MergeCaseInsensitive";
    x->once = YES;
    assert_flow(f, 0, "a", "[cn], merged by mergecaseinsensitive, once");
    assert_flow(f, 1, "b", "mail");
}

static void
a_merge_that_adds_is_known(void **state)
{
    struct fixture *f = *state;
    struct rule_text t;
    flow(f, "a", "x")->merge = "Merge";
    flow(f, "b", "x")->merge = "update";
    flow(f, "c", "x");
    assert_int_equal(rule_text_make(f->r, &t), BATON_OK);
    assert_true(t.flow[0].merges);
    assert_false(t.flow[1].merges);
    assert_false(t.flow[2].merges);
    rule_text_done(&t);
}

static void
the_version_of_a_tag_is_its_last_number(void **state)
{
    (void)state;
    static const struct {
        const char *tag, *version;
        size_t base;
    } tags[] = {
        {"Microsoft.InfromADUserJoin.012", "012", 26},
        {"Microsoft.Rule", "", 14},
        {"Microsoft.Rule.", "", 15},
        {"", "", 0},
        {"Rule.1a", "", 7},
        {"7", "", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        const char *version;
        assert_int_equal(rule_tag_base(tags[i].tag, &version), tags[i].base);
        assert_string_equal(version, tags[i].version);
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(groups_and_conditions_have_no_order_and_no_doubles),
        T(the_case_of_a_value_counts),
        T(white_space_and_case_of_an_expression_count_inside_literals_alone),
        T(a_direct_flow_names_its_source_and_an_expression_its_own),
        T(a_merge_that_adds_is_known),
        T(the_version_of_a_tag_is_its_last_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
