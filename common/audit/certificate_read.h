/* certificate_read.h: what making and checking a certificate need beyond its public face. */
#ifndef BATON_CERTIFICATE_READ_H
#define BATON_CERTIFICATE_READ_H

#include "common/audit/certificate.h"

char *certificate_canonical(const json_t *certificate);
/* *ret_canonical is malloc'd: exactly what the signature covers. */
enum baton_status certificate_read(const char *text, size_t len, struct certificate *ret_c,
                                   struct baton_key *ret_key, struct baton_sig *ret_sig,
                                   char **ret_canonical, struct baton_err *err) BATON_MUST_USE;

/* The bytes of the record that c->verification names, of its findings and of every disposition that
 * it counts; then what stands in them. BATON_CORRUPT: one of them is not in the store. */
enum baton_status certificate_verified_load(const struct store_port *store, struct certificate *c,
                                            struct baton_err *err) BATON_MUST_USE;
/* Everything that people read, anew from the bytes; who accepted it, and when, stays.
 * BATON_MALFORMED: bytes that are none. */
enum baton_status certificate_verified_show(struct certificate_verified *v) BATON_MUST_USE;
bool certificate_verified_equal(const struct certificate_verified *a,
                                const struct certificate_verified *b);

/* What stands there is in the bytes, the bytes fit each other and c->verification, and every
 * disposition is its person's. False: *ret_why says what does not hold. */
bool certificate_verified_holds(const struct certificate *c, const struct trust_doc *trust,
                                const struct digest_port *dp, struct certificate_report *report,
                                const char **ret_why);

struct html;
void certificate_row_hash(struct html *p, const char *name, const struct baton_hash *h);
void certificate_verified_html(struct html *p, const struct certificate *c);

#endif
