/* Row images of the workflow: canonical, so that state can be made again from the audit alone. What
 * belongs to one run of this process (monotonic times, connections) is kept too and re-based by
 * TEV_START, so that a reader with the same row sees the same ages. */
#include "tenant.h"

#include "common/canon.h"
#include "common/facts_codec.h"

#include <string.h>

static const char cutover_tag[3] = {'B', 'C', 'U'};
static const char agent_tag[4] = {'B', 'A', 'V', '1'};

/* Fields of one width, named once for both directions. */
#define FIELD(f) offsetof(struct cutover, f)

static const size_t bools[] = {
    FIELD(path_overridden), FIELD(settings_sealed),  FIELD(accepted), FIELD(ponr),
    FIELD(late_activation), FIELD(local_fence_only), FIELD(no_go),    FIELD(breach),
    FIELD(settings_steady),
};

static const size_t hashes[] = {
    FIELD(plan),
    FIELD(settings),
    FIELD(blob),
    FIELD(verification_hash),
};

static const size_t words[] = {
    FIELD(blob_bytes),
    FIELD(entered_ms),
    FIELD(entered_unix_ms),
    FIELD(reminded_ms),
    FIELD(verified_ms),
    FIELD(verified_unix_ms),
    FIELD(gap_from_ms),
    FIELD(gap_to_ms),
    FIELD(gap_from_unix_ms),
    FIELD(gap_to_unix_ms),
    FIELD(old_last_export_unix_ms),
    FIELD(new_first_export_unix_ms),
    FIELD(exports_before),
    FIELD(export_end_before),
    FIELD(cycles_before),
    FIELD(export_adds),
    FIELD(export_updates),
    FIELD(export_deletes),
    FIELD(old_rogue_seen),
    FIELD(new_rogue_seen),
    FIELD(staged_unix_ms),
    FIELD(first_sync_ms),
    FIELD(old_unread_before), /* the one that layout 2 does not have */
};

static void
put_approvals(struct canon_writer *w, const struct cutover *c)
{
    canon_put_u32(w, c->approval_count);
    for (uint32_t i = 0; i < c->approval_count; i++) {
        uint8_t bytes[APPROVAL_BYTES];
        approval_encode(&c->approval[i].a, bytes);
        canon_put_fixed(w, bytes, sizeof bytes);
        canon_put_fixed(w, c->approval[i].sig.b, sizeof c->approval[i].sig.b);
    }
}

static void
get_approvals(struct canon_reader *r, struct cutover *c)
{
    c->approval_count = canon_get_u32(r);
    canon_require(r, c->approval_count <= CUTOVER_APPROVALS_MAX);
    for (uint32_t i = 0; !r->bad && i < c->approval_count; i++) {
        uint8_t bytes[APPROVAL_BYTES];
        canon_get_fixed(r, bytes, sizeof bytes);
        canon_require(r, !r->bad &&
                             approval_decode(bytes, sizeof bytes, &c->approval[i].a) == BATON_OK);
        canon_get_fixed(r, c->approval[i].sig.b, sizeof c->approval[i].sig.b);
    }
}

static void
put_head(struct canon_writer *w, const struct cutover *c)
{
    canon_put_fixed(w, cutover_tag, sizeof cutover_tag);
    canon_put_u8(w, '3');
    canon_put_id(w, &c->id);
    canon_put_u8(w, c->state);
    canon_put_u8(w, c->resume_to);
    canon_put_u8(w, c->profile);
    canon_put_u8(w, c->old_agent);
    canon_put_u8(w, c->new_agent);
    canon_put_u8(w, (uint8_t)c->grade);
}

/* *ret_words: as many of them as its layout has. */
static void
get_head(struct canon_reader *r, struct cutover *c, size_t *ret_words)
{
    canon_expect(r, cutover_tag, sizeof cutover_tag);
    *ret_words = ARRAY_LEN(words) - (canon_get_enum(r, '2', '3') == '2');
    c->id = canon_get_id(r);
    c->state = canon_get_enum(r, 0, HANDOFF_STATE_COUNT - 1);
    c->resume_to = canon_get_enum(r, 0, HANDOFF_STATE_COUNT - 1);
    c->profile = canon_get_enum(r, 0, PROFILE_COUNT - 1);
    c->old_agent = canon_get_enum(r, 0, MEMBERS_MAX - 1);
    c->new_agent = canon_get_enum(r, 0, MEMBERS_MAX - 1);
    c->grade = (char)canon_get_u8(r);
    canon_require(r, c->grade == 0 || (c->grade >= 'A' && c->grade <= 'X'));
}

size_t
cutover_encode(const struct cutover *c, uint8_t *out, size_t cap)
{
    const uint8_t *base = (const uint8_t *)c;
    struct canon_writer w;
    canon_writer_init(&w, out, cap);
    put_head(&w, c);
    for (size_t i = 0; i < ARRAY_LEN(bools); i++)
        canon_put_bool(&w, *(const bool *)(base + bools[i]));
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        canon_put_fixed(&w, base + hashes[i], BATON_HASH_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        uint64_t v;
        memcpy(&v, base + words[i], sizeof v);
        canon_put_u64(&w, v);
    }
    uint8_t bytes[VERIFICATION_BYTES_MAX];
    canon_put_blob(&w, bytes, verification_encode(&c->verification, bytes));
    review_put(&w, &c->review);
    put_approvals(&w, c);
    canon_put_u32(&w, c->rules_fired_count);
    for (uint32_t i = 0; i < c->rules_fired_count; i++)
        canon_put_u16(&w, c->rules_fired[i]);
    canon_put_str(&w, c->reason, sizeof c->reason);
    size_t len = 0;
    return canon_finish(&w, &len) == BATON_OK ? len : 0;
}

static void
get_rest(struct canon_reader *r, struct cutover *c)
{
    size_t len = 0;
    const uint8_t *blob = canon_get_blob(r, &len);
    canon_require(r, blob != NULL && verification_decode(blob, len, &c->verification) == BATON_OK);
    review_get(r, &c->review);
    get_approvals(r, c);
    c->rules_fired_count = canon_get_u32(r);
    canon_require(r, c->rules_fired_count <= ARRAY_LEN(c->rules_fired));
    for (uint32_t i = 0; !r->bad && i < c->rules_fired_count; i++)
        c->rules_fired[i] = canon_get_u16(r);
    canon_get_str(r, c->reason, sizeof c->reason);
}

enum baton_status
cutover_decode(const uint8_t *bytes, size_t len, struct cutover *ret_cutover)
{
    struct cutover c;
    memset(&c, 0, sizeof c);
    uint8_t *base = (uint8_t *)&c;
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    size_t word_count;
    get_head(&r, &c, &word_count);
    for (size_t i = 0; i < ARRAY_LEN(bools); i++)
        *(bool *)(base + bools[i]) = canon_get_bool(&r);
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        canon_get_fixed(&r, base + hashes[i], BATON_HASH_BYTES);
    for (size_t i = 0; i < word_count; i++) {
        uint64_t v = canon_get_u64(&r);
        memcpy(base + words[i], &v, sizeof v);
    }
    get_rest(&r, &c);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_cutover = c;
    return BATON_OK;
}

static void
put_statement(struct canon_writer *w, const struct agent_view *a)
{
    uint8_t bytes[STATEMENT_BYTES_MAX];
    size_t len = 0;
    bool fits = a->statement_known &&
                statement_encode(&a->statement, bytes, sizeof bytes, &len) == BATON_OK;
    canon_put_bool(w, fits);
    if (fits)
        canon_put_blob(w, bytes, len);
}

size_t
agent_view_encode(const struct agent_view *a, uint8_t *out, size_t cap)
{
    struct canon_writer w;
    canon_writer_init(&w, out, cap);
    canon_put_fixed(&w, agent_tag, sizeof agent_tag);
    canon_put_bool(&w, a->used);
    canon_put_bool(&w, a->confirmed);
    canon_put_bool(&w, a->connected);
    canon_put_bool(&w, a->revoked);
    canon_put_key(&w, &a->key);
    canon_put_key(&w, &a->box_key);
    canon_put_str(&w, a->host, sizeof a->host);
    canon_put_str(&w, a->version, sizeof a->version);
    canon_put_u8(&w, a->role);
    canon_put_id(&w, &a->confirmed_by);
    canon_put_fixed(&w, a->confirmation.b, sizeof a->confirmation.b);
    canon_put_u64(&w, a->seen_ms);
    canon_put_u64(&w, a->reported_ms);
    canon_put_i64(&w, a->skew_ms);
    canon_put_hash(&w, &a->statement_hash);
    canon_put_hash(&w, &a->table);
    canon_put_str(&w, a->alarm, sizeof a->alarm);
    canon_put_u64(&w, a->alarm_unix_ms);
    facts_put(&w, &a->facts);
    put_statement(&w, a);
    size_t len = 0;
    return canon_finish(&w, &len) == BATON_OK ? len : 0;
}

enum baton_status
agent_view_decode(const uint8_t *bytes, size_t len, struct agent_view *ret_agent)
{
    struct agent_view a;
    memset(&a, 0, sizeof a);
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    canon_expect(&r, agent_tag, sizeof agent_tag);
    a.used = canon_get_bool(&r);
    a.confirmed = canon_get_bool(&r);
    a.connected = canon_get_bool(&r);
    a.revoked = canon_get_bool(&r);
    a.key = canon_get_key(&r);
    a.box_key = canon_get_key(&r);
    canon_get_str(&r, a.host, sizeof a.host);
    canon_get_str(&r, a.version, sizeof a.version);
    a.role = canon_get_u8(&r);
    a.confirmed_by = canon_get_id(&r);
    canon_get_fixed(&r, a.confirmation.b, sizeof a.confirmation.b);
    a.seen_ms = canon_get_u64(&r);
    a.reported_ms = canon_get_u64(&r);
    a.skew_ms = canon_get_i64(&r);
    a.statement_hash = canon_get_hash(&r);
    a.table = canon_get_hash(&r);
    canon_get_str(&r, a.alarm, sizeof a.alarm);
    a.alarm_unix_ms = canon_get_u64(&r);
    facts_get(&r, &a.facts);
    a.statement_known = canon_get_bool(&r);
    size_t said_len = 0;
    const uint8_t *said = a.statement_known ? canon_get_blob(&r, &said_len) : NULL;
    if (a.statement_known)
        canon_require(&r,
                      said != NULL && statement_decode(said, said_len, &a.statement) == BATON_OK);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_agent = a;
    return BATON_OK;
}
