#include "common/audit/certificate_read.h"
#include "proto/codec.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct checking {
    const struct certificate *c;
    const struct digest_port *dp;
    struct certificate_report *report;
    struct trust_doc *trust;
};

static bool wrong(struct checking *k, const char *fmt, ...) BATON_PRINTF(2, 3);

static bool
wrong(struct checking *k, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(k->report->why, sizeof k->report->why, fmt, args);
    va_end(args);
    return false;
}

/* The root pinned by the reader, or none: then the document is only consistent with the rest. */
static bool
trust_holds(struct checking *k, const struct baton_key *root)
{
    const struct certificate *c = k->c;
    if (trust_decode(c->trust.bytes, c->trust.len, k->trust) != BATON_OK)
        return wrong(k, "the trust document inside is malformed");
    k->report->root_pinned = root != NULL;
    if (root != NULL &&
        !k->dp->verify(k->dp->ctx, root, DOMAIN_TRUST, c->trust.bytes, c->trust.len, &c->trust_sig))
        return wrong(k, "the trust document inside is not signed by the pinned root key");
    if (c->quorum_cutover != trust_quorum(k->trust, VERB_CUTOVER) ||
        c->quorum_go != trust_quorum(k->trust, VERB_GO) ||
        c->quorum_attest != trust_quorum(k->trust, VERB_ATTEST))
        return wrong(k, "the numbers of people are not those of the trust document");
    if (k->trust->lab && !c->lab)
        return wrong(k, "the trust document is a lab's, the certificate hides it");
    return true;
}

static bool
is_controller(const struct checking *k, const struct baton_key *key)
{
    for (size_t i = 0; i < k->trust->controller_count; i++)
        if (baton_key_eq(&k->trust->controller[i], key))
            return true;
    return false;
}

static bool
signature_holds(struct checking *k, const struct baton_sig *sig, const char *canonical)
{
    if (!is_controller(k, &k->report->signer))
        return wrong(k, "the signer is no controller of the trust document");
    if (!k->dp->verify(k->dp->ctx, &k->report->signer, DOMAIN_CERTIFICATE, canonical,
                       strlen(canonical), sig))
        return wrong(k, "the signature does not fit: something was changed");
    return true;
}

static bool
checkpoint_holds(struct checking *k)
{
    uint8_t bytes[CHECKPOINT_BYTES];
    const struct audit_checkpoint *p = &k->c->checkpoint;
    checkpoint_bytes(p->size, &p->root, p->unix_ms, bytes);
    for (size_t i = 0; i < k->trust->controller_count; i++)
        if (k->dp->verify(k->dp->ctx, &k->trust->controller[i], DOMAIN_CHECKPOINT, bytes,
                          sizeof bytes, &p->sig))
            return true;
    return wrong(k, "the checkpoint is signed by no controller of the trust document");
}

static bool
proof_holds(struct checking *k, const struct certificate_proof *p)
{
    struct merkle_proof path = {.count = p->path_count};
    struct audit_record r;
    struct baton_hash leaf;
    for (size_t i = 0; i < p->path_count; i++)
        path.hash[i] = p->path[i].hash;
    merkle_leaf(p->record.bytes, p->record.len, &leaf);
    if (p->seq == 0 || !merkle_inclusion_holds(&path, p->seq - 1, k->c->checkpoint.size, &leaf,
                                               &k->c->checkpoint.root))
        return wrong(k, "record %" PRIu64 " is not in the signed log", p->seq);
    if (audit_decode(p->record.bytes, p->record.len, &r) != BATON_OK || r.seq != p->seq ||
        !baton_id_eq(&r.tenant, &k->c->tenant))
        return wrong(k, "record %" PRIu64 " is malformed or another tenant's", p->seq);
    k->report->proofs++;
    return true;
}

/* Every link of the chain that has its record here must be named by it. */
static bool
link_proved(struct checking *k, const struct certificate_link *l)
{
    for (size_t i = 0; i < k->c->proof_count; i++) {
        struct audit_record r;
        const struct certificate_proof *p = &k->c->proof[i];
        if (p->seq != l->seq || audit_decode(p->record.bytes, p->record.len, &r) != BATON_OK)
            continue;
        for (size_t n = 0; n < r.ref_count; n++)
            if (baton_hash_eq(&r.ref[n], &l->hash))
                return true;
        return wrong(k, "record %" PRIu64 " does not name what the certificate says", l->seq);
    }
    return true;
}

static bool
chain_holds(struct checking *k)
{
    uint64_t last = 0;
    for (size_t i = 0; i < k->c->link_count; i++) {
        const struct certificate_link *l = &k->c->link[i];
        if (l->seq <= last || l->seq > k->c->checkpoint.size)
            return wrong(k, "orders and statements are not in the order of the log");
        last = l->seq;
        if (!link_proved(k, l))
            return false;
    }
    return true;
}

/* The evidence of one member, inside the grant, for exactly this epoch and recipient. */
static bool
evidence_inside(struct checking *k, const struct order *o, const struct certificate_server *s)
{
    for (size_t i = 0; i < o->evidence_count; i++) {
        struct statement e;
        struct baton_hash hash;
        const struct signed_bytes *b = &o->evidence[i];
        k->dp->sha256(k->dp->ctx, b->bytes, b->len, &hash);
        if (!baton_hash_eq(&hash, &s->evidence))
            continue;
        if (statement_decode(b->bytes, b->len, &e) == BATON_OK && e.type == SAY_EVIDENCE &&
            baton_key_eq(&e.member, &s->key) && baton_id_eq(&e.tenant, &k->c->tenant) &&
            epoch_eq(&e.epoch, &o->epoch) && baton_key_eq(&e.recipient, &o->recipient) &&
            !e.holding &&
            k->dp->verify(k->dp->ctx, &s->key, DOMAIN_STATEMENT, b->bytes, b->len, &b->sig))
            return true;
        return wrong(k, "the evidence of %s inside the grant does not hold", s->host);
    }
    return wrong(k, "the grant does not contain the evidence of %s", s->host);
}

static bool
members_inside(struct checking *k, const struct order *o)
{
    for (size_t i = 0; i < k->c->server_count; i++) {
        const struct certificate_server *s = &k->c->server[i];
        if (s->is_recipient && !baton_key_eq(&s->key, &o->recipient))
            return wrong(k, "the grant went to another server");
        if (!s->is_recipient && !s->attested && !evidence_inside(k, o, s))
            return false;
    }
    return true;
}

/* Its newest approvals may stand beside older ones over another record; one over this one must be
 * there, and people's rows say of each what it says itself. */
static bool
approvals_bound(struct checking *k, const struct order *o)
{
    unsigned asked = 0, bound = 0;
    for (size_t i = 0; i < o->approval_count; i++) {
        const struct approval *a = &o->approval[i].a;
        uint8_t bytes[APPROVAL_BYTES];
        struct baton_hash hash;
        approval_encode(a, bytes);
        k->dp->sha256(k->dp->ctx, bytes, sizeof bytes, &hash);
        asked += a->verb == VERB_CUTOVER;
        bound += a->verb == VERB_CUTOVER && baton_hash_eq(&a->verification, &k->c->verification);
        for (size_t n = 0; n < k->c->person_count; n++) {
            const struct certificate_person *p = &k->c->person[n];
            if (baton_hash_eq(&p->approval, &hash) &&
                (p->verb != a->verb || !baton_id_eq(&p->operator, & a->operator) ||
                 !baton_hash_eq(&p->verification, &a->verification)))
                return wrong(k, "an approval inside the grant is shown as another one");
        }
    }
    return asked == 0 || bound > 0 ||
           wrong(k, "no approval inside the grant names the verification shown");
}

static bool
grant_linked(struct checking *k)
{
    struct baton_hash hash;
    k->dp->sha256(k->dp->ctx, k->c->grant.bytes, k->c->grant.len, &hash);
    for (size_t i = 0; i < k->c->link_count; i++)
        if (baton_hash_eq(&k->c->link[i].hash, &hash))
            return true;
    return wrong(k, "the grant inside is not the one of the chain");
}

static bool
grant_holds(struct checking *k)
{
    struct order o;
    void *arena = NULL;
    if (k->c->grant.len == 0)
        return true; /* adopted, or rolled back before a grant: said by order_proved */
    if (order_unpack(k->c->grant.bytes, k->c->grant.len, &o, &arena, NULL) != BATON_OK)
        return wrong(k, "the grant inside is malformed");
    bool good = o.verb == ORDER_GRANT && baton_id_eq(&o.tenant, &k->c->tenant) &&
                epoch_eq(&o.epoch, &k->c->epoch);
    if (!good)
        (void)wrong(k, "the grant inside is for another tenant or epoch");
    good = good && members_inside(k, &o) && grant_linked(k) && approvals_bound(k, &o);
    k->report->order_proved = good;
    order_arena_free(&arena);
    return good;
}

/* The log itself says who accepted exactly this record, and when. */
static bool
acceptance_proved(struct checking *k)
{
    const struct certificate_verified *v = &k->c->verified;
    for (size_t i = 0; i < k->c->proof_count; i++) {
        struct audit_record r;
        const struct certificate_proof *p = &k->c->proof[i];
        if (p->seq != v->accepted_seq ||
            audit_decode(p->record.bytes, p->record.len, &r) != BATON_OK)
            continue;
        return (r.type == AUDIT_VERIFIED && r.ref_count > 0 &&
                baton_hash_eq(&r.ref[0], &k->c->verification) &&
                memcmp(r.actor.b, v->accepted_by.b, sizeof v->accepted_by.b) == 0 &&
                r.unix_ms == v->accepted_unix_ms) ||
               wrong(k, "record %" PRIu64 " is no acceptance of the verification shown", r.seq);
    }
    return wrong(k, "the acceptance of the verification is not proved to be in the log");
}

static bool
verified_holds(struct checking *k)
{
    const char *why;
    if (!certificate_verified_holds(k->c, k->trust, k->dp, k->report, &why))
        return wrong(k, "%s", why);
    return baton_hash_is_zero(&k->c->verification) || acceptance_proved(k);
}

static bool
all_holds(struct checking *k, const struct baton_key *root, const struct baton_sig *sig,
          const char *canonical)
{
    if (k->c->version != CERTIFICATE_VERSION)
        return wrong(k, "version %" PRIu64 " is not the one that this program reads",
                     k->c->version);
    if (!trust_holds(k, root) || !signature_holds(k, sig, canonical) || !checkpoint_holds(k))
        return false;
    for (size_t i = 0; i < k->c->proof_count; i++)
        if (!proof_holds(k, &k->c->proof[i]))
            return false;
    if (k->c->proof_count == 0)
        return wrong(k, "no record is proved to be in the log");
    return chain_holds(k) && verified_holds(k) && grant_holds(k);
}

static enum baton_status
certificate_check(const struct certificate *c, const struct baton_key *root,
                  const struct baton_sig *sig, const char *canonical,
                  struct certificate_report *report, struct baton_err *err)
{
    struct checking k = {.c = c, .dp = audit_digest_port(), .report = report};
    k.trust = malloc(sizeof *k.trust);
    if (k.trust == NULL)
        return baton_fail(err, BATON_NOMEM, "certificate");
    k.dp->sha256(k.dp->ctx, canonical, strlen(canonical), &report->fingerprint);
    report->good = all_holds(&k, root, sig, canonical);
    free(k.trust);
    return BATON_OK;
}

enum baton_status
certificate_verify(const char *text, size_t len, const struct baton_key *root_or_null,
                   struct certificate_report *ret_report, struct baton_err *err)
{
    struct certificate *c = malloc(sizeof *c);
    struct baton_sig sig;
    char *canonical = NULL;
    struct baton_err why = {0};
    *ret_report = (struct certificate_report){0};
    if (c == NULL)
        return baton_fail(err, BATON_NOMEM, "certificate");
    enum baton_status rc =
        certificate_read(text, len, c, &ret_report->signer, &sig, &canonical, &why);
    if (rc == BATON_OK) {
        rc = certificate_check(c, root_or_null, &sig, canonical, ret_report, err);
        certificate_done(c);
    } else if (rc == BATON_MALFORMED || rc == BATON_LIMIT) {
        (void)snprintf(ret_report->why, sizeof ret_report->why, "%.200s", why.text);
        rc = BATON_OK;
    } else {
        rc = baton_fail(err, rc, "%s", why.text);
    }
    free(canonical);
    free(c);
    return rc;
}
