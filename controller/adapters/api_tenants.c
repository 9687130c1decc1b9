#include "api_page.h"
#include "api_private.h"
#include "api_views.h"

#include "controller/tenant_rows.h"

#include <stdlib.h>
#include <string.h>

/* By the key alone as far as it goes: decoding a row costs more than looking at it. */
static bool
visit_tenant(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct tenant_page *page = arg;
    struct baton_id id;
    struct tenant_row row;
    if (key_len != sizeof id.b)
        return true;
    memcpy(id.b, key, sizeof id.b);
    if (!login_sees(&page->rq->login, &id) || (page->only_one && !baton_id_eq(&id, &page->only)) ||
        (page->after_set && memcmp(id.b, page->after.b, sizeof id.b) <= 0))
        return true;
    if (page->wants != NULL &&
        (tenant_row_decode(value, len, &row) != BATON_OK || !page->wants(&row)))
        return true;
    if (page->count == page->limit) {
        page->more = true;
        return false;
    }
    page->id[page->count++] = id;
    return true;
}

bool
tenant_page_read(struct api_request *rq, bool (*wants)(const struct tenant_row *row),
                 struct tenant_page *ret_page)
{
    struct baton_err err = {0};
    struct tenant_page page = {.rq = rq, .limit = api_query_limit(rq), .wants = wants};
    const char *cursor = api_query(rq, "cursor");
    page.only_one = api_query_tenant(rq, &page.only);
    page.after_set = cursor != NULL;
    if (cursor != NULL && !baton_guid_parse(cursor, &page.after)) {
        api_answer_status(rq, BATON_MALFORMED, "this cursor is not one of ours");
        return false;
    }
    if (!api_store(rq))
        return false;
    enum baton_status rc =
        rq->store.each(rq->store.ctx, TABLE_TENANT, NULL, 0, visit_tenant, &page, &err);
    if (rc != BATON_OK)
        api_answer_status(rq, rc, "%s", err.text);
    *ret_page = page;
    return rc == BATON_OK;
}

void
tenant_page_answer(struct tenant_page *page, void (*view)(struct api_request *rq, json_t *items))
{
    struct api_request *rq = page->rq;
    json_t *items = json_array();
    for (size_t i = 0; i < page->count; i++) {
        if (!api_tenant(rq, &page->id[i])) {
            json_decref(items);
            return;
        }
        view(rq, items);
    }
    char next[37] = "";
    if (page->more)
        baton_guid_format(&page->id[page->count - 1], next);
    api_answer_page(rq, items, next);
}

static void
view_one_tenant(struct api_request *rq, json_t *items)
{
    json_array_append_new(items, view_tenant(rq->tenant));
}

void
api_tenant_list(struct api_request *rq)
{
    struct tenant_page page;
    if (tenant_page_read(rq, NULL, &page))
        tenant_page_answer(&page, view_one_tenant);
}

void
api_tenant_show(struct api_request *rq)
{
    if (api_tenant(rq, &rq->tenant_id))
        api_answer_json(rq, MHD_HTTP_OK, view_tenant(rq->tenant));
}

void
api_tenant_policy(struct api_request *rq)
{
    if (api_tenant(rq, &rq->tenant_id))
        api_answer_page(rq, view_policy(rq->tenant), "");
}

/* The overrides of a body: names that the table knows, whole numbers. */
static bool
read_policy(struct api_request *rq, struct engine_call *c)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(rq->json, "policy"), name, value)
    {
        const struct policy_row *row = policy_find(name);
        if (row == NULL || !json_is_integer(value)) {
            api_answer_status(rq, BATON_MALFORMED,
                              "policy: a name or value that is not known here");
            return false;
        }
        c->policy_set[row->id] = true;
        c->policy.v[row->id] = (int64_t)json_integer_value(value);
    }
    return true;
}

static void
call_with_policy(struct api_request *rq, struct engine_call *c, unsigned http)
{
    if (!read_policy(rq, c)) {
        api_call_free(c);
        return;
    }
    api_call_answer(rq, c, http);
}

void
api_tenant_create(struct api_request *rq)
{
    struct engine_call *c = api_call_new(rq, CALL_TENANT_CREATE);
    if (c == NULL)
        return;
    (void)baton_guid_parse(api_text(rq, "id"), &c->tenant);
    c->id = c->tenant;
    c->lab = api_flag(rq, "lab");
    snprintf(c->name, sizeof c->name, "%s", api_text(rq, "name"));
    snprintf(rq->answer.location, sizeof rq->answer.location, "/api/v1/tenants/%s",
             api_text(rq, "id"));
    call_with_policy(rq, c, MHD_HTTP_CREATED);
}

void
api_tenant_policy_set(struct api_request *rq)
{
    struct engine_call *c = api_call_new(rq, CALL_TENANT_POLICY);
    if (c != NULL)
        call_with_policy(rq, c, MHD_HTTP_OK);
}

void
api_tenant_limits(struct api_request *rq)
{
    if (api_tenant(rq, &rq->tenant_id))
        api_answer_document(rq, &rq->tenant->info.limits,
                            "this tenant has no verification policy: the path's preset counts");
}

void
api_tenant_limits_set(struct api_request *rq)
{
    size_t len = strlen(api_text(rq, "bytes")) / 2;
    if (len > LIMITS_BYTES_MAX) {
        api_answer_status(rq, BATON_MALFORMED, "a policy has at most %d bytes", LIMITS_BYTES_MAX);
        return;
    }
    struct engine_call *c = api_call_new(rq, CALL_TENANT_LIMITS);
    if (c == NULL)
        return;
    c->len = len;
    (void)api_hex(rq, "bytes", c->bytes, len);
    api_call_answer(rq, c, MHD_HTTP_OK);
}

void
api_tenant_limits_clear(struct api_request *rq)
{
    api_call_answer(rq, api_call_new(rq, CALL_TENANT_LIMITS), MHD_HTTP_OK);
}

/* Below zero is no time; the engine refuses what does not fit together. */
void
api_tenant_window_set(struct api_request *rq)
{
    int64_t from = api_number(rq, "from_unix_ms", 0), until = api_number(rq, "until_unix_ms", 0);
    if (from <= 0 || until <= 0) {
        api_answer_status(rq, BATON_MALFORMED, "a window is two times in unix milliseconds");
        return;
    }
    struct engine_call *c = api_call_new(rq, CALL_TENANT_WINDOW);
    if (c == NULL)
        return;
    c->from_unix_ms = (uint64_t)from;
    c->until_unix_ms = (uint64_t)until;
    api_call_answer(rq, c, MHD_HTTP_OK);
}

void
api_tenant_window_clear(struct api_request *rq)
{
    api_call_answer(rq, api_call_new(rq, CALL_TENANT_WINDOW), MHD_HTTP_OK);
}
