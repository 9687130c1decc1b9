/* The real API on a loopback port, over a real store and a real engine, spoken to over TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "engine_world.h"

#include "common/audit/bundle.h"
#include "controller/adapters/api_private.h"
#include "controller/adapters/store_sqlite.h"
#include "controller/cli/http_client.h"

#include <arpa/inet.h>
#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TOKENS = 5, RAW_BYTES = 65536 };
enum who { ADMIN, VIEWER, OPERATOR, AUDITOR, LIMITED };

struct site {
    struct world w;
    struct world_agent old_agent, new_agent;
    bool agents;
    char cert[128], key[128], url[64], other[37];
    struct baton_hash pin;
    struct api *api;
    char token[TOKENS][LOGIN_TOKEN_BYTES];
    struct baton_id other_tenant;
};

/* ---- the site --------------------------------------------------------------------------------- */

static void
login_make(struct site *s, enum who who, uint16_t roles, const struct baton_id *tenant)
{
    struct engine_call *c = world_call_new(&s->w, CALL_LOGIN_ADD);
    c->roles = roles;
    snprintf(c->name, sizeof c->name, "person%d", (int)who);
    if (who == OPERATOR || who == ADMIN)
        c->subject = s->w.operator_id[who == OPERATOR ? 1 : 0];
    if (tenant != NULL)
        c->tenant = *tenant;
    else
        memset(&c->tenant, 0, sizeof c->tenant);
    c = world_call(&s->w, c, BATON_OK);
    memcpy(s->token[who], c->bytes, c->len); /* the rest is zero */
    free(c);
}

static void
other_tenant_make(struct site *s)
{
    struct engine_call *c = world_call_new(&s->w, CALL_TENANT_CREATE);
    crypto_random(s->other_tenant.b, sizeof s->other_tenant.b);
    baton_guid_format(&s->other_tenant, s->other);
    c->tenant = s->other_tenant;
    snprintf(c->name, sizeof c->name, "other");
    free(world_call(&s->w, c, BATON_OK));
}

static const struct api_asset page = {"/", "text/html", NULL, (const uint8_t *)"<p>hello", 8};

static void
sign_with_controller(void *ctx, const char *domain, const void *bytes, size_t len,
                     struct baton_sig *ret_sig)
{
    struct site *s = ctx;
    assert_int_equal(crypto_sign_domain(s->w.controller.secret->sign, domain, bytes, len, ret_sig),
                     BATON_OK);
}

static bool
two_counters(void *ctx, size_t index, struct api_counter *ret_counter)
{
    static const char *const names[] = {"bus_malformed", "bus_denied"};
    (void)ctx;
    if (index >= ARRAY_LEN(names))
        return false;
    *ret_counter = (struct api_counter){names[index], "as the agents' port counts", 41 + index};
    return true;
}

static void
api_begin(struct site *s)
{
    struct baton_err err = {0};
    char fingerprint[API_FINGERPRINT_BYTES];
    snprintf(s->cert, sizeof s->cert, "%s/tls.pem", s->w.dir);
    snprintf(s->key, sizeof s->key, "%s/tls-key.pem", s->w.dir);
    assert_int_equal(api_tls_ensure(s->cert, s->key, "localhost", fingerprint, &err), BATON_OK);
    assert_true(baton_unhex(fingerprint, s->pin.b, sizeof s->pin.b));
    struct api_config config = {.host = "127.0.0.1",
                                .cert_path = s->cert,
                                .key_path = s->key,
                                .store_path = s->w.path,
                                .asset = &page,
                                .asset_count = 1,
                                .controller_key = s->w.controller.sign_key,
                                .sign_ctx = s,
                                .sign = sign_with_controller,
                                .counter_ctx = s,
                                .counter = two_counters};
    if (api_open(&config, s->w.engine, crypto_digest_port(), &s->api, &err) != BATON_OK)
        fail_msg("%s", err.text);
    snprintf(s->url, sizeof s->url, "https://127.0.0.1:%u", (unsigned)api_port(s->api));
}

static int
setup(void **state)
{
    struct site *s = calloc(1, sizeof *s);
    assert_non_null(s);
    world_init(&s->w);
    world_start(&s->w);
    world_setup(&s->w);
    other_tenant_make(s);
    login_make(s, ADMIN, ROLE_VIEW | ROLE_OPERATE | ROLE_ADMIN, NULL);
    login_make(s, VIEWER, ROLE_VIEW, NULL);
    login_make(s, OPERATOR, ROLE_VIEW | ROLE_OPERATE | ROLE_APPROVE, NULL);
    login_make(s, AUDITOR, ROLE_AUDIT, NULL);
    login_make(s, LIMITED, ROLE_VIEW | ROLE_OPERATE | ROLE_ADMIN, &s->other_tenant);
    api_begin(s);
    *state = s;
    return 0;
}

static int
teardown(void **state)
{
    struct site *s = *state;
    api_close(&s->api);
    unlink(s->cert);
    unlink(s->key);
    if (s->agents) {
        agent_done(&s->old_agent);
        agent_done(&s->new_agent);
    }
    world_done(&s->w);
    free(s);
    return 0;
}

/* ---- asking ----------------------------------------------------------------------------------- */

struct reply {
    long http;
    json_t *json;
    char etag[64];
    char *text;
};

static struct reply
ask_with(struct site *s, const char *token, const struct http_request *q)
{
    struct http *h;
    struct http_answer a;
    struct baton_err err = {0};
    struct reply r = {0};
    assert_int_equal(http_open(s->url, &s->pin, token, &h, &err), BATON_OK);
    if (http_send(h, q, &a, &err) != BATON_OK)
        fail_msg("%s %s: %s", q->method, q->path, err.text);
    r.http = a.status;
    snprintf(r.etag, sizeof r.etag, "%s", a.etag);
    r.json = json_loadb(a.body, a.len, 0, NULL);
    r.text = strdup(a.body);
    http_answer_done(&a);
    http_close(&h);
    return r;
}

static struct reply
ask(struct site *s, enum who who, const char *method, const char *path, const char *body)
{
    struct http_request q = {.method = method, .path = path, .body = body};
    return ask_with(s, s->token[who], &q);
}

static void
reply_done(struct reply *r)
{
    json_decref(r->json);
    free(r->text);
}

static const char *
text_of(const struct reply *r, const char *name)
{
    const char *text = json_string_value(json_object_get(r->json, name));
    return text != NULL ? text : "";
}

static void
expect(struct site *s, enum who who, const char *method, const char *path, const char *body,
       long http)
{
    struct reply r = ask(s, who, method, path, body);
    if (r.http != http)
        fail_msg("%s %s: %ld instead of %ld: %s", method, path, r.http, http, r.text);
    if (http >= 400) {
        assert_int_equal(json_integer_value(json_object_get(r.json, "status")), http);
        assert_true(text_of(&r, "detail")[0] != '\0');
    }
    reply_done(&r);
}

static char *
tenant_path(const struct site *s, const char *rest)
{
    static char path[512]; /* rest is often made in a buffer of 256 */
    char guid[37];
    baton_guid_format(&s->w.tenant, guid);
    snprintf(path, sizeof path, "/api/v1/tenants/%s%s", guid, rest);
    return path;
}

/* ---- one byte after the other ------------------------------------------------------------------ */

/* Sends exactly these bytes; returns the status of the answer, 0 for a closed connection. */
static int
raw(struct site *s, const char *bytes, size_t len)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(api_port(s->api))};
    static char in[RAW_BYTES];
    size_t got = 0;
    int status = 0, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval limit = {.tv_sec = 10};
    gnutls_session_t tls;
    gnutls_certificate_credentials_t none;
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr), 1);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(gnutls_certificate_allocate_credentials(&none), 0);
    assert_int_equal(gnutls_init(&tls, GNUTLS_CLIENT), 0);
    gnutls_set_default_priority(tls);
    gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, none);
    gnutls_transport_set_int(tls, fd);
    assert_int_equal(gnutls_handshake(tls), 0);
    assert_int_equal(gnutls_record_send(tls, bytes, len), (ssize_t)len);
    for (ssize_t n = 1; n > 0 && strstr(in, "\r\n\r\n") == NULL && got + 1 < sizeof in;) {
        n = gnutls_record_recv(tls, in + got, sizeof in - 1 - got);
        got += n > 0 ? (size_t)n : 0;
        in[got] = '\0';
    }
    if (strncmp(in, "HTTP/1.1 ", 9) == 0)
        status = atoi(in + 9);
    in[0] = '\0';
    gnutls_deinit(tls);
    gnutls_certificate_free_credentials(none);
    close(fd);
    return status;
}

static int
raw_text(struct site *s, const char *text)
{
    return raw(s, text, strlen(text));
}

/* ---- who may --------------------------------------------------------------------------------- */

static void
a_request_without_a_token_is_told_to_log_in(void **state)
{
    struct site *s = *state;
    struct http_request q = {.method = "GET", .path = "/api/v1/tenants"};
    struct reply r = ask_with(s, NULL, &q);
    assert_int_equal(r.http, 401);
    assert_int_equal(json_integer_value(json_object_get(r.json, "status")), 401);
    assert_string_equal(text_of(&r, "code"), "BATON_DENIED");
    assert_string_equal(text_of(&r, "type"), "urn:baton:problem:denied");
    assert_string_equal(text_of(&r, "next"), "baton login");
    reply_done(&r);
}

static void
a_token_that_nobody_made_is_refused(void **state)
{
    struct site *s = *state;
    uint8_t secret[LOGIN_SECRET_BYTES] = {1};
    char token[LOGIN_TOKEN_BYTES];
    login_token_format(secret, token);
    struct http_request q = {.method = "GET", .path = "/api/v1/tenants"};
    struct reply r = ask_with(s, token, &q);
    assert_int_equal(r.http, 401);
    reply_done(&r);
}

static void
a_removed_login_is_refused_at_once(void **state)
{
    struct site *s = *state;
    char path[96], id[33];
    expect(s, OPERATOR, "GET", "/api/v1/session", NULL, 200);
    baton_hex(s->w.operator_id[1].b, 16, id);
    snprintf(path, sizeof path, "/api/v1/logins/%s", id);
    expect(s, ADMIN, "DELETE", path, NULL, 200);
    expect(s, OPERATOR, "GET", "/api/v1/session", NULL, 401);
}

static void
a_role_that_is_missing_is_named(void **state)
{
    struct site *s = *state;
    struct reply r = ask(s, VIEWER, "POST", "/api/v1/tenants",
                         "{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"x\"}");
    assert_int_equal(r.http, 403);
    assert_non_null(strstr(r.text, "one of these is needed: admin"));
    reply_done(&r);
    expect(s, AUDITOR, "POST", tenant_path(s, "/agents/token"), "{\"role\":\"old\",\"host\":\"A\"}",
           403);
    expect(s, OPERATOR, "GET", "/api/v1/logins", NULL, 403);
}

static void
a_limited_login_sees_its_own_tenant_and_nothing_of_another(void **state)
{
    struct site *s = *state;
    struct reply r = ask(s, LIMITED, "GET", "/api/v1/tenants", NULL);
    json_t *items = json_object_get(r.json, "items");
    assert_int_equal(json_array_size(items), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(items, 0), "id")),
                        s->other);
    reply_done(&r);
    expect(s, LIMITED, "GET", tenant_path(s, ""), NULL, 404);
    expect(s, LIMITED, "POST", tenant_path(s, "/agents/token"), "{\"role\":\"old\",\"host\":\"A\"}",
           404);

    r = ask(s, LIMITED, "GET", "/api/v1/audit?limit=500", NULL);
    size_t i;
    json_t *record;
    assert_true(json_array_size(json_object_get(r.json, "items")) > 0);
    json_array_foreach(json_object_get(r.json, "items"), i, record)
        assert_string_equal(json_string_value(json_object_get(record, "tenant")), s->other);
    reply_done(&r);
}

static void
what_concerns_every_tenant_is_not_for_a_limited_login(void **state)
{
    struct site *s = *state;
    expect(s, LIMITED, "GET", "/api/v1/logins", NULL, 403);
    expect(s, LIMITED, "POST", "/api/v1/tenants",
           "{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"x\"}", 403);
    expect(s, LIMITED, "PUT", "/api/v1/trust", "{}", 403);
}

static void
many_failed_logins_make_an_address_wait_but_nobody_who_is_known(void **state)
{
    struct site *s = *state;
    struct http_request q = {.method = "GET", .path = "/api/v1/session"};
    for (int i = 0; i < LIMIT_FAILS; i++) {
        struct reply r = ask_with(s, NULL, &q);
        assert_int_equal(r.http, 401);
        reply_done(&r);
    }
    uint8_t secret[LOGIN_SECRET_BYTES] = {1};
    char guess[LOGIN_TOKEN_BYTES];
    login_token_format(secret, guess);
    struct reply r = ask_with(s, guess, &q);
    assert_int_equal(r.http, 429);
    reply_done(&r);
    r = ask_with(s, NULL, &q);
    assert_int_equal(r.http, 429);
    reply_done(&r);
    expect(s, ADMIN, "GET", "/healthz", NULL, 200); /* needs no login */
    /* operators who share the address with the guesser go on working */
    expect(s, ADMIN, "GET", "/api/v1/session", NULL, 200);
}

static void
metrics_are_for_people_with_a_login_and_count_what_was_refused(void **state)
{
    struct site *s = *state;
    struct http_request q = {.method = "GET", .path = "/metrics"};
    struct reply r = ask_with(s, NULL, &q);
    assert_int_equal(r.http, 401);
    reply_done(&r);
    r = ask_with(s, s->token[ADMIN], &q);
    assert_int_equal(r.http, 200);
    assert_non_null(strstr(r.text, "baton_api_login_failed_total 1\n"));
    assert_non_null(strstr(r.text, "# TYPE baton_bus_malformed_total counter\n"
                                   "baton_bus_malformed_total 41\n"));
    assert_non_null(strstr(r.text, "baton_bus_denied_total 42\n"));
    reply_done(&r);
}

static void
the_limit_forgets_after_its_window(void **state)
{
    (void)state;
    struct api_limit l;
    api_limit_init(&l);
    for (int i = 0; i < LIMIT_FAILS; i++) {
        assert_false(api_limit_blocked(&l, 7, 1000));
        api_limit_failed(&l, 7, 1000);
    }
    assert_true(api_limit_blocked(&l, 7, 1000 + LIMIT_WINDOW_MS - 1));
    assert_false(api_limit_blocked(&l, 8, 1000));
    assert_false(api_limit_blocked(&l, 7, 1000 + LIMIT_WINDOW_MS));
    pthread_mutex_destroy(&l.lock);
}

/* ---- what is let in --------------------------------------------------------------------------- */

static void
a_request_on_which_parsers_could_disagree_is_refused(void **state)
{
    struct site *s = *state;
    static const char *const bad[] = {
        "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: b\001c\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nX(A): b\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (raw_text(s, bad[i]) != 400)
            fail_msg("not refused: %s", bad[i]);
    assert_int_equal(raw_text(s, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                     200);
}

static void
a_body_over_the_limit_is_refused_before_it_is_read(void **state)
{
    struct site *s = *state;
    assert_int_equal(raw_text(s, "POST /api/v1/tenants HTTP/1.1\r\nHost: a\r\n"
                                 "Content-Length: 65537\r\n\r\n"),
                     413);
}

/* A reader of the database must not stay open for a body that nobody wants. */
static void
a_body_that_nobody_wants_is_not_waited_for(void **state)
{
    struct site *s = *state;
    char text[512];
    snprintf(text, sizeof text,
             "GET /api/v1/session HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
             "Content-Length: 5\r\n\r\n",
             s->token[VIEWER]);
    assert_int_equal(raw_text(s, text), 400);
}

static void
an_escaped_control_character_does_not_cut_a_path(void **state)
{
    struct site *s = *state;
    assert_int_equal(raw_text(s, "GET /healthz%00x HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
    assert_int_equal(raw_text(s, "GET /healthz%0a HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
}

static void
bodies_and_queries_are_checked_against_the_table(void **state)
{
    struct site *s = *state;
    expect(s, ADMIN, "POST", "/api/v1/tenants", "{\"id\":\"x\",\"name\":\"y\"}", 400);
    expect(s, ADMIN, "POST", "/api/v1/tenants", "{\"name\":\"y\"}", 400);
    expect(s, ADMIN, "POST", "/api/v1/tenants",
           "{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"y\",\"more\":1}", 400);
    expect(s, ADMIN, "POST", "/api/v1/tenants", "[1]", 400);
    expect(s, ADMIN, "POST", "/api/v1/tenants", "{\"id\":", 400);
    expect(s, ADMIN, "POST", "/api/v1/tenants",
           "{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"a\\u0000b\"}", 400);
    expect(s, ADMIN, "POST", "/api/v1/tenants",
           "{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"a\",\"name\":\"b\"}", 400);
    expect(s, ADMIN, "GET", "/api/v1/tenants?limit=x", NULL, 400);
    expect(s, ADMIN, "GET", "/api/v1/tenants?shape=round", NULL, 400);
    expect(s, ADMIN, "GET", "/api/v1/nothing", NULL, 404);
    expect(s, ADMIN, "PATCH", "/api/v1/tenants", "{}", 405);
    expect(s, ADMIN, "GET", "/api/v1/cutovers/zz", NULL, 400);
    expect(s, ADMIN, "GET", "/api/v1/cutovers/00000000000000000000000000000001", NULL, 404);
    expect(s, ADMIN, "GET", "/api/v1/cutovers/00000000000000000000000000000000", NULL, 404);
}

/* ---- who holds connections ---- */

static int
knock(struct site *s, const char *from)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(api_port(s->api))};
    struct sockaddr_in me = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, from, &me.sin_addr), 1);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&me, sizeof me), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Without a login, one address could hold every connection with a byte now and then. */
static void
a_window_is_set_shown_and_cleared(void **state)
{
    struct site *s = *state;
    const char *body = "{\"from_unix_ms\":4107542400000,\"until_unix_ms\":4107553200000}";
    expect(s, VIEWER, "PUT", tenant_path(s, "/window"), body, 403);
    expect(s, LIMITED, "PUT", tenant_path(s, "/window"), body, 404);
    expect(s, OPERATOR, "PUT", tenant_path(s, "/window"), "{\"from_unix_ms\":4107542400000}", 400);
    expect(s, OPERATOR, "PUT", tenant_path(s, "/window"),
           "{\"from_unix_ms\":-1,\"until_unix_ms\":4107553200000}", 400);
    expect(s, OPERATOR, "PUT", tenant_path(s, "/window"), body, 200);
    struct reply r = ask(s, VIEWER, "GET", tenant_path(s, ""), NULL);
    const json_t *window = json_object_get(r.json, "window");
    assert_true(json_integer_value(json_object_get(window, "from_unix_ms")) == 4107542400000);
    assert_true(json_integer_value(json_object_get(window, "until_unix_ms")) == 4107553200000);
    reply_done(&r);
    expect(s, OPERATOR, "DELETE", tenant_path(s, "/window"), NULL, 200);
    r = ask(s, VIEWER, "GET", tenant_path(s, ""), NULL);
    assert_true(json_is_null(json_object_get(r.json, "window")));
    reply_done(&r);
}

static const char policy_yaml[] = "preset: parity\nrules:\n  - rule: EX-DELETES\n    count: 3\n";

/* Its text in hex, as a body. */
static const char *
policy_body(const char *text)
{
    static char body[512];
    char hex[400];
    baton_hex(text, strlen(text), hex);
    snprintf(body, sizeof body, "{\"bytes\":\"%s\"}", hex);
    return body;
}

static void
a_verification_policy_is_set_handed_out_as_it_was_and_cleared(void **state)
{
    struct site *s = *state;
    struct baton_hash hash;
    char hex[65];
    expect(s, VIEWER, "PUT", tenant_path(s, "/verification-policy"), policy_body(policy_yaml), 403);
    expect(s, OPERATOR, "PUT", tenant_path(s, "/verification-policy"), policy_body(policy_yaml),
           403);
    expect(s, ADMIN, "PUT", tenant_path(s, "/verification-policy"), "{\"bytes\":\"0\"}", 400);
    expect(s, VIEWER, "GET", tenant_path(s, "/verification-policy"), NULL, 404);
    expect(s, ADMIN, "PUT", tenant_path(s, "/verification-policy"), policy_body(policy_yaml), 200);

    struct reply r = ask(s, VIEWER, "GET", tenant_path(s, "/verification-policy"), NULL);
    assert_int_equal(r.http, 200);
    assert_string_equal(r.text, policy_yaml);
    reply_done(&r);
    crypto_sha256(policy_yaml, strlen(policy_yaml), &hash);
    baton_hex(hash.b, sizeof hash.b, hex);
    r = ask(s, VIEWER, "GET", tenant_path(s, ""), NULL);
    assert_string_equal(json_string_value(json_object_get(r.json, "verification_policy")), hex);
    reply_done(&r);

    r = ask(s, ADMIN, "PUT", tenant_path(s, "/verification-policy"),
            policy_body("preset: parity\nrules:\n  - rule: EX-TOMORROW\n"));
    assert_int_equal(r.http, 400);
    const char *detail = json_string_value(json_object_get(r.json, "detail"));
    assert_non_null(strstr(detail, "near line 3: no rule EX-TOMORROW"));
    reply_done(&r);

    expect(s, ADMIN, "DELETE", tenant_path(s, "/verification-policy"), NULL, 200);
    r = ask(s, VIEWER, "GET", tenant_path(s, ""), NULL);
    assert_true(json_is_null(json_object_get(r.json, "verification_policy")));
    reply_done(&r);
}

static void
a_verification_policy_that_is_too_long_is_refused(void **state)
{
    struct site *s = *state;
    static char body[2 * LIMITS_BYTES_MAX + 64];
    snprintf(body, sizeof body, "{\"bytes\":\"");
    size_t at = strlen(body);
    memset(body + at, '2', 2 * LIMITS_BYTES_MAX + 2);
    strcpy(body + at + 2 * LIMITS_BYTES_MAX + 2, "\"}");
    expect(s, ADMIN, "PUT", tenant_path(s, "/verification-policy"), body, 400);
}

static void
one_address_does_not_hold_every_connection(void **state)
{
    struct site *s = *state;
    int fd[API_CONNECTIONS_MAX + 44];
    for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
        fd[i] = knock(s, "127.0.0.2");
        if (i % 16 == 15)
            world_pause(20); /* accepted, not only queued */
    }
    expect(s, ADMIN, "GET", "/healthz", NULL, 200); /* from another address */
    for (size_t i = 0; i < ARRAY_LEN(fd); i++)
        close(fd[i]);
}

/* ---- what it does ----------------------------------------------------------------------------- */

static void
a_list_comes_in_pages_that_lose_nothing(void **state)
{
    struct site *s = *state;
    size_t seen = 0, pages = 0;
    char path[128] = "/api/v1/tenants?limit=2", last[64] = "";
    for (int i = 0; i < 5; i++) {
        char body[128];
        snprintf(body, sizeof body,
                 "{\"id\":\"1111111%d-2222-4333-8444-555555555555\",\"name\":\"t%d\"}", i, i);
        expect(s, ADMIN, "POST", "/api/v1/tenants", body, 201);
    }
    while (path[0] != '\0') {
        struct reply r = ask(s, ADMIN, "GET", path, NULL);
        size_t i;
        json_t *item;
        assert_int_equal(r.http, 200);
        json_array_foreach(json_object_get(r.json, "items"), i, item)
        {
            const char *id = json_string_value(json_object_get(item, "id"));
            assert_true(strcmp(id, last) > 0); /* in order, so none twice */
            snprintf(last, sizeof last, "%s", id);
            seen++;
        }
        path[0] = '\0';
        if (text_of(&r, "next")[0] != '\0')
            snprintf(path, sizeof path, "/api/v1/tenants?limit=2&cursor=%s", text_of(&r, "next"));
        pages++;
        reply_done(&r);
    }
    assert_int_equal(seen, 7);
    assert_int_equal(pages, 4);
}

static void
the_same_idempotency_key_does_it_once(void **state)
{
    struct site *s = *state;
    struct http_request q = {
        .method = "POST",
        .path = "/api/v1/tenants",
        .idempotency = "only-once",
        .body = "{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"once\"}"};
    struct reply a = ask_with(s, s->token[ADMIN], &q), b = ask_with(s, s->token[ADMIN], &q);
    assert_int_equal(a.http, 201);
    assert_int_equal(b.http, 201);
    assert_int_equal(json_integer_value(json_object_get(a.json, "audit_seq")),
                     json_integer_value(json_object_get(b.json, "audit_seq")));
    reply_done(&a);
    reply_done(&b);
    q.idempotency = "another";
    a = ask_with(s, s->token[ADMIN], &q);
    assert_int_equal(a.http, 409); /* really asked again, and the tenant exists */
    reply_done(&a);
}

static void
long_idempotency_keys_that_end_differently_are_two(void **state)
{
    struct site *s = *state;
    static const char body[] =
        "{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"once\"}";
    static const struct {
        char end;
        int http;
    } asked[] = {{'a', 201}, {'a', 201}, {'b', 409}}; /* the last is really asked again */
    char key[600], text[2048];
    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        key[sizeof key - 2] = asked[i].end;
        snprintf(text, sizeof text,
                 "POST /api/v1/tenants HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                 "Idempotency-Key: %s\r\nContent-Length: %zu\r\n\r\n%s",
                 s->token[ADMIN], key, sizeof body - 1, body);
        assert_int_equal(raw_text(s, text), asked[i].http);
    }
}

static void
a_secret_is_shown_once_even_under_the_same_key(void **state)
{
    struct site *s = *state;
    struct http_request q = {.method = "POST",
                             .path = tenant_path(s, "/agents/token"),
                             .idempotency = "only-once",
                             .body = "{\"role\":\"old\",\"host\":\"SYNC01\"}"};
    size_t before = world_records(&s->w, AUDIT_TOKEN);
    struct reply a = ask_with(s, s->token[ADMIN], &q), b = ask_with(s, s->token[ADMIN], &q);
    assert_int_equal(a.http, 201);
    assert_int_equal(b.http, 409);
    assert_int_equal(world_records(&s->w, AUDIT_TOKEN), before + 1);
    reply_done(&a);
    reply_done(&b);
}

static void
join(struct site *s)
{
    agent_init(&s->old_agent, &s->w, "SYNC01");
    agent_init(&s->new_agent, &s->w, "SYNC02");
    s->agents = true;
    agent_join(&s->old_agent, 'o');
    agent_join(&s->new_agent, 'n');
    agent_report(&s->old_agent);
    agent_report(&s->new_agent);
    world_settle(&s->w);
}

static void
cutover_make(struct site *s, char ret_id[64])
{
    char body[512], old_key[65], new_key[65];
    baton_hex(s->old_agent.id.sign_key.b, 32, old_key);
    baton_hex(s->new_agent.id.sign_key.b, 32, new_key);
    snprintf(body, sizeof body,
             "{\"old\":\"%s\",\"new\":\"%s\",\"profile\":\"parallel\",\"reason\":\"a test\"}",
             old_key, new_key);
    struct reply r = ask(s, OPERATOR, "POST", tenant_path(s, "/cutovers"), body);
    if (r.http != 201)
        fail_msg("%s", r.text);
    snprintf(ret_id, 64, "%s", text_of(&r, "id"));
    reply_done(&r);
}

static void
a_verb_over_an_old_look_is_a_conflict(void **state)
{
    struct site *s = *state;
    char id[64], path[128], verb[128];
    join(s);
    cutover_make(s, id);
    snprintf(path, sizeof path, "/api/v1/cutovers/%s", id);
    snprintf(verb, sizeof verb, "/api/v1/cutovers/%s/hold", id);
    struct reply seen = ask(s, OPERATOR, "GET", path, NULL);
    assert_int_equal(seen.http, 200);
    assert_true(seen.etag[0] == '"');

    struct http_request q = {
        .method = "POST", .path = verb, .body = "{\"reason\":\"wait\"}", .if_match = seen.etag};
    struct reply first = ask_with(s, s->token[OPERATOR], &q);
    assert_int_equal(first.http, 200);
    struct reply second = ask_with(s, s->token[OPERATOR], &q);
    assert_int_equal(second.http, 412);
    assert_string_equal(text_of(&second, "code"), "BATON_CONFLICT");
    reply_done(&seen);
    reply_done(&first);
    reply_done(&second);
}

static void
a_refusal_says_which_guard_who_and_what_next(void **state)
{
    struct site *s = *state;
    char id[64], path[128];
    join(s);
    cutover_make(s, id);
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/start", id);
    struct reply r = ask(s, OPERATOR, "POST", path, "{}");
    assert_int_equal(r.http, 422);
    assert_true(text_of(&r, "detail")[0] != '\0');
    assert_true(text_of(&r, "next")[0] != '\0');
    reply_done(&r);

    snprintf(path, sizeof path, "/api/v1/cutovers/%s/explain", id);
    r = ask(s, VIEWER, "GET", path, NULL);
    assert_int_equal(r.http, 200);
    assert_true(text_of(&r, "title")[0] != '\0');
    assert_non_null(json_object_get(r.json, "facts"));
    reply_done(&r);
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/dance", id);
    expect(s, OPERATOR, "POST", path, "{}", 404);
}

static void
agents_are_listed_with_what_they_said(void **state)
{
    struct site *s = *state;
    char path[256], key[65];
    join(s);
    struct reply r = ask(s, VIEWER, "GET", tenant_path(s, "/agents"), NULL);
    json_t *items = json_object_get(r.json, "items");
    assert_int_equal(json_array_size(items), 2);
    reply_done(&r);
    baton_hex(s->old_agent.id.sign_key.b, 32, key);
    snprintf(path, sizeof path, "/agents/%s", key);
    r = ask(s, VIEWER, "GET", tenant_path(s, path), NULL);
    assert_string_equal(text_of(&r, "host"), "SYNC01");
    assert_true(json_is_true(json_object_get(r.json, "confirmed")));
    assert_non_null(json_object_get(r.json, "facts"));
    reply_done(&r);
}

/* Three finished handoffs of other tenants, as their rows say; labs count for labs only. */
static void
fleet_rows_put(struct site *s)
{
    struct store_port store;
    assert_int_equal(
        store_sqlite_open(s->w.path, STORE_READ_WRITE, crypto_digest_port(), &store, NULL),
        BATON_OK);
    assert_int_equal(store.begin(store.ctx, NULL), BATON_OK);
    for (uint8_t i = 0; i < 6; i++) {
        struct tenant_row row;
        uint8_t bytes[SITE_ROW_BYTES_MAX];
        memset(&row, 0, sizeof row);
        crypto_random(row.info.id.b, sizeof row.info.id.b);
        snprintf(row.info.name, sizeof row.info.name, "fleet%u", (unsigned)i);
        row.info.lab = i >= 3;
        policy_preset(PRESET_PRODUCTION, &row.info.policy);
        row.info.first_sync = (struct first_sync){i >= 3 ? 7200000 : 3600000, 100000};
        assert_int_equal(store.put(store.ctx, TABLE_TENANT, row.info.id.b, 16, bytes,
                                   tenant_row_encode(&row, bytes), NULL),
                         BATON_OK);
    }
    assert_int_equal(store.commit(store.ctx, NULL), BATON_OK);
    store.close(store.ctx);
}

static void
expect_estimate(struct site *s, const char *path, const char *from, json_int_t handoffs,
                json_int_t ms_per_50k)
{
    struct reply r = ask(s, VIEWER, "GET", tenant_path(s, path), NULL);
    json_t *by = json_object_get(r.json, "estimate");
    if (r.http != 200)
        fail_msg("%s", r.text);
    assert_string_equal(json_string_value(json_object_get(by, "from")), from);
    assert_true(json_integer_value(json_object_get(by, "handoffs")) == handoffs);
    assert_true(json_integer_value(json_object_get(by, "ms_per_50k")) == ms_per_50k);
    reply_done(&r);
}

static void
an_assessment_says_whose_experience_it_rests_on(void **state)
{
    struct site *s = *state;
    char path[256], old[65], new[65];
    join(s);
    baton_hex(s->old_agent.id.sign_key.b, 32, old);
    baton_hex(s->new_agent.id.sign_key.b, 32, new);
    snprintf(path, sizeof path, "/assessment?old=%s&new=%s", old, new);
    struct tenant *t = calloc(1, sizeof *t);
    world_tenant(&s->w, t);
    int64_t documented = t->info.policy.v[POLICY_HOURS_PER_50K_MS];
    bool lab = t->info.lab;
    free(t);
    expect_estimate(s, path, "documented", 0, documented);
    api_close(&s->api);
    world_stop(&s->w);
    fleet_rows_put(s);
    world_start(&s->w);
    api_begin(s);
    expect_estimate(s, path, "site", 3, lab ? 10 * documented : 1800000);
}

/* ---- who is awaited in this run --------------------------------------------------------------- */

/* A role that was adopted, as an earlier run left its record. */
static void
record_put(struct site *s, bool new_retired)
{
    const struct world_agent *who[] = {&s->old_agent, &s->new_agent};
    struct authority a = {.phase = AUTH_HELD,
                          .adopted = true,
                          .member_count = 2,
                          .tenant = s->w.tenant,
                          .epoch = {.counter = 3},
                          .holder = who[0]->id.sign_key,
                          .recipient = who[0]->id.sign_key};
    uint8_t bytes[AUTHORITY_BYTES_MAX];
    struct store_port store;
    for (int i = 0; i < 2; i++) {
        a.member[i].key = who[i]->id.sign_key;
        a.member[i].product = i == 0 ? PRODUCT_DIRSYNC : PRODUCT_CONNECT;
        a.member[i].promise = a.epoch;
    }
    a.member[1].retired = new_retired;
    assert_int_equal(
        store_sqlite_open(s->w.path, STORE_READ_WRITE, crypto_digest_port(), &store, NULL),
        BATON_OK);
    assert_int_equal(store.begin(store.ctx, NULL), BATON_OK);
    assert_int_equal(store.put(store.ctx, TABLE_AUTHORITY, s->w.tenant.b, 16, bytes,
                               authority_encode(&a, bytes), NULL),
                     BATON_OK);
    assert_int_equal(store.commit(store.ctx, NULL), BATON_OK);
    store.close(store.ctx);
}

static void
start_anew(struct site *s, bool new_retired)
{
    api_close(&s->api);
    world_stop(&s->w);
    record_put(s, new_retired);
    world_start(&s->w);
    api_begin(s);
}

static void
answer_the_question(struct world_agent *a)
{
    agent_hello(a);
    struct message *asked = world_take_order(a->w, a, ORDER_STATUS);
    assert_non_null(asked);
    struct statement status = agent_statement(a, SAY_STATUS);
    status.nonce = asked->u.order.order.nonce;
    status.epoch.counter = 3;
    agent_answer(a, asked, &status);
    world_settle(a->w);
}

/* Each server's word on the agents' page; ret_recovering: the tenant's. */
static void
awaited_as_told(struct site *s, bool ret_awaited[2], bool *ret_recovering, uint64_t *ret_started_ms)
{
    struct reply r = ask(s, VIEWER, "GET", tenant_path(s, "/agents"), NULL);
    json_t *items = json_object_get(r.json, "items"), *item;
    size_t i;
    assert_int_equal(json_array_size(items), 2);
    json_array_foreach(items, i, item)
    {
        const char *hint = json_string_value(json_object_get(item, "do"));
        char expected[160];
        assert_true(json_is_boolean(json_object_get(item, "awaited")));
        ret_awaited[i] = json_is_true(json_object_get(item, "awaited"));
        snprintf(expected, sizeof expected, "SYNC0%zu: not heard since this controller started at ",
                 i + 1);
        assert_true(ret_awaited[i] ? strstr(hint, expected) == hint : hint == NULL);
        *ret_started_ms =
            (uint64_t)json_integer_value(json_object_get(item, "controller_started_unix_ms"));
    }
    reply_done(&r);
    r = ask(s, VIEWER, "GET", tenant_path(s, ""), NULL);
    *ret_recovering = json_is_true(json_object_get(r.json, "recovering"));
    reply_done(&r);
}

static void
after_a_start_the_api_says_which_server_was_not_heard_since(void **state)
{
    struct site *s = *state;
    bool awaited[2], recovering;
    uint64_t before_ms, started_ms;
    join(s);
    before_ms = world_unix_ms(&s->w);
    start_anew(s, false);
    awaited_as_told(s, awaited, &recovering, &started_ms);
    assert_true(awaited[0] && awaited[1] && recovering);
    assert_true(started_ms >= before_ms && started_ms <= world_unix_ms(&s->w));
    answer_the_question(&s->old_agent);
    awaited_as_told(s, awaited, &recovering, &started_ms);
    assert_true(!awaited[0] && awaited[1] && recovering);
    answer_the_question(&s->new_agent);
    awaited_as_told(s, awaited, &recovering, &started_ms);
    assert_true(!awaited[0] && !awaited[1] && !recovering);
}

static void
after_a_start_explain_and_the_cutover_name_who_was_not_heard(void **state)
{
    struct site *s = *state;
    char id[64], path[128];
    join(s);
    start_anew(s, false);
    answer_the_question(&s->old_agent);
    cutover_make(s, id);
    snprintf(path, sizeof path, "/api/v1/cutovers/%s/explain", id);
    struct reply r = ask(s, VIEWER, "GET", path, NULL);
    assert_non_null(strstr(r.text, "SYNC02: not heard since this controller started at "));
    assert_null(strstr(r.text, "SYNC01: not heard"));
    reply_done(&r);
    snprintf(path, sizeof path, "/api/v1/cutovers/%s", id);
    r = ask(s, VIEWER, "GET", path, NULL);
    json_t *record = json_object_get(r.json, "authority");
    json_t *members = json_object_get(record, "members");
    assert_true(json_is_true(json_object_get(record, "recovering")));
    assert_true(json_integer_value(json_object_get(record, "controller_started_unix_ms")) > 0);
    assert_true(json_is_false(json_object_get(json_array_get(members, 0), "awaited")));
    assert_true(json_is_true(json_object_get(json_array_get(members, 1), "awaited")));
    reply_done(&r);
}

static void
nothing_waits_for_the_word_of_a_server_that_is_retired(void **state)
{
    struct site *s = *state;
    bool awaited[2], recovering;
    uint64_t started_ms;
    join(s);
    start_anew(s, true);
    awaited_as_told(s, awaited, &recovering, &started_ms);
    assert_true(awaited[0] && !awaited[1] && recovering);
    answer_the_question(&s->old_agent);
    awaited_as_told(s, awaited, &recovering, &started_ms);
    assert_true(!awaited[0] && !awaited[1] && !recovering);
}

static void
nothing_waits_for_the_word_of_a_server_that_is_no_member(void **state)
{
    struct site *s = *state;
    join(s);
    struct reply r = ask(s, VIEWER, "GET", tenant_path(s, "/agents"), NULL);
    json_t *item = json_array_get(json_object_get(r.json, "items"), 0);
    assert_true(json_is_null(json_object_get(item, "awaited")));
    assert_null(json_object_get(item, "do"));
    reply_done(&r);
}

/* ---- reading is only reading ------------------------------------------------------------------ */

static void
fill_path(const struct site *s, const char *pattern, const char *cutover, char out[256])
{
    char guid[37], key[65], value[128];
    size_t used = 0;
    baton_guid_format(&s->w.tenant, guid);
    baton_hex(s->old_agent.id.sign_key.b, 32, key);
    out[0] = '\0';
    while (*pattern != '\0' && used < 200) {
        if (*pattern != '{') {
            out[used++] = *pattern++;
            out[used] = '\0';
            continue;
        }
        snprintf(value, sizeof value, "%s",
                 strncmp(pattern, "{tenant}", 8) == 0  ? guid
                 : strncmp(pattern, "{agent}", 7) == 0 ? key
                                                       : cutover);
        used += (size_t)snprintf(out + used, 256 - used, "%s", value);
        pattern = strchr(pattern, '}') + 1;
    }
}

static bool
add_row(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct baton_hash *sum = arg;
    struct baton_hash a, b;
    crypto_sha256(key, key_len, &a);
    crypto_sha256(value, len, &b);
    for (size_t i = 0; i < sizeof sum->b; i++)
        sum->b[i] = (uint8_t)(sum->b[i] * 31 + a.b[i] * 7 + b.b[i]);
    return true;
}

static void
look(const struct site *s, uint64_t *ret_size, struct baton_hash *ret_rows)
{
    struct store_port store;
    struct baton_err err = {0};
    struct baton_hash root;
    memset(ret_rows, 0, sizeof *ret_rows);
    assert_int_equal(
        store_sqlite_open(s->w.path, STORE_READ_ONLY, crypto_digest_port(), &store, &err),
        BATON_OK);
    assert_int_equal(store.head(store.ctx, ret_size, &root, &err), BATON_OK);
    for (int t = 0; t < TABLE_COUNT; t++)
        assert_int_equal(
            store.each(store.ctx, (enum store_table)t, NULL, 0, add_row, ret_rows, &err), BATON_OK);
    store.close(store.ctx);
}

static void
every_get_leaves_the_database_as_it_was(void **state)
{
    struct site *s = *state;
    size_t n, asked = 0;
    const struct api_route *routes = api_routes(&n);
    char id[64], path[256];
    uint64_t before, after;
    struct baton_hash rows_before, rows_after;
    join(s);
    cutover_make(s, id);
    world_settle(&s->w);
    look(s, &before, &rows_before);
    for (size_t i = 0; i < n; i++) {
        if (routes[i].method != API_GET || routes[i].handle == api_events)
            continue;
        fill_path(s, routes[i].pattern, id, path);
        struct reply r = ask(s, ADMIN, "GET", path, NULL);
        if (r.http == 401 || r.http == 405 || r.http >= 500)
            fail_msg("%s: %ld %s", path, r.http, r.text);
        reply_done(&r);
        asked++;
    }
    assert_true(asked > 20);
    look(s, &after, &rows_after);
    assert_int_equal(before, after);
    assert_memory_equal(&rows_before, &rows_after, sizeof rows_before);
}

static void
the_document_describes_every_route(void **state)
{
    struct site *s = *state;
    size_t n;
    const struct api_route *routes = api_routes(&n);
    static const char *const lower[] = {"get", "post", "put", "patch", "delete"};
    struct http_request q = {.method = "GET", .path = "/api/v1/openapi.json"};
    struct reply r = ask_with(s, NULL, &q);
    assert_int_equal(r.http, 200);
    assert_string_equal(text_of(&r, "openapi"), "3.1.0");
    json_t *paths = json_object_get(r.json, "paths");
    for (size_t i = 0; i < n; i++) {
        json_t *op =
            json_object_get(json_object_get(paths, routes[i].pattern), lower[routes[i].method]);
        if (op == NULL)
            fail_msg("%s is not in the document", routes[i].pattern);
        bool public_ = json_object_get(op, "security") != NULL;
        assert_int_equal(public_, routes[i].scope == SCOPE_PUBLIC);
        assert_int_equal(json_object_get(op, "requestBody") != NULL, routes[i].body != NULL);
    }
    reply_done(&r);
}

static void
only_few_routes_are_public_and_none_of_them_changes_anything(void **state)
{
    (void)state;
    size_t n;
    const struct api_route *routes = api_routes(&n);
    for (size_t i = 0; i < n; i++) {
        if (routes[i].scope == SCOPE_PUBLIC)
            assert_int_equal(routes[i].method, API_GET);
        else
            assert_true(routes[i].roles != 0);
        if (routes[i].method != API_GET) /* looking is not enough to change */
            assert_int_equal(routes[i].roles & (ROLE_VIEW | ROLE_AUDIT), 0);
    }
}

/* ---- the log, to take away -------------------------------------------------------------------- */

static void
a_bundle_that_is_exported_verifies_offline(void **state)
{
    struct site *s = *state;
    char path[160], guid[37], query[128];
    struct http *h;
    struct http_answer a;
    struct baton_err err = {0};
    struct audit_report report;
    struct audit_verify_options options = {.root = s->w.root.key};
    join(s);
    baton_guid_format(&s->w.tenant, guid);
    snprintf(query, sizeof query, "/api/v1/audit/export?tenant=%s", guid);
    const char *const asked[] = {"/api/v1/audit/export", query};
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        struct http_request q = {.method = "GET", .path = asked[i]};
        assert_int_equal(http_open(s->url, &s->pin, s->token[AUDITOR], &h, &err), BATON_OK);
        assert_int_equal(http_send(h, &q, &a, &err), BATON_OK);
        assert_int_equal(a.status, 200);
        snprintf(path, sizeof path, "%s/bundle%zu", s->w.dir, i);
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(a.body, 1, a.len, f), a.len);
        fclose(f);
        http_answer_done(&a);
        http_close(&h);
        if (audit_bundle_verify(path, &options, &report, &err) != BATON_OK)
            fail_msg("%s", err.text);
        if (report.verdict != AUDIT_SOUND)
            fail_msg("%s", report.why);
        assert_true(report.records > 10);
        assert_true((report.withheld > 0) == (i == 1));
        unlink(path);
    }
}

static void *
export_once(void *arg)
{
    struct site *s = arg;
    struct http_request q = {.method = "GET", .path = "/api/v1/audit/export"};
    struct reply r = ask_with(s, s->token[AUDITOR], &q);
    long http = r.http;
    reply_done(&r);
    return (void *)(intptr_t)http;
}

static void
bundles_are_written_one_at_a_time_and_beside_the_workers(void **state)
{
    struct site *s = *state;
    enum { ASKERS = 3 * API_THREADS };
    pthread_t asker[ASKERS];
    int good = 0, later = 0;
    join(s);
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&asker[i], NULL, export_once, s), 0);
    for (int i = 0; i < ASKERS; i++) {
        void *http;
        assert_int_equal(pthread_join(asker[i], &http), 0);
        good += (intptr_t)http == 200;
        later += (intptr_t)http == 503;
    }
    assert_true(good > 0 && good + later == ASKERS);
    assert_true(s->api->export.started); /* by a thread of its own */

    struct api_export *x = &s->api->export;
    pthread_mutex_lock(&x->lock);
    x->busy = true; /* as while one is being written */
    pthread_mutex_unlock(&x->lock);
    expect(s, AUDITOR, "GET", "/api/v1/audit/export", NULL, 503);
    expect(s, AUDITOR, "GET", "/api/v1/session", NULL, 200);
    pthread_mutex_lock(&x->lock);
    x->busy = false;
    pthread_mutex_unlock(&x->lock);
    assert_int_equal((intptr_t)export_once(s), 200);
}

static void
a_limited_login_takes_away_its_own_tenant_alone(void **state)
{
    struct site *s = *state;
    char path[128], guid[37];
    baton_guid_format(&s->w.tenant, guid);
    snprintf(path, sizeof path, "/api/v1/audit/export?tenant=%s", guid);
    expect(s, LIMITED, "GET", path, NULL, 403);
    expect(s, VIEWER, "GET", "/api/v1/audit/export", NULL, 403);
}

/* ---- events ----------------------------------------------------------------------------------- */

struct listen {
    struct site *s;
    char text[65536];
    size_t len;
    const char *until;
    bool acted;
};

static bool
listen_bytes(void *ctx, const char *bytes, size_t len)
{
    struct listen *l = ctx;
    size_t n = len < sizeof l->text - 1 - l->len ? len : sizeof l->text - 1 - l->len;
    memcpy(l->text + l->len, bytes, n);
    l->len += n;
    l->text[l->len] = '\0';
    return strstr(l->text, l->until) == NULL;
}

static bool
listen_tick(void *ctx)
{
    struct listen *l = ctx;
    if (!l->acted) {
        l->acted = true;
        expect(l->s, ADMIN, "POST", "/api/v1/tenants",
               "{\"id\":\"99999999-2222-4333-8444-555555555555\",\"name\":\"late\"}", 201);
    }
    return true;
}

static void
stream(struct site *s, enum who who, const char *last_event, struct listen *l)
{
    struct http *h;
    struct http_answer a;
    struct baton_err err = {0};
    struct http_sink sink = {.ctx = l, .bytes = listen_bytes, .tick = listen_tick};
    struct http_request q = {.method = "GET", .path = "/api/v1/events", .last_event = last_event};
    l->s = s;
    assert_int_equal(http_open(s->url, &s->pin, s->token[who], &h, &err), BATON_OK);
    assert_int_equal(http_stream(h, &q, &sink, &a, &err), BATON_OK);
    assert_int_equal(a.status, 200);
    http_answer_done(&a);
    http_close(&h);
}

static void
a_stream_tells_what_happens_after_it_began(void **state)
{
    struct site *s = *state;
    struct listen l = {.until = "event: tenant"};
    stream(s, VIEWER, NULL, &l);
    assert_null(strstr(l.text, "event: login")); /* what was before is not repeated */
    assert_non_null(strstr(l.text, "id: "));
}

static void
a_stream_goes_on_behind_the_last_event_that_was_seen(void **state)
{
    struct site *s = *state;
    struct listen l = {.until = "id: 5\n", .acted = true};
    stream(s, VIEWER, "2", &l);
    assert_null(strstr(l.text, "id: 2\n"));
    assert_non_null(strstr(l.text, "id: 3\n"));
    assert_non_null(strstr(l.text, "id: 4\n"));
}

static bool
take_login_away(void *ctx)
{
    struct listen *l = ctx;
    char path[96], id[33];
    if (l->acted)
        return true;
    l->acted = true;
    baton_hex(l->s->w.operator_id[1].b, 16, id);
    snprintf(path, sizeof path, "/api/v1/logins/%s", id);
    expect(l->s, ADMIN, "DELETE", path, NULL, 200);
    expect(l->s, ADMIN, "POST", "/api/v1/tenants",
           "{\"id\":\"99999999-2222-4333-8444-555555555555\",\"name\":\"secret\"}", 201);
    return true;
}

static void
a_stream_ends_with_the_login_that_opened_it(void **state)
{
    struct site *s = *state;
    struct listen l = {.s = s, .until = "event: tenant"};
    struct http *h;
    struct http_answer a;
    struct baton_err err = {0};
    struct http_sink sink = {.ctx = &l, .bytes = listen_bytes, .tick = take_login_away};
    struct http_request q = {.method = "GET", .path = "/api/v1/events"};
    assert_int_equal(http_open(s->url, &s->pin, s->token[OPERATOR], &h, &err), BATON_OK);
    assert_int_equal(http_stream(h, &q, &sink, &a, &err), BATON_OK); /* the other side ends it */
    assert_true(l.acted);
    assert_null(strstr(l.text, "event: tenant"));
    http_answer_done(&a);
    http_close(&h);
}

static void
closing_ends_the_streams(void **state)
{
    struct site *s = *state;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(api_port(s->api))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr), 1);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0); /* and says nothing */
    api_close(&s->api);
    close(fd);
}

/* ---- beginning -------------------------------------------------------------------------------- */

static void
the_console_is_served_without_a_login_and_nothing_else_is(void **state)
{
    struct site *s = *state;
    struct http_request q = {.method = "GET", .path = "/"};
    struct reply r = ask_with(s, NULL, &q);
    assert_int_equal(r.http, 200);
    assert_string_equal(r.text, "<p>hello");
    reply_done(&r);
    q.path = "/app.js";
    r = ask_with(s, NULL, &q);
    assert_int_equal(r.http, 404);
    reply_done(&r);
}

static void
another_key_than_the_pinned_one_is_not_spoken_to(void **state)
{
    struct site *s = *state;
    struct http *h;
    struct http_answer a;
    struct baton_err err = {0};
    struct baton_hash pin = s->pin;
    struct http_request q = {.method = "GET", .path = "/healthz"};
    pin.b[0] ^= 1;
    assert_int_equal(http_open(s->url, &pin, s->token[ADMIN], &h, &err), BATON_OK);
    assert_int_equal(http_send(h, &q, &a, &err), BATON_DENIED);
    http_close(&h);
}

static void
a_certificate_is_made_once_and_keeps_its_fingerprint(void **state)
{
    struct site *s = *state;
    struct baton_err err = {0};
    char again[API_FINGERPRINT_BYTES], hex[API_FINGERPRINT_BYTES];
    baton_hex(s->pin.b, 32, hex);
    assert_int_equal(api_tls_ensure(s->cert, s->key, "localhost", again, &err), BATON_OK);
    assert_string_equal(again, hex);
    unlink(s->key);
    assert_int_equal(api_tls_ensure(s->cert, s->key, "localhost", again, &err), BATON_CONFLICT);
}

static void
a_port_that_is_taken_is_an_error_with_its_name(void **state)
{
    struct site *s = *state;
    struct api *second = NULL;
    struct baton_err err = {0};
    struct api_config config = {.host = "127.0.0.1",
                                .port = api_port(s->api),
                                .cert_path = s->cert,
                                .key_path = s->key,
                                .store_path = s->w.path};
    assert_int_equal(api_open(&config, s->w.engine, crypto_digest_port(), &second, &err), BATON_IO);
    assert_non_null(strstr(err.text, "cannot listen"));
    config.port = 0;
    config.cert_path = "/nonexistent.pem";
    assert_int_equal(api_open(&config, s->w.engine, crypto_digest_port(), &second, &err),
                     BATON_NOT_FOUND);
    assert_null(second);
}

#define WITH_SITE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        WITH_SITE(a_request_without_a_token_is_told_to_log_in),
        WITH_SITE(a_token_that_nobody_made_is_refused),
        WITH_SITE(a_removed_login_is_refused_at_once),
        WITH_SITE(a_role_that_is_missing_is_named),
        WITH_SITE(a_limited_login_sees_its_own_tenant_and_nothing_of_another),
        WITH_SITE(what_concerns_every_tenant_is_not_for_a_limited_login),
        WITH_SITE(metrics_are_for_people_with_a_login_and_count_what_was_refused),
        WITH_SITE(many_failed_logins_make_an_address_wait_but_nobody_who_is_known),
        cmocka_unit_test(the_limit_forgets_after_its_window),
        WITH_SITE(a_request_on_which_parsers_could_disagree_is_refused),
        WITH_SITE(a_window_is_set_shown_and_cleared),
        WITH_SITE(a_verification_policy_is_set_handed_out_as_it_was_and_cleared),
        WITH_SITE(a_verification_policy_that_is_too_long_is_refused),
        WITH_SITE(one_address_does_not_hold_every_connection),
        WITH_SITE(a_body_over_the_limit_is_refused_before_it_is_read),
        WITH_SITE(a_body_that_nobody_wants_is_not_waited_for),
        WITH_SITE(an_escaped_control_character_does_not_cut_a_path),
        WITH_SITE(bodies_and_queries_are_checked_against_the_table),
        WITH_SITE(a_list_comes_in_pages_that_lose_nothing),
        WITH_SITE(the_same_idempotency_key_does_it_once),
        WITH_SITE(long_idempotency_keys_that_end_differently_are_two),
        WITH_SITE(a_secret_is_shown_once_even_under_the_same_key),
        WITH_SITE(a_verb_over_an_old_look_is_a_conflict),
        WITH_SITE(a_refusal_says_which_guard_who_and_what_next),
        WITH_SITE(an_assessment_says_whose_experience_it_rests_on),
        WITH_SITE(agents_are_listed_with_what_they_said),
        WITH_SITE(after_a_start_the_api_says_which_server_was_not_heard_since),
        WITH_SITE(after_a_start_explain_and_the_cutover_name_who_was_not_heard),
        WITH_SITE(nothing_waits_for_the_word_of_a_server_that_is_retired),
        WITH_SITE(nothing_waits_for_the_word_of_a_server_that_is_no_member),
        WITH_SITE(every_get_leaves_the_database_as_it_was),
        WITH_SITE(the_document_describes_every_route),
        cmocka_unit_test(only_few_routes_are_public_and_none_of_them_changes_anything),
        WITH_SITE(a_bundle_that_is_exported_verifies_offline),
        WITH_SITE(bundles_are_written_one_at_a_time_and_beside_the_workers),
        WITH_SITE(a_limited_login_takes_away_its_own_tenant_alone),
        WITH_SITE(a_stream_tells_what_happens_after_it_began),
        WITH_SITE(a_stream_goes_on_behind_the_last_event_that_was_seen),
        WITH_SITE(a_stream_ends_with_the_login_that_opened_it),
        WITH_SITE(closing_ends_the_streams),
        WITH_SITE(the_console_is_served_without_a_login_and_nothing_else_is),
        WITH_SITE(another_key_than_the_pinned_one_is_not_spoken_to),
        WITH_SITE(a_certificate_is_made_once_and_keeps_its_fingerprint),
        WITH_SITE(a_port_that_is_taken_is_an_error_with_its_name),
    };
    struct baton_err err;
    if (crypto_init(&err) != BATON_OK)
        return 1;
    if (argc > 1) /* one of them, by a part of its name */
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
