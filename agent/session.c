#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "common/log.h"
#include "common/merkle.h"
#include "common/text.h"

enum {
    HELLO_WAIT_MS = 5000,      /* for a WELCOME, then again, twice as long each time ... */
    HELLO_WAIT_MAX_MS = 60000, /* ... up to this, with up to a quarter of it at random on top */
    AGAIN_MS = 1000,           /* before a session that was refused is opened anew */
    BEAT_LEAST_MS = 100,       /* whatever a controller asks for */
    REPORT_GAP_MS = 100,       /* changes are pushed at once, but not in a flood */
};

static uint64_t
jittered(uint64_t ms)
{
    uint32_t random;
    crypto_random(&random, sizeof random);
    return ms + random % (ms / 4 + 1);
}

/* --- outward --- */

static bool
carries_session(enum message_type type)
{
    return type != MSG_HELLO && type != MSG_ENROL;
}

bool
session_send(struct agent *a, struct message *m)
{
    struct session *s = &a->session;
    if (a->bus == NULL || (carries_session(m->type) && !s->open))
        return false; /* it is stored, or will be said anew */
    m->env = (struct envelope){.sender = a->identity.sign_key,
                               .recipient = a->setup->controller_sign,
                               .tenant = a->setup->tenant};
    if (carries_session(m->type)) {
        m->env.session = s->id;
        m->env.sequence = ++s->out;
    }
    struct baton_err err = {0};
    uint8_t *frame;
    size_t len;
    enum baton_status rc = codec_encode(m, a->identity.secret->sign, &frame, &len, &err);
    if (rc != BATON_OK) {
        log_error("session.encode", "type=%s %s", message_type_name(m->type), err.text);
        return false;
    }
    rc = agent_bus_send(a->bus, frame, len);
    free(frame);
    return rc == BATON_OK;
}

/* Every session counts, and is stored before it is said: of two copies of one memory, or of a memory that
 * was put back, one soon counts less than the controller has heard. */
static bool
count_session(struct agent *a)
{
    a->member.promise.counter++;
    a->later.promise = true;
    return agent_begin(a) && agent_commit(a);
}

static void
say_hello(struct agent *a)
{
    struct session *s = &a->session;
    const struct promise *p = &a->member.promise;
    if (!count_session(a))
        return;
    s->open = false;
    s->out = s->in = 0;
    crypto_random(s->nonce.b, sizeof s->nonce.b);
    uint64_t wait = (uint64_t)HELLO_WAIT_MS << (s->hellos < 4 ? s->hellos : 4);
    s->hello_due_ms =
        agent_now_ms() + jittered(wait > HELLO_WAIT_MAX_MS ? HELLO_WAIT_MAX_MS : wait);
    s->hellos++;
    struct message m = {.type = MSG_HELLO};
    m.u.hello = (struct msg_hello){.nonce = s->nonce,
                                   .counter = p->counter,
                                   .binary = a->member.binary,
                                   .table = a->table,
                                   .trust_version = p->trust_version,
                                   .trust_hash = p->trust_hash,
                                   .machine = p->machine,
                                   .receipt_size = p->receipt_size,
                                   .receipt_root = p->receipt_root};
    text_copy(m.u.hello.version, sizeof m.u.hello.version, a->member.version);
    (void)session_send(a, &m);
}

void
session_link(struct agent *a)
{
    enum agent_bus_event e;
    while ((e = agent_bus_event(a->bus)) != LINK_NOTHING) {
        bool up = agent_bus_up(a->bus);
        log_info("session.link", "%s", agent_bus_event_name(e));
        if (e == LINK_UP) {
            say_hello(a);
        } else {
            if (a->session.open)
                log_warn("session.lost", "controller=%s", a->setup->address);
            a->session.open = false;
        }
        a->session.link = up;
    }
}

/* Facts as of now: what was seen a while ago is that much older. */
static void
aged_facts(const struct agent *a, struct facts *f, uint64_t now_ms)
{
    *f = a->member.watch.facts;
    uint64_t more = now_ms - a->observed_ms;
    for (size_t i = 0; i < FACT_COUNT; i++) {
        uint64_t age = f->fact[i].age_ms + more;
        f->fact[i].age_ms = age > UINT32_MAX ? UINT32_MAX : (uint32_t)age;
    }
}

static bool
moves_by_itself(enum fact_id id)
{
    return id == FACT_QUIET_FOR_MS || id == FACT_DISK_FREE_BYTES;
}

static bool
facts_differ(const struct facts *a, const struct facts *b)
{
    for (size_t i = 0; i < FACT_COUNT; i++) {
        const struct fact *x = &a->fact[i], *y = &b->fact[i];
        if (x->state != y->state || x->reason != y->reason ||
            (x->value != y->value && !moves_by_itself((enum fact_id)i)))
            return true;
    }
    for (size_t i = 0; i < DIGEST_COUNT; i++)
        if (a->digest_known[i] != b->digest_known[i] ||
            !baton_hash_eq(&a->digest[i], &b->digest[i]))
            return true;
    return strcmp(a->note, b->note) != 0;
}

void
session_report(struct agent *a, bool beat)
{
    uint64_t now = agent_now_ms();
    if (!a->session.open || a->observed_ms == 0)
        return;
    bool changed = facts_differ(&a->member.watch.facts, &a->reported);
    if (!beat && (!changed || now - a->reported_ms < REPORT_GAP_MS))
        return;
    struct message m = {.type = MSG_REPORT};
    aged_facts(a, &m.u.report.facts, now);
    m.u.report.wall_unix_ms = agent_unix_ms();
    if (!session_send(a, &m))
        return;
    a->reported = a->member.watch.facts;
    a->reported_ms = now;
}

/* A proxy that refuses is somebody's to mend: its words are said, each once. */
static void
tell_trouble(struct agent *a)
{
    struct session *s = &a->session;
    const char *trouble = a->bus != NULL ? agent_bus_trouble(a->bus) : "";
    if (strncmp(trouble, s->trouble, sizeof s->trouble - 1) == 0)
        return;
    text_copy(s->trouble, sizeof s->trouble, trouble);
    if (trouble[0] != '\0')
        log_warn("session.proxy", "why=\"%s\"", s->trouble);
}

void
session_time(struct agent *a)
{
    struct session *s = &a->session;
    uint64_t now = agent_now_ms();
    tell_trouble(a);
    if (s->link && !s->open && now >= s->hello_due_ms)
        say_hello(a);
    if (!s->open)
        return;
    if (s->unheard_due_ms != 0 && now >= s->unheard_due_ms)
        agent_send_unheard(a);
    session_report(a, false);
    settings_time(a, false);
    review_time(a, false);
    rows_time(a, false);
    if (now < a->beat_due_ms)
        return;
    struct message m = {.type = MSG_BEAT};
    (void)session_send(a, &m);
    session_report(a, true);
    a->beat_due_ms = now + s->beat_ms;
}

uint64_t
session_next_ms(const struct agent *a)
{
    const struct session *s = &a->session;
    if (s->open && s->unheard_due_ms != 0 && s->unheard_due_ms < a->beat_due_ms)
        return s->unheard_due_ms;
    if (s->open)
        return a->beat_due_ms;
    return s->link ? s->hello_due_ms : UINT64_MAX;
}

/* --- inward --- */

static void
on_welcome(struct agent *a, const struct message *m)
{
    struct session *s = &a->session;
    const struct msg_welcome *w = &m->u.welcome;
    if (!baton_id_eq(&w->nonce, &s->nonce) || s->open) {
        log_debug("session.welcome", "not of the newest hello");
        return;
    }
    s->open = true;
    s->id = w->session;
    s->out = 0;
    s->in = m->env.sequence;
    s->hellos = 0;
    s->beat_ms = w->beat_ms == 0 ? (uint64_t)agent_policy(a, POLICY_BEAT_MS) : w->beat_ms;
    if (s->beat_ms < BEAT_LEAST_MS)
        s->beat_ms = BEAT_LEAST_MS;
    a->beat_due_ms = agent_now_ms();
    a->reported_ms = 0;
    log_info("session.open", "controller=%s", a->setup->address);
    struct order trust = {.trust = w->trust};
    struct member_event ev = agent_event(MEMBER_TRUST);
    ev.order = &trust;
    agent_step(a, &ev);
    agent_send_unheard(a);
    settings_session(a);
    review_session(a);
    rows_session(a);
}

static void
on_order(struct agent *a, const struct message *m)
{
    if (!baton_id_eq(&m->u.order.order.tenant, &a->setup->tenant)) {
        log_warn("session.order", "for another tenant");
        return;
    }
    agent_order(a, &m->u.order);
}

static void
on_receipt(struct agent *a, const struct message *m)
{
    const struct msg_receipt *r = &m->u.receipt;
    uint8_t bytes[CHECKPOINT_BYTES];
    checkpoint_bytes(r->size, &r->root, r->unix_ms, bytes);
    if (!crypto_verify_domain(&a->setup->controller_sign, DOMAIN_CHECKPOINT, bytes, sizeof bytes,
                              &r->sig)) {
        log_warn("session.receipt", "without the controller's signature");
        return;
    }
    struct receipt kept = {.size = r->size, .unix_ms = r->unix_ms, .root = r->root, .sig = r->sig};
    struct member_event ev = agent_event(MEMBER_RECEIPT);
    ev.receipt_size = r->size;
    ev.receipt_root = r->root;
    member_step(&a->member, &ev, a->digest, &a->out);
    later_receipt(a, &kept);
}

static void
on_heard(struct agent *a, const struct message *m)
{
    if (!review_heard(a, &m->u.heard.statement))
        later_heard(a, &m->u.heard.statement);
}

static void
on_chunk(struct agent *a, const struct message *m)
{
    settings_chunk(a, &m->u.chunk);
}

static void
on_want(struct agent *a, const struct message *m)
{
    settings_want(a, &m->u.want);
    rows_want(a, &m->u.want);
}

/* "Say hello again": after a pause of this machine the controller has let the session go, though the
 * connection stands. What is refused by name is one offer of settings or rows, and no reason for that. */
static void
on_refused(struct agent *a, const struct message *m)
{
    const struct msg_refused *r = &m->u.refused;
    struct session *s = &a->session;
    log_warn("session.refused", "status=%s %s", baton_status_name((enum baton_status)r->status),
             r->text);
    if (!baton_id_is_zero(&r->order)) {
        if (r->status != BATON_LIMIT)
            rows_refused(a, &r->order);
        settings_refused(a, (enum baton_status)r->status, &r->order);
        return;
    }
    if (!s->open || r->status != BATON_DENIED)
        return;
    s->open = false;
    s->hello_due_ms = agent_now_ms() + jittered(AGAIN_MS);
}

/* The closed dispatch: whatever has no row is refused. */
static void (*const dispatch[MSG_TYPE_COUNT])(struct agent *a, const struct message *m) = {
    [MSG_WELCOME] = on_welcome, [MSG_ORDER] = on_order, [MSG_RECEIPT] = on_receipt,
    [MSG_CHUNK] = on_chunk,     [MSG_WANT] = on_want,   [MSG_REFUSED] = on_refused,
    [MSG_HEARD] = on_heard,
};

static const char *
authz(const struct agent *a, const struct message *m)
{
    const struct envelope *e = &m->env;
    const struct message_rule *rule = message_rule(FROM_CONTROLLER, m->type);
    if (rule == NULL || dispatch[m->type] == NULL)
        return "a controller may not send this type";
    if (!baton_key_eq(&e->recipient, &a->identity.sign_key))
        return "meant for another agent";
    if (!baton_id_eq(&e->tenant, &a->setup->tenant))
        return "meant for another tenant";
    if (!rule->session)
        return NULL;
    if (!a->session.open || !baton_id_eq(&e->session, &a->session.id))
        return "not of the open session";
    return e->sequence > a->session.in ? NULL : "a sequence number that was used before";
}

static void
take_message(struct agent *a, const struct message *m)
{
    const char *why = authz(a, m);
    if (why != NULL) {
        a->session.refused_count++;
        log_warn("session.dropped", "type=%s: %s", message_type_name(m->type), why);
        return;
    }
    if (message_rule(FROM_CONTROLLER, m->type)->session)
        a->session.in = m->env.sequence;
    dispatch[m->type](a, m);
}

static bool
pinned_key(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    const struct agent *a = ctx;
    uint8_t id[KEY_ID_BYTES];
    codec_key_id(&a->setup->controller_sign, id);
    *ret_key = a->setup->controller_sign;
    return memcmp(id, key_id, sizeof id) == 0;
}

static void
take_frame(struct agent *a, const uint8_t *frame, size_t len)
{
    struct codec_keys keys = {.ctx = a, .find = pinned_key};
    struct message *m = NULL;
    struct baton_err err = {0};
    enum baton_status rc = codec_decode(frame, len, &keys, a->digest, &m, &err);
    if (rc != BATON_OK) {
        a->session.refused_count++;
        log_warn("session.frame", "%s", err.text);
        return;
    }
    take_message(a, m);
    message_free(&m);
}

void
session_receive(struct agent *a)
{
    enum { FRAMES_AT_ONCE = 64 }; /* then time and host have their turn */
    const uint8_t *frame;
    size_t len;
    for (int i = 0; i < FRAMES_AT_ONCE && agent_runs(a); i++) {
        enum baton_status rc = agent_bus_recv(a->bus, &frame, &len);
        if (rc == BATON_NOT_FOUND)
            return;
        if (rc == BATON_OK)
            take_frame(a, frame, len);
    }
}
