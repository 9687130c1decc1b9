#include "common/audit/json_shape.h"
#include "baton/ids.h"
#include "common/text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Writing */

static json_t *
hex_write(const void *bytes, size_t n)
{
    char *text = malloc(2 * n + 1);
    if (text == NULL)
        return NULL;
    baton_hex(bytes, n, text);
    json_t *json = json_string(text);
    free(text);
    return json;
}

static json_t *
list_write(const struct json_field *f, const uint8_t *base)
{
    json_t *list = json_array();
    const uint8_t *item = base + f->offset;
    for (size_t i = 0; list != NULL && i < base[f->count_offset]; i++, item += f->size) {
        if (json_array_append_new(list, json_shape_write(f->inner, item)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static uint64_t
number_get(const struct json_field *f, const uint8_t *p)
{
    uint64_t v64 = 0;
    uint32_t v32 = 0;
    uint16_t v16 = 0;
    if (f->type == JSHAPE_U64 || f->type == JSHAPE_I64)
        memcpy(&v64, p, sizeof v64);
    else if (f->type == JSHAPE_U32)
        memcpy(&v32, p, sizeof v32);
    else if (f->type == JSHAPE_U16)
        memcpy(&v16, p, sizeof v16);
    else
        v16 = *p;
    return v64 + v32 + v16;
}

static json_t *
field_write(const struct json_field *f, const uint8_t *base)
{
    const uint8_t *p = base + f->offset;
    const struct json_blob *blob;
    switch (f->type) {
    case JSHAPE_HEX:
        return hex_write(p, f->size);
    case JSHAPE_TEXT:
        return json_string((const char *)p);
    case JSHAPE_BOOL:
        return json_boolean(*(const bool *)p);
    case JSHAPE_ENUM:
        return json_string(f->enum_name(*p));
    case JSHAPE_BLOB:
        blob = (const struct json_blob *)(const void *)p;
        return hex_write(blob->bytes, blob->len);
    case JSHAPE_OBJECT:
        return json_shape_write(f->inner, p);
    case JSHAPE_LIST:
        return list_write(f, base);
    case JSHAPE_U64:
    case JSHAPE_U32:
    case JSHAPE_U16:
    case JSHAPE_U8:
    case JSHAPE_I64:
        break;
    }
    return json_integer((json_int_t)number_get(f, p));
}

json_t *
json_shape_write(const struct json_shape *shape, const void *from)
{
    json_t *object = json_object();
    for (size_t i = 0; object != NULL && i < shape->count; i++) {
        const struct json_field *f = &shape->field[i];
        if (json_object_set_new(object, f->name, field_write(f, from)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

/* Reading */

static bool
number_put(const struct json_field *f, const json_t *json, uint8_t *p)
{
    static const json_int_t most[] = {
        [JSHAPE_U64] = INT64_MAX, [JSHAPE_U32] = UINT32_MAX, [JSHAPE_U16] = UINT16_MAX,
        [JSHAPE_U8] = UINT8_MAX,  [JSHAPE_I64] = INT64_MAX,
    };
    json_int_t v = json_integer_value(json);
    if (!json_is_integer(json) || v > most[f->type] || (v < 0 && f->type != JSHAPE_I64))
        return false;
    uint64_t v64 = (uint64_t)v;
    uint32_t v32 = (uint32_t)v;
    uint16_t v16 = (uint16_t)v;
    if (f->type == JSHAPE_U64 || f->type == JSHAPE_I64)
        memcpy(p, &v64, sizeof v64);
    else if (f->type == JSHAPE_U32)
        memcpy(p, &v32, sizeof v32);
    else if (f->type == JSHAPE_U16)
        memcpy(p, &v16, sizeof v16);
    else
        *p = (uint8_t)v;
    return true;
}

static bool
text_read(const struct json_field *f, const json_t *json, char *out)
{
    size_t len = json_string_length(json);
    if (!json_is_string(json) || len >= f->size || !text_valid(json_string_value(json), len))
        return false;
    memcpy(out, json_string_value(json), len);
    out[len] = 0;
    return true;
}

/* Lower case alone, so that one value has one text. */
static bool
hex_read(const json_t *json, void *out, size_t n)
{
    if (!json_is_string(json) || json_string_length(json) != 2 * n)
        return false;
    const char *text = json_string_value(json);
    return strspn(text, "0123456789abcdef") == 2 * n && (n == 0 || baton_unhex(text, out, n));
}

static bool
enum_read(const struct json_field *f, const json_t *json, uint8_t *out)
{
    if (!json_is_string(json))
        return false;
    for (unsigned v = 0; v < f->size; v++) {
        if (strcmp(json_string_value(json), f->enum_name(v)) == 0) {
            *out = (uint8_t)v;
            return true;
        }
    }
    return false;
}

static bool
blob_read(const struct json_field *f, const json_t *json, struct json_blob *out)
{
    size_t n = json_string_length(json) / 2;
    if (!json_is_string(json) || n > f->size)
        return false;
    out->bytes = malloc(n + 1);
    if (out->bytes == NULL || !hex_read(json, out->bytes, n)) {
        free(out->bytes);
        *out = (struct json_blob){0};
        return false;
    }
    out->len = n;
    return true;
}

static enum baton_status
list_read(const struct json_field *f, const json_t *json, uint8_t *base, struct baton_err *err)
{
    if (!json_is_array(json) || json_array_size(json) > f->max)
        return baton_fail(err, BATON_MALFORMED, "is no list of at most %zu", f->max);
    enum baton_status rc = BATON_OK;
    for (size_t i = 0; rc == BATON_OK && i < json_array_size(json); i++) {
        base[f->count_offset] = (uint8_t)(i + 1); /* so that a half-read one is freed too */
        rc =
            json_shape_read(f->inner, json_array_get(json, i), base + f->offset + i * f->size, err);
    }
    return rc;
}

static enum baton_status
field_read(const struct json_field *f, const json_t *json, uint8_t *base, struct baton_err *err)
{
    uint8_t *p = base + f->offset;
    bool good = false;
    switch (f->type) {
    case JSHAPE_LIST:
        return list_read(f, json, base, err);
    case JSHAPE_OBJECT:
        return json_shape_read(f->inner, json, p, err);
    case JSHAPE_HEX:
        good = hex_read(json, p, f->size);
        break;
    case JSHAPE_TEXT:
        good = text_read(f, json, (char *)p);
        break;
    case JSHAPE_BOOL:
        good = json_is_boolean(json);
        *(bool *)p = json_is_true(json);
        break;
    case JSHAPE_ENUM:
        good = enum_read(f, json, p);
        break;
    case JSHAPE_BLOB:
        good = blob_read(f, json, (struct json_blob *)(void *)p);
        break;
    case JSHAPE_U64:
    case JSHAPE_U32:
    case JSHAPE_U16:
    case JSHAPE_U8:
    case JSHAPE_I64:
        good = number_put(f, json, p);
        break;
    }
    return good ? BATON_OK : baton_fail(err, BATON_MALFORMED, "is not what it should be");
}

enum baton_status
json_shape_read(const struct json_shape *shape, const json_t *json, void *to, struct baton_err *err)
{
    struct baton_err own;
    if (err == NULL)
        err = &own;
    if (!json_is_object(json) || json_object_size(json) != shape->count)
        return baton_fail(err, BATON_MALFORMED, "is no object of %zu fields", shape->count);
    for (size_t i = 0; i < shape->count; i++) {
        const struct json_field *f = &shape->field[i];
        enum baton_status rc = field_read(f, json_object_get(json, f->name), to, err);
        if (rc != BATON_OK)
            return baton_wrap(err, rc, "%s", f->name);
    }
    return BATON_OK;
}

void
json_shape_free(const struct json_shape *shape, void *what)
{
    uint8_t *base = what;
    for (size_t i = 0; i < shape->count; i++) {
        const struct json_field *f = &shape->field[i];
        struct json_blob *blob = (struct json_blob *)(void *)(base + f->offset);
        if (f->type == JSHAPE_BLOB) {
            free(blob->bytes);
            *blob = (struct json_blob){0};
        } else if (f->type == JSHAPE_OBJECT) {
            json_shape_free(f->inner, base + f->offset);
        } else if (f->type == JSHAPE_LIST) {
            for (size_t n = 0; n < base[f->count_offset]; n++)
                json_shape_free(f->inner, base + f->offset + n * f->size);
        }
    }
}
