#include "controller/engine_state.h"

#include "common/canon.h"
#include "common/text.h"
#include "controller/core/approvals.h"
#include "controller/core/line.h"
#include "controller/fleet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t WINDOW_UNIX_MS_MAX = UINT64_C(253402300799999); /* 9999-12-31 */

void
call_fail(struct engine_call *c, enum baton_status rc, const char *next, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    memset(&c->problem, 0, sizeof c->problem);
    c->problem.status = rc;
    text_copy(c->problem.title, sizeof c->problem.title, text);
    text_copy(c->problem.next, sizeof c->problem.next, next);
}

static struct baton_key
actor_key(const struct engine *e, const struct engine_call *c)
{
    struct baton_key key = {{0}};
    if (baton_id_is_zero(&c->actor))
        return e->p.public_key; /* the controller's own console */
    memcpy(key.b, c->actor.b, sizeof c->actor.b);
    return key;
}

/* ---- tenants ---------------------------------------------------------------------------------- */

static bool
policy_apply(const struct engine_call *c, bool lab, struct policy *p, struct engine_call *out)
{
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (c->policy_set[i])
            p->v[i] = c->policy.v[i];
    const struct policy_row *absurd = policy_absurd(p), *low = lab ? NULL : policy_below_floor(p);
    if (absurd != NULL) {
        call_fail(out, BATON_USAGE, "baton policy explain", "%s: from 0 to ten years",
                  absurd->name);
        return false;
    }
    if (low == NULL)
        return true;
    call_fail(out, BATON_REFUSED, "baton policy explain", "%s is below its floor of %lld",
              low->name, (long long)low->floor);
    return false;
}

static bool
tenant_wish(const struct engine *e, struct engine_call *c)
{
    if (baton_id_is_zero(&c->tenant) || !baton_name_valid(c->name))
        call_fail(c, BATON_USAGE, "baton tenant create NAME --id GUID",
                  "a tenant needs its Entra tenant id and a name");
    else if (room_find(e, &c->tenant) != NULL)
        call_fail(c, BATON_CONFLICT, "baton tenant list", "this tenant exists already");
    else if (c->lab && e->trust_known && !e->trust.lab)
        call_fail(c, BATON_REFUSED, "baton trust show",
                  "the trust document does not allow lab tenants");
    return c->problem.status == BATON_OK;
}

void
call_tenant_record(struct engine *e, struct engine_call *c, const struct room *room,
                   const struct baton_hash *ref_or_null, const char *what)
{
    struct audit_record r;
    uint8_t row[SITE_ROW_BYTES_MAX];
    struct baton_key actor = actor_key(e, c);
    record_init(e, &r, AUDIT_TENANT, &room->t.info.id, &actor);
    record_text(&r, "%s", what);
    if (ref_or_null != NULL)
        record_ref(&r, ref_or_null);
    room_row(e, room, &r, row);
    c->audit_seq = journal_record(e, &r);
    c->id = room->t.info.id;
}

static void
call_tenant_create(struct engine *e, struct engine_call *c)
{
    struct policy policy;
    policy_preset(c->lab ? PRESET_LAB : PRESET_PRODUCTION, &policy);
    if (!tenant_wish(e, c) || !policy_apply(c, c->lab, &policy, c))
        return;
    struct room *room = room_add(e, &c->tenant);
    if (room == NULL) {
        journal_failed(e, BATON_NOMEM, "a tenant");
        return;
    }
    memcpy(room->t.info.name, c->name, sizeof room->t.info.name);
    room->t.info.lab = c->lab;
    room->t.info.policy = policy;
    call_tenant_record(e, c, room, NULL, c->lab ? "made, for a lab" : "made");
}

static void
call_tenant_policy(struct engine *e, struct engine_call *c)
{
    struct room *room = room_find(e, &c->tenant);
    struct policy policy = room->t.info.policy;
    if (room->t.cutover_open) {
        call_fail(c, BATON_REFUSED, "baton cutover show",
                  "the policy stands in the plan of the open cutover");
        return;
    }
    if (!policy_apply(c, room->t.info.lab, &policy, c))
        return;
    room->t.info.policy = policy;
    call_tenant_record(e, c, room, NULL, "policy changed");
}

/* The window may move while a cutover is open: that is when people need it to. */
static bool
window_fits(const struct engine *e, struct engine_call *c)
{
    if (c->from_unix_ms == 0 && c->until_unix_ms == 0)
        return true;
    if (c->from_unix_ms >= c->until_unix_ms)
        call_fail(c, BATON_USAGE, "baton tenant window set TENANT --from TIME --until TIME",
                  "a window ends after it begins");
    else if (c->until_unix_ms <= e->unix_ms)
        call_fail(c, BATON_USAGE, "baton tenant window set TENANT --from TIME --until TIME",
                  "this window is over already");
    else if (c->until_unix_ms > WINDOW_UNIX_MS_MAX)
        call_fail(c, BATON_USAGE, "baton tenant window set TENANT --from TIME --until TIME",
                  "a window ends before the year 10000");
    return c->problem.status == BATON_OK;
}

static void
call_tenant_window(struct engine *e, struct engine_call *c)
{
    struct room *room = room_find(e, &c->tenant);
    char what[96];
    struct line l;
    if (!window_fits(e, c))
        return;
    room->t.info.window_from_unix_ms = c->from_unix_ms;
    room->t.info.window_to_unix_ms = c->until_unix_ms;
    line_start(&l, what, sizeof what);
    line_put(&l, "cutover window: ");
    if (c->until_unix_ms == 0)
        line_put(&l, "none, any time will do");
    else {
        line_time(&l, c->from_unix_ms);
        line_put(&l, " to ");
        line_time(&l, c->until_unix_ms);
    }
    call_tenant_record(e, c, room, NULL, what);
}

/* ---- trust ------------------------------------------------------------------------------------ */

static const char *
trust_check(const struct engine *e, const struct engine_call *c, const struct trust_doc *d,
            const struct baton_key *root)
{
    const struct digest_port *dp = &e->p.digest;
    bool named = false;
    for (uint8_t i = 0; i < d->controller_count; i++)
        named = named || baton_key_eq(&d->controller[i], &e->p.public_key);
    if (e->root_known && !baton_key_is_zero(&c->key) && !baton_key_eq(&c->key, &e->root))
        return "another root key is pinned on this controller";
    if (!dp->verify(dp->ctx, root, DOMAIN_TRUST, c->bytes, c->len, &c->sig))
        return "the signature is not the root's";
    if (!named)
        return "the document does not name this controller's key";
    if (!e->trust_known)
        return NULL;
    struct baton_hash ours;
    dp->sha256(dp->ctx, e->trust_bytes.bytes, e->trust_bytes.len, &ours);
    if (d->version <= e->trust.version)
        return "its version is not above the present one";
    if (!baton_hash_eq(&d->previous, &ours))
        return "it does not follow the present document";
    return NULL;
}

static bool
trust_keep(struct engine *e, const struct engine_call *c, const struct trust_doc *d)
{
    uint8_t *bytes = malloc(c->len);
    if (bytes == NULL) {
        journal_failed(e, BATON_NOMEM, "a trust document");
        return false;
    }
    memcpy(bytes, c->bytes, c->len);
    free((void *)(uintptr_t)e->trust_bytes.bytes);
    e->trust_bytes = (struct signed_bytes){bytes, c->len, c->sig};
    e->trust = *d;
    e->trust_known = true;
    return true;
}

static void
trust_store(struct engine *e, struct engine_call *c, const struct trust_doc *d,
            const struct baton_key *root)
{
    struct audit_record r;
    struct baton_hash hash;
    struct baton_key actor = actor_key(e, c);
    const uint8_t version[4] = {(uint8_t)(d->version >> 24), (uint8_t)(d->version >> 16),
                                (uint8_t)(d->version >> 8), (uint8_t)d->version};
    e->p.digest.sha256(e->p.digest.ctx, c->bytes, c->len, &hash);
    record_init(e, &r, AUDIT_TRUST, NULL, &actor);
    record_text(&r, "trust document version %lu%s", (unsigned long)d->version,
                d->lab ? ", for a lab" : "");
    record_ref(&r, &hash);
    journal_object(e, &hash, c->bytes, c->len, &c->sig);
    journal_row(e, &r, TABLE_TRUST, version, sizeof version, hash.b, sizeof hash.b);
    journal_row(e, &r, TABLE_META, "root", strlen("root"), root->b, sizeof root->b);
    c->audit_seq = journal_record(e, &r);
    e->root = *root;
    e->root_known = true;
}

static void
call_trust_put(struct engine *e, struct engine_call *c)
{
    struct trust_doc d;
    const struct baton_key *root = e->root_known ? &e->root : &c->key;
    if (baton_key_is_zero(root)) {
        call_fail(c, BATON_USAGE, "baton trust publish",
                  "the first trust document comes with the root's public key");
        return;
    }
    if (trust_decode(c->bytes, c->len, &d) != BATON_OK) {
        call_fail(c, BATON_MALFORMED, "baton trust show", "this is not a trust document");
        return;
    }
    const char *why = trust_check(e, c, &d, root);
    if (why != NULL) {
        call_fail(c, BATON_DENIED, "baton trust show", "%s", why);
        return;
    }
    struct baton_key pinned = *root;
    if (!trust_keep(e, c, &d))
        return;
    trust_store(e, c, &d, &pinned);
    /* Who is away gets it in the next WELCOME. */
    for (size_t i = 0; i < e->seat_count; i++)
        if (e->seat[i]->session.live && !e->seat[i]->row.revoked)
            order_status(e, e->seat[i], NULL, 0, true);
}

/* ---- cutovers --------------------------------------------------------------------------------- */

static int
agent_slot(const struct room *room, const struct baton_key *key)
{
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (room->seat[i] != NULL && !room->seat[i]->row.revoked &&
            baton_key_eq(&room->seat[i]->row.key, key))
            return i;
    return -1;
}

void
call_step(struct engine *e, struct engine_call *c, struct room *room, struct tenant_event *ev,
          const struct audit_row *row_or_null)
{
    struct baton_key actor = actor_key(e, c);
    struct told told = {.actor = &actor, .row = row_or_null};
    ev->actor = c->actor;
    room_step(e, room, ev, &told, &c->problem, &c->audit_seq);
    if (c->problem.status == BATON_OK)
        c->id = room->t.cutover.id;
}

static void
call_cutover_create(struct engine *e, struct engine_call *c)
{
    struct room *room = room_find(e, &c->tenant);
    int old_slot = agent_slot(room, &c->old_key), new_slot = agent_slot(room, &c->new_key);
    if (old_slot < 0 || new_slot < 0) {
        call_fail(c, BATON_NOT_FOUND, "baton agent list",
                  "this tenant has no agent with the key of the %s server",
                  old_slot < 0 ? "old" : "new");
        return;
    }
    struct tenant_event ev;
    event_init(e, &ev, TEV_CREATE);
    enum baton_status rc = fleet_load(&e->p.store, &room->t.info, &ev.fleet, &e->journal.err);
    if (rc != BATON_OK) {
        journal_failed(e, rc, "the site's own upgrades");
        return;
    }
    ev.profile = c->profile;
    ev.old_agent = (uint8_t)old_slot;
    ev.new_agent = (uint8_t)new_slot;
    memcpy(ev.text, c->text, sizeof ev.text);
    call_step(e, c, room, &ev, NULL);
}

/* Compared with the rows, as the reader saw them: memory may be ahead in what is not worth a row. */
static bool
as_expected(struct engine *e, struct engine_call *c)
{
    struct baton_id tag = {{0}};
    if (baton_id_is_zero(&c->expect))
        return true;
    struct tenant *t = malloc(sizeof *t);
    enum baton_status rc = t == NULL ? BATON_NOMEM : BATON_OK;
    if (rc == BATON_OK)
        rc = tenant_load(&e->p.store, &c->tenant, t, &e->journal.err);
    if (rc == BATON_OK)
        tenant_tag(t, &e->p.digest, &tag);
    else
        journal_failed(e, rc, "a tenant");
    free(t);
    c->changed = !baton_id_eq(&tag, &c->expect);
    if (c->changed)
        call_fail(c, BATON_CONFLICT, "baton cutover show",
                  "the cutover has changed since it was read");
    return !c->changed;
}

static bool
cutover_named(struct engine *e, struct engine_call *c, const struct room *room)
{
    if (!baton_id_is_zero(&c->cutover) && baton_id_eq(&c->cutover, &room->t.cutover.id))
        return as_expected(e, c);
    call_fail(c, BATON_NOT_FOUND, "baton cutover list", "this tenant has no such cutover");
    return false;
}

static void
call_cutover_verb(struct engine *e, struct engine_call *c)
{
    struct room *room = room_find(e, &c->tenant);
    struct tenant_event ev;
    if (!cutover_named(e, c, room))
        return;
    event_init(e, &ev, TEV_VERB);
    ev.verb = c->verb;
    memcpy(ev.text, c->text, sizeof ev.text);
    call_step(e, c, room, &ev, NULL);
}

static void
approval_row(const struct engine_call *c, const struct approval *a, uint8_t value[],
             struct audit_row *row)
{
    memcpy(value, c->bytes, APPROVAL_BYTES);
    memcpy(value + APPROVAL_BYTES, c->sig.b, BATON_SIG_BYTES);
    row->table = TABLE_APPROVAL;
    row->key_len = 2 * BATON_ID_BYTES;
    memcpy(row->key, c->cutover.b, BATON_ID_BYTES);
    memcpy(row->key + BATON_ID_BYTES, a->id.b, BATON_ID_BYTES);
    row->value = value;
    row->len = APPROVAL_BYTES + BATON_SIG_BYTES;
}

static void
next_signer(struct engine_call *c, const struct room *room, const struct seat *seat,
            enum approval_verb verb, int64_t more)
{
    const struct line_names names = {room->t.info.name, seat->row.host, ""};
    struct line l;
    line_start(&l, c->problem.next, sizeof c->problem.next);
    line_put(&l, "people who must sign it too before it leaves: ");
    line_int(&l, more);
    line_put(&l, "; each: baton agent ");
    line_put(&l, approval_verb_name(verb));
    line_template(&l, " TENANT OLD_HOST", &names);
}

/* Two verbs are for one agent's eyes: they travel with the next question to it, when as many people
 * have signed as it will count. */
static void
approval_carry(struct engine *e, struct engine_call *c, const struct room *room,
               const struct approval *a)
{
    const struct approvals_view v = {e->trust_known ? &e->trust : NULL, &e->p.digest, e->unix_ms};
    const struct signed_approval *list[CUTOVER_APPROVALS_MAX];
    struct seat *seat = seat_find(e, &a->subject);
    if ((a->verb != VERB_READMIT && a->verb != VERB_DISARM) || v.trust == NULL || seat == NULL ||
        seat->row.revoked || !baton_id_eq(&seat->row.tenant, &a->tenant))
        return;
    size_t have = approvals_alike(&room->t, a, &v, list);
    unsigned want = trust_quorum(v.trust, (enum approval_verb)a->verb);
    if (have >= want)
        order_status(e, seat, list, have, false);
    else
        next_signer(c, room, seat, (enum approval_verb)a->verb, (int64_t)(want - have));
}

static void
call_approval(struct engine *e, struct engine_call *c)
{
    struct room *room = room_find(e, &c->tenant);
    struct signed_approval sa = {.sig = c->sig};
    struct tenant_event ev;
    struct audit_row row;
    uint8_t value[APPROVAL_BYTES + BATON_SIG_BYTES];
    if (!cutover_named(e, c, room))
        return;
    if (c->len != APPROVAL_BYTES || approval_decode(c->bytes, c->len, &sa.a) != BATON_OK) {
        call_fail(c, BATON_MALFORMED, "baton approval sign", "this is not an approval");
        return;
    }
    if (!baton_id_eq(&sa.a.tenant, &c->tenant) || !baton_id_eq(&sa.a.operator, & c->actor)) {
        call_fail(c, BATON_DENIED, "baton approval sign",
                  "an approval is handed in by the person who signed it, for that tenant");
        return;
    }
    approval_row(c, &sa.a, value, &row);
    event_init(e, &ev, TEV_APPROVAL);
    ev.approval = &sa;
    call_step(e, c, room, &ev, &row);
    if (c->problem.status == BATON_OK)
        approval_carry(e, c, room, &sa.a);
}

static void
call_disposition(struct engine *e, struct engine_call *c)
{
    struct room *room = room_find(e, &c->tenant);
    if (cutover_named(e, c, room))
        findings_dispose(e, c, room);
}

static void
call_rows_fetch(struct engine *e, struct engine_call *c)
{
    struct room *room = room_find(e, &c->tenant);
    if (cutover_named(e, c, room))
        letter_fetch(e, c, room);
}

/* ---- logins ----------------------------------------------------------------------------------- */

static void
call_login_add(struct engine *e, struct engine_call *c)
{
    struct login l;
    memset(&l, 0, sizeof l);
    if (!baton_name_valid(c->name) || c->roles == 0) {
        call_fail(c, BATON_USAGE, "baton login add NAME --roles view,operate",
                  "a login needs a name and roles");
        return;
    }
    l.operator= c->subject;
    if (baton_id_is_zero(&l.operator))
        e->p.random(e->p.ctx, l.operator.b, sizeof l.operator.b);
    memcpy(l.name, c->name, sizeof l.name);
    l.roles = c->roles;
    l.tenant_count = baton_id_is_zero(&c->tenant) ? 0 : 1;
    l.tenant[0] = c->tenant;
    l.made_unix_ms = e->unix_ms;
    l.expires_unix_ms = c->ttl_ms != 0 ? e->unix_ms + c->ttl_ms : 0;

    uint8_t secret[LOGIN_SECRET_BYTES], row[LOGIN_BYTES_MAX];
    struct baton_hash key;
    struct audit_record r;
    struct baton_key actor = actor_key(e, c);
    e->p.random(e->p.ctx, secret, sizeof secret);
    login_token_format(secret, (char *)c->bytes);
    memset(secret, 0, sizeof secret);
    c->len = LOGIN_TOKEN_BYTES - 1;
    login_token_key(&e->p.digest, (char *)c->bytes, &key);
    record_init(e, &r, AUDIT_LOGIN, NULL, &actor);
    record_text(&r, "a login was made");
    journal_row(e, &r, TABLE_LOGIN, key.b, sizeof key.b, row, login_encode(&l, row));
    c->audit_seq = journal_record(e, &r);
    c->id = l.operator;
    if (login_add(e, &key, &l) == NULL)
        journal_failed(e, BATON_NOMEM, "a login");
}

static void
login_drop(struct engine *e, struct engine_call *c, size_t at)
{
    struct audit_record r;
    struct baton_key actor = actor_key(e, c);
    record_init(e, &r, AUDIT_LOGIN, NULL, &actor);
    record_text(&r, "a login was removed");
    journal_drop(e, &r, TABLE_LOGIN, e->login[at].key.b, sizeof e->login[at].key.b);
    c->audit_seq = journal_record(e, &r);
    e->login[at] = e->login[--e->login_count];
}

static void
call_login_remove(struct engine *e, struct engine_call *c)
{
    size_t before = e->login_count;
    for (size_t i = e->login_count; i > 0; i--)
        if (baton_id_eq(&e->login[i - 1].login.operator, & c->subject))
            login_drop(e, c, i - 1);
    if (e->login_count == before)
        call_fail(c, BATON_NOT_FOUND, "baton login list", "nobody with that id can log in");
}

/* ---- one table, one door ---------------------------------------------------------------------- */

enum scope { SCOPE_SITE, SCOPE_TENANT };

static const struct call_row {
    void (*handle)(struct engine *e, struct engine_call *c);
    enum scope scope;
    bool secret; /* its answer is shown once and kept nowhere */
    const char *name;
} call_rows[] = {
    [CALL_TENANT_CREATE] = {call_tenant_create, SCOPE_SITE, false, "tenant create"},
    [CALL_TENANT_POLICY] = {call_tenant_policy, SCOPE_TENANT, false, "tenant policy"},
    [CALL_TENANT_WINDOW] = {call_tenant_window, SCOPE_TENANT, false, "tenant window"},
    [CALL_TENANT_LIMITS] = {call_tenant_limits, SCOPE_TENANT, false, "tenant verification"},
    [CALL_AGENT_TOKEN] = {call_token, SCOPE_TENANT, true, "agent token"},
    [CALL_AGENT_CONFIRM] = {call_confirm, SCOPE_TENANT, false, "agent confirm"},
    [CALL_AGENT_REVOKE] = {call_revoke, SCOPE_TENANT, false, "agent revoke"},
    [CALL_TRUST_PUT] = {call_trust_put, SCOPE_SITE, false, "trust put"},
    [CALL_CUTOVER_CREATE] = {call_cutover_create, SCOPE_TENANT, false, "cutover create"},
    [CALL_CUTOVER_VERB] = {call_cutover_verb, SCOPE_TENANT, false, "cutover verb"},
    [CALL_APPROVAL] = {call_approval, SCOPE_TENANT, false, "approval"},
    [CALL_DISPOSITION] = {call_disposition, SCOPE_TENANT, false, "disposition"},
    [CALL_ROWS] = {call_rows_fetch, SCOPE_TENANT, true, "cutover rows"},
    [CALL_LOGIN_ADD] = {call_login_add, SCOPE_SITE, true, "login add"},
    [CALL_LOGIN_REMOVE] = {call_login_remove, SCOPE_SITE, false, "login remove"},
};

static bool
trust_limits(const struct engine *e, const struct engine_call *c)
{
    const struct trust_operator *o =
        e->trust_known ? trust_operator_find(&e->trust, &c->actor) : NULL;
    if (o == NULL || o->tenant_count == 0)
        return false;
    for (uint8_t i = 0; i < o->tenant_count; i++)
        if (baton_id_eq(&o->tenant[i], &c->tenant))
            return false;
    return true;
}

/* Who may speak about what. Roles were checked where the person logged in. */
static bool
actor_may(const struct engine *e, const struct engine_call *c, enum scope scope)
{
    if (baton_id_is_zero(&c->actor))
        return c->kind == CALL_LOGIN_ADD && e->login_count == 0;
    bool allowed = false;
    for (size_t i = 0; i < e->login_count; i++) {
        const struct login *l = &e->login[i].login;
        if (!baton_id_eq(&l->operator, & c->actor) ||
            (l->expires_unix_ms != 0 && l->expires_unix_ms <= e->unix_ms))
            continue;
        allowed =
            allowed || (scope == SCOPE_SITE ? l->tenant_count == 0 : login_sees(l, &c->tenant));
    }
    return allowed && (scope == SCOPE_SITE || !trust_limits(e, c));
}

static bool
call_may(struct engine *e, struct engine_call *c, const struct call_row *row)
{
    if (!actor_may(e, c, row->scope))
        call_fail(c, BATON_DENIED, "baton login show", "%s: not for this operator%s", row->name,
                  row->scope == SCOPE_TENANT ? " in this tenant" : "");
    else if (row->scope == SCOPE_TENANT && room_find(e, &c->tenant) == NULL)
        call_fail(c, BATON_NOT_FOUND, "baton tenant list", "no such tenant");
    return c->problem.status == BATON_OK;
}

/* ---- the same key answers the same ------------------------------------------------------------ */

enum { IDEMPOTENCY_BYTES = BATON_HASH_BYTES + 8 + BATON_ID_BYTES + 8 };

static size_t
idempotency_key(const struct engine_call *c, uint8_t key[STORE_KEY_BYTES], const struct engine *e)
{
    struct baton_hash h;
    e->p.digest.sha256(e->p.digest.ctx, c->idempotency, strlen(c->idempotency), &h);
    memcpy(key, c->actor.b, BATON_ID_BYTES);
    memcpy(key + BATON_ID_BYTES, h.b, BATON_HASH_BYTES);
    return BATON_ID_BYTES + BATON_HASH_BYTES;
}

/* Everything that was asked for, so that a key used for another wish is noticed. */
static void
call_digest(const struct engine *e, const struct engine_call *c, struct baton_hash *ret_hash)
{
    enum { FIXED = 4096 };
    uint8_t *bytes = malloc(FIXED + CALL_BYTES_MAX);
    BATON_ASSERT(bytes != NULL);
    struct canon_writer w;
    canon_writer_init(&w, bytes, FIXED + CALL_BYTES_MAX);
    canon_put_u8(&w, (uint8_t)c->kind);
    canon_put_id(&w, &c->tenant);
    canon_put_id(&w, &c->cutover);
    canon_put_id(&w, &c->subject);
    canon_put_fixed(&w, c->name, sizeof c->name);
    canon_put_fixed(&w, c->text, sizeof c->text);
    canon_put_key(&w, &c->key);
    canon_put_key(&w, &c->old_key);
    canon_put_key(&w, &c->new_key);
    canon_put_fixed(&w, c->sig.b, sizeof c->sig.b);
    canon_put_u32(&w, (uint32_t)c->verb);
    canon_put_u8(&w, c->profile);
    canon_put_u8(&w, c->role);
    canon_put_u16(&w, c->roles);
    canon_put_bool(&w, c->lab);
    canon_put_u64(&w, c->ttl_ms);
    canon_put_u64(&w, c->from_unix_ms);
    canon_put_u64(&w, c->until_unix_ms);
    for (size_t i = 0; i < POLICY_COUNT; i++)
        canon_put_i64(&w, c->policy_set[i] ? c->policy.v[i] : -1);
    canon_put_blob(&w, c->bytes, c->len);
    size_t len = 0;
    BATON_ASSERT(canon_finish(&w, &len) == BATON_OK);
    e->p.digest.sha256(e->p.digest.ctx, bytes, len, ret_hash);
    free(bytes);
}

static void
idempotency_store(struct engine *e, const struct engine_call *c, const struct baton_hash *asked)
{
    uint8_t key[STORE_KEY_BYTES], value[IDEMPOTENCY_BYTES];
    struct canon_writer w;
    size_t len = 0;
    canon_writer_init(&w, value, sizeof value);
    canon_put_hash(&w, asked);
    canon_put_u64(&w, e->unix_ms);
    canon_put_id(&w, &c->id);
    canon_put_u64(&w, c->audit_seq);
    BATON_ASSERT(canon_finish(&w, &len) == BATON_OK);
    size_t key_len = idempotency_key(c, key, e);
    journal_row(e, NULL, TABLE_IDEMPOTENCY, key, key_len, value, len);
}

/* True: answered from what is stored. */
static bool
idempotency_answers(struct engine *e, struct engine_call *c, const struct call_row *row,
                    const struct baton_hash *asked)
{
    uint8_t key[STORE_KEY_BYTES], *value;
    size_t len;
    if (!journal_get(e, TABLE_IDEMPOTENCY, key, idempotency_key(c, key, e), &value, &len))
        return false;
    struct canon_reader r;
    canon_reader_init(&r, value, len);
    struct baton_hash before = canon_get_hash(&r);
    uint64_t at = canon_get_u64(&r);
    struct baton_id id = canon_get_id(&r);
    uint64_t seq = canon_get_u64(&r);
    bool whole = canon_finished(&r);
    free(value);
    if (!whole || at + IDEMPOTENCY_MS < e->unix_ms)
        return false;
    if (!baton_hash_eq(&before, asked))
        call_fail(c, BATON_CONFLICT, "", "this idempotency key was used for another request");
    else if (row->secret)
        call_fail(c, BATON_CONFLICT, "ask again with another key",
                  "this was done, and its secret is shown only once");
    c->id = id;
    c->audit_seq = seq;
    return true;
}

static bool
worth_a_record(enum baton_status rc)
{
    return rc != BATON_OK && rc != BATON_USAGE && rc != BATON_NOT_FOUND && rc != BATON_CONFLICT &&
           rc != BATON_MALFORMED;
}

static void
call_refusal(struct engine *e, const struct engine_call *c, const struct call_row *row)
{
    char text[AUDIT_TEXT_BYTES];
    struct baton_key actor = actor_key(e, c);
    bool of_tenant = row->scope == SCOPE_TENANT && room_find(e, &c->tenant) != NULL;
    snprintf(text, sizeof text, "%s refused: %.127s", row->name, c->problem.title);
    journal_refusal(e, &e->callers, of_tenant ? &c->tenant : NULL, &actor, NULL, text);
}

void
call_handle(struct engine *e, struct engine_call *c)
{
    const struct call_row *row = &call_rows[c->kind];
    uint64_t size = e->journal.log_size;
    struct baton_hash asked = {{0}};
    memset(&c->problem, 0, sizeof c->problem);
    BATON_ASSERT((size_t)c->kind < ARRAY_LEN(call_rows) && c->len <= sizeof c->bytes);
    c->name[sizeof c->name - 1] = c->text[sizeof c->text - 1] = '\0';
    c->idempotency[sizeof c->idempotency - 1] = '\0';
    if (c->idempotency[0] != '\0') {
        call_digest(e, c, &asked);
        if (idempotency_answers(e, c, row, &asked))
            return;
    }
    if (call_may(e, c, row))
        row->handle(e, c);
    if (c->problem.status == BATON_OK && c->idempotency[0] != '\0')
        idempotency_store(e, c, &asked);
    if (worth_a_record(c->problem.status) && e->journal.log_size == size)
        call_refusal(e, c, row);
}

/* ---- keys that nobody will ask about any more ------------------------------------------------- */

struct sweep {
    const struct engine *e;
    size_t count;
    size_t key_len[64];
    uint8_t key[64][STORE_KEY_BYTES];
};

static bool
sweep_visit(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct sweep *s = arg;
    struct canon_reader r;
    canon_reader_init(&r, value, len);
    canon_get_hash(&r);
    uint64_t at = canon_get_u64(&r);
    if (at + IDEMPOTENCY_MS >= s->e->unix_ms || key_len > STORE_KEY_BYTES)
        return true;
    s->key_len[s->count] = key_len;
    memcpy(s->key[s->count++], key, key_len);
    return s->count < ARRAY_LEN(s->key);
}

void
calls_sweep(struct engine *e)
{
    struct sweep s = {.e = e};
    const struct store_port *p = &e->p.store;
    enum baton_status rc =
        p->each(p->ctx, TABLE_IDEMPOTENCY, NULL, 0, sweep_visit, &s, &e->journal.err);
    if (rc != BATON_OK)
        journal_failed(e, rc, "idempotency keys");
    for (size_t i = 0; i < s.count; i++)
        journal_drop(e, NULL, TABLE_IDEMPOTENCY, s.key[i], s.key_len[i]);
}
