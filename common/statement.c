#include "baton/statement.h"

#include "common/canon.h"
#include "common/facts_codec.h"
#include "common/names.h"

static const char statement_tag[4] = {'B', 'S', 'T', '1'};

static const char *const type_names[SAY_COUNT] = {
    [SAY_NONE] = "none",         [SAY_STATUS] = "status",
    [SAY_ACCEPTED] = "accepted", [SAY_DRAINING] = "draining",
    [SAY_QUIET] = "quiet",       [SAY_EVIDENCE] = "evidence",
    [SAY_HOLDING] = "holding",   [SAY_GRANTED] = "granted",
    [SAY_USED] = "used",         [SAY_VOIDED] = "voided",
    [SAY_RETIRED] = "retired",   [SAY_REFUSED] = "refused",
    [SAY_TAMPER] = "tamper",     [SAY_QUARANTINED] = "quarantined",
};

static const char *const refusal_names[REFUSAL_COUNT] = {
#define X(id, name, text) [id] = (name),
    BATON_REFUSALS(X)
#undef X
};

static const char *const refusal_texts[REFUSAL_COUNT] = {
#define X(id, name, text) [id] = (text),
    BATON_REFUSALS(X)
#undef X
};

static const char *const quarantine_names[] = {
    [QUARANTINE_NONE] = "none",         [QUARANTINE_MACHINE] = "machine",
    [QUARANTINE_COUNTER] = "counter",   [QUARANTINE_STATE_LOST] = "state-lost",
    [QUARANTINE_SESSIONS] = "sessions",
};

static const char *const grant_names[] = {
    [GRANT_NONE] = "none",
    [GRANT_LIVE] = "live",
    [GRANT_USED] = "used",
    [GRANT_VOID] = "void",
};

const char *
statement_type_name(enum statement_type t)
{
    return NAME_OF(type_names, t);
}

const char *
refusal_name(enum refusal r)
{
    return NAME_OF(refusal_names, r);
}

const char *
refusal_text(enum refusal r)
{
    return NAME_OF(refusal_texts, r);
}

const char *
quarantine_name(enum quarantine_cause q)
{
    return NAME_OF(quarantine_names, q);
}

const char *
grant_state_name(enum grant_state g)
{
    return NAME_OF(grant_names, g);
}

/* A refusal without a reason, or a reason without a refusal, would be read two ways. */
static bool
statement_well_formed(const struct statement *s)
{
    bool ranges = s->type > SAY_NONE && s->type < SAY_COUNT && s->kind < KIND_COUNT &&
                  s->grant <= GRANT_VOID && s->quarantine <= QUARANTINE_SESSIONS &&
                  s->refusal < REFUSAL_COUNT;
    bool refusal = (s->type == SAY_REFUSED) == (s->refusal != REFUSE_NONE);
    bool epoch = s->holding || epoch_is_zero(&s->holding_epoch);
    return ranges && refusal && epoch && !baton_key_is_zero(&s->member);
}

static void
put_promise(struct canon_writer *w, const struct statement *s)
{
    canon_put_u8(w, s->type);
    canon_put_id(w, &s->tenant);
    canon_put_key(w, &s->member);
    canon_put_hash(w, &s->plan);
    canon_put_epoch(w, &s->epoch);
    canon_put_key(w, &s->recipient);
    canon_put_epoch(w, &s->asked);
    canon_put_id(w, &s->nonce);
    canon_put_u64(w, s->counter);
    canon_put_u8(w, s->kind);
    canon_put_bool(w, s->holding);
    canon_put_bool(w, s->tombstone);
    canon_put_bool(w, s->ever_exported);
    canon_put_bool(w, s->retired);
    canon_put_bool(w, s->armed);
    canon_put_epoch(w, &s->holding_epoch);
    canon_put_u8(w, s->grant);
    canon_put_u32(w, s->serial);
    canon_put_u8(w, s->quarantine);
    canon_put_u8(w, s->refusal);
}

static void
put_witness(struct canon_writer *w, const struct statement *s)
{
    canon_put_id(w, &s->machine.boot);
    canon_put_id(w, &s->machine.generation);
    canon_put_id(w, &s->machine.guid);
    canon_put_id(w, &s->machine.disk);
    canon_put_str(w, s->agent_version, sizeof s->agent_version);
    canon_put_hash(w, &s->agent_binary);
    canon_put_u32(w, s->trust_version);
    canon_put_hash(w, &s->trust_hash);
    canon_put_u64(w, s->receipt_size);
    canon_put_hash(w, &s->receipt_root);
    canon_put_hash(w, &s->previous);
    canon_put_u64(w, s->said_unix_ms);
}

static void
get_promise(struct canon_reader *r, struct statement *s)
{
    s->type = canon_get_u8(r);
    s->tenant = canon_get_id(r);
    s->member = canon_get_key(r);
    s->plan = canon_get_hash(r);
    s->epoch = canon_get_epoch(r);
    s->recipient = canon_get_key(r);
    s->asked = canon_get_epoch(r);
    s->nonce = canon_get_id(r);
    s->counter = canon_get_u64(r);
    s->kind = canon_get_u8(r);
    s->holding = canon_get_bool(r);
    s->tombstone = canon_get_bool(r);
    s->ever_exported = canon_get_bool(r);
    s->retired = canon_get_bool(r);
    s->armed = canon_get_bool(r);
    s->holding_epoch = canon_get_epoch(r);
    s->grant = canon_get_u8(r);
    s->serial = canon_get_u32(r);
    s->quarantine = canon_get_u8(r);
    s->refusal = canon_get_u8(r);
}

static void
get_witness(struct canon_reader *r, struct statement *s)
{
    s->machine.boot = canon_get_id(r);
    s->machine.generation = canon_get_id(r);
    s->machine.guid = canon_get_id(r);
    s->machine.disk = canon_get_id(r);
    canon_get_str(r, s->agent_version, sizeof s->agent_version);
    s->agent_binary = canon_get_hash(r);
    s->trust_version = canon_get_u32(r);
    s->trust_hash = canon_get_hash(r);
    s->receipt_size = canon_get_u64(r);
    s->receipt_root = canon_get_hash(r);
    s->previous = canon_get_hash(r);
    s->said_unix_ms = canon_get_u64(r);
}

enum baton_status
statement_encode(const struct statement *s, uint8_t *out, size_t cap, size_t *ret_len)
{
    if (!statement_well_formed(s))
        return BATON_MALFORMED;

    struct canon_writer w;
    canon_writer_init(&w, out, cap < STATEMENT_BYTES_MAX ? cap : STATEMENT_BYTES_MAX);
    canon_put_fixed(&w, statement_tag, sizeof statement_tag);
    put_promise(&w, s);
    put_witness(&w, s);
    facts_put(&w, &s->facts);
    return canon_finish(&w, ret_len);
}

enum baton_status
statement_decode(const uint8_t *bytes, size_t len, struct statement *ret_statement)
{
    if (len > STATEMENT_BYTES_MAX)
        return BATON_LIMIT;

    struct canon_reader r;
    struct statement s = {0};
    canon_reader_init(&r, bytes, len);
    canon_expect(&r, statement_tag, sizeof statement_tag);
    get_promise(&r, &s);
    get_witness(&r, &s);
    facts_get(&r, &s.facts);
    if (!canon_finished(&r) || !statement_well_formed(&s))
        return BATON_MALFORMED;
    *ret_statement = s;
    return BATON_OK;
}

void
machine_digest(const struct machine *m, const struct digest_port *dp, struct baton_hash *ret_hash)
{
    uint8_t bytes[3 * BATON_ID_BYTES];
    struct canon_writer w;
    size_t len;
    canon_writer_init(&w, bytes, sizeof bytes);
    canon_put_id(&w, &m->generation);
    canon_put_id(&w, &m->guid);
    canon_put_id(&w, &m->disk);
    BATON_ASSERT(canon_finish(&w, &len) == BATON_OK && len == sizeof bytes);
    dp->sha256(dp->ctx, bytes, len, ret_hash);
}
