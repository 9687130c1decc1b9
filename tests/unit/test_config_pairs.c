#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/config_world.h"

#include "common/verify/config_pairs.h"

#include <string.h>

static struct comparison
pairs(const struct config_pair *f)
{
    struct comparison cmp = {.old_model = f->o.model, .new_model = f->n.model};
    assert_int_equal(config_pairs_make(&cmp), BATON_OK);
    return cmp;
}

static void
connectors_are_matched_by_what_they_connect_to(void **state)
{
    struct config_pair *f = *state;
    char label[LABEL_BYTES];
    config_world_ad(&f->n)->forest = "CONTOSO.com";
    struct comparison cmp = pairs(f);
    assert_int_equal(cmp.pair_count, 2);
    assert_non_null(cmp.pair[0].new_side);
    config_pair_label(&cmp.pair[0], label);
    assert_string_equal(label, "forest contoso.com");
    config_pair_label(&cmp.pair[1], label);
    assert_string_equal(label, "Entra ID");
    assert_int_equal(config_pair_of(&cmp, f->n.model, "new-entra"), 1);
    assert_true(config_pair_of(&cmp, f->o.model, "new-entra") == PAIR_NONE);
    assert_true(config_pair_of(&cmp, f->o.model, "") == PAIR_NONE);
}

static void
a_forest_that_is_not_said_is_known_by_its_partitions(void **state)
{
    struct config_pair *f = *state;
    char label[LABEL_BYTES];
    config_world_ad(&f->o)->forest = "";
    config_world_ad(&f->n)->partition[0].dn = "dc=CONTOSO,dc=com";
    struct comparison cmp = pairs(f);
    assert_int_equal(cmp.pair_count, 2);
    config_pair_label(&cmp.pair[0], label);
    assert_string_equal(label, "forest contoso.com");
    config_world_ad(&f->n)->partition[0].dn = "DC=fabrikam,DC=com";
    cmp = pairs(f);
    assert_int_equal(cmp.pair_count, 3);
    assert_null(cmp.pair[0].new_side);
    assert_null(cmp.pair[2].old_side);
}

static void
the_same_name_of_another_forest_is_another_connector(void **state)
{
    struct config_pair *f = *state;
    config_world_ad(&f->n)->name = config_world_ad(&f->o)->name;
    config_world_ad(&f->n)->id = config_world_ad(&f->o)->id;
    config_world_ad(&f->n)->forest = "fabrikam.com";
    assert_int_equal(pairs(f).pair_count, 3);
}

static void
a_connector_of_another_kind_has_only_its_name(void **state)
{
    struct config_pair *f = *state;
    char label[LABEL_BYTES];
    config_add_connector(f->o.model)->name = "HR database";
    config_add_connector(f->n.model)->name = "hr DATABASE";
    struct comparison cmp = pairs(f);
    assert_int_equal(cmp.pair_count, 3);
    config_pair_label(&cmp.pair[2], label);
    assert_string_equal(label, "connector HR database");
    assert_int_equal(config_pair_kind(&cmp.pair[2]), CONNECTOR_OTHER);
}

static void
more_connectors_than_are_reasonable_are_refused(void **state)
{
    struct config_pair *f = *state;
    while (f->n.model->connector_count <= PAIRS_MAX)
        (void)config_add_connector(f->n.model);
    struct comparison cmp = {.old_model = f->o.model, .new_model = f->n.model};
    assert_int_equal(config_pairs_make(&cmp), BATON_LIMIT);
}

static void
what_is_not_said_names_the_form_that_does_not_say_it(void **state)
{
    struct config_pair *f = *state;
    struct config_rows rows = {0};
    struct comparison cmp = pairs(f);
    f->o.model->source = CONFIG_FIM_EXPORT;
    cmp.rows = &rows;
    struct config_row *row =
        config_row_unsaid(&cmp, CONFIG_EXPECTED, false, true, "colours", "the server");
    assert_string_equal(
        row->f.why, "cannot be compared: OLD, which is an export of the FIM era, does not say it");
    assert_int_equal(row->most, SEVERITY_INFO);
    row = config_row_unsaid(&cmp, CONFIG_ANCHOR, false, false, "colours", "the server");
    assert_string_equal(row->f.why, "cannot be compared: neither side says it");
    assert_int_equal(row->least, SEVERITY_REVIEW);
    assert_int_equal(row->most, SEVERITY_REVIEW);
    config_rows_done(&rows);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, config_pair_setup, config_pair_teardown)
    const struct CMUnitTest tests[] = {
        T(connectors_are_matched_by_what_they_connect_to),
        T(a_forest_that_is_not_said_is_known_by_its_partitions),
        T(the_same_name_of_another_forest_is_another_connector),
        T(a_connector_of_another_kind_has_only_its_name),
        T(more_connectors_than_are_reasonable_are_refused),
        T(what_is_not_said_names_the_form_that_does_not_say_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
