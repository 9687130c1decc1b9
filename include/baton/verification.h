/* verification.h: the one struct that the workflow's guards read, and people approve.
 *
 * Shape      Counts, digests and states about both servers plus the dispositions of people.
 *            Canonical bytes are hashed; approvals name that hash.
 *            An item nobody computed is unknown; the policy says which unknowns block.
 * Source     design 7; handoff G-4OPS, G-PARITY, G-DIFF, G-FRESH, G-PREREQ; docs/formats.md.
 */
#ifndef BATON_VERIFICATION_H
#define BATON_VERIFICATION_H

#include "baton/digest.h"

/* id, name, source today, meaning */
#define BATON_VERIFICATION(X)                                                                      \
    X(FULL_IMPORT_AD, "full_import_ad", "1: success on every AD connector since the last change")  \
    X(FULL_SYNC_AD, "full_sync_ad", "1: success")                                                  \
    X(FULL_IMPORT_ENTRA, "full_import_entra", "1: success")                                        \
    X(FULL_SYNC_ENTRA, "full_sync_entra", "1: success")                                            \
    X(PENDING_ADDS, "pending_adds", "pending export on the new server")                            \
    X(PENDING_UPDATES, "pending_updates", "same")                                                  \
    X(PENDING_DELETES, "pending_deletes", "same")                                                  \
    X(SCOPE_OBJECTS, "scope_objects", "objects in the new server's Entra connector space")         \
    X(OLD_OBJECTS, "old_objects", "the same on the old server")                                    \
    X(ANCHOR_CHANGES, "anchor_changes", "objects whose source anchor would change")                \
    X(PARITY_ROWS, "parity_rows", "undispositioned configuration differences")                     \
    X(PREREQ_FAILED, "prereq_failed", "failed prerequisites of the new server")                    \
    X(NEW_VERSION, "new_version", "product version of the new server")                             \
    X(AUTO_UPGRADE, "auto_upgrade", "auto-upgrade state of the new server")                        \
    X(OLD_ALIVE, "old_alive", "1: one complete good cycle on OLD since the install")               \
    X(DELETE_GUARD, "delete_guard", "accidental-delete threshold seen on the new server")

enum verification_id {
#define X(id, name, what) VERIFY_##id,
    BATON_VERIFICATION(X)
#undef X
        VERIFY_COUNT
};

struct verification {
    bool known[VERIFY_COUNT];
    int64_t value[VERIFY_COUNT];
    struct baton_hash settings, config, rules, pending,
        runs; /* of the new server; zero = unknown */
    uint64_t taken_unix_ms;
    struct baton_hash findings;     /* what the new server's checks found; zero = nothing said */
    struct baton_hash dispositions; /* over the signed dispositions, zero when there are none */
    uint8_t verdict;                /* enum verdict */
    struct baton_hash limits; /* of the verification policy judged by; zero: the path's preset */
};

enum verdict { VERDICT_UNKNOWN, VERDICT_PASS, VERDICT_REVIEW, VERDICT_BLOCK };

enum {
    VERIFICATION_BYTES_MAX = 1024,
    LIMITS_BYTES_MAX = 24576 /* text of a verification policy */
};

const char *verification_name(enum verification_id id);
const char *verification_what(enum verification_id id);
const char *verdict_name(enum verdict v);
size_t verification_encode(const struct verification *v, uint8_t out[VERIFICATION_BYTES_MAX]);
enum baton_status verification_decode(const uint8_t *bytes, size_t len,
                                      struct verification *ret_verification) BATON_MUST_USE;

#endif
