/* http_fake.h: what the API takes from its HTTP library, without sockets: a request is handed to the handler
 * that the API registered, as libmicrohttpd hands it over, and its answer is kept.
 *
 * Shape      Defines the library's functions that the API calls; the program's own are found before the
 *            library's. The handler, its end and its unescaping are the API's.
 * Limits     HTTP_FAKE_HEADERS headers and as many arguments; of an endless answer HTTP_FAKE_STREAM bytes.
 * Threads    One request at a time; others may resume it.
 */
#ifndef TESTS_HTTP_FAKE_H
#define TESTS_HTTP_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_FAKE_HEADERS = 96, HTTP_FAKE_STREAM = 65536 };

struct http_pair {
    char *name, *value; /* value NULL: "?name" */
};

struct http_ask {        /* texts are changed while they are read */
    char *method, *path; /* with its query, as it stands in the first line */
    struct http_pair header[HTTP_FAKE_HEADERS];
    size_t headers;
    const uint8_t *body;
    size_t body_len;
};

struct http_said {
    bool answered; /* false: the connection was closed */
    unsigned status;
    char type[64];
    bool broken_header; /* a name or value that would end its line */
    char *body;         /* malloc'd, with a NUL behind it */
    size_t len;
};

void http_fake_request(struct http_ask *ask, struct http_said *ret_said);

#endif
