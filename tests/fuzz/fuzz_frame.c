#include "fuzz.h"

#include "common/crypto/crypto.h"
#include "proto/codec.h"

/* Whoever is named signed it: what lies behind the signature is what is searched here. */
static bool
anybody(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key)
{
    (void)key_id;
    *ret_key = *(const struct baton_key *)ctx;
    return true;
}

static bool
signed_by_anybody(void *ctx, const struct baton_key *key, const char *domain, const void *bytes,
                  size_t len, const struct baton_sig *sig)
{
    (void)ctx, (void)key, (void)domain, (void)bytes, (void)len, (void)sig;
    return true;
}

static void
told(const struct message *m, const struct baton_key *sender)
{
    FUZZ_CHECK(message_rule(FROM_ENROLLING, m->type) != NULL ||
               message_rule(FROM_AGENT, m->type) != NULL ||
               message_rule(FROM_CONTROLLER, m->type) != NULL);
    FUZZ_CHECK(baton_key_eq(&m->env.sender, sender));
    if (m->type == MSG_CHUNK)
        FUZZ_CHECK(m->u.chunk.offset + m->u.chunk.len <= m->u.chunk.total &&
                   m->u.chunk.len <= CHUNK_BYTES);
    if (m->type == MSG_ORDER)
        FUZZ_CHECK(m->u.order.order.verb > ORDER_NONE && m->u.order.order.verb < ORDER_VERB_COUNT);
}

/* The corpus' sender is 32 times 's'. */
static void
run(const char *text, size_t len)
{
    struct baton_key sender;
    struct message *m = NULL;
    enum message_type type;
    uint8_t id[KEY_ID_BYTES];
    const uint8_t *frame = (const uint8_t *)text;
    memset(sender.b, 's', sizeof sender.b);
    const struct codec_keys keys = {&sender, anybody};
    struct digest_port dp = *crypto_digest_port();
    dp.verify = signed_by_anybody;
    enum baton_status peeked = codec_peek(frame, len, &type, id, NULL);
    enum baton_status rc = codec_decode(frame, len, &keys, &dp, &m, NULL);
    FUZZ_CHECK(rc != BATON_OK || peeked == BATON_OK);
    if (rc == BATON_OK)
        told(m, &sender);
    message_free(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
