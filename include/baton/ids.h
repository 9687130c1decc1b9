/* ids.h: the fixed-size names of everything: keys, hashes, random ids, epochs.
 *
 * Shape      Plain structs of bytes, compared with the functions below, never as strings.
 *            A person sees them in lower-case hex, shortened to 16 digits in tables.
 * Limits     Names of people, hosts and tenants: NAME_BYTES with the final NUL, UTF-8, no controls.
 * Threads    Reentrant. No allocation.
 * Source     protocol: an epoch is (counter, incarnation), ordered by counter, then incarnation.
 */
#ifndef BATON_IDS_H
#define BATON_IDS_H

#include "baton/status.h"

enum {
    BATON_KEY_BYTES = 32,
    BATON_HASH_BYTES = 32,
    BATON_SIG_BYTES = 64,
    BATON_ID_BYTES = 16,
    NAME_BYTES = 64,
    MEMBERS_MAX = 4,
    EPOCH_JUMP_MAX = 65536,
};

/* Ed25519 public key unless a name says otherwise */
struct baton_key {
    uint8_t b[BATON_KEY_BYTES];
};
/* SHA-256 */
struct baton_hash {
    uint8_t b[BATON_HASH_BYTES];
};
/* Ed25519, detached */
struct baton_sig {
    uint8_t b[BATON_SIG_BYTES];
};
/* 16 random bytes, or the GUID of an Entra tenant in RFC 4122 byte order */
struct baton_id {
    uint8_t b[BATON_ID_BYTES];
};
struct epoch {
    uint64_t counter;
    struct baton_id incarnation;
};

bool baton_key_eq(const struct baton_key *a, const struct baton_key *b);
bool baton_hash_eq(const struct baton_hash *a, const struct baton_hash *b);
bool baton_id_eq(const struct baton_id *a, const struct baton_id *b);
bool baton_key_is_zero(const struct baton_key *k);
bool baton_hash_is_zero(const struct baton_hash *h);
bool baton_id_is_zero(const struct baton_id *id);

int epoch_cmp(const struct epoch *a, const struct epoch *b); /* <0, 0, >0 */
bool epoch_eq(const struct epoch *a, const struct epoch *b);
bool epoch_is_zero(const struct epoch *e);

/* Lower-case hex of n bytes into out, which holds 2 * n + 1. */
void baton_hex(const void *bytes, size_t n, char *out);
/* Exactly n bytes from 2 * n hex digits (either case); false leaves out untouched. */
bool baton_unhex(const char *hex, void *out, size_t n);
/* "8-4-4-4-12" form of an id (37 bytes with NUL) and back; braces and either case accepted. */
void baton_guid_format(const struct baton_id *id, char out[37]);
bool baton_guid_parse(const char *text, struct baton_id *ret_id);
/* A name that may be stored and shown: 1 to NAME_BYTES - 1 bytes of valid UTF-8, no controls. */
bool baton_name_valid(const char *name);

#endif
