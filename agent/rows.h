/* rows.h: the objects behind the newest findings, sealed to the people who decide about them.
 *
 * Shape      When the tenant's verification policy lets rows leave (limits.h), a review keeps them while
 *            it reads; its end makes the document (object_rows.h), sealed as a letter (letter.h) to
 *            every operator of the trust document who may approve for this tenant. The letter goes
 *            out in pieces once the findings were heard, the first by ourselves, the others as they
 *            are wanted. A new trust document seals the same rows anew, to the people whom it names.
 * Privacy    What is not sealed stays in this process's memory. Without the policy's word nothing is
 *            kept, and what was kept is wiped.
 * Limits     OBJECT_ROWS_MAX rows; one letter.
 * Errors     Told in the log. A review does not fail because its rows cannot be sent.
 * Threads    The loop's.
 * Source     docs/verification.md.
 */
#ifndef AGENT_ROWS_H
#define AGENT_ROWS_H

#include "baton/message.h"
#include "common/verify/exports_rows.h"

struct rows {
    struct exports_rows *kept; /* of the review under way; NULL: they may not leave */

    /* of the newest list */
    struct baton_hash findings;
    struct baton_id plan;
    uint8_t *packed; /* the document; NULL: none */
    size_t packed_len;

    uint8_t *letter; /* NULL: none, or nobody wants it */
    size_t letter_len;
    bool delivered; /* the controller of this session has it all */
    struct baton_hash letter_hash;
    uint32_t trust_version; /* whose people it is sealed to */
    uint64_t wanted, moved_ms;
};

struct agent;
void rows_done(struct rows *r);
/* A review begins: what was kept is gone; under these limits the analysis keeps rows, or not. */
void rows_begin(struct agent *a, const struct limits *limits);
/* It has ended: those rows belong to the list with this digest. */
void rows_made(struct agent *a, const struct baton_hash *findings, const struct baton_hash *file);
/* A session has opened: what was delivered in another one is offered again. */
void rows_session(struct agent *a);
/* Offers again what was not answered; now: the findings were heard. */
void rows_time(struct agent *a, bool now);
void rows_want(struct agent *a, const struct msg_want *w);
/* The controller refused a blob of that name: our offer, if it is that, is withdrawn. */
void rows_refused(struct agent *a, const struct baton_id *blob);
uint64_t rows_next_ms(const struct agent *a);

#endif
