#include "lab/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char dir[] = "/tmp/baton-folder-XXXXXX";

static int
make_folder(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    return folder_remove(dir, NULL) == BATON_OK ? 0 : -1;
}

static void
path_of(char path[128], const char *name)
{
    assert_in_range(snprintf(path, 128, "%s/%s", dir, name), 1, 127);
}

static void
write_at(const char *name, uint64_t unix_ms)
{
    char path[128];
    path_of(path, name);
    struct draft d;
    assert_int_equal(draft_open(&d, path, NULL), BATON_OK);
    assert_true(fputs("text", d.file) >= 0);
    assert_int_equal(draft_commit(&d, unix_ms, NULL), BATON_OK);
}

static void
newest_is(const char *prefix, const char *expected)
{
    char name[64];
    assert_true(folder_newest(dir, prefix, name, sizeof name));
    assert_string_equal(name, expected);
}

static void
a_file_is_as_old_as_its_machine_says(void **state)
{
    (void)state;
    write_at("dated", 1700000000123);
    struct stat st;
    char path[128];
    path_of(path, "dated");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mtim.tv_sec, 1700000000);
    assert_int_equal(st.st_mtim.tv_nsec, 123000000);
}

static void
the_newest_is_that_of_the_latest_time(void **state)
{
    (void)state;
    write_at("time-b", 2000);
    write_at("time-c", 1999);
    write_at("time-a", 2001);
    newest_is("time-", "time-a");
}

/* In whatever order the folder names them. */
static void
of_equally_old_ones_the_last_by_name_is_the_newest(void **state)
{
    (void)state;
    static const char *const names[] = {"same-3", "same-1", "same-5", "same-2", "same-4"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        write_at(names[i], 5000);
        newest_is("same-", i < 2 ? "same-3" : "same-5");
    }
}

static void
hidden_and_unfinished_ones_are_not_the_newest(void **state)
{
    (void)state;
    write_at("whole-1", 10);
    write_at("whole-2.part", 20);
    write_at("whole-3.tmp", 30);
    newest_is("whole-", "whole-1");
    char name[64];
    assert_false(folder_newest(dir, "none-", name, sizeof name));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_as_old_as_its_machine_says),
        cmocka_unit_test(the_newest_is_that_of_the_latest_time),
        cmocka_unit_test(of_equally_old_ones_the_last_by_name_is_the_newest),
        cmocka_unit_test(hidden_and_unfinished_ones_are_not_the_newest),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
