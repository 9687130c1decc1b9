#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/tenant_rows.h"

#include <cmocka.h>
#include <string.h>

static void
fill(void *out, size_t n, uint8_t from)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)(from + i);
}

static struct tenant_row
sample_tenant(void)
{
    struct tenant_row t;
    memset(&t, 0, sizeof t);
    fill(t.info.id.b, sizeof t.info.id.b, 1);
    strcpy(t.info.name, "contoso");
    t.info.lab = true;
    policy_preset(PRESET_LAB, &t.info.policy);
    t.info.policy.v[POLICY_BEAT_MS] = 4321;
    t.cutover_open = true;
    t.info.window_from_unix_ms = 1796155200000;
    t.info.window_to_unix_ms = 1796176800000;
    t.info.first_sync = (struct first_sync){7200000, 61000};
    fill(t.cutover.b, sizeof t.cutover.b, 40);
    fill(t.plan.b, sizeof t.plan.b, 80);
    fill(t.info.limits.b, sizeof t.info.limits.b, 100);
    fill(t.agent[1].b, sizeof t.agent[1].b, 120);
    return t;
}

static void
a_tenant_row_comes_back_as_it_was(void **state)
{
    (void)state;
    uint8_t bytes[SITE_ROW_BYTES_MAX], again[SITE_ROW_BYTES_MAX];
    struct tenant_row t = sample_tenant(), back;
    size_t len = tenant_row_encode(&t, bytes);
    assert_int_equal(tenant_row_decode(bytes, len, &back), BATON_OK);
    assert_string_equal(back.info.name, "contoso");
    assert_true(back.info.lab && back.cutover_open);
    assert_int_equal(back.info.policy.v[POLICY_BEAT_MS], 4321);
    assert_true(baton_key_eq(&back.agent[1], &t.agent[1]));
    assert_true(back.info.window_from_unix_ms == 1796155200000);
    assert_true(back.info.window_to_unix_ms == 1796176800000);
    assert_true(back.info.first_sync.ms == 7200000 && back.info.first_sync.objects == 61000);
    assert_true(baton_hash_eq(&back.info.limits, &t.info.limits));
    assert_int_equal(tenant_row_encode(&back, again), len);
    assert_memory_equal(again, bytes, len);
}

static void
a_row_of_before_a_policy_was_added_gets_its_preset(void **state)
{
    (void)state;
    uint8_t bytes[SITE_ROW_BYTES_MAX], older[SITE_ROW_BYTES_MAX];
    struct tenant_row t = sample_tenant(), back;
    struct policy lab;
    size_t len = tenant_row_encode(&t, bytes);
    size_t head = 1 + 16 + 2 + strlen(t.info.name) + 1; /* version, id, name, lab */
    size_t last = head + 2 + 8 * (POLICY_COUNT - 1);
    policy_preset(PRESET_LAB, &lab);
    memcpy(older, bytes, last);
    older[head] = (POLICY_COUNT - 1) >> 8;
    older[head + 1] = (POLICY_COUNT - 1) & 0xff;
    memcpy(older + last, bytes + last + 8, len - last - 8);
    assert_int_equal(tenant_row_decode(older, len - 8, &back), BATON_OK);
    assert_int_equal(back.info.policy.v[POLICY_BEAT_MS], 4321);
    assert_int_equal(back.info.policy.v[POLICY_COUNT - 1], lab.v[POLICY_COUNT - 1]);
}

static void
a_row_of_the_first_layout_has_no_window_and_no_measure(void **state)
{
    (void)state;
    uint8_t bytes[SITE_ROW_BYTES_MAX];
    struct tenant_row t = sample_tenant(), back;
    size_t len = tenant_row_encode(&t, bytes);
    assert_int_equal(tenant_row_decode(bytes, len - 64, &back), BATON_MALFORMED);
    bytes[0] = 1;
    assert_int_equal(tenant_row_decode(bytes, len, &back), BATON_MALFORMED);
    assert_int_equal(tenant_row_decode(bytes, len - 64, &back), BATON_OK);
    assert_true(back.info.window_from_unix_ms == 0 && back.info.window_to_unix_ms == 0);
    assert_true(back.info.first_sync.ms == 0);
    assert_true(baton_key_eq(&back.agent[1], &t.agent[1]));
}

static void
a_row_of_the_second_layout_has_no_verification_policy(void **state)
{
    (void)state;
    uint8_t bytes[SITE_ROW_BYTES_MAX];
    struct tenant_row t = sample_tenant(), back;
    size_t len = tenant_row_encode(&t, bytes);
    bytes[0] = 2;
    assert_int_equal(tenant_row_decode(bytes, len, &back), BATON_MALFORMED);
    assert_int_equal(tenant_row_decode(bytes, len - 32, &back), BATON_OK);
    assert_true(baton_hash_is_zero(&back.info.limits));
    assert_true(back.info.first_sync.ms == 7200000);
}

static void
an_agent_row_comes_back_as_it_was(void **state)
{
    (void)state;
    uint8_t bytes[SITE_ROW_BYTES_MAX];
    struct agent_row a, back;
    memset(&a, 0, sizeof a);
    fill(a.key.b, sizeof a.key.b, 1);
    fill(a.curve_key.b, sizeof a.curve_key.b, 2);
    fill(a.box_key.b, sizeof a.box_key.b, 3);
    fill(a.confirmation.b, sizeof a.confirmation.b, 4);
    strcpy(a.host, "OLD01");
    strcpy(a.version, "0.1.0");
    a.slot = 3;
    a.role = 'o';
    a.product = PRODUCT_DIRSYNC;
    a.confirmed = a.barred = true;
    a.enrolled_unix_ms = 1764092400123u;
    size_t len = agent_row_encode(&a, bytes);
    assert_int_equal(agent_row_decode(bytes, len, &back), BATON_OK);
    assert_true(baton_key_eq(&back.curve_key, &a.curve_key));
    assert_memory_equal(back.confirmation.b, a.confirmation.b, sizeof a.confirmation.b);
    assert_true(back.confirmed && back.barred && !back.revoked);
    assert_int_equal(back.slot, 3);
    assert_true(back.enrolled_unix_ms == a.enrolled_unix_ms);
}

static void
token_blob_and_checkpoint_rows_come_back_as_they_were(void **state)
{
    (void)state;
    uint8_t bytes[SITE_ROW_BYTES_MAX];
    struct token_row t = {.role = 'n', .host = "NEW01", .expires_unix_ms = 5, .used = true}, t2;
    struct blob_row b = {.total = 70000, .have = 32768}, b2;
    struct checkpoint_row c = {.size = 9, .unix_ms = 8}, c2;
    fill(t.agent.b, sizeof t.agent.b, 7);
    fill(c.sig.b, sizeof c.sig.b, 9);
    assert_int_equal(token_row_decode(bytes, token_row_encode(&t, bytes), &t2), BATON_OK);
    assert_string_equal(t2.host, "NEW01");
    assert_true(t2.used && baton_key_eq(&t2.agent, &t.agent));
    assert_int_equal(blob_row_decode(bytes, blob_row_encode(&b, bytes), &b2), BATON_OK);
    assert_true(b2.total == 70000 && b2.have == 32768);
    assert_int_equal(checkpoint_row_decode(bytes, checkpoint_row_encode(&c, bytes), &c2), BATON_OK);
    assert_memory_equal(c2.sig.b, c.sig.b, sizeof c.sig.b);
}

static void
rows_that_are_short_long_or_wrong_are_refused(void **state)
{
    (void)state;
    uint8_t bytes[SITE_ROW_BYTES_MAX] = {0};
    struct tenant_row t = sample_tenant(), back;
    size_t len = tenant_row_encode(&t, bytes);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(tenant_row_decode(bytes, cut, &back), BATON_MALFORMED);
    assert_int_equal(tenant_row_decode(bytes, len + 1, &back), BATON_MALFORMED);
    bytes[0] = 4; /* a version of the future */
    assert_int_equal(tenant_row_decode(bytes, len, &back), BATON_MALFORMED);
    struct blob_row b = {.total = 10, .have = 11}, b2;
    assert_int_equal(blob_row_decode(bytes, blob_row_encode(&b, bytes), &b2), BATON_MALFORMED);
}

static void
enrolment_stands_over_what_an_agent_reported(void **state)
{
    (void)state;
    struct agent_view view;
    struct agent_row row;
    memset(&view, 0, sizeof view);
    memset(&row, 0, sizeof row);
    strcpy(view.host, "LIAR");
    view.confirmed = true;
    strcpy(row.host, "OLD01");
    agent_view_enrol(&view, &row);
    assert_string_equal(view.host, "OLD01");
    assert_false(view.confirmed);
    assert_true(view.used);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenant_row_comes_back_as_it_was),
        cmocka_unit_test(a_row_of_the_first_layout_has_no_window_and_no_measure),
        cmocka_unit_test(a_row_of_before_a_policy_was_added_gets_its_preset),
        cmocka_unit_test(a_row_of_the_second_layout_has_no_verification_policy),
        cmocka_unit_test(an_agent_row_comes_back_as_it_was),
        cmocka_unit_test(token_blob_and_checkpoint_rows_come_back_as_they_were),
        cmocka_unit_test(rows_that_are_short_long_or_wrong_are_refused),
        cmocka_unit_test(enrolment_stands_over_what_an_agent_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
