/* http_client.h: HTTPS to one controller whose public key is pinned.
 *
 * Shape      libcurl is loaded when the first request is made: `baton --help` must not pay for it.
 *            No certificate authority is asked: the key behind the certificate is the pinned one, or
 *            nothing is sent.
 * Limits     Answers HTTP_ANSWER_MAX (a streamed one: no limit).
 * Errors     BATON_UNREACHABLE, BATON_TIMEOUT, BATON_DENIED (another key than the pinned one).
 *            What the controller refuses is not an error here: see http_answer.status.
 * Ownership  http_open, http_close; an answer is freed by http_answer_done.
 * Source     design 7.
 */
#ifndef BATON_HTTP_CLIENT_H
#define BATON_HTTP_CLIENT_H

#include "baton/ids.h"

enum { HTTP_ANSWER_MAX = 32 << 20, HTTP_TIMEOUT_MS = 30000 };

struct http;

struct http_answer {
    long status;
    char *body; /* with a NUL behind it */
    size_t len;
    char etag[64], type[80];
};

struct http_request {
    const char *method, *path;                       /* path with query */
    const char *body;                                /* JSON, or NULL */
    const char *if_match, *idempotency, *last_event; /* NULL: header not sent */
    uint64_t timeout_ms;                             /* 0: HTTP_TIMEOUT_MS */
};

enum baton_status http_open(const char *url, const struct baton_hash *key_sha256, const char *token,
                            struct http **ret_http, struct baton_err *err) BATON_MUST_USE;
void http_close(struct http **h);
enum baton_status http_send(struct http *h, const struct http_request *request,
                            struct http_answer *ret_answer, struct baton_err *err) BATON_MUST_USE;
void http_answer_done(struct http_answer *a);

/* Reads an endless answer; sink returns false to stop. So does tick (may be NULL), which is called from
 * the answer's beginning on, about once a second.
 * Only a 200 goes to the sink; anything else is gathered in *ret_answer. */
struct http_sink {
    void *ctx;
    bool (*bytes)(void *ctx, const char *bytes, size_t len);
    bool (*tick)(void *ctx);
};
enum baton_status http_stream(struct http *h, const struct http_request *request,
                              const struct http_sink *sink, struct http_answer *ret_answer,
                              struct baton_err *err) BATON_MUST_USE;

#endif
