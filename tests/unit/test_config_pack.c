/* The files of a configuration as one stream: whole in any pieces, and nothing else passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/readers/config_pack.h"

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static uint8_t pack[4096];
static size_t pack_len;
static char seen[4096];
static struct baton_err err;

static void
start(void)
{
    memcpy(pack, config_pack_magic, CONFIG_PACK_MAGIC_BYTES);
    pack_len = CONFIG_PACK_MAGIC_BYTES;
}

static void
add(const char *name, const char *content)
{
    pack_len += config_pack_head(name, strlen(content), pack + pack_len);
    memcpy(pack + pack_len, content, strlen(content));
    pack_len += strlen(content);
}

static enum baton_status
on_begin(void *ctx, const char *name, uint64_t bytes, struct baton_err *e)
{
    (void)ctx, (void)e;
    snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "<%s %llu:", name,
             (unsigned long long)bytes);
    return BATON_OK;
}

static enum baton_status
on_piece(void *ctx, const void *bytes, size_t len, struct baton_err *e)
{
    (void)ctx, (void)e;
    strncat(seen, bytes, len);
    return BATON_OK;
}

static enum baton_status
on_end(void *ctx, struct baton_err *e)
{
    (void)e;
    strcat(seen, ">");
    return ctx == NULL ? BATON_OK : *(enum baton_status *)ctx;
}

static enum baton_status
read_pack(size_t len, size_t piece, enum baton_status *answer)
{
    struct config_pack *p;
    struct config_pack_sink sink = {answer, on_begin, on_piece, on_end};
    seen[0] = '\0';
    assert_int_equal(config_pack_open(&sink, &p, &err), BATON_OK);
    enum baton_status rc = BATON_OK;
    for (size_t at = 0; rc == BATON_OK && at < len; at += piece)
        rc = config_pack_push(p, pack + at, len - at < piece ? len - at : piece, &err);
    if (rc == BATON_OK)
        rc = config_pack_finish(p, &err);
    config_pack_close(&p);
    assert_null(p);
    return rc;
}

static void
every_file_comes_out_whole_whatever_the_pieces(void **state)
{
    (void)state;
    start();
    add("Connectors/a.xml", "<ma-data/>");
    add("Connectors/empty.xml", "");
    add("GlobalSettings/MV.xml", "<mv/>");
    for (size_t piece = 1; piece <= pack_len; piece++) {
        assert_int_equal(read_pack(pack_len, piece, NULL), BATON_OK);
        assert_string_equal(
            seen, "<Connectors/a.xml 10:<ma-data/>><Connectors/empty.xml 0:><GlobalSettings/MV.xml "
                  "5:<mv/>>");
    }
}

static void
a_cut_pack_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    start();
    add("a.xml", "12345");
    size_t first = pack_len;
    add("b.xml", "123");
    for (size_t len = 0; len < pack_len; len++) {
        bool between = len == CONFIG_PACK_MAGIC_BYTES || len == first; /* a smaller whole one */
        assert_int_equal(read_pack(len, 3, NULL), between ? BATON_OK : BATON_MALFORMED);
    }
}

static void
names_that_lead_elsewhere_or_do_not_rise_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"/etc/passwd", "../x.xml", "a\\b", "c:d", ""};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        start();
        add(bad[i], "x");
        assert_int_equal(read_pack(pack_len, 7, NULL), BATON_MALFORMED);
    }
    start();
    add("b.xml", "x");
    add("a.xml", "x");
    assert_int_equal(read_pack(pack_len, 7, NULL), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "a.xml comes after b.xml"));
    start();
    add("a.xml", "x");
    add("a.xml", "x"); /* twice */
    assert_int_equal(read_pack(pack_len, 7, NULL), BATON_MALFORMED);
}

/* The head of one empty file whose name has `letters` letters. */
static enum baton_status
read_name_of(size_t letters)
{
    start();
    pack[pack_len++] = (uint8_t)(letters >> 8);
    pack[pack_len++] = (uint8_t)letters;
    memset(pack + pack_len, 'a', letters);
    memset(pack + pack_len + letters, 0, 8);
    pack_len += letters + 8;
    return read_pack(pack_len, 7, NULL);
}

static void
a_name_has_room_for_its_end_or_is_refused(void **state)
{
    (void)state;
    assert_int_equal(read_name_of(CONFIG_NAME_BYTES - 1), BATON_OK);
    assert_int_equal(read_name_of(CONFIG_NAME_BYTES), BATON_LIMIT);
    assert_int_equal(read_name_of(1000), BATON_LIMIT);
}

static void
sizes_beyond_the_limit_are_refused_before_anything_is_read(void **state)
{
    (void)state;
    start();
    pack_len += config_pack_head("a.xml", CONFIG_PACK_BYTES_MAX, pack + pack_len) + 1;
    assert_int_equal(read_pack(pack_len, 9, NULL), BATON_MALFORMED); /* only cut */
    start();
    pack_len += config_pack_head("a.xml", CONFIG_PACK_BYTES_MAX + 1, pack + pack_len) + 1;
    assert_int_equal(read_pack(pack_len, 9, NULL), BATON_LIMIT);
    start();
    pack_len += config_pack_head("a.xml", UINT64_MAX, pack + pack_len) + 1;
    assert_int_equal(read_pack(pack_len, 9, NULL), BATON_LIMIT);
    start();
    pack[pack_len] = pack[pack_len + 1] = 0xff; /* a name of 65,535 bytes */
    assert_int_equal(read_pack(pack_len + 2, 9, NULL), BATON_MALFORMED);
    assert_int_equal(read_pack(pack_len + 3, 9, NULL), BATON_LIMIT);
}

static void
what_is_no_pack_is_refused_and_the_sink_has_the_last_word(void **state)
{
    (void)state;
    enum baton_status denied = BATON_DENIED;
    start();
    add("a.xml", "x");
    assert_int_equal(read_pack(pack_len, 5, &denied), BATON_DENIED);
    pack[3] = '2';
    assert_int_equal(read_pack(pack_len, 5, NULL), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "no configuration pack"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_comes_out_whole_whatever_the_pieces),
        cmocka_unit_test(a_cut_pack_is_refused_wherever_it_is_cut),
        cmocka_unit_test(names_that_lead_elsewhere_or_do_not_rise_are_refused),
        cmocka_unit_test(a_name_has_room_for_its_end_or_is_refused),
        cmocka_unit_test(sizes_beyond_the_limit_are_refused_before_anything_is_read),
        cmocka_unit_test(what_is_no_pack_is_refused_and_the_sink_has_the_last_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
