/* api_guard.h: refuses the HTTP requests on which two parsers could disagree.
 *
 * Shape      Fed with every header of one request; then says what is wrong, or NULL.
 * Limits     GUARD_HEADERS_MAX headers.
 * Source     design 8 (header guard); RFC 9112 3.2, 6.1, 6.3; RFC 9110 5.1, 5.5.
 */
#ifndef BATON_API_GUARD_H
#define BATON_API_GUARD_H

#include "baton/status.h"

enum { GUARD_HEADERS_MAX = 64 };

struct api_guard {
    unsigned headers, hosts, lengths, encodings;
    uint64_t content_length;
    const char *fault; /* static text; the first one stays */
};

void api_guard_header(struct api_guard *g, const char *name, size_t name_len, const char *value,
                      size_t value_len);
/* A sentence (static), or NULL when the request may pass. */
const char *api_guard_finish(const struct api_guard *g);

#endif
