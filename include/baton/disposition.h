/* disposition.h: what a named person decided about one finding, signed with that person's own key.
 *
 * Shape      A disposition names the row of a finding (finding.h), so it holds for exactly that
 *            difference and ends when the difference is another one. `fixed` says that a person
 *            mended it: it counts only by the finding being gone, never while it is still there.
 *            The set of all dispositions of a cutover has one digest; the verification record holds
 *            it, so that approvals bind to what was accepted.
 * Limits     DISPOSITION_BYTES_MAX encoded; DISPOSITIONS_MAX in a set.
 * Errors     BATON_MALFORMED: bytes that are none.
 * Ownership  Plain values.
 * Source     design 7 (verification record); docs/formats.md "Disposition".
 */
#ifndef BATON_DISPOSITION_H
#define BATON_DISPOSITION_H

#include "baton/trust.h"

enum disposition_kind { DISPOSED_NONE, DISPOSED_ACCEPTED, DISPOSED_FIXED, DISPOSED_NOT_APPLICABLE };

enum {
    DISPOSITION_REASON_BYTES = 192,
    DISPOSITION_BYTES_MAX =
        4 + 1 + 3 * BATON_ID_BYTES + BATON_HASH_BYTES + 8 + 2 + DISPOSITION_REASON_BYTES - 1,
    DISPOSITIONS_MAX = 128,
};

struct disposition {
    uint8_t kind;                          /* enum disposition_kind */
    struct baton_id id;                    /* random: two of one person about one row are two */
    struct baton_id tenant;                /* zero: made offline, of files */
    struct baton_id operator;              /* who, as the trust document names that person */
    struct baton_hash row;                 /* of the finding */
    uint64_t made_unix_ms;                 /* for people */
    char reason[DISPOSITION_REASON_BYTES]; /* never empty */
};

struct signed_disposition {
    struct disposition d;
    struct baton_sig sig; /* under DOMAIN_DISPOSITION */
};

const char *disposition_kind_name(enum disposition_kind k); /* "accepted", "fixed", ... */
/* DISPOSED_NONE: no such kind. */
enum disposition_kind disposition_kind_parse(const char *text);

size_t disposition_encode(const struct disposition *d, uint8_t out[DISPOSITION_BYTES_MAX]);
enum baton_status disposition_decode(const uint8_t *bytes, size_t len,
                                     struct disposition *ret_disposition) BATON_MUST_USE;

/* Signed by an operator of the trust document who may approve for that tenant. */
bool disposition_authentic(const struct signed_disposition *sd, const struct trust_doc *trust,
                           const struct digest_port *dp);

void disposition_digest(const struct disposition *d, const struct digest_port *dp,
                        struct baton_hash *ret_digest); /* SHA-256 of its bytes */
/* SHA-256 over the digests of all, in rising order; zero for none. Sorts the caller's array. */
void dispositions_digest(struct baton_hash *each, size_t count, const struct digest_port *dp,
                         struct baton_hash *ret_digest);

#endif
