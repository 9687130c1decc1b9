#include "api_page.h"
#include "api_private.h"
#include "api_views.h"

#include "controller/fleet.h"

#include <stdlib.h>
#include <string.h>

static bool
has_cutover(const struct tenant_row *row)
{
    return !baton_id_is_zero(&row->cutover);
}

static bool
has_open_cutover(const struct tenant_row *row)
{
    return row->cutover_open;
}

static void
view_one_cutover(struct api_request *rq, json_t *items)
{
    json_array_append_new(items, view_cutover(rq->tenant));
}

void
api_cutover_list(struct api_request *rq)
{
    struct tenant_page page;
    if (tenant_page_read(rq, has_cutover, &page))
        tenant_page_answer(&page, view_one_cutover);
}

void
api_cutover_show(struct api_request *rq)
{
    api_etag_set(rq);
    api_answer_json(rq, MHD_HTTP_OK, view_cutover(rq->tenant));
}

static bool
profile_parse(const char *name, uint8_t *ret_profile)
{
    for (int p = PROFILE_NONE; p < PROFILE_COUNT; p++)
        if (name[0] == '\0' || strcmp(profile_name((enum profile)p), name) == 0) {
            *ret_profile = (uint8_t)p;
            return true;
        }
    return false;
}

void
api_cutover_create(struct api_request *rq)
{
    uint8_t profile;
    if (!profile_parse(api_text(rq, "profile"), &profile)) {
        api_answer_status(
            rq, BATON_MALFORMED,
            "profile: parallel, in-place, swing, unsupported, dead-source, audit-only");
        return;
    }
    struct engine_call *c = api_call_new(rq, CALL_CUTOVER_CREATE);
    if (c == NULL)
        return;
    c->profile = profile;
    api_hex(rq, "old", c->old_key.b, sizeof c->old_key.b);
    api_hex(rq, "new", c->new_key.b, sizeof c->new_key.b);
    api_call_answer(rq, c, MHD_HTTP_CREATED);
}

void
api_cutover_verb(struct api_request *rq)
{
    enum handoff_event verb = handoff_verb_parse(rq->param_verb);
    if (verb == HEV_NONE) {
        api_answer_status(rq, BATON_NOT_FOUND, "no such verb");
        return;
    }
    struct engine_call *c = api_call_new(rq, CALL_CUTOVER_VERB);
    if (c == NULL)
        return;
    c->verb = verb;
    api_call_answer(rq, c, MHD_HTTP_OK);
}

void
api_cutover_explain(struct api_request *rq)
{
    struct problem p = {0};
    tenant_explain(rq->tenant, api_now_ms(), rq->api->digest, api_trust_known(rq), &p);
    api_etag_set(rq);
    api_answer_json(rq, MHD_HTTP_OK, view_problem(&p));
}

void
api_cutover_task(struct api_request *rq)
{
    struct task task = {0};
    if (tenant_task(rq->tenant, &task))
        api_answer_json(rq, MHD_HTTP_OK, view_task(&task));
    else
        api_answer_json(rq, MHD_HTTP_OK, json_object());
}

void
api_cutover_plan(struct api_request *rq)
{
    api_answer_document(rq, &rq->tenant->cutover.plan,
                        "the plan of this cutover is not frozen yet");
}

void
api_cutover_limits(struct api_request *rq)
{
    static const struct baton_hash none;
    const struct tenant *t = rq->tenant;
    api_answer_document(rq, baton_hash_is_zero(&t->cutover.plan) ? &none : &t->plan.limits,
                        "the plan of this cutover names no verification policy");
}

void
api_cutover_verification(struct api_request *rq)
{
    api_answer_document(rq, &rq->tenant->cutover.verification_hash,
                        "no verification was accepted yet");
}

/* GRANT carries the serial above the last one of this epoch: go signs that number. */
void
api_cutover_evidence(struct api_request *rq)
{
    const struct authority *a = &rq->tenant->authority;
    json_t *o = json_object(), *members = json_array();
    for (uint8_t i = 0; i < a->member_count; i++) {
        uint8_t *bytes = NULL;
        size_t len = 0;
        struct baton_sig sig;
        if (baton_hash_is_zero(&a->member[i].evidence))
            continue;
        if (!api_object(rq, &a->member[i].evidence, &bytes, &len, &sig)) {
            json_decref(o);
            json_decref(members);
            return;
        }
        json_t *one = view_signed_statement(&a->member[i].evidence, bytes, len, &sig);
        int member = plan_member_index(&rq->tenant->plan, &a->member[i].key);
        json_object_set_new(one, "host",
                            json_string(member >= 0 ? rq->tenant->plan.member[member].host : ""));
        json_array_append_new(members, one);
        free(bytes);
    }
    json_object_set_new(o, "phase",
                        json_string(authority_phase_name((enum authority_phase)a->phase)));
    json_object_set_new(o, "epoch", view_epoch(&a->epoch));
    view_put_key(o, "recipient", &a->recipient);
    json_object_set_new(o, "serial", json_integer((json_int_t)a->serial + 1));
    json_object_set_new(o, "complete", json_boolean(authority_complete(a)));
    view_put_u64(o, "asked_ago_ms",
                 a->asked_ms != 0 && api_now_ms() >= a->asked_ms ? api_now_ms() - a->asked_ms : 0);
    json_object_set_new(o, "members", members);
    api_etag_set(rq);
    api_answer_json(rq, MHD_HTTP_OK, o);
}

static void
view_approvals(struct api_request *rq, json_t *items)
{
    const struct cutover *c = &rq->tenant->cutover;
    for (uint32_t i = 0; i < c->approval_count && i < CUTOVER_APPROVALS_MAX; i++) {
        json_t *o = view_approval(&c->approval[i], api_trust_known(rq));
        view_put_id(o, "cutover", &c->id);
        json_object_set_new(o, "tenant_name", json_string(rq->tenant->info.name));
        json_array_append_new(items, o);
    }
}

void
api_cutover_approvals(struct api_request *rq)
{
    json_t *items = json_array();
    view_approvals(rq, items);
    api_answer_page(rq, items, "");
}

void
api_approval_list(struct api_request *rq)
{
    struct tenant_page page;
    if (tenant_page_read(rq, has_open_cutover, &page))
        tenant_page_answer(&page, view_approvals);
}

void
api_cutover_approve(struct api_request *rq)
{
    struct engine_call *c = api_call_new(rq, CALL_APPROVAL);
    if (c == NULL)
        return;
    c->len = APPROVAL_BYTES;
    if (!api_hex(rq, "bytes", c->bytes, APPROVAL_BYTES)) {
        api_call_free(c);
        api_answer_status(rq, BATON_MALFORMED, "an approval has %d bytes", (int)APPROVAL_BYTES);
        return;
    }
    api_hex(rq, "signature", c->sig.b, sizeof c->sig.b);
    api_call_answer(rq, c, MHD_HTTP_CREATED);
}

static bool
agent_index(const struct tenant *t, const char *hex, uint8_t *ret_agent)
{
    struct baton_key key;
    if (!baton_unhex(hex, key.b, sizeof key.b))
        return false;
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (t->agent[i].used && baton_key_eq(&t->agent[i].key, &key)) {
            *ret_agent = (uint8_t)i;
            return true;
        }
    return false;
}

void
api_assess(struct api_request *rq)
{
    uint8_t old_agent, new_agent;
    struct assessment a = {0};
    if (!api_tenant(rq, &rq->tenant_id))
        return;
    if (!agent_index(rq->tenant, api_query(rq, "old"), &old_agent) ||
        !agent_index(rq->tenant, api_query(rq, "new"), &new_agent)) {
        api_answer_status(rq, BATON_NOT_FOUND, "no such agent in this tenant");
        return;
    }
    struct baton_err err = {0};
    struct fleet fleet;
    enum baton_status rc = fleet_load(&rq->store, &rq->tenant->info, &fleet, &err);
    if (rc != BATON_OK) {
        api_answer_status(rq, rc, "%s", err.text);
        return;
    }
    tenant_assess(rq->tenant, old_agent, new_agent, api_now_ms(), &fleet, &a);
    api_answer_json(rq, MHD_HTTP_OK, view_assessment(&a));
}
