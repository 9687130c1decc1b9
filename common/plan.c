#include "baton/plan.h"

#include "common/canon.h"
#include "common/names.h"
#include "common/text.h"

#include <string.h>

/* A plan without a verification policy has the bytes that it had before there was one. */
static const char plan_tag[4] = {'B', 'P', 'L', '1'}, limits_tag[4] = {'B', 'P', 'L', '2'};

static const char *const product_names[PRODUCT_COUNT] = {
    [PRODUCT_NONE] = "none",
    [PRODUCT_DIRSYNC] = "dirsync",
    [PRODUCT_AADSYNC] = "aadsync",
    [PRODUCT_CONNECT] = "connect",
};

static const char *const kind_names[KIND_COUNT] = {
    [KIND_NONE] = "none",       [KIND_STOPPED] = "stopped",   [KIND_STAGED] = "staged",
    [KIND_REMOVED] = "removed", [KIND_ATTESTED] = "attested",
};

static const char *const profile_names[PROFILE_COUNT] = {
    [PROFILE_NONE] = "none",
    [PROFILE_PARALLEL] = "parallel",
    [PROFILE_IN_PLACE] = "in-place",
    [PROFILE_SWING] = "swing",
    [PROFILE_UNSUPPORTED] = "unsupported",
    [PROFILE_DEAD_SOURCE] = "dead-source",
    [PROFILE_AUDIT_ONLY] = "audit-only",
};

_Static_assert(CONFIRM_BYTES == BATON_ID_BYTES + 2 + NAME_BYTES + 2 * BATON_KEY_BYTES,
               "confirm: tenant, length and text of the host, two keys");

const char *
product_name(enum product p)
{
    return NAME_OF(product_names, p);
}

const char *
fence_kind_name(enum fence_kind k)
{
    return NAME_OF(kind_names, k);
}

const char *
profile_name(enum profile p)
{
    return NAME_OF(profile_names, p);
}

bool
product_is_legacy(enum product p)
{
    return p == PRODUCT_DIRSYNC || p == PRODUCT_AADSYNC;
}

/* `attested` replaces a kind, no plan names it; staging exists in Entra Connect alone. */
static bool
member_well_formed(const struct plan_member *m)
{
    bool product = m->product > PRODUCT_NONE && m->product < PRODUCT_COUNT;
    bool kind = m->kind == KIND_STOPPED || m->kind == KIND_REMOVED ||
                (m->kind == KIND_STAGED && m->product == PRODUCT_CONNECT);
    return product && kind && baton_name_valid(m->host) && !baton_key_is_zero(&m->key);
}

static bool
members_well_formed(const struct plan *p)
{
    if (p->member_count < 1 || p->member_count > MEMBERS_MAX)
        return false;
    for (size_t i = 0; i < p->member_count; i++) {
        if (!member_well_formed(&p->member[i]))
            return false;
        for (size_t j = 0; j < i; j++)
            if (baton_key_eq(&p->member[i].key, &p->member[j].key))
                return false;
    }
    return p->holder < p->member_count && p->recipient < p->member_count;
}

/* Asked by the encoder and the decoder alike, so that nothing is signed that nobody would read. */
static bool
plan_well_formed(const struct plan *p)
{
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (p->policy.v[i] < 0)
            return false;
    return !baton_id_is_zero(&p->id) && !baton_id_is_zero(&p->tenant) &&
           baton_name_valid(p->tenant_name) && p->profile > PROFILE_NONE &&
           p->profile < PROFILE_COUNT && members_well_formed(p);
}

static void
put_member(struct canon_writer *w, const struct plan_member *m)
{
    canon_put_key(w, &m->key);
    canon_put_key(w, &m->box_key);
    canon_put_u8(w, m->product);
    canon_put_u8(w, m->kind);
    canon_put_str(w, m->host, sizeof m->host);
    canon_put_id(w, &m->confirmed_by);
    canon_put_fixed(w, m->confirmation.b, sizeof m->confirmation.b);
}

static void
get_member(struct canon_reader *r, struct plan_member *m)
{
    m->key = canon_get_key(r);
    m->box_key = canon_get_key(r);
    m->product = canon_get_u8(r);
    m->kind = canon_get_u8(r);
    canon_get_str(r, m->host, sizeof m->host);
    m->confirmed_by = canon_get_id(r);
    canon_get_fixed(r, m->confirmation.b, sizeof m->confirmation.b);
}

enum baton_status
plan_encode(const struct plan *p, uint8_t *out, size_t cap, size_t *ret_len)
{
    if (!plan_well_formed(p))
        return BATON_MALFORMED;

    struct canon_writer w;
    canon_writer_init(&w, out, cap < PLAN_BYTES_MAX ? cap : PLAN_BYTES_MAX);
    bool limited = !baton_hash_is_zero(&p->limits);
    canon_put_fixed(&w, limited ? limits_tag : plan_tag, sizeof plan_tag);
    canon_put_id(&w, &p->id);
    canon_put_id(&w, &p->tenant);
    canon_put_str(&w, p->tenant_name, sizeof p->tenant_name);
    canon_put_u8(&w, p->profile);
    canon_put_bool(&w, p->lab);
    canon_put_u32(&w, p->trust_version);
    canon_put_u8(&w, p->member_count);
    canon_put_u8(&w, p->holder);
    canon_put_u8(&w, p->recipient);
    for (size_t i = 0; i < p->member_count; i++)
        put_member(&w, &p->member[i]);
    canon_put_u16(&w, POLICY_COUNT);
    for (size_t i = 0; i < POLICY_COUNT; i++)
        canon_put_i64(&w, p->policy.v[i]);
    if (limited)
        canon_put_hash(&w, &p->limits);
    return canon_finish(&w, ret_len);
}

static void
get_policy(struct canon_reader *r, struct policy *policy)
{
    canon_require(r, canon_get_u16(r) == POLICY_COUNT);
    for (size_t i = 0; i < POLICY_COUNT; i++)
        policy->v[i] = canon_get_i64(r);
}

enum baton_status
plan_decode(const uint8_t *bytes, size_t len, struct plan *ret_plan)
{
    if (len > PLAN_BYTES_MAX)
        return BATON_LIMIT;

    struct canon_reader r;
    struct plan p = {0};
    canon_reader_init(&r, bytes, len);
    bool limited = len >= sizeof limits_tag && memcmp(bytes, limits_tag, sizeof limits_tag) == 0;
    canon_expect(&r, limited ? limits_tag : plan_tag, sizeof plan_tag);
    p.id = canon_get_id(&r);
    p.tenant = canon_get_id(&r);
    canon_get_str(&r, p.tenant_name, sizeof p.tenant_name);
    p.profile = canon_get_u8(&r);
    p.lab = canon_get_bool(&r);
    p.trust_version = canon_get_u32(&r);
    p.member_count = canon_get_enum(&r, 1, MEMBERS_MAX);
    p.holder = canon_get_u8(&r);
    p.recipient = canon_get_u8(&r);
    for (size_t i = 0; i < p.member_count; i++)
        get_member(&r, &p.member[i]);
    get_policy(&r, &p.policy);
    if (limited) {
        p.limits = canon_get_hash(&r);
        canon_require(&r, !baton_hash_is_zero(&p.limits));
    }
    if (!canon_finished(&r) || !plan_well_formed(&p))
        return BATON_MALFORMED;
    *ret_plan = p;
    return BATON_OK;
}

int
plan_member_index(const struct plan *p, const struct baton_key *key)
{
    for (int i = 0; i < p->member_count && i < MEMBERS_MAX; i++)
        if (baton_key_eq(&p->member[i].key, key))
            return i;
    return -1;
}

void
confirm_bytes(const struct baton_id *tenant, const char *host, const struct baton_key *key,
              const struct baton_key *box_key, uint8_t out[CONFIRM_BYTES])
{
    BATON_ASSERT(baton_name_valid(host));
    char padded[NAME_BYTES] = {0};
    text_copy(padded, sizeof padded, host); /* valid, so copied as it is */

    struct canon_writer w;
    size_t len;
    canon_writer_init(&w, out, CONFIRM_BYTES);
    canon_put_id(&w, tenant);
    canon_put_u16(&w, (uint16_t)strlen(padded));
    canon_put_fixed(&w, padded, sizeof padded);
    canon_put_key(&w, key);
    canon_put_key(&w, box_key);
    BATON_ASSERT(canon_finish(&w, &len) == BATON_OK && len == CONFIRM_BYTES);
}
