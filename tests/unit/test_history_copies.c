/* Copies of run histories on a real disk: whole, named by their digest, and not too many. */
#include "agent/adapters/history_copies.h"
#include "common/sha256.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY = 86400, NOON = 1782907200 };

struct bench {
    char root[64], folder[80];
};

static int
set_up(void **state)
{
    static struct bench b;
    strcpy(b.root, "/tmp/baton-copies-XXXXXX");
    assert_non_null(mkdtemp(b.root));
    snprintf(b.folder, sizeof b.folder, "%s/runs", b.root);
    *state = &b;
    return 0;
}

static size_t
count_files(const struct bench *b, bool remove_them)
{
    size_t count = 0;
    DIR *d = opendir(b->folder);
    struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        count++;
        if (remove_them)
            assert_int_equal(unlinkat(dirfd(d), entry->d_name, 0), 0);
    }
    if (d != NULL)
        closedir(d);
    return count;
}

static int
tear_down(void **state)
{
    struct bench *b = *state;
    count_files(b, true);
    (void)chmod(b->root, 0700);
    (void)rmdir(b->folder);
    (void)unlink(b->folder);
    return rmdir(b->root);
}

static void
path_of(const struct bench *b, const char *text, char out[200])
{
    char name[2 * BATON_HASH_BYTES + 1];
    struct baton_hash hash;
    sha256_of(text, strlen(text), &hash);
    baton_hex(hash.b, sizeof hash.b, name);
    snprintf(out, 200, "%s/%s", b->folder, name);
}

static void
keep(struct bench *b, const char *text)
{
    struct baton_hash hash;
    struct baton_err err = {0};
    sha256_of(text, strlen(text), &hash);
    if (history_copy_keep(b->folder, &hash, text, strlen(text), &err) != BATON_OK)
        fail_msg("%s", err.text);
}

static bool
is_kept(const struct bench *b, const char *text)
{
    char path[200];
    struct stat st;
    path_of(b, text, path);
    return stat(path, &st) == 0 && st.st_size == (off_t)strlen(text);
}

/* As if it had been read then. */
static void
keep_then(struct bench *b, const char *text, time_t when)
{
    char path[200];
    struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    keep(b, text);
    path_of(b, text, path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
a_copy_is_named_by_its_digest_and_is_nobody_elses(void **state)
{
    struct bench *b = *state;
    char path[200], back[64] = "";
    struct stat st;
    keep(b, "[{\"RunNumber\":7}]");
    path_of(b, "[{\"RunNumber\":7}]", path);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(back, sizeof back, f));
    fclose(f);
    assert_string_equal(back, "[{\"RunNumber\":7}]");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count_files(b, false), 1);
    keep(b, "[{\"RunNumber\":7}]"); /* the same again is the same file */
    assert_int_equal(count_files(b, false), 1);
}

static void
the_newest_stay_and_of_earlier_days_one_each(void **state)
{
    struct bench *b = *state;
    char text[32];
    for (int i = 0; i < 20; i++) { /* ten days ago, and nine */
        snprintf(text, sizeof text, "old %d", i);
        keep_then(b, text, NOON - 10 * DAY + (i / 10) * DAY + i);
    }
    for (int i = 0; i < HISTORY_COPIES_NEWEST; i++) {
        snprintf(text, sizeof text, "new %d", i);
        keep_then(b, text, NOON + i);
    }
    keep(b, "newest");
    assert_true(is_kept(b, "newest") && is_kept(b, "new 1"));
    assert_true(is_kept(b, "old 19") && is_kept(b, "old 9"));
    assert_false(is_kept(b, "old 18") || is_kept(b, "old 0"));
    assert_int_equal(count_files(b, false), HISTORY_COPIES_NEWEST + 2);
}

static void
there_are_never_more_than_the_limit(void **state)
{
    struct bench *b = *state;
    char text[32];
    for (int i = 0; i < HISTORY_COPIES_MAX + 20; i++) { /* one a day, the newest last */
        snprintf(text, sizeof text, "day %d", i);
        keep_then(b, text, NOON - (1000 - i) * DAY);
    }
    keep(b, "today");
    assert_int_equal(count_files(b, false), HISTORY_COPIES_MAX);
    assert_true(is_kept(b, "today"));
    assert_false(is_kept(b, "day 0"));
}

static void
bytes_are_bounded_too_and_the_newest_stays(void **state)
{
    struct bench *b = *state;
    char path[200];
    keep_then(b, "huge", NOON);
    path_of(b, "huge", path);
    assert_int_equal(truncate(path, HISTORY_COPIES_BYTES_MAX), 0); /* sparse */
    struct timespec times[2] = {{.tv_sec = NOON}, {.tv_sec = NOON}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    keep(b, "small");
    assert_true(is_kept(b, "small"));
    assert_int_equal(count_files(b, false), 1);
}

static void
other_files_of_the_folder_are_left_alone(void **state)
{
    struct bench *b = *state;
    char path[100], text[32];
    keep(b, "one");
    snprintf(path, sizeof path, "%s/notes", b->folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    for (int i = 0; i < HISTORY_COPIES_MAX + 5; i++) {
        snprintf(text, sizeof text, "more %d", i);
        keep(b, text);
    }
    assert_int_equal(access(path, F_OK), 0);
}

static void
a_folder_that_cannot_be_is_an_error_and_no_copy(void **state)
{
    struct bench *b = *state;
    struct baton_hash hash = {{1}};
    struct baton_err err = {0};
    FILE *f = fopen(b->folder, "w"); /* a file where the folder should be */
    assert_non_null(f);
    fclose(f);
    assert_int_equal(history_copy_keep(b->folder, &hash, "x", 1, &err), BATON_IO);
    assert_non_null(strstr(err.text, b->folder));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_copy_is_named_by_its_digest_and_is_nobody_elses),
        TEST(the_newest_stay_and_of_earlier_days_one_each),
        TEST(there_are_never_more_than_the_limit),
        TEST(bytes_are_bounded_too_and_the_newest_stays),
        TEST(other_files_of_the_folder_are_left_alone),
        TEST(a_folder_that_cannot_be_is_an_error_and_no_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
