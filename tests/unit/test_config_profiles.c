#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/config_world.h"

#include <string.h>

#define EXPORT "run profile Export (forest contoso.com)"

static struct config_run_profile *
export_profile(struct config_world *w)
{
    return &config_world_ad(w)->profile[2];
}

static void
another_delete_threshold_of_a_step_is_for_a_person(void **state)
{
    struct config_pair *f = *state;
    export_profile(&f->o)->step[0].delete_limit = 10;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review parameter delete threshold of " EXPORT ": 10 > none");
    export_profile(&f->n)->step[0].delete_limit = 500;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review parameter delete threshold of " EXPORT ": 10 > 500");
}

static void
no_threshold_and_one_of_zero_are_the_same(void **state)
{
    struct config_pair *f = *state;
    export_profile(&f->o)->step[0].delete_limit = 0;
    export_profile(&f->o)->step[0].object_limit = -1;
    export_profile(&f->o)->step[0].batch_size = 77;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    export_profile(&f->n)->step[0].object_limit = 500;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review parameter object threshold of " EXPORT ": none > 500");
}

static void
other_steps_and_other_partitions_are_another_run(void **state)
{
    struct config_pair *f = *state;
    export_profile(&f->n)->step[0].partition = "dc=contoso, dc=com";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO), "");
    export_profile(&f->n)->step[0].partition = "DC=lab,DC=contoso,DC=com";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review parameter " EXPORT ": export > export");
    export_profile(&f->n)->step[0].partition = "DC=contoso,DC=com";
    export_profile(&f->n)->step[0].type = "full-import";
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "review parameter " EXPORT ": export > full-import");
}

static void
a_run_profile_that_one_side_lacks_is_told(void **state)
{
    struct config_pair *f = *state;
    export_profile(&f->n)->name = "Export now";
    assert_string_equal(
        rows_text(&f->o, &f->n, SEVERITY_INFO),
        "review parameter run profile Export (forest contoso.com): there > missing\n"
        "review parameter run profile Export now (forest contoso.com): missing > there");
}

static void
of_two_eras_only_the_delete_threshold_of_exports_is_compared(void **state)
{
    struct config_pair *f = *state;
    f->o.model->source = CONFIG_FIM_EXPORT;
    export_profile(&f->o)->name = "Export of long ago";
    export_profile(&f->o)->step[0].delete_limit = 10;
    struct config_step *second = config_add_step(f->o.model, export_profile(&f->o));
    second->type = "export";
    second->delete_limit = 20;
    const char *rows = rows_text(&f->o, &f->n, SEVERITY_INFO);
    assert_non_null(strstr(
        rows, "review parameter delete threshold of exports (forest contoso.com): 10 > none"));
    assert_non_null(
        strstr(rows, "info expected run profiles of forest contoso.com: of one era > of another"));
    assert_null(strstr(rows, "long ago"));
}

static void
run_profiles_that_one_side_cannot_say_are_shown(void **state)
{
    struct config_pair *f = *state;
    size_t count = config_world_ad(&f->n)->profile_count;
    config_world_ad(&f->n)->profile_count = 0;
    assert_string_equal(rows_text(&f->o, &f->n, SEVERITY_INFO),
                        "info expected run profiles of forest contoso.com: said > not said");
    config_world_ad(&f->n)->profile_count = count;
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, config_pair_setup, config_pair_teardown)
    const struct CMUnitTest tests[] = {
        T(another_delete_threshold_of_a_step_is_for_a_person),
        T(no_threshold_and_one_of_zero_are_the_same),
        T(other_steps_and_other_partitions_are_another_run),
        T(a_run_profile_that_one_side_lacks_is_told),
        T(of_two_eras_only_the_delete_threshold_of_exports_is_compared),
        T(run_profiles_that_one_side_cannot_say_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
