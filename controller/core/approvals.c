#include "approvals.h"

#include "guards.h"

#include <string.h>

/* Whom an approval of each verb names as recipient. */
enum named { NAMES_ANY, NAMES_HOLDER, NAMES_RECIPIENT, NAMES_EITHER, NAMES_EPOCH_RECIPIENT };

static const struct verb_row {
    uint8_t names;
    bool verification; /* names the hash of the accepted verification */
} verb_rows[VERB_COUNT] = {
    [VERB_PLAN] = {NAMES_HOLDER, false},      [VERB_ADOPT] = {NAMES_EITHER, false},
    [VERB_CUTOVER] = {NAMES_RECIPIENT, true}, [VERB_GO] = {NAMES_RECIPIENT, true},
    [VERB_ROLLBACK] = {NAMES_HOLDER, false},  [VERB_ATTEST] = {NAMES_EPOCH_RECIPIENT, false},
    [VERB_RETIRE] = {NAMES_ANY, false},       [VERB_DISARM] = {NAMES_ANY, false},
    [VERB_READMIT] = {NAMES_ANY, false},
};

static bool
kept_verb(uint8_t verb)
{
    return verb > VERB_NONE && verb < VERB_COUNT;
}

static bool
members_fit(const struct plan *p, const struct approval *a)
{
    static const struct baton_key none;
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        const struct baton_key *want = i < p->member_count ? &p->member[i].key : &none;
        if (!baton_key_eq(&a->member[i], want))
            return false;
    }
    return true;
}

static bool
recipient_fits(const struct tenant *t, const struct approval *a)
{
    switch ((enum named)verb_rows[a->verb].names) {
    case NAMES_HOLDER:
        return baton_key_eq(&a->recipient, &t->plan.member[t->plan.holder].key);
    case NAMES_RECIPIENT:
        return baton_key_eq(&a->recipient, &t->plan.member[t->plan.recipient].key);
    case NAMES_EITHER:
        return plan_member_index(&t->plan, &a->recipient) >= 0;
    case NAMES_EPOCH_RECIPIENT:
        return baton_key_eq(&a->recipient, &t->authority.recipient) &&
               epoch_eq(&a->epoch, &t->authority.epoch);
    case NAMES_ANY:
        break;
    }
    return true;
}

/* One server, whatever the plan says of it: its agent alone judges these. */
static bool
about_one_server(uint8_t verb)
{
    return verb == VERB_DISARM || verb == VERB_READMIT;
}

static const char *
subject_misfit(const struct tenant *t, const struct approval *a)
{
    int m = authority_member_index(&t->authority, &a->subject);
    if (baton_key_is_zero(&a->subject))
        return "the approval names no server: it is signed with baton agent disarm or readmit";
    if (!epoch_eq(&a->base, &t->authority.epoch))
        return "the approval was signed over an older epoch";
    if (a->verb == VERB_READMIT && t->authority.reconcile)
        return "a server knows more than this record, so its epoch is too low to readmit under: "
               "confirm-foreign first";
    if (a->verb == VERB_DISARM && m >= 0 && t->authority.member[m].tamper_open)
        return "an alarm is open there and its agent obeys no disarm: challenge and acknowledge "
               "first";
    return NULL;
}

bool
approvals_judged_here(const struct cutover *c)
{
    return c->state == HO_PROBATION || c->state == HO_DECOMMISSION;
}

static bool
is_connected(const struct tenant *t, const struct baton_key *key)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        if (t->agent[i].used && t->agent[i].connected && baton_key_eq(&t->agent[i].key, key))
            return true;
    return false;
}

static const char *
misfit(const struct tenant *t, const struct approval *a)
{
    if (!baton_id_eq(&a->tenant, &t->info.id))
        return "the approval is for another tenant";
    if (!kept_verb(a->verb))
        return "this verb is not approved inside a cutover";
    if (about_one_server(a->verb))
        return subject_misfit(t, a);
    if (!t->plan_known || baton_hash_is_zero(&t->cutover.plan))
        return "there is no plan to approve";
    if (!baton_hash_eq(&a->plan, &t->cutover.plan) || !members_fit(&t->plan, a))
        return "the approval names another plan";
    if (!recipient_fits(t, a))
        return "the approval names another recipient or epoch";
    if (!epoch_eq(&a->base, &t->authority.epoch))
        return "the approval was signed over an older epoch";
    if (verb_rows[a->verb].verification &&
        (!t->cutover.accepted || !baton_hash_eq(&a->verification, &t->cutover.verification_hash)))
        return "the approval names another verification than the accepted one";
    if (a->verb == VERB_ATTEST && baton_hash_is_zero(&a->seen))
        return "the attestation does not name what was seen: no agent takes it";
    if (a->verb == VERB_ATTEST && approvals_judged_here(&t->cutover) &&
        is_connected(t, &a->subject))
        return "that server is connected, so its agent answers for itself: challenge it";
    return NULL;
}

static bool
same_slot(const struct approval *a, const struct approval *b)
{
    return a->verb == b->verb && baton_id_eq(&a->operator, & b->operator) &&
           baton_key_eq(&a->subject, &b->subject);
}

static struct signed_approval *
slot_for(struct cutover *c, const struct approval *a, uint64_t unix_ms)
{
    struct signed_approval *expired = NULL;
    for (uint32_t i = 0; i < c->approval_count; i++) {
        if (same_slot(&c->approval[i].a, a))
            return &c->approval[i];
        if (c->approval[i].a.not_after_ms < unix_ms)
            expired = &c->approval[i];
    }
    if (c->approval_count < CUTOVER_APPROVALS_MAX)
        return &c->approval[c->approval_count++];
    return expired;
}

enum baton_status
approvals_add(struct tenant *t, const struct signed_approval *sa, const struct approvals_view *v,
              const char **ret_why)
{
    *ret_why = misfit(t, &sa->a);
    if (*ret_why != NULL)
        return BATON_CONFLICT;
    if (v->trust == NULL || !approval_authentic(sa, v->trust, v->dp, v->unix_ms)) {
        *ret_why = "the signature, the role, the tenant or the time of the approval is not good";
        return BATON_DENIED;
    }
    /* Kept, it would count here and nowhere else: each grant that carries it is refused. */
    if (!about_one_server(sa->a.verb) &&
        approval_lives_too_long(&sa->a, &t->plan.policy, v->unix_ms)) {
        *ret_why = "the attestation would live longer than any agent takes";
        return BATON_REFUSED;
    }
    struct signed_approval *slot = slot_for(&t->cutover, &sa->a, v->unix_ms);
    if (slot == NULL) {
        *ret_why = "this cutover keeps no more approvals";
        return BATON_LIMIT;
    }
    *slot = *sa;
    return BATON_OK;
}

static bool
stands(const struct tenant *t, const struct signed_approval *sa, const struct approvals_view *v)
{
    const struct approval *a = &sa->a;
    return v->trust != NULL && baton_hash_eq(&a->plan, &t->cutover.plan) && recipient_fits(t, a) &&
           (!verb_rows[a->verb].verification ||
            baton_hash_eq(&a->verification, &t->cutover.verification_hash)) &&
           (a->verb != VERB_GO || approvals_go_fits(t, sa)) &&
           approval_authentic(sa, v->trust, v->dp, v->unix_ms);
}

/* A retirement of a server that the plan leaves out says nothing about the old one. */
static bool
leaves_out(const struct tenant *t, const struct approval *a)
{
    return a->verb == VERB_RETIRE && !baton_key_is_zero(&a->subject) &&
           plan_member_index(&t->plan, &a->subject) < 0;
}

unsigned
approvals_count(const struct tenant *t, enum approval_verb verb, const struct approvals_view *v)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < t->cutover.approval_count; i++) /* one slot a person: all differ */
        if (t->cutover.approval[i].a.verb == verb && !leaves_out(t, &t->cutover.approval[i].a) &&
            stands(t, &t->cutover.approval[i], v))
            n++;
    return n;
}

unsigned
approvals_leave(const struct tenant *t, const struct baton_key *member,
                const struct baton_key *towards, const struct approvals_view *v)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < t->cutover.approval_count; i++) {
        const struct signed_approval *sa = &t->cutover.approval[i];
        if (sa->a.verb == VERB_RETIRE && baton_key_eq(&sa->a.subject, member) &&
            baton_key_eq(&sa->a.recipient, towards) && stands(t, sa, v))
            n++;
    }
    return n;
}

unsigned
approvals_account_gone(const struct tenant *t, const struct approvals_view *v)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < t->cutover.approval_count; i++) {
        const struct signed_approval *sa = &t->cutover.approval[i];
        if (sa->a.verb == VERB_RETIRE && !baton_hash_is_zero(&sa->a.seen) &&
            !leaves_out(t, &sa->a) && stands(t, sa, v))
            n++;
    }
    return n;
}

size_t
approvals_alike(const struct tenant *t, const struct approval *wanted,
                const struct approvals_view *v,
                const struct signed_approval *ret_list[CUTOVER_APPROVALS_MAX])
{
    size_t n = 0;
    for (uint32_t i = 0; i < t->cutover.approval_count; i++) { /* one slot a person: all differ */
        const struct signed_approval *sa = &t->cutover.approval[i];
        if (sa->a.verb == wanted->verb && baton_key_eq(&sa->a.subject, &wanted->subject) &&
            baton_hash_eq(&sa->a.seen, &wanted->seen) && epoch_eq(&sa->a.base, &wanted->base) &&
            v->trust != NULL && approval_authentic(sa, v->trust, v->dp, v->unix_ms))
            ret_list[n++] = sa;
    }
    return n;
}

bool
approvals_go_fits(const struct tenant *t, const struct signed_approval *sa)
{
    static const struct baton_hash none;
    const struct approval *a = &sa->a;
    if (!epoch_eq(&a->epoch, &t->authority.epoch) || a->serial != t->authority.serial + 1)
        return false;
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        const struct baton_hash *want = &none;
        if (i < t->plan.member_count && i != t->plan.recipient) {
            int m = authority_member_index(&t->authority, &t->plan.member[i].key);
            if (m < 0)
                return false;
            want = &t->authority.member[m].evidence;
        }
        if (!baton_hash_eq(&a->evidence[i], want))
            return false;
    }
    return true;
}

static bool
attests(const struct tenant *t, const struct signed_approval *sa, const struct baton_key *member,
        const struct approvals_view *v)
{
    return sa->a.verb == VERB_ATTEST && baton_key_eq(&sa->a.subject, member) && stands(t, sa, v);
}

unsigned
approvals_attest_quorum(const struct approvals_view *v)
{
    enum { LEAST = 2 }; /* whatever a trust document says */
    unsigned said = v->trust == NULL ? LEAST : trust_quorum(v->trust, VERB_ATTEST);
    return said > LEAST ? said : LEAST;
}

/* Two of them stand in the record, however many it takes. */
static bool
attested_by_enough(const struct tenant *t, const struct baton_key *member,
                   const struct approvals_view *v, struct baton_hash ret_hash[2])
{
    unsigned n = 0;
    for (uint32_t i = 0; i < t->cutover.approval_count && n < 2; i++)
        if (attests(t, &t->cutover.approval[i], member, v))
            approval_digest(&t->cutover.approval[i], v->dp, &ret_hash[n++]);
    return approvals_attests(t, member, v) >= approvals_attest_quorum(v);
}

/* While nobody exports, for whoever cannot answer. Once the new server holds, never for who holds, and
 * only to close an alarm, or for an old server that is to be retired and is gone. */
static bool
may_be_attested(const struct tenant *t, const struct authority_member *m)
{
    if (!approvals_judged_here(&t->cutover))
        return true;
    bool goes = t->cutover.state == HO_DECOMMISSION && baton_key_eq(&m->key, &tenant_old(t)->key);
    return (m->tamper_open || goes) && !baton_key_eq(&m->key, &t->authority.holder);
}

/* Who is attested in the record already comes last: two servers may be dead. */
int
approvals_attested(const struct tenant *t, const struct approvals_view *v,
                   struct baton_hash ret_hash[2])
{
    for (int already = 0; already < 2; already++)
        for (int m = 0; m < t->authority.member_count; m++)
            if (t->authority.member[m].attested == already &&
                may_be_attested(t, &t->authority.member[m]) &&
                attested_by_enough(t, &t->authority.member[m].key, v, ret_hash))
                return m;
    return -1;
}

unsigned
approvals_attests(const struct tenant *t, const struct baton_key *member,
                  const struct approvals_view *v)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < t->cutover.approval_count; i++)
        n += attests(t, &t->cutover.approval[i], member, v);
    return n;
}

static void
keep_first(struct cutover *c, uint32_t kept)
{
    memset(&c->approval[kept], 0, (c->approval_count - kept) * sizeof c->approval[0]);
    c->approval_count = kept;
}

void
approvals_drop(struct cutover *c, bool towards_new)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->approval_count; i++) {
        uint8_t verb = c->approval[i].a.verb;
        bool forward = verb == VERB_CUTOVER || verb == VERB_GO || verb == VERB_ADOPT;
        bool drop = verb == VERB_GO || verb == VERB_ATTEST ||
                    (towards_new ? verb == VERB_ROLLBACK : forward);
        if (!drop)
            c->approval[kept++] = c->approval[i];
    }
    keep_first(c, kept);
}

bool
approvals_overtaken(struct cutover *c, const struct baton_key *member)
{
    uint32_t before = c->approval_count, kept = 0;
    for (uint32_t i = 0; i < before; i++) {
        const struct approval *a = &c->approval[i].a;
        if (a->verb != VERB_ATTEST || (member != NULL && !baton_key_eq(&a->subject, member)))
            c->approval[kept++] = c->approval[i];
    }
    keep_first(c, kept);
    return kept < before;
}

void
approval_digest(const struct signed_approval *sa, const struct digest_port *dp,
                struct baton_hash *ret_hash)
{
    uint8_t bytes[APPROVAL_BYTES];
    approval_encode(&sa->a, bytes);
    dp->sha256(dp->ctx, bytes, sizeof bytes, ret_hash);
}
