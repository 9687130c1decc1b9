#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/statement.h"
#include "common/sha256.h"
#include "sample.h"
#include "torture.h"

static enum baton_status
recode(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
    struct statement s;
    enum baton_status rc = statement_decode(bytes, len, &s);
    if (rc == BATON_OK)
        assert_int_equal(statement_encode(&s, out, cap, ret_len), BATON_OK); /* read, so writable */
    return rc;
}

static void
a_statement_stands_every_torture(void **state)
{
    (void)state;
    uint8_t bytes[STATEMENT_BYTES_MAX];
    size_t len;
    struct statement s = sample_statement();
    assert_int_equal(statement_encode(&s, bytes, sizeof bytes, &len), BATON_OK);
    torture(recode, bytes, len);
    torture_field(recode, bytes, len, 0, 4);
}

static void
every_field_comes_back(void **state)
{
    (void)state;
    uint8_t bytes[STATEMENT_BYTES_MAX];
    size_t len;
    struct statement s = sample_statement(), b;
    assert_int_equal(statement_encode(&s, bytes, sizeof bytes, &len), BATON_OK);
    assert_int_equal(statement_decode(bytes, len, &b), BATON_OK);
    assert_int_equal(b.type, SAY_EVIDENCE);
    assert_true(epoch_eq(&b.epoch, &s.epoch) && epoch_eq(&b.asked, &s.asked));
    assert_true(epoch_eq(&b.holding_epoch, &s.holding_epoch));
    assert_true(b.holding && b.tombstone && b.armed);
    assert_false(b.ever_exported || b.retired);
    assert_int_equal(b.counter, 17);
    assert_int_equal(b.grant, GRANT_VOID);
    assert_int_equal(b.serial, 4);
    assert_memory_equal(&b.machine, &s.machine, sizeof s.machine);
    assert_string_equal(b.agent_version, "0.1.0");
    assert_int_equal(b.receipt_size, 1000);
    assert_true(baton_hash_eq(&b.previous, &s.previous));
    assert_true(fact_is(&b.facts, FACT_SERVICES_STOPPED, 1));
}

static void
the_fullest_statement_fits(void **state)
{
    (void)state;
    static uint8_t bytes[STATEMENT_BYTES_MAX + 1];
    size_t len;
    struct statement s = sample_statement();
    struct baton_hash h = sample_hash(1);
    for (int i = 0; i < FACT_COUNT; i++)
        facts_set(&s.facts, (enum fact_id)i, i);
    for (int i = 0; i < DIGEST_COUNT; i++)
        facts_set_digest(&s.facts, (enum digest_id)i, &h);
    memset(s.facts.note, 'n', NOTE_BYTES - 1);
    memset(s.agent_version, 'v', VERSION_TEXT_BYTES - 1);
    assert_int_equal(statement_encode(&s, bytes, sizeof bytes, &len), BATON_OK);
    torture_round_trip(recode, bytes, len);
    assert_int_equal(statement_encode(&s, bytes, len - 1, &len), BATON_LIMIT);
    assert_int_equal(statement_decode(bytes, sizeof bytes, &s), BATON_LIMIT);
}

static void
no_type(struct statement *s)
{
    s->type = SAY_NONE;
}
static void
unknown_type(struct statement *s)
{
    s->type = SAY_COUNT;
}
static void
no_member(struct statement *s)
{
    s->member = (struct baton_key){{0}};
}
static void
unknown_kind(struct statement *s)
{
    s->kind = KIND_COUNT;
}
static void
unknown_grant(struct statement *s)
{
    s->grant = GRANT_VOID + 1;
}
static void
unknown_quarantine(struct statement *s)
{
    s->quarantine = QUARANTINE_SESSIONS + 1;
}
static void
refusal_without_reason(struct statement *s)
{
    s->type = SAY_REFUSED;
}
static void
reason_without_refusal(struct statement *s)
{
    s->refusal = REFUSE_STALE;
}
static void
holding_without_saying_so(struct statement *s)
{
    s->holding = false;
}
static void
version_with_control(struct statement *s)
{
    s->agent_version[0] = 1;
}

static void
unknown_refusal(struct statement *s)
{
    s->type = SAY_REFUSED;
    s->refusal = REFUSAL_COUNT;
}

static void
a_statement_that_could_be_read_two_ways_is_not_written(void **state)
{
    (void)state;
    static void (*const faults[])(struct statement *) = {no_type,
                                                         unknown_type,
                                                         no_member,
                                                         unknown_kind,
                                                         unknown_grant,
                                                         unknown_quarantine,
                                                         refusal_without_reason,
                                                         reason_without_refusal,
                                                         holding_without_saying_so,
                                                         version_with_control,
                                                         unknown_refusal};
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        uint8_t bytes[STATEMENT_BYTES_MAX];
        size_t len;
        struct statement s = sample_statement();
        faults[i](&s);
        assert_int_equal(statement_encode(&s, bytes, sizeof bytes, &len), BATON_MALFORMED);
    }
}

static void
the_type_alone_cannot_be_turned_into_a_refusal(void **state)
{
    (void)state;
    uint8_t bytes[STATEMENT_BYTES_MAX];
    size_t len;
    struct statement s = sample_statement();
    assert_int_equal(statement_encode(&s, bytes, sizeof bytes, &len), BATON_OK);
    bytes[4] = SAY_REFUSED;
    assert_int_equal(statement_decode(bytes, len, &s), BATON_MALFORMED);
}

static void
port_sha256(void *ctx, const void *bytes, size_t len, struct baton_hash *ret_hash)
{
    (void)ctx;
    sha256_of(bytes, len, ret_hash);
}

static void
the_machine_digest_ignores_the_boot_alone(void **state)
{
    (void)state;
    const struct digest_port dp = {.sha256 = port_sha256};
    struct machine m = {sample_id(1), sample_id(2), sample_id(3), sample_id(4)}, n = m;
    struct baton_hash a, b, expected;
    uint8_t bytes[48];
    memcpy(bytes, m.generation.b, 16);
    memcpy(bytes + 16, m.guid.b, 16);
    memcpy(bytes + 32, m.disk.b, 16);
    sha256_of(bytes, sizeof bytes, &expected);
    machine_digest(&m, &dp, &a);
    assert_true(baton_hash_eq(&a, &expected));

    n.boot = sample_id(9);
    machine_digest(&n, &dp, &b);
    assert_true(baton_hash_eq(&a, &b));
    n.disk = sample_id(9);
    machine_digest(&n, &dp, &b);
    assert_false(baton_hash_eq(&a, &b));
}

static void
every_refusal_tells_the_person_why(void **state)
{
    (void)state;
    for (int r = 0; r < REFUSAL_COUNT; r++) {
        assert_true(strlen(refusal_text((enum refusal)r)) > 5);
        for (int q = 0; q < r; q++)
            assert_string_not_equal(refusal_name((enum refusal)r), refusal_name((enum refusal)q));
    }
    assert_string_equal(refusal_name(REFUSAL_COUNT), "?");
    assert_string_equal(refusal_text(REFUSAL_COUNT), "?");
    for (int t = 0; t < SAY_COUNT; t++)
        assert_string_not_equal(statement_type_name((enum statement_type)t), "?");
    assert_string_equal(quarantine_name(QUARANTINE_STATE_LOST), "state-lost");
    assert_string_equal(grant_state_name(GRANT_USED), "used");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_stands_every_torture),
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(the_fullest_statement_fits),
        cmocka_unit_test(a_statement_that_could_be_read_two_ways_is_not_written),
        cmocka_unit_test(the_type_alone_cannot_be_turned_into_a_refusal),
        cmocka_unit_test(the_machine_digest_ignores_the_boot_alone),
        cmocka_unit_test(every_refusal_tells_the_person_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
