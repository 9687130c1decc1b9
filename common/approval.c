#include "baton/trust.h"

#include "common/canon.h"

_Static_assert(APPROVAL_BYTES == 529, "the width that docs/formats.md states");

void
approval_encode(const struct approval *a, uint8_t out[APPROVAL_BYTES])
{
    struct canon_writer w;
    size_t len;
    canon_writer_init(&w, out, APPROVAL_BYTES);
    canon_put_u8(&w, a->verb);
    canon_put_id(&w, &a->id);
    canon_put_id(&w, &a->operator);
    canon_put_id(&w, &a->tenant);
    canon_put_u32(&w, a->trust_version);
    canon_put_u64(&w, a->not_after_ms);
    canon_put_hash(&w, &a->plan);
    canon_put_hash(&w, &a->verification);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        canon_put_key(&w, &a->member[i]);
    canon_put_key(&w, &a->recipient);
    canon_put_epoch(&w, &a->base);
    canon_put_epoch(&w, &a->epoch);
    canon_put_u32(&w, a->serial);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        canon_put_hash(&w, &a->evidence[i]);
    canon_put_key(&w, &a->subject);
    canon_put_hash(&w, &a->seen);
    BATON_ASSERT(canon_finish(&w, &len) == BATON_OK && len == APPROVAL_BYTES);
}

/* Members fill the front; go and attest alone speak of an epoch, a serial and evidence. */
static bool
approval_well_formed(const struct approval *a)
{
    for (size_t i = 1; i < MEMBERS_MAX; i++)
        if (baton_key_is_zero(&a->member[i - 1]) && !baton_key_is_zero(&a->member[i]))
            return false;
    if (a->verb == VERB_GO || a->verb == VERB_ATTEST)
        return true;
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        if (!baton_hash_is_zero(&a->evidence[i]))
            return false;
    return epoch_is_zero(&a->epoch) && a->serial == 0;
}

enum baton_status
approval_decode(const uint8_t *bytes, size_t len, struct approval *ret_approval)
{
    struct canon_reader r;
    struct approval a = {0};
    canon_reader_init(&r, bytes, len);
    a.verb = canon_get_enum(&r, VERB_NONE + 1, VERB_COUNT - 1);
    a.id = canon_get_id(&r);
    canon_get_fixed(&r, a.operator.b, sizeof a.operator.b);
    a.tenant = canon_get_id(&r);
    a.trust_version = canon_get_u32(&r);
    a.not_after_ms = canon_get_u64(&r);
    a.plan = canon_get_hash(&r);
    a.verification = canon_get_hash(&r);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        a.member[i] = canon_get_key(&r);
    a.recipient = canon_get_key(&r);
    a.base = canon_get_epoch(&r);
    a.epoch = canon_get_epoch(&r);
    a.serial = canon_get_u32(&r);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        a.evidence[i] = canon_get_hash(&r);
    a.subject = canon_get_key(&r);
    a.seen = canon_get_hash(&r);
    if (!canon_finished(&r) || !approval_well_formed(&a))
        return BATON_MALFORMED;
    *ret_approval = a;
    return BATON_OK;
}

bool
approval_authentic(const struct signed_approval *sa, const struct trust_doc *d,
                   const struct digest_port *dp, uint64_t now_unix_ms)
{
    const struct approval *a = &sa->a;
    const struct trust_operator *o = trust_operator_find(d, &a->operator);
    if (o == NULL ||
        !trust_operator_may(o, trust_role_for((enum approval_verb)a->verb), &a->tenant))
        return false;
    if (!approval_well_formed(a) || a->trust_version > d->version || now_unix_ms > a->not_after_ms)
        return false;

    uint8_t bytes[APPROVAL_BYTES];
    approval_encode(a, bytes);
    return dp->verify(dp->ctx, &o->key, DOMAIN_APPROVAL, bytes, sizeof bytes, &sa->sig);
}

enum { ATTEST_MS_MAX = 2 * 60 * 60 * 1000 };

uint64_t
approval_life_max_ms(enum approval_verb v, const struct policy *p)
{
    int64_t planned = p->v[POLICY_ATTEST_MS];
    if (v != VERB_ATTEST)
        return UINT64_MAX;
    return planned < 0 ? 0 : (uint64_t)(planned < ATTEST_MS_MAX ? planned : ATTEST_MS_MAX);
}

uint64_t
approval_life_ms(enum approval_verb v, const struct policy *p)
{
    uint64_t most = approval_life_max_ms(v, p);
    return most == UINT64_MAX ? (uint64_t)p->v[POLICY_APPROVAL_MS] : most - most / 8;
}

bool
approval_lives_too_long(const struct approval *a, const struct policy *p, uint64_t now_unix_ms)
{
    return a->not_after_ms > now_unix_ms &&
           a->not_after_ms - now_unix_ms > approval_life_max_ms((enum approval_verb)a->verb, p);
}
