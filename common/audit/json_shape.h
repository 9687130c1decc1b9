/* json_shape.h: a struct to JSON and back by one table, so that writing and reading cannot differ.
 *
 * Shape      A shape is a list of fields with name, type and place in the struct. Every field must
 *            be there when read, nothing else may be. Lists have a count beside them and a maximum.
 * Limits     Numbers 0 to 2^63 - 1 (JSHAPE_I64: from -2^63). Texts fit their array, valid UTF-8, no controls.
 * Errors     BATON_MALFORMED with the path of the field; BATON_NOMEM.
 * Ownership  Read blobs are malloc'd; json_shape_free frees them.
 */
#ifndef BATON_JSON_SHAPE_H
#define BATON_JSON_SHAPE_H

#include "baton/status.h"
#include <jansson.h>

enum json_type {
    JSHAPE_HEX,  /* size bytes, as 2 * size lower-case digits */
    JSHAPE_TEXT, /* char array of size */
    JSHAPE_U64,
    JSHAPE_U32,
    JSHAPE_U16,
    JSHAPE_U8,
    JSHAPE_I64,
    JSHAPE_BOOL,
    JSHAPE_ENUM,   /* uint8_t, by name; size values */
    JSHAPE_BLOB,   /* struct json_blob, at most size bytes, as hex */
    JSHAPE_OBJECT, /* inner struct */
    JSHAPE_LIST,   /* array of at most max inner structs of size bytes; uint8_t count */
};

struct json_blob {
    uint8_t *bytes;
    size_t len;
};

struct json_shape;

struct json_field {
    const char *name;
    enum json_type type;
    size_t offset, size;
    const char *(*enum_name)(unsigned value);
    const struct json_shape *inner;
    size_t count_offset, max;
};

struct json_shape {
    const struct json_field *field;
    size_t count;
};

/* NULL: out of memory, or a text that is not UTF-8. */
json_t *json_shape_write(const struct json_shape *shape, const void *from);
enum baton_status json_shape_read(const struct json_shape *shape, const json_t *json, void *to,
                                  struct baton_err *err) BATON_MUST_USE;
void json_shape_free(const struct json_shape *shape, void *what);

#endif
