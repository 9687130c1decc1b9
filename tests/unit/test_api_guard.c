/* Each way in which two readers of one HTTP request could disagree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/adapters/api_guard.h"

#include <cmocka.h>
#include <string.h>

static void
put(struct api_guard *g, const char *name, const char *value)
{
    api_guard_header(g, name, strlen(name), value, strlen(value));
}

static void
an_ordinary_request_passes(void **state)
{
    (void)state;
    struct api_guard g = {0};
    put(&g, "Host", "a");
    put(&g, "content-LENGTH", "12");
    put(&g, "X-Tab", "a\tb");
    assert_null(api_guard_finish(&g));
    assert_int_equal(g.content_length, 12);
}

static void
there_is_exactly_one_host(void **state)
{
    (void)state;
    struct api_guard none = {0}, two = {0};
    put(&none, "Accept", "*");
    assert_non_null(api_guard_finish(&none));
    put(&two, "Host", "a");
    put(&two, "HOST", "a");
    assert_non_null(api_guard_finish(&two));
}

static void
there_is_at_most_one_length_and_it_is_digits(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "+1", "-1", "1 ", " 1", "0x10", "1,1", "9999999999999"};
    struct api_guard two = {0};
    put(&two, "Host", "a");
    put(&two, "Content-Length", "1");
    put(&two, "Content-Length", "1");
    assert_non_null(api_guard_finish(&two));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct api_guard g = {0};
        put(&g, "Host", "a");
        put(&g, "Content-Length", bad[i]);
        if (api_guard_finish(&g) == NULL)
            fail_msg("'%s' passes", bad[i]);
    }
}

static void
a_body_is_framed_by_its_length_alone(void **state)
{
    (void)state;
    struct api_guard alone = {0}, both = {0};
    put(&alone, "Host", "a");
    put(&alone, "Transfer-Encoding", "chunked");
    assert_non_null(api_guard_finish(&alone));
    put(&both, "Host", "a");
    put(&both, "Transfer-Encoding", "chunked");
    put(&both, "Content-Length", "1");
    assert_non_null(api_guard_finish(&both));
}

static void
names_are_tokens_and_values_have_no_controls(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } bad[] = {{"A B", "x"},  {"A(", "x"},   {"", "x"},     {"A:", "x"},  {"\x80", "x"},
               {"A", "x\ry"}, {"A", "x\ny"}, {"A", "\x01"}, {"A", "\x7f"}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct api_guard g = {0};
        put(&g, "Host", "a");
        put(&g, bad[i].name, bad[i].value);
        if (api_guard_finish(&g) == NULL)
            fail_msg("header %zu passes", i);
    }
    struct api_guard nul = {0};
    put(&nul, "Host", "a");
    api_guard_header(&nul, "A", 1, "x\0y", 3);
    assert_non_null(api_guard_finish(&nul));
}

static void
headers_are_counted(void **state)
{
    (void)state;
    struct api_guard g = {0};
    put(&g, "Host", "a");
    for (int i = 0; i < GUARD_HEADERS_MAX - 1; i++)
        put(&g, "A", "x");
    assert_null(api_guard_finish(&g));
    put(&g, "A", "x");
    assert_non_null(api_guard_finish(&g));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_request_passes),
        cmocka_unit_test(there_is_exactly_one_host),
        cmocka_unit_test(there_is_at_most_one_length_and_it_is_digits),
        cmocka_unit_test(a_body_is_framed_by_its_length_alone),
        cmocka_unit_test(names_are_tokens_and_values_have_no_controls),
        cmocka_unit_test(headers_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
