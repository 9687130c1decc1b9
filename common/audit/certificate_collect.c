#include "common/audit/certificate_read.h"
#include "common/crypto/crypto.h"
#include "proto/codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* First walk: the tenant's records, for those of this cutover. Second: every leaf up to the
 * checkpoint, for the paths. */
struct collecting {
    const struct store_port *store;
    const struct baton_id *cutover;
    struct certificate *c;
    struct baton_hash *leaf;
    uint64_t leaf_count;
    bool found;
    enum baton_status rc;
    struct baton_err *err;
};

static bool
failed(struct collecting *k, enum baton_status rc, const char *what)
{
    k->rc = baton_fail(k->err, rc, "%s", what);
    return false;
}

static bool
blob_copy(struct collecting *k, struct json_blob *to, const uint8_t *bytes, size_t len)
{
    free(to->bytes);
    to->len = 0;
    to->bytes = malloc(len + 1);
    if (to->bytes == NULL)
        return failed(k, BATON_NOMEM, "certificate");
    memcpy(to->bytes, bytes, len);
    to->len = len;
    return true;
}

static void
move_note(struct certificate *c, const struct audit_record *r)
{
    if (r->type != AUDIT_MOVED || r->rule == 0 || c->rule_count == CERTIFICATE_RULES_MAX)
        return;
    struct certificate_rule *m = &c->rule[c->rule_count++];
    *m = (struct certificate_rule){.rule = r->rule, .seq = r->seq, .unix_ms = r->unix_ms};
    (void)snprintf(m->from, sizeof m->from, "%u", r->from);
    (void)snprintf(m->to, sizeof m->to, "%u", r->to);
}

static void
person_note(struct certificate *c, const struct audit_record *r)
{
    for (size_t i = 0; i < r->row_count; i++) {
        struct approval a;
        const struct audit_row *row = &r->row[i];
        if (row->table != TABLE_APPROVAL || row->len != APPROVAL_BYTES + BATON_SIG_BYTES ||
            c->person_count == CERTIFICATE_PEOPLE_MAX ||
            approval_decode(row->value, APPROVAL_BYTES, &a) != BATON_OK)
            continue;
        struct certificate_person *p = &c->person[c->person_count++];
        p->operator= a.operator;
        p->verb = a.verb;
        p->verification = a.verification;
        crypto_sha256(row->value, APPROVAL_BYTES, &p->approval);
    }
}

static bool
link_note(struct certificate *c, const struct audit_record *r, enum certificate_link_kind kind,
          const struct baton_hash *hash, const char *what)
{
    if (c->link_count == CERTIFICATE_LINKS_MAX)
        return false;
    struct certificate_link *l = &c->link[c->link_count++];
    *l = (struct certificate_link){.kind = (uint8_t)kind, .seq = r->seq, .hash = *hash};
    (void)snprintf(l->what, sizeof l->what, "%s", what);
    return true;
}

static bool
proof_note(struct collecting *k, const struct audit_record *r, const uint8_t *bytes, size_t len,
           uint8_t most)
{
    struct certificate *c = k->c;
    if (c->proof_count >= most || r->seq > c->checkpoint.size)
        return true;
    struct certificate_proof *p = &c->proof[c->proof_count++];
    p->seq = r->seq;
    return blob_copy(k, &p->record, bytes, len);
}

static bool
grant_note(struct collecting *k, const struct order *o, const uint8_t *bytes, size_t len)
{
    struct certificate *c = k->c;
    c->epoch = o->epoch;
    c->serial = o->serial;
    for (size_t i = 0; i < c->server_count; i++) {
        struct certificate_server *s = &c->server[i];
        s->is_recipient = baton_key_eq(&s->key, &o->recipient);
        s->evidence = (struct baton_hash){0};
        for (size_t n = 0; n < o->evidence_count; n++) {
            struct statement e;
            if (statement_decode(o->evidence[n].bytes, o->evidence[n].len, &e) == BATON_OK &&
                baton_key_eq(&e.member, &s->key))
                crypto_sha256(o->evidence[n].bytes, o->evidence[n].len, &s->evidence);
        }
        s->attested = !s->is_recipient && baton_hash_is_zero(&s->evidence);
    }
    return blob_copy(k, &c->grant, bytes, len);
}

static void
plan_note(struct certificate *c, const struct order *o)
{
    struct plan p;
    struct baton_hash hash;
    if (o->plan_len == 0 || plan_decode(o->plan, o->plan_len, &p) != BATON_OK)
        return;
    crypto_sha256(o->plan, o->plan_len, &hash);
    /* A fence after the grant (a rollback that NEW refused) takes nothing back by itself: who is
     * the recipient follows from the newest grant. */
    if (c->grant.len > 0 && baton_hash_eq(&hash, &c->plan))
        return;
    c->plan = hash;
    memcpy(c->tenant_name, p.tenant_name, sizeof c->tenant_name);
    c->profile = p.profile;
    c->lab = p.lab;
    c->server_count = p.member_count;
    for (size_t i = 0; i < p.member_count; i++) {
        struct certificate_server *s = &c->server[i];
        *s = (struct certificate_server){.key = p.member[i].key,
                                         .product = p.member[i].product,
                                         .kind = p.member[i].kind,
                                         .was_holder = i == p.holder,
                                         .is_recipient =
                                             baton_key_eq(&p.member[i].key, &o->recipient)};
        memcpy(s->host, p.member[i].host, sizeof s->host);
    }
}

/* An order of this cutover: every one is a link, fences bring the plan, the newest grant is kept. */
static bool
order_note(struct collecting *k, const struct audit_record *r, const struct baton_hash *hash,
           const uint8_t *bytes, size_t len, bool *ret_proved)
{
    struct order o;
    void *arena = NULL;
    if (order_unpack(bytes, len, &o, &arena, NULL) != BATON_OK)
        return true;
    bool more = true;
    bool authority = o.verb == ORDER_FENCE || o.verb == ORDER_GRANT;
    bool question = o.verb == ORDER_STATUS || o.verb == ORDER_WATCH; /* moves nothing */
    if (!question && link_note(k->c, r, LINK_ORDER, hash, order_verb_name((enum order_verb)o.verb)))
        *ret_proved = authority;
    if (o.verb == ORDER_FENCE)
        plan_note(k->c, &o);
    if (o.verb == ORDER_GRANT)
        more = grant_note(k, &o, bytes, len);
    order_arena_free(&arena);
    return more;
}

static void
statement_note(struct collecting *k, const struct audit_record *r, const struct baton_hash *hash,
               const uint8_t *bytes, size_t len, bool *ret_proved)
{
    struct statement s;
    if (statement_decode(bytes, len, &s) != BATON_OK || s.type == SAY_STATUS)
        return;
    if (!link_note(k->c, r, LINK_STATEMENT, hash, statement_type_name((enum statement_type)s.type)))
        return;
    *ret_proved = s.type == SAY_EVIDENCE || s.type == SAY_USED || s.type == SAY_GRANTED;
}

/* The first reference of such a record is what it is about. */
static bool
object_note(struct collecting *k, const struct audit_record *r, const uint8_t *record, size_t len)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    bool proved = false, more = true;
    if (r->ref_count == 0)
        return true;
    enum baton_status rc =
        k->store->object_get(k->store->ctx, &r->ref[0], &bytes, &n, NULL, k->err);
    if (rc == BATON_NOT_FOUND)
        return true;
    if (rc != BATON_OK) {
        k->rc = rc;
        return false;
    }
    if (r->type == AUDIT_ORDERED)
        more = order_note(k, r, &r->ref[0], bytes, n, &proved);
    else
        statement_note(k, r, &r->ref[0], bytes, n, &proved);
    free(bytes);
    return more && (!proved || proof_note(k, r, record, len, CERTIFICATE_PROOFS_MAX - 1));
}

static bool
record_visit(void *arg, const struct audit_record *r, const uint8_t *bytes, size_t len)
{
    struct collecting *k = arg;
    if (!baton_id_eq(&r->cutover, k->cutover) || r->seq > k->c->checkpoint.size)
        return true;
    k->found = true;
    move_note(k->c, r);
    person_note(k->c, r);
    if (r->type == AUDIT_ORDERED || r->type == AUDIT_STATEMENT)
        return object_note(k, r, bytes, len);
    return true;
}

/* The newest grant's approvals say what people approved. Where one of them names what was accepted
 * last, that is it; else what stands in the first. */
static void
verification_choose(struct certificate *c)
{
    struct order o;
    void *arena = NULL;
    if (c->grant.len == 0 ||
        order_unpack(c->grant.bytes, c->grant.len, &o, &arena, NULL) != BATON_OK)
        return;
    const struct baton_hash *first = NULL;
    bool named = false;
    for (size_t i = 0; i < o.approval_count; i++) {
        const struct approval *a = &o.approval[i].a;
        if (a->verb != VERB_CUTOVER)
            continue;
        first = first == NULL ? &a->verification : first;
        named = named || baton_hash_eq(&a->verification, &c->verification);
    }
    if (first != NULL && !named)
        c->verification = *first;
    order_arena_free(&arena);
}

/* The one place that is kept for it. */
static bool
acceptance_visit(void *arg, const struct audit_record *r, const uint8_t *bytes, size_t len)
{
    struct collecting *k = arg;
    struct certificate_verified *v = &k->c->verified;
    if (r->type != AUDIT_VERIFIED || !baton_id_eq(&r->cutover, k->cutover) ||
        r->seq > k->c->checkpoint.size || r->ref_count == 0 ||
        !baton_hash_eq(&r->ref[0], &k->c->verification))
        return true;
    memcpy(v->accepted_by.b, r->actor.b, sizeof v->accepted_by.b);
    v->accepted_seq = r->seq;
    v->accepted_unix_ms = r->unix_ms;
    (void)proof_note(k, r, bytes, len, CERTIFICATE_PROOFS_MAX);
    return false;
}

static enum baton_status
verification_collect(struct collecting *k, const struct baton_id *tenant)
{
    verification_choose(k->c);
    if (baton_hash_is_zero(&k->c->verification))
        return BATON_OK;
    enum baton_status rc = k->store->records(k->store->ctx, 0, tenant, acceptance_visit, k, k->err);
    if (rc == BATON_OK)
        rc = k->rc;
    if (rc == BATON_OK && k->c->verified.accepted_seq == 0)
        rc = baton_fail(k->err, BATON_CORRUPT, "nobody's acceptance of the verification is logged");
    return rc == BATON_OK ? certificate_verified_load(k->store, k->c, k->err) : rc;
}

static bool
leaf_visit(void *arg, const struct audit_record *r, const uint8_t *bytes, size_t len)
{
    struct collecting *k = arg;
    (void)r;
    if (k->leaf_count == k->c->checkpoint.size)
        return false;
    merkle_leaf(bytes, len, &k->leaf[k->leaf_count++]);
    return true;
}

static enum baton_status
paths_make(struct collecting *k)
{
    struct certificate *c = k->c;
    k->leaf = malloc((size_t)(c->checkpoint.size + 1) * sizeof *k->leaf);
    if (k->leaf == NULL)
        return baton_fail(k->err, BATON_NOMEM, "certificate");
    enum baton_status rc = k->store->records(k->store->ctx, 0, NULL, leaf_visit, k, k->err);
    if (rc == BATON_OK && k->leaf_count != c->checkpoint.size)
        rc = baton_fail(k->err, BATON_CORRUPT, "the log is shorter than its checkpoint");
    struct merkle_source source = merkle_array(k->leaf);
    for (size_t i = 0; rc == BATON_OK && i < c->proof_count; i++) {
        struct merkle_proof p;
        rc = merkle_inclusion(&source, c->proof[i].seq - 1, c->checkpoint.size, &p);
        c->proof[i].path_count = p.count;
        for (size_t n = 0; rc == BATON_OK && n < p.count; n++)
            c->proof[i].path[n].hash = p.hash[n];
    }
    free(k->leaf);
    return rc;
}

static enum baton_status
collect(struct collecting *k, const struct baton_id *tenant)
{
    enum baton_status rc = k->store->records(k->store->ctx, 0, tenant, record_visit, k, k->err);
    if (rc == BATON_OK)
        rc = k->rc;
    if (rc == BATON_OK && !k->found)
        rc = baton_fail(k->err, BATON_NOT_FOUND, "no record of this cutover under the checkpoint");
    if (rc == BATON_OK)
        rc = verification_collect(k, tenant);
    return rc == BATON_OK ? paths_make(k) : rc;
}

enum baton_status
certificate_collect(const struct store_port *store, const struct baton_id *tenant,
                    const struct baton_id *cutover, struct certificate *c, struct baton_err *err)
{
    struct collecting k = {.store = store, .cutover = cutover, .c = c, .err = err};
    c->version = CERTIFICATE_VERSION;
    c->tenant = *tenant;
    c->cutover = *cutover;
    (void)snprintf(c->verifier_version, sizeof c->verifier_version, "%s", BATON_VERSION);
    enum baton_status rc = collect(&k, tenant);
    if (rc != BATON_OK)
        certificate_done(c);
    return rc;
}
