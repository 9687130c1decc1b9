#include "lab/operation.h"

#include <string.h>

#include "lab_fixture.h"

/* The one answer to a raw line. */
static json_t *
raw(struct lab *lab, struct server *s, const char *line)
{
    json_array_clear(lab->answers);
    operation_run(&lab->world, s, 7, line, strlen(line));
    assert_int_equal(json_array_size(lab->answers), 1);
    return json_array_get(lab->answers, 0);
}

static void
a_line_that_is_no_request_gets_one_answer_that_says_why(void **state)
{
    (void)state;
    static const char *const lines[] = {"",
                                        "x",
                                        "[]",
                                        "7",
                                        "{}",
                                        "{\"id\":1}",
                                        "{\"op\":\"services\"}",
                                        "{\"id\":-1,\"op\":\"services\"}",
                                        "{\"id\":\"1\",\"op\":\"services\"}",
                                        "{\"id\":1,\"op\":7}",
                                        "{\"id\":1,\"id\":2,\"op\":\"services\"}",
                                        "{\"id\":1,\"op\":\"services\"} more",
                                        "\xff\xfe"};
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        json_t *answer = raw(&lab, lab.old, lines[i]);
        assert_true(json_is_false(json_object_get(answer, "ok")));
        assert_true(json_string_length(json_object_get(answer, "error")) > 10);
        assert_string_equal(json_string_value(json_object_get(answer, "status")),
                            "BATON_MALFORMED");
    }
    lab_close(&lab);
}

static void
the_answer_carries_the_id_of_its_request(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    json_t *answer = raw(&lab, lab.old, "{\"id\":0,\"op\":\"services\"}");
    assert_int_equal(json_integer_value(json_object_get(answer, "id")), 0);
    answer = raw(&lab, lab.old, "{\"id\":9007199254740993,\"op\":\"nothing\"}");
    assert_true(json_integer_value(json_object_get(answer, "id")) == 9007199254740993);
    answer = raw(&lab, lab.old, "{\"op\":\"services\"}");
    assert_true(json_is_null(json_object_get(answer, "id")));
    lab_close(&lab);
}

static void
the_tenant_and_a_server_have_their_own_operations(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    assert_false(lab_do(&lab, NULL, "'op':'services'"));
    assert_false(lab_do(&lab, lab.old, "'op':'exports'"));
    assert_true(lab_do(&lab, NULL, "'op':'exports','from':0"));
    assert_true(lab_do(&lab, NULL, "'op':'watch'"));
    lab_close(&lab);
}

static void
every_bad_field_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const server_lines[] = {
        "'op':'service-stop'",
        "'op':'service-stop','name':7",
        "'op':'service-stop','name':'MSOnlineSyncScheduler','by':[]",
        "'op':'task-disable','name':'no such task'",
        "'op':'collect','collector':'nonsense'",
        "'op':'collect'",
        "'op':'file','place':'/etc/passwd'",
        "'op':'wizard','act':'fly'",
        "'op':'wizard','act':'install','staging':'yes'",
        "'op':'wizard','act':'close'",
        "'op':'console','act':'fly'",
        "'op':'shell','act':'fly'",
        "'op':'power','act':'fly'",
        "'op':'revert','generation':7",
        "'op':'fault','kind':'fly'",
        "'op':'fault','kind':'slow-stop','value':-1",
        "'op':'fault','kind':'slow-stop','value':'soon'",
        "'op':'fault','kind':'wizard-left-open','value':'maybe'",
        "'op':'operator','auto':true,'do':'migrate'",
        "'op':'operator','auto':true,'do':[7]",
        "'op':'operator','auto':'yes'",
        "'op':'pending','adds':-1",
        "'op':'pending','adds':1000001",
        "'op':'upgrade','version':'2.6.93.0'",
        "'op':'upgrade','auto':'fly'",
        "'op':'re-enable','name':'Spooler'",
        "'op':'remove-account','name':'NEW'", /* DirSync has no such cmdlet */
    };
    static const char *const tenant_lines[] = {
        "'op':'account','server':'NOBODY','act':'disable'",
        "'op':'account','server':'OLD','act':'fly'",
        "'op':'exports','from':-1",
        "'op':'sync-cycle','enabled':1",
    };
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 250);
    struct disk before = lab.old->disk;
    for (size_t i = 0; i < ARRAY_LEN(server_lines); i++)
        if (lab_do(&lab, lab.old, server_lines[i]))
            fail_msg("accepted: %s", server_lines[i]);
    for (size_t i = 0; i < ARRAY_LEN(tenant_lines); i++)
        if (lab_do(&lab, NULL, tenant_lines[i]))
            fail_msg("accepted: %s", tenant_lines[i]);
    assert_memory_equal(&before, &lab.old->disk, sizeof before);
    assert_true(lab.old->powered);
    lab_close(&lab);
}

/* The tenant knows at once; the server on which it was done says so, the portal leaves no trace there. */
static void
an_account_is_removed_on_one_server_for_another(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, CONNECT);
    assert_false(lab_do(&lab, lab.new, "'op':'remove-account','name':'NOBODY'"));
    assert_true(lab.old->account_enabled);
    assert_true(lab_do(&lab, lab.new, "'op':'remove-account','name':'OLD'"));
    assert_false(lab.old->account_enabled);
    assert_false(lab_do(&lab, lab.new, "'op':'remove-account','name':'OLD'"));
    json_t *answer = lab_ask(&lab, lab.new, "'op':'collect','collector':'admin-actions'");
    const char *text = json_string_value(json_object_get(answer, "text"));
    assert_non_null(strstr(text, "DeleteEntraConnectorAccount: Sync_OLD_"));
    assert_null(strstr(strstr(text, "Delete") + 1, "Delete")); /* once */
    json_decref(answer);
    assert_true(lab_do(&lab, NULL, "'op':'account','server':'OLD','act':'enable'"));
    assert_true(lab_do(&lab, NULL, "'op':'account','server':'OLD','act':'disable'"));
    answer = lab_ask(&lab, lab.new, "'op':'collect','collector':'admin-actions'");
    text = json_string_value(json_object_get(answer, "text"));
    assert_null(strstr(strstr(text, "Delete") + 1, "Delete"));
    json_decref(answer);
    lab_close(&lab);
}

static void
consoles_and_shells_are_seen_with_their_sessions(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    assert_true(lab_do(&lab, lab.old, "'op':'console','act':'open','by':'CONTOSO\\\\bob'"));
    assert_true(lab_do(&lab, lab.old, "'op':'shell','act':'open'"));
    json_t *answer = lab_ask(&lab, lab.old, "'op':'processes'");
    json_t *list = json_object_get(answer, "processes");
    assert_int_equal(json_array_size(list), 2);
    json_t *console = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(console, "kind")), "console");
    assert_non_null(strstr(json_string_value(json_object_get(console, "session")), "bob"));
    json_decref(answer);
    assert_true(lab_do(&lab, lab.old, "'op':'console','act':'close'"));
    assert_int_equal(lab_count(&lab, "OLD", "event", "process"), 3);
    lab_close(&lab);
}

static void
the_event_log_is_newest_first_and_never_more_than_fifty(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 120000);
    json_t *answer = lab_ask(&lab, lab.old, "'op':'events'");
    json_t *list = json_object_get(answer, "events");
    assert_int_equal(json_array_size(list), 50);
    for (size_t i = 1; i < 50; i++)
        assert_true(json_integer_value(json_object_get(json_array_get(list, i - 1), "at")) >=
                    json_integer_value(json_object_get(json_array_get(list, i), "at")));
    json_decref(answer);
    lab_close(&lab);
}

static void
the_schedule_is_shared_through_the_tenant(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, CONNECT, CONNECT);
    assert_true(lab_do(&lab, NULL, "'op':'sync-cycle','enabled':false"));
    lab_run(&lab, 10000);
    assert_int_equal(lab.old->disk.runs.count + lab.new->disk.runs.count, 0);
    assert_true(server_can_export(lab.old)); /* which is why it is no fence */
    lab_close(&lab);
}

static void
an_upgrade_changes_the_version_and_starts_the_engine_anew(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, NO_PRODUCT, CONNECT);
    lab_run(&lab, 1000);
    assert_true(lab_do(&lab, lab.new, "'op':'upgrade','version':'2.6.93.0','auto':'suspended'"));
    assert_false(server_can_export(lab.new));
    lab_run(&lab, 1000);
    assert_true(server_can_export(lab.new));
    assert_string_equal(lab.new->disk.product.version, "2.6.93.0");
    assert_int_equal(lab.new->disk.product.auto_upgrade, UPGRADE_SUSPENDED);
    lab_close(&lab);
}

static void
a_long_name_is_cut_between_characters_and_hides_nothing(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, DIRSYNC, NO_PRODUCT);
    lab_run(&lab, 250);
    assert_true(lab_do(&lab, lab.old,
                       "'op':'service-disable','name':'MSOnlineSyncScheduler','by':"
                       "'xéééééééééééééééééééééééééééééééééééééééé'"));
    json_t *answer = lab_ask(&lab, lab.old, "'op':'services'");
    json_t *list = json_object_get(answer, "services");
    assert_int_equal(json_array_size(list), 2);
    json_t *by = json_object_get(json_array_get(list, 1), "changed_by");
    assert_int_equal(json_string_length(by), NAME_BYTES - 1);
    json_decref(answer);
    assert_int_equal(lab_count(&lab, "OLD", "start", "disabled"), 1);
    lab_close(&lab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_is_no_request_gets_one_answer_that_says_why),
        cmocka_unit_test(the_answer_carries_the_id_of_its_request),
        cmocka_unit_test(the_tenant_and_a_server_have_their_own_operations),
        cmocka_unit_test(every_bad_field_is_refused_and_changes_nothing),
        cmocka_unit_test(an_account_is_removed_on_one_server_for_another),
        cmocka_unit_test(consoles_and_shells_are_seen_with_their_sessions),
        cmocka_unit_test(the_event_log_is_newest_first_and_never_more_than_fifty),
        cmocka_unit_test(a_long_name_is_cut_between_characters_and_hides_nothing),
        cmocka_unit_test(the_schedule_is_shared_through_the_tenant),
        cmocka_unit_test(an_upgrade_changes_the_version_and_starts_the_engine_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
