#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/config_world.h"

#include <string.h>

static void
two_servers_that_do_the_same_have_no_rows(void **state)
{
    struct config_pair *f = *state;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
}

static void
another_source_anchor_blocks(void **state)
{
    struct config_pair *f = *state;
    f->n.model->source_anchor = "OBJECTguid";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    f->n.model->source_anchor = "mS-DS-ConsistencyGuid";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block anchor source anchor: objectGUID > mS-DS-ConsistencyGuid");
}

static void
a_source_anchor_that_one_side_does_not_say_is_for_a_person(void **state)
{
    struct config_pair *f = *state;
    f->n.model->source_anchor = "";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review anchor source anchor of the tenant: said > not said");
    f->o.model->source_anchor = "";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review anchor source anchor of the tenant: not said > not said");
}

/* OLD becomes a server of the FIM era, with one set of import flows per type of person. */
static void
into_fim(struct config_pair *f, const char *user_anchor, const char *group_anchor)
{
    struct config_model *m = f->o.model;
    m->source = CONFIG_FIM_EXPORT;
    m->source_anchor = "";
    m->rules_said = m->parameters_said = false;
    m->parameter_count = 0;
    for (size_t i = 0; i < 2; i++) {
        const char *from = i == 0 ? user_anchor : group_anchor;
        struct config_rule *r = world_rule(&f->o, i == 0 ? "user" : "group", "", "Inbound", f->o.ad,
                                           "user person Join", -1);
        world_flow(&f->o, r, "displayName", "cn");
        if (from != NULL)
            world_flow(&f->o, r, "sourceAnchor", from);
    }
}

static bool
has_row(struct config_pair *f, const char *row)
{
    return strstr(rows_text(&f->o, &f->n, SEVERITY_REVIEW), row) != NULL;
}

static void
the_anchor_of_the_fim_era_is_what_flows_into_it(void **state)
{
    struct config_pair *f = *state;
    into_fim(f, "objectguid", "objectGUID");
    assert_false(has_row(f, "source anchor"));
    f->n.model->source_anchor = "mS-DS-ConsistencyGuid";
    assert_true(has_row(f, "block anchor source anchor: objectGUID > mS-DS-ConsistencyGuid"));
}

static void
flows_that_do_not_agree_about_the_anchor_say_none(void **state)
{
    struct config_pair *f = *state;
    into_fim(f, "objectGUID", "employeeID");
    assert_true(has_row(f, "review anchor source anchor of the tenant: not said > said"));
}

static void
no_flow_into_the_anchor_says_none(void **state)
{
    struct config_pair *f = *state;
    into_fim(f, NULL, NULL);
    assert_true(has_row(f, "review anchor source anchor of the tenant: not said > said"));
}

static void
what_flows_into_the_anchor_from_the_cloud_is_not_asked(void **state)
{
    struct config_pair *f = *state;
    into_fim(f, "objectGUID", NULL);
    struct config_rule *r =
        world_rule(&f->o, "cloud", "", "Inbound", f->o.entra, "user person Join", -1);
    world_flow(&f->o, r, "sourceAnchor", "cloudAnchor");
    assert_false(has_row(f, "source anchor"));
}

static void
the_cloud_agent_of_the_fim_era_says_whether_hashes_leave(void **state)
{
    struct config_pair *f = *state;
    into_fim(f, "objectGUID", NULL);
    config_world_ad(&f->o)->password_sync = UNSAID;
    assert_true(has_row(f, "password hash synchronization of the server: not said > said"));
    config_world_entra(&f->o)->password_sync = YES;
    assert_false(has_row(f, "password hash synchronization"));
    config_world_entra(&f->o)->password_sync = NO;
    assert_true(has_row(f, "block password-sync password hash synchronization of the server: off"));
}

static void
password_sync_that_is_off_on_one_side_blocks(void **state)
{
    struct config_pair *f = *state;
    config_world_ad(&f->n)->password_sync = NO;
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block password-sync password hash synchronization of forest contoso.com: on > off");
    /* the server's own switch says the same once more */
    world_set(&f->n, "Microsoft.OptionalFeature.PasswordHashSync", "False");
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block password-sync password hash synchronization of forest contoso.com: on > off");
    struct config_rows rows = world_rows(&f->n, &f->o);
    assert_non_null(strstr(row_about(&rows, "password")->f.why, "would leave for the tenant"));
    config_rows_done(&rows);
}

static void
password_sync_is_taken_from_the_parameters_when_connectors_do_not_say_it(void **state)
{
    struct config_pair *f = *state;
    config_world_ad(&f->o)->password_sync = UNSAID;
    config_world_ad(&f->n)->password_sync = UNSAID;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    world_set(&f->n, "Microsoft.OptionalFeature.PasswordHashSync", "False");
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "block password-sync password hash synchronization of the server: on > off");
    /* a later version says it by the way people sign in */
    f->n.model->parameter_count = 0;
    world_parameter(&f->n, "Microsoft.UserSignIn.SignOnMethod", "PasswordHashSync");
    assert_null(strstr(rows_text(&f->o, &f->n, SEVERITY_REVIEW), "password-sync"));
    /* another way of signing in does not say that hashes stay at home */
    world_set(&f->n, "Microsoft.UserSignIn.SignOnMethod", "Federation");
    assert_non_null(strstr(rows_text(&f->o, &f->n, SEVERITY_REVIEW),
                           "review password-sync password hash synchronization of the server: "
                           "said > not said"));
}

static void
the_worst_row_stands_first(void **state)
{
    struct config_pair *f = *state;
    world_set(&f->n, "Microsoft.OptionalFeature.ExportDeletionThresholdValue", "1000");
    world_parameter(&f->n, "Microsoft.OptionalFeature.UserWriteBack", "False");
    f->n.model->source_anchor = "mail";
    struct config_rows rows = world_rows(&f->o, &f->n);
    assert_int_equal(rows.count, 3);
    assert_int_equal(rows.item[0].class, CONFIG_ANCHOR);
    assert_int_equal(rows.item[1].class, CONFIG_PARAMETER);
    assert_int_equal(rows.item[2].class, CONFIG_EXPECTED);
    config_rows_done(&rows);
}

static void
the_same_difference_is_the_same_row_on_another_day(void **state)
{
    struct config_pair *f = *state;
    struct config_world other;
    f->n.model->source_anchor = "mail";
    struct config_rows first = world_rows(&f->o, &f->n);
    config_world_make(&other, "another-server");
    other.model->source_anchor = "mail";
    struct config_rows second = world_rows(&f->o, &other);
    assert_memory_equal(first.item[0].f.row.b, second.item[0].f.row.b, BATON_HASH_BYTES);
    config_rows_done(&second);
    other.model->source_anchor = "cn";
    second = world_rows(&f->o, &other);
    assert_memory_not_equal(first.item[0].f.row.b, second.item[0].f.row.b, BATON_HASH_BYTES);
    config_rows_done(&second);
    config_rows_done(&first);
    config_world_done(&other);
}

static void
nothing_is_said_by_empty_configurations_and_that_is_no_pass(void **state)
{
    (void)state;
    struct config_world o = {.model = config_model_new(CONFIG_SETTINGS)},
                        n = {.model = config_model_new(CONFIG_SETTINGS)};
    assert_string_equal(
        rows_text(&o, &n, SEVERITY_REVIEW),
        "review scope-narrowed connectors of Active Directory: not said > not said\n"
        "review scope-narrowed connectors of Entra ID: not said > not said\n"
        "review anchor source anchor of the tenant: not said > not said\n"
        "review rule-missing rules of the configuration: not said > not said");
    config_world_done(&o);
    config_world_done(&n);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, config_pair_setup, config_pair_teardown)
    const struct CMUnitTest tests[] = {
        T(two_servers_that_do_the_same_have_no_rows),
        T(another_source_anchor_blocks),
        T(a_source_anchor_that_one_side_does_not_say_is_for_a_person),
        T(the_anchor_of_the_fim_era_is_what_flows_into_it),
        T(flows_that_do_not_agree_about_the_anchor_say_none),
        T(no_flow_into_the_anchor_says_none),
        T(what_flows_into_the_anchor_from_the_cloud_is_not_asked),
        T(the_cloud_agent_of_the_fim_era_says_whether_hashes_leave),
        T(password_sync_that_is_off_on_one_side_blocks),
        T(password_sync_is_taken_from_the_parameters_when_connectors_do_not_say_it),
        T(the_worst_row_stands_first),
        T(the_same_difference_is_the_same_row_on_another_day),
        cmocka_unit_test(nothing_is_said_by_empty_configurations_and_that_is_no_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
