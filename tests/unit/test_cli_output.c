/* What is printed: cells, tables, CSV, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/cli/output.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct column columns[] = {
    {"NAME", "name", COLUMN_TEXT},
    {"STATE", "state.code", COLUMN_TEXT},
    {"KEY", "key", COLUMN_SHORT},
    {"OPEN", "open", COLUMN_YES},
};

static json_t *
sample(void)
{
    return json_pack("[{s:s, s:{s:s}, s:s, s:b}, {s:s, s:{s:s}, s:s, s:b}]", "name", "a, \"b\"",
                     "state", "code", "C3", "key", "0123456789abcdef0123456789abcdef", "open", 1,
                     "name", "evil\033[2Jname", "state", "code", "X1", "key", "ab", "open", 0);
}

/* Runs with standard output in a file; the text is malloc'd. */
static char *
printed(enum output_format format, const json_t *items, bool one)
{
    struct cli c = {.output = format};
    char *text = calloc(1, 16384);
    FILE *file = tmpfile();
    int kept = dup(STDOUT_FILENO);
    assert_non_null(file);
    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    enum baton_status rc =
        one ? output_one(&c, columns, ARRAY_LEN(columns), json_array_get(items, 0))
            : output_list(&c, columns, ARRAY_LEN(columns), items);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    rewind(file);
    size_t n = fread(text, 1, 16383, file);
    text[n] = '\0';
    fclose(file);
    assert_int_equal(rc, BATON_OK);
    return text;
}

static void
csv_quotes_what_needs_it(void **state)
{
    (void)state;
    json_t *items = sample();
    char *text = printed(OUTPUT_CSV, items, false);
    assert_ptr_equal(
        strstr(text, "NAME,STATE,KEY,OPEN\r\n\"a, \"\"b\"\"\",C3,0123456789abcdef,yes\r\n"), text);
    free(text);
    json_decref(items);
}

/* A DN may have thousands of bytes, and half of one is another object's. */
static void
a_long_cell_is_shown_whole(void **state)
{
    (void)state;
    char dn[4096];
    memset(dn, 'x', sizeof dn - 1);
    memcpy(dn + sizeof dn - 8, ",DC=end", 8);
    json_t *items = json_pack("[{s:s}]", "name", dn);
    char *csv = printed(OUTPUT_CSV, items, false), *table = printed(OUTPUT_TABLE, items, false);
    assert_non_null(strstr(csv, dn));
    assert_non_null(strstr(table, dn));
    free(csv);
    free(table);
    json_decref(items);
}

static void
control_characters_of_others_do_not_reach_the_terminal(void **state)
{
    (void)state;
    json_t *items = sample();
    char *csv = printed(OUTPUT_CSV, items, false), *table = printed(OUTPUT_TABLE, items, false);
    assert_null(strchr(csv, '\033'));
    assert_null(strchr(table, '\033'));
    assert_non_null(strstr(table, "evil"));
    free(csv);
    free(table);
    json_decref(items);
}

static void
json_is_what_the_controller_sent(void **state)
{
    (void)state;
    json_t *items = sample();
    char *text = printed(OUTPUT_JSON, items, false);
    json_t *back = json_loads(text, 0, NULL);
    assert_true(json_equal(back, items));
    json_decref(back);
    free(text);
    text = printed(OUTPUT_JSONL, items, false);
    char *line = strchr(text, '\n');
    *line = '\0';
    back = json_loads(text, 0, NULL);
    assert_true(json_equal(back, json_array_get(items, 0)));
    json_decref(back);
    free(text);
    text = printed(OUTPUT_JSON, items, true);
    back = json_loads(text, 0, NULL);
    assert_true(json_equal(back, json_array_get(items, 0)));
    json_decref(back);
    free(text);
    json_decref(items);
}

static void
an_empty_list_is_empty_in_every_format(void **state)
{
    (void)state;
    json_t *items = json_array();
    char *text = printed(OUTPUT_JSON, items, false);
    assert_string_equal(text, "[]\n");
    free(text);
    text = printed(OUTPUT_CSV, items, false);
    assert_string_equal(text, "NAME,STATE,KEY,OPEN\r\n");
    free(text);
    text = printed(OUTPUT_TABLE, items, false);
    assert_string_equal(text, "none\n");
    free(text);
    text = printed(OUTPUT_JSONL, items, false);
    assert_string_equal(text, "");
    free(text);
    json_decref(items);
}

static void
times_and_durations_read_well(void **state)
{
    (void)state;
    char text[32];
    format_time(0, text, sizeof text);
    assert_string_equal(text, "");
    format_time(1782909296789u, text, sizeof text);
    assert_string_equal(text, "2026-07-01 12:34:56Z");
    format_duration(59999, text, sizeof text);
    assert_string_equal(text, "59s");
    format_duration(192000, text, sizeof text);
    assert_string_equal(text, "3m12s");
    format_duration(2u * 3600000 + 5 * 60000, text, sizeof text);
    assert_string_equal(text, "2h05m");
    format_duration(3u * 86400000 + 3600000, text, sizeof text);
    assert_string_equal(text, "3d01h");
}

static void
a_path_that_leads_nowhere_is_an_empty_cell(void **state)
{
    (void)state;
    json_t *o = json_pack("{s:{s:i}, s:[s,s]}", "a", "b", 7, "list", "x", "y");
    char cell[32];
    const struct column good = {"", "a.b", COLUMN_TEXT}, none = {"", "a.c.d", COLUMN_TEXT},
                        list = {"", "list", COLUMN_TEXT};
    output_cell(o, &good, cell, sizeof cell);
    assert_string_equal(cell, "7");
    output_cell(o, &none, cell, sizeof cell);
    assert_string_equal(cell, "");
    output_cell(o, &list, cell, sizeof cell);
    assert_string_equal(cell, "x,y");
    assert_string_equal(json_text(o, "a.b"), "");
    assert_int_equal(json_number(o, "a.b"), 7);
    json_decref(o);
}

static void
colours_are_only_for_those_who_want_them(void **state)
{
    (void)state;
    struct cli plain = {.colour = false}, coloured = {.colour = true};
    assert_string_equal(paint_on(&plain, PAINT_RED), "");
    assert_string_equal(paint_off(&plain), "");
    assert_string_not_equal(paint_on(&coloured, PAINT_RED), "");
}

static void
only_four_formats_are_known(void **state)
{
    (void)state;
    enum output_format f;
    assert_int_equal(output_format_parse("jsonl", &f), BATON_OK);
    assert_int_equal(f, OUTPUT_JSONL);
    assert_int_equal(output_format_parse("html", &f), BATON_OK);
    assert_int_equal(f, OUTPUT_HTML);
    assert_int_equal(output_format_parse("yaml", &f), BATON_USAGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_quotes_what_needs_it),
        cmocka_unit_test(a_long_cell_is_shown_whole),
        cmocka_unit_test(control_characters_of_others_do_not_reach_the_terminal),
        cmocka_unit_test(json_is_what_the_controller_sent),
        cmocka_unit_test(an_empty_list_is_empty_in_every_format),
        cmocka_unit_test(times_and_durations_read_well),
        cmocka_unit_test(a_path_that_leads_nowhere_is_an_empty_cell),
        cmocka_unit_test(colours_are_only_for_those_who_want_them),
        cmocka_unit_test(only_four_formats_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
