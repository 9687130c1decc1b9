/* A letter opens for the people it names and for nobody else, and says who sealed it and what for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto/letter.h"

static const uint8_t text[] = "CN=Anna,OU=CORP,DC=contoso,DC=com";
static const struct baton_id anna_id = {{1}}, bert_id = {{2}}, carl_id = {{3}};
static struct crypto_signer agent, anna, bert, carl;
static struct letter_about about;
static uint8_t *bytes, *plain;
static size_t len, plain_len;
static struct letter letter;
static struct baton_err err;

static void
seal(void)
{
    const struct letter_address to[] = {{anna_id, anna.key}, {bert_id, bert.key}};
    assert_int_equal(
        letter_seal(&about, to, 2, text, sizeof text, agent.secret, &bytes, &len, &err), BATON_OK);
}

static enum baton_status
read_bytes(const uint8_t *from, size_t n)
{
    return letter_read(from, n, crypto_digest_port(), &letter, &err);
}

static enum baton_status
open_as(const struct baton_id *me, const struct crypto_signer *key)
{
    free(plain);
    plain = NULL;
    return letter_open(&letter, me, key, &plain, &plain_len, &err);
}

static int
setup(void **state)
{
    (void)state;
    about = (struct letter_about){
        .tenant = {{4}}, .plan = {{5}}, .findings = {{6}}, .sender = agent.key};
    seal();
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    free(bytes);
    free(plain);
    bytes = plain = NULL;
    return 0;
}

static void
everybody_whom_it_names_can_open_it(void **state)
{
    (void)state;
    assert_int_equal(read_bytes(bytes, len), BATON_OK);
    assert_int_equal(open_as(&anna_id, &anna), BATON_OK);
    assert_int_equal(plain_len, sizeof text);
    assert_memory_equal(plain, text, sizeof text);
    assert_int_equal(open_as(&bert_id, &bert), BATON_OK);
    assert_memory_equal(plain, text, sizeof text);
}

static void
nobody_else_can_open_it(void **state)
{
    (void)state;
    assert_int_equal(read_bytes(bytes, len), BATON_OK);
    assert_int_equal(open_as(&carl_id, &carl), BATON_NOT_FOUND);
    assert_int_equal(open_as(&anna_id, &carl), BATON_DENIED);
    assert_int_equal(open_as(&anna_id, &bert), BATON_DENIED);
}

static void
what_it_belongs_to_and_whom_it_names_can_be_read_by_everybody(void **state)
{
    (void)state;
    assert_int_equal(read_bytes(bytes, len), BATON_OK);
    assert_memory_equal(&letter.about, &about, sizeof about);
    assert_int_equal(letter.address_count, 2);
    assert_memory_equal(&letter.to[0], &anna_id, sizeof anna_id);
    assert_memory_equal(&letter.to[1], &bert_id, sizeof bert_id);
}

static void
its_first_bytes_say_what_it_claims_to_belong_to(void **state)
{
    (void)state;
    struct letter_about said;
    assert_true(letter_begins(bytes, len, &said));
    assert_memory_equal(&said, &about, sizeof about);
    assert_false(letter_begins(bytes, 8 + 2 * 16 + 2 * 32 - 1, &said));
    bytes[7] = '2';
    assert_false(letter_begins(bytes, len, &said));
}

static void
nothing_of_the_text_stands_in_it(void **state)
{
    (void)state;
    for (size_t at = 0; at + 4 <= len; at++)
        for (size_t t = 0; t + 4 <= sizeof text; t++)
            assert_memory_not_equal(bytes + at, text + t, 4);
}

static void
two_letters_of_the_same_text_have_nothing_sealed_in_common(void **state)
{
    (void)state;
    uint8_t *first = bytes;
    assert_int_equal(read_bytes(first, len), BATON_OK);
    const uint8_t *body = letter.body, *box = letter.box[0];
    seal();
    assert_int_equal(read_bytes(bytes, len), BATON_OK);
    assert_memory_not_equal(body, letter.body, sizeof text);
    assert_memory_not_equal(box, letter.box[0], LETTER_BOX_BYTES);
    free(first);
}

static void
a_change_of_any_byte_is_noticed(void **state)
{
    (void)state;
    for (size_t at = 0; at < len; at++) {
        bytes[at] ^= 1;
        assert_int_not_equal(read_bytes(bytes, len), BATON_OK);
        bytes[at] ^= 1;
    }
    assert_int_equal(read_bytes(bytes, len), BATON_OK);
}

static void
a_cut_letter_is_none(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut + 1);
        memcpy(exact, bytes, cut);
        assert_int_equal(read_bytes(exact, cut), BATON_MALFORMED);
        free(exact);
    }
}

/* Somebody who signs under another name a body that is not theirs: the body knows its header. */
static void
a_body_does_not_open_behind_another_header(void **state)
{
    (void)state;
    struct baton_sig sig;
    bytes[8 + 16] ^= 1; /* the plan */
    assert_int_equal(
        crypto_sign_domain(agent.secret, DOMAIN_LETTER, bytes, len - sizeof sig.b, &sig), BATON_OK);
    memcpy(bytes + len - sizeof sig.b, sig.b, sizeof sig.b);
    assert_int_equal(read_bytes(bytes, len), BATON_OK);
    assert_int_equal(open_as(&anna_id, &anna), BATON_DENIED);
}

static void
a_key_that_is_none_is_not_sealed_to(void **state)
{
    (void)state;
    struct letter_address to = {anna_id, {{0}}};
    uint8_t *none = NULL;
    size_t n;
    assert_false(letter_key_valid(&to.key));
    assert_true(letter_key_valid(&anna.key));
    assert_int_equal(letter_seal(&about, &to, 1, text, sizeof text, agent.secret, &none, &n, &err),
                     BATON_MALFORMED);
    assert_null(none);
}

static void
a_letter_to_nobody_is_not_made(void **state)
{
    (void)state;
    uint8_t *none = NULL;
    size_t n;
    assert_int_equal(letter_seal(&about, NULL, 0, text, sizeof text, agent.secret, &none, &n, &err),
                     BATON_MALFORMED);
}

static int
people(void **state)
{
    (void)state;
    struct crypto_signer *const all[] = {&agent, &anna, &bert, &carl};
    if (crypto_init(NULL) != BATON_OK)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (crypto_signer_new(all[i], NULL) != BATON_OK)
            return -1;
    return 0;
}

static int
people_done(void **state)
{
    (void)state;
    struct crypto_signer *const all[] = {&agent, &anna, &bert, &carl};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        crypto_signer_done(all[i]);
    return 0;
}

int
main(void)
{
#define LETTER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        LETTER_TEST(everybody_whom_it_names_can_open_it),
        LETTER_TEST(nobody_else_can_open_it),
        LETTER_TEST(what_it_belongs_to_and_whom_it_names_can_be_read_by_everybody),
        LETTER_TEST(its_first_bytes_say_what_it_claims_to_belong_to),
        LETTER_TEST(nothing_of_the_text_stands_in_it),
        LETTER_TEST(two_letters_of_the_same_text_have_nothing_sealed_in_common),
        LETTER_TEST(a_change_of_any_byte_is_noticed),
        LETTER_TEST(a_cut_letter_is_none),
        LETTER_TEST(a_body_does_not_open_behind_another_header),
        LETTER_TEST(a_key_that_is_none_is_not_sealed_to),
        LETTER_TEST(a_letter_to_nobody_is_not_made),
    };
    return cmocka_run_group_tests(tests, people, people_done);
}
