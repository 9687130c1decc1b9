/* token.h: the text that lets one new agent knock at one controller, once.
 *
 * Shape      "baton1-" and base64url of canonical bytes with a CRC-32 behind them, so that a typing
 *            or copying mistake gives one clear error instead of a refused handshake.
 *            The seed makes the one-time CURVE key pair; its public half is in the controller's door.
 * Limits     TOKEN_TEXT_BYTES with NUL. White space around the text is accepted.
 * Errors     Decoding: BATON_MALFORMED, with what is wrong.
 * Ownership  Plain value. It holds a secret: wipe it after use, never log it.
 * Threads    Reentrant.
 * Source     protocol 5 (enrolment).
 */
#ifndef COMMON_TOKEN_H
#define COMMON_TOKEN_H

#include "baton/ids.h"

enum {
    TOKEN_SEED_BYTES = 32,
    TOKEN_ADDRESS_BYTES = 128,
    TOKEN_RAW_BYTES = 1 + 2 + TOKEN_ADDRESS_BYTES + TOKEN_SEED_BYTES + 3 * BATON_KEY_BYTES +
                      BATON_ID_BYTES + 1 + 1 + 2 + NAME_BYTES + 8 + 4,
    TOKEN_TEXT_BYTES = 8 + (TOKEN_RAW_BYTES * 4 + 2) / 3 + 1,
};

struct token {
    char address[TOKEN_ADDRESS_BYTES]; /* "tcp://controller.example.net:7400" */
    uint8_t seed[TOKEN_SEED_BYTES];
    struct baton_key controller_sign, controller_curve;
    struct baton_key root; /* zero: the controller had no trust document yet */
    struct baton_id tenant;
    uint8_t role; /* 'o' old side, 'n' new side */
    bool lab;
    char host[NAME_BYTES]; /* the one host that may use it */
    uint64_t expires_unix_ms;
};

enum baton_status token_encode(const struct token *t, char *out, size_t cap,
                               struct baton_err *err) BATON_MUST_USE;
enum baton_status token_decode(const char *text, struct token *ret_token,
                               struct baton_err *err) BATON_MUST_USE;

#endif
