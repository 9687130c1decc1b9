#include "api_private.h"
#include "api_views.h"

#include "controller/clock.h"
#include "controller/tenant_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

uint64_t
api_now_ms(void)
{
    return clock_mono_ms(NULL);
}

uint64_t
api_unix_ms(void)
{
    return clock_unix_ms(NULL);
}

void
api_site_health(struct api_request *rq)
{
    api_answer_json(rq, MHD_HTTP_OK, json_pack("{s:s}", "status", "ok"));
}

static bool
head_of(struct api_request *rq, uint64_t *ret_size, struct baton_hash *ret_root)
{
    struct baton_err err = {0};
    if (!api_store(rq))
        return false;
    enum baton_status rc = rq->store.head(rq->store.ctx, ret_size, ret_root, &err);
    if (rc != BATON_OK)
        api_answer_status(rq, rc, "%s", err.text);
    return rc == BATON_OK;
}

void
api_site_ready(struct api_request *rq)
{
    uint64_t size;
    struct baton_hash root;
    if (head_of(rq, &size, &root))
        api_answer_json(rq, MHD_HTTP_OK, json_pack("{s:s}", "status", "ready"));
}

enum { METRICS_BYTES = 8192 };

struct metric {
    const char *name, *type, *help;
    uint64_t value;
};

static void
metric_put(char text[METRICS_BYTES], size_t *used, const struct metric *m)
{
    int n = snprintf(text + *used, METRICS_BYTES - *used,
                     "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", m->name, m->help, m->name,
                     m->type, m->name, m->value);
    BATON_ASSERT(n > 0 && (size_t)n < METRICS_BYTES - *used);
    *used += (size_t)n;
}

static void
metrics_of_others(const struct api *api, char text[METRICS_BYTES], size_t *used)
{
    const struct api_config *c = &api->config;
    struct api_counter counter;
    char name[64];
    for (size_t i = 0; c->counter != NULL && c->counter(c->counter_ctx, i, &counter); i++) {
        snprintf(name, sizeof name, "baton_%s_total", counter.name);
        metric_put(text, used, &(struct metric){name, "counter", counter.what, counter.value});
    }
}

void
api_site_metrics(struct api_request *rq)
{
    struct api_counters *c = &rq->api->counters;
    struct engine_counters e = {0};
    uint64_t size;
    struct baton_hash root;
    if (!head_of(rq, &size, &root))
        return;
    engine_counters(rq->api->engine, &e);
    pthread_mutex_lock(&rq->api->events.lock);
    unsigned streams = rq->api->events.count;
    pthread_mutex_unlock(&rq->api->events.lock);
    const struct metric metrics[] = {
        {"baton_api_requests_total", "counter", "requests read", atomic_load(&c->requests)},
        {"baton_api_refused_total", "counter", "answers that are problems",
         atomic_load(&c->refused)},
        {"baton_api_login_failed_total", "counter", "requests without a known login",
         atomic_load(&c->login_failed)},
        {"baton_api_limited_total", "counter", "refused for too many failed logins",
         atomic_load(&c->limited)},
        {"baton_api_event_streams", "gauge", "event streams open", streams},
        {"baton_audit_records", "gauge", "records in the audit log", size},
        {"baton_engine_batches_total", "counter", "transactions", e.batches},
        {"baton_engine_inputs_total", "counter", "inputs taken", e.inputs},
        {"baton_engine_orders_total", "counter", "orders made", e.orders},
        {"baton_engine_refused_total", "counter", "inputs refused", e.refused},
        {"baton_engine_sent_total", "counter", "messages sent to agents", e.sent},
        {"baton_uptime_seconds", "gauge", "since the API began",
         (api_now_ms() - rq->api->started_ms) / 1000},
    };
    char text[METRICS_BYTES];
    size_t used = 0;
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
        metric_put(text, &used, &metrics[i]);
    metrics_of_others(rq->api, text, &used);
    api_answer_bytes(rq, "text/plain; version=0.0.4; charset=utf-8", text, used);
}

void
api_site_openapi(struct api_request *rq)
{
    api_answer_json(rq, MHD_HTTP_OK, api_openapi());
}

void
api_site_show(struct api_request *rq)
{
    uint64_t size;
    struct baton_hash root;
    if (!head_of(rq, &size, &root))
        return;
    json_t *o = json_object();
    json_object_set_new(o, "version", json_string(BATON_VERSION));
    view_put_key(o, "key", &rq->api->config.controller_key);
    view_put_u64(o, "audit_size", size);
    view_put_hash(o, "audit_root", &root);
    view_put_u64(o, "unix_ms", api_unix_ms());
    api_answer_json(rq, MHD_HTTP_OK, o);
}

void
api_site_session(struct api_request *rq)
{
    api_answer_json(rq, MHD_HTTP_OK, view_login(&rq->login));
}

/* --- logins ----------------------------------------------------------------------------------- */

struct login_page {
    json_t *items;
    size_t limit;
    const char *cursor;
    char next[2 * BATON_HASH_BYTES + 1];
};

static bool
visit_login(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct login_page *page = arg;
    struct login l;
    char hex[2 * BATON_HASH_BYTES + 1];
    if (key_len != BATON_HASH_BYTES || login_decode(value, len, &l) != BATON_OK)
        return true;
    baton_hex(key, key_len, hex);
    if (page->cursor != NULL && strcmp(hex, page->cursor) <= 0)
        return true;
    if (json_array_size(page->items) >= page->limit)
        return false;
    json_array_append_new(page->items, view_login(&l));
    memcpy(page->next, hex, sizeof hex);
    return true;
}

void
api_login_list(struct api_request *rq)
{
    struct baton_err err = {0};
    struct login_page page = {
        .items = json_array(), .limit = api_query_limit(rq), .cursor = api_query(rq, "cursor")};
    enum baton_status rc =
        rq->store.each(rq->store.ctx, TABLE_LOGIN, NULL, 0, visit_login, &page, &err);
    if (rc != BATON_OK) {
        json_decref(page.items);
        api_answer_status(rq, rc, "%s", err.text);
        return;
    }
    bool more = json_array_size(page.items) >= page.limit;
    api_answer_page(rq, page.items, more ? page.next : "");
}

static bool
parse_roles(const char *text, uint16_t *ret_roles)
{
    char copy[96];
    char *rest = copy;
    *ret_roles = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *name = strtok_r(copy, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        uint16_t bit = login_role_parse(name);
        if (bit == 0)
            return false;
        *ret_roles |= bit;
    }
    return *ret_roles != 0;
}

void
api_login_add(struct api_request *rq)
{
    uint16_t roles;
    if (!parse_roles(api_text(rq, "roles"), &roles)) {
        api_answer_status(rq, BATON_MALFORMED,
                          "roles: view,operate,approve,break-glass,audit,admin");
        return;
    }
    struct engine_call *c = api_call_new(rq, CALL_LOGIN_ADD);
    if (c == NULL)
        return;
    api_hex(rq, "operator", c->subject.b, sizeof c->subject.b);
    snprintf(c->name, sizeof c->name, "%s", api_text(rq, "name"));
    c->roles = roles;
    if (api_text(rq, "tenant")[0] != '\0')
        (void)baton_guid_parse(api_text(rq, "tenant"), &c->tenant);
    if (!api_call_run(rq, c))
        return;
    json_t *o = json_pack("{s:s%, s:I}", "token", (const char *)c->bytes, c->len, "audit_seq",
                          (json_int_t)c->audit_seq);
    api_answer_json(rq, MHD_HTTP_CREATED, o);
    api_call_free(c);
}

void
api_login_remove(struct api_request *rq)
{
    struct baton_id who;
    if (strlen(rq->param_agent) != 2 * sizeof who.b ||
        !baton_unhex(rq->param_agent, who.b, sizeof who.b)) {
        api_answer_status(rq, BATON_MALFORMED, "an operator is named by 32 hex digits");
        return;
    }
    struct engine_call *c = api_call_new(rq, CALL_LOGIN_REMOVE);
    if (c == NULL)
        return;
    c->subject = who;
    api_call_answer(rq, c, MHD_HTTP_OK);
}
