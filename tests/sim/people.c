/* People: they found the site, and then do what the shown tasks ask. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/token.h"
#include "controller/engine_state.h"
#include "scenario.h"

enum {
    SMALL_HASTE = 4,
    LOOK_LEAST_MS = 800,
    LOOK_MOST_MS = 6000,
    ENOUGH_CALLS = 8,
    LATE_CLICK_MS = 40000
};

/* Before there is a plan agents look every second: people who wait cost the most there. */
static uint64_t
haste(const struct sim *s)
{
    return s->small ? SMALL_HASTE : 1;
}

/* --- founding ----------------------------------------------------------------------------------- */

static struct engine_call *
call_new(const struct realm *r, size_t person, enum engine_call_kind kind)
{
    struct engine_call *c = calloc(1, sizeof *c);
    BATON_ASSERT(c != NULL);
    c->kind = kind;
    c->actor = r->sim->person_id[person];
    c->tenant = r->id;
    return c;
}

static void
must(struct site *st, struct engine_call *c)
{
    enum baton_status rc = site_call(st, c);
    if (rc != BATON_OK) {
        fprintf(stderr, "founding: %s\n", c->problem.title);
        BATON_ASSERT(rc == BATON_OK);
    }
}

static void
found_logins(struct sim *s)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        struct engine_call *c = call_new(&s->realm[0], 0, CALL_LOGIN_ADD);
        if (i == 0)
            c->actor = (struct baton_id){{0}};
        c->subject = s->person_id[i];
        c->tenant = (struct baton_id){{0}};
        c->roles = ROLE_ADMIN | ROLE_OPERATE | ROLE_APPROVE | ROLE_VIEW | ROLE_BREAK_GLASS;
        snprintf(c->name, sizeof c->name, "person-%zu", i);
        must(&s->site[0], c);
        free(c);
    }
}

static void
found_trust(struct sim *s)
{
    struct trust_doc *d = calloc(1, sizeof *d);
    BATON_ASSERT(d != NULL);
    d->version = 1;
    d->lab = true;
    d->controller_count = 1;
    d->controller[0] = s->controller.sign_key;
    d->operator_count = PEOPLE;
    for (size_t i = 0; i < PEOPLE; i++) {
        d->operator[i].id = s->person_id[i];
        d->operator[i].key = s->person[i].key;
        d->operator[i].roles = ROLE_OPERATE | ROLE_APPROVE | ROLE_BREAK_GLASS;
        snprintf(d->operator[i].name, NAME_BYTES, "person-%zu", i);
    }
    struct engine_call *c = call_new(&s->realm[0], 0, CALL_TRUST_PUT);
    BATON_ASSERT(trust_encode(d, c->bytes, sizeof c->bytes, &c->len) == BATON_OK);
    BATON_ASSERT(crypto_sign_domain(s->root.secret, DOMAIN_TRUST, c->bytes, c->len, &c->sig) ==
                 BATON_OK);
    c->key = s->root.key;
    must(&s->site[0], c);
    free(c);
    free(d);
}

/* The lab's numbers, with as many looks and beats as a simulation can afford. */
static void
found_tenant(struct realm *r)
{
    static const struct {
        enum policy_id id;
        int64_t value, small;
    } rows[] = {{POLICY_OBSERVE_T1_MS, 4000, 20000},      {POLICY_OBSERVE_T2_MS, 8000, 30000},
                {POLICY_OBSERVE_T2_GRANT_MS, 3000, 6000}, {POLICY_OBSERVE_T2_REST_MS, 30000, 60000},
                {POLICY_OBSERVE_GAP_MS, 5000, 2000},      {POLICY_FACT_FRESH_MS, 30000, 60000},
                {POLICY_STAGED_FRESH_MS, 30000, 60000},   {POLICY_GO_MS, 60000, 60000},
                {POLICY_BEAT_MS, 10000, 20000},           {POLICY_BEAT_STALE_MS, 30000, 60000},
                {POLICY_GRANT_MS, 120000, 120000},        {POLICY_STEP_MS, 30000, 30000},
                {POLICY_DRAIN_MS, 120000, 120000},        {POLICY_GO_ANSWER_MS, 20000, 20000},
                {POLICY_PROBATION_MS, 20000, 5000}};
    struct engine_call *c = call_new(r, 0, CALL_TENANT_CREATE);
    text_copy(c->name, sizeof c->name, r->name);
    c->lab = true;
    for (size_t i = 0; i < ARRAY_LEN(rows) && r->sim->scenario == NULL; i++) {
        c->policy_set[rows[i].id] = true;
        c->policy.v[rows[i].id] = r->sim->small ? rows[i].small : rows[i].value;
    }
    if (r->sim->scenario != NULL)
        scenario_policy(r->sim->scenario, c->policy_set, &c->policy);
    must(&r->sim->site[0], c);
    free(c);
}

static struct baton_key
token_for(struct realm *r, const struct node *n)
{
    struct engine_call *c = call_new(r, 0, CALL_AGENT_TOKEN);
    c->role = n->side == OLD ? 'o' : 'n';
    text_copy(c->name, sizeof c->name, n->name);
    must(&r->sim->site[0], c);
    struct baton_key one_time = c->key;
    free(c);
    return one_time;
}

/* `baton agent confirm`. */
bool
people_confirm(struct realm *r, const struct node *n)
{
    struct engine_call *c = call_new(r, 0, CALL_AGENT_CONFIRM);
    uint8_t bytes[CONFIRM_BYTES];
    confirm_bytes(&r->id, n->name, &n->sign_key, &n->box_key, bytes);
    BATON_ASSERT(crypto_sign_domain(r->sim->person[0].secret, DOMAIN_CONFIRM, bytes, sizeof bytes,
                                    &c->sig) == BATON_OK);
    c->key = n->sign_key;
    enum baton_status rc = site_call(site_of_people(r->sim), c);
    free(c);
    return rc == BATON_OK;
}

/* What `baton-agent enrol` says, over its one-time key; then a person confirms it. */
static void
found_agent(struct realm *r, struct node *n)
{
    struct site *st = &r->sim->site[0];
    struct baton_key one_time = token_for(r, n);
    struct message *m = calloc(1, sizeof *m);
    BATON_ASSERT(m != NULL);
    m->type = MSG_ENROL;
    m->env = (struct envelope){
        .sender = n->sign_key, .recipient = r->sim->controller.sign_key, .tenant = r->id};
    m->u.enrol = (struct msg_enrol){
        .sign_key = n->sign_key, .curve_key = n->curve_key, .box_key = n->box_key};
    text_copy(m->u.enrol.host, sizeof m->u.enrol.host, n->name);
    text_copy(m->u.enrol.version, sizeof m->u.enrol.version, BATON_VERSION);
    node_identity(n, &m->u.enrol.machine);
    BATON_ASSERT(engine_feed(st->engine, m, &one_time) == BATON_OK);
    site_turn(st);
    free(m); /* no codec made it: nobody else does */
    BATON_ASSERT(people_confirm(r, n));
}

void
people_found(struct sim *s)
{
    found_logins(s);
    found_trust(s);
    for (size_t i = 0; i < s->realm_count; i++) {
        struct realm *r = &s->realm[i];
        found_tenant(r);
        for (int k = 0; k < SIDES; k++)
            found_agent(r, &r->node[k]);
        r->people_ms = s->now_ms + chance_between(&s->people, 1000, 20000) / haste(s);
    }
}

/* --- what a person does ------------------------------------------------------------------------- */

struct view { /* one look */
    struct realm *r;
    struct site *st;
    struct tenant *t;
    size_t who;
};

static enum baton_status
do_call(struct view *v, struct engine_call *c, const char *what)
{
    char text[sizeof c->problem.title];
    enum baton_status rc = site_call(v->st, c);
    text_copy(text, sizeof text, rc == BATON_OK ? "" : c->problem.title);
    sim_tell(v->r->sim, "people", "%s of tenant %zu by %zu: %s %s", what, v->r->index, v->who,
             baton_status_name(rc), text);
    free(c);
    v->t = site_tenant(v->st, v->r);
    return rc;
}

static enum baton_status
verb(struct view *v, enum handoff_event e, const char *text)
{
    if (v->t == NULL)
        return BATON_UNREACHABLE;
    struct engine_call *c = call_new(v->r, v->who, CALL_CUTOVER_VERB);
    c->cutover = v->t->cutover.id;
    c->verb = e;
    text_copy(c->text, sizeof c->text, text);
    return do_call(v, c, handoff_event_name(e));
}

static struct approval
approval_of(const struct view *v, enum approval_verb verb_id)
{
    const struct tenant *t = v->t;
    const struct plan *p = &t->plan;
    bool to_old = verb_id == VERB_PLAN || verb_id == VERB_ADOPT || verb_id == VERB_ROLLBACK ||
                  verb_id == VERB_RETIRE;
    struct approval a;
    memset(&a, 0, sizeof a);
    a.verb = (uint8_t)verb_id;
    chance_bytes(a.id.b, sizeof a.id.b);
    a.operator= v->r->sim->person_id[v->who];
    a.tenant = v->r->id;
    a.trust_version = 1;
    a.not_after_ms = UINT64_MAX / 2;
    a.plan = t->cutover.plan;
    for (size_t i = 0; i < p->member_count; i++)
        a.member[i] = p->member[i].key;
    a.recipient = p->member[to_old ? p->holder : p->recipient].key;
    if (verb_id == VERB_RETIRE &&
        v->r->outage.revoked) /* --account-gone: no server has seen that */
        crypto_sha256(v->r->name, strlen(v->r->name), &a.seen);
    a.base = t->authority.epoch;
    if (verb_id == VERB_CUTOVER || verb_id == VERB_GO)
        a.verification = t->cutover.verification_hash;
    if (verb_id != VERB_GO)
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
send_approval(struct view *v, const struct approval *a)
{
    struct engine_call *c = call_new(v->r, v->who, CALL_APPROVAL);
    c->cutover = v->t->cutover.id;
    c->len = APPROVAL_BYTES;
    approval_encode(a, c->bytes);
    BATON_ASSERT(crypto_sign_domain(v->r->sim->person[v->who].secret, DOMAIN_APPROVAL, c->bytes,
                                    c->len, &c->sig) == BATON_OK);
    char what[64];
    snprintf(what, sizeof what, "approval to %s", approval_verb_name((enum approval_verb)a->verb));
    return do_call(v, c, what);
}

static enum baton_status
approve(struct view *v, enum approval_verb verb_id)
{
    if (v->t == NULL)
        return BATON_UNREACHABLE;
    struct approval a = approval_of(v, verb_id);
    return send_approval(v, &a);
}

static void
wizard(struct view *v, enum side side, const char *act)
{
    if (!truth_server(v->r, side).busy)
        truth_do(v->r, side, "{\"id\":1,\"op\":\"wizard\",\"act\":\"%s\"}", act);
}

static void
create(struct view *v)
{
    struct engine_call *c = call_new(v->r, v->who, CALL_CUTOVER_CREATE);
    c->old_key = v->r->node[OLD].sign_key;
    c->new_key = v->r->node[NEW].sign_key;
    c->profile = PROFILE_PARALLEL;
    text_copy(c->text, sizeof c->text, "as agreed");
    if (sim_breaks(v->r->sim, "tells-secret"))
        baton_hex(v->r->sim->controller.secret->sign, SEED_BYTES, c->text);
    (void)do_call(v, c, "create");
}

static void
two_approve(struct view *v, enum approval_verb verb_id)
{
    size_t first = v->who;
    if (v->t->cutover.approval_count < ENOUGH_CALLS) {
        (void)approve(v, verb_id);
        v->who = (first + 1) % PEOPLE;
        (void)approve(v, verb_id);
    }
    v->who = first;
}

static void
export_settings(struct view *v)
{
    if (!truth_server(v->r, OLD).exported_settings || v->r->sim->now_ms - v->r->moved_ms > 120000)
        wizard(v, OLD, "export-settings");
}

static void
remove_old(struct view *v)
{
    struct truth_server old = truth_server(v->r, OLD);
    if (old.product && !old.busy && !v->r->outage.off[OLD])
        truth_do(v->r, OLD, "{\"id\":1,\"op\":\"uninstall\"}");
    if (old.account && !outage_refused(v->r))
        truth_do(v->r, NEW, "{\"id\":1,\"op\":\"remove-account\",\"name\":\"OLD\"}");
    else if (!old.account && !old.product) {
        (void)approve(v, VERB_RETIRE);
        (void)verb(v, HEV_RETIRE, "");
    }
}

/* Nobody clicks before the task is shown. */
static bool
shown(const struct view *v)
{
    struct task *task = calloc(1, sizeof *task);
    BATON_ASSERT(task != NULL);
    bool is = tenant_task(v->t, task);
    free(task);
    return is;
}

/* An alarm is looked at, proved over, and then acknowledged by name: as long as another one is not proved over,
 * that is refused, and the refusal names the challenge. */
static bool
alarms(struct view *v)
{
    const struct authority *a = &v->t->authority;
    size_t unread = a->member_count;
    bool open = false;
    for (size_t i = 0; i < a->member_count; i++) {
        open = open || (a->member[i].tamper_unread && a->member[i].tamper_open);
        if (a->member[i].tamper_unread && unread == a->member_count)
            unread = i;
    }
    if (unread == a->member_count)
        return false;
    bool old = baton_key_eq(&a->member[unread].key, &v->r->node[OLD].sign_key);
    if (open)
        (void)verb(v, HEV_CHALLENGE, "");
    else
        (void)verb(v, HEV_ACK_TAMPER, v->r->node[old ? OLD : NEW].name);
    return true;
}

/* "Verify again; then accept": what is accepted too early is refused, and what is verified again at every
 * look is never there. */
static bool
accept_anew(struct view *v)
{
    enum { VERIFY_AGAIN_MS = 20000 };
    uint64_t now = v->r->sim->now_ms;
    if (v->r->verified_ms != 0 && verb(v, HEV_ACCEPT, "read and found good") == BATON_OK) {
        v->r->verified_ms = 0;
        return true;
    }
    if (v->r->verified_ms == 0 || now - v->r->verified_ms > VERIFY_AGAIN_MS) {
        (void)verb(v, HEV_REVERIFY, "as shown");
        v->r->verified_ms = now;
    }
    return true;
}

/* Where the way is barred, the next command is shown: people type it. */
static bool
told(struct view *v)
{
    static const struct {
        const char *words;
        enum handoff_event verb;
    } commands[] = {{"cutover reverify", HEV_REVERIFY}, {"cutover challenge", HEV_CHALLENGE},
                    {"cutover accept", HEV_ACCEPT},     {"cutover start", HEV_START},
                    {"cutover adopt", HEV_ADOPT},       {"cutover hold", HEV_HOLD},
                    {"cutover fence", HEV_FENCE}};
    struct problem p;
    const struct engine *e = v->st->engine;
    if (e == NULL) /* it ended under what they typed just before */
        return false;
    tenant_explain(v->t, clock_mono(&v->st->clock, v->r->sim->now_ms), crypto_digest_port(),
                   e->trust_known ? &e->trust : NULL, &p);
    if (strstr(p.next, "cutover approve") != NULL) {
        two_approve(v, strstr(p.next, "--for adopt") != NULL ? VERB_ADOPT : VERB_CUTOVER);
        return true;
    }
    if (strstr(p.next, "then baton cutover accept") != NULL)
        return accept_anew(v);
    if (strstr(p.next, "cutover rollback") != NULL) {
        (void)approve(v, VERB_ROLLBACK);
        return verb(v, HEV_ROLLBACK, "as shown") == BATON_OK;
    }
    bool typed = false; /* "this; then that": one after the other */
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strstr(p.next, commands[i].words) != NULL)
            typed = verb(v, commands[i].verb, "as shown") == BATON_OK || typed;
    return typed;
}

static void
work(struct view *v)
{
    switch ((enum handoff_state)v->t->cutover.state) {
    case HO_NONE:
        create(v);
        break;
    case HO_ASSESSED:
        (void)verb(v, HEV_PLAN, "");
        break;
    case HO_PLANNED:
        (void)approve(v, VERB_PLAN);
        break;
    case HO_EXPORT_SETTINGS:
        if (!told(v))
            export_settings(v);
        break;
    case HO_INSTALL_STAGED:
        if (!truth_server(v->r, NEW).configured)
            wizard(v, NEW, "migrate");
        break;
    case HO_VERIFY:
        (void)verb(v, HEV_ACCEPT, "read and found good");
        break;
    case HO_READY:
        if (told(v))
            break;
        two_approve(v, VERB_CUTOVER);
        (void)verb(v, HEV_ARM, "");
        break;
    case HO_ARMED:
        (void)verb(v, HEV_START, "");
        break;
    case HO_GAP:
        if (sim_breaks(v->r->sim, "gap-unheard"))
            break;
        if (!v->t->cutover.accepted && verb(v, HEV_ACCEPT, "read and found good") == BATON_OK)
            break;
        if (told(v))
            break;
        if (verb(v, HEV_GO, "") == BATON_OK)
            v->r->go_ms = v->r->sim->now_ms + 1;
        break;
    case HO_GRANTING:
        if (shown(v) && truth_server(v->r, NEW).staging)
            wizard(v, NEW, "staging-off");
        break;
    case HO_DECOMMISSION:
        remove_old(v);
        break;
    case HO_RELEASING:
    case HO_BREACH:
        (void)told(v);
        break;
    case HO_FENCING:
        if (v->r->twin.made) /* readmitted, it proves nothing of this epoch */
            (void)told(v);
        break;
    case HO_REVOKING:
        if (told(v))
            break;
        (void)approve(v, VERB_ROLLBACK);
        break;
    case HO_RESTORING:
        if (!told(v))
            (void)approve(v, VERB_ROLLBACK);
        break;
    case HO_HOLD:
        (void)verb(v, HEV_RESUME, "looked at");
        break;
    case HO_RECONCILE:
        (void)verb(v, HEV_CONFIRM_FOREIGN, "confirmed");
        break;
    case HO_SETTINGS_SEALED:
    case HO_FIRST_SYNC:
    case HO_ACTIVATING:
    case HO_PROBATION:
    case HO_DONE:
    case HO_ROLLED_BACK:
    case HO_FORWARD_REPAIR:
    case HO_ABANDONED:
    case HANDOFF_STATE_COUNT:
        break;
    }
}

/* Go was asked for: once every answer is in, it is signed over exactly those. */
static bool
sign_go(struct view *v)
{
    struct realm *r = v->r;
    if (r->go_ms == 0)
        return false;
    if (v->t->cutover.state != HO_GAP || r->sim->now_ms - r->go_ms > 40000) {
        r->go_ms = 0;
        return false;
    }
    if (authority_complete(&v->t->authority) && approve(v, VERB_GO) == BATON_OK)
        r->go_ms = 0;
    return true;
}

/* What a person sees before signing: what it said of itself, and that the record is not older than its servers. */
static const struct agent_view *
to_readmit(const struct tenant *t, const struct node *n)
{
    const struct agent_view *its = NULL;
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        const struct agent_view *v = &t->agent[i];
        if (!v->used || v->revoked || !v->statement_known)
            continue;
        if (epoch_cmp(&v->statement.epoch, &t->authority.epoch) > 0)
            return NULL;
        if (baton_key_eq(&v->key, &n->sign_key) && !v->barred &&
            v->statement.quarantine != QUARANTINE_NONE)
            its = v;
    }
    return its;
}

void
people_fence(struct realm *r)
{
    struct view v = {.r = r, .st = site_of_people(r->sim)};
    v.t = v.st == NULL ? NULL : site_tenant(v.st, r);
    (void)verb(&v, HEV_FENCE, "the old server has no power");
}

bool
people_attest(struct realm *r, const struct node *n)
{
    struct view v = {.r = r, .st = site_of_people(r->sim)};
    bool signed_by_both = true;
    v.t = v.st == NULL ? NULL : site_tenant(v.st, r);
    for (v.who = 0; v.who < 2 && v.t != NULL && signed_by_both; v.who++) {
        struct approval a = approval_of(&v, VERB_ATTEST);
        a.subject = n->sign_key;
        a.recipient = v.t->authority.recipient;
        a.epoch = a.base;
        a.not_after_ms = sim_unix_ms(r->sim) + approval_life_ms(VERB_ATTEST, &v.t->plan.policy);
        crypto_sha256(n->name, strlen(n->name), &a.seen); /* a photograph is what its bytes are */
        signed_by_both = send_approval(&v, &a) == BATON_OK;
    }
    return signed_by_both && v.who == 2;
}

void
people_readmit(struct realm *r, const struct node *n)
{
    struct view v = {.r = r, .st = site_of_people(r->sim)};
    v.t = v.st == NULL ? NULL : site_tenant(v.st, r);
    const struct agent_view *its = v.t == NULL || !v.t->plan_known ? NULL : to_readmit(v.t, n);
    if (its == NULL)
        return;
    struct approval a = approval_of(&v, VERB_READMIT);
    a.plan = (struct baton_hash){0}; /* that server, and nothing else, is in the place of a plan */
    memset(a.member, 0, sizeof a.member);
    a.member[0] = a.subject = n->sign_key;
    a.recipient = v.t->authority.recipient;
    machine_digest(&its->statement.machine, crypto_digest_port(), &a.seen);
    (void)send_approval(&v, &a);
}

/* What nobody asked for: a hold, a way back, the same again, a word too early. */
static void
odd_act(struct view *v)
{
    static const enum handoff_event verbs[] = {
        HEV_HOLD,  HEV_GO,     HEV_NO_GO,   HEV_REVERIFY,  HEV_CHALLENGE, HEV_ARM,
        HEV_START, HEV_RESUME, HEV_ABANDON, HEV_ROLLBACK,  HEV_RETIRE,    HEV_FENCE,
        HEV_ADOPT, HEV_ACCEPT, HEV_PLAN,    HEV_ACK_TAMPER};
    static const enum approval_verb approvals[] = {VERB_PLAN, VERB_CUTOVER, VERB_GO, VERB_ROLLBACK,
                                                   VERB_RETIRE};
    struct chance *c = &v->r->sim->people;
    size_t which = chance_below(c, ARRAY_LEN(verbs) + ARRAY_LEN(approvals) + 1);
    v->r->odd = false;
    if (which < ARRAY_LEN(verbs)) {
        (void)verb(v, verbs[which], "somebody wanted it");
        return;
    }
    which -= ARRAY_LEN(verbs);
    if (which < ARRAY_LEN(approvals))
        for (int i = 0; i < 2 && v->t != NULL && v->t->plan_known; i++)
            (void)approve(v, approvals[which]);
    else if (truth_server(v->r, NEW).staging) {
        v->r->by_hand[NEW] = true; /* the late click */
        v->r->excused_until_ms = v->r->sim->now_ms + LATE_CLICK_MS;
        wizard(v, NEW, "staging-off");
    }
}

void
people_look(struct realm *r)
{
    struct sim *s = r->sim;
    r->people_ms = s->now_ms + chance_between(&s->people, LOOK_LEAST_MS, LOOK_MOST_MS) / haste(s);
    outage_time(r);
    struct view v = {.r = r, .st = site_of_people(s), .who = chance_below(&s->people, PEOPLE)};
    if (v.st == NULL || v.st->frozen_until_ms > s->now_ms)
        return;
    clone_people(r);
    v.t = site_tenant(v.st, r);
    if (v.t != NULL && r->outage.came)
        outage_people(r, v.t);
    v.t = site_tenant(v.st, r);
    if (v.t != NULL && r->odd)
        odd_act(&v);
    else if (v.t != NULL && !alarms(&v) && !sign_go(&v))
        work(&v);
}
