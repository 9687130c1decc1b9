#include "controller/tenant_rows.h"

#include "common/canon.h"
#include "controller/engine.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROW_VERSION = 1,
    TENANT_ROW_VERSION = 3 /* 1: no window, no first synchronization; 2: no verification policy */
};

static void
row_begin(struct canon_writer *w, uint8_t *out)
{
    canon_writer_init(w, out, SITE_ROW_BYTES_MAX);
    canon_put_u8(w, ROW_VERSION);
}

static size_t
row_end(const struct canon_writer *w)
{
    size_t len = 0;
    enum baton_status rc = canon_finish(w, &len);
    BATON_ASSERT(rc == BATON_OK);
    return len;
}

static void
row_open(struct canon_reader *r, const uint8_t *bytes, size_t len)
{
    canon_reader_init(r, bytes, len);
    canon_get_enum(r, ROW_VERSION, ROW_VERSION);
}

static struct baton_sig
get_sig(struct canon_reader *r)
{
    struct baton_sig sig = {{0}};
    canon_get_fixed(r, sig.b, sizeof sig.b);
    return sig;
}

size_t
tenant_row_encode(const struct tenant_row *t, uint8_t out[SITE_ROW_BYTES_MAX])
{
    struct canon_writer w;
    canon_writer_init(&w, out, SITE_ROW_BYTES_MAX);
    canon_put_u8(&w, TENANT_ROW_VERSION);
    canon_put_id(&w, &t->info.id);
    canon_put_str(&w, t->info.name, sizeof t->info.name);
    canon_put_bool(&w, t->info.lab);
    canon_put_u16(&w, POLICY_COUNT);
    for (size_t i = 0; i < POLICY_COUNT; i++)
        canon_put_i64(&w, t->info.policy.v[i]);
    canon_put_bool(&w, t->cutover_open);
    canon_put_id(&w, &t->cutover);
    canon_put_hash(&w, &t->plan);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        canon_put_key(&w, &t->agent[i]);
    canon_put_u64(&w, t->info.window_from_unix_ms);
    canon_put_u64(&w, t->info.window_to_unix_ms);
    canon_put_u64(&w, t->info.first_sync.ms);
    canon_put_i64(&w, t->info.first_sync.objects);
    canon_put_hash(&w, &t->info.limits);
    return row_end(&w);
}

/* Rows made before a policy was added get the preset's value for it: ids are stable, new ones come
 * at the end. */
static void
policy_get(struct canon_reader *r, bool lab, struct policy *p)
{
    policy_preset(lab ? PRESET_LAB : PRESET_PRODUCTION, p);
    uint16_t count = canon_get_u16(r);
    canon_require(r, count <= POLICY_COUNT);
    for (size_t i = 0; i < count && i < POLICY_COUNT; i++)
        p->v[i] = canon_get_i64(r);
}

enum baton_status
tenant_row_decode(const uint8_t *bytes, size_t len, struct tenant_row *ret_row)
{
    struct tenant_row t;
    memset(&t, 0, sizeof t);
    struct canon_reader r;
    canon_reader_init(&r, bytes, len);
    uint8_t version = canon_get_enum(&r, 1, TENANT_ROW_VERSION);
    t.info.id = canon_get_id(&r);
    canon_get_str(&r, t.info.name, sizeof t.info.name);
    t.info.lab = canon_get_bool(&r);
    policy_get(&r, t.info.lab, &t.info.policy);
    t.cutover_open = canon_get_bool(&r);
    t.cutover = canon_get_id(&r);
    t.plan = canon_get_hash(&r);
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        t.agent[i] = canon_get_key(&r);
    if (version > 1) {
        t.info.window_from_unix_ms = canon_get_u64(&r);
        t.info.window_to_unix_ms = canon_get_u64(&r);
        t.info.first_sync.ms = canon_get_u64(&r);
        t.info.first_sync.objects = canon_get_i64(&r);
    }
    if (version > 2)
        t.info.limits = canon_get_hash(&r);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_row = t;
    return BATON_OK;
}

size_t
agent_row_encode(const struct agent_row *a, uint8_t out[SITE_ROW_BYTES_MAX])
{
    struct canon_writer w;
    row_begin(&w, out);
    canon_put_id(&w, &a->tenant);
    canon_put_key(&w, &a->key);
    canon_put_key(&w, &a->curve_key);
    canon_put_key(&w, &a->box_key);
    canon_put_str(&w, a->host, sizeof a->host);
    canon_put_str(&w, a->version, sizeof a->version);
    canon_put_u8(&w, a->slot);
    canon_put_u8(&w, a->role);
    canon_put_u8(&w, a->product);
    canon_put_hash(&w, &a->binary);
    canon_put_hash(&w, &a->table);
    canon_put_bool(&w, a->confirmed);
    canon_put_bool(&w, a->revoked);
    canon_put_bool(&w, a->barred);
    canon_put_id(&w, &a->confirmed_by);
    canon_put_fixed(&w, a->confirmation.b, sizeof a->confirmation.b);
    canon_put_u64(&w, a->enrolled_unix_ms);
    return row_end(&w);
}

enum baton_status
agent_row_decode(const uint8_t *bytes, size_t len, struct agent_row *ret_row)
{
    struct agent_row a;
    memset(&a, 0, sizeof a);
    struct canon_reader r;
    row_open(&r, bytes, len);
    a.tenant = canon_get_id(&r);
    a.key = canon_get_key(&r);
    a.curve_key = canon_get_key(&r);
    a.box_key = canon_get_key(&r);
    canon_get_str(&r, a.host, sizeof a.host);
    canon_get_str(&r, a.version, sizeof a.version);
    a.slot = canon_get_enum(&r, 0, MEMBERS_MAX - 1);
    a.role = canon_get_u8(&r);
    a.product = canon_get_enum(&r, 0, PRODUCT_COUNT - 1);
    a.binary = canon_get_hash(&r);
    a.table = canon_get_hash(&r);
    a.confirmed = canon_get_bool(&r);
    a.revoked = canon_get_bool(&r);
    a.barred = canon_get_bool(&r);
    a.confirmed_by = canon_get_id(&r);
    a.confirmation = get_sig(&r);
    a.enrolled_unix_ms = canon_get_u64(&r);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_row = a;
    return BATON_OK;
}

size_t
token_row_encode(const struct token_row *t, uint8_t out[SITE_ROW_BYTES_MAX])
{
    struct canon_writer w;
    row_begin(&w, out);
    canon_put_id(&w, &t->tenant);
    canon_put_id(&w, &t->made_by);
    canon_put_u8(&w, t->role);
    canon_put_str(&w, t->host, sizeof t->host);
    canon_put_u64(&w, t->expires_unix_ms);
    canon_put_bool(&w, t->used);
    canon_put_key(&w, &t->agent);
    return row_end(&w);
}

enum baton_status
token_row_decode(const uint8_t *bytes, size_t len, struct token_row *ret_row)
{
    struct token_row t;
    memset(&t, 0, sizeof t);
    struct canon_reader r;
    row_open(&r, bytes, len);
    t.tenant = canon_get_id(&r);
    t.made_by = canon_get_id(&r);
    t.role = canon_get_u8(&r);
    canon_get_str(&r, t.host, sizeof t.host);
    t.expires_unix_ms = canon_get_u64(&r);
    t.used = canon_get_bool(&r);
    t.agent = canon_get_key(&r);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_row = t;
    return BATON_OK;
}

size_t
blob_row_encode(const struct blob_row *b, uint8_t out[SITE_ROW_BYTES_MAX])
{
    struct canon_writer w;
    row_begin(&w, out);
    canon_put_id(&w, &b->tenant);
    canon_put_key(&w, &b->sender);
    canon_put_u64(&w, b->total);
    canon_put_u64(&w, b->have);
    return row_end(&w);
}

enum baton_status
blob_row_decode(const uint8_t *bytes, size_t len, struct blob_row *ret_row)
{
    struct blob_row b = {0};
    struct canon_reader r;
    row_open(&r, bytes, len);
    b.tenant = canon_get_id(&r);
    b.sender = canon_get_key(&r);
    b.total = canon_get_u64(&r);
    b.have = canon_get_u64(&r);
    if (!canon_finished(&r) || b.have > b.total)
        return BATON_MALFORMED;
    *ret_row = b;
    return BATON_OK;
}

size_t
checkpoint_row_encode(const struct checkpoint_row *c, uint8_t out[SITE_ROW_BYTES_MAX])
{
    struct canon_writer w;
    row_begin(&w, out);
    canon_put_u64(&w, c->size);
    canon_put_u64(&w, c->unix_ms);
    canon_put_hash(&w, &c->root);
    canon_put_fixed(&w, c->sig.b, sizeof c->sig.b);
    return row_end(&w);
}

enum baton_status
checkpoint_row_decode(const uint8_t *bytes, size_t len, struct checkpoint_row *ret_row)
{
    struct checkpoint_row c = {0};
    struct canon_reader r;
    row_open(&r, bytes, len);
    c.size = canon_get_u64(&r);
    c.unix_ms = canon_get_u64(&r);
    c.root = canon_get_hash(&r);
    c.sig = get_sig(&r);
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_row = c;
    return BATON_OK;
}

void
agent_fingerprint(const struct digest_port *dp, const struct baton_key *key,
                  const struct baton_key *box_key, struct baton_hash *ret_fingerprint)
{
    uint8_t both[2 * BATON_KEY_BYTES];
    memcpy(both, key->b, BATON_KEY_BYTES);
    memcpy(both + BATON_KEY_BYTES, box_key->b, BATON_KEY_BYTES);
    dp->sha256(dp->ctx, both, sizeof both, ret_fingerprint);
}

void
agent_view_enrol(struct agent_view *view, const struct agent_row *row)
{
    view->used = true;
    view->confirmed = row->confirmed && !row->barred; /* until a person confirms it again */
    view->revoked = row->revoked;
    view->barred = row->barred;
    view->key = row->key;
    view->box_key = row->box_key;
    view->role = row->role;
    view->confirmed_by = row->confirmed_by;
    view->confirmation = row->confirmation;
    view->table = row->table;
    memcpy(view->host, row->host, sizeof view->host);
    memcpy(view->version, row->version, sizeof view->version);
}

typedef enum baton_status (*row_decoder)(const uint8_t *bytes, size_t len, void *ret);

/* A row that is not there leaves *ret untouched and answers NOT_FOUND; one that cannot be read is
 * damage, not input. */
static enum baton_status
row_load(const struct store_port *s, enum store_table table, const void *key, size_t key_len,
         row_decoder decode, void *ret, const char *what, struct baton_err *err)
{
    uint8_t *value = NULL;
    size_t len = 0;
    enum baton_status rc = s->get(s->ctx, table, key, key_len, &value, &len, err);
    if (rc != BATON_OK)
        return rc;
    rc = decode(value, len, ret);
    free(value);
    return rc == BATON_OK ? BATON_OK : baton_fail(err, BATON_CORRUPT, "%s row is unreadable", what);
}

static enum baton_status
decode_tenant(const uint8_t *bytes, size_t len, void *ret)
{
    return tenant_row_decode(bytes, len, ret);
}

static enum baton_status
decode_agent(const uint8_t *bytes, size_t len, void *ret)
{
    return agent_row_decode(bytes, len, ret);
}

static enum baton_status
decode_authority(const uint8_t *bytes, size_t len, void *ret)
{
    return authority_decode(bytes, len, ret);
}

static enum baton_status
decode_cutover(const uint8_t *bytes, size_t len, void *ret)
{
    return cutover_decode(bytes, len, ret);
}

static enum baton_status
decode_view(const uint8_t *bytes, size_t len, void *ret)
{
    return agent_view_decode(bytes, len, ret);
}

static enum baton_status
ignore_missing(enum baton_status rc)
{
    return rc == BATON_NOT_FOUND ? BATON_OK : rc;
}

enum baton_status
tenant_row_load(const struct store_port *s, const struct baton_id *id, struct tenant_row *ret_row,
                struct baton_err *err)
{
    return row_load(s, TABLE_TENANT, id->b, sizeof id->b, decode_tenant, ret_row, "tenant", err);
}

enum baton_status
agent_row_load(const struct store_port *s, const struct baton_key *key, struct agent_row *ret_row,
               struct baton_err *err)
{
    return row_load(s, TABLE_AGENT, key->b, sizeof key->b, decode_agent, ret_row, "agent", err);
}

static enum baton_status
load_agents(const struct store_port *s, const struct tenant_row *row, struct tenant *t,
            struct baton_err *err)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        const struct baton_key *key = &row->agent[i];
        if (baton_key_is_zero(key))
            continue;
        struct agent_row agent = {.slot = 0};
        enum baton_status rc = agent_row_load(s, key, &agent, err);
        if (rc != BATON_OK)
            return rc;
        rc = row_load(s, TABLE_REPORT, key->b, sizeof key->b, decode_view, &t->agent[i], "report",
                      err);
        if (ignore_missing(rc) != BATON_OK)
            return rc;
        agent_view_enrol(&t->agent[i], &agent);
    }
    return BATON_OK;
}

static enum baton_status
load_plan(const struct store_port *s, const struct baton_hash *hash, struct tenant *t,
          struct baton_err *err)
{
    if (baton_hash_is_zero(hash))
        return BATON_OK;
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_sig sig;
    enum baton_status rc = s->object_get(s->ctx, hash, &bytes, &len, &sig, err);
    if (rc != BATON_OK)
        return rc;
    rc = plan_decode(bytes, len, &t->plan);
    free(bytes);
    if (rc != BATON_OK)
        return baton_fail(err, BATON_CORRUPT, "a stored plan is unreadable");
    t->plan_known = true;
    return BATON_OK;
}

enum baton_status
tenant_load(const struct store_port *s, const struct baton_id *id, struct tenant *ret_tenant,
            struct baton_err *err)
{
    struct tenant_row row;
    enum baton_status rc = tenant_row_load(s, id, &row, err);
    if (rc != BATON_OK)
        return rc;
    struct tenant *t = ret_tenant;
    memset(t, 0, sizeof *t);
    t->info = row.info;
    t->cutover_open = row.cutover_open;
    t->authority.tenant = row.info.id;
    rc = row_load(s, TABLE_AUTHORITY, id->b, sizeof id->b, decode_authority, &t->authority,
                  "authority", err);
    if (ignore_missing(rc) != BATON_OK)
        return rc;
    if (!baton_id_is_zero(&row.cutover)) {
        rc = row_load(s, TABLE_CUTOVER, row.cutover.b, sizeof row.cutover.b, decode_cutover,
                      &t->cutover, "cutover", err);
        if (rc != BATON_OK)
            return baton_fail(err, BATON_CORRUPT,
                              "the cutover of tenant %s is missing or unreadable", row.info.name);
    }
    rc = load_plan(s, &row.plan, t, err);
    return rc == BATON_OK ? load_agents(s, &row, t, err) : rc;
}

void
tenant_tag(const struct tenant *t, const struct digest_port *dp, struct baton_id *ret_tag)
{
    uint8_t *bytes = malloc(TENANT_ROW_BYTES_MAX + AUTHORITY_BYTES_MAX);
    struct baton_hash h = {0}; /* without memory: a tag that fits nothing */
    if (bytes != NULL) {
        size_t len = cutover_encode(&t->cutover, bytes, TENANT_ROW_BYTES_MAX);
        len += authority_encode(&t->authority, bytes + len);
        dp->sha256(dp->ctx, bytes, len, &h);
    }
    free(bytes);
    memcpy(ret_tag->b, h.b, sizeof ret_tag->b);
}

/* Versions are big-endian keys: the last row is the newest document. */
static bool
newest_hash(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    (void)key;
    (void)key_len;
    if (len == BATON_HASH_BYTES)
        memcpy(((struct baton_hash *)arg)->b, value, len);
    return true;
}

enum baton_status
trust_load(const struct store_port *s, struct trust_doc *ret_doc, uint8_t **ret_bytes,
           size_t *ret_len, struct baton_sig *ret_sig, struct baton_err *err)
{
    struct baton_hash hash = {{0}};
    enum baton_status rc = s->each(s->ctx, TABLE_TRUST, "", 0, newest_hash, &hash, err);
    if (rc != BATON_OK)
        return rc;
    if (baton_hash_is_zero(&hash))
        return BATON_NOT_FOUND;
    rc = s->object_get(s->ctx, &hash, ret_bytes, ret_len, ret_sig, err);
    if (rc != BATON_OK)
        return baton_fail(err, BATON_CORRUPT, "the newest trust document is missing");
    if (trust_decode(*ret_bytes, *ret_len, ret_doc) == BATON_OK)
        return BATON_OK;
    free(*ret_bytes);
    *ret_bytes = NULL;
    return baton_fail(err, BATON_CORRUPT, "the newest trust document is unreadable");
}
