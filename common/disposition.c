#include "baton/disposition.h"

#include "common/canon.h"

#include <stdlib.h>
#include <string.h>

static const char disposition_tag[4] = {'B', 'D', 'I', '1'};

static const char *const kind_names[] = {
    [DISPOSED_NONE] = "none",
    [DISPOSED_ACCEPTED] = "accepted",
    [DISPOSED_FIXED] = "fixed",
    [DISPOSED_NOT_APPLICABLE] = "not-applicable",
};

const char *
disposition_kind_name(enum disposition_kind k)
{
    return (size_t)k < ARRAY_LEN(kind_names) ? kind_names[k] : "unknown";
}

enum disposition_kind
disposition_kind_parse(const char *text)
{
    for (size_t i = DISPOSED_ACCEPTED; i < ARRAY_LEN(kind_names); i++)
        if (strcmp(text, kind_names[i]) == 0)
            return (enum disposition_kind)i;
    return DISPOSED_NONE;
}

size_t
disposition_encode(const struct disposition *d, uint8_t out[DISPOSITION_BYTES_MAX])
{
    BATON_ASSERT(d->kind > DISPOSED_NONE && d->kind <= DISPOSED_NOT_APPLICABLE);
    struct canon_writer w;
    size_t len;
    canon_writer_init(&w, out, DISPOSITION_BYTES_MAX);
    canon_put_fixed(&w, disposition_tag, sizeof disposition_tag);
    canon_put_u8(&w, d->kind);
    canon_put_id(&w, &d->id);
    canon_put_id(&w, &d->tenant);
    canon_put_id(&w, &d->operator);
    canon_put_hash(&w, &d->row);
    canon_put_u64(&w, d->made_unix_ms);
    canon_put_str(&w, d->reason, sizeof d->reason);
    BATON_ASSERT(canon_finish(&w, &len) == BATON_OK);
    return len;
}

enum baton_status
disposition_decode(const uint8_t *bytes, size_t len, struct disposition *ret_disposition)
{
    struct canon_reader r;
    struct disposition d = {0};
    canon_reader_init(&r, bytes, len);
    canon_expect(&r, disposition_tag, sizeof disposition_tag);
    d.kind = canon_get_enum(&r, DISPOSED_ACCEPTED, DISPOSED_NOT_APPLICABLE);
    d.id = canon_get_id(&r);
    d.tenant = canon_get_id(&r);
    canon_get_fixed(&r, d.operator.b, sizeof d.operator.b);
    d.row = canon_get_hash(&r);
    d.made_unix_ms = canon_get_u64(&r);
    canon_get_str(&r, d.reason, sizeof d.reason);
    canon_require(&r, d.reason[0] != '\0');
    if (!canon_finished(&r))
        return BATON_MALFORMED;
    *ret_disposition = d;
    return BATON_OK;
}

bool
disposition_authentic(const struct signed_disposition *sd, const struct trust_doc *trust,
                      const struct digest_port *dp)
{
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    const struct trust_operator *op = trust_operator_find(trust, &sd->d.operator);
    if (op == NULL || !trust_operator_may(op, ROLE_APPROVE, &sd->d.tenant))
        return false;
    size_t len = disposition_encode(&sd->d, bytes);
    return dp->verify(dp->ctx, &op->key, DOMAIN_DISPOSITION, bytes, len, &sd->sig);
}

static int
compare_hashes(const void *a, const void *b)
{
    return memcmp(a, b, BATON_HASH_BYTES);
}

void
disposition_digest(const struct disposition *d, const struct digest_port *dp,
                   struct baton_hash *ret_digest)
{
    uint8_t bytes[DISPOSITION_BYTES_MAX];
    dp->sha256(dp->ctx, bytes, disposition_encode(d, bytes), ret_digest);
}

void
dispositions_digest(struct baton_hash *each, size_t count, const struct digest_port *dp,
                    struct baton_hash *ret_digest)
{
    memset(ret_digest, 0, sizeof *ret_digest);
    if (count == 0)
        return;
    qsort(each, count, sizeof each[0], compare_hashes);
    dp->sha256(dp->ctx, each, count * sizeof each[0], ret_digest);
}
