#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "baton/audit.h"
#include "baton/store.h"
#include "common/sha256.h"
#include "sample.h"
#include "torture.h"

enum {
    HEAD_BYTES = 4 + 8 + 16 + 8 + 32 + 32 + 1 + 24 + 8
}; /* what stands before the body's hash */

static enum baton_status
recode(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
    struct audit_record r;
    enum baton_status rc = audit_decode(bytes, len, &r);
    if (rc == BATON_OK)
        assert_int_equal(audit_encode(&r, out, cap, ret_len), BATON_OK); /* read, so writable */
    return rc;
}

static enum baton_status
recode_with_new_hash(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
    uint8_t copy[4096];
    struct baton_hash hash;
    if (len < HEAD_BYTES + 32)
        return BATON_MALFORMED;
    assert_true(len <= sizeof copy);
    memcpy(copy, bytes, len);
    sha256_of(copy + HEAD_BYTES + 32, len - HEAD_BYTES - 32, &hash);
    memcpy(copy + HEAD_BYTES, hash.b, 32);
    /* Compare with what was given: only the hash may differ. */
    enum baton_status rc = recode(copy, len, out, cap, ret_len);
    if (rc == BATON_OK) {
        assert_memory_equal(out + HEAD_BYTES, hash.b, 32);
        memcpy(out + HEAD_BYTES, bytes + HEAD_BYTES, 32);
    }
    return rc;
}

static void
a_record_stands_every_torture(void **state)
{
    (void)state;
    uint8_t bytes[4096];
    size_t len;
    struct audit_record r = sample_audit();
    assert_int_equal(audit_encode(&r, bytes, sizeof bytes, &len), BATON_OK);
    torture(recode, bytes, len);
    torture_field(recode, bytes, len, 0, 4);
    torture_field(recode, bytes, len, HEAD_BYTES, len - HEAD_BYTES); /* the hash guards the body */
}

static void
a_body_with_a_fitting_hash_stands_it_too(void **state)
{
    (void)state;
    uint8_t bytes[4096];
    size_t len;
    struct audit_record r = sample_audit();
    assert_int_equal(audit_encode(&r, bytes, sizeof bytes, &len), BATON_OK);
    torture(recode_with_new_hash, bytes, len);
    size_t text_at = HEAD_BYTES + 32 + 2 + 1 + 1 + 16, refs_at = text_at + 2 + strlen(r.text);
    torture_field(recode_with_new_hash, bytes, len, text_at, 2);
    torture_field(recode_with_new_hash, bytes, len, refs_at, 1);
    torture_field(recode_with_new_hash, bytes, len, refs_at + 1 + 2 * 32, 1); /* rows */
    torture_field(recode_with_new_hash, bytes, len, len - 4, 4); /* length of the last value */
}

static void
every_part_comes_back_and_values_borrow_from_the_bytes(void **state)
{
    (void)state;
    uint8_t bytes[4096];
    size_t len;
    struct audit_record r = sample_audit(), b;
    assert_int_equal(audit_encode(&r, bytes, sizeof bytes, &len), BATON_OK);
    assert_int_equal(audit_decode(bytes, len, &b), BATON_OK);
    assert_int_equal(b.seq, 9);
    assert_int_equal(b.tenant_seq, 4);
    assert_int_equal(b.rule, 319);
    assert_int_equal(b.to, 9);
    assert_string_equal(b.text, r.text);
    assert_true(baton_hash_eq(&b.ref[1], &r.ref[1]));
    assert_int_equal(b.row_count, 2);
    assert_int_equal(b.row[0].key_len, 16);
    assert_int_equal(b.row[0].len, 5);
    assert_true(b.row[0].value > bytes && b.row[0].value < bytes + len);
    assert_memory_equal(b.row[0].value, "state", 5);
    assert_null(b.row[1].value);
    assert_int_equal(b.row[1].len, 0);
}

static void
no_seq(struct audit_record *r)
{
    r->seq = 0;
}
static void
no_tenant_seq(struct audit_record *r)
{
    r->tenant_seq = 0;
}
static void
tenant_ahead_of_the_log(struct audit_record *r)
{
    r->tenant_seq = r->seq + 1;
}
static void
no_type(struct audit_record *r)
{
    r->type = AUDIT_NONE;
}
static void
unknown_type(struct audit_record *r)
{
    r->type = AUDIT_TYPE_COUNT;
}
static void
too_many_refs(struct audit_record *r)
{
    r->ref_count = AUDIT_REFS_MAX + 1;
}
static void
too_many_rows(struct audit_record *r)
{
    r->row_count = AUDIT_ROWS_MAX + 1;
}
static void
no_key(struct audit_record *r)
{
    r->row[0].key_len = 0;
}
static void
long_key(struct audit_record *r)
{
    r->row[0].key_len = 65;
}
static void
unknown_table(struct audit_record *r)
{
    r->row[0].table = TABLE_COUNT;
}
static void
chain_without_a_link(struct audit_record *r)
{
    r->previous = (struct baton_hash){{0}};
}
static void
first_with_a_link(struct audit_record *r)
{
    r->tenant_seq = 1;
}
static void
control_in_text(struct audit_record *r)
{
    r->text[3] = '\n';
}

static void
a_record_that_is_not_well_formed_is_not_written(void **state)
{
    (void)state;
    static void (*const faults[])(struct audit_record *) = {
        no_seq,         no_tenant_seq, tenant_ahead_of_the_log, no_type,
        unknown_type,   too_many_refs, too_many_rows,           no_key,
        long_key,       unknown_table, chain_without_a_link,    first_with_a_link,
        control_in_text};
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        uint8_t bytes[4096];
        size_t len;
        struct audit_record r = sample_audit();
        faults[i](&r);
        assert_int_equal(audit_encode(&r, bytes, sizeof bytes, &len), BATON_MALFORMED);
    }
}

static void
two_big_images_are_one_too_many(void **state)
{
    (void)state;
    static uint8_t bytes[2 * AUDIT_RECORD_BYTES_MAX], value[STORE_ROW_BYTES];
    size_t len;
    struct audit_record r = sample_audit();
    r.row[0].value = value;
    r.row[0].len = sizeof value;
    assert_int_equal(audit_encode(&r, bytes, sizeof bytes, &len), BATON_OK);
    assert_int_equal(audit_encode(&r, bytes, len - 1, &len), BATON_LIMIT);
    r.row[1].value = value;
    r.row[1].len = sizeof value;
    assert_int_equal(audit_encode(&r, bytes, sizeof bytes, &len), BATON_LIMIT);
    assert_int_equal(audit_decode(bytes, sizeof bytes, &r), BATON_MALFORMED);
}

static void
every_type_has_a_name(void **state)
{
    (void)state;
    for (int t = 0; t < AUDIT_TYPE_COUNT; t++)
        assert_string_not_equal(audit_type_name((enum audit_type)t), "?");
    assert_string_equal(audit_type_name(AUDIT_MOVED), "moved");
    assert_string_equal(audit_type_name(AUDIT_TYPE_COUNT), "?");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_stands_every_torture),
        cmocka_unit_test(a_body_with_a_fitting_hash_stands_it_too),
        cmocka_unit_test(every_part_comes_back_and_values_borrow_from_the_bytes),
        cmocka_unit_test(a_record_that_is_not_well_formed_is_not_written),
        cmocka_unit_test(two_big_images_are_one_too_many),
        cmocka_unit_test(every_type_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
