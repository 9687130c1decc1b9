/* The rows of a review, sealed to people: handed out by a call, because who fetched them is on the record. */
#include "api_private.h"

#include "common/crypto/letter.h"

#include <stdlib.h>
#include <string.h>

struct letter_bytes {
    uint8_t *bytes; /* LETTER_BYTES_MAX */
    size_t len;
};

static bool
take_chunk(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct letter_bytes *l = arg;
    (void)key;
    (void)key_len;
    if (len > LETTER_BYTES_MAX - l->len)
        return false;
    memcpy(l->bytes + l->len, value, len);
    l->len += len;
    return true;
}

static void
answer_letter(struct api_request *rq, const struct baton_hash *hash)
{
    struct letter_bytes l = {0};
    struct baton_hash found;
    struct baton_err err = {0};
    if (!api_store(rq))
        return;
    l.bytes = malloc(LETTER_BYTES_MAX);
    enum baton_status rc = l.bytes == NULL ? BATON_NOMEM
                                           : rq->store.each(rq->store.ctx, TABLE_CHUNK, hash->b,
                                                            sizeof hash->b, take_chunk, &l, &err);
    if (rc == BATON_OK) {
        rq->api->digest->sha256(rq->api->digest->ctx, l.bytes, l.len, &found);
        if (!baton_hash_eq(&found, hash)) /* newer ones may have come in between */
            rc = BATON_CONFLICT;
    }
    if (rc == BATON_OK)
        api_answer_bytes(rq, "application/octet-stream", l.bytes, l.len);
    else
        api_answer_status(rq, rc, "the sealed rows cannot be read now: ask again");
    free(l.bytes);
}

void
api_cutover_rows(struct api_request *rq)
{
    struct engine_call *c = api_call_new(rq, CALL_ROWS);
    struct baton_hash hash;
    if (c == NULL || !api_call_run(rq, c))
        return;
    BATON_ASSERT(c->len == sizeof hash.b);
    memcpy(hash.b, c->bytes, sizeof hash.b);
    api_call_free(c);
    answer_letter(rq, &hash);
}
