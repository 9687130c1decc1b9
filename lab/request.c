#include "request.h"

void
request_refuse(struct request *r, const struct baton_err *err)
{
    world_refuse(r->world, r->reply, err);
}

void
request_answer(struct request *r, json_t *fields)
{
    world_answer(r->world, r->reply, fields);
}

void
request_finish(struct request *r, enum baton_status rc, const struct baton_err *err)
{
    if (rc == BATON_OK)
        request_answer(r, NULL);
    else
        request_refuse(r, err);
}

enum baton_status
request_text(struct request *r, const char *name, const char *otherwise, const char **ret,
             struct baton_err *err)
{
    const json_t *value = json_object_get(r->json, name);
    if (value == NULL && otherwise != NULL) {
        *ret = otherwise;
        return BATON_OK;
    }
    if (!json_is_string(value) || json_string_length(value) >= FIELD_BYTES)
        return baton_fail(err, BATON_USAGE, "field '%s' must be a text of at most %d bytes", name,
                          FIELD_BYTES - 1);
    *ret = json_string_value(value);
    return BATON_OK;
}

enum baton_status
request_flag(struct request *r, const char *name, bool otherwise, bool *ret, struct baton_err *err)
{
    const json_t *value = json_object_get(r->json, name);
    if (value != NULL && !json_is_boolean(value))
        return baton_fail(err, BATON_USAGE, "field '%s' must be true or false", name);
    *ret = value == NULL ? otherwise : json_is_true(value);
    return BATON_OK;
}

enum baton_status
request_count(struct request *r, const char *name, uint64_t otherwise, uint64_t most, uint64_t *ret,
              struct baton_err *err)
{
    const json_t *value = json_object_get(r->json, name);
    json_int_t number = json_integer_value(value);
    if (value != NULL && (!json_is_integer(value) || number < 0 || (uint64_t)number > most))
        return baton_fail(err, BATON_USAGE, "field '%s' must be a number from 0 to %llu", name,
                          (unsigned long long)most);
    *ret = value == NULL ? otherwise : (uint64_t)number;
    return BATON_OK;
}

enum baton_status
request_by(struct request *r, const char *otherwise, const char **ret_by, struct baton_err *err)
{
    return request_text(r, "by", otherwise, ret_by, err);
}
