/* A large file in blocks: which files are read so, and that nothing happens with the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "controller/cli/exports_split.h"

#include <cmocka.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OBJECTS = 9000, TEXT_BYTES = 4 << 20 };

static char *text;
static size_t len;
static FILE *file;
static struct exports *e;
static uint64_t progressed;

static void
put(const char *piece)
{
    size_t n = strlen(piece);
    assert_in_range(n, 0, TEXT_BYTES - 1 - len);
    memcpy(text + len, piece, n + 1);
    len += n;
}

/* `middle` stands between two objects in the middle. */
static void
make(const char *root, const char *middle)
{
    len = 0;
    put(root);
    for (int i = 0; i < OBJECTS; i++) {
        char object[512];
        (void)snprintf(
            object, sizeof object,
            " <cs-object cs-dn=\"cn=%d\" object-type=\"%s\"><unapplied-export><delta "
            "operation=\"%s\"><attr name=\"a%d\" operation=\"update\"><value>1</value></attr>"
            "</delta></unapplied-export></cs-object>\n",
            i, i % 2 == 0 ? "user" : "group", i % 3 == 0 ? "delete" : "update", i % 7);
        put(object);
        if (i == OBJECTS / 2)
            put(middle);
    }
    put("</cs-objects>\n");
    file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fflush(file), 0);
}

static void
on_progress(void *ctx, uint64_t bytes)
{
    (void)ctx;
    assert_true(bytes > progressed);
    progressed = bytes;
}

static bool
split(unsigned threads, struct baton_hash *ret_hash)
{
    struct exports_split order = {
        .fd = fileno(file), .bytes = len, .threads = threads, .progress = on_progress};
    progressed = 0;
    return exports_split_read(&order, e, ret_hash);
}

static int
begin(void **state)
{
    (void)state;
    text = malloc(TEXT_BYTES);
    e = exports_new(NULL);
    return text != NULL && e != NULL ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    free(text);
    exports_free(&e);
    fclose(file);
    return 0;
}

static void
a_large_file_is_counted_and_hashed_by_one_thread_and_by_two(void **state)
{
    (void)state;
    make("<?xml version=\"1.0\"?>\n<cs-objects>\n", "");
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct baton_hash hash, wanted;
        struct sha256_ctx sha;
        assert_true(split(threads, &hash));
        assert_int_equal(progressed, len);
        assert_int_equal(exports_totals(e)->objects, threads * OBJECTS);
        assert_int_equal(exports_totals(e)->deletes, threads * OBJECTS / 3);
        sha256_init(&sha);
        sha256_update(&sha, len, (const uint8_t *)text);
        sha256_digest(&sha, sizeof wanted.b, wanted.b);
        assert_memory_equal(hash.b, wanted.b, sizeof wanted.b);
    }
    assert_int_equal(exports_type_count(e), 2);
    assert_int_equal(exports_attribute_count(e), 7);
}

static void
of_a_file_that_is_not_so_plain_nothing_is_taken_over(void **state)
{
    (void)state;
    static char section[600000];
    strcpy(section, "<x><![CDATA[");
    while (strlen(section) < 550000)
        strcat(section + strlen(section),
               "<cs-object cs-dn=\"x\"></cs-object>                           ");
    strcat(section, "]]></x>");
    const char *const rows[][2] = {
        {"<cs-objects>", section},         {"<cs-objects>", "<open>"},
        {"<cs-objects>", "</cs-objects>"}, {"<q:cs-objects>", ""},
        {"<cs-objects><x>", ""},           {"<!-- <cs-objects> --><other>", ""},
        {"<!DOCTYPE a><cs-objects>", ""},  {"<cs-objects/>", ""},
    };
    struct baton_hash hash;
    file = tmpfile();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (unsigned threads = 1; threads <= 2; threads++) {
            fclose(file);
            make(rows[i][0], rows[i][1]);
            assert_false(split(threads, &hash));
            assert_int_equal(exports_totals(e)->objects, 0);
        }
}

static void
a_small_file_and_one_that_became_shorter_are_not_read_so(void **state)
{
    (void)state;
    struct baton_hash hash;
    make("<cs-objects>", "");
    for (size_t less = 1; less < 40; less += 19) { /* the first is but a line end */
        assert_int_equal(ftruncate(fileno(file), (off_t)(len - less)), 0);
        assert_false(split(2, &hash));
    }
    assert_int_equal(exports_totals(e)->objects, 0);
    len = EXPORTS_SPLIT_BYTES - 1;
    assert_false(split(1, &hash));
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_large_file_is_counted_and_hashed_by_one_thread_and_by_two),
        TEST(of_a_file_that_is_not_so_plain_nothing_is_taken_over),
        TEST(a_small_file_and_one_that_became_shorter_are_not_read_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
