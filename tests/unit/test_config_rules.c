#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/config_world.h"

#include <string.h>

#define AD " (forest contoso.com)"

static void
assert_why(const struct config_pair *f, const char *subject, const char *why)
{
    struct config_rows rows = world_rows(&f->o, &f->n);
    assert_string_equal(row_about(&rows, subject)->f.why, why);
    config_rows_done(&rows);
}

static void
a_rule_that_is_disabled_or_missing_stops_and_says_what_nothing_brings_any_more(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.group_in)->disabled = YES;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block rule-changed In from AD - Group Join" AD ": enabled > disabled");
    assert_why(f, "Group Join", "what the rule did stops: nothing brings displayName any more");
    f->n.model->rule[f->n.group_in].name = "Something else";
    f->n.model->rule[f->n.group_in].tag = "";
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_REVIEW),
        "block rule-missing In from AD - Group Join" AD
        ": enabled; group -> group, provision; scope: none; join: none; flows: displayName <- "
        "displayname > missing");
}

static void
a_rule_that_was_disabled_already_is_no_loss(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->o, f->o.custom)->disabled = YES;
    config_world_rule(&f->n, f->n.custom)->disabled = YES;
    config_world_rule(&f->n, f->n.custom)->precedence = 1;
    config_world_rule(&f->n, f->n.custom)->scope[0].condition[0].value = "Marketing";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    f->n.model->rule[f->n.custom].name = "Other";
    assert_null(strstr(rows_text(&f->o, &f->n, SEVERITY_INFO), "review"));
    config_world_rule(&f->n, f->n.custom)->disabled = NO;
    assert_non_null(strstr(rows_text(&f->o, &f->n, SEVERITY_INFO), "review rule-added Other"));
    assert_non_null(
        strstr(rows_text(&f->o, &f->n, SEVERITY_INFO), "info expected Contoso mail" AD));
}

static void
a_rule_that_only_new_has_is_for_a_person(void **state)
{
    struct config_pair *f = *state;
    struct config_rule *r =
        world_rule(&f->n, "Extra", "", "Inbound", f->n.ad, "user person Join", 60);
    world_flow(&f->n, r, "title", "title");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review rule-added Extra" AD ": missing > enabled; user -> person, join; "
                        "scope: none; join: none; flows: title <- title");
    assert_why(f, "Extra", "a rule that only NEW has brings title");
}

static void
a_tag_of_another_version_is_expected_and_explained(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->o, f->o.user_in)->tag = "Microsoft.InfromADUserJoin.007";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected version of 1 standard rules: Microsoft.InfromADUserJoin.007 "
                        "> Microsoft.InfromADUserJoin.012");
    /* a changed content is then for a person, never a block: the product may have changed it */
    config_world_rule(&f->o, f->o.user_in)->scope[0].condition[0].value = "FALSE";
    assert_non_null(strstr(rows_text(&f->o, &f->n, SEVERITY_REVIEW),
                           "review rule-changed In from AD - User Join" AD ": scope: "));
    config_world_rule(&f->n, f->n.user_in)->tag = "microsoft.infromADuserjoin.007";
    assert_non_null(strstr(rows_text(&f->o, &f->n, SEVERITY_REVIEW),
                           "block rule-changed In from AD - User Join" AD ": scope: "));
}

static void
a_rule_is_matched_by_its_tag_when_its_name_differs_and_by_name_without_one(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.user_in)->name = "In from AD - User Join (renamed)";
    config_world_rule(&f->n, f->n.custom)->name = "CONTOSO mail";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    config_world_rule(&f->n, f->n.custom)->direction = "Outbound";
    assert_non_null(strstr(rows_text(&f->o, &f->n, SEVERITY_REVIEW), "rule-missing Contoso mail"));
}

static void
the_same_rule_on_another_forest_is_another_rule(void **state)
{
    struct config_pair *f = *state;
    struct config_connector *c = config_add_connector(f->n.model);
    c->kind = CONNECTOR_AD;
    c->forest = "fabrikam.com";
    c->id = "fabrikam";
    config_world_rule(&f->n, f->n.custom)->connector = "fabrikam";
    const char *rows = rows_text(&f->o, &f->n, SEVERITY_REVIEW);
    assert_non_null(strstr(rows, "block rule-missing Contoso mail" AD));
    assert_non_null(strstr(rows, "review rule-added Contoso mail (forest fabrikam.com)"));
}

static void
a_scope_or_a_join_that_differs_is_one_row(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.custom)->scope[0].condition[0].value = "Marketing";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block rule-changed Contoso mail" AD ": scope: department equal Sales > "
                        "scope: department equal Marketing");
    assert_why(f, "Contoso", "the rule acts on other objects than before");
    config_world_rule(&f->n, f->n.custom)->link = "Provision";
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block rule-changed Contoso mail" AD
        ": link: user -> person, join; scope: department equal Sales > link: user -> person, "
        "provision; scope: department equal Marketing");
}

static void
a_transformation_that_differs_names_the_attribute(void **state)
{
    struct config_pair *f = *state;
    struct config_rule *r = config_world_rule(&f->n, f->n.user_common);
    r->flow[1].expression = "trim( [MAIL] )";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    r->flow[1].expression = "LCase([mail])";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block rule-changed In from AD - User Common" AD
                        ": mail: trim([mail]) > mail: lcase([mail])");
    assert_why(f, "Common", "mail gets another value on every object in the rule's scope");
}

static void
an_attribute_that_no_rule_brings_any_more_is_lost_and_its_rule_is_not_changed(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.user_common)->flow[0].target = "description";
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block attribute-lost attribute displayName of person in the metaverse: flows by In from "
        "AD "
        "- User Common > no flow\n"
        "review attribute-added attribute description of person in the metaverse: no flow > flows "
        "by In from AD - User Common");
    assert_why(f, "displayName",
               "displayName no longer reaches the metaverse: it is emptied in the tenant on every "
               "person");
}

static void
an_attribute_that_no_longer_flows_out_is_emptied_in_the_tenant(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.user_out)->flow[2].target = "DISPLAYNAME";
    const char *rows = rows_text(&f->o, &f->n, SEVERITY_REVIEW);
    assert_non_null(strstr(rows,
                           "block attribute-lost attribute mail of user in Entra ID: flows by "
                           "Out to AAD - User Join > no flow"));
    assert_why(f, "attribute mail", "mail would be emptied on every user in Entra ID");
}

static void
a_flow_that_another_rule_still_brings_is_a_change_of_the_rule(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.custom)->flow[0].target = "title";
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block rule-changed Contoso mail" AD ": mail: extensionattribute1 > mail: no flow\n"
        "review attribute-added attribute title of person in the metaverse: no flow > flows by "
        "Contoso mail");
}

static void
password_sync_of_a_rule_is_password_sync(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->o, f->o.user_in)->password_sync = YES;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block password-sync password sync of In from AD - User Join" AD
                        ": on > off");
}

static void
standard_rules_without_content_are_shown_and_custom_ones_are_compared(void **state)
{
    struct config_pair *f = *state;
    f->n.model->source = CONFIG_SETTINGS;
    for (size_t i = 0; i < f->n.model->rule_count; i++)
        f->n.model->rule[i].content_said = i == f->n.custom;
    config_world_rule(&f->n, f->n.custom)->flow[0].target = "title";
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block rule-changed Contoso mail" AD
        ": mail: extensionattribute1; title: no flow > mail: no flow; title: extensionattribute1\n"
        "info expected content of 4 rules of the product: said > not said");
}

static void
a_join_that_is_not_said_is_for_a_person(void **state)
{
    struct config_pair *f = *state;
    config_world_rule(&f->n, f->n.custom)->join_unsaid = true;
    world_condition(&f->o, config_add_join(f->o.model, config_world_rule(&f->o, f->o.custom)),
                    "mail", "", "mail");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review rule-changed join of 1 custom rules: said > not said");
}

static void
flows_of_the_fim_era_are_compared_by_what_reaches_the_tenant(void **state)
{
    struct config_pair *f = *state;
    f->o.model->source = CONFIG_FIM_EXPORT;
    f->o.model->rules_said = false;
    struct config_rule *r = config_world_rule(&f->o, f->o.user_out);
    r->name = "person -> user";
    r->tag = "";
    world_flow(&f->o, r, "telephoneNumber", "telephoneNumber");
    world_flow(&f->n, config_world_rule(&f->n, f->n.user_out), "usageLocation", "c");
    const char *rows = rows_text(&f->o, &f->n, SEVERITY_INFO);
    assert_non_null(strstr(rows, "block attribute-lost attribute telephoneNumber of user in Entra "
                                 "ID: flows by person -> user > no flow"));
    assert_non_null(
        strstr(rows, "review attribute-added attribute usageLocation of user in Entra ID"));
    assert_non_null(strstr(rows, "info expected scope, join and precedence of synchronization "
                                 "rules: not said > said"));
    assert_null(strstr(rows, "rule-missing"));
    assert_null(strstr(rows, "metaverse"));
}

static void
an_era_that_says_no_flow_to_entra_cannot_be_compared(void **state)
{
    struct config_pair *f = *state;
    f->o.model->source = CONFIG_FIM_EXPORT;
    f->o.model->rules_said = false;
    config_world_rule(&f->o, f->o.user_out)->disabled = YES;
    assert_non_null(strstr(rows_text(&f->o, &f->n, SEVERITY_INFO),
                           "review attribute-lost attributes that flow out of Entra ID: not said > "
                           "said"));
}

static void
a_side_without_any_rule_is_no_equality(void **state)
{
    struct config_pair *f = *state;
    size_t count = f->n.model->rule_count;
    f->n.model->rule_count = 0;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review rule-missing rules of the configuration: said > not said");
    f->n.model->rule_count = count;
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, config_pair_setup, config_pair_teardown)
    const struct CMUnitTest tests[] = {
        T(a_rule_that_is_disabled_or_missing_stops_and_says_what_nothing_brings_any_more),
        T(a_rule_that_was_disabled_already_is_no_loss),
        T(a_rule_that_only_new_has_is_for_a_person),
        T(a_tag_of_another_version_is_expected_and_explained),
        T(a_rule_is_matched_by_its_tag_when_its_name_differs_and_by_name_without_one),
        T(the_same_rule_on_another_forest_is_another_rule),
        T(a_scope_or_a_join_that_differs_is_one_row),
        T(a_transformation_that_differs_names_the_attribute),
        T(an_attribute_that_no_rule_brings_any_more_is_lost_and_its_rule_is_not_changed),
        T(an_attribute_that_no_longer_flows_out_is_emptied_in_the_tenant),
        T(a_flow_that_another_rule_still_brings_is_a_change_of_the_rule),
        T(password_sync_of_a_rule_is_password_sync),
        T(standard_rules_without_content_are_shown_and_custom_ones_are_compared),
        T(a_join_that_is_not_said_is_for_a_person),
        T(flows_of_the_fim_era_are_compared_by_what_reaches_the_tenant),
        T(an_era_that_says_no_flow_to_entra_cannot_be_compared),
        T(a_side_without_any_rule_is_no_equality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
