#include "proto/order_codec.h"

#include <string.h>

#include "baton.pb-c.h"
#include "baton/verification.h"
#include "proto/codec.h"
#include "proto/map.h"

enum { ARENA_FIRST_BYTES = 4096 };

static void
approvals_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
               const void *wire, const void *there, void *own)
{
    (void)row;
    struct order *o = own;
    Baton__Signed *const *list = *(Baton__Signed * *const *)wire;
    size_t count = *(const size_t *)there;
    if (count > ORDER_APPROVALS_MAX)
        map_fault(m, BATON_LIMIT, d, "stands %zu times, at most %d are allowed", count,
                  ORDER_APPROVALS_MAX);
    for (size_t i = 0; i < count && m->rc == BATON_OK; i++) {
        struct signed_bytes s = {0};
        if (list[i]->bytes.len != APPROVAL_BYTES)
            map_fault(m, BATON_MALFORMED, d, "%zu has %zu bytes, not %d", i + 1, list[i]->bytes.len,
                      (int)APPROVAL_BYTES);
        map_take_signed(m, d, list[i], APPROVAL_BYTES, &s);
        if (m->rc == BATON_OK && approval_decode(s.bytes, s.len, &o->approval[i].a) != BATON_OK)
            map_fault(m, BATON_MALFORMED, d, "%zu is not an approval", i + 1);
        o->approval[i].sig = s.sig;
    }
    if (m->rc == BATON_OK)
        o->approval_count = (uint8_t)count;
}

static void
approval_give(struct mapper *m, const ProtobufCFieldDescriptor *d, const struct signed_approval *a,
              ProtobufCMessage **ret_wire)
{
    /* both in the arena: the wire message points at them until it is packed */
    uint8_t *bytes = map_room(m, APPROVAL_BYTES);
    struct signed_bytes *s = map_room(m, sizeof *s);
    if (bytes == NULL || s == NULL)
        return;
    approval_encode(&a->a, bytes);
    struct approval back;
    if (approval_decode(bytes, APPROVAL_BYTES, &back) != BATON_OK)
        map_fault(m, BATON_MALFORMED, d, "is one that its reader would refuse");
    *s = (struct signed_bytes){bytes, APPROVAL_BYTES, a->sig};
    *ret_wire = map_give_signed(m, d, APPROVAL_BYTES, s);
}

static void
approvals_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
               void *wire, void *there, const void *own)
{
    (void)row;
    const struct order *o = own;
    if (o->approval_count > ORDER_APPROVALS_MAX)
        map_fault(m, BATON_LIMIT, d, "more than %d", ORDER_APPROVALS_MAX);
    ProtobufCMessage **list = map_room(m, sizeof(void *) * ORDER_APPROVALS_MAX);
    if (list == NULL)
        return;
    for (size_t i = 0; i < o->approval_count; i++)
        approval_give(m, d, &o->approval[i], &list[i]);
    *(ProtobufCMessage ***)wire = list;
    *(size_t *)there = o->approval_count;
}

static const struct map_kind kind_approvals = {approvals_take, approvals_give};

static void
evidence_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
              const void *wire, const void *there, void *own)
{
    (void)row;
    struct order *o = own;
    Baton__Signed *const *list = *(Baton__Signed * *const *)wire;
    size_t count = *(const size_t *)there;
    if (count > MEMBERS_MAX)
        map_fault(m, BATON_LIMIT, d, "stands %zu times, at most %d are allowed", count,
                  MEMBERS_MAX);
    for (size_t i = 0; i < count && m->rc == BATON_OK; i++)
        map_take_signed(m, d, list[i], STATEMENT_BYTES_MAX, &o->evidence[i]);
    if (m->rc == BATON_OK)
        o->evidence_count = (uint8_t)count;
}

static void
evidence_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
              void *wire, void *there, const void *own)
{
    (void)row;
    const struct order *o = own;
    if (o->evidence_count > MEMBERS_MAX)
        map_fault(m, BATON_LIMIT, d, "more than %d", MEMBERS_MAX);
    ProtobufCMessage **list = map_room(m, sizeof(void *) * MEMBERS_MAX);
    if (list == NULL)
        return;
    for (size_t i = 0; i < o->evidence_count; i++)
        list[i] = map_give_signed(m, d, STATEMENT_BYTES_MAX, &o->evidence[i]);
    *(ProtobufCMessage ***)wire = list;
    *(size_t *)there = o->evidence_count;
}

static const struct map_kind kind_evidence = {evidence_take, evidence_give};

// clang-format off
static const struct map_row order_rows[] = {
    MAP_U8(struct order, verb, ORDER_STATUS, ORDER_VERB_COUNT - 1),
    MAP_FIXED(struct order, id),
    MAP_FIXED(struct order, tenant),
    MAP_INNER(struct order, epoch, &map_epoch),
    MAP_FIXED(struct order, recipient),
    MAP_FIXED(struct order, nonce),
    MAP_U32(struct order, serial),
    MAP_BOOL(struct order, adopt),
    MAP_BOOL(struct order, void_first),
    MAP_BOOL(struct order, busy),
    MAP_BLOB(struct order, plan, plan_len, PLAN_BYTES_MAX),
    MAP_SIGNED(struct order, trust, TRUST_BYTES_MAX),
    {.kind = &kind_approvals},
    {.kind = &kind_evidence},
    MAP_SIGNED(struct order, shown, STATEMENT_BYTES_MAX),
    MAP_FIXED(struct order, blob),
    MAP_FIXED(struct order, file),
    MAP_U64(struct order, blob_bytes),
    MAP_BLOB(struct order, limits, limits_len, LIMITS_BYTES_MAX),
};

/* What a verb cannot do without: an all-zero value there is an omission, not a value. */
enum { NEED_EPOCH = 1, NEED_RECIPIENT = 2, NEED_NONCE = 4, NEED_SERIAL = 8, NEED_PLAN = 16, NEED_BLOB = 32, NEED_FILE = 64 };
static const unsigned needs[ORDER_VERB_COUNT] = {
    [ORDER_STATUS]    = NEED_NONCE,
    [ORDER_FENCE]     = NEED_EPOCH | NEED_RECIPIENT | NEED_PLAN,
    [ORDER_CHALLENGE] = NEED_EPOCH | NEED_NONCE,
    [ORDER_GRANT]     = NEED_EPOCH | NEED_SERIAL,
    [ORDER_RETIRE]    = NEED_EPOCH,
    [ORDER_SEAL]      = NEED_BLOB,
    [ORDER_PLACE]     = NEED_BLOB | NEED_FILE,
};
// clang-format on

static const struct map map_order = {&baton__order__descriptor, order_rows, ARRAY_LEN(order_rows)};

static const char *
order_missing(const struct order *o)
{
    const struct {
        bool missing;
        const char *name;
    } checks[] = {
        {baton_id_is_zero(&o->id), "id"},
        {baton_id_is_zero(&o->tenant), "tenant"},
        {(needs[o->verb] & NEED_EPOCH) && o->epoch.counter == 0, "epoch"},
        {(needs[o->verb] & NEED_RECIPIENT) && baton_key_is_zero(&o->recipient), "recipient"},
        {(needs[o->verb] & NEED_NONCE) && baton_id_is_zero(&o->nonce), "nonce"},
        {(needs[o->verb] & NEED_SERIAL) && o->serial == 0, "serial"},
        {(needs[o->verb] & NEED_PLAN) && o->plan_len == 0, "plan"},
        {(needs[o->verb] & NEED_BLOB) && baton_hash_is_zero(&o->blob), "blob"},
        {(needs[o->verb] & NEED_FILE) && baton_hash_is_zero(&o->file), "file"},
    };
    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        if (checks[i].missing)
            return checks[i].name;
    return NULL;
}

static enum baton_status
order_complete(const struct order *o, struct baton_err *err)
{
    const char *missing = order_missing(o);
    if (missing == NULL)
        return BATON_OK;
    return baton_fail(err, BATON_MALFORMED, "Order.%s is zero, but %s needs it", missing,
                      order_verb_name((enum order_verb)o->verb));
}

enum baton_status
order_take(const uint8_t *bytes, size_t len, struct arena *arena, struct order *ret_order,
           struct baton_err *err)
{
    if (len > ORDER_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "Order: has %zu bytes, at most %d are allowed", len,
                          ORDER_BYTES_MAX);
    enum baton_status rc = map_unpack(&map_order, bytes, len, arena, ret_order, err);
    return rc == BATON_OK ? order_complete(ret_order, err) : rc;
}

enum baton_status
order_pack(const struct order *o, uint8_t **ret_bytes, size_t *ret_len, struct baton_err *err)
{
    if (o->verb <= ORDER_NONE || o->verb >= ORDER_VERB_COUNT)
        return baton_fail(err, BATON_MALFORMED, "Order.verb is %d", o->verb);
    enum baton_status rc = order_complete(o, err);
    if (rc != BATON_OK)
        return rc;
    return map_pack(&map_order, o, 0, ORDER_BYTES_MAX, ret_bytes, ret_len, err);
}

enum baton_status
order_unpack(const uint8_t *bytes, size_t len, struct order *ret_order, void **ret_arena,
             struct baton_err *err)
{
    struct arena *arena = arena_new(ARENA_FIRST_BYTES);
    if (arena == NULL)
        return baton_fail(err, BATON_NOMEM, "order");
    struct order o = {0};
    enum baton_status rc = order_take(bytes, len, arena, &o, err);
    if (rc != BATON_OK) {
        arena_free(&arena);
        return rc;
    }
    *ret_order = o;
    *ret_arena = arena;
    return BATON_OK;
}

void
order_arena_free(void **arena)
{
    struct arena *a = *arena;
    arena_free(&a);
    *arena = NULL;
}
