/* Whom a plan names, and of whom none can be made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "duet.h"

static struct duet u;
static struct plan made;

static int
open_assessed(void **state)
{
    (void)state;
    duet_open(&u);
    duet_create(&u, PROFILE_PARALLEL);
    return 0;
}

static enum baton_status
make(void)
{
    struct baton_id id = toy_id(9);
    memset(&made, 0, sizeof made);
    return tenant_plan(&u.t, &id, 1, &made);
}

/* A third server that the record knows from an earlier handoff. */
static struct agent_view *
third(enum product product)
{
    struct agent_view *a = &u.t.agent[2];
    *a = u.t.agent[TOY_OLD];
    a->key = toy_key(0x31);
    facts_set(&a->facts, FACT_PRODUCT_CLASS, product);
    u.t.authority.member_count = 1;
    u.t.authority.member[0] = (struct authority_member){.key = a->key, .product = (uint8_t)product};
    return a;
}

static void
a_plan_names_holder_recipient_and_how_each_is_fenced(void **state)
{
    (void)state;
    u.t.agent[TOY_NEW].facts.fact[FACT_PRODUCT_CLASS].state = FACT_UNKNOWN; /* nothing there yet */
    assert_int_equal(make(), BATON_OK);
    assert_int_equal(made.member_count, 2);
    assert_int_equal(made.holder, TOY_OLD);
    assert_int_equal(made.recipient, TOY_NEW);
    assert_int_equal(made.member[TOY_OLD].kind, KIND_STOPPED);
    assert_int_equal(made.member[TOY_NEW].kind, KIND_STAGED);
    assert_int_equal(made.member[TOY_NEW].product, PRODUCT_CONNECT);
}

static void
one_server_alone_is_holder_and_recipient(void **state)
{
    (void)state;
    u.t.cutover.new_agent = u.t.cutover.old_agent;
    assert_int_equal(make(), BATON_OK);
    assert_int_equal(made.member_count, 1);
    assert_int_equal(made.recipient, made.holder);
}

static void
no_plan_names_a_server_that_nobody_vouches_for(void **state)
{
    (void)state;
    for (int which = 0; which < 8; which++) {
        (void)open_assessed(NULL);
        struct agent_view *a = &u.t.agent[which & 1 ? TOY_NEW : TOY_OLD];
        switch (which / 2) {
        case 0:
            a->used = false;
            break;
        case 1:
            a->confirmed = false;
            break;
        case 2:
            a->revoked = true;
            break;
        default: /* an agent without a product holds nothing that could be handed over */
            u.t.agent[TOY_OLD].facts.fact[FACT_PRODUCT_CLASS].state = FACT_UNKNOWN;
            break;
        }
        assert_int_equal(make(), BATON_REFUSED);
        assert_int_equal(made.member_count, 0);
    }
}

static void
no_product_is_believed_that_there_is_not(void **state)
{
    (void)state;
    static const int64_t values[] = {-1, PRODUCT_NONE, PRODUCT_COUNT};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        facts_set(&u.t.agent[TOY_OLD].facts, FACT_PRODUCT_CLASS, values[i]);
        assert_int_equal(make(), BATON_REFUSED);
    }
}

static void
a_member_of_the_record_stands_in_every_later_plan(void **state)
{
    (void)state;
    (void)third(PRODUCT_CONNECT);
    assert_int_equal(make(), BATON_OK);
    assert_int_equal(made.member_count, 3);
    assert_int_equal(made.member[2].kind, KIND_STAGED);
}

static void
a_member_of_the_record_that_cannot_be_named_keeps_every_plan_from_being_made(void **state)
{
    (void)state;
    third(PRODUCT_CONNECT)->confirmed = false;
    assert_int_equal(make(), BATON_REFUSED);
}

static void
who_is_retired_shut_out_or_named_already_is_not_named_again(void **state)
{
    (void)state;
    (void)third(PRODUCT_CONNECT);
    u.t.authority.member[0].retired = true;
    assert_int_equal(make(), BATON_OK);
    assert_int_equal(made.member_count, 2);
    third(PRODUCT_CONNECT)->revoked = true;
    assert_int_equal(make(), BATON_OK);
    assert_int_equal(made.member_count, 2);
    third(PRODUCT_CONNECT)->used = false; /* its enrolment is gone */
    assert_int_equal(make(), BATON_OK);
    assert_int_equal(made.member_count, 2);
    u.t.authority.member[0].key = toy_member_key(TOY_OLD);
    assert_int_equal(make(), BATON_OK);
    assert_int_equal(made.member_count, 2);
}

static void
more_members_than_a_plan_holds_are_refused(void **state)
{
    (void)state;
    for (uint8_t i = 2; i < MEMBERS_MAX; i++) {
        u.t.agent[i] = u.t.agent[TOY_OLD];
        u.t.agent[i].key = toy_key((uint8_t)(0x30 + i));
    }
    u.t.authority.member_count = MEMBERS_MAX;
    for (uint8_t i = 0; i < MEMBERS_MAX; i++)
        u.t.authority.member[i].key = toy_key((uint8_t)(0x30 + i));
    u.t.cutover.new_agent = TOY_NEW;
    assert_int_equal(make(), BATON_OK);
    assert_int_equal(made.member_count, MEMBERS_MAX);
    u.t.authority.member[0].key = u.t.agent[2].key;
    assert_int_equal(make(), BATON_OK); /* named once */
    assert_int_equal(made.member_count, MEMBERS_MAX);
}

static void
who_was_left_out_of_the_record_is_not_named_by_what_is_left_of_its_entry(void **state)
{
    (void)state;
    (void)third(PRODUCT_CONNECT);
    u.t.authority.member_count = 0; /* a later plan had no place for it */
    assert_int_equal(make(), BATON_OK);
    assert_int_equal(made.member_count, 2);
}

static void
a_key_is_shut_out_when_it_is_revoked_or_unknown(void **state)
{
    (void)state;
    struct baton_key old_key = toy_member_key(TOY_OLD), nobody = toy_key(0x77);
    assert_false(tenant_shut_out(&u.t, &old_key));
    assert_true(tenant_shut_out(&u.t, &nobody));
    u.t.agent[TOY_OLD].revoked = true;
    assert_true(tenant_shut_out(&u.t, &old_key));
}

static void
a_third_server_whose_product_nobody_knows_makes_no_plan(void **state)
{
    (void)state;
    struct agent_view *a = third(PRODUCT_DIRSYNC);
    assert_int_equal(make(), BATON_OK);
    a->facts.fact[FACT_PRODUCT_CLASS].state =
        FACT_UNKNOWN; /* nothing is going to be installed there */
    assert_int_equal(make(), BATON_REFUSED);
}

static void
a_product_class_that_this_build_does_not_know_is_no_product(void **state)
{
    (void)state;
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_PRODUCT_CLASS, PRODUCT_COUNT);
    assert_int_equal(make(), BATON_REFUSED);
    facts_set(&u.t.agent[TOY_OLD].facts, FACT_PRODUCT_CLASS, PRODUCT_COUNT - 1);
    assert_int_equal(make(), BATON_OK);
}

int
main(void)
{
#define AT(test) cmocka_unit_test_setup(test, open_assessed)
    const struct CMUnitTest tests[] = {
        AT(a_third_server_whose_product_nobody_knows_makes_no_plan),
        AT(a_product_class_that_this_build_does_not_know_is_no_product),
        AT(a_plan_names_holder_recipient_and_how_each_is_fenced),
        AT(one_server_alone_is_holder_and_recipient),
        AT(no_plan_names_a_server_that_nobody_vouches_for),
        AT(no_product_is_believed_that_there_is_not),
        AT(a_member_of_the_record_stands_in_every_later_plan),
        AT(a_member_of_the_record_that_cannot_be_named_keeps_every_plan_from_being_made),
        AT(who_is_retired_shut_out_or_named_already_is_not_named_again),
        AT(more_members_than_a_plan_holds_are_refused),
        AT(who_was_left_out_of_the_record_is_not_named_by_what_is_left_of_its_entry),
        AT(a_key_is_shut_out_when_it_is_revoked_or_unknown),
    };
#undef AT
    return cmocka_run_group_tests(tests, NULL, NULL);
}
