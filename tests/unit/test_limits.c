#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "common/verify/limits.h"

#include <string.h>

static void
a_preset_has_the_numbers_of_the_catalogue(void **state)
{
    (void)state;
    struct limits l;
    size_t count;
    const struct verify_rule *rules = verify_rules(&count);
    for (int p = PRESET_PARITY; p < PRESET_COUNT; p++) {
        limits_preset((enum preset)p, &l);
        assert_int_equal(l.preset, p);
        for (size_t i = 0; i < count; i++) {
            const struct limit *limit = limits_of(&l, rules[i].id);
            assert_ptr_equal(limit, &l.rule[i]);
            assert_int_equal(limit->value.count_max, rules[i].preset[p].count_max);
            assert_int_equal(limit->value.severity, rules[i].preset[p].severity);
            assert_false(limit->changed);
        }
        assert_false(l.rows_may_leave);
    }
    assert_null(limits_of(&l, "EX-NOTHING"));
}

static void
parity_allows_no_delete(void **state)
{
    (void)state;
    struct limits l;
    uint64_t limit = 7;
    limits_preset(PRESET_PARITY, &l);
    assert_false(limits_passed(&l, "EX-DELETES", 0, 1000, &limit));
    assert_int_equal(limit, 0);
    assert_true(limits_passed(&l, "EX-DELETES", 1, 1000, &limit));
}

static void
the_smaller_of_count_and_percentage_binds(void **state)
{
    (void)state;
    struct limits l;
    uint64_t limit;
    limits_preset(PRESET_PARITY, &l); /* EX-MASS-CHANGE: 25 and 5 % */
    assert_false(limits_passed(&l, "EX-MASS-CHANGE", 25, 100000, &limit));
    assert_int_equal(limit, 25);
    assert_true(limits_passed(&l, "EX-MASS-CHANGE", 26, 100000, &limit));
    assert_true(limits_passed(&l, "EX-MASS-CHANGE", 8, 150, &limit));
    assert_int_equal(limit, 7);
    assert_false(limits_passed(&l, "EX-MASS-CHANGE", 7, 150, &limit));
    /* a scope that nobody knows makes no percentage */
    assert_false(limits_passed(&l, "EX-MASS-CHANGE", 25, 0, &limit));
    assert_int_equal(limit, 25);
}

static void
a_rule_without_a_limit_is_never_passed(void **state)
{
    (void)state;
    struct limits l;
    uint64_t limit;
    limits_preset(PRESET_PARITY, &l);
    assert_false(limits_passed(&l, "CF-EXPECTED", UINT64_MAX - 1, 1, &limit));
    assert_int_equal(limit, FINDING_NO_LIMIT);
    limits_preset(PRESET_PARALLEL_UPGRADE, &l); /* EX-UPDATES: no count, 5 % */
    assert_true(limits_passed(&l, "EX-UPDATES", 6, 100, &limit));
    assert_false(limits_passed(&l, "EX-UPDATES", UINT64_MAX / 100 * 5, UINT64_MAX, &limit));
}

static void
what_takes_objects_away_needs_two_people_and_sign_in_attributes_are_watched(void **state)
{
    (void)state;
    struct limits l;
    limits_preset(PRESET_PARITY, &l);
    assert_true(limits_of(&l, "CF-SCOPE-NARROWED")->second_person);
    assert_true(limits_of(&l, "EX-DELETES")->second_person);
    assert_true(limits_of(&l, "CF-ANCHOR")->second_person);
    assert_false(limits_of(&l, "CF-PARAMETER")->second_person);
    assert_true(limits_watch(&l, "USERPRINCIPALNAME"));
    assert_false(limits_watch(&l, "displayName"));
}

static struct limits policy;

static enum baton_status
read_text(const char *text, struct baton_err *err)
{
    return limits_read(text, strlen(text), PRESET_PARITY, &policy, err);
}

static void
expect_fault(const char *text, const char *says)
{
    struct baton_err err = {0};
    assert_int_equal(read_text(text, &err), BATON_MALFORMED);
    if (strstr(err.text, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, says);
}

static void
a_policy_changes_what_it_names_and_nothing_else(void **state)
{
    (void)state;
    struct limits preset;
    assert_int_equal(read_text("preset: parallel-upgrade\n"
                               "rules:\n"
                               "  - rule: EX-DELETES\n"
                               "    count: 5\n"
                               "    percent: 3\n"
                               "    severity: review\n"
                               "    second_person: false\n"
                               "  - rule: CF-PARAMETER\n"
                               "    severity: block\n"
                               "attributes: [mail, title]\n"
                               "rows_may_leave: true\n",
                               NULL),
                     BATON_OK);
    limits_preset(PRESET_PARALLEL_UPGRADE, &preset);
    const struct limit *l = limits_of(&policy, "EX-DELETES");
    assert_true(l->changed);
    assert_int_equal(l->value.count_max, 5);
    assert_int_equal(l->value.percent_max, 3);
    assert_int_equal(l->value.severity, SEVERITY_REVIEW);
    assert_false(l->second_person);
    l = limits_of(&policy, "CF-PARAMETER");
    assert_int_equal(l->value.severity, SEVERITY_BLOCK);
    assert_int_equal(l->value.count_max, limits_of(&preset, "CF-PARAMETER")->value.count_max);
    assert_memory_equal(limits_of(&policy, "CF-ANCHOR"), limits_of(&preset, "CF-ANCHOR"),
                        sizeof *l);
    assert_int_equal(policy.preset, PRESET_PARALLEL_UPGRADE);
    assert_true(limits_watch(&policy, "TITLE"));
    assert_false(limits_watch(&policy, "userPrincipalName"));
    assert_true(policy.rows_may_leave && policy.preset_named);
}

static void
a_policy_without_a_preset_lies_over_the_one_that_is_given(void **state)
{
    (void)state;
    static const char text[] = "rules:\n  - rule: EX-ADDS\n    count: 7\n";
    struct limits preset;
    limits_preset(PRESET_UNSUPPORTED_PATH, &preset);
    assert_int_equal(limits_read(text, strlen(text), PRESET_UNSUPPORTED_PATH, &policy, NULL),
                     BATON_OK);
    assert_int_equal(policy.preset, PRESET_UNSUPPORTED_PATH);
    assert_false(policy.preset_named);
    assert_memory_equal(limits_of(&policy, "EX-UPDATES"), limits_of(&preset, "EX-UPDATES"),
                        sizeof(struct limit));
    assert_int_equal(limits_of(&policy, "EX-ADDS")->value.count_max, 7);
}

static void
a_policy_may_be_its_preset_alone(void **state)
{
    (void)state;
    struct limits preset;
    assert_int_equal(read_text("preset: parity", NULL), BATON_OK);
    limits_preset(PRESET_PARITY, &preset);
    assert_memory_equal(policy.rule, preset.rule, sizeof preset.rule);
    assert_true(limits_watch(&policy, "userPrincipalName"));
}

static void
what_a_policy_may_not_say_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_fault("", "empty policy");
    expect_fault("preset: parity\npreset: parity\n", "already seen: preset");
    expect_fault("preset: parity\ncolour: red\n", "near line 1: Unexpected key: colour");
    expect_fault("preset: parity\nrules:\n  - rule: EX-DELETES\n    colour: 1\n",
                 "near line 3: Unexpected key: colour");
    expect_fault("preset: strict\n", "near line 1: preset strict");
    expect_fault("preset: parity\nrules:\n  - rule: EX-NOTHING\n",
                 "near line 3: no rule EX-NOTHING");
    expect_fault("preset: parity\nrules:\n  - rule: EX-ADDS\n    count: -1\n",
                 "near line 3: rule EX-ADDS: count is 0 to 1000000000");
    expect_fault("preset: parity\nrules:\n  - rule: EX-ADDS\n    percent: 101\n", "0 to 100");
    expect_fault("preset: parity\nrules: # two\n  - rule: EX-ADDS\n    count: 1\n\n  - {rule: "
                 "EX-UPDATES, severity: bad}\n",
                 "near line 6: rule EX-UPDATES: severity bad");
    expect_fault("preset: parity\nrules:\n  - rule: EX-ADDS\n    severity: bad\n", "review");
    expect_fault("preset: parity\nrules:\n  - rule: EX-ADDS\n  - rule: EX-ADDS\n",
                 "near line 4: rule EX-ADDS stands there twice");
    expect_fault("preset: [parity\n", "line");
    expect_fault("a: &a [x]\nb: *a\n", "line");
    expect_fault("preset: &p parity\nattributes: [*p]\n", "lias");
}

/* The samples are what people begin with: each is the policy of its name, and says something. */
static void
the_sample_policies_change_their_presets(void **state)
{
    (void)state;
    static const char *const names[PRESET_COUNT] = {"parity", "parallel-upgrade",
                                                    "unsupported-path"};
    for (size_t i = 0; i < PRESET_COUNT; i++) {
        static char text[LIMITS_BYTES_MAX];
        char path[256];
        struct limits preset;
        struct baton_err err = {0};
        snprintf(path, sizeof path, "%s/deploy/policies/%s.yaml", BATON_SOURCE_DIR, names[i]);
        FILE *f = fopen(path, "r");
        assert_non_null(f);
        size_t len = fread(text, 1, sizeof text, f);
        fclose(f);
        if (limits_read(text, len, PRESET_PARITY, &policy, &err) != BATON_OK)
            fail_msg("%s: %s", path, err.text);
        assert_true(policy.preset_named);
        assert_string_equal(preset_name(policy.preset), names[i]);
        limits_preset(policy.preset, &preset);
        assert_memory_not_equal(policy.rule, preset.rule, sizeof preset.rule);
        assert_false(policy.rows_may_leave);
    }
}

static void
a_policy_that_is_too_long_is_refused_before_it_is_read(void **state)
{
    (void)state;
    static char text[LIMITS_BYTES_MAX + 2];
    memset(text, '#', sizeof text - 1);
    assert_int_equal(read_text(text, NULL), BATON_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_preset_has_the_numbers_of_the_catalogue),
        cmocka_unit_test(parity_allows_no_delete),
        cmocka_unit_test(the_smaller_of_count_and_percentage_binds),
        cmocka_unit_test(a_rule_without_a_limit_is_never_passed),
        cmocka_unit_test(
            what_takes_objects_away_needs_two_people_and_sign_in_attributes_are_watched),
        cmocka_unit_test(a_policy_changes_what_it_names_and_nothing_else),
        cmocka_unit_test(a_policy_without_a_preset_lies_over_the_one_that_is_given),
        cmocka_unit_test(a_policy_may_be_its_preset_alone),
        cmocka_unit_test(what_a_policy_may_not_say_is_refused_with_its_line),
        cmocka_unit_test(the_sample_policies_change_their_presets),
        cmocka_unit_test(a_policy_that_is_too_long_is_refused_before_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
