/* codec.h: bytes of a frame to a struct message and back. The only door to protobuf-c.
 *
 * Shape      codec_decode checks length, magic, version and type first, then the signature over the
 *            raw bytes (key from `find_key`), and only then unpacks and checks every field.
 * Limits     FRAME_BYTES_MAX; 1 MiB of heap for one message; no unknown fields, no recursion.
 * Errors     BATON_MALFORMED and BATON_LIMIT with what and where; BATON_DENIED: no such key, a bad
 *            signature, or a sender in the envelope that is not the signer.
 * Ownership  *ret_message is the caller's: message_free. Encoded bytes are malloc'd for the caller.
 * Threads    Reentrant.
 * Source     reliability 4.2 and 5.6 (order of checks).
 */
#ifndef BATON_CODEC_H
#define BATON_CODEC_H

#include "baton/message.h"

/* A packed order fits a frame together with its envelope. */
enum { ORDER_BYTES_MAX = FRAME_BYTES_MAX - 256 };

/* Who may have signed: key id -> public key. Without `find`, only ENROL is accepted, under the key
 * that it names itself: the peer's right to enrol comes from its one-time transport key. */
struct codec_keys {
    void *ctx;
    bool (*find)(void *ctx, const uint8_t key_id[KEY_ID_BYTES], struct baton_key *ret_key);
};

/* First 8 bytes of SHA-256 over the key. */
void codec_key_id(const struct baton_key *key, uint8_t out[KEY_ID_BYTES]);

/* Type and key id of a frame, checked for length, magic, version and known type; nothing else read. */
enum baton_status codec_peek(const uint8_t *frame, size_t len, enum message_type *ret_type,
                             uint8_t ret_key_id[KEY_ID_BYTES], struct baton_err *err);

enum baton_status codec_decode(const uint8_t *frame, size_t len, const struct codec_keys *keys,
                               const struct digest_port *dp, struct message **ret_message,
                               struct baton_err *err);
void message_free(struct message **m);

/* Signs with an Ed25519 secret key of 64 bytes (libsodium's form). m->u.order needs bytes and len. */
enum baton_status codec_encode(const struct message *m, const uint8_t secret_key[64],
                               uint8_t **ret_frame, size_t *ret_len, struct baton_err *err);

/* Order bytes: made once. Decoding keeps what ret_order points to in *ret_arena, which the caller
 * frees with order_arena_free once it is done with the order. */
enum baton_status order_pack(const struct order *o, uint8_t **ret_bytes, size_t *ret_len,
                             struct baton_err *err);
enum baton_status order_unpack(const uint8_t *bytes, size_t len, struct order *ret_order,
                               void **ret_arena, struct baton_err *err);
void order_arena_free(void **arena);

#endif
