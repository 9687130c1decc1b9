#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "controller/cli/progress.h"

#include <stdlib.h>

struct screen {
    struct progress p;
    char *text;
    size_t len;
};

static void
screen_open(struct screen *s, uint64_t bytes)
{
    *s = (struct screen){0};
    s->p = (struct progress){
        .what = "x.xml", .bytes = bytes, .shown_ms = 5000, .to = open_memstream(&s->text, &s->len)};
    assert_non_null(s->p.to);
}

static void
assert_screen(struct screen *s, const char *text)
{
    progress_end(&s->p);
    assert_int_equal(fclose(s->p.to), 0);
    assert_string_equal(s->text, text);
    free(s->text);
}

static void
what_takes_less_than_a_second_says_nothing(void **state)
{
    (void)state;
    struct screen s;
    screen_open(&s, 9000000);
    progress_step_at(&s.p, 4000000, 5000 + PROGRESS_MS - 1);
    assert_screen(&s, "");
}

static void
a_line_is_written_over_itself_once_a_second_and_wiped(void **state)
{
    (void)state;
    struct screen s;
    screen_open(&s, 9000000);
    progress_step_at(&s.p, 4000000, 6000);
    progress_step_at(&s.p, 5000000, 6999);
    progress_step_at(&s.p, 8000000, 7000);
    assert_screen(&s, "\rx.xml: 4 of 9 MB\rx.xml: 8 of 9 MB\r\033[K");
}

static void
without_a_whole_only_the_part_is_told(void **state)
{
    (void)state;
    struct screen s;
    screen_open(&s, 0);
    progress_step_at(&s.p, 4000000, 6000);
    assert_screen(&s, "\rx.xml: 4 MB\r\033[K");
}

static void
nothing_is_said_where_nobody_watches(void **state)
{
    (void)state;
    struct progress p = {.what = "x", .bytes = 1};
    progress_step_at(&p, 1, PROGRESS_MS);
    assert_false(p.shown);
    progress_end(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_takes_less_than_a_second_says_nothing),
        cmocka_unit_test(a_line_is_written_over_itself_once_a_second_and_wiped),
        cmocka_unit_test(without_a_whole_only_the_part_is_told),
        cmocka_unit_test(nothing_is_said_where_nobody_watches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
