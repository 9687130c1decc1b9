/* api_views.h: what the API says about things, as JSON: one function a thing.
 *
 * Shape      Ids and keys in lower-case hex, tenants as GUIDs, times in unix milliseconds, ages in
 *            milliseconds. A fact that is unknown is left out; an absent one says why.
 * Ownership  New references. NULL only without memory.
 * Source     design 7.
 */
#ifndef BATON_API_VIEWS_H
#define BATON_API_VIEWS_H

#include "controller/core/tenant.h"
#include "controller/login.h"

#include <jansson.h>

void view_put_id(json_t *o, const char *name, const struct baton_id *id);
void view_put_guid(json_t *o, const char *name, const struct baton_id *id);
void view_put_key(json_t *o, const char *name, const struct baton_key *key); /* null when zero */
void view_put_hash(json_t *o, const char *name, const struct baton_hash *hash);
void view_put_hex(json_t *o, const char *name, const void *bytes, size_t len);
void view_put_u64(json_t *o, const char *name, uint64_t v);

json_t *view_epoch(const struct epoch *e);
json_t *view_facts(const struct facts *f);
json_t *view_tenant(const struct tenant *t);
json_t *view_policy(const struct tenant *t);
json_t *view_agent(const struct tenant *t, uint8_t agent, const struct digest_port *dp,
                   uint64_t now_ms, bool whole);
json_t *view_cutover(const struct tenant *t);
json_t *view_authority(const struct tenant *t);
json_t *view_verification(const struct verification *v);
json_t *view_task(const struct task *task);
json_t *view_problem(const struct problem *p);
json_t *view_assessment(const struct assessment *a);
json_t *view_statement(const struct statement *s);
/* As received, with what it says when it can be read. */
json_t *view_signed_statement(const struct baton_hash *hash, const uint8_t *bytes, size_t len,
                              const struct baton_sig *sig);
json_t *view_finding(const struct finding *f);
json_t *view_disposition(const struct disposition *d, const struct baton_sig *sig,
                         const struct trust_doc *trust_or_null);
json_t *view_approval(const struct signed_approval *sa, const struct trust_doc *trust_or_null);
json_t *view_operator(const struct trust_operator *o);
json_t *view_login(const struct login *l);
json_t *view_audit(const struct audit_record *r);

#endif
