#include "api_private.h"

#include <string.h>

static json_t *
schema_of(const struct api_field *f)
{
    json_t *s;
    switch (f->type) {
    case FIELD_NUMBER:
        s = json_pack("{s:s, s:s}", "type", "integer", "format", "int64");
        break;
    case FIELD_BOOL:
        s = json_pack("{s:s}", "type", "boolean");
        break;
    case FIELD_OBJECT:
        s = json_pack("{s:s, s:{s:s}}", "type", "object", "additionalProperties", "type",
                      "integer");
        break;
    case FIELD_GUID:
        s = json_pack("{s:s, s:s}", "type", "string", "format", "uuid");
        break;
    case FIELD_HEX:
        s = json_pack("{s:s, s:s}", "type", "string", "pattern", "^([0-9a-fA-F]{2})+$");
        if (f->bytes != 0)
            json_object_set_new(s, "maxLength", json_integer(2 * (json_int_t)f->bytes));
        break;
    case FIELD_TEXT:
    default:
        s = json_pack("{s:s, s:i}", "type", "string", "maxLength", (int)f->bytes);
        break;
    }
    json_object_set_new(s, "description", json_string(f->what));
    return s;
}

static json_t *
body_of(const struct api_field *fields)
{
    json_t *properties = json_object(), *required = json_array();
    for (const struct api_field *f = fields; f->name != NULL; f++) {
        json_object_set_new(properties, f->name, schema_of(f));
        if (f->required)
            json_array_append_new(required, json_string(f->name));
    }
    json_t *schema = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
                               "additionalProperties", 0);
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    return json_pack("{s:b, s:{s:{s:o}}}", "required", 1, "content", "application/json", "schema",
                     schema);
}

static void
add_parameter(json_t *list, const char *in, const char *name, size_t name_len, json_t *schema,
              bool required)
{
    json_array_append_new(list, json_pack("{s:s%, s:s, s:b, s:o}", "name", name, name_len, "in", in,
                                          "required", (int)required, "schema", schema));
}

static json_t *
parameters_of(const struct api_route *r)
{
    json_t *list = json_array();
    for (const char *p = strchr(r->pattern, '{'); p != NULL; p = strchr(p + 1, '{'))
        add_parameter(list, "path", p + 1, strcspn(p + 1, "}"),
                      json_pack("{s:s}", "type", "string"), true);
    for (const struct api_field *f = r->query; f != NULL && f->name != NULL; f++)
        add_parameter(list, "query", f->name, strlen(f->name), schema_of(f), f->required);
    if (r->method != API_GET)
        add_parameter(list, "header", "Idempotency-Key", 15,
                      json_pack("{s:s, s:i}", "type", "string", "maxLength", NAME_BYTES - 1),
                      false);
    if (r->method != API_GET && r->scope == SCOPE_CUTOVER)
        add_parameter(list, "header", "If-Match", 8, json_pack("{s:s}", "type", "string"), false);
    return list;
}

static json_t *
operation_of(const struct api_route *r)
{
    char roles[96];
    login_roles_format(r->roles, roles, sizeof roles);
    json_t *answers = json_object();
    json_object_set_new(answers, "2XX", json_pack("{s:s}", "description", "done"));
    json_object_set_new(answers, "default",
                        json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", "a problem", "content",
                                  "application/problem+json", "schema", "$ref",
                                  "#/components/schemas/Problem"));
    json_t *o = json_pack("{s:s, s:o, s:o}", "summary", r->summary, "parameters", parameters_of(r),
                          "responses", answers);
    if (r->body != NULL)
        json_object_set_new(o, "requestBody", body_of(r->body));
    if (r->scope == SCOPE_PUBLIC)
        json_object_set_new(o, "security", json_array());
    else
        json_object_set_new(o, "x-baton-roles", json_string(roles));
    return o;
}

static json_t *
problem_schema(void)
{
    return json_pack(
        "{s:s, s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s},"
        " s:{s:s, s:{s:s}}, s:{s:s}, s:{s:s}}}",
        "type", "object", "description",
        "RFC 9457, with why, who can clear it and the next command", "properties", "type", "type",
        "string", "title", "type", "string", "status", "type", "integer", "detail", "type",
        "string", "code", "type", "string", "rule", "type", "integer", "guard", "type", "string",
        "since_unix_ms", "type", "integer", "facts", "type", "array", "items", "type", "string",
        "who", "type", "string", "next", "type", "string");
}

static const char *
lower(enum api_method m)
{
    static const char *const names[API_METHOD_COUNT] = {"get", "post", "put", "patch", "delete"};
    return names[m];
}

json_t *
api_openapi(void)
{
    size_t n;
    const struct api_route *routes = api_routes(&n);
    json_t *paths = json_object();
    for (size_t i = 0; i < n; i++) {
        json_t *path = json_object_get(paths, routes[i].pattern);
        if (path == NULL) {
            path = json_object();
            json_object_set_new(paths, routes[i].pattern, path);
        }
        json_object_set_new(path, lower(routes[i].method), operation_of(&routes[i]));
    }
    return json_pack(
        "{s:s, s:{s:s, s:s, s:s}, s:[{s:[]}], s:o, s:{s:{s:{s:s, s:s}}, s:{s:o}}}", "openapi",
        "3.1.0", "info", "title", "Baton", "version", BATON_VERSION, "description",
        "Hands the export role of a tenant from one sync server to another.", "security", "bearer",
        "paths", paths, "components", "securitySchemes", "bearer", "type", "http", "scheme",
        "bearer", "schemas", "Problem", problem_schema());
}
