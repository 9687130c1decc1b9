#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/adapters/copy_place.h"
#include "agent/adapters/second_copy.h"

#define OK(call) assert_int_equal((call), BATON_OK)

static char folder[64], path[96];

/* Stands in for the registry, which this system has not. */
static struct {
    bool there, broken;
    uint8_t bytes[256];
    size_t len;
} beside;

static enum baton_status
beside_read(const char *at, uint8_t *out, size_t cap, size_t *ret_len, struct baton_err *err)
{
    assert_string_equal(at, path);
    if (beside.broken)
        return baton_fail(err, BATON_DENIED, "closed");
    if (!beside.there)
        return BATON_NOT_FOUND;
    if (beside.len > cap)
        return BATON_LIMIT;
    memcpy(out, beside.bytes, beside.len);
    *ret_len = beside.len;
    return BATON_OK;
}

static enum baton_status
beside_write(const char *at, const uint8_t *bytes, size_t len, struct baton_err *err)
{
    assert_string_equal(at, path);
    if (beside.broken)
        return baton_fail(err, BATON_DENIED, "closed");
    memcpy(beside.bytes, bytes, len);
    beside.len = len;
    beside.there = true;
    return BATON_OK;
}

const struct copy_place *
copy_place_beside(void)
{
    static const struct copy_place place = {.read = beside_read, .write = beside_write};
    return &place;
}

static int
set_up(void **state)
{
    (void)state;
    memset(&beside, 0, sizeof beside);
    strcpy(folder, "/tmp/baton-second-copy-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/tombstone", folder);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static struct second_copy
copy_of(uint64_t counter, bool tombstone, uint32_t trust)
{
    struct second_copy c = {.tombstone = tombstone, .trust_version = trust};
    c.epoch.counter = counter;
    memset(c.recipient.b, (int)counter, sizeof c.recipient.b);
    memset(c.trust_hash.b, (int)trust, sizeof c.trust_hash.b);
    return c;
}

static struct second_copy
read_back(bool *ret_whole)
{
    struct second_copy c;
    OK(second_copy_read(path, &c, ret_whole, NULL));
    return c;
}

static void
nothing_anywhere_is_an_empty_copy_and_whole(void **state)
{
    (void)state;
    struct second_copy none = {0};
    bool whole = false;
    struct second_copy c = read_back(&whole);
    assert_true(whole && second_copy_eq(&c, &none));
}

static void
both_places_are_written_and_agree(void **state)
{
    (void)state;
    struct second_copy c = copy_of(7, true, 3);
    bool whole = false;
    OK(second_copy_write(path, &c, NULL));
    assert_true(beside.there);
    struct second_copy back = read_back(&whole);
    assert_true(whole && second_copy_eq(&back, &c));
}

static void
a_tombstone_outlives_the_loss_of_either_place(void **state)
{
    (void)state;
    struct second_copy c = copy_of(7, true, 3);
    for (int lost = 0; lost < 2; lost++) {
        bool whole = true;
        OK(second_copy_write(path, &c, NULL));
        if (lost == 0)
            assert_int_equal(unlink(path), 0);
        else
            beside.there = false;
        struct second_copy back = read_back(&whole);
        assert_true(second_copy_eq(&back, &c));
        assert_false(whole);
    }
}

static void
of_two_that_differ_what_forbids_more_counts(void **state)
{
    (void)state;
    struct second_copy older = copy_of(7, true, 2), newer = copy_of(8, false, 3);
    for (int turn = 0; turn < 2; turn++) {
        struct second_copy c =
            turn == 0 ? second_copy_stricter(&older, &newer) : second_copy_stricter(&newer, &older);
        assert_true(c.tombstone);
        assert_int_equal(c.epoch.counter, 8);
        assert_memory_equal(&c.recipient, &newer.recipient, sizeof c.recipient);
        assert_int_equal(c.trust_version, 3);
        assert_memory_equal(&c.trust_hash, &newer.trust_hash, sizeof c.trust_hash);
    }
}

static void
a_damaged_or_overlong_copy_beside_the_file_counts_as_a_tombstone(void **state)
{
    (void)state;
    struct second_copy c = copy_of(7, false, 3);
    bool whole = true;
    OK(second_copy_write(path, &c, NULL));
    beside.bytes[9] ^= 1;
    assert_true(read_back(&whole).tombstone);
    assert_false(whole);
    beside.bytes[9] ^= 1;
    assert_false(read_back(&whole).tombstone);
    beside.len = sizeof beside.bytes;
    assert_true(read_back(&whole).tombstone);
}

static void
a_place_that_cannot_be_read_or_written_is_an_error(void **state)
{
    (void)state;
    struct second_copy c = copy_of(7, false, 3);
    bool whole;
    beside.broken = true;
    assert_int_equal(second_copy_write(path, &c, NULL), BATON_DENIED);
    assert_int_equal(second_copy_read(path, &c, &whole, NULL), BATON_DENIED);
}

int
main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(nothing_anywhere_is_an_empty_copy_and_whole),
        IN_FOLDER(both_places_are_written_and_agree),
        IN_FOLDER(a_tombstone_outlives_the_loss_of_either_place),
        IN_FOLDER(of_two_that_differ_what_forbids_more_counts),
        IN_FOLDER(a_damaged_or_overlong_copy_beside_the_file_counts_as_a_tombstone),
        IN_FOLDER(a_place_that_cannot_be_read_or_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
