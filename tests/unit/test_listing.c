#include "common/readers/listing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TOLD_BYTES = 4096 };

/* "object.name=text" of every value, ; between them; ~ cut, @ folded, ^ wrapped. */
static void
take(void *arg, const struct listing_value *v)
{
    char *told = arg;
    size_t used = strlen(told);
    (void)snprintf(told + used, TOLD_BYTES - used, "%zu.%s=%s%s%s%s;", v->object, v->name, v->text,
                   v->cut ? "~" : "", v->folded ? "@" : "", v->wrapped ? "^" : "");
}

static void
reads_bytes(const char *bytes, size_t len, const char *wanted)
{
    char told[TOLD_BYTES] = "";
    struct baton_err err = {0};
    enum baton_status rc = listing_read(bytes, len, take, told, &err);
    if (rc != BATON_OK)
        fail_msg("%s", err.text);
    assert_string_equal(told, wanted);
}

static void
reads(const char *text, const char *wanted)
{
    reads_bytes(text, strlen(text), wanted);
}

static void
refuses(const char *text, size_t len, enum baton_status status, const char *says)
{
    char told[TOLD_BYTES] = "";
    struct baton_err err = {0};
    assert_int_equal(listing_read(text, len, take, told, &err), status);
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void
a_list_is_names_and_values_even_empty_ones(void **state)
{
    (void)state;
    reads("\r\n\r\nStagingModeEnabled : True\r\nCustomized         :\r\nA.b-c              : x : "
          "y\r\n\r\n",
          "0.StagingModeEnabled=True;0.Customized=;0.A.b-c=x : y;");
    reads("Name : a", "0.Name=a;");
    reads("Name\t: a\rZwei\t: b", "0.Name=a;0.Zwei=b;");
}

static void
several_objects_stand_apart_by_blank_lines(void **state)
{
    (void)state;
    reads("Name : a\nId   : 1\n\n\nName     : b\nLongName : 2\n",
          "0.Name=a;0.Id=1;1.Name=b;1.LongName=2;");
}

static void
a_prompt_that_was_copied_too_is_passed_over(void **state)
{
    (void)state;
    reads("PS C:\\> Get-ADSyncScheduler |\n>> fl\n\nA : 1\nPS C:\\>\n", "0.A=1;");
    reads("PS C:\\> Get-ADSyncAutoUpgrade\nEnabled\nPS C:\\>", "0.=Enabled;");
}

static void
a_wrapped_value_is_put_together_and_says_so(void **state)
{
    (void)state;
    reads("Attributes : one,two,\n             three\nLast       : 1234567890123456",
          "0.Attributes=one,two, three^;0.Last=1234567890123456;");
    /* where the console ends, a word goes on */
    reads("Long : abcdefgh\n       ijk\nB    : x", "0.Long=abcdefghijk^;0.B=x;");
}

static void
what_powershell_cut_or_folded_is_not_known(void **state)
{
    (void)state;
    reads(
        "A : name.user.String.True,na...\nB : {a, b...}\nC : x\xE2\x80\xA6\nD : @{a=b}\nE : a..b",
        "0.A=name.user.String.True,na...~;0.B={a, b...}~;0.C=x\xE2\x80\xA6~;0.D=@{a=b}@;0.E=a..b;");
}

static void
a_table_has_columns_left_and_right(void **state)
{
    (void)state;
    reads("Name                 Number Result\n"
          "----                 ------ ------\n"
          "corp.example - AAD       12 success\n"
          "x                  12345678 no-start-ma and more\n"
          "only\n",
          "0.Name=corp.example - AAD;0.Number=12;0.Result=success;"
          "1.Name=x;1.Number=12345678;1.Result=no-start-ma and more;"
          "2.Name=only;2.Number=;2.Result=;");
    reads("Name  Value\n----  -----\nGr\xC3\xB6\xC3\x9F"
          "e x\nlong  val...\n\nA : b\n",
          "0.Name=Gr\xC3\xB6\xC3\x9F"
          "e;0.Value=x;1.Name=long;1.Value=val...~;2.A=b;");
}

static void
a_row_that_stands_under_no_header_is_refused(void **state)
{
    (void)state;
    static const char touching[] = "A   B\n-   -\nxxxxxxx\n";
    static const char header[] = "AAAAA\n-   -\n";
    static const char nameless[] = "A\n-   -\n";
    refuses(touching, strlen(touching), BATON_MALFORMED, "line 3:");
    refuses(header, strlen(header), BATON_MALFORMED, "line 1:");
    refuses(nameless, strlen(nameless), BATON_MALFORMED, "column 2");
}

static void
a_date_is_a_text_and_stays_as_it_is(void **state)
{
    (void)state;
    reads("Next : 05.01.2023 20:28:37\nMore : 9/29/2025 12:51:47 PM",
          "0.Next=05.01.2023 20:28:37;0.More=9/29/2025 12:51:47 PM;");
}

static void
encodings_are_those_of_windows(void **state)
{
    (void)state;
    static const char wide[] = "\xFF\xFE"
                               "A\0 \0:\0 \0\xFC\0\r\0\n\0";
    static const char big[] = "\xFE\xFF\0A\0 \0:\0 \0b";
    reads("\xEF\xBB\xBF"
          "A : 1",
          "0.A=1;");
    reads_bytes(wide, sizeof wide - 1, "0.A=\xC3\xBC;");
    reads_bytes(big, sizeof big - 1, "0.A=b;");
}

static void
what_is_no_listing_is_refused_with_its_line(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"A : 1\nAccess denied.\n", "line 2:"},
        {"\n\nAccess denied.\n", "line 3:"},
        {"one\ntwo\n", "line 1:"},
        {" A : 1\n", "line 1:"},
        {"<ma-data/> and more\n", "line 1:"},
        {"A : 1\nB : \xFCx\n", "line 2:"},
        {"A : \x01\n", "line 1:"},
        {"", "no value"},
        {"\r\n\r\n", "no value"},
        {"A : 1\n\nB : 2\n   indented\n", "line 4:"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        refuses(bad[i][0], strlen(bad[i][0]), BATON_MALFORMED, bad[i][1]);
    refuses("A : 1\n\0B : 2", 13, BATON_MALFORMED, "byte 6:");
    refuses("\xFF\xFE"
            "A\0\0\0b\0",
            8, BATON_MALFORMED, "byte 4:");
    refuses("\xFF\xFE"
            "A\0b",
            5, BATON_MALFORMED, "odd");
}

static void
an_error_of_powershell_is_no_data_even_behind_data(void **state)
{
    (void)state;
    static const char text[] = "A : 1\n\nGet-X : nothing\nAt line:1 char:1\n"
                               "    + CategoryInfo          : ObjectNotFound: (:) [], Exception\n";
    static const char alone[] = "    + FullyQualifiedErrorId : X\n";
    refuses(text, strlen(text), BATON_FAILED, "line 5:");
    refuses(alone, strlen(alone), BATON_FAILED, "line 1:");
}

static void
limits_are_said(void **state)
{
    (void)state;
    char *text = calloc(1, LISTING_BYTES_MAX + 1);
    assert_non_null(text);
    memset(text, 'a', LISTING_BYTES_MAX + 1);
    refuses(text, LISTING_BYTES_MAX + 1, BATON_LIMIT, "bytes of listing");
    memcpy(text + 200, " : x", 5);
    refuses(text, 204, BATON_LIMIT, "line 1:");
    for (size_t i = 0; i < 160; i++)
        memcpy(text + 2 * i, i < 80 ? "a " : "- ", 3);
    text[159] = '\n';
    refuses(text, 320, BATON_LIMIT, "columns");
    free(text);
}

static void
true_is_read_in_languages_that_are_known(void **state)
{
    (void)state;
    bool value = false;
    assert_true(listing_bool("True", &value) && value);
    assert_true(listing_bool("FALSE", &value) && !value);
    assert_true(listing_bool("Wahr", &value) && value);
    assert_true(listing_bool("faux", &value) && !value);
    assert_true(listing_bool("falso", &value) && !value);
    assert_false(listing_bool("1", &value));
    assert_false(listing_bool("", &value));
    assert_false(listing_bool("Yes", &value));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_names_and_values_even_empty_ones),
        cmocka_unit_test(several_objects_stand_apart_by_blank_lines),
        cmocka_unit_test(a_prompt_that_was_copied_too_is_passed_over),
        cmocka_unit_test(a_wrapped_value_is_put_together_and_says_so),
        cmocka_unit_test(what_powershell_cut_or_folded_is_not_known),
        cmocka_unit_test(a_table_has_columns_left_and_right),
        cmocka_unit_test(a_row_that_stands_under_no_header_is_refused),
        cmocka_unit_test(a_date_is_a_text_and_stays_as_it_is),
        cmocka_unit_test(encodings_are_those_of_windows),
        cmocka_unit_test(what_is_no_listing_is_refused_with_its_line),
        cmocka_unit_test(an_error_of_powershell_is_no_data_even_behind_data),
        cmocka_unit_test(limits_are_said),
        cmocka_unit_test(true_is_read_in_languages_that_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
