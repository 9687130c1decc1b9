#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/trust.h"
#include "sample.h"
#include "torture.h"

static enum baton_status
recode(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
    struct trust_doc d;
    enum baton_status rc = trust_decode(bytes, len, &d);
    if (rc == BATON_OK)
        assert_int_equal(trust_encode(&d, out, cap, ret_len), BATON_OK); /* read, so writable */
    return rc;
}

static void
a_trust_document_stands_every_torture(void **state)
{
    (void)state;
    static uint8_t bytes[TRUST_BYTES_MAX];
    size_t len;
    struct trust_doc d = sample_trust(), back;
    assert_int_equal(trust_encode(&d, bytes, sizeof bytes, &len), BATON_OK);
    assert_int_equal(trust_decode(bytes, len, &back), BATON_OK);
    assert_string_equal(back.operator[1].name, "Bo");
    assert_int_equal(back.operator[1].roles, ROLE_BREAK_GLASS);
    assert_true(baton_id_eq(&back.operator[1].tenant[0], &d.operator[1].tenant[0]));
    assert_int_equal(back.quorum[VERB_CUTOVER], 2);
    assert_int_equal(back.quorum[VERB_NONE], 0);
    torture(recode, bytes, len);
    size_t counts_at = 4 + 4 + 32 + 1 + (VERB_COUNT - 1);
    torture_field(recode, bytes, len, 0, 4);
    torture_field(recode, bytes, len, counts_at, 1);          /* controllers */
    torture_field(recode, bytes, len, counts_at + 1 + 32, 1); /* operators */
}

static void
the_fullest_document_fits(void **state)
{
    (void)state;
    static uint8_t bytes[TRUST_BYTES_MAX + 1];
    size_t len;
    struct trust_doc d = sample_trust();
    d.controller_count = TRUST_CONTROLLERS_MAX;
    d.operator_count = TRUST_OPERATORS_MAX;
    for (size_t i = 0; i < TRUST_CONTROLLERS_MAX; i++)
        d.controller[i] = sample_key((uint8_t)i);
    for (size_t i = 0; i < TRUST_OPERATORS_MAX; i++) {
        struct trust_operator *o = &d.operator[i];
        *o = (struct trust_operator){.id = sample_id((uint8_t)i),
                                     .key = sample_key((uint8_t)i),
                                     .roles = ROLE_VIEW,
                                     .tenant_count = TRUST_TENANTS_MAX};
        memset(o->name, 'o', NAME_BYTES - 1);
        o->name[0] = (char)('A' + i);
        for (size_t t = 0; t < TRUST_TENANTS_MAX; t++)
            o->tenant[t] = sample_id((uint8_t)t);
    }
    assert_int_equal(trust_encode(&d, bytes, sizeof bytes, &len), BATON_OK);
    torture_round_trip(recode, bytes, len);
    assert_int_equal(trust_decode(bytes, sizeof bytes, &d), BATON_MALFORMED); /* above the limit */
}

static void
no_version(struct trust_doc *d)
{
    d->version = 0;
}
static void
quorum_for_nothing(struct trust_doc *d)
{
    d->quorum[VERB_NONE] = 1;
}
static void
too_many_controllers(struct trust_doc *d)
{
    d->controller_count = TRUST_CONTROLLERS_MAX + 1;
}
static void
too_many_operators(struct trust_doc *d)
{
    d->operator_count = TRUST_OPERATORS_MAX + 1;
}
static void
zero_controller(struct trust_doc *d)
{
    d->controller[0] = (struct baton_key){{0}};
}
static void
no_operator_id(struct trust_doc *d)
{
    d->operator[0].id =(struct baton_id){{0}};
}
static void
no_operator_key(struct trust_doc *d)
{
    d->operator[0].key =(struct baton_key){{0}};
}
static void
no_operator_name(struct trust_doc *d)
{
    d->operator[0].name[0] = '\0';
}
static void
unknown_role(struct trust_doc *d)
{
    d->operator[0].roles = 0x8000;
}
static void
unknown_kind(struct trust_doc *d)
{
    d->operator[0].kind = 2;
}
static void
too_many_tenants(struct trust_doc *d)
{
    d->operator[0].tenant_count = TRUST_TENANTS_MAX + 1;
}
static void
zero_tenant(struct trust_doc *d)
{
    d->operator[0].tenant_count = 1;
}
static void
one_id_twice(struct trust_doc *d)
{
    d->operator[1].id = d->operator[0].id;
}
static void
one_key_under_two_names(struct trust_doc *d)
{
    d->operator[1].key = d->operator[0].key;
}
static void
one_name_twice(struct trust_doc *d)
{
    strcpy(d->operator[1].name, "Anna");
}

static void
a_document_that_is_not_well_formed_is_not_written(void **state)
{
    (void)state;
    static void (*const faults[])(struct trust_doc *) = {
        no_version,         quorum_for_nothing,      too_many_controllers,
        too_many_operators, zero_controller,         no_operator_id,
        no_operator_key,    no_operator_name,        unknown_role,
        unknown_kind,       too_many_tenants,        zero_tenant,
        one_id_twice,       one_key_under_two_names, one_name_twice};
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        static uint8_t bytes[TRUST_BYTES_MAX];
        size_t len;
        struct trust_doc d = sample_trust();
        faults[i](&d);
        assert_int_equal(trust_encode(&d, bytes, sizeof bytes, &len), BATON_MALFORMED);
    }
}

static void
two_people_are_needed_unless_the_document_says_one(void **state)
{
    (void)state;
    struct trust_doc d = {.version = 1};
    static const unsigned defaults[VERB_COUNT] = {
        [VERB_PLAN] = 1,   [VERB_ADOPT] = 2,    [VERB_CUTOVER] = 2,
        [VERB_GO] = 1,     [VERB_ROLLBACK] = 1, [VERB_ATTEST] = 2,
        [VERB_RETIRE] = 1, [VERB_DISARM] = 1,   [VERB_READMIT] = 1};
    for (int v = VERB_NONE + 1; v < VERB_COUNT; v++)
        assert_int_equal(trust_quorum(&d, (enum approval_verb)v), defaults[v]);
    d.quorum[VERB_CUTOVER] = 1;
    d.quorum[VERB_GO] = 3;
    assert_int_equal(trust_quorum(&d, VERB_CUTOVER), 1);
    assert_int_equal(trust_quorum(&d, VERB_GO), 3);
}

static void
a_verb_that_does_not_exist_is_never_allowed(void **state)
{
    (void)state;
    struct trust_doc d = sample_trust();
    struct trust_operator everything = d.operator[0];
    everything.roles =
        ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE | ROLE_BREAK_GLASS | ROLE_AUDIT | ROLE_ADMIN;
    struct baton_id tenant = sample_id(2);
    assert_true(trust_quorum(&d, VERB_NONE) > TRUST_OPERATORS_MAX);
    assert_true(trust_quorum(&d, VERB_COUNT) > TRUST_OPERATORS_MAX);
    assert_false(trust_operator_may(&everything, trust_role_for(VERB_NONE), &tenant));
    assert_false(trust_operator_may(&everything, trust_role_for(VERB_COUNT), &tenant));
}

static void
an_operator_may_only_with_every_role_and_within_the_tenants(void **state)
{
    (void)state;
    struct trust_doc d = sample_trust();
    struct baton_id theirs = sample_id(2), other = sample_id(3);
    const struct trust_operator *anna = trust_operator_find(&d, &d.operator[0].id);
    const struct trust_operator *bo = trust_operator_find(&d, &d.operator[1].id);
    assert_true(trust_operator_may(anna, ROLE_APPROVE, &other)); /* no list: every tenant */
    assert_true(trust_operator_may(anna, ROLE_VIEW | ROLE_APPROVE, &other));
    assert_false(trust_operator_may(anna, ROLE_APPROVE | ROLE_ADMIN, &other));
    assert_true(trust_operator_may(bo, ROLE_BREAK_GLASS, &theirs));
    assert_false(trust_operator_may(bo, ROLE_BREAK_GLASS, &other));
    assert_false(trust_operator_may(bo, ROLE_APPROVE, &theirs));
    assert_null(trust_operator_find(&d, &other));
    assert_false(trust_operator_may(NULL, 0, &theirs));
}

static void
verbs_are_read_back_from_their_names(void **state)
{
    (void)state;
    for (int v = VERB_NONE + 1; v < VERB_COUNT; v++)
        assert_int_equal(approval_verb_parse(approval_verb_name((enum approval_verb)v)), v);
    assert_int_equal(approval_verb_parse("none"), VERB_NONE);
    assert_int_equal(approval_verb_parse("GO"), VERB_NONE);
    assert_int_equal(approval_verb_parse(""), VERB_NONE);
    assert_string_equal(approval_verb_name(VERB_COUNT), "?");
    assert_int_equal(trust_role_for(VERB_ATTEST), ROLE_BREAK_GLASS);
    assert_int_equal(trust_role_for(VERB_GO), ROLE_APPROVE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trust_document_stands_every_torture),
        cmocka_unit_test(the_fullest_document_fits),
        cmocka_unit_test(a_document_that_is_not_well_formed_is_not_written),
        cmocka_unit_test(two_people_are_needed_unless_the_document_says_one),
        cmocka_unit_test(a_verb_that_does_not_exist_is_never_allowed),
        cmocka_unit_test(an_operator_may_only_with_every_role_and_within_the_tenants),
        cmocka_unit_test(verbs_are_read_back_from_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
