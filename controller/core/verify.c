#include "verify.h"

#include "guards.h"

#include <string.h>

static const struct {
    uint8_t item, fact;
    bool from_old;
} sources[] = {
    {VERIFY_FULL_IMPORT_AD, FACT_FULL_IMPORT_AD, false},
    {VERIFY_FULL_SYNC_AD, FACT_FULL_SYNC_AD, false},
    {VERIFY_FULL_IMPORT_ENTRA, FACT_FULL_IMPORT_ENTRA, false},
    {VERIFY_FULL_SYNC_ENTRA, FACT_FULL_SYNC_ENTRA, false},
    {VERIFY_PENDING_ADDS, FACT_PENDING_ADDS, false},
    {VERIFY_PENDING_UPDATES, FACT_PENDING_UPDATES, false},
    {VERIFY_PENDING_DELETES, FACT_PENDING_DELETES, false},
    {VERIFY_SCOPE_OBJECTS, FACT_OBJECTS, false},
    {VERIFY_OLD_OBJECTS, FACT_OBJECTS, true},
    {VERIFY_PREREQ_FAILED, FACT_PREREQ_FAILED, false},
    {VERIFY_NEW_VERSION, FACT_PRODUCT_VERSION, false},
    {VERIFY_AUTO_UPGRADE, FACT_AUTO_UPGRADE, false},
    {VERIFY_DELETE_GUARD, FACT_DELETE_GUARD, false},
    {VERIFY_ANCHOR_CHANGES, FACT_ANCHOR_CHANGES, false},
};

static void
take_hash(const struct facts *f, enum digest_id id, struct baton_hash *ret)
{
    if (f->digest_known[id])
        *ret = f->digest[id];
}

static bool
known_above(const struct verification *v, enum verification_id id, int64_t limit)
{
    return v->known[id] && v->value[id] > limit;
}

static bool
blocked(const struct verification *v, const struct policy *p)
{
    static const uint8_t must[] = {VERIFY_FULL_IMPORT_AD, VERIFY_FULL_SYNC_AD,
                                   VERIFY_FULL_IMPORT_ENTRA, VERIFY_FULL_SYNC_ENTRA};
    for (size_t i = 0; i < ARRAY_LEN(must); i++)
        if (v->known[must[i]] && v->value[must[i]] != 1)
            return true;
    if (v->known[VERIFY_SCOPE_OBJECTS] &&
        known_above(v, VERIFY_PENDING_DELETES, deletes_limit(p, v->value[VERIFY_SCOPE_OBJECTS])))
        return true;
    return known_above(v, VERIFY_ANCHOR_CHANGES, 0) || known_above(v, VERIFY_PREREQ_FAILED, 0);
}

static bool
complete(const struct verification *v)
{
    for (size_t i = 0; i < VERIFY_COUNT; i++)
        if (!v->known[i])
            return false;
    return true;
}

static enum verdict
judge(const struct verification *v, const struct review *r, const struct policy *p)
{
    if (blocked(v, p) || review_open(r, SEVERITY_BLOCK) > 0)
        return VERDICT_BLOCK;
    if (!complete(v))
        return p->v[POLICY_UNKNOWN_BLOCKS_BOOL] != 0 ? VERDICT_UNKNOWN : VERDICT_REVIEW;
    if (review_open(r, SEVERITY_REVIEW) > 0 || known_above(v, VERIFY_PARITY_ROWS, 0) ||
        known_above(v, VERIFY_PENDING_ADDS, 0) || known_above(v, VERIFY_PENDING_UPDATES, 0))
        return VERDICT_REVIEW;
    return VERDICT_PASS;
}

enum parity
verification_parity(const struct tenant *t)
{
    const struct facts *old = &tenant_old(t)->facts, *new = &tenant_new(t)->facts;
    const struct review *r = &t->cutover.review;
    if (baton_hash_is_zero(&r->findings))
        return PARITY_NO_LIST;
    if (!new->digest_known[DIGEST_FINDINGS] ||
        !baton_hash_eq(&new->digest[DIGEST_FINDINGS], &r->findings))
        return PARITY_LIST_OLD;
    if (!old->digest_known[DIGEST_CONFIG])
        return PARITY_OLD_UNKNOWN;
    bool same = new->digest_known[DIGEST_COMPARED_CONFIG] &&
                baton_hash_eq(&old->digest[DIGEST_CONFIG], &new->digest[DIGEST_COMPARED_CONFIG]);
    return same ? PARITY_KNOWN : PARITY_OLD_MOVED;
}

void
verification_fill(const struct tenant *t, uint64_t unix_ms, const struct digest_port *dp,
                  struct verification *ret)
{
    const struct facts *old = &tenant_old(t)->facts, *new = &tenant_new(t)->facts;
    const struct review *review = &t->cutover.review;
    struct verification v = {.taken_unix_ms = unix_ms};
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        const struct facts *f = sources[i].from_old ? old : new;
        enum fact_id id = (enum fact_id)sources[i].fact;
        v.known[sources[i].item] = fact_known(f, id);
        v.value[sources[i].item] = fact_or(f, id, 0);
    }
    v.known[VERIFY_OLD_ALIVE] = fact_known(old, FACT_IMPORT_OK);
    v.value[VERIFY_OLD_ALIVE] = fact_is(old, FACT_IMPORT_OK, 1);
    v.known[VERIFY_PARITY_ROWS] = verification_parity(t) == PARITY_KNOWN;
    v.value[VERIFY_PARITY_ROWS] = v.known[VERIFY_PARITY_ROWS] ? review_parity(review) : 0;
    v.findings = review->findings;
    review_digest(review, dp, &v.dispositions);
    v.settings = t->cutover.settings;
    v.limits = t->plan.limits;
    take_hash(new, DIGEST_CONFIG, &v.config);
    take_hash(new, DIGEST_RULES, &v.rules);
    take_hash(new, DIGEST_PENDING, &v.pending);
    take_hash(new, DIGEST_RUNS, &v.runs);
    v.verdict = (uint8_t)judge(&v, review, &t->info.policy);
    *ret = v;
}

bool
verification_same(const struct verification *a, const struct verification *b)
{
    struct verification x = *a, y = *b;
    uint8_t bx[VERIFICATION_BYTES_MAX], by[VERIFICATION_BYTES_MAX];
    x.taken_unix_ms = y.taken_unix_ms = 0;
    x.runs = y.runs; /* the run history moves with every cycle */
    size_t nx = verification_encode(&x, bx), ny = verification_encode(&y, by);
    return nx == ny && memcmp(bx, by, nx) == 0;
}

void
verification_digest(const struct verification *v, const struct digest_port *dp,
                    struct baton_hash *ret_hash)
{
    uint8_t bytes[VERIFICATION_BYTES_MAX];
    size_t len = verification_encode(v, bytes);
    dp->sha256(dp->ctx, bytes, len, ret_hash);
}
