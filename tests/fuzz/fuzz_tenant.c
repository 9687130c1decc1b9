/* The bytes are what happens to one tenant: people's verbs and signatures, rightly and wrongly, time, servers,
 * and agents that say in their own name whatever they like. The controller's deciding functions and two real
 * agents live through it; after every single step the record is held against what may never be. */
#include "fuzz.h"

#include "duet.h"

enum { EVENTS_MAX = 160, HOUR_MS = 60 * 60 * 1000, TEXT_MAX = 40 };

struct story {
    struct duet u;
    struct tenant before, backup; /* backup: what an older database holds */
    bool backup_taken;
    bool dead[TOY_MEMBERS];
    bool unruly; /* somebody changes a server by hand: what it then does is nobody's promise */
    uint8_t row[TENANT_ROW_BYTES_MAX], again[TENANT_ROW_BYTES_MAX];
    const uint8_t *bytes;
    size_t len, at;
};

static struct story story; /* too large for a stack */

static uint8_t
next(void)
{
    return story.at < story.len ? story.bytes[story.at++] : 0;
}

static uint64_t
next_number(void)
{
    uint64_t n = 0;
    for (int bytes = next() % 9; bytes > 0; bytes--)
        n = n << 8 | next();
    return n;
}

static enum toy_member
member_of(uint8_t arg)
{
    return arg & 1 ? TOY_NEW : TOY_OLD;
}

/* ---- what must be true after every step of the controller ---------------------------------------- */

static void
check_text(const char *text, size_t cap)
{
    FUZZ_CHECK(memchr(text, '\0', cap) != NULL);
}

static void
check_problem(const struct problem *p)
{
    check_text(p->title, sizeof p->title);
    check_text(p->who, sizeof p->who);
    check_text(p->next, sizeof p->next);
    FUZZ_CHECK(p->fact_count <= PROBLEM_FACTS_MAX);
    FUZZ_CHECK(p->status == BATON_OK || p->title[0] != '\0');
}

static void
check_decision(const struct decision *d)
{
    check_problem(&d->problem);
    check_text(d->page_text, sizeof d->page_text);
    FUZZ_CHECK(d->note_count <= DECISION_NOTES_MAX);
    for (size_t i = 0; i < d->note_count; i++) {
        check_text(d->note[i].text, sizeof d->note[i].text);
        FUZZ_CHECK(d->note[i].ref_count <= ARRAY_LEN(d->note[i].ref));
        FUZZ_CHECK(d->note[i].from < HANDOFF_STATE_COUNT && d->note[i].to < HANDOFF_STATE_COUNT);
    }
}

/* What is written is read again as it was. */
static void
check_authority_row(const struct authority *a)
{
    struct authority read;
    size_t len = authority_encode(a, story.row);
    FUZZ_CHECK(authority_decode(story.row, len, &read) == BATON_OK);
    FUZZ_CHECK(authority_encode(&read, story.again) == len);
    FUZZ_CHECK(memcmp(story.row, story.again, len) == 0);
}

static void
check_cutover_row(const struct cutover *c)
{
    static struct cutover read;
    size_t len = cutover_encode(c, story.row, sizeof story.row);
    FUZZ_CHECK(cutover_decode(story.row, len, &read) == BATON_OK);
    FUZZ_CHECK(cutover_encode(&read, story.again, sizeof story.again) == len);
    FUZZ_CHECK(memcmp(story.row, story.again, len) == 0);
}

static void
check_rows(const struct tenant *t, const struct decision *d)
{
    static struct agent_view read;
    if (d->changed_authority)
        check_authority_row(&t->authority);
    if (d->changed_cutover)
        check_cutover_row(&t->cutover);
    if (!d->changed_agent)
        return;
    size_t len = agent_view_encode(&t->agent[d->agent], story.row, sizeof story.row);
    FUZZ_CHECK(agent_view_decode(story.row, len, &read) == BATON_OK);
}

/* Numbers only rise, and what was exported or retired stays so. */
static void
check_memory(const struct tenant *was, const struct tenant *is, bool created)
{
    const struct authority *a = &was->authority, *b = &is->authority;
    FUZZ_CHECK(epoch_cmp(&b->epoch, &a->epoch) >= 0);
    FUZZ_CHECK(!epoch_eq(&a->epoch, &b->epoch) || b->serial >= a->serial);
    FUZZ_CHECK(!a->ponr || b->ponr);
    FUZZ_CHECK(!a->adopted || b->adopted);
    FUZZ_CHECK(created || !was->cutover.ponr || is->cutover.ponr);
    for (size_t i = 0; i < a->member_count; i++) {
        int at = authority_member_index(b, &a->member[i].key);
        if (at < 0)
            continue; /* another plan leaves it out */
        FUZZ_CHECK(b->member[at].counter >= a->member[i].counter);
        FUZZ_CHECK(!a->member[i].ever_exported || b->member[at].ever_exported);
    }
}

/* No order that gives anything leaves a record that does not say so, or one that is not sure. */
static void
check_orders(const struct tenant *t, const struct decision *d)
{
    const struct authority *a = &t->authority;
    const char *why;
    if (d->orders & AUTH_FX_GRANT) {
        FUZZ_CHECK(a->phase == AUTH_GRANTED && d->changed_authority);
        FUZZ_CHECK(!a->recovering && !a->reconcile);
        FUZZ_CHECK(authority_complete(a));
        FUZZ_CHECK(authority_may_return(a, &a->recipient, &why));
    }
    if (d->orders & AUTH_FX_FENCE)
        FUZZ_CHECK(d->changed_authority && !epoch_is_zero(&a->epoch));
    FUZZ_CHECK(a->challenge_mask < 1u << MEMBERS_MAX);
}

static void
remember(struct duet *u, const struct tenant_event *ev)
{
    (void)ev;
    story.before = u->t;
}

/* Both are copies of one struct, with what lies between its members. */
static bool
same_bytes(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

/* What changed is written, or it belongs to one run or to the newest look alone. */
static void
check_stored(const struct tenant *was, const struct tenant *is, const struct decision *d)
{
    static struct cutover c;
    struct authority a = was->authority;
    c = was->cutover;
    c.verified_ms = is->cutover.verified_ms;
    c.verified_unix_ms = is->cutover.verified_unix_ms;
    bool none = is->cutover.state == HO_NONE;
    FUZZ_CHECK(d->changed_cutover || none || same_bytes(&c, &is->cutover, sizeof c));
    a.challenge_mask = is->authority.challenge_mask;
    a.tenant = is->authority.tenant;
    for (size_t i = 0; i < a.member_count; i++)
        a.member[i].heard = is->authority.member[i].heard;
    FUZZ_CHECK(d->changed_authority || same_bytes(&a, &is->authority, sizeof a));
}

static void
check_step(struct duet *u, const struct tenant_event *ev, const struct decision *d)
{
    const struct tenant *was = &story.before;
    check_decision(d);
    check_rows(&u->t, d);
    check_memory(was, &u->t, ev->kind == TEV_CREATE);
    check_orders(&u->t, d);
    FUZZ_CHECK(u->t.cutover.state < HANDOFF_STATE_COUNT);
    check_stored(was, &u->t, d);
    if (ev->kind == TEV_VERB && d->problem.status == BATON_NO_RULE)
        FUZZ_CHECK(was->cutover.state == u->t.cutover.state);
}

/* ---- what must be true after every event --------------------------------------------------------- */

static bool
can_export(enum toy_member m)
{
    const struct facts *f = &story.u.facts[m];
    return !story.dead[m] && fact_is(f, FACT_SERVICES_STOPPED, 0) &&
           fact_is(f, FACT_PRODUCT_PRESENT, 1) && !fact_is(f, FACT_STAGING_SCHEDULER, 1);
}

static void
check_world(void)
{
    struct problem p;
    struct task task;
    const struct tenant *t = &story.u.t;
    FUZZ_CHECK(story.unruly || !(can_export(TOY_OLD) && can_export(TOY_NEW)));
    tenant_explain(t, story.u.now_ms, toy_digest(), toy_trust(), &p);
    check_problem(&p);
    if (!tenant_task(t, &task))
        return;
    check_text(task.title, sizeof task.title);
    check_text(task.done_when, sizeof task.done_when);
    FUZZ_CHECK(task.line_count <= TASK_LINES_MAX);
}

/* ---- people -------------------------------------------------------------------------------------- */

static const char *
any_text(uint8_t arg)
{
    static char text[TEXT_MAX + 1];
    size_t len = arg % (TEXT_MAX + 1);
    for (size_t i = 0; i < len; i++)
        text[i] = "OLD contoso % {new} \t"[(arg + i) % 21];
    text[len] = '\0';
    return text;
}

static void
verb(uint8_t which, uint8_t arg)
{
    enum handoff_event verb = (enum handoff_event)(which % HANDOFF_EVENT_COUNT);
    if (handoff_event_is_verb(verb))
        (void)duet_verb(&story.u, verb, arg == 0 ? NULL : arg == 1 ? "OLD" : any_text(arg));
}

/* Signed by whom it names, or not; about this plan and moment, or others. */
static void
approval(uint8_t which, uint8_t arg, uint8_t how)
{
    struct duet *u = &story.u;
    enum approval_verb verb = (enum approval_verb)(which % VERB_COUNT);
    enum toy_person by = (enum toy_person)(arg % TOY_PEOPLE);
    struct signed_approval sa = toy_approval(verb, by, member_of(arg >> 4), u->t.authority.epoch);
    sa.a.plan = u->t.cutover.plan;
    sa.a.verification = u->t.cutover.verification_hash;
    if (verb == VERB_GO || verb == VERB_ATTEST || how & 2)
        sa.a.epoch = u->t.authority.epoch;
    if (verb == VERB_GO) {
        sa.a.serial = u->t.authority.serial + 1 + (how & 1);
        sa.a.evidence[TOY_OLD] = u->t.authority.member[TOY_OLD].evidence;
    }
    if (how & 4)
        sa.a.subject = toy_member_key(member_of(arg >> 5));
    if (how & 8)
        sa.a.base = toy_epoch(arg);
    if (how & 16)
        toy_hash("seen", 4, 9, &sa.a.seen);
    if (how & 32 || verb == VERB_ATTEST)
        sa.a.not_after_ms = u->unix_ms + (uint64_t)arg * 1000;
    if (how & 64)
        sa.a.verb = arg;
    toy_sign_approval(&sa, how & 128 ? TOY_CLEO : by);
    if (verb == VERB_ATTEST && !(how & 128)) /* nobody attests what is not so */
        return;
    struct tenant_event ev = duet_event(u, TEV_APPROVAL);
    ev.approval = &sa;
    duet_feed(u, &ev);
}

static void
click(void)
{
    const struct duet *u = &story.u;
    bool staged = fact_is(&u->facts[TOY_NEW], FACT_STAGING_SCHEDULER, 1);
    bool live = u->m[TOY_NEW].promise.grant == GRANT_LIVE &&
                u->now_ms + 1 < u->m[TOY_NEW].promise.grant_until_ms;
    if (!story.dead[TOY_NEW] && staged && live)
        duet_stage(&story.u, TOY_NEW, false);
}

static void
attest(enum toy_member m, uint8_t arg)
{
    if (story.dead[m])
        (void)duet_attest(&story.u, m, (enum toy_person)(arg % TOY_PEOPLE));
}

static void
dispose(uint8_t arg)
{
    const struct review *r = &story.u.t.cutover.review;
    struct baton_hash row;
    toy_hash(&arg, 1, 4, &row);
    struct signed_disposition sd =
        toy_disposition(&row, (enum disposition_kind)(1 + arg % DISPOSED_NOT_APPLICABLE),
                        (enum toy_person)(arg / 8 % TOY_PEOPLE));
    FUZZ_CHECK(r->row_count <= REVIEW_ROWS_MAX);
    (void)duet_dispose(&story.u, &sd);
}

/* ---- servers, networks, the controller's machine --------------------------------------------------- */

static void
die(enum toy_member m)
{
    if (story.dead[TOY_OLD] || story.dead[TOY_NEW])
        return;
    story.dead[m] = true;
    story.u.cut[m] = true;
    facts_set(&story.u.facts[m], FACT_SERVICES_STOPPED, 1);
}

static void
fact_by_hand(enum toy_member m, uint8_t which)
{
    enum fact_id id = (enum fact_id)(which % FACT_COUNT);
    story.unruly = true;
    facts_set(&story.u.facts[m], id, (int64_t)next_number());
    duet_report(&story.u, m);
}

static void
findings(enum toy_member m, uint8_t arg)
{
    struct findings list = {0};
    for (uint8_t i = 0; i < arg % 4; i++) {
        struct finding f = {.severity = (uint8_t)((arg >> 2) % 3), .count = arg, .limit = i};
        memcpy(f.rule, "EX-DELETES", 11);
        uint8_t tag = (uint8_t)(arg + i);
        toy_hash(&tag, 1, 4, &f.row);
        FUZZ_CHECK(findings_add(&list, &f) == BATON_OK);
    }
    FUZZ_CHECK(findings_sort(&list) == BATON_OK);
    if (!story.dead[m])
        (void)duet_findings(&story.u, m, &list);
    findings_done(&list);
}

/* Its disk fails, and the newest copy of the database is from before. */
static void
restore(void)
{
    if (!story.backup_taken) {
        story.backup = story.u.t;
        story.backup_taken = true;
        return;
    }
    story.u.t = story.backup;
    story.u.misled = true;
    duet_restart(&story.u);
}

/* ---- agents that lie in their own name --------------------------------------------------------------- */

static struct statement
any_statement(enum toy_member m)
{
    const struct promise *p = &story.u.m[m].promise;
    struct statement s = {.type = (uint8_t)(1 + next() % (SAY_COUNT - 1)),
                          .tenant = toy_tenant(),
                          .member = p->self,
                          .plan = p->plan,
                          .epoch = p->epoch,
                          .recipient = p->recipient,
                          .asked = p->epoch,
                          .machine = p->machine,
                          .facts = story.u.m[m].watch.facts};
    uint8_t flags = next(), more = next();
    const struct authority_member *am = &story.u.t.authority.member[m];
    s.nonce = flags & 1 ? am->nonce : am->status_nonce;
    s.holding = flags & 2;
    s.tombstone = flags & 4;
    s.ever_exported = flags & 8;
    s.retired = flags & 16;
    s.armed = flags & 32;
    s.holding_epoch = s.holding && flags & 64 ? p->epoch : (struct epoch){0};
    s.epoch.counter += flags & 128 ? next_number() : 0;
    s.kind = (uint8_t)(more % KIND_COUNT);
    s.grant = (uint8_t)(more / 4 % (GRANT_VOID + 1));
    s.quarantine = (uint8_t)(more / 16 % (QUARANTINE_SESSIONS + 1));
    s.refusal = (uint8_t)(s.type == SAY_REFUSED ? 1 + next() % (REFUSAL_COUNT - 1) : REFUSE_NONE);
    s.serial = (uint32_t)next_number();
    s.counter = am->counter + 1;
    s.receipt_size = next_number();
    return s;
}

static void
lie(enum toy_member m)
{
    struct duet *u = &story.u;
    struct statement s = any_statement(m);
    static uint8_t bytes[STATEMENT_BYTES_MAX];
    size_t len;
    FUZZ_CHECK(statement_encode(&s, bytes, sizeof bytes, &len) == BATON_OK);
    u->misled = true;
    story.unruly = true; /* its own services, too */
    struct tenant_event ev = duet_event(u, TEV_STATEMENT);
    ev.agent = (uint8_t)m;
    ev.statement = &s;
    toy_hash(bytes, len, 1, &ev.statement_hash);
    duet_feed(u, &ev);
}

/* Facts as an agent's report brings them: any number in any of them. */
static void
lie_about_facts(enum toy_member m)
{
    struct duet *u = &story.u;
    struct facts f = u->m[m].watch.facts, read;
    static uint8_t bytes[FACTS_BYTES_MAX];
    for (int i = next() % 4; i >= 0; i--)
        facts_set(&f, (enum fact_id)(next() % FACT_COUNT), (int64_t)next_number());
    size_t len;
    FUZZ_CHECK(facts_encode(&f, bytes, sizeof bytes, &len) == BATON_OK);
    u->misled = true;
    if (facts_decode(bytes, len, &read) != BATON_OK)
        return;
    struct tenant_event ev = duet_event(u, TEV_REPORT);
    ev.agent = (uint8_t)m;
    ev.facts = &read;
    ev.skew_ms = (int64_t)next_number();
    duet_feed(u, &ev);
}

static void
session(enum toy_member m, enum tenant_event_kind kind)
{
    struct tenant_event ev = duet_event(&story.u, kind);
    ev.agent = (uint8_t)m;
    if (!story.dead[m])
        duet_feed(&story.u, &ev);
}

static void
blob(uint8_t arg)
{
    struct tenant_event ev = duet_event(&story.u, TEV_BLOB);
    ev.agent = TOY_OLD;
    toy_hash(&arg, 1, 5, &ev.blob);
    ev.file = arg & 1 ? story.u.t.cutover.settings : ev.blob;
    ev.blob_bytes = arg;
    ev.delivered = arg & 2;
    duet_feed(&story.u, &ev);
}

/* ---- a story ------------------------------------------------------------------------------------------ */

static void
server_event(enum toy_member m, uint8_t kind, uint8_t arg)
{
    struct duet *u = &story.u;
    if (story.dead[m])
        return;
    switch (kind) {
    case 0:
        duet_report(u, m);
        break;
    case 1:
        if (can_export(m))
            duet_export(u, m);
        break;
    case 2:
        u->cut[m] = true;
        break;
    case 3:
        duet_uncut(u, m);
        break;
    case 4:
        duet_quarantine(u, m);
        break;
    case 5:
        duet_bar(u, m);
        break;
    case 6:
        duet_tell_self(u, m, arg & 2 ? VERB_READMIT : VERB_DISARM);
        break;
    default:
        die(m);
        break;
    }
}

static void
pass(uint8_t arg)
{
    duet_clock(&story.u, (uint64_t)arg * 200);
    for (int m = 0; m < TOY_MEMBERS; m++)
        if (!story.dead[m])
            duet_report(&story.u, (enum toy_member)m);
}

static void
people_event(uint8_t kind, uint8_t arg)
{
    struct duet *u = &story.u;
    switch (kind) {
    case 0:
        verb(arg, next());
        break;
    case 1:
        (void)duet_approve(u, (enum approval_verb)(1 + arg % (VERB_COUNT - 1)),
                           (enum toy_person)(arg / 16 % TOY_PEOPLE));
        break;
    case 2:
        approval(arg, next(), next());
        break;
    case 3:
        attest(member_of(arg), arg / 2);
        break;
    case 4:
        (void)duet_account_gone(u, (enum toy_person)(arg % TOY_PEOPLE));
        break;
    case 5:
        click();
        break;
    case 6:
        dispose(arg);
        break;
    default:
        duet_create(u, (enum profile)(arg % PROFILE_COUNT));
        break;
    }
}

/* The straight way, by people who do what the state asks: only that a click wants a grant. */
static void
work(void)
{
    bool clicks = story.u.t.cutover.state == HO_GRANTING;
    bool dead = story.dead[TOY_OLD] || story.dead[TOY_NEW];
    if (clicks)
        click();
    else if (!dead)
        duet_work(&story.u);
}

static void
other_event(uint8_t kind, uint8_t arg)
{
    switch (kind) {
    case 0:
        work();
        break;
    case 1:
        pass(arg);
        break;
    case 2:
        duet_clock(&story.u, (uint64_t)arg * (HOUR_MS / 4));
        break;
    case 3:
        duet_restart(&story.u);
        break;
    case 4:
        restore();
        break;
    case 5:
        session(member_of(arg), arg & 2 ? TEV_LOST : TEV_SESSION);
        break;
    case 6:
        blob(arg);
        break;
    default:
        findings(member_of(arg), arg / 2);
        break;
    }
}

/* Orders that nobody fetches are lost; people say them again. */
static void
forget_queues(void)
{
    for (size_t m = 0; m < TOY_MEMBERS; m++)
        if (story.u.queued[m] > DUET_QUEUE_MAX / 4)
            story.u.queued[m] = 0;
}

static void
event(void)
{
    uint8_t kind = next(), arg = next();
    enum toy_member m = member_of(kind >> 5);
    forget_queues();
    switch (kind / 8 % 4) {
    case 0:
        other_event(kind % 8, arg);
        break;
    case 1:
        people_event(kind % 8, arg);
        break;
    case 2:
        server_event(m, kind % 8, arg);
        break;
    default:
        if (kind % 8 < 4)
            lie(m);
        else if (kind % 8 < 6)
            lie_about_facts(m);
        else if (!story.dead[m])
            fact_by_hand(m, arg);
        break;
    }
    check_world();
}

static void
run(const char *text, size_t len)
{
    memset(&story, 0, sizeof story);
    story.bytes = (const uint8_t *)text;
    story.len = len;
    if (len > 0 && next() & 1)
        duet_open_swing(&story.u);
    else
        duet_open(&story.u);
    story.u.before_step = remember;
    story.u.after_step = check_step;
    for (int i = 0; i < EVENTS_MAX && story.at < story.len; i++)
        event();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
