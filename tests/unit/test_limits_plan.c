#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/crypto/crypto.h"
#include "common/verify/limits_plan.h"
#include "sample.h"

static const char text[] = "rules:\n  - rule: EX-DELETES\n    count: 3\n";
static struct limits limits;

static struct plan
plan_of(enum profile profile, const char *policy)
{
    struct plan p = sample_plan();
    p.profile = (uint8_t)profile;
    if (policy != NULL)
        crypto_sha256(policy, strlen(policy), &p.limits);
    return p;
}

static enum baton_status
effective(const struct plan *p, const char *policy, struct baton_err *err)
{
    return limits_of_plan(p, policy, policy != NULL ? strlen(policy) : 0, crypto_digest_port(),
                          &limits, err);
}

static void
without_a_policy_the_path_chooses_the_preset(void **state)
{
    (void)state;
    static const struct {
        enum profile profile;
        enum preset preset;
    } of[] = {{PROFILE_PARALLEL, PRESET_PARALLEL_UPGRADE},
              {PROFILE_DEAD_SOURCE, PRESET_PARALLEL_UPGRADE},
              {PROFILE_UNSUPPORTED, PRESET_UNSUPPORTED_PATH},
              {PROFILE_SWING, PRESET_PARITY},
              {PROFILE_IN_PLACE, PRESET_PARITY}};
    for (size_t i = 0; i < ARRAY_LEN(of); i++) {
        struct plan p = plan_of(of[i].profile, NULL);
        struct limits preset;
        limits_preset(of[i].preset, &preset);
        assert_int_equal(effective(&p, NULL, NULL), BATON_OK);
        assert_memory_equal(&limits, &preset, sizeof preset);
    }
}

static void
a_policy_without_a_preset_changes_that_of_the_path(void **state)
{
    (void)state;
    struct plan p = plan_of(PROFILE_UNSUPPORTED, text);
    assert_int_equal(effective(&p, text, NULL), BATON_OK);
    assert_int_equal(limits.preset, PRESET_UNSUPPORTED_PATH);
    assert_int_equal(limits_of(&limits, "EX-DELETES")->value.count_max, 3);
}

static void
a_policy_with_a_preset_overrules_the_path(void **state)
{
    (void)state;
    struct plan p = plan_of(PROFILE_UNSUPPORTED, "preset: parity\n");
    assert_int_equal(effective(&p, "preset: parity\n", NULL), BATON_OK);
    assert_int_equal(limits.preset, PRESET_PARITY);
}

static void
another_text_than_the_plan_names_is_refused(void **state)
{
    (void)state;
    struct baton_err err = {0};
    struct plan with = plan_of(PROFILE_SWING, text), without = plan_of(PROFILE_SWING, NULL);
    assert_int_equal(effective(&with, "preset: parity\n", &err), BATON_CONFLICT);
    assert_non_null(strstr(err.text, "not the one that the plan names"));
    assert_int_equal(effective(&with, NULL, NULL), BATON_CONFLICT);
    assert_int_equal(effective(&without, text, NULL), BATON_CONFLICT);
}

static void
a_policy_that_this_build_cannot_read_is_refused_with_its_line(void **state)
{
    (void)state;
    static const char strange[] = "rules:\n  - rule: EX-TOMORROW\n";
    struct baton_err err = {0};
    struct plan p = plan_of(PROFILE_SWING, strange);
    assert_int_equal(effective(&p, strange, &err), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "EX-TOMORROW"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_policy_the_path_chooses_the_preset),
        cmocka_unit_test(a_policy_without_a_preset_changes_that_of_the_path),
        cmocka_unit_test(a_policy_with_a_preset_overrules_the_path),
        cmocka_unit_test(another_text_than_the_plan_names_is_refused),
        cmocka_unit_test(a_policy_that_this_build_cannot_read_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
