/* The words of a command line, against the table of commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/cli/cli.h"

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 48 };

struct line {
    struct args args;
    const struct command *command;
    struct baton_err err;
    enum baton_status rc;
};

/* Splits at blanks; the words stay in `copy`. */
static struct line
parse(const char *text)
{
    static char copy[1024];
    char *argv[WORDS_MAX], *rest = copy;
    int argc = 0;
    struct line l = {0};
    snprintf(copy, sizeof copy, "baton %s", text);
    for (char *w = strtok_r(copy, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
        argv[argc++] = w;
    l.rc = command_parse(argc, argv, &l.args, &l.command, &l.err);
    return l;
}

static void
expect_usage(const char *text, const char *says)
{
    struct line l = parse(text);
    assert_int_equal(l.rc, BATON_USAGE);
    assert_int_equal(baton_status_exit_code(l.rc), 2);
    if (strstr(l.err.text, says) == NULL)
        fail_msg("'%s' does not say '%s'", l.err.text, says);
}

static void
a_noun_and_a_verb_find_their_row(void **state)
{
    (void)state;
    struct line l = parse("cutover show contoso");
    assert_int_equal(l.rc, BATON_OK);
    assert_string_equal(l.command->noun, "cutover");
    assert_string_equal(l.command->verb, "show");
    assert_int_equal(l.args.count, 1);
    assert_string_equal(l.args.positional[0], "contoso");
}

static void
options_may_stand_anywhere_and_in_both_spellings(void **state)
{
    (void)state;
    struct line l = parse("--output json cutover --url=https://a show contoso -y --watch");
    assert_int_equal(l.rc, BATON_OK);
    struct cli c = {.args = l.args};
    assert_string_equal(cli_option(&c, "output"), "json");
    assert_string_equal(cli_option(&c, "url"), "https://a");
    assert_true(cli_has(&c, "yes"));
    assert_true(cli_has(&c, "watch"));
    assert_null(cli_option(&c, "config"));
}

static void
a_repeated_option_keeps_every_value(void **state)
{
    (void)state;
    struct line l = parse("tenant set contoso --set a=1 --set b=2");
    struct cli c = {.args = l.args};
    assert_int_equal(l.rc, BATON_OK);
    assert_string_equal(cli_option_nth(&c, "set", 0), "a=1");
    assert_string_equal(cli_option_nth(&c, "set", 1), "b=2");
    assert_null(cli_option_nth(&c, "set", 2));
}

static void
after_two_dashes_everything_is_a_word(void **state)
{
    (void)state;
    struct line l = parse("cutover show -- --help");
    assert_int_equal(l.rc, BATON_OK);
    assert_false(l.args.help);
    assert_string_equal(l.args.positional[0], "--help");
}

static void
typing_mistakes_get_the_nearest_word(void **state)
{
    (void)state;
    expect_usage("cutovr list", "did you mean baton cutover?");
    expect_usage("cutover lst", "did you mean baton cutover list?");
    expect_usage("cutover list --wtach", "did you mean --watch?");
    expect_usage("cutover list --outputt json", "did you mean --output?");
    expect_usage("cutover aprove contoso", "did you mean baton cutover approve?");
    expect_usage("tenat list", "did you mean baton tenant?");
}

static void
what_is_far_from_everything_gets_no_guess(void **state)
{
    (void)state;
    struct line l = parse("xyzzyplugh");
    assert_int_equal(l.rc, BATON_USAGE);
    assert_null(strstr(l.err.text, "did you mean"));
    const char *const known[] = {"list", "show"};
    assert_null(command_nearest("quux", known, 2));
}

static void
too_few_and_too_many_words_show_the_usage(void **state)
{
    (void)state;
    expect_usage("cutover show", "usage: baton cutover show CUTOVER");
    expect_usage("agent list contoso",
                 "takes no argument like 'contoso'; see baton agent list --help");
    expect_usage("cutover show a b", "usage: baton cutover show CUTOVER");
    expect_usage("trust", "needs a verb");
    expect_usage("", "a command is needed");
    expect_usage("cutover show a --url", "--url needs URL");
    expect_usage("cutover show a --watch=1", "--watch takes no value");
    expect_usage("cutover show a -q", "unknown option -q");
}

static void
a_very_long_word_is_an_error_and_not_a_crash(void **state)
{
    (void)state;
    char word[600], text[700];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    snprintf(text, sizeof text, "%s", word);
    assert_int_equal(parse(text).rc, BATON_USAGE);
    snprintf(text, sizeof text, "--%s", word);
    assert_int_equal(parse(text).rc, BATON_USAGE);
    snprintf(text, sizeof text, "cutover %s", word);
    assert_int_equal(parse(text).rc, BATON_USAGE);
}

static void
help_is_given_for_incomplete_lines(void **state)
{
    (void)state;
    assert_int_equal(parse("--help").rc, BATON_OK);
    assert_int_equal(parse("cutover --help").rc, BATON_OK);
    struct line l = parse("cutover show --help");
    assert_int_equal(l.rc, BATON_OK);
    assert_true(l.args.help);
    assert_string_equal(l.command->verb, "show");
}

static void
every_row_is_whole_and_stands_once(void **state)
{
    (void)state;
    size_t n;
    const struct command *rows = command_rows(&n);
    for (size_t i = 0; i < n; i++) {
        assert_non_null(rows[i].run);
        assert_true(rows[i].what[0] != '\0');
        assert_true(strncmp(rows[i].examples, "baton ", 6) == 0);
        assert_true(rows[i].least <= rows[i].most && rows[i].most <= ARGS_MAX);
        assert_ptr_equal(command_find(rows[i].noun, rows[i].verb), &rows[i]);
    }
}

static void
every_example_parses_as_its_own_row(void **state)
{
    (void)state;
    size_t n;
    const struct command *rows = command_rows(&n);
    for (size_t i = 0; i < n; i++) {
        char text[256];
        size_t len = strcspn(rows[i].examples, "\n");
        snprintf(text, sizeof text, "%.*s", (int)(len - 6), rows[i].examples + 6);
        text[strcspn(text, "'<>")] = '\0'; /* quoted words and redirections are the shell's */
        if (strchr(rows[i].examples, '\'') != NULL && strlen(text) + 6 < len)
            strcat(text, "x");
        struct line l = parse(text);
        if (l.rc != BATON_OK)
            fail_msg("%s: %s", rows[i].examples, l.err.text);
        assert_ptr_equal(l.command, &rows[i]);
    }
}

static void
no_option_of_a_command_hides_a_global_one(void **state)
{
    (void)state;
    size_t n;
    const struct command *rows = command_rows(&n);
    for (size_t i = 0; i < n; i++)
        for (const struct option_row *o = rows[i].options; o != NULL && o->name != NULL; o++)
            for (const struct option_row *g = command_globals(); g->name != NULL; g++)
                assert_string_not_equal(o->name, g->name);
}

/* The manual is written by hand, so it is held against the table. */
static void
the_manual_names_every_command_and_option(void **state)
{
    (void)state;
    static char page[65536];
    size_t n;
    const struct command *rows = command_rows(&n);
    FILE *f = fopen(BATON_MANUAL, "r");
    assert_non_null(f);
    size_t len = fread(page, 1, sizeof page - 1, f);
    fclose(f);
    page[len] = '\0';
    for (size_t i = 0; i < n; i++) {
        char title[96];
        snprintf(title, sizeof title, "\n*baton %s%s%s*", rows[i].noun,
                 rows[i].verb[0] != '\0' ? " " : "", rows[i].verb);
        char *at = strstr(page, title);
        if (at == NULL)
            fail_msg("%s is not in the manual", title);
        char *end = strstr(at + 1, "\n*baton ");
        for (const struct option_row *o = rows[i].options; o != NULL && o->name != NULL; o++) {
            snprintf(title, sizeof title, "*--%s*", o->name);
            char *found = strstr(at, title);
            if (found == NULL || (end != NULL && found > end))
                fail_msg("%s of baton %s %s is not in the manual", title, rows[i].noun,
                         rows[i].verb);
        }
    }
    for (const struct option_row *g = command_globals(); g->name != NULL; g++) {
        char title[48];
        snprintf(title, sizeof title, "\n*--%s*", g->name);
        assert_non_null(strstr(page, title));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_noun_and_a_verb_find_their_row),
        cmocka_unit_test(options_may_stand_anywhere_and_in_both_spellings),
        cmocka_unit_test(a_repeated_option_keeps_every_value),
        cmocka_unit_test(after_two_dashes_everything_is_a_word),
        cmocka_unit_test(typing_mistakes_get_the_nearest_word),
        cmocka_unit_test(what_is_far_from_everything_gets_no_guess),
        cmocka_unit_test(too_few_and_too_many_words_show_the_usage),
        cmocka_unit_test(a_very_long_word_is_an_error_and_not_a_crash),
        cmocka_unit_test(help_is_given_for_incomplete_lines),
        cmocka_unit_test(every_row_is_whole_and_stands_once),
        cmocka_unit_test(every_example_parses_as_its_own_row),
        cmocka_unit_test(no_option_of_a_command_hides_a_global_one),
        cmocka_unit_test(the_manual_names_every_command_and_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
