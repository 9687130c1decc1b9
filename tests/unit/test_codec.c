#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto/crypto.h"
#include "proto/codec.h"

enum { MUTATIONS = 10000, AT_TYPE = 5, AT_KEY_ID = 7, AT_LENGTH = 15, AT_SIG = 19 };

static struct crypto_signer me, stranger;
static uint8_t evidence_bytes[STATEMENT_BYTES_MAX], plan_bytes[PLAN_BYTES_MAX],
    trust_bytes[TRUST_BYTES_MAX], chunk_bytes[CHUNK_BYTES];
static struct baton_err err;
static uint8_t *order_bytes;
static size_t order_len;

static bool
find_me(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    (void)ctx;
    uint8_t mine[KEY_ID_BYTES];
    codec_key_id(&me.key, mine);
    *ret_key = me.key;
    return memcmp(mine, key_id, sizeof mine) == 0;
}

static const struct codec_keys keys = {NULL, find_me};

/* The same numbers in every run. */
static uint32_t seed = 1;
static uint32_t
dice(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void
fill(void *out, size_t len)
{
    for (uint8_t *p = out; len > 0; len--)
        *p++ = (uint8_t)(dice() | 1u);
}
#define FILL(x) fill(&(x), sizeof(x))

static enum baton_status
decode(const uint8_t *frame, size_t len, struct message **ret_message)
{
    *ret_message = NULL;
    err.text[0] = '\0';
    return codec_decode(frame, len, &keys, crypto_digest_port(), ret_message, &err);
}

static void
expect(const uint8_t *frame, size_t len, enum baton_status want, const char *word)
{
    struct message *m;
    enum baton_status rc = decode(frame, len, &m);
    message_free(&m);
    assert_int_equal(rc, want);
    if (strstr(err.text, word) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, word);
}

/* A frame around any body, honestly signed: what a hostile agent can send. */
static uint8_t *
frame_around(unsigned type, const uint8_t *body, size_t body_len, size_t *ret_len)
{
    size_t len = FRAME_HEADER_BYTES + body_len;
    uint8_t *frame = calloc(1, len), *covered = malloc(AT_SIG + body_len);
    struct baton_sig sig;
    assert_non_null(frame);
    assert_non_null(covered);
    memcpy(frame, "BTN1\1", 5);
    frame[AT_TYPE] = (uint8_t)(type >> 8);
    frame[AT_TYPE + 1] = (uint8_t)type;
    codec_key_id(&me.key, frame + AT_KEY_ID);
    for (int i = 0; i < 4; i++)
        frame[AT_LENGTH + i] = (uint8_t)(body_len >> (24 - 8 * i));
    memcpy(covered, frame, AT_SIG);
    memcpy(covered + AT_SIG, body, body_len);
    assert_int_equal(crypto_sign_domain(me.secret, DOMAIN_FRAME, covered, AT_SIG + body_len, &sig),
                     BATON_OK);
    memcpy(frame + AT_SIG, sig.b, sizeof sig.b);
    memcpy(frame + FRAME_HEADER_BYTES, body, body_len);
    free(covered);
    *ret_len = len;
    return frame;
}

static void
expect_body(unsigned type, const uint8_t *body, size_t body_len, enum baton_status want,
            const char *word)
{
    size_t len;
    uint8_t *frame = frame_around(type, body, body_len, &len);
    expect(frame, len, want, word);
    free(frame);
}

static void
expect_order(const uint8_t *bytes, size_t len, enum baton_status want, const char *word)
{
    struct order o;
    void *arena = NULL;
    err.text[0] = '\0';
    enum baton_status rc = order_unpack(bytes, len, &o, &arena, &err);
    order_arena_free(&arena);
    assert_int_equal(rc, want);
    if (strstr(err.text, word) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, word);
}

static void
signed_fill(struct signed_bytes *s, const uint8_t *bytes, size_t len)
{
    s->bytes = bytes;
    s->len = len;
    FILL(s->sig);
}

static void
approval_fill(struct signed_approval *sa)
{
    uint8_t bytes[APPROVAL_BYTES];
    struct approval a = {.verb = VERB_GO, .trust_version = 3, .not_after_ms = 77, .serial = 2};
    FILL(a.id);
    FILL(a.operator);
    FILL(a.tenant);
    FILL(a.plan);
    FILL(a.recipient);
    approval_encode(&a, bytes);
    assert_int_equal(approval_decode(bytes, sizeof bytes, &sa->a), BATON_OK);
    FILL(sa->sig);
}

static struct order
order_sample(enum order_verb verb)
{
    struct order o = {.verb = (uint8_t)verb, .epoch = {.counter = 7}, .serial = 3, .adopt = true};
    FILL(o.id);
    FILL(o.tenant);
    FILL(o.epoch.incarnation);
    FILL(o.recipient);
    FILL(o.nonce);
    FILL(o.blob);
    FILL(o.file);
    o.blob_bytes = 1ull << 40;
    o.plan = plan_bytes;
    o.plan_len = 3000;
    signed_fill(&o.trust, trust_bytes, 5000);
    signed_fill(&o.shown, evidence_bytes, 200);
    o.approval_count = 3;
    for (size_t i = 0; i < o.approval_count; i++)
        approval_fill(&o.approval[i]);
    o.evidence_count = 3;
    for (size_t i = 0; i < o.evidence_count; i++)
        signed_fill(&o.evidence[i], evidence_bytes, 4000 + i);
    return o;
}

static void
machine_fill(struct machine *m)
{
    FILL(m->boot);
    FILL(m->generation);
    FILL(m->guid);
    FILL(m->disk);
}

static void
sample_enrol(struct message *m)
{
    struct msg_enrol *e = &m->u.enrol;
    e->sign_key = me.key;
    FILL(e->curve_key);
    FILL(e->box_key);
    strcpy(e->host, "ALT-SYNC01");
    e->product = PRODUCT_CONNECT;
    strcpy(e->version, "2.6.92.0");
    FILL(e->binary);
    FILL(e->table);
    machine_fill(&e->machine);
}

static void
sample_enrolled(struct message *m)
{
    m->u.enrolled.accepted = true;
    FILL(m->u.enrolled.fingerprint);
}

static void
sample_hello(struct message *m)
{
    struct msg_hello *h = &m->u.hello;
    FILL(h->nonce);
    h->counter = UINT64_MAX;
    strcpy(h->version, "0.1.0");
    FILL(h->binary);
    FILL(h->table);
    h->trust_version = UINT32_MAX;
    FILL(h->trust_hash);
    machine_fill(&h->machine);
    h->receipt_size = 12;
    FILL(h->receipt_root);
}

static void
sample_welcome(struct message *m)
{
    FILL(m->u.welcome.session);
    FILL(m->u.welcome.nonce);
    m->u.welcome.last_sequence_seen = 9;
    signed_fill(&m->u.welcome.trust, trust_bytes, TRUST_BYTES_MAX);
    m->u.welcome.beat_ms = 5000;
}

static void
sample_beat(struct message *m)
{
    (void)m;
}

static void
sample_order(struct message *m)
{
    m->u.order.bytes = order_bytes;
    m->u.order.len = order_len;
}

static void
sample_answer(struct message *m)
{
    FILL(m->u.answer.order);
    FILL(m->u.answer.order_hash);
    signed_fill(&m->u.answer.statement, evidence_bytes, STATEMENT_BYTES_MAX);
}

static void
sample_say(struct message *m)
{
    signed_fill(&m->u.say.statement, evidence_bytes, 1);
}

static void
sample_report(struct message *m)
{
    struct baton_hash digest;
    FILL(digest);
    facts_init(&m->u.report.facts);
    facts_set(&m->u.report.facts, FACT_PENDING_ADDS, -5);
    facts_absent(&m->u.report.facts, FACT_STAGING_SCHEDULER, ABSENT_NOT_CONFIGURED);
    facts_set_digest(&m->u.report.facts, DIGEST_RULES, &digest);
    facts_note(&m->u.report.facts, "wizard open in Anna's session");
    m->u.report.wall_unix_ms = 1764092400123;
}

static void
sample_receipt(struct message *m)
{
    m->u.receipt.size = 4;
    FILL(m->u.receipt.root);
    m->u.receipt.unix_ms = 5;
    FILL(m->u.receipt.sig);
}

static void
sample_chunk(struct message *m)
{
    FILL(m->u.chunk.blob);
    m->u.chunk.offset = CHUNK_BYTES;
    m->u.chunk.total = 2 * CHUNK_BYTES;
    m->u.chunk.bytes = chunk_bytes;
    m->u.chunk.len = CHUNK_BYTES;
}

static void
sample_want(struct message *m)
{
    FILL(m->u.want.blob);
    m->u.want.offset = 3;
}

static void
sample_refused(struct message *m)
{
    m->u.refused.status = BATON_REFUSED;
    FILL(m->u.refused.order);
    strcpy(m->u.refused.text, "the epoch is not above the promise");
}

static void
sample_heard(struct message *m)
{
    FILL(m->u.heard.statement);
}

static uint8_t findings_bytes[FINDINGS_BYTES_MAX];

static void
sample_findings(struct message *m)
{
    struct findings list = {0};
    struct finding f = {.rule = "EX-DELETES", .severity = SEVERITY_BLOCK, .count = 3};
    strcpy(f.why, "three people would lose their mailbox");
    assert_int_equal(findings_add(&list, &f), BATON_OK);
    assert_int_equal(findings_encode(&list, findings_bytes, &m->u.findings.len), BATON_OK);
    m->u.findings.bytes = findings_bytes;
    findings_done(&list);
}

static void (*const samples[MSG_TYPE_COUNT])(struct message *m) = {
    [MSG_ENROL] = sample_enrol,       [MSG_ENROLLED] = sample_enrolled,
    [MSG_HELLO] = sample_hello,       [MSG_WELCOME] = sample_welcome,
    [MSG_BEAT] = sample_beat,         [MSG_ORDER] = sample_order,
    [MSG_ANSWER] = sample_answer,     [MSG_SAY] = sample_say,
    [MSG_REPORT] = sample_report,     [MSG_RECEIPT] = sample_receipt,
    [MSG_CHUNK] = sample_chunk,       [MSG_WANT] = sample_want,
    [MSG_REFUSED] = sample_refused,   [MSG_HEARD] = sample_heard,
    [MSG_FINDINGS] = sample_findings,
};

static void
sample(struct message *m, unsigned type)
{
    memset(m, 0, sizeof *m);
    m->type = (enum message_type)type;
    FILL(m->env.session);
    m->env.sequence = 300;
    m->env.sender = me.key;
    FILL(m->env.recipient);
    FILL(m->env.tenant);
    samples[type](m);
}

static uint8_t *
frame_sample(unsigned type, size_t *ret_len)
{
    static struct message m;
    uint8_t *frame = NULL;
    sample(&m, type);
    enum baton_status rc = codec_encode(&m, me.secret, &frame, ret_len, &err);
    if (rc != BATON_OK)
        fail_msg("%s: %s", message_type_name(m.type), err.text);
    return frame;
}

static void
signed_equal(const struct signed_bytes *a, const struct signed_bytes *b)
{
    assert_int_equal(a->len, b->len);
    if (a->len > 0)
        assert_memory_equal(a->bytes, b->bytes, a->len);
    assert_memory_equal(&a->sig, &b->sig, sizeof a->sig);
}

static void
orders_equal(const struct order *a, const struct order *b)
{
    assert_int_equal(a->verb, b->verb);
    assert_memory_equal(&a->id, &b->id, sizeof a->id);
    assert_memory_equal(&a->tenant, &b->tenant, sizeof a->tenant);
    assert_true(epoch_eq(&a->epoch, &b->epoch));
    assert_memory_equal(&a->recipient, &b->recipient, sizeof a->recipient);
    assert_memory_equal(&a->nonce, &b->nonce, sizeof a->nonce);
    assert_int_equal(a->serial, b->serial);
    assert_int_equal(a->adopt, b->adopt);
    assert_int_equal(a->void_first, b->void_first);
    assert_int_equal(a->busy, b->busy);
    assert_int_equal(a->plan_len, b->plan_len);
    if (a->plan_len > 0)
        assert_memory_equal(a->plan, b->plan, a->plan_len);
    signed_equal(&a->trust, &b->trust);
    signed_equal(&a->shown, &b->shown);
    assert_int_equal(a->approval_count, b->approval_count);
    assert_memory_equal(a->approval, b->approval, sizeof a->approval);
    assert_int_equal(a->evidence_count, b->evidence_count);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        signed_equal(&a->evidence[i], &b->evidence[i]);
    assert_memory_equal(&a->blob, &b->blob, sizeof a->blob);
    assert_memory_equal(&a->file, &b->file, sizeof a->file);
    assert_int_equal(a->blob_bytes, b->blob_bytes);
}

static void
facts_equal(const struct facts *a, const struct facts *b)
{
    uint8_t one[FACTS_BYTES_MAX], two[FACTS_BYTES_MAX];
    size_t one_len, two_len;
    assert_int_equal(facts_encode(a, one, sizeof one, &one_len), BATON_OK);
    assert_int_equal(facts_encode(b, two, sizeof two, &two_len), BATON_OK);
    assert_int_equal(one_len, two_len);
    assert_memory_equal(one, two, one_len);
}

static void
bodies_equal(const struct message *a, const struct message *b)
{
    switch (a->type) {
    case MSG_WELCOME:
        signed_equal(&a->u.welcome.trust, &b->u.welcome.trust);
        assert_memory_equal(&a->u.welcome.session, &b->u.welcome.session, 2 * BATON_ID_BYTES);
        assert_int_equal(a->u.welcome.last_sequence_seen, b->u.welcome.last_sequence_seen);
        assert_int_equal(a->u.welcome.beat_ms, b->u.welcome.beat_ms);
        break;
    case MSG_ORDER:
        assert_int_equal(a->u.order.len, b->u.order.len);
        assert_memory_equal(a->u.order.bytes, b->u.order.bytes, a->u.order.len);
        break;
    case MSG_ANSWER:
        signed_equal(&a->u.answer.statement, &b->u.answer.statement);
        assert_memory_equal(&a->u.answer, &b->u.answer, offsetof(struct msg_answer, statement));
        break;
    case MSG_SAY:
        signed_equal(&a->u.say.statement, &b->u.say.statement);
        break;
    case MSG_CHUNK:
        assert_int_equal(a->u.chunk.len, b->u.chunk.len);
        assert_memory_equal(a->u.chunk.bytes, b->u.chunk.bytes, a->u.chunk.len);
        assert_memory_equal(&a->u.chunk, &b->u.chunk, offsetof(struct msg_chunk, bytes));
        break;
    case MSG_FINDINGS:
        assert_int_equal(a->u.findings.len, b->u.findings.len);
        assert_memory_equal(a->u.findings.bytes, b->u.findings.bytes, a->u.findings.len);
        break;
    case MSG_REPORT:
        facts_equal(&a->u.report.facts, &b->u.report.facts);
        assert_int_equal(a->u.report.wall_unix_ms, b->u.report.wall_unix_ms);
        break;
    case MSG_ENROL:
    case MSG_ENROLLED:
    case MSG_HELLO:
    case MSG_BEAT:
    case MSG_RECEIPT:
    case MSG_WANT:
    case MSG_REFUSED:
    case MSG_HEARD:
    case MSG_NONE:
    case MSG_TYPE_COUNT:
        assert_memory_equal(&a->u, &b->u, sizeof a->u); /* no pointers inside */
        break;
    }
}

static void
every_type_comes_back_as_it_was(void **state)
{
    (void)state;
    static struct message m;
    for (unsigned type = MSG_NONE + 1; type < MSG_TYPE_COUNT; type++) {
        uint8_t *frame, *again;
        size_t len, again_len;
        struct message *back;
        sample(&m, type);
        assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_OK);
        if (decode(frame, len, &back) != BATON_OK)
            fail_msg("%s: %s", message_type_name(m.type), err.text);
        assert_int_equal(back->type, type);
        assert_memory_equal(&back->env, &m.env, sizeof m.env);
        bodies_equal(&m, back);
        assert_int_equal(codec_encode(back, me.secret, &again, &again_len, &err), BATON_OK);
        assert_int_equal(again_len, len);
        assert_memory_equal(again, frame, len);
        message_free(&back);
        free(frame);
        free(again);
    }
}

static void
every_verb_comes_back_as_it_was(void **state)
{
    (void)state;
    for (unsigned verb = ORDER_STATUS; verb < ORDER_VERB_COUNT; verb++) {
        struct order o = order_sample((enum order_verb)verb), back;
        uint8_t *bytes;
        size_t len;
        void *arena;
        assert_int_equal(order_pack(&o, &bytes, &len, &err), BATON_OK);
        assert_int_equal(order_unpack(bytes, len, &back, &arena, &err), BATON_OK);
        orders_equal(&o, &back);
        order_arena_free(&arena);
        free(bytes);
    }
}

static void
an_order_without_the_optional_parts_comes_back(void **state)
{
    (void)state;
    struct order o = {.verb = ORDER_STATUS}, back;
    uint8_t *bytes;
    size_t len;
    void *arena;
    FILL(o.id);
    FILL(o.tenant);
    FILL(o.nonce);
    assert_int_equal(order_pack(&o, &bytes, &len, &err), BATON_OK);
    assert_int_equal(order_unpack(bytes, len, &back, &arena, &err), BATON_OK);
    orders_equal(&o, &back);
    order_arena_free(&arena);
    free(bytes);
}

static void
the_largest_grant_fits_a_frame(void **state)
{
    (void)state;
    static struct message m;
    struct order o = order_sample(ORDER_GRANT);
    o.plan_len = 0;
    o.evidence_count = MEMBERS_MAX - 1;
    for (size_t i = 0; i < o.evidence_count; i++)
        o.evidence[i].len = STATEMENT_BYTES_MAX;
    o.approval_count = ORDER_APPROVALS_MAX;
    for (size_t i = 0; i < o.approval_count; i++)
        approval_fill(&o.approval[i]);
    o.trust.len = TRUST_BYTES_MAX;
    uint8_t *bytes, *frame;
    size_t len, frame_len;
    assert_int_equal(order_pack(&o, &bytes, &len, &err), BATON_OK);
    sample(&m, MSG_ORDER);
    m.u.order.bytes = bytes;
    m.u.order.len = len;
    assert_int_equal(codec_encode(&m, me.secret, &frame, &frame_len, &err), BATON_OK);
    assert_true(frame_len <= FRAME_BYTES_MAX);
    free(frame);
    free(bytes);
}

static void
every_truncation_is_refused(void **state)
{
    (void)state;
    for (unsigned type = MSG_NONE + 1; type < MSG_TYPE_COUNT; type++) {
        size_t len;
        uint8_t *frame = frame_sample(type, &len);
        for (size_t cut = 0; cut < len; cut += cut < 200 ? 1 : 97) {
            uint8_t *exact = malloc(cut + 1); /* so that reading beyond is seen */
            struct message *m;
            assert_non_null(exact);
            memcpy(exact, frame, cut);
            exact = realloc(exact, cut == 0 ? 1 : cut);
            assert_int_not_equal(decode(exact, cut, &m), BATON_OK);
            free(exact);
        }
        free(frame);
    }
}

static void
every_truncated_body_is_refused_even_when_signed(void **state)
{
    (void)state;
    for (unsigned type = MSG_NONE + 1; type < MSG_TYPE_COUNT; type++) {
        size_t len, again_len;
        uint8_t *frame = frame_sample(type, &len);
        for (size_t cut = 0; cut < len - FRAME_HEADER_BYTES; cut += cut < 150 ? 1 : 997) {
            struct message *m;
            uint8_t *again = frame_around(type, frame + FRAME_HEADER_BYTES, cut, &again_len);
            assert_int_equal(decode(again, again_len, &m), BATON_MALFORMED);
            free(again);
        }
        free(frame);
    }
}

static void
a_header_that_lies_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        const char *word;
    } lies[] = {
        {0, 'X', "not a frame"},
        {4, 2, "frame version 2"},
        {AT_TYPE, 1, "unknown message"},
        {AT_TYPE + 1, MSG_TYPE_COUNT, "unknown message"},
        {AT_TYPE + 1, 0, "unknown message"},
        {AT_LENGTH, 0x80, "header says"},
        {AT_LENGTH + 3, 0, "header says"},
    };
    size_t len;
    uint8_t *frame = frame_sample(MSG_HELLO, &len);
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        uint8_t was = frame[lies[i].at];
        frame[lies[i].at] = lies[i].value;
        expect(frame, len, BATON_MALFORMED, lies[i].word);
        frame[lies[i].at] = was;
    }
    expect(frame, len, BATON_OK, "");
    free(frame);
}

static void
the_signature_covers_header_and_body(void **state)
{
    (void)state;
    size_t len;
    uint8_t *frame = frame_sample(MSG_HELLO, &len);
    frame[AT_SIG] ^= 1;
    expect(frame, len, BATON_DENIED, "bad signature");
    frame[AT_SIG] ^= 1;
    frame[len - 1] ^= 1;
    expect(frame, len, BATON_DENIED, "bad signature");
    frame[len - 1] ^= 1;
    frame[AT_TYPE + 1] = MSG_BEAT; /* a known type, so that only the signature can tell */
    expect(frame, len, BATON_DENIED, "bad signature");
    free(frame);
}

static void
an_unknown_key_is_refused_by_its_id(void **state)
{
    (void)state;
    static struct message m;
    uint8_t *frame;
    size_t len;
    sample(&m, MSG_BEAT);
    m.env.sender = stranger.key;
    assert_int_equal(codec_encode(&m, stranger.secret, &frame, &len, &err), BATON_OK);
    expect(frame, len, BATON_DENIED, "no key with id");
    free(frame);
}

static void
a_sender_who_is_not_the_signer_is_refused(void **state)
{
    (void)state;
    static struct message m;
    uint8_t *frame = NULL;
    size_t len;
    sample(&m, MSG_BEAT);
    m.env.sender = stranger.key;
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_DENIED);

    m.env.sender = me.key;
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_OK);
    uint8_t *body = frame + FRAME_HEADER_BYTES;
    size_t body_len = len - FRAME_HEADER_BYTES;
    for (size_t i = 0; i + sizeof me.key <= body_len; i++)
        if (memcmp(body + i, me.key.b, sizeof me.key) == 0)
            memcpy(body + i, stranger.key.b, sizeof stranger.key);
    expect_body(MSG_BEAT, body, body_len, BATON_DENIED, "not the signer");
    free(frame);
}

static void
only_enrol_may_come_from_an_unknown_key(void **state)
{
    (void)state;
    static const struct codec_keys nobody = {NULL, NULL};
    struct message *m = NULL;
    size_t len;
    uint8_t *frame = frame_sample(MSG_HELLO, &len);
    assert_int_equal(codec_decode(frame, len, &nobody, crypto_digest_port(), &m, &err),
                     BATON_DENIED);
    free(frame);
    frame = frame_sample(MSG_ENROL, &len);
    assert_int_equal(codec_decode(frame, len, &nobody, crypto_digest_port(), &m, &err), BATON_OK);
    assert_true(baton_key_eq(&m->u.enrol.sign_key, &me.key));
    message_free(&m);
    frame[AT_KEY_ID] ^= 1;
    assert_int_equal(codec_decode(frame, len, &nobody, crypto_digest_port(), &m, &err),
                     BATON_DENIED);
    frame[AT_KEY_ID] ^= 1;
    frame[len - 1] ^= 1;
    assert_int_not_equal(codec_decode(frame, len, &nobody, crypto_digest_port(), &m, &err),
                         BATON_OK);
    free(frame);
}

static void
nobody_enrols_a_key_that_did_not_sign(void **state)
{
    (void)state;
    static struct message m;
    uint8_t *frame = NULL;
    size_t len;
    sample(&m, MSG_ENROL);
    m.u.enrol.sign_key = stranger.key;
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_DENIED);
}

static void
an_oversized_frame_is_refused_before_it_is_read(void **state)
{
    (void)state;
    static uint8_t big[FRAME_BYTES_MAX + 1];
    expect(big, sizeof big, BATON_LIMIT, "at most 65536");
    expect(big, FRAME_BYTES_MAX, BATON_MALFORMED, "not a frame");
}

/* The body of a sample with bytes added at its end. */
static void
expect_added(unsigned type, const void *more, size_t more_len, enum baton_status want,
             const char *word)
{
    size_t len;
    uint8_t *frame = frame_sample(type, &len);
    size_t body_len = len - FRAME_HEADER_BYTES;
    uint8_t *body = malloc(body_len + more_len);
    assert_non_null(body);
    memcpy(body, frame + FRAME_HEADER_BYTES, body_len);
    memcpy(body + body_len, more, more_len);
    expect_body(type, body, body_len + more_len, want, word);
    free(body);
    free(frame);
}

static void
an_unknown_field_is_refused_at_every_level(void **state)
{
    (void)state;
    expect_added(MSG_WANT, "\x7A\x01x", 3, BATON_MALFORMED, "Want: unknown field 15");
    /* inside the envelope: field 1 is rewritten one longer, with field 9 at its end */
    size_t len;
    uint8_t *frame = frame_sample(MSG_BEAT, &len);
    const uint8_t *body = frame + FRAME_HEADER_BYTES;
    size_t env = body[1];
    assert_true(body[0] == 0x0A && env < 0x7E && env + 2 == len - FRAME_HEADER_BYTES);
    uint8_t grown[200] = {0x0A, (uint8_t)(env + 2)};
    memcpy(grown + 2, body + 2, env);
    memcpy(grown + 2 + env, "\x48\x01", 2);
    expect_body(MSG_BEAT, grown, env + 4, BATON_MALFORMED, "Envelope: unknown field 9");
    free(frame);
}

static void
a_singular_field_twice_is_refused(void **state)
{
    (void)state;
    expect_added(MSG_WANT, "\x18\x07", 2, BATON_MALFORMED, "Want.offset stands twice");
}

static void
an_overlong_number_is_refused(void **state)
{
    (void)state;
    size_t len;
    uint8_t *frame = frame_sample(MSG_WANT, &len);
    uint8_t *body = frame + FRAME_HEADER_BYTES;
    size_t body_len = len - FRAME_HEADER_BYTES;
    assert_memory_equal(body + body_len - 2, "\x18\x03", 2);
    uint8_t *longer = malloc(body_len + 1);
    assert_non_null(longer);
    memcpy(longer, body, body_len);
    memcpy(longer + body_len - 1, "\x83\x00", 2);
    expect_body(MSG_WANT, longer, body_len + 1, BATON_MALFORMED, "number too long");
    free(longer);
    free(frame);
}

static void
a_missing_field_is_refused_by_name(void **state)
{
    (void)state;
    size_t len;
    uint8_t *frame = frame_sample(MSG_WANT, &len);
    expect_body(MSG_WANT, frame + FRAME_HEADER_BYTES, len - FRAME_HEADER_BYTES - 2, BATON_MALFORMED,
                "Want.offset is missing");
    expect_body(MSG_BEAT, (const uint8_t *)"", 0, BATON_MALFORMED, "Beat.envelope is missing");
    free(frame);
}

/* Replaces `from` by `to` of the same length in a signed body. */
static void
expect_swapped(unsigned type, const char *from, const char *to, size_t n, enum baton_status want,
               const char *word)
{
    size_t len;
    uint8_t *frame = frame_sample(type, &len), *body = frame + FRAME_HEADER_BYTES;
    size_t body_len = len - FRAME_HEADER_BYTES;
    bool found = false;
    for (size_t i = 0; i + n <= body_len && !found; i++)
        if (memcmp(body + i, from, n) == 0) {
            memcpy(body + i, to, n);
            found = true;
        }
    assert_true(found);
    expect_body(type, body, body_len, want, word);
    free(frame);
}

static void
a_text_with_nul_control_or_bad_utf8_is_refused(void **state)
{
    (void)state;
    expect_swapped(MSG_ENROL, "SYNC01", "SY\0C01", 6, BATON_MALFORMED,
                   "Enrol.host is not one line");
    expect_swapped(MSG_ENROL, "SYNC01", "SY\nC01", 6, BATON_MALFORMED,
                   "Enrol.host is not one line");
    expect_swapped(MSG_ENROL, "SYNC01",
                   "SY\xFF"
                   "C01",
                   6, BATON_MALFORMED, "Enrol.host");
    expect_swapped(MSG_ENROL, "SYNC01", "SYNC02", 6, BATON_OK, "");
}

static void
a_text_that_does_not_end_or_is_bad_is_not_sent(void **state)
{
    (void)state;
    static struct message m;
    uint8_t *frame = NULL;
    size_t len;
    sample(&m, MSG_ENROL);
    memset(m.u.enrol.host, 'x', sizeof m.u.enrol.host);
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_LIMIT);
    strcpy(m.u.enrol.host, "two\nlines");
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_MALFORMED);
    assert_null(frame);
}

static void
a_small_number_outside_its_range_is_refused_both_ways(void **state)
{
    (void)state;
    static struct message m;
    uint8_t *frame = NULL;
    size_t len;
    sample(&m, MSG_ENROL);
    m.u.enrol.product = PRODUCT_COUNT;
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_MALFORMED);
    sample(&m, MSG_REFUSED);
    m.u.refused.status = BATON_OK; /* a refusal is never "done" */
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_MALFORMED);
    expect_swapped(MSG_ENROL, "ALT-SYNC01\x30\x03", "ALT-SYNC01\x30\x04", 12, BATON_MALFORMED,
                   "Enrol.product is 4");
}

static void
a_chunk_outside_its_blob_is_refused_both_ways(void **state)
{
    (void)state;
    static struct message m;
    uint8_t *frame = NULL;
    size_t len;
    sample(&m, MSG_CHUNK);
    m.u.chunk.total = 2 * CHUNK_BYTES - 1;
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_MALFORMED);
    m.u.chunk.total = m.u.chunk.offset = UINT64_MAX;
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_MALFORMED);
    m.u.chunk.len = 0;
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_MALFORMED);
    expect_swapped(MSG_CHUNK, "\x20\x80\x80\x04", "\x20\x80\x80\x03", 4, BATON_MALFORMED,
                   "Chunk lies inside its blob");
}

static void
findings_that_are_no_list_are_refused_both_ways(void **state)
{
    (void)state;
    static struct message m;
    uint8_t *frame = NULL;
    size_t len;
    sample(&m, MSG_FINDINGS);
    m.u.findings.len--;
    assert_int_equal(codec_encode(&m, me.secret, &frame, &len, &err), BATON_MALFORMED);
    expect_swapped(MSG_FINDINGS, "BFL1", "BFL2", 4, BATON_MALFORMED,
                   "Findings are a list, the worst first");
}

/* Appends a length-delimited field to out and returns the new length. */
static size_t
field_put(uint8_t *out, size_t at, unsigned id, const uint8_t *bytes, size_t len)
{
    unsigned tag = id << 3 | 2;
    if (tag > 0x7F)
        out[at++] = (uint8_t)(tag | 0x80u), tag >>= 7;
    out[at++] = (uint8_t)tag;
    for (size_t n = len; (out[at++] = (uint8_t)(n > 0x7F ? n | 0x80u : n)) & 0x80u; n >>= 7)
        ;
    memcpy(out + at, bytes, len);
    return at + len;
}

/* An order with one more field `id` after its honest ones. */
static void
expect_order_with(unsigned id, const uint8_t *bytes, size_t len, unsigned times,
                  enum baton_status want, const char *word)
{
    struct order o = order_sample(ORDER_CHALLENGE);
    o.plan_len = o.trust.len = 0;
    o.approval_count = o.evidence_count = 0;
    uint8_t *packed, *grown = malloc(3 * FRAME_BYTES_MAX);
    size_t at;
    assert_non_null(grown);
    assert_int_equal(order_pack(&o, &packed, &at, &err), BATON_OK);
    memcpy(grown, packed, at);
    for (unsigned i = 0; i < times; i++)
        at = field_put(grown, at, id, bytes, len);
    expect_order(grown, at, want, word);
    free(packed);
    free(grown);
}

static size_t
signed_put(uint8_t *out, size_t len, size_t sig_len)
{
    static uint8_t bytes[STATEMENT_BYTES_MAX + 1];
    size_t at = field_put(out, 0, 1, bytes, len);
    return field_put(out, at, 2, bytes, sig_len);
}

static void
bad_approvals_are_refused_with_one_clear_error(void **state)
{
    (void)state;
    static uint8_t inner[2 * STATEMENT_BYTES_MAX];
    size_t len = signed_put(inner, APPROVAL_BYTES - 1, 64);
    char want[64];
    snprintf(want, sizeof want, "Order.approval 1 has %d bytes, not %d", APPROVAL_BYTES - 1,
             (int)APPROVAL_BYTES);
    expect_order_with(13, inner, len, 1, BATON_MALFORMED, want);
    len = signed_put(inner, APPROVAL_BYTES, 64); /* verb 0 */
    expect_order_with(13, inner, len, 1, BATON_MALFORMED, "Order.approval 1 is not an approval");
    len = signed_put(inner, APPROVAL_BYTES, 63);
    expect_order_with(13, inner, len, 1, BATON_MALFORMED, "a signature of 63 bytes");
    expect_order_with(13, inner, len, 9, BATON_LIMIT, "stands 9 times, at most 8");
    len = signed_put(inner, 1, 64);
    expect_order_with(13, inner, len, 257, BATON_LIMIT, "more than 256 times");
}

static void
plan_trust_and_evidence_of_a_wrong_size_are_refused(void **state)
{
    (void)state;
    static uint8_t inner[2 * FRAME_BYTES_MAX];
    expect_order_with(11, inner, PLAN_BYTES_MAX + 1, 1, BATON_LIMIT, "Order.plan has 8193 bytes");
    expect_order_with(11, inner, 0, 1, BATON_MALFORMED, "Order.plan is empty");
    expect_order_with(11, inner, 5, 2, BATON_MALFORMED, "Order.plan stands twice");
    memset(inner, 0, sizeof inner);
    size_t len = signed_put(inner, STATEMENT_BYTES_MAX + 1, 64);
    expect_order_with(14, inner, len, 1, BATON_LIMIT, "Order.evidence has 12289 bytes");
    len = signed_put(inner, 0, 64);
    expect_order_with(14, inner, len, 1, BATON_MALFORMED, "Order.evidence is empty");
    len = signed_put(inner, 1, 64);
    expect_order_with(14, inner, len, 5, BATON_LIMIT, "stands 5 times, at most 4");
    memset(inner, 0, sizeof inner);
    expect_order_with(11, inner, FRAME_BYTES_MAX, 1, BATON_LIMIT, "Order: has");
}

static void
an_order_that_lacks_what_its_verb_needs_is_refused(void **state)
{
    (void)state;
    struct order o = order_sample(ORDER_FENCE);
    uint8_t *bytes = NULL;
    size_t len;
    o.plan_len = 0;
    assert_int_equal(order_pack(&o, &bytes, &len, &err), BATON_MALFORMED);
    assert_non_null(strstr(err.text, "Order.plan"));
    o = order_sample(ORDER_GRANT);
    o.serial = 0;
    assert_int_equal(order_pack(&o, &bytes, &len, &err), BATON_MALFORMED);
    o = order_sample(ORDER_STATUS);
    o.verb = ORDER_VERB_COUNT;
    assert_int_equal(order_pack(&o, &bytes, &len, &err), BATON_MALFORMED);
    assert_null(bytes);
}

static void
deep_nesting_is_refused_without_a_deep_stack(void **state)
{
    (void)state;
    static uint8_t deep[60000];
    /* every level says that the rest is its envelope */
    for (size_t i = 0; i + 4 <= sizeof deep; i += 4) {
        size_t rest = sizeof deep - i - 4;
        deep[i] = 0x0A;
        deep[i + 1] = (uint8_t)(rest | 0x80u);
        deep[i + 2] = (uint8_t)(rest >> 7 | 0x80u);
        deep[i + 3] = (uint8_t)(rest >> 14);
    }
    expect_body(MSG_BEAT, deep, sizeof deep, BATON_MALFORMED, "");
}

static void
a_flood_of_tiny_fields_is_refused(void **state)
{
    (void)state;
    static uint8_t tiny[FRAME_BYTES_MAX - FRAME_HEADER_BYTES];
    for (size_t i = 0; i + 2 <= sizeof tiny; i += 2)
        tiny[i] = 0x78; /* field 15, value 0 */
    expect_body(MSG_BEAT, tiny, sizeof tiny - 1, BATON_MALFORMED, "unknown field 15");
}

static void
peek_reads_the_header_alone(void **state)
{
    (void)state;
    size_t len;
    enum message_type type = MSG_NONE;
    uint8_t id[KEY_ID_BYTES], mine[KEY_ID_BYTES];
    uint8_t *frame = frame_sample(MSG_SAY, &len);
    memset(frame + AT_SIG, 0, len - AT_SIG);
    assert_int_equal(codec_peek(frame, len, &type, id, &err), BATON_OK);
    codec_key_id(&me.key, mine);
    assert_int_equal(type, MSG_SAY);
    assert_memory_equal(id, mine, sizeof id);
    assert_int_equal(codec_peek(frame, len - 1, &type, id, &err), BATON_MALFORMED);
    free(frame);
}

static void
mutate(uint8_t *bytes, size_t len)
{
    for (unsigned hits = 1 + dice() % 4; hits > 0; hits--) {
        size_t at = dice() % len;
        switch (dice() % 3) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << dice() % 8);
            break;
        case 1:
            bytes[at] = (uint8_t)dice();
            break;
        default: {
            size_t from = dice() % len, n = dice() % 16;
            for (size_t i = 0; i < n && at + i < len && from + i < len; i++)
                bytes[at + i] = bytes[from + i];
        }
        }
    }
}

/* Always says good: the parser must stand on its own when a signer is hostile. */
static bool
trusting_verify(void *ctx, const struct baton_key *key, const char *domain, const void *bytes,
                size_t len, const struct baton_sig *sig)
{
    (void)ctx, (void)key, (void)domain, (void)bytes, (void)len, (void)sig;
    return true;
}

static void
ten_thousand_mutations_do_no_harm(void **state)
{
    (void)state;
    struct digest_port trusting = *crypto_digest_port();
    unsigned passed = 0;
    trusting.verify = trusting_verify;
    for (unsigned i = 0; i < MUTATIONS; i++) {
        size_t len;
        /* the order's frame three times as often as others: it is the richest */
        unsigned type = i % 4 != 0 ? MSG_ORDER : 1 + dice() % (MSG_TYPE_COUNT - 1);
        uint8_t *frame = frame_sample(type, &len);
        struct message *m = NULL;
        if (type == MSG_ORDER)
            mutate(frame + FRAME_HEADER_BYTES + 120,
                   (len - FRAME_HEADER_BYTES - 120) / (1 + i % 9));
        else
            mutate(frame + FRAME_HEADER_BYTES, len - FRAME_HEADER_BYTES);
        if (codec_decode(frame, len, &keys, &trusting, &m, &err) == BATON_OK) {
            uint8_t *again = NULL;
            size_t again_len;
            passed++;
            assert_int_equal(codec_encode(m, me.secret, &again, &again_len, &err), BATON_OK);
            free(again);
        }
        message_free(&m);
        free(frame);
    }
    assert_in_range(passed, 1, MUTATIONS - 1);
}

static int
set_up(void **state)
{
    (void)state;
    if (crypto_init(NULL) != BATON_OK || crypto_signer_new(&me, NULL) != BATON_OK ||
        crypto_signer_new(&stranger, NULL) != BATON_OK)
        return -1;
    fill(evidence_bytes, sizeof evidence_bytes);
    fill(plan_bytes, sizeof plan_bytes);
    fill(trust_bytes, sizeof trust_bytes);
    fill(chunk_bytes, sizeof chunk_bytes);
    struct order o = order_sample(ORDER_FENCE);
    return order_pack(&o, &order_bytes, &order_len, &err) == BATON_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    free(order_bytes);
    crypto_signer_done(&me);
    crypto_signer_done(&stranger);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_back_as_it_was),
        cmocka_unit_test(every_verb_comes_back_as_it_was),
        cmocka_unit_test(an_order_without_the_optional_parts_comes_back),
        cmocka_unit_test(the_largest_grant_fits_a_frame),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_truncated_body_is_refused_even_when_signed),
        cmocka_unit_test(a_header_that_lies_is_refused),
        cmocka_unit_test(the_signature_covers_header_and_body),
        cmocka_unit_test(an_unknown_key_is_refused_by_its_id),
        cmocka_unit_test(a_sender_who_is_not_the_signer_is_refused),
        cmocka_unit_test(only_enrol_may_come_from_an_unknown_key),
        cmocka_unit_test(nobody_enrols_a_key_that_did_not_sign),
        cmocka_unit_test(an_oversized_frame_is_refused_before_it_is_read),
        cmocka_unit_test(an_unknown_field_is_refused_at_every_level),
        cmocka_unit_test(a_singular_field_twice_is_refused),
        cmocka_unit_test(an_overlong_number_is_refused),
        cmocka_unit_test(a_missing_field_is_refused_by_name),
        cmocka_unit_test(a_text_with_nul_control_or_bad_utf8_is_refused),
        cmocka_unit_test(a_text_that_does_not_end_or_is_bad_is_not_sent),
        cmocka_unit_test(a_small_number_outside_its_range_is_refused_both_ways),
        cmocka_unit_test(a_chunk_outside_its_blob_is_refused_both_ways),
        cmocka_unit_test(findings_that_are_no_list_are_refused_both_ways),
        cmocka_unit_test(bad_approvals_are_refused_with_one_clear_error),
        cmocka_unit_test(plan_trust_and_evidence_of_a_wrong_size_are_refused),
        cmocka_unit_test(an_order_that_lacks_what_its_verb_needs_is_refused),
        cmocka_unit_test(deep_nesting_is_refused_without_a_deep_stack),
        cmocka_unit_test(a_flood_of_tiny_fields_is_refused),
        cmocka_unit_test(peek_reads_the_header_alone),
        cmocka_unit_test(ten_thousand_mutations_do_no_harm),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
