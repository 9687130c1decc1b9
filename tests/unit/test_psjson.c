#include "common/readers/psjson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ps_list
read_list(const char *text)
{
    struct ps_list list;
    struct baton_err err = {0};
    enum baton_status rc = ps_list_read(text, strlen(text), &list, &err);
    if (rc != BATON_OK)
        fail_msg("%s", err.text);
    return list;
}

static enum baton_status
fault_of(const char *text, size_t len, char said[BATON_ERR_BYTES])
{
    struct ps_list list;
    struct baton_err err = {0};
    enum baton_status rc = ps_list_read(text, len, &list, &err);
    memcpy(said, err.text, BATON_ERR_BYTES);
    ps_list_done(&list);
    return rc;
}

static void
nothing_is_an_empty_list(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "  \r\n", "\"\"", "null", "[]", "\xEF\xBB\xBF"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct ps_list list = read_list(texts[i]);
        assert_int_equal(list.count, 0);
        ps_list_done(&list);
    }
}

static void
one_object_is_a_list_of_one(void **state)
{
    (void)state;
    struct ps_list list = read_list("{\"Name\":\"a\"}");
    assert_int_equal(list.count, 1);
    const char *name;
    assert_true(ps_text(ps_list_item(&list, 0), "Name", &name));
    assert_string_equal(name, "a");
    ps_list_done(&list);
    list = read_list("\"Disabled\"");
    assert_int_equal(list.count, 1);
    assert_true(ps_value_text(ps_list_item(&list, 0), &name));
    assert_string_equal(name, "Disabled");
    ps_list_done(&list);
}

static void
cut_folded_and_empty_values_are_unknown(void **state)
{
    (void)state;
    struct ps_list list =
        read_list("{\"a\":\"@{x=1; y=2}\",\"b\":\"attr1.user.string.false,attr2...\",\"c\":\"\","
                  "\"d\":null,\"e\":7,\"f\":\"cut\xE2\x80\xA6\",\"g\":\"kept\"}");
    const json_t *o = ps_list_item(&list, 0);
    const char *text;
    static const char *const unknown[] = {"a", "b", "c", "d", "e", "f", "missing"};
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        assert_false(ps_text(o, unknown[i], &text));
    assert_true(ps_text(o, "g", &text));
    ps_list_done(&list);
}

static void
booleans_come_as_words_and_as_json(void **state)
{
    (void)state;
    struct ps_list list =
        read_list("{\"a\":true,\"b\":\"True\",\"c\":\"false\",\"d\":\"0\",\"e\":\"yes\",\"f\":1}");
    const json_t *o = ps_list_item(&list, 0);
    bool v = false;
    assert_true(ps_bool(o, "a", &v) && v);
    assert_true(ps_bool(o, "b", &v) && v);
    assert_true(ps_bool(o, "c", &v) && !v);
    assert_true(ps_bool(o, "d", &v) && !v);
    assert_false(ps_bool(o, "e", &v));
    assert_false(ps_bool(o, "f", &v));
    ps_list_done(&list);
}

static void
counts_are_whole_numbers(void **state)
{
    (void)state;
    struct ps_list list = read_list("{\"a\":12,\"b\":\"34\",\"c\":\" 5\",\"d\":\"6x\",\"e\":1.5,"
                                    "\"f\":\"99999999999999999999\"}");
    const json_t *o = ps_list_item(&list, 0);
    int64_t n;
    assert_true(ps_count(o, "a", &n));
    assert_int_equal(n, 12);
    assert_true(ps_count(o, "b", &n));
    assert_int_equal(n, 34);
    assert_false(ps_count(o, "c", &n));
    assert_false(ps_count(o, "d", &n));
    assert_false(ps_count(o, "e", &n));
    assert_false(ps_count(o, "f", &n));
    ps_list_done(&list);
}

static void
dates_come_in_both_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"/Date(1649391053843)/", 1649391053843},
        {"/Date(1649391053843+0200)/", 1649391053843},
        {"/Date(-1000)/", -1000},
        {"2022-04-08T04:10:53.843Z", 1649391053843},
        {"2022-04-08T04:10:53Z", 1649391053000},
        {"2022-04-08 04:10:53.8431234", 1649391053843},
        {"2022-04-08T06:10:53+02:00", 1649391053000},
        {"2024-02-29T00:00:00Z", 1709164800000},
    };
    static const char *const bad[] = {
        "/Date()/",
        "/Date(0+649391053843)/",
        "/Date(1000+)/",
        "/Date(12",
        "9/29/2025 12:51:47 PM",
        "05.01.2023 20:28:37",
        "2022-13-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2022-04-08T25:00:00Z",
        "2022-04-08",
        "2022-04-08T04:10:53 noon",
        "",
    };
    int64_t ms;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(ps_text_date(good[i].text, &ms));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(ps_text_date(bad[i], &ms));
}

static void
a_decorated_date_is_read(void **state)
{
    (void)state;
    struct ps_list list = read_list("{\"a\":{\"value\":\"\\/Date(1000)\\/\",\"DisplayHint\":2}}");
    int64_t ms;
    assert_true(ps_date(ps_list_item(&list, 0), "a", &ms));
    assert_int_equal(ms, 1000);
    ps_list_done(&list);
}

static void
timespans_come_as_text_and_as_object(void **state)
{
    (void)state;
    struct ps_list list = read_list("{\"a\":\"00:30:00\",\"b\":\"7.00:00:00\","
                                    "\"c\":{\"Ticks\":18000000000,\"Days\":0},\"d\":\"00:00:00.5\","
                                    "\"e\":\"0:99:00\",\"f\":\"soon\"}");
    const json_t *o = ps_list_item(&list, 0);
    int64_t ms;
    assert_true(ps_timespan(o, "a", &ms));
    assert_int_equal(ms, 1800000);
    assert_true(ps_timespan(o, "b", &ms));
    assert_int_equal(ms, 7LL * 24 * 3600 * 1000);
    assert_true(ps_timespan(o, "c", &ms));
    assert_int_equal(ms, 1800000);
    assert_true(ps_timespan(o, "d", &ms));
    assert_int_equal(ms, 500);
    assert_false(ps_timespan(o, "e", &ms));
    assert_false(ps_timespan(o, "f", &ms));
    ps_list_done(&list);
}

static void
an_error_record_is_told_apart_from_broken_json(void **state)
{
    (void)state;
    char said[BATON_ERR_BYTES];
    static const char record[] =
        "Get-ADSyncScheduler : The term is not recognized\r\nAt line:1 char:1\r\n"
        "    + CategoryInfo          : ObjectNotFound\r\n"
        "    + FullyQualifiedErrorId : CommandNotFoundException\r\n";
    assert_int_equal(fault_of(record, strlen(record), said), BATON_FAILED);
    assert_non_null(strstr(said, "The term is not recognized"));
    assert_null(strstr(said, "CategoryInfo"));
    assert_int_equal(fault_of("{\"a\":", 5, said), BATON_MALFORMED);
    assert_int_equal(fault_of("{}\0{}", 5, said), BATON_MALFORMED);
}

static void
a_listing_for_people_is_no_error_and_says_how_to_get_json(void **state)
{
    (void)state;
    char said[BATON_ERR_BYTES];
    static const char listing[] = "\r\nRunHistoryId     : 81d206e6\r\nConnectorName    : corp : "
                                  "AD\r\nRunNumber        : 7\r\n";
    assert_int_equal(fault_of(listing, strlen(listing), said), BATON_MALFORMED);
    assert_non_null(strstr(said, "ConvertTo-Json"));
    assert_null(strstr(said, "error"));
    static const char prose[] = "this : is\nno listing either : at all\n";
    assert_int_equal(fault_of(prose, strlen(prose), said), BATON_MALFORMED);
    assert_null(strstr(said, "ConvertTo-Json"));
}

static void
a_name_that_stands_twice_in_one_object_is_refused(void **state)
{
    (void)state;
    char said[BATON_ERR_BYTES];
    static const char text[] = "[{\"Result\":\"stopped\",\"Result\":\"success\"}]";
    assert_int_equal(fault_of(text, sizeof text - 1, said), BATON_MALFORMED);
}

static void
utf16_with_a_mark_is_read(void **state)
{
    (void)state;
    static const char little[] = "\xFF\xFE{\0\"\0a\0\"\0:\0\"\0\xFC\0\"\0}\0";
    struct ps_list list;
    assert_int_equal(ps_list_read(little, sizeof little - 1, &list, NULL), BATON_OK);
    const char *text;
    assert_true(ps_text(ps_list_item(&list, 0), "a", &text));
    assert_string_equal(text, "\xC3\xBC");
    ps_list_done(&list);
    char said[BATON_ERR_BYTES];
    assert_int_equal(fault_of("\xFF\xFE{", 3, said), BATON_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_an_empty_list),
        cmocka_unit_test(one_object_is_a_list_of_one),
        cmocka_unit_test(cut_folded_and_empty_values_are_unknown),
        cmocka_unit_test(booleans_come_as_words_and_as_json),
        cmocka_unit_test(counts_are_whole_numbers),
        cmocka_unit_test(dates_come_in_both_forms),
        cmocka_unit_test(a_decorated_date_is_read),
        cmocka_unit_test(timespans_come_as_text_and_as_object),
        cmocka_unit_test(an_error_record_is_told_apart_from_broken_json),
        cmocka_unit_test(a_listing_for_people_is_no_error_and_says_how_to_get_json),
        cmocka_unit_test(a_name_that_stands_twice_in_one_object_is_refused),
        cmocka_unit_test(utf16_with_a_mark_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
