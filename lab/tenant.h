/* tenant.h: the one simulated tenant: who exported what and when, and who could.
 *
 * Shape      Every export is a record, kept and appended to DIR/tenant/exports.jsonl as it ends.
 *            The judge hears of every change of any server's ability to export.
 * Limits     EXPORTS_MAX records in memory (the newest); the file has all.
 */
#ifndef LAB_TENANT_H
#define LAB_TENANT_H

#include "world.h"

enum baton_status tenant_open(struct world *w, const char *name, uint64_t objects,
                              struct baton_err *err) BATON_MUST_USE;
void tenant_close(struct tenant *t);

void tenant_judge(struct server *s, bool able);
void tenant_export(struct server *s, const struct run *run, bool forced);
void tenant_account(struct server *s, bool enabled, const char *by);
/* Sync_NAME_id@tenant.onmicrosoft.com: what this server signs in with. */
void tenant_account_name(const struct server *s, char *out, size_t cap);

json_t *tenant_exports(const struct world *w, uint64_t from); /* an array */
json_t *tenant_status(const struct world *w);                 /* the fields of an answer */

#endif
