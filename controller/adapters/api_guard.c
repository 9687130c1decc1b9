#include "api_guard.h"

#include <string.h>
#include <strings.h>

static bool
is_token_byte(unsigned char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool
is_token(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_token_byte((unsigned char)s[i]))
            return false;
    return len > 0;
}

static bool
has_control(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool
is(const char *name, size_t len, const char *known)
{
    return len == strlen(known) && strncasecmp(name, known, len) == 0;
}

/* Digits alone: no sign, no list, no space. */
static bool
parse_length(const char *s, size_t len, uint64_t *ret_length)
{
    uint64_t v = 0;
    if (len == 0 || len > 12)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(s[i] - '0');
    }
    *ret_length = v;
    return true;
}

static void
fault(struct api_guard *g, const char *text)
{
    if (g->fault == NULL)
        g->fault = text;
}

void
api_guard_header(struct api_guard *g, const char *name, size_t name_len, const char *value,
                 size_t value_len)
{
    g->headers++;
    if (!is_token(name, name_len))
        fault(g, "a header's name is not a token");
    if (has_control(value, value_len))
        fault(g, "a header's value contains a control character");
    if (is(name, name_len, "host"))
        g->hosts++;
    if (is(name, name_len, "transfer-encoding"))
        g->encodings++;
    if (is(name, name_len, "content-length")) {
        g->lengths++;
        if (!parse_length(value, value_len, &g->content_length))
            fault(g, "Content-Length is not a plain number");
    }
}

const char *
api_guard_finish(const struct api_guard *g)
{
    if (g->fault != NULL)
        return g->fault;
    if (g->headers > GUARD_HEADERS_MAX)
        return "too many headers";
    if (g->hosts != 1)
        return "there must be exactly one Host header";
    if (g->lengths > 1)
        return "there is more than one Content-Length";
    if (g->lengths > 0 && g->encodings > 0)
        return "Content-Length and Transfer-Encoding together";
    if (g->encodings > 0)
        return "a body needs Content-Length; Transfer-Encoding is not accepted";
    return NULL;
}
