/* api_private.h: what the files of the API share: the request on its way, routes, answers.
 *
 * Shape      A request is guarded, authorised by its route, its body checked against the route's
 *            fields, then handed to the handler, which sets exactly one answer.
 * Ownership  json_t references given to api_answer_* are taken over.
 * Threads    A request belongs to the worker that reads it; one that is aside, to its own thread.
 */
#ifndef BATON_API_PRIVATE_H
#define BATON_API_PRIVATE_H

#include "api.h"
#include "common/audit/bundle.h"
#include "controller/login.h"

#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum { API_PARAM_BYTES = 80, API_PAGE_DEFAULT = 50, API_PAGE_MAX = 500, API_FIELDS_MAX = 10 };

/* The console loads nothing from elsewhere; answers of the API load nothing at all. */
#define API_CONTENT_POLICY                                                                         \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "                   \
    "frame-ancestors 'none'"

enum api_method { API_GET, API_POST, API_PUT, API_PATCH, API_DELETE, API_METHOD_COUNT };

enum api_scope {
    SCOPE_PUBLIC,  /* no login */
    SCOPE_ANY,     /* a login; the handler shows only its tenants */
    SCOPE_SITE,    /* a login that is not limited to tenants */
    SCOPE_TENANT,  /* {tenant} of the path must be the login's */
    SCOPE_CUTOVER, /* {cutover} of the path must be of a tenant of the login's; it is loaded */
};

enum api_field_type { FIELD_TEXT, FIELD_HEX, FIELD_GUID, FIELD_NUMBER, FIELD_BOOL, FIELD_OBJECT };

struct api_field {
    const char *name;
    enum api_field_type type;
    uint32_t bytes; /* HEX: exact length, 0 = any; TEXT: longest */
    bool required;
    const char *what;
};

struct api_request;

struct api_route {
    enum api_method method;
    const char *pattern;
    uint16_t roles; /* any of them */
    enum api_scope scope;
    void (*handle)(struct api_request *rq);
    const struct api_field *query; /* ends with name NULL; NULL = none accepted */
    const struct api_field *body;
    const char *summary;
};

struct api_answer {
    unsigned http;
    char *text; /* malloc'd; NULL with a stream */
    size_t len;
    const char *type, *policy; /* content security policy; NULL: API_CONTENT_POLICY */
    char etag[40];
    char location[128];
    unsigned retry_after_s;
    struct MHD_Response *stream;
};

struct api_request {
    struct api *api;
    struct MHD_Connection *conn;
    const struct api_route *route;
    enum api_method method;
    struct baton_hash login_key; /* where this login stands */
    struct login login;
    char param_tenant[API_PARAM_BYTES], param_agent[API_PARAM_BYTES];
    char param_cutover[API_PARAM_BYTES], param_verb[API_PARAM_BYTES];
    struct baton_id tenant_id, cutover_id;
    struct baton_key agent_key;
    char *body;
    size_t body_len;
    bool body_announced, answered;
    bool aside;   /* another thread makes the answer and then resumes the connection */
    json_t *json; /* the body, checked against the route */
    bool store_is_open;
    struct store_port store; /* read-only; api_store */
    struct tenant *tenant;   /* SCOPE_CUTOVER, and api_tenant */
    struct trust_doc *trust; /* api_trust_known */
    char idempotency[NAME_BYTES];
    struct api_answer answer;
};

/* Failed logins per remote address. */
enum { LIMIT_SLOTS = 256, LIMIT_FAILS = 10, LIMIT_WINDOW_MS = 60000 };
struct api_limit {
    pthread_mutex_t lock;
    struct {
        uint64_t address; /* hash; 0 = free */
        uint64_t since_ms;
        unsigned fails;
    } slot[LIMIT_SLOTS];
};

struct api_stream;
struct api_events {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool started, stopping, woken;
    uint64_t head; /* newest record known */
    unsigned count;
    struct api_stream *first;
};

struct api_export { /* the one audit bundle that is being written */
    pthread_mutex_t lock;
    pthread_t thread;
    bool started, busy, stopping; /* started: to be joined */
    struct baton_id tenant;       /* zero: of all */
};

struct api_counters {
    atomic_uint_fast64_t requests, refused, login_failed, limited, engine_calls, events_sent;
};

struct api {
    struct api_config config;
    char *store_path, *cert, *key;
    struct engine *engine;
    const struct digest_port *digest;
    struct MHD_Daemon *daemon;
    struct api_limit limit;
    struct api_events events;
    struct api_export export;
    struct api_counters counters;
    uint64_t started_ms;
};

/* api_routes.c */
const struct api_route *api_routes(size_t *ret_count);
/* Route for the path; parameters into rq. NULL: *ret_path_known says whether another method fits. */
const struct api_route *api_route_find(struct api_request *rq, enum api_method method,
                                       const char *path, bool *ret_path_known);
const char *api_method_name(enum api_method m);
bool api_method_parse(const char *text, enum api_method *ret_method);

/* api_auth.c: the only place that decides who may. false: a problem is the answer. */
bool api_authorise(struct api_request *rq);
/* BATON_NOT_FOUND: never made, removed or expired. */
enum baton_status api_login_find(const struct store_port *store, const struct baton_hash *key,
                                 struct login *ret_login, struct baton_err *err);
void api_limit_init(struct api_limit *l);
bool api_limit_blocked(struct api_limit *l, uint64_t address, uint64_t now_ms);
void api_limit_failed(struct api_limit *l, uint64_t address, uint64_t now_ms);

/* api_check.c: body and query against the route's fields. false: a problem is the answer. */
bool api_check_query(struct api_request *rq);
bool api_check_body(struct api_request *rq);
const char *api_text(const struct api_request *rq, const char *name); /* "" when not given */
bool api_hex(const struct api_request *rq, const char *name, void *out, size_t n);
bool api_flag(const struct api_request *rq, const char *name);
int64_t api_number(const struct api_request *rq, const char *name, int64_t otherwise);
const char *api_query(const struct api_request *rq, const char *name); /* NULL when not given */
uint64_t api_query_number(const struct api_request *rq, const char *name, uint64_t otherwise);
bool api_query_tenant(const struct api_request *rq, struct baton_id *ret_tenant);
size_t api_query_limit(const struct api_request *rq);

/* api_answer.c */
void api_answer_json(struct api_request *rq, unsigned http, json_t *json);
/* An object of the store under its hash, as it was stored; a zero hash: `none`. */
void api_answer_document(struct api_request *rq, const struct baton_hash *hash, const char *none);
void api_answer_bytes(struct api_request *rq, const char *type, const void *bytes, size_t len);
/* A page of HTML that is whole in itself, with its style inside and no script. */
void api_answer_page_bytes(struct api_request *rq, const char *html, size_t len);
void api_answer_problem(struct api_request *rq, const struct problem *p);
/* With another HTTP status than the usual one of p->status. */
void api_answer_problem_as(struct api_request *rq, unsigned http, const struct problem *p);
void api_answer_as(struct api_request *rq, unsigned http, enum baton_status status,
                   const char *title);
void api_answer_status(struct api_request *rq, enum baton_status status, const char *fmt, ...)
    BATON_PRINTF(3, 4);
void api_answer_page(struct api_request *rq, json_t *items, const char *next_cursor);
enum MHD_Result api_answer_send(struct api_request *rq);
unsigned api_http_of(enum baton_status status);

/* api_read.c: the short read-only store. false: a problem is the answer. */
bool api_store(struct api_request *rq);
bool api_tenant(struct api_request *rq, const struct baton_id *tenant);
bool api_cutover(struct api_request *rq, const struct baton_id *cutover);
bool api_trust(struct api_request *rq, struct trust_doc *ret_doc, struct baton_hash *ret_hash);
/* The same for those who only want names: NULL when there is none. Kept with the request. */
const struct trust_doc *api_trust_known(struct api_request *rq);
bool api_object(struct api_request *rq, const struct baton_hash *hash, uint8_t **ret_bytes,
                size_t *ret_len, struct baton_sig *ret_sig);
void api_request_close(struct api_request *rq);

/* The newest signed checkpoint. BATON_NOT_FOUND: nobody signed one yet. */
enum baton_status api_checkpoint(struct api_request *rq, struct audit_checkpoint *ret_checkpoint,
                                 struct baton_err *err);

/* api_call.c: one change through the engine; answers in every case. */
struct engine_call *api_call_new(struct api_request *rq, enum engine_call_kind kind);
/* Runs it; true: done, c holds what was made. false: a problem is the answer and c is freed. */
bool api_call_run(struct api_request *rq, struct engine_call *c);
/* Runs, answers with id and audit record, frees. */
void api_call_answer(struct api_request *rq, struct engine_call *c, unsigned http);
void api_call_free(struct engine_call *c);
void api_etag_set(struct api_request *rq);

/* api_events.c */
enum baton_status api_events_start(struct api *api, struct baton_err *err);
void api_events_stop(struct api *api);
void api_stream_answer(struct api_request *rq);

/* api_export.c */
enum { EXPORT_RETRY_S = 5 };
void api_export_stop(struct api_export *x); /* waits for a bundle that is being written */

/* api_openapi.c */
json_t *api_openapi(void);

uint64_t api_now_ms(void);
uint64_t api_unix_ms(void);

/* Handlers, by file. */
#define API_HANDLERS(X)                                                                            \
    X(site_health)                                                                                 \
    X(site_ready)                                                                                  \
    X(site_metrics)                                                                                \
    X(site_openapi)                                                                                \
    X(site_show)                                                                                   \
    X(site_session)                                                                                \
    X(login_list)                                                                                  \
    X(login_add)                                                                                   \
    X(login_remove)                                                                                \
    X(tenant_list)                                                                                 \
    X(tenant_create)                                                                               \
    X(tenant_show)                                                                                 \
    X(tenant_policy)                                                                               \
    X(tenant_policy_set)                                                                           \
    X(tenant_limits)                                                                               \
    X(tenant_limits_set)                                                                           \
    X(tenant_limits_clear)                                                                         \
    X(tenant_window_set)                                                                           \
    X(tenant_window_clear)                                                                         \
    X(agent_list)                                                                                  \
    X(agent_list_tenant)                                                                           \
    X(agent_show)                                                                                  \
    X(agent_statement)                                                                             \
    X(agent_token)                                                                                 \
    X(agent_confirm)                                                                               \
    X(agent_revoke)                                                                                \
    X(assess)                                                                                      \
    X(cutover_list)                                                                                \
    X(cutover_create)                                                                              \
    X(cutover_show)                                                                                \
    X(cutover_explain)                                                                             \
    X(cutover_task)                                                                                \
    X(cutover_limits)                                                                              \
    X(cutover_plan)                                                                                \
    X(cutover_verification)                                                                        \
    X(cutover_evidence)                                                                            \
    X(cutover_approvals)                                                                           \
    X(cutover_approve)                                                                             \
    X(cutover_findings)                                                                            \
    X(cutover_rows)                                                                                \
    X(cutover_dispose)                                                                             \
    X(cutover_verb)                                                                                \
    X(cutover_certificate)                                                                         \
    X(cutover_certificate_html)                                                                    \
    X(approval_list)                                                                               \
    X(trust_show)                                                                                  \
    X(trust_put)                                                                                   \
    X(operator_list)                                                                               \
    X(audit_export)                                                                                \
    X(audit_list)                                                                                  \
    X(events)
#define X(name) void api_##name(struct api_request *rq);
API_HANDLERS(X)
#undef X

#endif
