#include "audit_world.h"
#include "baton/verification.h"
#include "common/merkle.h"
#include "proto/codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(call) BATON_ASSERT((call) == BATON_OK)

static void
id_next(struct world *w, struct baton_id *id)
{
    crypto_random(id->b, sizeof id->b);
    id->b[0] = w->next_id++;
}

void
world_init(struct world *w, const struct store_port *store)
{
    static const char *const names[WORLD_OPERATORS] = {"Ada", "Björn"};
    *w = (struct world){.store = *store, .unix_ms = 1700000000000};
    MUST(crypto_init(NULL));
    MUST(crypto_signer_new(&w->root, NULL));
    MUST(crypto_signer_new(&w->controller, NULL));
    w->trust.lab = true;
    w->trust.controller_count = 1;
    w->trust.controller[0] = w->controller.key;
    w->trust.operator_count = WORLD_OPERATORS;
    for (int i = 0; i < WORLD_OPERATORS; i++) {
        MUST(crypto_signer_new(&w->person[i], NULL));
        struct trust_operator *o = &w->trust.operator[i];
        id_next(w, &o->id);
        o->key = w->person[i].key;
        o->roles = ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE | ROLE_BREAK_GLASS;
        (void)snprintf(o->name, sizeof o->name, "%s", names[i]);
    }
}

void
world_done(struct world *w)
{
    crypto_signer_done(&w->root);
    crypto_signer_done(&w->controller);
    for (int i = 0; i < WORLD_OPERATORS; i++)
        crypto_signer_done(&w->person[i]);
}

struct audit_record
world_new(struct world *w, enum audit_type type, const struct baton_id *tenant)
{
    struct audit_record r = {.type = (uint8_t)type, .unix_ms = w->unix_ms++};
    r.actor = w->controller.key;
    if (tenant != NULL)
        r.tenant = *tenant;
    return r;
}

void
world_object(struct world *w, struct audit_record *r, const void *bytes, size_t len,
             const struct baton_sig *sig)
{
    struct baton_hash hash;
    crypto_sha256(bytes, len, &hash);
    MUST(w->store.begin(w->store.ctx, NULL));
    MUST(w->store.object_put(w->store.ctx, &hash, bytes, len, sig, NULL));
    MUST(w->store.commit(w->store.ctx, NULL));
    r->ref[r->ref_count++] = hash;
}

uint64_t
world_record(struct world *w, struct audit_record *r)
{
    MUST(w->store.begin(w->store.ctx, NULL));
    for (size_t i = 0; i < r->row_count; i++) { /* state is the fold of the images */
        const struct audit_row *row = &r->row[i];
        if (row->len > 0)
            MUST(w->store.put(w->store.ctx, row->table, row->key, row->key_len, row->value,
                              row->len, NULL));
        else
            (void)!w->store.remove(w->store.ctx, row->table, row->key, row->key_len, NULL);
    }
    MUST(w->store.append(w->store.ctx, r, NULL));
    MUST(w->store.commit(w->store.ctx, NULL));
    return r->seq;
}

uint64_t
world_trust(struct world *w)
{
    uint8_t bytes[TRUST_BYTES_MAX];
    size_t len = 0;
    struct baton_sig sig;
    struct audit_record r = world_new(w, AUDIT_TRUST, NULL);
    w->trust.version++;
    w->trust.previous = w->trust_hash;
    MUST(trust_encode(&w->trust, bytes, sizeof bytes, &len));
    MUST(crypto_sign_domain(w->root.secret, DOMAIN_TRUST, bytes, len, &sig));
    world_object(w, &r, bytes, len, &sig);
    w->trust_hash = r.ref[0];
    r.row_count = 1;
    r.row[0] = (struct audit_row){
        .table = TABLE_TRUST, .key_len = 4, .value = r.ref[0].b, .len = sizeof r.ref[0].b};
    r.row[0].key[3] = (uint8_t)w->trust.version;
    return world_record(w, &r);
}

void
world_checkpoint(struct world *w)
{
    uint8_t bytes[CHECKPOINT_BYTES];
    BATON_ASSERT(w->checkpoint_count < WORLD_CHECKPOINTS_MAX);
    struct audit_checkpoint *c = &w->checkpoint[w->checkpoint_count++];
    *c = (struct audit_checkpoint){.unix_ms = w->unix_ms};
    MUST(w->store.head(w->store.ctx, &c->size, &c->root, NULL));
    checkpoint_bytes(c->size, &c->root, c->unix_ms, bytes);
    MUST(crypto_sign_domain(w->controller.secret, DOMAIN_CHECKPOINT, bytes, sizeof bytes, &c->sig));
}

struct statement
world_statement(struct world *w, struct world_handoff *h, int agent, enum statement_type type)
{
    struct statement s = {.type = (uint8_t)type, .tenant = h->tenant, .plan = h->plan_hash};
    s.member = h->agent[agent].key;
    s.epoch = s.asked = h->epoch;
    s.recipient = h->agent[h->epoch.counter > 1].key;
    s.counter = ++h->counter[agent];
    s.kind = h->plan.member[agent].kind;
    s.trust_version = w->trust.version;
    s.trust_hash = w->trust_hash;
    s.said_unix_ms = w->unix_ms;
    if (w->checkpoint_count > 0) {
        s.receipt_size = w->checkpoint[w->checkpoint_count - 1].size;
        s.receipt_root = w->checkpoint[w->checkpoint_count - 1].root;
    }
    facts_init(&s.facts);
    facts_set(&s.facts, FACT_SERVICES_STOPPED, agent == 0);
    return s;
}

uint64_t
world_say(struct world *w, struct world_handoff *h, int agent, struct statement *s,
          struct baton_hash *ret_hash, struct signed_bytes *ret_signed)
{
    uint8_t *bytes = malloc(STATEMENT_BYTES_MAX);
    size_t len = 0;
    struct baton_sig sig;
    BATON_ASSERT(bytes != NULL);
    MUST(statement_encode(s, bytes, STATEMENT_BYTES_MAX, &len));
    MUST(crypto_sign_domain(h->agent[agent].secret, DOMAIN_STATEMENT, bytes, len, &sig));
    struct audit_record r = world_new(w, AUDIT_STATEMENT, &h->tenant);
    r.actor = h->agent[agent].key;
    r.epoch = s->epoch;
    r.cutover = h->cutover;
    world_object(w, &r, bytes, len, &sig);
    r.row_count = 1;
    r.row[0] = (struct audit_row){.table = TABLE_STATEMENT,
                                  .key_len = BATON_KEY_BYTES + 8,
                                  .value = r.ref[0].b,
                                  .len = sizeof r.ref[0].b};
    memcpy(r.row[0].key, s->member.b, sizeof s->member.b);
    for (int i = 0; i < 8; i++)
        r.row[0].key[BATON_KEY_BYTES + i] = (uint8_t)(s->counter >> (56 - 8 * i));
    if (ret_hash != NULL)
        *ret_hash = r.ref[0];
    if (ret_signed != NULL)
        *ret_signed = (struct signed_bytes){bytes, len, sig};
    else
        free(bytes);
    return world_record(w, &r);
}

struct signed_approval
world_approve(struct world *w, const struct world_handoff *h, int person, enum approval_verb verb)
{
    uint8_t bytes[APPROVAL_BYTES], row[APPROVAL_BYTES + BATON_SIG_BYTES];
    struct signed_approval sa = {.a = {.verb = (uint8_t)verb, .tenant = h->tenant}};
    struct approval *a = &sa.a;
    id_next(w, &a->id);
    a->operator= w->trust.operator[person].id;
    a->trust_version = w->trust.version;
    a->not_after_ms = w->unix_ms + 4 * 3600 * 1000;
    a->plan = h->plan_hash;
    for (int i = 0; i < 2; i++)
        a->member[i] = h->agent[i].key;
    a->recipient = h->agent[verb == VERB_CUTOVER || verb == VERB_GO].key;
    a->base = h->epoch;
    if (verb == VERB_CUTOVER)
        a->verification = h->verification;
    if (verb == VERB_GO) {
        a->epoch = h->epoch;
        a->serial = 1;
        a->evidence[0] = h->evidence[0];
    }
    approval_encode(a, bytes);
    MUST(crypto_sign_domain(w->person[person].secret, DOMAIN_APPROVAL, bytes, sizeof bytes,
                            &sa.sig));
    memcpy(row, bytes, sizeof bytes);
    memcpy(row + sizeof bytes, sa.sig.b, sizeof sa.sig.b);

    struct audit_record r = world_new(w, AUDIT_APPROVAL, &h->tenant);
    memcpy(r.actor.b, a->operator.b, sizeof a->operator.b);
    r.cutover = h->cutover;
    r.row_count = 1;
    r.row[0] =
        (struct audit_row){.table = TABLE_APPROVAL, .key_len = 32, .value = row, .len = sizeof row};
    memcpy(r.row[0].key, h->cutover.b, 16);
    memcpy(r.row[0].key + 16, a->id.b, 16);
    world_record(w, &r);
    return sa;
}

struct order
world_order(struct world *w, const struct world_handoff *h, enum order_verb verb)
{
    struct order o = {.verb = (uint8_t)verb, .tenant = h->tenant, .epoch = h->epoch};
    id_next(w, &o.id);
    o.recipient = h->agent[h->epoch.counter > 1].key;
    if (verb == ORDER_FENCE) {
        o.plan = h->plan_bytes;
        o.plan_len = h->plan_len;
    }
    return o;
}

uint64_t
world_send(struct world *w, const struct world_handoff *h, const struct order *o,
           struct baton_hash *ret_hash)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    MUST(order_pack(o, &bytes, &len, NULL));
    struct audit_record r = world_new(w, AUDIT_ORDERED, &h->tenant);
    r.epoch = o->epoch;
    r.cutover = h->cutover;
    (void)snprintf(r.text, sizeof r.text, "%s", order_verb_name((enum order_verb)o->verb));
    world_object(w, &r, bytes, len, NULL);
    free(bytes);
    if (ret_hash != NULL)
        *ret_hash = r.ref[0];
    return world_record(w, &r);
}

static void
plan_make(struct world *w, struct world_handoff *h)
{
    struct plan *p = &h->plan;
    id_next(w, &p->id);
    p->tenant = h->tenant;
    p->profile = PROFILE_PARALLEL;
    p->lab = true;
    p->trust_version = w->trust.version;
    p->member_count = 2;
    p->recipient = 1;
    (void)snprintf(p->tenant_name, sizeof p->tenant_name, "Contoso %u", h->tenant.b[0]);
    policy_preset(PRESET_LAB, &p->policy);
    for (int i = 0; i < 2; i++) {
        p->member[i].key = h->agent[i].key;
        p->member[i].product = i == 0 ? PRODUCT_DIRSYNC : PRODUCT_CONNECT;
        p->member[i].kind = i == 0 ? KIND_STOPPED : KIND_STAGED;
        (void)snprintf(p->member[i].host, sizeof p->member[i].host, "sync%d.contoso%u.example",
                       i + 1, h->tenant.b[0]);
    }
    MUST(plan_encode(p, h->plan_bytes, sizeof h->plan_bytes, &h->plan_len));
    struct audit_record r = world_new(w, AUDIT_MOVED, &h->tenant);
    r.cutover = h->cutover;
    r.rule = 301;
    r.from = 1;
    r.to = 2;
    world_object(w, &r, h->plan_bytes, h->plan_len, NULL);
    h->plan_hash = r.ref[0];
    r.row_count = 1;
    r.row[0] = (struct audit_row){.table = TABLE_TENANT,
                                  .key_len = 16,
                                  .value = h->plan_hash.b,
                                  .len = sizeof h->plan_hash.b};
    memcpy(r.row[0].key, h->tenant.b, 16);
    world_record(w, &r);
}

static void
adopt(struct world *w, struct world_handoff *h)
{
    h->epoch.counter = 1;
    struct order o = world_order(w, h, ORDER_FENCE);
    o.adopt = true;
    o.approval_count = 1;
    o.approval[0] = world_approve(w, h, 0, VERB_PLAN);
    world_send(w, h, &o, NULL);
    struct statement s = world_statement(w, h, 0, SAY_HOLDING);
    s.holding = true;
    s.holding_epoch = h->epoch;
    world_say(w, h, 0, &s, NULL, NULL);
    s = world_statement(w, h, 1, SAY_ACCEPTED);
    world_say(w, h, 1, &s, NULL, NULL);
}

static void
finding(struct findings *l, enum finding_severity severity, const char *rule, const char *subject,
        uint64_t count, uint64_t limit, struct baton_hash *ret_row)
{
    struct finding f = {.severity = (uint8_t)severity, .count = count, .limit = limit};
    (void)snprintf(f.rule, sizeof f.rule, "%s", rule);
    (void)snprintf(f.subject, sizeof f.subject, "%s", subject);
    (void)snprintf(f.why, sizeof f.why, "%s changes what the tenant holds", subject);
    (void)snprintf(f.advice, sizeof f.advice, "look at it");
    finding_row(rule, &subject, 1, &f.row);
    if (ret_row != NULL)
        *ret_row = f.row;
    MUST(findings_add(l, &f));
}

static void
findings_say(struct world *w, struct world_handoff *h, struct baton_hash *ret_hash)
{
    uint8_t bytes[FINDINGS_BYTES_MAX];
    size_t len = 0;
    struct findings l = {0};
    finding(&l, SEVERITY_BLOCK, "CF-SCOPE-NARROWED", "OU=CORP", 1, 0, &h->row);
    finding(&l, SEVERITY_INFO, "EX-UPDATES", "user", 12, FINDING_NO_LIMIT, NULL);
    MUST(findings_encode(&l, bytes, &len));
    findings_done(&l);
    struct audit_record r = world_new(w, AUDIT_STATEMENT, &h->tenant);
    r.cutover = h->cutover;
    world_object(w, &r, bytes, len, NULL);
    world_record(w, &r);
    *ret_hash = r.ref[0];
}

struct baton_hash
world_dispose(struct world *w, const struct world_handoff *h, int person,
              enum disposition_kind kind, const char *reason)
{
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    struct baton_sig sig;
    struct disposition d = {.kind = (uint8_t)kind,
                            .tenant = h->tenant,
                            .operator= w->trust.operator[person].id,
                            .row = h->row,
                            .made_unix_ms = w->unix_ms};
    id_next(w, &d.id);
    (void)snprintf(d.reason, sizeof d.reason, "%s", reason);
    size_t len = disposition_encode(&d, bytes);
    MUST(crypto_sign_domain(w->person[person].secret, DOMAIN_DISPOSITION, bytes, len, &sig));
    struct audit_record r = world_new(w, AUDIT_DISPOSED, &h->tenant);
    memcpy(r.actor.b, d.operator.b, sizeof d.operator.b);
    r.cutover = h->cutover;
    world_object(w, &r, bytes, len, &sig);
    world_record(w, &r);
    return r.ref[0];
}

void
world_verify(struct world *w, struct world_handoff *h, struct baton_hash *each, size_t count)
{
    uint8_t bytes[VERIFICATION_BYTES_MAX];
    struct verification v = {.taken_unix_ms = w->unix_ms, .verdict = VERDICT_REVIEW};
    v.known[VERIFY_PENDING_DELETES] = v.known[VERIFY_NEW_VERSION] = true;
    v.value[VERIFY_NEW_VERSION] = 2LL << 48 | 4LL << 32 | 27LL << 16;
    crypto_sha256("preset: parity\n", 15, &v.limits);
    findings_say(w, h, &v.findings);
    struct audit_record r = world_new(w, AUDIT_VERIFIED, &h->tenant);
    memcpy(r.actor.b, w->trust.operator[0].id.b, sizeof w->trust.operator[0].id.b);
    r.cutover = h->cutover;
    dispositions_digest(each, count, audit_digest_port(), &v.dispositions);
    world_object(w, &r, bytes, verification_encode(&v, bytes), NULL);
    h->verification = r.ref[0];
    r.ref[r.ref_count++] = v.findings;
    if (count > 0)
        world_object(w, &r, each, count * sizeof each[0], NULL);
    h->verified_seq = world_record(w, &r);
}

static void
verify(struct world *w, struct world_handoff *h)
{
    struct baton_hash each[3];
    finding_row("CF-SCOPE-NARROWED", (const char *const[]){"OU=CORP"}, 1, &h->row);
    each[0] = world_dispose(w, h, 0, DISPOSED_ACCEPTED, "CORP holds everybody");
    each[1] = world_dispose(w, h, 1, DISPOSED_ACCEPTED, "seen with the customer");
    each[2] = world_dispose(w, h, 1, DISPOSED_FIXED, "mended on the server");
    world_verify(w, h, each, 3);
}

static void
fence(struct world *w, struct world_handoff *h)
{
    for (int i = 0; i < 2; i++)
        h->cutover_by[i] = world_approve(w, h, i, VERB_CUTOVER);
    h->epoch.counter = 2;
    struct order o = world_order(w, h, ORDER_FENCE);
    o.approval_count = 2;
    memcpy(o.approval, h->cutover_by, sizeof h->cutover_by);
    world_send(w, h, &o, NULL);
    for (int i = 0; i < 2; i++) {
        struct statement s = world_statement(w, h, i, SAY_EVIDENCE);
        s.tombstone = i == 0;
        id_next(w, &s.nonce);
        world_say(w, h, i, &s, &h->evidence[i], &h->evidence_signed[i]);
    }
}

static void
grant(struct world *w, struct world_handoff *h)
{
    h->go = world_approve(w, h, 0, VERB_GO);
    struct order o = world_order(w, h, ORDER_GRANT);
    o.serial = 1;
    o.approval_count = 3;
    memcpy(o.approval, h->cutover_by, sizeof h->cutover_by);
    o.approval[2] = h->go;
    o.evidence_count = 1;
    o.evidence[0] = h->evidence_signed[0];
    h->grant_seq = world_send(w, h, &o, &h->grant_order);
    struct statement s = world_statement(w, h, 1, SAY_GRANTED);
    s.grant = GRANT_LIVE;
    s.serial = 1;
    world_say(w, h, 1, &s, NULL, NULL);
    s = world_statement(w, h, 1, SAY_USED);
    s.grant = GRANT_USED;
    s.serial = 1;
    s.holding = s.ever_exported = true;
    s.holding_epoch = h->epoch;
    h->used_seq = world_say(w, h, 1, &s, &h->used, NULL);
}

void
world_handoff(struct world *w, uint8_t tenant, struct world_handoff *h)
{
    *h = (struct world_handoff){0};
    memset(h->tenant.b, tenant, sizeof h->tenant.b);
    id_next(w, &h->cutover);
    crypto_random(h->epoch.incarnation.b, sizeof h->epoch.incarnation.b);
    for (int i = 0; i < 2; i++)
        MUST(crypto_signer_new(&h->agent[i], NULL));
    plan_make(w, h);
    adopt(w, h);
    verify(w, h);
    fence(w, h);
    grant(w, h);
}

void
world_handoff_done(struct world_handoff *h)
{
    for (int i = 0; i < 2; i++) {
        crypto_signer_done(&h->agent[i]);
        free((void *)(uintptr_t)h->evidence_signed[i].bytes);
    }
}
