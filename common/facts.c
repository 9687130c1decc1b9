#include "baton/facts.h"

#include "baton/plan.h"
#include "common/facts_codec.h"
#include "common/names.h"
#include "common/text.h"

#include <string.h>

struct fact_row {
    const char *name, *what, *unit;
    enum fact_tier tier;
};

/* How far a value of a unit may go: far above anything true, far below what arithmetic over it could
 * carry over. Whoever sends more is broken or hostile. */
static const struct {
    const char *unit;
    int64_t most;
} unit_ranges[] = {
    {"bool", 1},
    {"count", 1000000000},
    {"count, 0 off", 1000000000},
    {"ms", INT64_C(315360000000)},       /* ten years */
    {"unix_ms", INT64_C(7258118400000)}, /* the year 2200 */
    {"bytes", INT64_C(1) << 60},
    {"enum product", PRODUCT_COUNT - 1},
    {"a.b.c.d as 16 bits each", INT64_MAX},
    {"0 disabled, 1 enabled, 2 suspended", 2},
    {"0 local, 1 express, 2 full", 2},
};

static const struct fact_row fact_rows[FACT_COUNT] = {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): literals are joined */
#define X(id, name, tier, unit, what) [FACT_##id] = {name, what " (" unit ")", unit, tier},
    BATON_FACTS(X)
#undef X
};

static const char *const digest_names[DIGEST_COUNT] = {
#define X(id, name, what) [DIGEST_##id] = (name),
    BATON_DIGESTS(X)
#undef X
};

static const char *const reason_names[] = {
    [ABSENT_NONE] = "none",
    [ABSENT_NEEDS_WINDOWS] = "needs-windows",
    [ABSENT_NOT_CONFIGURED] = "not-configured",
    [ABSENT_NO_PRODUCT] = "no-product",
    [ABSENT_NOT_APPLICABLE] = "not-applicable",
    [ABSENT_ERROR] = "error",
    [ABSENT_TIMEOUT] = "timeout",
};

const char *
fact_name(enum fact_id id)
{
    return (size_t)id < FACT_COUNT ? fact_rows[id].name : "?";
}

const char *
fact_what(enum fact_id id)
{
    return (size_t)id < FACT_COUNT ? fact_rows[id].what : "?";
}

enum fact_tier
fact_tier(enum fact_id id)
{
    BATON_ASSERT((size_t)id < FACT_COUNT);
    return fact_rows[id].tier;
}

const char *
fact_reason_name(enum fact_reason reason)
{
    return NAME_OF(reason_names, reason);
}

const char *
digest_name(enum digest_id id)
{
    return NAME_OF(digest_names, id);
}

void
facts_init(struct facts *f)
{
    memset(f, 0, sizeof *f);
}

static void
facts_store(struct facts *f, enum fact_id id, struct fact fact)
{
    BATON_ASSERT((size_t)id < FACT_COUNT);
    f->fact[id] = fact;
}

int64_t
fact_most(enum fact_id id)
{
    BATON_ASSERT((size_t)id < FACT_COUNT);
    for (size_t i = 0; i < ARRAY_LEN(unit_ranges); i++)
        if (strcmp(unit_ranges[i].unit, fact_rows[id].unit) == 0)
            return unit_ranges[i].most;
    return 0; /* a unit without a range: test_facts finds it */
}

static bool
in_range(enum fact_id id, int64_t value)
{
    return value >= 0 && value <= fact_most(id);
}

/* What cannot be so was read wrongly: nobody knows it. */
void
facts_set(struct facts *f, enum fact_id id, int64_t value)
{
    struct fact fact = {.state = FACT_VALUE, .value = value};
    facts_store(f, id, in_range(id, value) ? fact : (struct fact){.state = FACT_UNKNOWN});
}

void
facts_absent(struct facts *f, enum fact_id id, enum fact_reason reason)
{
    BATON_ASSERT(reason > ABSENT_NONE && reason <= ABSENT_TIMEOUT);
    facts_store(f, id, (struct fact){.state = FACT_ABSENT, .reason = (uint8_t)reason});
}

void
facts_set_digest(struct facts *f, enum digest_id id, const struct baton_hash *hash)
{
    BATON_ASSERT((size_t)id < DIGEST_COUNT);
    f->digest_known[id] = true;
    f->digest[id] = *hash;
}

void
facts_note(struct facts *f, const char *text)
{
    memset(f->note, 0, sizeof f->note);
    text_copy(f->note, sizeof f->note, text);
}

bool
fact_known(const struct facts *f, enum fact_id id)
{
    BATON_ASSERT((size_t)id < FACT_COUNT);
    return f->fact[id].state == FACT_VALUE;
}

bool
fact_is(const struct facts *f, enum fact_id id, int64_t value)
{
    return fact_known(f, id) && f->fact[id].value == value;
}

int64_t
fact_or(const struct facts *f, enum fact_id id, int64_t otherwise)
{
    return fact_known(f, id) ? f->fact[id].value : otherwise;
}

static void
put_fact(struct canon_writer *w, uint16_t id, const struct fact *fact)
{
    canon_put_u16(w, id);
    canon_put_u8(w, fact->state);
    canon_put_u32(w, fact->age_ms);
    if (fact->state == FACT_VALUE)
        canon_put_i64(w, fact->value);
    else
        canon_put_u8(w, fact->reason);
}

static bool
fact_writable(const struct fact *fact)
{
    bool absent =
        fact->state == FACT_ABSENT && fact->reason > ABSENT_NONE && fact->reason <= ABSENT_TIMEOUT;
    return fact->state == FACT_VALUE || absent;
}

void
facts_put(struct canon_writer *w, const struct facts *f)
{
    uint16_t count = 0;
    for (size_t i = 0; i < FACT_COUNT; i++)
        count = (uint16_t)(count + (f->fact[i].state != FACT_UNKNOWN));
    canon_put_u16(w, count);
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (f->fact[i].state == FACT_UNKNOWN)
            continue;
        w->bad = w->bad || !fact_writable(&f->fact[i]);
        put_fact(w, (uint16_t)i, &f->fact[i]);
    }

    uint8_t digests = 0;
    for (size_t i = 0; i < DIGEST_COUNT; i++)
        digests = (uint8_t)(digests + f->digest_known[i]);
    canon_put_u8(w, digests);
    for (size_t i = 0; i < DIGEST_COUNT; i++) {
        if (!f->digest_known[i])
            continue;
        canon_put_u8(w, (uint8_t)i);
        canon_put_hash(w, &f->digest[i]);
    }
    canon_put_str(w, f->note, sizeof f->note);
}

static void
get_fact(struct canon_reader *r, struct fact *fact)
{
    fact->state = canon_get_enum(r, FACT_ABSENT, FACT_VALUE);
    fact->age_ms = canon_get_u32(r);
    if (fact->state == FACT_VALUE)
        fact->value = canon_get_i64(r);
    else
        fact->reason = canon_get_enum(r, ABSENT_NONE + 1, ABSENT_TIMEOUT);
}

void
facts_get(struct canon_reader *r, struct facts *f)
{
    facts_init(f);
    uint16_t count = canon_get_u16(r);
    for (int last = -1; count > 0 && !r->bad; count--) {
        int id = canon_get_u16(r);
        canon_require(r, id > last && id < FACT_COUNT);
        if (!r->bad)
            get_fact(r, &f->fact[id]);
        if (!r->bad && f->fact[id].state == FACT_VALUE)
            canon_require(r, in_range((enum fact_id)id, f->fact[id].value));
        last = id;
    }

    uint8_t digests = canon_get_u8(r);
    for (int last = -1; digests > 0 && !r->bad; digests--) {
        int id = canon_get_u8(r);
        canon_require(r, id > last && id < DIGEST_COUNT);
        if (!r->bad) {
            f->digest_known[id] = true;
            f->digest[id] = canon_get_hash(r);
        }
        last = id;
    }
    canon_get_str(r, f->note, sizeof f->note);
}

enum baton_status
facts_encode(const struct facts *f, uint8_t *out, size_t cap, size_t *ret_len)
{
    struct canon_writer w;
    canon_writer_init(&w, out, cap);
    facts_put(&w, f);
    return canon_finish(&w, ret_len);
}

enum baton_status
facts_decode(const uint8_t *bytes, size_t len, struct facts *ret_facts)
{
    struct canon_reader r;
    struct facts f;
    canon_reader_init(&r, bytes, len);
    facts_get(&r, &f);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_facts = f;
    return BATON_OK;
}
