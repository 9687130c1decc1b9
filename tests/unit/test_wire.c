#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "baton.pb-c.h"
#include "proto/bodies.h"
#include "proto/wire.h"

static struct baton_err err;

/* Depth of the deepest type under this one; a type that contains itself never ends, so the walk
 * fails once it is deeper than the wire check allows. */
static void
type_lint(const ProtobufCMessageDescriptor *type, unsigned depth)
{
    if (depth >= WIRE_DEPTH_MAX)
        fail_msg("%s is nested too deeply, or in itself", type->name);
    assert_in_range(type->n_fields, 1, WIRE_FIELDS_MAX);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *d = &type->fields[i];
        bool allowed = d->type == PROTOBUF_C_TYPE_BOOL || d->type == PROTOBUF_C_TYPE_UINT32 ||
                       d->type == PROTOBUF_C_TYPE_UINT64 || d->type == PROTOBUF_C_TYPE_BYTES ||
                       d->type == PROTOBUF_C_TYPE_STRING || d->type == PROTOBUF_C_TYPE_MESSAGE;
        if (!allowed)
            fail_msg("%s.%s has a type that the wire check does not know", type->name, d->name);
        bool many = d->label == PROTOBUF_C_LABEL_REPEATED,
             number = d->type < PROTOBUF_C_TYPE_STRING;
        if (many && number)
            fail_msg("%s.%s: numbers are not repeated, so nothing is packed", type->name, d->name);
        if (d->type == PROTOBUF_C_TYPE_MESSAGE)
            type_lint(d->descriptor, depth + 1);
    }
}

static void
types_are_flat_and_of_known_kinds(void **state)
{
    (void)state;
    type_lint(&baton__order__descriptor, 0);
    for (unsigned t = MSG_NONE + 1; t < MSG_TYPE_COUNT; t++)
        type_lint(body_of(t)->map.type, 0);
}

static void
every_message_type_has_a_body_and_nothing_else_has(void **state)
{
    (void)state;
    for (unsigned t = MSG_NONE + 1; t < MSG_TYPE_COUNT; t++) {
        const struct body *b = body_of(t);
        assert_non_null(b);
        assert_int_equal(b->map.count, b->map.type->n_fields);
        assert_string_equal(b->map.type->fields[0].name, "envelope");
    }
    assert_null(body_of(MSG_NONE));
    assert_null(body_of(MSG_TYPE_COUNT));
    assert_null(body_of(0xFFFF));
}

static void
only_what_may_be_absent_is_optional(void **state)
{
    (void)state;
    static const char *const optional[] = {"Welcome.trust", "Order.plan", "Order.trust",
                                           "Order.limits", "Order.shown"};
    unsigned found = 0;
    for (unsigned t = MSG_NONE; t < MSG_TYPE_COUNT; t++) {
        const ProtobufCMessageDescriptor *type =
            t == MSG_NONE ? &baton__order__descriptor : body_of(t)->map.type;
        for (unsigned i = 0; i < type->n_fields; i++) {
            if (type->fields[i].label != PROTOBUF_C_LABEL_OPTIONAL)
                continue;
            char name[64] = "";
            strcat(strcat(strcat(name, type->short_name), "."), type->fields[i].name);
            bool known = false;
            for (size_t k = 0; k < ARRAY_LEN(optional); k++)
                known = known || strcmp(name, optional[k]) == 0;
            if (!known)
                fail_msg("%s is optional", name);
            found++;
        }
    }
    assert_int_equal(found, ARRAY_LEN(optional));
}

static void
expect(const void *bytes, size_t len, enum baton_status want)
{
    err.text[0] = '\0';
    assert_int_equal(wire_check(&baton__epoch__descriptor, bytes, len, &err), want);
}

static void
numbers_have_one_form_and_fit_their_type(void **state)
{
    (void)state;
    expect("\x08\x00\x12\x01x", 5, BATON_OK);
    expect("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x12\x01x", 14, BATON_OK); /* 2^64-1 */
    expect("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02\x12\x01x", 14, BATON_MALFORMED);
    expect("\x08\x80\x00\x12\x01x", 6, BATON_MALFORMED);
    expect("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x12\x01x", 15, BATON_MALFORMED);
    expect("\x88\x00\x05\x12\x01x", 6, BATON_MALFORMED); /* the tag itself in a longer form */
    expect("\x08", 1, BATON_MALFORMED);
    expect("\x08\x80", 2, BATON_MALFORMED);
}

static void
wire_types_and_lengths_must_fit(void **state)
{
    (void)state;
    expect("\x0A\x01x\x12\x01x", 6, BATON_MALFORMED); /* bytes for a number */
    assert_non_null(strstr(err.text, "Epoch.counter is not a number"));
    expect("\x08\x01\x10\x01", 4, BATON_MALFORMED); /* a number for bytes */
    assert_non_null(strstr(err.text, "Epoch.incarnation has the wrong wire type"));
    expect("\x08\x01\x12\x02x", 5, BATON_MALFORMED); /* longer than what is left */
    expect("\x08\x01\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01x", 14, BATON_MALFORMED);
    expect("\x09\1\2\3\4\5\6\7\x08\x12\x01x", 12, BATON_MALFORMED); /* fixed64 is never used */
    expect("\x0B\x0C", 2, BATON_MALFORMED);                         /* groups neither */
    expect("", 0, BATON_MALFORMED);
    assert_non_null(strstr(err.text, "Epoch.counter is missing"));
}

static void
field_numbers_outside_the_type_are_refused(void **state)
{
    (void)state;
    expect("\x00\x01\x08\x01\x12\x01x", 7, BATON_MALFORMED); /* field 0 */
    assert_non_null(strstr(err.text, "unknown field 0"));
    expect("\x18\x01\x08\x01\x12\x01x", 7, BATON_MALFORMED);
    assert_non_null(strstr(err.text, "unknown field 3"));
}

static void
a_boolean_is_zero_or_one(void **state)
{
    (void)state;
    /* Enrolled.accepted = 2, the envelope being looked at first is left out on purpose */
    assert_int_equal(wire_check(&baton__enrolled__descriptor, (const uint8_t *)"\x10\x02", 2, &err),
                     BATON_MALFORMED);
    assert_non_null(strstr(err.text, "Enrolled.accepted is out of range"));
}

static void
find_gives_the_bytes_of_a_field(void **state)
{
    (void)state;
    static const uint8_t bytes[] = "\x08\x01\x12\x03xyz\x1A\x00";
    size_t len = 9;
    assert_memory_equal(wire_find(bytes, 9, 2, &len), "xyz", 3);
    assert_int_equal(len, 3);
    assert_non_null(wire_find(bytes, 9, 3, &len));
    assert_int_equal(len, 0);
    assert_null(wire_find(bytes, 9, 1, &len));
    assert_null(wire_find(bytes, 9, 7, &len));
}

static void
the_arena_has_a_lid(void **state)
{
    (void)state;
    struct arena *a = arena_new(100);
    assert_non_null(a);
    uint8_t *first = arena_alloc(a, 64), *second = arena_alloc(a, 64);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal((uintptr_t)second % 16, 0);
    memset(first, 1, 64);
    assert_int_equal(second[0], 0); /* apart, and zero */
    assert_null(arena_alloc(a, ARENA_BYTES_MAX));
    assert_true(arena_full(a));
    assert_null(arena_alloc(a, SIZE_MAX));
    size_t total = 0;
    while (arena_alloc(a, 1000) != NULL)
        total += 1000;
    assert_in_range(total, 900000, ARENA_BYTES_MAX);
    arena_free(&a);
    arena_free(&a);
    assert_null(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_flat_and_of_known_kinds),
        cmocka_unit_test(every_message_type_has_a_body_and_nothing_else_has),
        cmocka_unit_test(only_what_may_be_absent_is_optional),
        cmocka_unit_test(numbers_have_one_form_and_fit_their_type),
        cmocka_unit_test(wire_types_and_lengths_must_fit),
        cmocka_unit_test(field_numbers_outside_the_type_are_refused),
        cmocka_unit_test(a_boolean_is_zero_or_one),
        cmocka_unit_test(find_gives_the_bytes_of_a_field),
        cmocka_unit_test(the_arena_has_a_lid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
