#include "api_private.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_JSON    "application/json"
#define TYPE_PROBLEM "application/problem+json"
unsigned
api_http_of(enum baton_status status)
{
    static const unsigned http[BATON_STATUS_COUNT] = {
        [BATON_OK] = 200,        [BATON_FAILED] = 500,  [BATON_NOMEM] = 503,
        [BATON_IO] = 500,        [BATON_FULL] = 507,    [BATON_CORRUPT] = 500,
        [BATON_MALFORMED] = 400, [BATON_LIMIT] = 503,   [BATON_USAGE] = 400,
        [BATON_NOT_FOUND] = 404, [BATON_DENIED] = 403,  [BATON_REFUSED] = 422,
        [BATON_STALE] = 422,     [BATON_FORKED] = 422,  [BATON_NO_RULE] = 422,
        [BATON_WAITING] = 409,   [BATON_TIMEOUT] = 504, [BATON_UNREACHABLE] = 503,
        [BATON_CONFLICT] = 409,
    };
    return (size_t)status < ARRAY_LEN(http) ? http[status] : 500;
}

static void
answer_json(struct api_request *rq, unsigned http, const char *type, json_t *json)
{
    BATON_ASSERT(!rq->answered);
    rq->answered = true;
    rq->answer.http = http;
    rq->answer.type = type;
    rq->answer.text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (rq->answer.text == NULL) {
        rq->answer.http = MHD_HTTP_SERVICE_UNAVAILABLE;
        return;
    }
    rq->answer.len = strlen(rq->answer.text);
}

void
api_answer_json(struct api_request *rq, unsigned http, json_t *json)
{
    answer_json(rq, http, TYPE_JSON, json);
}

void
api_answer_bytes(struct api_request *rq, const char *type, const void *bytes, size_t len)
{
    BATON_ASSERT(!rq->answered);
    rq->answered = true;
    rq->answer.http = MHD_HTTP_OK;
    rq->answer.type = type;
    rq->answer.text = malloc(len + 1);
    if (rq->answer.text == NULL) {
        rq->answer.http = MHD_HTTP_SERVICE_UNAVAILABLE;
        return;
    }
    memcpy(rq->answer.text, bytes, len);
    rq->answer.len = len;
}

void
api_answer_page_bytes(struct api_request *rq, const char *html, size_t len)
{
    api_answer_bytes(rq, "text/html; charset=utf-8", html, len);
    rq->answer.policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                        "form-action 'none'; frame-ancestors 'none'";
}

static void
set_text(json_t *o, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(o, name, json_string(text));
}

void
api_answer_problem(struct api_request *rq, const struct problem *p)
{
    api_answer_problem_as(rq, api_http_of(p->status), p);
}

void
api_answer_problem_as(struct api_request *rq, unsigned http, const struct problem *p)
{
    char type[64];
    snprintf(type, sizeof type, "urn:baton:problem:%s", baton_status_name(p->status) + 6);
    for (char *c = type + sizeof "urn:baton:problem:" - 1; *c != '\0'; c++)
        *c = (char)(*c == '_' ? '-' : tolower((unsigned char)*c));

    json_t *o =
        json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", type, "title", baton_status_text(p->status),
                  "status", (int)http, "detail", p->title, "code", baton_status_name(p->status));
    if (p->rule != 0)
        json_object_set_new(o, "rule", json_integer(p->rule));
    if (p->guard != 0)
        json_object_set_new(o, "guard", json_string(guard_name((enum guard_id)p->guard)));
    json_t *facts = json_array();
    for (uint8_t i = 0; i < p->fact_count && i < PROBLEM_FACTS_MAX; i++)
        json_array_append_new(facts, json_string(p->fact[i].text));
    json_object_set_new(o, "facts", facts);
    if (p->since_unix_ms != 0)
        json_object_set_new(o, "since_unix_ms", json_integer((json_int_t)p->since_unix_ms));
    set_text(o, "who", p->who);
    set_text(o, "next", p->next);
    atomic_fetch_add(&rq->api->counters.refused, 1);
    answer_json(rq, http, TYPE_PROBLEM, o);
}

void
api_answer_status(struct api_request *rq, enum baton_status status, const char *fmt, ...)
{
    struct problem p = {.status = status};
    va_list args;
    va_start(args, fmt);
    vsnprintf(p.title, sizeof p.title, fmt, args);
    va_end(args);
    api_answer_problem(rq, &p);
}

void
api_answer_as(struct api_request *rq, unsigned http, enum baton_status status, const char *title)
{
    struct problem p = {.status = status};
    snprintf(p.title, sizeof p.title, "%s", title);
    api_answer_problem_as(rq, http, &p);
}

void
api_answer_page(struct api_request *rq, json_t *items, const char *next_cursor)
{
    json_t *o = json_object();
    json_object_set_new(o, "items", items);
    if (next_cursor != NULL && next_cursor[0] != '\0')
        json_object_set_new(o, "next", json_string(next_cursor));
    api_answer_json(rq, MHD_HTTP_OK, o);
}

static void
add_headers(struct MHD_Response *r, const struct api_answer *a)
{
    MHD_add_response_header(r, "Content-Type", a->type != NULL ? a->type : TYPE_PROBLEM);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(r, "Content-Security-Policy",
                            a->policy != NULL ? a->policy : API_CONTENT_POLICY);
    if (a->etag[0] != '\0')
        MHD_add_response_header(r, "ETag", a->etag);
    if (a->location[0] != '\0')
        MHD_add_response_header(r, "Location", a->location);
    if (a->http == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(r, "WWW-Authenticate", "Bearer realm=\"baton\"");
    if (a->retry_after_s != 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%u", a->retry_after_s);
        MHD_add_response_header(r, "Retry-After", seconds);
    }
}

enum MHD_Result
api_answer_send(struct api_request *rq)
{
    struct api_answer *a = &rq->answer;
    struct MHD_Response *r = a->stream;
    if (r == NULL) {
        bool has = a->text != NULL;
        r = MHD_create_response_from_buffer(has ? a->len : 0, has ? a->text : "",
                                            has ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
        if (r != NULL)
            a->text = NULL;
    }
    if (r == NULL)
        return MHD_NO;
    add_headers(r, a);
    enum MHD_Result rc = MHD_queue_response(rq->conn, a->http, r);
    MHD_destroy_response(r);
    a->stream = NULL;
    return rc;
}
