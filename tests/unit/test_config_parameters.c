#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/config_world.h"

#include "common/verify/config_parameters.h"

#include <string.h>

#define THRESHOLD "Microsoft.OptionalFeature.ExportDeletionThreshold"

static void
a_parameter_that_decides_about_everybody_blocks(void **state)
{
    struct config_pair *f = *state;
    world_set(&f->n, "Microsoft.SynchronizationOption.UPNAttribute", "mail");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "block parameter Microsoft.SynchronizationOption.UPNAttribute: "
                        "userPrincipalName > mail");
}

static void
another_delete_threshold_is_for_a_person(void **state)
{
    struct config_pair *f = *state;
    world_set(&f->n, THRESHOLD "Value", "5000");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review parameter " THRESHOLD "Value: 500 > 5000");
}

static void
words_for_yes_and_no_are_one_value(void **state)
{
    struct config_pair *f = *state;
    world_set(&f->n, THRESHOLD, "true");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    world_set(&f->n, THRESHOLD, "1");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    world_set(&f->n, THRESHOLD, "0");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review parameter " THRESHOLD ": True > 0");
}

static void
names_in_a_set_have_no_order(void **state)
{
    struct config_pair *f = *state;
    static const char name[] = "Microsoft.OptionalFeature.DirectoryExtensionAttributes";
    world_parameter(&f->o, name, "a.user.String.false, b.group.String.true");
    world_parameter(&f->n, name, "B.group.string.true,a.user.String.false,");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    world_set(&f->n, name, "b.group.string.true");
    assert_non_null(strstr(rows_text(&f->o, &f->n, SEVERITY_INFO), "review parameter"));
    world_set(&f->n, name, "b.group.string.true,a.user.String.false,c.user.String.false");
    assert_non_null(strstr(rows_text(&f->o, &f->n, SEVERITY_INFO), "review parameter"));
}

static void
what_differs_between_an_old_and_a_new_server_is_expected(void **state)
{
    struct config_pair *f = *state;
    world_parameter(&f->o, "Microsoft.Synchronize.StagingMode", "False");
    world_parameter(&f->n, "microsoft.synchronize.stagingmode", "True");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected Microsoft.Synchronize.StagingMode: False > True");
}

static void
what_only_one_version_knows_matters_when_it_is_on(void **state)
{
    struct config_pair *f = *state;
    world_parameter(&f->n, "Microsoft.OptionalFeature.Newest", "False");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected Microsoft.OptionalFeature.Newest: not known > False");
    world_set(&f->n, "Microsoft.OptionalFeature.Newest", "True");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review parameter Microsoft.OptionalFeature.Newest: not known > True");
}

static void
a_name_that_nobody_knows_is_compared(void **state)
{
    struct config_pair *f = *state;
    world_parameter(&f->o, "Contoso.Own", "a");
    world_parameter(&f->n, "Contoso.Own", "b");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review parameter Contoso.Own: a > b");
    world_set(&f->n, "Contoso.Own", "A");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
}

static void
a_secret_is_not_compared_and_not_shown(void **state)
{
    struct config_pair *f = *state;
    world_parameter(&f->o, "Contoso.Key", "");
    f->o.model->parameter[f->o.model->parameter_count - 1].secret = true;
    world_parameter(&f->n, "Contoso.Key", "something");
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    assert_null(parameter_value(f->o.model, "Contoso.Key"));
    assert_string_equal(parameter_value(f->n.model, "contoso.KEY"), "something");
}

static void
parameters_that_one_side_cannot_say_are_shown(void **state)
{
    struct config_pair *f = *state;
    f->n.model->parameters_said = false;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected global parameters of the server: said > not said");
}

static void
every_known_parameter_has_a_reason_and_what_is_compared_an_advice(void **state)
{
    (void)state;
    size_t n;
    const struct parameter_rule *rules = parameter_rules(&n);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(parameter_rule_named(rules[i].name), &rules[i]);
        assert_true(rules[i].why[0] != '\0');
        bool compared =
            rules[i].treatment == PARAMETER_COMPARED || rules[i].treatment == PARAMETER_SET;
        assert_int_equal(compared, rules[i].advice[0] != '\0');
        assert_int_equal(compared, rules[i].least > SEVERITY_INFO);
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, config_pair_setup, config_pair_teardown)
    const struct CMUnitTest tests[] = {
        T(a_parameter_that_decides_about_everybody_blocks),
        T(another_delete_threshold_is_for_a_person),
        T(words_for_yes_and_no_are_one_value),
        T(names_in_a_set_have_no_order),
        T(what_differs_between_an_old_and_a_new_server_is_expected),
        T(what_only_one_version_knows_matters_when_it_is_on),
        T(a_name_that_nobody_knows_is_compared),
        T(a_secret_is_not_compared_and_not_shown),
        T(parameters_that_one_side_cannot_say_are_shown),
        T(every_known_parameter_has_a_reason_and_what_is_compared_an_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
