#include "disposition_file.h"

#include "common/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char format_name[] = "baton/dispositions/1";

/* --- writing ---------------------------------------------------------------------------------- */

static json_t *
entry_view(const struct disposition_entry *e)
{
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    char row[2 * BATON_HASH_BYTES + 1], key[2 * BATON_KEY_BYTES + 1], sig[2 * BATON_SIG_BYTES + 1],
        hex[2 * DISPOSITION_BYTES_MAX + 1];
    const struct disposition *d = &e->sd.d;
    size_t len = disposition_encode(d, bytes);
    baton_hex(d->row.b, sizeof d->row.b, row);
    baton_hex(e->key.b, sizeof e->key.b, key);
    baton_hex(e->sd.sig.b, sizeof e->sd.sig.b, sig);
    baton_hex(bytes, len, hex);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s}", "row", row, "kind",
                     disposition_kind_name((enum disposition_kind)d->kind), "who", e->who, "reason",
                     d->reason, "made", (json_int_t)d->made_unix_ms, "key", key, "bytes", hex,
                     "signature", sig);
}

char *
disposition_file_write(const struct disposition_file *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->count; i++)
        if (json_array_append_new(list, entry_view(&f->entry[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    json_t *whole = json_pack("{s:s, s:o}", "format", format_name, "dispositions", list);
    char *text = whole != NULL ? json_dumps(whole, JSON_INDENT(2)) : NULL;
    json_decref(whole);
    return text;
}

/* --- reading ---------------------------------------------------------------------------------- */

static const char *
member_text(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    return text != NULL ? text : "";
}

static bool
member_hex(const json_t *o, const char *name, uint8_t *out, size_t bytes)
{
    const char *hex = member_text(o, name);
    return strlen(hex) == 2 * bytes && baton_unhex(hex, out, bytes);
}

static bool
member_bytes(const json_t *o, uint8_t out[DISPOSITION_BYTES_MAX], size_t *ret_len)
{
    const char *hex = member_text(o, "bytes");
    size_t len = strlen(hex) / 2;
    *ret_len = len;
    return strlen(hex) == 2 * len && len <= DISPOSITION_BYTES_MAX && baton_unhex(hex, out, len);
}

/* What a person reads in the file is what was signed. */
static bool
says_the_same(const json_t *o, const struct disposition *d)
{
    struct baton_hash row;
    return member_hex(o, "row", row.b, sizeof row.b) && baton_hash_eq(&row, &d->row) &&
           strcmp(member_text(o, "reason"), d->reason) == 0 &&
           strcmp(member_text(o, "kind"), disposition_kind_name((enum disposition_kind)d->kind)) ==
               0;
}

static enum baton_status
entry_read(const json_t *o, size_t index, const struct digest_port *dp,
           struct disposition_entry *ret_entry, struct baton_err *err)
{
    struct disposition_entry e = {0};
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    size_t len;
    if (!member_hex(o, "key", e.key.b, sizeof e.key.b) ||
        !member_hex(o, "signature", e.sd.sig.b, sizeof e.sd.sig.b) ||
        !member_bytes(o, bytes, &len) || disposition_decode(bytes, len, &e.sd.d) != BATON_OK)
        return baton_fail(err, BATON_MALFORMED,
                          "disposition %zu: key, bytes and signature in hex are expected; make it "
                          "again with baton config accept",
                          index + 1);
    if (!dp->verify(dp->ctx, &e.key, DOMAIN_DISPOSITION, bytes, len, &e.sd.sig))
        return baton_fail(err, BATON_DENIED, "disposition %zu: the signature does not hold",
                          index + 1);
    if (!says_the_same(o, &e.sd.d))
        return baton_fail(err, BATON_MALFORMED,
                          "disposition %zu: row, kind or reason is not what was signed", index + 1);
    text_copy(e.who, sizeof e.who, member_text(o, "who"));
    *ret_entry = e;
    return BATON_OK;
}

enum baton_status
disposition_file_read(const char *text, size_t len, const struct digest_port *dp,
                      struct disposition_file *ret_file, struct baton_err *err)
{
    json_error_t where;
    memset(ret_file, 0, sizeof *ret_file);
    if (len > DISPOSITION_FILE_BYTES_MAX)
        return baton_fail(err, BATON_LIMIT, "more than %d bytes of dispositions",
                          DISPOSITION_FILE_BYTES_MAX);
    json_t *whole = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
    if (whole == NULL)
        return baton_fail(err, BATON_MALFORMED, "line %d: %s", where.line, where.text);
    const json_t *list = json_object_get(whole, "dispositions");
    size_t count = json_array_size(list);
    enum baton_status rc = BATON_OK;
    if (strcmp(member_text(whole, "format"), format_name) != 0 || !json_is_array(list))
        rc = baton_fail(err, BATON_MALFORMED, "this is no %s; baton config accept makes one",
                        format_name);
    else if (count > DISPOSITIONS_MAX)
        rc = baton_fail(err, BATON_LIMIT, "%zu dispositions; at most %d", count, DISPOSITIONS_MAX);
    for (size_t i = 0; i < count && rc == BATON_OK; i++) {
        rc = entry_read(json_array_get(list, i), i, dp, &ret_file->entry[i], err);
        ret_file->count = i + 1;
    }
    json_decref(whole);
    return rc;
}

/* --- judging ---------------------------------------------------------------------------------- */

enum baton_status
disposition_file_check(struct disposition_file *f, const struct trust_doc *trust,
                       const struct digest_port *dp, struct baton_err *err)
{
    for (size_t i = 0; i < f->count; i++) {
        struct disposition_entry *e = &f->entry[i];
        const struct trust_operator *op = trust_operator_find(trust, &e->sd.d.operator);
        if (op == NULL || !disposition_authentic(&e->sd, trust, dp))
            return baton_fail(err, BATON_DENIED,
                              "disposition %zu is by no operator given who may approve: signed as "
                              "\"%.60s\"",
                              i + 1, e->who);
        text_copy(e->who, sizeof e->who, op->name);
        e->key = op->key;
    }
    f->checked = true;
    return BATON_OK;
}

/* Two people have two identities, and two keys. */
static bool
same_person(const struct disposition_entry *a, const struct disposition_entry *b)
{
    return baton_id_eq(&a->sd.d.operator, & b->sd.d.operator) || baton_key_eq(&a->key, &b->key);
}

/* Nothing later in the file is by the same person about the same row. */
static bool
is_last_word(const struct disposition_file *f, size_t index)
{
    const struct disposition_entry *e = &f->entry[index];
    for (size_t i = index + 1; i < f->count; i++)
        if (baton_hash_eq(&f->entry[i].sd.d.row, &e->sd.d.row) && same_person(&f->entry[i], e))
            return false;
    return true;
}

unsigned
disposition_file_people(const struct disposition_file *f, const struct baton_hash *row)
{
    unsigned people = 0;
    for (size_t i = 0; i < f->count; i++)
        people += baton_hash_eq(&f->entry[i].sd.d.row, row) &&
                  f->entry[i].sd.d.kind != DISPOSED_FIXED && is_last_word(f, i);
    return people;
}

void
disposition_file_digest(const struct disposition_file *f, const struct digest_port *dp,
                        struct baton_hash *ret_digest)
{
    struct baton_hash each[DISPOSITIONS_MAX];
    for (size_t i = 0; i < f->count; i++)
        disposition_digest(&f->entry[i].sd.d, dp, &each[i]);
    dispositions_digest(each, f->count, dp, ret_digest);
}
