#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/verify/config_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
a_new_model_says_nothing(void **state)
{
    (void)state;
    struct config_model *m = config_model_new(CONFIG_SETTINGS);
    assert_int_equal(m->source, CONFIG_SETTINGS);
    assert_string_equal(config_source_name(m->source), "settings");
    assert_string_equal(config_source_text(m->source), "a settings file");
    assert_string_equal(m->source_anchor, "");
    assert_string_equal(m->product_version, "");
    assert_false(m->rules_said);
    assert_int_equal(config_model_status(m), BATON_OK);
    config_model_free(&m);
    assert_null(m);
    config_model_free(&m);
}

static void
an_element_begins_unsaid(void **state)
{
    (void)state;
    struct config_model *m = config_model_new(CONFIG_SERVER_EXPORT);
    struct config_connector *c = config_add_connector(m);
    struct config_run_profile *p = config_add_profile(m, c);
    struct config_step *s = config_add_step(m, p);
    struct config_rule *r = config_add_rule(m);
    assert_string_equal(c->forest, "");
    assert_int_equal(c->password_sync, UNSAID);
    assert_false(c->attributes.said);
    assert_int_equal(s->delete_limit, -1);
    assert_int_equal(r->precedence, -1);
    assert_int_equal(config_add_partition(m, c)->selected, UNSAID);
    assert_string_equal(config_add_flow(m, r)->expression, "");
    assert_string_equal(config_add_condition(m, config_add_scope(m, r))->operator, "");
    assert_string_equal(config_add_condition(m, config_add_join(m, r))->value, "");
    assert_string_equal(config_add_parameter(m)->type, "");
    config_model_free(&m);
}

static void
lists_grow_and_texts_stay_where_they_are(void **state)
{
    (void)state;
    struct config_model *m = config_model_new(CONFIG_SERVER_EXPORT);
    const char *first = config_keep(m, "first text", 5);
    for (int i = 0; i < 1000; i++) {
        char name[32];
        struct config_rule *r = config_add_rule(m);
        snprintf(name, sizeof name, "rule %d", i);
        r->name = config_keep(m, name, strlen(name));
        config_list_add(m, &config_add_flow(m, r)->sources, name);
    }
    assert_string_equal(first, "first");
    assert_int_equal(m->rule_count, 1000);
    assert_string_equal(m->rule[0].name, "rule 0");
    assert_string_equal(m->rule[999].flow[0].sources.item[0], "rule 999");
    assert_true(m->rule[999].flow[0].sources.said);
    assert_int_equal(config_model_status(m), BATON_OK);
    config_model_free(&m);
}

static void
an_identifier_has_no_braces_and_no_case(void **state)
{
    (void)state;
    struct config_model *m = config_model_new(CONFIG_SERVER_EXPORT);
    assert_string_equal(config_identifier(m, "{AE4DB4CC-B16B}"), "ae4db4cc-b16b");
    assert_string_equal(config_identifier(m, "ae4db4CC"), "ae4db4cc");
    assert_string_equal(config_identifier(m, "{"), "{");
    assert_string_equal(config_identifier(m, "{}"), "");
    assert_string_equal(config_identifier(m, ""), "");
    config_model_free(&m);
}

static void
a_limit_is_remembered_and_later_elements_are_spare(void **state)
{
    (void)state;
    struct config_model *m = config_model_new(CONFIG_SERVER_EXPORT);
    char *text = calloc(1, CONFIG_TEXT_MAX + 2);
    memset(text, 'x', CONFIG_TEXT_MAX + 1);
    assert_string_not_equal(config_keep(m, text, CONFIG_TEXT_MAX), "");
    assert_string_equal(config_keep(m, text, CONFIG_TEXT_MAX + 1), "");
    assert_int_equal(config_model_status(m), BATON_LIMIT);
    struct config_rule *r = config_add_rule(m);
    config_list_add(m, &config_add_flow(m, r)->sources, "lost");
    assert_int_equal(m->rule_count, 0);
    assert_int_equal(r->flow_count, 0);
    free(text);
    config_model_free(&m);
}

static void
a_list_ends_at_its_limit(void **state)
{
    (void)state;
    struct config_model *m = config_model_new(CONFIG_SERVER_EXPORT);
    struct config_connector *c = config_add_connector(m);
    for (int i = 0; i < CONFIG_ITEMS_MAX; i++)
        config_list_add(m, &c->attributes, "");
    assert_int_equal(config_model_status(m), BATON_OK);
    config_list_add(m, &c->attributes, "");
    assert_int_equal(config_model_status(m), BATON_LIMIT);
    assert_int_equal(c->attributes.count, CONFIG_ITEMS_MAX);
    config_model_free(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_model_says_nothing),
        cmocka_unit_test(an_element_begins_unsaid),
        cmocka_unit_test(lists_grow_and_texts_stay_where_they_are),
        cmocka_unit_test(an_identifier_has_no_braces_and_no_case),
        cmocka_unit_test(a_limit_is_remembered_and_later_elements_are_spare),
        cmocka_unit_test(a_list_ends_at_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
