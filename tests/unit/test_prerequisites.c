#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/prerequisites.h"

static char dir[64], folder[96];

static int
setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/baton-prereq-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(folder, sizeof folder, "%s/prerequisites", dir);
    return 0;
}

static int
teardown(void **state)
{
    char command[160];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command); // NOLINT(cert-env33-c): a fixed command on a folder of our own
}

static void
write_check(const char *file, const char *id)
{
    char path[192];
    (void)mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "{\"title\":\"t\",\"checked\":\"2026-01-02\",\"checks\":[{\"id\":\"%s\",\"side\":"
            "\"new\",\"what\":\"w\",\"rules\":[{\"observe\":\"x\",\"is\":1}],\"otherwise\":"
            "\"block\",\"unknown\":\"review\",\"fix\":\"f\",\"source\":\"s\"}]}",
            id);
    fclose(f);
}

static void
without_a_folder_the_built_in_data_count(void **state)
{
    (void)state;
    struct prereq *p;
    size_t built, given;
    assert_int_equal(prerequisites_of(dir, &p, NULL), BATON_OK);
    (void)prereq_checks(p, &given);
    prereq_close(&p);
    assert_int_equal(prerequisites_of(NULL, &p, NULL), BATON_OK);
    (void)prereq_checks(p, &built);
    prereq_close(&p);
    assert_int_equal(built, given);
    assert_true(built > 30);
}

static void
a_folder_takes_their_place_as_a_whole_in_the_order_of_names(void **state)
{
    (void)state;
    struct prereq *p;
    size_t n;
    write_check("b.json", "PRE-B");
    write_check("a.json", "PRE-A");
    write_check("notes.txt", "PRE-C");
    write_check(".hidden.json", "PRE-D");
    assert_int_equal(prerequisites_of(dir, &p, NULL), BATON_OK);
    const struct prereq_check *c = prereq_checks(p, &n);
    assert_int_equal(n, 2);
    assert_string_equal(c[0].id, "PRE-A");
    assert_string_equal(c[1].id, "PRE-B");
    prereq_close(&p);
}

static void
a_folder_that_cannot_be_used_is_an_error_and_not_the_built_in_data(void **state)
{
    (void)state;
    struct prereq *p;
    struct baton_err err;
    assert_int_equal(prerequisites_read(folder, &p, &err), BATON_NOT_FOUND);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(prerequisites_of(dir, &p, &err), BATON_NOT_FOUND);
    assert_non_null(strstr(err.text, folder));
    write_check("a.json", "PRE-A");
    write_check("b.json", "PRE-A"); /* the same id */
    assert_int_equal(prerequisites_of(dir, &p, &err), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "b.json"));
}

static void
a_file_is_regular_and_not_too_long(void **state)
{
    (void)state;
    char path[192], *text;
    size_t len;
    struct baton_err err;
    assert_int_equal(prerequisites_text(dir, &text, &len, &err), BATON_IO);
    snprintf(path, sizeof path, "%s/pipe", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(prerequisites_text(path, &text, &len, &err), BATON_IO);
    snprintf(path, sizeof path, "%s/long", dir);
    FILE *f = fopen(path, "w");
    assert_int_equal(ftruncate(fileno(f), PREREQ_BYTES_MAX), 0);
    assert_int_equal(prerequisites_text(path, &text, &len, &err), BATON_OK);
    assert_int_equal(len, PREREQ_BYTES_MAX);
    free(text);
    assert_int_equal(ftruncate(fileno(f), PREREQ_BYTES_MAX + 1), 0);
    assert_int_equal(prerequisites_text(path, &text, &len, &err), BATON_LIMIT);
    fclose(f);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(without_a_folder_the_built_in_data_count),
        T(a_folder_takes_their_place_as_a_whole_in_the_order_of_names),
        T(a_folder_that_cannot_be_used_is_an_error_and_not_the_built_in_data),
        T(a_file_is_regular_and_not_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
