#include "proto/bodies.h"

#include "baton.pb-c.h"
#include "proto/codec.h"
#include "proto/order_codec.h"

static void
facts_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
           const void *wire, const void *there, void *own)
{
    (void)row, (void)there;
    const ProtobufCBinaryData *b = wire;
    if (facts_decode(b->data, b->len, own) != BATON_OK)
        map_fault(m, BATON_MALFORMED, d, "are not canonical facts");
}

static void
facts_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
           void *wire, void *there, const void *own)
{
    (void)row, (void)there;
    uint8_t *bytes = map_room(m, FACTS_BYTES_MAX);
    if (bytes == NULL)
        return;
    ProtobufCBinaryData *b = wire;
    b->data = bytes;
    enum baton_status rc = facts_encode(own, bytes, FACTS_BYTES_MAX, &b->len);
    if (rc != BATON_OK)
        map_fault(m, rc, d, "cannot be written");
}

static const struct map_kind kind_facts = {facts_take, facts_give};

static void
order_frame_take(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
                 const void *wire, const void *there, void *own)
{
    (void)row, (void)d, (void)there;
    const ProtobufCBinaryData *b = wire;
    struct msg_order *o = own;
    o->bytes = b->data;
    o->len = b->len;
    m->rc = order_take(b->data, b->len, m->arena, &o->order, m->err);
}

static void
order_frame_give(struct mapper *m, const struct map_row *row, const ProtobufCFieldDescriptor *d,
                 void *wire, void *there, const void *own)
{
    (void)row, (void)there;
    const struct msg_order *o = own;
    if (o->len == 0 || o->len > ORDER_BYTES_MAX)
        map_fault(m, BATON_LIMIT, d, "has %zu bytes, 1 to %d are allowed", o->len, ORDER_BYTES_MAX);
    *(ProtobufCBinaryData *)wire =
        (ProtobufCBinaryData){o->len, (uint8_t *)(uintptr_t)o->bytes}; /* packing only reads */
}

static const struct map_kind kind_order = {order_frame_take, order_frame_give};

// clang-format off
#define ENVELOPE MAP_INNER(struct message, env, &map_envelope)
#define FIXED(f) MAP_FIXED(struct message, u.f)
#define TEXT(f) MAP_TEXT(struct message, u.f)
#define U64(f) MAP_U64(struct message, u.f)
#define U32(f) MAP_U32(struct message, u.f)
#define U8(f, lo, hi) MAP_U8(struct message, u.f, lo, hi)
#define BOOL(f) MAP_BOOL(struct message, u.f)
#define SIGNED(f, most) MAP_SIGNED(struct message, u.f, most)
#define MACHINE(f) MAP_INNER(struct message, u.f, &map_machine)

static const struct map_row enrol_rows[] = {
    ENVELOPE, FIXED(enrol.sign_key), FIXED(enrol.curve_key), FIXED(enrol.box_key), TEXT(enrol.host),
    U8(enrol.product, PRODUCT_NONE, PRODUCT_COUNT - 1), TEXT(enrol.version), FIXED(enrol.binary),
    FIXED(enrol.table), MACHINE(enrol.machine),
};
static const struct map_row enrolled_rows[] = {
    ENVELOPE, BOOL(enrolled.accepted), FIXED(enrolled.fingerprint),
};
static const struct map_row hello_rows[] = {
    ENVELOPE, FIXED(hello.nonce), U64(hello.counter), TEXT(hello.version), FIXED(hello.binary),
    FIXED(hello.table), U32(hello.trust_version), FIXED(hello.trust_hash), MACHINE(hello.machine),
    U64(hello.receipt_size), FIXED(hello.receipt_root),
};
static const struct map_row welcome_rows[] = {
    ENVELOPE, FIXED(welcome.session), FIXED(welcome.nonce), U64(welcome.last_sequence_seen),
    SIGNED(welcome.trust, TRUST_BYTES_MAX), U32(welcome.beat_ms),
};
static const struct map_row beat_rows[] = { ENVELOPE };
static const struct map_row order_frame_rows[] = {
    ENVELOPE, {.kind = &kind_order, .own_at = offsetof(struct message, u.order)},
};
static const struct map_row answer_rows[] = {
    ENVELOPE, FIXED(answer.order), FIXED(answer.order_hash),
    SIGNED(answer.statement, STATEMENT_BYTES_MAX),
};
static const struct map_row say_rows[] = { ENVELOPE, SIGNED(say.statement, STATEMENT_BYTES_MAX) };
static const struct map_row report_rows[] = {
    ENVELOPE, {.kind = &kind_facts, .own_at = offsetof(struct message, u.report.facts)},
    U64(report.wall_unix_ms),
};
static const struct map_row receipt_rows[] = {
    ENVELOPE, U64(receipt.size), FIXED(receipt.root), U64(receipt.unix_ms), FIXED(receipt.sig),
};
static const struct map_row chunk_rows[] = {
    ENVELOPE, FIXED(chunk.blob), U64(chunk.offset), U64(chunk.total),
    MAP_BLOB(struct message, u.chunk.bytes, u.chunk.len, CHUNK_BYTES),
};
static const struct map_row want_rows[] = { ENVELOPE, FIXED(want.blob), U64(want.offset) };
static const struct map_row refused_rows[] = {
    ENVELOPE, U8(refused.status, BATON_FAILED, BATON_STATUS_COUNT - 1), FIXED(refused.order),
    TEXT(refused.text),
};
static const struct map_row heard_rows[] = { ENVELOPE, FIXED(heard.statement) };
static const struct map_row findings_rows[] = {
    ENVELOPE, MAP_BLOB(struct message, u.findings.bytes, u.findings.len, FINDINGS_BYTES_MAX),
};
// clang-format on

static bool
chunk_holds(const struct message *m)
{
    const struct msg_chunk *c = &m->u.chunk;
    return c->offset <= c->total && c->len <= c->total - c->offset;
}

static bool
findings_hold(const struct message *m)
{
    struct findings list;
    uint32_t more;
    bool holds = findings_decode(m->u.findings.bytes, m->u.findings.len, &list, &more) == BATON_OK;
    if (holds)
        findings_done(&list);
    return holds;
}

#define BODY(name, ...)                                                                            \
    {                                                                                              \
        {&baton__##name##__descriptor, name##_rows, ARRAY_LEN(name##_rows)}, __VA_ARGS__           \
    }

static const struct body bodies[MSG_TYPE_COUNT] = {
    [MSG_ENROL] = BODY(enrol, NULL, NULL),
    [MSG_ENROLLED] = BODY(enrolled, NULL, NULL),
    [MSG_HELLO] = BODY(hello, NULL, NULL),
    [MSG_WELCOME] = BODY(welcome, NULL, NULL),
    [MSG_BEAT] = BODY(beat, NULL, NULL),
    [MSG_ORDER] = BODY(order_frame, NULL, NULL),
    [MSG_ANSWER] = BODY(answer, NULL, NULL),
    [MSG_SAY] = BODY(say, NULL, NULL),
    [MSG_REPORT] = BODY(report, NULL, NULL),
    [MSG_RECEIPT] = BODY(receipt, NULL, NULL),
    [MSG_CHUNK] = BODY(chunk, chunk_holds, "Chunk lies inside its blob"),
    [MSG_WANT] = BODY(want, NULL, NULL),
    [MSG_REFUSED] = BODY(refused, NULL, NULL),
    [MSG_HEARD] = BODY(heard, NULL, NULL),
    [MSG_FINDINGS] = BODY(findings, findings_hold, "Findings are a list, the worst first"),
};

const struct body *
body_of(unsigned type)
{
    return type < MSG_TYPE_COUNT && bodies[type].map.type != NULL ? &bodies[type] : NULL;
}
