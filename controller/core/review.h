/* review.h: what the new server's checks found, and what people decided about each row of it.
 *
 * Shape      The newest list of the agent, cut to what the workflow needs (row, rule, severity), and
 *            the dispositions that people signed. A disposition outlives a new list: it speaks of one
 *            difference, and closes it wherever that difference stands.
 *            A row is open while a person has to look at it: review or block, without a disposition
 *            that closes it. "fixed" never closes: what is fixed is gone.
 * Limits     REVIEW_ROWS_MAX rows (the agent sends no more), REVIEW_DISPOSITIONS_MAX dispositions.
 * Errors     review_dispose: BATON_NOT_FOUND (no such row), BATON_LIMIT; *ret_why says it.
 * Ownership  Plain value, part of the cutover.
 * Source     handoff G-PARITY, G-DIFF; docs/formats.md "Findings", "Disposition".
 */
#ifndef BATON_REVIEW_H
#define BATON_REVIEW_H

#include "baton/disposition.h"
#include "baton/finding.h"

enum { REVIEW_ROWS_MAX = FINDINGS_SENT_MAX, REVIEW_DISPOSITIONS_MAX = 64 };

struct review_row {
    struct baton_hash row;
    char rule[FINDING_RULE_BYTES];
    uint8_t severity; /* enum finding_severity */
    bool two;         /* the policy wants two different people */
};

struct review_disposition {
    struct baton_hash row, digest; /* digest: of the signed bytes, an object of the store */
    struct baton_id operator;
    uint8_t kind; /* enum disposition_kind */
};

struct review {
    struct baton_hash findings; /* of the list's bytes; zero: nothing was reported */
    uint32_t more;              /* findings that did not fit: open, whatever they are */
    uint8_t row_count, disposition_count;
    struct review_row row[REVIEW_ROWS_MAX];
    struct review_disposition disposition[REVIEW_DISPOSITIONS_MAX];
};

/* Takes the list's place; two[i] belongs to its i-th finding, NULL: one person is enough. */
void review_take(struct review *r, const struct findings *list, const bool *two_or_null,
                 uint32_t more, const struct baton_hash *digest);
/* The signature was checked. The same person's earlier word about that row is replaced. */
enum baton_status review_dispose(struct review *r, const struct disposition *d,
                                 const struct baton_hash *digest,
                                 const char **ret_why) BATON_MUST_USE;
bool review_row_open(const struct review *r, size_t index);
unsigned review_row_people(const struct review *r, size_t index); /* whose word closes it */
bool review_row_parity(const struct review *r, size_t index);     /* open, and G-PARITY's */
/* Open rows of at least that severity, and those that nobody could see. */
uint32_t review_open(const struct review *r, enum finding_severity least);
/* Open rows that G-PARITY is about: configuration rows, and pending changes that block. Deletes and
 * anchor changes are not among them: G-DIFF judges those by their counts. */
uint32_t review_parity(const struct review *r);
/* The digests of all dispositions: what review_digest, sorted, is the hash of. */
size_t review_dispositions(const struct review *r, struct baton_hash out[REVIEW_DISPOSITIONS_MAX]);
void review_digest(const struct review *r, const struct digest_port *dp,
                   struct baton_hash *ret_digest); /* of the dispositions */

struct canon_writer;
struct canon_reader;
void review_put(struct canon_writer *w, const struct review *r);
void review_get(struct canon_reader *reader, struct review *ret_review);

#endif
