/* Whole handoffs through the real engine, store, frames and keys, with the real pure core of two
 * agents at the other end. What people and servers do is done by changing facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "engine_world.h"
#include "toy.h"

#include "common/crypto/letter.h"
#include "controller/adapters/store_sqlite.h"
#include "controller/core/approvals.h"
#include "controller/rebuild.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OLD, NEW, SIDES, ORDERS_KNOWN = 256 };

static const uint8_t settings_file[] = "{\"settings\": \"of the old server\"}";

struct side { /* one agent: the member, its server's facts, its end of the wire */
    struct world_agent wire;
    struct member m;
    struct facts facts;
    uint8_t sealed[3 * CHUNK_BYTES + 100];
    struct baton_hash blob;
    uint64_t fetched, fetch_total;
    struct baton_hash fetching;
};

struct handoff {
    struct world w;
    struct side side[SIDES];
    struct tenant t; /* as last read */
    bool cut[SIDES]; /* nothing reaches it, and it says nothing */
};

static void
read_tenant(struct handoff *h)
{
    world_settle(&h->w);
    world_tenant(&h->w, &h->t);
    if (!h->cut[OLD]) /* else people vouch for it: its memory is not the world */
        BATON_ASSERT(!(h->side[OLD].m.promise.holding && h->side[NEW].m.promise.holding));
}

/* ---- one agent -------------------------------------------------------------------------------- */

static void
follow_desire(struct side *s)
{
    enum desire want = member_desire(&s->m);
    bool stopped = !fact_is(&s->facts, FACT_SERVICES_STOPPED, 0);
    if ((want == DESIRE_STOPPED || want == DESIRE_STOPPED_NOW) && !stopped)
        toy_facts_stop(&s->facts);
    if (want != DESIRE_RUNNING || !stopped)
        return;
    static const enum fact_id off[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED,
                                       FACT_SERVICES_DISABLED_REGISTRY, FACT_ENGINE_GONE};
    for (size_t i = 0; i < ARRAY_LEN(off); i++)
        facts_set(&s->facts, off[i], 0);
}

/* Answers name their order's hash; evidence comes later than its order, after an observation. */
static struct {
    struct baton_id id;
    struct baton_hash hash;
} orders[ORDERS_KNOWN];
static size_t order_count;

static const struct baton_hash *
order_hash_of(const struct baton_id *id)
{
    for (size_t i = 0; i < ORDERS_KNOWN; i++)
        if (baton_id_eq(&orders[i].id, id))
            return &orders[i].hash;
    return NULL;
}

static void
member_do(struct side *s, struct member_event ev)
{
    struct member_out *out = calloc(1, sizeof *out);
    s->wire.w->clock_ms += 1;
    ev.now_ms = ev.began_ms = world_now_ms(s->wire.w);
    ev.now_unix_ms = world_unix_ms(s->wire.w);
    member_step(&s->m, &ev, crypto_digest_port(), out);
    follow_desire(s);
    for (size_t i = 0; i < out->word_count; i++) {
        const struct member_word *word = &out->word[i];
        const struct baton_hash *hash = word->answers ? order_hash_of(&word->order) : NULL;
        if (hash != NULL)
            agent_answer_bytes(&s->wire, &word->order, hash, word->bytes, word->len);
        else
            agent_say_bytes(&s->wire, word->bytes, word->len);
    }
    free(out);
}

static void
observe(struct side *s)
{
    member_do(s, (struct member_event){.kind = MEMBER_OBSERVED, .facts = &s->facts});
}

static void
answer_status(struct side *s, const struct order *o)
{
    struct order status = {.verb = ORDER_STATUS, .id = o->id, .tenant = o->tenant};
    member_do(s, (struct member_event){.kind = MEMBER_ORDER, .order = &status});
}

static void
send_chunk(struct side *s, uint64_t offset)
{
    struct message m = {.type = MSG_CHUNK};
    if (offset >= sizeof s->sealed)
        return;
    size_t left = sizeof s->sealed - (size_t)offset;
    m.u.chunk = (struct msg_chunk){s->blob, offset, sizeof s->sealed, s->sealed + offset,
                                   left < CHUNK_BYTES ? left : CHUNK_BYTES};
    agent_send(&s->wire, &m);
}

static void
want(struct side *s)
{
    struct message m = {.type = MSG_WANT};
    m.u.want = (struct msg_want){s->fetching, s->fetched};
    agent_send(&s->wire, &m);
}

static void
on_order(struct side *s, const struct message *m)
{
    const struct order *o = &m->u.order.order;
    struct baton_hash hash;
    crypto_sha256(m->u.order.bytes, m->u.order.len, &hash);
    orders[order_count % ORDERS_KNOWN].id = o->id;
    orders[order_count++ % ORDERS_KNOWN].hash = hash;
    if (getenv("TELL")) {
        printf("ORDER %s approvals %u recipient %02x", order_verb_name(o->verb), o->approval_count,
               o->recipient.b[0]);
        for (int i = 0; i < o->approval_count; i++)
            printf(" %s/%02x", approval_verb_name(o->approval[i].a.verb),
                   o->approval[i].a.recipient.b[0]);
        printf(" self %02x\n", s->wire.id.sign_key.b[0]);
    }
    switch (o->verb) {
    case ORDER_SEAL:
        crypto_random(s->sealed, sizeof s->sealed);
        crypto_sha256(s->sealed, sizeof s->sealed, &s->blob);
        facts_set(&s->facts, FACT_SETTINGS_SEALED, 1);
        answer_status(s, o);
        send_chunk(s, 0);
        break;
    case ORDER_PLACE:
        s->fetching = o->blob;
        s->fetched = 0;
        want(s);
        answer_status(s, o);
        break;
    case ORDER_WATCH:
        answer_status(s, o);
        break;
    default:
        member_do(s, (struct member_event){.kind = MEMBER_ORDER, .order = o});
        observe(s);
    }
}

static void
on_chunk(struct side *s, const struct message *m)
{
    const struct msg_chunk *c = &m->u.chunk;
    assert_true(baton_hash_eq(&c->blob, &s->fetching));
    assert_true(c->offset == s->fetched);
    s->fetched += c->len;
    s->fetch_total = c->total;
    want(s);
    if (s->fetched == c->total) {
        struct baton_hash file;
        crypto_sha256(settings_file, sizeof settings_file, &file);
        facts_set(&s->facts, FACT_SETTINGS_PLACED, 1);
        facts_set_digest(&s->facts, DIGEST_SETTINGS, &file);
    }
}

static void
on_welcome(struct side *s, const struct message *m)
{
    struct order trust = {.trust = m->u.welcome.trust};
    s->wire.session = m->u.welcome.session;
    s->wire.sequence = 0;
    member_do(s, (struct member_event){.kind = MEMBER_TRUST, .order = &trust});
}

static bool
take_one(struct side *s)
{
    struct message *m = world_next(s->wire.w, &s->wire);
    if (m == NULL)
        return false;
    if (m->type == MSG_ORDER)
        on_order(s, m);
    else if (m->type == MSG_CHUNK)
        on_chunk(s, m);
    else if (m->type == MSG_WANT)
        send_chunk(s, m->u.want.offset);
    else if (m->type == MSG_WELCOME)
        on_welcome(s, m);
    else if (m->type == MSG_RECEIPT)
        member_do(s, (struct member_event){.kind = MEMBER_RECEIPT,
                                           .receipt_size = m->u.receipt.size,
                                           .receipt_root = m->u.receipt.root});
    else if (m->type == MSG_REFUSED)
        fail_msg("refused: %s", m->u.refused.text);
    return true;
}

/* Until nobody has anything to say. */
static void
quiesce(struct handoff *h)
{
    bool busy = true;
    while (busy) {
        world_settle(&h->w);
        busy = !h->cut[OLD] && take_one(&h->side[OLD]);
        busy = (!h->cut[NEW] && take_one(&h->side[NEW])) || busy;
    }
}

static void
hello(struct side *s)
{
    struct message m = {.type = MSG_HELLO};
    m.u.hello.counter = s->m.promise.counter;
    strcpy(m.u.hello.version, "0.1.0");
    m.u.hello.machine = s->m.promise.machine;
    m.u.hello.trust_version = s->m.promise.trust_version;
    m.u.hello.trust_hash = s->m.promise.trust_hash;
    m.u.hello.receipt_size = s->m.promise.receipt_size;
    m.u.hello.receipt_root = s->m.promise.receipt_root;
    crypto_random(m.u.hello.nonce.b, sizeof m.u.hello.nonce.b);
    s->wire.session = (struct baton_id){{0}};
    agent_send(&s->wire, &m);
}

static void
report(struct side *s)
{
    observe(s);
    s->wire.facts = s->m.watch.facts;
    agent_report(&s->wire);
}

static void
pass(struct handoff *h, uint64_t step_ms)
{
    h->w.clock_ms += step_ms;
    h->w.wall_ms += step_ms;
    for (int i = 0; i < SIDES; i++)
        if (!h->cut[i])
            report(&h->side[i]);
    world_pause(120); /* the engine looks at its clock */
    quiesce(h);
    read_tenant(h);
}

/* ---- people ----------------------------------------------------------------------------------- */

static enum baton_status
verb(struct handoff *h, enum handoff_event v, const char *text)
{
    struct engine_call *c = world_call_new(&h->w, CALL_CUTOVER_VERB);
    c->cutover = h->t.cutover.id;
    c->verb = v;
    snprintf(c->text, sizeof c->text, "%s", text);
    enum baton_status rc = engine_call(h->w.engine, c);
    free(c);
    quiesce(h);
    read_tenant(h);
    return rc;
}

static struct approval
approval_of(const struct handoff *h, enum approval_verb v, size_t by)
{
    const struct tenant *t = &h->t;
    const struct plan *p = &t->plan;
    struct approval a;
    memset(&a, 0, sizeof a);
    bool to_old = v == VERB_PLAN || v == VERB_ROLLBACK || v == VERB_RETIRE;
    a.verb = (uint8_t)v;
    crypto_random(a.id.b, sizeof a.id.b);
    a.operator= h->w.operator_id[by];
    a.tenant = h->w.tenant;
    a.trust_version = 1;
    a.not_after_ms = UINT64_MAX / 2;
    a.plan = t->cutover.plan;
    for (size_t i = 0; i < p->member_count; i++)
        a.member[i] = p->member[i].key;
    a.recipient = p->member[to_old ? p->holder : p->recipient].key;
    a.base = t->authority.epoch;
    if (v == VERB_CUTOVER || v == VERB_GO)
        a.verification = t->cutover.verification_hash;
    if (v == VERB_DISARM || v == VERB_ATTEST)
        a.subject = h->side[OLD].wire.id.sign_key;
    if (v == VERB_ATTEST) {
        a.epoch = t->authority.epoch;
        a.recipient = t->authority.recipient;
        a.not_after_ms = world_unix_ms((struct world *)(uintptr_t)&h->w) +
                         approval_life_ms(VERB_ATTEST, &p->policy);
        crypto_sha256("powered off", 11, &a.seen);
    }
    if (v != VERB_GO)
        return a;
    a.epoch = t->authority.epoch;
    a.serial = t->authority.serial + 1;
    for (size_t i = 0; i < p->member_count; i++) {
        int at = authority_member_index(&t->authority, &p->member[i].key);
        if (i != p->recipient && at >= 0)
            a.evidence[i] = t->authority.member[at].evidence;
    }
    return a;
}

static enum baton_status
approve(struct handoff *h, enum approval_verb v, size_t by)
{
    struct engine_call *c = world_call_new(&h->w, CALL_APPROVAL);
    struct approval a = approval_of(h, v, by);
    c->actor = h->w.operator_id[by];
    c->cutover = h->t.cutover.id;
    c->len = APPROVAL_BYTES;
    approval_encode(&a, c->bytes);
    assert_int_equal(
        crypto_sign_domain(h->w.operator[by].secret, DOMAIN_APPROVAL, c->bytes, c->len, &c->sig),
        BATON_OK);
    enum baton_status rc = engine_call(h->w.engine, c);
    free(c);
    quiesce(h);
    read_tenant(h);
    return rc;
}

static void
export_settings(struct handoff *h)
{
    struct baton_hash file;
    crypto_sha256(settings_file, sizeof settings_file, &file);
    facts_set(&h->side[OLD].facts, FACT_SETTINGS_SEEN, (int64_t)world_unix_ms(&h->w));
    facts_set_digest(&h->side[OLD].facts, DIGEST_SETTINGS, &file);
}

static void
install(struct handoff *h)
{
    struct facts *f = &h->side[NEW].facts;
    struct baton_hash config;
    crypto_sha256("config", 6, &config);
    facts_set(f, FACT_PRODUCT_PRESENT, 1);
    facts_set(f, FACT_PRODUCT_VERSION, 0x0002000600000000);
    facts_set(f, FACT_CONNECTOR_READY, 1);
    facts_set(f, FACT_STAGING_SCHEDULER, 1);
    facts_set(f, FACT_STAGING_SETTINGS, 1);
    facts_set_digest(f, DIGEST_CONFIG, &config);
    facts_set_digest(f, DIGEST_RULES, &config);
}

static void
cycle(struct handoff *h)
{
    static const enum fact_id ops[] = {FACT_FULL_IMPORT_AD, FACT_FULL_SYNC_AD,
                                       FACT_FULL_IMPORT_ENTRA, FACT_FULL_SYNC_ENTRA};
    struct facts *f = &h->side[NEW].facts;
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        facts_set(f, ops[i], 1);
    facts_set(f, FACT_PENDING_ADDS, 3);
    facts_set(f, FACT_PENDING_UPDATES, 12);
    facts_set(f, FACT_PENDING_DELETES, 0);
    for (int i = 0; i < SIDES; i++)
        facts_set(&h->side[i].facts, FACT_GOOD_CYCLES,
                  fact_or(&h->side[i].facts, FACT_GOOD_CYCLES, 0) + 1);
}

static void
exported(struct handoff *h, int who)
{
    struct facts *f = &h->side[who].facts;
    facts_set(f, FACT_EXPORTS_TOTAL, fact_or(f, FACT_EXPORTS_TOTAL, 0) + 1);
    facts_set(f, FACT_LAST_EXPORT_END, (int64_t)world_unix_ms(&h->w));
    facts_set(f, FACT_LAST_RUN_END, (int64_t)world_unix_ms(&h->w));
    facts_set(f, FACT_LAST_EXPORT_OK, 1);
}

static void
go(struct handoff *h)
{
    assert_int_equal(verb(h, HEV_GO, ""), BATON_OK);
    pass(h, 10);
    approve(h, VERB_GO, 2);
}

static void
remove_old(struct handoff *h)
{
    facts_set(&h->side[OLD].facts, FACT_PRODUCT_PRESENT, 0);
    facts_set(&h->side[OLD].facts, FACT_SERVICES_PRESENT, 0);
    facts_set(&h->side[NEW].facts, FACT_ACCOUNT_REMOVED, (int64_t)world_unix_ms(&h->w));
    pass(h, 10);
    approve(h, VERB_RETIRE, 0);
    verb(h, HEV_RETIRE, "");
}

static void
people_act(struct handoff *h)
{
    switch (h->t.cutover.state) {
    case HO_ASSESSED:
        verb(h, HEV_PLAN, "");
        break;
    case HO_PLANNED:
        approve(h, VERB_PLAN, 0);
        break;
    case HO_EXPORT_SETTINGS:
        export_settings(h);
        break;
    case HO_INSTALL_STAGED:
        install(h);
        break;
    case HO_FIRST_SYNC:
        cycle(h);
        break;
    case HO_VERIFY:
        verb(h, HEV_ACCEPT, "reviewed");
        break;
    case HO_READY:
        approve(h, VERB_CUTOVER, 0);
        approve(h, VERB_CUTOVER, 1);
        verb(h, HEV_ARM, "");
        break;
    case HO_ARMED:
        verb(h, HEV_START, "");
        break;
    case HO_GAP:
        go(h);
        break;
    case HO_GRANTING:
        facts_set(&h->side[NEW].facts, FACT_STAGING_SCHEDULER, 0);
        facts_set(&h->side[NEW].facts, FACT_STAGING_SETTINGS, 0);
        break;
    case HO_ACTIVATING:
        exported(h, NEW);
        break;
    case HO_PROBATION:
        cycle(h);
        break;
    case HO_DECOMMISSION:
        remove_old(h);
        break;
    default:
        break;
    }
}

static void
tell(const struct handoff *h)
{
    struct problem p;
    tenant_explain(&h->t, world_now_ms((struct world *)(uintptr_t)&h->w), crypto_digest_port(),
                   NULL, &p);
    printf("state %s phase %s epoch %llu: %u %s\n",
           handoff_state_code((enum handoff_state)h->t.cutover.state),
           authority_phase_name((enum authority_phase)h->t.authority.phase),
           (unsigned long long)h->t.authority.epoch.counter, p.rule, p.title);
    for (size_t i = 0; i < p.fact_count; i++)
        printf("  %s\n", p.fact[i].text);
    for (int i = 0; i < SIDES; i++)
        printf("  %s said %s, refusal %s, epoch %llu\n", h->t.agent[i].host,
               statement_type_name((enum statement_type)h->t.agent[i].statement.type),
               refusal_name((enum refusal)h->t.agent[i].statement.refusal),
               (unsigned long long)h->t.agent[i].statement.epoch.counter);
}

static void
restart(struct handoff *h)
{
    world_stop(&h->w);
    world_start(&h->w);
    for (int i = 0; i < SIDES; i++)
        hello(&h->side[i]);
    quiesce(h);
    pass(h, 1200);
}

/* until_state, with a restart of the controller in every state on the way when asked for. */
static void
walk_to(struct handoff *h, enum handoff_state state, bool restarts)
{
    uint8_t seen = HO_NONE;
    for (int i = 0; i < 80 && h->t.cutover.state != state; i++) {
        if (restarts && h->t.cutover.state != seen)
            restart(h);
        seen = h->t.cutover.state;
        people_act(h);
        if (h->t.cutover.state != state)
            pass(h, 1200);
    }
    if (h->t.cutover.state != state)
        tell(h);
    assert_int_equal(h->t.cutover.state, state);
}

/* ---- life ------------------------------------------------------------------------------------- */

static void
side_join(struct handoff *h, int who)
{
    struct side *s = &h->side[who];
    agent_init(&s->wire, &h->w, who == OLD ? "OLD" : "NEW");
    member_init(&s->m, &s->wire.id.sign_key, &h->w.tenant, &h->w.root.key);
    s->m.promise.machine = s->wire.machine;
    s->m.lab_host = true;
    s->m.product = who == OLD ? PRODUCT_DIRSYNC : PRODUCT_CONNECT;
    s->facts = toy_facts(who == OLD ? TOY_OLD : TOY_NEW);
    facts_set(&s->facts, FACT_OBJECTS, 1200);
    facts_set(&s->facts, FACT_INTERVAL_MS, 2000);
    facts_set(&s->facts, FACT_GOOD_CYCLES, who == OLD ? 40 : 0);
    facts_set(&s->facts, FACT_IMPORT_OK, 1);
    agent_token(&s->wire, who == OLD ? 'o' : 'n');
    agent_enrol(&s->wire, true);
    agent_confirm(&s->wire);
    hello(s);
}

static void
create(struct handoff *h)
{
    struct engine_call *c = world_call_new(&h->w, CALL_CUTOVER_CREATE);
    c->old_key = h->side[OLD].wire.id.sign_key;
    c->new_key = h->side[NEW].wire.id.sign_key;
    c->profile = PROFILE_PARALLEL;
    strcpy(c->text, "as agreed");
    free(world_call(&h->w, c, BATON_OK));
    read_tenant(h);
}

static int
setup(void **state)
{
    struct handoff *h = calloc(1, sizeof *h);
    assert_non_null(h);
    order_count = 0;
    world_init(&h->w);
    world_start(&h->w);
    world_setup(&h->w);
    side_join(h, OLD);
    side_join(h, NEW);
    quiesce(h);
    struct facts *f = &h->side[NEW].facts;
    facts_set(&h->side[OLD].facts, FACT_LAST_EXPORT_END, (int64_t)world_unix_ms(&h->w) - 1000);
    facts_set(&h->side[OLD].facts, FACT_LAST_EXPORT_OK, 1);
    facts_set(f, FACT_PRODUCT_PRESENT, 0);
    facts_set(f, FACT_PREREQ_FAILED, 0);
    facts_absent(f, FACT_STAGING_SCHEDULER, ABSENT_NO_PRODUCT);
    facts_absent(f, FACT_STAGING_SETTINGS, ABSENT_NO_PRODUCT);
    facts_absent(f, FACT_CONNECTOR_READY, ABSENT_NO_PRODUCT);
    pass(h, 1000);
    create(h);
    *state = h;
    return 0;
}

static int
teardown(void **state)
{
    struct handoff *h = *state;
    world_done(&h->w);
    for (int i = 0; i < SIDES; i++)
        agent_done(&h->side[i].wire);
    free(h);
    return 0;
}

/* ---- tests ------------------------------------------------------------------------------------ */

static void
check_rebuild(struct handoff *h)
{
    struct store_port store, scratch;
    struct rebuild_result r;
    struct baton_err err = {0};
    char path[128];
    world_stop(&h->w);
    snprintf(path, sizeof path, "%s.rebuild", h->w.path);
    assert_int_equal(
        store_sqlite_open(h->w.path, STORE_READ_WRITE, crypto_digest_port(), &store, &err),
        BATON_OK);
    assert_int_equal(
        store_sqlite_open(path, STORE_READ_WRITE, crypto_digest_port(), &scratch, &err), BATON_OK);
    if (rebuild_run(&store, &scratch, false, &r, &err) != BATON_OK)
        fail_msg("rebuild: %s", err.text);
    store.close(store.ctx);
    scratch.close(scratch.ctx);
}

/* Found by the simulator: while the controller recovers, each second of an open cutover put the next attempt
 * off, and a question whose answer was lost was never said again. */
static void
a_question_that_got_no_answer_after_a_restart_is_said_again(void **state)
{
    struct handoff *h = *state;
    struct side *s = &h->side[OLD];
    walk_to(h, HO_EXPORT_SETTINGS, false);
    world_stop(&h->w);
    world_start(&h->w);
    hello(s);
    assert_non_null(world_take_order(&h->w, &s->wire, ORDER_STATUS));
    for (int i = 0; i < 5; i++) {
        h->w.clock_ms += 1000;
        world_pause(120); /* the engine looks at its clock */
    }
    assert_non_null(world_take_order(&h->w, &s->wire, ORDER_STATUS));
}

static void
a_whole_handoff_from_assessment_to_done(void **state)
{
    struct handoff *h = *state;
    walk_to(h, HO_DONE, false);
    assert_true(baton_key_eq(&h->t.authority.holder, &h->side[NEW].wire.id.sign_key));
    assert_true(h->side[NEW].m.promise.holding && !h->side[OLD].m.promise.holding);
    assert_true(h->side[OLD].m.promise.retired);
    assert_true(h->side[NEW].fetch_total == sizeof h->side[OLD].sealed);
    send_chunk(&h->side[OLD], 0); /* as its agent does in each session from now on */
    struct message *declined = world_take(&h->w, &h->side[OLD].wire, MSG_REFUSED);
    assert_non_null(declined);
    assert_int_equal(declined->u.refused.status, BATON_DENIED);
    assert_int_equal(world_records(&h->w, AUDIT_REFUSED), 0);
    assert_true(h->t.info.first_sync.ms > 0); /* in the row that a rebuild makes again */
    assert_int_equal(h->t.info.first_sync.objects, 1200);
    assert_true(world_records(&h->w, AUDIT_ORDERED) >= 8);
    assert_true(h->side[OLD].m.promise.armed); /* its guard watches on ... */
    assert_int_equal(approve(h, VERB_DISARM, 0), BATON_OK);
    assert_false(h->side[OLD].m.promise.armed); /* ... until a person's word reaches it */
    check_rebuild(h);
}

/* The next trust document: this verb takes so many people. */
static void
quorum_put(struct handoff *h, enum approval_verb verb, uint8_t people)
{
    struct store_port reader;
    struct trust_doc *d = calloc(1, sizeof *d);
    struct engine_call *c = world_call_new(&h->w, CALL_TRUST_PUT);
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_sig sig;
    assert_non_null(d);
    assert_int_equal(
        store_sqlite_open(h->w.path, STORE_READ_ONLY, crypto_digest_port(), &reader, NULL),
        BATON_OK);
    assert_int_equal(trust_load(&reader, d, &bytes, &len, &sig, NULL), BATON_OK);
    reader.close(reader.ctx);
    d->version++;
    d->quorum[verb] = people;
    crypto_sha256(bytes, len, &d->previous);
    free(bytes);
    assert_int_equal(trust_encode(d, c->bytes, sizeof c->bytes, &c->len), BATON_OK);
    assert_int_equal(crypto_sign_domain(h->w.root.secret, DOMAIN_TRUST, c->bytes, c->len, &c->sig),
                     BATON_OK);
    free(world_call(&h->w, c, BATON_OK));
    free(d);
    quiesce(h);
}

static void
a_disarm_that_takes_two_people_leaves_when_both_have_signed(void **state)
{
    struct handoff *h = *state;
    walk_to(h, HO_DONE, false);
    quorum_put(h, VERB_DISARM, 2);
    size_t before = world_records(&h->w, AUDIT_ORDERED);
    assert_int_equal(approve(h, VERB_DISARM, 0), BATON_OK);
    assert_int_equal(approve(h, VERB_DISARM, 0), BATON_OK); /* the same person twice is one */
    assert_int_equal(world_records(&h->w, AUDIT_ORDERED), before);
    assert_true(h->side[OLD].m.promise.armed);
    assert_int_equal(approve(h, VERB_DISARM, 2), BATON_OK);
    assert_int_equal(world_records(&h->w, AUDIT_ORDERED), before + 1);
    assert_false(h->side[OLD].m.promise.armed);
}

static void
a_controller_that_restarts_in_every_state_finishes_the_same_handoff(void **state)
{
    struct handoff *h = *state;
    walk_to(h, HO_DONE, true);
    assert_true(h->side[NEW].m.promise.holding && !h->side[OLD].m.promise.holding);
    check_rebuild(h);
}

static void
back_from_the_gap_to_the_old_server(void **state)
{
    struct handoff *h = *state;
    walk_to(h, HO_GAP, false);
    assert_false(h->side[OLD].m.promise.holding);
    assert_int_equal(approve(h, VERB_ROLLBACK, 0), BATON_OK);
    assert_int_equal(verb(h, HEV_ROLLBACK, "the firewall rule is missing"), BATON_OK);
    for (int i = 0; i < 20 && h->t.cutover.state != HO_RESTORING; i++)
        pass(h, 1200);
    pass(h, 1200);
    exported(h, OLD);
    for (int i = 0; i < 10 && h->t.cutover.state != HO_ROLLED_BACK; i++)
        pass(h, 1200);
    if (h->t.cutover.state != HO_ROLLED_BACK)
        tell(h);
    assert_int_equal(h->t.cutover.state, HO_ROLLED_BACK);
    assert_true(h->side[OLD].m.promise.holding && !h->side[NEW].m.promise.holding);
    check_rebuild(h);
}

/* Two people vouched for a server that could not answer; when it comes back, the FENCE that waited
 * for it carries the new holder's own word, which no expiry can hold up. */
static void
a_member_that_was_attested_for_gets_its_fence_with_the_holders_word(void **state)
{
    struct handoff *h = *state;
    walk_to(h, HO_ARMED, false);
    h->cut[OLD] = true;
    assert_int_equal(verb(h, HEV_START, ""), BATON_OK);
    assert_int_equal(verb(h, HEV_FENCE, "it does not answer"), BATON_OK);
    approve(h, VERB_ATTEST, 0);
    approve(h, VERB_ATTEST, 1);
    verb(h, HEV_ATTEST, "powered off in the hypervisor");
    pass(h, 1200);
    walk_to(h, HO_ACTIVATING, false);
    assert_true(h->side[NEW].m.promise.holding);
    exported(h, NEW);
    pass(h, 1200);

    struct message *m;
    while (world_next(&h->w, &h->side[OLD].wire) != NULL)
        continue; /* what was sent meanwhile is lost */
    hello(&h->side[OLD]);
    world_settle(&h->w);
    bool fenced = false;
    while (!fenced && (m = world_next(&h->w, &h->side[OLD].wire)) != NULL) {
        if (m->type == MSG_WELCOME)
            on_welcome(&h->side[OLD], m);
        if (m->type != MSG_ORDER || m->u.order.order.verb != ORDER_FENCE ||
            m->u.order.order.shown.len == 0)
            continue;
        struct statement shown;
        const struct signed_bytes *sb = &m->u.order.order.shown;
        assert_int_equal(statement_decode(sb->bytes, sb->len, &shown), BATON_OK);
        assert_true(baton_key_eq(&shown.member, &h->side[NEW].wire.id.sign_key));
        assert_true(shown.holding);
        on_order(&h->side[OLD], m);
        fenced = true;
    }
    assert_true(fenced);
    assert_true(h->side[OLD].m.promise.tombstone && !h->side[OLD].m.promise.holding);
    assert_false(fact_is(&h->side[OLD].facts, FACT_SERVICES_STOPPED, 0));
}

/* A ledger that was put back from a backup, and has grown since beyond what its agents had seen. */
static void
a_receipt_of_another_log_is_confirmed_by_a_person_once(void **state)
{
    struct handoff *h = *state;
    struct promise *p = &h->side[OLD].m.promise;
    struct order asked = {.verb = ORDER_STATUS, .tenant = h->w.tenant};
    walk_to(h, HO_READY, false);
    p->receipt_size = 3;
    crypto_random(p->receipt_root.b, sizeof p->receipt_root.b);
    answer_status(&h->side[OLD], &asked);
    read_tenant(h);
    assert_int_equal(h->t.cutover.state, HO_RECONCILE);
    assert_int_equal(verb(h, HEV_CONFIRM_FOREIGN, "restored on Monday"), BATON_OK);
    pass(h, 1200);
    assert_int_equal(h->t.cutover.state, HO_READY);
    answer_status(&h->side[OLD], &asked); /* with the receipt that it keeps */
    read_tenant(h);
    assert_int_equal(h->t.cutover.state, HO_READY);
}

/* ---- a controller whose database lost what it had acknowledged -------------------------------------- */

static uint8_t *
file_read(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *ret_len = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*ret_len + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *ret_len, f), *ret_len);
    fclose(f);
    return bytes;
}

static void
die_without_wal(struct handoff *h)
{
    static const char *const side[] = {"-wal", "-shm"};
    char path[128];
    size_t len;
    world_settle(&h->w);
    uint8_t *bytes = file_read(h->w.path, &len);
    world_stop(&h->w);
    for (size_t i = 0; i < ARRAY_LEN(side); i++) {
        snprintf(path, sizeof path, "%s%s", h->w.path, side[i]);
        unlink(path);
    }
    FILE *f = fopen(h->w.path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    free(bytes);
    world_start(&h->w);
}

struct holders {
    bool old, new;
    uint8_t grant;
};

static struct holders
holders_of(const struct handoff *h)
{
    const struct promise *n = &h->side[NEW].m.promise;
    return (struct holders){h->side[OLD].m.promise.holding, n->holding, n->grant};
}

static void
expect_nobody_gains(const struct handoff *h, const struct holders *was)
{
    struct holders is = holders_of(h);
    assert_true(is.old <= was->old && is.new <= was->new);
    assert_true(is.grant == was->grant || is.grant != GRANT_LIVE);
}

static void
expect_it_is_noticed(struct handoff *h, const struct holders *was)
{
    for (int i = 0; i < 4; i++) {
        assert_int_not_equal(verb(h, HEV_GO, ""), BATON_OK);
        pass(h, 1200);
        expect_nobody_gains(h, was);
    }
    assert_true(h->t.authority.reconcile);
    assert_true(world_record_says(&h->w, AUDIT_ALARM,
                                  "this agent has seen a longer audit log: this ledger was "
                                  "restored"));
}

static void
loses_its_wal(struct handoff *h, enum handoff_state kept, enum handoff_state lost)
{
    walk_to(h, kept, false);
    restart(h); /* a clean stop: so much is in the file itself */
    read_tenant(h);
    assert_int_equal(h->t.cutover.state, kept);
    walk_to(h, lost, false);
    pass(h, 1200); /* the newest receipts come */
    struct holders was = holders_of(h);
    die_without_wal(h);
    read_tenant(h);
    assert_int_equal(h->t.cutover.state, kept);
    hello(&h->side[OLD]); /* one of the two alone proves nothing about the other */
    h->cut[NEW] = true;
    quiesce(h);
    pass(h, 1200);
    expect_nobody_gains(h, &was);
    assert_true(h->t.authority.recovering || h->t.authority.reconcile);
    h->cut[NEW] = false;
    hello(&h->side[NEW]);
    quiesce(h);
    expect_it_is_noticed(h, &was);
}

/* What was verified in a run that is forgotten is not fresh: the words that explain shows. */
static void
verify_anew(struct handoff *h)
{
    assert_int_equal(verb(h, HEV_REVERIFY, ""), BATON_OK);
    pass(h, 1200);
    assert_int_equal(verb(h, HEV_ACCEPT, "looked at again"), BATON_OK);
    assert_int_equal(approve(h, VERB_CUTOVER, 0), BATON_OK);
    assert_int_equal(approve(h, VERB_CUTOVER, 1), BATON_OK);
}

/* People say that they know of it, and go on; whoever was let go stays let go. */
static void
goes_on_after_its_loss(struct handoff *h)
{
    assert_int_equal(verb(h, HEV_CONFIRM_FOREIGN, "the -wal file was lost"), BATON_OK);
    for (int i = 0; i < 60 && h->t.cutover.state != HO_DONE; i++) {
        if (h->side[NEW].m.promise.grant == GRANT_LIVE && h->t.cutover.state == HO_GAP) {
            assert_int_equal(verb(h, HEV_GO, ""), BATON_REFUSED);
            pass(h, 4000);
            continue;
        }
        if (h->t.cutover.state == HO_GAP)
            verify_anew(h);
        people_act(h);
        pass(h, 1200);
    }
    if (h->t.cutover.state != HO_DONE)
        tell(h);
    assert_int_equal(h->t.cutover.state, HO_DONE);
    assert_true(h->side[NEW].m.promise.holding && !h->side[OLD].m.promise.holding);
}

static void
a_controller_that_lost_its_wal_in_the_gap_grants_nothing_before_people_know(void **state)
{
    struct handoff *h = *state;
    loses_its_wal(h, HO_READY, HO_GAP);
    goes_on_after_its_loss(h);
}

static void
a_controller_that_lost_a_grant_with_its_wal_does_not_give_it_again_by_itself(void **state)
{ /* found so: go was taken while the lost grant was live, was refused by the agent, and never possible again */
    struct handoff *h = *state;
    loses_its_wal(h, HO_ARMED, HO_GRANTING);
    goes_on_after_its_loss(h);
}

static void
a_controller_that_lost_the_whole_cutover_with_its_wal_learns_who_holds(void **state)
{
    struct handoff *h = *state;
    loses_its_wal(h, HO_VERIFY, HO_ACTIVATING);
    goes_on_after_its_loss(h);
    assert_true(baton_key_eq(&h->t.authority.holder, &h->side[NEW].wire.id.sign_key));
}

static void
an_old_server_gets_nothing_from_a_lost_wal_once_the_new_one_has_exported(void **state)
{
    struct handoff *h = *state;
    loses_its_wal(h, HO_GAP, HO_PROBATION);
    assert_true(h->side[NEW].m.promise.ever_exported && h->t.authority.ponr);
    goes_on_after_its_loss(h);
}

static void
an_outbox_that_nobody_empties_holds_the_tenant(void **state)
{
    struct handoff *h = *state;
    struct store_port store;
    walk_to(h, HO_VERIFY, false);
    world_stop(&h->w);
    assert_int_equal(
        store_sqlite_open(h->w.path, STORE_READ_WRITE, crypto_digest_port(), &store, NULL),
        BATON_OK);
    assert_int_equal(store.begin(store.ctx, NULL), BATON_OK);
    for (uint64_t i = 0; i < 960; i++) {
        uint8_t bytes[8] = "waiting";
        struct outbox_row row = {.agent = h->side[OLD].wire.id.sign_key,
                                 .tenant = h->w.tenant,
                                 .bytes = bytes,
                                 .len = sizeof bytes,
                                 .seq = 1000000 + i}; /* of records that are not yet */
        crypto_random(row.order.b, sizeof row.order.b);
        crypto_sha256(bytes, sizeof bytes, &row.hash);
        assert_int_equal(store.outbox_put(store.ctx, &row, NULL), BATON_OK);
    }
    assert_int_equal(store.commit(store.ctx, NULL), BATON_OK);
    store.close(store.ctx);
    h->w.deaf = true;
    world_start(&h->w);
    read_tenant(h);
    assert_int_equal(h->t.cutover.state, HO_HOLD);
    assert_true(world_record_says(&h->w, AUDIT_ALARM, "outbox"));
    struct engine_call *c = world_call_new(&h->w, CALL_CUTOVER_VERB);
    c->cutover = h->t.cutover.id;
    c->verb = HEV_RESUME;
    free(world_call(&h->w, c, BATON_LIMIT));
    h->w.deaf = false;
}

/* START is decided, and its FENCE is in a database that another run will read. */
static void
start_with_nobody_there(struct handoff *h)
{
    walk_to(h, HO_ARMED, false);
    h->w.deaf = true;
    struct engine_call *c = world_call_new(&h->w, CALL_CUTOVER_VERB);
    c->cutover = h->t.cutover.id;
    c->verb = HEV_START;
    free(world_call(&h->w, c, BATON_OK));
    world_stop(&h->w);
    h->w.deaf = false;
    world_start(&h->w);
}

/* Whether OLD was asked how it is; any other order to it fails. */
static bool
old_is_only_asked(struct handoff *h, bool and_after_its_answer)
{
    struct side *old = &h->side[OLD];
    struct message *m;
    bool asked = false;
    hello(old);
    world_settle(&h->w);
    while ((!asked || and_after_its_answer) && (m = world_next(&h->w, &old->wire)) != NULL) {
        assert_true(m->type != MSG_ORDER || m->u.order.order.verb == ORDER_STATUS ||
                    m->u.order.order.verb == ORDER_WATCH);
        asked = asked || (m->type == MSG_ORDER && m->u.order.order.verb == ORDER_STATUS);
        if (m->type == MSG_WELCOME)
            on_welcome(old, m);
        else if (m->type == MSG_ORDER)
            on_order(old, m);
        world_settle(&h->w);
    }
    return asked;
}

static void
no_order_that_touches_authority_leaves_before_the_agent_was_heard(void **state)
{
    struct handoff *h = *state;
    start_with_nobody_there(h);
    assert_true(old_is_only_asked(h, false));
    hello(&h->side[NEW]);
    quiesce(h);
    walk_to(h, HO_GAP, false); /* now it was delivered */
}

static void
no_order_that_touches_authority_leaves_a_record_that_knows_less_than_an_agent(void **state)
{
    struct handoff *h = *state;
    start_with_nobody_there(h);
    h->side[NEW].m.promise.receipt_size = 100000; /* of a log that is longer than ours */
    hello(&h->side[NEW]);
    h->cut[OLD] = true;
    quiesce(h);
    read_tenant(h);
    assert_int_equal(h->t.cutover.state, HO_RECONCILE);
    assert_true(old_is_only_asked(h, true)); /* heard, and still nothing */
    h->cut[OLD] = false;
    assert_int_equal(verb(h, HEV_CONFIRM_FOREIGN, "restored on Monday"), BATON_OK);
    quiesce(h);
    read_tenant(h);
    assert_true(epoch_eq(&h->side[OLD].m.promise.epoch, &h->t.authority.epoch));
}

static void
settings_with_another_hash_are_not_handed_on(void **state)
{
    struct handoff *h = *state;
    struct side *s = &h->side[OLD];
    crypto_random(s->sealed, sizeof s->sealed);
    crypto_random(s->blob.b, sizeof s->blob.b);
    for (uint64_t at = 0; at < sizeof s->sealed; at += CHUNK_BYTES)
        send_chunk(s, at);
    struct message *m = world_take(&h->w, &s->wire, MSG_REFUSED);
    assert_non_null(m);
    assert_int_equal(m->u.refused.status, BATON_CORRUPT);
    world_settle(&h->w);
    assert_true(world_record_says(&h->w, AUDIT_ALARM,
                                  "copy the exported file to the new server's Baton folder"));
    assert_non_null(strstr(h->w.door.last_page, "the sealed settings came without their hash"));
    struct message wanted = {.type = MSG_WANT};
    wanted.u.want.blob = s->blob;
    agent_send(&h->side[NEW].wire, &wanted);
    m = world_take(&h->w, &h->side[NEW].wire, MSG_REFUSED);
    assert_non_null(m);
    assert_int_equal(m->u.refused.status, BATON_NOT_FOUND);
}

static void
a_broken_relay_goes_on_where_it_was(void **state)
{
    struct handoff *h = *state;
    struct side *s = &h->side[OLD];
    crypto_random(s->sealed, sizeof s->sealed);
    crypto_sha256(s->sealed, sizeof s->sealed, &s->blob);
    send_chunk(s, 0);
    struct message *m = world_take(&h->w, &s->wire, MSG_WANT);
    assert_non_null(m);
    assert_true(m->u.want.offset == CHUNK_BYTES);
    world_stop(&h->w);
    world_start(&h->w);
    hello(s);
    m = world_take(&h->w, &s->wire, MSG_WELCOME);
    assert_non_null(m);
    on_welcome(s, m);
    send_chunk(s, 0); /* it does not know how much arrived */
    m = world_take(&h->w, &s->wire, MSG_WANT);
    assert_non_null(m);
    assert_true(m->u.want.offset == CHUNK_BYTES);
}

static void
only_the_old_server_of_a_cutover_sends_settings(void **state)
{
    struct handoff *h = *state;
    struct side *s = &h->side[NEW];
    crypto_random(s->sealed, sizeof s->sealed);
    crypto_sha256(s->sealed, sizeof s->sealed, &s->blob);
    send_chunk(s, 0);
    struct message *m = world_take(&h->w, &s->wire, MSG_REFUSED);
    assert_non_null(m);
    assert_int_equal(m->u.refused.status, BATON_DENIED);
}

static bool
count_row(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    (void)key, (void)key_len, (void)value, (void)len;
    ++*(size_t *)arg;
    return true;
}

static size_t
rows_of(struct handoff *h, enum store_table table)
{
    struct store_port reader;
    size_t count = 0;
    world_settle(&h->w);
    assert_int_equal(
        store_sqlite_open(h->w.path, STORE_READ_ONLY, crypto_digest_port(), &reader, NULL),
        BATON_OK);
    assert_int_equal(reader.each(reader.ctx, table, NULL, 0, count_row, &count, NULL), BATON_OK);
    reader.close(reader.ctx);
    return count;
}

static void
offer_small(struct side *s, uint8_t what)
{
    struct message m = {.type = MSG_CHUNK};
    struct baton_hash blob;
    crypto_sha256(&what, 1, &blob);
    m.u.chunk = (struct msg_chunk){blob, 0, 1, &what, 1};
    agent_send(&s->wire, &m);
}

/* --- findings and what people decide about them --- */

static struct baton_hash
say_findings(struct side *s, uint64_t count)
{
    static uint8_t bytes[FINDINGS_BYTES_MAX];
    struct findings list = {0};
    struct finding f = {.rule = "CF-SCOPE-NARROWED",
                        .severity = SEVERITY_BLOCK,
                        .count = count,
                        .why = "every object outside OU=CORP would be deleted"};
    struct message m = {.type = MSG_FINDINGS};
    struct baton_hash hash;
    f.row.b[0] = 1;
    assert_int_equal(findings_add(&list, &f), BATON_OK);
    assert_int_equal(findings_encode(&list, bytes, &m.u.findings.len), BATON_OK);
    m.u.findings.bytes = bytes;
    crypto_sha256(bytes, m.u.findings.len, &hash);
    agent_send(&s->wire, &m);
    findings_done(&list);
    return hash;
}

static bool
object_stored(struct handoff *h, const struct baton_hash *hash, struct baton_sig *ret_sig)
{
    uint8_t *bytes = NULL;
    size_t len;
    struct baton_err err;
    const struct store_port *s = &h->w.store.through.real;
    bool stored = s->object_get(s->ctx, hash, &bytes, &len, ret_sig, &err) == BATON_OK;
    free(bytes);
    return stored;
}

static void
what_the_checks_found_is_heard_when_it_is_durable(void **state)
{
    struct handoff *h = *state;
    struct baton_sig sig;
    walk_to(h, HO_VERIFY, false);
    struct baton_hash hash = say_findings(&h->side[NEW], 3);
    struct message *m = world_take(&h->w, &h->side[NEW].wire, MSG_HEARD);
    assert_non_null(m);
    assert_true(baton_hash_eq(&m->u.heard.statement, &hash));
    assert_true(object_stored(h, &hash, &sig));
    read_tenant(h);
    assert_true(baton_hash_eq(&h->t.cutover.review.findings, &hash));
    assert_int_equal(h->t.cutover.review.row_count, 1);
    assert_true(h->t.cutover.review.row[0].two); /* it takes objects away */
    size_t records = world_records(&h->w, AUDIT_STATEMENT);
    say_findings(&h->side[NEW], 3); /* the same again: heard, and nothing more */
    assert_non_null(world_take(&h->w, &h->side[NEW].wire, MSG_HEARD));
    assert_int_equal(world_records(&h->w, AUDIT_STATEMENT), records);
}

static void
findings_of_a_server_that_nobody_reviews_are_not_heard(void **state)
{
    struct handoff *h = *state;
    walk_to(h, HO_VERIFY, false);
    say_findings(&h->side[OLD], 3);
    assert_true(world_silent(&h->w, &h->side[OLD].wire, MSG_HEARD));
    read_tenant(h);
    assert_int_equal(h->t.cutover.review.row_count, 0);
}

/* --- rows, sealed to people --- */

static struct {
    uint8_t *bytes;
    size_t len;
    struct baton_hash hash;
} letter;

static void
seal_letter_as(struct handoff *h, const struct side *s, const struct baton_hash *findings,
               size_t plain_len)
{
    struct letter_about about = {.tenant = h->w.tenant,
                                 .plan = h->t.plan.id,
                                 .findings = *findings,
                                 .sender = s->wire.id.sign_key};
    struct letter_address to[] = {{h->w.operator_id[0], h->w.operator[0].key },
                                   {h->w.operator_id[1], h->w.operator[1].key } };
    uint8_t *plain = calloc(1, plain_len);
    crypto_random(plain, plain_len);
    free(letter.bytes);
    assert_int_equal(letter_seal(&about, to, 2, plain, plain_len, s->wire.id.secret->sign,
                                 &letter.bytes, &letter.len, NULL),
                     BATON_OK);
    crypto_sha256(letter.bytes, letter.len, &letter.hash);
    free(plain);
}

static void
seal_letter(struct handoff *h, const struct baton_hash *findings, size_t plain_len)
{
    seal_letter_as(h, &h->side[NEW], findings, plain_len);
}

static void
send_letter_from(struct side *s, uint64_t offset)
{
    struct message m = {.type = MSG_CHUNK};
    size_t left = letter.len - (size_t)offset;
    m.u.chunk = (struct msg_chunk){letter.hash, offset, letter.len, letter.bytes + offset,
                                   left < CHUNK_BYTES ? left : CHUNK_BYTES};
    agent_send(&s->wire, &m);
}

/* Every piece that is wanted; NULL: wanted no more, else what refused it. */
static struct message *
send_letter(struct handoff *h, struct side *s)
{
    struct message *m = NULL;
    send_letter_from(s, 0);
    for (uint64_t at = 0; at < letter.len;) {
        world_settle(&h->w);
        m = world_next(&h->w, &s->wire);
        assert_non_null(m);
        if (m->type == MSG_REFUSED)
            return m;
        if (m->type != MSG_WANT || !baton_hash_eq(&m->u.want.blob, &letter.hash))
            continue;
        at = m->u.want.offset;
        if (at < letter.len)
            send_letter_from(s, at);
    }
    return NULL;
}

static void
expect_refused(struct handoff *h, struct side *s, enum baton_status status)
{
    struct message *m = send_letter(h, s);
    assert_non_null(m);
    assert_int_equal(m->u.refused.status, status);
}

static struct baton_hash
reviewed(struct handoff *h, uint64_t count)
{
    struct baton_hash findings = say_findings(&h->side[NEW], count);
    assert_non_null(world_take(&h->w, &h->side[NEW].wire, MSG_HEARD));
    read_tenant(h);
    return findings;
}

static enum baton_status
fetch_rows(struct handoff *h, struct baton_hash *ret_hash)
{
    struct engine_call *c = world_call_new(&h->w, CALL_ROWS);
    c->actor = h->w.operator_id[1];
    c->cutover = h->t.cutover.id;
    enum baton_status rc = engine_call(h->w.engine, c);
    if (rc == BATON_OK)
        memcpy(ret_hash->b, c->bytes, sizeof ret_hash->b);
    free(c);
    return rc;
}

static void
sealed_rows_are_kept_and_every_fetch_is_on_the_record(void **state)
{
    struct handoff *h = *state;
    struct baton_hash hash, findings;
    char to[64] = "to 1-2 of 2 people: ";
    walk_to(h, HO_VERIFY, false);
    findings = reviewed(h, 3);
    assert_int_equal(fetch_rows(h, &hash), BATON_NOT_FOUND);
    seal_letter(h, &findings, 2 * CHUNK_BYTES);
    assert_null(send_letter(h, &h->side[NEW]));
    baton_hex(h->w.operator_id[0].b, 8, to + strlen(to));
    assert_int_equal(world_records(&h->w, AUDIT_ROWS), 1);
    assert_true(world_record_says(&h->w, AUDIT_ROWS, to));
    assert_int_equal(fetch_rows(h, &hash), BATON_OK);
    assert_true(baton_hash_eq(&hash, &letter.hash));
    assert_int_equal(world_records(&h->w, AUDIT_ROWS), 2);
    assert_int_equal(fetch_rows(h, &hash), BATON_OK);
    assert_int_equal(world_records(&h->w, AUDIT_ROWS), 3);
}

static void
newer_rows_take_the_place_of_older_ones(void **state)
{
    struct handoff *h = *state;
    struct baton_hash hash, findings;
    walk_to(h, HO_VERIFY, false);
    size_t blobs = rows_of(h, TABLE_BLOB), chunks = rows_of(h, TABLE_CHUNK);
    for (uint64_t count = 1; count <= 3; count++) {
        findings = reviewed(h, count);
        seal_letter(h, &findings, CHUNK_BYTES);
        assert_null(send_letter(h, &h->side[NEW]));
        assert_int_equal(fetch_rows(h, &hash), BATON_OK);
        assert_true(baton_hash_eq(&hash, &letter.hash));
    }
    assert_int_equal(rows_of(h, TABLE_BLOB), blobs + 1);
    assert_int_equal(rows_of(h, TABLE_CHUNK), chunks + 2);
}

static void
rows_of_older_findings_or_of_another_plan_are_not_kept(void **state)
{
    struct handoff *h = *state;
    struct baton_hash hash, findings, older;
    walk_to(h, HO_VERIFY, false);
    older = reviewed(h, 3);
    findings = reviewed(h, 4);
    seal_letter(h, &older, 100);
    expect_refused(h, &h->side[NEW], BATON_CONFLICT);
    h->t.plan.id.b[0] ^= 1;
    seal_letter(h, &findings, 100);
    expect_refused(h, &h->side[NEW], BATON_DENIED);
    h->t.plan.id.b[0] ^= 1;
    h->w.tenant.b[0] ^= 1;
    seal_letter(h, &findings, 100);
    h->w.tenant.b[0] ^= 1;
    expect_refused(h, &h->side[NEW], BATON_DENIED);
    assert_int_equal(fetch_rows(h, &hash), BATON_NOT_FOUND);
    assert_int_equal(world_records(&h->w, AUDIT_ROWS), 0);
}

static void
rows_that_their_agent_did_not_sign_are_not_kept(void **state)
{
    struct handoff *h = *state;
    struct baton_hash hash, findings;
    walk_to(h, HO_VERIFY, false);
    size_t chunks = rows_of(h, TABLE_CHUNK);
    findings = reviewed(h, 3);
    seal_letter(h, &findings, 2 * CHUNK_BYTES);
    letter.bytes[letter.len - 1] ^= 1;
    crypto_sha256(letter.bytes, letter.len, &letter.hash);
    expect_refused(h, &h->side[NEW], BATON_DENIED);
    seal_letter_as(h, &h->side[OLD], &findings, 100); /* signed well, and not by who sends it */
    expect_refused(h, &h->side[NEW], BATON_DENIED);
    assert_int_equal(fetch_rows(h, &hash), BATON_NOT_FOUND);
    assert_int_equal(rows_of(h, TABLE_CHUNK), chunks);
}

static enum baton_status
dispose(struct handoff *h, uint8_t row, size_t signer, size_t caller, struct baton_hash *ret_hash)
{
    struct engine_call *c = world_call_new(&h->w, CALL_DISPOSITION);
    struct disposition d = {.kind = DISPOSED_ACCEPTED,
                            .tenant = h->w.tenant,
                            .operator= h->w.operator_id[signer],
                            .reason = "the container is empty"};
    d.id.b[0] = row;
    d.row.b[0] = row;
    c->actor = h->w.operator_id[caller];
    c->cutover = h->t.cutover.id;
    c->len = disposition_encode(&d, c->bytes);
    crypto_sha256(c->bytes, c->len, ret_hash);
    assert_int_equal(crypto_sign_domain(h->w.operator[signer].secret, DOMAIN_DISPOSITION, c->bytes,
                                        c->len, &c->sig),
                     BATON_OK);
    enum baton_status rc = engine_call(h->w.engine, c);
    free(c);
    quiesce(h);
    read_tenant(h);
    return rc;
}

static void
a_decision_about_a_finding_is_kept_with_its_signature_through_a_restart(void **state)
{
    struct handoff *h = *state;
    struct baton_sig sig;
    struct baton_hash decision, other;
    walk_to(h, HO_VERIFY, false);
    say_findings(&h->side[NEW], 3);
    assert_non_null(world_take(&h->w, &h->side[NEW].wire, MSG_HEARD));
    assert_int_equal(dispose(h, 1, 0, 1, &other), BATON_DENIED); /* handed in by another person */
    assert_int_equal(dispose(h, 9, 0, 0, &other), BATON_NOT_FOUND);
    assert_false(object_stored(h, &other, &sig));
    assert_int_equal(dispose(h, 1, 0, 0, &decision), BATON_OK);
    assert_true(object_stored(h, &decision, &sig));
    assert_int_equal(world_records(&h->w, AUDIT_DISPOSED), 1);
    struct baton_hash dispositions = h->t.cutover.verification.dispositions;
    assert_false(baton_hash_is_zero(&dispositions));
    world_stop(&h->w);
    world_start(&h->w);
    read_tenant(h);
    assert_int_equal(h->t.cutover.review.disposition_count, 1);
    assert_true(baton_hash_eq(&h->t.cutover.review.disposition[0].digest, &decision));
    assert_true(baton_hash_eq(&h->t.cutover.verification.dispositions, &dispositions));
}

static void
an_accepted_verification_is_stored_with_all_that_it_counts(void **state)
{
    struct handoff *h = *state;
    struct baton_sig sig;
    struct baton_hash decision;
    walk_to(h, HO_VERIFY, false);
    say_findings(&h->side[NEW], 3);
    assert_non_null(world_take(&h->w, &h->side[NEW].wire, MSG_HEARD));
    assert_int_equal(dispose(h, 1, 0, 0, &decision), BATON_OK);
    assert_int_equal(dispose(h, 1, 1, 1, &decision), BATON_OK);
    walk_to(h, HO_READY, false);
    const struct verification *v = &h->t.cutover.verification;
    assert_true(object_stored(h, &h->t.cutover.verification_hash, &sig));
    assert_true(object_stored(h, &v->findings, &sig));
    assert_true(object_stored(h, &v->dispositions, &sig));
}

static void
a_flood_of_new_lists_is_taken_slowly(void **state)
{
    enum { LISTS = 120 };
    struct handoff *h = *state;
    walk_to(h, HO_VERIFY, false);
    size_t before = world_records(&h->w, AUDIT_STATEMENT);
    for (uint64_t i = 0; i < LISTS; i++)
        say_findings(&h->side[NEW], i);
    world_settle(&h->w);
    assert_in_range(world_records(&h->w, AUDIT_STATEMENT) - before, 20, 40);
}

/* A hostile old server may offer what it likes, but neither fill the disk nor flood the new one. */
static void
settings_offered_again_and_again_are_slowed_and_replaced(void **state)
{
    enum { OFFERS = 60 };
    struct handoff *h = *state;
    struct side *s = &h->side[OLD];
    walk_to(h, HO_SETTINGS_SEALED, false);
    size_t before = world_records(&h->w, AUDIT_STATEMENT);
    for (int i = 0; i < OFFERS; i++)
        offer_small(s, (uint8_t)i);
    struct message *m = world_take(&h->w, &s->wire, MSG_REFUSED);
    assert_non_null(m);
    assert_int_equal(m->u.refused.status, BATON_LIMIT);
    world_settle(&h->w);
    assert_true(world_records(&h->w, AUDIT_STATEMENT) - before <= 10);
    assert_true(rows_of(h, TABLE_BLOB) <= 3);
    assert_true(rows_of(h, TABLE_CHUNK) <= 3);
    while (world_next(&h->w, &s->wire) != NULL)
        continue;
    h->w.clock_ms += 120000; /* later there is room again */
    hello(s);
    m = world_take(&h->w, &s->wire, MSG_WELCOME);
    assert_non_null(m);
    on_welcome(s, m);
    offer_small(s, OFFERS);
    m = world_take(&h->w, &s->wire, MSG_WANT);
    while (m != NULL && m->u.want.offset != 1)
        m = world_take(&h->w, &s->wire, MSG_WANT);
    assert_non_null(m);
    assert_true(rows_of(h, TABLE_BLOB) <= 3);
}

static enum baton_status
verb_expecting(struct handoff *h, enum handoff_event v, const struct baton_id *tag,
               const char *idempotency)
{
    struct engine_call *c = world_call_new(&h->w, CALL_CUTOVER_VERB);
    c->cutover = h->t.cutover.id;
    c->verb = v;
    c->expect = *tag;
    strcpy(c->text, "a person");
    strcpy(c->idempotency, idempotency);
    enum baton_status rc = engine_call(h->w.engine, c);
    assert_true(c->changed == (rc == BATON_CONFLICT));
    free(c);
    return rc;
}

/* Between a look and the act there is time: the engine compares in the transaction that acts. */
static void
a_verb_that_rests_on_an_older_look_changes_nothing(void **state)
{
    struct handoff *h = *state;
    struct baton_id before, after;
    read_tenant(h);
    tenant_tag(&h->t, crypto_digest_port(), &before);
    assert_int_equal(verb_expecting(h, HEV_HOLD, &before, "hold-1"), BATON_OK);
    assert_int_equal(verb_expecting(h, HEV_HOLD, &before, "hold-1"), BATON_OK); /* said again */
    assert_int_equal(verb_expecting(h, HEV_RESUME, &before, "resume-1"), BATON_CONFLICT);
    read_tenant(h);
    assert_int_equal(h->t.cutover.state, HO_HOLD);
    tenant_tag(&h->t, crypto_digest_port(), &after);
    assert_int_equal(verb_expecting(h, HEV_RESUME, &after, "resume-2"), BATON_OK);
}

#define HANDOFF_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        HANDOFF_TEST(a_question_that_got_no_answer_after_a_restart_is_said_again),
        HANDOFF_TEST(a_whole_handoff_from_assessment_to_done),
        HANDOFF_TEST(a_disarm_that_takes_two_people_leaves_when_both_have_signed),
        HANDOFF_TEST(a_controller_that_restarts_in_every_state_finishes_the_same_handoff),
        HANDOFF_TEST(back_from_the_gap_to_the_old_server),
        HANDOFF_TEST(a_member_that_was_attested_for_gets_its_fence_with_the_holders_word),
        HANDOFF_TEST(a_receipt_of_another_log_is_confirmed_by_a_person_once),
        HANDOFF_TEST(a_controller_that_lost_its_wal_in_the_gap_grants_nothing_before_people_know),
        HANDOFF_TEST(a_controller_that_lost_a_grant_with_its_wal_does_not_give_it_again_by_itself),
        HANDOFF_TEST(a_controller_that_lost_the_whole_cutover_with_its_wal_learns_who_holds),
        HANDOFF_TEST(an_old_server_gets_nothing_from_a_lost_wal_once_the_new_one_has_exported),
        HANDOFF_TEST(an_outbox_that_nobody_empties_holds_the_tenant),
        HANDOFF_TEST(no_order_that_touches_authority_leaves_before_the_agent_was_heard),
        HANDOFF_TEST(no_order_that_touches_authority_leaves_a_record_that_knows_less_than_an_agent),
        HANDOFF_TEST(settings_with_another_hash_are_not_handed_on),
        HANDOFF_TEST(a_broken_relay_goes_on_where_it_was),
        HANDOFF_TEST(only_the_old_server_of_a_cutover_sends_settings),
        HANDOFF_TEST(a_verb_that_rests_on_an_older_look_changes_nothing),
        HANDOFF_TEST(settings_offered_again_and_again_are_slowed_and_replaced),
        HANDOFF_TEST(what_the_checks_found_is_heard_when_it_is_durable),
        HANDOFF_TEST(findings_of_a_server_that_nobody_reviews_are_not_heard),
        HANDOFF_TEST(a_decision_about_a_finding_is_kept_with_its_signature_through_a_restart),
        HANDOFF_TEST(an_accepted_verification_is_stored_with_all_that_it_counts),
        HANDOFF_TEST(a_flood_of_new_lists_is_taken_slowly),
        HANDOFF_TEST(sealed_rows_are_kept_and_every_fetch_is_on_the_record),
        HANDOFF_TEST(newer_rows_take_the_place_of_older_ones),
        HANDOFF_TEST(rows_of_older_findings_or_of_another_plan_are_not_kept),
        HANDOFF_TEST(rows_that_their_agent_did_not_sign_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
