#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/status.h"
#include "common/log.h"

#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char captured[1 << 20];

/* Runs work with standard error in a file; captured then holds what it wrote. */
static void
capture(void (*work)(void))
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int saved = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    work();
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    rewind(file);
    size_t n = fread(captured, 1, sizeof captured - 1, file);
    captured[n] = '\0';
    (void)fclose(file);
}

static void
one_line(void)
{
    log_warn("promise.stale", "epoch=%d host=\"%s\"", 7, "OLD");
}

static void
a_line_is_time_level_event_and_pairs(void **state)
{
    (void)state;
    regex_t re;
    log_level_set(LEVEL_INFO);
    capture(one_line);
    assert_int_equal(regcomp(&re,
                             "^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
                             "\\.[0-9]{3}Z warn promise\\.stale epoch=7 host=\"OLD\"\n$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regexec(&re, captured, 0, NULL, 0), 0);
    regfree(&re);
}

static void
one_of_each(void)
{
    log_debug("e.debug", "n=%d", 1);
    log_info("e.info", "n=%d", 2);
    log_warn("e.warn", "n=%d", 3);
    log_error("e.error", "n=%d", 4);
}

static size_t
lines_captured(void)
{
    size_t n = 0;
    for (const char *p = captured; *p != '\0'; p++)
        n += *p == '\n';
    return n;
}

static struct {
    enum log_level level;
    char event[64], text[LOG_LINE_BYTES];
    size_t count;
} sunk;

static void
keep_line(enum log_level level, const char *event, const char *text)
{
    sunk.level = level;
    snprintf(sunk.event, sizeof sunk.event, "%s", event);
    snprintf(sunk.text, sizeof sunk.text, "%s", text);
    sunk.count++;
}

static void
lines_of_a_stranger(void)
{
    log_info("e.quiet", "below the level");
    log_error("e.wire", "name=%s", "a\r\nb\x1b[31m\xff");
}

static void
a_sink_gets_what_is_written_as_one_clean_line(void **state)
{
    (void)state;
    log_level_set(LEVEL_WARN);
    log_sink_set(keep_line);
    capture(lines_of_a_stranger);
    log_sink_set(NULL);
    assert_int_equal(sunk.count, 1);
    assert_int_equal(sunk.level, LEVEL_ERROR);
    assert_string_equal(sunk.event, "e.wire");
    assert_string_equal(sunk.text, "name=a  b [31m ");
    assert_non_null(strstr(captured, "error e.wire name=a  b [31m \n"));
}

static void
only_the_level_asked_for_and_above_is_written(void **state)
{
    (void)state;
    for (int level = LEVEL_DEBUG; level <= LEVEL_OFF; level++) {
        log_level_set((enum log_level)level);
        capture(one_of_each);
        assert_int_equal(lines_captured(), LEVEL_OFF - level);
        for (int at = LEVEL_DEBUG; at < LEVEL_OFF; at++)
            assert_int_equal(log_enabled((enum log_level)at), at >= level);
        assert_false(log_enabled(LEVEL_OFF));
    }
}

static void
hostile_text(void)
{
    log_error("bus.refused", "text=\"%s\"",
              "a\n2026-01-01T00:00:00.000Z info all.good \x1b[2J\xff");
}

static void
text_from_outside_cannot_make_a_second_line(void **state)
{
    (void)state;
    log_level_set(LEVEL_INFO);
    capture(hostile_text);
    assert_int_equal(lines_captured(), 1);
    assert_null(strchr(captured, '\x1b'));
    assert_null(strchr(captured, '\xff'));
}

static void
long_text(void)
{
    char big[4 * LOG_LINE_BYTES];
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    log_info("e.long", "text=%s", big);
}

static void
a_long_line_is_cut_and_still_ends(void **state)
{
    (void)state;
    log_level_set(LEVEL_INFO);
    capture(long_text);
    assert_int_equal(lines_captured(), 1);
    assert_in_range(strlen(captured), LOG_LINE_BYTES / 2, LOG_LINE_BYTES);
}

static void *
many_lines(void *arg)
{
    for (int i = 0; i < 500; i++)
        log_info("e.thread", "who=%s text=0123456789012345678901234567890123456789", (char *)arg);
    return NULL;
}

static void
four_threads(void)
{
    static char names[4][2] = {"a", "b", "c", "d"};
    pthread_t thread[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, many_lines, names[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
}

static void
lines_of_several_threads_are_never_mixed(void **state)
{
    (void)state;
    log_level_set(LEVEL_INFO);
    capture(four_threads);
    assert_int_equal(lines_captured(), 2000);
    char *rest = captured;
    for (char *line = strtok_r(captured, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_non_null(strstr(line, " info e.thread who="));
        assert_string_equal(line + strlen(line) - 10, "0123456789");
    }
}

static void
levels_are_read_by_name(void **state)
{
    (void)state;
    enum log_level level = LEVEL_OFF;
    assert_true(log_level_parse("debug", &level));
    assert_int_equal(level, LEVEL_DEBUG);
    assert_true(log_level_parse("off", &level));
    assert_false(log_level_parse("loud", &level));
    assert_int_equal(level, LEVEL_OFF);
}

static void
the_environment_decides_until_the_program_does(void **state)
{
    (void)state;
    assert_true(log_enabled(LEVEL_ERROR)); /* first use: BATON_LOG=error, set in main */
    assert_false(log_enabled(LEVEL_WARN));
    log_level_set(LEVEL_DEBUG);
    assert_true(log_enabled(LEVEL_DEBUG));
}

int
main(void)
{
    (void)setenv("BATON_LOG", "error", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_decides_until_the_program_does),
        cmocka_unit_test(a_line_is_time_level_event_and_pairs),
        cmocka_unit_test(a_sink_gets_what_is_written_as_one_clean_line),
        cmocka_unit_test(only_the_level_asked_for_and_above_is_written),
        cmocka_unit_test(text_from_outside_cannot_make_a_second_line),
        cmocka_unit_test(a_long_line_is_cut_and_still_ends),
        cmocka_unit_test(lines_of_several_threads_are_never_mixed),
        cmocka_unit_test(levels_are_read_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
