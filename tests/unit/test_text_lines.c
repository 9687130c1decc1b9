#include "common/readers/text_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct told {
    char text[8192];
    size_t lines, cut, longest;
    bool refuse;
};

static enum baton_status
on_line(void *ctx, const char *text, size_t len, bool cut, struct baton_err *err)
{
    struct told *told = ctx;
    assert_int_equal(strlen(text), len);
    told->lines++;
    told->cut += cut;
    told->longest = len > told->longest ? len : told->longest;
    if (strlen(told->text) + len + 2 < sizeof told->text) {
        strcat(told->text, text);
        strcat(told->text, "|");
    }
    return told->refuse ? baton_fail(err, BATON_LIMIT, "enough") : BATON_OK;
}

static enum baton_status
read_lines(const char *bytes, size_t len, size_t piece, struct told *told, struct text_lines *t,
           struct baton_err *err)
{
    *told = (struct told){0};
    text_lines_init(t, &(struct text_line_sink){told, on_line});
    enum baton_status rc = BATON_OK;
    for (size_t at = 0; rc == BATON_OK && at < len; at += piece)
        rc = text_lines_push(t, bytes + at, len - at < piece ? len - at : piece, err);
    return rc == BATON_OK ? text_lines_finish(t, err) : rc;
}

/* In one piece, and byte by byte. */
static uint64_t
reads(const char *bytes, size_t len, const char *wanted)
{
    struct text_lines *t = malloc(sizeof *t);
    struct told told;
    uint64_t foreign = 0;
    for (size_t piece = 1; piece <= len + 1; piece += len == 0 ? 1 : len) {
        struct baton_err err = {0};
        if (read_lines(bytes, len, piece, &told, t, &err) != BATON_OK)
            fail_msg("%s", err.text);
        assert_string_equal(told.text, wanted);
        assert_int_equal(t->bytes, len);
        assert_int_equal(t->lines, told.lines);
        foreign = t->foreign;
    }
    free(t);
    return foreign;
}

#define READS(literal, wanted) reads(literal, sizeof(literal) - 1, wanted)

static void
refuses(const char *bytes, size_t len, const char *says)
{
    struct text_lines *t = malloc(sizeof *t);
    struct told told;
    struct baton_err err = {0};
    assert_int_equal(read_lines(bytes, len, 1, &told, t, &err), BATON_MALFORMED);
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    free(t);
}

static void
every_end_of_a_line_is_one(void **state)
{
    (void)state;
    READS("", "");
    READS("a", "a|");
    READS("a\nb\r\nc\rd\n", "a|b|c|d|");
    READS("\n\r\n\r\r", "||||");
    READS("a\r\n\r\nb", "a||b|");
}

static void
the_mark_decides_also_later(void **state)
{
    (void)state;
    READS("\xEF\xBB\xBF"
          "a\nb",
          "a|b|");
    READS("\xFF\xFE"
          "a\0\r\0\n\0\xFC\0",
          "a|\xC3\xBC|");
    READS("\xFE\xFF\0a\0\n\0b", "a|b|");
    READS("a\r\n\xFF\xFE"
          "b\0\n\0",
          "a|b|");
    READS("\xFF\xFE"
          "a\0\n\0\xEF\xBB\xBF"
          "b\nc",
          "a|b|c|");
    READS("x\xEF\xBB\xBF"
          "a",
          "x a|"); /* inside a line it is a character that shows nothing */
    READS("\xFF\xFE\x42\xD8\xB7\xDF", "\xF0\xA0\xAE\xB7|");
    READS("\xFF\xFE\x42\xD8"
          "a\0",
          "\xEF\xBF\xBD"
          "a|");
    READS("\xFF\xFE\xB7\xDF", "\xEF\xBF\xBD|");
    READS("\xFF\xFE\x42\xD8", "\xEF\xBF\xBD|");
}

static void
bytes_that_are_no_utf8_are_windows_1252_and_counted(void **state)
{
    (void)state;
    assert_int_equal(READS("\xC3\xBC", "\xC3\xBC|"), 0);
    assert_int_equal(READS("\xFC"
                           "ber\n\x80",
                           "\xC3\xBC"
                           "ber|\xE2\x82\xAC|"),
                     2);
    assert_int_equal(READS("a\xC3", "a\xC3\x83|"), 1);
    assert_int_equal(READS("\xE2\x82x", "\xC3\xA2\xE2\x80\x9Ax|"), 2);
    assert_int_equal(READS("\xC0\xAF", "\xC3\x80\xC2\xAF|"), 2);
    assert_int_equal(READS("\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80|"), 0);
    assert_int_equal(READS("\xED\xA0\x80", "\xC3\xAD\xC2\xA0\xE2\x82\xAC|"), 3);
}

static void
what_may_not_be_shown_is_a_blank(void **state)
{
    (void)state;
    READS("a\tb\x1B[2Jc\x7F\xE2\x80\xAE", "a b [2Jc  |");
}

static void
a_line_without_end_is_cut(void **state)
{
    (void)state;
    size_t len = 3 * TEXT_LINE_BYTES;
    char *bytes = malloc(len + 2);
    struct text_lines *t = malloc(sizeof *t);
    struct told told;
    for (size_t piece = 1; piece < 6000; piece += 1999) {
        memset(bytes, 'a', len);
        memcpy(bytes + len, "\nb", 2);
        assert_int_equal(read_lines(bytes, len + 2, piece, &told, t, NULL), BATON_OK);
        assert_int_equal(told.lines, 2);
        assert_int_equal(told.cut, 1);
        assert_int_equal(told.longest, TEXT_LINE_BYTES - 1);
    }
    free(bytes);
    free(t);
}

static void
a_nul_is_named_with_its_place(void **state)
{
    (void)state;
    refuses("ab\ncd\0", 6, "line 2, byte 5");
    refuses("\0", 1, "line 1, byte 0");
    refuses("\xFF\xFE"
            "a\0\n\0\0\0",
            8, "line 2");
    refuses("\xFF\xFE"
            "a\0b",
            5, "middle of a character");
}

static void
what_the_sink_says_goes_through(void **state)
{
    (void)state;
    struct text_lines t;
    struct told told = {.refuse = true};
    text_lines_init(&t, &(struct text_line_sink){&told, on_line});
    assert_int_equal(text_lines_push(&t, "a\nb\n", 4, NULL), BATON_LIMIT);
    assert_int_equal(told.lines, 1);
}

static void
encodings_have_names(void **state)
{
    (void)state;
    assert_string_equal(text_encoding_name(TEXT_UTF_8), "utf-8");
    assert_string_equal(text_encoding_name(TEXT_UTF_16BE), "utf-16be");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_of_a_line_is_one),
        cmocka_unit_test(the_mark_decides_also_later),
        cmocka_unit_test(bytes_that_are_no_utf8_are_windows_1252_and_counted),
        cmocka_unit_test(what_may_not_be_shown_is_a_blank),
        cmocka_unit_test(a_line_without_end_is_cut),
        cmocka_unit_test(a_nul_is_named_with_its_place),
        cmocka_unit_test(what_the_sink_says_goes_through),
        cmocka_unit_test(encodings_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
