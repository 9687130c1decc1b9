#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "common/crypto/crypto.h"
#include "controller/adapters/door.h"

static struct door *door;
static const uint64_t now = 1000000;

static struct bus_peer
peer_of(uint8_t n, enum bus_class class)
{
    struct bus_peer p = {.tenant = {{n}}, .class = class};
    memset(p.curve_key.b, n, sizeof p.curve_key.b);
    if (class == BUS_AGENT)
        memset(p.sign_key.b, 0x80 | n, sizeof p.sign_key.b);
    return p;
}

static int
set_up(void **state)
{
    (void)state;
    return crypto_init(NULL) == BATON_OK && door_new(&door, NULL) == BATON_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    door_free(&door);
    door_free(&door);
    return 0;
}

static void
only_keys_in_the_table_are_admitted(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT), seen;
    assert_false(door_admits(door, &a.curve_key, now));
    assert_int_equal(door_enter(door, &a.curve_key, now, &seen), BATON_DENIED);
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    assert_true(door_admits(door, &a.curve_key, now));
    assert_int_equal(door_enter(door, &a.curve_key, now, &seen), BATON_OK);
    assert_memory_equal(&seen.sign_key, &a.sign_key, sizeof a.sign_key);
    assert_memory_equal(&seen.tenant, &a.tenant, sizeof a.tenant);
    assert_int_equal(seen.class, BUS_AGENT);
    assert_false(door_admits(door, &a.sign_key, now)); /* a signing key opens nothing */
}

static void
a_revoked_key_is_refused_at_the_next_frame(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT), seen;
    struct door_rid rid = {{0, 1}};
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    assert_int_equal(door_seen(door, &a, &rid, true), DOOR_NEW);
    door_revoke(door, &a.curve_key, now);
    assert_false(door_admits(door, &a.curve_key, now));
    assert_int_equal(door_enter(door, &a.curve_key, now, &seen), BATON_DENIED);
    assert_false(door_route(door, &a.sign_key, now, &seen, &rid));
}

static void
a_one_time_key_ends_with_its_time(void **state)
{
    (void)state;
    struct bus_peer e = peer_of(2, BUS_ENROL);
    assert_int_equal(door_allow(door, &e, now + 50, now), BATON_OK);
    assert_true(door_admits(door, &e.curve_key, now + 49));
    assert_false(door_admits(door, &e.curve_key, now + 50));
    assert_false(door_admits(door, &e.curve_key, now)); /* gone, also when time is asked back */
}

static void
a_used_one_time_key_gets_its_answer_and_no_more(void **state)
{
    (void)state;
    struct bus_peer e = peer_of(2, BUS_ENROL), seen;
    struct door_rid rid = {{0, 1}};
    assert_int_equal(door_allow(door, &e, now + 60000, now), BATON_OK);
    memset(e.sign_key.b, 7, sizeof e.sign_key.b); /* its ENROL said so */
    assert_int_equal(door_seen(door, &e, &rid, true), DOOR_NEW);
    door_revoke(door, &e.curve_key, now);
    assert_false(door_admits(door, &e.curve_key, now));
    assert_int_equal(door_enter(door, &e.curve_key, now, &seen), BATON_DENIED);
    assert_true(door_route(door, &e.sign_key, now, &seen, &rid));
    assert_true(door_route(door, &e.curve_key, now, &seen, &rid));
    assert_false(door_route(door, &e.sign_key, now + DOOR_FAREWELL_MS, &seen, &rid));
}

static void
an_enrolled_agent_is_found_by_its_signing_key_where_it_lives(void **state)
{
    (void)state;
    struct bus_peer e = peer_of(2, BUS_ENROL), a = peer_of(3, BUS_AGENT), seen;
    struct door_rid rid;
    assert_int_equal(door_allow(door, &e, now + 60000, now), BATON_OK);
    e.sign_key = a.sign_key;
    door_seen(door, &e, &(struct door_rid){{0, 1}}, true);
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    assert_true(door_route(door, &a.sign_key, now, &seen, &rid)); /* not connected as itself yet */
    assert_int_equal(rid.b[1], 1);
    door_seen(door, &a, &(struct door_rid){{0, 9}}, true);
    assert_true(door_route(door, &a.sign_key, now, &seen, &rid));
    assert_int_equal(rid.b[1], 9);
    assert_int_equal(seen.class, BUS_AGENT);
}

static const struct door_rid one = {{0, 1}}, two = {{0, 2}};

static enum door_session
hello(const struct bus_peer *a, const struct door_rid *rid)
{
    return door_seen(door, a, rid, true);
}

static enum door_session
word(const struct bus_peer *a, const struct door_rid *rid)
{
    return door_seen(door, a, rid, false);
}

static void
the_connection_of_the_newest_hello_is_the_session(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT), seen;
    struct door_rid rid;
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    assert_false(door_route(door, &a.sign_key, now, &seen, &rid));
    assert_int_equal(hello(&a, &one), DOOR_NEW);
    assert_int_equal(hello(&a, &one), DOOR_SAME);
    assert_int_equal(hello(&a, &two), DOOR_NEW);
    assert_true(door_route(door, &a.sign_key, now, &seen, &rid));
    assert_memory_equal(&rid, &two, sizeof rid);
    assert_false(door_left(door, &a.curve_key, &one));
    assert_true(door_left(door, &a.curve_key, &two));
    assert_false(door_route(door, &a.sign_key, now, &seen, &rid));
    assert_int_equal(word(&a, &two), DOOR_LATE);
    assert_int_equal(hello(&a, &one), DOOR_NEW); /* the older one was alive all along */
}

static void
a_connection_without_its_turn_is_late(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT);
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    assert_int_equal(word(&a, &one), DOOR_LATE); /* it never said hello */
    hello(&a, &one);
    assert_int_equal(word(&a, &one), DOOR_SAME);
    hello(&a, &two);
    assert_int_equal(word(&a, &one), DOOR_LATE);
    assert_int_equal(word(&a, &two), DOOR_SAME);
}

static void
connections_that_speak_by_turns_are_a_second_session(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT);
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    hello(&a, &one);
    word(&a, &one);
    hello(&a, &two);
    assert_int_equal(word(&a, &two), DOOR_SAME);
    hello(&a, &one);
    assert_int_equal(word(&a, &one), DOOR_SECOND);
    assert_int_equal(word(&a, &one), DOOR_SAME); /* said once for each return */
    hello(&a, &two);
    hello(&a, &two); /* asked twice is no other turn */
    assert_int_equal(word(&a, &two), DOOR_SECOND);
}

static void
two_that_go_on_by_turns_do_not_push_a_third_out_of_memory(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT);
    struct door_rid three = {{0, 3}};
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    hello(&a, &three);
    word(&a, &three);
    for (int i = 0; i < DOOR_EARLIER_MAX; i++) {
        hello(&a, &one);
        word(&a, &one);
        hello(&a, &two);
        word(&a, &two);
    }
    hello(&a, &three);
    assert_int_equal(word(&a, &three), DOOR_SECOND);
}

static void
one_that_left_in_between_was_there_all_the_same(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT);
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    hello(&a, &one);
    hello(&a, &two);
    word(&a, &two);
    door_left(door, &a.curve_key, &two);
    hello(&a, &one);
    assert_int_equal(word(&a, &one), DOOR_SECOND);
}

static void
hellos_that_a_dead_connection_still_delivers_are_no_second_session(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT);
    struct door_rid three = {{0, 3}};
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    hello(&a, &one);
    word(&a, &one);
    hello(&a, &two);
    word(&a, &two);
    for (int i = 0; i < 3; i++) {
        hello(&a, &one); /* of long ago, or the first frame of one that nobody knew */
        hello(&a, &three);
        assert_int_equal(word(&a, &two), DOOR_LATE);
        hello(&a, &two);
        assert_int_equal(word(&a, &two), DOOR_SAME);
    }
}

static void
a_reconnect_is_no_second_session(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT);
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    for (uint8_t i = 1; i < 50; i++) {
        assert_int_equal(hello(&a, &(struct door_rid){{0, i}}), DOOR_NEW);
        assert_int_equal(word(&a, &(struct door_rid){{0, i}}), DOOR_SAME);
    }
}

static void
a_key_above_its_rate_is_limited_alone_and_recovers(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT), b = peer_of(2, BUS_AGENT), seen;
    unsigned passed = 0;
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    assert_int_equal(door_allow(door, &b, 0, now), BATON_OK);
    for (unsigned i = 0; i < 100000; i++)
        passed += door_enter(door, &a.curve_key, now, &seen) == BATON_OK;
    assert_int_equal(passed, DOOR_BURST);
    assert_int_equal(door_enter(door, &b.curve_key, now, &seen), BATON_OK);
    assert_int_equal(door_enter(door, &a.curve_key, now + 1000 / DOOR_RATE, &seen), BATON_OK);
    assert_int_equal(door_enter(door, &a.curve_key, now + 1000 / DOOR_RATE, &seen), BATON_LIMIT);
    passed = 0;
    for (unsigned i = 0; i < 100000; i++)
        passed += door_enter(door, &a.curve_key, now + 3600000, &seen) == BATON_OK;
    assert_int_equal(passed, DOOR_BURST); /* an hour of silence saves no more than a burst */
}

static void
time_that_goes_back_gives_no_tokens(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT), seen;
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    for (unsigned i = 0; i < DOOR_BURST; i++)
        assert_int_equal(door_enter(door, &a.curve_key, now, &seen), BATON_OK);
    assert_int_equal(door_enter(door, &a.curve_key, now - 500, &seen), BATON_LIMIT);
}

static void
the_same_peer_again_keeps_its_session_and_another_does_not(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT), seen;
    struct door_rid rid = {{0, 1}};
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    door_seen(door, &a, &rid, true);
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    assert_true(door_route(door, &a.sign_key, now, &seen, &rid));
    struct bus_peer other = a;
    other.tenant.b[0] ^= 1;
    assert_int_equal(door_allow(door, &other, 0, now), BATON_OK);
    assert_false(door_route(door, &a.sign_key, now, &seen, &rid));
}

static void
the_table_is_bounded_and_makes_room_from_the_expired(void **state)
{
    (void)state;
    struct bus_peer p = peer_of(0, BUS_ENROL);
    for (unsigned i = 0; i < DOOR_PEERS_MAX; i++) {
        memcpy(p.curve_key.b, &i, sizeof i);
        assert_int_equal(door_allow(door, &p, now + 100, now), BATON_OK);
    }
    memset(p.curve_key.b, 0xFF, sizeof p.curve_key.b);
    assert_int_equal(door_allow(door, &p, now + 100, now), BATON_LIMIT);
    assert_int_equal(door_allow(door, &p, now + 300, now + 200), BATON_OK);
}

static void
a_complaint_is_told_once_in_its_time(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT);
    assert_false(door_tell(door, &a.curve_key, DOOR_TELL_REFUSED, now));
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    assert_true(door_tell(door, &a.curve_key, DOOR_TELL_REFUSED, now));
    assert_false(door_tell(door, &a.curve_key, DOOR_TELL_REFUSED, now + 1));
    assert_true(door_tell(door, &a.curve_key, DOOR_TELL_FLOODED, now + 1));
    assert_true(door_tell(door, &a.curve_key, DOOR_TELL_REFUSED, now + DOOR_TELL_MS));
}

static void
who_is_late_is_told_once_in_its_time_on_each_connection(void **state)
{
    (void)state;
    struct bus_peer a = peer_of(1, BUS_AGENT);
    assert_false(door_tell_late(door, &a.curve_key, &one, now));
    assert_int_equal(door_allow(door, &a, 0, now), BATON_OK);
    assert_true(door_tell_late(door, &a.curve_key, &one, now));
    assert_false(door_tell_late(door, &a.curve_key, &one, now + 1));
    assert_true(door_tell_late(door, &a.curve_key, &two, now + 1));
    assert_false(door_tell_late(door, &a.curve_key, &two, now + DOOR_TELL_LATE_MS));
    assert_true(door_tell_late(door, &a.curve_key, &two, now + 1 + DOOR_TELL_LATE_MS));
}

static void
only_who_is_in_the_table_may_be_answered(void **state)
{
    (void)state;
    struct bus_peer e = peer_of(2, BUS_ENROL), seen;
    assert_false(door_hears(door, &e.curve_key, now, &seen));
    assert_int_equal(door_allow(door, &e, now + 50, now), BATON_OK);
    assert_true(door_hears(door, &e.curve_key, now + 49, &seen)); /* though it never spoke */
    assert_false(door_hears(door, &e.curve_key, now + 50, &seen));
}

#define WITH_DOOR(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DOOR(only_keys_in_the_table_are_admitted),
        WITH_DOOR(a_revoked_key_is_refused_at_the_next_frame),
        WITH_DOOR(a_one_time_key_ends_with_its_time),
        WITH_DOOR(a_used_one_time_key_gets_its_answer_and_no_more),
        WITH_DOOR(an_enrolled_agent_is_found_by_its_signing_key_where_it_lives),
        WITH_DOOR(the_connection_of_the_newest_hello_is_the_session),
        WITH_DOOR(a_connection_without_its_turn_is_late),
        WITH_DOOR(connections_that_speak_by_turns_are_a_second_session),
        WITH_DOOR(two_that_go_on_by_turns_do_not_push_a_third_out_of_memory),
        WITH_DOOR(one_that_left_in_between_was_there_all_the_same),
        WITH_DOOR(hellos_that_a_dead_connection_still_delivers_are_no_second_session),
        WITH_DOOR(a_reconnect_is_no_second_session),
        WITH_DOOR(a_key_above_its_rate_is_limited_alone_and_recovers),
        WITH_DOOR(time_that_goes_back_gives_no_tokens),
        WITH_DOOR(the_same_peer_again_keeps_its_session_and_another_does_not),
        WITH_DOOR(the_table_is_bounded_and_makes_room_from_the_expired),
        WITH_DOOR(a_complaint_is_told_once_in_its_time),
        WITH_DOOR(who_is_late_is_told_once_in_its_time_on_each_connection),
        WITH_DOOR(only_who_is_in_the_table_may_be_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
