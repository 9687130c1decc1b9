#include "api_private.h"

#include "api_views.h"

#include "controller/tenant_rows.h"

#include <stdlib.h>
#include <string.h>

/* One person's key means one request of that person: other people, other routes and other bodies
 * under the same text are other keys. */
static void
idempotency_scope(struct api_request *rq, char out[NAME_BYTES])
{
    const char *key = MHD_lookup_connection_value(rq->conn, MHD_HEADER_KIND, "Idempotency-Key");
    if (key == NULL)
        return;
    char text[512], who[2 * BATON_ID_BYTES + 1], asked[2 * BATON_HASH_BYTES + 1];
    const struct digest_port *dp = rq->api->digest;
    struct baton_hash h;
    dp->sha256(dp->ctx, key, strlen(key), &h); /* so that the text has an end */
    baton_hex(h.b, sizeof h.b, asked);
    baton_hex(rq->login.operator.b, BATON_ID_BYTES, who);
    int len = snprintf(text, sizeof text, "%s|%s|%s|%s|%s|%s|%s|%s", who,
                       api_method_name(rq->method), rq->route->pattern, rq->param_tenant,
                       rq->param_cutover, rq->param_agent, rq->param_verb, asked);
    BATON_ASSERT(len > 0 && (size_t)len < sizeof text);
    dp->sha256(dp->ctx, text, (size_t)len, &h);
    baton_hex(h.b, (NAME_BYTES - 1) / 2, out);
}

/* The engine compares, in the transaction that acts. What is not one of our tags fits nothing. */
static void
expect_if_match(struct api_request *rq, struct engine_call *c)
{
    const char *wanted = MHD_lookup_connection_value(rq->conn, MHD_HEADER_KIND, "If-Match");
    size_t hex = 2 * sizeof c->expect.b;
    if (wanted == NULL || strcmp(wanted, "*") == 0)
        return;
    char text[2 * sizeof c->expect.b + 1] = "";
    if (strlen(wanted) == hex + 2 && wanted[0] == '"' && wanted[hex + 1] == '"')
        memcpy(text, wanted + 1, hex);
    if (!baton_unhex(text, c->expect.b, sizeof c->expect.b))
        memset(c->expect.b, 0xff, sizeof c->expect.b);
}

struct engine_call *
api_call_new(struct api_request *rq, enum engine_call_kind kind)
{
    struct engine_call *c = calloc(1, sizeof *c);
    if (c == NULL) {
        api_answer_status(rq, BATON_NOMEM, "no memory for this request");
        return NULL;
    }
    c->kind = kind;
    c->actor = rq->login.operator;
    c->tenant = rq->tenant_id;
    c->cutover = rq->cutover_id;
    c->key = rq->agent_key;
    snprintf(c->text, sizeof c->text, "%s", api_text(rq, "reason"));
    idempotency_scope(rq, c->idempotency);
    expect_if_match(rq, c);
    return c;
}

void
api_call_free(struct engine_call *c)
{
    if (c == NULL)
        return;
    volatile uint8_t *p = c->bytes; /* it may have held a token */
    for (size_t i = 0; i < sizeof c->bytes; i++)
        p[i] = 0;
    free(c);
}

bool
api_call_run(struct api_request *rq, struct engine_call *c)
{
    /* the reader's snapshot is older than what the call will write */
    if (rq->store_is_open)
        rq->store.close(rq->store.ctx);
    rq->store_is_open = false;
    atomic_fetch_add(&rq->api->counters.engine_calls, 1);
    if (engine_call(rq->api->engine, c) == BATON_OK) {
        api_wake(rq->api);
        return true;
    }
    if (c->changed)
        api_answer_problem_as(rq, MHD_HTTP_PRECONDITION_FAILED, &c->problem);
    else
        api_answer_problem(rq, &c->problem);
    api_call_free(c);
    return false;
}

void
api_call_answer(struct api_request *rq, struct engine_call *c, unsigned http)
{
    if (c == NULL || !api_call_run(rq, c))
        return;
    json_t *o = json_object();
    if (!baton_id_is_zero(&c->id))
        view_put_id(o, "id", &c->id);
    json_object_set_new(o, "audit_seq", json_integer((json_int_t)c->audit_seq));
    if (c->problem.next[0] != '\0')
        json_object_set_new(o, "next", json_string(c->problem.next));
    api_answer_json(rq, http, o);
    api_call_free(c);
}

void
api_etag_set(struct api_request *rq)
{
    struct baton_id tag;
    char *etag = rq->answer.etag;
    tenant_tag(rq->tenant, rq->api->digest, &tag);
    etag[0] = '"';
    baton_hex(tag.b, sizeof tag.b, etag + 1);
    memcpy(etag + 1 + 2 * sizeof tag.b, "\"", 2);
}
