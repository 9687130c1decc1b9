#include "api_views.h"

#include "controller/core/guards.h"
#include "controller/tenant_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
view_put_hex(json_t *o, const char *name, const void *bytes, size_t len)
{
    char text[2 * 64 + 1];
    BATON_ASSERT(len <= 64);
    baton_hex(bytes, len, text);
    json_object_set_new(o, name, json_string(text));
}

void
view_put_id(json_t *o, const char *name, const struct baton_id *id)
{
    view_put_hex(o, name, id->b, sizeof id->b);
}

void
view_put_guid(json_t *o, const char *name, const struct baton_id *id)
{
    char text[37];
    baton_guid_format(id, text);
    json_object_set_new(o, name, json_string(text));
}

void
view_put_key(json_t *o, const char *name, const struct baton_key *key)
{
    if (baton_key_is_zero(key))
        json_object_set_new(o, name, json_null());
    else
        view_put_hex(o, name, key->b, sizeof key->b);
}

void
view_put_hash(json_t *o, const char *name, const struct baton_hash *hash)
{
    if (baton_hash_is_zero(hash))
        json_object_set_new(o, name, json_null());
    else
        view_put_hex(o, name, hash->b, sizeof hash->b);
}

void
view_put_u64(json_t *o, const char *name, uint64_t v)
{
    json_object_set_new(o, name, json_integer((json_int_t)v));
}

json_t *
view_epoch(const struct epoch *e)
{
    json_t *o = json_object();
    view_put_u64(o, "counter", e->counter);
    view_put_id(o, "incarnation", &e->incarnation);
    return o;
}

static json_t *
view_fact(const struct fact *f, enum fact_id id)
{
    static const char *const tiers[] = {"T0", "T1", "T2"};
    if (f->state == FACT_ABSENT)
        return json_pack("{s:s, s:s}", "absent", fact_reason_name((enum fact_reason)f->reason),
                         "what", fact_what(id));
    return json_pack("{s:I, s:I, s:s, s:s}", "value", (json_int_t)f->value, "age_ms",
                     (json_int_t)f->age_ms, "tier", tiers[fact_tier(id)], "what", fact_what(id));
}

json_t *
view_facts(const struct facts *f)
{
    json_t *o = json_object();
    for (int i = 0; i < FACT_COUNT; i++)
        if (f->fact[i].state != FACT_UNKNOWN)
            json_object_set_new(o, fact_name((enum fact_id)i),
                                view_fact(&f->fact[i], (enum fact_id)i));
    json_t *digests = json_object();
    for (int i = 0; i < DIGEST_COUNT; i++)
        if (f->digest_known[i])
            view_put_hash(digests, digest_name((enum digest_id)i), &f->digest[i]);
    json_object_set_new(o, "digests", digests);
    return o;
}

/* Index of the agent with this key, or -1. */
static int
agent_of(const struct tenant *t, const struct baton_key *key)
{
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (t->agent[i].used && baton_key_eq(&t->agent[i].key, key))
            return i;
    return -1;
}

/* Host name of a key: of its agent, else of the plan's member. */
static const char *
host_of(const struct tenant *t, const struct baton_key *key)
{
    int i = baton_key_is_zero(key) ? -1 : agent_of(t, key);
    if (i >= 0)
        return t->agent[i].host;
    int m = t->plan_known ? plan_member_index(&t->plan, key) : -1;
    return m >= 0 ? t->plan.member[m].host : "";
}

static json_t *
view_server(const struct tenant *t, const struct baton_key *key)
{
    if (baton_key_is_zero(key))
        return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "host", json_string(host_of(t, key)));
    view_put_key(o, "key", key);
    return o;
}

static json_t *
view_state(enum handoff_state s)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:b}", "code", handoff_state_code(s), "title",
                     handoff_state_title(s), "phase", handoff_state_phase(s), "exporter",
                     handoff_state_exporter(s), "terminal", (int)handoff_state_terminal(s));
}

static bool
has_cutover(const struct tenant *t)
{
    return !baton_id_is_zero(&t->cutover.id);
}

static json_t *
view_window(const struct tenant_info *i)
{
    if (i->window_to_unix_ms == 0)
        return json_null();
    json_t *o = json_object();
    view_put_u64(o, "from_unix_ms", i->window_from_unix_ms);
    view_put_u64(o, "until_unix_ms", i->window_to_unix_ms);
    return o;
}

/* Null where the preset of the path counts alone. */
static void
put_limits(json_t *o, const struct baton_hash *limits)
{
    if (baton_hash_is_zero(limits))
        json_object_set_new(o, "verification_policy", json_null());
    else
        view_put_hash(o, "verification_policy", limits);
}

json_t *
view_tenant(const struct tenant *t)
{
    json_t *o = json_object();
    int agents = 0, connected = 0;
    for (int i = 0; i < MEMBERS_MAX; i++) {
        agents += t->agent[i].used && !t->agent[i].revoked;
        connected += t->agent[i].used && t->agent[i].connected;
    }
    view_put_guid(o, "id", &t->info.id);
    json_object_set_new(o, "name", json_string(t->info.name));
    json_object_set_new(o, "lab", json_boolean(t->info.lab));
    json_object_set_new(o, "window", view_window(&t->info));
    put_limits(o, &t->info.limits);
    json_object_set_new(o, "agents", json_integer(agents));
    json_object_set_new(o, "connected", json_integer(connected));
    json_object_set_new(o, "holder", view_server(t, &t->authority.holder));
    json_object_set_new(
        o, "phase", json_string(authority_phase_name((enum authority_phase)t->authority.phase)));
    json_object_set_new(o, "epoch", view_epoch(&t->authority.epoch));
    json_object_set_new(o, "recovering", json_boolean(t->authority.recovering));
    json_object_set_new(o, "reconcile", json_boolean(t->authority.reconcile));
    json_object_set_new(o, "cutover_open", json_boolean(t->cutover_open));
    if (has_cutover(t)) {
        view_put_id(o, "cutover", &t->cutover.id);
        json_object_set_new(o, "state", view_state((enum handoff_state)t->cutover.state));
    }
    return o;
}

json_t *
view_policy(const struct tenant *t)
{
    size_t n;
    const struct policy_row *rows = policy_rows(&n);
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++) {
        int64_t preset = t->info.lab ? rows[i].lab : rows[i].production;
        int64_t value = t->info.policy.v[rows[i].id];
        json_array_append_new(items, json_pack("{s:s, s:I, s:s, s:I, s:I, s:s, s:s}", "name",
                                               rows[i].name, "value", (json_int_t)value, "origin",
                                               value != preset ? "tenant"
                                               : t->info.lab   ? "preset lab"
                                                               : "preset production",
                                               "default", (json_int_t)preset, "floor",
                                               (json_int_t)rows[i].floor, "source", rows[i].source,
                                               "why", rows[i].why));
    }
    return items;
}

static void
put_age(json_t *o, const char *name, uint64_t at_ms, uint64_t now_ms)
{
    if (at_ms != 0 && at_ms <= now_ms)
        view_put_u64(o, name, now_ms - at_ms);
    else
        json_object_set_new(o, name, json_null());
}

static void
put_product(json_t *o, const struct facts *f)
{
    char version[32] = "";
    int64_t v = fact_or(f, FACT_PRODUCT_VERSION, 0);
    if (v != 0)
        snprintf(version, sizeof version, "%u.%u.%u.%u", (unsigned)(v >> 48 & 0xffff),
                 (unsigned)(v >> 32 & 0xffff), (unsigned)(v >> 16 & 0xffff),
                 (unsigned)(v & 0xffff));
    int64_t product = fact_or(f, FACT_PRODUCT_CLASS, PRODUCT_NONE);
    if (product < 0 || product >= PRODUCT_COUNT)
        product = PRODUCT_NONE;
    json_object_set_new(o, "product", json_string(product_name((enum product)product)));
    json_object_set_new(o, "product_version", json_string(version));
}

static void
put_authority_of_agent(json_t *o, const struct statement *s)
{
    json_object_set_new(o, "said", json_string(statement_type_name((enum statement_type)s->type)));
    json_object_set_new(o, "holding", json_boolean(s->holding));
    json_object_set_new(o, "tombstone", json_boolean(s->tombstone));
    json_object_set_new(o, "ever_exported", json_boolean(s->ever_exported));
    json_object_set_new(o, "guard", json_boolean(s->armed));
    json_object_set_new(o, "grant", json_string(grant_state_name((enum grant_state)s->grant)));
    json_object_set_new(o, "quarantine",
                        json_string(quarantine_name((enum quarantine_cause)s->quarantine)));
    json_object_set_new(o, "promise", view_epoch(&s->epoch));
}

/* Two copies speak with one key: no statement says so, the controller saw it. */
static void
put_bar(json_t *o, const struct tenant *t, const struct agent_view *a)
{
    json_object_set_new(o, "barred", json_boolean(a->barred));
    if (!a->barred)
        return;
    view_put_u64(o, "barred_unix_ms", a->alarm_unix_ms);
    json_object_set_new(o, "quarantine", json_string(quarantine_name(QUARANTINE_SESSIONS)));
    json_object_set_new(o, "do",
                        json_sprintf("switch one copy off, then: baton agent confirm %s %s, and "
                                     "start its agent anew",
                                     t->info.name, a->host));
}

/* Null: it is no member, so nothing waits for its word. Until then no order that moves the role leaves. */
static void
put_awaited(json_t *o, const struct tenant *t, const struct agent_view *a)
{
    int m = authority_member_index(&t->authority, &a->key);
    bool waits = m >= 0 && authority_awaits(&t->authority, (size_t)m);
    json_object_set_new(o, "awaited", m < 0 ? json_null() : json_boolean(waits));
    view_put_u64(o, "controller_started_unix_ms", t->started_unix_ms);
    if (!waits || a->barred || a->revoked)
        return;
    struct problem p = {.status = BATON_WAITING};
    problem_add_unheard_one(t, a, &p);
    json_object_set_new(o, "do",
                        json_sprintf("%s: see that its agent runs and reaches this controller; no "
                                     "order that moves the role leaves before it has answered",
                                     p.fact[0].text));
}

json_t *
view_agent(const struct tenant *t, uint8_t agent, const struct digest_port *dp, uint64_t now_ms,
           bool whole)
{
    const struct agent_view *a = &t->agent[agent];
    struct baton_hash fingerprint;
    agent_fingerprint(dp, &a->key, &a->box_key, &fingerprint);
    json_t *o = json_object();
    view_put_guid(o, "tenant", &t->info.id);
    json_object_set_new(o, "host", json_string(a->host));
    view_put_key(o, "key", &a->key);
    view_put_key(o, "box_key", &a->box_key);
    view_put_hash(o, "fingerprint", &fingerprint);
    json_object_set_new(o, "role", json_string(a->role == 'n' ? "new" : "old"));
    json_object_set_new(o, "version", json_string(a->version));
    json_object_set_new(o, "confirmed", json_boolean(a->confirmed));
    json_object_set_new(o, "connected", json_boolean(a->connected));
    json_object_set_new(o, "revoked", json_boolean(a->revoked));
    put_product(o, &a->facts);
    put_age(o, "seen_ago_ms", a->seen_ms, now_ms);
    put_age(o, "reported_ago_ms", a->reported_ms, now_ms);
    json_object_set_new(o, "skew_ms", json_integer((json_int_t)a->skew_ms));
    if (a->statement_known)
        put_authority_of_agent(o, &a->statement);
    put_bar(o, t, a);
    put_awaited(o, t, a);
    if (!baton_id_is_zero(&a->confirmed_by)) {
        view_put_id(o, "confirmed_by", &a->confirmed_by);
        view_put_hex(o, "confirmation", a->confirmation.b, sizeof a->confirmation.b);
    }
    if (whole) {
        json_object_set_new(o, "facts", view_facts(&a->facts));
        json_object_set_new(o, "note", json_string(a->facts.note));
        json_object_set_new(o, "alarm", json_string(a->alarm));
        view_put_u64(o, "alarm_unix_ms", a->alarm_unix_ms);
    }
    return o;
}

static json_t *
view_member(const struct tenant *t, uint8_t at)
{
    const struct authority_member *m = &t->authority.member[at];
    json_t *o = view_server(t, &m->key);
    if (!json_is_object(o))
        return o;
    json_object_set_new(o, "product", json_string(product_name((enum product)m->product)));
    json_object_set_new(o, "kind", json_string(fence_kind_name((enum fence_kind)m->kind)));
    json_object_set_new(o, "said", json_string(statement_type_name((enum statement_type)m->said)));
    json_object_set_new(o, "accepted", json_boolean(m->accepted));
    json_object_set_new(o, "awaited", json_boolean(authority_awaits(&t->authority, at)));
    json_object_set_new(o, "tamper", json_boolean(m->tamper_open));
    json_object_set_new(o, "ever_exported", json_boolean(m->ever_exported));
    json_object_set_new(o, "retired", json_boolean(m->retired));
    json_object_set_new(o, "attested", json_boolean(m->attested));
    json_object_set_new(o, "grant", json_string(grant_state_name((enum grant_state)m->grant)));
    json_object_set_new(o, "quarantine",
                        json_string(quarantine_name((enum quarantine_cause)m->quarantine)));
    if (m->refusal != REFUSE_NONE)
        json_object_set_new(o, "refusal", json_string(refusal_text((enum refusal)m->refusal)));
    view_put_hash(o, "evidence", &m->evidence);
    json_object_set_new(o, "promise", view_epoch(&m->promise));
    return o;
}

json_t *
view_authority(const struct tenant *t)
{
    const struct authority *a = &t->authority;
    json_t *o = json_object();
    json_object_set_new(o, "phase",
                        json_string(authority_phase_name((enum authority_phase)a->phase)));
    json_object_set_new(o, "epoch", view_epoch(&a->epoch));
    json_object_set_new(o, "recipient", view_server(t, &a->recipient));
    json_object_set_new(o, "holder", view_server(t, &a->holder));
    json_object_set_new(o, "serial", json_integer(a->serial));
    json_object_set_new(o, "recovering", json_boolean(a->recovering));
    view_put_u64(o, "controller_started_unix_ms", t->started_unix_ms);
    json_object_set_new(o, "reconcile", json_boolean(a->reconcile));
    json_object_set_new(o, "point_of_no_return", json_boolean(a->ponr));
    json_object_set_new(o, "complete", json_boolean(authority_complete(a)));
    json_t *members = json_array();
    for (uint8_t i = 0; i < a->member_count; i++)
        json_array_append_new(members, view_member(t, i));
    json_object_set_new(o, "members", members);
    return o;
}

json_t *
view_verification(const struct verification *v)
{
    json_t *o = json_object(), *items = json_object();
    for (int i = 0; i < VERIFY_COUNT; i++)
        json_object_set_new(items, verification_name((enum verification_id)i),
                            v->known[i] ? json_integer((json_int_t)v->value[i]) : json_null());
    json_object_set_new(o, "verdict", json_string(verdict_name((enum verdict)v->verdict)));
    json_object_set_new(o, "items", items);
    view_put_hash(o, "settings", &v->settings);
    view_put_hash(o, "config", &v->config);
    view_put_hash(o, "rules", &v->rules);
    view_put_hash(o, "pending", &v->pending);
    view_put_hash(o, "runs", &v->runs);
    view_put_hash(o, "findings", &v->findings);
    view_put_hash(o, "dispositions", &v->dispositions);
    put_limits(o, &v->limits);
    view_put_u64(o, "taken_unix_ms", v->taken_unix_ms);
    return o;
}

static json_t *
view_review(const struct review *r)
{
    json_t *o = json_object();
    view_put_hash(o, "findings", &r->findings);
    json_object_set_new(o, "rows", json_integer((json_int_t)r->row_count + r->more));
    json_object_set_new(o, "open", json_integer(review_open(r, SEVERITY_REVIEW)));
    json_object_set_new(o, "blocking", json_integer(review_open(r, SEVERITY_BLOCK)));
    json_object_set_new(o, "dispositions", json_integer(r->disposition_count));
    return o;
}

/* The gap as it is known: real times only when the marks are set. */
static json_t *
view_gap(const struct cutover *c)
{
    if (c->gap_from_unix_ms == 0)
        return json_null();
    json_t *o = json_object();
    view_put_u64(o, "from_unix_ms", c->gap_from_unix_ms);
    if (c->gap_to_unix_ms != 0) {
        view_put_u64(o, "to_unix_ms", c->gap_to_unix_ms);
        if (c->gap_to_unix_ms >= c->gap_from_unix_ms)
            view_put_u64(o, "ms", c->gap_to_unix_ms - c->gap_from_unix_ms);
    }
    return o;
}

static void
put_flags(json_t *o, const struct cutover *c)
{
    json_object_set_new(o, "point_of_no_return", json_boolean(c->ponr));
    json_object_set_new(o, "settings_sealed", json_boolean(c->settings_sealed));
    json_object_set_new(o, "accepted", json_boolean(c->accepted));
    json_object_set_new(o, "path_overridden", json_boolean(c->path_overridden));
    json_object_set_new(o, "late_activation", json_boolean(c->late_activation));
    json_object_set_new(o, "local_fence_only", json_boolean(c->local_fence_only));
    json_object_set_new(o, "no_go", json_boolean(c->no_go));
    json_object_set_new(o, "breach", json_boolean(c->breach));
}

json_t *
view_cutover(const struct tenant *t)
{
    const struct cutover *c = &t->cutover;
    char grade[2] = {c->grade, '\0'};
    json_t *o = json_object();
    view_put_id(o, "id", &c->id);
    view_put_guid(o, "tenant", &t->info.id);
    json_object_set_new(o, "tenant_name", json_string(t->info.name));
    json_object_set_new(o, "lab", json_boolean(t->info.lab));
    json_object_set_new(o, "open", json_boolean(t->cutover_open));
    json_object_set_new(o, "profile", json_string(profile_name((enum profile)c->profile)));
    json_object_set_new(o, "state", view_state((enum handoff_state)c->state));
    view_put_u64(o, "since_unix_ms", c->entered_unix_ms);
    if (c->old_agent < MEMBERS_MAX)
        json_object_set_new(o, "old", view_server(t, &t->agent[c->old_agent].key));
    if (c->new_agent < MEMBERS_MAX)
        json_object_set_new(o, "new", view_server(t, &t->agent[c->new_agent].key));
    view_put_hash(o, "plan", &c->plan);
    view_put_hash(o, "verification_hash", &c->verification_hash);
    json_object_set_new(o, "verification", view_verification(&c->verification));
    json_object_set_new(o, "review", view_review(&c->review));
    json_object_set_new(o, "approvals", json_integer(c->approval_count));
    json_object_set_new(o, "reason", json_string(c->reason));
    json_object_set_new(o, "grade", json_string(grade));
    json_object_set_new(o, "gap", view_gap(c));
    put_flags(o, c);
    json_object_set_new(o, "authority", view_authority(t));
    json_t *rules = json_array();
    for (uint32_t i = 0; i < c->rules_fired_count && i < ARRAY_LEN(c->rules_fired); i++)
        json_array_append_new(rules, json_integer(c->rules_fired[i]));
    json_object_set_new(o, "rules_fired", rules);
    return o;
}

json_t *
view_task(const struct task *task)
{
    json_t *o = json_object(), *lines = json_array();
    for (uint8_t i = 0; i < task->line_count && i < TASK_LINES_MAX; i++)
        json_array_append_new(lines, json_string(task->line[i].text));
    json_object_set_new(o, "title", json_string(task->title));
    json_object_set_new(o, "host", json_string(task->host));
    json_object_set_new(o, "lines", lines);
    json_object_set_new(o, "warning", json_string(task->warning));
    json_object_set_new(o, "done_when", json_string(task->done_when));
    return o;
}

json_t *
view_problem(const struct problem *p)
{
    json_t *o = json_object(), *facts = json_array();
    for (uint8_t i = 0; i < p->fact_count && i < PROBLEM_FACTS_MAX; i++)
        json_array_append_new(facts, json_string(p->fact[i].text));
    json_object_set_new(o, "blocked", json_boolean(p->status != BATON_OK));
    json_object_set_new(o, "code", json_string(baton_status_name(p->status)));
    json_object_set_new(o, "title", json_string(p->title));
    json_object_set_new(o, "rule", p->rule != 0 ? json_integer(p->rule) : json_null());
    json_object_set_new(
        o, "guard", p->guard != 0 ? json_string(guard_name((enum guard_id)p->guard)) : json_null());
    json_object_set_new(o, "facts", facts);
    view_put_u64(o, "since_unix_ms", p->since_unix_ms);
    json_object_set_new(o, "who", json_string(p->who));
    json_object_set_new(o, "next", json_string(p->next));
    return o;
}

json_t *
view_assessment(const struct assessment *a)
{
    json_t *reasons = json_array();
    for (uint8_t i = 0; i < a->reason_count && i < REASONS_MAX; i++)
        json_array_append_new(
            reasons, json_pack("{s:s, s:s}", "code", a->reason[i].code, "text", a->reason[i].text));
    json_t *by =
        json_pack("{s:s, s:I, s:I}", "from", a->handoffs > 0 ? "site" : "documented", "handoffs",
                  (json_int_t)a->handoffs, "ms_per_50k", (json_int_t)a->ms_per_50k);
    return json_pack("{s:I, s:I, s:o, s:s, s:s, s:b, s:o}", "objects", (json_int_t)a->objects,
                     "expected_ms", (json_int_t)a->expected_ms, "estimate", by, "recommended",
                     profile_name((enum profile)a->recommended), "chosen",
                     profile_name((enum profile)a->chosen), "blocked", (int)a->blocked, "reasons",
                     reasons);
}

json_t *
view_statement(const struct statement *s)
{
    json_t *o = json_object();
    put_authority_of_agent(o, s);
    view_put_guid(o, "tenant", &s->tenant);
    view_put_key(o, "member", &s->member);
    view_put_key(o, "recipient", &s->recipient);
    view_put_u64(o, "counter", s->counter);
    json_object_set_new(o, "serial", json_integer(s->serial));
    json_object_set_new(o, "kind", json_string(fence_kind_name((enum fence_kind)s->kind)));
    json_object_set_new(o, "facts", view_facts(&s->facts));
    json_object_set_new(o, "note", json_string(s->facts.note));
    view_put_u64(o, "said_unix_ms", s->said_unix_ms);
    return o;
}

json_t *
view_signed_statement(const struct baton_hash *hash, const uint8_t *bytes, size_t len,
                      const struct baton_sig *sig)
{
    struct statement *s = calloc(1, sizeof *s);
    char *hex = malloc(2 * len + 1);
    json_t *o = json_object();
    if (s != NULL && hex != NULL && statement_decode(bytes, len, s) == BATON_OK) {
        baton_hex(bytes, len, hex);
        view_put_key(o, "member", &s->member);
        view_put_hash(o, "hash", hash);
        view_put_hex(o, "signature", sig->b, sizeof sig->b);
        json_object_set_new(o, "bytes", json_string(hex));
        json_object_set_new(o, "says", view_statement(s));
    }
    free(s);
    free(hex);
    return o;
}

json_t *
view_finding(const struct finding *f)
{
    json_t *o = json_object();
    json_object_set_new(o, "rule", json_string(f->rule));
    json_object_set_new(o, "severity",
                        json_string(finding_severity_name((enum finding_severity)f->severity)));
    json_object_set_new(o, "subject", json_string(f->subject));
    view_put_u64(o, "count", f->count);
    if (f->limit != FINDING_NO_LIMIT)
        view_put_u64(o, "limit", f->limit);
    json_object_set_new(o, "why", json_string(f->why));
    json_object_set_new(o, "advice", json_string(f->advice));
    view_put_hash(o, "row", &f->row);
    return o;
}

json_t *
view_disposition(const struct disposition *d, const struct baton_sig *sig,
                 const struct trust_doc *trust_or_null)
{
    const struct trust_operator *op =
        trust_or_null != NULL ? trust_operator_find(trust_or_null, &d->operator) : NULL;
    json_t *o = json_object();
    json_object_set_new(o, "kind",
                        json_string(disposition_kind_name((enum disposition_kind)d->kind)));
    view_put_id(o, "operator", &d->operator);
    json_object_set_new(o, "name", json_string(op != NULL ? op->name : ""));
    json_object_set_new(o, "reason", json_string(d->reason));
    view_put_u64(o, "made_unix_ms", d->made_unix_ms);
    view_put_hex(o, "signature", sig->b, sizeof sig->b);
    return o;
}

json_t *
view_approval(const struct signed_approval *sa, const struct trust_doc *trust_or_null)
{
    const struct approval *a = &sa->a;
    const struct trust_operator *op =
        trust_or_null != NULL ? trust_operator_find(trust_or_null, &a->operator) : NULL;
    json_t *o = json_object();
    json_object_set_new(o, "verb", json_string(approval_verb_name((enum approval_verb)a->verb)));
    view_put_id(o, "id", &a->id);
    view_put_id(o, "operator", &a->operator);
    json_object_set_new(o, "name", json_string(op != NULL ? op->name : ""));
    view_put_guid(o, "tenant", &a->tenant);
    view_put_hash(o, "plan", &a->plan);
    view_put_hash(o, "verification", &a->verification);
    view_put_key(o, "recipient", &a->recipient);
    json_object_set_new(o, "base", view_epoch(&a->base));
    view_put_u64(o, "not_after_unix_ms", a->not_after_ms);
    view_put_hex(o, "signature", sa->sig.b, sizeof sa->sig.b);
    return o;
}

json_t *
view_operator(const struct trust_operator *op)
{
    char roles[96];
    json_t *o = json_object(), *tenants = json_array();
    login_roles_format(op->roles, roles, sizeof roles);
    view_put_id(o, "id", &op->id);
    json_object_set_new(o, "name", json_string(op->name));
    view_put_key(o, "key", &op->key);
    json_object_set_new(o, "roles", json_string(roles));
    json_object_set_new(o, "kind", json_string(op->kind == OPERATOR_BROWSER ? "browser" : "file"));
    for (uint8_t i = 0; i < op->tenant_count; i++) {
        char guid[37];
        baton_guid_format(&op->tenant[i], guid);
        json_array_append_new(tenants, json_string(guid));
    }
    json_object_set_new(o, "tenants", tenants);
    return o;
}

json_t *
view_login(const struct login *l)
{
    char roles[96];
    json_t *o = json_object(), *tenants = json_array();
    login_roles_format(l->roles, roles, sizeof roles);
    view_put_id(o, "operator", &l->operator);
    json_object_set_new(o, "name", json_string(l->name));
    json_object_set_new(o, "roles", json_string(roles));
    for (uint8_t i = 0; i < l->tenant_count; i++) {
        char guid[37];
        baton_guid_format(&l->tenant[i], guid);
        json_array_append_new(tenants, json_string(guid));
    }
    json_object_set_new(o, "tenants", tenants);
    view_put_u64(o, "made_unix_ms", l->made_unix_ms);
    view_put_u64(o, "expires_unix_ms", l->expires_unix_ms);
    return o;
}

json_t *
view_audit(const struct audit_record *r)
{
    json_t *o = json_object(), *refs = json_array();
    view_put_u64(o, "seq", r->seq);
    json_object_set_new(o, "type", json_string(audit_type_name((enum audit_type)r->type)));
    if (baton_id_is_zero(&r->tenant))
        json_object_set_new(o, "tenant", json_null());
    else
        view_put_guid(o, "tenant", &r->tenant);
    view_put_u64(o, "tenant_seq", r->tenant_seq);
    view_put_key(o, "actor", &r->actor);
    if (!baton_id_is_zero(&r->cutover))
        view_put_id(o, "cutover", &r->cutover);
    view_put_u64(o, "unix_ms", r->unix_ms);
    json_object_set_new(o, "epoch", view_epoch(&r->epoch));
    if (r->rule != 0)
        json_object_set_new(o, "rule", json_integer(r->rule));
    if (r->type == AUDIT_MOVED) {
        json_object_set_new(o, "from",
                            json_string(handoff_state_code((enum handoff_state)r->from)));
        json_object_set_new(o, "to", json_string(handoff_state_code((enum handoff_state)r->to)));
    }
    json_object_set_new(o, "text", json_string(r->text));
    for (uint8_t i = 0; i < r->ref_count && i < AUDIT_REFS_MAX; i++) {
        char hex[65];
        baton_hex(r->ref[i].b, 32, hex);
        json_array_append_new(refs, json_string(hex));
    }
    json_object_set_new(o, "refs", refs);
    return o;
}
