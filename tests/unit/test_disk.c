/* The same promises on every system's disk: this runs on Linux and, cross-built, under Wine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/disk/disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 256 };

static char root[PATH / 2];

static const char *
at(const char *name)
{
    static char path[4][PATH];
    static unsigned turn;
    char *out = path[turn++ % 4];
    snprintf(out, PATH, "%s/%s", root, name);
    return out;
}

static int
set_up(void **state)
{
    (void)state;
    static unsigned turn;
    snprintf(root, sizeof root, "baton-disk-%ld-%u", (long)getpid(), turn++);
    return disk_make_folder(root) ? 0 : -1;
}

static bool
remove_entry(void *ctx, const struct disk_entry *entry)
{
    (void)ctx;
    return disk_remove(at(entry->name));
}

static int
tear_down(void **state)
{
    (void)state;
    (void)disk_list(root, remove_entry, NULL);
    return rmdir(root);
}

static void
put(const char *name, const char *text)
{
    int fd = disk_open(at(name), DISK_REWRITE);
    assert_true(fd >= 0);
    assert_true(disk_write(fd, text, strlen(text)));
    assert_int_equal(close(fd), 0);
}

static void
holds(const char *name, const char *text)
{
    char got[64] = "";
    int fd = disk_open(at(name), DISK_READ);
    assert_true(fd >= 0);
    assert_int_equal(disk_read(fd, got, sizeof got - 1), strlen(text));
    assert_string_equal(got, text);
    assert_int_equal(close(fd), 0);
}

static void
bytes_come_back_as_they_were_written(void **state)
{
    (void)state;
    put("lines", "one\ntwo\r\n\x1a three");
    holds("lines", "one\ntwo\r\n\x1a three");
    char part[4] = "";
    int fd = disk_open(at("lines"), DISK_READ);
    assert_int_equal(disk_read_at(fd, part, 3, 4), 3);
    assert_string_equal(part, "two");
    assert_int_equal(disk_read_at(fd, part, 3, 1000), 0);
    close(fd);
}

static bool
take_listed(void *ctx, const struct disk_entry *entry)
{
    struct disk_info *listed = ctx;
    *listed = (struct disk_info){entry->bytes, entry->written_ns};
    return false;
}

static void
an_open_file_tells_what_its_folder_tells(void **state)
{
    (void)state;
    struct disk_info info, listed = {0};
    put("file", "twelve bytes");
    int fd = disk_open(at("file"), DISK_READ);
    assert_true(disk_info(fd, &info));
    assert_int_equal(close(fd), 0);
    assert_true(disk_list(root, take_listed, &listed));
    assert_int_equal(info.bytes, 12);
    assert_int_equal(listed.bytes, 12);
    assert_true(info.written_ns > 0);
    assert_int_equal(info.written_ns, listed.written_ns);
}

static void
writing_anew_leaves_nothing_of_before(void **state)
{
    (void)state;
    put("file", "a long text");
    put("file", "short");
    holds("file", "short");
}

static void
a_new_file_is_never_one_that_is_there(void **state)
{
    (void)state;
    put("file", "mine");
    assert_int_equal(disk_open(at("file"), DISK_CREATE), -1);
    assert_int_equal(errno, EEXIST);
    holds("file", "mine");
    assert_int_equal(disk_open(at("none"), DISK_READ), -1);
    assert_int_equal(errno, ENOENT);
}

static void
an_update_keeps_what_was_there_and_reads_it(void **state)
{
    (void)state;
    char got[8] = "";
    put("file", "abc");
    int fd = disk_open(at("file"), DISK_UPDATE);
    assert_int_equal(disk_read(fd, got, sizeof got), 3);
    assert_true(disk_write(fd, "def", 3) && disk_flush(fd));
    close(fd);
    holds("file", "abcdef");
    assert_int_equal(close(disk_open(at("made"), DISK_UPDATE)), 0);
    assert_true(disk_exists(at("made")));
}

static void
a_name_takes_the_place_of_another(void **state)
{
    (void)state;
    put("part", "new");
    put("whole", "old");
    assert_true(disk_rename(at("part"), at("whole")));
    assert_true(disk_flush_name(at("whole")));
    assert_false(disk_exists(at("part")));
    holds("whole", "new");
    assert_false(disk_rename(at("part"), at("whole")));
    assert_int_equal(errno, ENOENT);
}

static void
names_of_every_script_can_be_used(void **state)
{
    (void)state;
    put("M\xc3\xbcnchen \xe6\x9d\xb1\xe4\xba\xac", "text");
    holds("M\xc3\xbcnchen \xe6\x9d\xb1\xe4\xba\xac", "text");
    FILE *stream = disk_stream(at("M\xc3\xbcnchen \xe6\x9d\xb1\xe4\xba\xac"));
    assert_non_null(stream);
    assert_int_equal(fgetc(stream), 't');
    fclose(stream);
}

static void
what_is_made_here_is_closed_to_others(void **state)
{
    (void)state;
    put("file", "secret");
    int fd = disk_open(at("file"), DISK_READ);
    assert_true(disk_is_closed(fd));
    close(fd);
    assert_true(disk_folder_is_closed(root));
    assert_true(disk_folder_is_closed(at("none")));
}

static void
a_lock_is_held_by_one_alone(void **state)
{
    (void)state;
    int mine = disk_open(at("lock"), DISK_UPDATE), other = disk_open(at("lock"), DISK_READ);
    assert_true(disk_lock(mine, false));
    assert_false(disk_lock(other, true));
    assert_int_equal(errno, EWOULDBLOCK);
    close(mine);
    assert_true(disk_lock(other, true));
    close(other);
}

struct seen {
    unsigned count;
    uint64_t bytes, written_ns;
};

static bool
see(void *ctx, const struct disk_entry *entry)
{
    struct seen *s = ctx;
    s->count++;
    s->bytes += entry->bytes;
    s->written_ns = entry->written_ns;
    return s->count < 2;
}

static void
a_folder_tells_its_files_and_no_folders(void **state)
{
    (void)state;
    struct seen s = {0};
    assert_true(disk_make_folder(at("folder")));
    assert_true(disk_make_folder(at("folder")));
    put("one", "123");
    assert_true(disk_list(root, see, &s));
    assert_int_equal(s.count, 1);
    assert_int_equal(s.bytes, 3);
    struct stat st;
    int fd = disk_open(at("one"), DISK_READ);
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    assert_int_equal(s.written_ns / 1000000000, st.st_mtime);
    put("two", "");
    put("three", "");
    s = (struct seen){0};
    assert_true(disk_list(root, see, &s));
    assert_int_equal(s.count, 2); /* visit ended it */
    assert_false(disk_list(at("none"), see, &s));
    assert_int_equal(rmdir(at("folder")), 0);
}

static void
a_folder_that_is_open_to_others_can_be_closed(void **state)
{
    (void)state;
#ifdef _WIN32
    assert_int_equal(mkdir(at("open")),
                     0); /* with the rights of the folder above, which is closed */
#else
    assert_int_equal(mkdir(at("open"), 0755), 0);
    assert_int_equal(chmod(at("open"), 0755), 0);
    assert_false(disk_folder_is_closed(at("open")));
#endif
    assert_true(disk_close_folder(at("open")));
    assert_true(disk_folder_is_closed(at("open")));
    assert_true(disk_close_folder(at("open"))); /* again */
    assert_int_equal(rmdir(at("open")), 0);
    assert_false(disk_close_folder(at("none")));
    assert_int_equal(errno, ENOENT);
}

static void
a_file_is_no_folder(void **state)
{
    (void)state;
    put("file", "");
    assert_false(disk_make_folder(at("file")));
    assert_int_equal(errno, ENOTDIR);
    assert_true(disk_is_file(at("file")));
    assert_false(disk_is_file(root));
    assert_false(disk_is_file(at("none")));
    assert_false(disk_exists(at("none")));
    assert_int_equal(errno, ENOENT);
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DISK(bytes_come_back_as_they_were_written),
        ON_DISK(an_open_file_tells_what_its_folder_tells),
        ON_DISK(writing_anew_leaves_nothing_of_before),
        ON_DISK(a_new_file_is_never_one_that_is_there),
        ON_DISK(an_update_keeps_what_was_there_and_reads_it),
        ON_DISK(a_name_takes_the_place_of_another),
        ON_DISK(names_of_every_script_can_be_used),
        ON_DISK(what_is_made_here_is_closed_to_others),
        ON_DISK(a_lock_is_held_by_one_alone),
        ON_DISK(a_folder_tells_its_files_and_no_folders),
        ON_DISK(a_folder_that_is_open_to_others_can_be_closed),
        ON_DISK(a_file_is_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
