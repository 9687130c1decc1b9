#include "object_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "common/canon.h"
#include "common/names.h"
#include "common/text.h"

enum {
    LEVEL = 3,
    CHARACTER_BYTES_MAX = 4,
    /* what every document has, without the names of its rules */
    HEAD_BYTES = 4 + 2 * BATON_ID_BYTES + BATON_KEY_BYTES + 2 * BATON_HASH_BYTES + 2 * 8 + 1 + 4,
};

const char *
object_operation_name(enum csexport_operation o)
{
    static const char *const names[] = {
        [CSEXPORT_NONE] = "none",     [CSEXPORT_ADD] = "add",
        [CSEXPORT_UPDATE] = "update", [CSEXPORT_DELETE] = "delete",
        [CSEXPORT_UNKNOWN] = "?",     [CSEXPORT_DELETE_ADD] = "delete-add",
    };
    return NAME_OF(names, o);
}

const char *
object_change_name(enum csexport_change_kind k)
{
    static const char *const names[] = {
        [CHANGE_SET] = "set", [CHANGE_CHANGED] = "changed", [CHANGE_CLEARED] = "cleared"};
    return NAME_OF(names, k);
}

/* --- one row -------------------------------------------------------------------------------------- */

/* How long the character is that begins here, 0: none that may stand in a text. */
static size_t
character(const char *text)
{
    for (size_t n = 1; n <= CHARACTER_BYTES_MAX && text[n - 1] != '\0'; n++)
        if (text_valid(text, n))
            return n;
    return 0;
}

/* Into out, or only counted when out is NULL; with the NUL. */
static size_t
clean(char *out, const char *text)
{
    size_t used = 0;
    while (*text != '\0') {
        char hex[CHARACTER_BYTES_MAX];
        size_t take = character(text), put = take;
        const char *from = text;
        if (take == 0) {
            (void)snprintf(hex, sizeof hex, "\\%02X", (unsigned)(uint8_t)*text);
            from = hex;
            take = 1;
            put = 3;
        }
        if (used + put >= OBJECT_ROW_TEXT_BYTES)
            break;
        if (out != NULL)
            memcpy(out + used, from, put);
        used += put;
        text += take;
    }
    if (out != NULL)
        out[used] = '\0';
    return used + 1;
}

static const char *
put_clean(char **at, const char *text)
{
    char *mine = *at;
    *at += clean(mine, text);
    return mine;
}

struct object_row *
object_row_new(const struct object_row *from)
{
    size_t head = sizeof *from + from->attribute_count * sizeof *from->attribute;
    size_t texts = clean(NULL, from->type) + clean(NULL, from->dn) + clean(NULL, from->anchor) +
                   clean(NULL, from->person);
    for (size_t i = 0; i < from->attribute_count; i++)
        texts += clean(NULL, from->attribute[i].name);
    struct object_row *row = malloc(head + texts);
    if (row == NULL)
        return NULL;
    struct object_attribute *attribute = (struct object_attribute *)(void *)(row + 1);
    char *at = (char *)row + head;
    *row = *from;
    row->type = put_clean(&at, from->type);
    row->dn = put_clean(&at, from->dn);
    row->anchor = put_clean(&at, from->anchor);
    row->person = put_clean(&at, from->person);
    row->attribute = attribute;
    for (size_t i = 0; i < from->attribute_count; i++)
        attribute[i] = (struct object_attribute){.kind = from->attribute[i].kind,
                                                 .name = put_clean(&at, from->attribute[i].name)};
    return row;
}

void
object_row_free(struct object_row **row)
{
    free(*row);
    *row = NULL;
}

size_t
object_row_bytes(const struct object_row *row)
{
    size_t bytes = 1 + 4 + 4 * 2 + 4 + 1 + strlen(row->type) + strlen(row->dn) +
                   strlen(row->anchor) + strlen(row->person);
    for (size_t i = 0; i < row->attribute_count; i++)
        bytes += 1 + 2 + strlen(row->attribute[i].name);
    return bytes;
}

static void
put_row(struct canon_writer *w, const struct object_row *row)
{
    canon_put_u8(w, row->operation);
    canon_put_u32(w, row->rules);
    canon_put_str(w, row->type, OBJECT_ROW_TEXT_BYTES);
    canon_put_str(w, row->dn, OBJECT_ROW_TEXT_BYTES);
    canon_put_str(w, row->anchor, OBJECT_ROW_TEXT_BYTES);
    canon_put_str(w, row->person, OBJECT_ROW_TEXT_BYTES);
    canon_put_u32(w, row->attributes_left_out);
    canon_put_u8(w, (uint8_t)row->attribute_count);
    for (size_t i = 0; i < row->attribute_count; i++) {
        canon_put_u8(w, row->attribute[i].kind);
        canon_put_str(w, row->attribute[i].name, OBJECT_ROW_TEXT_BYTES);
    }
}

/* --- the document --------------------------------------------------------------------------------- */

uint32_t
object_rows_rule(const struct object_rows *rows, const char *rule)
{
    for (uint8_t i = 0; i < rows->rule_count; i++)
        if (strcmp(rows->rule[i], rule) == 0)
            return UINT32_C(1) << i;
    return 0;
}

void
object_rows_done(struct object_rows *rows)
{
    for (uint32_t i = 0; i < rows->count; i++)
        object_row_free(&rows->row[i]);
    free((void *)rows->row);
    *rows = (struct object_rows){0};
}

static void
put_all(struct canon_writer *w, const struct object_rows *rows)
{
    canon_put_fixed(w, OBJECT_ROWS_TAG, sizeof OBJECT_ROWS_TAG);
    canon_put_id(w, &rows->tenant);
    canon_put_id(w, &rows->plan);
    canon_put_key(w, &rows->agent);
    canon_put_hash(w, &rows->findings);
    canon_put_hash(w, &rows->file);
    canon_put_u64(w, rows->made_unix_ms);
    canon_put_u64(w, rows->left_out);
    canon_put_u8(w, rows->rule_count);
    for (uint8_t i = 0; i < rows->rule_count; i++)
        canon_put_str(w, rows->rule[i], sizeof rows->rule[i]);
    canon_put_u32(w, rows->count);
    for (uint32_t i = 0; i < rows->count; i++)
        put_row(w, rows->row[i]);
}

static enum baton_status
pack(const uint8_t *plain, size_t len, uint8_t **ret_packed, size_t *ret_len, struct baton_err *err)
{
    size_t cap = ZSTD_compressBound(len);
    uint8_t *packed = malloc(cap);
    if (packed == NULL)
        return baton_fail(err, BATON_NOMEM, "rows");
    size_t n = ZSTD_compress(packed, cap, plain, len, LEVEL);
    if (ZSTD_isError(n) || n > OBJECT_ROWS_PACKED_MAX) {
        free(packed);
        return baton_fail(err, BATON_FAILED, "the rows cannot be packed");
    }
    *ret_packed = packed;
    *ret_len = n;
    return BATON_OK;
}

static size_t
document_bytes(const struct object_rows *rows)
{
    size_t bytes = HEAD_BYTES;
    for (uint8_t i = 0; i < rows->rule_count; i++)
        bytes += 2 + strlen(rows->rule[i]);
    for (uint32_t i = 0; i < rows->count; i++)
        bytes += object_row_bytes(rows->row[i]);
    return bytes;
}

enum baton_status
object_rows_write(const struct object_rows *rows, uint8_t **ret_packed, size_t *ret_len,
                  struct baton_err *err)
{
    struct canon_writer w;
    size_t len = 0, cap = document_bytes(rows);
    if (cap > OBJECT_ROWS_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "the rows are more than 4 MiB unpacked");
    uint8_t *plain = malloc(cap);
    if (plain == NULL)
        return baton_fail(err, BATON_NOMEM, "rows");
    canon_writer_init(&w, plain, cap);
    put_all(&w, rows);
    enum baton_status rc = canon_finish(&w, &len);
    if (rc == BATON_OK)
        rc = pack(plain, len, ret_packed, ret_len, err);
    else
        rc = baton_fail(err, rc, "the rows cannot be written");
    free(plain);
    return rc;
}
