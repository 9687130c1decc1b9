/* People's decisions in a file: written, read, checked, and what they close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/crypto/crypto.h"
#include "common/verify/disposition_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct crypto_signer anna, berta;
static struct disposition_file file;
static uint8_t next_id;

static int
setup_keys(void **state)
{
    (void)state;
    return crypto_init(NULL) == BATON_OK && crypto_signer_new(&anna, NULL) == BATON_OK &&
                   crypto_signer_new(&berta, NULL) == BATON_OK
               ? 0
               : -1;
}

static int
teardown_keys(void **state)
{
    (void)state;
    crypto_signer_done(&anna);
    crypto_signer_done(&berta);
    return 0;
}

static int
setup(void **state)
{
    (void)state;
    memset(&file, 0, sizeof file);
    return 0;
}

static struct baton_hash
row(uint8_t n)
{
    return (struct baton_hash){.b = {n}};
}

static void
add(const struct crypto_signer *who, uint8_t operator, uint8_t n, enum disposition_kind kind)
{
    struct disposition_entry *e = &file.entry[file.count++];
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    e->sd.d = (struct disposition){.kind = (uint8_t)kind, .row = row(n), .made_unix_ms = 9};
    e->sd.d.id.b[0] = ++next_id;
    e->sd.d.operator.b[0] = operator;
    strcpy(e->sd.d.reason, "the container was emptied last year");
    strcpy(e->who, operator== 1 ? "anna" : "berta");
    e->key = who->key;
    size_t len = disposition_encode(&e->sd.d, bytes);
    assert_int_equal(crypto_sign_domain(who->secret, DOMAIN_DISPOSITION, bytes, len, &e->sd.sig),
                     BATON_OK);
}

static unsigned
people(uint8_t n)
{
    struct baton_hash r = row(n);
    return disposition_file_people(&file, &r);
}

static enum baton_status
read_text(const char *text, struct disposition_file *ret_file, struct baton_err *err)
{
    return disposition_file_read(text, strlen(text), crypto_digest_port(), ret_file, err);
}

static void
a_file_that_was_written_reads_back(void **state)
{
    (void)state;
    static struct disposition_file back;
    add(&anna, 1, 7, DISPOSED_ACCEPTED);
    add(&berta, 2, 8, DISPOSED_NOT_APPLICABLE);
    char *text = disposition_file_write(&file);
    assert_int_equal(read_text(text, &back, NULL), BATON_OK);
    assert_int_equal(back.count, 2);
    assert_memory_equal(&back.entry[0].sd, &file.entry[0].sd, sizeof file.entry[0].sd);
    assert_string_equal(back.entry[1].who, "berta");
    assert_false(back.checked);
    struct baton_hash a, b;
    disposition_file_digest(&file, crypto_digest_port(), &a);
    disposition_file_digest(&back, crypto_digest_port(), &b);
    assert_memory_equal(a.b, b.b, sizeof a.b);
    free(text);
}

static void
the_digest_does_not_depend_on_the_order(void **state)
{
    (void)state;
    struct baton_hash a, b, none;
    disposition_file_digest(&file, crypto_digest_port(), &none);
    assert_true(baton_hash_is_zero(&none));
    add(&anna, 1, 7, DISPOSED_ACCEPTED);
    add(&berta, 2, 8, DISPOSED_ACCEPTED);
    disposition_file_digest(&file, crypto_digest_port(), &a);
    struct disposition_entry first = file.entry[0];
    file.entry[0] = file.entry[1];
    file.entry[1] = first;
    disposition_file_digest(&file, crypto_digest_port(), &b);
    assert_memory_equal(a.b, b.b, sizeof a.b);
}

/* Changes the first `from` in the text to `to`, of the same length. */
static void
assert_changed_text_is(const char *from, const char *to, enum baton_status rc, const char *says)
{
    static struct disposition_file back;
    struct baton_err err = {0};
    char *text = disposition_file_write(&file), *at = strstr(text, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    assert_int_equal(read_text(text, &back, &err), rc);
    if (strstr(err.text, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, says);
    free(text);
}

static void
what_a_person_reads_is_what_was_signed(void **state)
{
    (void)state;
    add(&anna, 1, 7, DISPOSED_ACCEPTED);
    assert_changed_text_is("emptied last", "deleted last", BATON_MALFORMED, "disposition 1");
    assert_changed_text_is("\"row\": \"07", "\"row\": \"08", BATON_MALFORMED, "disposition 1");
    assert_changed_text_is("\"accepted\"", "\"fixed\"   ", BATON_MALFORMED, "disposition 1");
    assert_changed_text_is("\"bytes\": \"42444931", "\"bytes\": \"42444932", BATON_MALFORMED,
                           "bytes and signature");
}

static void
a_signature_of_other_bytes_or_another_key_does_not_hold(void **state)
{
    (void)state;
    static struct disposition_file back;
    add(&anna, 1, 7, DISPOSED_ACCEPTED);
    file.entry[0].key = berta.key;
    char *text = disposition_file_write(&file);
    assert_int_equal(read_text(text, &back, NULL), BATON_DENIED);
    free(text);
    file.entry[0].key = anna.key;
    file.entry[0].sd.d.made_unix_ms++;
    text = disposition_file_write(&file);
    assert_int_equal(read_text(text, &back, NULL), BATON_DENIED);
    free(text);
}

static void
what_is_no_such_file_says_so(void **state)
{
    (void)state;
    static struct disposition_file back;
    struct baton_err err;
    assert_int_equal(read_text("{\n\"format\" 1", &back, &err), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "line 2"));
    assert_int_equal(read_text("[]", &back, &err), BATON_MALFORMED);
    assert_int_equal(read_text("{\"format\": \"baton/dispositions/1\"}", &back, &err),
                     BATON_MALFORMED);
    assert_int_equal(
        read_text("{\"format\": \"baton/dispositions/1\", \"dispositions\": [1]}", &back, &err),
        BATON_MALFORMED);
    assert_int_equal(
        read_text("{\"format\": \"baton/dispositions/1\", \"dispositions\": []}", &back, &err),
        BATON_OK);
    char *long_text = calloc(1, DISPOSITION_FILE_BYTES_MAX + 2);
    memset(long_text, ' ', DISPOSITION_FILE_BYTES_MAX + 1);
    assert_int_equal(read_text(long_text, &back, &err), BATON_LIMIT);
    free(long_text);
}

static struct trust_doc
operators(uint16_t roles)
{
    struct trust_doc t;
    memset(&t, 0, sizeof t);
    t.operator_count = 1;
    t.operator[0].id.b[0] = 1;
    t.operator[0].roles = roles;
    t.operator[0].key = anna.key;
    strcpy(t.operator[0].name, "Anna of the trust document");
    return t;
}

static void
only_operators_that_were_given_and_may_approve_count(void **state)
{
    (void)state;
    struct baton_err err;
    struct trust_doc t = operators(ROLE_APPROVE);
    add(&anna, 1, 7, DISPOSED_ACCEPTED);
    assert_int_equal(disposition_file_check(&file, &t, crypto_digest_port(), &err), BATON_OK);
    assert_true(file.checked);
    assert_string_equal(file.entry[0].who, "Anna of the trust document");
    file.checked = false;
    t = operators(ROLE_VIEW);
    assert_int_equal(disposition_file_check(&file, &t, crypto_digest_port(), &err), BATON_DENIED);
    t = operators(ROLE_APPROVE);
    add(&berta, 2, 7, DISPOSED_ACCEPTED);
    assert_int_equal(disposition_file_check(&file, &t, crypto_digest_port(), &err), BATON_DENIED);
    assert_non_null(strstr(err.text, "disposition 2"));
    assert_false(file.checked);
}

static void
a_row_is_closed_by_people_and_not_by_entries(void **state)
{
    (void)state;
    assert_int_equal(people(7), 0);
    add(&anna, 1, 7, DISPOSED_ACCEPTED);
    add(&anna, 1, 7, DISPOSED_NOT_APPLICABLE);
    add(&anna, 2, 7, DISPOSED_ACCEPTED); /* another name, the same key */
    assert_int_equal(people(7), 1);
    add(&berta, 3, 7, DISPOSED_ACCEPTED);
    assert_int_equal(people(7), 2);
    assert_int_equal(people(8), 0);
}

static void
fixed_closes_nothing_and_takes_an_earlier_word_back(void **state)
{
    (void)state;
    add(&anna, 1, 7, DISPOSED_ACCEPTED);
    add(&anna, 1, 7, DISPOSED_FIXED);
    assert_int_equal(people(7), 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(a_file_that_was_written_reads_back),
        T(the_digest_does_not_depend_on_the_order),
        T(what_a_person_reads_is_what_was_signed),
        T(a_signature_of_other_bytes_or_another_key_does_not_hold),
        T(what_is_no_such_file_says_so),
        T(only_operators_that_were_given_and_may_approve_count),
        T(a_row_is_closed_by_people_and_not_by_entries),
        T(fixed_closes_nothing_and_takes_an_earlier_word_back),
    };
    return cmocka_run_group_tests(tests, setup_keys, teardown_keys);
}
