#include "api_private.h"

#include "common/text.h"

#include <stdlib.h>
#include <string.h>

static const struct api_field *
field_find(const struct api_field *fields, const char *name)
{
    for (const struct api_field *f = fields; f != NULL && f->name != NULL; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static bool
text_fits(const struct api_field *f, const char *text)
{
    struct baton_id id;
    size_t len = strlen(text);
    if (f->type == FIELD_GUID)
        return baton_guid_parse(text, &id);
    if (f->type == FIELD_HEX)
        return (f->bytes == 0 ? len % 2 == 0 && len > 0 : len == 2 * (size_t)f->bytes) &&
               strspn(text, "0123456789abcdefABCDEF") == len;
    if (f->type == FIELD_NUMBER)
        return len > 0 && len <= 19 && strspn(text, "0123456789") == len;
    return len <= f->bytes && text_valid(text, len);
}

static bool
value_fits(const struct api_field *f, const json_t *v)
{
    switch (f->type) {
    case FIELD_NUMBER:
        return json_is_integer(v);
    case FIELD_BOOL:
        return json_is_boolean(v);
    case FIELD_OBJECT:
        return json_is_object(v);
    case FIELD_TEXT:
    case FIELD_HEX:
    case FIELD_GUID:
        return json_is_string(v) && strlen(json_string_value(v)) == json_string_length(v) &&
               text_fits(f, json_string_value(v));
    }
    return false;
}

struct query_check {
    struct api_request *rq;
    bool good;
};

static enum MHD_Result
check_query_value(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct query_check *c = arg;
    const struct api_field *f = field_find(c->rq->route->query, name);
    if (f != NULL && value != NULL && text_fits(f, value))
        return MHD_YES;
    if (f == NULL)
        api_answer_status(c->rq, BATON_USAGE, "a query parameter that is not known here");
    else
        api_answer_status(c->rq, BATON_MALFORMED, "query parameter %s: %s", f->name, f->what);
    c->good = false;
    return MHD_NO;
}

bool
api_check_query(struct api_request *rq)
{
    struct query_check c = {.rq = rq, .good = true};
    MHD_get_connection_values(rq->conn, MHD_GET_ARGUMENT_KIND, check_query_value, &c);
    if (!c.good)
        return false;
    for (const struct api_field *f = rq->route->query; f != NULL && f->name != NULL; f++)
        if (f->required && api_query(rq, f->name) == NULL) {
            api_answer_status(rq, BATON_USAGE, "query parameter %s is needed: %s", f->name,
                              f->what);
            return false;
        }
    return true;
}

static bool
check_members(struct api_request *rq)
{
    const char *name;
    json_t *value;
    json_object_foreach(rq->json, name, value)
    {
        const struct api_field *f = field_find(rq->route->body, name);
        if (f == NULL) {
            api_answer_status(rq, BATON_MALFORMED, "the body has a member that is not known here");
            return false;
        }
        if (!value_fits(f, value)) {
            api_answer_status(rq, BATON_MALFORMED, "member %s: %s", f->name, f->what);
            return false;
        }
    }
    for (const struct api_field *f = rq->route->body; f->name != NULL; f++)
        if (f->required && json_object_get(rq->json, f->name) == NULL) {
            api_answer_status(rq, BATON_MALFORMED, "member %s is missing: %s", f->name, f->what);
            return false;
        }
    return true;
}

bool
api_check_body(struct api_request *rq)
{
    if (rq->route->body == NULL)
        return true; /* none was announced, so none came */
    if (rq->body_len == 0)
        rq->json = json_object();
    else
        rq->json = json_loadb(rq->body, rq->body_len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(rq->json)) {
        api_answer_status(rq, BATON_MALFORMED, "the body is not a JSON object");
        return false;
    }
    return check_members(rq);
}

const char *
api_text(const struct api_request *rq, const char *name)
{
    const char *text = json_string_value(json_object_get(rq->json, name));
    return text != NULL ? text : "";
}

bool
api_hex(const struct api_request *rq, const char *name, void *out, size_t n)
{
    const char *text = api_text(rq, name);
    return strlen(text) == 2 * n && baton_unhex(text, out, n);
}

bool
api_flag(const struct api_request *rq, const char *name)
{
    return json_is_true(json_object_get(rq->json, name));
}

int64_t
api_number(const struct api_request *rq, const char *name, int64_t otherwise)
{
    const json_t *v = json_object_get(rq->json, name);
    return v != NULL ? (int64_t)json_integer_value(v) : otherwise;
}

const char *
api_query(const struct api_request *rq, const char *name)
{
    return MHD_lookup_connection_value(rq->conn, MHD_GET_ARGUMENT_KIND, name);
}

uint64_t
api_query_number(const struct api_request *rq, const char *name, uint64_t otherwise)
{
    const char *text = api_query(rq, name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

bool
api_query_tenant(const struct api_request *rq, struct baton_id *ret_tenant)
{
    const char *text = api_query(rq, "tenant");
    return text != NULL && baton_guid_parse(text, ret_tenant);
}

size_t
api_query_limit(const struct api_request *rq)
{
    uint64_t n = api_query_number(rq, "limit", API_PAGE_DEFAULT);
    return n < 1 ? 1 : n > API_PAGE_MAX ? API_PAGE_MAX : (size_t)n;
}
