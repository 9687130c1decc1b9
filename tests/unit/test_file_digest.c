#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/crypto/crypto.h"
#include "common/crypto/file_digest.h"

static void
a_file_has_the_digest_of_its_bytes(void **state)
{
    (void)state;
    static uint8_t bytes[200000];
    static const size_t sizes[] = {0, 1, 65536, 65537, 200000};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31 >> 3);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        char path[] = "/tmp/baton-digest-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, sizes[i]), sizes[i]);
        close(fd);
        struct baton_hash got, want;
        uint64_t len = 1;
        enum baton_status rc = file_digest(path, &got, &len, NULL);
        unlink(path);
        assert_int_equal(rc, BATON_OK);
        crypto_sha256(bytes, sizes[i], &want);
        assert_true(baton_hash_eq(&got, &want));
        assert_int_equal(len, sizes[i]);
    }
}

static void
a_missing_file_and_a_folder_are_told_apart(void **state)
{
    (void)state;
    struct baton_hash hash;
    uint64_t len;
    struct baton_err err;
    assert_int_equal(file_digest("/tmp/baton-no-such-file", &hash, &len, &err), BATON_NOT_FOUND);
    assert_non_null(strstr(err.text, "baton-no-such-file"));
    assert_int_equal(file_digest("/tmp", &hash, &len, &err), BATON_IO);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_the_digest_of_its_bytes),
        cmocka_unit_test(a_missing_file_and_a_folder_are_told_apart),
    };
    return crypto_init(NULL) == BATON_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
