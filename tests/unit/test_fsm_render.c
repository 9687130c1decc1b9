/* The tables as text: complete, and well formed in each of the four formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "controller/core/fsm_render.h"

#include <jansson.h>

static char text[131072];
static size_t len;

static void
put(void *arg, const char *bytes, size_t n)
{
    (void)arg;
    assert_true(len + n < sizeof text);
    memcpy(text + len, bytes, n);
    len += n;
    text[len] = '\0';
}

static const char *
render(enum fsm_machine m, enum fsm_format f)
{
    len = 0;
    fsm_render(m, f, put, NULL);
    return text;
}

static size_t
lines(void)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n;
}

static void
json_has_every_row_with_its_words(void **state)
{
    (void)state;
    size_t rules, rows;
    const struct rule *r = handoff_rules(&rules);
    (void)authority_rows(&rows);
    const size_t want[] = {rows, rules};
    for (int m = FSM_AUTHORITY; m <= FSM_HANDOFF; m++) {
        json_error_t err;
        json_t *doc = json_loads(render((enum fsm_machine)m, FSM_JSON), 0, &err);
        assert_non_null(doc);
        json_t *list = json_object_get(doc, "rows");
        assert_int_equal(json_array_size(list), want[m]);
        json_t *first = json_array_get(list, 0);
        assert_non_null(json_string_value(json_object_get(first, "why")));
        if (m == FSM_HANDOFF)
            assert_int_equal(json_integer_value(json_object_get(first, "rule")), r[0].number);
        json_decref(doc);
    }
}

static void
mermaid_names_every_state_and_keeps_a_row_on_a_line(void **state)
{
    (void)state;
    size_t rules;
    (void)handoff_rules(&rules);
    render(FSM_HANDOFF, FSM_MERMAID);
    assert_memory_equal(text, "stateDiagram-v2\n", 16);
    assert_int_equal(lines(), 1 + (HANDOFF_STATE_COUNT - 1) + rules);
    assert_non_null(strstr(text, "    C3 : C3 gap\n"));
    assert_non_null(strstr(text, "    C4 --> C5 : 323 grant-used\n"));
    assert_non_null(strstr(text, "    C3 --> C4 : 321 go-signed [G-OLD-STOPPED"));
}

static void
dot_opens_and_closes(void **state)
{
    (void)state;
    render(FSM_AUTHORITY, FSM_DOT);
    assert_memory_equal(text, "digraph \"authority\" {", 21);
    assert_string_equal(text + len - 2, "}\n");
    size_t quotes = 0;
    for (size_t i = 0; i < len; i++)
        quotes += text[i] == '"' && text[i - 1] != '\\';
    assert_int_equal(quotes % 2, 0);
}

static void
a_table_shows_number_guards_effects_and_reason(void **state)
{
    (void)state;
    render(FSM_HANDOFF, FSM_TABLE);
    assert_non_null(strstr(text, "321"));
    assert_non_null(strstr(text, "grant, take baseline"));
    assert_non_null(strstr(text, "-- a person put it on hold"));
}

static void
rows_of_others_render_too_and_are_escaped(void **state)
{
    (void)state;
    static const struct fsm_row rows[] = {
        {0, "fenced", "GRANT", "", "granted", "", "says \"go\" \\ now"},
    };
    len = 0;
    fsm_render_rows("agent", rows, 1, FSM_JSON, put, NULL);
    json_t *doc = json_loads(text, 0, NULL);
    assert_non_null(doc);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(doc, "rows"), 0), "why")),
        "says \"go\" \\ now");
    json_decref(doc);
}

static const char *
render_rows(const struct fsm_row *rows, size_t count, enum fsm_format f)
{
    len = 0;
    fsm_render_rows("agent", rows, count, f, put, NULL);
    return text;
}

static void
what_mermaid_would_trip_over_is_put_in_other_words(void **state)
{
    (void)state;
    static const struct fsm_row row = {
        7, "0a9zAZ", "GRANT; now#1", "at 10:30", "tomb-stoned /@[`{", "", "why"};
    assert_string_equal(render_rows(&row, 1, FSM_MERMAID),
                        "stateDiagram-v2\n"
                        "    0a9zAZ --> tomb_stoned______ : 7 GRANT, now,1 [at 10,30]\n");
}

static void
what_would_end_a_string_of_dot_is_left_out_or_escaped(void **state)
{
    (void)state;
    static const struct fsm_row row = {0, "a \"b\"", "say \"go\"", "", "c\\d", "", "one\n\"two\""};
    render_rows(&row, 1, FSM_DOT);
    assert_non_null(strstr(text, "    \"a \\\"b\\\"\" -> \"c\\\\d\" "
                                 "[label=\"say go\", tooltip=\"one\\\"two\\\"\"];\n"));
}

static void
control_characters_never_stand_in_json(void **state)
{
    (void)state;
    static const struct fsm_row row = {0, "a", "b", "", "c", "", "line\x1f one\nline two"};
    json_t *doc = json_loads(render_rows(&row, 1, FSM_JSON), 0, NULL);
    assert_non_null(doc);
    json_t *first = json_array_get(json_object_get(doc, "rows"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "why")), "line oneline two");
    json_decref(doc);
}

static void
a_table_leaves_out_the_number_and_the_effects_that_a_row_has_not(void **state)
{
    (void)state;
    static const struct fsm_row rows[] = {
        {0, "fenced", "GRANT", "quiet", "granted", "", "verified here"},
        {12, "draining", "a-very-long-event-name", "", "fenced", "evidence", "it is quiet"},
    };
    assert_string_equal(
        render_rows(rows, ARRAY_LEN(rows), FSM_TABLE),
        "agent\n"
        "     from      on               to        guards => effects -- why\n"
        "     fenced    GRANT            granted   quiet -- verified here\n"
        "12   draining  a-very-long-event-name fenced     => evidence -- it is quiet\n");
}

static void
mermaid_and_dot_name_the_states_of_the_workflow_and_of_nothing_else(void **state)
{
    (void)state;
    assert_null(strstr(render(FSM_AUTHORITY, FSM_MERMAID), "C3 : C3 gap"));
    assert_non_null(strstr(text, "    fenced --> asked : ask [sure]\n"));
    assert_null(strstr(render(FSM_AUTHORITY, FSM_DOT), "label=\"C3 gap\""));
    render(FSM_HANDOFF, FSM_DOT);
    for (int s = HO_ASSESSED; s < HANDOFF_STATE_COUNT; s++) {
        char node[64];
        (void)snprintf(node, sizeof node, "    \"%s\" [label=\"%s ",
                       handoff_state_code((enum handoff_state)s),
                       handoff_state_code((enum handoff_state)s));
        assert_non_null(strstr(text, node));
    }
    assert_null(strstr(text, "label=\"- "));
    assert_null(strstr(text, "\"?\"")); /* and no state after the last */
}

static void
rows_for_every_state_say_any_and_lead_back_to_where_they_came_from(void **state)
{
    (void)state;
    render(FSM_HANDOFF, FSM_MERMAID);
    assert_non_null(strstr(text, "    any --> "));
    assert_non_null(strstr(text, " --> resumed : "));
    assert_non_null(strstr(render(FSM_AUTHORITY, FSM_MERMAID), "    any --> any : start\n"));
}

/* The page that people read is made from the rows that decide: in their order, with all that they do. */
static void
the_documented_tables_are_those_that_decide(void **state)
{
    (void)state;
    static char page[262144];
    FILE *f = fopen(BATON_DOCS "/state-machines.md", "rb");
    assert_non_null(f);
    size_t n = fread(page, 1, sizeof page - 1, f);
    assert_int_equal(fclose(f), 0);
    assert_true(n > 0 && n < sizeof page - 1);
    static const enum fsm_format shown[] = {FSM_MERMAID, FSM_TABLE};
    for (int m = FSM_AUTHORITY; m <= FSM_HANDOFF; m++)
        for (size_t i = 0; i < ARRAY_LEN(shown); i++)
            if (strstr(page, render((enum fsm_machine)m, shown[i])) == NULL)
                fail_msg("%s as %s differs from the page: docs/generate",
                         fsm_machine_name((enum fsm_machine)m), fsm_format_name(shown[i]));
}

static void
every_effect_has_a_word(void **state)
{
    (void)state;
    size_t n;
    const struct rule *r = handoff_rules(&n);
    json_t *doc = json_loads(render(FSM_HANDOFF, FSM_JSON), 0, NULL);
    json_t *list = json_object_get(doc, "rows");
    for (size_t i = 0; i < n; i++) {
        const char *words = json_string_value(json_object_get(json_array_get(list, i), "effects"));
        unsigned bits = 0, commas = words[0] != '\0';
        for (uint32_t e = r[i].effect; e != 0; e &= e - 1)
            bits++;
        for (const char *c = words; *c != '\0'; c++)
            commas += *c == ',';
        assert_int_equal(bits, commas);
    }
    json_decref(doc);
}

static void
names_parse_back(void **state)
{
    (void)state;
    for (int f = 0; f < FSM_FORMAT_COUNT; f++) {
        enum fsm_format back = FSM_FORMAT_COUNT;
        assert_true(fsm_format_parse(fsm_format_name((enum fsm_format)f), &back));
        assert_int_equal(back, f);
    }
    for (int m = 0; m < FSM_MACHINE_COUNT; m++) {
        enum fsm_machine back = FSM_MACHINE_COUNT;
        assert_true(fsm_machine_parse(fsm_machine_name((enum fsm_machine)m), &back));
        assert_int_equal(back, m);
    }
    enum fsm_format f;
    assert_false(fsm_format_parse("svg", &f));
    enum fsm_machine m;
    assert_false(fsm_machine_parse("engine", &m));
    assert_string_equal(fsm_machine_name(FSM_MACHINE_COUNT), "?");
    assert_string_equal(fsm_format_name(FSM_FORMAT_COUNT), "?");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_every_row_with_its_words),
        cmocka_unit_test(mermaid_names_every_state_and_keeps_a_row_on_a_line),
        cmocka_unit_test(dot_opens_and_closes),
        cmocka_unit_test(a_table_shows_number_guards_effects_and_reason),
        cmocka_unit_test(rows_of_others_render_too_and_are_escaped),
        cmocka_unit_test(what_mermaid_would_trip_over_is_put_in_other_words),
        cmocka_unit_test(what_would_end_a_string_of_dot_is_left_out_or_escaped),
        cmocka_unit_test(control_characters_never_stand_in_json),
        cmocka_unit_test(a_table_leaves_out_the_number_and_the_effects_that_a_row_has_not),
        cmocka_unit_test(mermaid_and_dot_name_the_states_of_the_workflow_and_of_nothing_else),
        cmocka_unit_test(rows_for_every_state_say_any_and_lead_back_to_where_they_came_from),
        cmocka_unit_test(the_documented_tables_are_those_that_decide),
        cmocka_unit_test(every_effect_has_a_word),
        cmocka_unit_test(names_parse_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
