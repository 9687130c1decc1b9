#include "api_page.h"
#include "api_private.h"
#include "api_views.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_TTL_MS = 15 * 60 * 1000 };

static void
view_agents(struct api_request *rq, json_t *items)
{
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (rq->tenant->agent[i].used)
            json_array_append_new(
                items, view_agent(rq->tenant, (uint8_t)i, rq->api->digest, api_now_ms(), false));
}

void
api_agent_list(struct api_request *rq)
{
    struct tenant_page page;
    if (tenant_page_read(rq, NULL, &page))
        tenant_page_answer(&page, view_agents);
}

void
api_agent_list_tenant(struct api_request *rq)
{
    if (!api_tenant(rq, &rq->tenant_id))
        return;
    json_t *items = json_array();
    view_agents(rq, items);
    api_answer_page(rq, items, "");
}

void
api_agent_show(struct api_request *rq)
{
    if (!api_tenant(rq, &rq->tenant_id))
        return;
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (rq->tenant->agent[i].used && baton_key_eq(&rq->tenant->agent[i].key, &rq->agent_key)) {
            api_answer_json(
                rq, MHD_HTTP_OK,
                view_agent(rq->tenant, (uint8_t)i, rq->api->digest, api_now_ms(), true));
            return;
        }
    api_answer_status(rq, BATON_NOT_FOUND, "no such agent in this tenant");
}

void
api_agent_statement(struct api_request *rq)
{
    const struct agent_view *found = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct baton_sig sig;
    if (!api_tenant(rq, &rq->tenant_id))
        return;
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (rq->tenant->agent[i].used && baton_key_eq(&rq->tenant->agent[i].key, &rq->agent_key))
            found = &rq->tenant->agent[i];
    if (found == NULL || !found->statement_known) {
        api_answer_status(rq, BATON_NOT_FOUND, "no signed word of that agent is known");
        return;
    }
    if (!api_object(rq, &found->statement_hash, &bytes, &len, &sig))
        return;
    api_answer_json(rq, MHD_HTTP_OK,
                    view_signed_statement(&found->statement_hash, bytes, len, &sig));
    free(bytes);
}

void
api_agent_token(struct api_request *rq)
{
    const char *role = api_text(rq, "role");
    if (strcmp(role, "old") != 0 && strcmp(role, "new") != 0) {
        api_answer_status(rq, BATON_MALFORMED, "role: old or new");
        return;
    }
    struct engine_call *c = api_call_new(rq, CALL_AGENT_TOKEN);
    if (c == NULL)
        return;
    int64_t ttl_ms = api_number(rq, "ttl_ms", TOKEN_TTL_MS);
    c->role = (uint8_t)role[0];
    c->ttl_ms = ttl_ms > 0 ? (uint64_t)ttl_ms : 0;
    snprintf(c->name, sizeof c->name, "%s", api_text(rq, "host"));
    if (!api_call_run(rq, c))
        return;
    json_t *o = json_pack("{s:s%, s:I}", "token", (const char *)c->bytes, c->len, "audit_seq",
                          (json_int_t)c->audit_seq);
    api_answer_json(rq, MHD_HTTP_CREATED, o);
    api_call_free(c);
}

void
api_agent_confirm(struct api_request *rq)
{
    struct engine_call *c = api_call_new(rq, CALL_AGENT_CONFIRM);
    if (c == NULL)
        return;
    api_hex(rq, "signature", c->sig.b, sizeof c->sig.b);
    api_call_answer(rq, c, MHD_HTTP_OK);
}

void
api_agent_revoke(struct api_request *rq)
{
    api_call_answer(rq, api_call_new(rq, CALL_AGENT_REVOKE), MHD_HTTP_OK);
}
