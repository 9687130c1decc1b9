#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crypto/keyfile.h"

static char folder[64], path[96];

static int
set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/baton-keyfile-XXXXXX");
    if (mkdtemp(folder) == NULL || crypto_init(NULL) != BATON_OK)
        return -1;
    snprintf(path, sizeof path, "%s/key", folder);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void
byte_flip(long offset)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, offset, SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_not_equal(c, EOF);
    assert_int_equal(fseek(f, offset, SEEK_SET), 0);
    assert_int_equal(fputc(c ^ 1, f), c ^ 1);
    assert_int_equal(fclose(f), 0);
}

static void
an_identity_comes_back_from_its_file(void **state)
{
    (void)state;
    struct crypto_identity a, b;
    struct stat st;
    assert_int_equal(crypto_identity_new(&a, NULL), BATON_OK);
    assert_int_equal(keyfile_save(path, &a, NULL), BATON_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(keyfile_load(path, &b, NULL), BATON_OK);
    assert_true(baton_key_eq(&a.sign_key, &b.sign_key));
    assert_true(baton_key_eq(&a.curve_key, &b.curve_key));
    assert_true(baton_key_eq(&a.box_key, &b.box_key));
    assert_memory_equal(a.secret, b.secret, sizeof *a.secret);
    crypto_identity_done(&a);
    crypto_identity_done(&b);
}

static void
a_key_file_is_never_overwritten(void **state)
{
    (void)state;
    struct crypto_identity a;
    assert_int_equal(crypto_identity_new(&a, NULL), BATON_OK);
    assert_int_equal(keyfile_save(path, &a, NULL), BATON_OK);
    assert_int_equal(keyfile_save(path, &a, NULL), BATON_CONFLICT);
    crypto_identity_done(&a);
}

static void
a_file_that_others_can_read_is_refused(void **state)
{
    (void)state;
    struct crypto_identity a;
    struct baton_err err;
    assert_int_equal(crypto_identity_new(&a, NULL), BATON_OK);
    assert_int_equal(keyfile_save(path, &a, NULL), BATON_OK);
    crypto_identity_done(&a);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(keyfile_load(path, &a, &err), BATON_DENIED);
    assert_non_null(strstr(err.text, "chmod 600"));
}

static void
a_damaged_cut_or_missing_file_is_told_apart(void **state)
{
    (void)state;
    struct crypto_identity a;
    assert_int_equal(keyfile_load(path, &a, NULL), BATON_NOT_FOUND);
    assert_int_equal(crypto_identity_new(&a, NULL), BATON_OK);
    assert_int_equal(keyfile_save(path, &a, NULL), BATON_OK);
    crypto_identity_done(&a);
    byte_flip(40);
    assert_int_equal(keyfile_load(path, &a, NULL), BATON_CORRUPT);
    assert_int_equal(truncate(path, 50), 0);
    assert_int_equal(keyfile_load(path, &a, NULL), BATON_CORRUPT);
}

static void
a_sealed_key_opens_with_its_passphrase_alone(void **state)
{
    (void)state;
    struct crypto_signer a, b;
    struct baton_key seen;
    assert_int_equal(crypto_signer_new(&a, NULL), BATON_OK);
    assert_int_equal(keyfile_seal(path, &a, "correct horse", keyfile_cost_least(), NULL), BATON_OK);
    assert_int_equal(keyfile_public(path, &seen, NULL), BATON_OK);
    assert_true(baton_key_eq(&seen, &a.key));
    assert_int_equal(keyfile_unseal(path, "correct horsf", &b, NULL), BATON_DENIED);
    assert_int_equal(keyfile_unseal(path, "", &b, NULL), BATON_DENIED);
    assert_int_equal(keyfile_unseal(path, "correct horse", &b, NULL), BATON_OK);
    assert_memory_equal(a.secret, b.secret, SIGN_SECRET_BYTES);
    crypto_signer_done(&a);
    crypto_signer_done(&b);
}

static void
the_public_key_in_a_sealed_file_cannot_be_swapped(void **state)
{
    (void)state;
    struct crypto_signer a, b;
    assert_int_equal(crypto_signer_new(&a, NULL), BATON_OK);
    assert_int_equal(keyfile_seal(path, &a, "p", keyfile_cost_least(), NULL), BATON_OK);
    crypto_signer_done(&a);
    byte_flip(41);
    assert_int_equal(keyfile_unseal(path, "p", &b, NULL), BATON_CORRUPT);
}

static void
a_file_that_asks_for_too_much_memory_is_refused(void **state)
{
    (void)state;
    struct crypto_signer a;
    assert_int_equal(crypto_signer_new(&a, NULL), BATON_OK);
    assert_int_equal(keyfile_seal(path, &a, "p", keyfile_cost_least(), NULL), BATON_OK);
    crypto_signer_done(&a);
    byte_flip(17); /* the highest byte of memlimit */
    assert_int_equal(keyfile_unseal(path, "p", &a, NULL), BATON_LIMIT);
}

static void
the_limits_come_from_the_file_and_not_from_today(void **state)
{
    (void)state;
    struct crypto_signer a;
    struct keyfile_cost more = keyfile_cost_least();
    more.opslimit += 1;
    assert_int_equal(crypto_signer_new(&a, NULL), BATON_OK);
    assert_int_equal(keyfile_seal(path, &a, "p", more, NULL), BATON_OK);
    crypto_signer_done(&a);
    assert_int_equal(keyfile_unseal(path, "p", &a, NULL), BATON_OK);
    crypto_signer_done(&a);
    byte_flip(16); /* lowest bit of opslimit: another key comes out */
    assert_int_equal(keyfile_unseal(path, "p", &a, NULL), BATON_DENIED);
}

static void
production_costs_what_the_documents_say(void **state)
{
    (void)state;
    assert_int_equal(keyfile_cost_production().opslimit, 3);
    assert_int_equal(keyfile_cost_production().memlimit, 256u << 20);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_identity_comes_back_from_its_file),
        IN_FOLDER(a_key_file_is_never_overwritten),
        IN_FOLDER(a_file_that_others_can_read_is_refused),
        IN_FOLDER(a_damaged_cut_or_missing_file_is_told_apart),
        IN_FOLDER(a_sealed_key_opens_with_its_passphrase_alone),
        IN_FOLDER(the_public_key_in_a_sealed_file_cannot_be_swapped),
        IN_FOLDER(a_file_that_asks_for_too_much_memory_is_refused),
        IN_FOLDER(the_limits_come_from_the_file_and_not_from_today),
        IN_FOLDER(production_costs_what_the_documents_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
