/* The document of rows comes back as it was written; anything else is refused, and never too large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "common/verify/object_rows.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "common/text.h"

enum { PLAIN_MAX = 8 << 20 };

static struct object_rows rows, back;
static uint8_t *packed;
static size_t packed_len;
static uint8_t plain[PLAIN_MAX];
static struct baton_err err;

static void
add(const struct object_row *row)
{
    rows.row = realloc((void *)rows.row, (rows.count + 1) * sizeof *rows.row);
    rows.row[rows.count] = object_row_new(row);
    assert_non_null(rows.row[rows.count++]);
}

static void
add_person(void)
{
    static const struct object_attribute changes[] = {{CHANGE_CHANGED, "mail"},
                                                      {CHANGE_CLEARED, "title"}};
    add(&(struct object_row){.operation = CSEXPORT_UPDATE,
                             .rules = 3,
                             .type = "user",
                             .dn = "CN=Åsa Öberg,OU=CORP,DC=contoso,DC=com",
                             .anchor = "abcd==",
                             .person = "",
                             .attribute = changes,
                             .attribute_count = 2});
}

static int
begin(void **state)
{
    (void)state;
    rows = (struct object_rows){.made_unix_ms = 1234, .left_out = 77, .rule_count = 2};
    rows.tenant.b[0] = 1;
    rows.plan.b[0] = 2;
    rows.agent.b[0] = 3;
    rows.findings.b[0] = 4;
    rows.file.b[0] = 5;
    text_copy(rows.rule[0], sizeof rows.rule[0], "EX-UPDATES");
    text_copy(rows.rule[1], sizeof rows.rule[1], "EX-EMPTIED");
    return 0;
}

static int
end(void **state)
{
    (void)state;
    object_rows_done(&rows);
    object_rows_done(&back);
    free(packed);
    packed = NULL;
    return 0;
}

static void
write_rows(void)
{
    assert_int_equal(object_rows_write(&rows, &packed, &packed_len, &err), BATON_OK);
}

/* What is inside, to be changed and packed again. */
static size_t
unpack(void)
{
    size_t n = ZSTD_decompress(plain, sizeof plain, packed, packed_len);
    assert_false(ZSTD_isError(n));
    return n;
}

static enum baton_status
read_plain(size_t len)
{
    size_t cap = ZSTD_compressBound(len);
    uint8_t *again = malloc(cap);
    size_t n = ZSTD_compress(again, cap, plain, len, 1);
    assert_false(ZSTD_isError(n));
    enum baton_status rc = object_rows_read(again, n, &back, &err);
    free(again);
    return rc;
}

static void
a_document_comes_back_as_it_was_written(void **state)
{
    (void)state;
    add_person();
    add(&(struct object_row){.operation = CSEXPORT_DELETE,
                             .rules = 1,
                             .type = "group",
                             .dn = "CN=x",
                             .anchor = "",
                             .person = "Bo"});
    write_rows();
    assert_int_equal(object_rows_read(packed, packed_len, &back, &err), BATON_OK);
    assert_int_equal(back.count, 2);
    assert_memory_equal(&back.tenant, &rows.tenant, sizeof back.tenant);
    assert_memory_equal(&back.plan, &rows.plan, sizeof back.plan);
    assert_memory_equal(&back.agent, &rows.agent, sizeof back.agent);
    assert_memory_equal(&back.findings, &rows.findings, sizeof back.findings);
    assert_memory_equal(&back.file, &rows.file, sizeof back.file);
    assert_int_equal(back.made_unix_ms, 1234);
    assert_int_equal(back.left_out, 77);
    const struct object_row *row = back.row[0];
    assert_int_equal(row->operation, CSEXPORT_UPDATE);
    assert_string_equal(row->dn, "CN=Åsa Öberg,OU=CORP,DC=contoso,DC=com");
    assert_string_equal(row->anchor, "abcd==");
    assert_int_equal(row->attribute_count, 2);
    assert_string_equal(row->attribute[1].name, "title");
    assert_int_equal(row->attribute[1].kind, CHANGE_CLEARED);
    assert_string_equal(back.row[1]->person, "Bo");
    assert_int_equal(object_rows_rule(&back, "EX-EMPTIED"), 2);
    assert_int_equal(object_rows_rule(&back, "EX-DELETES"), 0);
}

static void
what_may_not_stand_in_a_text_is_written_as_hex(void **state)
{
    (void)state;
    add(&(struct object_row){.rules = 1,
                             .type = "user",
                             .dn = "CN=a\nb\x1b[31m\xe2\x80\xae\xff",
                             .anchor = "",
                             .person = ""});
    assert_string_equal(rows.row[0]->dn, "CN=a\\0Ab\\1B[31m\\E2\\80\\AE\\FF");
    write_rows();
    assert_int_equal(object_rows_read(packed, packed_len, &back, &err), BATON_OK);
    assert_string_equal(back.row[0]->dn, rows.row[0]->dn);
}

static void
the_longest_dn_of_bytes_that_may_not_stand_still_fits(void **state)
{
    (void)state;
    static char dn[CSEXPORT_DN_BYTES];
    memset(dn, 1, sizeof dn - 1);
    add(&(struct object_row){.rules = 1, .type = "", .dn = dn, .anchor = "", .person = ""});
    assert_int_equal(strlen(rows.row[0]->dn), 3 * (CSEXPORT_DN_BYTES - 1));
    write_rows();
    assert_int_equal(object_rows_read(packed, packed_len, &back, &err), BATON_OK);
}

static void
a_row_has_as_many_bytes_as_it_says(void **state)
{
    (void)state;
    write_rows();
    size_t before = unpack();
    free(packed);
    add_person();
    write_rows();
    assert_int_equal(unpack() - before, object_row_bytes(rows.row[0]));
}

static void
every_cut_of_the_document_is_refused(void **state)
{
    (void)state;
    add_person();
    write_rows();
    size_t len = unpack();
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(read_plain(cut), BATON_MALFORMED);
    assert_int_equal(read_plain(len), BATON_OK);
}

static void
bytes_behind_the_document_are_refused(void **state)
{
    (void)state;
    add_person();
    write_rows();
    size_t len = unpack();
    plain[len] = 0;
    assert_int_equal(read_plain(len + 1), BATON_MALFORMED);
}

static void
a_cut_packing_is_refused(void **state)
{
    (void)state;
    add_person();
    write_rows();
    for (size_t cut = 0; cut < packed_len; cut++)
        assert_int_not_equal(object_rows_read(packed, cut, &back, &err), BATON_OK);
}

static void
what_is_not_packed_is_refused(void **state)
{
    (void)state;
    add_person();
    write_rows();
    assert_int_equal(object_rows_read(plain, unpack(), &back, &err), BATON_MALFORMED);
}

static void
a_rule_that_the_document_does_not_name_is_refused(void **state)
{
    (void)state;
    add_person();
    rows.row[0]->rules = 4;
    write_rows();
    assert_int_equal(object_rows_read(packed, packed_len, &back, &err), BATON_MALFORMED);
}

static void
a_document_that_unpacks_to_too_much_is_refused_on_the_way(void **state)
{
    (void)state;
    memset(plain, 0, sizeof plain);
    memcpy(plain, "BOR1", 4);
    assert_int_equal(read_plain(OBJECT_ROWS_BYTES_MAX + 1), BATON_LIMIT);
}

static void
more_rows_than_the_limit_are_refused(void **state)
{
    (void)state;
    static const struct object_row small = {
        .rules = 1, .type = "", .dn = "", .anchor = "", .person = ""};
    for (size_t i = 0; i < OBJECT_ROWS_MAX; i++)
        add(&small);
    write_rows();
    assert_int_equal(object_rows_read(packed, packed_len, &back, &err), BATON_OK);
    object_rows_done(&back);
    free(packed);
    add(&small);
    write_rows();
    assert_int_equal(object_rows_read(packed, packed_len, &back, &err), BATON_MALFORMED);
}

int
main(void)
{
#define ROW_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        ROW_TEST(a_document_comes_back_as_it_was_written),
        ROW_TEST(what_may_not_stand_in_a_text_is_written_as_hex),
        ROW_TEST(the_longest_dn_of_bytes_that_may_not_stand_still_fits),
        ROW_TEST(a_row_has_as_many_bytes_as_it_says),
        ROW_TEST(every_cut_of_the_document_is_refused),
        ROW_TEST(bytes_behind_the_document_are_refused),
        ROW_TEST(a_cut_packing_is_refused),
        ROW_TEST(what_is_not_packed_is_refused),
        ROW_TEST(a_rule_that_the_document_does_not_name_is_refused),
        ROW_TEST(a_document_that_unpacks_to_too_much_is_refused_on_the_way),
        ROW_TEST(more_rows_than_the_limit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
