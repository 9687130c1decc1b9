#include "duet.h"

#include <stdio.h>
#include <string.h>

static void carry(struct duet *u, const struct decision *d);

/* --- the controller's side ------------------------------------------------------------------------ */

struct tenant_event
duet_event(struct duet *u, enum tenant_event_kind kind)
{
    struct tenant_event ev = {.kind = kind,
                              .now_ms = u->now_ms,
                              .unix_ms = u->unix_ms,
                              .incarnation = toy_id(0xc0),
                              .our_log_size = u->log_size,
                              .trust = toy_trust()};
    ev.random_id = toy_id(kind == TEV_CREATE ? 0x22 : 0x11); /* the toy plan's id */
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        ev.nonce[i] = toy_id(++u->tag);
        ev.nonce[i].b[0] = (uint8_t)(0xa0 + i);
    }
    return ev;
}

static void
check_invariants(const struct duet *u)
{
    BATON_ASSERT(!(u->m[TOY_OLD].promise.holding && u->m[TOY_NEW].promise.holding));
    uint8_t state = u->t.cutover.state;
    bool vouched = u->t.authority.member[TOY_OLD].attested; /* then people answer for it */
    if ((state == HO_GAP || state == HO_GRANTING) && !vouched && !u->misled)
        BATON_ASSERT(!u->m[TOY_OLD].promise.holding);
}

void
duet_feed(struct duet *u, const struct tenant_event *ev)
{
    struct decision d;
    if (u->before_step != NULL)
        u->before_step(u, ev);
    tenant_step(&u->t, ev, toy_digest(), &d);
    if (u->after_step != NULL)
        u->after_step(u, ev, &d);
    u->effects |= d.effects;
    u->pages += d.page;
    if (d.page)
        memcpy(u->page_text, d.page_text, sizeof u->page_text);
    for (size_t i = 0; i < d.note_count; i++)
        if (d.note[i].type == AUDIT_MOVED && d.note[i].rule != 0 && u->rules < ARRAY_LEN(u->rule))
            u->rule[u->rules++] = d.note[i].rule;
    if (ev->kind != TEV_STATEMENT && ev->kind != TEV_REPORT && ev->kind != TEV_BLOB)
        u->d = d;
    check_invariants(u);
    carry(u, &d);
}

static void
feed_blob(struct duet *u)
{
    struct tenant_event ev = duet_event(u, TEV_BLOB);
    ev.agent = TOY_OLD;
    toy_hash("sealed", 6, 5, &ev.blob);
    ev.file = u->t.cutover.settings;
    ev.blob_bytes = 6;
    duet_feed(u, &ev);
}

/* --- the members' side ------------------------------------------------------------------------------ */

static void
follow_desire(struct duet *u, enum toy_member who)
{
    struct facts *f = &u->facts[who];
    enum desire want = member_desire(&u->m[who]);
    if ((want == DESIRE_STOPPED || want == DESIRE_STOPPED_NOW) &&
        fact_is(f, FACT_SERVICES_STOPPED, 0))
        toy_facts_stop(f);
    if (want != DESIRE_RUNNING || fact_is(f, FACT_SERVICES_STOPPED, 0))
        return;
    static const enum fact_id off[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED,
                                       FACT_SERVICES_DISABLED_REGISTRY, FACT_ENGINE_GONE};
    for (size_t i = 0; i < ARRAY_LEN(off); i++)
        facts_set(f, off[i], 0);
}

static void
speak(struct duet *u, enum toy_member who, const struct member_out *out)
{
    for (size_t i = 0; i < out->word_count && !u->cut[who]; i++) {
        const struct member_word *w = &out->word[i];
        struct statement s;
        enum baton_status rc = statement_decode(w->bytes, w->len, &s);
        BATON_ASSERT(rc == BATON_OK);
        if (s.type == SAY_EVIDENCE) {
            struct duet_evidence *e = &u->evidence[who];
            memcpy(e->bytes, w->bytes, w->len);
            e->sb = toy_sign_word(who, w);
            e->sb.bytes = e->bytes;
        }
        struct tenant_event ev = duet_event(u, TEV_STATEMENT);
        ev.agent = (uint8_t)who;
        ev.statement = &s;
        toy_hash(w->bytes, w->len, 1, &ev.statement_hash);
        duet_feed(u, &ev);
    }
}

static void
member_do(struct duet *u, enum toy_member who, struct member_event ev)
{
    struct member_out out;
    u->now_ms += 1;
    u->unix_ms += 1;
    ev.now_ms = ev.began_ms = u->now_ms;
    ev.now_unix_ms = u->unix_ms;
    member_step(&u->m[who], &ev, toy_digest(), &out);
    follow_desire(u, who);
    speak(u, who, &out);
}

static void
observe(struct duet *u, enum toy_member who)
{
    member_do(u, who, (struct member_event){.kind = MEMBER_OBSERVED, .facts = &u->facts[who]});
}

static void
deliver(struct duet *u, enum toy_member who)
{
    while (!u->cut[who] && u->queued[who] > 0) {
        struct order o = u->queue[who][0];
        u->queued[who]--;
        memmove(&u->queue[who][0], &u->queue[who][1], u->queued[who] * sizeof o);
        member_do(u, who, (struct member_event){.kind = MEMBER_ORDER, .order = &o});
        observe(u, who);
    }
}

/* The people of the toy approve the plan of this tenant, whatever it is. */
static void
use_plan(struct duet *u, struct order *o)
{
    if (u->plan_len == 0 || !baton_hash_eq(&u->plan_hash, &u->t.cutover.plan)) {
        enum baton_status rc = plan_encode(&u->t.plan, u->plan, sizeof u->plan, &u->plan_len);
        BATON_ASSERT(rc == BATON_OK);
        u->plan_hash = u->t.cutover.plan;
    }
    if (o->plan != NULL) {
        o->plan = u->plan;
        o->plan_len = u->plan_len;
    }
    for (size_t i = 0; i < o->approval_count; i++) {
        o->approval[i].a.plan = u->plan_hash;
        toy_sign_approval(&o->approval[i],
                          (enum toy_person)(o->approval[i].a.operator.b[0] - 0x50));
    }
}

static void
post(struct duet *u, enum toy_member who, struct order o)
{
    BATON_ASSERT(u->queued[who] < DUET_QUEUE_MAX);
    o.id = toy_id(++u->tag);
    o.id.b[0] = 0x0d;
    if (u->t.plan_known)
        use_plan(u, &o);
    u->queue[who][u->queued[who]++] = o;
}

static enum toy_member
member_with(const struct baton_key *key)
{
    struct baton_key old = toy_member_key(TOY_OLD);
    return baton_key_eq(key, &old) ? TOY_OLD : TOY_NEW;
}

static struct order
challenge_for(const struct duet *u, size_t member, bool void_first)
{
    struct order o = toy_challenge(u->t.authority.epoch, 0);
    o.recipient = u->t.authority.recipient;
    o.nonce = u->t.authority.member[member].nonce;
    o.void_first = void_first;
    return o;
}

static void
post_fence(struct duet *u, enum toy_member recipient)
{
    const struct authority *a = &u->t.authority;
    bool adopt = a->phase == AUTH_ADOPTING;
    for (int who = 0; who < TOY_MEMBERS; who++) {
        struct order o = adopt ? toy_adopt(a->epoch) : toy_fence(a->epoch, recipient);
        if (adopt && (recipient == TOY_NEW || a->epoch.counter > 1)) { /* not the first one */
            o.recipient = toy_member_key(recipient);
            o.approval_count = 2;
            o.approval[0] = toy_approval(VERB_ADOPT, TOY_ANNA, recipient, o.epoch);
            o.approval[1] = toy_approval(VERB_ADOPT, TOY_BERT, recipient, o.epoch);
        }
        post(u, (enum toy_member)who, o);
    }
}

static void
post_grant(struct duet *u, enum toy_member recipient)
{
    enum toy_member other = recipient == TOY_OLD ? TOY_NEW : TOY_OLD;
    post(u, recipient,
         toy_grant(u->t.authority.epoch, recipient, u->t.authority.serial, &u->evidence[other].sb));
}

static void
post_retire(struct duet *u)
{
    struct order o = toy_challenge(u->t.authority.epoch, 0);
    o.verb = ORDER_RETIRE;
    o.recipient = toy_member_key(TOY_OLD);
    o.approval[o.approval_count++] = toy_approval(VERB_RETIRE, TOY_ANNA, TOY_OLD, o.epoch);
    post(u, TOY_OLD, o);
}

static void
post_status(struct duet *u)
{
    for (int who = 0; who < TOY_MEMBERS; who++) {
        struct order o = toy_challenge(u->t.authority.epoch, 0);
        o.verb = ORDER_STATUS;
        o.nonce = u->t.authority.member[who].status_nonce;
        post(u, (enum toy_member)who, o);
    }
}

/* What the engine does with a decision: orders out, the settings file along its way. */
static void
carry(struct duet *u, const struct decision *d)
{
    enum toy_member recipient = member_with(&u->t.authority.recipient);
    uint8_t mask = u->t.authority.challenge_mask;
    if ((d->orders & AUTH_FX_STATUS) && u->t.authority.member_count > 0)
        post_status(u);
    if (d->orders & AUTH_FX_FENCE)
        post_fence(u, recipient);
    if (d->orders & AUTH_FX_VOID)
        post(u, recipient, challenge_for(u, recipient, true));
    for (size_t i = 0; (d->orders & AUTH_FX_CHALLENGE) && i < TOY_MEMBERS; i++)
        if (mask & (1u << i))
            post(u, (enum toy_member)i, challenge_for(u, i, false));
    if (d->orders & AUTH_FX_GRANT)
        post_grant(u, recipient);
    if (d->orders & AUTH_FX_RETIRE)
        post_retire(u);
    deliver(u, TOY_OLD);
    deliver(u, TOY_NEW);
    if (d->effects & HFX_SEAL_SETTINGS) {
        facts_set(&u->facts[TOY_OLD], FACT_SETTINGS_SEALED, 1);
        feed_blob(u);
    }
    if (d->effects & HFX_PLACE_SETTINGS) {
        facts_set(&u->facts[TOY_NEW], FACT_SETTINGS_PLACED, 1);
        facts_set_digest(&u->facts[TOY_NEW], DIGEST_SETTINGS, &u->t.cutover.settings);
    }
}

/* --- what tests use ---------------------------------------------------------------------------------- */

static void
enroll(struct duet *u, enum toy_member who)
{
    const struct plan_member *pm = &toy_plan()->member[who];
    struct agent_view *a = &u->t.agent[who];
    a->used = a->confirmed = true;
    a->key = pm->key;
    a->box_key = pm->box_key;
    memcpy(a->host, pm->host, sizeof a->host);
    a->confirmed_by = pm->confirmed_by;
    a->confirmation = pm->confirmation;
    a->role = who == TOY_OLD ? 'o' : 'n';
    u->m[who] = toy_new_member(who);
    u->m[who].promise.machine.guid = toy_id((uint8_t)(0x30 + who));
    u->facts[who] = toy_facts(who);
    facts_set(&u->facts[who], FACT_OBJECTS, 1200);
    facts_set(&u->facts[who], FACT_INTERVAL_MS, 2000);
    facts_set(&u->facts[who], FACT_GOOD_CYCLES, who == TOY_OLD ? 40 : 0);
    facts_set(&u->facts[who], FACT_IMPORT_OK, 1);
    struct tenant_event ev = duet_event(u, TEV_SESSION);
    ev.agent = (uint8_t)who;
    duet_feed(u, &ev);
}

void
duet_open(struct duet *u)
{
    memset(u, 0, sizeof *u);
    u->now_ms = 100000;
    u->unix_ms = 1764000000000;
    u->t.info.id = toy_tenant();
    memcpy(u->t.info.name, "contoso", 8);
    u->t.info.lab = true;
    policy_preset(PRESET_LAB, &u->t.info.policy);
    struct tenant_event ev = duet_event(u, TEV_START);
    duet_feed(u, &ev);
    enroll(u, TOY_OLD);
    enroll(u, TOY_NEW);
    facts_set(&u->facts[TOY_OLD], FACT_LAST_EXPORT_END, (int64_t)u->unix_ms - 1000);
    facts_set(&u->facts[TOY_OLD], FACT_LAST_EXPORT_OK, 1);
    facts_set(&u->facts[TOY_NEW], FACT_PRODUCT_PRESENT, 0);
    facts_set(&u->facts[TOY_NEW], FACT_PREREQ_FAILED, 0);
    facts_absent(&u->facts[TOY_NEW], FACT_STAGING_SCHEDULER, ABSENT_NO_PRODUCT);
    facts_absent(&u->facts[TOY_NEW], FACT_STAGING_SETTINGS, ABSENT_NO_PRODUCT);
    facts_absent(&u->facts[TOY_NEW], FACT_CONNECTOR_READY, ABSENT_NO_PRODUCT);
    duet_pass(u, 1, 1000);
}

void
duet_open_swing(struct duet *u)
{
    duet_open(u);
    struct facts *f = &u->facts[TOY_OLD];
    facts_set(f, FACT_PRODUCT_CLASS, PRODUCT_CONNECT);
    facts_set(f, FACT_SERVICES_PRESENT, 1);
    facts_set(f, FACT_STAGING_SCHEDULER, 0);
    facts_set(f, FACT_STAGING_SETTINGS, 0);
    duet_report(u, TOY_OLD);
    duet_create(u, PROFILE_SWING);
}

void
duet_stage(struct duet *u, enum toy_member who, bool on)
{
    facts_set(&u->facts[who], FACT_STAGING_SCHEDULER, on);
    facts_set(&u->facts[who], FACT_STAGING_SETTINGS, on);
    duet_report(u, who);
}

void
duet_create(struct duet *u, enum profile profile)
{
    struct tenant_event ev = duet_event(u, TEV_CREATE);
    ev.profile = (uint8_t)profile;
    ev.old_agent = TOY_OLD;
    ev.new_agent = TOY_NEW;
    memcpy(ev.text, "as agreed", 10);
    duet_feed(u, &ev);
}

enum baton_status
duet_verb(struct duet *u, enum handoff_event verb, const char *text)
{
    struct tenant_event ev = duet_event(u, TEV_VERB);
    ev.verb = verb;
    ev.actor = toy_id(0x50);
    if (text != NULL)
        memcpy(ev.text, text, strlen(text) + 1);
    duet_feed(u, &ev);
    return u->d.problem.status;
}

enum baton_status
duet_findings(struct duet *u, enum toy_member who, const struct findings *list)
{
    static uint8_t bytes[FINDINGS_BYTES_MAX];
    size_t len = 0;
    struct tenant_event ev = duet_event(u, TEV_FINDINGS);
    enum baton_status rc = findings_encode(list, bytes, &len);
    BATON_ASSERT(rc == BATON_OK);
    toy_hash(bytes, len, 7, &ev.findings_hash);
    ev.agent = (uint8_t)who;
    ev.findings = list;
    duet_feed(u, &ev);
    rc = u->d.problem.status;
    facts_set_digest(&u->facts[who], DIGEST_FINDINGS, &ev.findings_hash);
    facts_set_digest(&u->facts[who], DIGEST_COMPARED_CONFIG,
                     &u->t.agent[TOY_OLD].facts.digest[DIGEST_CONFIG]);
    duet_report(u, who);
    return rc;
}

enum baton_status
duet_dispose(struct duet *u, const struct signed_disposition *sd)
{
    struct tenant_event ev = duet_event(u, TEV_DISPOSED);
    ev.disposition = sd;
    duet_feed(u, &ev);
    return u->d.problem.status;
}

static enum baton_status
give_approval(struct duet *u, const struct signed_approval *sa)
{
    struct tenant_event ev = duet_event(u, TEV_APPROVAL);
    ev.approval = sa;
    duet_feed(u, &ev);
    return u->d.problem.status;
}

enum baton_status
duet_approve(struct duet *u, enum approval_verb verb, enum toy_person by)
{
    bool to_old = verb == VERB_PLAN || verb == VERB_ROLLBACK || verb == VERB_RETIRE;
    const struct authority *a = &u->t.authority;
    struct signed_approval sa = toy_approval(verb, by, to_old ? TOY_OLD : TOY_NEW, a->epoch);
    sa.a.plan = u->t.cutover.plan;
    if (verb == VERB_CUTOVER || verb == VERB_GO)
        sa.a.verification = u->t.cutover.verification_hash;
    if (verb == VERB_GO) {
        sa.a.epoch = a->epoch;
        sa.a.serial = a->serial + 1;
        sa.a.evidence[TOY_OLD] = a->member[TOY_OLD].evidence;
    }
    toy_sign_approval(&sa, by);
    return give_approval(u, &sa);
}

enum baton_status
duet_attest(struct duet *u, enum toy_member subject, enum toy_person by)
{
    const struct authority *a = &u->t.authority;
    struct signed_approval sa = toy_approval(VERB_ATTEST, by, member_with(&a->recipient), a->epoch);
    sa.a.epoch = a->epoch;
    sa.a.subject = toy_member_key(subject);
    sa.a.not_after_ms = u->unix_ms + approval_life_ms(VERB_ATTEST, &u->t.plan.policy);
    toy_hash("powered off", 11, 9, &sa.a.seen);
    toy_sign_approval(&sa, by);
    return give_approval(u, &sa);
}

enum baton_status
duet_account_gone(struct duet *u, enum toy_person by)
{
    struct signed_approval sa = toy_approval(VERB_RETIRE, by, TOY_OLD, u->t.authority.epoch);
    sa.a.plan = u->t.cutover.plan;
    toy_hash("no such user", 12, 9, &sa.a.seen);
    toy_sign_approval(&sa, by);
    return give_approval(u, &sa);
}

void
duet_report(struct duet *u, enum toy_member who)
{
    observe(u, who);
    if (u->cut[who])
        return;
    struct tenant_event ev = duet_event(u, TEV_REPORT);
    ev.agent = (uint8_t)who;
    ev.facts = &u->m[who].watch.facts;
    duet_feed(u, &ev);
}

void
duet_clock(struct duet *u, uint64_t step_ms)
{
    u->now_ms += step_ms;
    u->unix_ms += step_ms;
    struct tenant_event ev = duet_event(u, TEV_CLOCK);
    duet_feed(u, &ev);
}

void
duet_pass(struct duet *u, unsigned n, uint64_t step_ms)
{
    for (unsigned i = 0; i < n; i++) {
        duet_clock(u, step_ms);
        duet_report(u, TOY_OLD);
        duet_report(u, TOY_NEW);
    }
}

void
duet_restart(struct duet *u)
{
    u->now_ms = 5000; /* another run: its monotonic clock begins elsewhere */
    u->unix_ms += 2000;
    for (size_t i = 0; i < TOY_MEMBERS; i++) { /* the members read the same clock here */
        struct watch *w = &u->m[i].watch;
        w->quiet_since_ms = w->broken_ms = w->observed_ms = w->aged_ms = w->challenged_ms = 0;
    }
    struct tenant_event ev = duet_event(u, TEV_START);
    duet_feed(u, &ev);
    for (int who = 0; who < TOY_MEMBERS; who++) {
        struct tenant_event s = duet_event(u, TEV_SESSION);
        s.agent = (uint8_t)who;
        if (!u->cut[who])
            duet_feed(u, &s);
    }
}

void
duet_bar(struct duet *u, enum toy_member who)
{
    struct tenant_event ev = duet_event(u, TEV_BARRED);
    ev.agent = (uint8_t)who;
    memcpy(ev.text, "two live sessions", 18);
    duet_feed(u, &ev);
}

void
duet_quarantine(struct duet *u, enum toy_member who)
{
    struct machine now = u->m[who].promise.machine;
    now.guid = toy_id((uint8_t)(0x70 + who));
    (void)guard_boot(&u->m[who].promise, STATE_GOOD, false, &now);
    u->m[who].watch.told = SAY_NONE;
    member_do(u, who, (struct member_event){.kind = MEMBER_BOOT});
    observe(u, who);
    duet_report(u, who);
}

void
duet_tell_self(struct duet *u, enum toy_member who, enum approval_verb verb)
{
    const struct promise *p = &u->m[who].promise;
    struct order o = toy_challenge(u->t.authority.epoch, 0);
    o.verb = ORDER_STATUS;
    o.nonce = u->t.authority.member[who].status_nonce;
    o.approval[o.approval_count++] = toy_approval(verb, TOY_ANNA, who, p->epoch);
    o.approval[0].a.subject = p->self;
    machine_digest(&p->machine, toy_digest(), &o.approval[0].a.seen);
    post(u, who, o);
    deliver(u, who);
}

void
duet_uncut(struct duet *u, enum toy_member who)
{
    u->cut[who] = false;
    deliver(u, who);
}

bool
duet_fired(const struct duet *u, uint16_t number)
{
    for (size_t i = 0; i < u->rules; i++)
        if (u->rule[i] == number)
            return true;
    return false;
}

void
duet_export(struct duet *u, enum toy_member who)
{
    struct facts *f = &u->facts[who];
    facts_set(f, FACT_EXPORTS_TOTAL, fact_or(f, FACT_EXPORTS_TOTAL, 0) + 1);
    facts_set(f, FACT_LAST_EXPORT_END, (int64_t)u->unix_ms);
    facts_set(f, FACT_LAST_RUN_END, (int64_t)u->unix_ms);
    facts_set(f, FACT_LAST_EXPORT_OK, 1);
    duet_report(u, who);
}

void
duet_tell(const struct duet *u)
{
    struct problem p;
    tenant_explain(&u->t, u->now_ms, toy_digest(), toy_trust(), &p);
    printf("state %s, phase %s, epoch %llu\n",
           handoff_state_code((enum handoff_state)u->t.cutover.state),
           authority_phase_name((enum authority_phase)u->t.authority.phase),
           (unsigned long long)u->t.authority.epoch.counter);
    for (size_t i = 0; i < u->rules; i++)
        printf(" %u", u->rule[i]);
    printf("\nanswer: %s\nexplain: %u %s\n", u->d.problem.title, p.rule, p.title);
    for (size_t i = 0; i < p.fact_count; i++)
        printf("  %s\n", p.fact[i].text);
    printf("  next: %s (%s)\n", p.next, p.who);
}

/* --- the straight way ---------------------------------------------------------------------------------- */

static void
people_export_settings(struct duet *u)
{
    struct baton_hash file;
    toy_hash("settings", 8, 7, &file);
    facts_set(&u->facts[TOY_OLD], FACT_SETTINGS_SEEN, (int64_t)u->unix_ms);
    facts_set_digest(&u->facts[TOY_OLD], DIGEST_SETTINGS, &file);
}

static void
people_install(struct duet *u)
{
    struct facts *f = &u->facts[TOY_NEW];
    struct baton_hash config;
    toy_hash("config", 6, 7, &config);
    facts_set(f, FACT_PRODUCT_PRESENT, 1);
    facts_set(f, FACT_PRODUCT_VERSION, 0x0002000600000000);
    facts_set(f, FACT_CONNECTOR_READY, 1);
    facts_set(f, FACT_STAGING_SCHEDULER, 1);
    facts_set(f, FACT_STAGING_SETTINGS, 1);
    facts_set_digest(f, DIGEST_CONFIG, &config);
    facts_set_digest(f, DIGEST_RULES, &config);
}

static void
servers_cycle(struct duet *u)
{
    static const enum fact_id ops[] = {FACT_FULL_IMPORT_AD, FACT_FULL_SYNC_AD,
                                       FACT_FULL_IMPORT_ENTRA, FACT_FULL_SYNC_ENTRA};
    struct facts *f = &u->facts[TOY_NEW];
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        facts_set(f, ops[i], 1);
    facts_set(f, FACT_PENDING_ADDS, 3);
    facts_set(f, FACT_PENDING_UPDATES, 12);
    facts_set(f, FACT_PENDING_DELETES, 0);
    for (int who = 0; who < TOY_MEMBERS; who++) {
        int64_t cycles = fact_or(&u->facts[who], FACT_GOOD_CYCLES, 0);
        facts_set(&u->facts[who], FACT_GOOD_CYCLES, cycles + 1);
    }
}

static void
people_accept(struct duet *u)
{
    (void)duet_verb(u, HEV_ACCEPT, "differences reviewed, nothing compares anchors here");
}

static void
people_arm(struct duet *u)
{
    (void)duet_approve(u, VERB_CUTOVER, TOY_ANNA);
    (void)duet_approve(u, VERB_CUTOVER, TOY_BERT);
    (void)duet_verb(u, HEV_ARM, NULL);
}

static void
people_go(struct duet *u)
{
    (void)duet_verb(u, HEV_GO, NULL);
    duet_pass(u, 1, 10);
    (void)duet_approve(u, VERB_GO, TOY_CLEO);
}

static void
people_remove_old(struct duet *u)
{
    facts_set(&u->facts[TOY_OLD], FACT_PRODUCT_PRESENT, 0);
    facts_set(&u->facts[TOY_OLD], FACT_SERVICES_PRESENT, 0);
    duet_report(u, TOY_OLD);
    facts_set(&u->facts[TOY_NEW], FACT_ACCOUNT_REMOVED, (int64_t)u->unix_ms);
    duet_report(u, TOY_NEW);
    (void)duet_approve(u, VERB_RETIRE, TOY_ANNA);
    (void)duet_verb(u, HEV_RETIRE, NULL);
}

void
duet_work(struct duet *u)
{
    switch (u->t.cutover.state) {
    case HO_ASSESSED:
        (void)duet_verb(u, HEV_PLAN, NULL);
        break;
    case HO_PLANNED:
        (void)duet_approve(u, VERB_PLAN, TOY_ANNA);
        break;
    case HO_EXPORT_SETTINGS:
        people_export_settings(u);
        break;
    case HO_INSTALL_STAGED:
        people_install(u);
        break;
    case HO_FIRST_SYNC:
        servers_cycle(u);
        break;
    case HO_VERIFY:
        people_accept(u);
        break;
    case HO_READY:
        people_arm(u);
        break;
    case HO_ARMED:
        (void)duet_verb(u, HEV_START, NULL);
        break;
    case HO_RELEASING:
        if (u->t.cutover.profile == PROFILE_SWING)
            duet_stage(u, TOY_OLD, true);
        break;
    case HO_GAP:
        people_go(u);
        break;
    case HO_GRANTING:
        duet_stage(u, TOY_NEW, false);
        break;
    case HO_ACTIVATING:
        duet_export(u, TOY_NEW);
        break;
    case HO_PROBATION:
        servers_cycle(u);
        break;
    case HO_DECOMMISSION:
        people_remove_old(u);
        break;
    default: /* the rest goes on by itself */
        break;
    }
}

void
duet_to(struct duet *u, enum handoff_state state)
{
    if (u->t.cutover.state == HO_NONE)
        duet_create(u, PROFILE_PARALLEL);
    for (int i = 0; i < 60 && u->t.cutover.state != state; i++) {
        duet_work(u);
        if (u->t.cutover.state != state)
            duet_pass(u, 1, 1200);
    }
    if (u->t.cutover.state != state)
        duet_tell(u);
    BATON_ASSERT(u->t.cutover.state == state);
}
