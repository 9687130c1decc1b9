#include "baton/verification.h"

#include "common/canon.h"
#include "common/names.h"

#include <string.h>

/* A record under no verification policy has the bytes that it had before there was one. */
static const char verification_tag[4] = {'B', 'V', 'R', '1'}, limits_tag[4] = {'B', 'V', 'R', '2'};

static const char *const item_names[VERIFY_COUNT] = {
#define X(id, name, what) [VERIFY_##id] = (name),
    BATON_VERIFICATION(X)
#undef X
};

static const char *const item_whats[VERIFY_COUNT] = {
#define X(id, name, what) [VERIFY_##id] = (what),
    BATON_VERIFICATION(X)
#undef X
};

static const char *const verdict_names[] = {
    [VERDICT_UNKNOWN] = "unknown",
    [VERDICT_PASS] = "pass",
    [VERDICT_REVIEW] = "review",
    [VERDICT_BLOCK] = "block",
};

_Static_assert(4 + 1 + VERIFY_COUNT * 9 + 8 * BATON_HASH_BYTES + 8 + 1 <= VERIFICATION_BYTES_MAX,
               "the fullest record fits");

const char *
verification_name(enum verification_id id)
{
    return NAME_OF(item_names, id);
}

const char *
verification_what(enum verification_id id)
{
    return NAME_OF(item_whats, id);
}

const char *
verdict_name(enum verdict v)
{
    return NAME_OF(verdict_names, v);
}

static void
put_items(struct canon_writer *w, const struct verification *v)
{
    uint8_t count = 0;
    for (size_t i = 0; i < VERIFY_COUNT; i++)
        count = (uint8_t)(count + v->known[i]);
    canon_put_u8(w, count);
    for (size_t i = 0; i < VERIFY_COUNT; i++) {
        if (!v->known[i])
            continue;
        canon_put_u8(w, (uint8_t)i);
        canon_put_i64(w, v->value[i]);
    }
}

static void
get_items(struct canon_reader *r, struct verification *v)
{
    uint8_t count = canon_get_u8(r);
    for (int last = -1; count > 0 && !r->bad; count--) {
        int id = canon_get_u8(r);
        canon_require(r, id > last && id < VERIFY_COUNT);
        if (!r->bad) {
            v->known[id] = true;
            v->value[id] = canon_get_i64(r);
        }
        last = id;
    }
}

size_t
verification_encode(const struct verification *v, uint8_t out[VERIFICATION_BYTES_MAX])
{
    BATON_ASSERT(v->verdict <= VERDICT_BLOCK);
    struct canon_writer w;
    size_t len;
    canon_writer_init(&w, out, VERIFICATION_BYTES_MAX);
    bool limited = !baton_hash_is_zero(&v->limits);
    canon_put_fixed(&w, limited ? limits_tag : verification_tag, sizeof verification_tag);
    put_items(&w, v);
    canon_put_hash(&w, &v->settings);
    canon_put_hash(&w, &v->config);
    canon_put_hash(&w, &v->rules);
    canon_put_hash(&w, &v->pending);
    canon_put_hash(&w, &v->runs);
    canon_put_u64(&w, v->taken_unix_ms);
    canon_put_hash(&w, &v->findings);
    canon_put_hash(&w, &v->dispositions);
    canon_put_u8(&w, v->verdict);
    if (limited)
        canon_put_hash(&w, &v->limits);
    BATON_ASSERT(canon_finish(&w, &len) == BATON_OK);
    return len;
}

enum baton_status
verification_decode(const uint8_t *bytes, size_t len, struct verification *ret_verification)
{
    struct canon_reader r;
    struct verification v = {0};
    canon_reader_init(&r, bytes, len);
    bool limited = len >= sizeof limits_tag && memcmp(bytes, limits_tag, sizeof limits_tag) == 0;
    canon_expect(&r, limited ? limits_tag : verification_tag, sizeof verification_tag);
    get_items(&r, &v);
    v.settings = canon_get_hash(&r);
    v.config = canon_get_hash(&r);
    v.rules = canon_get_hash(&r);
    v.pending = canon_get_hash(&r);
    v.runs = canon_get_hash(&r);
    v.taken_unix_ms = canon_get_u64(&r);
    v.findings = canon_get_hash(&r);
    v.dispositions = canon_get_hash(&r);
    v.verdict = canon_get_enum(&r, VERDICT_UNKNOWN, VERDICT_BLOCK);
    if (limited) {
        v.limits = canon_get_hash(&r);
        canon_require(&r, !baton_hash_is_zero(&v.limits));
    }
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_verification = v;
    return BATON_OK;
}
