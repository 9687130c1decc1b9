#include "toy.h"

#include <string.h>

/* Four lanes of multiply and shift: good enough to tell bytes apart, and fast. */
void
toy_hash(const void *bytes, size_t len, uint64_t seed, struct baton_hash *ret_hash)
{
    const uint8_t *p = bytes;
    uint64_t h = seed ^ (len * 0x9e3779b97f4a7c15u);
    for (size_t at = 0; at < len; at += 8) {
        uint64_t v = 0;
        memcpy(&v, p + at, len - at < 8 ? len - at : 8);
        h = (h ^ v) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    for (size_t lane = 0; lane < 4; lane++) {
        h = (h + lane) * 0xc4ceb9fe1a85ec53u;
        h ^= h >> 29;
        memcpy(ret_hash->b + lane * 8, &h, 8);
    }
}

static void
toy_sha256(void *ctx, const void *bytes, size_t len, struct baton_hash *ret_hash)
{
    (void)ctx;
    toy_hash(bytes, len, 1, ret_hash);
}

void
toy_sign(const struct baton_key *key, const char *domain, const void *bytes, size_t len,
         struct baton_sig *ret_sig)
{
    struct baton_hash k, d, h;
    uint64_t seed_key, seed_domain;
    toy_hash(key->b, sizeof key->b, 2, &k);
    toy_hash(domain, strlen(domain) + 1, 3, &d);
    memcpy(&seed_key, k.b, sizeof seed_key);
    memcpy(&seed_domain, d.b, sizeof seed_domain);
    toy_hash(bytes, len, seed_key ^ seed_domain, &h);
    memcpy(ret_sig->b, h.b, sizeof h.b);
    memcpy(ret_sig->b + sizeof h.b, h.b, sizeof h.b);
}

static bool
toy_verify(void *ctx, const struct baton_key *key, const char *domain, const void *bytes,
           size_t len, const struct baton_sig *sig)
{
    (void)ctx;
    struct baton_sig want;
    toy_sign(key, domain, bytes, len, &want);
    return memcmp(want.b, sig->b, sizeof want.b) == 0;
}

const struct digest_port *
toy_digest(void)
{
    static const struct digest_port port = {NULL, toy_sha256, toy_verify};
    return &port;
}

struct baton_key
toy_key(uint8_t tag)
{
    struct baton_key k;
    memset(k.b, tag, sizeof k.b);
    return k;
}

struct baton_id
toy_id(uint8_t tag)
{
    struct baton_id id;
    memset(id.b, tag, sizeof id.b);
    return id;
}

struct epoch
toy_epoch(uint64_t counter)
{
    return (struct epoch){counter, toy_id(0xc0)};
}

struct baton_id
toy_tenant(void)
{
    return toy_id(0x7e);
}

struct baton_key
toy_member_key(enum toy_member m)
{
    return toy_key((uint8_t)(1 + m));
}

struct baton_key
toy_root(void)
{
    return toy_key(0x99);
}

static struct baton_id
person_id(enum toy_person p)
{
    return toy_id((uint8_t)(0x50 + p));
}

static struct baton_key
person_key(enum toy_person p)
{
    return toy_key((uint8_t)(0x60 + p));
}

const struct trust_doc *
toy_trust(void)
{
    static const char *const names[] = {"Anna", "Bert", "Cleo"};
    static struct trust_doc d;
    if (d.version != 0)
        return &d;
    d.version = 1;
    d.lab = true;
    d.controller_count = 1;
    d.controller[0] = toy_key(0xcc);
    d.operator_count = TOY_PEOPLE;
    for (size_t i = 0; i < TOY_PEOPLE; i++) {
        struct trust_operator *o = &d.operator[i];
        o->id = person_id((enum toy_person)i);
        o->key = person_key((enum toy_person)i);
        o->roles = ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE | ROLE_BREAK_GLASS;
        memcpy(o->name, names[i], strlen(names[i]) + 1);
    }
    return &d;
}

static struct plan_member
plan_member_of(enum toy_member m)
{
    struct plan_member pm = {
        .key = toy_member_key(m),
        .box_key = toy_key((uint8_t)(0x40 + m)),
        .product = m == TOY_OLD ? PRODUCT_DIRSYNC : PRODUCT_CONNECT,
        .kind = m == TOY_OLD ? KIND_STOPPED : KIND_STAGED,
        .confirmed_by = person_id(TOY_ANNA),
    };
    memcpy(pm.host, m == TOY_OLD ? "OLD" : "NEW", 4);
    struct baton_id tenant = toy_tenant();
    uint8_t bytes[CONFIRM_BYTES];
    confirm_bytes(&tenant, pm.host, &pm.key, &pm.box_key, bytes);
    struct baton_key by = person_key(TOY_ANNA);
    toy_sign(&by, DOMAIN_CONFIRM, bytes, sizeof bytes, &pm.confirmation);
    return pm;
}

const struct plan *
toy_plan(void)
{
    static struct plan p;
    if (p.member_count != 0)
        return &p;
    p.id = toy_id(0x11);
    p.tenant = toy_tenant();
    memcpy(p.tenant_name, "contoso", 8);
    p.profile = PROFILE_PARALLEL;
    p.lab = true;
    p.trust_version = 1;
    p.holder = TOY_OLD;
    p.recipient = TOY_NEW;
    p.member[TOY_OLD] = plan_member_of(TOY_OLD);
    p.member[TOY_NEW] = plan_member_of(TOY_NEW);
    policy_preset(PRESET_LAB, &p.policy);
    p.member_count = TOY_MEMBERS;
    return &p;
}

const uint8_t *
toy_plan_bytes(size_t *ret_len)
{
    static uint8_t bytes[PLAN_BYTES_MAX];
    static size_t len;
    if (len == 0) {
        enum baton_status rc = plan_encode(toy_plan(), bytes, sizeof bytes, &len);
        BATON_ASSERT(rc == BATON_OK);
    }
    *ret_len = len;
    return bytes;
}

struct baton_hash
toy_plan_hash(void)
{
    size_t len;
    struct baton_hash h;
    const uint8_t *bytes = toy_plan_bytes(&len);
    toy_hash(bytes, len, 1, &h);
    return h;
}

void
toy_sign_approval(struct signed_approval *sa, enum toy_person by)
{
    uint8_t bytes[APPROVAL_BYTES];
    struct baton_key key = person_key(by);
    approval_encode(&sa->a, bytes);
    toy_sign(&key, DOMAIN_APPROVAL, bytes, sizeof bytes, &sa->sig);
}

struct signed_disposition
toy_disposition(const struct baton_hash *row, enum disposition_kind kind, enum toy_person by)
{
    struct signed_disposition sd = {.d = {.kind = (uint8_t)kind,
                                          .id = toy_id((uint8_t)(0x60 + by)),
                                          .tenant = toy_tenant(),
                                          .operator= person_id(by),
                                          .row = *row,
                                          .reason = "looked at, and wanted"}};
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    struct baton_key key = person_key(by);
    toy_sign(&key, DOMAIN_DISPOSITION, bytes, disposition_encode(&sd.d, bytes), &sd.sig);
    return sd;
}

struct signed_approval
toy_approval(enum approval_verb verb, enum toy_person by, enum toy_member recipient,
             struct epoch base)
{
    struct signed_approval sa = {.a = {.verb = (uint8_t)verb,
                                       .id = toy_id((uint8_t)(0x80 + verb * 4 + by)),
                                       .operator= person_id(by),
                                       .tenant = toy_tenant(),
                                       .trust_version = 1,
                                       .not_after_ms = UINT64_MAX / 2,
                                       .plan = toy_plan_hash(),
                                       .recipient = toy_member_key(recipient),
                                       .base = base}};
    sa.a.member[TOY_OLD] = toy_member_key(TOY_OLD);
    sa.a.member[TOY_NEW] = toy_member_key(TOY_NEW);
    toy_sign_approval(&sa, by);
    return sa;
}

struct member
toy_new_member(enum toy_member m)
{
    static struct member fresh[TOY_MEMBERS];
    struct baton_key self = toy_member_key(m), root = toy_root();
    struct baton_id tenant = toy_tenant();
    member_init(&fresh[m], &self, &tenant, &root);
    fresh[m].trust = *toy_trust();
    fresh[m].trust_known = true;
    fresh[m].promise.trust_version = 1;
    fresh[m].lab_host = true;
    fresh[m].promise.machine = (struct machine){toy_id(1), toy_id(2), toy_id(3), toy_id(4)};
    fresh[m].product = m == TOY_OLD ? PRODUCT_DIRSYNC : PRODUCT_CONNECT;
    return fresh[m];
}

static void
set_all(struct facts *f, const enum fact_id *ids, size_t n, int64_t value)
{
    for (size_t i = 0; i < n; i++)
        facts_set(f, ids[i], value);
}

struct facts
toy_facts(enum toy_member m)
{
    static const enum fact_id zero[] = {
        FACT_WIZARD_OPEN,      FACT_CONSOLE_OPEN,      FACT_INSTALLER_OPEN,
        FACT_SYNC_SHELL_OPEN,  FACT_RUN_IN_PROGRESS,   FACT_CYCLE_IN_PROGRESS,
        FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED, FACT_SERVICES_DISABLED_REGISTRY,
        FACT_ENGINE_GONE,
    };
    static const enum fact_id one[] = {FACT_PRODUCT_PRESENT, FACT_TASKS_DISABLED,
                                       FACT_SERVICE_WATCH, FACT_CONNECTOR_READY};
    struct facts f;
    facts_init(&f);
    set_all(&f, zero, ARRAY_LEN(zero), 0);
    set_all(&f, one, ARRAY_LEN(one), 1);
    facts_set(&f, FACT_LAST_RUN_END, 1000);
    facts_set(&f, FACT_STOPPED_AT, 0);
    if (m == TOY_OLD) {
        facts_set(&f, FACT_PRODUCT_CLASS, PRODUCT_DIRSYNC);
        facts_set(&f, FACT_SERVICES_PRESENT, 2);
        facts_set(&f, FACT_EXPORTS_TOTAL, 7);
        facts_set(&f, FACT_LAST_EXPORT_END, 900);
        facts_absent(&f, FACT_STAGING_SCHEDULER, ABSENT_NOT_APPLICABLE);
        facts_absent(&f, FACT_STAGING_SETTINGS, ABSENT_NOT_APPLICABLE);
    } else {
        facts_set(&f, FACT_PRODUCT_CLASS, PRODUCT_CONNECT);
        facts_set(&f, FACT_SERVICES_PRESENT, 1);
        facts_set(&f, FACT_EXPORTS_TOTAL, 0);
        facts_set(&f, FACT_LAST_EXPORT_END, 0);
        facts_set(&f, FACT_STAGING_SCHEDULER, 1);
        facts_set(&f, FACT_STAGING_SETTINGS, 1);
    }
    return f;
}

void
toy_facts_stop(struct facts *f)
{
    static const enum fact_id one[] = {FACT_SERVICES_STOPPED, FACT_SERVICES_DISABLED,
                                       FACT_SERVICES_DISABLED_REGISTRY, FACT_ENGINE_GONE};
    set_all(f, one, ARRAY_LEN(one), 1);
    facts_set(f, FACT_STOPPED_AT, 2000);
    if (fact_known(f, FACT_STAGING_SCHEDULER)) { /* nobody answers for a stopped engine */
        facts_absent(f, FACT_STAGING_SCHEDULER, ABSENT_ERROR);
        facts_absent(f, FACT_STAGING_SETTINGS, ABSENT_ERROR);
    }
}

static struct order
order_of(enum order_verb verb, struct epoch e, enum toy_member recipient)
{
    static uint8_t id;
    id++;
    return (struct order){.verb = (uint8_t)verb,
                          .id = toy_id(id),
                          .tenant = toy_tenant(),
                          .epoch = e,
                          .recipient = toy_member_key(recipient)};
}

static void
add_approval(struct order *o, enum approval_verb verb, enum toy_person by,
             enum toy_member recipient)
{
    /* The highest base that fits: people who approve anything at any time. */
    o->approval[o->approval_count++] = toy_approval(verb, by, recipient, o->epoch);
}

struct order
toy_adopt(struct epoch e)
{
    struct order o = order_of(ORDER_FENCE, e, TOY_OLD);
    o.plan = toy_plan_bytes(&o.plan_len);
    o.adopt = true;
    add_approval(&o, VERB_PLAN, TOY_ANNA, TOY_OLD);
    return o;
}

static void
add_role_approvals(struct order *o, enum toy_member recipient)
{
    if (recipient == TOY_NEW) {
        add_approval(o, VERB_CUTOVER, TOY_ANNA, TOY_NEW);
        add_approval(o, VERB_CUTOVER, TOY_BERT, TOY_NEW);
    } else {
        add_approval(o, VERB_ROLLBACK, TOY_ANNA, TOY_OLD);
    }
}

struct order
toy_fence(struct epoch e, enum toy_member recipient)
{
    struct order o = order_of(ORDER_FENCE, e, recipient);
    o.plan = toy_plan_bytes(&o.plan_len);
    add_role_approvals(&o, recipient);
    return o;
}

struct order
toy_challenge(struct epoch e, uint8_t nonce_tag)
{
    struct order o = order_of(ORDER_CHALLENGE, e, TOY_OLD);
    o.nonce = toy_id(nonce_tag);
    return o;
}

struct order
toy_grant(struct epoch e, enum toy_member recipient, uint32_t serial,
          const struct signed_bytes *evidence)
{
    enum toy_member other = recipient == TOY_OLD ? TOY_NEW : TOY_OLD;
    struct order o = order_of(ORDER_GRANT, e, recipient);
    o.serial = serial;
    if (evidence != NULL)
        o.evidence[o.evidence_count++] = *evidence;
    add_role_approvals(&o, recipient);
    if (recipient == TOY_NEW) {
        struct signed_approval go = toy_approval(VERB_GO, TOY_CLEO, TOY_NEW, e);
        go.a.epoch = e;
        go.a.serial = serial;
        if (evidence != NULL)
            toy_hash(evidence->bytes, evidence->len, 1, &go.a.evidence[other]);
        toy_sign_approval(&go, TOY_CLEO);
        o.approval[o.approval_count++] = go;
    }
    return o;
}

struct signed_bytes
toy_sign_word(enum toy_member m, const struct member_word *w)
{
    struct signed_bytes sb = {.bytes = w->bytes, .len = w->len};
    struct baton_key key = toy_member_key(m);
    toy_sign(&key, DOMAIN_STATEMENT, w->bytes, w->len, &sb.sig);
    return sb;
}

struct facts
toy_facts_proven(enum toy_member m, enum fence_kind kind)
{
    struct facts f = toy_facts(m);
    if (kind != KIND_STAGED)
        toy_facts_stop(&f);
    if (kind == KIND_REMOVED) {
        facts_set(&f, FACT_PRODUCT_PRESENT, 0);
        facts_set(&f, FACT_SERVICES_PRESENT, 0);
        facts_set(&f, FACT_SETTINGS_SEALED, 1);
    }
    facts_set(&f, FACT_TOOLS_STARTED, 0);
    facts_set(&f, FACT_EXPORTS_SINCE_FENCE, 0);
    facts_set(&f, FACT_QUIET_FOR_MS, 60000);
    return f;
}
