#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/verify/prereq.h"

static const uint64_t day_ms = 24ULL * 3600 * 1000;
static const uint64_t checked_ms = 1767312000000; /* 2026-01-02 */

static void
with_quotes(char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '\'')
            *text = '"';
}

static struct prereq *
data_of(const char *text)
{
    char copy[4096];
    struct prereq *p;
    struct baton_err err;
    snprintf(copy, sizeof copy, "%s", text);
    with_quotes(copy);
    assert_int_equal(prereq_open(&p, NULL), BATON_OK);
    if (prereq_add(p, "f.json", copy, strlen(copy), &err) != BATON_OK)
        fail_msg("%s", err.text);
    return p;
}

#define CHECK(id, side, rules, more)                                                               \
    "{'id':'" id "','side':'" side "','what':'w','rules':[" rules                                  \
    "],'otherwise':'block','unknown':'review','fix':'f','source':'s'" more "}"
#define FILE_OF(checks) "{'title':'t','checked':'2026-01-02','checks':[" checks "]}"
#define X_IS_1          "{'observe':'x','is':1}"
#define Y_IS_1          "{'observe':'y','is':1}"

static struct prereq_result result[PREREQ_CHECKS_MAX];

static size_t
judge(const char *data, const char *observed_text, enum prereq_side side, uint64_t now)
{
    char copy[1024];
    json_t *observed;
    struct prereq *p = data_of(data);
    snprintf(copy, sizeof copy, "%s", observed_text);
    with_quotes(copy);
    assert_int_equal(prereq_observed_read(copy, strlen(copy), &observed, NULL), BATON_OK);
    struct prereq_question q = {observed, side, -1, now};
    size_t n = prereq_judge(p, &q, result);
    json_decref(observed);
    prereq_close(&p);
    return n;
}

static void
one(const char *rules, const char *more, const char *observed, enum prereq_state state,
    const char *verdict)
{
    char data[2048];
    snprintf(data, sizeof data,
             "{'title':'t','checked':'2026-01-02','checks':[{'id':'PRE-A','side':'new','what':'w',"
             "'rules':[%s],'otherwise':'block','unknown':'review','fix':'f','source':'s'%s}]}",
             rules, more);
    assert_int_equal(judge(data, observed, PREREQ_NEW, checked_ms), 1);
    assert_int_equal(result[0].state, state);
    assert_string_equal(prereq_verdict_name(&result[0]), verdict);
}

static void
a_check_is_met_when_all_its_rules_are(void **state)
{
    (void)state;
    one(X_IS_1 "," Y_IS_1, "", "{'x':1,'y':1}", PREREQ_MET, "pass");
    assert_string_equal(result[0].observed, "x 1; y 1");
    assert_string_equal(result[0].rule, "x is 1; y is 1");
    one(X_IS_1 "," Y_IS_1, "", "{'x':1,'y':2}", PREREQ_NOT_MET, "block");
    one(X_IS_1 "," Y_IS_1, "", "{'x':1}", PREREQ_UNKNOWN, "review");
    assert_string_equal(result[0].observed, "x 1; y not known");
    one(X_IS_1 "," Y_IS_1, "", "{'y':2}", PREREQ_NOT_MET, "block"); /* what is known is enough */
    one(X_IS_1, "", "{'x':null}", PREREQ_NOT_MET, "block");
    assert_string_equal(result[0].observed, "none");
}

static void
a_check_applies_when_its_conditions_hold(void **state)
{
    (void)state;
    static const char when[] = ",'when':[" Y_IS_1 "]";
    one(X_IS_1, when, "{'x':2,'y':2}", PREREQ_NOT_APPLICABLE, "pass");
    assert_string_equal(result[0].rule, "x is 1, when y is 1");
    one(X_IS_1, when, "{'x':2,'y':1}", PREREQ_NOT_MET, "block");
    one(X_IS_1, when, "{'x':1,'y':1}", PREREQ_MET, "pass");
}

static void
a_condition_that_nobody_knows_can_only_soften(void **state)
{
    (void)state;
    static const char plain[] = ",'when':[" Y_IS_1 "]";
    static const char soft[] = ",'when':[" Y_IS_1 "],'when_unknown':'info'";
    one(X_IS_1, plain, "{'x':2}", PREREQ_NOT_MET, "block");
    one(X_IS_1, soft, "{'x':2}", PREREQ_NOT_MET, "info");
    one(X_IS_1, soft, "{}", PREREQ_UNKNOWN, "info");
    one(X_IS_1, soft, "{'x':2,'y':1}", PREREQ_NOT_MET, "block");
    one(X_IS_1, soft, "{'x':1}", PREREQ_MET, "pass");
}

static void
an_end_that_is_near_is_for_a_person_and_never_a_block(void **state)
{
    (void)state;
    one("{'observe':'v','warn_days':30,'in_support':[{'from':'1.0','ends':'2026-01-20'}]}", "",
        "{'v':'1.0'}", PREREQ_SOON, "review");
    assert_int_equal(prereq_verdict(result, 1), VERDICT_REVIEW);
    assert_int_equal(prereq_blocking(result, 1), 0);
}

static void
only_the_checks_of_that_side_are_made(void **state)
{
    (void)state;
    static const char data[] = FILE_OF(CHECK("PRE-N", "new", X_IS_1, "") "," CHECK(
        "PRE-O", "old", X_IS_1, "") "," CHECK("PRE-B", "both", X_IS_1, ""));
    struct prereq *p = data_of(data);
    json_t *nothing = json_object();
    struct prereq_question q = {nothing, PREREQ_NEW, -1, 0};
    assert_int_equal(prereq_judge(p, &q, result), 2);
    assert_string_equal(result[0].check->id, "PRE-N");
    assert_string_equal(result[1].check->id, "PRE-B");
    q.side = PREREQ_OLD;
    assert_int_equal(prereq_judge(p, &q, result), 2);
    assert_string_equal(result[0].check->id, "PRE-O");
    json_decref(nothing);
    prereq_close(&p);
}

static void
the_worst_check_decides(void **state)
{
    (void)state;
    static const char data[] =
        FILE_OF(CHECK("PRE-A", "new", X_IS_1, "") "," CHECK("PRE-B", "new", Y_IS_1, ""));
    size_t n = judge(data, "{'x':1,'y':1}", PREREQ_NEW, checked_ms);
    assert_int_equal(prereq_verdict(result, n), VERDICT_PASS);
    n = judge(data, "{'x':1}", PREREQ_NEW, checked_ms);
    assert_int_equal(prereq_verdict(result, n), VERDICT_REVIEW);
    n = judge(data, "{'x':2}", PREREQ_NEW, checked_ms);
    assert_int_equal(prereq_verdict(result, n), VERDICT_BLOCK);
    assert_int_equal(prereq_blocking(result, n), 1);
    assert_int_equal(prereq_verdict(result, 0), VERDICT_UNKNOWN); /* no check, no word */
}

static void
data_that_nobody_looked_up_for_long_are_old(void **state)
{
    (void)state;
    static const char data[] = FILE_OF(CHECK("PRE-A", "new", X_IS_1, ""));
    (void)judge(data, "{'x':1}", PREREQ_NEW, checked_ms + PREREQ_OLD_DAYS * day_ms);
    assert_false(result[0].old_data);
    (void)judge(data, "{'x':1}", PREREQ_NEW, checked_ms + PREREQ_OLD_DAYS * day_ms + 1);
    assert_true(result[0].old_data);
    assert_string_equal(prereq_verdict_name(&result[0]), "pass");
}

static void
hosts_are_those_of_features_in_use(void **state)
{
    (void)state;
    json_t *observed = json_pack("{s:[s]}", "features", "Ad-Fs");
    assert_true(prereq_host_used(&(struct prereq_host){.feature = "synchronization"}, observed));
    assert_true(prereq_host_used(&(struct prereq_host){.feature = "ad-fs"}, observed));
    assert_false(prereq_host_used(&(struct prereq_host){.feature = "connect-health"}, observed));
    json_decref(observed);
}

static void
observed_values_are_one_object_of_plain_values(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",  "[]",        "4", "{\"a\":{}}",       "{\"a\":[1]}", "[{\"a\":1},{\"a\":2}]",
        "{", "null junk", "x", "{\"a\":[[\"b\"]]}"};
    json_t *observed;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(prereq_observed_read(bad[i], strlen(bad[i]), &observed, NULL),
                         BATON_MALFORMED);
    static const char good[] = "{\"a\":1,\"b\":null,\"c\":[\"x\"],\"d\":true,\"objects\":7}";
    assert_int_equal(prereq_observed_read(good, strlen(good), &observed, NULL), BATON_OK);
    assert_int_equal(json_object_size(observed), 5);
    assert_int_equal(prereq_objects(&(struct prereq_question){.observed = observed, .objects = -1}),
                     7);
    assert_int_equal(prereq_objects(&(struct prereq_question){.observed = observed, .objects = 9}),
                     9);
    json_decref(observed);
}

static void
states_have_names(void **state)
{
    (void)state;
    assert_string_equal(prereq_state_name(PREREQ_MET), "met");
    assert_string_equal(prereq_state_name(PREREQ_NOT_APPLICABLE), "not-applicable");
    assert_string_equal(prereq_state_name(PREREQ_SOON), "soon");
    assert_string_equal(prereq_state_name(PREREQ_NOT_MET), "not-met");
    assert_string_equal(prereq_state_name(PREREQ_UNKNOWN), "unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_is_met_when_all_its_rules_are),
        cmocka_unit_test(a_check_applies_when_its_conditions_hold),
        cmocka_unit_test(a_condition_that_nobody_knows_can_only_soften),
        cmocka_unit_test(an_end_that_is_near_is_for_a_person_and_never_a_block),
        cmocka_unit_test(only_the_checks_of_that_side_are_made),
        cmocka_unit_test(the_worst_check_decides),
        cmocka_unit_test(data_that_nobody_looked_up_for_long_are_old),
        cmocka_unit_test(hosts_are_those_of_features_in_use),
        cmocka_unit_test(observed_values_are_one_object_of_plain_values),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
