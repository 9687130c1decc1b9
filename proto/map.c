#include "proto/map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baton.pb-c.h"
#include "baton/message.h"
#include "proto/wire.h"

enum { GIVE_BYTES = 8192 };

void
map_fault(struct mapper *m, enum baton_status rc, const ProtobufCFieldDescriptor *d,
          const char *fmt, ...)
{
    if (m->rc != BATON_OK)
        return;
    char why[128];
    va_list args;
    va_start(args, fmt);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started one line above
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    m->rc = baton_fail(m->err, rc, "%s.%s %s", m->type->short_name, d->name, why);
}

void *
map_room(struct mapper *m, size_t bytes)
{
    void *p = m->rc == BATON_OK ? arena_alloc(m->arena, bytes) : NULL;
    if (p == NULL && m->rc == BATON_OK)
        m->rc = baton_fail(m->err, arena_full(m->arena) ? BATON_LIMIT : BATON_NOMEM,
                           "%s: needs more than 1 MiB", m->type->short_name);
    return p;
}

static ProtobufCBinaryData
view(const void *bytes, size_t len)
{
    return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)bytes}; /* packing only reads */
}

static void
fixed_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
           const void *wire, const void *there, void *own)
{
    (void)there;
    const ProtobufCBinaryData *b = wire;
    if (b->len != row->size)
        map_fault(m, BATON_MALFORMED, d, "has %zu bytes, not %zu", b->len, row->size);
    else
        memcpy(own, b->data, row->size);
}

static void
fixed_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
           void *wire, void *there, const void *own)
{
    (void)m, (void)d, (void)there;
    *(ProtobufCBinaryData *)wire = view(own, row->size);
}

const struct map_kind map_fixed = {fixed_take, fixed_give};

static void
text_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
          const void *wire, const void *there, void *own)
{
    (void)there;
    const char *text = *(char *const *)wire;
    size_t len = strlen(text); /* whole: the wire check refused NUL inside */
    if (len >= row->size)
        map_fault(m, BATON_LIMIT, d, "has %zu bytes, at most %zu fit", len, row->size - 1);
    else
        memcpy(own, text, len + 1);
}

static void
text_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
          void *wire, void *there, const void *own)
{
    (void)there;
    if (memchr(own, '\0', row->size) == NULL)
        map_fault(m, BATON_LIMIT, d, "does not end");
    else
        *(char **)wire = (char *)(uintptr_t)own;
}

const struct map_kind map_text = {text_take, text_give};

static void
u64_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
         const void *wire, const void *there, void *own)
{
    (void)m, (void)row, (void)d, (void)there;
    memcpy(own, wire, sizeof(uint64_t));
}

static void
u64_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d, void *wire,
         void *there, const void *own)
{
    (void)m, (void)row, (void)d, (void)there;
    memcpy(wire, own, sizeof(uint64_t));
}

const struct map_kind map_u64 = {u64_take, u64_give};

static void
u32_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
         const void *wire, const void *there, void *own)
{
    (void)m, (void)row, (void)d, (void)there;
    memcpy(own, wire, sizeof(uint32_t));
}

static void
u32_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d, void *wire,
         void *there, const void *own)
{
    (void)m, (void)row, (void)d, (void)there;
    memcpy(wire, own, sizeof(uint32_t));
}

const struct map_kind map_u32 = {u32_take, u32_give};

static bool
small_fits(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
           uint32_t v)
{
    if (v >= row->lo && v <= row->hi)
        return true;
    map_fault(m, BATON_MALFORMED, d, "is %u, outside %u to %u", v, row->lo, row->hi);
    return false;
}

static void
u8_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
        const void *wire, const void *there, void *own)
{
    (void)there;
    uint32_t v = *(const uint32_t *)wire;
    if (small_fits(m, row, d, v))
        *(uint8_t *)own = (uint8_t)v;
}

static void
u8_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d, void *wire,
        void *there, const void *own)
{
    (void)there;
    uint32_t v = *(const uint8_t *)own;
    if (small_fits(m, row, d, v))
        *(uint32_t *)wire = v;
}

const struct map_kind map_u8 = {u8_take, u8_give};

static void
bool_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
          const void *wire, const void *there, void *own)
{
    (void)m, (void)row, (void)d, (void)there;
    *(bool *)own = *(const protobuf_c_boolean *)wire != 0;
}

static void
bool_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
          void *wire, void *there, const void *own)
{
    (void)m, (void)row, (void)d, (void)there;
    *(protobuf_c_boolean *)wire = *(const bool *)own;
}

const struct map_kind map_bool = {bool_take, bool_give};

static void
blob_size_check(struct mapper *m, const ProtobufCFieldDescriptor *d, size_t len, size_t most)
{
    if (len == 0)
        map_fault(m, BATON_MALFORMED, d, "is empty");
    if (len > most)
        map_fault(m, BATON_LIMIT, d, "has %zu bytes, at most %zu are allowed", len, most);
}

static void
blob_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
          const void *wire, const void *there, void *own)
{
    if (there != NULL && !*(const protobuf_c_boolean *)there)
        return; /* our struct starts as zero */
    const ProtobufCBinaryData *b = wire;
    blob_size_check(m, d, b->len, row->size);
    *(const uint8_t **)own = b->data;
    memcpy((char *)own + row->len_at, &b->len, sizeof b->len);
}

static void
blob_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
          void *wire, void *there, const void *own)
{
    size_t len;
    memcpy(&len, (const char *)own + row->len_at, sizeof len);
    if (there != NULL && len == 0)
        return;
    blob_size_check(m, d, len, row->size);
    *(ProtobufCBinaryData *)wire = view(*(const uint8_t *const *)own, len);
    if (there != NULL)
        *(protobuf_c_boolean *)there = 1;
}

const struct map_kind map_blob = {blob_take, blob_give};

void
map_take_signed(struct mapper *m, const ProtobufCFieldDescriptor *d, const void *wire_signed,
                size_t most, struct signed_bytes *own)
{
    const Baton__Signed *s = wire_signed;
    blob_size_check(m, d, s->bytes.len, most);
    if (s->signature.len != sizeof own->sig)
        map_fault(m, BATON_MALFORMED, d, "has a signature of %zu bytes", s->signature.len);
    if (m->rc != BATON_OK)
        return;
    own->bytes = s->bytes.data;
    own->len = s->bytes.len;
    memcpy(own->sig.b, s->signature.data, sizeof own->sig.b);
}

ProtobufCMessage *
map_give_signed(struct mapper *m, const ProtobufCFieldDescriptor *d, size_t most,
                const struct signed_bytes *own)
{
    Baton__Signed *s = map_room(m, sizeof *s);
    if (s == NULL)
        return NULL;
    baton__signed__init(s);
    blob_size_check(m, d, own->len, most);
    s->bytes = view(own->bytes, own->len);
    s->signature = view(own->sig.b, sizeof own->sig.b);
    return &s->base;
}

static void
signed_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
            const void *wire, const void *there, void *own)
{
    (void)there;
    const void *s = *(void *const *)wire;
    if (s != NULL)
        map_take_signed(m, d, s, row->size, own);
}

static void
signed_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
            void *wire, void *there, const void *own)
{
    (void)there;
    const struct signed_bytes *s = own;
    if (s->len > 0 || d->label == PROTOBUF_C_LABEL_REQUIRED)
        *(ProtobufCMessage **)wire = map_give_signed(m, d, row->size, s);
}

const struct map_kind map_signed = {signed_take, signed_give};

static void
inner_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
           const void *wire, const void *there, void *own)
{
    (void)d, (void)there;
    map_take(m, row->inner, *(ProtobufCMessage *const *)wire, own);
}

static void
inner_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
           void *wire, void *there, const void *own)
{
    (void)d, (void)there;
    *(ProtobufCMessage **)wire = map_give(m, row->inner, own);
}

const struct map_kind map_inner = {inner_take, inner_give};

static const struct map_row machine_rows[] = {
    MAP_FIXED(struct machine, boot),
    MAP_FIXED(struct machine, generation),
    MAP_FIXED(struct machine, guid),
    MAP_FIXED(struct machine, disk),
};
const struct map map_machine = {&baton__machine__descriptor, machine_rows, ARRAY_LEN(machine_rows)};

static const struct map_row epoch_rows[] = {
    MAP_U64(struct epoch, counter),
    MAP_FIXED(struct epoch, incarnation),
};
const struct map map_epoch = {&baton__epoch__descriptor, epoch_rows, ARRAY_LEN(epoch_rows)};

static const struct map_row envelope_rows[] = {
    MAP_FIXED(struct envelope, session), MAP_U64(struct envelope, sequence),
    MAP_FIXED(struct envelope, sender),  MAP_FIXED(struct envelope, recipient),
    MAP_FIXED(struct envelope, tenant),
};
const struct map map_envelope = {&baton__envelope__descriptor, envelope_rows,
                                 ARRAY_LEN(envelope_rows)};

/* Required fields other than repeated ones have no presence member. */
static bool
has_presence(const ProtobufCFieldDescriptor *d)
{
    return d->label == PROTOBUF_C_LABEL_REPEATED || d->quantifier_offset != 0;
}

void
map_take(struct mapper *m, const struct map *map, const ProtobufCMessage *wire, void *own)
{
    const ProtobufCMessageDescriptor *outer = m->type;
    BATON_ASSERT(map->count == map->type->n_fields);
    m->type = map->type;
    for (size_t i = 0; i < map->count && m->rc == BATON_OK; i++) {
        const struct map_row *row = &map->rows[i];
        const ProtobufCFieldDescriptor *d = &map->type->fields[i];
        const char *base = (const char *)wire;
        row->kind->take(m, row, d, base + d->offset,
                        has_presence(d) ? base + d->quantifier_offset : NULL,
                        (char *)own + row->own_at);
    }
    m->type = outer;
}

ProtobufCMessage *
map_give(struct mapper *m, const struct map *map, const void *own)
{
    const ProtobufCMessageDescriptor *outer = m->type;
    BATON_ASSERT(map->count == map->type->n_fields);
    m->type = map->type;
    ProtobufCMessage *wire = map_room(m, map->type->sizeof_message);
    if (wire != NULL)
        map->type->message_init(wire);
    for (size_t i = 0; i < map->count && m->rc == BATON_OK; i++) {
        const struct map_row *row = &map->rows[i];
        const ProtobufCFieldDescriptor *d = &map->type->fields[i];
        char *base = (char *)wire;
        row->kind->give(m, row, d, base + d->offset,
                        has_presence(d) ? base + d->quantifier_offset : NULL,
                        (const char *)own + row->own_at);
    }
    m->type = outer;
    return wire;
}

enum baton_status
map_unpack(const struct map *map, const uint8_t *bytes, size_t len, struct arena *arena, void *own,
           struct baton_err *err)
{
    ProtobufCMessage *wire = NULL;
    enum baton_status rc = wire_unpack(map->type, bytes, len, arena, &wire, err);
    if (rc != BATON_OK)
        return rc;
    struct mapper m = {arena, map->type, BATON_OK, err};
    map_take(&m, map, wire, own);
    return m.rc;
}

static enum baton_status
wire_pack(const ProtobufCMessage *wire, size_t head, size_t most, uint8_t **ret_bytes,
          size_t *ret_len, struct baton_err *err)
{
    size_t len = head + protobuf_c_message_get_packed_size(wire);
    if (len > most)
        return baton_fail(err, BATON_LIMIT, "%s: has %zu bytes, at most %zu are allowed",
                          wire->descriptor->short_name, len, most);
    uint8_t *bytes = calloc(1, len);
    if (bytes == NULL)
        return baton_fail(err, BATON_NOMEM, "%s", wire->descriptor->short_name);
    protobuf_c_message_pack(wire, bytes + head);
    /* so that nothing leaves which the other side would refuse: texts above all */
    enum baton_status rc = wire_check(wire->descriptor, bytes + head, len - head, err);
    if (rc != BATON_OK) {
        free(bytes);
        return rc;
    }
    *ret_bytes = bytes;
    *ret_len = len;
    return BATON_OK;
}

enum baton_status
map_pack(const struct map *map, const void *own, size_t head, size_t most, uint8_t **ret_bytes,
         size_t *ret_len, struct baton_err *err)
{
    struct arena *arena = arena_new(GIVE_BYTES);
    if (arena == NULL)
        return baton_fail(err, BATON_NOMEM, "%s", map->type->short_name);
    struct mapper m = {arena, map->type, BATON_OK, err};
    const ProtobufCMessage *wire = map_give(&m, map, own);
    enum baton_status rc = m.rc;
    if (rc == BATON_OK)
        rc = wire_pack(wire, head, most, ret_bytes, ret_len, err);
    arena_free(&arena);
    return rc;
}
