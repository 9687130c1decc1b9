#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/verify/prereq_private.h"

/* Single quotes stand for double ones. */
static json_t *
json(const char *text)
{
    char copy[2048];
    snprintf(copy, sizeof copy, "%s", text);
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    json_t *value = json_loads(copy, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

enum { OBJECTS_UNKNOWN = -1 };

static uint64_t
date(const char *text)
{
    uint64_t ms;
    assert_true(prereq_date(text, &ms));
    return ms;
}

static enum prereq_state
judged(const char *rule_text, const char *observed_text, int64_t objects, const char *today)
{
    json_t *rule = json(rule_text), *observed = json(observed_text);
    struct prereq_question q = {observed, PREREQ_NEW, objects, today != NULL ? date(today) : 0};
    assert_null(prereq_rule_wrong(rule));
    enum prereq_state state = prereq_rule_judge(rule, &q);
    json_decref(rule);
    json_decref(observed);
    return state;
}

static enum prereq_state
holds(const char *rule, const char *observed)
{
    return judged(rule, observed, OBJECTS_UNKNOWN, NULL);
}

static void
reads(const char *rule_text, const char *observed_text, int64_t objects, const char *expected)
{
    char out[PREREQ_TEXT_BYTES];
    json_t *rule = json(rule_text), *observed = json(observed_text);
    struct prereq_question q = {observed, PREREQ_NEW, objects, 0};
    struct prereq_text t = {out, sizeof out, 0};
    prereq_rule_put(&t, rule, &q);
    assert_string_equal(out, expected);
    json_decref(rule);
    json_decref(observed);
}

static void
a_value_that_nobody_said_is_unknown_whatever_the_rule(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "{'observe':'x','is':1}",
        "{'observe':'x','is_not':1}",
        "{'observe':'x','one_of':[1]}",
        "{'observe':'x','none_of':[1]}",
        "{'observe':'x','at_least':1}",
        "{'observe':'x','at_most':1}",
        "{'observe':'x','contains':'a'}",
        "{'observe':'x','has':'a'}",
        "{'observe':'x','present':true}",
        "{'observe':'x','present':false}",
        "{'observe':'x','is':0,'absent':'met'}",
        "{'observe':'x','in_support':[{'from':'1.0'}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        assert_int_equal(holds(rules[i], "{'y':1}"), PREREQ_UNKNOWN);
}

static void
a_value_of_another_kind_is_unknown_and_not_a_pass(void **state)
{
    (void)state;
    assert_int_equal(holds("{'observe':'x','is_not':5}", "{'x':'five'}"), PREREQ_UNKNOWN);
    assert_int_equal(holds("{'observe':'x','none_of':[5,8]}", "{'x':'8...'}"), PREREQ_UNKNOWN);
    assert_int_equal(holds("{'observe':'x','at_most':5}", "{'x':true}"), PREREQ_UNKNOWN);
    assert_int_equal(holds("{'observe':'x','at_least':'5.0'}", "{'x':'five'}"), PREREQ_UNKNOWN);
    assert_int_equal(holds("{'observe':'x','at_least':'5.0'}", "{'x':'5.1.2.3.4'}"),
                     PREREQ_UNKNOWN);
    assert_int_equal(holds("{'observe':'x','is':false}", "{'x':'maybe'}"), PREREQ_UNKNOWN);
    assert_int_equal(holds("{'observe':'x','contains':'_CI_'}", "{'x':''}"), PREREQ_UNKNOWN);
    assert_int_equal(holds("{'observe':'x','has':'a'}", "{'x':4}"), PREREQ_UNKNOWN);
}

static void
numbers_texts_and_truths_are_compared_as_the_registry_writes_them(void **state)
{
    (void)state;
    assert_int_equal(holds("{'observe':'x','is':1}", "{'x':1}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','is':1}", "{'x':'1'}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','is':1}", "{'x':0}"), PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','is':'Server'}", "{'x':'server'}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','is':'Server'}", "{'x':'Server Core'}"), PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','is':true}", "{'x':'True'}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','is':true}", "{'x':false}"), PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','is_not':0}", "{'x':0}"), PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','one_of':[1,2]}", "{'x':2}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','one_of':[1,2]}", "{'x':3}"), PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','none_of':['a','b']}", "{'x':'B'}"), PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','none_of':['a','b']}", "{'x':'c'}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','contains':'_CI_'}", "{'x':'Latin1_CI_AS'}"),
                     PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','contains':'_CI_'}", "{'x':'Latin1_CS_AS'}"),
                     PREREQ_NOT_MET);
}

static void
versions_are_compared_by_parts_and_not_as_text(void **state)
{
    (void)state;
    assert_int_equal(holds("{'observe':'x','at_least':'2.4.131.0'}", "{'x':'2.4.9.0'}"),
                     PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','at_least':'2.4.9.0'}", "{'x':'2.4.131.0'}"),
                     PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','at_least':'5.0'}", "{'x':'5'}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','at_most':'2.4.129.0'}", "{'x':'2.4.129.1'}"),
                     PREREQ_NOT_MET);
}

static void
nothing_there_passes_only_where_the_rule_says_so(void **state)
{
    (void)state;
    assert_int_equal(holds("{'observe':'x','is_not':1}", "{'x':null}"), PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','is':0,'absent':'met'}", "{'x':null}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','is':0,'absent':'met'}", "{'x':1}"), PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','present':true}", "{'x':null}"), PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','present':false}", "{'x':null}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','present':false}", "{'x':[]}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','present':false}", "{'x':''}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','present':true}", "{'x':'proxy:8080'}"), PREREQ_MET);
}

static void
a_list_has_one_word_of_those_that_are_wanted(void **state)
{
    (void)state;
    assert_int_equal(holds("{'observe':'x','has':'b'}", "{'x':['a','B']}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','has':'b'}", "{'x':['a']}"), PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'x','has':['b','c']}", "{'x':'c'}"), PREREQ_MET);
    assert_int_equal(holds("{'observe':'x','has':['b','c']}", "{'x':[]}"), PREREQ_NOT_MET);
}

#define STEPS                                                                                      \
    "{'observe':'mib','slack_percent':3,'at_least':[{'up_to':50000,'value':6144},"                 \
    "{'up_to':100000,'value':16384},{'value':32768}]}"

static void
the_number_of_objects_chooses_the_step(void **state)
{
    (void)state;
    assert_int_equal(judged(STEPS, "{'mib':6144}", 50000, NULL), PREREQ_MET);
    assert_int_equal(judged(STEPS, "{'mib':6144}", 50001, NULL), PREREQ_NOT_MET);
    assert_int_equal(judged(STEPS, "{'mib':16384}", 100000, NULL), PREREQ_MET);
    assert_int_equal(judged(STEPS, "{'mib':16384}", 100001, NULL), PREREQ_NOT_MET);
    assert_int_equal(judged(STEPS, "{'mib':31785}", 900000, NULL), PREREQ_MET); /* 3 % less */
    assert_int_equal(judged(STEPS, "{'mib':31784}", 900000, NULL), PREREQ_NOT_MET);
    assert_int_equal(holds(STEPS, "{'mib':6144,'objects':60000}"), PREREQ_NOT_MET);
}

static void
without_the_number_of_objects_only_the_extremes_are_known(void **state)
{
    (void)state;
    assert_int_equal(holds(STEPS, "{'mib':4096}"), PREREQ_NOT_MET);
    assert_int_equal(holds(STEPS, "{'mib':8192}"), PREREQ_UNKNOWN);
    assert_int_equal(holds(STEPS, "{'mib':32768}"), PREREQ_MET);
}

static void
the_number_that_was_given_counts_more_than_the_one_observed(void **state)
{
    (void)state;
    assert_int_equal(judged("{'observe':'objects','at_most':100}", "{'objects':5}", 500, NULL),
                     PREREQ_NOT_MET);
    assert_int_equal(holds("{'observe':'objects','at_most':100}", "{'objects':5}"), PREREQ_MET);
}

#define SUPPORT                                                                                    \
    "{'observe':'v','warn_days':90,'newest':'2.6.92.0','in_support':[{'from':'2.0','ends':'2026-"  \
    "09-30'},{'from':'2.5.190.0','ends':'2027-02-02','note':'old'},{'from':'2.6.79.0',"            \
    "'recalled':true},{'from':'2.6.84.0'}]}"

static enum prereq_state
supported(const char *version, const char *today)
{
    char observed[64];
    snprintf(observed, sizeof observed, "{'v':'%s'}", version);
    return judged(SUPPORT, observed, OBJECTS_UNKNOWN, today);
}

static void
a_version_is_in_support_until_the_end_of_its_last_day(void **state)
{
    (void)state;
    assert_int_equal(supported("2.4.1.0", "2026-01-01"), PREREQ_MET);
    assert_int_equal(supported("2.4.1.0", "2026-07-02"), PREREQ_SOON);
    assert_int_equal(supported("2.4.1.0", "2026-07-01"), PREREQ_MET);
    assert_int_equal(supported("2.4.1.0", "2026-09-30"), PREREQ_SOON);
    assert_int_equal(supported("2.4.1.0", "2026-10-01"), PREREQ_NOT_MET);
    assert_int_equal(supported("2.5.190.0", "2026-10-01"), PREREQ_MET);
    assert_int_equal(supported("2.6.83.0", "2026-10-01"), PREREQ_NOT_MET); /* recalled */
    assert_int_equal(supported("2.6.92.0", "2036-10-01"), PREREQ_MET);
}

static void
a_version_that_the_data_do_not_know_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(supported("2.6.92.1", "2026-10-01"), PREREQ_UNKNOWN);
    assert_int_equal(supported("1.6.0.0", "2026-10-01"), PREREQ_UNKNOWN);
    assert_int_equal(supported("none", "2026-10-01"), PREREQ_UNKNOWN);
    assert_int_equal(supported("2.4.1.0", NULL), PREREQ_UNKNOWN); /* nobody knows what day it is */
}

static void
a_rule_reads_as_a_sentence(void **state)
{
    (void)state;
    reads("{'observe':'os.build','one_of':[14393,17763]}", "{}", -1,
          "os.build is one of 14393, 17763");
    reads("{'observe':'x','is':0,'absent':'met'}", "{}", -1, "x is 0 or none");
    reads("{'observe':'x','present':true}", "{}", -1, "x is there");
    reads("{'observe':'x','present':false}", "{}", -1, "x is none");
    reads(STEPS, "{}", 60000, "mib is at least 16384");
    reads(STEPS, "{}", -1,
          "mib is at least 6144 (up to 50000 objects), 16384 (up to 100000 objects), 32768 "
          "(above)");
    reads(SUPPORT, "{'v':'2.5.190.0'}", -1, "v is in support: ends 2027-02-02, old");
    reads(SUPPORT, "{'v':'2.6.80.0'}", -1, "v is in support: recalled");
    reads(SUPPORT, "{'v':'3.0'}", -1, "v is in support: these data do not know it");
    reads(SUPPORT, "{}", -1, "v is in support");
}

static void
unsound_rules_are_told_apart(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "4",
        "{'is':1}",
        "{'observe':'x'}",
        "{'observe':'','is':1}",
        "{'observe':'x','is':[1]}",
        "{'observe':'x','is':''}",
        "{'observe':'x','is':1,'is_not':2}",
        "{'observe':'x','equals':1}",
        "{'observe':'x','is':1,'colour':'red'}",
        "{'observe':'x','is':1,'absent':'pass'}",
        "{'observe':'x','one_of':[]}",
        "{'observe':'x','one_of':[[1]]}",
        "{'observe':'x','at_least':'five'}",
        "{'observe':'x','at_least':[]}",
        "{'observe':'x','at_least':[{'up_to':5,'value':1}]}",
        "{'observe':'x','at_least':[{'value':1},{'value':2}]}",
        "{'observe':'x','at_least':[{'value':1,'more':2}]}",
        "{'observe':'x','at_least':1,'slack_percent':50}",
        "{'observe':'x','contains':1}",
        "{'observe':'x','has':[1]}",
        "{'observe':'x','present':'yes'}",
        "{'observe':'x','in_support':[]}",
        "{'observe':'x','in_support':[{'ends':'2026-01-01'}]}",
        "{'observe':'x','in_support':[{'from':'1.0','ends':'2026-02-30'}]}",
        "{'observe':'x','in_support':[{'from':'1.0','until':'2026-02-20'}]}",
        "{'observe':'x','in_support':[{'from':'2.0'},{'from':'1.0'}]}",
        "{'observe':'x','in_support':[{'from':'1.0'}],'newest':'new'}",
        "{'observe':'x','in_support':[{'from':'1.0'}],'warn_days':0}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        json_t *rule = json(bad[i]);
        if (prereq_rule_wrong(rule) == NULL)
            fail_msg("sound: %s", bad[i]);
        json_decref(rule);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_that_nobody_said_is_unknown_whatever_the_rule),
        cmocka_unit_test(a_value_of_another_kind_is_unknown_and_not_a_pass),
        cmocka_unit_test(numbers_texts_and_truths_are_compared_as_the_registry_writes_them),
        cmocka_unit_test(versions_are_compared_by_parts_and_not_as_text),
        cmocka_unit_test(nothing_there_passes_only_where_the_rule_says_so),
        cmocka_unit_test(a_list_has_one_word_of_those_that_are_wanted),
        cmocka_unit_test(the_number_of_objects_chooses_the_step),
        cmocka_unit_test(without_the_number_of_objects_only_the_extremes_are_known),
        cmocka_unit_test(the_number_that_was_given_counts_more_than_the_one_observed),
        cmocka_unit_test(a_version_is_in_support_until_the_end_of_its_last_day),
        cmocka_unit_test(a_version_that_the_data_do_not_know_is_unknown),
        cmocka_unit_test(a_rule_reads_as_a_sentence),
        cmocka_unit_test(unsound_rules_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
