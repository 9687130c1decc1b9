/* Who decides reads rows; agents only write them, so that none of this, and no unpacking, is in their program. */
#include <stdlib.h>
#include <string.h>

#include "common/canon.h"
#include "common/readers/packed.h"
#include "object_rows.h"

/* --- packed --------------------------------------------------------------------------------------- */

struct unpacked {
    uint8_t *bytes;
    size_t len, cap;
};

static enum baton_status
take_plain(void *ctx, const void *bytes, size_t len, struct baton_err *err)
{
    struct unpacked *u = ctx;
    if (len > OBJECT_ROWS_BYTES_MAX - u->len)
        return baton_fail(err, BATON_LIMIT, "the rows are more than 4 MiB unpacked");
    size_t cap = u->cap;
    while (cap - u->len < len)
        cap = cap == 0 ? 65536 : 2 * cap;
    uint8_t *grown = cap > u->cap ? realloc(u->bytes, cap) : u->bytes;
    if (grown == NULL)
        return baton_fail(err, BATON_NOMEM, "rows");
    u->bytes = grown;
    u->cap = cap;
    if (len > 0)
        memcpy(u->bytes + u->len, bytes, len);
    u->len += len;
    return BATON_OK;
}

static enum baton_status
unpack(const uint8_t *packed, size_t len, struct unpacked *u, struct baton_err *err)
{
    struct packed_sink sink = {u, take_plain};
    struct packed *p = NULL;
    if (len > OBJECT_ROWS_PACKED_MAX)
        return baton_fail(err, BATON_LIMIT, "the rows are more than %d bytes",
                          OBJECT_ROWS_PACKED_MAX);
    if (packed_kind_of(packed, len) != PACKED_ZSTD)
        return baton_fail(err, BATON_MALFORMED, "the rows do not begin as zstd does");
    enum baton_status rc = packed_open(&sink, &p, err);
    if (rc == BATON_OK)
        rc = packed_push(p, packed, len, err);
    if (rc == BATON_OK)
        rc = packed_finish(p, err);
    packed_close(&p);
    return rc;
}

/* --- the document --------------------------------------------------------------------------------- */

/* Texts of a row under way, before it is known how much room they need. */
struct row_texts {
    char type[OBJECT_ROW_TEXT_BYTES], dn[OBJECT_ROW_TEXT_BYTES], anchor[OBJECT_ROW_TEXT_BYTES],
        person[OBJECT_ROW_TEXT_BYTES], name[OBJECT_ROW_ATTRIBUTES_MAX][CSEXPORT_NAME_BYTES * 3];
    struct object_attribute attribute[OBJECT_ROW_ATTRIBUTES_MAX];
};

static struct object_row
get_row(struct canon_reader *r, struct row_texts *t, uint8_t rule_count)
{
    struct object_row row = {
        .type = t->type, .dn = t->dn, .anchor = t->anchor, .person = t->person};
    row.operation = canon_get_enum(r, CSEXPORT_NONE, CSEXPORT_UNKNOWN);
    row.rules = canon_get_u32(r);
    canon_get_str(r, t->type, sizeof t->type);
    canon_get_str(r, t->dn, sizeof t->dn);
    canon_get_str(r, t->anchor, sizeof t->anchor);
    canon_get_str(r, t->person, sizeof t->person);
    row.attributes_left_out = canon_get_u32(r);
    uint8_t count = canon_get_u8(r);
    canon_require(r, count <= OBJECT_ROW_ATTRIBUTES_MAX &&
                         (row.attributes_left_out == 0 || count == OBJECT_ROW_ATTRIBUTES_MAX) &&
                         row.rules != 0 && (uint64_t)row.rules >> rule_count == 0);
    for (uint8_t i = 0; !r->bad && i < count; i++) {
        t->attribute[i].kind = canon_get_enum(r, CHANGE_SET, CHANGE_CLEARED);
        t->attribute[i].name = t->name[i];
        canon_get_str(r, t->name[i], sizeof t->name[i]);
    }
    row.attribute = t->attribute;
    row.attribute_count = count;
    return row;
}

static void
get_head(struct canon_reader *r, struct object_rows *rows)
{
    canon_expect(r, OBJECT_ROWS_TAG, sizeof OBJECT_ROWS_TAG);
    rows->tenant = canon_get_id(r);
    rows->plan = canon_get_id(r);
    rows->agent = canon_get_key(r);
    rows->findings = canon_get_hash(r);
    rows->file = canon_get_hash(r);
    rows->made_unix_ms = canon_get_u64(r);
    rows->left_out = canon_get_u64(r);
    uint8_t count = canon_get_u8(r);
    canon_require(r, count <= OBJECT_ROWS_RULES_MAX);
    for (uint8_t i = 0; !r->bad && i < count; i++) {
        canon_get_str(r, rows->rule[i], sizeof rows->rule[i]);
        canon_require(r, rows->rule[i][0] != '\0');
    }
    rows->rule_count = r->bad ? 0 : count;
}

static enum baton_status
get_rows(struct canon_reader *r, struct object_rows *rows)
{
    struct row_texts *texts = malloc(sizeof *texts);
    uint32_t count = canon_get_u32(r);
    canon_require(r, count <= OBJECT_ROWS_MAX);
    if (!r->bad)
        rows->row = calloc((size_t)count + 1, sizeof(struct object_row *));
    enum baton_status rc = texts == NULL || (!r->bad && rows->row == NULL) ? BATON_NOMEM : BATON_OK;
    while (rc == BATON_OK && !r->bad && rows->count < count) {
        struct object_row row = get_row(r, texts, rows->rule_count);
        if (r->bad)
            break;
        rows->row[rows->count] = object_row_new(&row);
        if (rows->row[rows->count] == NULL)
            rc = BATON_NOMEM;
        else
            rows->count++;
    }
    free(texts);
    return rc;
}

enum baton_status
object_rows_read(const uint8_t *packed, size_t len, struct object_rows *ret_rows,
                 struct baton_err *err)
{
    struct unpacked u = {0};
    struct object_rows rows = {0};
    struct canon_reader r;
    enum baton_status rc = unpack(packed, len, &u, err);
    if (rc == BATON_OK) {
        canon_reader_init(&r, u.bytes, u.len);
        get_head(&r, &rows);
        rc = get_rows(&r, &rows);
        if (rc == BATON_OK && !canon_finished(&r))
            rc = BATON_MALFORMED;
        if (rc != BATON_OK)
            rc = baton_fail(err, rc, "the rows are not a document of rows (byte %zu of %zu)", r.at,
                            u.len);
    }
    free(u.bytes);
    if (rc == BATON_OK)
        *ret_rows = rows;
    else
        object_rows_done(&rows);
    return rc;
}
