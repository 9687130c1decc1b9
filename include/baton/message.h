/* message.h: one frame between controller and agent, after every check that bytes alone allow.
 *
 * Shape      header (magic 4 "BTN1", version 1, type 2, key id 8, body length 4, signature 64; all
 *            big-endian) then one protobuf body. The signature covers DOMAIN_FRAME, 0, then the
 *            header up to the length and the raw body.
 *            Every body starts with the envelope; sequence rises by one per session and direction.
 * Limits     FRAME_BYTES_MAX whole; evidence STATEMENT_BYTES_MAX; chunk CHUNK_BYTES.
 * Errors     proto/codec: BATON_MALFORMED with what is wrong; BATON_LIMIT.
 * Ownership  codec_decode allocates one struct message with everything inside; message_free.
 *            Pointers inside borrow from it.
 * Source     reliability 4.1, 4.2, 5.6; protocol 6.
 */
#ifndef BATON_MESSAGE_H
#define BATON_MESSAGE_H

#include "baton/finding.h"
#include "baton/order.h"

enum { FRAME_HEADER_BYTES = 83, FRAME_BYTES_MAX = 65536, CHUNK_BYTES = 32768, KEY_ID_BYTES = 8 };

enum message_type {
    MSG_NONE,
    MSG_ENROL,    /* agent -> controller, over the one-time key only */
    MSG_ENROLLED, /* controller -> agent */
    MSG_HELLO,    /* agent -> controller: opens a session */
    MSG_WELCOME,  /* controller -> agent: session id, newest trust document */
    MSG_BEAT,     /* agent -> controller: alive */
    MSG_ORDER,    /* controller -> agent: order bytes */
    MSG_ANSWER,   /* agent -> controller: order id + hash, one signed statement */
    MSG_SAY,    /* agent -> controller: a spontaneous signed statement (TAMPER, USED, VOIDED ...) */
    MSG_REPORT, /* agent -> controller: facts for the workflow */
    MSG_RECEIPT,  /* controller -> agent: signed audit checkpoint */
    MSG_CHUNK,    /* either way: part of a sealed blob */
    MSG_WANT,     /* either way: send me this blob from this offset */
    MSG_REFUSED,  /* either way: frame refused, with status and text */
    MSG_HEARD,    /* controller -> agent: a SAY or FINDINGS with this hash is committed */
    MSG_FINDINGS, /* agent -> controller: what its checks found, said again until it is heard */
    MSG_TYPE_COUNT
};

struct envelope {
    struct baton_id session; /* zero in ENROL, ENROLLED, HELLO */
    uint64_t sequence;       /* from 1 in each session and direction */
    struct baton_key sender;
    struct baton_key recipient;
    struct baton_id tenant;
};

struct msg_enrol {
    struct baton_key sign_key, curve_key, box_key;
    char host[NAME_BYTES];
    uint8_t product; /* enum product as seen */
    char version[VERSION_TEXT_BYTES];
    struct baton_hash binary, table;
    struct machine machine;
};
struct msg_enrolled {
    bool accepted;
    struct baton_hash fingerprint; /* of what the controller stored: shown on both sides */
};
struct msg_hello {
    struct baton_id nonce;
    uint64_t counter;
    char version[VERSION_TEXT_BYTES];
    struct baton_hash binary, table;
    uint32_t trust_version;
    struct baton_hash trust_hash;
    struct machine machine;
    uint64_t receipt_size;
    struct baton_hash receipt_root;
};
struct msg_welcome {
    struct baton_id session, nonce; /* nonce: of the HELLO */
    uint64_t last_sequence_seen;
    struct signed_bytes trust;
    uint32_t beat_ms;
};
struct msg_order {
    const uint8_t *bytes; /* packed once, kept in the outbox; hash them for order_hash */
    size_t len;
    struct order order; /* decoded from those bytes */
};
struct msg_answer {
    struct baton_id order;
    struct baton_hash order_hash;
    struct signed_bytes statement;
};
struct msg_say {
    struct signed_bytes statement;
};
struct msg_report {
    struct facts facts;
    uint64_t wall_unix_ms; /* skew check */
};
struct msg_receipt {
    uint64_t size;
    struct baton_hash root;
    uint64_t unix_ms;
    struct baton_sig sig; /* under DOMAIN_CHECKPOINT by a controller key */
};
struct msg_chunk {
    struct baton_hash blob;
    uint64_t offset, total;
    const uint8_t *bytes;
    size_t len;
};
struct msg_want {
    struct baton_hash blob;
    uint64_t offset;
};
struct msg_refused {
    uint8_t status;        /* enum baton_status */
    struct baton_id order; /* or message_blob_id of a refused CHUNK; zero: the frame itself */
    char text[NOTE_BYTES];
};
struct msg_heard {
    struct baton_hash statement;
};

struct msg_findings { /* findings.h: their canonical bytes */
    const uint8_t *bytes;
    size_t len;
};

struct message {
    enum message_type type;
    uint8_t key_id[KEY_ID_BYTES];
    struct envelope env;
    union {
        struct msg_enrol enrol;
        struct msg_enrolled enrolled;
        struct msg_hello hello;
        struct msg_welcome welcome;
        struct msg_order order;
        struct msg_answer answer;
        struct msg_say say;
        struct msg_report report;
        struct msg_receipt receipt;
        struct msg_chunk chunk;
        struct msg_want want;
        struct msg_refused refused;
        struct msg_heard heard;
        struct msg_findings findings;
    } u;
    void *arena; /* codec's */
};

const char *message_type_name(enum message_type t);

/* Who may say what, and whether only inside an open session: the one table by which the bus, the
 * controller and the agents decide. A pair that has no row is refused. */
enum message_from { FROM_ENROLLING = 1, FROM_AGENT, FROM_CONTROLLER };

struct message_rule {
    uint8_t from; /* enum message_from */
    uint8_t type;
    bool session;
    const char *why;
};

const struct message_rule *message_rules(size_t *ret_count);
/* NULL: not allowed. */
const struct message_rule *message_rule(enum message_from from, enum message_type type);
const char *message_from_name(enum message_from from);
/* What REFUSED calls a blob: the first half of its hash. */
struct baton_id message_blob_id(const struct baton_hash *blob);

#endif
