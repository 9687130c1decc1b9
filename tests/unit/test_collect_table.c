#include "agent/adapters/windows/collect_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
dirsync_is_never_asked_by_a_script(void **state)
{
    (void)state;
    size_t count;
    const struct collect_way *way = collect_ways(&count);
    for (size_t i = 0; i < count; i++)
        if ((way[i].products >> PRODUCT_DIRSYNC & 1) != 0)
            assert_true(way[i].source != SOURCE_SCRIPT && way[i].source != SOURCE_SCRIPT_DUMP);
}

static void
no_question_has_two_ways_on_one_product(void **state)
{
    (void)state;
    size_t count;
    const struct collect_way *way = collect_ways(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            assert_true(way[i].collector != way[k].collector ||
                        (way[i].products & way[k].products) == 0);
}

static void
entra_connect_answers_every_question(void **state)
{
    (void)state;
    for (int c = COLLECT_NONE + 1; c < COLLECT_COUNT; c++) {
        const struct collect_way *way =
            collect_way_find((enum host_collector)c, PRODUCT_CONNECT, NULL);
        assert_non_null(way);
        assert_int_equal(way->collector, c);
        assert_true(way->limit_ms > 0);
    }
}

static void
what_a_product_does_not_have_is_absent_with_the_reason(void **state)
{
    (void)state;
    struct baton_err err;
    assert_null(collect_way_find(COLLECT_SCHEDULER, PRODUCT_DIRSYNC, &err));
    assert_int_equal(err.status, BATON_NOT_FOUND);
    assert_string_equal(err.text, "nothing on DirSync answers the question scheduler");
    assert_null(collect_way_find(COLLECT_RUNS, PRODUCT_NONE, &err));
    assert_int_equal(err.status, BATON_NOT_FOUND);
    assert_null(collect_way_find(COLLECT_RUNS, PRODUCT_COUNT, &err));
    assert_int_equal(err.status, BATON_USAGE);
}

static void
a_server_without_a_product_is_asked_for_its_prerequisites(void **state)
{
    (void)state;
    assert_non_null(collect_way_find(COLLECT_PREREQUISITES, PRODUCT_NONE, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dirsync_is_never_asked_by_a_script),
        cmocka_unit_test(no_question_has_two_ways_on_one_product),
        cmocka_unit_test(entra_connect_answers_every_question),
        cmocka_unit_test(what_a_product_does_not_have_is_absent_with_the_reason),
        cmocka_unit_test(a_server_without_a_product_is_asked_for_its_prerequisites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
