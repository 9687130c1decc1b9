#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct config_key keys[] = {
    {.name = "bus.address",
     .kind = CONFIG_TEXT,
     .value = "tcp://*:7410",
     .what = "where agents come"},
    {.name = "bus.port",
     .kind = CONFIG_NUMBER,
     .value = "7410",
     .least = 1,
     .most = 65535,
     .what = "port"},
    {.name = "api.require-tls", .kind = CONFIG_BOOL, .value = "true", .what = "TLS"},
    {.name = "api.token", .kind = CONFIG_TEXT, .secret = true, .what = "a secret"},
    {.name = "run.any", .kind = CONFIG_NUMBER, .what = "any number"},
};

struct box { /* a configuration and one file that the test writes */
    struct config *c;
    struct baton_err err;
    char path[64];
};

static int
box_open(void **state)
{
    struct box *b = calloc(1, sizeof *b);
    assert_non_null(b);
    strcpy(b->path, "/tmp/test_config_XXXXXX");
    int fd = mkstemp(b->path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(config_open(keys, ARRAY_LEN(keys), &b->c, &b->err), BATON_OK);
    *state = b;
    return 0;
}

static int
box_close(void **state)
{
    struct box *b = *state;
    (void)unlink(b->path);
    config_close(&b->c);
    config_close(&b->c); /* takes NULL */
    free(b);
    return 0;
}

static enum baton_status
read_bytes(struct box *b, enum config_rank rank, const char *text, size_t len)
{
    FILE *f = fopen(b->path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    b->err = (struct baton_err){0};
    return config_read_file(b->c, rank, b->path, true, &b->err);
}

static enum baton_status
read_text(struct box *b, enum config_rank rank, const char *text)
{
    return read_bytes(b, rank, text, strlen(text));
}

/* The message starts with the file, the line and a colon, and says this. */
static void
error_is(const struct box *b, unsigned line, const char *what)
{
    char expected[160];
    (void)snprintf(expected, sizeof expected, "%s:%u: %s", b->path, line, what);
    assert_string_equal(b->err.text, expected);
}

static void
without_anything_the_defaults_stand(void **state)
{
    struct box *b = *state;
    assert_string_equal(config_text(b->c, "bus.address"), "tcp://*:7410");
    assert_int_equal(config_number(b->c, "bus.port"), 7410);
    assert_true(config_bool(b->c, "api.require-tls"));
    assert_null(config_text(b->c, "api.token"));
    assert_false(config_is_set(b->c, "run.any"));
    assert_int_equal(config_number(b->c, "run.any"), 0);
}

static void
a_file_is_read_with_comments_spaces_and_a_byte_order_mark(void **state)
{
    struct box *b = *state;
    assert_int_equal(
        read_text(b, CONFIG_SYSTEM,
                  "\xef\xbb\xbf; comment\n# another\n[bus]\n  \naddress = tcp://[::1]:1 ; here\n"
                  "port=9000\r\n[api]\nrequire-tls = no"),
        BATON_OK);
    assert_string_equal(config_text(b->c, "bus.address"), "tcp://[::1]:1");
    assert_int_equal(config_number(b->c, "bus.port"), 9000);
    assert_false(config_bool(b->c, "api.require-tls"));
}

static void
flag_beats_environment_beats_user_beats_system_in_any_order(void **state)
{
    struct box *b = *state;
    assert_int_equal(config_set_flag(b->c, "bus.port", "5", "--port", &b->err), BATON_OK);
    assert_int_equal(setenv("BATON_BUS_PORT", "4", 1), 0);
    assert_int_equal(setenv("BATON_BUS_ADDRESS", "env", 1), 0);
    assert_int_equal(config_read_environment(b->c, &b->err), BATON_OK);
    assert_int_equal(unsetenv("BATON_BUS_PORT"), 0);
    assert_int_equal(unsetenv("BATON_BUS_ADDRESS"), 0);
    assert_int_equal(read_text(b, CONFIG_USER, "[bus]\nport=3\naddress=user\n[run]\nany=3\n"),
                     BATON_OK);
    assert_int_equal(
        read_text(b, CONFIG_SYSTEM, "[bus]\nport=2\naddress=sys\n[run]\nany=2\n[api]\ntoken=t\n"),
        BATON_OK);
    assert_int_equal(config_number(b->c, "bus.port"), 5);
    assert_string_equal(config_text(b->c, "bus.address"), "env");
    assert_int_equal(config_number(b->c, "run.any"), 3);
    assert_string_equal(config_text(b->c, "api.token"), "t");
}

static void
of_two_flags_the_later_one_counts(void **state)
{
    struct box *b = *state;
    assert_int_equal(config_set_flag(b->c, "bus.port", "5", "--port", &b->err), BATON_OK);
    assert_int_equal(config_set_flag(b->c, "bus.port", "6", "-p", &b->err), BATON_OK);
    assert_int_equal(config_number(b->c, "bus.port"), 6);
}

static void
a_dash_is_an_underscore_in_the_environment(void **state)
{
    struct box *b = *state;
    assert_int_equal(setenv("BATON_API_REQUIRE_TLS", "off", 1), 0);
    assert_int_equal(config_read_environment(b->c, &b->err), BATON_OK);
    assert_int_equal(unsetenv("BATON_API_REQUIRE_TLS"), 0);
    assert_false(config_bool(b->c, "api.require-tls"));
}

static void
an_unknown_key_is_one_clear_error(void **state)
{
    struct box *b = *state;
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[bus]\nport = 1\nprot = 2\nalso = 3\n"),
                     BATON_USAGE);
    error_is(b, 3, "unknown key bus.prot");
    assert_int_equal(config_set_flag(b->c, "bus.prot", "1", "--prot", &b->err), BATON_USAGE);
    assert_string_equal(b->err.text, "--prot: unknown key bus.prot");
}

static void
a_key_outside_a_section_or_with_a_huge_name_is_unknown(void **state)
{
    struct box *b = *state;
    char text[160];
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "port = 1\n"), BATON_USAGE);
    memset(text, 'k', sizeof text);
    memcpy(text, "[bus]\n", 6);
    strcpy(text + 120, "=1\n");
    assert_int_equal(read_text(b, CONFIG_SYSTEM, text), BATON_USAGE);
}

static void
a_value_of_the_wrong_kind_is_refused_with_its_place(void **state)
{
    struct box *b = *state;
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[bus]\nport = many\n"), BATON_USAGE);
    error_is(b, 2, "bus.port needs a number");
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[bus]\nport = 65536\n"), BATON_USAGE);
    error_is(b, 2, "bus.port must be from 1 to 65535");
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[api]\nrequire-tls = maybe\n"), BATON_USAGE);
    error_is(b, 2, "api.require-tls needs true or false");
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[bus]\naddress = \xff\n"), BATON_USAGE);
    static const char *const no_numbers[] = {
        "", "1x", " 1", "+1", "0x10", "1e3", "99999999999999999999", "-"};
    for (size_t i = 0; i < ARRAY_LEN(no_numbers); i++)
        assert_int_equal(config_set_flag(b->c, "run.any", no_numbers[i], "--any", &b->err),
                         BATON_USAGE);
    assert_int_equal(config_set_flag(b->c, "run.any", "-12", "--any", &b->err), BATON_OK);
    assert_int_equal(config_number(b->c, "run.any"), -12);
    assert_int_equal(config_number(b->c, "bus.port"), 7410); /* nothing refused was kept */
}

static void
a_key_twice_in_one_file_is_refused_even_when_a_flag_has_it(void **state)
{
    struct box *b = *state;
    assert_int_equal(config_set_flag(b->c, "bus.port", "5", "--port", &b->err), BATON_OK);
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[bus]\nport = 1\nport = 2\n"), BATON_USAGE);
    error_is(b, 3, "bus.port was already set in this file");
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[bus]\nport = 1\n"), BATON_OK);
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[bus]\nport = 1\n"), BATON_OK); /* read again */
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[bus]\naddress = a\n  b\n"),
                     BATON_USAGE); /* continued */
}

static void
a_line_that_is_no_ini_is_refused_with_its_number(void **state)
{
    struct box *b = *state;
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[bus]\nport = 1\nwhat is this\n"), BATON_USAGE);
    error_is(b, 3, "neither [section] nor key = value");
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[bus\nport = 1\n"), BATON_USAGE);
}

static void
too_long_lines_large_files_and_nul_bytes_are_refused(void **state)
{
    struct box *b = *state;
    char line[CONFIG_LINE_BYTES + 2];
    memset(line, 'x', sizeof line);
    memcpy(line, "# ", 2);
    line[CONFIG_LINE_BYTES] = '\n';
    assert_int_equal(read_bytes(b, CONFIG_SYSTEM, line, CONFIG_LINE_BYTES + 1), BATON_OK);
    line[CONFIG_LINE_BYTES] = 'x';
    line[CONFIG_LINE_BYTES + 1] = '\n';
    assert_int_equal(read_bytes(b, CONFIG_SYSTEM, line, sizeof line), BATON_LIMIT);
    error_is(b, 1, "the line is too long, or holds a NUL");
    assert_int_equal(read_bytes(b, CONFIG_SYSTEM, "[bus]\nport\0=1\n", 15), BATON_LIMIT);

    char *big = malloc(CONFIG_FILE_BYTES + 2);
    assert_non_null(big);
    for (size_t i = 0; i < CONFIG_FILE_BYTES + 2; i++)
        big[i] = i % 2 == 0 ? '#' : '\n';
    assert_int_equal(read_bytes(b, CONFIG_SYSTEM, big, CONFIG_FILE_BYTES), BATON_OK);
    assert_int_equal(read_bytes(b, CONFIG_SYSTEM, big, CONFIG_FILE_BYTES + 2), BATON_LIMIT);
    free(big);
}

static void
a_missing_file_matters_only_when_it_was_asked_for(void **state)
{
    struct box *b = *state;
    assert_int_equal(config_read_file(b->c, CONFIG_USER, "/nonexistent/a.ini", false, &b->err),
                     BATON_OK);
    assert_int_equal(config_read_file(b->c, CONFIG_USER, "/nonexistent/a.ini", true, &b->err),
                     BATON_NOT_FOUND);
    assert_non_null(strstr(b->err.text, "/nonexistent/a.ini"));
    assert_int_equal(config_read_file(b->c, CONFIG_USER, "/", true, &b->err), BATON_IO);
}

struct seen {
    const struct box *b;
    size_t count;
};

static void
look(void *arg, const struct config_shown *shown)
{
    struct seen *seen = arg;
    char origin[80];
    (void)snprintf(origin, sizeof origin, "%s:2", seen->b->path);
    seen->count++;
    if (strcmp(shown->key->name, "api.token") == 0) {
        assert_string_equal(shown->value, "(hidden)");
        assert_string_equal(shown->origin, origin);
    } else if (strcmp(shown->key->name, "bus.port") == 0) {
        assert_string_equal(shown->value, "8");
        assert_string_equal(shown->origin, "--port");
    } else if (strcmp(shown->key->name, "run.any") == 0) {
        assert_string_equal(shown->value, "");
        assert_string_equal(shown->origin, "not set");
    } else {
        assert_string_equal(shown->origin, "built in");
    }
}

static void
every_value_is_shown_with_its_origin_and_no_secret(void **state)
{
    struct box *b = *state;
    struct seen seen = {.b = b};
    assert_int_equal(read_text(b, CONFIG_SYSTEM, "[api]\ntoken = hunter2\n"), BATON_OK);
    assert_int_equal(config_set_flag(b->c, "bus.port", "8", "--port", &b->err), BATON_OK);
    config_each(b->c, look, &seen);
    assert_int_equal(seen.count, ARRAY_LEN(keys));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, box_open, box_close)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_anything_the_defaults_stand),
        TEST(a_file_is_read_with_comments_spaces_and_a_byte_order_mark),
        TEST(flag_beats_environment_beats_user_beats_system_in_any_order),
        TEST(of_two_flags_the_later_one_counts),
        TEST(a_dash_is_an_underscore_in_the_environment),
        TEST(an_unknown_key_is_one_clear_error),
        TEST(a_key_outside_a_section_or_with_a_huge_name_is_unknown),
        TEST(a_value_of_the_wrong_kind_is_refused_with_its_place),
        TEST(a_key_twice_in_one_file_is_refused_even_when_a_flag_has_it),
        TEST(a_line_that_is_no_ini_is_refused_with_its_number),
        TEST(too_long_lines_large_files_and_nul_bytes_are_refused),
        TEST(a_missing_file_matters_only_when_it_was_asked_for),
        TEST(every_value_is_shown_with_its_origin_and_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
