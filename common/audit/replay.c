#include "common/audit/replay.h"
#include "baton/disposition.h"
#include "proto/codec.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MARK_KIND = 0x0f,
    MARK_SIGNED = 0x80, /* its signature is good */
    TENANTS_FIRST = 16,
    RECEIPTS_FIRST = 64,
    TAG_BYTES = 4,
    APPROVAL_ROW_BYTES = APPROVAL_BYTES + BATON_SIG_BYTES,
};

void
replay_init(struct replay *p, const struct digest_port *dp, const struct baton_key *root,
            struct audit_report *report)
{
    *p = (struct replay){.dp = dp, .root = *root, .report = report};
    hash_set_init(&p->objects);
}

void
replay_done(struct replay *p)
{
    hash_set_done(&p->objects);
    free(p->trust);
    free(p->tenant);
    free(p->receipt);
}

static enum baton_status fault(struct replay *p, const char *fmt, ...) BATON_PRINTF(2, 3);
static void breach(struct replay *p, const struct audit_record *r, const char *fmt, ...)
    BATON_PRINTF(3, 4);

static enum baton_status
fault(struct replay *p, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(p->why, sizeof p->why, fmt, args);
    va_end(args);
    return BATON_CORRUPT;
}

static void
breach(struct replay *p, const struct audit_record *r, const char *fmt, ...)
{
    if (p->report->breaches++ > 0)
        return;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(p->report->why, sizeof p->report->why, fmt, args);
    va_end(args);
    p->report->verdict = AUDIT_BREACH;
    p->report->bad_seq = r->seq;
}

/* What was refused or raised as an alarm may be anything: it is kept, not believed. */
static bool
record_believes(const struct audit_record *r)
{
    return r->type != AUDIT_REFUSED && r->type != AUDIT_ALARM && r->type != AUDIT_FOREIGN;
}

static bool
verified(const struct replay *p, const struct baton_key *key, const char *domain,
         const struct signed_bytes *s)
{
    return p->dp->verify(p->dp->ctx, key, domain, s->bytes, s->len, &s->sig);
}

static enum object_kind
object_kind(const struct audit_record *r, const struct signed_bytes *s)
{
    static const struct {
        char tag[TAG_BYTES + 1];
        enum object_kind kind;
    } tags[] = {{"BTR1", OBJECT_TRUST},        {"BST1", OBJECT_STATEMENT},
                {"BPL1", OBJECT_PLAN},         {"BPL2", OBJECT_PLAN},
                {"BFL1", OBJECT_FINDINGS},     {"BDI1", OBJECT_DISPOSITION},
                {"BVR1", OBJECT_VERIFICATION}, {"BVR2", OBJECT_VERIFICATION}};
    for (size_t i = 0; i < ARRAY_LEN(tags); i++)
        if (s->len >= TAG_BYTES && memcmp(s->bytes, tags[i].tag, TAG_BYTES) == 0)
            return tags[i].kind;
    if (r->type == AUDIT_APPROVAL && s->len == APPROVAL_BYTES)
        return OBJECT_APPROVAL;
    if (r->type == AUDIT_VERIFIED)
        return OBJECT_DISPOSITIONS;
    return r->type == AUDIT_ORDERED ? OBJECT_ORDER : OBJECT_OPAQUE;
}

/* Trust documents */

static void
controllers_learn(struct replay *p, const struct trust_doc *d)
{
    for (size_t i = 0; i < d->controller_count; i++) {
        size_t at = 0;
        while (at < p->controller_count && !baton_key_eq(&p->controller[at], &d->controller[i]))
            at++;
        if (at == p->controller_count && at < REPLAY_CONTROLLERS_MAX)
            p->controller[p->controller_count++] = d->controller[i];
    }
}

static enum baton_status
trust_follows(struct replay *p, const struct trust_doc *d)
{
    if (p->trust == NULL)
        return BATON_OK; /* the first one seen: agents hold the same rule from their enrolment on */
    if (d->version <= p->trust->version)
        return fault(p, "trust document %" PRIu32 " follows %" PRIu32, d->version,
                     p->trust->version);
    if (d->version == p->trust->version + 1 && !baton_hash_eq(&d->previous, &p->trust_hash))
        return fault(p, "trust document %" PRIu32 " does not name the one before it", d->version);
    return BATON_OK;
}

static enum baton_status
trust_object(struct replay *p, const struct replay_object *o, uint8_t *mark)
{
    struct trust_doc *d = malloc(sizeof *d);
    if (d == NULL)
        return BATON_NOMEM;
    enum baton_status rc = BATON_OK;
    if (!verified(p, &p->root, DOMAIN_TRUST, &o->s))
        rc = fault(p, "a trust document is not signed by the root key");
    else if (trust_decode(o->s.bytes, o->s.len, d) != BATON_OK)
        rc = fault(p, "a trust document is malformed");
    else
        rc = trust_follows(p, d);
    if (rc != BATON_OK) {
        free(d);
        return rc;
    }
    *mark |= MARK_SIGNED;
    p->report->trust_documents++;
    controllers_learn(p, d);
    free(p->trust);
    p->trust = d;
    p->trust_hash = o->hash;
    return BATON_OK;
}

/* Statements */

static struct replay_member *
member_find(struct replay_tenant *t, const struct baton_key *key)
{
    for (size_t i = 0; i < t->member_count; i++)
        if (baton_key_eq(&t->member[i].key, key))
            return &t->member[i];
    if (t->member_count == REPLAY_MEMBERS_MAX)
        return NULL;
    struct replay_member *m = &t->member[t->member_count++];
    *m = (struct replay_member){.key = *key};
    return m;
}

static enum baton_status
receipt_note(struct replay *p, const struct statement *s)
{
    if (s->receipt_size == 0)
        return BATON_OK;
    if (p->receipt_count == p->receipt_cap) {
        size_t cap = p->receipt_cap == 0 ? RECEIPTS_FIRST : p->receipt_cap * 2;
        struct audit_receipt *list = realloc(p->receipt, cap * sizeof *list);
        if (list == NULL)
            return BATON_NOMEM;
        p->receipt = list;
        p->receipt_cap = cap;
    }
    p->receipt[p->receipt_count++] =
        (struct audit_receipt){s->receipt_size, s->receipt_root, s->member};
    return BATON_OK;
}

/* At every record at most one member may export, by everybody's newest word. */
static void
exclusive_check(struct replay *p, const struct audit_record *r, const struct replay_tenant *t,
                const struct replay_member *now)
{
    for (size_t i = 0; now->may_export && i < t->member_count; i++) {
        const struct replay_member *other = &t->member[i];
        if (other != now && other->may_export)
            breach(p, r,
                   "two members may export at record %" PRIu64
                   ": one says so while another's newest word says the same",
                   r->seq);
    }
}

static void
statement_follow(struct replay *p, const struct audit_record *r, struct replay_tenant *t,
                 const struct statement *s)
{
    struct replay_member *m = member_find(t, &s->member);
    if (m == NULL) {
        breach(p, r, "a tenant with more than %d agents", (int)REPLAY_MEMBERS_MAX);
        return;
    }
    if (s->counter <= m->counter)
        return; /* came late: a newer word is already known */
    if (epoch_cmp(&s->epoch, &m->promise) < 0)
        breach(p, r, "an agent's promise went back to an older epoch");
    m->counter = s->counter;
    m->promise = s->epoch;
    m->may_export = s->holding || s->grant == GRANT_LIVE;
    exclusive_check(p, r, t, m);
}

static enum baton_status
statement_object(struct replay *p, const struct audit_record *r, struct replay_tenant *t,
                 const struct replay_object *o, uint8_t *mark)
{
    struct statement s;
    bool believed = record_believes(r);
    if (statement_decode(o->s.bytes, o->s.len, &s) != BATON_OK)
        return believed ? fault(p, "a statement is malformed") : BATON_OK;
    if (!verified(p, &s.member, DOMAIN_STATEMENT, &o->s))
        return believed ? fault(p, "a statement's signature is not its agent's") : BATON_OK;
    if (believed && !baton_id_eq(&s.tenant, &r->tenant))
        return fault(p, "a statement for another tenant");
    *mark |= MARK_SIGNED;
    p->report->statements++;
    if (!believed)
        return BATON_OK;
    statement_follow(p, r, t, &s);
    return receipt_note(p, &s);
}

/* Approvals */

static bool
approval_good(const struct replay *p, const struct audit_record *r,
              const struct signed_approval *sa)
{
    return p->trust != NULL && baton_id_eq(&sa->a.tenant, &r->tenant) &&
           approval_authentic(sa, p->trust, p->dp, r->unix_ms);
}

static void
approval_rows(struct replay *p, const struct audit_record *r)
{
    for (size_t i = 0; i < r->row_count; i++) {
        struct signed_approval sa;
        const struct audit_row *row = &r->row[i];
        if (row->table != TABLE_APPROVAL || row->len != APPROVAL_ROW_BYTES)
            continue;
        p->report->approvals++;
        memcpy(sa.sig.b, row->value + APPROVAL_BYTES, sizeof sa.sig.b);
        if (approval_decode(row->value, APPROVAL_BYTES, &sa.a) != BATON_OK)
            breach(p, r, "an approval that cannot be read was accepted");
        else if (p->trust != NULL && !approval_good(p, r, &sa))
            breach(p, r,
                   "an approval was accepted that its operator did not give or could not give");
    }
}

/* Kept as an object, its signature stands outside every hash: a bad one may be the bundle's fault. */
static enum baton_status
approval_object(struct replay *p, const struct audit_record *r, const struct replay_object *o,
                uint8_t *mark)
{
    struct signed_approval sa = {.sig = o->s.sig};
    if (approval_decode(o->s.bytes, o->s.len, &sa.a) != BATON_OK)
        return fault(p, "an approval is malformed");
    p->report->approvals++;
    if (p->trust == NULL)
        return BATON_OK;
    const struct trust_operator *who = trust_operator_find(p->trust, &sa.a.operator);
    if (who == NULL || !verified(p, &who->key, DOMAIN_APPROVAL, &o->s))
        return fault(p, "an approval's signature is not its operator's");
    *mark |= MARK_SIGNED;
    if (!approval_good(p, r, &sa))
        breach(p, r, "an approval was accepted that its operator could not give");
    return BATON_OK;
}

/* What people decided about findings */

static bool
object_known(const struct replay *p, const struct baton_hash *hash, enum object_kind kind,
             bool with_signature)
{
    const uint8_t *mark = hash_set_find(&p->objects, hash);
    return mark != NULL && (*mark & MARK_KIND) == (uint8_t)kind &&
           (!with_signature || (*mark & MARK_SIGNED) != 0);
}

static enum baton_status
disposition_object(struct replay *p, const struct audit_record *r, const struct replay_object *o,
                   uint8_t *mark)
{
    struct signed_disposition sd = {.sig = o->s.sig};
    if (disposition_decode(o->s.bytes, o->s.len, &sd.d) != BATON_OK)
        return fault(p, "a disposition is malformed");
    if (p->trust == NULL)
        return BATON_OK;
    const struct trust_operator *who = trust_operator_find(p->trust, &sd.d.operator);
    if (who == NULL || !verified(p, &who->key, DOMAIN_DISPOSITION, &o->s))
        return fault(p, "a disposition's signature is not its operator's");
    *mark |= MARK_SIGNED;
    if (!baton_id_eq(&sd.d.tenant, &r->tenant) || !disposition_authentic(&sd, p->trust, p->dp))
        breach(p, r, "a disposition was accepted that its operator could not give");
    return BATON_OK;
}

/* A verification counts dispositions by their hashes: each must be there, and its person's. */
static enum baton_status
dispositions_object(struct replay *p, const struct replay_object *o)
{
    struct baton_hash each;
    if (o->s.len % sizeof each.b != 0)
        return fault(p, "a list of dispositions is malformed");
    for (size_t at = 0; at < o->s.len; at += sizeof each.b) {
        memcpy(each.b, o->s.bytes + at, sizeof each.b);
        if (!object_known(p, &each, OBJECT_DISPOSITION, p->trust != NULL))
            return fault(p, "a disposition that the verification counts is not in the bundle");
    }
    return BATON_OK;
}

struct tally { /* different people per verb */
    struct baton_id who[VERB_COUNT][ORDER_APPROVALS_MAX];
    unsigned count[VERB_COUNT];
};

static void
tally_add(struct tally *t, const struct approval *a)
{
    for (unsigned i = 0; i < t->count[a->verb]; i++)
        if (baton_id_eq(&t->who[a->verb][i], &a->operator))
            return;
    t->who[a->verb][t->count[a->verb]++] = a->operator;
}

/* A go speaks of exactly these pieces of evidence. */
static bool
go_fits(const struct replay *p, const struct replay_tenant *t, const struct order *o,
        const struct approval *a)
{
    for (size_t i = 0; i < t->plan_members; i++) {
        struct baton_hash h = {0};
        for (size_t j = 0; j < o->evidence_count; j++) {
            struct statement s;
            if (statement_decode(o->evidence[j].bytes, o->evidence[j].len, &s) == BATON_OK &&
                baton_key_eq(&s.member, &t->plan_member[i]))
                p->dp->sha256(p->dp->ctx, o->evidence[j].bytes, o->evidence[j].len, &h);
        }
        if (baton_key_eq(&t->plan_member[i], &o->recipient) || baton_hash_is_zero(&h))
            continue; /* the recipient's own is not carried; an absent one is checked elsewhere */
        if (!baton_hash_eq(&a->evidence[i], &h))
            return false;
    }
    return epoch_eq(&a->epoch, &o->epoch) && a->serial == o->serial;
}

static bool
approval_fits(const struct replay *p, const struct replay_tenant *t, const struct order *o,
              const struct approval *a)
{
    if (!baton_hash_eq(&a->plan, &t->plan_hash))
        return false;
    if (a->verb == VERB_GO)
        return go_fits(p, t, o, a);
    if (a->verb == VERB_CUTOVER && !object_known(p, &a->verification, OBJECT_VERIFICATION, false))
        return false; /* over something that nobody has accepted before it */
    return a->verb == VERB_ATTEST || baton_key_eq(&a->recipient, &o->recipient);
}

static struct tally
order_tally(const struct replay *p, const struct audit_record *r, const struct replay_tenant *t,
            const struct order *o)
{
    struct tally tally = {0};
    for (size_t i = 0; i < o->approval_count; i++)
        if (approval_good(p, r, &o->approval[i]) && approval_fits(p, t, o, &o->approval[i].a))
            tally_add(&tally, &o->approval[i].a);
    return tally;
}

static unsigned
attested_by(const struct replay *p, const struct audit_record *r, const struct order *o,
            const struct baton_key *member)
{
    struct tally tally = {0};
    for (size_t i = 0; i < o->approval_count; i++) {
        const struct approval *a = &o->approval[i].a;
        if (a->verb == VERB_ATTEST && baton_key_eq(&a->subject, member) &&
            epoch_eq(&a->epoch, &o->epoch) && approval_good(p, r, &o->approval[i]))
            tally_add(&tally, a);
    }
    return tally.count[VERB_ATTEST];
}

/* Orders */

static bool
evidence_fits(const struct replay *p, const struct order *o, const struct signed_bytes *e,
              const struct baton_key *member)
{
    struct statement s;
    return statement_decode(e->bytes, e->len, &s) == BATON_OK && s.type == SAY_EVIDENCE &&
           baton_key_eq(&s.member, member) && baton_id_eq(&s.tenant, &o->tenant) &&
           epoch_eq(&s.epoch, &o->epoch) && baton_key_eq(&s.recipient, &o->recipient) &&
           !s.holding && s.grant != GRANT_LIVE && verified(p, member, DOMAIN_STATEMENT, e);
}

static bool
member_proved(struct replay *p, const struct audit_record *r, struct replay_tenant *t,
              const struct order *o, const struct baton_key *member)
{
    for (size_t i = 0; i < o->evidence_count; i++)
        if (evidence_fits(p, o, &o->evidence[i], member))
            return true;
    if (p->trust == NULL || attested_by(p, r, o, member) < trust_quorum(p->trust, VERB_ATTEST))
        return false;
    struct replay_member *m = member_find(t, member);
    if (m != NULL)
        m->may_export = false; /* people vouch for it until it speaks again */
    return true;
}

static bool
enough(const struct replay *p, const struct tally *t, enum approval_verb verb)
{
    return t->count[verb] >= trust_quorum(p->trust, verb);
}

static void
grant_check(struct replay *p, const struct audit_record *r, struct replay_tenant *t,
            const struct order *o)
{
    p->report->grants++;
    if (!t->fenced || !epoch_eq(&o->epoch, &t->epoch) ||
        !baton_key_eq(&o->recipient, &t->recipient))
        breach(p, r, "a grant for another epoch or recipient than was fenced for");
    if (!t->plan_known)
        return;
    for (size_t i = 0; i < t->plan_members; i++) {
        const struct baton_key *member = &t->plan_member[i];
        if (!baton_key_eq(member, &o->recipient) && !member_proved(p, r, t, o, member))
            breach(p, r, "a grant without the evidence of every other member");
    }
    if (p->trust == NULL)
        return;
    struct tally tally = order_tally(p, r, t, o);
    bool forward = enough(p, &tally, VERB_CUTOVER) && enough(p, &tally, VERB_GO);
    if (!forward && !enough(p, &tally, VERB_ROLLBACK))
        breach(p, r, "a grant without the approvals of enough different people");
}

static void
plan_learn(struct replay *p, struct replay_tenant *t, const struct order *o)
{
    struct plan plan;
    if (o->plan_len == 0 || plan_decode(o->plan, o->plan_len, &plan) != BATON_OK)
        return;
    p->dp->sha256(p->dp->ctx, o->plan, o->plan_len, &t->plan_hash);
    t->plan_known = true;
    t->plan_members = plan.member_count;
    for (size_t i = 0; i < plan.member_count; i++)
        t->plan_member[i] = plan.member[i].key;
}

static void
fence_check(struct replay *p, const struct audit_record *r, struct replay_tenant *t,
            const struct order *o)
{
    int c = t->fenced ? epoch_cmp(&o->epoch, &t->epoch) : 1;
    if (c < 0)
        breach(p, r, "a fence for an older epoch than the one before");
    else if (c == 0 && !baton_key_eq(&o->recipient, &t->recipient))
        breach(p, r, "one epoch was given to two recipients");
    if (c <= 0)
        return;
    t->fenced = true;
    t->epoch = o->epoch;
    t->recipient = o->recipient;
    plan_learn(p, t, o);
}

static enum baton_status
order_object(struct replay *p, const struct audit_record *r, struct replay_tenant *t,
             const struct replay_object *object)
{
    struct order o;
    void *arena = NULL;
    enum baton_status rc = order_unpack(object->s.bytes, object->s.len, &o, &arena, NULL);
    if (rc == BATON_NOMEM)
        return rc;
    if (rc != BATON_OK) {
        p->report->orders_unread++;
        return BATON_OK;
    }
    p->report->orders++;
    if (!baton_id_eq(&o.tenant, &r->tenant))
        breach(p, r, "an order for another tenant than its record");
    else if (o.verb == ORDER_FENCE)
        fence_check(p, r, t, &o);
    else if (o.verb == ORDER_GRANT)
        grant_check(p, r, t, &o);
    order_arena_free(&arena);
    return BATON_OK;
}

/* What is named by its hash alone and signed by nobody: a signature there is an addition. */
static enum baton_status
unsigned_check(struct replay *p, const struct replay_object *o)
{
    static const struct baton_sig none;
    if (memcmp(o->s.sig.b, none.b, sizeof none.b) == 0)
        return BATON_OK;
    return fault(p, "an object carries a signature that nobody made");
}

/* Records */

static enum baton_status
tenants_reach(struct replay *p, size_t index)
{
    if (index < p->tenant_cap)
        return BATON_OK;
    size_t cap = p->tenant_cap == 0 ? TENANTS_FIRST : p->tenant_cap * 2;
    while (cap <= index)
        cap *= 2;
    struct replay_tenant *list = realloc(p->tenant, cap * sizeof *list);
    if (list == NULL)
        return BATON_NOMEM;
    memset(list + p->tenant_cap, 0, (cap - p->tenant_cap) * sizeof *list);
    p->tenant = list;
    p->tenant_cap = cap;
    return BATON_OK;
}

static enum baton_status
object_replay(struct replay *p, const struct audit_record *r, struct replay_tenant *t,
              const struct replay_object *o, enum object_kind kind)
{
    uint8_t mark = (uint8_t)kind;
    enum baton_status rc = BATON_OK;
    if (kind == OBJECT_TRUST && record_believes(r))
        rc = trust_object(p, o, &mark);
    else if (kind == OBJECT_STATEMENT)
        rc = statement_object(p, r, t, o, &mark);
    else if (kind == OBJECT_APPROVAL)
        rc = approval_object(p, r, o, &mark);
    else if (kind == OBJECT_DISPOSITION && record_believes(r))
        rc = disposition_object(p, r, o, &mark);
    else if (kind != OBJECT_OPAQUE && kind != OBJECT_TRUST && kind != OBJECT_DISPOSITION)
        rc = unsigned_check(p, o);
    if (rc == BATON_OK && kind == OBJECT_ORDER)
        rc = order_object(p, r, t, o);
    if (rc == BATON_OK && kind == OBJECT_DISPOSITIONS)
        rc = dispositions_object(p, o);
    p->report->objects++;
    return rc != BATON_OK ? rc : hash_set_add(&p->objects, &o->hash, mark);
}

/* Trust documents first: what else the record brings is judged by them. */
static enum baton_status
objects_replay(struct replay *p, const struct audit_record *r, struct replay_tenant *t,
               const struct replay_object *object, size_t count)
{
    enum baton_status rc = BATON_OK;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; rc == BATON_OK && i < count; i++) {
            enum object_kind kind = object_kind(r, &object[i].s);
            if ((kind == OBJECT_TRUST) == (pass == 0))
                rc = object_replay(p, r, t, &object[i], kind);
        }
    }
    return rc;
}

/* State that names a signed document by its hash is worth no more than that document. */
static enum baton_status
rows_rest(struct replay *p, const struct audit_record *r)
{
    static const struct {
        uint8_t table, key_len;
        enum object_kind kind;
        const char *what;
    } rests[] = {
        {TABLE_STATEMENT, BATON_KEY_BYTES + 8, OBJECT_STATEMENT, "the signed statement"},
        {TABLE_TRUST, 4, OBJECT_TRUST, "the trust document"},
    };
    for (size_t i = 0; i < r->row_count && record_believes(r); i++) {
        const struct audit_row *row = &r->row[i];
        struct baton_hash hash;
        for (size_t n = 0; n < ARRAY_LEN(rests) && row->len == sizeof hash.b; n++) {
            if (row->table != rests[n].table || row->key_len != rests[n].key_len)
                continue;
            memcpy(hash.b, row->value, sizeof hash.b);
            if (!object_known(p, &hash, rests[n].kind, true))
                return fault(p, "%s it rests on is not in the bundle", rests[n].what);
        }
    }
    return BATON_OK;
}

static enum baton_status
refs_check(struct replay *p, const struct audit_record *r)
{
    bool order = r->type != AUDIT_ORDERED, disposition = r->type != AUDIT_DISPOSED, all = true;
    for (size_t i = 0; i < r->ref_count; i++) {
        bool known = hash_set_find(&p->objects, &r->ref[i]) != NULL;
        p->report->refs_missing += !known;
        all = all && known;
        order = order || object_known(p, &r->ref[i], OBJECT_ORDER, false);
        disposition = disposition || object_known(p, &r->ref[i], OBJECT_DISPOSITION, false);
    }
    if (!order)
        return fault(p, "the order it rests on is not in the bundle");
    if (!disposition)
        return fault(p, "the disposition it rests on is not in the bundle");
    if (r->type == AUDIT_VERIFIED && !all)
        return fault(p, "what was accepted is not in the bundle");
    return rows_rest(p, r);
}

static enum baton_status
objects_belong(struct replay *p, const struct audit_record *r, const struct replay_object *object,
               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < r->ref_count && !baton_hash_eq(&r->ref[at], &object[i].hash))
            at++;
        if (at == r->ref_count)
            return fault(p, "an object stands before it that it does not name: changed or moved");
    }
    return BATON_OK;
}

enum baton_status
replay_record(struct replay *p, const struct audit_record *r, size_t tenant_index,
              const struct replay_object *object, size_t object_count)
{
    enum baton_status rc = tenants_reach(p, tenant_index);
    if (rc != BATON_OK)
        return rc;
    rc = objects_belong(p, r, object, object_count);
    if (rc == BATON_OK)
        rc = objects_replay(p, r, &p->tenant[tenant_index], object, object_count);
    if (rc == BATON_OK)
        rc = refs_check(p, r);
    if (rc == BATON_OK && r->row_count > 0)
        approval_rows(p, r);
    return rc;
}
