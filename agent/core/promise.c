#include "promise.h"

#include <string.h>

#include "common/canon.h"

// clang-format off
static const struct acceptance_row acceptance[] = {
    /* verb             state          answer                              why */
    { ORDER_STATUS,    "any",         "status quarantined refused",       "always answered: it only tells" },
    { ORDER_FENCE,     "observe",     "accepted refused",                 "adoption is the first promise" },
    { ORDER_FENCE,     "holder",      "accepted draining holding refused","gives the role up, or keeps it when it is the recipient" },
    { ORDER_FENCE,     "draining",    "accepted draining refused",        "a newer epoch replaces the older" },
    { ORDER_FENCE,     "fenced",      "accepted draining quiet refused",  "a newer epoch replaces the older" },
    { ORDER_FENCE,     "granted",     "accepted refused",                 "voids the grant first" },
    { ORDER_FENCE,     "tombstoned",  "accepted quiet refused",           "rollback begins by promising" },
    { ORDER_FENCE,     "quarantined", "accepted quiet refused",           "a promise only takes rights away" },
    { ORDER_FENCE,     "retired",     "refused",                          "retired for good" },
    { ORDER_CHALLENGE, "holder",      "holding refused",                  "says that it holds" },
    { ORDER_CHALLENGE, "draining",    "evidence refused",                 "waits for quiet, then proves it" },
    { ORDER_CHALLENGE, "fenced",      "evidence refused",                 "proves that it is quiet" },
    { ORDER_CHALLENGE, "granted",     "evidence holding refused",         "with void it gives the grant back first" },
    { ORDER_CHALLENGE, "tombstoned",  "evidence refused",                 "proves that it is quiet" },
    { ORDER_CHALLENGE, "quarantined", "refused",                          "a quarantined agent proves nothing" },
    { ORDER_CHALLENGE, "retired",     "evidence refused",                 "still proves that it is quiet" },
    { ORDER_CHALLENGE, "observe",     "refused",                          "nothing was promised" },
    { ORDER_GRANT,     "draining",    "refused",                          "not quiet yet" },
    { ORDER_GRANT,     "fenced",      "granted used refused",             "verified here, against everybody's evidence" },
    { ORDER_GRANT,     "tombstoned",  "granted used refused",             "lifts the tombstone when honoured" },
    { ORDER_GRANT,     "granted",     "refused",                          "one grant at a time" },
    { ORDER_GRANT,     "holder",      "refused",                          "it holds already" },
    { ORDER_GRANT,     "observe",     "refused",                          "nothing was promised" },
    { ORDER_GRANT,     "quarantined", "refused",                          "barred until readmitted" },
    { ORDER_GRANT,     "retired",     "refused",                          "retired for good" },
    { ORDER_RETIRE,    "tombstoned",  "retired refused",                  "after the tenant-side proof" },
    { ORDER_RETIRE,    "any",         "refused",                          "only a tombstoned agent can be retired" },
};
// clang-format on

const struct acceptance_row *
acceptance_rows(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(acceptance);
    return acceptance;
}

void
acceptance_hash(const struct digest_port *dp, struct baton_hash *ret_hash)
{
    uint8_t bytes[8192];
    struct canon_writer w;
    canon_writer_init(&w, bytes, sizeof bytes);
    for (size_t i = 0; i < ARRAY_LEN(acceptance); i++) {
        canon_put_u8(&w, acceptance[i].verb);
        canon_put_str(&w, acceptance[i].state, strlen(acceptance[i].state) + 1);
        canon_put_str(&w, acceptance[i].answer, strlen(acceptance[i].answer) + 1);
    }
    size_t len = 0;
    enum baton_status rc = canon_finish(&w, &len);
    BATON_ASSERT(rc == BATON_OK);
    dp->sha256(dp->ctx, bytes, len, ret_hash);
}

const char *
promise_role(const struct promise *p)
{
    if (p->quarantine != QUARANTINE_NONE && p->quarantine != QUARANTINE_SESSIONS)
        return "quarantined";
    if (p->retired)
        return "retired";
    if (epoch_is_zero(&p->epoch))
        return "observe";
    if (p->holding)
        return "holder";
    if (p->grant == GRANT_LIVE)
        return "granted";
    if (!p->evidence_given && !p->adopt)
        return "draining";
    return p->tombstone ? "tombstoned" : "fenced";
}

const char *
promise_handoff(const struct promise *p)
{
    if (p->grant == GRANT_LIVE)
        return "it may take the export role over at any moment";
    if (p->start_due)
        return "it is starting the sync service that it was granted";
    if (p->tamper_open)
        return "its guard has raised an alarm that nobody has closed";
    if (epoch_is_zero(&p->epoch) || p->holding || p->adopt || p->retired)
        return NULL;
    if (!p->evidence_given)
        return "it is giving the export role up";
    return p->armed ? "it is fenced, and its guard keeps it so" : NULL; /* disarmed by people */
}

/* What the checks of one order share. */
struct judged {
    struct promise *p;
    const struct order *o;
    const struct promise_context *cx;
    struct plan plan;
    struct baton_hash plan_hash;
    int self, recipient; /* member indexes in the plan */
    bool readopt;
};

typedef enum refusal (*check)(struct judged *j);

static enum refusal
run_checks(const check *checks, size_t count, struct judged *j)
{
    for (size_t i = 0; i < count; i++) {
        enum refusal r = checks[i](j);
        if (r != REFUSE_NONE)
            return r;
    }
    return REFUSE_NONE;
}

static bool
barred(const struct promise *p)
{
    return p->quarantine != QUARANTINE_NONE;
}

static struct promised *
promised_slot(struct promise *p, const struct baton_key *recipient)
{
    struct promised *lowest = &p->promised[0];
    for (size_t i = 0; i < PROMISED_MAX; i++) {
        if (baton_key_eq(&p->promised[i].recipient, recipient))
            return &p->promised[i];
        if (epoch_cmp(&p->promised[i].epoch, &lowest->epoch) < 0)
            lowest = &p->promised[i];
    }
    return lowest; /* the least one says the least about the future */
}

static bool
promised_other_above(const struct promise *p, const struct baton_key *recipient,
                     const struct epoch *base)
{
    for (size_t i = 0; i < PROMISED_MAX; i++) {
        const struct promised *x = &p->promised[i];
        if (!epoch_is_zero(&x->epoch) && !baton_key_eq(&x->recipient, recipient) &&
            epoch_cmp(&x->epoch, base) > 0)
            return true;
    }
    return false;
}

/* Different people: one who approves twice is one. */
struct people {
    const struct baton_id *id[ORDER_APPROVALS_MAX];
    unsigned count;
};

static void
people_add(struct people *p, const struct baton_id *id)
{
    for (unsigned i = 0; i < p->count; i++)
        if (baton_id_eq(p->id[i], id))
            return;
    p->id[p->count++] = id;
}

/* What people must have said beside the order's own plan and recipient. */
struct wanted {
    enum approval_verb verb;
    const struct baton_key *subject; /* NULL: about no member in particular */
    bool ever;                       /* expired ones count too */
};

/* An attestation stands in for one epoch's evidence, says what was seen, and does not live long,
 * whatever the plan's policy says. */
static bool
attest_fits(const struct approval *a, const struct judged *j)
{
    return epoch_eq(&a->epoch, &j->o->epoch) && !baton_hash_is_zero(&a->seen) &&
           !approval_lives_too_long(a, &j->plan.policy, j->cx->now_unix_ms);
}

static bool
names_plan(const struct approval *a, const struct judged *j)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        static const struct baton_key none;
        const struct baton_key *want = i < j->plan.member_count ? &j->plan.member[i].key : &none;
        if (!baton_key_eq(&a->member[i], want))
            return false;
    }
    return baton_id_eq(&a->tenant, &j->plan.tenant) && baton_hash_eq(&a->plan, &j->plan_hash);
}

static bool
approval_fits(const struct signed_approval *sa, const struct judged *j, const struct wanted *w)
{
    const struct approval *a = &sa->a;
    if (a->verb != w->verb || !names_plan(a, j) || !baton_key_eq(&a->recipient, &j->o->recipient))
        return false;
    if (w->subject != NULL && !baton_key_eq(&a->subject, w->subject))
        return false;
    if (a->verb == VERB_ATTEST && !attest_fits(a, j))
        return false;
    /* A base above the order was made up: nothing that comes after could ever outdate it. */
    if (epoch_cmp(&a->base, &j->o->epoch) > 0 ||
        promised_other_above(j->p, &j->o->recipient, &a->base))
        return false;
    return approval_authentic(sa, j->cx->trust, j->cx->digest, w->ever ? 0 : j->cx->now_unix_ms);
}

static bool
people_say(const struct judged *j, struct wanted w)
{
    struct people people = {.count = 0};
    for (size_t i = 0; i < j->o->approval_count; i++)
        if (approval_fits(&j->o->approval[i], j, &w))
            people_add(&people, &j->o->approval[i].a.operator);
    return people.count >= trust_quorum(j->cx->trust, w.verb);
}

/* Towards the plan's recipient, or back towards its holder; nobody else is ever named. */
static bool
is_forward(const struct judged *j)
{
    return j->recipient == j->plan.recipient && j->plan.recipient != j->plan.holder;
}

static bool
direction_approved(const struct judged *j, bool ever)
{
    if (is_forward(j))
        return people_say(j, (struct wanted){.verb = VERB_CUTOVER, .ever = ever});
    return j->recipient == j->plan.holder &&
           people_say(j, (struct wanted){.verb = VERB_ROLLBACK, .ever = ever});
}

/* Towards a legacy recipient every Entra Connect member must itself say that it has not exported: no
 * person can know that. */
static bool
must_say_no(const struct judged *j, uint8_t product)
{
    bool to_legacy = product_is_legacy((enum product)j->plan.member[j->recipient].product);
    return to_legacy && product == PRODUCT_CONNECT;
}

static enum refusal
check_tenant(struct judged *j)
{
    return baton_id_eq(&j->o->tenant, &j->p->tenant) ? REFUSE_NONE : REFUSE_TENANT;
}

static enum refusal
check_trust_known(struct judged *j)
{
    return j->cx->trust != NULL ? REFUSE_NONE : REFUSE_TRUST;
}

static enum refusal
check_not_retired(struct judged *j)
{
    return j->p->retired ? REFUSE_NOT_TOMBSTONED : REFUSE_NONE;
}

static enum refusal
check_plan_decodes(struct judged *j)
{
    if (plan_decode(j->o->plan, j->o->plan_len, &j->plan) != BATON_OK)
        return REFUSE_PLAN;
    j->cx->digest->sha256(j->cx->digest->ctx, j->o->plan, j->o->plan_len, &j->plan_hash);
    j->self = plan_member_index(&j->plan, &j->p->self);
    j->recipient = plan_member_index(&j->plan, &j->o->recipient);
    if (j->self < 0 || j->recipient < 0 || !baton_id_eq(&j->plan.tenant, &j->p->tenant))
        return REFUSE_PLAN;
    return REFUSE_NONE;
}

/* Once kept, a plan's policy is not judged again: what a later version of this agent no longer reads
 * must not keep a server from being fenced. It then finds nothing, which passes nowhere. */
static enum refusal
check_limits(struct judged *j)
{
    const struct order *o = j->o;
    const struct digest_port *dp = j->cx->digest;
    struct baton_hash hash = {{0}};
    if (o->limits_len > 0)
        dp->sha256(dp->ctx, o->limits, o->limits_len, &hash);
    if (!baton_hash_eq(&hash, &j->plan.limits))
        return REFUSE_LIMITS;
    if (o->limits_len == 0 || baton_hash_eq(&j->plan_hash, &j->p->plan))
        return REFUSE_NONE;
    bool read = j->cx->reads_limits != NULL &&
                j->cx->reads_limits(&j->plan, o->limits, o->limits_len, dp, j->cx->why) == BATON_OK;
    return read ? REFUSE_NONE : REFUSE_LIMITS;
}

static enum refusal
check_plan_kinds(struct judged *j)
{
    for (size_t i = 0; i < j->plan.member_count; i++) {
        const struct plan_member *m = &j->plan.member[i];
        bool staged_ok = m->kind == KIND_STAGED && m->product == PRODUCT_CONNECT;
        if (m->kind != KIND_STOPPED && !staged_ok)
            return REFUSE_PLAN;
    }
    return REFUSE_NONE;
}

static enum refusal
check_lab(struct judged *j)
{
    if (j->plan.lab)
        return j->cx->trust->lab && j->cx->lab_host ? REFUSE_NONE : REFUSE_LAB;
    return policy_below_floor(&j->plan.policy) == NULL ? REFUSE_NONE : REFUSE_LAB;
}

static enum refusal
check_plan_trust(struct judged *j)
{
    return j->plan.trust_version <= j->cx->trust->version ? REFUSE_NONE : REFUSE_TRUST;
}

/* Every member of the plan carries an operator's word that the key is that server's. */
static enum refusal
check_confirmed(struct judged *j)
{
    for (size_t i = 0; i < j->plan.member_count; i++) {
        const struct plan_member *m = &j->plan.member[i];
        const struct trust_operator *op = trust_operator_find(j->cx->trust, &m->confirmed_by);
        uint8_t bytes[CONFIRM_BYTES];
        confirm_bytes(&j->plan.tenant, m->host, &m->key, &m->box_key, bytes);
        if (op == NULL || !trust_operator_may(op, ROLE_OPERATE, &j->plan.tenant) ||
            !j->cx->digest->verify(j->cx->digest->ctx, &op->key, DOMAIN_CONFIRM, bytes,
                                   sizeof bytes, &m->confirmation))
            return REFUSE_UNCONFIRMED;
    }
    return REFUSE_NONE;
}

/* No FENCE was ever taken whole: at most a second copy has told of its epoch. */
static bool
plan_unknown(const struct promise *p)
{
    return baton_hash_is_zero(&p->plan);
}

static enum refusal
check_epoch_rises(struct judged *j)
{
    const struct epoch *e = &j->o->epoch;
    int above = epoch_cmp(e, &j->p->epoch);
    if (epoch_is_zero(e) || above < 0 || (above == 0 && !plan_unknown(j->p)))
        return REFUSE_STALE;
    if (e->counter - j->p->epoch.counter > EPOCH_JUMP_MAX)
        return REFUSE_JUMP;
    return REFUSE_NONE;
}

/* The recipient's own signed word that it holds this very epoch: an answer to a member that comes
 * back, which no expiry may hold up. */
static bool
carries_holders_word(const struct judged *j)
{
    struct statement s;
    const struct signed_bytes *sb = &j->o->shown;
    return sb->len > 0 &&
           j->cx->digest->verify(j->cx->digest->ctx, &j->o->recipient, DOMAIN_STATEMENT, sb->bytes,
                                 sb->len, &sb->sig) &&
           statement_decode(sb->bytes, sb->len, &s) == BATON_OK &&
           baton_id_eq(&s.tenant, &j->p->tenant) && baton_key_eq(&s.member, &j->o->recipient) &&
           s.holding && epoch_eq(&s.holding_epoch, &j->o->epoch);
}

static enum refusal
check_fence_approvals(struct judged *j)
{
    bool ever = carries_holders_word(j);
    bool good = !j->o->adopt && direction_approved(j, ever);
    if (j->o->adopt) {
        bool first = j->recipient == j->plan.holder && plan_unknown(j->p);
        good = (first && people_say(j, (struct wanted){.verb = VERB_PLAN, .ever = ever})) ||
               people_say(j, (struct wanted){.verb = VERB_ADOPT, .ever = ever});
    }
    return good ? REFUSE_NONE : REFUSE_APPROVALS;
}

static enum refusal
check_return_is_open(struct judged *j)
{
    bool closed = must_say_no(j, j->plan.member[j->self].product) && j->p->ever_exported;
    return closed ? REFUSE_EVER_EXPORTED : REFUSE_NONE;
}

static enum refusal
check_adopt_facts(struct judged *j)
{
    if (!j->o->adopt)
        return REFUSE_NONE;
    enum product product = (enum product)j->plan.member[j->self].product;
    enum exporting exports = facts_exporting(j->cx->facts, product);
    if (j->self != j->recipient)
        return exports == EXPORTING_NO ? REFUSE_NONE : REFUSE_EXPORTING;
    if (j->plan.profile == PROFILE_DEAD_SOURCE)
        return product_is_legacy(product) ? REFUSE_NONE : REFUSE_NOT_EXPORTING;
    return exports == EXPORTING_YES ? REFUSE_NONE : REFUSE_NOT_EXPORTING;
}

/* Adoption recognises who exports already; it never lifts a fence, a guard or a quarantine. */
static enum refusal
check_adopt_unfenced(struct judged *j)
{
    if (!j->o->adopt || j->self != j->recipient)
        return REFUSE_NONE;
    if (barred(j->p))
        return REFUSE_QUARANTINED;
    return j->p->tombstone || j->p->stopped_by_us || j->p->armed ? REFUSE_GUARDED : REFUSE_NONE;
}

static bool
left_out_with_leave(const struct judged *j, const struct plan_member *m)
{
    bool ever = carries_holders_word(j);
    struct wanted retired = {.verb = VERB_RETIRE, .subject = &m->key, .ever = ever};
    struct wanted attested = {.verb = VERB_ATTEST, .subject = &m->key, .ever = ever};
    return !must_say_no(j, m->product) && (people_say(j, retired) || people_say(j, attested));
}

/* A member of the plan kept may only be missing from the new one with people's leave: a forgotten
 * server is a second exporter. */
static enum refusal
check_members_kept(struct judged *j)
{
    const struct plan *kept = j->cx->kept_plan;
    for (size_t i = 0; kept != NULL && i < kept->member_count; i++) {
        const struct plan_member *m = &kept->member[i];
        if (plan_member_index(&j->plan, &m->key) < 0 && !left_out_with_leave(j, m))
            return REFUSE_MEMBERS;
    }
    return REFUSE_NONE;
}

static const check fence_checks[] = {
    check_tenant,
    check_trust_known,
    check_not_retired,
    check_plan_decodes,
    check_limits,
    check_plan_kinds,
    check_lab,
    check_plan_trust,
    check_confirmed,
    check_members_kept,
    check_epoch_rises,
    check_fence_approvals,
    check_adopt_unfenced,
    check_adopt_facts,
    check_return_is_open,
};

static void
grant_void(struct promise *p)
{
    if (p->grant == GRANT_LIVE)
        p->grant = GRANT_VOID;
    p->grant_until_ms = 0;
}

static void
role_end(struct promise *p)
{
    p->holding = false;
    p->holding_epoch = (struct epoch){0};
    p->start_due = false;
    grant_void(p);
}

void
promise_quarantine(struct promise *p, enum quarantine_cause cause)
{
    p->quarantine = (uint8_t)cause;
    p->stopped_by_us = true;
    role_end(p);
}

static void
promise_name(struct promise *p, const struct epoch *e, const struct baton_key *recipient)
{
    p->epoch = *e;
    p->recipient = *recipient;
    p->evidence_given = false;
    struct promised *slot = promised_slot(p, recipient);
    *slot = (struct promised){.recipient = *recipient, .epoch = *e};
}

void
promise_recall(struct promise *p, const struct epoch *e, const struct baton_key *recipient,
               bool tombstone)
{
    if (epoch_cmp(e, &p->epoch) <= 0)
        return;
    promise_name(p, e, recipient);
    p->adopt = false;
    p->tombstone = p->tombstone || tombstone;
    role_end(p);
}

void
promise_hold(struct promise *p)
{
    p->grant = GRANT_USED;
    p->grant_until_ms = 0;
    p->holding = true;
    p->holding_epoch = p->epoch;
    p->armed = false;
    p->exports_mark = MARK_NONE;
    p->unread = false;
}

/* The write after which the old promise is history. */
static void
promise_take(struct promise *p, const struct judged *j)
{
    bool mine = j->self == j->recipient;
    bool stays = mine && p->holding;

    promise_name(p, &j->o->epoch, &j->o->recipient);
    p->plan = j->plan_hash;
    p->adopt = j->o->adopt;
    p->serial = 0;

    if (!stays) {
        role_end(p);
        p->grant = p->grant == GRANT_NONE ? GRANT_NONE : GRANT_VOID; /* a used one, too */
        p->holding = mine && j->o->adopt;
    }
    p->holding_epoch = p->holding ? p->epoch : (struct epoch){0};

    if (j->o->adopt) {
        p->armed = p->armed || !mine;
        return;
    }
    if (!mine)
        p->tombstone = true;
    if (!p->holding && j->plan.member[j->self].kind == KIND_STOPPED)
        p->stopped_by_us = true;
}

enum refusal
promise_fence(struct promise *p, const struct order *o, const struct promise_context *cx,
              struct plan *ret_plan, bool *ret_repeat)
{
    struct judged j = {.p = p, .o = o, .cx = cx};

    bool same = epoch_eq(&o->epoch, &p->epoch) && !epoch_is_zero(&o->epoch) &&
                baton_id_eq(&o->tenant, &p->tenant);
    bool named = baton_key_eq(&o->recipient, &p->recipient);
    *ret_repeat = same && named && !plan_unknown(p);
    if (same && !named)
        return REFUSE_OTHER_RECIPIENT;
    if (*ret_repeat)
        return REFUSE_NONE;
    enum refusal r = run_checks(fence_checks, ARRAY_LEN(fence_checks), &j);
    if (r != REFUSE_NONE)
        return r;
    promise_take(p, &j);
    *ret_plan = j.plan;
    return REFUSE_NONE;
}

enum refusal
promise_challenge(struct promise *p, const struct order *o, const struct promise_context *cx)
{
    (void)cx;
    if (!baton_id_eq(&o->tenant, &p->tenant))
        return REFUSE_TENANT;
    if (baton_key_is_zero(&p->recipient) || !epoch_eq(&o->epoch, &p->epoch))
        return REFUSE_EPOCH;
    if (o->void_first)
        grant_void(p);
    return barred(p) ? REFUSE_QUARANTINED : REFUSE_NONE;
}

static enum refusal
check_not_barred(struct judged *j)
{
    return barred(j->p) ? REFUSE_QUARANTINED : REFUSE_NONE;
}

static enum refusal
check_kept_plan(struct judged *j)
{
    if (j->cx->kept_plan == NULL)
        return REFUSE_PLAN;
    j->plan = *j->cx->kept_plan;
    j->plan_hash = j->p->plan;
    j->self = plan_member_index(&j->plan, &j->p->self);
    j->recipient = plan_member_index(&j->plan, &j->o->recipient);
    return j->self >= 0 ? REFUSE_NONE : REFUSE_PLAN;
}

static enum refusal
check_grant_epoch(struct judged *j)
{
    if (epoch_is_zero(&j->p->epoch) || !epoch_eq(&j->o->epoch, &j->p->epoch))
        return REFUSE_EPOCH;
    if (!baton_key_eq(&j->o->recipient, &j->p->self) ||
        !baton_key_eq(&j->p->recipient, &j->p->self))
        return REFUSE_RECIPIENT;
    if (j->p->holding)
        return REFUSE_HOLDING;
    return j->p->grant == GRANT_LIVE || j->o->serial <= j->p->serial ? REFUSE_SERIAL : REFUSE_NONE;
}

static enum refusal
check_own_quiet(struct judged *j)
{
    if (j->p->tamper_open)
        return REFUSE_TAMPER;
    return j->p->evidence_given ? REFUSE_NONE : REFUSE_NOT_QUIET;
}

static bool
self_legacy(const struct judged *j)
{
    return product_is_legacy((enum product)j->plan.member[j->self].product);
}

/* Break-glass: people over this member, this epoch and this recipient. */
static bool
attested(const struct judged *j, const struct plan_member *m)
{
    return !must_say_no(j, m->product) &&
           people_say(j, (struct wanted){.verb = VERB_ATTEST, .subject = &m->key});
}

static const struct signed_bytes *
evidence_of(const struct judged *j, uint8_t member, unsigned *ret_count, struct statement *scratch)
{
    const struct signed_bytes *found = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < j->o->evidence_count; i++) {
        const struct signed_bytes *sb = &j->o->evidence[i];
        if (statement_decode(sb->bytes, sb->len, scratch) == BATON_OK &&
            baton_key_eq(&scratch->member, &j->plan.member[member].key)) {
            found = sb;
            (*ret_count)++;
        }
    }
    return found;
}

static enum refusal
check_evidence(struct judged *j)
{
    struct evidence_demand d = {.plan = &j->plan,
                                .plan_hash = &j->plan_hash,
                                .epoch = &j->p->epoch,
                                .recipient = &j->p->self,
                                .recipient_legacy = self_legacy(j),
                                .trust_version = j->cx->trust->version};
    struct statement scratch;
    unsigned used = 0;
    for (uint8_t m = 0; m < j->plan.member_count; m++) {
        if (m == j->self)
            continue;
        unsigned count;
        const struct signed_bytes *sb = evidence_of(j, m, &count, &scratch);
        used += count;
        if (count > 1)
            return REFUSE_EVIDENCE;
        if (count == 0 && !attested(j, &j->plan.member[m]))
            return REFUSE_EVIDENCE;
        if (count == 0)
            continue;
        d.member = m;
        enum refusal r = evidence_judge(sb, &d, j->cx->digest, &scratch);
        if (r != REFUSE_NONE)
            return r;
    }
    return used == j->o->evidence_count ? REFUSE_NONE : REFUSE_EVIDENCE; /* nothing extra */
}

/* Does this go speak of exactly the evidence that the grant carries? */
static bool
go_matches(const struct judged *j, const struct approval *go)
{
    if (!epoch_eq(&go->epoch, &j->p->epoch) || go->serial != j->o->serial)
        return false;
    struct statement scratch;
    for (uint8_t m = 0; m < (uint8_t)MEMBERS_MAX; m++) {
        struct baton_hash want = {0};
        unsigned count = 0;
        const struct signed_bytes *sb = NULL;
        if (m < j->plan.member_count && m != j->self)
            sb = evidence_of(j, m, &count, &scratch);
        if (sb != NULL)
            j->cx->digest->sha256(j->cx->digest->ctx, sb->bytes, sb->len, &want);
        if (!baton_hash_eq(&want, &go->evidence[m]))
            return false;
    }
    return true;
}

static enum refusal
check_go(struct judged *j)
{
    bool fits = false;
    for (size_t i = 0; i < j->o->approval_count; i++) {
        if (j->o->approval[i].a.verb != VERB_GO)
            continue;
        if (!go_matches(j, &j->o->approval[i].a))
            return REFUSE_GO;
        fits = true;
    }
    return fits && people_say(j, (struct wanted){.verb = VERB_GO}) ? REFUSE_NONE : REFUSE_APPROVALS;
}

static enum refusal
check_grant_approvals(struct judged *j)
{
    if (!direction_approved(j, false))
        return REFUSE_APPROVALS;
    return is_forward(j) ? check_go(j) : REFUSE_NONE;
}

static const check grant_checks[] = {
    check_tenant, check_trust_known, check_not_retired, check_not_barred, check_kept_plan,
    check_lab,    check_grant_epoch, check_own_quiet,   check_evidence,   check_grant_approvals,
};

enum refusal
promise_grant(struct promise *p, const struct order *o, const struct promise_context *cx)
{
    struct judged j = {.p = p, .o = o, .cx = cx};
    enum refusal r = run_checks(grant_checks, ARRAY_LEN(grant_checks), &j);
    if (r != REFUSE_NONE)
        return r;

    p->serial = o->serial;
    p->tombstone = false;
    p->grant = GRANT_LIVE;
    p->grant_until_ms = cx->now_ms + (uint64_t)j.plan.policy.v[POLICY_GRANT_MS];
    if (self_legacy(&j) || p->stopped_by_us) {
        /* The agent itself must start it: used, and written before the start. */
        promise_hold(p);
        p->start_due = true;
        p->stopped_by_us = false;
        p->guard_stop = false;
    }
    return REFUSE_NONE;
}

static enum refusal
check_tombstoned(struct judged *j)
{
    if (!epoch_eq(&j->o->epoch, &j->p->epoch))
        return REFUSE_EPOCH;
    return j->p->tombstone && !j->p->holding ? REFUSE_NONE : REFUSE_NOT_TOMBSTONED;
}

/* They name this member, or nobody. */
static enum refusal
check_retire_approvals(struct judged *j)
{
    static const struct baton_key nobody;
    bool good = people_say(j, (struct wanted){.verb = VERB_RETIRE, .subject = &j->p->self}) ||
                people_say(j, (struct wanted){.verb = VERB_RETIRE, .subject = &nobody});
    return good ? REFUSE_NONE : REFUSE_APPROVALS;
}

static const check retire_checks[] = {
    check_tenant, check_trust_known, check_kept_plan, check_tombstoned, check_retire_approvals,
};

enum refusal
promise_retire(struct promise *p, const struct order *o, const struct promise_context *cx)
{
    struct judged j = {.p = p, .o = o, .cx = cx};
    enum refusal r = run_checks(retire_checks, ARRAY_LEN(retire_checks), &j);
    if (r == REFUSE_NONE)
        p->retired = true;
    return r;
}

/* Is this about this very agent, and about the state that it is in? */
static bool
fits_self(const struct approval *a, const struct promise *p, const struct digest_port *dp)
{
    struct baton_hash machine;
    machine_digest(&p->machine, dp, &machine);
    if (!baton_key_eq(&a->subject, &p->self) || !baton_id_eq(&a->tenant, &p->tenant))
        return false;
    /* A disarm made for an older promise cannot disarm a newer fence. */
    return a->verb == VERB_READMIT ? baton_hash_eq(&a->seen, &machine)
                                   : epoch_eq(&a->base, &p->epoch);
}

static bool
people_say_of_self(const struct promise *p, const struct order *o, const struct promise_context *cx,
                   enum approval_verb verb, struct epoch *ret_base)
{
    struct people people = {.count = 0};
    *ret_base = (struct epoch){0};
    for (size_t i = 0; i < o->approval_count; i++) {
        const struct signed_approval *sa = &o->approval[i];
        if (sa->a.verb != verb || !fits_self(&sa->a, p, cx->digest) ||
            !approval_authentic(sa, cx->trust, cx->digest, cx->now_unix_ms))
            continue;
        people_add(&people, &sa->a.operator);
        if (epoch_cmp(&sa->a.base, ret_base) > 0)
            *ret_base = sa->a.base;
    }
    return people.count >= trust_quorum(cx->trust, verb);
}

/* What this memory has forgotten the record may know: the promise rises to it, and nobody is its
 * recipient. Only a later FENCE and its GRANT start anything here again. */
static void
readmit(struct promise *p, const struct epoch *record)
{
    static const struct baton_key nobody;
    promise_recall(p, record, &nobody, p->tombstone);
    p->recipient = nobody;
    p->evidence_given = false;
    p->quarantine = QUARANTINE_NONE;
}

/* Its guard watches no more. Before any FENCE but the adoption the services are people's again, too: no
 * grant can come to a member of a plan that was given up. A fenced one stays stopped. */
static void
disarm(struct promise *p)
{
    p->armed = false;
    if (p->adopt && !p->tombstone && p->quarantine == QUARANTINE_NONE)
        p->stopped_by_us = p->guard_stop = false;
}

static void
take_words_about_self(struct promise *p, const struct order *o, const struct promise_context *cx)
{
    struct epoch base;
    if (!p->tamper_open && people_say_of_self(p, o, cx, VERB_DISARM, &base))
        disarm(p);
    /* A memory that left no tombstone cannot know what it promised: that agent enrols again. */
    bool enrols = p->quarantine == QUARANTINE_STATE_LOST && !p->tombstone;
    if (barred(p) && !enrols && people_say_of_self(p, o, cx, VERB_READMIT, &base))
        readmit(p, &base);
}

/* A statement signed with our own key that counts higher than we do: this memory is older than the
 * machine that spoke, or there are two of us. */
static bool
shows_lost_memory(const struct promise *p, const struct order *o, const struct promise_context *cx,
                  struct statement *ret_word)
{
    return o->shown.len > 0 &&
           cx->digest->verify(cx->digest->ctx, &p->self, DOMAIN_STATEMENT, o->shown.bytes,
                              o->shown.len, &o->shown.sig) &&
           statement_decode(o->shown.bytes, o->shown.len, ret_word) == BATON_OK &&
           baton_key_eq(&ret_word->member, &p->self) && ret_word->counter > p->counter;
}

/* What was said once stays promised, and what was said from now on counts above it. */
static void
remember_word(struct promise *p, const struct statement *w)
{
    bool newer = epoch_cmp(&w->epoch, &p->epoch) > 0;
    if (newer || (epoch_eq(&w->epoch, &p->epoch) && w->serial > p->serial))
        p->serial = w->serial;
    promise_recall(p, &w->epoch, &w->recipient, w->tombstone);
    p->ever_exported = p->ever_exported || w->ever_exported;
    p->retired = p->retired || w->retired;
    p->counter = w->counter;
}

enum refusal
promise_status(struct promise *p, const struct order *o, const struct promise_context *cx)
{
    struct statement word;
    if (!baton_id_eq(&o->tenant, &p->tenant))
        return REFUSE_TENANT;
    if (shows_lost_memory(p, o, cx, &word)) {
        promise_quarantine(p, QUARANTINE_COUNTER);
        remember_word(p, &word);
    }
    if (cx->trust != NULL)
        take_words_about_self(p, o, cx);
    return REFUSE_NONE;
}
