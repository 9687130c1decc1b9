/* A verification policy as JSON: what differs, and whose word each limit is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/cli/output.h"
#include "controller/cli/policy_view.h"

#include <cmocka.h>
#include <string.h>

static const char text[] = "preset: parity\n"
                           "rules:\n"
                           "  - rule: EX-DELETES\n"
                           "    count: 5\n"
                           "    percent: 3\n"
                           "    second_person: false\n"
                           "  - rule: EX-UPDATES\n"
                           "    severity: review\n" /* as the preset has it */
                           "attributes: [MAIL, sourceAnchor, accountEnabled, proxyAddresses, "
                           "userPrincipalName]\n";

static json_t *
view(enum policy_extent extent)
{
    struct limits limits;
    struct baton_hash hash = {{0xab}};
    assert_int_equal(limits_read(text, strlen(text), PRESET_PARITY, &limits, NULL), BATON_OK);
    return policy_json(&limits, &hash, extent);
}

static const json_t *
rule(const json_t *policy, const char *id)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(policy, "rules"), i, item)
    {
        if (strcmp(json_text(item, "rule"), id) == 0)
            return item;
    }
    return NULL;
}

static void
only_what_differs_from_the_preset_is_a_difference(void **state)
{
    (void)state;
    json_t *o = view(POLICY_DIFFERENCES);
    assert_int_equal(json_array_size(json_object_get(o, "rules")), 1);
    assert_int_equal(json_number(o, "differing"), 1);
    const json_t *deletes = rule(o, "EX-DELETES");
    assert_string_equal(json_text(deletes, "limit"), "5, or 3 %");
    assert_int_equal(json_number(deletes, "count"), 5);
    assert_int_equal(json_number(deletes, "percent"), 3);
    assert_int_equal(json_number(deletes, "people"), 1);
    assert_string_equal(json_text(deletes, "preset"), "0; block; 2 people");
    assert_false(json_flag(o, "attributes_differ")); /* the same in another order */
    json_decref(o);
}

static void
a_whole_policy_says_whose_word_each_rule_is(void **state)
{
    (void)state;
    size_t count;
    (void)verify_rules(&count);
    json_t *o = view(POLICY_WHOLE);
    assert_int_equal(json_array_size(json_object_get(o, "rules")), count);
    assert_string_equal(json_text(rule(o, "EX-DELETES"), "source"), "tenant");
    assert_string_equal(json_text(rule(o, "EX-UPDATES"), "source"), "tenant");
    assert_string_equal(json_text(rule(o, "EX-ADDS"), "source"), "preset");
    assert_memory_equal(json_text(o, "sha256"), "ab00", 4);
    json_decref(o);
}

static void
a_limit_that_is_not_there_is_null_and_a_preset_alone_has_no_digest(void **state)
{
    (void)state;
    struct limits limits;
    limits_preset(PRESET_PARALLEL_UPGRADE, &limits);
    json_t *o = policy_json(&limits, NULL, POLICY_WHOLE);
    const json_t *updates = rule(o, "EX-UPDATES"), *expected = rule(o, "CF-EXPECTED");
    assert_true(json_is_null(json_object_get(updates, "count")));
    assert_int_equal(json_number(updates, "percent"), 5);
    assert_string_equal(json_text(updates, "limit"), "5 %");
    assert_string_equal(json_text(expected, "limit"), "none");
    assert_true(json_is_null(json_object_get(o, "sha256")));
    assert_int_equal(json_number(o, "differing"), 0);
    json_decref(o);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_differs_from_the_preset_is_a_difference),
        cmocka_unit_test(a_whole_policy_says_whose_word_each_rule_is),
        cmocka_unit_test(a_limit_that_is_not_there_is_null_and_a_preset_alone_has_no_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
