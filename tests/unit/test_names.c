#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/host.h"
#include "baton/message.h"

#include <string.h>

/* Every value has a word of its own, and a value outside has none. */
#define CHECK(function, type, count)                                                               \
    do {                                                                                           \
        for (int i = 0; i < (count); i++) {                                                        \
            assert_string_not_equal(function((type)i), "?");                                       \
            for (int j = 0; j < i; j++)                                                            \
                assert_string_not_equal(function((type)i), function((type)j));                     \
        }                                                                                          \
        assert_string_equal(function((type)(count)), "?");                                         \
    } while (0)

static void
every_verb_message_and_request_has_its_own_name(void **state)
{
    (void)state;
    CHECK(order_verb_name, enum order_verb, ORDER_VERB_COUNT);
    CHECK(message_type_name, enum message_type, MSG_TYPE_COUNT);
    CHECK(host_op_name, enum host_op, HOST_OP_COUNT);
    CHECK(host_place_name, enum host_place, PLACE_COUNT);
    CHECK(host_collector_name, enum host_collector, COLLECT_COUNT);
}

static void
the_words_are_those_of_the_labs_protocol(void **state)
{
    (void)state;
    assert_string_equal(host_op_name(HOST_SERVICE_DISABLE), "service-disable");
    assert_string_equal(host_collector_name(COLLECT_RUN_STATUS), "run-status");
    assert_string_equal(host_collector_name(COLLECT_AUTO_UPGRADE), "auto-upgrade");
    assert_string_equal(host_place_name(PLACE_SETTINGS_EXPORT), "settings-export");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_message_and_request_has_its_own_name),
        cmocka_unit_test(the_words_are_those_of_the_labs_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
