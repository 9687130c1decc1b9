/* finding.h: one thing that a check found, in a form that people read, accept and sign.
 *
 * Shape      A finding names its rule (common/verify/rules.h), how bad it is, how often it was seen
 *            against which limit, what it is about, why it matters and what to do.
 *            `row` is the digest of what was found: the same difference on another day is the same
 *            row, so that a person's disposition of it stays true for as long as the facts do.
 * Units      count and limit are objects, rows or runs, as the rule says; FINDING_NO_LIMIT when the
 *            rule has none.
 * Limits     The sizes below; FINDINGS_MAX in one list. What does not fit is cut at a character.
 * Errors     BATON_LIMIT: the list is full. BATON_MALFORMED: bytes that are not a list.
 * Ownership  Plain values. A list's array belongs to the list: findings_done frees it.
 * Privacy    subject, why and advice never hold a person's data: attribute, connector, rule,
 *            container and parameter names, counts and digests only.
 * Source     design 7 (verification record); handoff G-PARITY, G-DIFF, G-4OPS, G-PREREQ.
 */
#ifndef BATON_FINDING_H
#define BATON_FINDING_H

#include "baton/verification.h"

enum finding_severity {
    SEVERITY_INFO,   /* expected, shown */
    SEVERITY_REVIEW, /* a person has to look */
    SEVERITY_BLOCK,  /* refused until it is gone or accepted as the policy allows */
};

enum {
    FINDING_RULE_BYTES = 24,
    FINDING_SUBJECT_BYTES = 160,
    FINDING_TEXT_BYTES = 320,
    FINDINGS_MAX = 4096,
    FINDINGS_SENT_MAX = 64, /* on the way to the controller: the worst of them */
    FINDINGS_BYTES_MAX = 10 + FINDINGS_SENT_MAX * (4 * 2 + 23 + 159 + 2 * 319 + 1 + 8 + 8 + 32),
};

#define FINDING_NO_LIMIT UINT64_MAX

struct finding {
    char rule[FINDING_RULE_BYTES];
    uint8_t severity; /* enum finding_severity */
    uint64_t count, limit;
    char subject[FINDING_SUBJECT_BYTES];
    char why[FINDING_TEXT_BYTES]; /* the consequence, one plain sentence */
    char advice[FINDING_TEXT_BYTES];
    struct baton_hash row;
};

struct findings {
    struct finding *item;
    size_t count, capacity;
};

const char *finding_severity_name(enum finding_severity s); /* "info", "review", "block" */

/* A copy of *f at the end of the list. */
enum baton_status findings_add(struct findings *l, const struct finding *f) BATON_MUST_USE;
void findings_done(struct findings *l);
/* The worst first, the mildest last; equals keep their order. */
enum baton_status findings_sort(struct findings *l) BATON_MUST_USE;
/* Block if any blocks, review if any wants review, else pass. */
enum verdict findings_verdict(const struct findings *l);
/* row = SHA-256 over "baton/finding/v1", NUL, rule, NUL, and each part with its NUL. */
void finding_row(const char *rule, const char *const parts[], size_t count,
                 struct baton_hash *ret_row);

/* Canonical bytes (docs/formats.md "Findings"): at most FINDINGS_SENT_MAX, and how many more there
 * are. The list must be sorted, so that what is left out is the mildest. */
enum baton_status findings_encode(const struct findings *l, uint8_t out[FINDINGS_BYTES_MAX],
                                  size_t *ret_len) BATON_MUST_USE;
enum baton_status findings_decode(const uint8_t *bytes, size_t len, struct findings *ret_list,
                                  uint32_t *ret_more) BATON_MUST_USE;

#endif
