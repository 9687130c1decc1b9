#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/audit/chain.h"
#include "common/audit/hash_set.h"
#include <string.h>

static struct baton_id
tenant_of(uint32_t n)
{
    struct baton_id id = {{0}};
    memcpy(id.b, &n, sizeof n);
    return id;
}

static void
every_tenant_has_one_head_however_many_there_are(void **state)
{
    (void)state;
    struct chain c;
    chain_init(&c);
    for (int round = 0; round < 2; round++) {
        for (uint32_t n = 0; n < 5000; n++) {
            struct baton_id id = tenant_of(n);
            size_t index = 0;
            assert_int_equal(chain_find(&c, &id, &index), BATON_OK);
            assert_int_equal(index, n);
            assert_true(baton_id_eq(&c.head[index].tenant, &id));
        }
    }
    assert_int_equal(c.count, 5000);
    chain_done(&c);
}

static void
only_the_next_record_continues_a_chain(void **state)
{
    (void)state;
    struct chain_head head = {.tenant_seq = 4, .leaf = {{9}}};
    struct audit_record r = {.seq = 11, .tenant_seq = 5, .previous = {{9}}};
    assert_int_equal(chain_check(&head, &r, 10), CHAIN_WHOLE);
    assert_int_equal(chain_check(&head, &r, 9), CHAIN_SEQ);
    assert_int_equal(chain_check(&head, &r, 11), CHAIN_SEQ);
    r.tenant_seq = 6;
    assert_int_equal(chain_check(&head, &r, 10), CHAIN_TENANT_SEQ);
    r.tenant_seq = 5;
    r.previous.b[31] = 1;
    assert_int_equal(chain_check(&head, &r, 10), CHAIN_PREVIOUS);
    for (int f = CHAIN_WHOLE; f <= CHAIN_PREVIOUS; f++)
        assert_true(strlen(chain_fault_text((enum chain_fault)f)) > 10);
}

static void
a_set_keeps_each_hash_once_with_its_mark(void **state)
{
    (void)state;
    struct hash_set s;
    struct baton_hash h = {{0}};
    hash_set_init(&s);
    assert_null(hash_set_find(&s, &h));
    for (int round = 0; round < 2; round++) {
        for (unsigned n = 0; n < 4000; n++) {
            memcpy(h.b + 4, &n, sizeof n); /* the first bytes collide on purpose */
            assert_int_equal(hash_set_add(&s, &h, (uint8_t)(n + (unsigned)round)), BATON_OK);
        }
    }
    assert_int_equal(s.count, 4000);
    unsigned n = 77;
    memcpy(h.b + 4, &n, sizeof n);
    assert_int_equal(*hash_set_find(&s, &h), 78);
    h.b[31] = 1;
    assert_null(hash_set_find(&s, &h));
    hash_set_done(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tenant_has_one_head_however_many_there_are),
        cmocka_unit_test(only_the_next_record_continues_a_chain),
        cmocka_unit_test(a_set_keeps_each_hash_once_with_its_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
