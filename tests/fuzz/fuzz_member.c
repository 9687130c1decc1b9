/* The bytes are a hostile controller, a machine's bad days and an obedient person: three for each event,
 * into the very functions that decide on two agents. Deeper and less orderly than the explorer, which takes
 * every order of few events: here a life is long, epochs are many, and orders are put together wrongly. */
#include "fuzz.h"

#include "relation.h"
#include "toy.h"

enum {
    EVENTS_MAX = 240, /* a longer input is read no further */
    EPOCHS_MAX = 12,
    GAP_MS = 1500,
    WORDS_MAX = 8,
    TYPE_AT = 4, /* in a statement, after the tag */
    WALL_MS = 1000000,
};

struct machine_now { /* the truth */
    bool running, disabled, staging, wizard, dead;
    bool starting, acted; /* since the boot: will start by itself; the agent has acted */
    uint8_t exports;
};

struct kept_word { /* said and signed by this member, and shown for ever */
    size_t len;
    struct baton_sig sig;
    uint8_t bytes[STATEMENT_BYTES_MAX];
};

struct side {
    struct member m;
    struct machine_now now;
    struct kept_word evidence[WORDS_MAX], newest;
    unsigned evidences;
    struct epoch highest; /* that it ever promised, whatever it remembers */
    bool looks;
    uint64_t look_began_ms;
    struct facts look;
    bool reverted, snapshot;
    struct promise promise_then;
    struct machine_now now_then;
};

struct life {
    struct side side[TOY_MEMBERS];
    uint64_t now_ms;
    const uint8_t *bytes;
    size_t len, at;
};

static struct life life; /* too large for a stack */

static uint8_t
next(void)
{
    return life.at < life.len ? life.bytes[life.at++] : 0;
}

/* ---- servers ----------------------------------------------------------------------------------- */

static bool
can_export(enum toy_member m)
{
    const struct machine_now *s = &life.side[m].now;
    return s->running && (m == TOY_OLD || !s->staging);
}

static struct facts
look_at(enum toy_member m)
{
    const struct machine_now *s = &life.side[m].now;
    struct facts f = toy_facts(m);
    if (!s->running) {
        toy_facts_stop(&f);
        facts_set(&f, FACT_SERVICES_DISABLED, s->disabled);
        facts_set(&f, FACT_SERVICES_DISABLED_REGISTRY, s->disabled);
    } else if (m == TOY_NEW) {
        facts_set(&f, FACT_STAGING_SCHEDULER, s->staging);
        facts_set(&f, FACT_STAGING_SETTINGS, s->staging);
    }
    facts_set(&f, FACT_WIZARD_OPEN, s->wizard);
    facts_set(&f, FACT_EXPORTS_TOTAL, f.fact[FACT_EXPORTS_TOTAL].value + s->exports);
    facts_set(&f, FACT_LAST_EXPORT_END, f.fact[FACT_LAST_EXPORT_END].value + s->exports);
    return f;
}

/* ---- one step, and what must be true after it ---------------------------------------------------- */

static void
keep(struct kept_word *k, enum toy_member m, const struct member_word *w)
{
    memcpy(k->bytes, w->bytes, w->len);
    k->len = w->len;
    k->sig = toy_sign_word(m, w).sig;
}

static bool
keep_words(enum toy_member m, const struct member_out *out)
{
    struct side *s = &life.side[m];
    bool evidence = false;
    FUZZ_CHECK(out->word_count <= MEMBER_SAYS_MAX);
    for (uint8_t i = 0; i < out->word_count; i++) {
        const struct member_word *w = &out->word[i];
        struct statement said;
        FUZZ_CHECK(statement_decode(w->bytes, w->len, &said) == BATON_OK);
        FUZZ_CHECK(baton_key_eq(&said.member, &s->m.promise.self));
        FUZZ_CHECK(said.counter <= s->m.promise.counter);
        keep(&s->newest, m, w);
        if (said.type != SAY_EVIDENCE)
            continue;
        evidence = true;
        keep(&s->evidence[s->evidences++ % WORDS_MAX], m, w);
    }
    return evidence;
}

/* What is stored is read again as it was. */
static void
check_record(const struct promise *p)
{
    uint8_t once[PROMISE_BYTES_MAX], again[PROMISE_BYTES_MAX];
    struct promise read;
    size_t len = promise_encode(p, once);
    FUZZ_CHECK(promise_decode(once, len, &read) == BATON_OK);
    FUZZ_CHECK(promise_encode(&read, again) == len && memcmp(once, again, len) == 0);
}

static void
check_relation(const struct change *c)
{
    const char *broken = relation_broken(c);
    if (broken != NULL) {
        fprintf(stderr, "broken: %s\n", broken);
        abort();
    }
}

static void
step(enum toy_member m, struct member_event ev)
{
    struct side *s = &life.side[m];
    struct promise before = s->m.promise;
    struct member_out out;
    if (s->now.dead)
        return;
    life.now_ms += GAP_MS;
    ev.now_ms = life.now_ms;
    ev.began_ms = ev.began_ms != 0 ? ev.began_ms : life.now_ms;
    ev.now_unix_ms = WALL_MS + life.now_ms;
    member_step(&s->m, &ev, toy_digest(), &out);
    bool evidence = keep_words(m, &out);
    check_relation(&(struct change){&before, &s->m.promise, &ev, evidence});
    check_record(&s->m.promise);
    if (epoch_cmp(&s->m.promise.epoch, &s->highest) > 0)
        s->highest = s->m.promise.epoch;
}

static void
check_world(void)
{
    FUZZ_CHECK(!(can_export(TOY_OLD) && can_export(TOY_NEW)));
    const struct side *old = &life.side[TOY_OLD], *new = &life.side[TOY_NEW];
    bool both = old->m.promise.holding && new->m.promise.holding;
    FUZZ_CHECK(!both || old->now.dead || new->now.dead);
}

/* ---- orders ------------------------------------------------------------------------------------ */

static struct epoch
any_epoch(uint8_t arg)
{
    return toy_epoch(1 + arg % EPOCHS_MAX);
}

static struct signed_bytes
borrow(const struct kept_word *k)
{
    return (struct signed_bytes){.bytes = k->bytes, .len = k->len, .sig = k->sig};
}

static struct order
adopt_again(struct epoch e, enum toy_member recipient)
{
    struct order o = toy_adopt(e);
    o.recipient = toy_member_key(recipient);
    o.approval_count = 2;
    for (int who = 0; who < 2; who++)
        o.approval[who] = toy_approval(VERB_ADOPT, (enum toy_person)who, recipient, e);
    return o;
}

static struct order
status_about(enum toy_member m, enum approval_verb verb)
{
    const struct promise *p = &life.side[m].m.promise;
    struct order o = toy_challenge(p->epoch, 0x33);
    o.verb = ORDER_STATUS;
    struct signed_approval *sa = &o.approval[o.approval_count++];
    *sa = toy_approval(verb, TOY_ANNA, m, verb == VERB_READMIT ? life.side[m].highest : p->epoch);
    sa->a.subject = p->self;
    machine_digest(&p->machine, toy_digest(), &sa->a.seen);
    toy_sign_approval(sa, TOY_ANNA);
    return o;
}

static struct order
status_shown(enum toy_member m)
{
    struct order o = toy_challenge(life.side[m].m.promise.epoch, 0x34);
    o.verb = ORDER_STATUS;
    o.shown = borrow(&life.side[m].newest);
    return o;
}

static struct order
retire(enum toy_member m)
{
    struct order o = toy_challenge(life.side[m].m.promise.epoch, 0x35);
    o.verb = ORDER_RETIRE;
    o.recipient = toy_member_key(m);
    o.approval[o.approval_count++] = toy_approval(VERB_RETIRE, TOY_ANNA, m, o.epoch);
    return o;
}

static struct order
grant_by_evidence(enum toy_member m, uint8_t arg)
{
    const struct side *other = &life.side[m == TOY_OLD ? TOY_NEW : TOY_OLD];
    const struct promise *p = &life.side[m].m.promise;
    unsigned known = other->evidences < WORDS_MAX ? other->evidences : WORDS_MAX;
    if (known == 0)
        return toy_grant(p->epoch, m, p->serial + 1, NULL);
    /* The newest most often: it is the one that may fit. */
    unsigned back = arg % 4 == 0 ? arg / 4 % known : 0;
    struct signed_bytes sb = borrow(&other->evidence[(other->evidences - 1 - back) % WORDS_MAX]);
    return toy_grant(p->epoch, m, p->serial + 1, &sb);
}

/* People attest what they have seen. */
static struct order
grant_by_attestation(enum toy_member m)
{
    enum toy_member other = m == TOY_OLD ? TOY_NEW : TOY_OLD;
    const struct promise *p = &life.side[m].m.promise;
    struct order o = toy_grant(p->epoch, m, p->serial + 1, NULL);
    for (int who = 0; life.side[other].now.dead && who < 2; who++) {
        struct signed_approval *sa = &o.approval[o.approval_count++];
        *sa = toy_approval(VERB_ATTEST, (enum toy_person)who, m, p->epoch);
        sa->a.subject = toy_member_key(other);
        sa->a.epoch = p->epoch;
        sa->a.seen = toy_plan_hash();
        sa->a.not_after_ms = WALL_MS + life.now_ms + 60000;
        toy_sign_approval(sa, (enum toy_person)who);
    }
    return o;
}

static void
add_any_approval(struct order *o, uint8_t arg)
{
    static const enum approval_verb verbs[] = {VERB_PLAN, VERB_CUTOVER, VERB_ROLLBACK, VERB_RETIRE};
    if (o->approval_count == ORDER_APPROVALS_MAX)
        return;
    o->approval[o->approval_count++] =
        toy_approval(verbs[arg % ARRAY_LEN(verbs)], (enum toy_person)(arg / 4 % TOY_PEOPLE),
                     arg & 64 ? TOY_OLD : TOY_NEW, any_epoch(arg));
}

/* Nothing of an order but what is signed inside it is sure: the rest says what the controller likes. */
static void
distort(struct order *o, uint8_t how, uint8_t arg)
{
    switch (how % 16) {
    case 0:
        o->epoch.counter += (uint64_t)arg - 3;
        break;
    case 1:
        o->epoch.incarnation = toy_id(arg);
        break;
    case 2:
        o->recipient = toy_member_key(arg & 1 ? TOY_OLD : TOY_NEW);
        break;
    case 3:
        o->approval_count = (uint8_t)(o->approval_count > 0 ? o->approval_count - 1 : 0);
        break;
    case 4:
        if (o->approval_count > 1)
            o->approval[1] = o->approval[0];
        break;
    case 5:
        o->tenant = toy_id(arg);
        break;
    case 6:
        o->serial = arg;
        break;
    case 7:
        o->adopt = !o->adopt;
        break;
    case 8:
        o->void_first = !o->void_first;
        break;
    case 9:
        o->evidence[0].sig.b[arg % BATON_SIG_BYTES] ^= 1;
        break;
    case 10:
        if (o->evidence_count == 1)
            o->evidence[o->evidence_count++] = o->evidence[0];
        break;
    case 11:
        o->plan_len = o->plan_len > arg ? o->plan_len - arg : 0;
        break;
    case 12:
        o->limits = (const uint8_t *)"preset: parity\n";
        o->limits_len = 15;
        break;
    case 13:
        o->shown = borrow(&life.side[arg & 1].newest);
        break;
    case 14:
        o->verb = (uint8_t)(1 + arg % ORDER_RETIRE);
        break;
    default:
        add_any_approval(o, arg);
        break;
    }
}

static void
order(enum toy_member m, struct order o, uint8_t how, uint8_t arg)
{
    static uint8_t id;
    if (how >= 0xc0)
        distort(&o, how, arg);
    o.id = toy_id(++id);
    step(m, (struct member_event){.kind = MEMBER_ORDER, .order = &o});
}

/* ---- machines and people ------------------------------------------------------------------------ */

static void
observe(enum toy_member m)
{
    struct facts f = look_at(m);
    step(m, (struct member_event){.kind = MEMBER_OBSERVED, .facts = &f});
}

/* A look that takes its time: what it saw is delivered later. */
static void
look(enum toy_member m)
{
    struct side *s = &life.side[m];
    life.now_ms += GAP_MS;
    if (!s->looks) {
        s->look = look_at(m);
        s->look_began_ms = life.now_ms;
        s->looks = true;
        return;
    }
    s->looks = false;
    step(m, (struct member_event){
                .kind = MEMBER_OBSERVED, .facts = &s->look, .began_ms = s->look_began_ms});
}

static void
act(enum toy_member m)
{
    struct machine_now *s = &life.side[m].now;
    s->acted = true;
    switch (member_desire(&life.side[m].m)) {
    case DESIRE_AS_IS:
        break;
    case DESIRE_STOPPED:
    case DESIRE_STOPPED_NOW:
        s->running = s->starting = false;
        s->disabled = true;
        break;
    case DESIRE_RUNNING:
        s->starting = s->disabled = false;
        s->running = true;
        break;
    }
}

static void
boot(enum toy_member m, bool other_generation)
{
    struct side *s = &life.side[m];
    uint8_t stored[PROMISE_BYTES_MAX];
    size_t len = promise_encode(&s->m.promise, stored);
    FUZZ_CHECK(promise_decode(stored, len, &s->m.promise) == BATON_OK);
    struct promise before = s->m.promise;
    struct machine now = before.machine;
    now.boot.b[0]++;
    if (other_generation)
        now.generation.b[0]++;
    s->now.running = s->now.wizard = s->now.acted = s->looks = false;
    s->now.starting = !s->now.disabled;
    s->m.watch = (struct watch){0};
    facts_init(&s->m.watch.facts);
    (void)guard_boot(&s->m.promise, STATE_GOOD, before.tombstone, &now);
    check_relation(&(struct change){.before = &before, .after = &s->m.promise});
    step(m, (struct member_event){.kind = MEMBER_BOOT});
}

/* The old server's hypervisor goes back, once, to a state in which it had promised, and says so. */
static void
revert(struct side *s)
{
    if (!s->snapshot && !epoch_is_zero(&s->m.promise.epoch)) {
        s->snapshot = true;
        s->promise_then = s->m.promise;
        s->now_then = s->now;
    } else if (s->snapshot && !s->reverted) {
        s->reverted = true;
        s->m.promise = s->promise_then;
        s->now = s->now_then;
        boot(TOY_OLD, true);
    }
}

static void
machine_event(enum toy_member m, uint8_t arg)
{
    struct side *s = &life.side[m];
    switch (arg % 8) {
    case 0:
        boot(m, false);
        break;
    case 1:
        if (s->now.starting && s->now.acted) {
            s->now.starting = false;
            s->now.running = true;
        }
        break;
    case 2:
        if (can_export(m) && s->now.exports < UINT8_MAX)
            s->now.exports++;
        break;
    case 3:
        if (!life.side[TOY_OLD].now.dead && !life.side[TOY_NEW].now.dead && arg > 0xe0) {
            s->now.dead = true;
            s->now.running = s->now.starting = false;
        }
        break;
    case 4:
        if (m == TOY_OLD)
            revert(s);
        break;
    case 5:
        step(m, (struct member_event){.kind = MEMBER_NOTICE, .notice = (uint8_t)(arg / 8 % 8)});
        break;
    case 6:
        life.now_ms += (uint64_t)toy_plan()->policy.v[POLICY_GRANT_MS];
        step(m, (struct member_event){.kind = MEMBER_TICK});
        break;
    default:
        step(m, (struct member_event){.kind = MEMBER_RECEIPT, .receipt_size = arg});
        break;
    }
}

/* The wizard is opened while a grant is shown; the click may come late. */
static void
person(uint8_t arg)
{
    struct machine_now *s = &life.side[TOY_NEW].now;
    if (s->dead)
        return;
    if (!s->wizard && s->staging && life.side[TOY_NEW].m.promise.grant == GRANT_LIVE)
        s->wizard = true;
    else if (s->wizard) {
        s->wizard = false;
        s->staging = s->staging && arg % 4 == 0;
    }
}

static void
controller_event(enum toy_member m, uint8_t what, uint8_t arg, uint8_t how)
{
    enum toy_member named = arg & 0x80 ? TOY_OLD : TOY_NEW;
    struct epoch e = any_epoch(arg), kept = life.side[m].m.promise.epoch;
    switch (what) {
    case 0:
        order(m, toy_adopt(toy_epoch(1)), how, arg);
        break;
    case 1:
        order(m, toy_fence(e, named), how, arg);
        break;
    case 2:
        order(m, adopt_again(e, named), how, arg);
        break;
    case 3:
        order(m, toy_challenge(kept, arg), how, arg);
        break;
    case 4:
        order(m, grant_by_evidence(m, arg), how, arg);
        break;
    case 5:
        order(m, grant_by_attestation(m), how, arg);
        break;
    case 6:
        order(m, status_about(m, arg & 1 ? VERB_DISARM : VERB_READMIT), how, arg);
        break;
    case 7:
        order(m, status_shown(m), how, arg);
        break;
    default:
        order(m, retire(m), how, arg);
        break;
    }
}

/* ---- a life -------------------------------------------------------------------------------------- */

static void
begin(const uint8_t *bytes, size_t len)
{
    memset(&life, 0, sizeof life);
    life.bytes = bytes;
    life.len = len;
    for (int m = 0; m < TOY_MEMBERS; m++) {
        struct side *s = &life.side[m];
        s->m = toy_new_member((enum toy_member)m);
        s->now = (struct machine_now){.running = true, .staging = m == TOY_NEW};
        observe((enum toy_member)m);
    }
}

static void
event(void)
{
    uint8_t kind = next(), arg = next(), how = next();
    enum toy_member m = kind & 0x80 ? TOY_NEW : TOY_OLD;
    switch (kind & 0x0f) {
    case 9:
        observe(m);
        break;
    case 10:
        look(m);
        break;
    case 11:
        act(m);
        break;
    case 12:
    case 13:
        machine_event(m, arg);
        break;
    case 14:
        person(arg);
        break;
    case 15: /* what an agent does by itself after every order */
        observe(m);
        act(m);
        observe(m);
        break;
    default:
        controller_event(m, kind & 0x0f, arg, how);
        break;
    }
    check_world();
}

static void
run(const char *text, size_t len)
{
    begin((const uint8_t *)text, len);
    for (int i = 0; i < EVENTS_MAX && life.at < life.len; i++)
        event();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
