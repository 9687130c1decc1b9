#include "proto/wire.h"

#include <inttypes.h>

#include "common/text.h"

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

struct cursor {
    const uint8_t *at, *end;
};

struct wire_field {
    uint32_t id;
    unsigned wire_type;
    uint64_t number;      /* WIRE_VARINT */
    const uint8_t *bytes; /* WIRE_BYTES */
    size_t len;
};

/* Only the shortest form: the same number must not have two encodings. */
static bool
varint_next(struct cursor *c, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && c->at < c->end; shift += 7) {
        uint8_t b = *c->at++;
        if (shift == 63 && b > 1)
            return false;
        value |= (uint64_t)(b & 0x7FU) << shift;
        if ((b & 0x80U) == 0) {
            *ret_value = value;
            return b != 0 || shift == 0;
        }
    }
    return false;
}

static bool
field_next(struct cursor *c, struct wire_field *f)
{
    uint64_t tag;
    if (!varint_next(c, &tag) || tag > UINT32_MAX)
        return false;
    f->id = (uint32_t)tag >> 3;
    f->wire_type = tag & 7U;
    if (!varint_next(c, &f->number)) /* the value, or the length of what follows */
        return false;
    if (f->wire_type == WIRE_VARINT)
        return true;
    if (f->wire_type != WIRE_BYTES || f->number > (uint64_t)(c->end - c->at))
        return false;
    f->bytes = c->at;
    f->len = (size_t)f->number;
    c->at += f->len;
    return true;
}

static enum baton_status
number_check(const struct wire_field *f, uint64_t most, const char **ret_why)
{
    *ret_why = f->wire_type != WIRE_VARINT ? "is not a number" : "is out of range";
    return f->wire_type == WIRE_VARINT && f->number <= most ? BATON_OK : BATON_MALFORMED;
}

static enum baton_status
text_check(const struct wire_field *f, const char **ret_why)
{
    *ret_why = "is longer than 1,024 bytes";
    if (f->len > WIRE_TEXT_MAX)
        return BATON_LIMIT;
    *ret_why = "is not one line of valid UTF-8";
    return text_valid(f->bytes, f->len) ? BATON_OK : BATON_MALFORMED;
}

/* Everything but messages. Types outside the list are in no descriptor of ours (test_wire). */
static enum baton_status
value_check(const ProtobufCFieldDescriptor *d, const struct wire_field *f, const char **ret_why)
{
    if (d->type == PROTOBUF_C_TYPE_BOOL)
        return number_check(f, 1, ret_why);
    if (d->type == PROTOBUF_C_TYPE_UINT32)
        return number_check(f, UINT32_MAX, ret_why);
    if (d->type == PROTOBUF_C_TYPE_UINT64)
        return number_check(f, UINT64_MAX, ret_why);
    *ret_why = "has the wrong wire type";
    if (f->wire_type != WIRE_BYTES)
        return BATON_MALFORMED;
    return d->type == PROTOBUF_C_TYPE_STRING ? text_check(f, ret_why) : BATON_OK;
}

static enum baton_status type_check(const ProtobufCMessageDescriptor *type, struct cursor c,
                                    unsigned depth, struct baton_err *err);

static enum baton_status
field_check(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *d,
            const struct wire_field *f, unsigned depth, struct baton_err *err)
{
    const char *why = NULL;
    enum baton_status rc = value_check(d, f, &why);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "%s.%s %s", type->short_name, d->name, why);
    if (d->type != PROTOBUF_C_TYPE_MESSAGE)
        return BATON_OK;
    return type_check(d->descriptor, (struct cursor){f->bytes, f->bytes + f->len}, depth + 1, err);
}

static enum baton_status
count_check(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *d,
            unsigned count, struct baton_err *err)
{
    if (d->label != PROTOBUF_C_LABEL_REPEATED && count > 1)
        return baton_fail(err, BATON_MALFORMED, "%s.%s stands twice", type->short_name, d->name);
    if (count > WIRE_REPEATED_MAX)
        return baton_fail(err, BATON_LIMIT, "%s.%s stands more than %d times", type->short_name,
                          d->name, WIRE_REPEATED_MAX);
    return BATON_OK;
}

static enum baton_status
required_check(const ProtobufCMessageDescriptor *type, const unsigned *count, struct baton_err *err)
{
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].label == PROTOBUF_C_LABEL_REQUIRED && count[i] == 0)
            return baton_fail(err, BATON_MALFORMED, "%s.%s is missing", type->short_name,
                              type->fields[i].name);
    return BATON_OK;
}

static enum baton_status
type_check(const ProtobufCMessageDescriptor *type, struct cursor c, unsigned depth,
           struct baton_err *err)
{
    unsigned count[WIRE_FIELDS_MAX] = {0};
    BATON_ASSERT(type->n_fields <= WIRE_FIELDS_MAX && depth < WIRE_DEPTH_MAX);
    while (c.at < c.end) {
        struct wire_field f = {0};
        if (!field_next(&c, &f))
            return baton_fail(err, BATON_MALFORMED, "%s: cut short, or a number too long",
                              type->short_name);
        const ProtobufCFieldDescriptor *d = protobuf_c_message_descriptor_get_field(type, f.id);
        if (d == NULL)
            return baton_fail(err, BATON_MALFORMED, "%s: unknown field %" PRIu32, type->short_name,
                              f.id);
        enum baton_status rc = count_check(type, d, ++count[d - type->fields], err);
        if (rc == BATON_OK)
            rc = field_check(type, d, &f, depth, err);
        if (rc != BATON_OK)
            return rc;
    }
    return required_check(type, count, err);
}

enum baton_status
wire_check(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t len,
           struct baton_err *err)
{
    return type_check(type, (struct cursor){bytes, bytes + len}, 0, err);
}

const uint8_t *
wire_find(const uint8_t *bytes, size_t len, uint32_t id, size_t *ret_len)
{
    struct cursor c = {bytes, bytes + len};
    struct wire_field f = {0};
    while (c.at < c.end && field_next(&c, &f))
        if (f.id == id && f.wire_type == WIRE_BYTES) {
            *ret_len = f.len;
            return f.bytes;
        }
    return NULL;
}

static void *
port_alloc(void *arena, size_t bytes)
{
    return arena_alloc(arena, bytes);
}

static void
port_free(void *arena, void *p)
{
    (void)arena; /* goes with the arena */
    (void)p;
}

enum baton_status
wire_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t len,
            struct arena *arena, ProtobufCMessage **ret_message, struct baton_err *err)
{
    enum baton_status rc = wire_check(type, bytes, len, err);
    if (rc != BATON_OK)
        return rc;
    ProtobufCAllocator port = {port_alloc, port_free, arena};
    *ret_message = protobuf_c_message_unpack(type, &port, len, bytes);
    if (*ret_message != NULL)
        return BATON_OK;
    if (arena_full(arena))
        return baton_fail(err, BATON_LIMIT, "%s: needs more than 1 MiB", type->short_name);
    return baton_fail(err, BATON_NOMEM, "%s", type->short_name);
}
