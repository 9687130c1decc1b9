#include "http_client.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#undef curl_easy_setopt
#undef curl_easy_getinfo

enum { HEADERS_MAX = 6, HEADER_BYTES = 256, CONNECT_TIMEOUT_MS = 10000 };

struct curl_library {
    void *handle;
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *curl, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *curl);
    CURLcode (*easy_getinfo)(CURL *curl, CURLINFO info, ...);
    void (*easy_reset)(CURL *curl);
    void (*easy_cleanup)(CURL *curl);
    const char *(*easy_strerror)(CURLcode code);
    struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
    void (*slist_free_all)(struct curl_slist *list);
};

struct http {
    struct curl_library lib;
    CURL *curl;
    char url[256], pin[80], authorization[160];
};

struct reading {
    struct http *http;
    struct http_answer *answer;
    const struct http_sink *sink; /* NULL: gather */
    bool stopped, too_long;
};

/* POSIX lets a symbol's address be a function pointer; C has no cast for it. */
#define LOAD(lib, member, name)                                                                    \
    load_symbol((lib)->handle, name, &(lib)->member, sizeof(lib)->member)

static bool
load_symbol(void *handle, const char *name, void *slot, size_t len)
{
    void *found = dlsym(handle, name);
    memcpy(slot, &found, len);
    return found != NULL;
}

static bool
load_symbols(struct curl_library *lib)
{
    return LOAD(lib, global_init, "curl_global_init") && LOAD(lib, easy_init, "curl_easy_init") &&
           LOAD(lib, easy_setopt, "curl_easy_setopt") &&
           LOAD(lib, easy_perform, "curl_easy_perform") &&
           LOAD(lib, easy_getinfo, "curl_easy_getinfo") &&
           LOAD(lib, easy_reset, "curl_easy_reset") &&
           LOAD(lib, easy_cleanup, "curl_easy_cleanup") &&
           LOAD(lib, easy_strerror, "curl_easy_strerror") &&
           LOAD(lib, slist_append, "curl_slist_append") &&
           LOAD(lib, slist_free_all, "curl_slist_free_all");
}

static enum baton_status
load_library(struct curl_library *lib, struct baton_err *err)
{
    static const char *const names[] = {"libcurl-gnutls.so.4", "libcurl.so.4"};
    for (size_t i = 0; i < ARRAY_LEN(names) && lib->handle == NULL; i++)
        lib->handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (lib->handle == NULL)
        return baton_fail(err, BATON_FAILED, "libcurl is missing: install libcurl3-gnutls");
    if (!load_symbols(lib) || lib->global_init == NULL)
        return baton_fail(err, BATON_FAILED, "this libcurl lacks what is needed");
    if (lib->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return baton_fail(err, BATON_FAILED, "libcurl does not start");
    return BATON_OK;
}

enum baton_status
http_open(const char *url, const struct baton_hash *key_sha256, const char *token,
          struct http **ret_http, struct baton_err *err)
{
    if (strncmp(url, "https://", 8) != 0)
        return baton_fail(err, BATON_USAGE, "%.200s is not an https:// address", url);
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return baton_fail(err, BATON_NOMEM, "http");
    enum baton_status rc = load_library(&h->lib, err);
    if (rc == BATON_OK && (h->lib.easy_init == NULL || (h->curl = h->lib.easy_init()) == NULL))
        rc = baton_fail(err, BATON_NOMEM, "libcurl");
    if (rc != BATON_OK) {
        http_close(&h);
        return rc;
    }
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    snprintf(h->url, sizeof h->url, "%.*s", (int)len, url);
    char base64[64];
    sodium_bin2base64(base64, sizeof base64, key_sha256->b, sizeof key_sha256->b,
                      sodium_base64_VARIANT_ORIGINAL);
    snprintf(h->pin, sizeof h->pin, "sha256//%s", base64);
    if (token != NULL)
        snprintf(h->authorization, sizeof h->authorization, "Authorization: Bearer %s", token);
    *ret_http = h;
    return BATON_OK;
}

void
http_close(struct http **h)
{
    struct http *x = *h;
    if (x == NULL)
        return;
    if (x->curl != NULL)
        x->lib.easy_cleanup(x->curl);
    /* the library stays loaded: GnuTLS must not be torn down under sodium's feet at exit */
    sodium_memzero(x, sizeof *x);
    free(x);
    *h = NULL;
}

void
http_answer_done(struct http_answer *a)
{
    free(a->body);
    *a = (struct http_answer){0};
}

static bool
gather(struct http_answer *a, const char *bytes, size_t len)
{
    if (a->len + len > HTTP_ANSWER_MAX)
        return false;
    char *grown = realloc(a->body, a->len + len + 1);
    if (grown == NULL)
        return false;
    a->body = grown;
    memcpy(a->body + a->len, bytes, len);
    a->len += len;
    a->body[a->len] = '\0';
    return true;
}

static size_t
on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
    struct reading *r = arg;
    size_t len = size * count;
    long status = 0;
    r->http->lib.easy_getinfo(r->http->curl, CURLINFO_RESPONSE_CODE, &status);
    if (r->sink != NULL && status == 200) {
        r->stopped = !r->sink->bytes(r->sink->ctx, bytes, len);
        return r->stopped ? 0 : len;
    }
    r->too_long = !gather(r->answer, bytes, len);
    return r->too_long ? 0 : len;
}

static int
on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct reading *r = arg;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    long status = 0;
    r->http->lib.easy_getinfo(r->http->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200 && r->sink->tick != NULL && !r->sink->tick(r->sink->ctx))
        r->stopped = true;
    return r->stopped ? 1 : 0;
}

static void
take_header(const char *line, size_t len, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);
    if (len <= n || strncasecmp(line, name, n) != 0)
        return;
    line += n;
    len -= n;
    while (len > 0 && *line == ' ') {
        line++;
        len--;
    }
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
        len--;
    snprintf(out, cap, "%.*s", (int)len, line);
}

static size_t
on_header(char *line, size_t size, size_t count, void *arg)
{
    struct reading *r = arg;
    take_header(line, size * count, "ETag:", r->answer->etag, sizeof r->answer->etag);
    take_header(line, size * count, "Content-Type:", r->answer->type, sizeof r->answer->type);
    return size * count;
}

static struct curl_slist *
headers_of(const struct http *h, const struct http_request *q)
{
    const struct {
        const char *name, *value;
    } optional[] = {{"If-Match", q->if_match},
                    {"Idempotency-Key", q->idempotency},
                    {"Last-Event-ID", q->last_event},
                    {"Content-Type", q->body != NULL ? "application/json" : NULL}};
    char line[HEADER_BYTES];
    struct curl_slist *list = h->lib.slist_append(NULL, "Expect:");
    if (h->authorization[0] != '\0')
        list = h->lib.slist_append(list, h->authorization);
    for (size_t i = 0; i < ARRAY_LEN(optional); i++) {
        if (optional[i].value == NULL)
            continue;
        snprintf(line, sizeof line, "%s: %s", optional[i].name, optional[i].value);
        list = h->lib.slist_append(list, line);
    }
    return list;
}

static enum baton_status
explain_code(const struct http *h, CURLcode code, const struct reading *r, struct baton_err *err)
{
    switch ((int)code) {
    case CURLE_OK:
        return BATON_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return baton_fail(err, BATON_TIMEOUT, "%s does not answer in time", h->url);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return baton_fail(err, BATON_DENIED,
                          "%s shows another key than the pinned one: not this controller, or its "
                          "certificate was renewed; compare with baton-controller fingerprint",
                          h->url);
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
        if (r->stopped)
            return BATON_OK;
        return baton_fail(err, BATON_LIMIT, "the answer is too long");
    default:
        return baton_fail(err, BATON_UNREACHABLE,
                          "%s: %s; is baton-controller running there? baton config explain shows "
                          "where the address comes from",
                          h->url, h->lib.easy_strerror(code));
    }
}

static void
set_options(struct http *h, const struct http_request *q, const char *url,
            struct curl_slist *headers, struct reading *r)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = h->lib.easy_setopt;
    CURL *c = h->curl;
    h->lib.easy_reset(c);
    set(c, CURLOPT_URL, url);
    set(c, CURLOPT_CUSTOMREQUEST, q->method);
    set(c, CURLOPT_HTTPHEADER, headers);
    set(c, CURLOPT_PINNEDPUBLICKEY, h->pin);
    set(c, CURLOPT_SSL_VERIFYPEER, 0L); /* the pin is the check, and a stricter one */
    set(c, CURLOPT_SSL_VERIFYHOST, 0L);
    set(c, CURLOPT_CAINFO, NULL); /* not asked, so not read: it takes a tenth of a second */
    set(c, CURLOPT_CAPATH, NULL);
    set(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    set(c, CURLOPT_PROTOCOLS_STR, "https");
    set(c, CURLOPT_FOLLOWLOCATION, 0L);
    set(c, CURLOPT_NOSIGNAL, 1L);
    set(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    set(c, CURLOPT_WRITEFUNCTION, on_bytes);
    set(c, CURLOPT_WRITEDATA, r);
    set(c, CURLOPT_HEADERFUNCTION, on_header);
    set(c, CURLOPT_HEADERDATA, r);
    if (r->sink == NULL)
        set(c, CURLOPT_TIMEOUT_MS, (long)(q->timeout_ms != 0 ? q->timeout_ms : HTTP_TIMEOUT_MS));
    else {
        set(c, CURLOPT_NOPROGRESS, 0L);
        set(c, CURLOPT_XFERINFOFUNCTION, on_progress);
        set(c, CURLOPT_XFERINFODATA, r);
    }
    if (q->body != NULL) {
        set(c, CURLOPT_POSTFIELDS, q->body);
        set(c, CURLOPT_POSTFIELDSIZE, (long)strlen(q->body));
    } else if (strcmp(q->method, "GET") != 0) {
        set(c, CURLOPT_POSTFIELDS, "");
        set(c, CURLOPT_POSTFIELDSIZE, 0L);
    }
}

static enum baton_status
perform(struct http *h, const struct http_request *q, struct reading *r, struct baton_err *err)
{
    char url[1024];
    if (snprintf(url, sizeof url, "%s%s", h->url, q->path) >= (int)sizeof url)
        return baton_fail(err, BATON_LIMIT, "the address is too long");
    struct curl_slist *headers = headers_of(h, q);
    set_options(h, q, url, headers, r);
    CURLcode code = h->lib.easy_perform(h->curl);
    h->lib.easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &r->answer->status);
    h->lib.slist_free_all(headers);
    return explain_code(h, code, r, err);
}

enum baton_status
http_send(struct http *h, const struct http_request *request, struct http_answer *ret_answer,
          struct baton_err *err)
{
    *ret_answer = (struct http_answer){0};
    struct reading r = {.http = h, .answer = ret_answer};
    enum baton_status rc = perform(h, request, &r, err);
    if (rc == BATON_OK && ret_answer->body == NULL && !gather(ret_answer, "", 0))
        rc = baton_fail(err, BATON_NOMEM, "answer");
    if (rc != BATON_OK)
        http_answer_done(ret_answer);
    return rc;
}

enum baton_status
http_stream(struct http *h, const struct http_request *request, const struct http_sink *sink,
            struct http_answer *ret_answer, struct baton_err *err)
{
    *ret_answer = (struct http_answer){0};
    struct reading r = {.http = h, .answer = ret_answer, .sink = sink};
    return perform(h, request, &r, err);
}
